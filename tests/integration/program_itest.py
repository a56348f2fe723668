#!/usr/bin/env python3
"""DO, functions, procedures and triggers as PostgreSQL 15 has them: scripts answered statement by statement, in one process
and in seven, and what happens when they go wrong.
"""
import threading
import unittest

from adbms_process import run, sqlstate, wait_until
from program_scripts import BLOCKS, FUNCTIONS, ROWS, TRIGGERS
from program_tests import ProgramTest


class Programs(ProgramTest):
    def test_blocks(self):
        self.compare(BLOCKS)

    def test_functions(self):
        self.compare(FUNCTIONS)

    def test_triggers(self):
        self.compare(TRIGGERS)

    def test_rows(self):
        self.compare(ROWS)

    def test_refused_where_the_answer_would_be_another(self):
        """What would run once or too early here, and for each row, or not at all, in PostgreSQL."""
        connection = self.empty(self.cluster)
        run(connection, "CREATE TABLE seen (x int)")
        run(connection, "CREATE FUNCTION ins(x int) RETURNS int LANGUAGE plpgsql AS "
                        "$$ BEGIN INSERT INTO seen VALUES (x); RETURN x; END $$")
        run(connection, "CREATE FUNCTION still(x int) RETURNS int LANGUAGE plpgsql STABLE AS "
                        "$$ BEGIN PERFORM 1; RETURN x; END $$")
        for sql in ("SELECT ins(x) FROM seen OFFSET 1", "SELECT ins(x), generate_series(1, 2) FROM seen",
                    "SELECT x > 1 AND ins(x) > 1 FROM seen", "SELECT ins(x), still(x) FROM seen",
                    "SELECT 1 FROM seen WHERE ins(x) = 1 LIMIT 1", "SELECT true OR ins(1) = 1",
                    "SELECT EXISTS (SELECT ins(1) WHERE false)", "WITH q AS (SELECT ins(1)) SELECT 1",
                    "SELECT CASE WHEN false THEN ins(1) END", "SELECT ins(1), (SELECT count(*) FROM seen)",
                    "SELECT * FROM ins(1) WHERE false", "SELECT * FROM (SELECT ins(x) FROM seen) s",
                    "DECLARE c CURSOR WITH HOLD FOR SELECT ins(1)", "UPDATE seen SET x = ins(x)",
                    "SELECT ins(x) FROM seen FOR UPDATE", "SELECT ins(x), (SELECT count(*) FROM seen) FROM seen",
                    "WITH w AS (INSERT INTO seen VALUES (1) RETURNING x) SELECT ins(x) FROM w",
                    "SELECT x FROM seen GROUP BY x HAVING ins(x) > 1", "DELETE FROM seen RETURNING ins(x)",
                    "SELECT (SELECT ins(s.x)) FROM seen s", "SELECT CASE WHEN x > 1 THEN ins(x) END FROM seen"):
            self.assertEqual(self.refused(connection, sql), "0A000", sql)
        self.assertEqual(run(connection, "SELECT count(*) FROM seen"), [(0,)])
        connection.close()

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


    def test_signals_end_what_runs_no_statements(self):
        other = self.cluster.connect()
        # As with PostgreSQL the driver sees a connection that is terminated, not why.
        for function, state in [("pg_cancel_backend", "57014"), ("pg_terminate_backend", None)]:
            looping = self.cluster.connect()
            pid = run(looping, "SELECT pg_backend_pid()")[0][0]
            ended = []
            # A signal that comes before the block has begun is none.
            thread = threading.Thread(target=lambda: ended.append(
                sqlstate(looping, "DO $$ BEGIN LOOP NULL; END LOOP; END $$")))
            thread.start()

            def signaled():
                run(other, f"SELECT {function}({pid})")
                thread.join(0.2)
                return not thread.is_alive()

            wait_until(signaled, 15, f"{function} ends a loop")
            self.assertEqual(ended, [state])
            self.assertEqual(looping.closed != 0, state is None)
            looping.close()
        other.close()


class AllInOne(Programs):
    pass


class SevenProcesses(Programs):
    SEPARATE = True


del Programs

if __name__ == "__main__":
    unittest.main()
