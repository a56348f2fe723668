"""jsonpath as PostgreSQL 15 has it: every path over every document, and what statements do with it."""
import itertools
import random
import struct
import unittest

import psycopg2

from adbms_process import ComparedTest, run, sqlstate
from jsonpath_cases import DOCUMENTS, PATHS, random_document, random_path

VARIABLES = '{"x": 1, "s": "a", "o": {"p": [1, 2, {"q": 3}]}, "a": [1, 2]}'
# How a path is asked; of rows, one document's come in order.
QUESTIONS = {
    "query": "SELECT jsonb_path_query(%(doc)s::jsonb, %(path)s::jsonpath, %(vars)s)",
    "silent": "SELECT jsonb_path_query_array(%(doc)s::jsonb, %(path)s::jsonpath, %(vars)s, silent => true)",
    "zone": "SELECT jsonb_path_query_array_tz(%(doc)s::jsonb, %(path)s::jsonpath, %(vars)s)",
    "first": "SELECT jsonb_path_query_first(%(doc)s::jsonb, %(path)s::jsonpath, %(vars)s)",
    "exists": "SELECT jsonb_path_exists(%(doc)s::jsonb, %(path)s::jsonpath, %(vars)s)",
    "match": "SELECT jsonb_path_match(%(doc)s::jsonb, %(path)s::jsonpath, %(vars)s)",
    "operators": "SELECT %(doc)s::jsonb @? %(path)s::jsonpath, %(doc)s::jsonb @@ %(path)s::jsonpath",
}
# The same on both servers, character for character.
STATEMENTS = """
SELECT '{"a": 1}'::jsonb @? '$.a', '{"a": 1}'::jsonb @@ '$.a == 1', '{"a": 1}' @? '$.b'
SELECT '{"a": 1}'::jsonb @? NULL, NULL::jsonb @@ '$', jsonb_path_exists(NULL, '$'), jsonb_path_query_first('1', NULL)
SELECT pg_typeof('$'::jsonpath), pg_typeof('{$,$.a}'::jsonpath[]), '{$,"$[1,2]"}'::jsonpath[]
SELECT 'strict  $ . a'::jsonpath::text, '$.a'::text::jsonpath, CAST('$[*]' AS jsonpath)
SELECT '$'::jsonpath = '$'::jsonpath
SELECT '$'::jsonpath < '$'
SELECT jsonb_path_query('[1,2,3]', '$[*] ? (@ > $x)', '{"x": 1}')
SELECT * FROM jsonb_path_query('[1,2,3]', '$[*]') AS q
SELECT * FROM jsonb_path_query('{"a": [1, {"b": 2}]}', '$.**') WITH ORDINALITY AS q(item, n)
SELECT g, jsonb_path_query(to_jsonb(g), '$ ? (@ > 1)') FROM generate_series(1, 3) g
SELECT g, item FROM generate_series(1, 3) g, jsonb_path_query('[1,2,3]', '$[*] ? (@ >= $g)', jsonb_build_object('g', g)) item
SELECT jsonb_path_query('[1]', '$[5]', silent => true), jsonb_path_query_array('[1]', 'strict $[5]', silent => true)
SELECT jsonb_path_exists(target => '{"a": 1}', path => '$.a')
SELECT jsonb_path_exists('{"a": 1}', vars => '{"x": 1}', path => '$.a ? (@ == $x)')
SELECT jsonb_path_exists('{"a": 1}', '$.a', foo => true)
SELECT jsonb_path_exists('{"a": 1}', '$.a', path => '$')
SELECT jsonb_path_exists('{"a": 1}', silent => true)
SELECT jsonb_path_exists('{"a": 1}', '$.a', '[1]')
SELECT jsonb_path_exists('{"a": 1}', '$.a', '[1]', true)
SELECT jsonb_path_exists('{"a": 1}', '$.a ? (@ == $y)', '{}', true)
SELECT jsonb_path_match('1', '$'), 1
SELECT jsonb_path_match('1', '$', silent => true), jsonb_path_match('null', '$'), jsonb_path_match('true', '$')
SELECT '1'::jsonb @@ '$', 'true'::jsonb @@ '$', '[true, false]'::jsonb @@ '$[*]'
SELECT jsonb_path_query('"2020-01-01"', '$.datetime() < "2020-01-02 00:00:00+01".datetime()')
SELECT jsonb_path_query_tz('"2020-01-01"', '$.datetime() < "2020-01-02 00:00:00+01".datetime()')
SELECT jsonb_path_exists_tz('"2020-01-01"', '$.datetime() ? (@ < "2020-01-02 00:00:00+01".datetime())'), jsonb_path_match_tz('1', '$ == 1'), jsonb_path_query_first_tz('[2]', '$[0]')
SELECT jsonb_set('{"a": 1}', '{b}', '2', create_if_missing => false), make_interval(days => 3, secs => 1.5), make_date(year => 2020, month => 2, day => 3)
SELECT jsonb_path_query('[1]', '$[*]') + 1
SELECT count(*) FROM jsonb_path_query('[[1,2],[3]]', '$[*][*]')
CREATE TABLE paths (id int, p jsonpath, q jsonpath[], d jsonb)
INSERT INTO paths VALUES (1, '$.a', '{$.a,$.b}', '{"a": 1}'), (2, 'strict $.b', NULL, '{"a": 1, "b": [1, 2]}'), (3, NULL, '{}', 'null')
INSERT INTO paths VALUES (4, '$.', NULL, NULL)
SELECT id, p, q, d @? p, d @@ '$.a == 1', jsonb_path_query_array(d, p, silent => true) FROM paths ORDER BY id
SELECT id FROM paths WHERE d @? '$.b[*] ? (@ > 1)' ORDER BY id
SELECT id FROM paths ORDER BY p
SELECT DISTINCT p FROM paths
SELECT id, d @? q[2] FROM paths WHERE q IS NOT NULL ORDER BY id
UPDATE paths SET p = '$.c' WHERE id = 1
SELECT id, p::text, length(p::text) FROM paths ORDER BY id
CREATE VIEW seen AS SELECT id, jsonb_path_query(d, '$.b[*]') AS b FROM paths
SELECT * FROM seen ORDER BY 1, 2
DROP VIEW seen
DROP TABLE paths
SELECT typname, typlen, typtype, typcategory, typarray::int, typinput::oid::int, typoutput::oid::int FROM pg_type WHERE oid = 4072
SELECT typname, typelem::int FROM pg_type WHERE oid = 4073
SELECT proname, pronargs, provolatile, proretset, prorettype::regtype FROM pg_proc WHERE proname LIKE 'jsonb_path_%' AND pronargs = 4 ORDER BY 1
""".strip().split("\n")


class JsonpathTest(ComparedTest):
    def connect(self, server):
        connection = server.connect()
        self.addCleanup(connection.close)
        run(connection, "SET TimeZone = 'Europe/Berlin'")
        return connection

    def answer(self, connection, statement, arguments=None):
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement, arguments)
                return cursor.fetchall() if cursor.description else cursor.rowcount
        except psycopg2.Error as error:
            return error.pgcode, error.diag.message_primary, error.diag.message_detail

    def compare(self, asked):
        """What PostgreSQL answers otherwise, of questions and their arguments."""
        answers = []
        for server in (self.postgres, self.cluster):
            connection = self.connect(server)
            answers.append([self.answer(connection, *question) for question in asked])
        return [(question, *pair) for question, *pair in zip(asked, *answers) if pair[0] != pair[1]]

    def test_every_path_over_every_document(self):
        paths = PATHS + [f"strict {path}" for path in PATHS if not path.startswith("lax")]
        for i, (name, question) in enumerate(QUESTIONS.items()):
            # What differs between the others is how they end, which a part of the paths shows.
            some = paths if name in ("query", "silent") else paths[i % 3::3]
            asked = [(question, {"doc": document, "path": path, "vars": VARIABLES})
                     for path, document in itertools.product(some, DOCUMENTS)]
            wrong = self.compare(asked)
            self.assertEqual(wrong[:3], [], f"{name}: {len(wrong)} of {len(asked)}")

    def test_random_paths(self):
        """6,000 paths over documents, all random: the same items or error."""
        rng = random.Random(11)
        asked = [(QUESTIONS[rng.choice(["query", "silent", "zone"])],
                  {"doc": random_document(rng), "path": random_path(rng), "vars": VARIABLES})
                 for _ in range(6000)]
        wrong = self.compare(asked)
        self.assertEqual(wrong[:3], [], len(wrong))

    def test_statements(self):
        wrong = self.compare([(statement,) for statement in STATEMENTS])
        self.assertEqual(wrong, [])

    def test_texts_of_paths(self):
        wrong = self.compare([("SELECT %s::jsonpath::text", (path,)) for path in PATHS])
        self.assertEqual(wrong, [])

    def test_binary(self):
        from wire_itest import Wire
        wire = Wire(self.cluster)
        for value, wanted in ((b"\x01$.a", None), (b"\x02$", b"XX000"), (b"", b"08P01"),
                              (b"\x01$.", b"42601"), (b"\x01\"\xff\"", b"22021")):
            wire.send(b"P", b"\0SELECT $1\0" + struct.pack("!hi", 1, 4072))
            wire.send(b"B", b"\0\0" + struct.pack("!hhhi", 1, 1, 1, len(value)) + value +
                      struct.pack("!hh", 1, 1))
            wire.send(b"E", b"\0" + struct.pack("!i", 0))
            wire.send(b"S")
            messages = list(wire.until_ready())
            errors = [payload for kind, payload in messages if kind == b"E"]
            if wanted is None:
                self.assertFalse(errors)
                row = next(payload for kind, payload in messages if kind == b"D")
                self.assertEqual(row[2:], struct.pack("!i", 6) + b"\x01$.\"a\"")
            else:
                self.assertIn(b"C" + wanted + b"\0", errors[0])

    def test_what_never_ends_is_interrupted(self):
        connection = self.connect(self.cluster)
        run(connection, "SET statement_timeout = '500ms'")
        nested = "$.**" + " ? (@.** == $.**)" * 3
        self.assertEqual(
            sqlstate(connection, "SELECT jsonb_path_query((SELECT jsonb_agg(g) FROM generate_series(1, 20000) g), %s)", nested),
            "57014")
        digits = "9" * 100000
        # The product has too many digits, if it comes to that.
        self.assertIn(sqlstate(connection, "SELECT jsonb_path_query(%s, '$ * $')", digits), ("57014", "22003"))

    def test_deep_paths_end(self):
        connection = self.connect(self.cluster)
        for path in ("(" * 100000 + "$", "$" + " ? (@" * 100000, "$" + "[$" * 100000, "1" + "+1" * 100000):
            self.assertEqual(sqlstate(connection, "SELECT %s::jsonpath", path), "54001")
        deep = "[" * 900 + "]" * 900
        self.assertEqual(run(connection, "SELECT count(*) FROM jsonb_path_query(%s, '$.**')", deep), [(900,)])
        # Each descent begins at the bottom of the one around it.
        descents = '$.** ? (@.type() == "number" && exists(' * 100 + "$" + "))" * 100
        deepest = "[" * 1000 + "1" + "]" * 1000
        self.assertEqual(sqlstate(connection, "SELECT jsonb_path_query(%s, %s)", deepest, descents), "54001")
        long = "$" + ".a" * 200000
        self.assertEqual(sqlstate(connection, "SELECT %s::jsonpath", long), "54000")
        self.assert_alive()

    def test_ids_of_many_objects(self):
        """The document is gone through once for them, however often a condition asks."""
        connection = self.connect(self.cluster)
        run(connection, "SET statement_timeout = '60s'")
        many = "SELECT jsonb_agg(jsonb_build_object('a', g)) FROM generate_series(1, 30000) g"
        path = "$[*] ? (exists(@.keyvalue() ? (@.id > 0 && @.value > 10)))"
        self.assertEqual(run(connection, f"SELECT count(*) FROM jsonb_path_query(({many}), %s)", path), [(29990,)])


if __name__ == "__main__":
    unittest.main()
