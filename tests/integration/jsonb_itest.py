"""jsonb through clients: text and binary formats, COPY, long documents, and a database that was closed."""
import io
import json
import random
import struct
import unittest

import psycopg2
import psycopg2.extras

from adbms_process import Cluster, ClusterTest, run, sqlstate

DOCUMENTS = [
    {}, [], None, True, 1, -2.5, "", "text with \"quotes\", \n and é",
    {"b": [1, 2, {"c": None}], "a": {"nested": {"deep": [[[]]]}}, "": ""},
    [{"id": i, "name": f"n{i}", "tags": ["x"] * (i % 5)} for i in range(500)],
]


def random_document(source, depth):
    kind = source.randrange(3) if depth else 0
    if kind == 1:
        return {source.choice("abcdef") * source.randrange(3): random_document(source, depth - 1)
                for _ in range(source.randrange(5))}
    if kind == 2:
        return [random_document(source, depth - 1) for _ in range(source.randrange(5))]
    return source.choice([None, True, False, 0, 17, -3, "s", "", "é"])


class JsonbTest(ClusterTest):
    def setUp(self):
        self.connection = self.cluster.connect()
        self.addCleanup(self.connection.close)
        run(self.connection, "DROP TABLE IF EXISTS d")
        run(self.connection, "CREATE TABLE d (id int PRIMARY KEY, doc jsonb)")

    def test_documents_come_back(self):
        source = random.Random(3)
        documents = DOCUMENTS + [random_document(source, 5) for _ in range(100)]
        for i, document in enumerate(documents):
            run(self.connection, "INSERT INTO d VALUES (%s, %s)", i, psycopg2.extras.Json(document))
        rows = run(self.connection, "SELECT id, doc FROM d ORDER BY id")
        self.assertEqual([row[1] for row in rows], documents)
        for i, document in enumerate(documents):
            found = run(self.connection, "SELECT count(*) FROM d WHERE id = %s AND doc = %s", i,
                        psycopg2.extras.Json(document))
            self.assertEqual(found, [(1,)])

    def test_copy_both_ways(self):
        source = random.Random(4)
        documents = [random_document(source, 4) for _ in range(3000)]
        # COPY escapes backslashes once more.
        lines = "".join("%d\t%s\n" % (i, json.dumps(d).replace("\\", "\\\\"))
                        for i, d in enumerate(documents))
        with self.connection.cursor() as cursor:
            cursor.copy_expert("COPY d FROM STDIN", io.StringIO(lines))
            out = io.StringIO()
            cursor.copy_expert("COPY (SELECT doc FROM d ORDER BY id) TO STDOUT", out)
        back = [json.loads(line.replace("\\\\", "\\")) for line in out.getvalue().splitlines()]
        self.assertEqual(back, documents)

    def test_a_bad_document_names_its_error(self):
        self.assertEqual(sqlstate(self.connection, "INSERT INTO d VALUES (1, '{\"a\":}')"), "22P02")
        self.assertEqual(sqlstate(self.connection, "SELECT '\"\\u0000\"'::jsonb"), "22P05")
        deep = "[" * 100000
        self.assertEqual(sqlstate(self.connection, "SELECT %s::jsonb", deep), "54001")
        self.assertEqual(run(self.connection, "SELECT 1"), [(1,)])

    def test_a_long_document(self):
        document = {"text": "x" * 3_000_000, "list": list(range(20000))}
        run(self.connection, "INSERT INTO d VALUES (1, %s)", psycopg2.extras.Json(document))
        rows = run(self.connection, "SELECT length(doc->>'text'), doc->'list'->19999, "
                                    "jsonb_array_length(doc->'list') FROM d")
        self.assertEqual(rows, [(3_000_000, 19999, 20000)])

    def test_psycopg3_in_both_formats(self):
        try:
            import psycopg
            from psycopg.types.json import Jsonb
        except ImportError:
            self.skipTest("psycopg 3 is not here")
        with psycopg.connect(self.cluster.connection_string(), autocommit=True) as connection:
            for binary in (False, True):
                cursor = connection.cursor(binary=binary)
                mark = "%b" if binary else "%t"
                for document in DOCUMENTS:
                    cursor.execute(f"SELECT {mark}::jsonb, {mark}::jsonb = {mark}::jsonb",
                                   (Jsonb(document),) * 3)
                    self.assertEqual(cursor.fetchone(), (document, True))
                cursor.execute("SELECT '{\"{\\\"a\\\": 1}\",NULL}'::jsonb[]")
                self.assertEqual(cursor.fetchone(), ([{"a": 1}, None],))

    def test_wrong_binary_versions(self):
        from wire_itest import Wire
        wire = Wire(self.cluster)
        for value, wanted in ((b"\x01{}", None), (b"\x02{}", b"XX000"), (b"", b"08P01"),
                              (b"\x01{", b"22P02"), (b"\x01\"\xff\"", b"22021")):
            wire.send(b"P", b"\0SELECT $1\0" + struct.pack("!hi", 1, 3802))
            wire.send(b"B", b"\0\0" + struct.pack("!hhhi", 1, 1, 1, len(value)) + value +
                      struct.pack("!hh", 1, 1))
            wire.send(b"E", b"\0" + struct.pack("!i", 0))
            wire.send(b"S")
            messages = list(wire.until_ready())
            errors = [payload for kind, payload in messages if kind == b"E"]
            if wanted is None:
                self.assertFalse(errors)
                row = next(payload for kind, payload in messages if kind == b"D")
                self.assertEqual(row[2:], struct.pack("!i", 3) + b"\x01{}")
            else:
                self.assertIn(b"C" + wanted + b"\0", errors[0])


class JsonbAfterRestartTest(unittest.TestCase):
    def test_documents_and_their_index_are_still_there(self):
        with Cluster() as cluster:
            cluster.rows("CREATE TABLE d (doc jsonb PRIMARY KEY, id int)")
            cluster.rows("INSERT INTO d SELECT jsonb_build_object('id', g, 'half', g / 2.0), g "
                         "FROM generate_series(1, 3000) g")
            cluster.restart()
            self.assertEqual(
                cluster.rows("SELECT id FROM d WHERE doc = '{\"half\": 21.00, \"id\": 42.0}'"),
                [(42,)])
            self.assertEqual(cluster.rows("SELECT count(*), count(DISTINCT doc) FROM d"),
                             [(3000, 3000)])


if __name__ == "__main__":
    unittest.main()
