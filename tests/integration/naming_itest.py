"""Names, schemas and parts: renames, SET SCHEMA, schemas with elements, indexes that are attached,
assignments to several columns or to parts of one, as PostgreSQL 15 has them.
"""
import unittest

from adbms_process import Cluster, run
from naming_scripts import SCRIPTS
from session_scripts import ScriptTest, add_tests


class NamingTest(ScriptTest):
    pass


class RestartTest(unittest.TestCase):
    def test_incomplete_indexes_are_kept(self):
        with Cluster() as cluster:
            connection = cluster.connect()
            run(connection, "CREATE TABLE p (a int NOT NULL, b int) PARTITION BY RANGE (a)")
            run(connection, "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)")
            run(connection, "CREATE UNIQUE INDEX p_a ON ONLY p (a)")
            run(connection, "ALTER TABLE ONLY p ADD CONSTRAINT p_key PRIMARY KEY (a)")
            connection.close()
            cluster.restart()
            connection = cluster.connect()
            valid = "SELECT indisvalid, indisunique FROM pg_index WHERE indrelid = 'p'::regclass"
            self.assertEqual(run(connection, valid), [(False, True), (False, True)])
            run(connection, "INSERT INTO p VALUES (1, 1), (1, 2)")
            run(connection, "DELETE FROM p WHERE b = 2")
            run(connection, "CREATE UNIQUE INDEX p1_a ON p1 (a)")
            run(connection, "ALTER TABLE p1 ADD CONSTRAINT p1_key PRIMARY KEY (a)")
            run(connection, "ALTER INDEX p_a ATTACH PARTITION p1_a")
            run(connection, "ALTER INDEX p_key ATTACH PARTITION p1_key")
            self.assertEqual(run(connection, valid), [(True, True), (True, True)])
            connection.close()


add_tests(NamingTest, SCRIPTS, "compare_alone")

if __name__ == "__main__":
    unittest.main(verbosity=2)
