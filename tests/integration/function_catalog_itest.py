"""Definitions of functions, procedures and triggers beside PostgreSQL 15: scripts of one session, answer
by answer; what is refused; psql's descriptions; that a crash and a restart keep them.
"""
import os
import subprocess
import unittest

from adbms_process import POSTGRES_BIN, Cluster, run, sqlstate
from function_catalog_scripts import SCRIPTS
from session_scripts import ScriptTest, add_tests

PSQL_SETUP = """
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
CREATE FUNCTION f(a int, b text DEFAULT 'x') RETURNS int LANGUAGE sql STABLE AS 'SELECT 1';
CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RETURN new;
END$$;
CREATE FUNCTION h(n int) RETURNS TABLE (x int, y text) LANGUAGE sql AS 'SELECT 1, ''a''';
CREATE PROCEDURE p(a int, INOUT b int) LANGUAGE plpgsql AS 'BEGIN b := a; END';
COMMENT ON FUNCTION f IS 'a comment';
CREATE TRIGGER one BEFORE UPDATE OF a ON t FOR EACH ROW WHEN (new.a > 1) EXECUTE FUNCTION g('x');
CREATE TRIGGER two AFTER INSERT ON t FOR EACH STATEMENT EXECUTE FUNCTION g();
CREATE TRIGGER three AFTER INSERT ON t FOR EACH STATEMENT EXECUTE FUNCTION g();
ALTER TABLE t DISABLE TRIGGER two;
ALTER TABLE t ENABLE ALWAYS TRIGGER three;
"""


class FunctionCatalogTest(ScriptTest):
    def empty(self, server):
        connection = super().empty(server)
        for name, arguments in run(
                connection, "SELECT proname, pg_get_function_identity_arguments(oid) FROM pg_proc "
                "WHERE pronamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'public')"):
            run(connection, f'DROP ROUTINE "{name}"({arguments}) CASCADE')
        run(connection, "DROP SCHEMA IF EXISTS s CASCADE")
        return connection

    def psql(self, server, *commands):
        words = []
        for command in commands:
            words += ["-c", command]
        return subprocess.run([str(POSTGRES_BIN / "psql"), "-X", server.connection_string(), *words],
                              capture_output=True, text=True, check=False, timeout=60,
                              env={**os.environ, "PSQLRC": "/dev/null", "LC_ALL": "C.UTF-8"})

    def test_psql(self):
        """\\df, \\df+, \\sf, \\ef's text, and the triggers of \\d."""
        said = []
        for server in (self.postgres, self.cluster):
            connection = self.empty(server)
            run(connection, PSQL_SETUP)
            connection.close()
            done = self.psql(server, r"\df", r"\df f", r"\df+", r"\dfp", r"\sf f",
                             r"\sf+ g", r"\sf h", r"\sf p", r"\d t")
            said.append((done.stdout, done.stderr))
        self.maxDiff = None
        self.assertEqual(*said)

    def test_refused(self):
        """What is not supported says so, and what to do."""
        connection = self.empty(self.cluster)
        run(connection, "CREATE TABLE t (a int); "
                        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'")
        for sql in ("CREATE FUNCTION g(a \"any\") RETURNS int LANGUAGE sql AS 'SELECT 1'",
                    "CREATE FUNCTION g(a record) RETURNS int LANGUAGE sql AS 'SELECT 1'",
                    "CREATE FUNCTION g() RETURNS int LANGUAGE c AS 'a', 'b'",
                    "CREATE FUNCTION g() RETURNS int LANGUAGE internal AS 'a'",
                    "CREATE FUNCTION g() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'",
                    "CREATE FUNCTION g() RETURNS int LANGUAGE sql WINDOW AS 'SELECT 1'",
                    "CREATE FUNCTION g() RETURNS int LANGUAGE sql SET work_mem FROM CURRENT AS 'SELECT 1'",
                    "CREATE AGGREGATE a(int) (sfunc = int4pl, stype = internal)",
                    "REVOKE EXECUTE ON FUNCTION lower(text) FROM public"):
            self.assertEqual(sqlstate(connection, sql), "0A000", sql)
        run(connection, "CREATE TRIGGER x BEFORE UPDATE ON t FOR EACH ROW WHEN (new.a > 1) "
                        "EXECUTE FUNCTION f()")
        self.assertEqual(sqlstate(connection, "ALTER TABLE t RENAME COLUMN a TO b"), "0A000")
        connection.close()

    def test_standard_bodies(self):
        """A body of the SQL standard is kept as it is written."""
        connection = self.empty(self.cluster)
        run(connection, "CREATE FUNCTION f(a int) RETURNS int RETURN a + 1")
        run(connection, "CREATE PROCEDURE p() BEGIN ATOMIC SELECT 1; SELECT 2; END")
        self.assertEqual(
            run(connection, "SELECT proname, prosrc, prosqlbody, pg_get_function_sqlbody(oid) "
                            "FROM pg_proc WHERE prosqlbody IS NOT NULL ORDER BY proname"),
            [("f", "", "RETURN a + 1", "RETURN a + 1"),
             ("p", "", *["BEGIN ATOMIC SELECT 1; SELECT 2; END"] * 2)])
        self.assertEqual(sqlstate(connection, "CREATE FUNCTION g() RETURNS int RETURN SELECT"), "42601")
        connection.close()

    def test_concurrent_changes(self):
        """A trigger does not come to call a function that goes, and two do not make the same one."""
        a, b = self.empty(self.cluster), self.cluster.connect()
        run(a, "CREATE TABLE t (a int); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'")
        run(b, "SET lock_timeout = 100")
        run(a, "BEGIN; DROP FUNCTION f()")
        self.assertEqual(sqlstate(b, "CREATE TRIGGER x AFTER INSERT ON t EXECUTE FUNCTION f()"), "55P03")
        run(a, "ROLLBACK")
        run(a, "BEGIN; CREATE TRIGGER x AFTER INSERT ON t EXECUTE FUNCTION f()")
        self.assertEqual(sqlstate(b, "DROP FUNCTION f()"), "55P03")
        run(a, "COMMIT")
        self.assertEqual(sqlstate(b, "DROP FUNCTION f()"), "2BP01")
        run(a, "BEGIN; CREATE FUNCTION g(int) RETURNS int LANGUAGE sql AS 'SELECT 1'")
        self.assertEqual(
            sqlstate(b, "CREATE FUNCTION g(a int) RETURNS int LANGUAGE sql AS 'SELECT 1'"), "55P03")
        run(a, "COMMIT")
        self.assertEqual(
            sqlstate(b, "CREATE FUNCTION g(a int) RETURNS int LANGUAGE sql AS 'SELECT 1'"), "42723")
        a.close()
        b.close()


add_tests(FunctionCatalogTest, SCRIPTS, "compare_alone")


class RestartTest(unittest.TestCase):
    QUERIES = ("SELECT pg_get_functiondef(oid), obj_description(oid, 'pg_proc') FROM pg_proc "
               "WHERE oid >= 16384 AND prolang <> 12 ORDER BY oid",
               "SELECT pg_get_triggerdef(oid), tgenabled FROM pg_trigger ORDER BY oid",
               "SELECT oid FROM pg_proc WHERE proname = 'f'")

    def test_crash_and_restart(self):
        with Cluster() as cluster:
            connection = cluster.connect()
            run(connection, PSQL_SETUP)
            run(connection, "CREATE FUNCTION gone() RETURNS int LANGUAGE sql AS 'SELECT 1'")
            run(connection, "DROP FUNCTION gone")
            before = [run(connection, sql) for sql in self.QUERIES]
            run(connection, "BEGIN; CREATE OR REPLACE FUNCTION f(a int, b text DEFAULT 'y') "
                            "RETURNS int LANGUAGE sql AS 'SELECT 2'; DROP TRIGGER one ON t")
            for stop in (cluster.kill, cluster.stop):
                stop()
                cluster.start()
                connection = cluster.connect()
                self.assertEqual([run(connection, sql) for sql in self.QUERIES], before)
                self.assertEqual(len(before[0]), 4)
                self.assertEqual(len(before[1]), 3)
            connection.close()


if __name__ == "__main__":
    unittest.main()
