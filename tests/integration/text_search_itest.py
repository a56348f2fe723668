"""Text search as PostgreSQL 15 has it: random documents, literals and queries, and what statements do with them."""
import random
import struct
import unittest

import psycopg2

from adbms_process import ComparedTest, run, sqlstate
from text_search_cases import (WORDS, random_document, random_mess, random_options, random_query, random_text,
                               random_vector)

STEMMED = [word for word in WORDS if word.isalpha()]
CONFIGURATIONS = ["simple", "english", "arabic", "armenian", "basque", "catalan", "greek", "hindi", "indonesian", "irish",
                  "lithuanian", "romanian", "serbian", "tamil", "yiddish", "danish", "dutch", "finnish", "french", "german",
                  "hungarian", "italian", "norwegian", "portuguese", "russian", "spanish", "swedish", "turkish"]
# Of languages that Snowball knows, in their scripts.
FOREIGN = """مدرسة الكتاب գրքեր etxeak llibres βιβλία विद्यालय membaca leabhair knygų cărților књиге புத்தகங்கள் ביכער libros
Universität книги école İstanbul ǅ ΣΊΣΥΦΟΣ""".split()
# The same on both servers, character for character.
STATEMENTS = """
SELECT 'a:1 b'::tsvector @@ 'a', 'a' @@ 'a'::tsquery, 'a'::tsquery @@ 'a:1'::tsvector, 'a b'::tsvector @@@ 'b', NULL::tsvector @@ 'a'
SELECT 'the fox' @@ 'fox', 'the fox' @@ 'foxes'::tsquery, 'a' @@ NULL
SELECT pg_typeof('a'::tsvector), pg_typeof('a'::tsquery), pg_typeof('{a}'::tsquery[]), pg_typeof('english'::regconfig), pg_typeof(ts_rank('a', 'a'))
SELECT 'a'::tsvector::text, 'a & b'::tsquery::text, 'b a'::text::tsvector, CAST('a|b' AS tsquery), 'a'::varchar(5)::tsquery
SELECT 'a'::tsvector::tsquery
SELECT 'german'::text::regconfig::int = 0
SELECT 'english'::regconfig, 'pg_catalog.english'::regconfig::oid, 13164::regconfig, 1::regconfig, 0::regconfig, '-'::regconfig, 'simple'::text::regconfig
SELECT 'klingon'::regconfig
SELECT 'klingon'::regdictionary
SELECT to_tsvector('klingon', 'a')
SELECT to_tsvector(1::regconfig, 'a')
SELECT to_tsvector('english', NULL), to_tsvector(NULL::regconfig, 'a'), to_tsquery(NULL)
SELECT array_agg(v ORDER BY v), min(v::text) FROM (VALUES ('b'::tsvector), ('a:1'), ('a')) t(v)
SELECT max(v) FROM (VALUES ('b'::tsvector)) t(v)
SELECT ts_rank('{1,2}', 'a:1', 'a')
SELECT ts_rank('{0.1,0.2,0.3,NULL}', 'a:1', 'a')
SELECT ts_rank('{0.1,0.2,0.3,5}', 'a:1', 'a')
SELECT ts_rank('{{0.1,0.2},{0.3,0.5}}', 'a:1', 'a')
SELECT ts_rank_cd('{-1,-1,-1,-1}', 'a:1 b:2', 'a & b'), ts_rank_cd('{}', 'a:1', 'a')
SELECT setweight('a:1', 'z'), 1
SELECT ts_filter('a:1', '{x}')
SELECT ts_filter('a:1', ARRAY[NULL]::"char"[])
SELECT ts_delete('a', ARRAY['a', NULL])
SELECT tsquery_phrase('a', 'b', -1)
SELECT tsquery_phrase('a', 'b', 16384)
SELECT ts_headline('a', 'b')
SELECT ts_headline('english', 'a b c'::text, 'b'::tsquery, 'MaxWords=x')
SELECT ts_headline('english', 'a b c'::text, 'b'::tsquery, 'MaxWords')
SELECT ts_headline('english', 'a b c'::text, 'b'::tsquery, 'MinWords=0')
SELECT ts_headline('english', 'a b c'::text, 'b'::tsquery, 'ShortWord=-1')
SELECT ts_headline('english', 'a b c'::text, 'b'::tsquery, 'MaxFragments=-1')
SELECT ts_headline('english', 'a bird c'::text, 'bird'::tsquery, '"startsel" = E''x\\\\\\\\y'' , stopsel="a""b"')
SELECT json_to_tsvector('english', '{"a\\u0041": "b\\u0063 fox"}', '["key", "string"]')
SELECT json_to_tsvector('english', '{"a": "\\u0000"}', '["string"]')
SELECT jsonb_to_tsvector('english', '[1.50, 1e3, "x", true]', '"numeric"'), jsonb_to_tsvector('english', '[true]', '["boolean"]')
SELECT jsonb_to_tsvector('english', '[]', '[1]')
SELECT jsonb_to_tsvector('english', '[]', 'null')
SELECT * FROM ts_token_type('default')
SELECT * FROM ts_token_type(3722)
SELECT * FROM ts_token_type('none')
SELECT * FROM ts_parse(3722, 'a b')
SELECT * FROM ts_parse('none', 'a')
SELECT (ts_debug('english', 'The foxes')).*
SELECT * FROM ts_debug('The http://a.com/x')
SELECT ts_debug('simple', 'A')
SELECT ts_lexize('english_stem', 'running'), ts_lexize('english_stem', 'the'), ts_lexize('simple', ''), ts_lexize('english_stem', '')
SELECT word, n FROM (VALUES ('b:1,2A a'::tsvector), ('b')) t(v), unnest(v) AS u(word, n, w) ORDER BY 1, 2
SELECT unnest('b:1 a'::tsvector)
SELECT DISTINCT v FROM (VALUES ('a b'::tsvector), ('b a'), ('a:1')) t(v) ORDER BY v
SELECT q, count(*) FROM (VALUES ('a'::tsquery), ('a:A'), ('a & b')) t(q) GROUP BY q ORDER BY 2
CREATE TABLE texts (id int PRIMARY KEY, body text, v tsvector GENERATED ALWAYS AS (to_tsvector('english', body)) STORED, q tsquery, vs tsvector[])
INSERT INTO texts (id, body, q, vs) VALUES (1, 'foxes and dogs', 'fox', '{a,"b:1 c"}'), (2, 'dogs', '!fox', NULL), (3, NULL, NULL, '{}')
SELECT * FROM texts ORDER BY id
SELECT a.id, b.id FROM texts a JOIN texts b ON a.v @@ b.q ORDER BY 1, 2
SELECT id FROM texts WHERE v @@ to_tsquery('dogs') ORDER BY ts_rank(v, to_tsquery('dogs')) DESC, id
UPDATE texts SET body = body || ' and more foxes' WHERE id = 2
SELECT id, v FROM texts ORDER BY v DESC
CREATE INDEX texts_v ON texts (v)
SELECT id FROM texts WHERE v = to_tsvector('english', 'foxes and dogs')
ALTER TABLE texts ALTER COLUMN q TYPE text
SELECT q FROM texts ORDER BY id
DROP TABLE texts
CREATE TABLE wrong (b text, v tsvector GENERATED ALWAYS AS (to_tsvector(b)) STORED)
SELECT typname, typlen, typtype, typcategory, typarray::int, typinput::oid::int, typoutput::oid::int, typstorage FROM pg_type WHERE oid IN (3614, 3615, 3734, 3769) ORDER BY oid
SELECT cfgname, cfgnamespace::int, cfgparser::int FROM pg_ts_config WHERE oid = 13164
SELECT dictname, dicttemplate::int, dictinitoption FROM pg_ts_dict WHERE oid IN (3765, 13163) ORDER BY oid
SELECT maptokentype, mapseqno, mapdict::regdictionary FROM pg_ts_config_map WHERE mapcfg = 'english'::regconfig ORDER BY 1
SELECT prsname, prsstart::oid::int FROM pg_ts_parser
SELECT proname, provolatile, proretset FROM pg_proc WHERE proname IN ('to_tsvector', 'ts_parse', 'ts_debug', 'numnode') GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
SET default_text_search_config = simple
SELECT to_tsvector('The foxes'), current_setting('default_text_search_config'), get_current_ts_config()
SELECT 'The foxes' @@ 'fox', ts_headline('The foxes'::text, 'foxes'::tsquery)
RESET default_text_search_config
SELECT to_tsvector('The foxes')
""".strip().split("\n")
# What is refused here.
REFUSED = """
SELECT 'nepali'::regconfig
SELECT to_tsvector('nepali', 'a')
SET default_text_search_config = 'nepali'
SELECT ts_rewrite('a', 'SELECT 1')
SELECT * FROM ts_stat('SELECT 1')
CREATE TEXT SEARCH CONFIGURATION mine (COPY = english)
CREATE TEXT SEARCH DICTIONARY mine (TEMPLATE = simple)
ALTER TEXT SEARCH CONFIGURATION english DROP MAPPING FOR word
DROP TEXT SEARCH CONFIGURATION english
""".strip().split("\n")


class TextSearchTest(ComparedTest):
    def connect(self, server):
        connection = server.connect()
        self.addCleanup(connection.close)
        return connection

    def answer(self, connection, statement, arguments=None):
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement, arguments)
                return cursor.fetchall() if cursor.description else cursor.rowcount
        except psycopg2.Error as error:
            return error.pgcode, error.diag.message_primary, error.diag.message_detail

    def compare(self, asked, setup=()):
        """What PostgreSQL answers otherwise, of questions and their arguments."""
        answers = []
        for server in (self.postgres, self.cluster):
            connection = self.connect(server)
            for statement in setup:
                run(connection, statement)
            answers.append([self.answer(connection, *question) for question in asked])
        return [(question, *pair) for question, *pair in zip(asked, *answers) if pair[0] != pair[1]]

    def check(self, asked):
        wrong = self.compare(asked)
        self.assertEqual(wrong[:3], [], f"{len(wrong)} of {len(asked)}")

    def test_statements(self):
        setup = ["SET default_text_search_config = 'pg_catalog.english'"]
        self.assertEqual(self.compare([(s,) for s in STATEMENTS if s not in setup], setup), [])

    def test_tokens_of_random_texts(self):
        rng = random.Random(1)
        query = ("SELECT i, (SELECT array_agg(tokid || ':' || token) FROM ts_parse('default', t)) "
                 "FROM unnest(%s) WITH ORDINALITY u(t, i) ORDER BY i")
        self.check([(query, ([random_text(rng) for _ in range(200)],)) for _ in range(20)])

    def test_literals(self):
        rng = random.Random(2)
        asked = [("SELECT %s::tsvector::text", (random_vector(rng),)) for _ in range(500)]
        asked += [("SELECT %s::tsquery::text", (random_query(rng),)) for _ in range(500)]
        asked += [("SELECT %s::tsquery::text", (random_mess(rng),)) for _ in range(1500)]
        asked += [("SELECT %s::tsvector::text", (random_mess(rng),)) for _ in range(500)]
        self.check(asked)

    def test_documents_and_queries(self):
        rng = random.Random(3)
        asked = []
        for _ in range(300):
            asked.append(("SELECT to_tsvector('english', %s), to_tsvector('simple', %s)",
                          (random_document(rng), random_text(rng))))
            for function in ("to_tsquery", "websearch_to_tsquery", "plainto_tsquery", "phraseto_tsquery"):
                text = rng.choice([random_mess, random_text, random_document])(rng)
                asked.append((f"SELECT {function}(%s, %s)", (rng.choice(["english", "simple"]), text)))
                asked.append((f"SELECT {function}('english', %s)", (random_query(rng, STEMMED),)))
        self.check(asked)

    def test_matches(self):
        rng = random.Random(4)
        asked = [("SELECT %s::tsvector @@ %s::tsquery", (random_vector(rng), random_query(rng, depth=rng.randint(1, 6))))
                 for _ in range(3000)]
        self.check(asked)

    def test_edits_and_order(self):
        rng = random.Random(5)
        asked = []
        for _ in range(500):
            asked.append(("SELECT %(a)s::tsvector || %(b)s, %(a)s::tsvector < %(b)s, %(a)s::tsvector = %(b)s,"
                          " setweight(%(a)s, 'b', '{a,fox}'), ts_filter(%(a)s, '{a,c}'), length(%(a)s::tsvector)",
                          {"a": random_vector(rng), "b": random_vector(rng)}))
            asked.append(("SELECT ts_rewrite(%(a)s, %(b)s, %(c)s), %(a)s::tsquery && %(b)s, %(a)s::tsquery < %(b)s,"
                          " %(a)s::tsquery = %(b)s, %(a)s::tsquery @> %(b)s, querytree(%(a)s), numnode(%(a)s)",
                          {"a": random_query(rng), "b": random_query(rng, depth=1), "c": random_query(rng, depth=2)}))
        self.check(asked)

    def test_ranks(self):
        rng = random.Random(6)
        asked = [("SELECT ts_rank(%(v)s, %(q)s, %(n)s), ts_rank_cd(%(v)s, %(q)s, %(n)s), "
                  "ts_rank('{0.5,0.3,0.9,0.7}', %(v)s, %(q)s), ts_rank_cd('{0.5,0.3,0.9,0.7}', %(v)s, %(q)s)",
                  {"v": random_vector(rng), "q": random_query(rng), "n": rng.choice([0, 1, 2, 4, 8, 16, 32, 63])})
                 for _ in range(1500)]
        self.check(asked)

    def test_index(self):
        """What an inverted index finds is what there is."""
        rng = random.Random(8)
        vectors = [random_vector(rng) for _ in range(300)]
        queries = [random_query(rng, depth=rng.randint(0, 3)) for _ in range(300)]
        setup = ["CREATE TABLE indexed (id int PRIMARY KEY, v tsvector, body text)",
                 "INSERT INTO indexed SELECT i, x::tsvector, replace(x, ':', ' ') FROM unnest(ARRAY["
                 + ", ".join("'" + v.replace("'", "''") + "'" for v in vectors) + "]) WITH ORDINALITY u(x, i)",
                 "CREATE INDEX ON indexed USING gin (v)",
                 "CREATE INDEX ON indexed USING gin (to_tsvector('simple', body))",
                 "ANALYZE indexed", "SET enable_seqscan = off"]
        asked = [("SELECT array_agg(id ORDER BY id) FROM indexed WHERE v @@ %s::tsquery", (query,)) for query in queries]
        asked += [("SELECT array_agg(id ORDER BY id) FROM indexed WHERE to_tsquery('simple', %s) @@ to_tsvector('simple', body)",
                   (query,)) for query in queries]
        wrong = self.compare(asked, setup)
        self.assertEqual(wrong[:3], [], f"{len(wrong)} of {len(asked)}")
        connection = self.connect(self.cluster)
        run(connection, "SET enable_seqscan = off")
        plan = run(connection, "EXPLAIN SELECT id FROM indexed WHERE v @@ 'a & b'")
        self.assertIn("indexed_v_idx", str(plan))
        run(connection, "DROP TABLE indexed")

    def test_headlines(self):
        rng = random.Random(7)
        asked = [("SELECT ts_headline('english', %s::text, to_tsquery('english', %s), %s)",
                  (random_document(rng, 60), random_query(rng, STEMMED, 3), random_options(rng))) for _ in range(1500)]
        self.check(asked)

    def test_configurations(self):
        asked = [("SELECT to_tsvector(%s, %s)", (name, word)) for name in CONFIGURATIONS for word in STEMMED + FOREIGN]
        self.check(asked)

    def test_refusals(self):
        connection = self.connect(self.cluster)
        for statement in REFUSED:
            self.assertEqual(sqlstate(connection, statement), "0A000", statement)

    def test_limits(self):
        connection = self.connect(self.cluster)
        for statement, state in (("SELECT array_to_tsvector(ARRAY[repeat('a', 2047)])", "54000"),
                                 ("SELECT (repeat('!', 100000) || 'a')::tsquery", "54001"),
                                 ("SELECT (repeat('a & (', 100000) || 'a' || repeat(')', 100000))::tsquery", "54001"),
                                 ("SELECT to_tsvector('simple', (SELECT string_agg(md5(g::text), ' ') FROM generate_series(1, 40000) g))",
                                  "54000")):
            self.assertEqual(sqlstate(connection, statement), state, statement)
        many = "SELECT length(to_tsvector('simple', repeat('a b ', 200000)))"
        self.assertEqual(run(connection, many), [(2,)])
        self.assertEqual(run(connection, "SELECT numnode(plainto_tsquery('simple', repeat('a ', 20000)))"), [(39999,)])
        run(connection, "SET statement_timeout = '500ms'")
        self.assertEqual(
            sqlstate(connection, "SELECT ts_headline('simple', repeat('a b c ', 200000), 'a & z'::tsquery, "
                                 "'MaxWords=1000000')"), "57014")
        self.assert_alive()

    def test_binary(self):
        from wire_itest import Wire
        vector = b"\0\0\0\2a\0\0\2\xc0\1\0\2b\0\0\0"
        query = b"\0\0\0\3\2\2\1\0\0b\0\1\x08\1a\0"
        for oid, value, wanted in ((3614, vector, None), (3615, query, None), (3614, vector[:-1], b"08P01"),
                                   (3615, query[:-1], b"08P01"), (3615, b"\0\0\0\1\2\2", b"XX000"),
                                   (3614, b"\0\0\0\1a\0\0\2\0\2\0\1", b"XX000")):
            wire = Wire(self.cluster)
            wire.send(b"P", b"\0SELECT $1\0" + struct.pack("!hi", 1, oid))
            wire.send(b"B", b"\0\0" + struct.pack("!hhhi", 1, 1, 1, len(value)) + value + struct.pack("!hh", 1, 1))
            wire.send(b"E", b"\0" + struct.pack("!i", 0))
            wire.send(b"S")
            messages = list(wire.until_ready())
            errors = [payload for kind, payload in messages if kind == b"E"]
            if wanted is None:
                self.assertFalse(errors)
                row = next(payload for kind, payload in messages if kind == b"D")
                self.assertEqual(row[2:], struct.pack("!i", len(value)) + value)
            else:
                self.assertIn(b"C" + wanted + b"\0", errors[0])


if __name__ == "__main__":
    unittest.main()
