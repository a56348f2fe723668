"""Two-phase commit as PostgreSQL 15 has it: what is prepared is nobody's, keeps its locks, and survives
kill -9 until somebody ends it.
"""
import unittest

from adbms_process import Cluster, Postgres, run, sqlstate
from session_scripts import answer, transcript

SCRIPT = """
CREATE TABLE t (id int PRIMARY KEY, v text)
CREATE TABLE u (v int)
INSERT INTO t VALUES (1, 'a'), (2, 'b')
PREPARE TRANSACTION 'x'
BEGIN
INSERT INTO t VALUES (3, 'c')
UPDATE t SET v = 'B' WHERE id = 2
PREPARE TRANSACTION 'x'
SELECT * FROM t
SELECT gid, owner = current_user, database = current_database() FROM pg_prepared_xacts
BEGIN
DELETE FROM t WHERE id = 1
PREPARE TRANSACTION 'x'
SELECT * FROM t
COMMIT PREPARED 'nosuch'
ROLLBACK PREPARED 'nosuch'
BEGIN
COMMIT PREPARED 'x'
ROLLBACK
SET lock_timeout = 50
UPDATE t SET v = 'late' WHERE id = 2
INSERT INTO t VALUES (3, 'late')
DROP TABLE t
COMMIT PREPARED 'x'
COMMIT PREPARED 'x'
SELECT * FROM t
SELECT count(*) FROM t
UPDATE t SET v = 'late' WHERE id = 2
BEGIN
SELECT * FROM t WHERE id = 1 FOR UPDATE
SAVEPOINT s
INSERT INTO t VALUES (9, 'gone')
ROLLBACK TO s
INSERT INTO u SELECT g FROM generate_series(1, 100) g
PREPARE TRANSACTION 'y'
DELETE FROM t WHERE id = 1
ROLLBACK PREPARED 'y'
DELETE FROM t WHERE id = 1
SELECT count(*) FROM u
BEGIN
SELECT 1/0
PREPARE TRANSACTION 'z'
SELECT count(*) FROM pg_prepared_xacts
CREATE TEMPORARY TABLE temporary (a int)
BEGIN
INSERT INTO temporary VALUES (1)
PREPARE TRANSACTION 'z'
BEGIN
LISTEN c
PREPARE TRANSACTION 'z'
BEGIN
PREPARE TRANSACTION 'empty'
COMMIT PREPARED 'empty'
CREATE TABLE p (id int PRIMARY KEY)
CREATE TABLE k (id int REFERENCES p DEFERRABLE INITIALLY DEFERRED)
BEGIN
INSERT INTO k VALUES (1)
PREPARE TRANSACTION 'k'
SELECT count(*) FROM pg_prepared_xacts
CREATE ROLE pr_a
GRANT ALL ON t TO pr_a
BEGIN
INSERT INTO t VALUES (50, 'x')
PREPARE TRANSACTION 'mine'
SET ROLE pr_a
COMMIT PREPARED 'mine'
ROLLBACK PREPARED 'mine'
BEGIN
INSERT INTO t VALUES (51, 'x')
PREPARE TRANSACTION 'theirs'
COMMIT PREPARED 'theirs'
RESET ROLE
ROLLBACK PREPARED 'mine'
SELECT * FROM t
DROP TABLE t, u, k, p
DROP ROLE pr_a
""".strip().splitlines()

SESSIONS = [
    ("a", "BEGIN"), ("a", "UPDATE w SET v = 1"), ("a", "PREPARE TRANSACTION 's'"),
    ("b", "UPDATE w SET v = v + 10"), ("c", "SELECT * FROM w"), ("a", "COMMIT PREPARED 's'"),
    ("b", "SELECT * FROM w"),
]


class ComparedWithPostgres(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.postgres = Postgres(["max_prepared_transactions=10"]).__enter__()
        cls.clusters = [Cluster().__enter__(), Cluster(separate=True).__enter__()]

    @classmethod
    def tearDownClass(cls):
        for server in [cls.postgres, *cls.clusters]:
            server.__exit__(None, None, None)

    def test_answers(self):
        def answers(server):
            connection = server.connect()
            said = [answer(connection, sql) for sql in SCRIPT]
            connection.close()
            return said

        wanted = answers(self.postgres)
        for cluster in self.clusters:
            for ours, theirs in zip(answers(cluster), wanted):
                if theirs[1][0] == "55P03":  # With a hint of our own.
                    ours, theirs = (ours[0], ours[1][0]), (theirs[0], theirs[1][0])
                self.assertEqual(ours, theirs)

    def test_others_wait(self):
        def lines(server):
            connection = server.connect()
            run(connection, "CREATE TABLE w (v int)")
            run(connection, "INSERT INTO w VALUES (0)")
            said = transcript(server, SESSIONS)
            run(connection, "DROP TABLE w")
            connection.close()
            return said

        wanted = lines(self.postgres)
        for cluster in self.clusters:
            self.assertEqual(lines(cluster), wanted)


class RestartTest(unittest.TestCase):
    def test_what_is_prepared_survives(self):
        with Cluster() as cluster:
            connection = cluster.connect()
            run(connection, "CREATE TABLE t (id int PRIMARY KEY, v int UNIQUE)")
            run(connection, "CREATE TABLE n (v int)")  # Rows without a key have hidden ones.
            run(connection, "CREATE TABLE r (room int, d int4range, EXCLUDE USING gist (room WITH =, d WITH &&))")
            run(connection, "INSERT INTO t SELECT g, g FROM generate_series(1, 10) g")
            run(connection, "INSERT INTO n VALUES (0)")
            for name, end in (("kept", 20), ("dropped", 30)):
                run(connection, "BEGIN")
                run(connection, "INSERT INTO t VALUES (%s, %s)", end, end)
                run(connection, "DELETE FROM t WHERE id = %s", end // 10)
                run(connection, "INSERT INTO n SELECT %s FROM generate_series(1, 5)", end)
                run(connection, "INSERT INTO r VALUES (%s, '[1,5)')", end)
                run(connection, f"PREPARE TRANSACTION '{name}'")
            for _ in range(2):
                cluster.kill()
                cluster.start_one("all")
                connection = cluster.connect()
                self.assertEqual(run(connection, "SELECT gid FROM pg_prepared_xacts ORDER BY 1"),
                                 [("dropped",), ("kept",)])
                self.assertEqual(run(connection, "SELECT count(*) FROM t"), [(10,)])
                self.assertEqual(run(connection, "SELECT count(*) FROM n"), [(1,)])
                run(connection, "SET lock_timeout = '50ms'")
                for sql in ("UPDATE t SET v = 0 WHERE id = 2", "INSERT INTO t VALUES (20, 0)",
                            "INSERT INTO t VALUES (99, 30)",
                            "INSERT INTO r VALUES (20, '[2,3)')"):
                    self.assertEqual(sqlstate(connection, sql), "55P03", sql)
                run(connection, "BEGIN")
                self.assertEqual(sqlstate(connection, "LOCK TABLE t"), "55P03")
                run(connection, "ROLLBACK")
            # New rows must not get the hidden keys of those that are prepared.
            run(connection, "INSERT INTO n SELECT 1 FROM generate_series(1, 5)")
            run(connection, "COMMIT PREPARED 'kept'")
            run(connection, "ROLLBACK PREPARED 'dropped'")
            self.assertEqual(run(connection, "SELECT v, count(*) FROM n GROUP BY v ORDER BY v"),
                             [(0, 1), (1, 5), (20, 5)])
            cluster.kill()
            cluster.start_one("all")
            connection = cluster.connect()
            self.assertEqual(run(connection, "SELECT count(*), max(id), min(id) FROM t"),
                             [(10, 20, 1)])
            self.assertEqual(run(connection, "SELECT count(*) FROM t WHERE id IN (2, 3, 20, 30)"),
                             [(2,)])
            self.assertEqual(run(connection, "SELECT v, count(*) FROM n GROUP BY v ORDER BY v"),
                             [(0, 1), (1, 5), (20, 5)])
            self.assertEqual(run(connection, "SELECT count(*) FROM pg_prepared_xacts"), [(0,)])
            run(connection, "UPDATE t SET v = -v")
            connection.close()

    def test_too_many(self):
        with Cluster() as cluster:
            connection = cluster.connect()
            for i in range(1000):
                run(connection, "BEGIN")
                run(connection, f"PREPARE TRANSACTION '{i}'")
            run(connection, "BEGIN")
            self.assertEqual(sqlstate(connection, "PREPARE TRANSACTION 'more'"), "53200")
            run(connection, "COMMIT PREPARED '0'")
            run(connection, "BEGIN")
            run(connection, "PREPARE TRANSACTION 'more'")
            run(connection, "CREATE DATABASE other")
            other = cluster.connect(dbname="other")
            self.assertEqual(sqlstate(other, "COMMIT PREPARED 'more'"), "0A000")
            run(other, "BEGIN")
            run(other, "ROLLBACK")
            for bad in ("", "x" * 200):
                run(connection, "BEGIN")
                self.assertEqual(sqlstate(connection, f"PREPARE TRANSACTION '{bad}'"), "22023")
            other.close()
            connection.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
