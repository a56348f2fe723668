"""Scripts about domains: a statement a line."""

SCRIPTS = {
    "domains": """
CREATE DOMAIN positive AS int CHECK (VALUE > 0)
CREATE DOMAIN positive AS int
CREATE DOMAIN code AS varchar(5) NOT NULL DEFAULT 'abc' CONSTRAINT lower_case CHECK (VALUE = lower(VALUE)) CHECK (length(VALUE) > 1)
CREATE DOMAIN smaller AS positive CHECK (VALUE < 100)
CREATE DOMAIN bad AS nosuch
CREATE DOMAIN bad AS int UNIQUE
CREATE DOMAIN bad AS int PRIMARY KEY
CREATE DOMAIN bad AS int CHECK (nosuch > 1)
CREATE DOMAIN bad AS int NULL NOT NULL
CREATE DOMAIN bad AS int DEFAULT 'x'
SELECT 5::positive, pg_typeof(5::positive), pg_typeof(5::positive + 1)
SELECT (-5)::positive
SELECT '7'::positive, '-7'::positive
SELECT NULL::positive
SELECT NULL::code
SELECT 'ABC'::code
SELECT 'a'::code
SELECT 'abcdefgh'::code
SELECT 50::smaller, 500::smaller
SELECT (-1)::smaller
SELECT 1.5::positive
SELECT 'x'::positive
CREATE TABLE t (id int PRIMARY KEY, p positive, c code, s smaller DEFAULT 7)
INSERT INTO t VALUES (1, 1, 'ab', 1)
INSERT INTO t (id) VALUES (2)
INSERT INTO t (id, c) VALUES (3, NULL)
INSERT INTO t (id, p) VALUES (3, 0)
INSERT INTO t (id, p) VALUES (3, '0')
INSERT INTO t (id, p) SELECT 4, -4
INSERT INTO t (id, s) VALUES (3, 100)
INSERT INTO t (id, c) VALUES (3, 'toolong')
SELECT * FROM t ORDER BY id
UPDATE t SET p = p - 5
UPDATE t SET p = p + 5 WHERE id = 1 RETURNING p, p * 2
UPDATE t SET p = DEFAULT, c = DEFAULT, s = DEFAULT
SELECT * FROM t ORDER BY id
SELECT id FROM t WHERE s = 7 AND c = 'abc' AND c LIKE 'a%' ORDER BY id
SELECT max(s), sum(s), pg_typeof(max(s)) FROM t
SELECT coalesce(p, 3), pg_typeof(coalesce(p, 3)), pg_typeof(coalesce(p, p)) FROM t
SELECT s FROM t UNION SELECT 1 ORDER BY 1
SELECT s::text, s::bigint, s || 'x' FROM t ORDER BY id
SELECT a.id FROM t a JOIN t b ON a.s = b.s AND a.c = b.c ORDER BY 1
CREATE INDEX ON t (s, c)
SELECT id FROM t WHERE s = 7 ORDER BY id
ALTER TABLE t ADD COLUMN q positive
ALTER TABLE t ADD COLUMN r smaller DEFAULT 5
ALTER TABLE t ADD COLUMN n code
SELECT * FROM t ORDER BY id
CREATE TABLE u (x int)
INSERT INTO u VALUES (1), (-1)
ALTER TABLE u ALTER COLUMN x TYPE positive
DELETE FROM u WHERE x < 0
ALTER TABLE u ALTER COLUMN x TYPE positive
INSERT INTO u VALUES (-1)
ALTER TABLE u ALTER COLUMN x TYPE int
INSERT INTO u VALUES (-1)
SELECT typname, typtype, typcategory, typbasetype::regtype, typnotnull, typtypmod, typdefault, typlen FROM pg_type WHERE typtype = 'd' AND typnamespace = 'types_of_a_test'::regnamespace ORDER BY 1
SELECT conname, contype, contypid::regtype, convalidated FROM pg_constraint WHERE contypid <> 0 AND connamespace = 'types_of_a_test'::regnamespace ORDER BY 1
SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'positive_check' AND contypid = 'positive'::regtype
SELECT attname, format_type(atttypid, atttypmod), attlen FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0 ORDER BY attnum
SELECT column_name, data_type, udt_name, domain_name, character_maximum_length FROM information_schema.columns WHERE table_name = 't' AND table_schema = 'types_of_a_test' ORDER BY ordinal_position
SELECT domain_name, data_type, udt_name, domain_default FROM information_schema.domains WHERE domain_schema = 'types_of_a_test' ORDER BY 1
SELECT constraint_name, domain_name FROM information_schema.domain_constraints WHERE domain_schema = 'types_of_a_test' AND constraint_name NOT LIKE '%not_null' ORDER BY 1
COMMENT ON DOMAIN positive IS 'above zero'
SELECT obj_description('positive'::regtype, 'pg_type')
PREPARE p AS INSERT INTO t (id, p) VALUES ($1, $2) RETURNING id, p
EXECUTE p(10, 3)
EXECUTE p(11, -3)
""",
    "domain changes": """
CREATE DOMAIN d AS int
CREATE TABLE t (x d)
INSERT INTO t VALUES (5), (NULL), (50)
ALTER DOMAIN d ADD CONSTRAINT low CHECK (VALUE < 10)
ALTER DOMAIN d ADD CONSTRAINT low CHECK (VALUE < 10) NOT VALID
INSERT INTO t VALUES (11)
ALTER DOMAIN d VALIDATE CONSTRAINT low
ALTER DOMAIN d VALIDATE CONSTRAINT nosuch
DELETE FROM t WHERE x = 50
ALTER DOMAIN d VALIDATE CONSTRAINT low
ALTER DOMAIN d ADD CHECK (VALUE > 0)
INSERT INTO t VALUES (-1)
ALTER DOMAIN d RENAME CONSTRAINT low TO lower
INSERT INTO t VALUES (11)
ALTER DOMAIN d DROP CONSTRAINT low
ALTER DOMAIN d DROP CONSTRAINT IF EXISTS low
ALTER DOMAIN d DROP CONSTRAINT lower
INSERT INTO t VALUES (11)
ALTER DOMAIN d SET NOT NULL
DELETE FROM t WHERE x IS NULL
ALTER DOMAIN d SET NOT NULL
INSERT INTO t VALUES (NULL)
ALTER DOMAIN d DROP NOT NULL
INSERT INTO t VALUES (NULL)
ALTER DOMAIN d SET DEFAULT 3
INSERT INTO t DEFAULT VALUES
ALTER DOMAIN d DROP DEFAULT
INSERT INTO t DEFAULT VALUES
SELECT x FROM t ORDER BY x
ALTER DOMAIN d RENAME TO e
SELECT pg_typeof(x) FROM t LIMIT 1
ALTER DOMAIN nosuch RENAME TO e
CREATE TYPE mood AS ENUM ('sad', 'ok')
ALTER DOMAIN mood SET NOT NULL
DROP DOMAIN mood
CREATE DOMAIN fine AS mood CHECK (VALUE <> 'sad')
SELECT 'ok'::fine, 'sad'::fine
SELECT pg_typeof('ok'::fine)
CREATE TABLE f (m fine)
INSERT INTO f VALUES ('ok')
INSERT INTO f VALUES ('sad')
DROP TYPE mood
DROP DOMAIN e
DROP DOMAIN e CASCADE
SELECT * FROM t
DROP DOMAIN nosuch
DROP DOMAIN IF EXISTS nosuch
DROP TYPE fine CASCADE
DROP TYPE mood
CREATE DOMAIN tags AS text[] CHECK (array_length(VALUE, 1) < 3)
SELECT '{a,b}'::tags, ('{a,b}'::tags)[1], ARRAY['a']::tags
SELECT '{a,b,c}'::tags
""",
}
