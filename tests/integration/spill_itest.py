"""What does not fit into query memory goes to disk and comes out right."""
import queue
import threading
import unittest
import urllib.request

import psycopg2

from adbms_process import POSTGRES_BIN, Cluster, Postgres, run, sqlstate, wait_until

# The tuner would give query memory more, once something spills.
FIXED = "orchestrator.autonomy=off"
MIB = 1 << 20
ROWS = 200_000

# Each over data of several times the small memory. Answers are sums that any lost, doubled or
# mispaired row changes.
QUERIES = {
    "group by integer":
        "SELECT count(*), sum(n), sum(g * n) FROM (SELECT g, count(*) n FROM big GROUP BY g) t",
    "group by text":
        "SELECT count(*), sum(n), sum(length(t) * n) FROM (SELECT t, count(*) n FROM big GROUP BY t) x",
    "group by two, with nulls":
        "SELECT count(*), count(a), sum(n) FROM (SELECT k % 50000 b, nullif(k % 4000, 7) a, count(*) n"
        " FROM big GROUP BY 1, 2) t",
    "filter and distinct in calls":
        "SELECT count(*), sum(c), sum(d), sum(e) FROM (SELECT g, count(*) FILTER (WHERE k % 3 = 0) c,"
        " count(DISTINCT k % 5) d, sum(k) FILTER (WHERE k % 2 = 1) e FROM big GROUP BY g) t",
    "order by in calls":
        "SELECT count(*), sum(length(s)), min(s), max(s) FROM (SELECT g % 20000 m,"
        " string_agg(k::text, ',' ORDER BY k DESC) s FROM big GROUP BY 1) t",
    "distinct in one call":
        "SELECT count(DISTINCT t), count(DISTINCT k), sum(DISTINCT g) FILTER (WHERE k % 2 = 0) FROM big",
    "distinct and order by in a call":
        "SELECT count(*), sum(length(s)), max(s) FROM (SELECT g % 5 m, string_agg(DISTINCT left(t, 3), ','"
        " ORDER BY left(t, 3) DESC) s FROM big GROUP BY 1) x",
    "distinct": "SELECT count(*), sum(length(t)) FROM (SELECT DISTINCT t, g FROM big) x",
    "grouping of groups":
        "SELECT m, count(*), sum(n) FROM (SELECT g, g % 3 m, count(*) n FROM big GROUP BY g, 2) t"
        " GROUP BY m ORDER BY m",
    "inner join":
        "SELECT count(*), sum(a.k), sum(b.k) FROM big a JOIN big b ON a.t = b.t WHERE a.k % 2 = 0",
    "left join":
        "SELECT count(*), count(b.k), sum(a.k), sum(b.g) FROM big a LEFT JOIN (SELECT * FROM big"
        " WHERE k % 3 <> 0) b ON a.k = b.k + 1",
    "right join":
        "SELECT count(*), count(a.k), sum(b.k), sum(a.g) FROM (SELECT * FROM big WHERE k % 5 < 3) a"
        " RIGHT JOIN big b ON a.k = b.k + 1 AND a.g > 10",
    "full join":
        "SELECT count(*), count(a.k), count(b.k), sum(a.k), sum(b.k) FROM (SELECT nullif(k, 5) k, t"
        " FROM big WHERE k % 2 = 0) a FULL JOIN (SELECT nullif(k, 8) k, t FROM big WHERE k % 3 = 0) b"
        " ON a.k = b.k",
    "semi join":
        "SELECT count(*), sum(k) FROM big a WHERE EXISTS (SELECT 1 FROM big b WHERE b.k = a.k * 2 AND b.t >= a.t)",
    "anti join":
        "SELECT count(*), sum(k) FROM big a WHERE NOT EXISTS (SELECT 1 FROM big b WHERE b.k = a.k * 2"
        " AND b.g <> a.g)",
    "in":
        "SELECT count(*), sum(k) FROM big WHERE t IN (SELECT t FROM big WHERE k % 7 = 0)",
    "not in":
        "SELECT count(*), sum(k) FROM big WHERE k NOT IN (SELECT k FROM big WHERE k % 7 <> 0)",
    "one key only":
        "SELECT count(*), sum(a.k + b.k) FROM (SELECT k, t, 1 one FROM big WHERE k <= 60000) a"
        " JOIN (SELECT k, 1 one FROM big WHERE k <= 20) b USING (one)",
    "one key only, large side right":
        "SELECT count(*), sum(a.k + b.k) FROM (SELECT k, 1 one FROM big WHERE k <= 20) a"
        " LEFT JOIN (SELECT k, t, 1 one FROM big WHERE k <= 60000) b ON a.one = b.one AND b.k > a.k",
    "nested loop":
        "SELECT count(*), sum(b.k) FROM (SELECT k FROM big WHERE k <= 12) a FULL JOIN"
        " (SELECT k, t FROM big) b ON a.k = b.k AND a.k < b.k + 1 AND length(b.t) > a.k",
    "intersect": "SELECT count(*), sum(g) FROM (SELECT g, t FROM big INTERSECT SELECT g, t FROM big"
                 " WHERE k % 4 <> 1) x",
    "intersect all":
        "SELECT count(*), sum(g) FROM (SELECT g FROM big INTERSECT ALL SELECT g FROM big WHERE k % 3 = 0) x",
    "except": "SELECT count(*), sum(g) FROM (SELECT g, t FROM big EXCEPT SELECT g, t FROM big"
              " WHERE k % 4 = 1) x",
    "except all":
        "SELECT count(*), sum(g) FROM (SELECT g FROM big EXCEPT ALL SELECT g FROM big WHERE k % 3 = 0) x",
    "except of nothing": "SELECT count(*), sum(length(t)) FROM (SELECT t, k FROM big EXCEPT"
                         " SELECT t, k FROM big WHERE k < 0) x",
    "cte read twice":
        "WITH c AS MATERIALIZED (SELECT k, t FROM big) SELECT count(*), sum(a.k), min(b.t) FROM c a"
        " JOIN c b ON a.k = b.k - 1",
    "cte read by a correlated subquery":
        "WITH c AS MATERIALIZED (SELECT k, t FROM big) SELECT sum((SELECT count(*) FROM c WHERE c.k < o.k))"
        " FROM (VALUES (10), (20000), (5)) o(k)",
    "window without order": "SELECT count(*), sum(n), sum(length(t)) FROM (SELECT t, count(*) OVER () n FROM big) x",
    "window of one partition":
        "SELECT count(*), sum(a), sum(length(f)), sum(l), sum(c * k) FROM (SELECT k, sum(g) OVER w a,"
        " first_value(t) OVER (w ROWS BETWEEN 1000 PRECEDING AND 10 FOLLOWING) f, lead(k, 70000) OVER w l,"
        " count(*) OVER (w ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE NO OTHERS) c"
        " FROM big WINDOW w AS (ORDER BY t, k)) x",
    "window of large partitions":
        "SELECT count(*), sum(r * k), sum(d), max(m), sum(n) FROM (SELECT k, rank() OVER w r, dense_rank() OVER w d,"
        " max(t) OVER (PARTITION BY k % 3) m, nth_value(k, 40000) OVER (w RANGE BETWEEN UNBOUNDED PRECEDING"
        " AND UNBOUNDED FOLLOWING) n FROM big WINDOW w AS (PARTITION BY k % 3 ORDER BY t)) x",
    "window of small partitions":
        "SELECT count(*), sum(s * k), sum(length(p)) FROM (SELECT k, sum(k) OVER w s, lag(t) OVER w p FROM big"
        " WINDOW w AS (PARTITION BY g % 50000 ORDER BY k)) x",
    "window whose frames move":
        "SELECT sum(a * k), sum(b), sum(c) FROM (SELECT k, count(*) OVER (ORDER BY g RANGE BETWEEN 40000 PRECEDING"
        " AND 20000 FOLLOWING) a, sum(k) OVER (ORDER BY g GROUPS BETWEEN 30000 PRECEDING AND 1 PRECEDING) b,"
        " sum(k) OVER (ORDER BY k ROWS BETWEEN 50000 FOLLOWING AND 90000 FOLLOWING) c FROM big) x",
    "sort": "SELECT count(*), min(n), max(n) FROM (SELECT k, row_no - k n FROM (SELECT k, t,"
            " k row_no FROM big ORDER BY t DESC, k OFFSET 0) s) x",
}


def fill(connection):
    run(connection, "CREATE TABLE big (k int PRIMARY KEY, g int, t text)")
    run(connection, f"INSERT INTO big SELECT k, k % ({ROWS} * 3 / 4), md5((k % 150000)::text) || repeat('x', k % 40)"
                    f" FROM generate_series(1, {ROWS}) k")
    run(connection, "ANALYZE big")


class SpillTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(settings=[FIXED, f"storage.query_memory_bytes={1024 * MIB}"])
        cls.addClassCleanup(cls.cluster.remove)
        cls.cluster.start()
        connection = cls.cluster.connect()
        fill(connection)
        cls.ample = {what: run(connection, query) for what, query in QUERIES.items()}
        connection.close()
        cls.cluster.settings = [FIXED, f"storage.query_memory_bytes={4 * MIB}"]
        cls.cluster.restart()

    def connect(self):
        connection = self.cluster.connect()
        self.addCleanup(connection.close)
        return connection

    def spilled(self):
        text = urllib.request.urlopen(f"http://{self.cluster.http['all']}/metrics", timeout=10).read().decode()
        return sum(float(line.split()[-1]) for line in text.splitlines()
                   if line.startswith("adbms_storage_spilled_bytes_total"))

    def test_answers_are_those_of_ample_memory(self):
        connection = self.connect()
        for what, query in QUERIES.items():
            with self.subTest(what):
                before = self.spilled()
                self.assertEqual(run(connection, query), self.ample[what])
                wait_until(lambda: self.spilled() > before, 10, f"{what} spills")

    @unittest.skipUnless(POSTGRES_BIN.exists(), "PostgreSQL 15 is not installed")
    def test_answers_are_those_of_postgresql(self):
        with Postgres() as postgres:
            connection = postgres.connect()
            fill(connection)
            for what, query in QUERIES.items():
                if what.startswith("window"):
                    continue  # PostgreSQL takes minutes; run_random_queries.py compares windows, of fewer rows.
                with self.subTest(what):
                    self.assertEqual(self.ample[what], run(connection, query))
            connection.close()

    def test_what_is_written_may_be_more_than_memory(self):
        connection = self.connect()
        run(connection, "CREATE TABLE copy (k int PRIMARY KEY, g int, t text)")
        self.addCleanup(run, connection, "DROP TABLE copy")
        run(connection, "INSERT INTO copy SELECT k, g, t || t FROM big ORDER BY t")
        run(connection, "UPDATE copy SET g = g + 1, t = t || 'y'")
        with connection.cursor() as cursor:
            cursor.execute("UPDATE copy SET t = t || 'z' WHERE k % 2 = 0 RETURNING k, t")
            rows = cursor.fetchall()
        self.assertEqual(len(rows), ROWS // 2)
        self.assertTrue(all(text.endswith("yz") for _, text in rows))
        self.assertEqual(run(connection, "SELECT count(*), sum(c.g - b.g), sum(length(c.t) - 2 * length(b.t))"
                                         " FROM copy c JOIN big b USING (k)"),
                         [(ROWS, ROWS, ROWS + ROWS // 2)])

    def test_several_at_once(self):
        failures = queue.Queue()

        def work(what):
            connection = self.cluster.connect()
            try:
                answer = run(connection, QUERIES[what])
                if answer != self.ample[what]:
                    failures.put((what, answer))
            except psycopg2.Error as error:
                failures.put((what, error.pgcode, str(error)))
            finally:
                connection.close()

        threads = [threading.Thread(target=work, args=(what,)) for what in
                   ("group by text", "inner join", "full join", "except", "cte read twice", "distinct")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(list(failures.queue), [])

    def test_what_is_cancelled_leaves_nothing(self):
        connection = self.connect()
        run(connection, "SET statement_timeout = 400")
        for query in ("SELECT count(*) FROM big a JOIN big b ON a.t < b.t",
                      "SELECT count(*) FROM (SELECT g, count(*) FROM generate_series(1, 100000000) g GROUP BY 1) x",
                      "SELECT count(*) FROM (SELECT g FROM generate_series(1, 100000000) g EXCEPT SELECT k FROM big) x",
                      "SELECT count(*) FROM generate_series(1, 100000000) g ORDER BY count(DISTINCT g)",
                      "WITH c AS MATERIALIZED (SELECT g::text t FROM generate_series(1, 100000000) g) SELECT max(t) FROM c"):
            self.assertEqual(sqlstate(connection, query), "57014", query)
        run(connection, "RESET statement_timeout")
        temp = self.cluster.directory
        self.assertEqual([path for path in temp.rglob("spill-*")], [])
        self.assertEqual(run(connection, QUERIES["distinct"]), self.ample["distinct"])


if __name__ == "__main__":
    unittest.main()
