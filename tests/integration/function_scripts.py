"""Scripts over functions, precisions of times and small rules; the answers are PostgreSQL 15's."""

SCRIPTS = {
    "precision of times": """
CREATE TABLE t (a timestamp(0), b timestamptz(3), c time(1), d interval(2), e timestamp(6), f interval day to second(1), g interval year to month, h interval hour)
INSERT INTO t VALUES ('2020-01-01 10:00:00.5', '2020-01-01 10:00:00.12345+00', '10:00:00.55', '1.005 s', '2020-01-01 10:00:00.1234567', '1 day 2:03:04.56', '1 year 2 mons 3 days', '3:45')
INSERT INTO t (a, d) VALUES ('1999-12-31 23:59:59.5', '-1.005')
SELECT * FROM t
SELECT attname, format_type(atttypid, atttypmod), atttypmod FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0 ORDER BY attnum
SELECT column_name, data_type, datetime_precision, interval_type FROM information_schema.columns WHERE table_name = 't' AND table_schema = current_schema() ORDER BY ordinal_position
UPDATE t SET b = '2020-01-01 00:00:00.9999+00' RETURNING b
ALTER TABLE t ALTER COLUMN e TYPE timestamp(2)
SELECT e FROM t
SELECT '2020-01-01 10:00:00.56'::timestamp(1), '10:00:00.56'::time(0), '1.2345 s'::interval(3), '2020-01-01 10:00:00.999999+00'::timestamptz(4)
SELECT now()::timestamp(0) = date_trunc('second', now()::timestamp(0)), length(localtimestamp(0)::text), current_timestamp(3) = current_timestamp(3)::timestamptz(3)
SELECT interval '1' year, interval '1' month, interval '1' day, interval '1' hour, interval '1' minute, interval '1' second
SELECT interval '1' year to month, interval '1 2:03' day to hour, interval '1 2' day to hour, interval '1:02' minute to second, interval '1 2:03:04' hour to minute
SELECT interval '1-2' year to month, interval '1 year 2 mons' year, interval '90 s' minute, interval '1 2:03:04.567' day to second(1), interval(1) '1.56'
SELECT interval '1 2' day to minute
SELECT interval '1.5' day, interval '-1' hour, '12:34' ::interval hour, '5'::interval minute
SELECT cast('1:02' AS interval minute to second), cast('1 day 02:03:04' AS interval day), interval '1 day'::interval hour
CREATE TABLE bad (a timestamp(-1))
CREATE TABLE many (a timestamp(9))
SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'many'::regclass AND attnum > 0
SELECT pg_typeof('1'::interval year), pg_typeof(localtime(0))
CREATE TABLE keys (a timestamp(0) PRIMARY KEY)
INSERT INTO keys VALUES ('2020-01-01 00:00:00.4')
INSERT INTO keys VALUES ('2020-01-01 00:00:00.2')
SELECT * FROM keys WHERE a = '2020-01-01'
SELECT '2020-01-01+00'::timestamptz, '2020-01-01+05:30'::timestamptz, '2020-01-01 -05'::timestamptz, '+05 2020-01-01'::timestamptz
SELECT '20200101+05'::timestamptz, 'Jan 1 2020 +05'::timestamptz, '01/02/2020-05'::timestamptz, 'J2451187+05'::timestamptz
SELECT '2020-01-01+05'::date, '2020-01-01+05'::timestamp, 'epoch+05'::timestamptz, 'infinity+05'::timestamptz
SELECT '2020-01-01-05'::timestamptz
SELECT '20200101-05'::timestamptz
SELECT '2020-01-01+00+00'::timestamptz
SELECT '2020-01-01T+05'::timestamptz
SELECT '+05'::timestamptz
SELECT '+05'::time""",
    "ordered-set aggregates": """
CREATE TABLE t (k int, x int, y float8, s text, n numeric)
INSERT INTO t SELECT i % 3, i, i * 0.5, chr(97 + i % 5), i / 4.0 FROM generate_series(1, 20) i
INSERT INTO t VALUES (0, NULL, NULL, NULL, NULL), (9, NULL, NULL, NULL, NULL)
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY x), percentile_cont(0.25) WITHIN GROUP (ORDER BY y DESC), percentile_disc(0.5) WITHIN GROUP (ORDER BY x), percentile_disc(0.9) WITHIN GROUP (ORDER BY s) FROM t
SELECT k, percentile_cont(array[0, 0.5, 1, NULL]) WITHIN GROUP (ORDER BY x), percentile_disc(array[0.1, 0.9]) WITHIN GROUP (ORDER BY n), mode() WITHIN GROUP (ORDER BY s), mode() WITHIN GROUP (ORDER BY s DESC) FROM t GROUP BY k ORDER BY k
SELECT percentile_disc(0) WITHIN GROUP (ORDER BY x), percentile_disc(1) WITHIN GROUP (ORDER BY x), percentile_cont(NULL) WITHIN GROUP (ORDER BY x) FROM t
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY x) FILTER (WHERE x > 10) FROM t
SELECT percentile_cont(1.5) WITHIN GROUP (ORDER BY x) FROM t
SELECT percentile_cont(0.5) FROM t
SELECT percentile_cont(0.5, x) FROM t
SELECT sum(x) WITHIN GROUP (ORDER BY x) FROM t
SELECT sum() WITHIN GROUP (ORDER BY x) FROM t
SELECT abs(x) WITHIN GROUP (ORDER BY x) FROM t
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY x) OVER () FROM t
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY s) FROM t
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY x) FROM t WHERE false
SELECT k FROM t GROUP BY k HAVING mode() WITHIN GROUP (ORDER BY x) > 1 ORDER BY k
SELECT percentile_cont(0.25) WITHIN GROUP (ORDER BY i), percentile_cont(ARRAY[0.25, 0.5, NULL, 1]) WITHIN GROUP (ORDER BY i) FROM (VALUES (interval '1 day'), ('3 days'), ('10 days 04:00')) v(i)
SELECT percentile_cont(0.25) WITHIN GROUP (ORDER BY i), percentile_cont(NULL) WITHIN GROUP (ORDER BY i) FROM (VALUES (interval '1 mon'), ('3 mons 3 days'), ('-1 year')) v(i)
SELECT percentile_cont(ARRAY[[0.25, 0.5], [0, 1]]) WITHIN GROUP (ORDER BY i) FROM (VALUES (interval '1 mon'), ('3 mons 3 days'), ('-1 year')) v(i)
SELECT percentile_cont(2) WITHIN GROUP (ORDER BY i) FROM (VALUES (interval '1 mon')) v(i)""",
    "aggregates of pairs": """
CREATE TABLE t (y float8, x float8)
INSERT INTO t VALUES (1, 2), (3, 5), (4, 4), (NULL, 1), (7, NULL), (2, 9)
SELECT regr_count(y, x), regr_sxx(y, x), regr_syy(y, x), regr_sxy(y, x), regr_avgx(y, x), regr_avgy(y, x) FROM t
SELECT regr_r2(y, x), regr_slope(y, x), regr_intercept(y, x), covar_pop(y, x), covar_samp(y, x), corr(y, x) FROM t
SELECT regr_count(y, x), regr_sxx(y, x), covar_samp(y, x), corr(y, x) FROM t WHERE x = 2
SELECT regr_count(y, x), covar_pop(y, x), regr_r2(y, x) FROM t WHERE false
SELECT corr(1, x), regr_r2(1, x), regr_slope(y, 1) FROM t
SELECT regr_sxx(1, x), covar_pop(x, 1) FROM (VALUES ('inf'::float8), (1)) v (x)
SELECT corr(x, x) FROM (VALUES ('1e200'::float8), ('2e200')) v (x)""",
    "regular expressions that count": """
SELECT regexp_count('abcabcABC', 'abc'), regexp_count('abcabcABC', 'abc', 2), regexp_count('abcabcABC', 'abc', 1, 'i'), regexp_count('', ''), regexp_count('aaa', 'a*')
SELECT regexp_like('abc', 'B'), regexp_like('abc', 'B', 'i'), regexp_like(NULL, 'a')
SELECT regexp_substr('foobarbaz', 'b..'), regexp_substr('foobarbaz', 'b..', 5), regexp_substr('foobarbaz', 'b(..)', 1, 2, '', 1), regexp_substr('foobarbaz', 'x'), regexp_substr('foobarbaz', 'b..', 1, 3)
SELECT regexp_instr('foobarbaz', 'b..'), regexp_instr('foobarbaz', 'b..', 1, 2), regexp_instr('foobarbaz', 'b..', 1, 1, 1), regexp_instr('fööbär', 'b', 1, 1, 0), regexp_instr('foobarbaz', 'b(a)(.)', 1, 1, 0, '', 2), regexp_instr('x', 'y')
SELECT regexp_count('abc', 'a', 0)
SELECT regexp_instr('abc', 'a', 1, 0)
SELECT regexp_instr('abc', 'a', 1, 1, 2)
SELECT regexp_instr('abc', 'a', 1, 1, 0, 'g')
SELECT regexp_substr('abc', 'a', 1, 1, '', -1)
SELECT regexp_substr('abc', 'a(b)?', 100), regexp_substr('ac', 'a(b)?', 1, 1, '', 1), regexp_instr('ac', 'a(b)?', 1, 1, 0, '', 5)
SELECT regexp_match('abc', 'B', 'ig')""",
    "degrees, bits and bytes": """
SELECT sind(30), cosd(60), tand(45), cotd(45), sind(-90), cosd(180), sind(0), cosd(90), tand(135), sind(390)
SELECT asind(0.5), acosd(0.5), atand(1), atan2d(1, 1), asind(-1), acosd(-1), atan2d(-1, 0), acosd(0)
SELECT asinh(1), acosh(2), atanh(0.5), atanh(1), atanh(-1), sind('NaN'), asind('NaN')
SELECT sind('inf')
SELECT asind(2)
SELECT acosh(0)
SELECT get_byte('\\x0aff'::bytea, 1), set_byte('\\x0aff'::bytea, 0, 65), get_bit('\\x80'::bytea, 7), get_bit('\\x80'::bytea, 0), set_bit('\\x00'::bytea, 3, 1), bit_count('\\xff01'::bytea)
SELECT get_byte('\\x00'::bytea, 1)
SELECT set_bit('\\x00'::bytea, 8, 1)
SELECT set_bit('\\x00'::bytea, 1, 2)
SELECT convert_from('\\xc3a4'::bytea, 'UTF8'), convert_to('ä', 'utf-8'), convert_from('\\x41'::bytea, 'unicode')
SELECT convert_from('\\xff'::bytea, 'UTF8')""",
    "json and times that mean nothing": """
SELECT json '{"a": "\\ud83d\\ud83d"}' -> 'a'
SELECT json '{"a": "\\ude04X"}' -> 'a'
SELECT json '{"a": "null \\u0000 escape"}' ->> 'a'
SELECT json '{"a": "\\u0041"}' ->> 'a', json '{"a": "\\ud83d\\ude04"}' ->> 'a', json '{"a": "\\u0000"}'
SELECT json_array_elements_text('["\\u0000"]')
SELECT json '["\\u0000"]' #>> '{0}'
SELECT to_timestamp('19971', 'YYYYMMDD')
SELECT to_timestamp('2016-06-13 15:50:60', 'YYYY-MM-DD HH24:MI:SS')
SELECT to_timestamp('2016-06-13 24:00:00', 'YYYY-MM-DD HH24:MI:SS')
SELECT to_date('-44-02-01 BC', 'YYYY-MM-DD BC'), to_date('44-02-01 BC', 'YYYY-MM-DD BC'), to_date('-44-02-01', 'YYYY-MM-DD')
SELECT to_date('2015 366', 'YYYY DDD')
SELECT to_date('2016 366', 'YYYY DDD'), to_date('2016 367', 'YYYY DDD')
SELECT to_date('20160101', 'YYYYMMDD'), to_date('2016', 'YYYY'), to_date('201611', 'YYYYFMMMDD')""",
    "names and options": """
CREATE TABLE t (a int CONSTRAINT one CHECK (a > 0), b int)
ALTER TABLE t ADD CONSTRAINT one UNIQUE (b)
ALTER TABLE t ADD CONSTRAINT two UNIQUE (b)
ALTER TABLE t ADD CONSTRAINT two CHECK (b > 0)
ALTER TABLE t ADD CONSTRAINT two FOREIGN KEY (a) REFERENCES t (b)
ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES t (b)
ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES t (b)
SELECT conname FROM pg_constraint WHERE conrelid = 't'::regclass ORDER BY 1
ALTER TABLE t ALTER missing SET STATISTICS 0
ALTER TABLE t ALTER missing SET STORAGE plain
ANALYZE t (missing)
VACUUM ANALYZE t (a)
SET custom."bad-name" = 1
SET custom.good$1 = 'x'
SHOW custom.good$1
SHOW custom."bad-name"
CREATE DOMAIN positive AS int CHECK (VALUE > 0)
DO $$ DECLARE p positive := 1; BEGIN p := 0; END $$
DO $$ DECLARE p positive := 1; BEGIN p := p + 1; p := NULL; END $$
INSERT INTO t VALUES (1, 2), (3, 0)
BEGIN
DECLARE c CURSOR FOR SELECT 1 / b FROM t ORDER BY a
SAVEPOINT s
FETCH 10 FROM c
ROLLBACK TO s
FETCH 10 FROM c
ROLLBACK""",
    "extensions that are built in": """
CREATE EXTENSION IF NOT EXISTS pgcrypto
CREATE EXTENSION IF NOT EXISTS "uuid-ossp"
CREATE EXTENSION IF NOT EXISTS pg_trgm
COMMENT ON EXTENSION pgcrypto IS 'as it is'
SELECT encode(digest('a', 'sha256'), 'hex'), digest('a'::bytea, 'md5'), encode(digest('', 'SHA1'), 'hex')
SELECT encode(hmac('data', 'key', 'sha512'), 'hex'), hmac('data'::bytea, 'key'::bytea, 'sha1')
SELECT digest('a', 'nonsense')
SELECT length(gen_random_bytes(16)), gen_random_bytes(8) <> gen_random_bytes(8)
SELECT gen_random_bytes(0)
SELECT crypt('password', '$2a$06$RQiOJ.3ELirrXwxIZY8q0O'), crypt('password', '$1$saltsalt'), crypt('password', 'ab'), crypt('password', '_J9..rasm')
SELECT length(gen_salt('bf')), length(gen_salt('md5')), length(gen_salt('des')), left(gen_salt('bf', 8), 7), length(gen_salt('xdes', 801))
SELECT gen_salt('nonsense')
SELECT gen_salt('bf', 99)
SELECT crypt('new', gen_salt('bf', 4)) = crypt('old', gen_salt('bf', 4))
SELECT uuid_nil(), uuid_ns_dns(), uuid_ns_url(), uuid_ns_oid(), uuid_ns_x500()
SELECT uuid_generate_v3(uuid_ns_dns(), 'www.example.org'), uuid_generate_v5(uuid_ns_url(), 'http://example.org/')
SELECT substr(uuid_generate_v1()::text, 15, 1), uuid_generate_v1() <> uuid_generate_v1(), substr(uuid_generate_v4()::text, 15, 1)
SELECT similarity('word', 'two words'), similarity('abc', 'abc'), similarity('', ''), similarity('Häuser', 'haus'), 'abc' <-> 'abd'
SELECT show_trgm('word two'), show_trgm('a'), show_trgm('')
SELECT 'kitten' % 'sitting', 'kitten' % 'kittens'""",
    "names with a database": """
CREATE TABLE t (id int PRIMARY KEY, v int)
ANALYZE adbms.functions.t
VACUUM adbms.functions.t
ANALYZE other.functions.t
COPY other.functions.t FROM STDIN
GRANT SELECT ON adbms.functions.t TO PUBLIC
GRANT SELECT ON other.functions.t TO PUBLIC
INSERT INTO adbms.functions.t VALUES (1, 2)
SELECT adbms.functions.t.v, adbms.functions.t.* FROM adbms.functions.t
SELECT other.functions.t.v FROM functions.t
SELECT * FROM other.functions.t
SELECT a.b.c.d.e
CREATE TABLE adbms.functions.t2 AS SELECT 1 AS x
CREATE TABLE other.functions.t3 AS SELECT 1 AS x
SELECT 1 AS x INTO adbms.functions.t4
CREATE MATERIALIZED VIEW adbms.functions.m AS SELECT * FROM t
REFRESH MATERIALIZED VIEW adbms.functions.m
REFRESH MATERIALIZED VIEW other.functions.m
CREATE SEQUENCE adbms.functions.q
SELECT nextval('adbms.functions.q'), 'adbms.functions.t'::regclass::text
SELECT nextval('other.functions.q')
SELECT 'other.functions.t'::regclass
SELECT 'a.b.c.d'::regclass
CREATE FUNCTION adbms.functions.f(x int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT x'
CREATE FUNCTION other.functions.f(x int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT x'
SELECT adbms.functions.f(3), adbms.pg_catalog.length('abc'), adbms.pg_catalog.count(*)
SELECT * FROM adbms.functions.f(4)
SELECT other.functions.f(3)
SELECT * FROM other.functions.f(4)
SELECT other.pg_catalog.length('abc')
DROP FUNCTION adbms.functions.f(int)
CREATE TYPE adbms.functions.e AS ENUM ('a', 'b')
SELECT 'a'::adbms.functions.e::text, 1::adbms.pg_catalog.int4
SELECT 'a'::other.functions.e
SELECT 'a'::a.b.c.d
DROP MATERIALIZED VIEW adbms.functions.m
DROP TABLE other.functions.t
DROP TABLE adbms.functions.t""",
    "arguments that repeat": """
CREATE FUNCTION total(VARIADIC a int[]) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT sum(x) FROM unnest(a) x'
CREATE FUNCTION words(sep text, VARIADIC w text[]) RETURNS text LANGUAGE plpgsql AS 'BEGIN RETURN array_to_string(w, sep) || cardinality(w); END'
SELECT total(1), total(1, 2, 3), total(VARIADIC ARRAY[4, 5]), total(VARIADIC '{}')
SELECT total()
SELECT total(ARRAY[1, 2])
SELECT total('7', 2::smallint), total(VARIADIC NULL)
SELECT words('-', 'a', 'b', 'c'), words('-', VARIADIC ARRAY['x', 'y'])
SELECT words('-')
SELECT words(sep => '+', VARIADIC w => ARRAY['p', 'q'])
CREATE FUNCTION total(a int) RETURNS text LANGUAGE sql AS $$SELECT 'one'$$
SELECT total(1), total(1, 2)
CREATE FUNCTION bad(VARIADIC a int) RETURNS int LANGUAGE sql AS 'SELECT 1'
SELECT total(VARIADIC 1)
SELECT concat(VARIADIC ARRAY['a', NULL, 'b']), concat_ws('-', VARIADIC ARRAY['a', NULL, 'b']), format('%s and %s', VARIADIC ARRAY['a', 'b'])
SELECT concat(VARIADIC x), concat_ws(',', VARIADIC x) FROM (VALUES (ARRAY[1, 2]), (NULL)) v(x)
SELECT jsonb_extract_path('{"a": {"b": 4}}', VARIADIC ARRAY['a', 'b']), json_build_object(VARIADIC ARRAY['a', 'b']), jsonb_build_array(VARIADIC ARRAY[1, 2])
SELECT jsonb_extract_path_text(j, VARIADIC p) FROM (VALUES ('{"a": {"b": 4}}'::jsonb, ARRAY['a', 'b'])) v(j, p)
SELECT lower(VARIADIC ARRAY['a'])
SELECT concat(VARIADIC 'a')""",
    "arguments of any type": """
CREATE FUNCTION same(a anyelement) RETURNS anyelement LANGUAGE sql AS 'SELECT a'
CREATE FUNCTION pair(a anyelement, b anyelement) RETURNS anyarray LANGUAGE sql AS 'SELECT ARRAY[a, b]'
CREATE FUNCTION first(a anyarray) RETURNS anyelement LANGUAGE sql AS 'SELECT a[1]'
CREATE FUNCTION last(a anyarray) RETURNS anyelement LANGUAGE plpgsql AS 'DECLARE r a%TYPE; BEGIN r := a; FOR i IN 1..2 LOOP NULL; END LOOP; RETURN r[cardinality(r)]; END'
CREATE FUNCTION either(a anycompatible, b anycompatible) RETURNS anycompatible LANGUAGE sql AS 'SELECT coalesce(a, b)'
CREATE FUNCTION elements(a anyarray) RETURNS SETOF anyelement LANGUAGE sql AS 'SELECT * FROM unnest(a)'
CREATE FUNCTION apart(a anyarray, OUT head anyelement, OUT tail anyarray) LANGUAGE sql AS 'SELECT a[1], a[2:]'
SELECT same(1), same('x'::text), same(ARRAY[1, 2]), pg_typeof(same(1.5)), pg_typeof(same(current_date))
SELECT pair(1, 2), pair('a'::text, 'b'), pair(NULL, 3)
SELECT pair(1, 'x'::text)
SELECT pair(1, 2.5)
SELECT first(ARRAY['a', 'b']), first(ARRAY[1.5]), first(NULL::int[])
SELECT last(ARRAY['a', 'b']), last(ARRAY[1, 2, 3]), last(ARRAY['2024-01-01'::date])
SELECT first(3)
SELECT same(NULL)
SELECT same('x')
SELECT either(NULL, 2.5), either(1, 2.5), pg_typeof(either(1, 2.5)), either('a', 'b'), pg_typeof(either('a', 'b'))
SELECT either(1, 'x'::text)
SELECT * FROM elements(ARRAY[3, 4])
SELECT * FROM apart(ARRAY['a', 'b', 'c'])
SELECT sum(same(g)) FROM generate_series(1, 5) g
SELECT g, last(ARRAY[g, g * 2]) FROM generate_series(1, 3) g
CREATE FUNCTION many(VARIADIC a anyarray) RETURNS int LANGUAGE sql AS 'SELECT cardinality(a)'
SELECT many(1, 2, 3), many('a'::text, 'b'), many(VARIADIC ARRAY[1.5])
SELECT many(1, 'x'::text)
CREATE FUNCTION which(a anyelement) RETURNS text LANGUAGE sql AS $$SELECT 'any'$$
CREATE FUNCTION which(a int) RETURNS text LANGUAGE sql AS $$SELECT 'int'$$
CREATE FUNCTION which(a date) RETURNS text LANGUAGE sql AS $$SELECT 'date'$$
SELECT which(1), which(current_date), which('x'::text), which(1::bigint)
CREATE FUNCTION none() RETURNS anyelement LANGUAGE sql AS 'SELECT 1'
CREATE FUNCTION none(a int) RETURNS anyarray LANGUAGE sql AS 'SELECT 1'
CREATE FUNCTION depth(a anyelement) RETURNS int LANGUAGE sql AS 'SELECT depth(a)'
SELECT proname, pg_get_function_arguments(oid), pg_get_function_result(oid) FROM pg_proc WHERE proname IN ('same', 'first', 'apart', 'many', 'either') ORDER BY 1""",
}
