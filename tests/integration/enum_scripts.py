"""Scripts about enums: a statement a line."""

SCRIPTS = {
    "definitions": """
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy')
CREATE TYPE mood AS ENUM ('x')
CREATE TYPE empty AS ENUM ()
CREATE TYPE nowhere.mood AS ENUM ('x')
SELECT 'sad'::mood, 'ok'::mood::text, pg_typeof('ok'::mood)
SELECT 'bad'::mood
SELECT 'x'::empty
SELECT NULL::empty
SELECT 'a'::nosuch
SELECT typname, typtype, typcategory, typlen, typbyval, typalign, typstorage, typispreferred, typdelim, typelem FROM pg_type WHERE typname = 'mood'
SELECT typname, typtype, typcategory, typlen, typelem = 'mood'::regtype FROM pg_type WHERE typname = '_mood'
SELECT enumsortorder, enumlabel FROM pg_enum WHERE enumtypid = 'mood'::regtype ORDER BY 1
SELECT 'mood'::regtype, 'mood[]'::regtype, '_mood'::regtype, to_regtype('mood')::text, to_regtype('nosuch')
SELECT format_type('mood'::regtype, NULL), format_type('mood[]'::regtype, -1)
SELECT enum_first(NULL::mood), enum_last(NULL::mood), enum_range(NULL::mood)
SELECT enum_range('ok'::mood, NULL), enum_range(NULL, 'ok'::mood), enum_range('ok', 'happy'::mood), enum_range('happy'::mood, 'sad')
SELECT enum_first('ok'::mood), enum_range('ok'::mood)
SELECT enum_first(NULL::empty)
SELECT enum_range(NULL::empty)
SELECT enum_first(NULL)
SELECT enum_first(1)
COMMENT ON TYPE mood IS 'how one feels'
SELECT obj_description('mood'::regtype, 'pg_type')
COMMENT ON TYPE nosuch IS 'x'
GRANT USAGE ON TYPE mood TO PUBLIC
DROP TYPE mood
DROP TYPE mood
DROP TYPE IF EXISTS mood
DROP TYPE empty, nosuch
DROP TYPE empty
""",
    "values": """
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy')
CREATE TYPE color AS ENUM ('red', 'ok')
CREATE TABLE people (id int PRIMARY KEY, name text, mood mood DEFAULT 'ok', moods mood[])
INSERT INTO people VALUES (1, 'a', 'sad', '{sad,ok}'), (2, 'b', 'happy', ARRAY['happy']::mood[]), (3, 'c', NULL, NULL)
INSERT INTO people (id, name) VALUES (4, 'd')
INSERT INTO people VALUES (5, 'e', 'angry')
INSERT INTO people VALUES (5, 'e', 'ok'::text)
INSERT INTO people VALUES (5, 'e', 'ok'::color)
INSERT INTO people VALUES (5, 'e', 1)
SELECT * FROM people ORDER BY mood, id
SELECT * FROM people ORDER BY mood DESC NULLS LAST, id
SELECT id FROM people WHERE mood = 'ok'
SELECT id FROM people WHERE mood > 'sad' ORDER BY id
SELECT id FROM people WHERE mood = 'nosuch'
SELECT id FROM people WHERE mood IN ('sad', 'happy') ORDER BY id
SELECT id FROM people WHERE mood IN ('sad', 'nosuch') ORDER BY id
SELECT id FROM people WHERE mood NOT IN ('sad') ORDER BY id
SELECT id FROM people WHERE mood BETWEEN 'ok' AND 'happy' ORDER BY id
SELECT id FROM people WHERE mood = ANY ('{sad,ok}') ORDER BY id
SELECT id FROM people WHERE mood = ANY (ARRAY['sad', 'ok']::mood[]) ORDER BY id
SELECT id FROM people WHERE mood = ANY (moods) ORDER BY id
SELECT id FROM people WHERE mood IS DISTINCT FROM 'ok' ORDER BY id
SELECT id FROM people WHERE mood = name
SELECT id FROM people WHERE mood = 'ok'::text
SELECT id FROM people WHERE mood::text = 'ok'
SELECT id FROM people WHERE mood = 'ok'::color
SELECT id FROM people WHERE mood LIKE 'o%'
SELECT id FROM people WHERE mood::text LIKE 'o%'
SELECT mood || 'x' FROM people ORDER BY id
SELECT mood + 1 FROM people
SELECT min(mood), max(mood), count(mood), count(DISTINCT mood) FROM people
SELECT sum(mood) FROM people
SELECT mood, count(*) FROM people GROUP BY mood ORDER BY mood
SELECT DISTINCT mood FROM people ORDER BY 1
SELECT array_agg(mood ORDER BY mood) FROM people
SELECT string_agg(mood::text, ',' ORDER BY mood) FROM people
SELECT unnest(moods) FROM people ORDER BY 1
SELECT id, u FROM people, unnest(moods) AS u ORDER BY 1, 2
SELECT unnest(enum_range(NULL::mood))
SELECT moods[1], moods[1:1], array_length(moods, 1), cardinality(moods) FROM people ORDER BY id
SELECT moods || 'ok'::mood, array_append(moods, 'sad'), array_position(moods, 'ok'), array_to_string(moods, '-') FROM people ORDER BY id
SELECT array_append(moods, 'ok'::color) FROM people
SELECT moods @> ARRAY['ok']::mood[], 'sad' = ANY (moods) FROM people ORDER BY id
SELECT moods = '{sad,ok}', moods < '{ok}' FROM people ORDER BY id
SELECT CASE WHEN id = 1 THEN 'ok' ELSE mood END FROM people ORDER BY id
SELECT CASE WHEN id = 1 THEN 'red'::color ELSE mood END FROM people
SELECT CASE WHEN id = 1 THEN 'x'::text ELSE mood END FROM people
SELECT coalesce(mood, 'happy'), greatest(mood, 'ok'), least(mood, 'ok'), nullif(mood, 'ok') FROM people ORDER BY id
SELECT coalesce(mood, 'nosuch') FROM people
SELECT mood FROM people UNION SELECT 'happy' ORDER BY 1
SELECT mood FROM people UNION SELECT 'red'::color
SELECT mood FROM people UNION SELECT 'red'::text
SELECT mood FROM people EXCEPT SELECT 'sad'::mood ORDER BY 1
SELECT to_json(mood), to_jsonb(moods) FROM people p WHERE id = 1
SELECT json_agg(mood ORDER BY id), jsonb_build_object('m', max(mood)) FROM people
SELECT a.id, b.id FROM people a JOIN people b ON a.mood = b.mood ORDER BY 1, 2
SELECT a.id, b.id FROM people a JOIN people b USING (mood) ORDER BY 1, 2
SELECT id, rank() OVER (ORDER BY mood), lag(mood) OVER (ORDER BY id), first_value(mood) OVER (ORDER BY id) FROM people ORDER BY id
SELECT id, max(mood) OVER (ORDER BY id) FROM people ORDER BY id
SELECT (SELECT mood FROM people WHERE id = 1), ARRAY(SELECT mood FROM people ORDER BY id), mood IN (SELECT mood FROM people) FROM people WHERE id = 2
WITH m AS (SELECT mood FROM people) SELECT count(*) FROM m WHERE mood < 'happy'
WITH RECURSIVE r(m, n) AS (SELECT 'sad'::mood, 1 UNION ALL SELECT m, n + 1 FROM r WHERE n < 3) SELECT * FROM r
SELECT * FROM (VALUES ('sad'::mood), ('ok')) AS v(m) ORDER BY m
SELECT 'ok'::mood = 'ok', 'ok' < 'sad'::mood, 'sad'::mood <> 'ok'::mood
SELECT 'ok'::mood::color
SELECT 'ok'::mood::text::color
SELECT 'ok'::mood::varchar(1), 'ok'::mood::char(4)
SELECT 'ok'::mood::int
SELECT 1::mood
SELECT mood('ok')
SELECT CAST('ok' AS mood), mood 'ok'
SELECT '{ok,sad}'::mood[], '{ok,bad}'::mood[], NULL::mood[]
SELECT '{ok,sad}'::mood[], ARRAY['ok'::mood, 'sad'], ARRAY['ok', 'sad']::mood[]::text[], '{ok}'::text[]::mood[]
SELECT ARRAY['ok'::mood, 'red'::color]
SELECT concat('a', 'ok'::mood), quote_literal('ok'::mood), format('%s', 'ok'::mood), length('ok'::mood)
UPDATE people SET mood = 'happy' WHERE mood = 'sad' RETURNING id, mood
UPDATE people SET mood = 'nosuch'
UPDATE people SET mood = DEFAULT, moods[1] = 'happy' WHERE id = 1 RETURNING mood, moods
UPDATE people SET moods[1] = 'nosuch'
DELETE FROM people WHERE mood = 'happy'
SELECT id, mood FROM people ORDER BY id
PREPARE p(mood) AS SELECT id FROM people WHERE mood = $1 ORDER BY id
EXECUTE p('ok')
EXECUTE p('nosuch')
PREPARE q AS SELECT id FROM people WHERE mood = $1 ORDER BY id
EXECUTE q('ok')
PREPARE r(mood[]) AS SELECT $1, pg_typeof($1)
EXECUTE r('{ok}')
PREPARE s(nosuch) AS SELECT $1
""",
    "keys and constraints": """
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy')
CREATE TYPE color AS ENUM ('red')
CREATE TABLE parent (m mood PRIMARY KEY, n int)
INSERT INTO parent VALUES ('sad', 1), ('happy', 2)
INSERT INTO parent VALUES ('sad', 3)
CREATE TABLE child (id int PRIMARY KEY, m mood REFERENCES parent ON UPDATE CASCADE)
INSERT INTO child VALUES (1, 'sad'), (2, 'happy')
INSERT INTO child VALUES (3, 'ok')
DELETE FROM parent WHERE m = 'sad'
UPDATE parent SET m = 'ok' WHERE m = 'sad'
SELECT * FROM child ORDER BY id
CREATE TABLE other (id int, c color REFERENCES parent)
CREATE INDEX by_mood ON child (m DESC)
CREATE UNIQUE INDEX one ON child (m) WHERE m = 'ok'
INSERT INTO child VALUES (4, 'ok')
INSERT INTO child VALUES (4, 'happy') ON CONFLICT (id) DO UPDATE SET m = excluded.m RETURNING *
INSERT INTO parent VALUES ('ok', 5) ON CONFLICT (m) DO UPDATE SET n = excluded.n RETURNING *
CREATE INDEX ON child ((m::text))
CREATE TABLE checked (id int, m mood CHECK (m <> 'sad'), n mood NOT NULL DEFAULT 'ok'::mood, CONSTRAINT two CHECK (m IN ('ok', 'happy')))
INSERT INTO checked VALUES (1, 'sad')
INSERT INTO checked VALUES (1, NULL, NULL)
INSERT INTO checked VALUES (1, 'happy')
SELECT * FROM checked
CREATE TABLE bad (m mood DEFAULT 'nosuch')
CREATE TABLE bad (m mood CHECK (m = 'nosuch'))
CREATE TABLE bad (m nosuch)
ALTER TABLE checked ADD COLUMN o mood DEFAULT 'happy', ADD COLUMN p mood[]
SELECT * FROM checked
SELECT column_name, data_type, udt_schema, udt_name, column_default FROM information_schema.columns WHERE table_name = 'checked' ORDER BY ordinal_position
SELECT attname, atttypid::regtype, format_type(atttypid, atttypmod), attlen, attbyval, attalign, attstorage FROM pg_attribute WHERE attrelid = 'checked'::regclass AND attnum > 0 ORDER BY attnum
SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = 'checked'::regclass ORDER BY adnum
CREATE TABLE texts (id int, t text)
INSERT INTO texts VALUES (1, 'ok'), (2, 'sad')
ALTER TABLE texts ALTER COLUMN t TYPE mood
ALTER TABLE texts ALTER COLUMN t TYPE mood USING t::mood
SELECT id, t, pg_typeof(t) FROM texts ORDER BY t
ALTER TABLE texts ALTER COLUMN t TYPE color USING t::color
ALTER TABLE texts ALTER COLUMN t TYPE text
SELECT id, t, pg_typeof(t) FROM texts ORDER BY t
INSERT INTO texts VALUES (3, 'bad')
ALTER TABLE texts ALTER COLUMN t TYPE mood USING t::mood
CREATE TABLE made AS SELECT 'ok'::mood AS m, ARRAY['sad']::mood[] AS ms
SELECT m, ms, pg_typeof(m), pg_typeof(ms) FROM made
CREATE VIEW shown AS SELECT m FROM made WHERE m > 'sad'::mood
SELECT * FROM shown
""",
    "changes": """
CREATE TYPE mood AS ENUM ('sad', 'happy')
CREATE TABLE t (m mood DEFAULT 'sad')
INSERT INTO t VALUES ('sad'), ('happy')
ALTER TYPE mood ADD VALUE 'ok' BEFORE 'happy'
ALTER TYPE mood ADD VALUE 'ok'
ALTER TYPE mood ADD VALUE IF NOT EXISTS 'ok'
ALTER TYPE mood ADD VALUE 'worst' BEFORE 'sad'
ALTER TYPE mood ADD VALUE 'best' AFTER 'happy'
ALTER TYPE mood ADD VALUE 'soso' AFTER 'sad'
ALTER TYPE mood ADD VALUE 'last'
ALTER TYPE mood ADD VALUE 'x' BEFORE 'nosuch'
ALTER TYPE nosuch ADD VALUE 'x'
ALTER TYPE int4 ADD VALUE IF NOT EXISTS 'x' AFTER 'y'
INSERT INTO t VALUES ('ok'), ('worst'), ('soso')
SELECT m FROM t ORDER BY m
SELECT enum_range(NULL::mood)
SELECT enumlabel FROM pg_enum WHERE enumtypid = 'mood'::regtype ORDER BY enumsortorder
ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'
ALTER TYPE mood RENAME VALUE 'nosuch' TO 'x'
ALTER TYPE mood RENAME VALUE 'ok' TO 'blue'
INSERT INTO t DEFAULT VALUES
SELECT m FROM t ORDER BY m
SELECT 'sad'::mood
ALTER TYPE mood RENAME TO feeling
SELECT m, pg_typeof(m) FROM t WHERE m = 'blue'
SELECT 'ok'::mood
SELECT typname FROM pg_type WHERE typelem = 'feeling'::regtype
CREATE SCHEMA IF NOT EXISTS elsewhere_of_types
ALTER TYPE feeling SET SCHEMA elsewhere_of_types
ALTER TYPE feeling SET SCHEMA nosuch
SELECT m FROM t WHERE m = 'ok'
SELECT 'ok'::feeling
SELECT 'ok'::elsewhere_of_types.feeling, pg_typeof('ok'::elsewhere_of_types.feeling)
ALTER TYPE elsewhere_of_types.feeling SET SCHEMA nosuch
ALTER TYPE elsewhere_of_types.feeling OWNER TO CURRENT_USER
ALTER TYPE elsewhere_of_types.feeling OWNER TO nosuch
SET search_path = elsewhere_of_types, public
SELECT 'ok'::feeling, 'feeling'::regtype
SELECT pg_type_is_visible('feeling'::regtype)
BEGIN
ALTER TYPE feeling ADD VALUE 'new'
SELECT 'new'::feeling
ROLLBACK
BEGIN
ALTER TYPE feeling ADD VALUE 'new'
SELECT 'ok'::feeling
COMMIT
SELECT 'new'::feeling
BEGIN
CREATE TYPE fresh AS ENUM ('a')
ALTER TYPE fresh ADD VALUE 'b'
SELECT 'b'::fresh
ROLLBACK
SELECT 'a'::fresh
DROP SCHEMA elsewhere_of_types CASCADE
""",
    "drops": """
CREATE TYPE mood AS ENUM ('sad', 'ok')
CREATE TABLE t (id int, m mood)
DROP TYPE mood
DROP TYPE mood RESTRICT
INSERT INTO t VALUES (1, 'ok')
DROP TYPE mood CASCADE
SELECT * FROM t
CREATE TYPE mood AS ENUM ('sad', 'ok')
CREATE TABLE u (id int, ms mood[])
DROP TYPE mood
DROP TABLE u
DROP TYPE mood
CREATE TYPE mood AS ENUM ('sad', 'ok')
CREATE TABLE v (id int, t text DEFAULT 'ok'::mood)
DROP TYPE mood
DROP TYPE mood CASCADE
INSERT INTO v VALUES (1)
SELECT * FROM v
CREATE TYPE mood AS ENUM ('sad', 'ok')
CREATE VIEW w AS SELECT 'ok'::mood AS m
DROP TYPE mood
DROP TYPE mood CASCADE
SELECT * FROM w
DROP TYPE int4
CREATE TABLE mood (a int)
CREATE TYPE mood AS ENUM ('sad')
CREATE TYPE kind AS ENUM ('a')
CREATE TABLE kind (a int)
DROP TYPE kind
BEGIN
CREATE TYPE brief AS ENUM ('a')
CREATE TABLE of_brief (b brief)
INSERT INTO of_brief VALUES ('a')
ROLLBACK
SELECT 'a'::brief
BEGIN
CREATE TYPE brief AS ENUM ('a')
DROP TYPE brief
COMMIT
SELECT 'a'::brief
""",
}
