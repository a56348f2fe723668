"""kill -9 of the process that holds the data, under concurrent durable writes: what was
acknowledged is there, once; what was not is there as a whole or not at all.
"""
import threading
import unittest

import psycopg2

from adbms_process import PATIENCE, Cluster, run, wait_until

WRITERS = 6
# Acknowledged transactions a round waits for before it kills.
ROUND_TRANSACTIONS = 150


class Writer(threading.Thread):
    """One connection that inserts until the server goes away.

    Even writers insert one row a transaction, odd ones three and an UPDATE of their counter:
    counter and rows move together, or the transaction was torn.
    """

    def __init__(self, cluster, number, first):
        super().__init__(daemon=True)
        self.cluster = cluster
        self.number = number
        self.next = first
        self.acknowledged = []
        self.in_doubt = None
        self.error = None
        self.stop = False

    def rows_of(self, batch):
        count = 1 if self.number % 2 == 0 else 3
        return [(self.number, batch, part) for part in range(count)]

    def run(self):
        try:
            connection = self.cluster.connect()
        except psycopg2.Error as error:
            self.error = error
            return
        try:
            while not self.stop:
                batch = self.next
                self.in_doubt = batch
                self.next += 1
                self.write(connection, batch)
                self.acknowledged.append(batch)
                self.in_doubt = None
        except psycopg2.Error as error:
            self.error = error
        finally:
            connection.close()

    def write(self, connection, batch):
        with connection.cursor() as cursor:
            if self.number % 2 == 0:
                cursor.execute("INSERT INTO entries VALUES (%s, %s, 0, %s)",
                               (self.number, batch, f"tag {batch % 7}"))
                return
            cursor.execute("BEGIN")
            for writer, number, part in self.rows_of(batch):
                cursor.execute("INSERT INTO entries VALUES (%s, %s, %s, %s)",
                               (writer, number, part, f"tag {number % 7}"))
            cursor.execute("UPDATE counters SET n = n + 1 WHERE writer = %s", (self.number,))
            cursor.execute("UPDATE counters SET n = n + 1 WHERE writer = -1")
            cursor.execute("COMMIT")


class History:
    """What has been acknowledged so far, over all rounds."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.acknowledged = {number: set() for number in range(WRITERS)}
        self.in_doubt = {number: set() for number in range(WRITERS)}
        self.next = dict.fromkeys(range(WRITERS), 0)
        connection = cluster.connect()
        # No primary key: a row that recovery applied twice would be seen twice.
        run(connection, "CREATE TABLE entries (writer int, batch int, part int, tag text)")
        run(connection, "CREATE INDEX entries_tag ON entries (tag)")
        run(connection, "CREATE INDEX entries_batch ON entries (writer, batch)")
        run(connection, "CREATE TABLE counters (writer int PRIMARY KEY, n int)")
        for number in range(-1, WRITERS):
            run(connection, f"INSERT INTO counters VALUES ({number}, 0)")
        connection.close()

    def round(self, victim):
        writers = [Writer(self.cluster, number, self.next[number]) for number in range(WRITERS)]
        for writer in writers:
            writer.start()
        wait_until(lambda: sum(len(w.acknowledged) for w in writers) >= ROUND_TRANSACTIONS or
                   any(w.error for w in writers), 60, "transactions are acknowledged")
        self.cluster.kill(victim)
        for writer in writers:
            writer.stop = True
            writer.join(60 * PATIENCE)
        for writer in writers:
            self.acknowledged[writer.number].update(writer.acknowledged)
            if writer.in_doubt is not None:
                self.in_doubt[writer.number].add(writer.in_doubt)
            self.next[writer.number] = writer.next
        return writers

    def connect(self):
        """A login, which security answers once it has found storage again."""
        try:
            return self.cluster.connect()
        except psycopg2.OperationalError:
            return None

    def check(self, test):
        connection = wait_until(self.connect, 20, "a login is answered")
        found = {}
        for writer, batch, part in run(connection, "SELECT writer, batch, part FROM entries"):
            found.setdefault((writer, batch), []).append(part)
        kept = dict.fromkeys(range(WRITERS), 0)
        for (writer, batch), parts in found.items():
            whole = [0] if writer % 2 == 0 else [0, 1, 2]
            test.assertEqual(sorted(parts), whole, f"transaction {writer}/{batch}")
            test.assertTrue(batch in self.acknowledged[writer] or batch in self.in_doubt[writer],
                            f"nobody wrote {writer}/{batch}")
            kept[writer] += 1
        for writer, batches in self.acknowledged.items():
            for batch in batches:
                test.assertIn((writer, batch), found, "an acknowledged row is lost")
        counters = dict(run(connection, "SELECT writer, n FROM counters"))
        for writer in range(1, WRITERS, 2):
            test.assertEqual(counters[writer], kept[writer], f"counter of writer {writer}")
        test.assertEqual(counters[-1], sum(kept[writer] for writer in range(1, WRITERS, 2)))
        self.check_indexes(test, connection, found)
        connection.close()
        return sum(kept.values())

    def check_indexes(self, test, connection, found):
        rows = sum(len(parts) for parts in found.values())
        via_table = run(connection, "SELECT count(*) FROM entries WHERE part >= 0")[0][0]
        test.assertEqual(via_table, rows)
        via_index = 0
        for tag in range(7):
            query = f"SELECT count(*), count(part) FROM entries WHERE tag = 'tag {tag}'"
            if tag == 0:
                plan = str(run(connection, "EXPLAIN " + query))
                test.assertIn("entries_tag", plan)
            entries, rows_behind = run(connection, query)[0]
            test.assertEqual(entries, rows_behind, "an index entry points at no row")
            via_index += entries
        test.assertEqual(via_index, via_table, "index and table disagree")


class CrashTest(unittest.TestCase):
    def start(self, **options):
        cluster = Cluster(**options)
        self.addCleanup(cluster.remove)
        return cluster.start()

    def test_all_in_one(self):
        cluster = self.start()
        history = History(cluster)
        before = 0
        for _ in range(10):
            history.round("all")
            cluster.start_one("all")
            kept = history.check(self)
            self.assertGreaterEqual(kept, before + ROUND_TRANSACTIONS)
            before = kept

    def test_only_storage_of_seven(self):
        cluster = self.start(separate=True)
        history = History(cluster)
        for _ in range(2):
            idle = cluster.connect()
            run(idle, "SELECT 1")
            open_block = cluster.connect()
            run(open_block, "BEGIN")
            run(open_block, "INSERT INTO entries VALUES (99, 0, 0, 'lost with its storage')")
            for writer in history.round("storage"):
                self.assert_connection_lost(writer.error)
            with self.assertRaises(psycopg2.Error) as failed:
                run(open_block, "SELECT count(*) FROM entries")
            self.assert_connection_lost(failed.exception)
            cluster.start_one("storage")
            # The same sessions go on: a lost statement is an error, not the end.
            run(open_block, "ROLLBACK")
            for connection in (idle, open_block):
                wait_until(lambda c=connection: run(c, "SELECT 6 * 7") == [(42,)], 30,
                           "the session works again")
                run(connection, "INSERT INTO counters VALUES (1000, 0)")
                run(connection, "DELETE FROM counters WHERE writer = 1000")
                connection.close()
            history.check(self)

    def assert_connection_lost(self, error):
        self.assertIsNotNone(error, "the writer was not told")
        self.assertIsNotNone(error.pgcode, f"the session was cut without a word: {error}")
        self.assertIn(error.pgcode[:2], ("08", "57"), str(error))


if __name__ == "__main__":
    unittest.main()
