"""Inverted indexes (USING gin, and gist for trigrams): what PostgreSQL 15 answers, statement by statement;
the same rows as without an index, for random data and under concurrent writers; plans that use them.
"""
import io
import json
import random
import threading
import unittest

import psycopg2

from adbms_process import run
from inverted_index_scripts import SCRIPTS
from session_scripts import ScriptTest, add_tests

INDEXES = [
    "CREATE INDEX ON {t} USING gin (doc)",
    "CREATE INDEX ON {t} USING gin (doc jsonb_path_ops)",
    "CREATE INDEX ON {t} USING gin (tags)",
    "CREATE INDEX ON {t} USING gin (numbers, tags)",
    "CREATE INDEX ON {t} USING gin (body gin_trgm_ops)",
    "CREATE INDEX ON {t} USING gist (body gist_trgm_ops)",
    "CREATE INDEX ON {t} USING gin ((doc -> 'b')) WHERE id % 2 = 0",
    "CREATE INDEX ON {t} USING gin (lower(body) gin_trgm_ops, doc) WHERE tags IS NOT NULL",
    "CREATE INDEX ON {t} USING gin (to_tsvector('simple', body))",
    "CREATE INDEX ON {t} USING gist (to_tsvector('english', body)) WHERE id > 3",
    "CREATE INDEX ON {t} USING hash (body)",
]
WORDS = ["cat", "Catalog", "dog", "dogma", "a b", "ärger", "x", "", "cat-dog", "under_score", "50%"]


class Rows:
    """Random statements that change a table {t}, and conditions on it."""

    def __init__(self, chance):
        self.chance = chance
        self.next_id = 1

    def json(self, depth=0):
        kind = self.chance.randrange(8 if depth < 3 else 5)
        if kind >= 6:
            return {self.chance.choice("abcd"): self.json(depth + 1)
                    for _ in range(self.chance.randrange(3))}
        if kind == 5:
            return [self.json(depth + 1) for _ in range(self.chance.randrange(3))]
        return self.chance.choice([None, True, self.chance.randrange(4), 1.5, "a", "b", "long " * 30])

    def literal(self, value):
        return "'" + value.replace("'", "''") + "'"

    def doc(self):
        return self.literal(json.dumps(self.json())) + "::jsonb"

    def array(self, kind):
        if self.chance.random() < 0.15:
            return "'{}'::" + kind
        make = (lambda: str(self.chance.randrange(6))) if kind == "int[]" else (
            lambda: self.literal(self.chance.choice(WORDS)))
        return "ARRAY[" + ", ".join("NULL" if self.chance.random() < 0.1 else make()
                                    for _ in range(self.chance.randrange(1, 4))) + "]::" + kind

    def text(self):
        return self.literal(" ".join(self.chance.choice(WORDS)
                                     for _ in range(self.chance.randrange(4))))

    def or_null(self, value):
        return "NULL" if self.chance.random() < 0.1 else value

    def query_text(self):
        words = [self.chance.choice(["cat", "dog", "dogma", "a", "x", "dog:*", "c:*", "b"]) for _ in range(3)]
        return self.chance.choice(["{} & {}", "{} | {}", "{} & !{}", "!{} | {}", "{} <-> {}", "({} | {}) & {}",
                                   "{}"]).format(*words)

    def values(self):
        return [self.or_null(self.doc()), self.or_null(self.array("text[]")),
                self.or_null(self.array("int[]")), self.or_null(self.text())]

    def condition(self):
        word = self.chance.choice(WORDS)
        return self.chance.choice([
            lambda: f"doc @> {self.doc()}",
            lambda: f"{self.doc()} <@ doc",
            lambda: f"doc <@ {self.doc()}",
            lambda: f"doc ? '{self.chance.choice('abcd')}'",
            lambda: f"doc ?| ARRAY['{self.chance.choice('abcd')}', '{self.chance.choice('abcd')}']",
            lambda: f"doc ?& ARRAY['{self.chance.choice('abcd')}', '{self.chance.choice('abcd')}']",
            lambda: "doc ?& '{}'",
            lambda: f"doc @? '$.{self.chance.choice('abcd')}'",
            lambda: f"doc @? '$.{self.chance.choice('abcd')}[*] ? (@ == {self.chance.randrange(4)})'",
            lambda: f"doc @? '$.a ? (@.b == \"{self.chance.choice('ab')}\")'",
            lambda: f"doc @@ '$.{self.chance.choice('abcd')} == {self.chance.randrange(4)}'",
            lambda: f"doc @@ '$.{self.chance.choice('abcd')} == \"a\"'",
            lambda: f"doc @@ '$.**.a == 1 && exists($.b)'",
            lambda: f"doc @@ '$.a == null || $.b > 1'",
            lambda: f"doc -> 'b' @> {self.doc()}",
            lambda: f"doc -> 'b' ? 'a' AND id % 2 = 0",
            lambda: f"tags @> {self.array('text[]')}",
            lambda: f"tags <@ {self.array('text[]')}",
            lambda: f"tags && {self.array('text[]')}",
            lambda: f"tags = {self.array('text[]')}",
            lambda: f"numbers @> {self.array('int[]')} AND tags && {self.array('text[]')}",
            lambda: f"numbers && {self.array('int[]')}",
            lambda: f"numbers && (SELECT array_agg(g) FROM generate_series(3, 200) g)",
            lambda: f"numbers = {self.array('int[]')}",
            lambda: f"body LIKE '%{word[:4]}%'",
            lambda: f"body LIKE '{word}%'",
            lambda: f"body ILIKE '%{word} %'",
            lambda: f"body NOT LIKE '%{word}%'",
            lambda: f"body ~ '{word[:3]}'",
            lambda: f"body ~* '^{word[:3]}'",
            lambda: f"body % '{word}'",
            lambda: f"body = '{word}'",
            lambda: f"to_tsvector('simple', body) @@ to_tsquery('simple', '{self.query_text()}')",
            lambda: f"to_tsquery('english', '{self.query_text()}') @@ to_tsvector('english', body) AND id > 3",
            lambda: f"lower(body) LIKE '%{word.lower()}%' AND tags IS NOT NULL",
        ])()

    def statement(self):
        kind = self.chance.random()
        if kind < 0.4:
            rows = []
            for _ in range(self.chance.randrange(1, 9)):
                rows.append(f"({self.next_id}, {', '.join(self.values())})")
                self.next_id += 1
            return "INSERT INTO {t} VALUES " + ", ".join(rows)
        if kind < 0.8:
            name = self.chance.randrange(4)
            column = ["doc", "tags", "numbers", "body"][name]
            change = self.chance.choice([f"{column} = {self.values()[name]}",
                                         "doc = doc || '{\"z\": 1}'", "id = id + 100000"])
            where = self.condition() if "100000" not in change else "id % 11 = 0 AND id < 100000"
            return f"UPDATE {{t}} SET {change} WHERE {where}"
        return f"DELETE FROM {{t}} WHERE id % 7 = {self.chance.randrange(7)} AND {self.condition()}"

    def query(self):
        where = " AND ".join(self.condition() for _ in range(self.chance.randrange(1, 3)))
        return f"SELECT id FROM {{t}} WHERE {where} ORDER BY id"



def on(sql, table):
    """A statement that names its table {t}."""
    return sql.replace("{t}", table)


MADE = ("CREATE TABLE {t} (id int PRIMARY KEY, doc jsonb, tags text[], numbers int[], body text)")


class InvertedIndexTest(ScriptTest):
    def forced(self, connection):
        run(connection, "SET enable_seqscan = off")
        run(connection, "SET enable_indexscan = off")

    def test_random_rows(self):
        """A table with indexes and one without go the same way, and answer as PostgreSQL's."""
        chance = random.Random(7)
        rows = Rows(chance)
        connection, postgres = self.empty(self.cluster), self.empty(self.postgres)
        for name in ("a", "b"):
            run(connection, on(MADE, name))
        run(postgres, "CREATE EXTENSION IF NOT EXISTS pg_trgm")
        run(postgres, on(MADE, "a"))
        statements = [rows.statement() for _ in range(60)]
        pending = list(INDEXES)
        for number in range(400):
            sql = statements[number] if number < len(statements) else (
                rows.statement() if chance.random() < 0.3 else rows.query())
            if pending and number % 12 == 5:
                run(connection, on(pending.pop(0), "a"))
            if chance.random() < 0.1:
                run(connection, "BEGIN")
                for _ in range(3):
                    run(connection, on(rows.statement(), "a"))
                found = rows.query()
                self.forced(connection)
                inside = run(connection, on(found, "a"))
                run(connection, "SET LOCAL enable_bitmapscan = off; SET LOCAL enable_seqscan = on")
                self.assertEqual(inside, run(connection, on(found, "a")), found)
                run(connection, "ROLLBACK")
            self.forced(connection)
            ours = run(connection, on(sql, "a"))
            run(connection, "RESET enable_seqscan; RESET enable_indexscan")
            self.assertEqual(ours, run(connection, on(sql, "b")), sql)
            self.assertEqual(ours, run(postgres, on(sql, "a")), sql)
        everything = "SELECT * FROM {t} ORDER BY id"
        self.assertEqual(run(connection, on(everything, "a")),
                         run(connection, on(everything, "b")))
        connection.close()
        postgres.close()

    def test_plans(self):
        """A rare item is found by the index without being asked to; parameters are, too."""
        connection = self.empty(self.cluster)
        run(connection, on(MADE, "t"))
        run(connection, "INSERT INTO t SELECT g, jsonb_build_object('a', g % 500, 'b', 'x' || g), "
                        "ARRAY['t' || g % 300], ARRAY[g % 400, g], 'word' || g "
                        "FROM generate_series(1, 20000) g")
        for index in INDEXES[:5] + INDEXES[8:9]:
            run(connection, on(index, "t"))

        def plan(sql, *parameters):
            return "\n".join(row[0] for row in run(connection, "EXPLAIN " + sql, *parameters))

        for _ in range(2):  # Without statistics, and with them.
            for condition in ("doc @> '{\"a\": 5}'", "tags @> '{t5}'", "numbers && '{700}'",
                              "doc ? 'c'", "body LIKE '%ord777%'", "to_tsvector('simple', body) @@ 'word7'"):
                text = plan(f"SELECT * FROM t WHERE {condition}")
                self.assertIn("Bitmap Heap Scan using ", text, condition)
                self.assertIn("Index Cond: ", text)
            run(connection, "ANALYZE t")
        run(connection, "PREPARE p (jsonb) AS SELECT count(*) FROM t WHERE doc @> $1")
        for _ in range(7):
            self.assertEqual(run(connection, "EXECUTE p ('{\"a\": 7}')"), [(40,)])
        self.assertEqual(run(connection, "EXECUTE p ('{}')"), [(20000,)])
        self.assertEqual(run(connection, "EXECUTE p (NULL)"), [(0,)])
        used = "SELECT sum(scans) FROM adbms.index_usage WHERE index_name LIKE 't_doc%'"
        before = run(connection, used)
        run(connection, "EXECUTE p ('{\"a\": 8}')")
        self.assertGreater(run(connection, used), before)
        run(connection, "SET enable_bitmapscan = off")
        self.assertNotIn("Bitmap", plan("SELECT * FROM t WHERE doc @> '{\"a\": 5}'"))
        connection.close()

    def test_build_beside_writers(self):
        """What is written while an index is built, by sorting and row by row, is in it."""
        for amount in (200, 30000):
            connection = self.empty(self.cluster)
            run(connection, on(MADE, "t"))
            run(connection, "INSERT INTO t SELECT g, jsonb_build_object('a', g % 50), ARRAY['t' || g % 30], "
                            f"ARRAY[g % 40], 'some longer words ' || g FROM generate_series(1, {amount}) g")
            stop, failed = threading.Event(), []

            def write(number):
                chance, mine = random.Random(number), self.cluster.connect()
                step = 0
                while not stop.is_set():
                    step += 1
                    try:
                        run(mine, "INSERT INTO t VALUES (%s, '{\"a\": 7}', '{t7}', '{7}', 'new')",
                            1000000 * number + step)
                        run(mine, "UPDATE t SET doc = jsonb_build_object('a', %s), tags = ARRAY['t' || %s] "
                                  "WHERE id = %s", chance.randrange(50), chance.randrange(30),
                            chance.randrange(1, amount))
                        run(mine, "DELETE FROM t WHERE id = %s", chance.randrange(1, amount))
                    except psycopg2.Error as error:
                        failed.append(str(error))
                mine.close()

            threads = [threading.Thread(target=write, args=(number,)) for number in (1, 2, 3)]
            for thread in threads:
                thread.start()
            run(connection, "CREATE INDEX CONCURRENTLY t_doc ON t USING gin (doc)")
            run(connection, "CREATE INDEX t_tags ON t USING gin (tags, numbers)")
            stop.set()
            for thread in threads:
                thread.join()
            self.assertEqual(failed, [])
            for condition in ["doc @> '{\"a\": %d}'" % n for n in range(50)] + \
                             ["tags @> '{t%d}'" % n for n in range(30)] + \
                             ["numbers && '{%d}'" % n for n in range(40)]:
                sql = f"SELECT id FROM t WHERE {condition} ORDER BY id"
                run(connection, "SET enable_seqscan = off")
                found = run(connection, sql)
                run(connection, "SET enable_seqscan = on; SET enable_bitmapscan = off")
                self.assertEqual(found, run(connection, sql), condition)
                run(connection, "RESET enable_bitmapscan")
            connection.close()

    def test_copy(self):
        """COPY enters the items, too, into tables of its own transaction as well."""
        connection = self.empty(self.cluster)
        lines = "".join(f'{n}\t{{"a": {n % 100}}}\t{{t{n % 10},u}}\t\\N\tword{n}\n' for n in range(3000))
        for name, before, after in (("t", "", ""), ("u", "BEGIN", "COMMIT")):
            run(connection, before or "SELECT 1")
            run(connection, on(MADE, name))
            for index in INDEXES[:5]:
                run(connection, on(index, name))
            with connection.cursor() as cursor:
                cursor.copy_from(io.StringIO(lines), name)
            run(connection, after or "SELECT 1")
            self.forced(connection)
            for condition, count in (("doc @> '{\"a\": 7}'", 30), ("tags @> '{t3,u}'", 300), ("tags @> '{u}'", 3000),
                                     ("body LIKE '%ord299%'", 11), ("numbers && '{1}'", 0)):
                self.assertEqual(run(connection, f"SELECT count(*) FROM {name} WHERE {condition}"),
                                 [(count,)], condition)
        connection.close()

    def test_snapshots(self):
        """A snapshot sees what it saw before, by an index as by a scan, and not through a younger one."""
        connection, writer = self.empty(self.cluster), self.cluster.connect()
        run(connection, on(MADE, "t"))
        run(connection, "INSERT INTO t (id, tags) SELECT g, ARRAY['t' || g % 3] FROM generate_series(1, 30) g")
        run(connection, "CREATE INDEX ON t USING gin (tags)")
        run(connection, "BEGIN ISOLATION LEVEL REPEATABLE READ")
        run(connection, "SET LOCAL enable_seqscan = off")
        sql = "SELECT id FROM t WHERE tags @> '{t1}' ORDER BY id"
        before = run(connection, sql)
        run(writer, "UPDATE t SET tags = '{t1,t2}' WHERE id % 2 = 0")
        run(writer, "DELETE FROM t WHERE id % 5 = 0")
        run(writer, "CREATE INDEX ON t USING gin (tags, doc)")
        self.assertEqual(run(connection, sql), before)
        run(connection, "COMMIT")
        self.assertNotEqual(run(connection, sql), before)
        connection.close()
        writer.close()


add_tests(InvertedIndexTest, SCRIPTS, "compare_alone")


class SeparateTest(InvertedIndexTest):
    """The same as seven processes."""
    SEPARATE = True


if __name__ == "__main__":
    unittest.main()
