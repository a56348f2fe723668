"""Scripts for one session about partial indexes, indexes on expressions and INCLUDE. One statement
a line; those that are only about adbms's plans are in the test itself.
"""

DEFINITIONS = """SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
SELECT c.relname, i.indkey::text, i.indnatts, i.indnkeyatts, i.indoption::text, pg_get_expr(i.indpred, i.indrelid), pg_get_expr(i.indexprs, i.indrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid WHERE t.relname = 't'
SELECT c.relname, k, pg_get_indexdef(i.indexrelid, k, true), pg_get_indexdef(i.indexrelid, k, false) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid, generate_series(1, 3) k WHERE t.relname = 't'"""

SCRIPTS = {
    "definitions": f"""
CREATE TABLE t (id int PRIMARY KEY, title varchar(40), body text, a int, b int, n numeric(6,2), active boolean, at timestamp, "Odd" text)
CREATE INDEX ON t (lower(title))
CREATE INDEX ON t (lower(body), (a + b) DESC, id)
CREATE INDEX ON t ((a + b))
CREATE INDEX ON t ((a))
CREATE INDEX ON t ((lower(title)), (upper(title)))
CREATE INDEX ON t (a) WHERE active
CREATE INDEX ON t (a) WHERE NOT active
CREATE INDEX ON t (a, b DESC) WHERE a > 5 AND b IS NOT NULL
CREATE INDEX ON t (a) WHERE a = 1 OR b < 3
CREATE INDEX ON t (a) INCLUDE (b, body)
CREATE UNIQUE INDEX named ON t (body) WHERE title = 'x'
CREATE UNIQUE INDEX named ON t (body)
CREATE UNIQUE INDEX IF NOT EXISTS named ON t (body)
CREATE INDEX ON t (coalesce(title, 'none'))
CREATE INDEX ON t ((CASE WHEN a > 0 THEN 'p' ELSE 'n' END))
CREATE INDEX ON t (abs(a), (n * 2))
CREATE INDEX ON t (("Odd" || 'x'))
CREATE INDEX ON t (at) WHERE at > '2024-01-01'
CREATE INDEX ON t (a) WHERE title IN ('x', 'y')
CREATE INDEX ON t (a) WHERE a IN (1, 2, 3)
CREATE INDEX ON t (a) WHERE body IS NULL
CREATE INDEX ON t (a) WHERE body <> ''
CREATE INDEX ON t ((a IS NULL))
CREATE INDEX ON t (date_trunc('day', at))
CREATE INDEX ON t (substr(body, 1, 3))
{DEFINITIONS}
ALTER TABLE t RENAME COLUMN title TO name
ALTER TABLE t RENAME COLUMN a TO "A"
{DEFINITIONS}
ALTER TABLE t DROP COLUMN b
SELECT indexname FROM pg_indexes WHERE schemaname = 'public'
DROP INDEX named
SELECT indexname FROM pg_indexes WHERE schemaname = 'public'""",
    "what may not be indexed": """
CREATE TABLE t (id int, a int, j json, at timestamptz, d date, s text)
CREATE INDEX ON t ((a + random()))
CREATE INDEX ON t ((now()))
CREATE INDEX ON t ((at::date))
CREATE INDEX ON t ((at::text))
CREATE INDEX ON t (date_trunc('day', at))
CREATE INDEX ON t (a) WHERE at > now()
CREATE INDEX ON t ((d::text))
CREATE INDEX ON t ((s::date))
CREATE INDEX ON t ((s::int))
CREATE INDEX ON t ((j -> 'x'))
CREATE INDEX ON t ((j ->> 'x'))
CREATE INDEX ON t (((SELECT 1)))
CREATE INDEX ON t (sum(a))
CREATE INDEX ON t (a) WHERE count(*) > 1
CREATE INDEX ON t (a) WHERE (SELECT true)
CREATE INDEX ON t (a) WHERE a
CREATE INDEX ON t (nosuch)
CREATE INDEX ON t (lower(nosuch))
CREATE INDEX ON t (lower(a))
CREATE INDEX ON t (a) WHERE nosuch > 1
CREATE INDEX ON t (a) INCLUDE ((a + 1))
CREATE INDEX ON t (row_number() OVER ())
CREATE INDEX ON t (generate_series(1, a))
CREATE INDEX ON nosuch (lower(a))
SELECT count(*) FROM pg_indexes WHERE tablename = 't'""",
    "unique over some rows": """
CREATE TABLE t (id int PRIMARY KEY, email text, deleted boolean NOT NULL DEFAULT false)
CREATE UNIQUE INDEX live ON t (lower(email)) WHERE NOT deleted
INSERT INTO t VALUES (1, 'Ann@x', false), (2, 'ann@X', true), (3, 'bob@x', false)
INSERT INTO t VALUES (4, 'ANN@x', false)
INSERT INTO t VALUES (4, 'ANN@x', true)
INSERT INTO t VALUES (5, NULL, false), (6, NULL, false)
UPDATE t SET deleted = false WHERE id = 2
UPDATE t SET deleted = true WHERE id = 1
UPDATE t SET deleted = false WHERE id = 2
UPDATE t SET email = 'BOB@X' WHERE id = 2
UPDATE t SET email = 'carol@x' WHERE id = 2
DELETE FROM t WHERE id = 3
UPDATE t SET email = 'BOB@X' WHERE id = 2
SELECT * FROM t
CREATE UNIQUE INDEX ON t (email)
CREATE UNIQUE INDEX ON t (lower(email))
CREATE UNIQUE INDEX ON t (length(email)) WHERE email IS NOT NULL
UPDATE t SET email = 'q' || id WHERE id = 2
SELECT id FROM t WHERE lower(email) = 'q2' AND NOT deleted
ALTER TABLE t DROP COLUMN deleted
SELECT indexname FROM pg_indexes WHERE tablename = 't'
INSERT INTO t VALUES (10, 'q2')""",
    "on conflict": """
CREATE TABLE t (id int PRIMARY KEY, email text, kind int, hits int DEFAULT 1)
CREATE UNIQUE INDEX ON t (lower(email))
CREATE UNIQUE INDEX ON t (kind) WHERE kind > 10
INSERT INTO t VALUES (1, 'Ann', 11), (2, 'Bob', 5)
INSERT INTO t VALUES (3, 'ANN', 5) ON CONFLICT (lower(email)) DO UPDATE SET hits = t.hits + 1, email = excluded.email
INSERT INTO t VALUES (3, 'ann', 5) ON CONFLICT (lower(email)) DO NOTHING
INSERT INTO t VALUES (3, 'carl', 11) ON CONFLICT (kind) WHERE kind > 10 DO UPDATE SET hits = 100
INSERT INTO t VALUES (3, 'carl', 11) ON CONFLICT (kind) WHERE kind > 20 DO UPDATE SET hits = t.hits + 1
INSERT INTO t VALUES (3, 'carl', 5) ON CONFLICT (kind) WHERE kind > 10 DO UPDATE SET hits = -1
INSERT INTO t VALUES (4, 'dan', 11) ON CONFLICT (kind) DO NOTHING
INSERT INTO t VALUES (4, 'dan', 11) ON CONFLICT (kind) WHERE kind > 5 DO NOTHING
INSERT INTO t VALUES (4, 'dan', 11) ON CONFLICT (email) DO NOTHING
INSERT INTO t VALUES (4, 'dan', 11) ON CONFLICT (upper(email)) DO NOTHING
INSERT INTO t VALUES (4, 'dan', 11) ON CONFLICT DO NOTHING
INSERT INTO t VALUES (4, 'ANN', 12), (5, 'eve', 13) ON CONFLICT DO NOTHING
INSERT INTO t VALUES (6, 'eVe', 5), (7, 'EvE', 5) ON CONFLICT (lower(email)) DO UPDATE SET hits = t.hits + 1
INSERT INTO t VALUES (6, 'eVe', 5) ON CONFLICT (lower(email)) DO UPDATE SET kind = 11
SELECT * FROM t""",
    "changes of columns": f"""
CREATE TABLE t (id int PRIMARY KEY, title varchar(10), a int, b text)
INSERT INTO t SELECT g, 'T' || g, g, g::text FROM generate_series(1, 20) g
CREATE INDEX ON t (lower(title))
CREATE INDEX ON t (id) WHERE a > 3
CREATE INDEX ON t ((a * 2))
CREATE UNIQUE INDEX ON t ((b || 'x')) WHERE title <> 'zz'
ALTER TABLE t ALTER title TYPE text
SELECT id FROM t WHERE lower(title) = 't7'
ALTER TABLE t ALTER a TYPE bigint
SELECT id FROM t WHERE a * 2 = 14
ALTER TABLE t ALTER a TYPE text
ALTER TABLE t ALTER b TYPE int USING b::int % 5
ALTER TABLE t ALTER b TYPE varchar(9) USING 'v' || b
SELECT id FROM t WHERE b || 'x' = 'v7x'
SELECT id FROM t WHERE id < 7 AND a > 4
{DEFINITIONS}
INSERT INTO t VALUES (30, 'T7', 7, 'v7')
INSERT INTO t VALUES (30, 'zz', 7, 'v7')
SELECT id FROM t WHERE a * 2 = 14
TRUNCATE t
INSERT INTO t VALUES (30, 'T7', 7, 'v7')
SELECT id FROM t WHERE lower(title) = 't7'""",
    "errors while indexing": """
CREATE TABLE t (id int PRIMARY KEY, a int)
INSERT INTO t VALUES (1, 1), (2, 0)
CREATE INDEX ON t ((10 / a))
CREATE INDEX ON t ((10 / a)) WHERE a <> 0
INSERT INTO t VALUES (3, 0), (4, 5)
SELECT id FROM t WHERE a <> 0 AND 10 / a = 2
UPDATE t SET a = 0 WHERE id = 1
CREATE INDEX ON t ((100 / (id - 4)))
DELETE FROM t WHERE id = 4
CREATE INDEX ON t ((100 / (id - 4)))
INSERT INTO t VALUES (4, 5)
SELECT * FROM t""",
    "in a block": """
CREATE TABLE t (id int PRIMARY KEY, a text)
BEGIN
INSERT INTO t SELECT g, 'A' || g % 5 FROM generate_series(1, 30) g
CREATE INDEX i ON t (lower(a)) WHERE id > 10
SELECT count(*) FROM t WHERE lower(a) = 'a3' AND id > 10
UPDATE t SET a = 'B' WHERE id = 13
SELECT count(*) FROM t WHERE lower(a) = 'a3' AND id > 10
SELECT id FROM t WHERE lower(a) = 'b' AND id > 12
ROLLBACK
SELECT count(*) FROM pg_indexes WHERE indexname = 'i'
CREATE UNIQUE INDEX u ON t ((id / 10)) WHERE a IS NULL
BEGIN
INSERT INTO t VALUES (1, NULL), (11, NULL), (2, 'x')
SAVEPOINT s
INSERT INTO t VALUES (12, NULL)
ROLLBACK TO s
UPDATE t SET a = 'y' WHERE id = 1
UPDATE t SET a = NULL WHERE id = 2
COMMIT
SELECT * FROM t""",
}
