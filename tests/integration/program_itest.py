#!/usr/bin/env python3
"""DO, functions, procedures and triggers as PostgreSQL 15 has them: scripts answered statement by statement, in one process
and in seven, and what happens when they go wrong.
"""
import unittest

import psycopg2

from adbms_process import run
from program_scripts import BLOCKS, FUNCTIONS, TRIGGERS
from session_scripts import ScriptTest, answer


def statements(script):
    """One a line; a line that is indented goes on with the one before."""
    return script.strip().replace("\n  ", " ").split("\n")


class Programs(ScriptTest):
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

    def test_blocks(self):
        self.compare(BLOCKS)

    def test_functions(self):
        self.compare(FUNCTIONS)

    def test_triggers(self):
        self.compare(TRIGGERS)

    def refused(self, connection, sql):
        with self.assertRaises(psycopg2.Error) as caught:
            run(connection, sql)
        return caught.exception.pgcode

    def test_bounds(self):
        connection = self.empty(self.cluster)
        run(connection, "CREATE FUNCTION deep(n int) RETURNS int LANGUAGE plpgsql AS "
                        "$$ BEGIN RETURN deep(n + 1); END $$")
        self.assertEqual(self.refused(connection, "SELECT deep(1)"), "54001")
        run(connection, "SET statement_timeout = '500ms'")
        self.assertEqual(self.refused(connection, "DO $$ BEGIN LOOP NULL; END LOOP; END $$"), "57014")
        run(connection, "CREATE TABLE again (n int)")
        run(connection, "CREATE FUNCTION again() RETURNS trigger LANGUAGE plpgsql AS "
                        "$$ BEGIN INSERT INTO again VALUES (NEW.n + 1); RETURN NULL; END $$")
        run(connection, "CREATE TRIGGER again AFTER INSERT ON again FOR EACH ROW EXECUTE FUNCTION again()")
        run(connection, "SET statement_timeout = 0")
        self.assertEqual(self.refused(connection, "INSERT INTO again VALUES (1)"), "54001")
        self.assertEqual(run(connection, "SELECT count(*) FROM again"), [(0,)])
        connection.close()


class AllInOne(Programs):
    pass


class SevenProcesses(Programs):
    SEPARATE = True


del Programs

if __name__ == "__main__":
    unittest.main()
