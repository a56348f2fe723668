"""Settings that roles and databases keep, transactions undo, functions set and dates follow: the same
statements on PostgreSQL 15 and here must answer the same."""
import unittest

import psycopg2
import psycopg2.extensions

from adbms_process import ComparedTest, Postgres, run, sqlstate

# Every value as the server wrote it.
psycopg2.extensions.register_type(psycopg2.extensions.new_type(
    (1082, 1083, 1114, 1184, 1186), "AS_TEXT", lambda value, _: value))


def answer(connection, sql):
    try:
        return run(connection, sql)
    except psycopg2.Error as error:
        return error.pgcode


class SettingsLikePostgres(ComparedTest):
    def compare(self, statements, prepare=()):
        """Each statement on one connection to each server."""
        servers = [self.postgres.connect(), self.connect()]
        self.addCleanup(servers[0].close)
        for sql in prepare:
            for server in servers:
                run(server, sql)
        for sql in statements:
            with self.subTest(sql=sql):
                expected, actual = (answer(server, sql) for server in servers)
                self.assertEqual(actual, expected)

    def test_set_is_undone(self):
        show = "SELECT current_setting('work_mem'), current_setting('app.x', true)"
        self.compare([
            show, "BEGIN", "SET work_mem = '5MB'", "SAVEPOINT a", "SET work_mem = '6MB'", "SET app.x = '1'",
            "SAVEPOINT b", "SET LOCAL work_mem = '7MB'", show, "ROLLBACK TO b", show, "RELEASE b",
            "ROLLBACK TO a", show, "SET LOCAL app.x = '2'", "RELEASE a", show, "COMMIT", show,
            "BEGIN", "SAVEPOINT a", "SET work_mem = '8MB'", "RELEASE a", "ROLLBACK", show,
            "BEGIN", "SAVEPOINT a", "SET work_mem = '8MB'", "RELEASE a", "COMMIT", show,
            "BEGIN", "SET work_mem = '9MB'", "SAVEPOINT a", "SELECT 1/0", show, "ROLLBACK TO a", show,
            "SET LOCAL work_mem = '10MB'", "SAVEPOINT b", "SET work_mem = '11MB'", "ROLLBACK TO b", show,
            "COMMIT", show, "BEGIN", "SET LOCAL work_mem = '12MB'", "RESET work_mem", "COMMIT", show,
            "SET work_mem = '4MB'; SELECT 1/0", show, "RESET app.x", show, "RESET ALL", show])

    def test_set_config_anywhere(self):
        self.compare([
            "SELECT set_config('app.a', '1', false), set_config('app.b', '2', true)",
            "SELECT current_setting('app.a'), current_setting('app.b', true)",
            "SELECT set_config('app.' || n, v, false) FROM (VALUES ('c', '3'), ('d', '4')) AS t(n, v)",
            "SELECT current_setting('app.c'), current_setting('app.d')",
            "WITH s AS (SELECT set_config('app.e', '5', false) AS v) SELECT v, current_setting('app.e') FROM s",
            "SELECT set_config('work_mem', '5MB', false) || '!', current_setting('work_mem')",
            "SHOW work_mem", "SELECT source FROM pg_settings WHERE name = 'work_mem'",
            "SELECT set_config('work_mem', NULL, false)", "SHOW work_mem",
            "SELECT set_config(NULL, '1', false)", "SELECT set_config('nosuch', '1', false)",
            "SELECT set_config('work_mem', 'much', false)", "SELECT set_config('port', '1', false)",
            "SELECT set_config('work_mem', '6MB', false), 1/0", "SHOW work_mem",
            "BEGIN", "SELECT set_config('work_mem', '7MB', true)", "SHOW work_mem", "COMMIT", "SHOW work_mem",
            "SELECT set_config('search_path', '', false)", "SHOW search_path",
            "SELECT current_setting('nosuch')", "SELECT current_setting('nosuch', true)",
            "SELECT current_setting('nosuch', false)", "SELECT current_setting(NULL, true)"])

    def test_custom_names_stay_once_named(self):
        statements = []
        for name, named in (("a", ["SELECT set_config('app.a', '1', true)"]),
                            ("b", ["BEGIN", "SET LOCAL app.b = '1'", "ROLLBACK"]),
                            ("c", ["BEGIN", "SAVEPOINT s", "SET app.c = '1'", "ROLLBACK TO s", "COMMIT"]),
                            ("d", ["SET app.d = '1'", "RESET ALL"]), ("e", ["RESET app.e"]),
                            ("f", ["SET app.f TO DEFAULT"]), ("g", ["SET LOCAL app.g TO DEFAULT"]),
                            ("h", ["SELECT set_config('app.h', NULL, false)"]),
                            ("i", ["SELECT set_config('app.i', NULL, true)"]),
                            ("j", ["SELECT set_config('app.j', '1', false), 1 / 0"])):
            statements += [*named, f"SELECT current_setting('app.{name}', true)", f"SHOW app.{name}"]
        self.compare([*statements, "SELECT name FROM pg_settings WHERE name LIKE 'app.%'"])

    def test_kept_settings(self):
        prepare = ["CREATE ROLE keeper LOGIN PASSWORD 'keeper'", "CREATE ROLE other"]
        kept = ("SELECT setdatabase <> 0, r.rolname, setconfig::text FROM pg_db_role_setting s "
                "LEFT JOIN pg_roles r ON r.oid = s.setrole ORDER BY 1, 2")
        self.compare([
            "ALTER ROLE keeper SET work_mem = '5MB'", "ALTER ROLE keeper SET search_path = a, \"B c\"",
            "ALTER ROLE keeper IN DATABASE adbms SET work_mem TO '6MB'",
            "ALTER DATABASE adbms SET datestyle = 'German'", "ALTER ROLE ALL SET statement_timeout = 70000",
            "ALTER ROLE keeper SET nosuch = 1", "ALTER ROLE keeper SET work_mem = 'much'",
            "ALTER ROLE nobody SET work_mem = '5MB'", "ALTER DATABASE nosuch SET work_mem = '5MB'",
            "ALTER ROLE keeper SET port = 1", "ALTER ROLE keeper SET app.mine = 'yes'", kept,
            "ALTER ROLE keeper SET search_path = a, \"B c\"", "ALTER ROLE keeper SET work_mem = '5MB'", kept,
            "SELECT rolconfig::text FROM pg_roles WHERE rolname = 'keeper'"], prepare)
        names = ("work_mem", "search_path", "DateStyle", "statement_timeout", "app.mine")
        look = ("SELECT name, setting, source FROM pg_settings WHERE name IN "
                f"{names!r} ORDER BY name COLLATE \"C\"")
        servers = [psycopg2.connect(host=str(self.postgres.directory), port=self.postgres.port, user="keeper",
                                    dbname="adbms"),
                   self.connect(user="keeper", password="keeper")]
        self.addCleanup(servers[0].close)
        for server in servers:
            server.autocommit = True
        for sql in [look, "SET work_mem = '9MB'", look, "RESET work_mem", "SHOW work_mem",
                    "ALTER ROLE keeper SET work_mem = '7MB'", "ALTER ROLE CURRENT_USER SET enable_seqscan = off",
                    "ALTER ROLE other SET work_mem = '7MB'", "ALTER ROLE ALL SET work_mem = '7MB'",
                    "ALTER DATABASE adbms SET work_mem = '7MB'", "ALTER ROLE keeper SET log_statement = 'all'",
                    "ALTER ROLE keeper SET app.own = 'x'", "ALTER ROLE adbms SET work_mem = '7MB'"]:
            with self.subTest(sql=sql):
                expected, actual = (answer(server, sql) for server in servers)
                self.assertEqual(actual, expected)
        self.compare([kept, "ALTER ROLE keeper RESET work_mem", "ALTER ROLE keeper SET search_path TO DEFAULT", kept,
                      "ALTER ROLE keeper RESET ALL", kept, "DROP ROLE keeper", kept,
                      "ALTER DATABASE adbms RESET datestyle", "ALTER ROLE ALL RESET ALL", kept])

    def test_start_up_stands_above_the_role(self):
        run(self.connect(), "CREATE ROLE starter LOGIN PASSWORD 'starter'")
        run(self.connect(), "ALTER ROLE starter SET work_mem = '5MB'")
        starter = self.connect(user="starter", password="starter", options="-c work_mem=6MB")
        self.assertEqual(run(starter, "SELECT setting, source FROM pg_settings WHERE name = 'work_mem'"),
                         [("6144", "client")])
        run(self.connect(), "DROP ROLE starter")

    def test_date_styles(self):
        values = ("DATE '2024-02-01', TIMESTAMP '2024-02-01 10:00:00.25', TIMESTAMPTZ '2024-07-01 10:00+00', "
                  "DATE '0044-03-15 BC', 'infinity'::date, TIMESTAMP '12024-12-31 00:00:01', "
                  "TIMESTAMPTZ '0044-03-15 10:00+00 BC'")
        statements = []
        for zone in ("UTC", "America/New_York", "Asia/Kolkata", "-8"):
            statements.append(f"SET TIME ZONE '{zone}'")
            for style in ("ISO", "SQL", "Postgres", "German"):
                for order in ("MDY", "DMY", "YMD"):
                    statements += [f"SET DateStyle = '{style}, {order}'", "SHOW DateStyle", f"SELECT {values}",
                                   "SELECT " + ", ".join(f"({value})::text" for value in values.split(", "))]
        self.compare(statements)

    def test_date_order_of_input(self):
        texts = ("01/02/2003", "01-02-03", "13/02/2003", "02/13/2003", "2003/13/02", "03-02-01", "1 2 2003",
                 "13 Feb 03", "03 Feb 13", "Feb 13 03", "13.02.2003", "99-Jan-08", "08-Jan-99", "Jan-08-99",
                 "20030213", "030213", "2003.044", "J2451187", "13/2/2003 10:11:12 BC", "1999 Jan 08",
                 "Thu 13 Feb 10:00:00 2003", "99 08 Jan", "12 13 Jan", "08 1999 Jan", "1999 08 Jan", "8 99 Jan",
                 "45 Jan 99", "01/002/2003", "13/2/2003 bogus", "1/2/2003 4/5/2006", "99-Jan-99")
        statements = []
        for order in ("MDY", "DMY", "YMD"):
            statements.append(f"SET DateStyle = 'ISO, {order}'")
            for text in texts:
                statements += [f"SELECT '{text}'::date", f"SELECT '{text} 10:00'::timestamp",
                               f"SELECT t::date FROM (VALUES ('{text}'), ('{text}')) AS v(t)"]
        self.compare(statements)

    def test_date_style_itself(self):
        self.compare([statement for value in (
            "german", "dmy", "sql", "euro", "ISO, US", "postgres, noneuropean", "iso, sql", "mdy, dmy", "default",
            "nonsense", "GERMAN, YMD", "postgresql", "iso, default") for statement in
            (f"SET DateStyle = '{value}'", "SHOW DateStyle")] + [
            "SET DateStyle TO SQL, DMY", "SHOW DateStyle", "SET DateStyle TO DEFAULT", "SHOW DateStyle"])

    def test_interval_styles(self):
        statements = []
        for style in ("postgres", "postgres_verbose", "sql_standard", "iso_8601"):
            statements += [f"SET IntervalStyle = {style}",
                           "SELECT v::interval, v::interval::text FROM (VALUES ('1 year 2 mons -3 days 04:05:06.7'),"
                           " ('-1 day -00:00:01'), ('0'), ('-5 mons'), ('100 hours'), ('1-2 3 4:05:06')) AS t(v)"]
        self.compare(statements)

    def test_dates_that_are_kept(self):
        connection = self.connect()
        run(connection, "SET DateStyle = 'ISO, DMY'")
        for sql in ("CREATE VIEW kept_date AS SELECT '01/02/2003'::date AS d",
                    "CREATE TABLE kept_date(d date DEFAULT '13/02/2003')"):
            self.assertEqual(sqlstate(connection, sql), "0A000")
        run(connection, "CREATE VIEW kept_date AS SELECT '2003-02-01'::date AS d")
        self.assertEqual(run(connection, "SELECT d FROM kept_date"), [("2003-02-01",)])


if __name__ == "__main__":
    unittest.main()
