"""Changes of roles and rights: within transactions, at creation, by default; as PostgreSQL 15."""
import unittest

from adbms_process import Cluster, run, sqlstate, wait_until
from role_scripts import SCRIPTS
from session_scripts import ScriptTest, add_tests


class RoleTest(ScriptTest):
    def test_expired_passwords_are_wrong(self):
        connection = self.cluster.connect()
        run(connection, "CREATE ROLE rt_late LOGIN PASSWORD 'p' VALID UNTIL '2001-01-01'")
        self.assertEqual(self.login("rt_late", "p"), "28P01")
        run(connection, "ALTER ROLE rt_late VALID UNTIL 'infinity'")
        self.assertEqual(self.login("rt_late", "p"), "ok")
        run(connection, "DROP ROLE rt_late")

    def test_a_session_is_not_that_of_a_later_role_of_the_name(self):
        connection = self.cluster.connect()
        run(connection, "CREATE ROLE rt_again LOGIN PASSWORD 'p'")
        session = self.cluster.connect(host=self.cluster.host, user="rt_again", password="p")
        self.assertEqual(run(session, "SELECT 1"), [(1,)])
        run(connection, "DROP ROLE rt_again")
        run(connection, "CREATE ROLE rt_again LOGIN SUPERUSER PASSWORD 'q'")
        later = self.cluster.connect(host=self.cluster.host, user="rt_again", password="q")
        self.assertNotEqual(sqlstate(session, "CREATE ROLE rt_made"), None)
        wait_until(lambda: sqlstate(session, "SELECT 1") == "28000", 20, "the session has no role")
        self.assertEqual(run(later, "SELECT current_user"), [("rt_again",)])
        self.assertEqual(sqlstate(later, "CREATE ROLE rt_made"), None)
        self.assertNotEqual(sqlstate(session, "SELECT 1"), None)
        later.close()
        run(connection, "DROP ROLE rt_made, rt_again")
        connection.close()

    def test_only_superusers_make_members_of_superusers(self):
        connection = self.cluster.connect()
        run(connection, "CREATE ROLE rt_boss SUPERUSER")
        run(connection, "CREATE ROLE rt_hirer CREATEROLE")
        run(connection, "SET ROLE rt_hirer")
        for statement in ("CREATE ROLE rt_mole IN ROLE rt_boss", "CREATE USER rt_mole IN GROUP rt_hirer, rt_boss",
                          "GRANT rt_boss TO rt_hirer", "CREATE ROLE rt_mole SUPERUSER"):
            self.assertEqual(sqlstate(connection, statement), "42501", statement)
        run(connection, "CREATE ROLE rt_fair IN ROLE rt_hirer")
        run(connection, "RESET ROLE")
        run(connection, "DROP ROLE rt_fair, rt_hirer, rt_boss")

    def test_what_asks_its_caller_asks_through_views_too(self):
        connection = self.cluster.connect()
        for statement in (
                "CREATE ROLE rt_z", "CREATE TABLE rt_base (i int)", "INSERT INTO rt_base VALUES (1)",
                "CREATE VIEW rt_inner WITH (security_invoker = true) AS SELECT * FROM rt_base",
                "CREATE VIEW rt_outer AS SELECT * FROM rt_inner",
                "CREATE FUNCTION rt_count() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM rt_base'",
                "CREATE VIEW rt_counted AS SELECT rt_count()",
                "CREATE FUNCTION rt_definer() RETURNS bigint LANGUAGE sql SECURITY DEFINER "
                "AS 'SELECT count(*) FROM rt_inner'",
                "GRANT SELECT, INSERT, UPDATE, DELETE ON rt_outer, rt_inner, rt_counted TO rt_z", "SET ROLE rt_z"):
            run(connection, statement)
        for statement in ("SELECT * FROM rt_outer", "SELECT * FROM rt_inner", "INSERT INTO rt_outer VALUES (2)",
                          "UPDATE rt_outer SET i = 2", "DELETE FROM rt_outer", "SELECT * FROM rt_counted"):
            self.assertEqual(sqlstate(connection, statement), "42501", statement)
        self.assertEqual(run(connection, "SELECT rt_definer()"), [(1,)])
        run(connection, "RESET ROLE")
        run(connection, "GRANT SELECT ON rt_base TO rt_z")
        run(connection, "SET ROLE rt_z")
        self.assertEqual(run(connection, "SELECT * FROM rt_outer"), [(1,)])
        self.assertEqual(run(connection, "SELECT * FROM rt_counted"), [(1,)])
        run(connection, "RESET ROLE")
        run(connection, "DROP VIEW rt_counted, rt_outer, rt_inner")
        run(connection, "DROP TABLE rt_base")
        run(connection, "DROP ROLE rt_z")

    def test_elements_of_anothers_schema_are_theirs(self):
        connection = self.cluster.connect()
        run(connection, "CREATE ROLE rt_owner")
        run(connection, "CREATE SCHEMA rt_theirs AUTHORIZATION rt_owner CREATE TABLE t (i serial) "
                        "CREATE VIEW v AS SELECT * FROM t")
        self.assertEqual(
            run(connection, "SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class c JOIN pg_namespace n "
                            "ON n.oid = relnamespace WHERE nspname = 'rt_theirs' AND relkind IN ('r', 'v', 'S')"),
            [("rt_owner",)])
        run(connection, "DROP SCHEMA rt_theirs CASCADE")
        run(connection, "DROP ROLE rt_owner")

    def login(self, user, password):
        import psycopg2
        try:
            self.cluster.connect(host="127.0.0.1", user=user, password=password).close()
            return "ok"
        except psycopg2.OperationalError as error:
            return "28P01" if "password authentication failed" in str(error) else str(error)


class RestartTest(unittest.TestCase):
    def test_defaults_are_kept(self):
        with Cluster() as cluster:
            connection = cluster.connect()
            run(connection, "CREATE ROLE rt_a")
            run(connection, "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO rt_a")
            connection.close()
            cluster.restart()
            connection = cluster.connect()
            run(connection, "CREATE TABLE t (a int)")
            self.assertEqual(run(connection, "SELECT has_table_privilege('rt_a', 't', 'SELECT')"), [(True,)])
            connection.close()


add_tests(RoleTest, SCRIPTS, "compare_alone")

if __name__ == "__main__":
    unittest.main(verbosity=2)
