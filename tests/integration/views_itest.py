"""Changing rows through views, as PostgreSQL 15 does it."""
import unittest

from adbms_process import run, sqlstate
from typed_scripts import TypedScriptTest
from view_scripts import UPDATABLE


class ViewsTest(TypedScriptTest):
    schema = "views"

    def test_rights(self):
        """Who changes rows needs the right on the view, and its owner on the table."""
        for server in (self.postgres, self.cluster):
            connection = self.connect(server)
            for statement in (
                    "CREATE TABLE t (id int, a int)", "DROP ROLE IF EXISTS view_owner, view_user",
                    "CREATE ROLE view_owner", "CREATE ROLE view_user",
                    "GRANT USAGE, CREATE ON SCHEMA views TO view_owner", "GRANT USAGE ON SCHEMA views TO view_user",
                    "GRANT SELECT, INSERT, UPDATE ON t TO view_owner", "SET ROLE view_owner",
                    "CREATE VIEW v AS SELECT id, a FROM t WHERE a > 0",
                    "CREATE VIEW mine WITH (security_invoker = true) AS SELECT id, a FROM t",
                    "GRANT INSERT, UPDATE, SELECT, DELETE ON v, mine TO view_user", "SET ROLE view_user"):
                run(connection, statement)
            self.assertIsNone(sqlstate(connection, "INSERT INTO v VALUES (1, 1)"))
            self.assertIsNone(sqlstate(connection, "UPDATE v SET a = a + 1 WHERE id = 1"))
            # The owner may not delete.
            self.assertEqual(sqlstate(connection, "DELETE FROM v"), "42501")
            self.assertEqual(sqlstate(connection, "INSERT INTO t VALUES (1, 1)"), "42501")
            # A view for whoever asks.
            self.assertEqual(sqlstate(connection, "INSERT INTO mine VALUES (1, 1)"), "42501")
            self.assertEqual(sqlstate(connection, "SELECT * FROM mine"), "42501")
            self.assertEqual(run(connection, "SELECT * FROM v"), [("1", "2")])
            run(connection, "RESET ROLE")
            run(connection, "REVOKE INSERT ON v FROM view_user")
            run(connection, "SET ROLE view_user")
            self.assertEqual(sqlstate(connection, "INSERT INTO v VALUES (1, 1)"), "42501")
            run(connection, "RESET ROLE")
            run(connection, "DROP SCHEMA views CASCADE")
            run(connection, "DROP ROLE view_owner, view_user")
            connection.close()


ViewsTest.add(UPDATABLE)

if __name__ == "__main__":
    unittest.main(verbosity=2)
