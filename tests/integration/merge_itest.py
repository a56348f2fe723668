#!/usr/bin/env python3
"""MERGE beside other sessions, rights on its actions, what is said of DROP … CASCADE and by RAISE, and tables whose triggers wait:
the same scripts on adbms and on PostgreSQL 15.
"""
import unittest

import psycopg2

from adbms_process import run, sqlstate, wait_until
from session_scripts import ScriptTest, Session, add_tests

SETUP = """
CREATE TABLE target (id int PRIMARY KEY, k int, v text);
CREATE TABLE source (k int, v text);
INSERT INTO target VALUES (1, 10, 'a'), (2, 20, 'b');
INSERT INTO source VALUES (10, 'x'), (30, 'y');
"""

MERGE = ("MERGE INTO target t USING source s ON t.k = s.k WHEN MATCHED AND t.v = 'gone' THEN DELETE "
         "WHEN MATCHED THEN UPDATE SET v = t.v || s.v WHEN NOT MATCHED THEN INSERT VALUES (s.k, s.k, s.v)")
SHOW = ("b", "SELECT * FROM target ORDER BY id")

SESSIONS = {
    "a row that has been changed": [
        ("a", "BEGIN"), ("a", "UPDATE target SET v = 'c' WHERE id = 1"), ("b", MERGE), ("a", "COMMIT"), SHOW],
    "another action for a row that has been changed": [
        ("a", "BEGIN"), ("a", "UPDATE target SET v = 'gone' WHERE id = 1"), ("b", MERGE), ("a", "COMMIT"), SHOW],
    "a row that matches no more": [
        ("a", "BEGIN"), ("a", "UPDATE target SET k = 11 WHERE id = 1"), ("b", MERGE), ("a", "COMMIT"), SHOW],
    "a row that is gone": [
        ("a", "BEGIN"), ("a", "DELETE FROM target WHERE id = 1"), ("b", MERGE), ("a", "COMMIT"), SHOW],
    "a row that has not been changed": [
        ("a", "BEGIN"), ("a", "UPDATE target SET v = 'c' WHERE id = 1"), ("b", MERGE), ("a", "ROLLBACK"), SHOW],
    "a row that nothing is done with is not waited for": [
        ("a", "BEGIN"), ("a", "UPDATE target SET v = 'c'"),
        ("b", "MERGE INTO target t USING source s ON t.k = s.k WHEN MATCHED AND t.v = 'c' THEN DELETE WHEN MATCHED THEN DO NOTHING"),
        ("a", "COMMIT"), SHOW],
    "a row that has been changed is the snapshot's": [
        ("b", "BEGIN ISOLATION LEVEL REPEATABLE READ"), ("b", "SELECT count(*) FROM target"),
        ("a", "UPDATE target SET v = 'c' WHERE id = 1"), ("b", MERGE), ("b", "ROLLBACK"), SHOW],
    "a row that somebody else inserts": [
        ("a", "BEGIN"), ("a", "INSERT INTO target VALUES (30, 30, 'z')"), ("b", MERGE), ("a", "COMMIT"), SHOW],
}

ALONE = {
    "all that cascades is told": """
CREATE TABLE t (a int PRIMARY KEY, b int GENERATED ALWAYS AS (1) STORED)
CREATE VIEW v AS SELECT a FROM t
DROP TABLE t
DROP TABLE t CASCADE
CREATE TABLE t (a int PRIMARY KEY)
CREATE VIEW v AS SELECT a FROM t
CREATE VIEW w AS SELECT a FROM v
DROP TABLE t CASCADE
CREATE TYPE mood AS ENUM ('sad', 'ok')
CREATE TABLE m (a mood)
DROP TYPE mood CASCADE
DROP TABLE IF EXISTS m, nosuch CASCADE
""",
    "a program says more than a message": """
DO $$ BEGIN RAISE NOTICE 'n' USING DETAIL = 'd', HINT = 'h', ERRCODE = '01003'; END $$
DO $$ BEGIN RAISE WARNING 'w %', 1 USING HINT = 'only'; END $$
DO $$ BEGIN RAISE INFO USING MESSAGE = 'm', DETAIL = 'd'; END $$
CREATE FUNCTION said() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'in %', 'a query' USING DETAIL = 'd'; RETURN 1; END $$
SELECT said()
SELECT said() FROM generate_series(1, 2)
""",
    "tables whose triggers wait are left alone": """
CREATE TABLE p (a int PRIMARY KEY)
CREATE TABLE c (a int PRIMARY KEY, b int REFERENCES p DEFERRABLE INITIALLY DEFERRED)
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$
CREATE TABLE t (a int PRIMARY KEY, b int)
CREATE CONSTRAINT TRIGGER ct AFTER INSERT OR UPDATE ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION f()
BEGIN
INSERT INTO c VALUES (1, 1)
SAVEPOINT s
ALTER TABLE c ADD x int
ROLLBACK TO s
TRUNCATE c
ROLLBACK TO s
DROP TABLE c
ROLLBACK TO s
CREATE INDEX ON c (b)
ROLLBACK TO s
ALTER TABLE c RENAME b TO bb
ROLLBACK
BEGIN
INSERT INTO t VALUES (1, 1)
SAVEPOINT s
ALTER TABLE t ADD x int
ROLLBACK TO s
TRUNCATE t
ROLLBACK TO s
DROP TABLE t
ROLLBACK TO s
CREATE INDEX ON t (b)
ROLLBACK TO s
ALTER TABLE t DISABLE TRIGGER ct
ROLLBACK TO s
ALTER TABLE t RENAME TO tt
ROLLBACK TO s
SET CONSTRAINTS ALL IMMEDIATE
ALTER TABLE t ADD x int
ROLLBACK
""",
    "triggers do not know what is generated": """
CREATE TABLE g (a int PRIMARY KEY, b int, c int GENERATED ALWAYS AS (b * 2) STORED)
INSERT INTO g VALUES (1, 2)
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'old % new %', OLD, NEW; RETURN NEW; END $$
CREATE TRIGGER t BEFORE UPDATE ON g FOR EACH ROW EXECUTE FUNCTION f()
UPDATE g SET b = 7 RETURNING *
UPDATE g SET b = 8, c = DEFAULT RETURNING *
CREATE TRIGGER x BEFORE UPDATE ON g FOR EACH ROW WHEN (new.c > 1) EXECUTE FUNCTION f()
CREATE TRIGGER x BEFORE UPDATE ON g FOR EACH ROW WHEN (new.* IS DISTINCT FROM old.*) EXECUTE FUNCTION f()
CREATE TRIGGER x BEFORE UPDATE ON g FOR EACH ROW WHEN (old.c > 1) EXECUTE FUNCTION f()
CREATE TRIGGER y AFTER UPDATE ON g FOR EACH ROW WHEN (new.c > 1) EXECUTE FUNCTION f()
""",
    "triggers before a statement fire once": """
CREATE TABLE o (a int)
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '% %', TG_WHEN, TG_OP; RETURN NULL; END $$
CREATE TRIGGER b BEFORE INSERT OR UPDATE ON o FOR EACH STATEMENT EXECUTE FUNCTION f()
CREATE TRIGGER a AFTER INSERT OR UPDATE ON o FOR EACH STATEMENT EXECUTE FUNCTION f()
WITH x AS (INSERT INTO o VALUES (1)), y AS (INSERT INTO o VALUES (2)) INSERT INTO o VALUES (3)
MERGE INTO o USING (VALUES (1), (9)) s (x) ON a = x WHEN MATCHED THEN UPDATE SET a = 10 WHEN NOT MATCHED THEN INSERT VALUES (x)
MERGE INTO o USING (VALUES (1)) s (x) ON false WHEN MATCHED THEN UPDATE SET a = 10 WHEN NOT MATCHED AND x > 5 THEN INSERT VALUES (x)
SELECT * FROM o ORDER BY a
""",
    "what has nothing to do": """
CREATE TABLE i (a int PRIMARY KEY, b int)
CREATE VIEW iv AS SELECT * FROM i
REINDEX TABLE i
REINDEX INDEX i_pkey
REINDEX INDEX i
REINDEX TABLE iv
REINDEX TABLE nosuch
REINDEX SCHEMA nosuch
REINDEX DATABASE nosuch
CLUSTER i USING i_pkey
CLUSTER i USING nosuch
CLUSTER nosuch
BEGIN
CLUSTER
ROLLBACK
EXPLAIN (COSTS OFF) CREATE TABLE made AS SELECT 1 AS a
EXPLAIN (COSTS OFF) CREATE TABLE i AS SELECT 1 AS a
""",
}


class Merge(ScriptTest):
    def compare(self, script):
        self.compare_sessions(script, SETUP)

    def test_rights(self):
        """Each action asks for its right, and whoever reads the target's columns for that one."""
        owner = self.connect()
        run(owner, "CREATE TABLE target (id int PRIMARY KEY, v int)")
        run(owner, "CREATE TABLE source (id int, v int)")
        run(owner, "CREATE ROLE merger LOGIN PASSWORD 'x'")
        run(owner, "GRANT SELECT ON source TO merger")
        actions = {"INSERT": "WHEN NOT MATCHED THEN INSERT VALUES (s.id, s.v)",
                   "UPDATE": "WHEN MATCHED THEN UPDATE SET v = s.v", "DELETE": "WHEN MATCHED THEN DELETE"}
        for right, action in actions.items():
            merge = f"MERGE INTO target t USING source s ON t.id = s.id {action}"
            for granted in ([], ["SELECT"], [right]):
                for one in granted:
                    run(owner, f"GRANT {one} ON target TO merger")
                run(owner, "SET ROLE merger")
                self.assertEqual(sqlstate(owner, merge), "42501", (right, granted))
                run(owner, "RESET ROLE")
                run(owner, "REVOKE ALL ON target FROM merger")
            run(owner, f"GRANT SELECT, {right} ON target TO merger")
            run(owner, "SET ROLE merger")
            run(owner, merge)
            run(owner, "RESET ROLE")
            run(owner, "REVOKE ALL ON target FROM merger")

    def test_rights_on_columns(self):
        for server in (self.postgres, self.cluster):
            owner = self.empty(server)
            run(owner, "CREATE TABLE target (id int, v int, w int)")
            run(owner, "CREATE TABLE source (id int, v int)")
            run(owner, "INSERT INTO target VALUES (1, 1, 1)")
            run(owner, "INSERT INTO source VALUES (1, 2), (2, 2)")
            run(owner, "DROP ROLE IF EXISTS columns_merger")
            run(owner, "CREATE ROLE columns_merger")
            run(owner, "GRANT USAGE ON SCHEMA " + run(owner, "SELECT current_schema()")[0][0] + " TO columns_merger")
            run(owner, "GRANT SELECT ON source TO columns_merger")
            run(owner, "GRANT SELECT (id), UPDATE (v), INSERT (id, v) ON target TO columns_merger")
            run(owner, "SET ROLE columns_merger")
            merge = "MERGE INTO target t USING source s ON t.id = s.id "
            for action, state in [("WHEN MATCHED THEN UPDATE SET v = s.v", None), ("WHEN MATCHED THEN UPDATE SET w = s.v", "42501"),
                                  ("WHEN MATCHED THEN UPDATE SET v = s.v, w = 1", "42501"),
                                  ("WHEN NOT MATCHED THEN INSERT (id, v) VALUES (s.id, 1)", None),
                                  ("WHEN NOT MATCHED THEN INSERT (id, w) VALUES (7, 1)", "42501"),
                                  ("WHEN MATCHED AND t.w = 1 THEN UPDATE SET v = 1", "42501"),
                                  ("WHEN MATCHED THEN DELETE", "42501")]:
                with self.subTest(server=server, action=action):
                    if state is None:
                        run(owner, merge + action)
                    else:
                        self.assertEqual(sqlstate(owner, merge + action), state)
            run(owner, "RESET ROLE")
            run(owner, "DROP TABLE target, source")
            run(owner, "REVOKE ALL ON SCHEMA " + run(owner, "SELECT current_schema()")[0][0] + " FROM columns_merger")
            run(owner, "DROP ROLE columns_merger")

    def test_a_condition_with_a_subquery(self):
        """It cannot be asked again for a row that has been changed."""
        connection = self.empty(self.cluster)
        for statement in SETUP.strip().split(";\n"):
            run(connection, statement.rstrip(";"))
        merge = ("MERGE INTO target t USING source s ON t.k = s.k AND EXISTS (SELECT FROM source x WHERE x.k = t.k) "
                 "WHEN MATCHED THEN UPDATE SET v = s.v")
        run(connection, "BEGIN")
        run(connection, "UPDATE target SET v = 'c' WHERE id = 1")
        watcher, session = self.connect(), Session(self.cluster)
        session.start(merge)
        waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid = %s"
        wait_until(lambda: run(watcher, waits, session.pid)[0][0] > 0, 20, "MERGE waits")
        run(connection, "COMMIT")
        self.assertRegex(str(session.running.result(timeout=20)), "^40001 ")
        session.start(merge)
        self.assertEqual(session.running.result(timeout=20), "done")
        self.assertEqual(run(connection, "SELECT v FROM target ORDER BY id"), [("x",), ("b",)])
        session.close()

    def test_command_tags(self):
        for server in (self.postgres, self.cluster):
            connection = self.empty(server)
            run(connection, "CREATE TABLE t (id int PRIMARY KEY, v int)")
            with connection.cursor() as cursor:
                cursor.execute("MERGE INTO t USING generate_series(1, 5) g ON id = g WHEN NOT MATCHED AND g > 1 THEN INSERT VALUES (g, 0)")
                self.assertEqual(cursor.statusmessage, "MERGE 4")
                cursor.execute("MERGE INTO t USING generate_series(1, 3) g ON id = g WHEN MATCHED AND g = 2 THEN DELETE "
                               "WHEN MATCHED THEN UPDATE SET v = 1 WHEN NOT MATCHED THEN DO NOTHING")
                self.assertEqual(cursor.statusmessage, "MERGE 2")
            with self.assertRaises(psycopg2.errors.CardinalityViolation) as caught:
                run(connection, "MERGE INTO t USING (VALUES (3), (3)) s (x) ON id = x WHEN MATCHED THEN DELETE")
            self.assertEqual(caught.exception.diag.message_hint,
                             "Ensure that not more than one source row matches any one target row.")


add_tests(Merge, SESSIONS)
add_tests(Merge, ALONE, "compare_alone")

if __name__ == "__main__":
    unittest.main(verbosity=2)
