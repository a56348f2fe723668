"""Rows as values, statement by statement as on PostgreSQL 15."""

SCRIPTS = {
    "row values": """
SELECT ROW(1, 'a'), ROW(NULL, ''), ROW(), ROW(1.50, true, 'x y', E'q"\\\\', '(,)')
SELECT (1, 2), ROW(ROW(1, 'b'), ARRAY[1, 2]), pg_typeof(ROW(1, 2))
SELECT ROW(1, 2)::text, ROW('a b', NULL, 'c')::text || '!'
SELECT (1, 2) < (1, 3), (2, 1) < (1, 3), (1, 2) = (1, 2), (1, 2) <> (1, NULL), (1, 2) <> (2, NULL)
SELECT ROW(1, 2) IS DISTINCT FROM ROW(1, NULL), ROW(1, NULL) IS NOT DISTINCT FROM ROW(1, NULL), ROW(1, 2) IS DISTINCT FROM NULL
SELECT (1, 2) IN ((1, 2), (3, 4)), (1, 2) NOT IN ((1, 3)), (1, 2) IN (SELECT 1, 2), (1, 2) IN (SELECT 1, 3)
SELECT ROW(1, 2) = ANY (ARRAY[ROW(1, 2), ROW(3, 4)]), ROW(1, 2) <> ALL (ARRAY[ROW(1, 2)])
SELECT ROW(NULL, NULL) IS NULL, ROW(1, NULL) IS NULL, ROW(1, NULL) IS NOT NULL, ROW(1, 2) IS NOT NULL, ROW() IS NULL
SELECT x, x IS NULL, x IS NOT NULL FROM (VALUES (ROW(1, 2)), (ROW(1, NULL)), (ROW(NULL, NULL)), (NULL)) v(x)
SELECT x FROM (VALUES (ROW(2, text 'b')), (ROW(1, text 'z')), (ROW(1, NULL::text)), (NULL), (ROW(1, text 'a'))) v(x) ORDER BY x
SELECT x, count(*) FROM (VALUES (ROW(1, text 'a')), (ROW(1, text 'a')), (ROW(2, NULL::text)), (ROW(2, NULL::text))) v(x) GROUP BY x ORDER BY x DESC
SELECT DISTINCT ROW(g % 2, g % 3 > 0) FROM generate_series(1, 12) g ORDER BY 1
SELECT array_agg(ROW(g, 'x')) FROM generate_series(1, 3) g
SELECT greatest(ROW(1, 2), ROW(1, 3)), coalesce(NULL, ROW(1, 2)), CASE WHEN true THEN ROW(1, 2) END
SELECT ROW(1, 2) = ROW(1)
SELECT x = ROW(1, 2, 3) FROM (SELECT ROW(1, 2) AS x) s
SELECT x = ROW(1, text 'a') FROM (SELECT ROW(1, 2) AS x) s
SELECT x = ROW('{}'::json) FROM (SELECT ROW('{}'::json) AS x) s
SELECT ROW(1, 2) = '(1,2)'
SELECT (ROW(1, text 'a')).f2, (ROW(1, text 'a')).*
SELECT (ROW(1, 'a')).f3
SELECT (1).x
SELECT row_to_json(ROW(1, 'a', NULL, ARRAY[1, 2], ROW(3, 'x'))), row_to_json(ROW(1, 2), true), to_jsonb(ROW(1, 'a')), to_json(ROW(1, 2))
SELECT json_build_object('r', ROW(1, 'a')), jsonb_build_array(ROW(1, 2)), concat(ROW(1, 'b c'), '|')
SELECT ROW(1, NULL::int) UNION SELECT ROW(1, NULL::int) UNION ALL SELECT ROW(2, 3) ORDER BY 1
SELECT NULL::record, NULL::record IS NULL
SELECT '(1,2)'::record
""",
    "whole rows": """
CREATE TABLE t (id int PRIMARY KEY, name text, at timestamp)
INSERT INTO t VALUES (1, 'one', '2020-01-02 03:04:05'), (2, 'two, "three"', NULL), (3, NULL, NULL)
CREATE TABLE u (t_id int, note text)
INSERT INTO u VALUES (1, 'first'), (1, NULL), (NULL, NULL)
CREATE VIEW v AS SELECT id, upper(name) AS shout FROM t
SELECT t FROM t ORDER BY id
SELECT t.*::text, t::text, (t).name, (t.*) IS NULL, t IS NOT NULL FROM t ORDER BY id
SELECT row_to_json(t), to_jsonb(t), row_to_json(t.*) FROM t ORDER BY id
SELECT json_agg(t ORDER BY id), jsonb_agg(t ORDER BY id), array_agg(t ORDER BY id) FROM t
SELECT json_agg(x) FROM (SELECT 1.5::float8 AS a, now() > '2000-01-01' AS b UNION ALL SELECT 2, true) x
SELECT count(t), count(DISTINCT t), count(t.*) FROM t
SELECT pg_typeof(t), pg_typeof(v), pg_typeof(s) FROM t, v, (SELECT 1) s LIMIT 1
SELECT v, row_to_json(v) FROM v ORDER BY id
SELECT s, row_to_json(s) FROM (SELECT id, name AS n FROM t) s ORDER BY s
WITH c AS (SELECT id, name FROM t WHERE id < 3) SELECT c, to_json(c) FROM c ORDER BY c DESC
SELECT w, to_json(w) FROM (VALUES (1, 'a'), (2, NULL)) w(x, y)
SELECT g, row_to_json(g) FROM generate_series(1, 2) g
SELECT f, row_to_json(f) FROM unnest(ARRAY[1, 2], ARRAY['a', 'b']) f(x, y)
SELECT t.id, u, u IS NULL, row_to_json(u) FROM t LEFT JOIN u ON u.t_id = t.id ORDER BY t.id, u.note
SELECT t, u.note FROM t RIGHT JOIN u ON u.t_id = t.id ORDER BY u.note, t
SELECT t.id, u, t FROM t FULL JOIN u ON u.t_id = t.id ORDER BY t.id, u
SELECT t.id, s FROM t LEFT JOIN (SELECT NULL::int AS a, NULL::text AS b, 1 AS k) s ON s.k = t.id ORDER BY t.id
SELECT t.id, coalesce(to_jsonb(u), '{}') FROM t LEFT JOIN u ON u.t_id = t.id WHERE u.note IS NULL ORDER BY 1, 2
SELECT id FROM t WHERE t = ROW(2, text 'two, "three"', NULL::timestamp)
SELECT id FROM t WHERE t IN (SELECT t FROM t WHERE id > 1) ORDER BY id
SELECT t FROM t GROUP BY t ORDER BY t
SELECT t FROM t GROUP BY t.id ORDER BY t.id
SELECT max(id), (SELECT x FROM t x WHERE x.id = max(t.id)) FROM t
SELECT (SELECT t FROM t WHERE id = 1), ((SELECT t FROM t WHERE id = 1)).name, ARRAY(SELECT t FROM t ORDER BY id)
SELECT name(t) FROM t ORDER BY id
SELECT (t).nosuch FROM t
SELECT t.nosuch FROM t
INSERT INTO t VALUES (4, 'four') RETURNING t
UPDATE t SET name = 'vier' WHERE id = 4 RETURNING t, row_to_json(t)
DELETE FROM t WHERE id = 4 RETURNING t.*::text
SELECT jsonb_each('{"a": 1}'), (jsonb_each('{"b": 2}')).*
SELECT NULL::t, (NULL::t).name, ROW(7, 'x', NULL)::t, (ROW(7, 'x', NULL)::t).name, '(8,"a b",)'::t
SELECT ROW(7)::t
SELECT ROW(7, 'x', true)::t
SELECT t::u FROM t
SELECT a, (a[1]).name FROM (SELECT array_agg(t ORDER BY id) AS a FROM t) s
SELECT * FROM unnest(ARRAY(SELECT t FROM t ORDER BY id)) x
SELECT (x).*, x FROM (SELECT t AS x FROM t) s ORDER BY 1
SELECT t AS x FROM t UNION SELECT t FROM t ORDER BY x
""",
    "composite types": """
CREATE TYPE pair AS (a int, b text)
CREATE TYPE nested AS (p pair, ps pair[], n numeric(6,2))
CREATE TYPE pair AS (c int)
CREATE TYPE bad AS (a int, a text)
CREATE TYPE bad AS (a record)
CREATE TYPE empty_type AS ()
CREATE TABLE h (id int PRIMARY KEY, c pair, d nested DEFAULT ROW(ROW(0, 'z'), NULL, 1), cs pair[])
INSERT INTO h VALUES (1, ROW(1, 'x'), ROW(ROW(2, 'y'), ARRAY[ROW(3, 'z')::pair], 1.234), '{"(1,a)","(2,\\"b c\\")"}')
INSERT INTO h (id, c) VALUES (2, '(2,)'), (3, NULL), (4, ROW(NULL, NULL))
INSERT INTO h (id, c) VALUES (5, ROW(1))
INSERT INTO h (id, c) VALUES (5, ROW('x', 'y'))
INSERT INTO h (id, c) VALUES (5, 5)
SELECT * FROM h ORDER BY id
SELECT id, (c).a, (c).b, (d).p.b, ((d).ps)[1].a, (cs[2]).b, c IS NULL, c IS NOT NULL FROM h ORDER BY id
SELECT id, (c).* FROM h ORDER BY id
SELECT (h.c).a, h FROM h WHERE (c).a = 1
SELECT (c).nosuch FROM h
SELECT (d).p.nosuch FROM h
UPDATE h SET c.b = 'new', d.p.a = 9 WHERE id = 1
UPDATE h SET c.a = 7 WHERE id = 3
UPDATE h SET cs[1].b = 'in' WHERE id = 1
UPDATE h SET c.nosuch = 1
UPDATE h SET c.a = 'x'
UPDATE h SET c.a = true
SELECT id, c, d, cs FROM h ORDER BY id
SELECT c FROM h ORDER BY c
SELECT c, count(*) FROM h GROUP BY c ORDER BY c
SELECT id FROM h WHERE c = ROW(1, text 'new') OR c = '(2,)'::pair ORDER BY id
SELECT id FROM h WHERE c > ROW(1, 'a')::pair ORDER BY id
SELECT id FROM h WHERE c IN (ROW(1, 'new')::pair, ROW(7, NULL)::pair) ORDER BY id
SELECT id FROM h WHERE c = ANY (ARRAY[ROW(1, 'new'), ROW(2, NULL)]::pair[]) ORDER BY id
CREATE INDEX ON h (c)
CREATE UNIQUE INDEX one_pair ON h (c)
INSERT INTO h (id, c) VALUES (9, ROW(1, 'new'))
SELECT id FROM h WHERE c = ROW(2, NULL)::pair
CREATE TABLE k (c pair PRIMARY KEY, v int)
INSERT INTO k VALUES (ROW(1, 'a'), 1), (ROW(1, 'b'), 2), ('(2,a)', 3)
INSERT INTO k VALUES (ROW(1, 'a'), 4) ON CONFLICT (c) DO UPDATE SET v = k.v + 10 RETURNING *
SELECT * FROM k WHERE c >= ROW(1, text 'b') ORDER BY c
SELECT * FROM unnest(ARRAY[ROW(1, 'a'), ROW(2, 'b')]::pair[])
SELECT * FROM unnest(ARRAY[ROW(1, 'a'), ROW(2, 'b')]::pair[]) WITH ORDINALITY
SELECT unnest(cs), (unnest(cs)).b FROM h WHERE id = 1
SELECT * FROM unnest(ARRAY[ROW(1, 'a')])
SELECT cs || ROW(5, 'e')::pair, array_append(cs, ROW(6, 'f')::pair), array_position(cs, ROW(2, 'b c')::pair), cardinality(cs) FROM h WHERE id = 1
SELECT ROW(1, 2)::pair, '(1,"a""b\\\\c")'::pair, ' ( 1 , x ) '::pair, '(1,"")'::pair, '(,)'::pair
SELECT '1,2'::pair
SELECT '(1)'::pair
SELECT '(1,2,3)'::pair
SELECT '(1,2'::pair
SELECT '(1,"2)'::pair
SELECT '(1,2)x'::pair
SELECT '(x,2)'::pair
SELECT ''::pair
SELECT text '(3,4)'::pair, CAST(ROW(1, 'q')::pair AS text), ROW(1, 'q')::pair::varchar(4)
SELECT ROW(1, 'a')::pair = ROW(1, text 'a'), ROW(1, 'a')::pair < '(2,)'::pair, ROW(1, 'a')::pair IS DISTINCT FROM NULL
SELECT jsonb_populate_record(NULL::pair, '{"a": 1, "b": "x", "c": 2}'), json_populate_record(ROW(5, 'old')::pair, '{"a": null}')
SELECT * FROM jsonb_populate_record(NULL::nested, '{"p": {"a": 1, "b": "x"}, "ps": [{"a": 2}, "(3,c)"], "n": 1.5}')
SELECT * FROM jsonb_populate_recordset(NULL::pair, '[{"a": 1, "b": "x"}, {"b": "y"}, {}]')
SELECT * FROM json_populate_recordset(NULL::pair, '[{"a": 1, "b": "x"}, {"b": "y"}]') x
SELECT (jsonb_populate_record(NULL::pair, '{"a": 4}')).a
SELECT jsonb_populate_record(NULL::pair, '[1]')
SELECT jsonb_populate_record(NULL::pair, '{"a": "x"}')
SELECT jsonb_populate_record(1, '{}')
SELECT * FROM jsonb_to_record('{"a": 1, "b": [1, 2], "c": {"a": 3, "b": "z"}, "d": null}') AS x(a int, b int[], c pair, d jsonb)
SELECT * FROM json_to_recordset('[{"a": 1, "b": {"a": 3}}, {"a": 2}]') AS x(a int, b pair)
SELECT * FROM jsonb_to_record('{"b": 5}') AS x(b int[])
SELECT row_to_json(h), to_jsonb(h) FROM h WHERE id = 1
COMMENT ON TYPE pair IS 'two'
ALTER TYPE pair RENAME ATTRIBUTE b TO bb
SELECT (c).bb, row_to_json(c) FROM h WHERE id = 1
ALTER TYPE pair RENAME ATTRIBUTE nosuch TO x
ALTER TYPE pair RENAME ATTRIBUTE bb TO a
CREATE TYPE used AS (a int)
CREATE TABLE uses (x used)
DROP TYPE used
CREATE TYPE inner_type AS (a int)
CREATE TYPE outer_type AS (i inner_type)
DROP TYPE inner_type
CREATE TYPE grows AS (a int)
ALTER TYPE grows ADD ATTRIBUTE b text, ADD ATTRIBUTE c date
ALTER TYPE grows ADD ATTRIBUTE a int
ALTER TYPE grows DROP ATTRIBUTE b
ALTER TYPE grows DROP ATTRIBUTE b
ALTER TYPE grows ALTER ATTRIBUTE a TYPE numeric
ALTER TYPE grows ADD ATTRIBUTE me grows
ALTER TYPE h ADD ATTRIBUTE x int
SELECT ROW(1, '2020-01-01')::grows, '(1.5,)'::grows
ALTER TYPE grows RENAME TO grown
SELECT NULL::grown
DROP TYPE grown
DROP TYPE grown
SELECT typname, typtype, typcategory, typlen FROM pg_type WHERE typname IN ('pair', '_pair', 'h', '_h', 'k') AND typnamespace = 'rows_of_a_test'::regnamespace ORDER BY 1
SELECT relname, relkind, relnatts FROM pg_class WHERE relname IN ('pair', 'nested', 'empty_type') ORDER BY 1
SELECT a.attname, a.attnum, format_type(a.atttypid, a.atttypmod) FROM pg_type t JOIN pg_attribute a ON a.attrelid = t.typrelid WHERE t.typname = 'nested' ORDER BY attnum
SELECT t.typname, c.relname FROM pg_class c JOIN pg_type t ON t.oid = c.reltype WHERE c.relname = 'h'
SELECT 'pair'::regtype, 'pair[]'::regtype, 'h'::regtype, pg_typeof(c), pg_typeof(cs) FROM h LIMIT 1
""",
    "programs": """
CREATE TABLE t (id int PRIMARY KEY, name text)
INSERT INTO t VALUES (1, 'one'), (2, 'two')
CREATE TYPE pair AS (a int, b text)
CREATE FUNCTION one() RETURNS t LANGUAGE sql STABLE AS 'SELECT * FROM t WHERE id = 1'
CREATE FUNCTION all_of() RETURNS SETOF t LANGUAGE sql STABLE AS 'SELECT * FROM t ORDER BY id'
CREATE FUNCTION shout(t) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT upper($1.name)'
CREATE FUNCTION second(p pair) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT (p).b || p.a'
CREATE FUNCTION made(x int) RETURNS pair LANGUAGE sql IMMUTABLE AS $$SELECT ROW(x, 'm' || x)::pair$$
CREATE FUNCTION two(OUT a int, OUT b text) LANGUAGE sql IMMUTABLE AS $$SELECT 1, 'x'::text$$
CREATE FUNCTION some(x int) RETURNS record LANGUAGE sql IMMUTABLE AS $$SELECT x, 'r'::text$$
SELECT one(), (one()).name, (one()).*
SELECT * FROM one()
SELECT * FROM all_of()
SELECT shout(t), t.shout, (t).shout FROM t ORDER BY id
SELECT second(ROW(1, 'z')), second(ROW(2, 'y')::pair), second('(3,w)'), second(made(4))
SELECT made(7), (made(7)).b
SELECT * FROM made(8)
SELECT two(), (two()).b
SELECT * FROM two()
SELECT some(3)
SELECT * FROM some(3) AS r(a int, b text)
SELECT * FROM some(3) AS r(a int, b int)
SELECT * FROM some(3)
CREATE FUNCTION p_one(i int) RETURNS t LANGUAGE plpgsql STABLE AS $$DECLARE r t%ROWTYPE; BEGIN SELECT * INTO r FROM t WHERE id = i; RETURN r; END$$
CREATE FUNCTION p_all() RETURNS SETOF t LANGUAGE plpgsql STABLE AS $$DECLARE r record; BEGIN FOR r IN SELECT * FROM t ORDER BY id DESC LOOP RETURN NEXT r; END LOOP; RETURN QUERY SELECT 9, 'nine'; END$$
CREATE FUNCTION p_pair(p pair) RETURNS pair LANGUAGE plpgsql AS $$DECLARE q pair; BEGIN q := p; q.a := q.a + 1; q.b := q.b || '!'; RETURN q; END$$
CREATE FUNCTION p_text() RETURNS text LANGUAGE plpgsql STABLE AS $$DECLARE r record; BEGIN SELECT 1 AS x, 'y z' AS y INTO r; RETURN r::text || row_to_json(r)::text || to_jsonb(r)::text; END$$
CREATE FUNCTION p_record() RETURNS record LANGUAGE plpgsql AS $$BEGIN RETURN ROW(1, 'a'::text); END$$
CREATE FUNCTION p_out(OUT a int, OUT b text) LANGUAGE plpgsql AS $$BEGIN a := 5; b := 'five'; END$$
CREATE FUNCTION p_bad() RETURNS pair LANGUAGE plpgsql AS $$BEGIN RETURN ROW(1, text 'a', 2); END$$
SELECT p_one(2), (p_one(1)).name
SELECT * FROM p_one(2)
SELECT * FROM p_all()
SELECT p_pair(ROW(1, 'a')), (p_pair('(2,b)')).b
SELECT * FROM p_pair(ROW(1, 'a'))
SELECT p_text()
SELECT p_record()
SELECT * FROM p_record() AS r(x int, y text)
SELECT p_out(), (p_out()).b
SELECT * FROM p_out()
SELECT p_bad()
CREATE TABLE log (op text, was jsonb, is_now jsonb, same boolean)
CREATE FUNCTION logged() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO log VALUES (TG_OP, to_jsonb(OLD), to_jsonb(NEW), OLD IS NOT DISTINCT FROM NEW); RETURN NULL; END$$
CREATE TRIGGER logs AFTER INSERT OR UPDATE OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION logged()
INSERT INTO t VALUES (3, 'three')
UPDATE t SET name = 'drei' WHERE id = 3
UPDATE t SET name = 'drei' WHERE id = 3
DELETE FROM t WHERE id = 3
SELECT * FROM log
CREATE FUNCTION touched() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN IF OLD IS DISTINCT FROM NEW THEN NEW.name := NEW.name || '*'; END IF; RETURN NEW; END$$
CREATE TRIGGER touches BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION touched()
UPDATE t SET name = CASE WHEN id = 1 THEN 'uno' ELSE name END
SELECT * FROM t ORDER BY id
DO $$DECLARE p pair := ROW(1, 'x'); r record; BEGIN p.b := 'changed'; r := p; RAISE EXCEPTION '% % %', p, r, p.b; END$$
DROP TYPE pair
""",
    "functions of rows in field notation": """
CREATE TYPE pair AS (a int, b int)
CREATE FUNCTION kids(p pair) RETURNS SETOF int LANGUAGE plpgsql STABLE AS $$BEGIN RETURN NEXT p.a; RETURN NEXT p.b; END$$
CREATE FUNCTION sum_of(p pair) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT p.a + p.b'
SELECT (ROW(1, 2)::pair).kids
SELECT (ROW(1, 2)::pair).kids, (ROW(1, 2)::pair).sum_of
SELECT * FROM kids(ROW(1, 2)::pair)
SELECT 1 WHERE (ROW(1, 2)::pair).kids > 1
SELECT x FROM (SELECT (ROW(3, 4)::pair).kids AS x) s WHERE x > 3
""",
    "fields that a case hides": """
CREATE TABLE e (id int, salary int)
INSERT INTO e VALUES (1, 10), (2, 20)
SELECT (CASE WHEN id = 1 THEN NULL ELSE e END).salary FROM e ORDER BY id
SELECT (CASE WHEN id = 1 THEN NULL ELSE e END).* FROM e ORDER BY id
SELECT (CASE WHEN id = 1 THEN NULL ELSE e END) IS NULL, (CASE WHEN id = 1 THEN NULL ELSE e END) IS NOT NULL FROM e ORDER BY id
SELECT (CASE WHEN id = 1 THEN NULL ELSE ROW(id, salary) END)::e FROM e
SELECT (CASE WHEN id = 1 THEN ROW(8, 9)::e ELSE e END).salary FROM e ORDER BY id
SELECT (CASE WHEN x.id IS NULL THEN NULL ELSE e END).salary FROM e LEFT JOIN e x ON x.id = 1 AND e.id = 2 ORDER BY e.id
SELECT (x).salary, x IS NULL, row_to_json(x) FROM e LEFT JOIN e x ON x.id = e.id + 1 ORDER BY e.id
SELECT (jsonb_populate_record(NULL::e, j)).*, jsonb_populate_record(ROW(5, 6)::e, j) FROM (VALUES ('{"id": 1}'::jsonb), (NULL)) v(j)
""",
    "rows of outer joins of outer joins": """
CREATE TABLE a (id int PRIMARY KEY)
CREATE TABLE b (id int PRIMARY KEY, a_id int)
CREATE TABLE c (id int PRIMARY KEY, b_id int)
INSERT INTO a VALUES (1), (2)
INSERT INTO b VALUES (10, 1)
CREATE VIEW bc AS SELECT b.a_id, c.id AS c_id FROM b LEFT JOIN c ON c.b_id = b.id
CREATE FUNCTION no_row(b) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 IS NOT DISTINCT FROM NULL'
SELECT a.id, s, row_to_json(s), s IS DISTINCT FROM NULL FROM a LEFT JOIN (SELECT b.a_id, c.id AS c_id FROM b LEFT JOIN c ON c.b_id = b.id) s ON s.a_id = a.id ORDER BY 1
SELECT a.id, bc, to_json(bc) FROM a LEFT JOIN bc ON bc.a_id = a.id ORDER BY 1
SELECT a.id, to_json(j) FROM a LEFT JOIN (b LEFT JOIN c ON c.b_id = b.id) AS j(bid, aid, cid, cbid) ON j.aid = a.id ORDER BY 1
SELECT a.id, to_json(c), to_json(b) FROM a LEFT JOIN (b LEFT JOIN c ON c.b_id = b.id) ON b.a_id = a.id ORDER BY 1
SELECT a.id, to_json(s) FROM a RIGHT JOIN (SELECT b.a_id, c.id AS c_id FROM b LEFT JOIN c ON c.b_id = b.id) s ON s.a_id = a.id + 7 ORDER BY 1
SELECT a.id, b.no_row FROM a LEFT JOIN b ON b.a_id = a.id ORDER BY 1
SELECT a.id, no_row(b), b.no_row FROM a LEFT JOIN b ON b.a_id = a.id ORDER BY 1
""",
    "overloaded functions in from": """
CREATE FUNCTION f(x text) RETURNS SETOF text LANGUAGE sql STABLE AS 'SELECT x UNION ALL SELECT x'
CREATE FUNCTION f(x int) RETURNS SETOF record LANGUAGE sql STABLE AS 'SELECT x, x + 1'
CREATE FUNCTION g(x int) RETURNS SETOF record LANGUAGE sql STABLE AS 'SELECT x, x + 1'
CREATE FUNCTION g(x text) RETURNS SETOF text LANGUAGE sql STABLE AS 'SELECT x UNION ALL SELECT x'
SELECT * FROM f(1) AS r(a int, b int)
SELECT * FROM f(text 'x')
SELECT * FROM f(text 'x') AS r(a text, b int)
SELECT * FROM f(1)
SELECT * FROM g(1) AS r(a int, b int)
SELECT * FROM g(text 'x')
SELECT * FROM g(text 'x') AS r(a text, b int)
SELECT * FROM g(1)
""",
}
