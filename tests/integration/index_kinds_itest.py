"""Partial indexes and indexes on expressions: what PostgreSQL 15 answers, statement by statement; the
same rows as without an index, for random data and under concurrent writers; plans that use them.
"""
import io
import random
import threading
import unittest

import psycopg2

from adbms_process import Cluster, run, wait_until
from index_kind_scripts import SCRIPTS
from session_scripts import ScriptTest, add_tests, answer

INDEXES = [
    "CREATE INDEX ON {t} (lower(s))",
    "CREATE INDEX ON {t} ((a + b) DESC, id)",
    "CREATE INDEX ON {t} (a) WHERE b > 5",
    "CREATE INDEX ON {t} (b, a) WHERE s IS NOT NULL AND a < 15",
    "CREATE INDEX ON {t} (id) WHERE a IN (3, 4, 5)",
    "CREATE INDEX ON {t} (substr(s, 2)) WHERE flag",
    "CREATE INDEX ON {t} (coalesce(b, 0), lower(s))",
    "CREATE INDEX ON {t} ((a IS NULL)) INCLUDE (b)",
    "CREATE UNIQUE INDEX ON {t} ((id * 2)) WHERE NOT flag",
]

CONDITIONS = [
    "lower(s) = 'k{n}'", "lower(s) > 'k{n}'", "lower(s) IN ('k1', 'k{n}')", "a + b = {n}",
    "a + b > {n}", "a + b BETWEEN {n} AND {n} + 3", "b > {n}", "b > 5", "b >= 6", "b > 5 AND a = {n}",
    "b = {n}", "s IS NOT NULL", "s > 'K{n}'", "a < {n}", "a < 15", "a = 3", "a IN (3, 4)",
    "a IN (3, {n})", "a = 4 OR a = 5", "substr(s, 2) = '{n}'", "substr(s, 1) = 'K{n}'", "flag",
    "NOT flag", "flag IS TRUE", "coalesce(b, 0) = {n}", "coalesce(b, 0) < {n}", "coalesce(b, 1) = {n}",
    "a IS NULL", "a IS NOT NULL", "(a IS NULL) = true", "id * 2 = {n} * 4", "id < {n} * 20",
    "lower(s) LIKE 'k{n}%'", "a <> 3", "a + b IS NOT NULL",
]
ORDERS = ["id", "lower(s), id", "a + b DESC, id", "a + b DESC NULLS LAST, id", "a, id",
          "b, a, id", "coalesce(b, 0), lower(s), id", "substr(s, 2), id"]


class Rows:
    """Random statements that change a table {t}."""

    def __init__(self, chance):
        self.chance = chance
        self.next_id = 1

    def value(self, most):
        return "NULL" if self.chance.random() < 0.15 else str(self.chance.randrange(most))

    def text(self):
        return "NULL" if self.chance.random() < 0.15 else (
            f"'{self.chance.choice('Kk')}{self.chance.randrange(12)}'")

    def flag(self):
        return self.chance.choice(["true", "false", "false", "NULL"])

    def statement(self):
        kind = self.chance.random()
        where = self.chance.choice(CONDITIONS).format(n=self.chance.randrange(12))
        if kind < 0.4:
            rows = []
            for _ in range(self.chance.randrange(1, 6)):
                rows.append(f"({self.next_id}, {self.value(20)}, {self.value(12)}, {self.text()}, "
                            f"{self.flag()})")
                self.next_id += 1
            return "INSERT INTO {t} VALUES " + ", ".join(rows)
        if kind < 0.85:
            change = self.chance.choice([f"a = {self.value(20)}", f"b = {self.value(12)}",
                                         f"s = {self.text()}", f"flag = {self.flag()}",
                                         f"a = b, b = a, s = {self.text()}"])
            return f"UPDATE {{t}} SET {change} WHERE id % 3 = {self.chance.randrange(3)} AND {where}"
        return f"DELETE FROM {{t}} WHERE id % 7 = 0 AND {where}"

    def query(self):
        n = self.chance.randrange(12)
        where = " AND ".join(self.chance.choice(CONDITIONS).format(n=n)
                             for _ in range(self.chance.randrange(1, 4)))
        limit = self.chance.choice(["", "", " LIMIT 3", " LIMIT 10"])
        what = self.chance.choice(["*", "id", "lower(s), id", "a + b, id"])
        return f"SELECT {what} FROM {{t}} WHERE {where} ORDER BY {self.chance.choice(ORDERS)}{limit}"


SETUP = """
CREATE TABLE jobs (id int PRIMARY KEY, state text, tag text);
CREATE INDEX ON jobs (state);
CREATE INDEX ON jobs (id) WHERE tag = 'hot';
CREATE UNIQUE INDEX ON jobs (lower(tag)) WHERE state = 'live';
INSERT INTO jobs SELECT g, CASE WHEN g < 5 THEN 'new' ELSE 'old' END, 't' || g FROM generate_series(1, 400) g;
INSERT INTO jobs VALUES (500, 'live', 'One'), (501, 'x', 'hot'), (502, 'y', 'hot')
"""

SESSIONS = {
    "a locked row leaves its place in the index": [
        ("a", "BEGIN"), ("a", "UPDATE jobs SET state = 'done' WHERE id = 1"),
        ("b", "SELECT id FROM jobs WHERE state = 'new' FOR UPDATE"), ("a", "COMMIT"),
    ],
    "a locked row leaves the rows of the index": [
        ("a", "BEGIN"), ("a", "UPDATE jobs SET tag = 'cold' WHERE id = 501"),
        ("b", "SELECT id FROM jobs WHERE tag = 'hot' AND id > 400 FOR UPDATE"), ("a", "COMMIT"),
    ],
    "an update waits for another": [
        ("a", "BEGIN"), ("a", "UPDATE jobs SET state = 'done' WHERE id = 2"),
        ("b", "UPDATE jobs SET tag = 'seen' WHERE state = 'new' RETURNING id"), ("a", "COMMIT"),
        ("c", "SELECT id FROM jobs WHERE tag = 'seen'"),
    ],
    "two equal keys, one is undone": [
        ("a", "BEGIN"), ("a", "INSERT INTO jobs VALUES (600, 'live', 'two')"),
        ("b", "INSERT INTO jobs VALUES (601, 'live', 'TWO')"), ("a", "ROLLBACK"),
        ("c", "SELECT id FROM jobs WHERE lower(tag) = 'two' AND state = 'live'"),
    ],
    "two equal keys": [
        ("a", "BEGIN"), ("a", "INSERT INTO jobs VALUES (600, 'live', 'two')"),
        ("b", "INSERT INTO jobs VALUES (601, 'live', 'TWO')"), ("a", "COMMIT"),
        ("c", "SELECT id FROM jobs WHERE lower(tag) = 'two' AND state = 'live'"),
    ],
    "a key leaves the index": [
        ("a", "BEGIN"), ("a", "UPDATE jobs SET state = 'dead' WHERE id = 500"),
        ("b", "INSERT INTO jobs VALUES (601, 'live', 'ONE')"), ("a", "COMMIT"),
        ("c", "SELECT id FROM jobs WHERE lower(tag) = 'one'"),
    ],
    "on conflict waits": [
        ("a", "BEGIN"), ("a", "INSERT INTO jobs VALUES (600, 'live', 'two')"),
        ("b", "INSERT INTO jobs VALUES (601, 'live', 'TWO') ON CONFLICT (lower(tag)) "
              "WHERE state = 'live' DO UPDATE SET tag = 'both'"), ("a", "COMMIT"),
        ("c", "SELECT id, tag FROM jobs WHERE id >= 600"),
    ],
}

TABLE = "CREATE TABLE {t} (id int PRIMARY KEY, a int, b int, s text, flag boolean)"


class IndexKindTest(ScriptTest):
    def compare(self, script):
        self.compare_sessions(script, SETUP.rstrip() + ";\nANALYZE jobs;")

    def plan(self, connection, sql):
        return "\n".join(line for line, in run(connection, "EXPLAIN (COSTS OFF) " + sql))

    def test_random_data(self):
        """A table with such indexes, one without, and PostgreSQL's agree on every query."""
        for seed in (1, 2, 3):
            rows = Rows(random.Random(seed))
            ours, theirs = self.empty(self.cluster), self.empty(self.postgres)
            for connection, tables in ((ours, "tu"), (theirs, "t")):
                for table in tables:
                    run(connection, TABLE.format(t=table))
            indexes = list(INDEXES)
            random.Random(seed).shuffle(indexes)
            for step in range(250):
                if step % 20 == 5 and indexes:
                    run(ours, indexes.pop().format(t="t"))
                if step == 120:
                    run(ours, "ANALYZE t")
                change = rows.statement()
                expected = answer(theirs, change.format(t="t"))[1]
                for table in "tu":
                    self.assertEqual(answer(ours, change.format(t=table))[1], expected, change)
                for _ in range(4):
                    query = rows.query()
                    expected = run(theirs, query.format(t="t"))
                    self.assertEqual(run(ours, query.format(t="u")), expected, query)
                    self.assertEqual(run(ours, query.format(t="t")), expected,
                                     query + "\n" + self.plan(ours, query.format(t="t")))
            ours.close()
            theirs.close()

    def test_plans(self):
        """Used where the conditions say so, by both planners, and nowhere else."""
        connection = self.empty(self.cluster)
        run(connection, "CREATE TABLE t (id int PRIMARY KEY, title varchar(20), a int, done boolean, "
                        "kind text)")
        run(connection, "INSERT INTO t SELECT g, 'Title ' || g, g % 1000, g % 100 <> 0, "
                        "CASE WHEN g % 50 = 0 THEN 'open' ELSE 'shut' END "
                        "FROM generate_series(1, 20000) g")
        run(connection, "CREATE INDEX by_title ON t (lower(title))")
        run(connection, "CREATE INDEX by_half ON t ((a / 2) DESC)")
        run(connection, "CREATE INDEX undone ON t (a) WHERE NOT done")
        run(connection, "CREATE INDEX opened ON t (a) WHERE kind = 'open'")
        run(connection, "CREATE INDEX high ON t (a) WHERE a > 990")
        used = [("SELECT * FROM t WHERE lower(title) = 'title 77'", "by_title"),
                ("SELECT * FROM t WHERE lower(title) IN ('title 77', 'title 78')", "by_title"),
                ("SELECT * FROM t WHERE lower(title) BETWEEN 'title 77' AND 'title 78'", "by_title"),
                ("SELECT id FROM t ORDER BY lower(title) LIMIT 3", "by_title"),
                ("SELECT id FROM t ORDER BY lower(title) DESC LIMIT 3", "by_title"),
                ("SELECT * FROM t WHERE a / 2 = 77", "by_half"),
                ("SELECT * FROM t WHERE 77 = a / 2", "by_half"),
                ("SELECT * FROM t WHERE NOT done AND a = 100", "undone"),
                ("SELECT * FROM t WHERE done = false AND a = 100", "undone"),
                ("SELECT * FROM t WHERE kind = 'open' AND a = 100", "opened"),
                ("SELECT * FROM t WHERE a > 995 AND a < 998", "high"),
                ("SELECT * FROM t WHERE a = 999 AND kind = 'shut'", "high"),
                ("SELECT * FROM t x JOIN t y ON lower(y.title) = lower(x.title) WHERE x.id = 5",
                 "by_title")]
        unused = [("SELECT * FROM t WHERE upper(title) = 'TITLE 77'", "by_title"),
                  ("SELECT * FROM t WHERE a / 3 = 77", "by_half"),
                  ("SELECT * FROM t WHERE done AND a = 100", "undone"),
                  ("SELECT * FROM t WHERE a = 100", "undone"),
                  ("SELECT * FROM t WHERE kind = 'shut' AND a = 100", "opened"),
                  ("SELECT * FROM t WHERE kind > 'open' AND a = 100", "opened"),
                  ("SELECT * FROM t WHERE a > 980", "high"),
                  ("SELECT * FROM t WHERE a >= 990", "high")]
        for analyzed in (False, True):
            if analyzed:
                run(connection, "ANALYZE t")
                wait_until(lambda: "Planner: cost" in self.plan(connection, used[0][0]), 10,
                           "statistics reach the optimizer")
            for sql, index in used:
                plan = self.plan(connection, sql)
                self.assertIn(index, plan, (analyzed, sql))
            for sql, index in unused:
                plan = self.plan(connection, sql)
                self.assertNotIn(index, plan, (analyzed, sql))
        self.assertIn("(lower((title)::text) = ", self.plan(connection, used[0][0]))
        # Other constants in the same text are another plan.
        for kind, expected in (("open", 8), ("shut", 12), ("open", 8)):
            run(connection, f"SELECT count(*) FROM t WHERE kind = '{kind}' AND a = 100")
            self.assertEqual(
                run(connection, f"SELECT count(*) FROM t WHERE kind = '{kind}' AND a > 990"),
                [(0 if kind == "open" else 180,)])
        for divisor in (2, 3, 2, 4):
            self.assertEqual(
                run(connection, f"SELECT count(*) FROM t WHERE a / {divisor} = 10"),
                [(20 * divisor,)])
        connection.close()

    def test_plan_cache_and_parameters(self):
        """Prepared statements do not use a partial index for values that it does not have."""
        connection = self.empty(self.cluster)
        run(connection, "CREATE TABLE t (id int PRIMARY KEY, a int, kind text)")
        run(connection, "INSERT INTO t SELECT g, g % 10, 'k' || g % 3 FROM generate_series(1, 300) g")
        run(connection, "CREATE INDEX ON t (a) WHERE kind = 'k1'")
        run(connection, "CREATE INDEX ON t (id) WHERE a > 5")
        run(connection, "PREPARE q AS SELECT count(*) FROM t WHERE kind = $1 AND a = $2")
        run(connection, "PREPARE r AS SELECT count(*) FROM t WHERE a > $1 AND id > 0")
        for kind in range(3):
            self.assertEqual(run(connection, f"EXECUTE q('k{kind}', 4)"), [(10,)])
        for bound, expected in ((7, 60), (5, 120), (2, 210)):
            self.assertEqual(run(connection, f"EXECUTE r({bound})"), [(expected,)])
        connection.close()

    def test_concurrent_writers(self):
        """The index is built while sessions write, and maintained by them: it has exactly the rows
        that a scan finds; a unique one lets no two through."""
        setup = self.empty(self.cluster)
        for table in ("t", "e"):
            run(setup, f"CREATE TABLE {table} (id int PRIMARY KEY, a int, s text, live boolean)")
        run(setup, "INSERT INTO t SELECT g, g % 50, 'S' || g % 200, g % 2 = 0 "
                   "FROM generate_series(1, 120000) g")
        run(setup, "CREATE UNIQUE INDEX ON e (lower(s)) WHERE live")
        stop, failures, stored = threading.Event(), [], []

        def write(seed):
            chance = random.Random(seed)
            mine = self.cluster.connect()
            number = seed * 100000 + 100000
            while not stop.is_set():
                number += 1
                row = chance.randrange(1, 30000)
                try:
                    run(mine, chance.choice([
                        f"UPDATE t SET a = a + 1, live = NOT live WHERE id = {row}",
                        f"UPDATE t SET s = 'T' || {row % 100} WHERE id = {row}",
                        f"DELETE FROM t WHERE id = {row}",
                        f"INSERT INTO t VALUES ({number}, {row % 50}, 'N{row % 100}', true)"]))
                    name = f"{chance.choice('xX')}{chance.randrange(300)}"
                    run(mine, f"INSERT INTO e VALUES ({number}, 1, '{name}', true)")
                    stored.append(name.lower())
                except psycopg2.errors.UniqueViolation:
                    pass
                except psycopg2.Error as error:
                    failures.append(str(error))
            mine.close()

        writers = [threading.Thread(target=write, args=(seed,)) for seed in range(3)]
        for writer in writers:
            writer.start()
        run(setup, "CREATE INDEX ON t (lower(s)) WHERE live")
        run(setup, "CREATE INDEX ON t ((a % 7), a)")
        stop.set()
        for writer in writers:
            writer.join()
        self.assertEqual(failures, [])
        self.assertEqual(len(stored), len(set(stored)))
        run(setup, "CREATE TABLE u (id int PRIMARY KEY, a int, s text, live boolean)")
        run(setup, "INSERT INTO u SELECT * FROM t")
        for condition in ("lower(s) = 's7' AND live", "lower(s) > 't' AND live",
                          "lower(s) < 't5' AND live", "a % 7 = 3", "a % 7 IN (1, 2) AND a > 20"):
            counts = [run(setup, f"SELECT count(*), sum(id) FROM {table} WHERE {condition}")
                      for table in "tu"]
            self.assertEqual(*counts, condition)
        setup.close()

    def test_copy(self):
        """COPY enters what belongs into the indexes, and meets unique ones."""
        connection = self.empty(self.cluster)
        run(connection, "CREATE TABLE t (id int PRIMARY KEY, s text, live boolean)")
        run(connection, "CREATE UNIQUE INDEX ON t (lower(s)) WHERE live")
        with connection.cursor() as cursor:
            cursor.copy_from(io.StringIO("".join(f"{n}\tS{n % 500}\t{'t' if n <= 500 else 'f'}\n"
                                                 for n in range(1, 2001))), "t")
        self.assertEqual(run(connection, "SELECT id FROM t WHERE lower(s) = 's7' AND live"), [(7,)])
        self.assertEqual(run(connection, "SELECT count(*) FROM t WHERE lower(s) = 's7'"), [(4,)])
        with self.assertRaises(psycopg2.errors.UniqueViolation) as raised:
            with connection.cursor() as cursor:
                cursor.copy_from(io.StringIO("5000\ts9\tt\n"), "t")
        self.assertIn("(lower(s))=(s9)", raised.exception.diag.message_detail)
        connection.close()


class RestartTest(unittest.TestCase):
    def test_restart_and_seven_processes(self):
        """Kept over a restart; the optimizer in a process of its own uses them."""
        with Cluster(separate=True) as cluster:
            connection = cluster.connect()
            run(connection, "CREATE TABLE t (id int PRIMARY KEY, s text, live boolean)")
            run(connection, "INSERT INTO t SELECT g, 'S' || g, g % 10 = 0 FROM generate_series(1, 5000) g")
            run(connection, "CREATE UNIQUE INDEX u ON t (lower(s)) WHERE live")
            run(connection, "ANALYZE t")
            connection.close()
            for name in ("storage", "optimizer", "gateway"):
                cluster.restart(name)
            connection = cluster.connect()
            plan = run(connection, "EXPLAIN SELECT * FROM t WHERE lower(s) = 's70' AND live")
            self.assertIn("using u on t", str(plan))
            self.assertEqual(run(connection, "SELECT id FROM t WHERE lower(s) = 's70' AND live"),
                             [(70,)])
            with self.assertRaises(psycopg2.errors.UniqueViolation):
                run(connection, "INSERT INTO t VALUES (9999, 's70', true)")
            connection.close()


add_tests(IndexKindTest, SCRIPTS, "compare_alone")
add_tests(IndexKindTest, SESSIONS)

if __name__ == "__main__":
    unittest.main(verbosity=2)
