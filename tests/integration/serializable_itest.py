"""SERIALIZABLE: whatever commits is what some serial order would have answered. Known anomalies one by
one, then random transactions in random interleavings, held against every order of those that
committed; the same of REPEATABLE READ finds anomalies, so that the comparison is known to see them.
"""
import io
import itertools
import random
import unittest

import psycopg2

from adbms_process import Cluster, ClusterTest, run, sqlstate

BEGIN = "BEGIN ISOLATION LEVEL SERIALIZABLE"
REFUSED = "40001"


def scalar(connection, sql):
    return run(connection, sql)[0][0]


class AnomaliesTest(ClusterTest):
    def setUp(self):
        self.a, self.b, self.c = (self.connect() for _ in "abc")
        run(self.a, "DROP TABLE IF EXISTS t, batch, receipt")
        run(self.a, "CREATE TABLE t (k int PRIMARY KEY, g int, v int)")
        run(self.a, "CREATE INDEX t_g ON t (g)")
        run(self.a, "INSERT INTO t SELECT i, i % 10, i FROM generate_series(1, 20000) i")
        run(self.a, "ANALYZE t")

    def tearDown(self):
        for connection in (self.a, self.b, self.c):
            connection.close()

    def skew(self, read_a, write_a, read_b, write_b, level="SERIALIZABLE"):
        """Both read, both write what the other has read; how the second one's COMMIT ends."""
        for connection, read in ((self.a, read_a), (self.b, read_b)):
            run(connection, "BEGIN ISOLATION LEVEL " + level)
            run(connection, read)
        run(self.a, write_a)
        run(self.b, write_b)
        run(self.a, "COMMIT")
        return sqlstate(self.b, "COMMIT")

    def test_write_skew(self):
        by_key = ("SELECT sum(v) FROM t WHERE k IN (1, 2)", "UPDATE t SET v = -1 WHERE k = 1",
                  "SELECT sum(v) FROM t WHERE k IN (1, 2)", "UPDATE t SET v = -1 WHERE k = 2")
        self.assertIsNone(self.skew(*by_key, level="REPEATABLE READ"))
        self.assertEqual(self.skew(*by_key), REFUSED)
        self.assertEqual(scalar(self.c, "SELECT v FROM t WHERE k = 1"), -1)
        self.assertEqual(scalar(self.c, "SELECT v FROM t WHERE k = 2"), -1)  # Of the first pair.

    def test_rows_that_were_not_there(self):
        for read_a, read_b in (
                ("SELECT count(*) FROM t", "SELECT count(*) FROM t"),
                ("SELECT count(*) FROM t WHERE g = 11", "SELECT count(*) FROM t WHERE g = 12"),
                ("SELECT v FROM t WHERE k = 20001", "SELECT v FROM t WHERE k = 20002"),
                ("SELECT max(k) FROM t WHERE v > 50000", "SELECT min(g) FROM t WHERE g > 10"),
                ("SELECT k FROM t ORDER BY k DESC LIMIT 1", "SELECT g FROM t ORDER BY g DESC LIMIT 1")):
            with self.subTest(read_a):
                self.assertEqual(self.skew(read_a, "INSERT INTO t VALUES (20002, 12, 60000)",
                                           read_b, "INSERT INTO t VALUES (20001, 11, 60000)"), REFUSED)
                run(self.c, "DELETE FROM t WHERE k > 20000")

    def test_rows_that_go(self):
        self.assertEqual(self.skew("SELECT count(*) FROM t WHERE g = 3", "DELETE FROM t WHERE k = 14",
                                   "SELECT count(*) FROM t WHERE g = 4", "DELETE FROM t WHERE k = 13"), REFUSED)

    def test_apart(self):
        """What does not touch goes on beside each other."""
        self.assertIsNone(self.skew("SELECT sum(v) FROM t WHERE k = 1", "UPDATE t SET v = 0 WHERE k = 1",
                                    "SELECT sum(v) FROM t WHERE k = 2", "UPDATE t SET v = 0 WHERE k = 2"))
        self.assertIsNone(self.skew("SELECT count(*) FROM t WHERE k BETWEEN 20000 AND 20009", "INSERT INTO t VALUES (20010, 3, 0)",
                                    "SELECT count(*) FROM t WHERE k BETWEEN 20011 AND 20019", "INSERT INTO t VALUES (20020, 4, 0)"))

    def test_closed_batch(self):
        """What a reader has been told of a closed batch does not change (the read-only anomaly)."""
        run(self.a, "CREATE TABLE batch (n int)")
        run(self.a, "CREATE TABLE receipt (n int, amount int)")
        run(self.a, "INSERT INTO batch VALUES (1)")
        run(self.a, BEGIN)
        number = scalar(self.a, "SELECT n FROM batch")
        run(self.b, BEGIN)
        run(self.b, "UPDATE batch SET n = n + 1")
        run(self.b, "COMMIT")
        run(self.c, BEGIN + " READ ONLY")
        self.assertEqual(scalar(self.c, "SELECT n FROM batch"), 2)
        self.assertEqual(scalar(self.c, "SELECT count(*) FROM receipt WHERE n = 1"), 0)
        run(self.c, "COMMIT")
        run(self.a, f"INSERT INTO receipt VALUES ({number}, 10)")
        self.assertEqual(sqlstate(self.a, "COMMIT"), REFUSED)

    def reads_alone(self, read):
        """A reader outside of a block between two writers; how the second one's COMMIT ends."""
        run(self.a, BEGIN)
        run(self.a, "SELECT sum(v) FROM t WHERE g = 1")
        run(self.b, BEGIN)
        run(self.b, "UPDATE t SET v = 0 WHERE k = 1")
        run(self.b, "COMMIT")
        run(self.a, "UPDATE t SET v = 0 WHERE k = 2")
        read()  # After the first writer and before the second, which comes before the first.
        ended = sqlstate(self.a, "COMMIT")
        run(self.c, "UPDATE t SET v = k WHERE k < 3")
        return ended

    def test_alone(self):
        """A statement outside of a block is a transaction of that level too."""
        run(self.c, "PREPARE s (int) AS SELECT v FROM t WHERE k = $1")
        readers = {
            "query": lambda: self.assertEqual(scalar(self.c, "SELECT v FROM t WHERE k = 2"), 2),
            "execute": lambda: self.assertEqual(scalar(self.c, "EXECUTE s(2)"), 2),
            "copy": lambda: self.c.cursor().copy_expert("COPY (SELECT v FROM t WHERE k = 2) TO STDOUT", io.BytesIO()),
        }
        for name, read in readers.items():
            with self.subTest(name):
                run(self.c, "SET default_transaction_isolation = 'repeatable read'")
                self.assertIsNone(self.reads_alone(read))
                run(self.c, "SET default_transaction_isolation = serializable")
                self.assertEqual(self.reads_alone(read), REFUSED)
        self.assertEqual(run(self.c, "SHOW transaction_isolation"), [("serializable",)])
        self.assertEqual(scalar(self.b, "SELECT v FROM t WHERE k = 1"), 1)

    def test_a_key_that_was_free(self):
        """Who has read that a key is free and finds it taken is to try again, not to give up."""
        run(self.c, "CREATE UNIQUE INDEX t_v ON t (v) WHERE v > 50000")
        for read, write in (("SELECT * FROM t WHERE k = 30001", "INSERT INTO t VALUES (30001, 1, 1)"),
                            ("SELECT * FROM t WHERE v = 60001", "INSERT INTO t VALUES (%s, 1, 60001)")):
            run(self.a, BEGIN)
            run(self.a, read)
            run(self.b, write % 30002 if "%s" in write else write)
            self.assertEqual(sqlstate(self.a, write % 30003 if "%s" in write else write), REFUSED)
            run(self.a, "ROLLBACK")
        run(self.a, BEGIN)
        run(self.a, "SELECT count(*) FROM t WHERE k = 5")
        self.assertEqual(sqlstate(self.a, "INSERT INTO t VALUES (5, 1, 1)"), "23505")  # It was there.
        run(self.a, "ROLLBACK")

    def test_settings(self):
        run(self.a, "BEGIN")
        run(self.a, "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ ONLY, DEFERRABLE")
        self.assertEqual(run(self.a, "SHOW transaction_isolation"), [("serializable",)])
        self.assertEqual(scalar(self.a, "SELECT current_setting('transaction_isolation')"), "serializable")
        self.assertEqual(sqlstate(self.a, "DELETE FROM t"), "25006")
        run(self.a, "ROLLBACK")
        run(self.a, "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE")
        run(self.a, "BEGIN")
        self.assertEqual(run(self.a, "SHOW transaction_isolation"), [("serializable",)])
        run(self.a, "COMMIT")

    def test_prepared_and_savepoints(self):
        """What a savepoint gave up was read all the same."""
        for connection, group in ((self.a, 1), (self.b, 2)):
            run(connection, f"PREPARE s AS SELECT sum(v) FROM t WHERE g = $1")
            run(connection, BEGIN)
            run(connection, "SAVEPOINT s")
            run(connection, f"EXECUTE s({group})")
            run(connection, "UPDATE t SET v = 0 WHERE k = 500")
            run(connection, "ROLLBACK TO s")
        run(self.a, "INSERT INTO t VALUES (20001, 2, 0)")
        run(self.b, "INSERT INTO t VALUES (20002, 1, 0)")
        run(self.b, "COMMIT")
        with self.assertRaises(psycopg2.Error) as refused:
            run(self.a, "COMMIT")
        self.assertEqual(refused.exception.pgcode, REFUSED)
        self.assertEqual(refused.exception.diag.message_primary,
                         "could not serialize access due to read/write dependencies among transactions")
        self.assertEqual(refused.exception.diag.message_hint, "The transaction might succeed if retried.")


def moves(group, into, key):
    def program():
        rows = yield f"SELECT coalesce(sum(v), 0) FROM acct WHERE g = {group}"
        yield f"INSERT INTO acct VALUES ({key}, {into}, {rows[0][0] % 1000})"
    return program


def bumps(read, written):
    def program():
        rows = yield f"SELECT v FROM acct WHERE k = {read}"
        value = rows[0][0] + 1 if rows else 0
        yield f"UPDATE acct SET v = {value % 1000} WHERE k = {written}"
    return program


def counts(key):
    def program():
        rows = yield "SELECT count(*) FROM acct"
        yield f"INSERT INTO acct VALUES ({key}, 2, {rows[0][0]})"
    return program


def drops(group, key):
    def program():
        rows = yield f"SELECT max(v) FROM acct WHERE g = {group}"
        if rows[0][0] is not None and rows[0][0] % 2 == 0:
            yield f"DELETE FROM acct WHERE k = {key}"
    return program


def reports():
    def program():
        yield "SELECT g, sum(v) FROM acct GROUP BY g ORDER BY g"
        yield "SELECT k, v FROM acct ORDER BY k DESC LIMIT 2"
    return program


def draw(generator):
    groups = [generator.randrange(2) for _ in range(2)]
    return generator.choice([
        lambda: moves(groups[0], groups[1], generator.randrange(100, 10000)),
        lambda: bumps(generator.randrange(6), generator.randrange(6)),
        lambda: counts(generator.randrange(100, 10000)),
        lambda: drops(groups[0], generator.randrange(6)),
        reports,
    ])()


class Running:
    """A transaction that goes on step by step; `seen` is what it was answered."""

    def __init__(self, connection, program, level):
        self.connection, self.steps = connection, program()
        self.seen, self.state, self.next = [], "active", next(self.steps)
        run(connection, "BEGIN ISOLATION LEVEL " + level)

    def step(self):
        try:
            if self.next is None:
                run(self.connection, "COMMIT")
                self.state = "committed"
                return
            rows = run(self.connection, self.next)
            self.seen.append(rows)
            self.next = self.steps.send(rows)
        except StopIteration:
            self.next = None
        except psycopg2.Error as error:
            assert error.pgcode in (REFUSED, "55P03", "40P01", "23505"), error
            self.state = "refused"
            run(self.connection, "ROLLBACK")


def reset(connection):
    run(connection, "DELETE FROM acct")
    run(connection, "INSERT INTO acct SELECT i, i % 2, i * 7 FROM generate_series(0, 5) i")


def state_of(connection):
    return run(connection, "SELECT * FROM acct ORDER BY k")


def serial(connection, programs):
    reset(connection)
    answers = []
    for program in programs:
        steps, seen, rows = program(), [], None
        try:
            statement = next(steps)
            while True:
                rows = run(connection, statement)
                seen.append(rows)
                statement = steps.send(rows)
        except StopIteration:
            pass
        except psycopg2.Error:
            return None  # Such as a key that is there already: it would not have committed.
        answers.append(seen)
    return answers, state_of(connection)


class HistoriesTest(unittest.TestCase):
    def anomalies(self, connections, level, rounds, seed):
        generator = random.Random(seed)
        found, committed, refused = [], 0, 0
        for number in range(rounds):
            reset(connections[0])
            programs = [draw(generator) for _ in range(3)]
            running = [Running(connection, program, level)
                       for connection, program in zip(connections[1:], programs)]
            while any(one.state == "active" for one in running):
                generator.choice([one for one in running if one.state == "active"]).step()
            done = [i for i in range(3) if running[i].state == "committed"]
            committed += len(done)
            refused += 3 - len(done)
            final = state_of(connections[0])
            for order in itertools.permutations(done):
                said = serial(connections[0], [programs[i] for i in order])
                if said == ([running[i].seen for i in order], final):
                    break
            else:
                found.append((number, [running[i].seen for i in done], final))
        return found, committed, refused

    def check(self, separate):
        with Cluster(separate=separate) as cluster:
            connections = [cluster.connect() for _ in range(4)]
            for connection in connections:
                run(connection, "SET lock_timeout = '30ms'")
            run(connections[0], "CREATE TABLE acct (k int PRIMARY KEY, g int, v int)")
            run(connections[0], "CREATE INDEX acct_g ON acct (g)")
            found, committed, refused = self.anomalies(connections, "SERIALIZABLE", 150, 11)
            self.assertEqual(found, [])
            self.assertGreater(committed, refused)
            found, _, _ = self.anomalies(connections, "REPEATABLE READ", 150, 11)
            self.assertNotEqual(found, [])
            for connection in connections:
                connection.close()

    def test_all_in_one(self):
        self.check(separate=False)

    def test_seven_processes(self):
        self.check(separate=True)


if __name__ == "__main__":
    unittest.main(verbosity=2)
