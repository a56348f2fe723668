"""What was deleted does not stay in the way: scans that step over many deleted keys show it, and soon
step over few, while open snapshots keep what they see.
"""
import re
import unittest
import urllib.request

from adbms_process import ClusterTest, run, wait_until

# What may be left: less than a tenth of a millisecond of a scan.
FEW = 300
# Quiet time, then a flush and compactions beside other tests.
PATIENTLY = 90


def skipped(connection, sql):
    """Deleted keys that the statement's scans step over."""
    lines = run(connection, "EXPLAIN ANALYZE " + sql)
    return sum(int(number) for (line,) in lines
               for number in re.findall(r"Deleted Keys Skipped: (\d+)", line))


class DeletionsTest(ClusterTest):
    def counter(self, name):
        with urllib.request.urlopen(f"http://{self.cluster.http['all']}/metrics") as answer:
            text = answer.read().decode()
        return float(re.search(rf"^adbms_storage_{name}_total\S* (\S+)", text, re.M).group(1))

    def await_few(self, connection, sql):
        wait_until(lambda: skipped(connection, sql) < FEW, PATIENTLY, "few deleted keys skipped")

    def test_the_head_of_a_queue(self):
        connection = self.connect()
        head = "SELECT id, job FROM queue ORDER BY id LIMIT 1"
        run(connection, "CREATE TABLE queue (id bigint PRIMARY KEY, job text)")
        run(connection, "INSERT INTO queue SELECT g, 'job ' || g FROM generate_series(1, 40100) g")
        self.assertEqual(skipped(connection, head), 0)
        before = self.counter("deleted_keys_skipped"), self.counter("deletion_flushes")
        run(connection, "DELETE FROM queue WHERE id <= 40000")
        self.assertEqual(skipped(connection, head), 40000)
        self.assertGreaterEqual(self.counter("deleted_keys_skipped"), before[0] + 40000)
        self.await_few(connection, head)
        self.assertGreater(self.counter("deletion_flushes"), before[1])
        self.assertEqual(run(connection, head), [(40001, "job 40001")])
        self.assertEqual(run(connection, "SELECT count(*) FROM queue"), [(100,)])

    def test_the_first_rows_by_an_index(self):
        connection = self.connect()
        first = "SELECT at FROM visits ORDER BY at LIMIT 1"
        run(connection, "CREATE TABLE visits (id int PRIMARY KEY, at int NOT NULL, page text)")
        run(connection, "INSERT INTO visits SELECT g, g, 'page ' || g "
                        "FROM generate_series(1, 500000) g")
        run(connection, "CREATE INDEX visits_at ON visits (at)")
        for last in range(50000, 500000, 50000):
            run(connection, f"DELETE FROM visits WHERE id <= {last}")
        self.await_few(connection, first)
        self.assertEqual(run(connection, first), [(450001,)])
        self.await_few(connection, "SELECT id FROM visits ORDER BY id LIMIT 1")
        self.assertEqual(run(connection, "SELECT count(*), min(id) FROM visits"), [(50000, 450001)])
        self.assertGreater(self.counter("deletion_compactions"), 0)

    def test_batches_of_a_retention_job(self):
        connection = self.connect()
        run(connection, "CREATE TABLE events (id bigint PRIMARY KEY, at int NOT NULL, note text)")
        run(connection, "CREATE INDEX events_at ON events (at)")
        run(connection, "INSERT INTO events SELECT g, g / 10, 'note ' || g "
                        "FROM generate_series(1, 400000) g")
        batch = "DELETE FROM events WHERE id IN (SELECT id FROM events ORDER BY at LIMIT 1000)"
        last = 0
        for number in range(300):
            now = skipped(connection, batch)
            if now < last:
                break  # Cleared while the job went on.
            last = now
        self.assertLess(now, last, "every batch steps over all before it")
        print(f"cleared after {number} batches, at {last} deleted keys", flush=True)
        self.await_few(connection, "SELECT at FROM events ORDER BY at LIMIT 1")

    def test_what_a_snapshot_sees_stays_until_its_end(self):
        reader, writer = self.connect(), self.connect()
        first = "SELECT id FROM kept ORDER BY id LIMIT 1"
        run(writer, "CREATE TABLE kept (id int PRIMARY KEY, note text)")
        run(writer, "INSERT INTO kept SELECT g, 'note ' || g FROM generate_series(1, 20000) g")
        run(reader, "BEGIN ISOLATION LEVEL REPEATABLE READ")
        self.assertEqual(run(reader, "SELECT count(*), sum(id) FROM kept"), [(20000, 200010000)])
        flushes = self.counter("deletion_flushes")
        run(writer, "DELETE FROM kept WHERE id <= 19000")
        wait_until(lambda: self.counter("deletion_flushes") > flushes, PATIENTLY, "upkeep")
        self.assertEqual(skipped(writer, first), 19000)
        self.assertEqual(run(reader, "SELECT count(*), sum(id) FROM kept"), [(20000, 200010000)])
        self.assertEqual(run(writer, "SELECT count(*) FROM kept"), [(1000,)])
        run(reader, "COMMIT")
        self.await_few(writer, first)


if __name__ == "__main__":
    unittest.main(verbosity=2)
