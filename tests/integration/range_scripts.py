"""Scripts over ranges and multiranges; the answers are PostgreSQL 15's."""

SCRIPTS = {
    "texts of ranges": """
SELECT '[1,5)'::int4range, '(1,5]'::int4range, '[1,1]'::int4range, '(1,2)'::int4range, 'empty'::int4range, ' [ 1 , 5 ) '::int4range
SELECT '(,)'::int4range, '[,5]'::int4range, '[3,]'::int4range, 'EMPTY'::numrange, '[1.0,2.00]'::numrange, '(1,1)'::numrange
SELECT '["2020-01-01 10:00","2020-01-02")'::tsrange, '[2020-01-01,2020-01-31]'::daterange, '[-infinity,infinity]'::daterange
SELECT '[2020-01-01 00:00+00,)'::tstzrange, '[1,9223372036854775806]'::int8range
SELECT '[5,1]'::int4range
SELECT '[1,2147483647]'::int4range
SELECT '[1,9223372036854775807]'::int8range
SELECT 'nonsense'::int4range
SELECT '[1;2)'::int4range
SELECT '[1,2,3)'::int4range
SELECT '[1,2)x'::int4range
SELECT 'empty x'::int4range
SELECT '[1,2'::int4range
SELECT '[a,2)'::int4range
SELECT '["1","2")'::int4range, '["1,5",2)'::text, '[\\1,2)'::int4range
SELECT int4range(1, 5), int4range(1, 5, '[]'), int4range(NULL, 5), int4range(1, NULL, '()'), int4range(NULL, NULL)
SELECT numrange(1.5, 2.5, '(]'), daterange('2020-01-01', '2020-02-01'), tsrange('2020-01-01', NULL), int8range(1, 10, '()')
SELECT int4range(1, 5, 'x')
SELECT int4range(1, 5, NULL)
SELECT int4range(5, 1)
SELECT pg_typeof(int4range(1, 2)), pg_typeof('{[1,2)}'::int4multirange), pg_typeof(array[int4range(1, 2)])
SELECT array[int4range(1, 2), 'empty'], '{"[1,2)","(,)"}'::int4range[], unnest('{"[1,2)","(,)"}'::int4range[])""",
    "operators of ranges": """
SELECT int4range(1, 5) = int4range(1, 4, '[]'), int4range(1, 5) <> int4range(1, 5), int4range(1, 5) < int4range(1, 6), int4range(2, 3) > int4range(1, 9), 'empty'::int4range < int4range(1, 2), int4range(NULL, 5) <= int4range(1, 5), int4range(1, NULL) >= int4range(1, 5)
SELECT int4range(1, 5) @> 3, int4range(1, 5) @> 5, 3 <@ int4range(1, 5), int4range(1, 5) @> int4range(2, 3), int4range(1, 5) @> 'empty'::int4range, int4range(2, 3) <@ int4range(1, 5), 'empty'::int4range @> int4range(1, 2)
SELECT int4range(1, 5) && int4range(4, 9), int4range(1, 5) && int4range(5, 9), 'empty'::int4range && int4range(1, 2), int4range(1, NULL) && int4range(NULL, 2)
SELECT int4range(1, 5) << int4range(5, 9), int4range(1, 5) << int4range(4, 9), int4range(5, 9) >> int4range(1, 5), int4range(1, 5) &< int4range(2, 5), int4range(1, 5) &> int4range(2, 5), int4range(1, 5) -|- int4range(5, 9), int4range(1, 5) -|- int4range(6, 9)
SELECT numrange(1, 5) -|- numrange(5, 9), numrange(1, 5, '[]') -|- numrange(5, 9), numrange(1, 5, '[]') -|- numrange(5, 9, '()'), numrange(1, 5, '()') @> 1.0
SELECT int4range(1, 5) + int4range(3, 9), int4range(1, 5) + int4range(5, 9), int4range(1, 5) * int4range(3, 9), int4range(1, 5) * int4range(7, 9), int4range(1, 5) - int4range(3, 9), int4range(1, 5) - int4range(1, 5), int4range(1, 5) - int4range(7, 9)
SELECT int4range(1, 5) + int4range(7, 9)
SELECT int4range(1, 9) - int4range(3, 5)
SELECT numrange(1, 5) - numrange(3, 9), numrange(1, 5, '[]') * numrange(5, 6), numrange(3, 9) - numrange(1, 5, '[]')
SELECT range_merge(int4range(1, 2), int4range(7, 9)), range_merge('empty', int4range(1, 2))
SELECT lower(int4range(1, 5)), upper(int4range(1, 5)), lower('empty'::int4range), upper(int4range(1, NULL)), lower(numrange(1.50, 2)), upper(tsrange('2020-01-01', '2020-01-02'))
SELECT isempty(int4range(1, 1)), isempty(int4range(1, 2)), lower_inc(int4range(1, 2)), upper_inc(int4range(1, 2)), lower_inf(int4range(NULL, 2)), upper_inf(int4range(1, 2)), upper_inc(numrange(1, 2, '[]')), lower_inf('empty'::int4range)
SELECT NULL::int4range @> 1, int4range(1, 2) @> NULL, int4range(1, 2) && NULL
SELECT int4range(1, 2) && numrange(1, 2)
SELECT int4range(1, 5) @> '3'
SELECT '[1,3)'::int4range IN ('[1,2]', '[1,5)'), int4range(1, 2) IS NULL, greatest(int4range(1, 2), int4range(1, 3))""",
    "multiranges": """
SELECT '{}'::int4multirange, '{[1,3),[5,7)}'::int4multirange, '{[1,3),[3,5),(8,9],empty}'::int4multirange, ' { [1,2) , [9,) } '::int4multirange
SELECT '{[1,3)'::int4multirange
SELECT '[1,3)'::int4multirange
SELECT '{[1,3) [4,5)}'::int4multirange
SELECT '{[1,3),}'::int4multirange
SELECT '{1}'::int4multirange
SELECT '{[1,3)} x'::int4multirange
SELECT '{[3,1)}'::int4multirange
SELECT int4multirange(), int4multirange(int4range(1, 3)), int4multirange(int4range(5, 7), int4range(1, 3), 'empty'), multirange(int4range(1, 2)), int4range(1, 2)::int4multirange
SELECT int4multirange(int4range(1, 2), NULL)
SELECT '{[1,3),[5,7)}'::int4multirange @> 6, '{[1,3),[5,7)}'::int4multirange @> 4, 6 <@ '{[1,3),[5,7)}'::int4multirange, '{[1,3),[5,7)}'::int4multirange @> int4range(5, 6), '{[1,3),[5,7)}'::int4multirange @> int4range(2, 6), int4range(1, 9) @> '{[1,3),[5,7)}'::int4multirange, '{[1,9)}'::int4multirange @> '{[1,3),[5,7)}'::int4multirange, int4range(5, 6) <@ '{[1,3),[5,7)}'::int4multirange
SELECT '{[1,3),[5,7)}'::int4multirange && int4range(3, 5), int4range(2, 5) && '{[1,3),[5,7)}'::int4multirange, '{[1,3)}'::int4multirange && '{[2,4)}'::int4multirange, '{}'::int4multirange && int4range(1, 2)
SELECT '{[1,3)}'::int4multirange << '{[3,4)}'::int4multirange, '{[1,3),[9,10)}'::int4multirange << int4range(5, 6), int4range(20, 30) >> '{[1,3),[9,10)}'::int4multirange, '{[1,3)}'::int4multirange &< '{[1,3)}'::int4multirange, '{[1,3)}'::int4multirange &> '{[0,3)}'::int4multirange, '{[1,3)}'::int4multirange -|- int4range(3, 5), '{[1,3),[5,7)}'::int4multirange -|- int4range(3, 5)
SELECT '{[1,3)}'::int4multirange + '{[2,5)}'::int4multirange, '{[1,3)}'::int4multirange + '{[7,9)}'::int4multirange, '{[1,9)}'::int4multirange - '{[3,5)}'::int4multirange, '{[1,9)}'::int4multirange * '{[0,2),[8,20)}'::int4multirange
SELECT lower('{[1,3),[5,7)}'::int4multirange), upper('{[1,3),[5,7)}'::int4multirange), isempty('{}'::int4multirange), lower_inc('{[1,3)}'::int4multirange), upper_inf('{[1,)}'::int4multirange), range_merge('{[1,3),[5,7)}'::int4multirange)
SELECT unnest('{[1,3),[5,7)}'::int4multirange)
SELECT * FROM unnest('{[1.5,3),[5,7)}'::nummultirange) u
SELECT '{[1,3)}'::int4multirange = '{[1,2]}'::int4multirange, '{[1,3)}'::int4multirange < '{[1,3),[5,6)}'::int4multirange, '{}'::int4multirange < '{[1,2)}'::int4multirange""",
    "in tables": """
CREATE TABLE stay (id int PRIMARY KEY, room int, during tstzrange NOT NULL, nights int4range, free nummultirange)
INSERT INTO stay VALUES (1, 1, '[2020-01-01 12:00+00,2020-01-03 10:00+00)', '[1,3)', '{[1.0,2.5)}'), (2, 1, '[2020-01-03 12:00+00,)', NULL, '{}'), (3, 2, 'empty', 'empty', NULL), (4, 2, '(,2020-01-01 00:00+00]', '[5,7]', '{(,1),[3,)}')
SELECT id FROM stay WHERE during @> '2020-01-02 00:00+00'::timestamptz ORDER BY id
SELECT id FROM stay WHERE during && tstzrange('2020-01-02 00:00+00', '2020-01-04 00:00+00') ORDER BY id
SELECT id, upper(during) - lower(during) AS long FROM stay ORDER BY during, id
SELECT nights, count(*) FROM stay GROUP BY nights ORDER BY nights
SELECT DISTINCT room, range_agg(nights) OVER (PARTITION BY room) FROM stay ORDER BY room
SELECT room, range_agg(nights), range_intersect_agg(nights) FROM stay GROUP BY room ORDER BY room
SELECT range_agg(free) FROM stay
CREATE INDEX ON stay (nights)
CREATE UNIQUE INDEX ON stay (during)
INSERT INTO stay VALUES (5, 3, '[2020-01-03 12:00:00+00, )')
SELECT id FROM stay WHERE nights = '[1,2]'
SELECT id FROM stay WHERE nights > '[1,2]' ORDER BY nights
UPDATE stay SET nights = nights + int4range(3, 4) WHERE id = 1 RETURNING nights
SELECT a.id, b.id FROM stay a JOIN stay b ON a.nights = b.nights ORDER BY 1
CREATE TABLE limited (r int4range DEFAULT '[1,2)' CHECK (NOT isempty(r)), PRIMARY KEY (r))
INSERT INTO limited VALUES (DEFAULT), ('[5,6]')
INSERT INTO limited VALUES ('empty')
INSERT INTO limited VALUES ('(0,1]')
SELECT * FROM limited ORDER BY r DESC
SELECT rngtypid::regtype, rngsubtype::regtype, rngmultitypid::regtype, rngsubopc FROM pg_range ORDER BY rngtypid
SELECT oid, typname, typtype, typcategory, typarray FROM pg_type WHERE typtype IN ('r', 'm') ORDER BY oid
SELECT to_jsonb(int4range(1, 2)), json_build_object('r', nights) FROM stay WHERE id = 4
SELECT column_name, data_type, udt_name FROM information_schema.columns WHERE table_name = 'stay' AND table_schema = current_schema() ORDER BY ordinal_position
PREPARE p (int4range) AS SELECT $1 @> 4, lower($1)
EXECUTE p ('[1,9]')""",
    "times in ranges and the settings": """
CREATE TABLE r (id int, d daterange, ts tsrange, tz tstzrange, dm datemultirange, ds daterange[], i int4range)
CREATE INDEX ON r ((d::text))
CREATE INDEX ON r ((ts::text))
CREATE INDEX ON r ((dm::text))
CREATE INDEX ON r ((ds::text))
CREATE INDEX ON r ((i::text))
CREATE INDEX ON r ((d || ''))
CREATE INDEX ON r ((ROW(id, id)::text))
CREATE INDEX ON r ((daterange('2020-01-01', '2020-02-01') @> lower(d)))
CREATE TABLE tt (d text)
CREATE INDEX ON tt ((d::daterange))
CREATE INDEX ON tt ((d::int4range))
INSERT INTO r VALUES (1, '[2020-01-02,2020-02-03)', '[2020-01-02,2020-02-03)', '[2020-01-02,2020-02-03)', '{[2020-01-02,2020-02-03)}', '{"[2020-01-02,2020-02-03)"}', '[1,2)')
SET TimeZone = 'Europe/Berlin'
SET DateStyle = 'German'
SELECT d::text, ts::text, tz::text, dm::text, ds::text, to_jsonb(tz), to_json(d), ROW(tz, d)::text FROM r
SELECT daterange('2020-01-02', '2020-02-03')::text, tstzrange('2020-01-02 12:00+00', '2020-02-03 12:00+00')::text
SELECT tstzmultirange(tstzrange('2020-01-02 12:00+00', '2020-02-03 12:00+00'))::text
SELECT ROW(timestamptz '2020-01-01 12:00+00', date '2020-02-03')::text, ARRAY[daterange('2020-01-02', '2020-02-03')]::text
SELECT text '[03.02.2020,04.02.2020)'::daterange = '[2020-02-03,2020-02-04)'::daterange
SELECT lower('[2020-01-02 12:00,)'::tstzrange) AT TIME ZONE 'UTC', '{"[2020-01-02 12:00,)"}'::tstzrange[]
SELECT json_agg(x), jsonb_agg(x) FROM (SELECT daterange('2020-01-02', '2020-02-03') AS x) s
SELECT jsonb_agg(x), json_agg(x) FROM (SELECT tstzrange('2020-01-02 12:00+00', '2020-02-03 12:00+00') AS x) s
SELECT jsonb_agg(x) FROM (SELECT ROW(tsrange('2020-01-02 12:00', '2020-02-03 12:00')) AS x) s
SELECT json_object_agg(x, y) FROM (SELECT daterange('2020-01-02', '2020-02-03') AS x, ARRAY[daterange('2020-01-02', '2020-02-03')] AS y) s
SELECT DISTINCT lower('[2020-01-02 12:00,)'::tstzrange) AT TIME ZONE 'UTC'
SET TimeZone = 'UTC'
SELECT lower('[2020-01-02 12:00,)'::tstzrange) AT TIME ZONE 'UTC', '{"[2020-01-02 12:00,)"}'::tstzrange[]
SELECT DISTINCT lower('[2020-01-02 12:00,)'::tstzrange) AT TIME ZONE 'UTC'
""",
    "differences of multiranges": """
SELECT '{[1,10),[20,30),[40,50)}'::int4multirange - '{[5,25),[28,29),[45,60)}'::int4multirange
SELECT '{[1,100)}'::int4multirange - '{[1,2),[5,6),[7,9),[99,100)}'::int4multirange
SELECT '{[1,3),[5,7),[9,11)}'::int4multirange - '{[0,20)}'::int4multirange, '{}'::int4multirange - '{[0,20)}'::int4multirange, '{[0,20)}'::int4multirange - '{}'::int4multirange
SELECT '{(,10),[20,)}'::nummultirange - '{[5,5],(25,30]}'::nummultirange, '{(,)}'::nummultirange - '{(1,2],[3,4)}'::nummultirange
SELECT '{[1.5,2.5],[2.6,9]}'::nummultirange - '{(2.5,2.7),[9,9]}'::nummultirange
SELECT numrange(1, 10) - numrange(3, 12), numrange(1, 10) - numrange(0, 12), numrange(1, 10) - 'empty'
SELECT numrange(1, 10) - numrange(3, 4)
SELECT count(*) FROM (SELECT unnest((SELECT range_agg(int4range(2 * g, 2 * g + 1)) FROM generate_series(1, 30000) g) - (SELECT range_agg(int4range(4 * g, 4 * g + 1)) FROM generate_series(1, 30000) g))) s
""",
}
