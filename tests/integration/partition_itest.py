"""Partitioned tables as PostgreSQL 15 has them: scripts of one session, answer by answer; then what scripts
cannot say: COPY, prepared plans, EXPLAIN, the same work on a partitioned and on a plain table.
"""
import io
import random
import threading
import unittest

import psycopg2

from adbms_process import Cluster, run, wait_until
from partition_scripts import SCRIPTS
from typed_scripts import TypedScriptTest


def plan_of(connection, sql):
    return "\n".join(line for line, in run(connection, "EXPLAIN (COSTS OFF) " + sql))


TEXT, REGCLASS, REGTYPE = 25, 2205, 2206


class PartitionScriptTest(TypedScriptTest):
    schema = "partitions_of_a_test"

    def type_of(self, oid):
        # Only the server knows the names of tables: they come as text.
        return TEXT if oid in (REGCLASS, REGTYPE) else oid


class PartitionTest(PartitionScriptTest):
    def both(self, work):
        """What `work` says of a connection to each server."""
        answers = []
        for server in (self.postgres, self.cluster):
            connection = self.connect(server)
            answers.append(work(connection))
            connection.close()
        self.assertEqual(*answers)

    def test_copy(self):
        def work(connection):
            run(connection, "CREATE TABLE p (k int, v text, UNIQUE (k, v)) PARTITION BY RANGE (k)")
            run(connection, "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (100)")
            run(connection, "CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (100) TO (200)")
            said = []
            with connection.cursor() as cursor:
                for table, data in (("p", "1\ta\n150\tb\n99\tc\n"), ("p", "1\ta\n"), ("p", "200\ta\n"),
                                    ("p2", "1\tx\n"), ("p2", "101\tx\n")):
                    try:
                        cursor.copy_expert(f"COPY {table} FROM STDIN", io.StringIO(data))
                        said.append(cursor.rowcount)
                    except psycopg2.Error as error:
                        said.append((error.pgcode, error.diag.message_primary, error.diag.message_detail))
                try:
                    cursor.copy_expert("COPY p TO STDOUT", io.StringIO())
                except psycopg2.Error as error:
                    said.append((error.pgcode, error.diag.message_primary, error.diag.message_hint))
            said.append(run(connection, "SELECT tableoid::regclass, * FROM p ORDER BY k"))
            return said
        self.both(work)

    def test_who_waited_for_a_row_that_moved_is_told(self):
        def story(server):
            said = []
            first, second = self.connect(server), server.connect()
            run(second, f"SET search_path = {self.schema}")
            run(first, "CREATE TABLE p (k int, v int, PRIMARY KEY (k)) PARTITION BY RANGE (k)")
            run(first, "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)")
            run(first, "CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20)")
            run(first, "INSERT INTO p SELECT g, g FROM generate_series(1, 9) g")
            for number, waits in enumerate((
                    "UPDATE p SET v = 5 WHERE k = {}", "UPDATE p SET v = 5 WHERE v = {}",
                    "UPDATE p SET k = k + 1 WHERE v = {}", "DELETE FROM p WHERE k = {}",
                    "DELETE FROM p1 WHERE v = {}", "SELECT v FROM p WHERE k = {} FOR UPDATE",
                    "SELECT v FROM p WHERE v = {} FOR SHARE"), 1):
                run(first, "BEGIN")
                run(first, f"UPDATE p SET k = k + 10 WHERE k = {number}")
                waiter = threading.Thread(
                    target=lambda: said.append(self.answer(second, waits.format(number))))
                waiter.start()
                wait_until(lambda: run(first, "SELECT count(*) FROM pg_locks WHERE NOT granted")
                           != [("0",)], 20, "the other waits")
                run(first, "COMMIT")
                waiter.join()
            # One that is deleted, or moved and moved back, is what it is.
            for changes in (("DELETE FROM p WHERE k = 8",),
                            ("UPDATE p SET k = 19 WHERE k = 9", "UPDATE p SET k = 9 WHERE k = 19")):
                run(first, "BEGIN")
                for change in changes:
                    run(first, change)
                waiter = threading.Thread(target=lambda: said.append(
                    self.answer(second, "UPDATE p SET v = 7 WHERE k IN (8, 9)")))
                waiter.start()
                wait_until(lambda: run(first, "SELECT count(*) FROM pg_locks WHERE NOT granted")
                           != [("0",)], 20, "the other waits")
                run(first, "ROLLBACK" if len(changes) > 1 else "COMMIT")
                waiter.join()
            said.append(self.answer(second, "UPDATE p SET v = 6 WHERE k = 11"))
            first.close()
            second.close()
            return said
        self.maxDiff = None
        self.assertEqual(story(self.cluster), story(self.postgres))

    def test_a_snapshot_that_a_rewritten_table_does_not_have(self):
        """Another's TRUNCATE or rewrite of a partition, or of a table, leaves nothing of what was there
        before: a transaction that should see it is told so."""
        first, second = self.connect(self.cluster), self.cluster.connect()
        run(second, f"SET search_path = {self.schema}")
        run(first, "CREATE TABLE t (a int, b int)")
        run(first, "CREATE TABLE other (a int)")
        run(first, "CREATE TABLE p (k int, v int) PARTITION BY RANGE (k)")
        run(first, "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)")
        run(first, "CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20)")
        for own in (None, "CREATE TABLE mine (a int)"):
            for change, reads in (("ALTER TABLE t ALTER b TYPE bigint", "t"),
                                  ("ALTER TABLE t ALTER b TYPE int", "t"),
                                  ("TRUNCATE t", "t"), ("TRUNCATE p1", "p"), ("TRUNCATE p1", "p1"),
                                  ("ALTER TABLE p ALTER v TYPE bigint", "p"),
                                  ("ALTER TABLE p ALTER v TYPE int", "p1"),
                                  ("ALTER TABLE p2 ADD PRIMARY KEY (k)", "p"),
                                  ("ALTER TABLE p2 DROP CONSTRAINT p2_pkey", "p")):
                run(first, "TRUNCATE t, p")
                run(first, "INSERT INTO t VALUES (1, 1)")
                run(first, "INSERT INTO p VALUES (1, 1), (11, 2)")
                run(second, "BEGIN ISOLATION LEVEL REPEATABLE READ")
                run(second, "SELECT * FROM other")
                if own is not None:
                    run(second, own)
                run(first, change)
                answer = self.answer(second, f"SELECT * FROM {reads}")
                self.assertEqual(answer[0], "40001", (own, change, answer))
                run(second, "ROLLBACK")
        first.close()
        second.close()

    def test_definitions_are_changed_of_the_newest_rows(self):
        """Whatever the snapshot of the transaction that changes them."""
        first, second = self.connect(self.cluster), self.cluster.connect()
        run(second, f"SET search_path = {self.schema}")
        run(first, "CREATE TABLE other (a int)")
        run(first, "CREATE TABLE t (a int, b int)")
        run(first, "CREATE TABLE u (b int PRIMARY KEY)")
        run(first, "INSERT INTO t VALUES (1, 1)")
        number = 1
        for change, state in (("ALTER TABLE t ALTER b TYPE bigint", None),
                              ("ALTER TABLE t ADD COLUMN g int GENERATED ALWAYS AS (a + 1) STORED", None),
                              ("ALTER TABLE t ADD PRIMARY KEY (a)", None),
                              ("ALTER TABLE t ADD CHECK (a < {})", "23514"),
                              ("ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u", "23503"),
                              ("ALTER TABLE t ADD UNIQUE (a)", "40001"),
                              ("CREATE INDEX ON t (b)", "40001")):
            number += 1
            run(second, "BEGIN ISOLATION LEVEL REPEATABLE READ")
            run(second, "SELECT * FROM other")
            run(first, f"INSERT INTO t (a, b) VALUES ({number}, {number})")
            answer = self.answer(second, change.format(number))
            self.assertEqual(answer[0], state if state else "ALTER TABLE", (change, answer))
            run(second, "COMMIT")
            self.assertEqual(run(first, "SELECT count(*), max(a) FROM t"),
                             [(str(number), str(number))], change)
        first.close()
        second.close()

    def test_explain_shows_what_is_read(self):
        connection = self.connect(self.cluster)
        run(connection, "CREATE TABLE p (k int, v int) PARTITION BY RANGE (k)")
        for i in range(10):
            run(connection, f"CREATE TABLE p{i} PARTITION OF p FOR VALUES FROM ({10 * i}) TO ({10 * i + 10})")
        for condition, read in (("k = 15", [1]), ("k IN (15, 71)", [1, 7]), ("k >= 75", [7, 8, 9]),
                                ("k < 10 OR k > 95", [0, 9]), ("k BETWEEN 10 AND 29 AND v = 1", [1, 2]),
                                ("k = 500", []), ("v = 1", range(10)), ("k IS NULL", [])):
            plan = plan_of(connection, f"SELECT * FROM p WHERE {condition}")
            self.assertEqual([i for i in range(10) if f" on p{i} " in plan + " "
                              or f" on p{i}\n" in plan + "\n"], list(read), plan)
        run(connection, "CREATE INDEX ON p (v)")
        run(connection, "INSERT INTO p SELECT g % 100, g FROM generate_series(1, 5000) g")
        run(connection, "ANALYZE p")
        self.assertIn("Index", plan_of(connection, "SELECT * FROM p WHERE k = 15 AND v = 115"))
        connection.close()

    def test_prepared_plans_follow_the_partitions(self):
        connection = self.connect(self.cluster)
        run(connection, "CREATE TABLE p (k int, v int) PARTITION BY LIST (k)")
        run(connection, "CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)")
        run(connection, "PREPARE q AS SELECT v FROM p WHERE k = $1 ORDER BY v")
        run(connection, "PREPARE i AS INSERT INTO p VALUES ($1, $2)")
        run(connection, "EXECUTE i(1, 10)")
        self.assertEqual(run(connection, "EXECUTE q(2)"), [])
        run(connection, "CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2)")
        run(connection, "EXECUTE i(2, 20)")
        self.assertEqual(run(connection, "EXECUTE q(2)"), [("20",)])
        run(connection, "ALTER TABLE p1 ADD CHECK (v < 100)")
        with self.assertRaises(psycopg2.errors.CheckViolation):
            run(connection, "EXECUTE i(1, 100)")
        run(connection, "CREATE INDEX ON p2 (v)")
        run(connection, "EXECUTE i(2, 21)")
        self.assertEqual(run(connection, "SELECT v FROM p2 WHERE v = 21"), [("21",)])
        run(connection, "ALTER TABLE p DETACH PARTITION p2")
        self.assertEqual(run(connection, "EXECUTE q(2)"), [])
        run(connection, "DROP TABLE p1")
        self.assertEqual(run(connection, "EXECUTE q(1)"), [])
        connection.close()

    def test_refused(self):
        connection = self.connect(self.cluster)
        run(connection, "CREATE TABLE p (k int PRIMARY KEY, n numeric) PARTITION BY RANGE (k)")
        run(connection, "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (10)")
        run(connection, "CREATE TABLE plain (x int, k int, n numeric)")
        for sql in ("CREATE TABLE c () INHERITS (plain)", "CREATE TABLE r (k int REFERENCES p)",
                    "CREATE TABLE r (k int REFERENCES p1)",
                    "CREATE TABLE h (n numeric) PARTITION BY HASH (n)",
                    "CREATE TABLE b PARTITION OF p FOR VALUES FROM ((random() * 1000)::int) TO (9999)"):
            with self.assertRaises(psycopg2.errors.FeatureNotSupported, msg=sql):
                run(connection, sql)
        connection.close()

    def test_types_of_what_a_partition_has_of_its_own(self):
        """A change of type converts what a partition has of its own."""
        connection = self.connect(self.cluster)
        run(connection, "CREATE TABLE p (k int, v int) PARTITION BY RANGE (k)")
        run(connection, "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (10)")
        run(connection, "CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20)")
        run(connection, "INSERT INTO p VALUES (1, 1), (11, 2)")
        for own in ("ALTER TABLE p1 ALTER v SET DEFAULT 7",
                    "ALTER TABLE p1 ADD CONSTRAINT c CHECK (v < 2)",
                    "ALTER TABLE p2 ADD CONSTRAINT c CHECK (v > 1)"):
            run(connection, own)
            for new in ("numeric", "int"):
                run(connection, f"ALTER TABLE p ALTER v TYPE {new}")
            self.assertEqual(run(connection, "SELECT * FROM p ORDER BY k"), [("1", "1"), ("11", "2")])
        self.assertEqual(self.answer(connection, "INSERT INTO p2 VALUES (12, 1)")[0], "23514")
        self.assertEqual(self.answer(connection, "ALTER TABLE p ALTER v TYPE numeric USING v + 1")[0], "23514")
        connection.close()

    def test_same_rows_as_a_plain_table(self):
        """The same changes of a partitioned and of a plain table leave the same rows."""
        chance = random.Random(9)
        connection = self.connect(self.cluster)
        run(connection, "CREATE TABLE plain (id int, k int, t text, PRIMARY KEY (id, k))")
        run(connection, "CREATE TABLE parts (id int, k int, t text, PRIMARY KEY (id, k)) PARTITION BY RANGE (k)")
        for low in range(0, 80, 10):
            run(connection, f"CREATE TABLE parts{low} PARTITION OF parts FOR VALUES FROM ({low}) TO ({low + 10})"
                + (" PARTITION BY HASH (id)" if low == 20 else ""))
        for part in range(3):
            run(connection, f"CREATE TABLE sub{part} PARTITION OF parts20 FOR VALUES WITH (MODULUS 3, REMAINDER {part})")
        run(connection, "CREATE TABLE rest PARTITION OF parts DEFAULT")
        run(connection, "CREATE INDEX ON parts (t)")

        def key():
            return chance.choice((f"k = {chance.randrange(110)}", f"k < {chance.randrange(110)}",
                                  f"k BETWEEN {chance.randrange(50)} AND {chance.randrange(110)}",
                                  f"k IN ({chance.randrange(110)}, {chance.randrange(110)})",
                                  f"(k > {chance.randrange(110)} OR t = 't{chance.randrange(9)}')",
                                  f"t = 't{chance.randrange(9)}'", f"id = {chance.randrange(60)}"))

        def step():
            kind = chance.randrange(10)
            row = f"({chance.randrange(60)}, {chance.randrange(110)}, 't{chance.randrange(9)}')"
            if kind < 3:
                return f"INSERT INTO {{}} VALUES {row}"
            if kind < 5:
                return (f"INSERT INTO {{}} VALUES {row} ON CONFLICT (id, k) DO UPDATE SET t = excluded.t "
                        "RETURNING id, k, t")
            if kind == 5:
                return f"UPDATE {{}} SET t = t || 'x', k = k + {chance.choice((0, 7))} WHERE {key()} RETURNING id, k, t"
            if kind == 6:
                return f"DELETE FROM {{}} WHERE {key()} AND {key()} RETURNING id, k, t"
            return f"SELECT id, k, t FROM {{}} WHERE {key()} ORDER BY id, k"

        def said(sql):
            try:
                rows = run(connection, sql)
                return sorted(rows) if rows else rows
            except psycopg2.Error as error:
                return error.pgcode

        for number in range(1000):
            sql = step()
            self.assertEqual(said(sql.format("plain")), said(sql.format("parts")), (number, sql))
        self.assertEqual(said("SELECT * FROM plain"), said("SELECT * FROM parts"))
        self.assertGreater(run(connection, "SELECT count(*) FROM plain")[0][0], "0")
        connection.close()

    def test_analyze(self):
        connection = self.connect(self.cluster)
        run(connection, "CREATE TABLE p (k int, v int) PARTITION BY HASH (k)")
        for part in range(3):
            run(connection, f"CREATE TABLE p{part} PARTITION OF p FOR VALUES WITH (MODULUS 3, REMAINDER {part})")
        run(connection, "INSERT INTO p SELECT g, g % 5 FROM generate_series(1, 3000) g")
        run(connection, "ANALYZE p")
        rows = run(connection, "SELECT sum(reltuples) FROM pg_class WHERE relname IN ('p0', 'p1', 'p2')")
        self.assertEqual(float(rows[0][0]), 3000)
        connection.close()


PartitionTest.add(SCRIPTS)


class SeparatePartitionTest(PartitionScriptTest):
    """The same scripts with every service in a process of its own."""

    SEPARATE = True


SeparatePartitionTest.add(SCRIPTS)


class RestartTest(unittest.TestCase):
    def test_partitions_are_there_again(self):
        cluster = Cluster()
        self.addCleanup(cluster.remove)
        cluster.start()
        connection = cluster.connect()
        run(connection, "CREATE TABLE p (k int, t text) PARTITION BY RANGE (k)")
        run(connection, "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (MINVALUE) TO (10)")
        run(connection, "CREATE TABLE p2 PARTITION OF p DEFAULT")
        run(connection, "INSERT INTO p VALUES (1, 'a'), (11, 'b')")
        connection.close()
        cluster.stop()
        cluster.start()
        connection = cluster.connect()
        run(connection, "INSERT INTO p VALUES (2, 'c')")
        self.assertEqual(run(connection, "SELECT tableoid::regclass::text, k, t FROM p ORDER BY k"),
                         [("p1", 1, "a"), ("p1", 2, "c"), ("p2", 11, "b")])
        connection.close()


if __name__ == "__main__":
    unittest.main()
