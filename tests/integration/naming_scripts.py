"""Scripts for one session about names, schemas and parts of things. One statement a line."""
INDEXES = """SELECT c.relname, i.indisvalid, i.indisunique, i.indisprimary, p.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid LEFT JOIN pg_inherits h ON h.inhrelid = c.oid LEFT JOIN pg_class p ON p.oid = h.inhparent JOIN pg_class t ON t.oid = i.indrelid WHERE t.relname LIKE 'p%' AND t.relkind IN ('r', 'p') AND t.relname !~ '^pg_' AND t.relnamespace = 'public'::regnamespace ORDER BY 1"""

SCRIPTS = {
    "constraints and indexes are renamed": """
CREATE TABLE t (id int PRIMARY KEY, a int UNIQUE, b int CHECK (b > 0), c int REFERENCES t)
CREATE INDEX t_b ON t (b)
ALTER INDEX t_b RENAME TO t_bb
ALTER INDEX t_pkey RENAME TO t_key
ALTER TABLE t RENAME CONSTRAINT t_a_key TO t_ua
ALTER TABLE t RENAME CONSTRAINT t_b_check TO positive
ALTER TABLE t RENAME CONSTRAINT t_c_fkey TO self
INSERT INTO t VALUES (1, 1, 1, 1), (2, 2, -1, 1)
INSERT INTO t VALUES (2, 2, 2, 9)
INSERT INTO t VALUES (1, 1, 1, 1)
INSERT INTO t VALUES (1, 1, 1, 1), (1, 2, 2, 2)
INSERT INTO t VALUES (3, 4, 1, 3), (4, 4, 2, 3)
ALTER TABLE t RENAME CONSTRAINT nope TO x
ALTER TABLE t RENAME CONSTRAINT self TO positive
ALTER INDEX t_bb RENAME TO t_key
ALTER INDEX nope RENAME TO x
ALTER TABLE t RENAME CONSTRAINT t_key TO t_bb
SELECT conname, contype FROM pg_constraint WHERE conrelid = 't'::regclass ORDER BY 1
SELECT indexname FROM pg_indexes WHERE tablename = 't' ORDER BY 1
ALTER INDEX t_bb SET (fillfactor = 70)
DROP INDEX t_bb""",
    "views are renamed": """
CREATE TABLE t (id int, a int)
CREATE VIEW v AS SELECT id FROM t
ALTER VIEW v RENAME TO w
SELECT * FROM w
ALTER TABLE w RENAME TO u
SELECT * FROM u
ALTER VIEW t RENAME TO x
ALTER VIEW nope RENAME TO x
SELECT relname FROM pg_class WHERE relname IN ('u', 'v', 'w') ORDER BY 1""",
    "relations change their schema": """
CREATE SCHEMA other_schema
CREATE TABLE t (id serial PRIMARY KEY, a int)
CREATE INDEX t_a ON t (a)
CREATE TABLE child (id int REFERENCES t)
INSERT INTO t (a) VALUES (5)
ALTER TABLE t SET SCHEMA other_schema
SELECT * FROM t
SELECT * FROM other_schema.t
INSERT INTO other_schema.t (a) VALUES (6) RETURNING id
INSERT INTO child VALUES (1), (7)
INSERT INTO child VALUES (2)
SELECT schemaname, indexname FROM pg_indexes WHERE tablename = 't' ORDER BY 2
SELECT sequence_schema, sequence_name FROM information_schema.sequences WHERE sequence_name = 't_id_seq'
ALTER SEQUENCE other_schema.t_id_seq SET SCHEMA public
CREATE TABLE t (id int)
ALTER TABLE t SET SCHEMA other_schema
ALTER TABLE t SET SCHEMA nowhere
ALTER TABLE nope SET SCHEMA other_schema
CREATE SEQUENCE s
ALTER SEQUENCE s SET SCHEMA other_schema
SELECT nextval('other_schema.s')
CREATE VIEW v AS SELECT 1 AS one
ALTER VIEW v SET SCHEMA other_schema
SELECT * FROM other_schema.v
ALTER VIEW t SET SCHEMA other_schema
SET client_min_messages = warning
DROP SCHEMA other_schema CASCADE
RESET client_min_messages""",
    "schemas are renamed": """
CREATE SCHEMA one_schema
CREATE TABLE one_schema.t (id serial PRIMARY KEY, a int)
CREATE FUNCTION one_schema.f() RETURNS int LANGUAGE sql AS 'SELECT 7'
INSERT INTO one_schema.t (a) VALUES (3)
ALTER SCHEMA one_schema RENAME TO two_schema
SELECT * FROM two_schema.t
SELECT two_schema.f()
SELECT * FROM one_schema.t
INSERT INTO two_schema.t (a) VALUES (4) RETURNING id
ALTER SCHEMA nope RENAME TO x
ALTER SCHEMA two_schema RENAME TO public
ALTER SCHEMA two_schema RENAME TO pg_x
ALTER SCHEMA two_schema OWNER TO CURRENT_USER
ALTER SCHEMA two_schema OWNER TO nobody_at_all
SELECT nspname FROM pg_namespace WHERE nspname IN ('one_schema', 'two_schema')
SET client_min_messages = warning
DROP SCHEMA two_schema CASCADE
RESET client_min_messages""",
    "schemas are created with elements": """
CREATE SCHEMA made CREATE VIEW v AS SELECT a FROM t WHERE a > 1 CREATE INDEX t_a ON t (a) CREATE TABLE t (a int CHECK (a < 10), b text DEFAULT 'x;') CREATE SEQUENCE s
INSERT INTO made.t VALUES (1), (2)
SELECT * FROM made.v
SELECT nextval('made.s')
INSERT INTO made.t VALUES (11)
SELECT indexname FROM pg_indexes WHERE schemaname = 'made'
CREATE SCHEMA made2 CREATE TABLE public.t (a int)
SELECT count(*) FROM pg_namespace WHERE nspname = 'made2'
CREATE SCHEMA made3 CREATE TABLE t (a int) CREATE TABLE t (b int)
SELECT count(*) FROM pg_namespace WHERE nspname = 'made3'
CREATE SCHEMA IF NOT EXISTS made CREATE TABLE t (a int)
SET client_min_messages = warning
DROP SCHEMA made CASCADE
RESET client_min_messages""",
    "unlogged tables": f"""
CREATE UNLOGGED TABLE u (a int PRIMARY KEY)
INSERT INTO u VALUES (1)
ALTER TABLE u SET LOGGED
ALTER TABLE u SET UNLOGGED
SELECT * FROM u
CREATE UNLOGGED TABLE w AS SELECT 1 AS a
SELECT * FROM w""",
    "indexes of partitions are attached": f"""
CREATE TABLE p (a int NOT NULL, b int, c int) PARTITION BY RANGE (a)
CREATE TABLE p1 (a int NOT NULL, b int, c int)
CREATE TABLE p2 (a int NOT NULL, b int, c int)
ALTER TABLE ONLY p ATTACH PARTITION p1 FOR VALUES FROM (0) TO (10)
ALTER TABLE ONLY p ATTACH PARTITION p2 FOR VALUES FROM (10) TO (20)
INSERT INTO p SELECT g, g % 5, g FROM generate_series(1, 19) g
ALTER TABLE ONLY p ADD CONSTRAINT p_pkey PRIMARY KEY (a)
ALTER TABLE ONLY p1 ADD CONSTRAINT p1_pkey PRIMARY KEY (a)
ALTER TABLE ONLY p2 ADD CONSTRAINT p2_pkey PRIMARY KEY (a)
ALTER TABLE ONLY p ADD CONSTRAINT p_a_c_key UNIQUE (a, c)
ALTER TABLE ONLY p1 ADD CONSTRAINT p1_a_c_key UNIQUE (a, c)
ALTER TABLE ONLY p2 ADD CONSTRAINT p2_a_c_key UNIQUE (a, c)
CREATE INDEX p_b_idx ON ONLY p USING btree (b)
CREATE UNIQUE INDEX p_b_a_idx ON ONLY p USING btree (b, a)
CREATE INDEX p1_b_idx ON p1 USING btree (b)
CREATE INDEX p2_b_idx ON p2 USING btree (b)
CREATE INDEX p2_c_idx ON p2 USING btree (c)
{INDEXES}
ALTER INDEX p_b_idx ATTACH PARTITION p1_b_idx
ALTER INDEX p_b_idx ATTACH PARTITION p1_b_idx
ALTER INDEX p_b_idx ATTACH PARTITION p2_c_idx
ALTER INDEX p_b_idx ATTACH PARTITION p2_b_idx
ALTER INDEX p_pkey ATTACH PARTITION p2_pkey
ALTER INDEX p_pkey ATTACH PARTITION p1_pkey
ALTER INDEX p_a_c_key ATTACH PARTITION p1_a_c_key
ALTER INDEX p_a_c_key ATTACH PARTITION p2_a_c_key
ALTER INDEX p1_b_idx ATTACH PARTITION p2_b_idx
ALTER INDEX p_b_idx ATTACH PARTITION nope
{INDEXES}
SELECT conname, contype, conislocal, coninhcount FROM pg_constraint WHERE conname LIKE 'p%key' AND connamespace = 'public'::regnamespace ORDER BY 1
INSERT INTO p VALUES (3, 3, 3)
SELECT count(*) FROM p WHERE b = 3
DROP INDEX p1_b_idx
DROP INDEX p_b_idx
SELECT indexname FROM pg_indexes WHERE tablename IN ('p1', 'p2') ORDER BY 1
CREATE TABLE p3 PARTITION OF p FOR VALUES FROM (20) TO (30)
INSERT INTO p VALUES (21, 1, 1), (21, 2, 2)
ALTER TABLE p RENAME CONSTRAINT p_pkey TO p_key
SELECT conname FROM pg_constraint WHERE contype = 'p' AND conname LIKE 'p%key' AND connamespace = 'public'::regnamespace ORDER BY 1""",
    "several columns are assigned from one row": """
CREATE TABLE t (id int PRIMARY KEY, a int, b text, c int)
CREATE TABLE s (id int, x int, y text)
INSERT INTO t VALUES (1, 1, 'a', 1), (2, 2, 'b', 2), (3, 3, 'c', 3)
INSERT INTO s VALUES (1, 10, 'x'), (2, 20, 'y')
UPDATE t SET (a, b) = (SELECT x, y FROM s WHERE s.id = t.id)
SELECT * FROM t ORDER BY id
UPDATE t SET (b, c) = (SELECT b || '!', a + 1), a = 5 WHERE id = 1
SELECT * FROM t ORDER BY id
UPDATE t SET (a, b) = (SELECT 1)
UPDATE t SET (a, b) = (SELECT x, y FROM s)
UPDATE t SET (a) = (SELECT 7) WHERE id = 3
UPDATE t SET (a, b) = ROW (8, 'r') WHERE id = 3 RETURNING *
UPDATE t SET (a, b) = (SELECT 'x', 1)
SELECT * FROM t ORDER BY id""",
    "parts of columns are inserted": """
CREATE TYPE pair AS (x int, y text)
CREATE TABLE t (id int, a int[], p pair, j jsonb)
INSERT INTO t (id, a[1], a[2]) VALUES (1, 10, 20), (2, 30, 40)
INSERT INTO t (id, p.x, p.y) VALUES (3, 5, 'five')
INSERT INTO t (id, p.y) VALUES (4, 'only')
INSERT INTO t (id, a[2]) SELECT 5, 7
INSERT INTO t (id, a[1], a) VALUES (6, 1, '{1}')
INSERT INTO t (id, id[1]) VALUES (6, 1)
INSERT INTO t (id, p.z) VALUES (6, 1)
SELECT * FROM t ORDER BY id""",
}
