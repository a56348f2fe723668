"""Scripts for one session that use arrays and addresses in queries: overloads, subqueries, joins,
indexes, prepared statements. One statement a line.
"""

SCRIPTS = {
    "overloads and results": """
SELECT array_position(ARRAY['a','b']::varchar[], 'b'::text), array_cat(ARRAY[1], ARRAY[2.5]), ARRAY[1,2] || ARRAY['3','4']
SELECT ARRAY[1,2]::int[] || ARRAY[3]::bigint[], ARRAY['a']::varchar[] || 'b'::varchar, ARRAY['x']::text[] || 'y'::varchar(3)
SELECT array_append(ARRAY['a'::varchar], 'b'::text), pg_typeof(array_append(ARRAY['a'::varchar], 'b'::text))
SELECT array_remove(ARRAY[1,2,3], 2.0), array_replace(ARRAY['a','b'], 'a', 'c'::varchar)
SELECT ARRAY[1,2,3] @> ARRAY[1]::bigint[]
SELECT ARRAY['a','b']::text[] = ARRAY['a','b']::varchar[]
SELECT ARRAY['a','b']::varchar[] @> '{a}', ARRAY['a','b']::varchar[] && ARRAY['a']::varchar[]
SELECT array_length(ARRAY[1,2], '1'), array_upper('{1,2}'::int[], 1.0::int)
SELECT array_lower(5, 1)
SELECT array_to_string(ARRAY[1.5, 2.25]::numeric[], ', '), array_to_string(ARRAY['2024-01-01'::date], ',')
SELECT array_to_string('{}'::int[], ','), array_to_string(NULL::int[], ',')
SELECT array_agg(DISTINCT x ORDER BY x DESC) FROM unnest(ARRAY[1,2,2,3]) x
SELECT array_agg(x) FILTER (WHERE x > 1) FROM unnest(ARRAY[1,2,2,3]) x
SELECT (array_agg(x ORDER BY x))[1:2] FROM unnest(ARRAY[3,1,2]) x
SELECT (SELECT array_agg(a) FROM (VALUES (ARRAY[1,2]), (ARRAY[3,4])) v(a))[2][1]
SELECT (ARRAY[[1,2],[3,4]])[1:2][1:1], (ARRAY[[1,2],[3,4]])[:1], (ARRAY[[1,2],[3,4]])[2:][2:]
SELECT x.*, y FROM unnest(ARRAY['a','b'], ARRAY[1,2,3]) WITH ORDINALITY AS x(s, i, o), generate_series(1,1) y
SELECT unnest(ARRAY[1,2]), unnest(ARRAY['a','b','c'])
SELECT * FROM generate_subscripts('[5:6]={1,2}'::int[], 1) g
SELECT array_fill(0, ARRAY[2,3], ARRAY[2,-1])
SELECT 5 = ANY (ARRAY[g, 5]) FROM generate_series(1,2) g
SELECT g FROM generate_series(1,5) g WHERE g = ANY (ARRAY(SELECT 2 UNION SELECT 4)) ORDER BY g
SELECT g FROM generate_series(1,5) g WHERE g <> ALL (ARRAY[1, 2, NULL]) ORDER BY g
SELECT 'abc' LIKE ANY (ARRAY['a%', 'x%']), 'abc' NOT LIKE ALL (ARRAY['x%']), 'abc' ~ ANY ('{^a,^b}')
SELECT '10.1.2.3'::inet <<= ANY (ARRAY['10.0.0.0/8', '11.0.0.0/8']::inet[]), '10.1.2.3' << ANY ('{10.0.0.0/8}'::cidr[])
SELECT ARRAY['2024-01-01', '2024-02-01']::date[] && ARRAY['2024-02-01'::date], '2024-01-15'::date > ANY (ARRAY['2024-01-01', '2024-02-01']::date[])
SELECT '{"(1,2)"}'::text[], '{1,2}'::bigint[] = ARRAY[1::bigint, 2]
SELECT ARRAY[true, NULL]::text[], ARRAY[1.5::float8]::text, ARRAY['\\xff'::bytea]::text
SELECT pg_typeof('{}'::inet[]), pg_typeof(ARRAY['1.2.3.4'::cidr, '::1'::inet]), pg_typeof(ARRAY['x'::"char"])
SELECT ARRAY['1.2.3.4'::cidr, '::1'::inet]
SELECT coalesce(ARRAY[1], '{}') , CASE WHEN false THEN ARRAY[1] ELSE '{2}' END, nullif(ARRAY[1,2], '{1,2}')
SELECT ARRAY[1,2] IS DISTINCT FROM ARRAY[1,2], ARRAY[1,2] IS NOT NULL, NULL::int[] IS NULL
SELECT jsonb_build_array(ARRAY[1,2], ARRAY['a']), json_build_object('k', ARRAY[[1],[2]]), to_jsonb(ARRAY['{"a":1}'::jsonb])
SELECT jsonb_path FROM (SELECT '{"a":{"b":1}}'::jsonb #> '{a,b}' AS jsonb_path) x
SELECT '{"a":[1,2]}'::json #>> '{a,1}', '{"a":1}'::jsonb ?| ARRAY['a','z'], '{"a":1}'::jsonb - ARRAY['a'], jsonb_set('{"a":1}', ARRAY['a'], '2')
SELECT regexp_split_to_array('a,b', ','), regexp_matches('abc', '(b)(c)'), string_to_table('a,b', ',')
SELECT current_schemas(true) @> ARRAY['pg_catalog']::name[], 'pg_catalog' = ANY (current_schemas(true))
SELECT array_dims(conkey), conkey FROM pg_constraint WHERE false
SELECT count(*) FROM pg_index WHERE indkey[0] > 0 AND 1 = ANY (indkey) AND indrelid = 0
SELECT max(a), min(a) FROM (VALUES (ARRAY['b','a']), (ARRAY['a','z'])) v(a)
SELECT row_number() OVER (ORDER BY a), lag(a) OVER (ORDER BY a), a FROM (VALUES ('{2}'::int[]), ('{1,5}'), (NULL)) v(a) ORDER BY a
SELECT a, sum(n) FROM (VALUES ('{1.0}'::numeric[], 1), ('{1}', 2), ('{2}', 3)) v(a, n) GROUP BY a ORDER BY a
SELECT count(DISTINCT a) FROM (VALUES ('{1.0}'::numeric[]), ('{1.00}'), ('{NaN}'), ('{NaN}')) v(a)
SELECT '{1,2}'::int[] = ANY (ARRAY['{1,2}', '{3}']::text[]::int[])
SELECT a[1], a[2] FROM (SELECT string_to_array('x=y', '=') AS a) s
SELECT '2024-01-01 00:00:00+02'::timestamptz = ANY ('{"2023-12-31 22:00:00+00"}'), ARRAY['now'::timestamptz] = ARRAY[now()]
SELECT ARRAY(SELECT unnest('{3,1,2}'::int[]) ORDER BY 1), ARRAY(SELECT x::text FROM unnest('{3,1}'::int[]) x)
SELECT cardinality(ARRAY[]::int[]), array_length('{}'::text[], 1), array_ndims(ARRAY[[]]::int[]), ARRAY[]::int[] = ARRAY[[]]::int[]
SELECT trim_array(ARRAY[[1,2],[3,4],[5,6]], 1), array_position(ARRAY[1,2,3,2], 2, 3), array_positions(ARRAY['a',NULL,'a'], NULL)
SELECT ARRAY[1,2,3][2], ARRAY[[1,2],[3,4]][2][1]
SELECT ARRAY[NULL]::int[], ARRAY[NULL, 'a'], ARRAY[NULL, 1.5], pg_typeof(ARRAY[NULL])
SELECT array_prepend(1, ARRAY[2.5]), array_prepend('x', '{}'), 1 || ARRAY[2], 'a' || ARRAY['b']
SELECT array_cat('{}', '{}'), array_cat(NULL, NULL)
SELECT '{1,2}'::int[] || '{}', '{}'::int[] || '{}'::int[]
SELECT octet_length(ARRAY[1]::text), ARRAY[1] || NULL::int, NULL::int || ARRAY[1]
SELECT ARRAY[1] || ARRAY[ARRAY[2]], ARRAY[[1]] || ARRAY[2]
SELECT to_char(x, 'YYYY') FROM unnest('{2024-01-01}'::date[]) x
SELECT host(x), masklen(x) FROM unnest('{10.0.0.1/24,::1}'::inet[]) x
SELECT netmask('::1'), hostmask('::/64'), broadcast('10.0.0.0/33')
SELECT inet '10.0.0.5' - inet '10.0.0.1', inet '10.0.0.0/24' + 300, cidr '10.0.0.0/8' + 1
SELECT abbrev(inet '::ffff:10.0.0.0/100'), abbrev(cidr '::ffff:0:0/96'), text(cidr '10.0.0.0/8'), host(cidr '10.0.0.0/8')
SELECT '1.2.3.4'::varchar::inet, 'x'::text::inet
SELECT cast('1.2.3.4' AS cidr), inet '1.2.3.4' = cidr '1.2.3.4/32', inet '1.2.3.4'::cidr
SELECT greatest(inet '1.2.3.4', '::1'), least(macaddr '08:00:2b:01:02:03', '00:00:00:00:00:01')
SELECT inet '1.2.3.4' < 'abc'
SELECT 5 + inet '1.2.3.4', inet '1.2.3.4' + '1'
SELECT host('1.2.3.4'), family('abc')
SELECT macaddr '08:00:2b:01:02:03' = macaddr8 '08:00:2b:ff:fe:01:02:03', trunc(macaddr '12:34:56:78:90:ab')
SELECT cidr '10.1.0.0/16' < cidr '10.0.0.0/8', max(x) FROM unnest('{10.0.0.0/8,9.0.0.0/8}'::cidr[]) x
SELECT array_agg(x) FROM (VALUES ('1.2.3.4'::inet), (NULL)) v(x)
SELECT ARRAY[1,2]::int4[][], '{{1},{2}}'::int[][][]
SELECT ARRAY[3,1,2] ORDER BY 1
SELECT sum(x) FROM unnest(ARRAY[1.5, 2]) x
SELECT ARRAY['a', 'b', 3]
SELECT '{1,2,3}'::int[] - 1
SELECT array_ndims(1)
SELECT unnest(5)
SELECT array_agg()
SELECT array_append(1, 2)
SELECT array_append('{1,2}'::int[], 'x')
SELECT array_append('{1,2}'::int[], true)
SELECT ARRAY[1,2] = 5
SELECT ARRAY[1,2] = '{1,x}'
SELECT x[1] FROM (SELECT 5 AS x) s
SELECT ('{1,2}'::int[])[1][1:2]
SELECT ('{1,2,3,4}'::int[])[2:3][1]
SELECT '[1:3][0:1]={{1,2},{3,4},{5,6}}'::int[], ('[1:3][0:1]={{1,2},{3,4},{5,6}}'::int[])[2:3][0], array_dims(('[1:3][0:1]={{1,2},{3,4},{5,6}}'::int[])[2:3][0:1])
SELECT '[-2147483648:-2147483647]={1,2}'::int[]
SELECT '[2147483646:2147483647]={1,2}'::int[]
SELECT array_append('[2147483645:2147483645]={1}'::int[], 2)
SELECT array_prepend(0, '[-2147483648:-2147483648]={1}'::int[])
SELECT '{1,2}'::int[][3]""",
    "arrays in queries": """
CREATE TABLE p (id int PRIMARY KEY, t text, v varchar(5), c char(3), n numeric(8,2), ts timestamptz, u uuid, ip inet, arr int[], txt text[])
INSERT INTO p SELECT g, 't' || g, 'v' || g, 'c' || g, g * 1.5, '2024-01-01'::timestamptz + g * interval '1 day', ('00000000-0000-0000-0000-00000000000' || g)::uuid, '10.0.0.0'::inet + g, ARRAY[g, g + 1], ARRAY['t' || g, NULL] FROM generate_series(1, 9) g
SELECT id FROM p WHERE v = ANY ('{v1,v2}') ORDER BY id
SELECT id FROM p WHERE v = ANY (ARRAY['v1', 'v2']) ORDER BY id
SELECT id FROM p WHERE v = ANY (ARRAY['v1', 'v2']::varchar[]) ORDER BY id
SELECT id FROM p WHERE v = ANY (ARRAY['v1', 'v2']::text[]) ORDER BY id
SELECT id FROM p WHERE c = ANY ('{c1,c2}') ORDER BY id
SELECT id FROM p WHERE c = ANY (ARRAY['c1 ', 'c2']::bpchar[]) ORDER BY id
SELECT id FROM p WHERE n = ANY (ARRAY[1.5, 3]) ORDER BY id
SELECT id FROM p WHERE n = ANY ('{1.50,3}') ORDER BY id
SELECT id FROM p WHERE id = ANY (ARRAY[1, 2.0]) ORDER BY id
SELECT id FROM p WHERE id = ANY ('{1,2}'::bigint[]) ORDER BY id
SELECT id FROM p WHERE id = ANY ('{1,2}'::smallint[]) ORDER BY id
SELECT id FROM p WHERE u = ANY ('{00000000-0000-0000-0000-000000000001}') ORDER BY id
SELECT id FROM p WHERE ip = ANY ('{10.0.0.1,10.0.0.9}') ORDER BY id
SELECT id FROM p WHERE ip << ANY ('{10.0.0.0/30}'::cidr[]) ORDER BY id
SELECT id FROM p WHERE ts = ANY ('{2024-01-02}') ORDER BY id
SELECT id FROM p WHERE ts > ALL (ARRAY['2024-01-05', '2024-01-07']::date[]) ORDER BY id
SELECT id FROM p WHERE arr @> ARRAY[3] ORDER BY id
SELECT id FROM p WHERE arr && '{3,5}' ORDER BY id
SELECT id FROM p WHERE arr[1] = 4 OR arr = '{1,2}' ORDER BY id
SELECT id FROM p WHERE 't3' = ANY (txt) ORDER BY id
SELECT id FROM p WHERE 'x' <> ALL (txt) ORDER BY id
SELECT p.id, q.id FROM p JOIN p q ON p.id = ANY (q.arr) ORDER BY 1, 2
SELECT p.id, q.id FROM p JOIN p q ON p.arr && q.arr AND p.id < q.id ORDER BY 1, 2
SELECT id, (SELECT array_agg(x ORDER BY x DESC) FROM unnest(arr) x) FROM p ORDER BY id LIMIT 3
SELECT id, x FROM p, LATERAL unnest(arr) x WHERE x > 8 ORDER BY id, x
SELECT array_agg(ip ORDER BY ip DESC), array_agg(u ORDER BY u) FILTER (WHERE id < 3), array_agg(ts ORDER BY ts) FILTER (WHERE id < 3) FROM p
SELECT id % 2, array_agg(id ORDER BY id), array_agg(arr ORDER BY id) FROM p GROUP BY 1 ORDER BY 1
SELECT array_agg(v ORDER BY v), pg_typeof(array_agg(v)), pg_typeof(array_agg(c)), pg_typeof(array_agg(n)) FROM p
UPDATE p SET arr = array_append(arr, id), txt = NULL WHERE id < 3
UPDATE p SET arr = arr || '{100}', txt = ARRAY[v, c] WHERE id = 3
SELECT id, arr, txt FROM p WHERE id <= 3 ORDER BY id
SELECT DISTINCT arr[1:1] FROM p ORDER BY 1
SELECT arr, count(*) FROM p GROUP BY arr HAVING count(*) > 0 ORDER BY arr DESC LIMIT 3
CREATE UNIQUE INDEX pa ON p (arr, id)
INSERT INTO p (id, arr) VALUES (20, '{1,2,1}')
SELECT id FROM p WHERE arr = '{1,2,1}' ORDER BY id
SELECT id, arr FROM p WHERE arr BETWEEN '{2}' AND '{4}' ORDER BY arr, id
SELECT arr FROM p ORDER BY arr LIMIT 3
ANALYZE p
SELECT id FROM p WHERE arr >= '{8}' ORDER BY id
INSERT INTO p (id, arr, ip) VALUES (30, '{NULL}', '::1') ON CONFLICT (id) DO UPDATE SET arr = EXCLUDED.arr || p.arr RETURNING arr
INSERT INTO p (id, arr, ip) VALUES (30, '{7}', '::1') ON CONFLICT (id) DO UPDATE SET arr = EXCLUDED.arr || p.arr RETURNING arr
WITH RECURSIVE r (path, id) AS (SELECT ARRAY[1], 1 UNION ALL SELECT path || (id + 1), id + 1 FROM r WHERE id < 4) SELECT * FROM r ORDER BY path
WITH RECURSIVE r (path, id) AS (SELECT ARRAY[1], 1 UNION ALL SELECT path || id % 3, id % 3 + 1 FROM r WHERE NOT id % 3 = ANY (path)) SELECT * FROM r ORDER BY path
CREATE VIEW pv AS SELECT id, arr[1] AS first, ARRAY[id, 1] AS pair, arr[1:2] AS part, ARRAY[[id], [2]] AS nested FROM p
SELECT * FROM pv WHERE id < 3 ORDER BY id""",
    "arrays and parameters": """
CREATE TABLE z (id int PRIMARY KEY, a int[], m int[][])
INSERT INTO z VALUES (1, '{1,2,3}', '{{1,2},{3,4}}')
UPDATE z SET m[2][1] = 9 WHERE id = 1 RETURNING m
UPDATE z SET m[3][1] = 9 WHERE id = 1
UPDATE z SET a[2147483647] = 1 WHERE id = 1
UPDATE z SET a[-5] = 0 WHERE id = 1 RETURNING a
PREPARE s1 AS SELECT $1 = ANY (a) FROM z
PREPARE s2 AS SELECT id FROM z WHERE a @> $1 AND a[$2] = $3
EXECUTE s2 ('{1}', 1, 1)
PREPARE s3 AS INSERT INTO z VALUES ($1, $2, $3)
EXECUTE s3 (2, '{5}', '{{6}}')
PREPARE s4 AS SELECT array_append(a, $1), a || $2 FROM z ORDER BY id
EXECUTE s4 (7, '{8}')
PREPARE s5 AS SELECT unnest($1::text[]), $2::inet[]
EXECUTE s5 ('{a}', '{1.2.3.4}')
PREPARE s6 AS SELECT ARRAY[$1, $2]::int[], ARRAY[$3::text]
EXECUTE s6 (1, 2, 'x')
PREPARE s7 AS SELECT array_length($1, 1)
PREPARE s8 AS SELECT array_position($1, 'a')
EXECUTE s8 ('{b,a}')
SELECT name, parameter_types FROM pg_prepared_statements ORDER BY 1
SELECT * FROM z WHERE a IN ('{5}', '{1}') ORDER BY id
SELECT id FROM z WHERE (id, a) = (2, '{5}')
SELECT id FROM z WHERE a = (SELECT a FROM z WHERE id = 2)
SELECT id FROM z WHERE a IN (SELECT a FROM z WHERE id = 2)
SELECT id FROM z ORDER BY cardinality(a) DESC, id
SELECT x FROM unnest(ARRAY['b','a','c']) WITH ORDINALITY t(x, n) ORDER BY n DESC
SELECT string_agg(x::text, ',' ORDER BY x) FROM unnest(ARRAY[3,1,2]) x
SELECT ARRAY[1,2,3] <@ ARRAY[1,2,3,4], NOT ARRAY[1] @> ARRAY[2]
SELECT id, CASE WHEN a IS NULL THEN '{}' ELSE a END FROM z ORDER BY id
SELECT array_agg(id) OVER (ORDER BY id), first_value(a) OVER (ORDER BY id) FROM z ORDER BY id
SELECT a FROM z UNION ALL SELECT ARRAY[9] ORDER BY 1
SELECT a FROM z INTERSECT SELECT '{5}'
SELECT a::text[] && ARRAY['5'] FROM z ORDER BY id
SELECT DISTINCT ON (a[1]) a FROM z ORDER BY a[1], id
SELECT lower(x) FROM unnest('{A,B}'::text[]) x
SELECT '{1,2}'::_int4, 'x'::_text
SELECT typarray::regtype, typelem::regtype FROM pg_type WHERE typname IN ('_inet', 'inet') ORDER BY 1
SELECT format_type(1041, NULL), format_type(1015, 14), format_type(1231, 655366), '_int4'::regtype, 'inet[]'::regtype::oid
SELECT pg_typeof(NULL::int[]), pg_typeof(ARRAY[1]::int[]) = 'integer[]'::regtype
SELECT json_agg(a ORDER BY id), jsonb_agg(a ORDER BY id) FROM z
SELECT jsonb_object_agg(id, a) FROM z
SELECT to_json(ip) FROM (SELECT '10.0.0.1/8'::inet AS ip) s""",
}
