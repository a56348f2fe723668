"""Temporary tables, views and sequences as PostgreSQL 15 has them; that nobody else reaches them; and that
nothing is left of them, however their session ends.
"""
import unittest

import psycopg2

from adbms_process import Cluster, run, sqlstate, wait_until
from session_scripts import ScriptTest, add_tests
from temporary_scripts import SCRIPTS

LEFT = "SELECT count(*) FROM pg_class WHERE relpersistence = 't'"
SCHEMAS = "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'pg_temp_%'"


class TemporaryTablesTest(ScriptTest):
    def schema_of(self, connection):
        return run(connection, "SELECT nspname FROM pg_namespace WHERE oid = pg_my_temp_schema()")[0][0]

    def test_other_sessions(self):
        """What another session's are answered, and that plans of two sessions are not mixed."""
        answers = []
        for server in (self.postgres, self.cluster):
            first, second = server.connect(), server.connect()
            for connection, note in ((first, "first"), (second, "second")):
                run(connection, "CREATE TEMP TABLE mine (note text)")
                run(connection, f"INSERT INTO mine VALUES ('{note}')")
            schema = self.schema_of(first)
            self.assertNotEqual(schema, self.schema_of(second))
            said = []
            for _ in range(3):
                said.append([run(connection, "SELECT note FROM mine") for connection in (first, second)])
            run(first, "DROP TABLE mine")
            said.append(sqlstate(first, "SELECT note FROM mine"))
            said.append(run(second, "SELECT note FROM mine"))
            run(first, "CREATE TEMP TABLE mine (number int)")
            run(first, "INSERT INTO mine VALUES (7)")
            said.append(run(first, "SELECT * FROM mine"))
            for statement in (f"SELECT * FROM {schema}.mine", f"INSERT INTO {schema}.mine VALUES (1)",
                              f"UPDATE {schema}.mine SET number = 1", f"DELETE FROM {schema}.mine",
                              f"CREATE TABLE {schema}.other (a int)", f"CREATE TEMP TABLE {schema}.other (a int)",
                              f"SELECT * FROM {schema}.missing"):
                said.append(sqlstate(second, statement))
            said.append(run(second, f"SELECT pg_is_other_temp_schema('{schema}'::regnamespace)"))
            said.append(run(second, "SELECT table_name FROM information_schema.tables WHERE table_type LIKE 'LOCAL%'"))
            run(second, f"SET search_path = {schema}, public")
            said.append(sqlstate(second, "SELECT number FROM mine"))
            first.close()
            second.close()
            wait_until(lambda: run(server.connect(), LEFT) == [(0,)], 10, "temporary objects gone")
            answers.append(said)
        self.assertEqual(*answers)

    def test_rights(self):
        owner = self.empty(self.cluster)
        run(owner, "CREATE ROLE passer LOGIN")
        run(owner, "CREATE TABLE kept (a int)")
        run(owner, "REVOKE CREATE ON SCHEMA public FROM passer")
        run(owner, "SET ROLE passer")
        run(owner, "CREATE TEMP TABLE t (a int)")
        run(owner, "INSERT INTO t VALUES (1)")
        self.assertEqual(sqlstate(owner, "CREATE TABLE t2 (a int)"), "42501")
        self.assertEqual(sqlstate(owner, "CREATE TEMP TABLE u AS SELECT * FROM kept"), "42501")
        self.assertEqual(sqlstate(owner, "CREATE TEMP TABLE u (LIKE kept)"), "42501")
        run(owner, "RESET ROLE")
        self.assertEqual(run(owner, "SELECT * FROM t"), [(1,)])
        run(owner, "CREATE ROLE bystander")
        run(owner, "SET ROLE bystander")
        self.assertEqual(sqlstate(owner, "SELECT * FROM t"), "42501")
        self.assertEqual(sqlstate(owner, "DROP TABLE t"), "42501")
        owner.close()

    def test_many_sessions_one_after_the_other(self):
        """The schemas' numbers are used again, and what is cached for them is not taken for another's."""
        watcher = self.connect()
        for i in range(20):
            connection = self.cluster.connect()
            run(connection, f"CREATE TEMP TABLE passing (a int, b{i % 3} text)")
            run(connection, "INSERT INTO passing VALUES (%s)", i)
            self.assertEqual(run(connection, "SELECT a FROM passing"), [(i,)])
            connection.close()
        wait_until(lambda: run(watcher, SCHEMAS) == [(0,)], 10, "the schemas gone")

    def test_it_is_not_looked_at_by_modules(self):
        connection = self.connect()
        run(connection, "CREATE TEMP TABLE t (a int, b int)")
        run(connection, "INSERT INTO t SELECT g, g FROM generate_series(1, 20000) g")
        for i in range(20):
            run(connection, f"SELECT b FROM t WHERE a = {i}")
        run(connection, "SELECT adbms.run_all_tables()")
        self.assertEqual(run(connection, "SELECT count(*) FROM adbms.actions WHERE statement LIKE '%pg_temp%'"), [(0,)])


class EndsOfSessionsTest(unittest.TestCase):
    def left(self, cluster):
        connection = cluster.connect()
        try:
            return run(connection, LEFT)[0][0] + run(connection, SCHEMAS)[0][0]
        finally:
            connection.close()

    def fill(self, cluster):
        connection = cluster.connect()
        run(connection, "CREATE TEMP TABLE t (a serial PRIMARY KEY, b text UNIQUE)")
        run(connection, "INSERT INTO t (b) SELECT g::text FROM generate_series(1, 5000) g")
        run(connection, "CREATE TEMP VIEW v AS SELECT a FROM t")
        run(connection, "BEGIN")
        run(connection, "CREATE TEMP TABLE open (a int)")
        run(connection, "INSERT INTO open VALUES (1)")
        return connection

    def ended(self, connection):
        try:
            run(connection, "SELECT 1")
            return False
        except psycopg2.Error as error:
            return error.pgcode == "57P01" or bool(connection.closed)

    def test_killed_storage(self):
        with Cluster() as cluster:
            kept = cluster.connect()
            run(kept, "CREATE TABLE permanent (a int)")
            held = self.fill(cluster)
            self.assertGreater(self.left(cluster), 0)
            cluster.kill()
            del held
            cluster.start()
            self.assertEqual(self.left(cluster), 0)
            fresh = self.fill(cluster)
            self.assertEqual(run(fresh, "SELECT count(*) FROM t"), [(5000,)])
            self.assertEqual(run(fresh, "SELECT count(*) FROM permanent"), [(0,)])

    def test_killed_gateway(self):
        with Cluster(separate=True) as cluster, cluster.another_gateway() as other:
            held = self.fill(other)
            self.assertGreater(self.left(cluster), 0)
            other.kill("gateway")
            del held
            wait_until(lambda: self.left(cluster) == 0, 20, "nothing left of the gateway's sessions")

    def test_storage_goes_away(self):
        """Its session has lost what it had and says so, rather than to find another's."""
        with Cluster(separate=True) as cluster:
            connection = cluster.connect()
            run(connection, "CREATE TEMP TABLE t (a int)")
            cluster.kill("storage")
            cluster.start_one("storage")
            wait_until(lambda: self.ended(connection), 20, "the session told that it is over")
            wait_until(lambda: self.left(cluster) == 0, 20, "nothing left")


add_tests(TemporaryTablesTest, SCRIPTS, "compare_alone")

if __name__ == "__main__":
    unittest.main(verbosity=2)
