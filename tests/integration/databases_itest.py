"""Several databases in one cluster: what PostgreSQL 15 answers to the statements about them and to who
connects, tables of equal names that stay apart, sessions beside each other, client programs, and a
crash in the middle of CREATE and DROP DATABASE.
"""
import subprocess
import threading
import unittest

import psycopg2

from adbms_process import POSTGRES_BIN, Cluster, ClusterTest, Postgres, run, sqlstate, wait_until
from session_scripts import answer

# (who and where, statement); "-" ends the session, "+" connects and says what is answered.
SCRIPT = [
    ("adbms", "CREATE DATABASE one"),
    ("adbms", "CREATE DATABASE one"),
    ("adbms", 'CREATE DATABASE "Two words" OWNER adbms ENCODING \'UTF8\' CONNECTION LIMIT 3'),
    ("adbms", "CREATE DATABASE three TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C' IS_TEMPLATE false"),
    ("adbms", "CREATE DATABASE four TEMPLATE nothing"),
    ("adbms", "CREATE DATABASE four OWNER nobody"),
    ("adbms", "CREATE DATABASE four ENCODING 'nonsense'"),
    ("adbms", "CREATE DATABASE four TABLESPACE nowhere"),
    ("adbms", "CREATE DATABASE four CONNECTION LIMIT -7"),
    ("adbms", "CREATE DATABASE four STRATEGY guess"),
    ("adbms", "CREATE DATABASE four COLOR blue"),
    ("adbms", "CREATE DATABASE four OWNER adbms OWNER adbms"),
    ("adbms", "CREATE DATABASE four TEMPLATE DEFAULT OWNER DEFAULT"),
    ("adbms", "BEGIN"),
    ("adbms", "CREATE DATABASE five"),
    ("adbms", "ROLLBACK"),
    ("adbms", "BEGIN"),
    ("adbms", "DROP DATABASE four"),
    ("adbms", "ROLLBACK"),
    ("adbms", "DROP DATABASE four"),
    ("adbms", "DROP DATABASE four"),
    ("adbms", "DROP DATABASE IF EXISTS four"),
    ("adbms", "DROP DATABASE adbms"),
    ("adbms", "DROP DATABASE template1"),
    ("adbms", "DROP DATABASE one (VIGOUR)"),
    ("adbms", "SELECT datname, datistemplate, datallowconn, datconnlimit, encoding, datacl::text FROM pg_database WHERE datname NOT IN ('adbms', 'template0', 'template1') ORDER BY 1"),
    ("adbms", "SELECT current_database(), current_catalog"),
    ("adbms@one", "SELECT current_database(), current_catalog"),
    ("adbms@one", "CREATE TABLE t (id int PRIMARY KEY, note text DEFAULT 'of one')"),
    ("adbms@one", "CREATE TYPE mood AS ENUM ('good', 'bad')"),
    ("adbms@one", "CREATE SEQUENCE s"),
    ("adbms@one", "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$ SELECT 'one' $$"),
    ("adbms@one", "INSERT INTO t VALUES (1), (2)"),
    ("adbms@one", "SELECT nextval('s')"),
    ("adbms@three", "CREATE TABLE t (id int PRIMARY KEY, other bool)"),
    ("adbms@three", "SELECT * FROM t"),
    ("adbms@three", "INSERT INTO t VALUES (1, true)"),
    ("adbms@three", "SELECT * FROM t"),
    ("adbms@three", "SELECT f()"),
    ("adbms@three", "SELECT 'good'::mood"),
    ("adbms@three", "SELECT nextval('s')"),
    ("adbms@three", "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$ SELECT 'three' $$"),
    ("adbms@three", "SELECT f()"),
    ("adbms@one", "SELECT f(), 'good'::mood, nextval('s')"),
    ("adbms@one", "SELECT * FROM t"),
    ("adbms", "SELECT * FROM t"),
    ("adbms", "SELECT relname FROM pg_class WHERE relname IN ('t', 's')"),
    ("adbms@one", "SELECT relname, relkind FROM pg_class WHERE relname IN ('t', 's')"),
    ("adbms@one", "SELECT * FROM three.public.t"),
    ("adbms@one", "SELECT * FROM one.public.t"),
    ("adbms@one", "CREATE SCHEMA extra"),
    ("adbms@three", "CREATE TABLE extra.x (id int)"),
    ("adbms", "DROP DATABASE one"),
    ("adbms", "ALTER DATABASE one RENAME TO eins"),
    ("adbms", "ALTER DATABASE nothing RENAME TO eins"),
    ("adbms", "ALTER DATABASE three RENAME TO one"),
    ("adbms", "ALTER DATABASE adbms RENAME TO eins"),
    ("adbms@one", "-"),
    ("adbms", "ALTER DATABASE one RENAME TO eins"),
    ("adbms@one", "+"),
    ("adbms@eins", "SELECT * FROM t"),
    ("adbms@eins", "-"),
    ("adbms", "BEGIN"),
    ("adbms", "ALTER DATABASE eins CONNECTION LIMIT 1"),
    ("adbms", "SELECT datconnlimit FROM pg_database WHERE datname = 'eins'"),
    ("adbms", "ROLLBACK"),
    ("adbms", "SELECT datconnlimit FROM pg_database WHERE datname = 'eins'"),
    ("adbms", "ALTER DATABASE eins WITH ALLOW_CONNECTIONS false"),
    ("adbms@eins", "+"),
    ("adbms", "ALTER DATABASE eins ALLOW_CONNECTIONS true IS_TEMPLATE true CONNECTION LIMIT 0"),
    ("adbms", "DROP DATABASE eins"),
    ("adbms", "ALTER DATABASE eins IS_TEMPLATE false"),
    ("adbms@eins", "+"),
    ("adbms@eins", "-"),
    ("adbms", "ALTER DATABASE adbms ALLOW_CONNECTIONS false"),
    ("adbms", "ALTER DATABASE eins TABLESPACE nowhere"),
    ("adbms", "ALTER DATABASE eins SET work_mem TO '5MB'"),
    ("adbms", "ALTER DATABASE nothing SET work_mem TO '5MB'"),
    ("adbms@eins", "SHOW work_mem"),
    ("adbms@eins", "-"),
    ("adbms@three", "SHOW work_mem"),
    ("adbms", "ALTER DATABASE eins RESET work_mem"),
    ("adbms@eins", "SHOW work_mem"),
    ("adbms@eins", "-"),
    ("adbms", "COMMENT ON DATABASE eins IS 'the first'"),
    ("adbms", "COMMENT ON DATABASE nothing IS 'the first'"),
    ("adbms", "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname IN ('eins', 'three', 'template1') ORDER BY datname"),
    ("adbms", "COMMENT ON DATABASE eins IS NULL"),
    ("adbms", "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = 'eins'"),
    # Rights.
    ("adbms", "CREATE ROLE maker LOGIN CREATEDB"),
    ("adbms", "CREATE ROLE plain LOGIN"),
    ("plain", "CREATE DATABASE mine"),
    ("maker", "CREATE DATABASE mine"),
    ("maker", "CREATE DATABASE his OWNER plain"),
    ("maker", "CREATE DATABASE copy TEMPLATE eins"),
    ("maker", "CREATE DATABASE his TEMPLATE mine"),
    ("maker", "DROP DATABASE his"),
    ("maker", "DROP DATABASE eins"),
    ("plain", "ALTER DATABASE mine CONNECTION LIMIT 5"),
    ("plain", "DROP DATABASE mine"),
    ("plain", "COMMENT ON DATABASE mine IS 'x'"),
    ("plain", "ALTER DATABASE mine SET work_mem TO '5MB'"),
    ("maker", "ALTER DATABASE mine SET work_mem TO '6MB'"),
    ("maker@mine", "SHOW work_mem"),
    ("maker@mine", "CREATE TABLE own (id int)"),
    ("maker@mine", "CREATE SCHEMA own"),
    ("plain@mine", "CREATE TABLE own (id int)"),
    ("plain@mine", "CREATE SCHEMA plain"),
    ("plain@mine", "SELECT * FROM own"),
    ("plain@mine", "CREATE TEMP TABLE passing (id int)"),
    ("plain@mine", "-"),
    ("maker", "REVOKE CONNECT, TEMP ON DATABASE mine FROM PUBLIC"),
    ("plain@mine", "+"),
    ("adbms", "SELECT has_database_privilege('plain', 'mine', 'CONNECT'), has_database_privilege('maker', 'mine', 'CONNECT'), has_database_privilege('plain', 'mine', 'TEMP'), has_database_privilege('plain', 'eins', 'CONNECT')"),
    ("adbms", "SELECT has_database_privilege('plain', 'nothing', 'CONNECT')"),
    ("maker", "GRANT CONNECT, CREATE ON DATABASE mine TO plain"),
    ("plain@mine", "CREATE SCHEMA plain"),
    ("plain@mine", "CREATE TEMP TABLE passing (id int)"),
    ("adbms", "SELECT datacl::text FROM pg_database WHERE datname = 'mine'"),
    ("maker", "GRANT TEMP ON DATABASE mine TO PUBLIC"),
    ("plain@mine", "CREATE TEMP TABLE passing (id int)"),
    ("plain@mine", "DROP SCHEMA plain"),
    ("plain@mine", "-"),
    ("maker", "REVOKE ALL ON DATABASE mine FROM plain"),
    ("plain", "-"),
    ("adbms", "DROP ROLE plain"),
    ("maker", "ALTER DATABASE mine OWNER TO adbms"),
    ("adbms", "ALTER DATABASE mine OWNER TO adbms"),
    ("adbms", "ALTER DATABASE mine OWNER TO nobody"),
    ("maker@mine", "CREATE TABLE second (id int)"),
    ("maker@mine", "-"),
    ("adbms@mine", "SELECT current_database()"),
    ("adbms@mine", "-"),
    ("adbms", "DROP DATABASE mine"),
    ("maker", "-"),
    ("adbms", "DROP ROLE maker"),
    # Those who use it.
    ("adbms@eins", "SELECT 1"),
    ("adbms", "DROP DATABASE eins"),
    ("adbms@eins", "DROP DATABASE eins"),
    ("adbms", "DROP DATABASE eins WITH (FORCE)"),
    ("adbms@eins", "+"),
    ("adbms@nothing", "+"),
    ("adbms@template0", "+"),
    ("adbms@template1", "SELECT current_database()"),
    ("adbms@template1", "-"),
    ("adbms@postgres", "SELECT current_database(), count(*) FROM pg_tables WHERE schemaname = 'public'"),
    ("adbms@postgres", "-"),
    ("adbms", 'DROP DATABASE "Two words"'),
    ("adbms@three", "-"),
    ("adbms", "DROP DATABASE three"),
]


class Sessions:
    """Connections to a server by user and database, made when they are first used."""

    def __init__(self, server):
        self.server = server
        self.open = {}

    def connect(self, who):
        user, _, database = who.partition("@")
        return self.server.connect(user=user, dbname=database or "adbms")

    def step(self, who, sql):
        if sql == "-":
            if who in self.open:
                self.open.pop(who).close()
            return who, "gone"
        try:
            if who not in self.open or self.open[who].closed:
                self.open[who] = self.connect(who)
        except psycopg2.OperationalError as error:
            return who, str(error).split("FATAL:")[-1].strip()
        if sql == "+":
            return who, "connected"
        return who, answer(self.open[who], sql)

    def close(self):
        for connection in self.open.values():
            connection.close()


class StatementsTest(ClusterTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.postgres = cls.enterClassContext(Postgres())

    def test_answers_are_postgresqls(self):
        self.maxDiff = None
        ours, theirs = Sessions(self.cluster), Sessions(self.postgres)
        self.addCleanup(ours.close)
        self.addCleanup(theirs.close)
        for who, sql in SCRIPT:
            with self.subTest(who=who, sql=sql):
                self.assertEqual(ours.step(who, sql), theirs.step(who, sql))


    def test_roles_that_own_something_anywhere_stay(self):
        admin = self.connect()
        run(admin, "CREATE DATABASE held")
        run(admin, "CREATE ROLE owner")
        inside = self.connect(dbname="held")
        run(inside, "CREATE TABLE t (id int)")
        run(inside, "ALTER TABLE t OWNER TO owner")
        with self.assertRaises(psycopg2.Error) as raised:
            run(admin, "DROP ROLE owner")
        self.assertEqual(raised.exception.diag.message_detail, "1 object in database held")
        run(inside, "DROP TABLE t")
        run(admin, "ALTER DATABASE held OWNER TO owner")
        with self.assertRaises(psycopg2.Error) as raised:
            run(admin, "DROP ROLE owner")
        self.assertEqual(raised.exception.diag.message_detail, "owner of database held")
        inside.close()
        run(admin, "DROP DATABASE held")
        run(admin, "DROP ROLE owner")

    def test_what_cannot_be_done_says_so(self):
        admin = self.connect()
        run(admin, "CREATE DATABASE source")
        inside = self.connect(dbname="source")
        run(inside, "CREATE TABLE t (id int)")
        inside.close()
        self.assertEqual(sqlstate(admin, "CREATE DATABASE copy TEMPLATE source"), "0A000")
        self.assertEqual(sqlstate(admin, "CREATE DATABASE copy TEMPLATE template0 LOCALE 'de_DE'"),
                         "0A000")
        self.assertEqual(sqlstate(admin, "CREATE DATABASE copy ENCODING 'LATIN1'"), "0A000")
        other = self.connect(dbname="source")
        self.assertEqual(sqlstate(other, "DROP DATABASE adbms"), "0A000")
        self.assertEqual(sqlstate(other, "ALTER DATABASE adbms RENAME TO x"), "0A000")
        other.close()
        run(admin, "DROP DATABASE source")


class SeparateStatementsTest(StatementsTest):
    SEPARATE = True


class ApartTest(ClusterTest):
    """Two databases with objects of the same names."""

    def setUp(self):
        self.names = ["left", "right"]
        for name in self.names:
            run(self.connect(), f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            run(self.connect(), f'CREATE DATABASE "{name}"')
        self.left, self.right = (self.connect(dbname=name) for name in self.names)

    def test_plans_are_of_one_database(self):
        for connection, columns in ((self.left, "id int PRIMARY KEY, v int"),
                                    (self.right, "v text, id int PRIMARY KEY")):
            run(connection, f"CREATE TABLE t ({columns})")
        for _ in range(3):
            run(self.left, "INSERT INTO t VALUES ((SELECT count(*) FROM t), 7)")
            run(self.right, "INSERT INTO t VALUES ('x', (SELECT count(*) FROM t))")
        for _ in range(3):
            self.assertEqual(run(self.left, "SELECT v FROM t WHERE id = 1"), [(7,)])
            self.assertEqual(run(self.right, "SELECT v FROM t WHERE id = 1"), [("x",)])
            self.assertEqual(sqlstate(self.connect(), "SELECT v FROM t WHERE id = 1"), "42P01")

    def test_prepared_statements(self):
        for connection, value in ((self.left, "l"), (self.right, "r")):
            run(connection, "CREATE TABLE t (id int, v text)")
            run(connection, f"INSERT INTO t VALUES (1, '{value}')")
            run(connection, "PREPARE p (int) AS SELECT v FROM t WHERE id = $1")
        for _ in range(8):
            self.assertEqual(run(self.left, "EXECUTE p (1)"), [("l",)])
            self.assertEqual(run(self.right, "EXECUTE p (1)"), [("r",)])

    def test_locks_and_notifications(self):
        self.assertEqual(run(self.left, "SELECT pg_try_advisory_lock(1)"), [(True,)])
        self.assertEqual(run(self.right, "SELECT pg_try_advisory_lock(1)"), [(True,)])
        self.assertEqual(run(self.connect(dbname="left"), "SELECT pg_try_advisory_lock(1)"),
                         [(False,)])
        self.assertEqual(
            run(self.connect(), "SELECT d.datname FROM pg_locks l JOIN pg_database d ON d.oid = "
                                "l.database WHERE locktype = 'advisory' ORDER BY 1"),
            [("left",), ("right",)])
        run(self.left, "LISTEN news")
        run(self.right, "LISTEN news")
        run(self.connect(dbname="right"), "NOTIFY news, 'of right'")
        run(self.connect(dbname="left"), "NOTIFY news, 'of left'")
        for connection, payload in ((self.left, "of left"), (self.right, "of right")):
            wait_until(lambda c=connection: c.poll() or c.notifies, 20, "a notification")
            self.assertEqual([n.payload for n in connection.notifies], [payload])

    def test_temporary_tables(self):
        for connection, value in ((self.left, 1), (self.right, 2)):
            run(connection, "CREATE TEMP TABLE passing (v int)")
            run(connection, f"INSERT INTO passing VALUES ({value})")
        self.assertEqual(run(self.left, "SELECT v FROM passing"), [(1,)])
        self.assertEqual(run(self.right, "SELECT v FROM passing"), [(2,)])

    def test_definitions_do_not_wait_for_each_other(self):
        self.left.autocommit = self.right.autocommit = False
        run(self.left, "CREATE TABLE t (id int)")
        run(self.right, "CREATE TABLE t (id int)")
        run(self.left, "CREATE SCHEMA s")
        run(self.right, "CREATE SCHEMA s")
        self.left.commit()
        self.right.commit()
        self.assertEqual(run(self.left, "SELECT count(*) FROM t"), [(0,)])

    def test_activity_names_the_database(self):
        run(self.left, "SELECT 1")
        self.assertIn(("left",), run(self.connect(), "SELECT datname FROM pg_stat_activity WHERE "
                                                     "datid = (SELECT oid FROM pg_database WHERE "
                                                     "datname = 'left')"))

    def test_copy_sequences_and_statistics(self):
        for connection, rows in ((self.left, 10), (self.right, 3000)):
            run(connection, "CREATE TABLE c (id serial PRIMARY KEY, v int)")
            run(connection, f"INSERT INTO c (v) SELECT g FROM generate_series(1, {rows}) g")
            run(connection, "ANALYZE c")
        self.assertEqual(run(self.left, "SELECT max(id) FROM c"), [(10,)])
        self.assertEqual(run(self.right, "SELECT max(id) FROM c"), [(3000,)])
        self.assertEqual(run(self.left, "SELECT reltuples::int FROM pg_class WHERE relname = 'c'"),
                         [(10,)])

    def test_many_sessions_at_once(self):
        for connection in (self.left, self.right):
            run(connection, "CREATE TABLE n (id int PRIMARY KEY, v int)")
            run(connection, "INSERT INTO n VALUES (1, 0)")
        failures = []

        def count(name):
            try:
                connection = self.cluster.connect(dbname=name)
                for _ in range(50):
                    run(connection, "UPDATE n SET v = v + 1 WHERE id = 1")
                connection.close()
            except psycopg2.Error as error:
                failures.append(error)

        threads = [threading.Thread(target=count, args=(name,)) for name in self.names * 3]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        for connection in (self.left, self.right):
            self.assertEqual(run(connection, "SELECT v FROM n"), [(150,)])

    def test_force_ends_who_is_in_a_transaction(self):
        self.right.close()
        run(self.left, "CREATE TABLE t (id int)")
        run(self.left, "BEGIN")
        run(self.left, "INSERT INTO t VALUES (1)")
        run(self.connect(), 'DROP DATABASE "left" WITH (FORCE)')
        with self.assertRaises(psycopg2.OperationalError):
            run(self.left, "SELECT * FROM t")
        run(self.connect(), 'CREATE DATABASE "left"')
        self.assertEqual(sqlstate(self.connect(dbname="left"), "SELECT * FROM t"), "42P01")

    def test_a_new_database_has_none_of_the_old_ones_settings(self):
        self.left.close()
        admin = self.connect()
        run(admin, "ALTER DATABASE \"left\" SET work_mem TO '7MB'")
        run(admin, 'DROP DATABASE "left"')
        run(admin, 'CREATE DATABASE "left"')
        self.assertNotEqual(run(self.connect(dbname="left"), "SHOW work_mem"), [("7MB",)])

    def test_client_programs(self):
        environment = self.cluster.client_environment()

        def program(name, *arguments):
            done = subprocess.run([str(POSTGRES_BIN / name), *arguments], env=environment,
                                  capture_output=True, text=True, check=False)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            return done.stdout

        program("createdb", "-O", "adbms", "-E", "UTF8", "-T", "template0", "shop", "my shop")
        listed = program("psql", "-lAt")
        for name in ("adbms", "postgres", "template0", "template1", "shop"):
            self.assertIn(f"{name}|", listed)
        self.assertIn("shop", program("psql", "-At", "-c", "\\c shop", "-c",
                                      "SELECT current_database()"))
        program("dropdb", "shop")
        again = subprocess.run([str(POSTGRES_BIN / "dropdb"), "--if-exists", "-f", "shop"], env=environment,
                               capture_output=True, text=True, check=False)
        self.assertEqual((again.returncode, again.stderr),
                         (0, 'NOTICE:  database "shop" does not exist, skipping\n'))


class SeparateApartTest(ApartTest):
    SEPARATE = True


class OpenedAgainTest(unittest.TestCase):
    def test_databases_are_there_after_a_restart(self):
        with Cluster() as cluster:
            run(cluster.connect(), "CREATE DATABASE kept CONNECTION LIMIT 9")
            run(cluster.connect(), "CREATE DATABASE other")
            connection = cluster.connect(dbname="kept")
            run(connection, "CREATE SCHEMA s")
            run(connection, "CREATE TABLE s.t (id serial PRIMARY KEY, v text UNIQUE)")
            run(connection, "INSERT INTO s.t (v) VALUES ('a'), ('b')")
            run(connection, "CREATE VIEW v AS SELECT v FROM s.t")
            connection.close()
            cluster.kill()
            cluster.start()
            connection = cluster.connect(dbname="kept")
            self.assertEqual(run(connection, "SELECT * FROM v ORDER BY 1"), [("a",), ("b",)])
            run(connection, "INSERT INTO s.t (v) VALUES ('c')")
            self.assertEqual(sqlstate(connection, "INSERT INTO s.t (v) VALUES ('a')"), "23505")
            self.assertEqual(run(cluster.connect(dbname="other"),
                                 "SELECT count(*) FROM pg_tables WHERE schemaname = 's'"), [(0,)])
            self.assertEqual(
                cluster.rows("SELECT datconnlimit FROM pg_database WHERE datname = 'kept'"), [(9,)])

    def test_a_crash_leaves_a_database_or_none(self):
        with Cluster() as cluster:
            for _ in range(4):
                started = threading.Event()
                rounds = []
                failures = []

                def churn(cluster=cluster, started=started, rounds=rounds, failures=failures):
                    try:
                        connection = cluster.connect()
                        for round_ in range(1000):
                            run(connection, "DROP DATABASE IF EXISTS churned WITH (FORCE)")
                            run(connection, "CREATE DATABASE churned")
                            inside = cluster.connect(dbname="churned")
                            run(inside, "CREATE TABLE t (id int PRIMARY KEY, v text)")
                            run(inside, "INSERT INTO t SELECT g, g::text FROM "
                                        "generate_series(1, 200) g")
                            inside.close()
                            rounds.append(round_)
                            if round_ == 2:
                                started.set()
                    except psycopg2.Error as error:
                        failures.append((started.is_set(), error))
                        started.set()

                thread = threading.Thread(target=churn)
                thread.start()
                started.wait(60)
                cluster.kill()
                thread.join()
                # It was the end of the server that ended it, in the midst of the work.
                self.assertGreaterEqual(len(rounds), 3)
                self.assertEqual([after for after, _ in failures], [True], failures)
                cluster.start()
                names = {name for name, in cluster.rows("SELECT datname FROM pg_database")}
                self.assertLessEqual({"adbms", "postgres", "template0", "template1"}, names)
                if "churned" in names:
                    inside = cluster.connect(dbname="churned")
                    for name, in run(inside, "SELECT relname FROM pg_class WHERE relname = 't'"):
                        self.assertIn(run(inside, f"SELECT count(*) FROM {name}")[0][0], (0, 200))
                    run(inside, "CREATE TABLE fresh (id int)")
                    inside.close()
                run(cluster.connect(), "DROP DATABASE IF EXISTS churned")
                run(cluster.connect(), "CREATE DATABASE churned")


if __name__ == "__main__":
    unittest.main()
