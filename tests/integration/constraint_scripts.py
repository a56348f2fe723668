"""Scripts for one session about constraints: foreign keys with all their actions, what is deferred
and until when, NOT VALID, TRUNCATE. One statement a line; a transaction's statements go on after an
error as a client's do.
"""

SCRIPTS = {
    "delete cascades over tables": """
CREATE TABLE a (id int PRIMARY KEY, note text)
CREATE TABLE b (id int PRIMARY KEY, a_id int REFERENCES a ON DELETE CASCADE)
CREATE TABLE c (id int PRIMARY KEY, b_id int REFERENCES b ON DELETE CASCADE, a_id int REFERENCES a)
CREATE TABLE d (id int PRIMARY KEY, c_id int REFERENCES c ON DELETE SET NULL, CHECK (id <> 3 OR c_id IS NOT NULL))
INSERT INTO a SELECT g, 'a' || g FROM generate_series(1, 4) g
INSERT INTO b SELECT g, g FROM generate_series(1, 4) g
INSERT INTO c VALUES (1, 1, 1), (2, 2, 3), (3, 3, NULL), (4, 4, 4)
INSERT INTO d VALUES (1, 1), (2, 2), (3, 3), (4, NULL)
DELETE FROM a WHERE id = 1 RETURNING *
SELECT * FROM b
SELECT * FROM c
SELECT * FROM d
DELETE FROM a WHERE id = 3
DELETE FROM c WHERE id = 2
DELETE FROM a WHERE id = 3
UPDATE d SET id = 30 WHERE id = 3
DELETE FROM a WHERE id IN (2, 3)
SELECT * FROM b
SELECT * FROM c
SELECT * FROM d
DELETE FROM a
SELECT count(*) FROM b
SELECT count(*) FROM d""",
    "update cascades": """
CREATE TABLE a (id int PRIMARY KEY, code text UNIQUE)
CREATE TABLE b (id int PRIMARY KEY, a_id int REFERENCES a ON UPDATE CASCADE, code text REFERENCES a (code) ON UPDATE CASCADE ON DELETE SET NULL)
CREATE INDEX ON b (a_id)
INSERT INTO a VALUES (1, 'x'), (2, 'y'), (3, NULL)
INSERT INTO b VALUES (1, 1, 'y'), (2, 1, 'x'), (3, 2, NULL), (4, NULL, 'y')
UPDATE a SET id = id + 10
SELECT * FROM b
UPDATE a SET code = code || code, id = id - 10 WHERE id < 13
SELECT * FROM b
UPDATE a SET code = NULL WHERE id = 1
SELECT * FROM b
DELETE FROM a WHERE id = 2
UPDATE b SET a_id = 1
DELETE FROM a WHERE id = 2
SELECT * FROM b
INSERT INTO a VALUES (1, 'n') ON CONFLICT (id) DO UPDATE SET id = 100
SELECT * FROM b
UPDATE a SET id = 1 - id RETURNING id
SELECT * FROM a""",
    "set default and column lists": """
CREATE TABLE t (tenant int, id int, PRIMARY KEY (tenant, id))
CREATE TABLE p (tenant int NOT NULL DEFAULT 1, id int DEFAULT 7, n int PRIMARY KEY, FOREIGN KEY (tenant, id) REFERENCES t ON DELETE SET NULL (id) ON UPDATE SET DEFAULT)
CREATE TABLE q (tenant int NOT NULL, id int, n int, FOREIGN KEY (tenant, id) REFERENCES t ON DELETE SET NULL)
CREATE TABLE r (tenant int, id int, n int, FOREIGN KEY (tenant, id) REFERENCES t ON DELETE SET NULL (other))
CREATE TABLE r (tenant int, id int, n int, FOREIGN KEY (tenant, id) REFERENCES t ON DELETE SET NULL (n))
CREATE TABLE r (tenant int, id int, n int, FOREIGN KEY (tenant, id) REFERENCES t ON UPDATE SET NULL (id))
INSERT INTO t VALUES (1, 1), (1, 2), (2, 1), (3, 1)
INSERT INTO p VALUES (1, 1, 1), (1, 2, 2), (2, 1, 3)
INSERT INTO p VALUES (1, 9, 4)
DELETE FROM t WHERE tenant = 1 AND id = 2
SELECT * FROM p
UPDATE t SET id = 5 WHERE tenant = 2
INSERT INTO t VALUES (1, 7)
UPDATE t SET id = 5 WHERE tenant = 2
SELECT * FROM p
INSERT INTO q VALUES (3, 1, 1)
DELETE FROM t WHERE tenant = 3
CREATE TABLE z (id int PRIMARY KEY)
CREATE TABLE y (id int DEFAULT 0 REFERENCES z ON DELETE SET DEFAULT)
INSERT INTO z VALUES (0), (1)
INSERT INTO y VALUES (1), (1)
DELETE FROM z WHERE id = 1
SELECT * FROM y
DELETE FROM z WHERE id = 0""",
    "keys of other types": """
CREATE TABLE a (id bigint PRIMARY KEY, t text UNIQUE, n numeric UNIQUE)
CREATE TABLE b (id int REFERENCES a ON UPDATE CASCADE, t varchar(3) REFERENCES a (t) ON UPDATE CASCADE, n numeric(6,2) REFERENCES a (n) ON UPDATE CASCADE)
INSERT INTO a VALUES (1, 'x', 1.5), (5000000000, 'y', 2)
INSERT INTO b VALUES (1, 'x', 1.5)
UPDATE a SET id = 2, t = 'xyz', n = 1.50 WHERE id = 1
SELECT * FROM b
UPDATE a SET t = 'long' WHERE id = 2
UPDATE a SET id = 6000000000 WHERE id = 2
DELETE FROM a WHERE id > 2
INSERT INTO b VALUES (705032704, NULL, NULL)
UPDATE a SET n = 1.256 WHERE id = 2""",
    "restrict and no action": """
CREATE TABLE a (id int PRIMARY KEY)
CREATE TABLE b (id int, a_id int REFERENCES a ON DELETE RESTRICT ON UPDATE RESTRICT)
CREATE TABLE c (id int, a_id int REFERENCES a)
INSERT INTO a VALUES (1), (2), (3)
INSERT INTO b VALUES (1, 1)
INSERT INTO c VALUES (1, 2)
DELETE FROM a WHERE id = 1
UPDATE a SET id = 9 WHERE id = 1
UPDATE a SET id = 3 - id WHERE id < 3
UPDATE a SET id = 4 WHERE id = 2
UPDATE a SET id = id WHERE id = 1
DELETE FROM a WHERE id > 1
DELETE FROM a WHERE id = 3""",
    "match full": """
CREATE TABLE a (x int, y int, PRIMARY KEY (x, y))
CREATE TABLE b (x int, y int, FOREIGN KEY (x, y) REFERENCES a MATCH FULL)
CREATE TABLE c (x int, y int, FOREIGN KEY (x, y) REFERENCES a MATCH PARTIAL)
CREATE TABLE d (u int, v int, FOREIGN KEY (v, u) REFERENCES a (y, x) ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED)
INSERT INTO a VALUES (1, 2)
INSERT INTO b VALUES (NULL, NULL), (1, 2)
INSERT INTO b VALUES (1, NULL)
INSERT INTO b VALUES (2, 2)
UPDATE b SET y = NULL WHERE x = 1
INSERT INTO d VALUES (1, 2), (5, NULL)
INSERT INTO d VALUES (2, 1)
DELETE FROM a
DELETE FROM b
UPDATE a SET x = 3
SELECT * FROM d
DELETE FROM a""",
    "self references and cycles": """
CREATE TABLE tree (id int PRIMARY KEY, up int REFERENCES tree ON DELETE CASCADE ON UPDATE CASCADE)
INSERT INTO tree SELECT g, nullif(g / 2, 0) FROM generate_series(1, 40) g
UPDATE tree SET id = id + 1000 WHERE id = 2
SELECT * FROM tree WHERE up > 1000
DELETE FROM tree WHERE id = 1002
SELECT count(*), sum(id) FROM tree
DELETE FROM tree
CREATE TABLE l (id int PRIMARY KEY, r_id int)
CREATE TABLE r (id int PRIMARY KEY, l_id int REFERENCES l ON DELETE CASCADE)
ALTER TABLE l ADD FOREIGN KEY (r_id) REFERENCES r ON DELETE CASCADE
INSERT INTO l VALUES (1, NULL), (2, NULL), (3, NULL)
INSERT INTO r VALUES (1, 1), (2, 2), (3, NULL)
UPDATE l SET r_id = 2 WHERE id = 1
UPDATE l SET r_id = 1 WHERE id = 2
UPDATE l SET r_id = 3 WHERE id = 3
DELETE FROM l WHERE id = 1
SELECT * FROM l
SELECT * FROM r
DROP TABLE l
DROP TABLE l, r""",
    "deferred references": """
CREATE TABLE a (id int PRIMARY KEY)
CREATE TABLE b (id int PRIMARY KEY, a_id int, CONSTRAINT b_a FOREIGN KEY (a_id) REFERENCES a DEFERRABLE INITIALLY DEFERRED)
INSERT INTO b VALUES (1, 1)
BEGIN
INSERT INTO b VALUES (1, 1)
INSERT INTO a VALUES (1)
COMMIT
BEGIN
DELETE FROM a
SELECT count(*) FROM a
INSERT INTO a VALUES (1)
COMMIT
BEGIN
DELETE FROM a
COMMIT
SELECT * FROM a
BEGIN
INSERT INTO b VALUES (2, 2)
SAVEPOINT s
INSERT INTO b VALUES (3, 3)
ROLLBACK TO s
INSERT INTO a VALUES (2)
COMMIT
BEGIN
INSERT INTO b VALUES (4, 4)
UPDATE b SET a_id = 1 WHERE id = 4
UPDATE b SET id = 5, a_id = 5 WHERE id = 4
UPDATE b SET id = 6 WHERE id = 5
COMMIT
BEGIN
INSERT INTO b VALUES (7, 7)
DELETE FROM b WHERE id = 7
COMMIT
BEGIN
INSERT INTO b VALUES (8, 8)
SET CONSTRAINTS b_a IMMEDIATE
ROLLBACK
BEGIN
SET CONSTRAINTS ALL IMMEDIATE
INSERT INTO b VALUES (8, 8)
ROLLBACK
BEGIN
INSERT INTO b VALUES (8, 8)
SAVEPOINT s
INSERT INTO a VALUES (8)
SET CONSTRAINTS ALL IMMEDIATE
ROLLBACK TO s
INSERT INTO b VALUES (9, 9)
COMMIT
BEGIN
INSERT INTO b VALUES (8, 8)
ALTER TABLE b ADD COLUMN more int
ROLLBACK
BEGIN
INSERT INTO b VALUES (8, 8)
TRUNCATE b
ROLLBACK
BEGIN
INSERT INTO b VALUES (8, 8)
DROP TABLE b
ROLLBACK
BEGIN
INSERT INTO b VALUES (8, 8)
CREATE INDEX ON b (a_id)
ROLLBACK
SET CONSTRAINTS nope DEFERRED
SET CONSTRAINTS b_pkey DEFERRED
SET CONSTRAINTS b_a DEFERRED
BEGIN
SET CONSTRAINTS nope DEFERRED
ROLLBACK
BEGIN
SET CONSTRAINTS b_pkey IMMEDIATE
ROLLBACK
BEGIN
SET CONSTRAINTS public.b_a, nowhere.b_a IMMEDIATE
ROLLBACK
ALTER TABLE b ALTER CONSTRAINT b_a NOT DEFERRABLE
INSERT INTO b VALUES (10, 10)
ALTER TABLE b ALTER CONSTRAINT b_a DEFERRABLE
BEGIN
SET CONSTRAINTS ALL DEFERRED
INSERT INTO b VALUES (10, 10)
INSERT INTO a VALUES (10)
COMMIT
ALTER TABLE b ALTER CONSTRAINT b_pkey DEFERRABLE
ALTER TABLE b ALTER CONSTRAINT nope DEFERRABLE
SELECT * FROM b""",
    "deferrable keys": """
CREATE TABLE u (id int PRIMARY KEY, k int UNIQUE DEFERRABLE, m int UNIQUE DEFERRABLE INITIALLY DEFERRED, n int UNIQUE)
INSERT INTO u SELECT g, g, g, g FROM generate_series(1, 5) g
UPDATE u SET k = k + 1
UPDATE u SET m = m + 1
UPDATE u SET n = n + 1
UPDATE u SET id = id + 1
UPDATE u SET k = 3
UPDATE u SET m = 3
INSERT INTO u VALUES (6, 3, 16, 6)
INSERT INTO u VALUES (6, NULL, NULL, 6), (7, NULL, NULL, 7)
BEGIN
INSERT INTO u VALUES (8, 8, 3, 8)
UPDATE u SET m = 80 WHERE id = 8
COMMIT
BEGIN
INSERT INTO u VALUES (9, 9, 3, 9)
SET CONSTRAINTS u_m_key IMMEDIATE
ROLLBACK
BEGIN
INSERT INTO u VALUES (9, 9, 3, 9)
COMMIT
BEGIN
SET CONSTRAINTS ALL DEFERRED
INSERT INTO u VALUES (9, 3, 9, 9)
SAVEPOINT s
INSERT INTO u VALUES (10, 4, 10, 10)
ROLLBACK TO s
DELETE FROM u WHERE id = 9
COMMIT
INSERT INTO u VALUES (20, 3, 20, 20) ON CONFLICT (k) DO NOTHING
INSERT INTO u VALUES (20, 3, 20, 20) ON CONFLICT DO NOTHING
INSERT INTO u VALUES (20, 3, 20, 20) ON CONFLICT ON CONSTRAINT u_k_key DO UPDATE SET n = 0
INSERT INTO u VALUES (5, 30, 30, 30) ON CONFLICT (id) DO NOTHING
SELECT * FROM u WHERE k = 3
CREATE TABLE f (k int REFERENCES u (k))
CREATE TABLE w (id int PRIMARY KEY DEFERRABLE, t text)
INSERT INTO w VALUES (1, 'a'), (2, 'b'), (3, 'c')
UPDATE w SET id = id + 1
INSERT INTO w VALUES (2, 'd')
INSERT INTO w VALUES (NULL, 'd')
SELECT * FROM w WHERE id = 2
CREATE TABLE f (k int REFERENCES w)
CREATE TABLE f (k int REFERENCES w (id))
SELECT id, t FROM w GROUP BY id
ALTER TABLE w DROP CONSTRAINT w_pkey
INSERT INTO w VALUES (2, 'd')
ALTER TABLE w ADD PRIMARY KEY (id) DEFERRABLE INITIALLY DEFERRED
DELETE FROM w WHERE t = 'd'
ALTER TABLE w ADD PRIMARY KEY (id) DEFERRABLE INITIALLY DEFERRED
ALTER TABLE w ADD PRIMARY KEY (t)
ALTER TABLE w ALTER COLUMN id DROP NOT NULL
BEGIN
INSERT INTO w VALUES (2, 'd')
COMMIT
SELECT * FROM w""",
    "not valid": """
CREATE TABLE a (id int PRIMARY KEY)
CREATE TABLE b (id int PRIMARY KEY, a_id int)
INSERT INTO a VALUES (1)
INSERT INTO b VALUES (1, 1), (2, 2)
ALTER TABLE b ADD CONSTRAINT b_a FOREIGN KEY (a_id) REFERENCES a
ALTER TABLE b ADD CONSTRAINT b_a FOREIGN KEY (a_id) REFERENCES a NOT VALID
INSERT INTO b VALUES (3, 3)
UPDATE b SET id = 20 WHERE id = 2
UPDATE b SET a_id = 2 WHERE id = 20
UPDATE b SET a_id = 4 WHERE id = 20
SELECT conname, convalidated, pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'b_a'
ALTER TABLE b VALIDATE CONSTRAINT b_a
DELETE FROM b WHERE a_id = 2
ALTER TABLE b VALIDATE CONSTRAINT b_a
SELECT conname, convalidated, pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'b_a'
ALTER TABLE b ADD CONSTRAINT small CHECK (id > 5) NOT VALID
INSERT INTO b VALUES (2, 1)
SELECT conname, convalidated, pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'small'
ALTER TABLE b VALIDATE CONSTRAINT small
DELETE FROM b WHERE id < 5
ALTER TABLE b VALIDATE CONSTRAINT small
ALTER TABLE b VALIDATE CONSTRAINT b_pkey
ALTER TABLE b VALIDATE CONSTRAINT nope""",
    "truncate": """
CREATE TABLE a (id int PRIMARY KEY, n serial)
CREATE TABLE b (id int PRIMARY KEY, a_id int REFERENCES a, n int GENERATED ALWAYS AS IDENTITY)
CREATE TABLE c (id int, b_id int REFERENCES b)
INSERT INTO a VALUES (1), (2)
INSERT INTO b VALUES (1, 1)
INSERT INTO c VALUES (1, 1)
TRUNCATE a
TRUNCATE a, b
TRUNCATE a, b, c
INSERT INTO a VALUES (1)
INSERT INTO b VALUES (1, 1)
INSERT INTO c VALUES (1, 1)
SELECT * FROM b
TRUNCATE a RESTART IDENTITY CASCADE
SELECT count(*) FROM c
INSERT INTO a VALUES (1) RETURNING n
INSERT INTO b VALUES (1, 1) RETURNING n
TRUNCATE c
TRUNCATE b""",
    "what the catalogs say": """
CREATE TABLE a (id int PRIMARY KEY, code text UNIQUE DEFERRABLE, x int, y int, UNIQUE (x, y))
CREATE TABLE b (a_id int REFERENCES a ON DELETE CASCADE ON UPDATE SET NULL DEFERRABLE, x int, y int, z int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED, FOREIGN KEY (x, y) REFERENCES a (x, y) MATCH FULL ON DELETE SET DEFAULT (x) ON UPDATE RESTRICT INITIALLY DEFERRED)
SELECT conname, contype, condeferrable, condeferred, convalidated, confupdtype, confdeltype, confmatchtype, confdelsetcols::text, conkey::text, confkey::text FROM pg_constraint WHERE conrelid IN ('a'::regclass, 'b'::regclass)
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid IN ('a'::regclass, 'b'::regclass)
SELECT indexrelid::regclass::text, indisunique, indisprimary, indimmediate FROM pg_index WHERE indrelid IN ('a'::regclass, 'b'::regclass)
SELECT constraint_name, match_option, update_rule, delete_rule, unique_constraint_name FROM information_schema.referential_constraints WHERE constraint_schema = 'public'
SELECT constraint_name, constraint_type, is_deferrable, initially_deferred FROM information_schema.table_constraints WHERE table_name IN ('a', 'b') AND constraint_type <> 'CHECK'
SELECT pg_get_indexdef('a_code_key'::regclass)
CREATE TABLE e (a int DEFERRABLE)
CREATE TABLE e (a int REFERENCES a NOT DEFERRABLE INITIALLY DEFERRED)
CREATE TABLE e (a int REFERENCES a DEFERRABLE DEFERRABLE)
CREATE TABLE e (a int REFERENCES a INITIALLY DEFERRED INITIALLY IMMEDIATE)
CREATE TABLE e (a int CHECK (a > 0) DEFERRABLE)""",
    "exclusion": """
SET client_min_messages = error
CREATE EXTENSION IF NOT EXISTS btree_gist
RESET client_min_messages
CREATE TABLE b (room int, during int4range, state text, EXCLUDE USING gist (room WITH =, during WITH &&))
INSERT INTO b VALUES (1, '[1,5)'), (1, '[5,9)'), (2, '[1,5)')
INSERT INTO b VALUES (1, '[4,6)')
INSERT INTO b VALUES (3, '[1,5)'), (3, '[2,3)')
INSERT INTO b VALUES (NULL, '[1,5)'), (NULL, '[1,5)'), (1, NULL), (1, 'empty'), (1, 'empty')
UPDATE b SET during = '[8,12)' WHERE during = '[5,9)'
UPDATE b SET during = '[2,12)' WHERE during = '[8,12)'
UPDATE b SET room = 1 WHERE room = 2
UPDATE b SET during = during, state = 'x'
DELETE FROM b WHERE room = 1 AND during = '[1,5)'
UPDATE b SET room = 1 WHERE room = 2
SELECT * FROM b
SELECT conname, contype, condeferrable, conkey, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'b'::regclass
SELECT pg_get_indexdef(indexrelid), indisunique FROM pg_index WHERE indrelid = 'b'::regclass
INSERT INTO b VALUES (1, '[1,5)') ON CONFLICT (room) DO NOTHING
ALTER TABLE b DROP CONSTRAINT b_room_during_excl
INSERT INTO b VALUES (1, '[1,5)')
ALTER TABLE b ADD CONSTRAINT no_two EXCLUDE USING gist (room WITH =, during WITH &&)
DELETE FROM b WHERE state IS NULL
ALTER TABLE b ADD CONSTRAINT no_two EXCLUDE USING gist (room WITH =, during WITH &&)
INSERT INTO b VALUES (1, '[3,4)')
CREATE TABLE c (a int, b int, s text, EXCLUDE USING gist (int4range(a, b) WITH &&) WHERE (s <> 'off') DEFERRABLE INITIALLY DEFERRED)
BEGIN
INSERT INTO c VALUES (1, 10, 'on'), (5, 6, 'off'), (8, 12, 'on')
UPDATE c SET s = 'off' WHERE a = 8
COMMIT
BEGIN
UPDATE c SET s = 'on'
COMMIT
BEGIN
UPDATE c SET s = 'on'
SET CONSTRAINTS ALL IMMEDIATE
ROLLBACK
SELECT * FROM c
SELECT conname, condeferrable, condeferred, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'c'::regclass
CREATE TABLE d (a int, EXCLUDE (a WITH =))
INSERT INTO d VALUES (1), (2), (1)
INSERT INTO d VALUES (1), (2), (NULL), (NULL)
SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'd'::regclass
CREATE TABLE e (a int4range, EXCLUDE USING gist (a WITH <<))
CREATE TABLE e (a int4range, EXCLUDE USING gist (a WITH =!=))
CREATE TABLE e (a int4range, EXCLUDE USING nonsense (a WITH &&))
CREATE TABLE e (a int4range, EXCLUDE USING gin (a WITH &&))
CREATE TABLE e (a int, r int4range, EXCLUDE USING gist (r WITH &&)) PARTITION BY RANGE (a)
CREATE TABLE e (a int4range EXCLUDE USING gist (a WITH &&))
CREATE TABLE e (a int, r int4range, CONSTRAINT x EXCLUDE USING gist (a WITH <>, r WITH &&))
INSERT INTO e VALUES (1, '[1,5)'), (1, '[1,5)')
INSERT INTO e VALUES (2, '[3,4)')
TRUNCATE e
INSERT INTO e VALUES (2, '[3,4)')
SELECT * FROM e""",
}
