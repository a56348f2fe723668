"""Arrays of every type, and network addresses, as PostgreSQL 15 has them: scripts of one session,
answer by answer with types, messages, details and hints.
"""
import unittest

import psycopg2
import psycopg2.extensions

from adbms_process import ComparedTest, run
import array_query_scripts
import array_type_scripts

# Values as the server writes them.
RAW = psycopg2.extensions.new_type(tuple(range(16, 6000)), "RAW", lambda text, _: text)


def as_text(connection, statement):
    """What a statement is answered: types and texts of its rows, or its error."""
    with connection.cursor() as cursor:
        try:
            cursor.execute(statement)
        except psycopg2.Error as error:
            diag = error.diag
            return (error.pgcode, diag.message_primary, diag.message_detail, diag.message_hint)
        if cursor.description is None:
            return (cursor.statusmessage,)
        return (cursor.statusmessage, [(c.name, c.type_code) for c in cursor.description],
                cursor.fetchall())


class ArrayTypesTest(ComparedTest):
    def compare(self, text):
        statements = text.strip().split("\n")
        answers = []
        for server in (self.postgres, self.cluster):
            connection = server.connect()
            psycopg2.extensions.register_type(RAW, connection)
            schema = "arrays_of_a_test"
            run(connection, f"DROP SCHEMA IF EXISTS {schema} CASCADE")
            run(connection, f"CREATE SCHEMA {schema}")
            run(connection, f"SET search_path = {schema}")
            run(connection, "SET TimeZone = 'UTC'")
            answers.append([as_text(connection, statement) for statement in statements])
            connection.close()
        wrong = [f"{statement}\n  PostgreSQL: {theirs}\n  ours:       {ours}"
                 for statement, theirs, ours in zip(statements, *answers) if theirs != ours]
        self.assertEqual(wrong, [], "\n" + "\n".join(wrong))


for title, script in (array_type_scripts.SCRIPTS | array_query_scripts.SCRIPTS).items():
    def test(self, script=script):
        self.compare(script)
    setattr(ArrayTypesTest, "test_" + title.replace(" ", "_"), test)

if __name__ == "__main__":
    unittest.main(verbosity=2)
