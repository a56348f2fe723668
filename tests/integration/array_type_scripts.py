"""Scripts for one session about arrays of every type, and about network addresses. One statement a
line; whoever reads them compares the answers of two servers, with their types and messages.
"""

# A literal or two of every type that has arrays, in its order.
VALUES = {
    "bool": ["false", "true"],
    "int2": ["-7", "12"],
    "int4": ["-70000", "5"],
    "int8": ["-7000000000", "9"],
    "float4": ["-1.5", "NaN"],
    "float8": ["-1e300", "0.1"],
    "numeric": ["-1.50", "12345678901234567890123456789012345678901234567890.123"],
    "text": ["", "a \"quoted\" {one}"],
    "varchar": ["NULL", "x y"],
    "bpchar": ["a", "b"],
    "name": ["pg_class", "t"],
    "date": ["1999-12-31", "infinity"],
    "time": ["00:00:01", "23:59:59.5"],
    "timestamp": ["2000-01-01 00:00:00", "2024-02-29 12:34:56.789"],
    "timestamptz": ["2000-01-01 00:00:00+00", "2024-02-29 12:34:56.789+00"],
    "interval": ["1 day", "1 mon 02:03:04"],
    "bytea": ["\\x", "\\x00ff"],
    "uuid": ["00000000-0000-0000-0000-000000000001", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"],
    "jsonb": ["1", "{\"a\": [1, \"x\"]}"],
    "oid": ["1", "4000000000"],
    "regtype": ["integer", "text"],
    "inet": ["10.0.0.1", "2001:db8::1/64"],
    "cidr": ["10.0.0.0/8", "2001:db8::/32"],
    "macaddr": ["08:00:2b:01:02:03", "ff:00:2b:01:02:03"],
    "macaddr8": ["08:00:2b:01:02:03:04:05", "ff:00:2b:01:02:03:04:05"],
}


def of_type(name):
    low, high = (value.replace("'", "''") for value in VALUES[name])
    # There are no operators of regtype: the literal would be an oid.
    low_alone = f"'{low}'" + ("::regtype" if name == "regtype" else "")
    both = f"ARRAY['{low}', '{high}']::{name}[]"
    return f"""
SELECT {both}, ARRAY['{low}'::{name}, NULL, '{high}']
SELECT ({both})[2], ({both})[3], ({both})[2:], ({both})[:1]
SELECT pg_typeof({both}), array_length({both}, 1), cardinality({both}), array_dims({both})
SELECT {both} = {both}, {both} < ARRAY['{high}']::{name}[], {both} @> ARRAY['{high}']::{name}[], {both} && ARRAY[NULL]::{name}[]
SELECT array_append({both}, '{low}'), array_prepend(NULL, {both}), {both} || {both}, {both} || '{low}'::{name}
SELECT array_position({both}, '{high}'), array_positions({both}, '{low}'), array_remove({both}, '{low}'), array_replace({both}, '{low}', NULL)
SELECT array_to_string({both}, ','), array_to_json({both})
SELECT '{high}'::{name} = ANY ({both}), '{high}'::{name} <> ALL ({both}), {low_alone} = ANY ({both})
SELECT array_agg(x), array_agg(x ORDER BY x DESC) FROM unnest({both}) x
SELECT x, count(*) FROM unnest({both} || {both}) x GROUP BY x ORDER BY x
SELECT min(a), max(a), count(DISTINCT a) FROM (VALUES ({both}), (ARRAY['{high}']::{name}[]), (NULL), ('{{}}')) v (a)
DROP TABLE IF EXISTS arrays
CREATE TABLE arrays (id int PRIMARY KEY, a {name}[], b {name}[][] DEFAULT '{{}}')
INSERT INTO arrays (id, a) VALUES (1, {both}), (2, ARRAY['{low}']::{name}[]), (3, '{{}}'), (4, NULL), (5, ARRAY[NULL, '{high}']::{name}[])
SELECT * FROM arrays ORDER BY a, id
SELECT a, count(*) FROM arrays GROUP BY a ORDER BY a DESC NULLS LAST
SELECT DISTINCT a FROM arrays ORDER BY a
SELECT id FROM arrays WHERE a = {both}
SELECT id FROM arrays WHERE {low_alone} = ANY (a) ORDER BY id
SELECT x.id, y.id FROM arrays x JOIN arrays y ON x.a = y.a ORDER BY 1, 2
UPDATE arrays SET b = ARRAY[a, a] WHERE id = 1 RETURNING b, b[2][1], b[1:1][2]
CREATE INDEX ON arrays (a)
SELECT id FROM arrays WHERE a > ARRAY['{low}']::{name}[] ORDER BY a LIMIT 3
SELECT ARRAY(SELECT a[1] FROM arrays ORDER BY id)
"""


SCRIPTS = {
    "literals": """
SELECT '{1,2,3}'::int[], '{{1,2},{3,4}}'::int[], '[0:1]={5,6}'::int[], '[-1:0][2:3]={{1,2},{3,4}}'::int[]
SELECT '{}'::int[], '{ }'::text[], '{NULL,null,"null"}'::text[], '{"a,b","c\\"d",e\\\\f, g h }'::text[]
SELECT '{1,2'::int[]
SELECT '1,2}'::int[]
SELECT '{1,x}'::int[]
SELECT '{{1,2},{3}}'::int[]
SELECT '{1}}'::int[]
SELECT '[1:2]={1}'::int[]
SELECT '[2:1]={1}'::int[]
SELECT '[1:2{1,2}'::int[]
SELECT '[1:2]{1,2}'::int[]
SELECT '[]={1}'::int[]
SELECT '[1:1]=1'::int[]
SELECT '{"1"2}'::int[]
SELECT '{,1}'::int[]
SELECT '{1,}'::int[]
SELECT '{{{{{{{1}}}}}}}'::int[]
SELECT '{300000}'::int2[]
SELECT '{a,b}'::varchar(1)[], '{abc}'::varchar(2)[], '{abc,d}'::char(2)[], '{1.25,2}'::numeric(4,1)[]
SELECT ARRAY['abc', 'd']::varchar(2)[], ARRAY[1.25, 2]::numeric(4,1)[]
SELECT '{t,f,NULL}'::bool[], '{1999-01-08}'::date[], '{"1 day"}'::interval[]
SELECT '1 2 3'::int2vector, '1 2 3'::oidvector, '1 2'::int2vector::int2[], ('5 6'::int2vector)[0], ''::int2vector""",
    "constructors": """
SELECT ARRAY[1, 2, 3], ARRAY[1, 2.5], ARRAY['a', 'b'], ARRAY[1, NULL], ARRAY[NULL]
SELECT ARRAY[ARRAY[1, 2], ARRAY[3, 4]], ARRAY[[1, 2], [3, 4]], ARRAY['{1,2}'::int[], '{3,4}']
SELECT ARRAY[]::int[], ARRAY[[], []]::int[], ARRAY[]::text[] = '{}'
SELECT ARRAY[]
SELECT ARRAY[1, 'a']
SELECT ARRAY[1, true]
SELECT ARRAY[[1, 2], [3]]
SELECT ARRAY[[1, 2], 3]
SELECT ARRAY[1, 'x']::int[]
SELECT ARRAY['1', '2']::int[], ARRAY[1, 2]::text[], ARRAY[1, 2]::int8[], ARRAY[now()] = ARRAY[now()]
SELECT ARRAY[g, g * 2], ARRAY[[g], [g + 1]], ARRAY[g::text] FROM generate_series(1, 3) g
SELECT ARRAY[ARRAY[g], ARRAY[]::int[]] FROM generate_series(1, 2) g
SELECT ARRAY(SELECT g FROM generate_series(1, 3) g), ARRAY(SELECT ARRAY[g, g] FROM generate_series(1, 2) g), ARRAY(SELECT 1 WHERE false)
SELECT ARRAY(SELECT ARRAY[]::int[])
SELECT pg_typeof(ARRAY[1, 2]), pg_typeof(ARRAY[1::int2, 2::int8]), pg_typeof(ARRAY['x'::name])""",
    "subscripts": """
CREATE TABLE s (id int, a int[], m int[][], t text[])
INSERT INTO s VALUES (1, '{1,2,3}', '{{1,2},{3,4}}', '{a,b}'), (2, '[0:2]={1,2,3}', NULL, '{}'), (3, NULL, '{}', NULL)
SELECT id, a[1], a[0], a[4], m[1][2], m[1], m[2][3], t[2] FROM s ORDER BY id
SELECT id, a[2:3], a[:2], a[2:], a[:], m[1:1], m[2:2][1:1], m[1:2][2], m[2], t[1:5], t[3:4] FROM s ORDER BY id
SELECT a[id], a[id + 1], a[NULL], a[1:NULL] FROM s ORDER BY id
SELECT (a)[1.4], (ARRAY[10, 20, 30])[2], (string_to_array('a b', ' '))[2] FROM s WHERE id = 1
SELECT a['x'] FROM s
SELECT a[true] FROM s
SELECT id[1] FROM s
SELECT a[1][1][1][1][1][1][1] FROM s
SELECT array_dims(a), array_lower(a, 1), array_upper(a, 1), array_ndims(m), array_length(m, 2), array_length(m, 3), cardinality(m) FROM s ORDER BY id
SELECT id, generate_subscripts(a, 1) FROM s ORDER BY 1, 2
SELECT generate_subscripts('{{1,2,3},{4,5,6}}'::int[], 2, true)
SELECT * FROM s WHERE a[2] = 2 ORDER BY id
SELECT * FROM s ORDER BY a[1], id
SELECT id FROM s WHERE 3 = ANY (a) ORDER BY id
SELECT id FROM s WHERE 3 > ALL (a) ORDER BY id
SELECT id, x, n FROM s, unnest(a) WITH ORDINALITY AS u (x, n) ORDER BY id, n
SELECT * FROM unnest('{1,2}'::int[], '{a,b,c}'::text[]) AS u (x, y)
SELECT * FROM unnest('{{1,2},{3,4}}'::int[]) x
SELECT unnest('{}'::int[])""",
    "functions": """
SELECT array_append('{1,2}'::int[], 3), array_append(NULL::int[], 3), array_append('{1}'::int[], NULL), array_append('[5:6]={1,2}'::int[], 3)
SELECT array_append('{1,2}'::int[], 2.5), array_append('{a}', 'b'), array_append('{{1}}'::int[], 2)
SELECT array_prepend(0, '{1,2}'::int[]), array_prepend(0, '[5:6]={1,2}'::int[]), array_prepend(NULL, NULL::text[])
SELECT array_cat('{1}'::int[], '{2,3}'), array_cat(NULL, '{1}'::int[]), array_cat('{1,2}'::int[], '{{3,4}}'::int[]), array_cat('{{1,2}}'::int[], '{3,4}'::int[]), array_cat('{{1}}'::int[], '{{2},{3}}'::int[])
SELECT array_cat('{{1,2}}'::int[], '{{3}}'::int[])
SELECT array_cat('{{{1}}}'::int[], '{3}'::int[])
SELECT array_cat('{{1,2}}'::int[], '{3}'::int[])
SELECT '{1,2}'::int[] || 3, 0 || '{1,2}'::int[], '{1,2}'::int[] || '{3}', '{1,2}'::int[] || NULL, NULL || '{1}'::int[], '{1,2}'::int[] || 2.5, '{a}'::text[] || 'b'::text
SELECT '{1,2}'::int[] || '3'
SELECT '{1}'::int[] || 'a'::text
SELECT array_remove('{1,2,1,NULL}'::int[], 1), array_remove('{1,NULL}'::int[], NULL), array_remove('[3:4]={1,2}'::int[], 1), array_remove('{1}'::int[], 1), array_remove(NULL::int[], 1)
SELECT array_remove('{{1}}'::int[], 1)
SELECT array_replace('{1,2,1}'::int[], 1, 9), array_replace('{1,NULL}'::int[], NULL, 2), array_replace('{{1,2}}'::int[], 2, NULL)
SELECT array_position('{a,b,c,b}'::text[], 'b'), array_position('{a,b,c,b}'::text[], 'b', 3), array_position('{a,NULL}'::text[], NULL), array_position('{a}'::text[], 'z'), array_position('[4:5]={1,2}'::int[], 2)
SELECT array_position('{{1}}'::int[], 1)
SELECT array_position('{1}'::int[], 1, NULL)
SELECT array_positions('{1,2,1}'::int[], 1), array_positions('{1}'::int[], 5), array_positions(NULL::int[], 5)
SELECT array_fill(7, ARRAY[3]), array_fill(7, ARRAY[2, 2]), array_fill(NULL::int, ARRAY[2]), array_fill('x'::text, ARRAY[2], ARRAY[0]), array_fill(1, '{}'), array_fill(1, ARRAY[0])
SELECT array_fill(1, NULL)
SELECT array_fill(1, ARRAY[NULL]::int[])
SELECT array_fill(1, ARRAY[2], ARRAY[1, 2])
SELECT array_fill(1, ARRAY[-1])
SELECT array_fill(1, ARRAY[100000, 100000])
SELECT trim_array('{1,2,3}'::int[], 2), trim_array('{1,2,3}'::int[], 0), trim_array('[2:4]={1,2,3}'::int[], 1), trim_array('{1}'::int[], 1)
SELECT trim_array('{1,2,3}'::int[], 4)
SELECT array_to_string('{1,NULL,3}'::int[], ','), array_to_string('{1,NULL,3}'::int[], ',', '*'), array_to_string('{{a,b},{c,d}}'::text[], '-'), array_to_string('{t,f}'::bool[], ' ')
SELECT string_to_array('a,b,,c', ','), string_to_array('a,b', NULL), string_to_array('', ','), string_to_array('a,b', ''), string_to_array('x y', ' ', 'y'), string_to_array(NULL, ',')
SELECT cardinality('{{1,2},{3,4}}'::int[]), array_ndims('{}'::int[]), array_dims('[3:4][1:2]={{1,2},{3,4}}'::int[])
SELECT array_length('{1,2}', 1)
SELECT unnest('{1,2}')
SELECT cardinality(5)
SELECT array_agg(ARRAY[g, g]), array_agg(g::numeric), array_agg(NULL::text) FROM generate_series(1, 2) g
SELECT array_agg(a) FROM (VALUES ('{1}'::int[]), ('{1,2}')) v (a)
SELECT array_agg(g) FROM generate_series(1, 0) g
SELECT greatest('{1,2}'::int[], '{1,3}', '{}'), least('{a}'::text[], '{A}')
SELECT to_json('{{1,2},{3,4}}'::int[]), to_jsonb('{a,NULL}'::text[]), to_json('{t}'::bool[]), to_jsonb(ARRAY['2024-01-02 03:04:05'::timestamp]), array_to_json('{"{\\"a\\":1}"}'::json[])
SELECT json_agg(x) FROM (SELECT '{1,2}'::int[] AS x) v
SELECT current_schemas(false), regexp_match('ab12', '([a-z]+)(\\d+)'), regexp_split_to_array('a1b2c', '\\d')""",
    "operators": """
SELECT '{1,2}'::int[] = '{1,2}', '{1,2}'::int[] <> '{2,1}', '{1,2}'::int[] < '{1,2,3}', '{2}'::int[] > '{1,2,3}', '{1,NULL}'::int[] > '{1,2}', '{NULL}'::int[] = '{NULL}'
SELECT '{1,2}'::int[] = '[0:1]={1,2}', '{1,2}'::int[] < '[0:1]={1,2}', '{{1,2}}'::int[] > '{1,2}', '{1.0,2.00}'::numeric[] = '{1,2}'
SELECT '{1,2,3}'::int[] @> '{3,1}', '{1,2,3}'::int[] @> '{}', '{1}'::int[] <@ '{{1,2}}', '{NULL}'::int[] @> '{NULL}', '{1,2}'::int[] && '{2,5}', '{}'::int[] && '{}'
SELECT '{1,2}'::int[] = '{1,2}'::int8[]
SELECT '{1}'::json[] = '{1}'::json[]
SELECT '{1,2}'::int[] + 1
SELECT 1 = ANY ('{1,2}'), 5 > ALL ('{1,2}'), 'a' = ANY ('{a,b}'), 1.5 < ANY ('{1,2}'), 1 = ANY (NULL::int[])
SELECT 1 = ANY ('{{1,2},{3,4}}'::int[]), NULL = ANY ('{1}'::int[]), 2 = ANY ('{1,NULL}'::int[]), 1 <> ALL ('{}'::int[])
SELECT 1 = ANY (5)
SELECT ('{1,2}'::int[])::text, '{1,2}'::int[]::varchar, ('{1,2}'::int[])::int8[], '{1.5}'::float8[]::int[], '{a}'::text[]::int[]
SELECT '{1,2}'::int[]::text[], '{t}'::bool[]::text[], '{1}'::text[]::int[], '{2024-01-02}'::date[]::timestamp[], '{abc}'::text[]::varchar(2)[], '{abc}'::text[]::name[]
SELECT '{1}'::int[]::int
SELECT 1::int[]
SELECT '{1}'::int[]::uuid[]
SELECT coalesce(NULL, '{1}'::int[]), CASE WHEN true THEN '{a}'::text[] END, nullif('{1}'::int[], '{1}')
SELECT '{1}'::int[] IN ('{1}', '{2}'), '{3}'::int[] IN ('{1}', '{2}'), '{1.0}'::numeric[] IN ('{1}', NULL)
SELECT '{1}'::int[] UNION SELECT '{1}' UNION SELECT '{2}' ORDER BY 1
SELECT '{1}'::int[] UNION SELECT '{1.5}'::numeric[] ORDER BY 1""",
    "columns": """
CREATE TABLE c (id int PRIMARY KEY, tags text[] NOT NULL DEFAULT '{}', n numeric(6,2)[], v varchar(3)[], w int[3])
INSERT INTO c VALUES (1, '{a,b}', '{1,2.345}', '{abc}', '{1,2,3,4}')
INSERT INTO c (id, tags) VALUES (2, ARRAY['x']), (3, DEFAULT)
INSERT INTO c (id, v) VALUES (4, '{abcd}')
INSERT INTO c (id, tags) VALUES (5, NULL)
INSERT INTO c (id, n) VALUES (6, ARRAY[99999])
INSERT INTO c (id, n) VALUES (7, '{1}'::int[])
INSERT INTO c (id, tags) VALUES (8, 5)
SELECT * FROM c ORDER BY id
UPDATE c SET tags = tags || 'z'::text, n = n || 7 WHERE id = 1 RETURNING *
UPDATE c SET tags = array_remove(tags, 'a')
UPDATE c SET tags[2] = 'second', n[4] = 1.239
SELECT id, tags, n FROM c ORDER BY id
UPDATE c SET w[0] = -1, w[7] = 70 WHERE id = 1 RETURNING w
UPDATE c SET w[1][1] = 5 WHERE id = 1
UPDATE c SET w[NULL] = 5 WHERE id = 1
UPDATE c SET w[2] = NULL, tags[1] = tags[2] || '!' WHERE id = 1 RETURNING w, tags
UPDATE c SET w[1] = 'x'
UPDATE c SET w[1] = true
UPDATE c SET v[2] = 'abcd'
UPDATE c SET w = NULL WHERE id = 2
UPDATE c SET w[3] = 3 WHERE id = 2 RETURNING w
DELETE FROM c WHERE tags @> ARRAY['z'] RETURNING id
SELECT attname, format_type(atttypid, atttypmod), atttypid::int FROM pg_attribute WHERE attrelid = 'c'::regclass AND attnum > 0 ORDER BY attnum
SELECT column_name, data_type, udt_name FROM information_schema.columns WHERE table_name = 'c' ORDER BY ordinal_position
ALTER TABLE c ADD extra uuid[] DEFAULT '{00000000-0000-0000-0000-000000000001}'
SELECT id, extra FROM c ORDER BY id
SELECT id, w FROM c ORDER BY id
CREATE TABLE k (tags text[] PRIMARY KEY, u numeric[] UNIQUE)
INSERT INTO k VALUES ('{a}', '{1.0}'), ('{a,b}', '{2}'), ('{}', NULL)
INSERT INTO k VALUES ('{a}', NULL)
INSERT INTO k VALUES ('{c}', '{1.00}')
SELECT * FROM k ORDER BY tags DESC
SELECT * FROM k WHERE tags = '{a,b}'
SELECT * FROM k WHERE u = '{1}'
CREATE VIEW cv AS SELECT id, tags[1] AS first, ARRAY[id, 2] AS both FROM c WHERE 'x' = ANY (tags)
SELECT * FROM cv
CREATE TABLE ck (a int[] CHECK (cardinality(a) < 3))
INSERT INTO ck VALUES ('{1,2,3}')
INSERT INTO ck VALUES ('{1,2}')
SELECT typname, typelem::int, typarray::int, typcategory, typlen, typdelim FROM pg_type WHERE typname IN ('inet', '_inet', '_uuid', '_varchar', '_numeric', 'cidr', 'macaddr', 'macaddr8', '_macaddr', '_jsonb', '_int2', 'int2vector') ORDER BY typname""",
    "untyped constants of INSERT": """
CREATE TABLE o (id int, total numeric(10,2), d date, tags text[])
PREPARE i AS INSERT INTO o SELECT g, $1, $2, $3 FROM generate_series(1, 2) g ORDER BY g RETURNING *
EXECUTE i ('12.345', '2024-02-29', '{a}')
INSERT INTO o SELECT g, '1.5', '2024-01-01', '{}' FROM generate_series(1, 2) g ORDER BY g DESC LIMIT 1
INSERT INTO o SELECT 1, 'x'
INSERT INTO o SELECT g, '7', '2024-01-01' FROM generate_series(1, 2) g ORDER BY 2, g
SELECT * FROM o ORDER BY id, total
SELECT count(*), count(*) FILTER (WHERE barelabel) FROM pg_get_keywords()
SELECT * FROM pg_get_keywords() WHERE word IN ('select', 'abs', 'between', 'left', 'abort') ORDER BY word""",
    "settings": """
SET TimeZone = 'Asia/Tokyo'
SELECT '{2024-01-01 00:00:00+00}'::timestamptz[], '{2024-01-01 12:00}'::timestamptz[], ARRAY['2024-01-01 12:00'::timestamptz]
SELECT ARRAY['2024-01-01 12:00+00'::timestamptz]::text[], ARRAY['2024-01-01 12:00+00'::timestamptz]::timestamp[], ARRAY['2024-01-01'::date]::timestamptz[]
SELECT ARRAY['now'::timestamptz] = ARRAY[now()], '{now}'::timestamptz[] = ARRAY[now()], ARRAY['today'::date] = ARRAY[current_date], '{today}'::date[] = ARRAY[current_date]
SELECT to_jsonb(ARRAY['2024-01-01 12:00+00'::timestamptz]), json_agg(ARRAY['2024-01-01 12:00+00'::timestamptz]), array_to_string(ARRAY['2024-01-01 12:00+00'::timestamptz], ',')
SET DateStyle = 'German'
SELECT '{01.02.2024}'::date[], ARRAY['01.02.2024'::date]::text, ARRAY['01.02.2024'::date]::text[]
SET DateStyle = 'ISO'
SET IntervalStyle = 'iso_8601'
SELECT '{"1 day 02:00"}'::interval[], ARRAY['1 day'::interval]::text[]
SET bytea_output = 'escape'
SELECT ARRAY['\\x6162ff'::bytea], ARRAY['\\x6162ff'::bytea]::text
SET extra_float_digits = 0
SELECT ARRAY[0.1::float8 + 0.2::float8], ARRAY[0.1::float8 + 0.2::float8]::text
RESET ALL""",
    "names of objects": """
SELECT ('{pg_class,pg_type}'::regclass[])::text, ARRAY['pg_class'::regclass]::text[], array_to_string(ARRAY['pg_class'::regclass, NULL], ',', '-')
SELECT '{nothing_of_this_name}'::regclass[]
SELECT count(*) FROM pg_class WHERE oid = ANY ('{pg_class,pg_type}'::regclass[])
SELECT relname FROM pg_class WHERE oid = ANY (ARRAY['pg_class'::regclass, 'pg_type'::regclass]) ORDER BY 1""",
    "prepared": """
PREPARE p1 (int[]) AS SELECT 2 = ANY ($1), $1 || 5, $1[1], cardinality($1)
EXECUTE p1 ('{1,2}')
EXECUTE p1 (ARRAY[3])
EXECUTE p1 (NULL)
PREPARE p2 AS SELECT g FROM generate_series(1, 5) g WHERE g = ANY ($1) ORDER BY g
EXECUTE p2 ('{2,4,9}')
PREPARE p3 (uuid[]) AS SELECT unnest($1), ARRAY[$1[1], NULL]
EXECUTE p3 ('{00000000-0000-0000-0000-000000000001}')
PREPARE p4 AS SELECT 'a'::varchar = ANY ($1), '10.0.0.1'::inet << ANY ($2)
EXECUTE p4 ('{a}', '{10.0.0.0/8}')
PREPARE p5 (text, text) AS SELECT ARRAY[$1, $2], ARRAY[$1] || $2
EXECUTE p5 ('a', NULL)
SELECT name, parameter_types FROM pg_prepared_statements ORDER BY name""",
    "network addresses": """
SELECT '10.1.2.3'::inet, '10.1.2.3/24'::inet, '10/8'::inet, '10.1/16'::inet, '::1'::inet, '2001:db8::ff00:42:8329/64'::inet, '::ffff:1.2.3.4'::inet, '::1.2.3.4'::inet, '0.0.0.0/0'::inet
SELECT '10'::cidr, '10.1'::cidr, '192.168'::cidr, '172.16.0'::cidr, '224'::cidr, '10.0.0.0/8'::cidr, '2001:db8::/32'::cidr, '1:2:3:4:5:6:7:8'::cidr, '::/0'::cidr, '0x0a01'::cidr
SELECT '10'::inet
SELECT '10.1.2.3/33'::inet
SELECT '10.1.2.256'::inet
SELECT '10.1.2.3.4'::inet
SELECT ''::inet
SELECT '10.1.2.3/8'::cidr
SELECT '2001:db8::1/32'::cidr
SELECT '1::2::3'::inet
SELECT ':1'::inet
SELECT '1:2:3:4:5:6:7'::inet
SELECT '::12345'::inet
SELECT '::/129'::inet
SELECT host('10.1.2.3/24'), text('10.1.2.3'::inet), abbrev('10.1.0.0/16'::inet), abbrev('10.1.0.0/16'::cidr), abbrev('10.0.0.0/8'::cidr), abbrev('2001:db8::/32'::cidr), abbrev('::/0'::cidr), abbrev('0.0.0.0/0'::cidr), abbrev('10.1.160.0/19'::cidr)
SELECT family('::1'), family('1.2.3.4'), masklen('10.1.2.3/24'), netmask('10.1.2.3/20'), hostmask('10.1.2.3/20'), network('10.1.2.3/20'), broadcast('10.1.2.3/20'), broadcast('2001:db8::/100')
SELECT set_masklen('10.1.2.3/24'::inet, 16), set_masklen('10.1.2.0/24'::cidr, 16), set_masklen('10.1.2.3/24'::inet, -1), set_masklen('10.1.2.3'::inet, 0)
SELECT set_masklen('10.1.2.3/24'::inet, 33)
SELECT inet_same_family('1.2.3.4', '::1'), inet_merge('10.1.2.3', '10.1.3.4'), inet_merge('10.0.0.0/8', '11.0.0.0/16')
SELECT inet_merge('10.1.2.3', '::1')
SELECT '10.1.2.3'::inet << '10.1.2.0/24', '10.1.2.0/24'::inet <<= '10.1.2.0/24', '10.1.2.0/24'::inet >> '10.1.2.3', '10.0.0.0/8'::cidr >>= '10.0.0.0/8', '10.1.0.0/16'::inet && '10.1.2.0/24', '10.1.0.0/16'::inet && '::/0'
SELECT ~ '10.1.2.3'::inet, '10.1.2.3'::inet & '255.255.0.0', '10.1.2.0/24'::inet | '0.0.0.255', ~ '::1'::inet
SELECT '10.1.2.3'::inet & '::1'
SELECT '10.1.2.3'::inet + 10, 5 + '10.1.2.3'::inet, '10.1.2.3'::inet - 4, '10.1.2.3'::inet - '10.1.2.0'::inet, '::5'::inet - '::1', '::1'::inet - '::5', '10.1.2.3/24'::inet + 256
SELECT '255.255.255.255'::inet + 1
SELECT '0.0.0.0'::inet - 1
SELECT 'ffff::'::inet - '::1'
SELECT '10.1.2.3'::inet - '::1'
SELECT a FROM (VALUES ('10.1.2.3'::inet), ('10.1.2.3/8'), ('10.0.0.0/8'), ('10.0.0.0/16'), ('::1'), ('::/0'), ('9.255.0.0/16'), ('10.1.2.3/16')) v (a) ORDER BY a
SELECT a::text, a::cidr, a::varchar, a::text::inet FROM (VALUES ('10.1.2.3/8'::inet), ('::1')) v (a)
SELECT '10.0.0.0/8'::cidr::inet, '10.0.0.0/8'::cidr = '10.0.0.0/8'::inet, '10.0.0.0/8'::cidr < '11.0.0.0/8'::cidr, min(a), max(a) FROM (VALUES ('10.1.2.3'::inet), ('::1')) v (a)
SELECT '08:00:2b:01:02:03'::macaddr, '08-00-2b-01-02-03'::macaddr, '08002b:010203'::macaddr, '08002b-010203'::macaddr, '0800.2b01.0203'::macaddr, '0800-2b01-0203'::macaddr, '08002b010203'::macaddr, '8:0:2b:1:2:3'::macaddr
SELECT '08:00:2b:01:02:03:04:05'::macaddr8, '08:00:2b:01:02:03'::macaddr8, '08002b0102030405'::macaddr8, ' 08-00-2b-01-02-03-04-05 '::macaddr8, '08:00:2b:01:02:03'::macaddr::macaddr8, '08:00:2b:ff:fe:01:02:03'::macaddr8::macaddr
SELECT '08:00:2b:01:02'::macaddr
SELECT '08:00:2b:01:02:0x'::macaddr
SELECT '08:00:2b:01:02:300'::macaddr
SELECT '08:00-2b:01:02:03:04:05'::macaddr8
SELECT '08:00:2b:01:02:03:04:05'::macaddr8::macaddr
SELECT trunc('08:00:2b:01:02:03'::macaddr), trunc('08:00:2b:01:02:03:04:05'::macaddr8), ~ '08:00:2b:01:02:03'::macaddr, '08:00:2b:01:02:03'::macaddr & 'ff:ff:ff:00:00:00', '08:00:2b:01:02:03'::macaddr | '00:00:00:ff:ff:ff', macaddr8_set7bit('00:00:2b:01:02:03:04:05')
SELECT '08:00:2b:01:02:03'::macaddr < '08:00:2b:01:02:04', '08:00:2b:01:02:03'::macaddr = '08-00-2b-01-02-03'
CREATE TABLE net (a inet PRIMARY KEY, c cidr UNIQUE, m macaddr, m8 macaddr8)
INSERT INTO net VALUES ('10.1.2.3', '10.0.0.0/8', '08:00:2b:01:02:03', NULL), ('10.1.2.3/24', '10.0.0.0/16', NULL, '08:00:2b:01:02:03'), ('::1', NULL, NULL, NULL)
INSERT INTO net VALUES ('10.1.2.3/32', NULL, NULL, NULL)
INSERT INTO net VALUES ('10.1.2.4', '10.0.0.0/8', NULL, NULL)
CREATE INDEX ON net (m)
SELECT * FROM net ORDER BY a
SELECT a FROM net WHERE a = '10.1.2.3'
SELECT a FROM net WHERE a << '10.0.0.0/8' ORDER BY a DESC
SELECT a FROM net WHERE c = '10.0.0.0/16'
SELECT a, c FROM net WHERE m = '08:00:2b:01:02:03'
SELECT c, count(*) FROM net GROUP BY c ORDER BY c
SELECT to_json(a), to_jsonb(c), m::text FROM net ORDER BY a
SELECT x.a FROM net x JOIN net y ON x.a = y.a AND x.c = y.c ORDER BY 1
UPDATE net SET a = a + 1 WHERE family(a) = 4
SELECT a FROM net ORDER BY a
SELECT pg_typeof(c), pg_typeof(a - a) FROM net LIMIT 1""",
}

for type_name in VALUES:
    SCRIPTS["arrays of " + type_name] = of_type(type_name)
