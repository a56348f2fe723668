"""Scripts that change rows through views. Each is of one session in an empty schema; the answers are
PostgreSQL 15's.
"""

UPDATABLE = {
    "insert, update and delete": """
CREATE TABLE t (id int PRIMARY KEY, a int DEFAULT 7, b text, c text DEFAULT 'c')
INSERT INTO t VALUES (1, 1, 'one'), (2, 2, 'two'), (3, 3, 'three')
CREATE VIEW v AS SELECT b AS name, id, a * 10 AS ten, a FROM t WHERE a < 100
INSERT INTO v (id, name) VALUES (4, 'four') RETURNING *
INSERT INTO v VALUES ('five', 5)
INSERT INTO v VALUES ('six', 6, 60)
INSERT INTO v (id, ten) VALUES (6, 60)
INSERT INTO v (id, missing) VALUES (6, 60)
INSERT INTO v (id, b) VALUES (6, 'b')
INSERT INTO v SELECT 'seven', 7
INSERT INTO v (name, id) SELECT name || '!', id + 10 FROM v WHERE id < 3 RETURNING ten, name
INSERT INTO v DEFAULT VALUES
INSERT INTO v (id, a) VALUES (8, 1000) RETURNING ten
SELECT * FROM v ORDER BY id
SELECT * FROM t ORDER BY id
UPDATE v SET name = upper(name), a = a + 1 WHERE ten >= 20 AND ten < 70 RETURNING id, ten, name
UPDATE v SET ten = 1
UPDATE v SET b = 'x'
UPDATE v SET a = ten WHERE id = 1 RETURNING *
UPDATE v AS w SET a = 5 WHERE w.id = 2 RETURNING w.*
UPDATE v SET a = 1 WHERE v.id = 8
UPDATE v SET (a, name) = (9, DEFAULT) WHERE id = 3 RETURNING *
UPDATE v SET a = x.a FROM (VALUES (4, 44), (5, 55)) x (id, a) WHERE v.id = x.id RETURNING v.id, v.ten, x.a
UPDATE v SET a = a + 1 WHERE EXISTS (SELECT 1 FROM t WHERE t.a * 10 = v.ten AND t.id = 2)
DELETE FROM v WHERE ten = 440 RETURNING *
DELETE FROM v USING t WHERE v.id = t.id AND t.b = 'five' RETURNING v.name
DELETE FROM v WHERE id = 8
DELETE FROM v WHERE ten IN (SELECT v2.ten FROM v v2 WHERE v2.name LIKE 'one%')
SELECT * FROM t ORDER BY id""",
    "on conflict": """
CREATE TABLE t (id int PRIMARY KEY, a int, b text)
CREATE VIEW v AS SELECT b AS name, id AS k, a, a + 1 AS next FROM t
INSERT INTO v (k, a) VALUES (1, 1), (2, 2)
INSERT INTO v (k, a) VALUES (1, 5) ON CONFLICT (k) DO UPDATE SET a = excluded.next + v.next, name = 'again' RETURNING *
INSERT INTO v (k, a) VALUES (2, 5) ON CONFLICT (k) DO UPDATE SET a = excluded.a WHERE v.next > 100
INSERT INTO v (k, a) VALUES (2, 5) ON CONFLICT (k) DO NOTHING
INSERT INTO v (k, a) VALUES (2, 5) ON CONFLICT DO NOTHING
INSERT INTO v (k, a) VALUES (2, 5) ON CONFLICT (id) DO NOTHING
INSERT INTO v (k, a) VALUES (2, 5) ON CONFLICT (k) DO UPDATE SET next = 1
INSERT INTO v (k, a) VALUES (2, 5)
SELECT * FROM v ORDER BY k""",
    "views over views": """
CREATE TABLE t (id int PRIMARY KEY, a int, b int)
INSERT INTO t SELECT i, i, i * 2 FROM generate_series(1, 20) i
CREATE VIEW low AS SELECT id, a, b, a + b AS sum FROM t WHERE a > 5
CREATE VIEW high AS SELECT sum * 2 AS twice, id, b AS bee FROM low l WHERE l.sum < 50
UPDATE high SET bee = bee + 1 WHERE twice > 60 RETURNING *
UPDATE high SET twice = 1
INSERT INTO high (id, bee) VALUES (100, 1) RETURNING *
DELETE FROM high WHERE id < 9 RETURNING twice, id
SELECT * FROM t ORDER BY id
ALTER TABLE t ADD COLUMN late text DEFAULT 'late'
CREATE VIEW star AS SELECT * FROM t
ALTER TABLE t ADD COLUMN later int
INSERT INTO star VALUES (200, 1, 1)
INSERT INTO star (id, later) VALUES (201, 1)
UPDATE star SET late = 'x' WHERE id = 200 RETURNING *
ALTER TABLE t DROP COLUMN b CASCADE
SELECT * FROM low
CREATE VIEW rest AS SELECT late, a, id FROM t WHERE id IN (SELECT id FROM t WHERE a < 3)
UPDATE rest SET a = 0 RETURNING *
DELETE FROM rest
SELECT id, a FROM t ORDER BY id""",
    "what cannot be changed": """
CREATE TABLE t (id int PRIMARY KEY, a int)
CREATE TABLE u (id int PRIMARY KEY, a int)
CREATE VIEW v1 AS SELECT DISTINCT id FROM t
INSERT INTO v1 VALUES (1)
CREATE VIEW v2 AS SELECT a, count(*) FROM t GROUP BY a
UPDATE v2 SET a = 1
CREATE VIEW v3 AS SELECT count(*) AS n FROM t HAVING count(*) > 0
DELETE FROM v3
CREATE VIEW v4 AS SELECT id FROM t UNION SELECT id FROM u
DELETE FROM v4
CREATE VIEW v5 AS WITH w AS (SELECT 1) SELECT id FROM t
DELETE FROM v5
CREATE VIEW v6 AS SELECT id FROM t ORDER BY id LIMIT 1
DELETE FROM v6
CREATE VIEW v7 AS SELECT id FROM t OFFSET 1
UPDATE v7 SET id = 1
CREATE VIEW v8 AS SELECT t.id FROM t, u
DELETE FROM v8
CREATE VIEW v9 AS SELECT t.id FROM t JOIN u USING (id)
INSERT INTO v9 VALUES (1)
CREATE VIEW v10 AS SELECT sum(a) AS a FROM t
UPDATE v10 SET a = 1
CREATE VIEW v11 AS SELECT row_number() OVER () AS n, id FROM t
DELETE FROM v11
CREATE VIEW v12 AS SELECT generate_series(1, 2) AS n, id FROM t
DELETE FROM v12
CREATE VIEW v13 AS SELECT 1 AS one
DELETE FROM v13
CREATE VIEW v14 AS SELECT a + 1 AS next FROM t
INSERT INTO v14 VALUES (1)
UPDATE v14 SET next = 1
DELETE FROM v14
CREATE VIEW v15 AS SELECT * FROM v1
INSERT INTO v15 VALUES (1)
CREATE VIEW v16 AS SELECT * FROM generate_series(1, 3) g (id)
DELETE FROM v16
CREATE VIEW v17 AS SELECT * FROM (SELECT * FROM t) s
DELETE FROM v17
CREATE VIEW v18 AS SELECT id, a FROM t ORDER BY a
INSERT INTO v18 VALUES (1, 2)
SELECT table_name, is_updatable, is_insertable_into, check_option FROM information_schema.views WHERE table_schema = current_schema() ORDER BY table_name
SELECT table_name, is_insertable_into FROM information_schema.tables WHERE table_name IN ('t', 'v1', 'v14', 'v18') ORDER BY 1
SELECT table_name, column_name, is_updatable FROM information_schema.columns WHERE table_name IN ('t', 'v1', 'v14', 'v18') ORDER BY 1, 2
SELECT relname, pg_relation_is_updatable(oid, false) FROM pg_class WHERE relname IN ('t', 'v1', 'v14', 'v18') ORDER BY 1""",
    "check option": """
CREATE TABLE t (id int PRIMARY KEY, a int CHECK (a < 1000), b text NOT NULL DEFAULT 'b')
CREATE VIEW v AS SELECT id, a FROM t WHERE a > 0 WITH CHECK OPTION
INSERT INTO v VALUES (1, 1), (2, 2)
INSERT INTO v VALUES (3, 0)
INSERT INTO v VALUES (3, NULL)
INSERT INTO v VALUES (3, 3), (4, -4)
UPDATE v SET a = a - 1
UPDATE v SET a = -1 WHERE id = 1
UPDATE v SET a = 5 WHERE id = 1
INSERT INTO v VALUES (1, -1) ON CONFLICT (id) DO NOTHING
INSERT INTO v VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET a = -5
INSERT INTO v VALUES (1, 2000)
CREATE VIEW l AS SELECT * FROM v WHERE a < 100 WITH LOCAL CHECK OPTION
CREATE VIEW plain AS SELECT id, a FROM t WHERE a > 10
CREATE VIEW ll AS SELECT * FROM plain WHERE a < 50 WITH LOCAL CHECK OPTION
CREATE VIEW lc AS SELECT * FROM plain WHERE a < 50 WITH CASCADED CHECK OPTION
INSERT INTO l VALUES (10, 0)
INSERT INTO l VALUES (10, 100)
INSERT INTO l VALUES (10, 99)
INSERT INTO ll VALUES (11, 5)
INSERT INTO ll VALUES (12, 50)
INSERT INTO lc VALUES (13, 5)
INSERT INTO lc VALUES (13, 50)
INSERT INTO lc VALUES (13, 49)
SELECT * FROM t ORDER BY id
SELECT table_name, check_option FROM information_schema.views WHERE table_name IN ('v', 'l', 'll', 'lc', 'plain') ORDER BY 1
SELECT relname, reloptions FROM pg_class WHERE relname IN ('v', 'l', 'll', 'lc', 'plain') ORDER BY 1
ALTER VIEW plain SET (check_option = cascaded)
INSERT INTO plain VALUES (14, 1)
ALTER VIEW plain RESET (check_option)
INSERT INTO plain VALUES (14, 1)
ALTER VIEW plain SET (check_option = wrong)
ALTER VIEW plain SET (missing = 1)
CREATE VIEW bad AS SELECT DISTINCT id FROM t WITH CHECK OPTION
CREATE VIEW bad WITH (check_option = local) AS SELECT count(*) FROM t
CREATE VIEW bad WITH (check_option = nonsense) AS SELECT id FROM t
CREATE OR REPLACE VIEW v AS SELECT id, a FROM t WHERE a > 0
INSERT INTO v VALUES (20, -1)
SELECT relname, reloptions FROM pg_class WHERE relname = 'v'""",
    "statements around it": """
CREATE TABLE t (id int PRIMARY KEY, a int)
CREATE TABLE log (id int, a int)
CREATE VIEW v AS SELECT id AS k, a FROM t
WITH w AS (INSERT INTO v VALUES (1, 1), (2, 2) RETURNING *) INSERT INTO log SELECT * FROM w RETURNING *
WITH w AS (DELETE FROM v WHERE k = 1 RETURNING k) SELECT * FROM w
WITH w AS (SELECT 2 AS k) UPDATE v SET a = 20 FROM w WHERE w.k = v.k RETURNING v.*
PREPARE p (int, int) AS INSERT INTO v VALUES ($1, $2) RETURNING k
EXECUTE p (5, 50)
EXECUTE p (6, 60)
PREPARE q (int) AS UPDATE v SET a = a + $1 WHERE k = 5 RETURNING a
EXECUTE q (1)
CREATE OR REPLACE VIEW v AS SELECT id AS k, a FROM t WHERE id <> 5
EXECUTE q (1)
CREATE FUNCTION count_up() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.a := NEW.a + 1; RETURN NEW; END'
CREATE TRIGGER up BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION count_up()
INSERT INTO v VALUES (7, 70) RETURNING *
UPDATE v SET a = 0 WHERE k = 7 RETURNING *
SELECT * FROM v ORDER BY k FOR UPDATE""",
    "boolean options": """
CREATE TABLE b (a int)
CREATE VIEW v1 WITH (security_invoker=t) AS SELECT * FROM b
CREATE VIEW v2 WITH (security_invoker=yes) AS SELECT * FROM b
CREATE VIEW v3 WITH (security_invoker=1) AS SELECT * FROM b
CREATE VIEW v4 WITH (security_invoker=TRUE) AS SELECT * FROM b
CREATE VIEW v5 WITH (security_invoker='tru') AS SELECT * FROM b
CREATE VIEW v6 WITH (security_invoker=on) AS SELECT * FROM b
CREATE VIEW v7 WITH (security_invoker) AS SELECT * FROM b
CREATE VIEW v8 WITH (security_invoker=f) AS SELECT * FROM b
CREATE VIEW v9 WITH (security_invoker='OF') AS SELECT * FROM b
SELECT relname, coalesce(substr(reloptions[1], 18), 'off') IN ('t', 'yes', '1', 'true', 'tru', 'on') FROM pg_class WHERE relname ~ '^v[0-9]' ORDER BY 1
CREATE VIEW bad WITH (security_invoker=nonsense) AS SELECT * FROM b
CREATE VIEW bad WITH (security_invoker='o') AS SELECT * FROM b
CREATE VIEW bad WITH (security_invoker='') AS SELECT * FROM b
CREATE VIEW bad WITH (security_invoker=' true ') AS SELECT * FROM b
CREATE VIEW bad WITH (security_barrier=nonsense) AS SELECT * FROM b
CREATE VIEW bad WITH (check_option=t) AS SELECT * FROM b
CREATE VIEW w WITH (check_option='Cascaded') AS SELECT * FROM b
ALTER VIEW v1 SET (security_invoker = nonsense)
ALTER VIEW v1 SET (security_invoker = fal)
CREATE TABLE o1 (a int) WITH (autovacuum_enabled = tru)
CREATE TABLE o2 (a int) WITH (autovacuum_enabled = o)
CREATE TABLE o3 (a int) WITH (vacuum_index_cleanup = au)
CREATE TABLE o4 (a int) WITH (oids = f)
CREATE TABLE o5 (a int) WITH (oids = off)
EXPLAIN (COSTS nonsense) SELECT 1
EXPLAIN (COSTS f) SELECT 1
EXPLAIN (COSTS 2) SELECT 1
VACUUM (ANALYZE perhaps) b
COPY b TO STDOUT (FORMAT csv, HEADER perhaps)
""",
    "one column under two names": """
CREATE TABLE base (a int, b int)
CREATE VIEW two AS SELECT a, a AS a2, b FROM base
INSERT INTO two (a, a2) VALUES (1, 2)
INSERT INTO two VALUES (1, 2, 3)
INSERT INTO two VALUES (1)
INSERT INTO two SELECT 1, 2
INSERT INTO two (a, a2) SELECT 1, 2
INSERT INTO two (a, a) VALUES (1, 2)
UPDATE two SET a = 1, a2 = 2
UPDATE two SET a2 = 1, a = 2
UPDATE two SET (a, a2) = (1, 2)
UPDATE two SET a = 1, a = 2
INSERT INTO two (a2, b) VALUES (5, 6) RETURNING *
UPDATE two SET a2 = 7 WHERE b = 6 RETURNING *
SELECT * FROM base ORDER BY a
""",
}
