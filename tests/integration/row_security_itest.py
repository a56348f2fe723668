"""Policies of tables and rights on columns: all-in-one and as seven processes, as PostgreSQL 15."""
import io
import unittest

import psycopg2

from adbms_process import run, wait_until
from row_security_scripts import SCRIPTS
from session_scripts import ScriptTest, add_tests


class RowSecurityTest(ScriptTest):
    @staticmethod
    def copied(connection, statement):
        """What COPY sends, or the SQLSTATE that it fails with."""
        out = io.StringIO()
        try:
            with connection.cursor() as cursor:
                cursor.copy_expert(statement, out)
            return out.getvalue()
        except psycopg2.Error as error:
            return error.pgcode

    def test_point_lookups_stay_lookups(self):
        connection = self.cluster.connect()
        for statement in (
                "CREATE ROLE rs_i", "CREATE TABLE rs_big (id int PRIMARY KEY, who name, n text)",
                "INSERT INTO rs_big SELECT g, CASE g % 2 WHEN 0 THEN 'rs_i' ELSE 'x' END, g FROM generate_series(1, 5000) g",
                "CREATE INDEX ON rs_big (n)", "ANALYZE rs_big", "GRANT SELECT, UPDATE ON rs_big TO rs_i",
                "ALTER TABLE rs_big ENABLE ROW LEVEL SECURITY",
                "CREATE POLICY p ON rs_big USING (who = current_user)", "SET ROLE rs_i"):
            run(connection, statement)
        for statement in ("SELECT * FROM rs_big WHERE id = 4", "SELECT * FROM rs_big WHERE n = '4' AND id::text::int > 0",
                          "UPDATE rs_big SET n = n WHERE id = 4",
                          "SELECT b.id FROM (VALUES (4), (5)) v (i) JOIN rs_big b ON b.id = v.i"):
            plan = "\n".join(row[0] for row in run(connection, "EXPLAIN " + statement))
            self.assertNotIn("Seq Scan", plan, statement)
            self.assertIn("CURRENT_USER", plan, statement)
        run(connection, "RESET ROLE")
        run(connection, "DROP TABLE rs_big")
        run(connection, "DROP ROLE rs_i")

    def test_copy_knows_policies(self):
        connection = self.cluster.connect()
        for statement in ("CREATE ROLE rs_c", "CREATE TABLE rs_copy (a int, who name)",
                          "INSERT INTO rs_copy VALUES (1, 'rs_c'), (2, 'x')", "GRANT ALL ON rs_copy TO rs_c",
                          "ALTER TABLE rs_copy ENABLE ROW LEVEL SECURITY",
                          "CREATE POLICY p ON rs_copy USING (who = current_user)", "SET ROLE rs_c"):
            run(connection, statement)
        self.assertEqual(self.copied(connection, "COPY rs_copy TO STDOUT"), "1\trs_c\n")
        self.assertEqual(self.copied(connection, "COPY rs_copy FROM STDIN"), "0A000")
        run(connection, "SET row_security = off")
        self.assertEqual(self.copied(connection, "COPY rs_copy TO STDOUT"), "42501")
        self.assertEqual(self.copied(connection, "COPY rs_copy FROM STDIN"), "42501")
        run(connection, "RESET ROLE")
        self.assertEqual(self.copied(connection, "COPY rs_copy (a) TO STDOUT"), "1\n2\n")
        run(connection, "RESET row_security")
        run(connection, "DROP TABLE rs_copy")
        run(connection, "DROP ROLE rs_c")

    def test_plans_follow_changes_of_other_sessions(self):
        owner, user = self.cluster.connect(), self.cluster.connect()
        for statement in ("CREATE ROLE rs_p", "CREATE ROLE rs_q", "CREATE TABLE rs_plan (a int)",
                          "INSERT INTO rs_plan VALUES (1), (2)", "GRANT SELECT ON rs_plan TO rs_p, rs_q",
                          "ALTER TABLE rs_plan ENABLE ROW LEVEL SECURITY",
                          "CREATE POLICY p ON rs_plan TO rs_q USING (a = 1)"):
            run(owner, statement)
        run(user, "SET ROLE rs_p")
        run(user, "PREPARE seen AS SELECT count(*) FROM rs_plan")
        def seen():
            return run(user, "EXECUTE seen")[0][0], run(user, "SELECT count(*) FROM rs_plan")[0][0]
        for change, count in (("GRANT rs_q TO rs_p", 1), ("ALTER POLICY p ON rs_plan USING (true)", 2),
                              ("REVOKE rs_q FROM rs_p", 0), ("ALTER ROLE rs_p BYPASSRLS", 2),
                              ("ALTER ROLE rs_p NOBYPASSRLS", 0), ("ALTER TABLE rs_plan DISABLE ROW LEVEL SECURITY", 2)):
            run(owner, change)
            wait_until(lambda count=count: seen() == (count, count), 10, change)
        run(owner, "DROP TABLE rs_plan")
        run(owner, "DROP ROLE rs_p, rs_q")


add_tests(RowSecurityTest, SCRIPTS, "compare_alone")


class SeparateRowSecurityTest(RowSecurityTest):
    SEPARATE = True


if __name__ == "__main__":
    unittest.main()
