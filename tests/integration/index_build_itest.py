"""Indexes of large tables are built by sorting, past the log, while writers go on: afterwards each of
them says what the table says. What fails, is cancelled or killed leaves nothing behind.
"""
import random
import threading
import unittest

import psycopg2

from adbms_process import PATIENCE, ClusterTest, run, sqlstate, wait_until

ROWS = 200000
WRITERS = 4

# Statement and order of each index; of a group no two begin alike, so that their order tells which
# one is read.
GROUPS = [
    {"plain": ("CREATE INDEX plain ON {t} (a)", "a"),
     "texts": ("CREATE INDEX texts ON {t} (b DESC)", "b DESC"),
     "exact": ("CREATE INDEX exact ON {t} (c)", "c"),
     "dates": ("CREATE INDEX dates ON {t} (d) INCLUDE (c, b)", "d"),
     "single": ("CREATE UNIQUE INDEX single ON {t} (u)", "u")},
    {"several": ("CREATE INDEX several ON {t} (a, d DESC, b)", "a, d DESC, b"),
     "pairs": ("CREATE UNIQUE INDEX pairs ON {t} (u, c) INCLUDE (a)", "u, c")},
]


def fill(connection, table, rows):
    run(connection, f"CREATE TABLE {table} (id int PRIMARY KEY, a int, b text, "
                    "c numeric(12,2), d timestamp, u int)")
    for first in range(1, rows, 20000):
        run(connection, f"INSERT INTO {table} SELECT g, g * 7919 % 1000, 'text ' || g % 5000, "
                        "g % 777 + 0.25, timestamp '2024-01-01' + g * interval '1 minute', g "
                        f"FROM generate_series({first}, {first + 19999}) g")


def left_files(cluster):
    return sorted(path.name for path in (cluster.directory / "storage" / "tmp").iterdir())


class Writer(threading.Thread):
    """Changes rows whose ids leave `number` when divided by WRITERS."""

    def __init__(self, cluster, table, number):
        super().__init__(daemon=True)
        self.connection, self.table, self.number = cluster.connect(), table, number
        self.stop, self.done, self.error = threading.Event(), 0, None
        self.chance = random.Random(number)

    def mine(self):
        return self.chance.randrange(ROWS // WRITERS) * WRITERS + self.number

    def change(self):
        t, i, x = self.table, self.mine(), self.chance.randrange(1000)
        return self.chance.choice([
            [f"UPDATE {t} SET a = {x} WHERE id = {i}"],
            [f"UPDATE {t} SET a = NULL, b = NULL WHERE id = {i}"],
            [f"UPDATE {t} SET b = 'other {x}', c = {x}.75, d = d + interval '1 day' WHERE id = {i}"],
            [f"UPDATE {t} SET u = -u WHERE id = {i}"],
            [f"DELETE FROM {t} WHERE id = {i}"],
            [f"DELETE FROM {t} WHERE id = {i}",
             f"INSERT INTO {t} VALUES ({i}, {x}, 'again', {x}, '2025-01-01', {i})"],
            [f"UPDATE {t} SET u = NULL WHERE id = {i}", f"UPDATE {t} SET u = {i} WHERE id = {i}"],
            # No other row has an `u` of i or -i.
            [f"UPDATE {t} SET id = id + {10 * ROWS}, u = NULL WHERE id = {i} AND NOT EXISTS "
             f"(SELECT 1 FROM {t} WHERE id = {i + 10 * ROWS})"],
            [f"UPDATE {t} SET a = 5 WHERE id = {i}", "SAVEPOINT s", f"DELETE FROM {t} WHERE id = {i}",
             "ROLLBACK TO s", f"UPDATE {t} SET d = NULL WHERE id = {i}"],
            [f"UPDATE {t} SET a = 6, b = 'never' WHERE id = {i}", "ROLLBACK"],
        ])

    def run(self):
        levels = ["READ COMMITTED", "REPEATABLE READ"]
        try:
            while not self.stop.is_set():
                run(self.connection, f"BEGIN ISOLATION LEVEL {self.chance.choice(levels)}")
                statements = self.change()
                for statement in statements:
                    run(self.connection, statement)
                if statements[-1] != "ROLLBACK":
                    run(self.connection, "COMMIT")
                self.done += 1
        except psycopg2.Error as error:
            self.error = error
        finally:
            self.connection.close()


class IndexBuildTest(ClusterTest):
    # A little memory: what is sorted is sorted on disk.
    SETTINGS = ("storage.query_memory_bytes=16777216",)

    def answers(self, connection, table, name, order):
        """Every entry of the index, by itself and with its row, beside a scan of the table."""
        key = ", ".join(part.split()[0] for part in order.split(", "))
        for columns in (f"{key}, id", "a, b, c, d, u, id"):
            run(connection, "SET enable_indexscan = off; SET enable_indexonlyscan = off")
            by_scan = run(connection, f"SELECT {columns} FROM {table}")
            run(connection, "RESET ALL; SET enable_seqscan = off")
            sql = f"SELECT {columns} FROM {table} ORDER BY {order}"
            plan = "\n".join(line for (line,) in run(connection, "EXPLAIN " + sql))
            self.assertRegex(plan, f"Index (Only )?Scan using {name} ")
            self.assertEqual(sorted(run(connection, sql), key=repr), sorted(by_scan, key=repr), name)
            run(connection, "RESET ALL")

    def build_beside_writers(self, connection, table, indexes):
        writers = [Writer(self.cluster, table, number) for number in range(WRITERS)]
        for writer in writers:
            writer.start()
        try:
            wait_until(lambda: all(writer.done > 10 for writer in writers), 60, "changes are made")
            for name, (create, _) in indexes.items():
                before = sum(writer.done for writer in writers)
                run(connection, create.format(t=table))
                print(f"{name}: {sum(writer.done for writer in writers) - before} changes beside it",
                      flush=True)
            then = sum(writer.done for writer in writers)
            wait_until(lambda: sum(writer.done for writer in writers) > then + 20, 60, "more of them")
        finally:
            for writer in writers:
                writer.stop.set()
            for writer in writers:
                writer.join(60 * PATIENCE)
        self.assertEqual([writer.error for writer in writers], [None] * WRITERS)

    def test_indexes_agree_with_the_table_under_writes(self):
        connection = self.connect()
        fill(connection, "busy", ROWS)
        for indexes in GROUPS:
            self.build_beside_writers(connection, "busy", indexes)
            self.assertEqual(left_files(self.cluster), [])
            for name, (_, order) in indexes.items():
                self.answers(connection, "busy", name, order)
            for name in indexes:
                run(connection, f"DROP INDEX {name}")
        run(connection, "DROP TABLE busy")

    def test_snapshots_from_before_go_on(self):
        connection, old = self.connect(), self.connect()
        fill(connection, "aged", 100000)
        run(old, "BEGIN ISOLATION LEVEL REPEATABLE READ")
        self.assertEqual(run(old, "SELECT count(*) FROM aged WHERE a = 7"), [(100,)])
        run(connection, "UPDATE aged SET a = 7 WHERE a = 8")
        run(connection, "CREATE INDEX aged_a ON aged (a)")
        run(connection, "UPDATE aged SET a = 7 WHERE a = 9")
        self.assertEqual(run(old, "SELECT count(*) FROM aged WHERE a = 7"), [(100,)])
        run(old, "INSERT INTO aged VALUES (1000001, 7)")
        run(old, "DELETE FROM aged WHERE id = 1")
        self.assertEqual(run(old, "SELECT count(*) FROM aged WHERE a = 7"), [(101,)])
        run(old, "COMMIT")
        run(connection, "SET enable_seqscan = off")
        self.assertEqual(run(connection, "SELECT count(*) FROM aged WHERE a = 7"), [(301,)])
        self.assertEqual(run(connection, "SELECT count(*) FROM aged WHERE a = 919 AND id = 1"),
                         [(0,)])
        run(connection, "DROP TABLE aged")

    def test_a_snapshot_with_definitions_of_its_own_is_not_read_through_younger_indexes(self):
        old, other = self.connect(), self.connect()
        run(other, "CREATE TABLE aged (a int PRIMARY KEY, b int, c text)")
        run(other, "INSERT INTO aged SELECT i, i, repeat('x', 200) FROM generate_series(1, 20000) i")
        run(other, "ANALYZE aged")
        run(old, "BEGIN ISOLATION LEVEL REPEATABLE READ")
        run(old, "CREATE TEMP TABLE own (x int)")
        self.assertEqual(run(old, "SELECT a FROM aged WHERE b = 700"), [(700,)])
        run(other, "UPDATE aged SET b = -700 WHERE a = 700")
        run(other, "CREATE INDEX aged_b ON aged (b)")
        self.assertEqual(sqlstate(old, "SELECT a FROM aged WHERE b = 700"), "40001")
        run(old, "ROLLBACK")
        self.assertEqual(run(old, "SELECT a FROM aged WHERE b = -700"), [(700,)])
        run(other, "DROP TABLE aged")

    def test_a_duplicate_is_named_and_leaves_nothing(self):
        connection = self.connect()
        fill(connection, "twice", 100000)
        run(connection, "UPDATE twice SET u = 4711 WHERE id = 99999")
        for sql in ("CREATE UNIQUE INDEX twice_u ON twice (u)",
                    "CREATE UNIQUE INDEX CONCURRENTLY twice_u ON twice (u) INCLUDE (b)"):
            with self.assertRaises(psycopg2.Error) as caught:
                run(connection, sql)
            self.assertEqual(caught.exception.pgcode, "23505")
            self.assertEqual(caught.exception.diag.message_primary,
                             'could not create unique index "twice_u"')
            self.assertEqual(caught.exception.diag.message_detail,
                             "Key (u)=(4711) is duplicated.")
        self.assertEqual(run(connection, "SELECT count(*) FROM pg_class WHERE relname = 'twice_u'"),
                         [(0,)])
        self.assertEqual(left_files(self.cluster), [])
        # NULLs are no duplicates of each other.
        run(connection, "UPDATE twice SET u = NULL WHERE u = 4711")
        run(connection, "CREATE UNIQUE INDEX twice_u ON twice (u)")
        self.assertEqual(sqlstate(connection, "INSERT INTO twice VALUES (0, 1, '', 1, NULL, 17)"),
                         "23505")
        run(connection, "INSERT INTO twice VALUES (0, 1, '', 1, NULL, NULL)")
        run(connection, "DROP TABLE twice")

    def test_a_cancelled_build_leaves_nothing(self):
        connection = self.connect()
        fill(connection, "halted", ROWS)
        stopped = 0
        for milliseconds in range(20, 2000, 60):
            run(connection, f"SET statement_timeout = {milliseconds}")
            code = sqlstate(connection, "CREATE INDEX halted_b ON halted (b, c, d)")
            run(connection, "SET statement_timeout = 0")
            self.assertEqual(left_files(self.cluster), [])
            if code is None:
                break
            self.assertEqual(code, "57014")
            stopped += 1
            self.assertEqual(run(connection, "SELECT count(*) FROM pg_class "
                                             "WHERE relname = 'halted_b'"), [(0,)])
            run(connection, f"UPDATE halted SET b = 'changed' WHERE id = {milliseconds}")
        self.assertGreater(stopped, 0)
        run(connection, "SET enable_seqscan = off")
        run(connection, "CREATE INDEX IF NOT EXISTS halted_b ON halted (b, c, d)")
        self.assertEqual(run(connection, "SELECT count(*) FROM halted WHERE b = 'changed'"),
                         [(stopped,)])
        run(connection, "DROP TABLE halted")

    def unique_build_with_a_writer_inside(self, table, then):
        """Starts a unique build, and a transaction that writes after it has begun; `then` is called
        with its connection. Returns how the build ended."""
        connection, builder, writer = self.connect(), self.connect(), self.connect()
        fill(connection, table, ROWS)
        run(builder, "SET lock_timeout = '1s'")
        while True:
            ended = []
            thread = threading.Thread(
                target=lambda e=ended: e.append(sqlstate(
                    builder, f"CREATE UNIQUE INDEX {table}_u ON {table} (u, b, c)")), daemon=True)
            thread.start()
            wait_until(lambda: run(connection, "SELECT 1 FROM pg_class WHERE relname = %s",
                                   table + "_u"), 30, "the build has begun")
            run(writer, "BEGIN")
            run(writer, f"UPDATE {table} SET u = -1 WHERE id = 1")
            if run(connection, "SELECT indisvalid FROM pg_index JOIN pg_class ON oid = indexrelid"
                               " WHERE relname = %s", table + "_u") != [(True,)]:
                break
            # The build was over before the writer came.
            run(writer, "ROLLBACK")
            thread.join(60 * PATIENCE)
            run(connection, f"DROP INDEX {table}_u")
        then(writer)
        thread.join(60 * PATIENCE)
        left = run(connection, "SELECT count(*) FROM pg_class WHERE relname = %s", table + "_u")
        self.assertEqual(left, [(0 if ended[0] else 1,)])
        self.assertEqual(left_files(self.cluster), [])
        return ended[0]

    def test_a_unique_build_waits_for_writers_as_long_as_it_may(self):
        writers = []
        code = self.unique_build_with_a_writer_inside("held", writers.append)
        self.assertEqual(code, "55P03")
        run(writers[0], "COMMIT")
        connection = self.connect()
        run(connection, "CREATE UNIQUE INDEX held_u ON held (u, b, c)")
        run(connection, "SET enable_seqscan = off")
        self.assertEqual(run(connection, "SELECT id FROM held WHERE u = -1"), [(1,)])
        self.assertEqual(run(connection, "SELECT id FROM held WHERE u = 1"), [])
        run(connection, "DROP TABLE held")

    def test_a_unique_build_goes_on_when_the_writer_ends(self):
        code = self.unique_build_with_a_writer_inside("awaited", lambda w: run(w, "COMMIT"))
        self.assertIsNone(code)
        connection = self.connect()
        run(connection, "SET enable_seqscan = off")
        self.assertEqual(run(connection, "SELECT id FROM awaited WHERE u = -1"), [(1,)])
        self.assertEqual(run(connection, "SELECT id FROM awaited WHERE u = 1"), [])
        run(connection, "DROP TABLE awaited")

    def test_a_deadlock_with_a_unique_build_is_found(self):
        codes = []
        def lock(writer):
            codes.append(sqlstate(writer, "LOCK TABLE crossed IN SHARE UPDATE EXCLUSIVE MODE"))
            run(writer, "ROLLBACK")
        codes.append(self.unique_build_with_a_writer_inside("crossed", lock))
        self.assertEqual(sorted(codes, key=str), ["40P01", None], codes)
        run(self.connect(), "DROP TABLE crossed")

    def test_what_two_rows_have_in_turn_is_no_duplicate(self):
        """Rows that change their keys for each other's while a unique index is built."""
        connection, builder, writer = self.connect(), self.connect(), self.connect()
        fill(connection, "swapped", ROWS)
        for first in range(10, ROWS, 100):
            ended = []
            thread = threading.Thread(target=lambda: ended.append(
                sqlstate(builder, "CREATE UNIQUE INDEX swapped_u ON swapped (u)")), daemon=True)
            thread.start()
            wait_until(lambda: run(connection, "SELECT 1 FROM pg_class "
                                               "WHERE relname = 'swapped_u'"), 30, "a build")
            swap = f"UPDATE swapped SET u = {2 * first + 1} - u WHERE id IN ({first}, {first + 1})"
            late = sqlstate(writer, swap)  # The index is there, and checks row by row.
            thread.join(60 * PATIENCE)
            self.assertEqual(ended, [None])
            if late is None:
                break
            self.assertEqual(late, "23505")
            run(connection, "DROP INDEX swapped_u")
        self.assertIsNone(late)
        run(connection, "SET enable_seqscan = off")
        for one, other in ((first, first + 1), (first + 1, first)):
            self.assertEqual(run(connection, f"SELECT id FROM swapped WHERE u = {one}"), [(other,)])
        run(connection, "DROP TABLE swapped")


if __name__ == "__main__":
    unittest.main(verbosity=2)
