"""Several threads for one statement: the same answers, and nobody waits for anybody."""
import itertools
import threading
import unittest

from adbms_process import Cluster, ClusterTest, Postgres, run, sqlstate

ROWS = 60_000
# Tables that are read together; k of `big` is dense, that of `sparse` is not, `words` has text keys.
SETUP = f"""
CREATE TABLE big (k int PRIMARY KEY, g int, t text, n numeric(12,2), f float8, d date);
INSERT INTO big SELECT k, nullif(k * 7919 % 1009, 5), 'text ' || k % 777, (k % 1000) / 7.0, k / 4.0,
    date '2020-01-01' + k % 500 FROM generate_series(1, {ROWS}) k;
CREATE TABLE sparse (k bigint PRIMARY KEY, big_k int, v int);
INSERT INTO sparse SELECT CASE WHEN k < 20000 THEN k ELSE k::bigint * 100000 END, k * 2, k % 13
    FROM generate_series(1, 40000) k;
CREATE TABLE words (w text PRIMARY KEY, n int);
INSERT INTO words SELECT md5(k::text), k FROM generate_series(1, 25000) k;
CREATE TABLE few (g int PRIMARY KEY, name text);
INSERT INTO few SELECT g, 'group ' || g % 10 FROM generate_series(0, 1008) g;
"""

QUERIES = [
    "SELECT count(*), count(g), sum(k), sum(n), avg(n), avg(k), min(t), max(t), min(n), max(d) FROM big",
    "SELECT sum(f), avg(f), stddev(k), var_pop(n), stddev_samp(f), bool_and(k > 0), bit_or(k), bit_and(k) FROM big",
    "SELECT g, count(*), sum(n), avg(n), min(t), max(f) FROM big GROUP BY g ORDER BY g",
    "SELECT t, d, count(*), sum(k) FROM big WHERE k % 3 = 0 GROUP BY t, d ORDER BY t, d LIMIT 50",
    "SELECT count(DISTINCT g), count(DISTINCT t), sum(DISTINCT k % 100), count(*) FILTER (WHERE k % 2 = 0) FROM big",
    "SELECT g % 5, count(DISTINCT t), sum(DISTINCT k % 91) FROM big GROUP BY 1 ORDER BY 1",
    "SELECT DISTINCT g % 50 FROM big ORDER BY 1",
    "SELECT name, count(*), sum(big.n) FROM big JOIN few USING (g) GROUP BY name ORDER BY name",
    "SELECT count(*), sum(b.k), sum(s.v) FROM big b JOIN sparse s ON s.big_k = b.k",
    "SELECT count(*), count(s.k), sum(b.k) FROM big b LEFT JOIN sparse s ON s.big_k = b.k AND s.v > 6",
    "SELECT count(*), count(s.k), count(b.k) FROM big b FULL JOIN sparse s ON s.big_k = b.k AND s.v > 6",
    "SELECT count(*), sum(k) FROM big b WHERE EXISTS (SELECT 1 FROM sparse s WHERE s.big_k = b.k AND s.v = 3)",
    "SELECT count(*), sum(k) FROM big b WHERE NOT EXISTS (SELECT 1 FROM sparse s WHERE s.big_k = b.k)",
    "SELECT count(*), sum(k) FROM big WHERE g NOT IN (SELECT v FROM sparse)",
    "SELECT count(*), sum(a.n) FROM words a JOIN words b ON a.n = b.n + 1 JOIN big ON big.k = a.n WHERE b.w > 'a'",
    "SELECT v, count(*) FROM sparse JOIN big ON big.k = big_k JOIN few ON few.g = big.g GROUP BY v ORDER BY v",
    "SELECT count(*) FROM big WHERE n > (SELECT avg(n) FROM big)",
    "SELECT g, s FROM (SELECT g, sum(k) s FROM big GROUP BY g) x WHERE s > (SELECT avg(k) * 60 FROM big) ORDER BY g",
    "SELECT count(*), sum(length(l)) FROM (SELECT string_agg(t, ',' ORDER BY k) l FROM big GROUP BY g) x",
    "WITH x AS (SELECT g, count(*) c FROM big GROUP BY g) SELECT count(*), sum(a.c * b.c) FROM x a JOIN x b USING (g)",
    "SELECT (SELECT sum(k) FROM big WHERE g = few.g), name FROM few WHERE few.g < 4 ORDER BY few.g",
]


def fill(connection):
    run(connection, SETUP)
    run(connection, "ANALYZE")


def rounded(rows):
    """Sums of floating point numbers in another order differ in their last digits."""
    return [tuple(float(f"{value:.10g}") if isinstance(value, float) else value for value in row) for row in rows]


def workers(connection, sql, operator):
    """How many threads ran an operator of the plan together; 1: the statement's own. Their rows are those of one loop."""
    lines = [line for line, in run(connection, "EXPLAIN ANALYZE " + sql)]
    for at, line in enumerate(lines):
        if operator in line:
            if " loops=1)" not in line:
                raise AssertionError(line)
            deeper = itertools.takewhile(lambda below: "->" not in below, lines[at + 1:])
            return next((int(below.split(":")[1]) for below in deeper if "Workers:" in below), 1)
    raise AssertionError(f"no {operator} in the plan of {sql}")


class WorkersTest(ClusterTest):
    SETTINGS = ["orchestrator.autonomy=off", "storage.workers=4", "storage.query_memory_bytes=64MiB"]

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with cls.cluster.connect() as connection:
            fill(connection)

    def test_same_answers_as_postgresql(self):
        with Postgres() as postgres:
            theirs = postgres.connect()
            fill(theirs)
            ours = self.connect()
            for sql in QUERIES:
                with self.subTest(sql=sql):
                    self.assertEqual(rounded(run(ours, sql)), rounded(run(theirs, sql)))

    def test_four_read_a_long_table_and_one_a_short_one(self):
        connection = self.connect()
        self.assertEqual(workers(connection, "SELECT sum(n) FROM big", "Seq Scan on big"), 4)
        self.assertEqual(workers(connection, "SELECT count(*) FROM sparse s JOIN big b ON s.big_k = b.k AND b.f > s.v",
                               "Seq Scan on sparse"), 4)
        self.assertEqual(workers(connection, "SELECT max(name) FROM few", "Seq Scan on few"), 1)
        # What must not be evaluated twice, or belongs to one transaction, is left to one.
        self.assertEqual(workers(connection, "SELECT sum(random()) FROM big", "Seq Scan on big"), 1)

    def test_own_changes_are_seen(self):
        connection = self.connect()
        connection.autocommit = False
        before = run(connection, "SELECT count(g), sum(n) FROM big")
        run(connection, "UPDATE big SET n = n + 1 WHERE k <= 10")
        run(connection, "DELETE FROM big WHERE k = 100")
        run(connection, "INSERT INTO big VALUES (0, 1, 'x', 1000)")
        after = run(connection, "SELECT count(g), sum(n) FROM big")
        removed = run(self.connect(), "SELECT n FROM big WHERE k = 100")[0][0]
        self.assertEqual(after, [(before[0][0], before[0][1] + 10 + 1000 - removed)])
        connection.rollback()
        self.assertEqual(run(connection, "SELECT count(g), sum(n) FROM big"), before)
        connection.rollback()

    def test_a_snapshot_is_one_for_all_workers(self):
        """Sums stay what they are while others move amounts between rows."""
        writer = self.connect()
        run(writer, "CREATE TABLE amounts (k int PRIMARY KEY, f float8)")
        run(writer, "INSERT INTO amounts SELECT k, f FROM big")
        self.addCleanup(run, writer, "DROP TABLE amounts")
        stop = threading.Event()

        def move():
            number = 0
            while not stop.is_set():
                number += 1
                low, high = 1 + number % 1000, 59_000 - number % 1000
                run(writer, f"UPDATE amounts SET f = f + CASE k WHEN {low} THEN 4 ELSE -4 END WHERE k IN ({low}, {high})")

        reader = self.connect()
        expected = run(reader, "SELECT sum(f) FROM amounts")
        thread = threading.Thread(target=move)
        thread.start()
        try:
            for _ in range(60):
                self.assertEqual(run(reader, "SELECT sum(f) FROM amounts"), expected)
        finally:
            stop.set()
            thread.join()

    def test_an_error_of_one_worker_is_the_statements(self):
        connection = self.connect()
        for _ in range(20):
            self.assertEqual(sqlstate(connection, "SELECT sum(1 / (k - 31000)) FROM big"), "22012")
        self.assertEqual(run(connection, "SELECT count(*) FROM big WHERE f >= 0"), [(ROWS,)])

    def test_all_stop_when_the_statement_is_stopped(self):
        connection = self.connect()
        run(connection, "SET statement_timeout = 200")
        for _ in range(5):
            self.assertEqual(sqlstate(connection, "SELECT count(*) FROM big a JOIN big b ON a.g = b.g JOIN big c"
                                                  " ON b.g = c.g WHERE a.f + b.f + c.f > 3"), "57014")
        run(connection, "RESET statement_timeout")
        # The helpers are back.
        self.assertEqual(workers(connection, "SELECT sum(n) FROM big", "Seq Scan on big"), 4)

    def test_many_at_once_share_the_helpers(self):
        expected = run(self.connect(), QUERIES[2])
        failures = []

        def ask():
            with self.cluster.connect() as connection:
                for _ in range(8):
                    if run(connection, QUERIES[2]) != expected:
                        failures.append("another answer")

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])


class LittleMemory(unittest.TestCase):
    def test_where_memory_is_short_one_does_all(self):
        """Groups and right sides that do not fit spill, as they do without helpers; nothing is left behind."""
        queries = ["SELECT count(*), sum(n), sum(length(t) * n) FROM (SELECT t || k % 20000 t, count(*) n FROM big"
                   " GROUP BY 1) x",
                   "SELECT count(*), sum(a.k), max(b.t) FROM big a JOIN big b ON a.k = b.k + 1",
                   "SELECT count(DISTINCT t || k % 30000), count(DISTINCT k) FROM big"]
        with Cluster(False, ["orchestrator.autonomy=off", "storage.workers=4",
                             "storage.query_memory_bytes=1GiB"]) as cluster:
            connection = cluster.connect()
            fill(connection)
            expected = [run(connection, sql) for sql in queries]
            connection.close()
            cluster.settings[-1] = "storage.query_memory_bytes=2MiB"
            cluster.restart()
            connection = cluster.connect()
            for _ in range(3):
                self.assertEqual([run(connection, sql) for sql in queries], expected)


if __name__ == "__main__":
    unittest.main(verbosity=2)
