"""Generated columns, CREATE TABLE LIKE and materialized views as PostgreSQL 15 has them."""
import io
import unittest

from adbms_process import run, sqlstate
from derived_scripts import GENERATED, LIKE, MATERIALIZED
from session_scripts import ScriptTest, add_tests

SETUP = """
CREATE TABLE t (id int PRIMARY KEY, a int);
INSERT INTO t VALUES (1, 10), (2, 20);
CREATE MATERIALIZED VIEW m AS SELECT id, a FROM t;
CREATE UNIQUE INDEX ON m (id);
CREATE TABLE g (id int PRIMARY KEY, a int, b int GENERATED ALWAYS AS (a * 2) STORED);
INSERT INTO g VALUES (1, 1), (2, 2);
"""

SESSIONS = {
    "readers go on while it is refreshed concurrently": [
        ("a", "INSERT INTO t VALUES (3, 30)"), ("a", "BEGIN"), ("a", "REFRESH MATERIALIZED VIEW CONCURRENTLY m"),
        ("b", "SELECT * FROM m"), ("c", "REFRESH MATERIALIZED VIEW CONCURRENTLY m"), ("a", "COMMIT"),
        ("b", "SELECT * FROM m"),
    ],
    "readers wait while it is refreshed": [
        ("a", "INSERT INTO t VALUES (3, 30)"), ("a", "BEGIN"), ("a", "REFRESH MATERIALIZED VIEW m"),
        ("b", "SELECT * FROM m"), ("a", "COMMIT"), ("b", "SELECT * FROM m"),
    ],
    "a refresh waits for readers": [
        ("a", "BEGIN"), ("a", "SELECT * FROM m"), ("b", "REFRESH MATERIALIZED VIEW CONCURRENTLY m"),
        ("b", "REFRESH MATERIALIZED VIEW m"), ("a", "COMMIT"), ("b", "SELECT * FROM m"),
    ],
    "a row that another has changed is computed anew": [
        ("a", "BEGIN"), ("a", "UPDATE g SET a = 10 WHERE id = 1"),
        ("b", "UPDATE g SET a = a + 1 WHERE id = 1"), ("a", "COMMIT"), ("b", "SELECT * FROM g"),
        ("a", "BEGIN"), ("a", "UPDATE g SET a = 50 WHERE id = 2"),
        ("b", "INSERT INTO g VALUES (2, 7) ON CONFLICT (id) DO UPDATE SET a = g.b + excluded.b"), ("a", "COMMIT"),
        ("b", "SELECT * FROM g"),
    ],
}


class DerivedTest(ScriptTest):
    def compare(self, script):
        self.compare_sessions(script, SETUP)

    def test_copy_with_data(self):
        answers = []
        for server in (self.postgres, self.cluster):
            connection = self.empty(server)
            run(connection, "CREATE TABLE t (a int, b int GENERATED ALWAYS AS (a * 2) STORED CHECK (b < 100), c int)")
            with connection.cursor() as cursor:
                cursor.copy_expert("COPY t FROM STDIN", io.StringIO("1\t5\n2\t\\N\n"))
                cursor.copy_expert("COPY t (c, a) FROM STDIN", io.StringIO("7\t3\n"))
                copied = io.StringIO()
                cursor.copy_expert("COPY t TO STDOUT", copied)
                query = io.StringIO()
                cursor.copy_expert("COPY (SELECT * FROM t ORDER BY a) TO STDOUT", query)
                try:
                    cursor.copy_expert("COPY t (a) FROM STDIN", io.StringIO("50\n"))
                    refused = None
                except Exception as error:
                    refused = error.pgcode
            answers.append((copied.getvalue(), query.getvalue(), refused))
            connection.close()
        self.assertEqual(*answers)

    def test_rights_of_a_refresh(self):
        """The query is run with the rights of the view's owner, whoever refreshes it."""
        for server in (self.postgres, self.cluster):
            connection = self.empty(server)
            run(connection, "CREATE TABLE t (a int)")
            run(connection, "CREATE ROLE keeper_of_m")
            run(connection, "GRANT CREATE ON SCHEMA public TO keeper_of_m")
            run(connection, "GRANT SELECT ON t TO keeper_of_m")
            run(connection, "SET ROLE keeper_of_m")
            run(connection, "CREATE MATERIALIZED VIEW m AS SELECT a FROM t")
            run(connection, "RESET ROLE")
            run(connection, "REVOKE SELECT ON t FROM keeper_of_m")
            self.assertEqual(sqlstate(connection, "REFRESH MATERIALIZED VIEW m"), "42501")
            self.assertEqual(run(connection, "SELECT * FROM m"), [])
            connection.close()

    def test_unsupported(self):
        connection = self.empty(self.cluster)
        run(connection, "CREATE TABLE t (a int, b int GENERATED ALWAYS AS (a) STORED)")
        self.assertEqual(sqlstate(connection, "ALTER TABLE t ALTER COLUMN b TYPE bigint"), "0A000")
        self.assertEqual(sqlstate(connection, "CREATE TABLE u AS EXECUTE p"), "26000")
        connection.close()


add_tests(DerivedTest, GENERATED, "compare_alone")
add_tests(DerivedTest, {f"like, {name}": script for name, script in LIKE.items()}, "compare_alone")
add_tests(DerivedTest, {f"materialized view, {name}": script for name, script in MATERIALIZED.items()}, "compare_alone")
add_tests(DerivedTest, SESSIONS, "compare")

if __name__ == "__main__":
    unittest.main(verbosity=2)
