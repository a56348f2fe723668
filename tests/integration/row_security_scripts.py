"""Scripts for one session about the policies of tables and rights on columns. One statement a line."""
SCRIPTS = {
    "who sees which rows": """
CREATE ROLE rs_a
CREATE ROLE rs_b
CREATE ROLE rs_team
GRANT rs_team TO rs_a
CREATE TABLE doc (id int PRIMARY KEY, who name, team text, body text)
INSERT INTO doc VALUES (1, 'rs_a', 'x', 'one'), (2, 'rs_b', 'x', 'two'), (3, 'rs_b', 'y', 'three'), (4, 'nobody', 'y', 'four')
GRANT SELECT, INSERT, UPDATE, DELETE ON doc TO rs_a, rs_b
ALTER TABLE doc ENABLE ROW LEVEL SECURITY
SET ROLE rs_a
SELECT * FROM doc ORDER BY id
SELECT count(*) FROM doc
INSERT INTO doc VALUES (9, 'rs_a', 'x', 'nine')
RESET ROLE
SELECT count(*) FROM doc
CREATE POLICY own ON doc USING (who = current_user)
CREATE POLICY own ON doc USING (true)
CREATE POLICY team ON doc FOR SELECT TO rs_team USING (team = 'x')
CREATE POLICY short ON doc AS RESTRICTIVE USING (length(body) < 5) WITH CHECK (length(body) < 10)
SET ROLE rs_a
SELECT id FROM doc ORDER BY id
SELECT id FROM doc WHERE body = 'three' OR id = 4
UPDATE doc SET body = 'changed' RETURNING id
UPDATE doc SET body = 'far too long a text'
UPDATE doc SET who = 'rs_b'
INSERT INTO doc VALUES (5, 'rs_a', 'y', 'five')
INSERT INTO doc VALUES (6, 'rs_b', 'y', 'six')
INSERT INTO doc VALUES (6, 'rs_a', 'y', 'sixsixsixsix')
INSERT INTO doc VALUES (1, 'rs_a', 'y', 'dup')
INSERT INTO doc VALUES (4, 'rs_a', 'y', 'dup')
DELETE FROM doc RETURNING id
SET ROLE rs_b
SELECT id FROM doc ORDER BY id
SELECT d.id, e.id FROM doc d LEFT JOIN doc e ON e.id = d.id + 1 ORDER BY 1
SELECT EXISTS (SELECT FROM doc WHERE id = 1), (SELECT max(id) FROM doc), id IN (SELECT id FROM doc) FROM doc
RESET ROLE
SELECT id, who, body FROM doc ORDER BY id
SELECT polname, polcmd, polpermissive, polroles = '{0}', pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid) FROM pg_policy WHERE polrelid = 'doc'::regclass ORDER BY 1
SELECT tablename, policyname, permissive, roles, cmd, qual, with_check FROM pg_policies WHERE tablename = 'doc' ORDER BY 2
SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE relname = 'doc'
ALTER TABLE doc DISABLE ROW LEVEL SECURITY
SET ROLE rs_b
SELECT count(*) FROM doc
RESET ROLE
DROP TABLE doc
DROP ROLE rs_a, rs_b, rs_team""",
    "policies are made, changed and dropped": """
CREATE ROLE rs_a
CREATE TABLE t (a int, b text)
CREATE VIEW v AS SELECT * FROM t
CREATE POLICY p ON v USING (true)
CREATE POLICY p ON nothing USING (true)
CREATE POLICY p ON t FOR SELECT WITH CHECK (true)
CREATE POLICY p ON t FOR INSERT USING (true)
CREATE POLICY p ON t USING (a)
CREATE POLICY p ON t USING (max(a) > 1)
CREATE POLICY p ON t USING (c = 1)
CREATE POLICY p ON t TO rs_nobody USING (true)
CREATE POLICY p ON t AS NOTHING USING (true)
CREATE POLICY p ON t FOR UPDATE TO rs_a, CURRENT_USER USING (a > 1) WITH CHECK (b IS NOT NULL)
COMMENT ON POLICY p ON t IS 'a comment'
COMMENT ON POLICY q ON t IS 'a comment'
SELECT obj_description(oid, 'pg_policy') FROM pg_policy WHERE polrelid = 't'::regclass
ALTER POLICY p ON t TO PUBLIC USING (a > 2)
ALTER POLICY q ON t USING (true)
ALTER POLICY p ON t RENAME TO q
CREATE POLICY p ON t FOR SELECT USING (true)
ALTER POLICY p ON t WITH CHECK (true)
ALTER POLICY p ON t RENAME TO q
SELECT polname, polcmd, polroles, pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid) FROM pg_policy WHERE polrelid = 't'::regclass ORDER BY 1
ALTER TABLE v ENABLE ROW LEVEL SECURITY
DROP VIEW v
ALTER TABLE t DROP COLUMN b
ALTER TABLE t ALTER COLUMN a TYPE bigint
ALTER TABLE t DROP COLUMN b CASCADE
DROP POLICY q ON t
DROP POLICY IF EXISTS q ON t
DROP POLICY IF EXISTS q ON nothing
DROP POLICY p ON t
SELECT count(*) FROM pg_policy WHERE polrelid = 't'::regclass
SET ROLE rs_a
CREATE POLICY p ON t USING (true)
ALTER TABLE t ENABLE ROW LEVEL SECURITY
DROP POLICY IF EXISTS p ON t
RESET ROLE
CREATE POLICY p ON t USING (true)
SET ROLE rs_a
DROP POLICY p ON t
COMMENT ON POLICY p ON t IS 'x'
ALTER POLICY p ON t RENAME TO q
RESET ROLE
DROP POLICY p ON t
CREATE POLICY p ON t TO rs_a USING (true)
DROP ROLE rs_a
BEGIN
ALTER TABLE t ENABLE ROW LEVEL SECURITY
DROP POLICY p ON t
ROLLBACK
SELECT relrowsecurity FROM pg_class WHERE relname = 't'
DROP POLICY p ON t
INSERT INTO t VALUES (1), (2)
GRANT SELECT ON t TO rs_a
CREATE POLICY p ON t USING (t.a > 1)
ALTER TABLE t ENABLE ROW LEVEL SECURITY
ALTER TABLE t RENAME COLUMN a TO "A b"
ALTER TABLE t RENAME TO u
SELECT tablename, qual FROM pg_policies WHERE policyname = 'p'
SET ROLE rs_a
SELECT * FROM u
RESET ROLE
DROP TABLE u
DROP ROLE rs_a""",
    "owners, superusers and those who bypass": """
CREATE ROLE rs_owner
CREATE ROLE rs_by BYPASSRLS
CREATE ROLE rs_u
SELECT rolname, rolbypassrls FROM pg_roles WHERE rolname LIKE 'rs%' ORDER BY 1
CREATE TABLE t (a int)
INSERT INTO t VALUES (1), (2)
ALTER TABLE t OWNER TO rs_owner
GRANT ALL ON t TO rs_by, rs_u
ALTER TABLE t ENABLE ROW LEVEL SECURITY
CREATE POLICY p ON t USING (a = 1)
PREPARE q AS SELECT a FROM t ORDER BY a
EXECUTE q
SET ROLE rs_owner
EXECUTE q
SELECT row_security_active('t')
ALTER TABLE t FORCE ROW LEVEL SECURITY
EXECUTE q
SELECT row_security_active('t')
SET row_security = off
EXECUTE q
SELECT a FROM t
SET row_security = on
EXECUTE q
ALTER TABLE t NO FORCE ROW LEVEL SECURITY
EXECUTE q
SET ROLE rs_by
EXECUTE q
SET row_security = off
EXECUTE q
SET ROLE rs_u
EXECUTE q
INSERT INTO t VALUES (1)
RESET row_security
EXECUTE q
RESET ROLE
ALTER ROLE rs_u BYPASSRLS
SET ROLE rs_u
SELECT a FROM t ORDER BY a
RESET ROLE
ALTER ROLE rs_u NOBYPASSRLS
GRANT rs_owner TO rs_u
SET ROLE rs_u
SELECT a FROM t ORDER BY a
RESET ROLE
REVOKE rs_owner FROM rs_u
SET ROLE rs_u
SELECT a FROM t ORDER BY a
RESET ROLE
ALTER POLICY p ON t USING (a = 2)
SET ROLE rs_u
EXECUTE q
CREATE ROLE rs_no BYPASSRLS
RESET ROLE
DROP TABLE t
DROP ROLE rs_owner, rs_by, rs_u""",
    "which policies an UPDATE has to pass": """
CREATE ROLE rs_u
CREATE TABLE t (k int PRIMARY KEY, a int, b int)
INSERT INTO t VALUES (1, 1, 0), (2, -1, 0)
GRANT ALL ON t TO rs_u
ALTER TABLE t ENABLE ROW LEVEL SECURITY
CREATE POLICY s ON t FOR SELECT USING (a > 0)
CREATE POLICY u ON t FOR UPDATE USING (true) WITH CHECK (b < 10)
CREATE POLICY i ON t FOR INSERT WITH CHECK (b = 0)
CREATE POLICY d ON t FOR DELETE USING (b = 5)
SET ROLE rs_u
UPDATE t SET b = 1
UPDATE t SET b = 2 WHERE true
UPDATE t SET b = b + 1
UPDATE t SET b = 3 WHERE k = 2
UPDATE t SET b = 3 RETURNING 1
UPDATE t SET b = 3 RETURNING k
UPDATE t SET b = 11
UPDATE t SET a = -3 WHERE k = 1
SELECT * FROM t FOR UPDATE
INSERT INTO t VALUES (3, -1, 0)
INSERT INTO t VALUES (4, -1, 0) RETURNING k
INSERT INTO t VALUES (4, 1, 0) RETURNING k
INSERT INTO t VALUES (4, 1, 0) ON CONFLICT DO NOTHING
INSERT INTO t VALUES (4, 1, 0) ON CONFLICT (k) DO UPDATE SET b = 4 RETURNING *
INSERT INTO t VALUES (4, 1, 1) ON CONFLICT (k) DO UPDATE SET b = 4
INSERT INTO t VALUES (4, 1, 0) ON CONFLICT (k) DO UPDATE SET b = 14
INSERT INTO t VALUES (3, 1, 0) ON CONFLICT (k) DO UPDATE SET b = 4
INSERT INTO t VALUES (3, 1, 0) ON CONFLICT (k) DO NOTHING
INSERT INTO t VALUES (3, -1, 0) ON CONFLICT (k) DO NOTHING
DELETE FROM t
DELETE FROM t WHERE k > 0
RESET ROLE
SELECT * FROM t ORDER BY k
UPDATE t SET b = 5 WHERE k < 3
SET ROLE rs_u
DELETE FROM t WHERE k < 9 RETURNING k
DELETE FROM t
RESET ROLE
SELECT k FROM t ORDER BY k
DROP TABLE t
DROP ROLE rs_u""",
    "nothing is asked of hidden rows": """
CREATE ROLE rs_u
CREATE TABLE t (id int PRIMARY KEY, who name, secret text, n int)
INSERT INTO t VALUES (1, 'rs_u', '11', 1), (2, 'other', 'S3CRET', 0), (3, 'rs_u', '33', 3)
GRANT ALL ON t TO rs_u
ALTER TABLE t ENABLE ROW LEVEL SECURITY
CREATE POLICY p ON t USING (who = current_user)
CREATE VIEW bar WITH (security_barrier) AS SELECT * FROM t WHERE who = current_user
CREATE VIEW plain AS SELECT * FROM t WHERE who = current_user
GRANT ALL ON bar, plain TO rs_u
SELECT reloptions FROM pg_class WHERE relname = 'bar'
SET ROLE rs_u
SELECT id FROM t WHERE secret::int > 0 ORDER BY id
SELECT id FROM t WHERE 1 / n > 0 ORDER BY id
SELECT id FROM bar WHERE secret::int > 0 ORDER BY id
SELECT id FROM bar WHERE 1 / n > 0 AND id < 10 ORDER BY id
SELECT v.id FROM bar v JOIN (VALUES ('S3CRET'), ('33')) x (s) ON x.s = v.secret WHERE v.secret::int > 0
SELECT a.id FROM t a JOIN t b ON a.secret::int = b.secret::int ORDER BY 1
SELECT sum(secret::int), max(10 / n) FROM bar
SELECT x.i, t.id FROM generate_series(1, 3) x (i) LEFT JOIN t ON t.id = x.i AND t.secret::int > 0 ORDER BY 1
SELECT id FROM t WHERE id = 2
SELECT id FROM t WHERE id = ANY ('{1,2}'::int[])
UPDATE t SET n = 1 / n WHERE secret::int > 20 RETURNING id
UPDATE bar SET n = 7 WHERE secret::int > 20 RETURNING id
DELETE FROM bar WHERE secret::int > 100
DELETE FROM t WHERE 1 / n > 100
RESET ROLE
ALTER VIEW bar RESET (security_barrier)
SELECT reloptions FROM pg_class WHERE relname = 'bar'
DROP VIEW bar, plain
DROP TABLE t
DROP ROLE rs_u""",
    "policies that read tables": """
CREATE ROLE rs_u
CREATE ROLE rs_v
CREATE TABLE team (who name PRIMARY KEY, grp int)
CREATE TABLE item (id int PRIMARY KEY, grp int, note text)
INSERT INTO team VALUES ('rs_u', 1), ('rs_v', 2)
INSERT INTO item VALUES (1, 1, 'a'), (2, 2, 'b'), (3, 1, 'c')
GRANT ALL ON item TO rs_u, rs_v
ALTER TABLE item ENABLE ROW LEVEL SECURITY
CREATE POLICY p ON item USING (grp = (SELECT grp FROM team WHERE who = current_user))
SET ROLE rs_u
SELECT id FROM item ORDER BY id
RESET ROLE
GRANT SELECT ON team TO rs_u, rs_v
SET ROLE rs_u
SELECT id FROM item ORDER BY id
INSERT INTO item VALUES (4, 1, 'd')
INSERT INTO item VALUES (5, 2, 'e')
INSERT INTO item VALUES (5, 1, 'e'), (6, 2, 'f')
UPDATE item SET note = upper(note) WHERE id < 4 RETURNING id, note
UPDATE item SET grp = 2 WHERE id = 1
INSERT INTO item VALUES (2, 1, 'x') ON CONFLICT (id) DO UPDATE SET note = 'taken'
INSERT INTO item VALUES (3, 1, 'x') ON CONFLICT (id) DO UPDATE SET note = 'mine' RETURNING *
DELETE FROM item WHERE id = 2
SET ROLE rs_v
SELECT id, note FROM item ORDER BY id
RESET ROLE
CREATE POLICY q ON item FOR SELECT USING (EXISTS (SELECT FROM team t WHERE t.grp = item.grp + 1))
SET ROLE rs_v
SELECT id FROM item ORDER BY id
WITH w AS (INSERT INTO item VALUES (7, 2, 'g') RETURNING id) SELECT w.id, (SELECT count(*) FROM item) FROM w
RESET ROLE
DROP POLICY q ON item
DROP TABLE team
ALTER TABLE team ENABLE ROW LEVEL SECURITY
CREATE POLICY r ON team USING (EXISTS (SELECT FROM item))
SET ROLE rs_u
SELECT count(*) FROM item
RESET ROLE
ALTER POLICY r ON team USING (who = current_user)
SET ROLE rs_u
SELECT id FROM item ORDER BY id
RESET ROLE
CREATE TABLE self (a int)
ALTER TABLE self ENABLE ROW LEVEL SECURITY
GRANT ALL ON self TO rs_u
CREATE POLICY p ON self USING (a IN (SELECT a FROM self))
SET ROLE rs_u
SELECT * FROM self
INSERT INTO self VALUES (1)
RESET ROLE
DROP TABLE team CASCADE
SELECT polname FROM pg_policy WHERE polrelid = 'item'::regclass
DROP TABLE item, self
DROP ROLE rs_u, rs_v""",
    "views and functions": """
CREATE ROLE rs_o
CREATE ROLE rs_u
CREATE TABLE t (a int, who name)
INSERT INTO t VALUES (1, 'rs_o'), (2, 'rs_u')
GRANT ALL ON t TO rs_o, rs_u
ALTER TABLE t ENABLE ROW LEVEL SECURITY
CREATE POLICY p ON t USING (who = current_user)
CREATE POLICY o ON t TO rs_o USING (a < 10)
CREATE VIEW v AS SELECT * FROM t
CREATE VIEW vi WITH (security_invoker) AS SELECT * FROM t
CREATE VIEW vo AS SELECT * FROM t
ALTER VIEW vo OWNER TO rs_o
CREATE FUNCTION f() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM t'
CREATE FUNCTION fd() RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER AS 'SELECT count(*) FROM t'
CREATE FUNCTION fo() RETURNS SETOF t LANGUAGE sql STABLE SECURITY DEFINER AS 'SELECT * FROM t'
ALTER FUNCTION fo() OWNER TO rs_o
CREATE FUNCTION fp() RETURNS bigint LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT count(*) FROM t); END'
CREATE FUNCTION fpd() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN RETURN (SELECT count(*) FROM t); END'
GRANT ALL ON v, vi, vo TO rs_u, rs_o
SELECT f(), fd()
SELECT fp()
SELECT fpd()
SET ROLE rs_u
SELECT a FROM v ORDER BY 1
SELECT a FROM vi ORDER BY 1
SELECT a FROM vo ORDER BY 1
SELECT f(), fd()
SELECT fp()
SELECT fpd()
SELECT a FROM fo() ORDER BY 1
INSERT INTO v VALUES (3, 'x')
INSERT INTO vi VALUES (4, 'x')
INSERT INTO vo VALUES (14, 'x')
INSERT INTO vo VALUES (5, 'rs_u')
UPDATE vo SET a = a + 100 WHERE a = 1
UPDATE vi SET a = a + 1 RETURNING a
DELETE FROM vo WHERE a = 1
RESET ROLE
SELECT * FROM t ORDER BY 1, 2
DROP VIEW v, vi, vo
DROP FUNCTION f(), fd(), fp(), fpd(), fo()
DROP TABLE t
DROP ROLE rs_o, rs_u""",
    "settings decide at each execution": """
CREATE ROLE rs_u
CREATE TABLE t (tenant text, a int)
INSERT INTO t VALUES ('x', 1), ('y', 2), ('x', 3)
GRANT ALL ON t TO rs_u
ALTER TABLE t ENABLE ROW LEVEL SECURITY
CREATE POLICY p ON t USING (tenant = current_setting('app.tenant', true))
SET ROLE rs_u
PREPARE q AS SELECT a FROM t ORDER BY a
EXECUTE q
SET app.tenant = 'x'
EXECUTE q
SELECT a FROM t ORDER BY a
SET app.tenant = 'y'
EXECUTE q
SELECT a FROM t ORDER BY a
INSERT INTO t VALUES ('x', 4)
INSERT INTO t VALUES ('y', 4)
SELECT a FROM t ORDER BY a
RESET ROLE
DROP TABLE t
DROP ROLE rs_u""",
    "partitions, references and truncation": """
CREATE ROLE rs_u
CREATE TABLE p (k int, a int) PARTITION BY RANGE (k)
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)
CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20)
INSERT INTO p VALUES (1, 1), (2, 2), (11, 1), (12, 2)
GRANT ALL ON p, p1, p2 TO rs_u
ALTER TABLE p ENABLE ROW LEVEL SECURITY
ALTER TABLE p1 ENABLE ROW LEVEL SECURITY
CREATE POLICY whole ON p USING (a = 1)
CREATE POLICY part ON p1 USING (a = 2)
SELECT relname, relrowsecurity FROM pg_class WHERE relname IN ('p', 'p1', 'p2') ORDER BY 1
SET ROLE rs_u
BEGIN
DECLARE c CURSOR FOR SELECT * FROM p1
FETCH c
UPDATE p1 SET a = 2 WHERE CURRENT OF c
ROLLBACK
SELECT * FROM p ORDER BY k
SELECT * FROM p1
SELECT * FROM p2 ORDER BY k
SELECT * FROM p WHERE k = 2
INSERT INTO p VALUES (3, 1)
INSERT INTO p VALUES (4, 2)
INSERT INTO p1 VALUES (5, 1)
UPDATE p SET k = k + 10 WHERE k = 1 RETURNING *
UPDATE p SET a = 2
DELETE FROM p WHERE k = 12
RESET ROLE
SELECT * FROM p ORDER BY k, a
CREATE TABLE parent (id int PRIMARY KEY, who name)
CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES parent ON DELETE CASCADE, who name)
INSERT INTO parent VALUES (1, 'x'), (2, 'rs_u')
INSERT INTO child VALUES (1, 2, 'x'), (2, 2, 'rs_u')
GRANT ALL ON parent, child TO rs_u
ALTER TABLE parent ENABLE ROW LEVEL SECURITY
ALTER TABLE child ENABLE ROW LEVEL SECURITY
CREATE POLICY p ON parent USING (who = current_user)
CREATE POLICY p ON child USING (who = current_user)
SET ROLE rs_u
INSERT INTO child VALUES (3, 1, 'rs_u')
INSERT INTO child VALUES (4, 9, 'rs_u')
DELETE FROM parent
RESET ROLE
SELECT * FROM parent
SELECT * FROM child
SET ROLE rs_u
TRUNCATE child
RESET ROLE
SELECT count(*) FROM child
DROP TABLE p, parent, child
DROP ROLE rs_u""",
    "rights on columns that are gone": """
CREATE ROLE rs_u
CREATE TABLE t (a int, b int)
GRANT SELECT (b) ON t TO rs_u
SET ROLE rs_u
SELECT 1 FROM t
RESET ROLE
ALTER TABLE t DROP COLUMN b
SELECT has_any_column_privilege('rs_u', 't', 'SELECT'), has_table_privilege('rs_u', 't', 'SELECT')
SET ROLE rs_u
SELECT 1 FROM t
SELECT count(*) FROM t
RESET ROLE
ALTER TABLE t ADD COLUMN b int
SET ROLE rs_u
SELECT b FROM t
RESET ROLE
DROP TABLE t
DROP ROLE rs_u""",
    "rights on columns": """
CREATE ROLE rs_u
CREATE TABLE t (a int PRIMARY KEY, b text, c int DEFAULT 7)
INSERT INTO t VALUES (1, 'x', 1)
GRANT SELECT (a, b), INSERT (a, b), UPDATE (b) ON t TO rs_u
GRANT SELECT (z) ON t TO rs_u
GRANT DELETE (a) ON t TO rs_u
SELECT has_column_privilege('rs_u', 't', 'a', 'SELECT'), has_column_privilege('rs_u', 't', 'c', 'SELECT'), has_table_privilege('rs_u', 't', 'SELECT'), has_any_column_privilege('rs_u', 't', 'SELECT')
SELECT grantee, table_name, column_name, privilege_type, is_grantable FROM information_schema.column_privileges WHERE grantee = 'rs_u' ORDER BY 3, 4
SELECT count(*) FROM information_schema.column_privileges WHERE table_name = 't' AND grantee = grantor AND is_grantable = 'YES'
SELECT column_name, privilege_type FROM information_schema.role_column_grants WHERE grantee = 'rs_u' ORDER BY 1, 2
SELECT privilege_type, is_grantable, with_hierarchy FROM information_schema.table_privileges WHERE table_name = 't' ORDER BY 1
SET ROLE rs_u
SELECT column_name, privilege_type FROM information_schema.role_column_grants WHERE table_name = 't' ORDER BY 1, 2
SELECT count(*) FROM information_schema.role_table_grants WHERE table_name = 't'
SELECT a, b FROM t
SELECT * FROM t
SELECT c FROM t
SELECT count(*) FROM t
SELECT a FROM t WHERE c = 1
SELECT a FROM t ORDER BY c
SELECT t FROM t
INSERT INTO t (a, b) VALUES (2, 'y')
INSERT INTO t (a, c) VALUES (3, 3)
INSERT INTO t VALUES (3, 'z', 3)
INSERT INTO t (a, b) VALUES (3, 'z') RETURNING a
INSERT INTO t (a, b) VALUES (4, 'z') RETURNING c
INSERT INTO t (a, b) VALUES (3, 'q') ON CONFLICT (a) DO UPDATE SET b = excluded.b RETURNING a, b
INSERT INTO t (a, b) VALUES (3, 'q') ON CONFLICT (a) DO UPDATE SET c = 1
UPDATE t SET b = 'w' WHERE a = 1
UPDATE t SET b = 'w' WHERE c = 1
UPDATE t SET c = 2
UPDATE t SET b = c::text
DELETE FROM t
SELECT x.a FROM t x JOIN t y USING (a)
SELECT x.a FROM t x JOIN t y USING (a, c)
RESET ROLE
CREATE VIEW v AS SELECT a, c FROM t
GRANT SELECT (c) ON v TO rs_u
SET ROLE rs_u
SELECT c FROM v ORDER BY 1
SELECT a FROM v
RESET ROLE
SELECT attname, attacl IS NOT NULL FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0 ORDER BY attnum
REVOKE SELECT (b) ON t FROM rs_u
SET ROLE rs_u
SELECT a FROM t WHERE a = 1
SELECT b FROM t
INSERT INTO t (a, b) VALUES (3, 'q') ON CONFLICT (a) DO UPDATE SET b = excluded.b
INSERT INTO t (a, b) VALUES (3, 'q') ON CONFLICT (a) DO UPDATE SET b = 'r'
RESET ROLE
GRANT SELECT ON t TO rs_u
REVOKE SELECT ON t FROM rs_u
SET ROLE rs_u
SELECT a FROM t
RESET ROLE
DROP VIEW v
DROP TABLE t
DROP ROLE rs_u""",
}
