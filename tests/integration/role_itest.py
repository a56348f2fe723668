"""Changes of roles and rights: within transactions, at creation, by default; as PostgreSQL 15."""
import unittest

from adbms_process import Cluster, run
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
