"""Scripts for one session about the definitions of functions, procedures and triggers. One statement a
line; nothing here calls a function.
"""

FUNCTIONS = """SELECT p.proname, n.nspname, l.lanname, p.procost, p.prorows, p.prokind, p.prosecdef, p.proleakproof, p.proisstrict, p.proretset, p.provolatile, p.proparallel, p.pronargs, p.pronargdefaults, p.prorettype::regtype::text, p.proargtypes::text, p.proallargtypes::text, p.proargmodes::text, p.proargnames::text, p.prosrc, p.proconfig::text, p.provariadic::regtype::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang WHERE n.nspname IN ('public', 's')
SELECT p.proname, pg_get_function_arguments(p.oid), pg_get_function_identity_arguments(p.oid), pg_get_function_result(p.oid), pg_get_expr(p.proargdefaults, 0), pg_function_is_visible(p.oid), p.oid::regproc::text FROM pg_proc p WHERE p.pronamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN ('public', 's'))
SELECT pg_get_functiondef(p.oid) FROM pg_proc p WHERE p.pronamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN ('public', 's'))"""

SCHEMA = """SELECT routine_catalog = current_database(), routine_schema, routine_name, routine_type, data_type, type_udt_schema, type_udt_name, routine_body, routine_definition, external_language, parameter_style, is_deterministic, sql_data_access, is_null_call, schema_level_routine, max_dynamic_result_sets, security_type, as_locator, is_udt_dependent, dtd_identifier, numeric_precision, external_name FROM information_schema.routines WHERE routine_schema = 'public'
SELECT r.routine_name, p.ordinal_position, p.parameter_mode, p.is_result, p.as_locator, p.parameter_name, p.data_type, p.udt_schema, p.udt_name, p.dtd_identifier, p.parameter_default, p.numeric_precision, p.character_maximum_length FROM information_schema.parameters p JOIN information_schema.routines r USING (specific_name) WHERE p.specific_schema = 'public'"""

TRIGGERS = """SELECT c.relname, c.relhastriggers, t.tgname, p.proname, t.tgtype, t.tgenabled, t.tgisinternal, t.tgconstrrelid, t.tgconstraint <> 0, t.tgdeferrable, t.tginitdeferred, t.tgnargs, t.tgattr::text, t.tgargs, t.tgqual IS NULL, t.tgoldtable, t.tgnewtable, t.tgparentid FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid WHERE NOT t.tgisinternal
SELECT pg_get_triggerdef(oid), pg_get_triggerdef(oid, true), pg_get_triggerdef(oid, false) FROM pg_trigger WHERE NOT tgisinternal
SELECT trigger_schema, trigger_name, event_manipulation, event_object_schema, event_object_table, action_order, action_condition, action_statement, action_orientation, action_timing, action_reference_old_table, action_reference_new_table, action_reference_old_row FROM information_schema.triggers
SELECT trigger_schema, trigger_name, event_object_table, event_object_column FROM information_schema.triggered_update_columns"""

TRIGGER_SETUP = """CREATE TABLE t (id int PRIMARY KEY, a int, b text, "Odd" int)
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'
CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN null; END'
CREATE FUNCTION no() RETURNS int LANGUAGE sql AS 'SELECT 1'"""

SCRIPTS = {
    "definitions": f"""
CREATE FUNCTION f1() RETURNS int LANGUAGE sql AS 'SELECT 1'
CREATE FUNCTION f2(int, text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS 'SELECT $2'
CREATE FUNCTION f3(a int, b numeric(10,2) DEFAULT 5, c text = 'x') RETURNS bigint LANGUAGE plpgsql STABLE AS $$BEGIN RETURN a; END$$
CREATE FUNCTION f4(a int, OUT b int, OUT c text) LANGUAGE plpgsql AS 'BEGIN b := a; c := a; END'
CREATE FUNCTION f5(INOUT a int) LANGUAGE plpgsql AS 'BEGIN a := a + 1; END'
CREATE FUNCTION f6(a int, VARIADIC b int[]) RETURNS int LANGUAGE sql AS 'SELECT a'
CREATE FUNCTION f7(n int) RETURNS TABLE (x int, y text) LANGUAGE sql ROWS 50 COST 7 AS 'SELECT 1, ''a'''
CREATE FUNCTION f8() RETURNS SETOF int LANGUAGE sql AS 'SELECT 1'
CREATE FUNCTION f9() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, "$user" SET work_mem TO '64MB' SET "my.own" = 'it''s' AS 'BEGIN NULL; END'
CREATE FUNCTION f10() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'
CREATE FUNCTION f11(int) RETURNS int RETURNS NULL ON NULL INPUT PARALLEL SAFE LEAKPROOF LANGUAGE sql AS 'SELECT $1'
CREATE FUNCTION f12(int) RETURNS int CALLED ON NULL INPUT PARALLEL RESTRICTED LANGUAGE sql AS 'SELECT $1 -- $function$'
CREATE FUNCTION f13(a timestamp with time zone, b varchar(10), c int[], d "char", e double precision) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RETURN true; END'
CREATE FUNCTION f14() RETURNS record LANGUAGE sql AS 'SELECT 1, 2'
CREATE FUNCTION f15() RETURNS SETOF record LANGUAGE sql AS 'SELECT 1, 2'
CREATE FUNCTION f16(n int) RETURNS TABLE (x int) LANGUAGE sql AS 'SELECT 1'
CREATE FUNCTION "F 17"("The A" int, b date DEFAULT CURRENT_DATE, c int DEFAULT 3, d boolean DEFAULT true, e int DEFAULT NULL) RETURNS int LANGUAGE sql AS 'SELECT 1'
CREATE FUNCTION f18(a int) RETURNS int LANGUAGE SQL AS $_$SELECT $1$_$
CREATE FUNCTION f19(a text[] DEFAULT '{{a,b}}', b text DEFAULT 'it''s', c date DEFAULT '2020-01-01', d bigint DEFAULT 5, e numeric DEFAULT 1.5, g int DEFAULT -1, h boolean DEFAULT false) RETURNS int LANGUAGE sql AS 'SELECT 1'
CREATE PROCEDURE p1() LANGUAGE plpgsql AS 'BEGIN NULL; END'
CREATE PROCEDURE p2(a int, INOUT b int, OUT c text) LANGUAGE plpgsql AS 'BEGIN c := a; END'
CREATE PROCEDURE p3(a int DEFAULT 3) LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'
CREATE SCHEMA s
CREATE FUNCTION s.alone(a int) RETURNS int LANGUAGE sql AS 'SELECT 2'
{FUNCTIONS}
{SCHEMA}
SET search_path = s, public
SELECT p.proname, pg_function_is_visible(p.oid), p.oid::regproc::text FROM pg_proc p WHERE p.pronamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN ('public', 's'))
SELECT 'alone'::regproc, to_regproc('alone')::text, to_regproc('f2')::text, to_regproc('nowhere'), to_regproc('public.f2')::text
SELECT 'f1'::regproc
SELECT 'nowhere'::regproc
SELECT pg_get_functiondef(0), pg_get_triggerdef(0), pg_get_function_arguments(0), pg_get_function_result(0)
SET search_path = public
DROP SCHEMA s
DROP SCHEMA s CASCADE
DROP FUNCTION f1, f2, f3(int, numeric, text)
{FUNCTIONS}
""",
    "errors of create function": """
CREATE FUNCTION f() RETURNS int AS 'SELECT 1'
CREATE FUNCTION f() LANGUAGE sql AS 'SELECT 1'
CREATE FUNCTION f() RETURNS int LANGUAGE sql
CREATE FUNCTION f() RETURNS int LANGUAGE 'SQL' AS 'SELECT 1'
CREATE FUNCTION a.b.c() RETURNS int LANGUAGE sql AS 'SELECT 1'
CREATE FUNCTION a.b.c.d() RETURNS int LANGUAGE sql AS 'SELECT 1'
CREATE FUNCTION f(a int DEFAULT count(*)) RETURNS int LANGUAGE sql AS 'SELECT 1'
CREATE FUNCTION f(a int DEFAULT row_number() OVER ()) RETURNS int LANGUAGE sql AS 'SELECT 1'
CREATE FUNCTION f(a int DEFAULT generate_series(1, 2)) RETURNS int LANGUAGE sql AS 'SELECT 1'
CREATE FUNCTION f() RETURNS int LANGUAGE nosuch AS 'SELECT 1'
CREATE FUNCTION f(a int) RETURNS nosuch LANGUAGE sql AS 'SELECT 1'
CREATE FUNCTION f(a nosuch) RETURNS int LANGUAGE sql AS 'SELECT 1'
CREATE FUNCTION nosuch.f() RETURNS int LANGUAGE sql AS 'SELECT 1'
CREATE FUNCTION f() RETURNS int LANGUAGE sql LANGUAGE sql AS 'SELECT 1'
CREATE FUNCTION f() RETURNS int LANGUAGE sql STABLE IMMUTABLE AS 'SELECT 1'
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1', 'x'
CREATE FUNCTION f() RETURNS int LANGUAGE sql COST 0 AS 'SELECT 1'
CREATE FUNCTION f() RETURNS int LANGUAGE sql ROWS 5 AS 'SELECT 1'
CREATE FUNCTION f() RETURNS SETOF int LANGUAGE sql ROWS -5 AS 'SELECT 1'
CREATE FUNCTION f() RETURNS int LANGUAGE sql PARALLEL maybe AS 'SELECT 1'
CREATE FUNCTION f(a int, a int) RETURNS int LANGUAGE sql AS 'SELECT 1'
CREATE FUNCTION other(a int, OUT a int) LANGUAGE sql AS 'SELECT 1'
CREATE FUNCTION f(OUT b int, OUT b int) LANGUAGE sql AS 'SELECT 1, 2'
CREATE FUNCTION f(INOUT a int, OUT a int) LANGUAGE sql AS 'SELECT 1, 2'
CREATE FUNCTION f(a int DEFAULT 1, b int) RETURNS int LANGUAGE sql AS 'SELECT 1'
CREATE FUNCTION f(OUT a int DEFAULT 1) LANGUAGE sql AS 'SELECT 1'
CREATE FUNCTION f(a int DEFAULT true) RETURNS int LANGUAGE sql AS 'SELECT 1'
CREATE FUNCTION f(a int DEFAULT 'x') RETURNS int LANGUAGE sql AS 'SELECT 1'
CREATE FUNCTION f(a int DEFAULT b) RETURNS int LANGUAGE sql AS 'SELECT 1'
CREATE FUNCTION f(VARIADIC a int) RETURNS int LANGUAGE sql AS 'SELECT 1'
CREATE FUNCTION f(VARIADIC a int[], b int) RETURNS int LANGUAGE sql AS 'SELECT 1'
CREATE FUNCTION f(a SETOF int) RETURNS int LANGUAGE sql AS 'SELECT 1'
CREATE FUNCTION f(OUT a int, OUT b int) RETURNS int LANGUAGE sql AS 'SELECT 1, 2'
CREATE FUNCTION f(OUT a int) RETURNS text LANGUAGE sql AS 'SELECT 1'
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELEC 1'
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS ''
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'CREATE TABLE x (a int)'
CREATE FUNCTION f() RETURNS trigger LANGUAGE sql AS 'SELECT 1'
CREATE FUNCTION f(a int) RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'
CREATE FUNCTION f(a void) RETURNS int LANGUAGE sql AS 'SELECT 1'
CREATE FUNCTION f() RETURNS int LANGUAGE sql SET nosuch = 1 AS 'SELECT 1'
CREATE FUNCTION f() RETURNS int LANGUAGE sql SET enable_seqscan = maybe AS 'SELECT 1'
CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql RETURN 1
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1' RETURN 1
CREATE PROCEDURE p() LANGUAGE sql STABLE AS 'SELECT 1'
CREATE PROCEDURE p() LANGUAGE sql STRICT AS 'SELECT 1'
CREATE PROCEDURE p() LANGUAGE sql COST 5 AS 'SELECT 1'
CREATE PROCEDURE p(a int DEFAULT 1, OUT b int) LANGUAGE plpgsql AS 'BEGIN b := 1; END'
CREATE PROCEDURE p(VARIADIC a int[], OUT b int) LANGUAGE plpgsql AS 'BEGIN b := 1; END'
SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
""",
    "or replace": f"""
CREATE FUNCTION f(a int, b text DEFAULT 'x') RETURNS int LANGUAGE sql AS 'SELECT 1'
COMMENT ON FUNCTION f IS 'first'
CREATE FUNCTION f(a int, b text) RETURNS int LANGUAGE sql AS 'SELECT 1'
CREATE OR REPLACE FUNCTION f(a int, b text DEFAULT 'y') RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN 2; END'
SELECT obj_description(oid, 'pg_proc'), d.description FROM pg_proc p JOIN pg_description d ON d.objoid = p.oid WHERE p.proname = 'f'
{FUNCTIONS}
CREATE OR REPLACE FUNCTION f(a int, b text DEFAULT 'y') RETURNS text LANGUAGE sql AS 'SELECT ''a'''
CREATE OR REPLACE FUNCTION f(a int, b text DEFAULT 'y') RETURNS SETOF int LANGUAGE sql AS 'SELECT 1'
CREATE OR REPLACE FUNCTION f(z int, b text DEFAULT 'y') RETURNS int LANGUAGE sql AS 'SELECT 1'
CREATE OR REPLACE FUNCTION f(int, b text DEFAULT 'y') RETURNS int LANGUAGE sql AS 'SELECT 1'
CREATE OR REPLACE FUNCTION f(a int, b text) RETURNS int LANGUAGE sql AS 'SELECT 1'
CREATE OR REPLACE FUNCTION f(a int DEFAULT 1, b text DEFAULT 'y') RETURNS int LANGUAGE sql AS 'SELECT 1'
CREATE OR REPLACE PROCEDURE f(a int, b text) LANGUAGE sql AS 'SELECT 1'
CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1'
CREATE FUNCTION f(a bigint) RETURNS int LANGUAGE sql AS 'SELECT 1'
CREATE FUNCTION g(a int, OUT b int, OUT c int) LANGUAGE sql AS 'SELECT 1, 2'
CREATE OR REPLACE FUNCTION g(a int, OUT b int, OUT d int) LANGUAGE sql AS 'SELECT 1, 2'
CREATE OR REPLACE FUNCTION g(a int, OUT b int) LANGUAGE sql AS 'SELECT 1'
CREATE PROCEDURE p(a int) LANGUAGE sql AS 'SELECT 1'
CREATE OR REPLACE PROCEDURE p(a int, OUT b int) LANGUAGE plpgsql AS 'BEGIN b := 1; END'
CREATE OR REPLACE FUNCTION p(a int) RETURNS int LANGUAGE sql AS 'SELECT 1'
CREATE PROCEDURE p(b int) LANGUAGE sql AS 'SELECT 1'
BEGIN
CREATE OR REPLACE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 100'
DROP PROCEDURE p
ROLLBACK
{FUNCTIONS}
""",
    "drop": """
CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1'
CREATE FUNCTION f(a text) RETURNS int LANGUAGE sql AS 'SELECT 1'
CREATE FUNCTION one(a text, b int) RETURNS int LANGUAGE sql AS 'SELECT 1'
CREATE PROCEDURE p(a int, OUT b int) LANGUAGE plpgsql AS 'BEGIN b := 1; END'
DROP FUNCTION f
DROP ROUTINE f
DROP FUNCTION f(bigint)
DROP FUNCTION f(nosuch)
DROP FUNCTION nosuch
DROP FUNCTION nosuch(int, text)
DROP PROCEDURE nosuch
DROP PROCEDURE nosuch(int)
DROP ROUTINE nosuch
DROP ROUTINE nosuch(int)
DROP FUNCTION nosuch.f(int)
DROP FUNCTION IF EXISTS nosuch
DROP FUNCTION IF EXISTS nosuch(int, text[])
DROP FUNCTION IF EXISTS f(nosuch)
DROP FUNCTION IF EXISTS nosuch.f(int)
DROP PROCEDURE IF EXISTS nosuch(int)
DROP ROUTINE IF EXISTS nosuch, one
DROP FUNCTION p
DROP FUNCTION p(int)
DROP PROCEDURE f(int)
DROP FUNCTION IF EXISTS f, one
DROP PROCEDURE p(int, int)
DROP PROCEDURE p(int, OUT int)
DROP PROCEDURE IF EXISTS p
DROP FUNCTION public.f(a int), f(text)
SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
""",
    "alter function": f"""
CREATE SCHEMA s
CREATE FUNCTION f(a int) RETURNS SETOF int LANGUAGE sql AS 'SELECT 1'
CREATE FUNCTION g(a int) RETURNS int LANGUAGE sql AS 'SELECT 1'
CREATE PROCEDURE p(a int) LANGUAGE sql AS 'SELECT 1'
ALTER FUNCTION f(int) STABLE STRICT SECURITY DEFINER PARALLEL SAFE COST 3 ROWS 9 LEAKPROOF
ALTER FUNCTION f SET work_mem = '8MB' SET search_path TO public, s
{FUNCTIONS}
ALTER FUNCTION f CALLED ON NULL INPUT SECURITY INVOKER NOT LEAKPROOF RESET work_mem
ALTER FUNCTION f SET search_path TO DEFAULT
ALTER FUNCTION f SET enable_seqscan TO off
ALTER FUNCTION f RESET ALL
ALTER FUNCTION f IMMUTABLE VOLATILE
ALTER FUNCTION g ROWS 5
ALTER FUNCTION g COST -1
ALTER FUNCTION g SET nosuch TO 1
ALTER FUNCTION g RESET nosuch
ALTER FUNCTION nosuch STABLE
ALTER FUNCTION g(text) STABLE
ALTER PROCEDURE p STABLE
ALTER PROCEDURE p SECURITY DEFINER
ALTER ROUTINE p SET work_mem = '1MB'
ALTER ROUTINE g IMMUTABLE
ALTER FUNCTION p(int) RENAME TO q
ALTER FUNCTION g(int) RENAME TO f
ALTER FUNCTION g RENAME TO h
ALTER PROCEDURE p RENAME TO q
ALTER FUNCTION h SET SCHEMA s
ALTER FUNCTION h SET SCHEMA s
ALTER FUNCTION f SET SCHEMA nosuch
CREATE FUNCTION h(a int) RETURNS int LANGUAGE sql AS 'SELECT 1'
ALTER FUNCTION h SET SCHEMA s
ALTER FUNCTION s.h SET SCHEMA public
ALTER FUNCTION f OWNER TO nosuch
ALTER FUNCTION f OWNER TO current_user
COMMENT ON FUNCTION f(int) IS 'a function'
COMMENT ON PROCEDURE q IS 'a procedure'
COMMENT ON ROUTINE s.h IS 'elsewhere'
COMMENT ON FUNCTION q(int) IS 'x'
COMMENT ON FUNCTION nosuch IS 'x'
SELECT p.proname, obj_description(p.oid, 'pg_proc') FROM pg_proc p WHERE p.pronamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN ('public', 's'))
COMMENT ON FUNCTION f IS NULL
{FUNCTIONS}
DROP SCHEMA s CASCADE
""",
    "triggers": f"""
{TRIGGER_SETUP}
CREATE TRIGGER t1 BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()
CREATE TRIGGER t2 AFTER INSERT OR UPDATE OR DELETE ON t FOR EACH STATEMENT EXECUTE FUNCTION g('a', 5, 'it''s')
CREATE TRIGGER t3 AFTER UPDATE OF b, "Odd" OR DELETE ON t FOR EACH ROW EXECUTE PROCEDURE g()
CREATE TRIGGER t4 BEFORE UPDATE ON t FOR EACH ROW WHEN (OLD.a IS DISTINCT FROM New.A) EXECUTE FUNCTION f()
CREATE TRIGGER "T 5" BEFORE TRUNCATE ON t EXECUTE FUNCTION g()
CREATE TRIGGER t6 AFTER UPDATE ON t REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION g()
CREATE TRIGGER t7 AFTER INSERT ON t REFERENCING NEW TABLE new_rows FOR EACH ROW EXECUTE FUNCTION g()
CREATE CONSTRAINT TRIGGER t8 AFTER INSERT OR UPDATE ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION g()
CREATE CONSTRAINT TRIGGER t9 AFTER DELETE ON t FOR EACH ROW EXECUTE FUNCTION g()
{TRIGGERS}
ALTER TABLE t DISABLE TRIGGER t1
ALTER TABLE t ENABLE ALWAYS TRIGGER t3, ENABLE REPLICA TRIGGER t4
SELECT tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal
ALTER TABLE t DISABLE TRIGGER USER
SELECT tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal
ALTER TABLE t ENABLE TRIGGER ALL
ALTER TABLE t ENABLE TRIGGER nosuch
SELECT tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal
CREATE OR REPLACE TRIGGER t1 AFTER DELETE ON t FOR EACH STATEMENT EXECUTE FUNCTION g('new')
CREATE OR REPLACE TRIGGER t8 AFTER DELETE ON t FOR EACH ROW EXECUTE FUNCTION g()
CREATE TRIGGER t1 AFTER DELETE ON t FOR EACH STATEMENT EXECUTE FUNCTION g()
ALTER TRIGGER t1 ON t RENAME TO t2
ALTER TRIGGER nosuch ON t RENAME TO x
ALTER TRIGGER t1 ON nosuch RENAME TO x
ALTER TRIGGER t1 ON t RENAME TO zz
COMMENT ON TRIGGER zz ON t IS 'last'
COMMENT ON TRIGGER t1 ON t IS 'none'
COMMENT ON TRIGGER t1 ON nosuch IS 'none'
SELECT tgname, obj_description(oid, 'pg_trigger') FROM pg_trigger WHERE NOT tgisinternal
{TRIGGERS}
DROP TRIGGER nosuch ON t
DROP TRIGGER t1 ON nosuch
DROP TRIGGER IF EXISTS nosuch ON t
DROP TRIGGER IF EXISTS t1 ON nosuch
DROP TRIGGER zz ON t
DROP TRIGGER t8 ON public.t
DROP FUNCTION no
DROP FUNCTION f
BEGIN
DROP FUNCTION f CASCADE
SELECT tgname FROM pg_trigger WHERE NOT tgisinternal
ROLLBACK
SELECT tgname FROM pg_trigger WHERE NOT tgisinternal
DROP TABLE t
SELECT tgname FROM pg_trigger WHERE NOT tgisinternal
DROP FUNCTION f, g
""",
    "errors of create trigger": f"""
{TRIGGER_SETUP}
CREATE VIEW v AS SELECT a FROM t
CREATE SEQUENCE q
CREATE TRIGGER x BEFORE INSERT ON nosuch EXECUTE FUNCTION f()
CREATE TRIGGER x BEFORE INSERT ON t EXECUTE FUNCTION nosuch()
CREATE TRIGGER x BEFORE INSERT ON t EXECUTE FUNCTION nosuch.f()
CREATE TRIGGER x BEFORE INSERT ON t EXECUTE FUNCTION no()
CREATE TRIGGER x INSTEAD OF INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()
CREATE TRIGGER x BEFORE INSERT ON q EXECUTE FUNCTION f()
CREATE TRIGGER x BEFORE TRUNCATE ON t FOR EACH ROW EXECUTE FUNCTION f()
CREATE TRIGGER x BEFORE UPDATE OF nosuch ON t FOR EACH ROW EXECUTE FUNCTION f()
CREATE TRIGGER x BEFORE UPDATE OF a, a ON t FOR EACH ROW EXECUTE FUNCTION f()
CREATE TRIGGER x BEFORE INSERT ON t REFERENCING NEW TABLE AS n EXECUTE FUNCTION f()
CREATE TRIGGER x AFTER INSERT ON t REFERENCING OLD TABLE AS n EXECUTE FUNCTION f()
CREATE TRIGGER x AFTER DELETE ON t REFERENCING NEW TABLE AS n EXECUTE FUNCTION f()
CREATE TRIGGER x AFTER INSERT OR DELETE ON t REFERENCING NEW TABLE AS n EXECUTE FUNCTION f()
CREATE TRIGGER x AFTER UPDATE OF a ON t REFERENCING NEW TABLE AS n EXECUTE FUNCTION f()
CREATE TRIGGER x AFTER UPDATE ON t REFERENCING NEW TABLE AS n NEW TABLE AS m EXECUTE FUNCTION f()
CREATE TRIGGER x AFTER UPDATE ON t REFERENCING NEW TABLE AS n OLD TABLE AS n EXECUTE FUNCTION f()
CREATE TRIGGER x AFTER UPDATE ON t REFERENCING NEW ROW AS n FOR EACH ROW EXECUTE FUNCTION f()
CREATE TRIGGER x AFTER TRUNCATE ON t REFERENCING OLD TABLE AS n EXECUTE FUNCTION f()
CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW WHEN (old.a > 1) EXECUTE FUNCTION f()
CREATE TRIGGER x BEFORE DELETE ON t FOR EACH ROW WHEN (new.a > 1) EXECUTE FUNCTION f()
CREATE TRIGGER x BEFORE UPDATE ON t WHEN (new.a > 1) EXECUTE FUNCTION f()
CREATE TRIGGER x BEFORE UPDATE ON t FOR EACH ROW WHEN (a > 1) EXECUTE FUNCTION f()
CREATE TRIGGER x BEFORE UPDATE ON t FOR EACH ROW WHEN (new.nosuch > 1) EXECUTE FUNCTION f()
CREATE TRIGGER x BEFORE UPDATE ON t FOR EACH ROW WHEN (other.a > 1) EXECUTE FUNCTION f()
CREATE TRIGGER x BEFORE UPDATE ON t FOR EACH ROW WHEN (new.a) EXECUTE FUNCTION f()
CREATE TRIGGER x BEFORE UPDATE ON t FOR EACH ROW WHEN (new.a > (SELECT 1)) EXECUTE FUNCTION f()
CREATE TRIGGER x BEFORE UPDATE ON t FOR EACH ROW WHEN (count(*) > 1) EXECUTE FUNCTION f()
CREATE TRIGGER x BEFORE UPDATE ON t FOR EACH ROW WHEN (row_number() OVER () > 1) EXECUTE FUNCTION f()
CREATE TRIGGER x BEFORE UPDATE ON t FOR EACH ROW WHEN (new.b LIKE 'a%' AND coalesce(old.a, 0) <> 1) EXECUTE FUNCTION f()
CREATE TRIGGER y BEFORE UPDATE ON t FOR EACH ROW WHEN (true) EXECUTE FUNCTION f()
CREATE OR REPLACE CONSTRAINT TRIGGER z AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f()
SELECT tgname FROM pg_trigger WHERE NOT tgisinternal
""",
    "columns of triggers": f"""
{TRIGGER_SETUP}
CREATE TRIGGER x BEFORE UPDATE OF a ON t FOR EACH ROW WHEN (new.b IS NOT NULL) EXECUTE FUNCTION f()
ALTER TABLE t DROP COLUMN a
ALTER TABLE t DROP COLUMN b
ALTER TABLE t ALTER COLUMN a TYPE bigint
ALTER TABLE t ALTER COLUMN "Odd" TYPE bigint
ALTER TABLE t RENAME COLUMN a TO c
ALTER TABLE t RENAME TO t2
SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
ALTER TABLE t2 DROP COLUMN c CASCADE
SELECT tgname FROM pg_trigger WHERE NOT tgisinternal
DROP FUNCTION f
""",
}
