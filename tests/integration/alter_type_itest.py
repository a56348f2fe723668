"""ALTER COLUMN … TYPE as PostgreSQL 15 has it: scripts answered statement by statement, random tables
and conversions, readers and writers beside it, and what is kept over restarts.
"""
import random
import threading
import unittest

import psycopg2

from adbms_process import Cluster, run
from alter_type_scripts import SCRIPTS
from session_scripts import ScriptTest, add_tests

TYPES = ["int", "bigint", "smallint", "numeric", "numeric(8,2)", "text", "varchar(8)", "varchar(20)",
         "char(6)", "real", "float8", "boolean", "date", "timestamp"]


class AlterTypeTest(ScriptTest):
    def test_random_conversions(self):
        """Tables with data and indexes of all kinds go from type to type: answered the same, and
        found by the index as by a scan."""
        chance = random.Random(11)
        lines = []
        for number in range(12):
            lines += ["DROP TABLE IF EXISTS r",
                      "CREATE TABLE r (id int PRIMARY KEY, a int, b text)",
                      "INSERT INTO r SELECT g, CASE WHEN g % 7 = 0 THEN NULL ELSE g % 40 END, "
                      "(g % 13)::text FROM generate_series(1, 300) g"]
            if chance.random() < 0.7:
                lines.append("CREATE INDEX ON r (a)")
            if chance.random() < 0.5:
                lines.append("CREATE INDEX ON r (b DESC, a)")
            for _ in range(6):
                column, kind = chance.choice("ab"), chance.choice(TYPES)
                using = f" USING {column}::text::{kind}" if chance.random() < 0.6 else ""
                lines.append(f"ALTER TABLE r ALTER {column} TYPE {kind}{using}")
                lines.append("SELECT count(*), count(a), count(b), min(a::text), max(b::text), "
                             "sum(id) FROM r")
                lines.append("SELECT count(*) FROM r WHERE a = (SELECT a FROM r WHERE id = 12)")
                lines.append("SELECT id FROM r WHERE b = (SELECT b FROM r WHERE id = 5) "
                             "ORDER BY id LIMIT 5")
        self.compare_alone("\n".join(lines))

    def test_readers_and_writers(self):
        """Writers wait for the change and go on with the new type; nothing of theirs is lost."""
        connection = self.empty(self.cluster)
        run(connection, "CREATE TABLE t (id int PRIMARY KEY, a int)")
        run(connection, "CREATE INDEX ON t (a)")
        written, failed = [], []
        stop = threading.Event()

        def write(first):
            mine = self.cluster.connect()
            number = first
            while not stop.is_set():
                try:
                    run(mine, "INSERT INTO t VALUES (%s, %s)", number, number)
                    written.append(number)
                    number += 3
                except psycopg2.Error as error:
                    failed.append(error.pgcode)
            mine.close()

        threads = [threading.Thread(target=write, args=(first,)) for first in range(3)]
        for thread in threads:
            thread.start()
        for kind in ("bigint", "numeric", "int", "bigint"):
            run(connection, f"ALTER TABLE t ALTER a TYPE {kind}")
        stop.set()
        for thread in threads:
            thread.join()
        self.assertEqual(failed, [])
        self.assertEqual(run(connection, "SELECT count(*), sum(id), sum(a) FROM t"),
                         [(len(written), sum(written), sum(written))])
        self.assertEqual(run(connection, "SELECT id FROM t WHERE a = %s", written[-1]),
                         [(written[-1],)])
        connection.close()

    def test_large_table(self):
        """Indexes of many rows are sorted; what is unique is looked at all the same, and a change
        that fails or is undone leaves everything as it was."""
        connection = self.empty(self.cluster)
        run(connection, "CREATE TABLE t (id int PRIMARY KEY, a int UNIQUE, s text, live boolean)")
        run(connection, "INSERT INTO t SELECT g, g * 2, 'Some rather long name of ' || g, g % 3 = 0 "
                        "FROM generate_series(1, 60000) g")
        run(connection, "CREATE INDEX ON t (lower(s)) WHERE live")
        for sql in ("ALTER TABLE t ALTER a TYPE bigint USING a / 100",
                    "ALTER TABLE t ALTER a TYPE smallint"):
            with self.assertRaises(psycopg2.Error):
                run(connection, sql)
        run(connection, "BEGIN")
        run(connection, "ALTER TABLE t ALTER a TYPE text USING 'k' || a")
        self.assertEqual(run(connection, "SELECT id FROM t WHERE a = 'k40'"), [(20,)])
        run(connection, "UPDATE t SET s = 'NEW' WHERE a = 'k6'")
        self.assertEqual(run(connection, "SELECT id FROM t WHERE lower(s) = 'new' AND live"), [(3,)])
        run(connection, "ROLLBACK")
        run(connection, "ALTER TABLE t ALTER a TYPE bigint USING a + 1, ALTER s TYPE varchar(60)")
        self.assertEqual(run(connection, "SELECT id FROM t WHERE a = 41"), [(20,)])
        self.assertEqual(run(connection, "SELECT count(*), sum(a) FROM t WHERE a > 100000"),
                         [(10001, 1100120001)])
        self.assertEqual(
            run(connection, "SELECT id FROM t WHERE lower(s) = 'some rather long name of 30' "
                            "AND live"), [(30,)])
        with self.assertRaises(psycopg2.errors.UniqueViolation):
            run(connection, "INSERT INTO t VALUES (0, 41)")
        connection.close()

    def test_statistics_are_forgotten(self):
        """The planner does not compare what was sampled of the old type with the new one."""
        connection = self.empty(self.cluster)
        run(connection, "CREATE TABLE t (id int PRIMARY KEY, a int)")
        run(connection, "INSERT INTO t SELECT g, g % 20 FROM generate_series(1, 5000) g")
        run(connection, "ANALYZE t")
        run(connection, "ALTER TABLE t ALTER a TYPE text")
        self.assertEqual(run(connection, "SELECT count(*) FROM t WHERE a = '7'"), [(250,)])
        self.assertEqual(run(connection, "SELECT count(*) FROM t WHERE a > '7'"), [(500,)])
        run(connection, "ANALYZE t")
        self.assertEqual(run(connection, "SELECT count(*) FROM t WHERE a > '7'"), [(500,)])
        connection.close()


class RestartTest(unittest.TestCase):
    def test_restart(self):
        with Cluster() as cluster:
            connection = cluster.connect()
            run(connection, "CREATE TABLE t (id int PRIMARY KEY, a int DEFAULT 4 UNIQUE, b varchar(4))")
            run(connection, "INSERT INTO t SELECT g, g, g FROM generate_series(1, 2000) g")
            run(connection, "ALTER TABLE t ALTER a TYPE text USING 'k' || a, ALTER b TYPE text")
            connection.close()
            cluster.restart()
            connection = cluster.connect()
            self.assertEqual(run(connection, "SELECT id, b FROM t WHERE a = 'k77'"), [(77, "77")])
            self.assertEqual(run(connection, "SELECT count(*) FROM t"), [(2000,)])
            run(connection, "INSERT INTO t (id) VALUES (5000)")
            self.assertEqual(run(connection, "SELECT a FROM t WHERE id = 5000"), [("4",)])
            connection.close()


add_tests(AlterTypeTest, SCRIPTS, "compare_alone")

if __name__ == "__main__":
    unittest.main(verbosity=2)
