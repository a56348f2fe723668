"""What tests of programs share: scripts in an empty schema, answered statement by statement with their notices."""
import psycopg2

from adbms_process import run
from session_scripts import ScriptTest, answer


def statements(script):
    """One a line; a line that is indented goes on with the one before."""
    return script.strip().replace("\n  ", " ").split("\n")


class ProgramTest(ScriptTest):
    def empty(self, server):
        connection = server.connect()
        for sql in ("SET client_min_messages = error", "DROP SCHEMA IF EXISTS programs CASCADE",
                    "CREATE SCHEMA programs", "SET search_path = programs, public",
                    "SET client_min_messages = notice"):
            run(connection, sql)
        return connection

    def compare(self, scripts):
        self.maxDiff = None
        for script in scripts:
            answers = []
            for server in (self.postgres, self.cluster):
                connection = self.empty(server)
                answers.append([answer(connection, sql) for sql in statements(script)])
                connection.close()
            self.assertEqual(*answers)

    def refused(self, connection, sql):
        with self.assertRaises(psycopg2.Error) as caught:
            run(connection, sql)
        return caught.exception.pgcode
