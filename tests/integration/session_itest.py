"""What a session's settings, cursors and control functions do, for drivers as for psql."""
import io
import struct
import unittest

import psycopg2

from adbms_process import ClusterTest, run, sqlstate
from wire_itest import Wire


def fields(messages):
    """The fields of the first ErrorResponse, by their letters."""
    for kind, payload in messages:
        if kind == b"E":
            return {part[:1].decode(): part[1:].decode() for part in payload.split(b"\0") if part}
    return {}


def rows(messages):
    """The first column of every row."""
    values = []
    for kind, payload in messages:
        if kind == b"D":
            size, = struct.unpack("!i", payload[2:6])
            values.append(None if size < 0 else payload[6:6 + size].decode())
    return values


class SettingsTest(ClusterTest):
    def test_options_of_the_command_line(self):
        connection = self.connect(options="-c work_mem=5MB --enable-seqscan=off -csearch_path=a\\ b")
        self.assertEqual(run(connection, "SHOW work_mem"), [("5MB",)])
        self.assertEqual(run(connection, "SELECT current_setting('enable_seqscan')"), [("off",)])
        self.assertEqual(run(connection, "SHOW search_path"), [("a b",)])
        run(connection, "SET work_mem TO '6MB'")
        run(connection, "RESET work_mem")
        self.assertEqual(run(connection, "SHOW work_mem"), [("5MB",)])
        with self.assertRaises(psycopg2.OperationalError):
            self.connect(options="-c nosuch=1")
        with self.assertRaises(psycopg2.OperationalError):
            self.connect(options="nonsense")

    def test_encoding_in_quotes(self):
        wire = Wire(self.cluster, start=False)
        wire.startup(client_encoding="'utf-8'")
        self.assertEqual(rows(wire.query("SHOW client_encoding")), ["UTF8"])

    def test_statement_timeout_of_later_statements(self):
        connection = self.connect()
        self.assertEqual(sqlstate(connection, "SET statement_timeout TO '300ms'; SELECT pg_sleep(60)"),
                         "57014")
        self.assertIsNone(sqlstate(connection, "SET statement_timeout TO 0; SELECT pg_sleep(0.01)"))

    def test_default_isolation(self):
        connection = self.connect()
        run(connection, "CREATE TABLE isolated(a int)")
        run(connection, "SET default_transaction_isolation TO 'repeatable read'")
        connection.autocommit = True
        run(connection, "BEGIN")
        run(connection, "SELECT count(*) FROM isolated")
        run(self.connect(), "INSERT INTO isolated VALUES (1)")
        self.assertEqual(run(connection, "SELECT count(*) FROM isolated"), [(0,)])
        run(connection, "COMMIT")
        self.assertEqual(run(connection, "SELECT count(*) FROM isolated"), [(1,)])

    def test_notices_below_the_threshold(self):
        connection = self.connect()
        run(connection, "DROP TABLE IF EXISTS not_there")
        self.assertIn("not_there", connection.notices[-1])
        del connection.notices[:]
        run(connection, "SET client_min_messages TO warning")
        run(connection, "DROP TABLE IF EXISTS not_there")
        self.assertEqual(connection.notices, [])

    def test_the_planner_is_steered(self):
        connection = self.connect()
        run(connection, "CREATE TABLE steered(id int PRIMARY KEY, other int NOT NULL)")
        run(connection, "INSERT INTO steered SELECT g, g % 10 FROM generate_series(1, 2000) g")
        run(connection, "CREATE INDEX steered_other ON steered(other)")

        def plan(sql):
            return "\n".join(line for line, in run(connection, "EXPLAIN " + sql))

        wide = "SELECT * FROM steered WHERE other >= 0"
        self.assertIn("Seq Scan", plan(wide))
        run(connection, "SET enable_seqscan TO off")
        self.assertNotIn("Seq Scan", plan(wide))
        run(connection, "SET enable_seqscan TO on; SET enable_indexscan TO off")
        self.assertIn("Seq Scan", plan("SELECT * FROM steered WHERE id = 7"))
        run(connection, "RESET ALL")
        join = "SELECT count(*) FROM steered a JOIN steered b ON a.other + 1 = b.other + 1"
        self.assertIn("Hash Join", plan(join))
        run(connection, "SET enable_hashjoin TO off")
        self.assertNotIn("Hash Join", plan(join))
        answer = run(connection, "SELECT count(*) FROM steered a JOIN steered b USING (other)")
        self.assertEqual(answer, [(400000,)])

    def test_search_path_of_the_user(self):
        connection = self.connect()
        run(connection, "CREATE SCHEMA adbms_other")
        self.assertEqual(run(connection, "SHOW search_path"), [('"$user", public',)])
        self.assertEqual(run(connection, "SELECT current_schema()"), [("public",)])


class CursorsTest(ClusterTest):
    def test_result_type_of_a_prepared_statement_changes(self):
        wire = Wire(self.cluster)
        wire.query("CREATE TABLE growing(a int)")
        wire.parse("SELECT * FROM growing", name=b"p")
        wire.bind(statement=b"p")
        wire.execute()
        self.assertEqual(fields(wire.sync()), {})
        wire.query("ALTER TABLE growing ADD COLUMN b int")
        wire.bind(statement=b"p")
        wire.execute()
        error = fields(wire.sync())
        self.assertEqual((error["C"], error["R"]), ("0A000", "RevalidateCachedQuery"))

    def test_a_new_statement_knows_the_new_columns(self):
        text = "SELECT * FROM remade"

        def said():
            wire = Wire(self.cluster)
            wire.parse(text)
            wire.bind()
            wire.execute()
            messages = wire.sync()
            return fields(messages).get("C"), rows(messages)

        owner = self.connect()
        run(owner, "CREATE TYPE mood AS ENUM ('low'); CREATE TABLE remade(a int);"
                   "INSERT INTO remade VALUES (1)")
        for change, expected in [
                ("ALTER TABLE remade ALTER a TYPE numeric(4, 1)", ["1.0"]),
                ("DROP TABLE remade; CREATE TABLE remade(b text); INSERT INTO remade VALUES ('x')",
                 ["x"]),
                ("BEGIN; DROP TABLE remade; CREATE TABLE remade(m mood);"
                 "INSERT INTO remade VALUES ('low'); COMMIT", ["low"]),
                ("DROP TABLE remade; DROP TYPE mood; CREATE TYPE mood AS ENUM ('high');"
                 "CREATE TABLE remade(m mood); INSERT INTO remade VALUES ('high')", ["high"]),
                ("DROP TABLE remade; CREATE VIEW remade AS SELECT 1 AS one", ["1"]),
                ("CREATE OR REPLACE VIEW remade AS SELECT 1 AS one, 2 AS two", ["1"]),
                ("DROP VIEW remade; CREATE FUNCTION answer() RETURNS int LANGUAGE sql AS 'SELECT 6';"
                 "CREATE VIEW remade AS SELECT answer()", ["6"]),
                ("CREATE OR REPLACE FUNCTION answer() RETURNS int LANGUAGE sql AS 'SELECT 7'",
                 ["7"]),
                ("DROP VIEW remade; DROP FUNCTION answer(); CREATE FUNCTION answer() RETURNS text "
                 "LANGUAGE plpgsql AS 'BEGIN RETURN ''eight''; END';"
                 "CREATE VIEW remade AS SELECT answer()", ["eight"])]:
            said()
            with self.subTest(change):
                run(owner, change)
                self.assertEqual(said(), (None, expected))

    def test_columns_change_beside_a_program(self):
        """A plan that runs a program is held to the columns that were described, too."""
        owner = self.connect()
        run(owner, "CREATE FUNCTION beside() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';"
                   "CREATE TABLE besides(a int); INSERT INTO besides VALUES (1)")
        wire = Wire(self.cluster)
        wire.parse("SELECT beside(), besides.* FROM besides", name=b"s")
        wire.bind(statement=b"s")
        wire.execute()
        self.assertEqual(rows(wire.sync()), ["1"])
        run(owner, "ALTER TABLE besides ADD b text")
        wire.bind(statement=b"s")
        wire.execute()
        error = fields(wire.sync())
        self.assertEqual((error.get("C"), error.get("R")), ("0A000", "RevalidateCachedQuery"))

    def test_triggers_made_after_a_statement_was_parsed(self):
        """They are fired by a portal that is read in parts as well."""
        owner = self.connect()
        run(owner, "CREATE TABLE watched(a int); CREATE TABLE seen(a int);"
                   "CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS "
                   "'BEGIN INSERT INTO seen VALUES (NEW.a); RETURN NULL; END'")
        wire = Wire(self.cluster)
        wire.parse("INSERT INTO watched SELECT generate_series(1, 3) RETURNING a", name=b"s")
        wire.sync()
        run(owner, "CREATE TRIGGER see AFTER INSERT ON watched FOR EACH ROW EXECUTE FUNCTION see()")
        wire.query("BEGIN")
        wire.bind(statement=b"s")
        wire.execute(rows=2)
        messages = wire.sync()
        self.assertEqual((fields(messages).get("C"), rows(messages)), (None, ["1", "2"]))
        wire.execute()
        self.assertEqual(rows(wire.sync()), ["3"])
        wire.query("COMMIT")
        self.assertEqual(run(owner, "SELECT a FROM seen ORDER BY a"), [(1,), (2,), (3,)])

    def test_portals_and_cursors_are_one(self):
        wire = Wire(self.cluster)
        wire.query("BEGIN")
        wire.query("DECLARE c CURSOR FOR SELECT generate_series(1, 9)")
        wire.execute(portal=b"c", rows=2)
        self.assertEqual(rows(wire.sync()), ["1", "2"])
        self.assertEqual(rows(wire.query("FETCH 2 FROM c")), ["3", "4"])
        wire.parse("SELECT generate_series(11, 19)")
        wire.bind(portal=b"q")
        wire.send(b"H")
        wire.execute(portal=b"q", rows=1)
        self.assertEqual(rows(wire.sync()), ["11"])
        self.assertEqual(rows(wire.query("FETCH 3 FROM q")), ["12", "13", "14"])
        self.assertEqual(fields(wire.query("DECLARE q CURSOR FOR SELECT 1"))["C"], "42P03")
        wire.query("ROLLBACK")

    def test_explain_with_parameters(self):
        wire = Wire(self.cluster)
        wire.query("CREATE TABLE explained(id int PRIMARY KEY)")
        wire.parse("EXPLAIN SELECT * FROM explained WHERE id = $1")
        wire.bind([b"7"])
        wire.execute()
        self.assertIn("explained", "\n".join(rows(wire.sync())))
        wire.parse("EXPLAIN ANALYZE SELECT * FROM explained WHERE id = $1")
        wire.bind([b"7"])
        wire.execute()
        self.assertIn("rows=0", "\n".join(rows(wire.sync())))

    def test_names_for_regclass_parameters(self):
        wire = Wire(self.cluster)
        wire.query('CREATE TABLE "Odd Name"(id int)')
        wire.parse("SELECT count(*) FROM pg_class WHERE oid = $1::regclass")
        wire.bind([b'"Odd Name"'])
        wire.execute()
        self.assertEqual(rows(wire.sync()), ["1"])
        wire.bind([b"not_there"])
        wire.execute()
        self.assertEqual(fields(wire.sync())["C"], "42P01")


class ControlTest(ClusterTest):
    def test_control_functions_are_functions(self):
        connection = self.connect()
        for sql in ("SELECT adbms.revert(999999)", "SELECT 1, adbms.approve(999998 + 1)"):
            code = sqlstate(connection, sql)
            self.assertIsNotNone(code)
            self.assertNotIn(code, ("0A000", "42883", "42601"))
        self.assertEqual(run(connection, "SELECT adbms.revert(NULL), 7"), [(None, 7)])
        self.assertEqual(sqlstate(connection, "SELECT adbms.revert('x')"), "22P02")
        self.assertEqual(sqlstate(connection, "SELECT revert(1)"), "42883")
        self.assertEqual(sqlstate(connection, "SELECT adbms.revert(g) FROM generate_series(1, 2) g"),
                         "0A000")
        lines = run(connection, "SELECT count(*) > 0 FROM adbms.run_all_tables() AS line")
        self.assertEqual(lines, [(True,)])

    def test_by_the_extended_protocol(self):
        wire = Wire(self.cluster)
        wire.parse("SELECT adbms.revert($1)")
        wire.bind([b"999999"])
        wire.execute()
        self.assertNotIn(fields(wire.sync())["C"], ("0A000", "42883", "08P01"))

    def test_not_for_everybody(self):
        run(self.connect(), "CREATE ROLE visitor LOGIN PASSWORD 'visitor'")
        visitor = self.connect(user="visitor", password="visitor")
        for sql in ("SELECT adbms.revert(1)", "SELECT * FROM adbms.run_all_tables()"):
            self.assertEqual(sqlstate(visitor, sql), "42501")


class SimpleQueryTest(ClusterTest):
    def test_nothing_gives_parameters_a_value(self):
        wire = Wire(self.cluster)
        for sql, position in [
                ("SELECT $1", "8"), ("SELECT 'ä', 1 WHERE 1 = $1 AND 2 = $3", "25"),
                ("EXPLAIN SELECT $1::int", "16"), ("INSERT INTO pg_class VALUES ($1)", "30"),
                ("SELECT 1; SELECT $2", "18")]:
            found = fields(wire.query(sql))
            self.assertEqual((found.get("C"), found.get("P")), ("42P02", position), sql)
        # A plan of the same text that was made for a prepared statement changes nothing.
        wire.parse("SELECT 5 + $1::int")
        wire.bind([b"1"])
        wire.execute()
        self.assertEqual(fields(wire.sync()), {})
        self.assertEqual(fields(wire.query("SELECT 5 + $1::int")).get("C"), "42P02")
        for sql in ["SELECT '$1', \"$2\" FROM (SELECT 1 AS \"$2\") s", "SELECT $a$ $1 $a$",
                    "SELECT 1 -- $1", "PREPARE p AS SELECT $1::int", "EXECUTE p(3)"]:
            self.assertEqual(fields(wire.query(sql)), {}, sql)
        wire.query("BEGIN")
        wire.query("SELECT 1 / 0")
        self.assertEqual(fields(wire.query("SELECT $1")).get("C"), "25P02")


class CopyAndCatalogTest(ClusterTest):
    def test_table_as_reads_what_was_meant(self):
        """The new table may come before the one that its query names; it is not read in its place."""
        connection = self.connect()
        for statement in ("CREATE SCHEMA near", "CREATE SCHEMA far", "CREATE TABLE far.t AS SELECT 1 AS x",
                          "SET search_path = near, far"):
            run(connection, statement)
        run(connection, "CREATE TABLE t AS SELECT * FROM t")
        self.assertEqual(run(connection, "SELECT x FROM near.t"), [(1,)])
        run(connection, "DROP SCHEMA near, far CASCADE")

    def test_checks_of_copied_rows_know_the_session(self):
        connection = self.connect()
        run(connection, "CREATE TABLE copied(a int CHECK (now() > '2020-01-01' AND "
                        "current_user = 'adbms'), at timestamptz DEFAULT now())")
        with connection.cursor() as cursor:
            cursor.copy_expert("COPY copied(a) FROM STDIN", io.StringIO("1\n2\n"))
        self.assertEqual(run(connection, "SELECT count(*) FROM copied WHERE at > '2020-01-01'"), [(2,)])

    def test_what_is_there_of_a_copied_row_is_read_before_the_rest_is_missed(self):
        connection = self.connect()
        run(connection, "CREATE TABLE short_rows(a int, b varchar(4), c int)")
        for data, state, message in [
                ("3 4\n", "22P02", "3 4"), ("3\tmore than four\n", "22001", "too long"),
                ("3\tfour\n", "22P04", 'missing data for column "c"'),
                ("3\tfour\t5\t6\n", "22P04", "extra data after last expected column")]:
            with connection.cursor() as cursor, self.assertRaises(psycopg2.Error) as refused:
                cursor.copy_expert("COPY short_rows FROM STDIN", io.StringIO(data))
            self.assertEqual(refused.exception.pgcode, state, data)
            self.assertIn(message, str(refused.exception))

    def test_the_systems_tables_are_not_the_users(self):
        connection = self.connect()
        run(connection, "CREATE TABLE mine(id int PRIMARY KEY)")
        listed = run(connection, "SELECT table_name FROM information_schema.tables WHERE table_schema "
                                 "NOT IN ('pg_catalog', 'information_schema') AND table_name <> 'mine' "
                                 "AND table_name NOT IN (SELECT tablename FROM pg_tables "
                                 "WHERE schemaname = 'public')")
        self.assertEqual(listed, [])
        listed = run(connection, "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON "
                                 "n.oid = c.relnamespace WHERE n.nspname NOT IN ('pg_catalog', "
                                 "'information_schema', 'public') AND c.relkind IN ('r', 'v', 'i', 'S')")
        self.assertEqual(listed, [])
        self.assertGreaterEqual(run(connection, "SELECT count(*) FROM adbms.actions")[0][0], 0)

    def test_analyze_of_a_table_of_the_transaction(self):
        connection = self.connect()
        run(connection, "BEGIN")
        run(connection, "CREATE TABLE fresh(a int)")
        run(connection, "INSERT INTO fresh SELECT generate_series(1, 100)")
        run(connection, "ANALYZE fresh")
        run(connection, "COMMIT")
        self.assertEqual(run(connection, "SELECT analyzed_at IS NOT NULL FROM adbms.tables WHERE "
                                         "table_name = 'fresh'"), [(True,)])


if __name__ == "__main__":
    unittest.main()
