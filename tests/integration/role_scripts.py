"""Scripts for one session about roles and rights in transactions. One statement a line."""
SCRIPTS = {
    "rights change with the transaction": """
CREATE ROLE rt_a
CREATE TABLE t (a int)
BEGIN
CREATE ROLE rt_b IN ROLE rt_a
GRANT SELECT ON t TO rt_b
GRANT rt_b TO rt_a
ROLLBACK
SELECT rolname FROM pg_roles WHERE rolname LIKE 'rt%' ORDER BY 1
BEGIN
CREATE ROLE rt_b
CREATE ROLE rt_b
ROLLBACK
BEGIN
CREATE ROLE rt_b
CREATE TABLE u (a int)
GRANT SELECT, INSERT ON u TO rt_b
SAVEPOINT s
CREATE ROLE rt_c
GRANT rt_c TO rt_b
ROLLBACK TO s
DROP ROLE IF EXISTS rt_c
REVOKE INSERT ON u FROM rt_b
COMMIT
SELECT rolname FROM pg_roles WHERE rolname LIKE 'rt%' ORDER BY 1
SELECT has_table_privilege('rt_b', 'u', 'SELECT'), has_table_privilege('rt_b', 'u', 'INSERT')
BEGIN
REVOKE SELECT ON u FROM rt_b
SELECT 1/0
COMMIT
SELECT has_table_privilege('rt_b', 'u', 'SELECT')
BEGIN READ ONLY
CREATE ROLE rt_d
ROLLBACK
DO $$ BEGIN CREATE ROLE rt_d; BEGIN GRANT SELECT ON t TO rt_d; RAISE 'no'; EXCEPTION WHEN OTHERS THEN NULL; END; END $$
SELECT has_table_privilege('rt_d', 't', 'SELECT')
BEGIN
DROP TABLE u
DROP ROLE rt_d
COMMIT
DROP ROLE rt_b
DROP ROLE rt_a
SELECT rolname FROM pg_roles WHERE rolname LIKE 'rt%' ORDER BY 1""",
    "roles are created as members": """
CREATE ROLE rt_a
CREATE ROLE rt_b IN ROLE rt_nobody
CREATE ROLE rt_b IN ROLE rt_a
CREATE ROLE rt_c ROLE rt_b
CREATE ROLE rt_d ADMIN rt_c VALID UNTIL '2099-01-01'
CREATE ROLE rt_e CONNECTION LIMIT -1 NOREPLICATION NOBYPASSRLS VALID UNTIL 'infinity'
ALTER ROLE rt_e VALID UNTIL 'nonsense'
SELECT r.rolname, m.rolname FROM pg_auth_members a JOIN pg_roles r ON r.oid = a.roleid JOIN pg_roles m ON m.oid = a.member WHERE r.rolname LIKE 'rt%' ORDER BY 1, 2
DROP ROLE rt_a, rt_b, rt_c, rt_d, rt_e""",
    "default privileges": """
CREATE ROLE rt_a
CREATE ROLE rt_b
CREATE SCHEMA rt_s
ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO rt_a
ALTER DEFAULT PRIVILEGES IN SCHEMA rt_s GRANT INSERT, UPDATE ON TABLES TO rt_a, rt_b
ALTER DEFAULT PRIVILEGES IN SCHEMA rt_s GRANT USAGE ON SEQUENCES TO rt_b
ALTER DEFAULT PRIVILEGES IN SCHEMA nowhere GRANT USAGE ON SEQUENCES TO rt_b
ALTER DEFAULT PRIVILEGES GRANT USAGE ON TABLES TO rt_b
ALTER DEFAULT PRIVILEGES FOR ROLE rt_nobody GRANT SELECT ON TABLES TO rt_b
CREATE TABLE t (a int)
CREATE TABLE rt_s.t (a serial)
CREATE VIEW rt_s.v AS SELECT 1 AS one
CREATE SEQUENCE rt_s.q
SELECT has_table_privilege('rt_a', 't', 'SELECT'), has_table_privilege('rt_a', 't', 'INSERT'), has_table_privilege('rt_b', 't', 'SELECT')
SELECT has_table_privilege('rt_a', 'rt_s.t', 'SELECT'), has_table_privilege('rt_a', 'rt_s.t', 'INSERT'), has_table_privilege('rt_b', 'rt_s.t', 'UPDATE'), has_table_privilege('rt_a', 'rt_s.v', 'SELECT')
SELECT has_sequence_privilege('rt_b', 'rt_s.q', 'USAGE'), has_sequence_privilege('rt_a', 'rt_s.q', 'USAGE'), has_sequence_privilege('rt_b', 'rt_s.t_a_seq', 'USAGE')
ALTER DEFAULT PRIVILEGES IN SCHEMA rt_s REVOKE ALL ON TABLES FROM rt_a, rt_b
ALTER DEFAULT PRIVILEGES IN SCHEMA rt_s REVOKE ALL ON SEQUENCES FROM rt_b
ALTER DEFAULT PRIVILEGES REVOKE SELECT ON TABLES FROM rt_a
CREATE TABLE rt_s.w (a int)
SELECT has_table_privilege('rt_a', 'rt_s.w', 'SELECT'), has_table_privilege('rt_b', 'rt_s.w', 'INSERT')
DROP VIEW rt_s.v
DROP TABLE rt_s.t
DROP TABLE rt_s.w
DROP SEQUENCE rt_s.q
DROP SCHEMA rt_s
DROP TABLE t
DROP ROLE rt_a
DROP ROLE rt_b""",
    "rights of programs": """
CREATE ROLE rt_a
CREATE ROLE rt_b
CREATE SCHEMA rt_s
GRANT USAGE, CREATE ON SCHEMA rt_s TO rt_a, rt_b
CREATE TABLE rt_s.secret (x text)
INSERT INTO rt_s.secret VALUES ('top')
SET ROLE rt_a
CREATE FUNCTION rt_s.steal() RETURNS text LANGUAGE sql STABLE AS 'SELECT x FROM rt_s.secret'
CREATE MATERIALIZED VIEW rt_s.stolen AS SELECT rt_s.steal() x WITH NO DATA
CREATE MATERIALIZED VIEW rt_s.who AS SELECT current_user::text u WITH NO DATA
RESET ROLE
REFRESH MATERIALIZED VIEW rt_s.stolen
REFRESH MATERIALIZED VIEW rt_s.who
TABLE rt_s.who
CREATE FUNCTION rt_s.body() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT x FROM rt_s.secret); END $$
CREATE VIEW rt_s.bodies AS SELECT rt_s.body()
GRANT SELECT ON rt_s.bodies TO rt_a
SET ROLE rt_a
TABLE rt_s.bodies
RESET ROLE
TABLE rt_s.bodies
CREATE TABLE rt_s.rows (o text, v text)
INSERT INTO rt_s.rows VALUES ('rt_a', 'A'), ('rt_b', 'B')
GRANT ALL ON rt_s.rows TO rt_a, rt_b
ALTER TABLE rt_s.rows ENABLE ROW LEVEL SECURITY
CREATE POLICY p ON rt_s.rows USING (o = current_user)
SET ROLE rt_a
CREATE FUNCTION rt_s.resets() RETURNS SETOF text LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN RESET ROLE; RETURN QUERY SELECT v FROM rt_s.rows; END $$
CREATE FUNCTION rt_s.sets() RETURNS SETOF text LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN PERFORM set_config('role', 'none', true); RETURN QUERY SELECT v FROM rt_s.rows; END $$
CREATE FUNCTION rt_s.reads() RETURNS SETOF text LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN RETURN QUERY SELECT v FROM rt_s.rows; END $$
CREATE PROCEDURE rt_s.commits() LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN COMMIT; END $$
RESET ROLE
SET ROLE rt_b
SELECT * FROM rt_s.resets()
SELECT * FROM rt_s.sets()
SELECT * FROM rt_s.reads()
CALL rt_s.commits()
RESET ROLE
CREATE FUNCTION rt_s.custom() RETURNS text LANGUAGE plpgsql SET app.x = 'v' AS $$ BEGIN RETURN current_setting('app.x'); END $$
SELECT rt_s.custom()
CREATE TABLE rt_s.keys (a text PRIMARY KEY, b int)
INSERT INTO rt_s.keys VALUES ('key', 1)
GRANT SELECT (b), DELETE ON rt_s.keys TO rt_a
SET ROLE rt_a
SELECT ctid, b FROM rt_s.keys
SELECT tableoid > 0, b FROM rt_s.keys
SELECT b FROM rt_s.keys WHERE ctid IS NOT NULL
DELETE FROM rt_s.keys WHERE ctid IS NOT NULL
SELECT b FROM rt_s.keys
RESET ROLE
CREATE TABLE rt_s.fired (id int)
CREATE FUNCTION rt_s.fires() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '% %', old.id, new IS NULL; RETURN coalesce(new, old); END $$
CREATE TRIGGER b AFTER INSERT ON rt_s.fired FOR EACH STATEMENT EXECUTE FUNCTION rt_s.fires()
INSERT INTO rt_s.fired VALUES (7)
SET client_min_messages = error
DROP SCHEMA rt_s CASCADE
DROP ROLE rt_a
DROP ROLE rt_b""",
    "rights on functions and types": """
CREATE ROLE rf_a
CREATE ROLE rf_b
CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT a + 1'
CREATE FUNCTION p(a int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN a + 2; END'
CREATE FUNCTION d() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT f(1) + p(1)'
CREATE FUNCTION i() RETURNS int LANGUAGE sql AS 'SELECT f(1)'
CREATE PROCEDURE w(a int) LANGUAGE plpgsql AS 'BEGIN NULL; END'
CREATE VIEW v AS SELECT f(3) AS x
CREATE VIEW vp AS SELECT p(3) AS x
GRANT SELECT ON v, vp TO PUBLIC
CREATE TYPE mood AS ENUM ('sad', 'ok')
CREATE DOMAIN small AS int CHECK (VALUE < 10)
SELECT proacl::text FROM pg_proc WHERE proname = 'f'
REVOKE EXECUTE ON FUNCTION f(int), p FROM PUBLIC
REVOKE ALL ON PROCEDURE w FROM PUBLIC
REVOKE USAGE ON TYPE mood FROM PUBLIC
REVOKE ALL ON DOMAIN small FROM PUBLIC
SELECT proname, proacl::text FROM pg_proc WHERE proname IN ('f', 'p', 'w', 'd') ORDER BY 1
SELECT typname, typacl::text FROM pg_type WHERE typname IN ('mood', 'small') ORDER BY 1
SELECT has_function_privilege('rf_a', 'f(int)', 'EXECUTE'), has_function_privilege('rf_a', 'd()', 'execute'), has_function_privilege('rf_a', 'lower(text)', 'EXECUTE')
SELECT has_type_privilege('rf_a', 'mood', 'USAGE'), has_type_privilege('rf_a', 'int4', 'USAGE')
SELECT has_function_privilege('rf_a', 'nosuch(int)', 'EXECUTE')
SELECT has_function_privilege('rf_a', 'f(int)', 'SELECT')
SELECT has_type_privilege('rf_a', 'nosuch', 'USAGE')
SET ROLE rf_a
SELECT f(1)
SELECT p(1)
SELECT d()
SELECT i()
SELECT * FROM v
SELECT * FROM vp
SELECT count(*) FROM generate_series(1, 3) g WHERE p(g) > 0
CALL w(1)
DO $$ BEGIN PERFORM f(1); END $$
SELECT has_function_privilege('f(int)', 'EXECUTE')
CREATE TABLE mt (a mood)
CREATE TABLE dt (a small)
GRANT EXECUTE ON FUNCTION f TO rf_b
RESET ROLE
GRANT EXECUTE ON FUNCTION f TO rf_b
GRANT EXECUTE ON FUNCTION p(int) TO rf_a
GRANT rf_b TO rf_a
SET ROLE rf_a
SELECT f(1), p(1), i()
SELECT * FROM v
RESET ROLE
SELECT proname, proacl::text FROM pg_proc WHERE proname IN ('f', 'p') ORDER BY 1
GRANT EXECUTE ON FUNCTION f TO PUBLIC
GRANT ALL ON ALL FUNCTIONS IN SCHEMA public TO rf_a
GRANT SELECT ON FUNCTION f(int) TO rf_a
GRANT EXECUTE ON FUNCTION nosuch(int) TO rf_a
GRANT EXECUTE ON FUNCTION f(text) TO rf_a
GRANT EXECUTE ON PROCEDURE f(int) TO rf_a
GRANT USAGE ON TYPE nosuch TO rf_a
GRANT USAGE ON DOMAIN mood TO rf_a
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC
CREATE FUNCTION later() RETURNS int LANGUAGE sql AS 'SELECT 1'
SET ROLE rf_a
SELECT later()
RESET ROLE
ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO PUBLIC
ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO rf_b
CREATE FUNCTION later(int) RETURNS int LANGUAGE sql AS 'SELECT 1'
SET ROLE rf_a
SELECT later(1)
RESET ROLE
DROP VIEW v, vp
DROP FUNCTION f(int)
DROP FUNCTION p, d, i, later(), later(int) CASCADE
DROP PROCEDURE w
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM rf_b
DROP TYPE mood
DROP DOMAIN small
DROP ROLE rf_a, rf_b""",
    "what the information schema shows": """
CREATE ROLE ri_a
CREATE ROLE ri_b
CREATE SCHEMA shown
CREATE TABLE shown.t (id int PRIMARY KEY, n int DEFAULT 5, secret text UNIQUE)
CREATE TABLE shown.u (id int PRIMARY KEY, t int REFERENCES shown.t, CHECK (t > 0))
CREATE TABLE shown.written (id int PRIMARY KEY)
CREATE VIEW shown.v AS SELECT 1 AS one
CREATE SEQUENCE shown.s
CREATE FUNCTION shown.f() RETURNS int LANGUAGE sql AS 'SELECT 1'
CREATE FUNCTION shown.g() RETURNS int LANGUAGE sql AS 'SELECT 1'
REVOKE EXECUTE ON FUNCTION shown.g() FROM PUBLIC
GRANT SELECT (id, n) ON shown.t TO ri_a
GRANT SELECT ON shown.u, shown.v TO ri_a
GRANT INSERT ON shown.written TO ri_a
GRANT USAGE ON SCHEMA shown TO ri_a
GRANT USAGE ON SEQUENCE shown.s TO ri_a
SET ROLE ri_a
SELECT table_name FROM information_schema.tables WHERE table_schema = 'shown' ORDER BY 1
SELECT table_name, column_name, column_default FROM information_schema.columns WHERE table_schema = 'shown' ORDER BY 1, 2
SELECT table_name, view_definition FROM information_schema.views WHERE table_schema = 'shown'
SELECT table_name, constraint_name FROM information_schema.table_constraints WHERE table_schema = 'shown' AND constraint_name NOT LIKE '%not_null' ORDER BY 1, 2
SELECT table_name, column_name FROM information_schema.key_column_usage WHERE table_schema = 'shown' ORDER BY 1, 2
SELECT constraint_name FROM information_schema.referential_constraints WHERE constraint_schema = 'shown'
SELECT table_name FROM information_schema.constraint_column_usage WHERE table_schema = 'shown'
SELECT sequence_name FROM information_schema.sequences WHERE sequence_schema = 'shown'
SELECT routine_name, routine_definition FROM information_schema.routines WHERE routine_schema = 'shown'
SELECT schema_name FROM information_schema.schemata WHERE schema_name IN ('shown', 'pg_catalog', 'public') ORDER BY 1
SELECT count(*) > 10 FROM information_schema.tables WHERE table_schema = 'pg_catalog'
SET ROLE ri_b
SELECT table_name FROM information_schema.tables WHERE table_schema = 'shown'
SELECT schema_name FROM information_schema.schemata WHERE schema_name = 'shown'
SELECT sequence_name FROM information_schema.sequences WHERE sequence_schema = 'shown'
RESET ROLE
GRANT ri_a TO ri_b
SET ROLE ri_b
SELECT table_name FROM information_schema.tables WHERE table_schema = 'shown' ORDER BY 1
RESET ROLE
SELECT table_name FROM information_schema.tables WHERE table_schema = 'shown' ORDER BY 1
DROP SCHEMA shown CASCADE
DROP ROLE ri_a, ri_b""",
    "functions of others in what one makes": """
CREATE ROLE rg_a
CREATE SCHEMA theirs
GRANT ALL ON SCHEMA theirs TO PUBLIC
CREATE FUNCTION theirs.f(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 + 1000'
CREATE FUNCTION theirs.t() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN NEW.a := 99; RETURN NEW; END'
CREATE FUNCTION theirs.plus(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 + $2 + 1000'
CREATE OPERATOR theirs.### (leftarg = int, rightarg = int, function = theirs.plus)
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA theirs FROM PUBLIC
SET ROLE rg_a
SET search_path = theirs
CREATE TABLE theirs.mine (a int)
INSERT INTO theirs.mine VALUES (1), (2)
CREATE TRIGGER made BEFORE INSERT ON theirs.mine FOR EACH ROW EXECUTE FUNCTION t()
ALTER TABLE theirs.mine ALTER a TYPE int USING theirs.f(a)
CREATE INDEX ON theirs.mine (theirs.f(a))
ALTER TABLE theirs.mine ADD CHECK (theirs.f(a) > 0)
ALTER TABLE theirs.mine ALTER a TYPE int USING a ### 1
CREATE INDEX ON theirs.mine ((a ### 1))
CREATE FUNCTION theirs.wrap(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT theirs.f($1)'
CREATE INDEX ON theirs.mine (theirs.wrap(a))
ALTER TABLE theirs.mine ADD CHECK (theirs.wrap(a) > 0)
ALTER TABLE theirs.mine ADD COLUMN b int DEFAULT theirs.f(1)
ALTER TABLE theirs.mine ALTER a SET DEFAULT theirs.f(1)
INSERT INTO theirs.mine VALUES (DEFAULT)
ALTER TABLE theirs.mine ALTER a DROP DEFAULT
CREATE OPERATOR theirs.#### (rightarg = int, procedure = f)
CREATE AGGREGATE theirs.total(int) (sfunc = int4pl, stype = int, finalfunc = theirs.f)
CREATE INDEX ON theirs.mine (abs(a))
ALTER TABLE theirs.mine ADD CHECK (abs(a) > 0)
SELECT count(*) FROM information_schema.parameters WHERE specific_schema = 'theirs'
SELECT * FROM theirs.mine ORDER BY a
RESET ROLE
RESET search_path
SET client_min_messages = warning
DROP SCHEMA theirs CASCADE
RESET client_min_messages
DROP ROLE rg_a""",
    "who creates a view": """
CREATE ROLE rv_a
CREATE TABLE t (a int)
CREATE SCHEMA hidden
CREATE TABLE hidden.t (a int)
GRANT CREATE ON SCHEMA public TO rv_a
SET ROLE rv_a
CREATE VIEW v AS SELECT * FROM t
SELECT * FROM v
CREATE VIEW w AS SELECT * FROM hidden.t
RESET ROLE
GRANT SELECT ON t TO rv_a
SET ROLE rv_a
SELECT * FROM v
RESET ROLE
DROP VIEW v
REVOKE ALL ON t FROM rv_a
REVOKE CREATE ON SCHEMA public FROM rv_a
DROP SCHEMA hidden CASCADE
DROP ROLE rv_a""",
}
