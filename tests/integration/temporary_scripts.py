"""Scripts over temporary tables, views and sequences, each of one session on an empty database: what a
statement is answered is the same on PostgreSQL 15.
"""

SHOWN = """SELECT c.relname, c.relkind, c.relpersistence, n.nspname LIKE 'pg_temp_%' FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relpersistence = 't' AND c.relname NOT LIKE 'pg_toast%' ORDER BY 1"""

SCRIPTS = {
    "created, used, dropped": f"""
CREATE TEMP TABLE t (id serial PRIMARY KEY, a int NOT NULL, b text DEFAULT 'x')
INSERT INTO t (a) VALUES (1), (2) RETURNING *
INSERT INTO pg_temp.t (a, b) VALUES (3, 'y')
UPDATE t SET b = b || a WHERE a > 1
DELETE FROM t WHERE a = 1
SELECT * FROM t
SELECT * FROM pg_temp.t
{SHOWN}
INSERT INTO t (id, a) VALUES (2, 9)
INSERT INTO t (a) VALUES (NULL)
DROP TABLE t
SELECT * FROM t
SELECT * FROM pg_temp.t
{SHOWN}""",
    "other words for it": """
CREATE TEMPORARY TABLE a (x int)
CREATE LOCAL TEMP TABLE b (x int)
CREATE TABLE pg_temp.c (x int)
CREATE TEMP TABLE IF NOT EXISTS c (x int)
CREATE TEMP TABLE c (x int)
CREATE TEMP TABLE public.d (x int)
CREATE TEMP TABLE pg_temp.e (x int)
SELECT relname, relpersistence FROM pg_class WHERE relname IN ('a', 'b', 'c', 'd', 'e') ORDER BY 1
SELECT pg_my_temp_schema() = relnamespace FROM pg_class WHERE relname = 'a'
SELECT pg_is_other_temp_schema(pg_my_temp_schema())
SELECT pg_is_other_temp_schema(0)
DROP TABLE pg_temp.c, a
DROP TABLE public.b
DROP TABLE IF EXISTS pg_temp.c
DROP TABLE pg_temp.c""",
    "it hides a permanent one": """
CREATE TABLE t (id int, note text)
INSERT INTO t VALUES (1, 'permanent')
PREPARE p AS SELECT note FROM t
EXECUTE p
SELECT note FROM t
CREATE TEMP TABLE t (id int, note text)
INSERT INTO t VALUES (1, 'temporary')
SELECT note FROM t
SELECT note FROM public.t
SELECT 't'::regclass = 'pg_temp.t'::regclass, 't'::regclass = 'public.t'::regclass
SELECT pg_table_is_visible('public.t'::regclass), pg_table_is_visible('pg_temp.t'::regclass)
SELECT to_regclass('pg_temp.t') IS NULL, to_regclass('pg_temp.nothing') IS NULL
EXECUTE p
TRUNCATE t
SELECT note FROM t
SELECT note FROM public.t
DROP TABLE t
SELECT note FROM t
CREATE TEMP TABLE other (a int)
ALTER TABLE other RENAME TO t
SELECT * FROM t
ROLLBACK
DROP TABLE t
SELECT * FROM t""",
    "it hides one by a rollback, too": """
CREATE TABLE t (note text)
INSERT INTO t VALUES ('permanent')
BEGIN
CREATE TEMP TABLE t (note text)
INSERT INTO t VALUES ('temporary')
SELECT note FROM t
ROLLBACK
SELECT note FROM t
BEGIN
SAVEPOINT s
CREATE TEMP TABLE t (note text)
SELECT count(*) FROM t
ROLLBACK TO s
SELECT note FROM t
COMMIT
CREATE TEMP TABLE t AS SELECT note || '!' AS note FROM t
SELECT note FROM t
BEGIN
DROP TABLE t
SELECT note FROM t
ROLLBACK
SELECT note FROM t""",
    "it hides a catalog": """
SELECT count(*) > 10 FROM pg_class
CREATE TEMP TABLE pg_am (amname text)
SELECT count(*) FROM pg_am
SELECT count(*) > 0 FROM pg_catalog.pg_am
DROP TABLE pg_am
SELECT count(*) > 0 FROM pg_am""",
    "on commit": f"""
CREATE TEMP TABLE kept (a int) ON COMMIT PRESERVE ROWS
CREATE TEMP TABLE emptied (a int PRIMARY KEY) ON COMMIT DELETE ROWS
CREATE TEMP TABLE gone (a int) ON COMMIT DROP
SELECT * FROM gone
BEGIN
CREATE TEMP TABLE gone (a int) ON COMMIT DROP
INSERT INTO gone VALUES (1)
INSERT INTO emptied VALUES (1), (2)
INSERT INTO kept SELECT a FROM emptied
SELECT (SELECT count(*) FROM gone), (SELECT count(*) FROM emptied), (SELECT count(*) FROM kept)
COMMIT
SELECT * FROM gone
SELECT (SELECT count(*) FROM emptied), (SELECT count(*) FROM kept)
INSERT INTO emptied VALUES (5)
SELECT * FROM emptied
BEGIN
INSERT INTO emptied VALUES (1)
SAVEPOINT s
INSERT INTO emptied VALUES (1)
ROLLBACK TO s
SELECT * FROM emptied
ROLLBACK
BEGIN
INSERT INTO emptied VALUES (1)
COMMIT
BEGIN
INSERT INTO emptied VALUES (1)
COMMIT
SELECT * FROM emptied
CREATE TABLE permanent (a int) ON COMMIT DROP
CREATE TABLE permanent (a int) ON COMMIT DELETE ROWS
{SHOWN}""",
    "on commit and foreign keys": """
CREATE TEMP TABLE p (id int PRIMARY KEY) ON COMMIT DELETE ROWS
CREATE TEMP TABLE c (id int REFERENCES p) ON COMMIT DELETE ROWS
BEGIN
INSERT INTO p VALUES (1)
INSERT INTO c VALUES (1)
COMMIT
SELECT (SELECT count(*) FROM p), (SELECT count(*) FROM c)
CREATE TEMP TABLE d (id int REFERENCES p)
BEGIN
INSERT INTO p VALUES (1)
COMMIT
DROP TABLE d
BEGIN
INSERT INTO p VALUES (1)
COMMIT
BEGIN
CREATE TEMP TABLE gp (id int PRIMARY KEY) ON COMMIT DROP
CREATE TEMP TABLE gc (id int REFERENCES gp)
COMMIT
INSERT INTO gc VALUES (7)""",
    "foreign keys": """
CREATE TABLE p (id int PRIMARY KEY)
CREATE TEMP TABLE tp (id int PRIMARY KEY)
CREATE TEMP TABLE tc (id int REFERENCES tp ON DELETE CASCADE)
CREATE TEMP TABLE c (id int REFERENCES p)
CREATE TABLE c (id int REFERENCES tp)
CREATE TABLE c (id int)
ALTER TABLE c ADD FOREIGN KEY (id) REFERENCES tp
ALTER TABLE tc ADD FOREIGN KEY (id) REFERENCES p
INSERT INTO tp VALUES (1), (2)
INSERT INTO tc VALUES (1), (3)
INSERT INTO tc VALUES (1), (2)
DELETE FROM tp WHERE id = 1
SELECT * FROM tc
DROP TABLE tp
DROP TABLE tp CASCADE
INSERT INTO tc VALUES (9)""",
    "as": """
CREATE TABLE t (a int, b text)
INSERT INTO t VALUES (1, 'x'), (2, 'y')
CREATE TEMP TABLE u AS SELECT * FROM t WHERE a > 1
CREATE TEMP TABLE v (x) ON COMMIT DROP AS SELECT a FROM t
CREATE TEMP TABLE w ON COMMIT DELETE ROWS AS SELECT a FROM t
CREATE TEMP TABLE IF NOT EXISTS u AS SELECT 1
CREATE TEMP TABLE n AS SELECT * FROM t WITH NO DATA
CREATE TEMP TABLE t AS SELECT a * 10 AS a, b FROM t
SELECT * FROM u
SELECT * FROM v
SELECT * FROM w
SELECT * FROM n
SELECT * FROM t
SELECT * FROM public.t
CREATE TEMP TABLE bad AS SELECT * FROM missing""",
    "select into": """
CREATE TABLE t (a int, b text)
INSERT INTO t VALUES (1, 'x'), (2, 'y')
SELECT a, b INTO u FROM t WHERE a > 1
SELECT * INTO TEMP v FROM t
SELECT a INTO TEMPORARY TABLE w FROM t UNION SELECT 7 ORDER BY 1
WITH c AS (SELECT a FROM t) SELECT c.a + 1 AS next INTO TABLE public.x FROM c
SELECT 'the into' AS "into" INTO pg_temp.y
SELECT a INTO u FROM t
SELECT missing INTO z FROM t
SELECT * FROM u
SELECT * FROM v
SELECT * FROM w
SELECT * FROM x
SELECT * FROM y
SELECT relname, relpersistence FROM pg_class WHERE relname IN ('u', 'v', 'w', 'x', 'y') ORDER BY 1
DROP TABLE u, x""",
    "like": """
CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a int DEFAULT 5 CHECK (a > 0), b text UNIQUE)
CREATE TEMP TABLE u (LIKE t)
CREATE TEMP TABLE v (LIKE t INCLUDING ALL)
INSERT INTO u VALUES (NULL, -1, 'x')
INSERT INTO u VALUES (1, -1, 'x'), (1, -1, 'x')
INSERT INTO v (b) VALUES ('x')
INSERT INTO v (b) VALUES ('x')
INSERT INTO v (a) VALUES (-1)
SELECT * FROM u
SELECT * FROM v
SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = 'v'::regclass ORDER BY 1""",
    "sequences": """
CREATE TEMP SEQUENCE s START 5
SELECT nextval('s'), nextval('pg_temp.s'), currval('s'), lastval()
SELECT relkind, relpersistence FROM pg_class WHERE relname = 's'
CREATE TABLE t (a int, b serial)
CREATE TEMP TABLE tt (a serial, b int GENERATED BY DEFAULT AS IDENTITY)
INSERT INTO tt DEFAULT VALUES RETURNING *
SELECT pg_get_serial_sequence('t', 'b')
SELECT relname, relpersistence FROM pg_class WHERE relkind = 'S' ORDER BY 1
ALTER SEQUENCE s RESTART
SELECT nextval('s')
DROP SEQUENCE s
SELECT nextval('s')
DROP TABLE tt
SELECT relname FROM pg_class WHERE relkind = 'S' ORDER BY 1""",
    "views": """
CREATE TABLE t (a int)
INSERT INTO t VALUES (1)
CREATE TEMP VIEW v AS SELECT a FROM t
SELECT * FROM v
CREATE TEMP TABLE u (a int)
INSERT INTO u VALUES (2)
CREATE VIEW w AS SELECT a FROM u
SELECT * FROM w
SELECT relname, relkind, relpersistence FROM pg_class WHERE relname IN ('v', 'w', 'x') ORDER BY 1
CREATE TEMP TABLE t (a int)
SELECT * FROM v
CREATE VIEW p AS SELECT a FROM public.t
SELECT * FROM p
DROP TABLE u
DROP TABLE u CASCADE
SELECT * FROM w
CREATE OR REPLACE TEMP VIEW v AS SELECT a + 1 AS a FROM public.t
SELECT * FROM v
DROP VIEW v
DROP TABLE public.t CASCADE""",
    "indexes": """
CREATE TEMP TABLE t (a int, b text)
INSERT INTO t SELECT g, g::text FROM generate_series(1, 1000) g
CREATE INDEX t_a ON t (a)
CREATE UNIQUE INDEX ON t (b)
CREATE INDEX ON t (lower(b)) WHERE a > 10
SELECT count(*) FROM t WHERE a BETWEEN 10 AND 20
SELECT a FROM t WHERE b = '77'
INSERT INTO t VALUES (1, '5')
SELECT indexname FROM pg_indexes WHERE tablename = 't' ORDER BY 1
ANALYZE t
DROP INDEX t_a
DROP INDEX pg_temp.t_b_idx
ALTER TABLE t ADD COLUMN c int DEFAULT 3
ALTER TABLE t ALTER COLUMN a TYPE bigint
ALTER TABLE t ADD PRIMARY KEY (a)
SELECT * FROM t WHERE a = 500
COMMENT ON TABLE t IS 'passing'
SELECT obj_description('t'::regclass)
ALTER TABLE t DROP COLUMN b
SELECT * FROM t WHERE a < 3 ORDER BY a""",
    "search path": """
SET search_path = pg_temp, public
SHOW search_path
CREATE TABLE t (a int)
SELECT relpersistence FROM pg_class WHERE relname = 't'
SET search_path = public, pg_temp
CREATE TABLE t (a int, permanent int)
SELECT * FROM t
SELECT * FROM pg_temp.t
SET search_path = public
SELECT * FROM t
SELECT current_schema
SELECT current_schemas(false)
SELECT array_length(current_schemas(true), 1)
RESET search_path""",
    "discard": f"""
CREATE TABLE p (a int)
CREATE TEMP TABLE t (a serial)
CREATE TEMP VIEW v AS SELECT * FROM p
CREATE TEMP SEQUENCE s
DISCARD TEMP
{SHOWN}
SELECT * FROM t
CREATE TEMP TABLE t (b int)
SELECT * FROM t
BEGIN
DISCARD TEMP
SELECT * FROM t
ROLLBACK
SELECT * FROM t
DISCARD TEMPORARY
SELECT * FROM t
CREATE TEMP TABLE t (c int)
SELECT * FROM t
DISCARD ALL
SELECT * FROM t
SELECT * FROM p""",
    "information schema": """
CREATE TEMP TABLE t (a int PRIMARY KEY)
CREATE TEMP VIEW v AS SELECT a FROM t
SELECT table_name, table_type, is_insertable_into, commit_action FROM information_schema.tables WHERE table_name IN ('t') ORDER BY 1
SELECT table_name, column_name FROM information_schema.columns WHERE table_name IN ('t', 'v') ORDER BY 1
SELECT constraint_name FROM information_schema.table_constraints WHERE table_name = 't' AND constraint_type = 'PRIMARY KEY'
SELECT count(*) FROM pg_tables WHERE tablename = 't'""",
    "what reads only": """
CREATE TEMP TABLE t (a int)
BEGIN READ ONLY
INSERT INTO t VALUES (1)
UPDATE t SET a = 2
SELECT * FROM t
CREATE TEMP TABLE u (a int)
ROLLBACK
SELECT * FROM t""",
    "cursors": """
CREATE TEMP TABLE t AS SELECT g FROM generate_series(1, 5) g
BEGIN
DECLARE c CURSOR FOR SELECT g FROM t ORDER BY g
FETCH 2 FROM c
CREATE TEMP TABLE t2 AS SELECT 1 AS one
FETCH 2 FROM c
COMMIT
SELECT * FROM t2""",
}
