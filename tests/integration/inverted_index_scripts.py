"""Scripts for one session about inverted indexes: definitions, errors, catalogs, changes of tables. One
statement a line; pg_trgm's are there, but not as an extension of the same oids.
"""

DEFINITIONS = """SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
SELECT c.relname, a.amname, i.indkey::text, i.indnatts, i.indoption::text, pg_get_expr(i.indpred, i.indrelid), pg_get_expr(i.indexprs, i.indrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid JOIN pg_am a ON a.oid = c.relam WHERE t.relname = 't'
SELECT c.relname, k, pg_get_indexdef(i.indexrelid, k, true) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid, generate_series(1, 3) k WHERE t.relname = 't'"""

SCRIPTS = {
    "definitions": f"""
CREATE TABLE t (id int PRIMARY KEY, doc jsonb, tags text[], numbers int[], n int, body text, words tsvector)
CREATE INDEX ON t USING gin (doc)
CREATE INDEX ON t USING gin (doc jsonb_ops)
CREATE INDEX ON t USING gin (doc jsonb_path_ops)
CREATE INDEX named ON t USING GIN (tags, numbers, doc jsonb_path_ops)
CREATE INDEX IF NOT EXISTS named ON t USING gin (tags)
CREATE INDEX ON t USING gin (tags array_ops) WHERE n > 5
CREATE INDEX ON t USING gin ((doc -> 'a'), (doc -> 'b') jsonb_path_ops)
CREATE INDEX ON t USING gin (string_to_array(body, ' '))
CREATE INDEX ON t USING gin (to_tsvector('english', body), words)
CREATE INDEX ON t USING gist (words)
CREATE INDEX ON t USING hash (n)
CREATE INDEX ON t USING hash (lower(body)) WHERE n IS NOT NULL
{DEFINITIONS}
SELECT c.relname, o.opcname, o.opcdefault FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON a.oid = c.relam CROSS JOIN LATERAL unnest(i.indclass) k JOIN pg_opclass o ON o.oid = k WHERE a.amname IN ('gin', 'gist') AND c.relname LIKE 't_%'
ALTER TABLE t RENAME COLUMN doc TO data
ALTER INDEX named RENAME TO other
{DEFINITIONS}
CREATE TABLE copy (LIKE t INCLUDING ALL)
SELECT substr(indexdef, strpos(indexdef, 'USING')) FROM pg_indexes WHERE tablename = 'copy'
DROP TABLE copy
ALTER TABLE t DROP COLUMN data
{DEFINITIONS}
DROP INDEX t_tags_idx
{DEFINITIONS}
""",
    "errors": """
CREATE TABLE t (id int PRIMARY KEY, doc jsonb, tags text[], x json, n int, body text)
CREATE UNIQUE INDEX ON t USING gin (doc)
CREATE INDEX ON t USING gin (doc) INCLUDE (n)
CREATE INDEX ON t USING gin (doc DESC)
CREATE INDEX ON t USING gin (doc ASC)
CREATE INDEX ON t USING gin (doc NULLS FIRST)
CREATE INDEX ON t USING gin (body)
CREATE INDEX ON t USING gin (n)
CREATE INDEX ON t USING gin (id, doc)
CREATE INDEX ON t USING gin (body foo_ops)
CREATE INDEX ON t USING gin (body text_ops)
CREATE INDEX ON t USING gin (body jsonb_ops)
CREATE INDEX ON t USING gin (doc array_ops)
CREATE INDEX ON t USING nosuch (doc)
CREATE INDEX ON t USING gin (nosuch)
CREATE INDEX ON t USING gin (doc) WITH (fillfactor = 50)
CREATE INDEX ON t USING gin (doc) WITH (fastupdate = 7)
CREATE INDEX ON t USING gin (doc) WITH (gin_pending_list_limit = 6)
CREATE INDEX ON t USING gin (doc) WITH (gin_pending_list_limit = 64, fastupdate)
CREATE INDEX ON t (n) WITH (fastupdate = off)
CREATE UNIQUE INDEX ON t USING hash (n)
CREATE INDEX ON t USING hash (n, id)
CREATE INDEX ON t USING hash (n) INCLUDE (id)
CREATE INDEX ON t USING hash (n DESC)
CREATE INDEX ON t USING hash (n) WITH (fillfactor = 50)
CREATE INDEX ON t USING hash (x)
CREATE INDEX ON t USING gist (body)
CREATE INDEX ON t USING gist (n)
CREATE INDEX ON t USING gin (to_tsvector(body))
SELECT indexname FROM pg_indexes WHERE tablename = 't'
""",
    "changes of tables": """
CREATE TABLE t (id int PRIMARY KEY, doc jsonb, tags varchar[], numbers int[], up int REFERENCES t ON DELETE CASCADE)
CREATE INDEX t_doc ON t USING gin (doc)
CREATE INDEX t_path ON t USING gin (doc jsonb_path_ops)
CREATE INDEX t_numbers ON t USING gin (numbers)
INSERT INTO t SELECT g, jsonb_build_object('a', g % 5, 'b', g), ARRAY['t' || g % 3], ARRAY[g % 4, NULL, g], CASE WHEN g > 10 THEN g - 10 END FROM generate_series(1, 40) g
SELECT id FROM t WHERE numbers @> '{3}' AND doc @> '{"a": 3}'
ALTER TABLE t ALTER numbers TYPE bigint[]
SELECT id FROM t WHERE numbers @> '{3}'
SELECT id FROM t WHERE numbers && '{3,17}'
ALTER TABLE t ALTER doc TYPE json
ALTER TABLE t ALTER numbers TYPE text USING numbers::text
DROP INDEX t_doc
ALTER TABLE t ALTER doc TYPE json
DELETE FROM t WHERE id = 3
SELECT id FROM t WHERE doc @> '{"a": 3}'
UPDATE t SET id = id + 100, doc = doc || '{"a": 9}' WHERE doc @> '{"a": 2}' AND id > 30
SELECT id FROM t WHERE doc @> '{"a": 9}'
INSERT INTO t VALUES (1, '{"a": 9}') ON CONFLICT (id) DO UPDATE SET doc = excluded.doc
SELECT id FROM t WHERE doc @> '{"a": 9}'
TRUNCATE t
SELECT id FROM t WHERE doc @> '{"a": 9}'
INSERT INTO t VALUES (1, NULL), (2, '{}'), (3, '[]'), (4, '"a"'), (5, '["a"]'), (6, '[["a"]]'), (7, 'null')
SELECT id FROM t WHERE doc @> '{}'
SELECT id FROM t WHERE doc @> '[]'
SELECT id FROM t WHERE doc @> '"a"'
SELECT id FROM t WHERE doc @> '["a"]'
SELECT id FROM t WHERE doc @> 'null'
CREATE INDEX t_doc ON t USING gin (doc)
SELECT id FROM t WHERE doc ? 'a'
SELECT id FROM t WHERE doc ?& '{}'
SELECT id FROM t WHERE doc ?| '{}'
SELECT id FROM t WHERE doc @> NULL
BEGIN
UPDATE t SET doc = '{"z": 1}' WHERE id < 4
SELECT id FROM t WHERE doc ? 'z'
ROLLBACK
SELECT id FROM t WHERE doc ? 'z'
ALTER TABLE t DROP CONSTRAINT t_pkey CASCADE
SELECT id FROM t WHERE doc ? 'a'
""",
    "partitions": """
CREATE TABLE t (id int, tags text[], doc jsonb) PARTITION BY RANGE (id)
CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (100)
CREATE INDEX t_tags ON t USING gin (tags)
CREATE TABLE t2 PARTITION OF t FOR VALUES FROM (100) TO (200)
CREATE TABLE t3 (id int, tags text[], doc jsonb)
CREATE INDEX t3_own ON t3 USING gin (tags)
CREATE INDEX t3_other ON t3 USING gin (doc jsonb_path_ops)
INSERT INTO t3 VALUES (250, '{t7}')
ALTER TABLE t ATTACH PARTITION t3 FOR VALUES FROM (200) TO (300)
CREATE INDEX t_doc ON t USING gin (doc)
SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
INSERT INTO t SELECT g, ARRAY['t' || g % 10], jsonb_build_object('a', g) FROM generate_series(0, 199) g
SELECT id FROM t WHERE tags @> '{t7}'
UPDATE t SET id = id + 100 WHERE tags @> '{t7}' AND id < 60
SELECT id FROM t WHERE tags @> '{t7}'
SELECT id FROM t WHERE doc @> '{"a": 17}'
DROP INDEX t_tags
SELECT indexname FROM pg_indexes WHERE schemaname = 'public'
DROP TABLE t
""",
}
