"""Clients that were not made for us: psql 15, pgbench, psycopg2."""
import datetime
import decimal
import io
import re
import subprocess
import unittest
import uuid

import psycopg2
import psycopg2.errors
import psycopg2.extras

from adbms_process import PATIENCE, POSTGRES_BIN, Cluster, ClusterTest, run


class PsqlTest(ClusterTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        connection = cls.cluster.connect()
        run(connection, "CREATE TABLE dept (id int PRIMARY KEY, name text UNIQUE NOT NULL)")
        run(connection, "CREATE TABLE emp (id int PRIMARY KEY, name varchar(20) DEFAULT 'nobody', "
            "sal numeric(8,2) CHECK (sal >= 0), dept int)")
        run(connection, "CREATE INDEX emp_dept ON emp (dept)")
        run(connection, "CREATE VIEW rich AS SELECT name FROM emp WHERE sal > 1000")
        run(connection, "CREATE ROLE clerk LOGIN")
        connection.close()

    def psql(self, script, *arguments, status=0, tcp=False):
        done = subprocess.run(
            [str(POSTGRES_BIN / "psql"), "-X", "-v", "ON_ERROR_STOP=1", *arguments], input=script,
            text=True, capture_output=True, env=self.cluster.client_environment(tcp=tcp), cwd="/tmp",
            timeout=60 * PATIENCE)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def test_describe_commands(self):
        listing = self.psql("\\d\n")
        for part in ("public | dept | table | adbms", "public | rich | view"):
            self.assertIn(part, re.sub(" +", " ", listing))
        table = re.sub(" +", " ", self.psql("\\d emp\n"))
        for part in ('Table "public.emp"', "id | integer | | not null |",
                     "name | character varying(20) | | | 'nobody'::character varying",
                     "sal | numeric(8,2)", '"emp_pkey" PRIMARY KEY', '"emp_dept" btree (dept)',
                     '"emp_sal_check" CHECK'):
            self.assertIn(part, table)
        self.assertIn('"dept_name_key" UNIQUE CONSTRAINT', self.psql("\\d dept\n"))
        self.assertIn('View "public.rich"', self.psql("\\d rich\n"))
        self.assertIn("emp_dept", self.psql("\\di\n"))
        self.assertNotIn("emp_dept", self.psql("\\dt\n"))
        self.assertIn("clerk", self.psql("\\du\n"))
        self.assertIn("adbms", self.psql("\\l\n"))
        self.assertIn("public", self.psql("\\dn\n"))
        self.assertIn("rich", self.psql("\\dv\n"))
        self.assertIn("0 rows", self.psql("\\df nothing_like_it\n"))
        self.assertIn("Did not find any relation", self.psql("\\d absent\n", status=3))
        self.assertIn("emp", self.psql("\\dt+\n"))
        self.assertIn('"emp_dept"', self.psql("\\d+ emp\n"))

    def test_copy_both_ways(self):
        out = self.psql("CREATE TABLE copied (a int, b text);\n"
                        "\\copy copied FROM STDIN\n1\tone\n2\t\\N\n3\ta\\tb\n\\.\n"
                        "\\copy copied TO STDOUT\n"
                        "\\copy (SELECT * FROM copied WHERE a = 3) TO STDOUT CSV HEADER\n"
                        "\\copy copied FROM STDIN CSV\n4,\"x, y\"\n\\.\n"
                        "SELECT count(*) FROM copied;\nDROP TABLE copied;\n", "-At")
        self.assertIn("1\tone\n2\t\\N\n3\ta\\tb\n", out)
        self.assertIn("a,b\n3,a\tb\n", out)
        self.assertIn("\n4\n", out)

    def test_errors_point_at_their_place(self):
        error = self.psql("SELECT 1 +\n  absent FROM emp;\n", status=3)
        self.assertIn('ERROR:  column "absent" does not exist', error)
        self.assertIn("LINE 2:   absent FROM emp;\n          ^", error)
        error = self.psql("SELEC 1;\n", status=3)
        self.assertIn('ERROR:  syntax error at or near "SELEC"', error)
        self.assertIn("LINE 1: SELEC 1;\n        ^", error)
        verbose = self.psql("\\set VERBOSITY verbose\nSELECT 1/0;\n", status=3)
        self.assertIn("ERROR:  22012: division by zero", verbose)

    def test_session(self):
        out = self.psql("\\conninfo\nBEGIN;\nINSERT INTO dept VALUES (1, 'a');\nSAVEPOINT s;\n"
                        "DELETE FROM dept;\nROLLBACK TO s;\nSELECT name FROM dept;\nROLLBACK;\n"
                        "SELECT count(*) AS left FROM dept;\n\\timing on\nSELECT 1;\n"
                        "\\gdesc\nSELECT 1 AS a, 'x'::text AS b \\gdesc\n\\x\nSELECT 5 AS five;\n",
                        tcp=True)
        for part in ("You are connected to database", "ROLLBACK", "Time:", "integer", "RECORD 1"):
            self.assertIn(part, out)


class PgbenchTest(unittest.TestCase):
    MODES = ("simple", "extended", "prepared")

    def pgbench(self, cluster, *arguments):
        done = subprocess.run([str(POSTGRES_BIN / "pgbench"), *arguments], text=True,
                              capture_output=True, env=cluster.client_environment(), timeout=150 * PATIENCE,
                              cwd="/tmp")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def check(self, separate):
        cluster = Cluster(separate=separate)
        self.addCleanup(cluster.remove)
        cluster.start()
        self.assertIn("done in", self.pgbench(cluster, "-i", "-s", "1"))
        self.assertEqual(cluster.rows("SELECT count(*) FROM pgbench_accounts"), [(100000,)])
        transactions = 0
        for mode in self.MODES:
            out = self.pgbench(cluster, "-S", "-n", "-M", mode, "-c", "4", "-t", "200")
            self.assertIn("number of transactions actually processed: 800/800", out)
            out = self.pgbench(cluster, "-n", "-M", mode, "-c", "4", "-t", "50")
            self.assertIn("number of transactions actually processed: 200/200", out)
            self.assertIn("number of failed transactions: 0", out)
            transactions += 200
        # The books balance.
        sums = cluster.rows(
            "SELECT (SELECT sum(abalance) FROM pgbench_accounts), (SELECT sum(bbalance) FROM "
            "pgbench_branches), (SELECT sum(tbalance) FROM pgbench_tellers), (SELECT sum(delta) "
            "FROM pgbench_history), (SELECT count(*) FROM pgbench_history)")[0]
        self.assertEqual(len(set(sums[:4])), 1, sums)
        self.assertEqual(sums[4], transactions)

    def test_all_in_one(self):
        self.check(separate=False)

    def test_seven_processes(self):
        self.check(separate=True)


class Psycopg2Test(ClusterTest):
    def test_types_round_trip(self):
        connection = self.connect()
        psycopg2.extras.register_uuid(conn_or_curs=connection)
        utc = datetime.timezone.utc
        values = {
            "boolean": True, "smallint": -32768, "integer": 2147483647,
            "bigint": -9223372036854775808, "real": 1.5, "double precision": 1e-300,
            "numeric(20,5)": decimal.Decimal("123456789012345.67891"), "text": "grün \\ ' \" \n €",
            "varchar(10)": "ten chars!", "date": datetime.date(2024, 2, 29),
            "time": datetime.time(23, 59, 59, 999999),
            "timestamp": datetime.datetime(1999, 12, 31, 23, 59, 59, 123456),
            "timestamptz": datetime.datetime(2024, 6, 1, 12, 0, tzinfo=utc),
            "interval": datetime.timedelta(days=3, seconds=7, microseconds=5),
            "uuid": uuid.UUID("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
            "json": {"a": [1, None, "x"]},
        }
        columns = ", ".join(f"c{i} {name}" for i, name in enumerate(values))
        run(connection, f"CREATE TABLE round_trip ({columns}, b bytea)")
        sent = [psycopg2.extras.Json(v) if isinstance(v, dict) else v for v in values.values()]
        data = bytes(range(256))
        marks = ", ".join(["%s"] * (len(values) + 1))
        run(connection, f"INSERT INTO round_trip VALUES ({marks})", *sent, psycopg2.Binary(data))
        run(connection, f"INSERT INTO round_trip VALUES ({marks})", *[None] * (len(values) + 1))
        full, empty = run(connection, "SELECT * FROM round_trip ORDER BY c2 NULLS LAST")
        for name, expected, found in zip(values, values.values(), full):
            self.assertEqual(found, expected, name)
        self.assertEqual(bytes(full[-1]), data)
        self.assertEqual(set(empty), {None})

    def test_many_and_copy(self):
        connection = self.connect()
        run(connection, "CREATE TABLE many (a int PRIMARY KEY, b text)")
        with connection.cursor() as cursor:
            cursor.executemany("INSERT INTO many VALUES (%s, %s)", [(i, f"v{i}") for i in range(50)])
            psycopg2.extras.execute_values(cursor, "INSERT INTO many VALUES %s",
                                           [(i, None) for i in range(50, 2000)])
            self.assertEqual(cursor.rowcount % 50, 0)
            out = io.StringIO()
            cursor.copy_expert("COPY many TO STDOUT WITH (FORMAT csv)", out)
            lines = out.getvalue().splitlines()
            self.assertEqual((len(lines), lines[3], lines[60]), (2000, "3,v3", "60,"))
            cursor.copy_expert("COPY many FROM STDIN WITH (FORMAT csv)",
                               io.StringIO("".join(f"{i},x\n" for i in range(2000, 5000))))
            self.assertEqual(cursor.rowcount, 3000)
            with self.assertRaises(psycopg2.errors.UniqueViolation):
                cursor.copy_expert("COPY many FROM STDIN", io.StringIO("9000\tx\n3\ty\n"))
            cursor.execute("SELECT count(*), count(b) FROM many")
            self.assertEqual(cursor.fetchone(), (5000, 3050))

    def test_server_side_cursor(self):
        connection = self.connect()
        connection.autocommit = False
        with connection.cursor(name="big") as cursor:
            cursor.itersize = 1000
            cursor.execute("SELECT g FROM generate_series(1, 10000) g")
            self.assertEqual(cursor.fetchone(), (1,))
            self.assertEqual(len(cursor.fetchmany(500)), 500)
            self.assertEqual(sum(1 for _ in cursor), 10000 - 501)
        connection.rollback()

    def test_transactions(self):
        connection, other = self.connect(), self.connect()
        run(connection, "CREATE TABLE accounts (n int PRIMARY KEY, v int)")
        connection.autocommit = False
        with connection:
            run(connection, "INSERT INTO accounts VALUES (1, 1)")
            self.assertEqual(run(other, "SELECT count(*) FROM accounts"), [(0,)])
        self.assertEqual(run(other, "SELECT count(*) FROM accounts"), [(1,)])
        with self.assertRaises(psycopg2.errors.UniqueViolation):
            with connection:
                run(connection, "UPDATE accounts SET v = 2")
                run(connection, "INSERT INTO accounts VALUES (1, 1)")
        self.assertEqual(run(other, "SELECT v FROM accounts"), [(1,)])
        connection.set_session(isolation_level="REPEATABLE READ")
        self.assertEqual(run(connection, "SELECT v FROM accounts"), [(1,)])
        run(other, "UPDATE accounts SET v = 7")
        self.assertEqual(run(connection, "SELECT v FROM accounts"), [(1,)])
        with self.assertRaises(psycopg2.errors.SerializationFailure):
            run(connection, "UPDATE accounts SET v = 8")
        connection.rollback()
        connection.set_session(readonly=True, isolation_level="READ COMMITTED")
        with self.assertRaises(psycopg2.errors.ReadOnlySqlTransaction):
            run(connection, "UPDATE accounts SET v = 9")
        connection.rollback()

    def test_errors_by_class(self):
        connection = self.connect()
        run(connection, "CREATE TABLE strict (n int PRIMARY KEY, t varchar(3) NOT NULL, "
            "CHECK (n < 100))")
        errors = psycopg2.errors
        for statement, kind in {
                "SELECT * FROM absent": errors.UndefinedTable,
                "SELECT absent FROM strict": errors.UndefinedColumn,
                "SELECT absent(1)": errors.UndefinedFunction,
                "SELEC": errors.SyntaxError,
                "SELECT 1/0": errors.DivisionByZero,
                "SELECT 2147483647 + 1": errors.NumericValueOutOfRange,
                "SELECT 'x'::int": errors.InvalidTextRepresentation,
                "INSERT INTO strict VALUES (1, NULL)": errors.NotNullViolation,
                "INSERT INTO strict VALUES (100, 'x')": errors.CheckViolation,
                "INSERT INTO strict VALUES (1, 'long')": errors.StringDataRightTruncation,
                "CREATE TABLE strict (n int)": errors.DuplicateTable,
                "SELECT (SELECT n FROM (VALUES (1), (2)) v (n))": errors.CardinalityViolation,
                "CREATE TABLE other () INHERITS (strict)": errors.FeatureNotSupported,
        }.items():
            with self.subTest(statement):
                with self.assertRaises(kind):
                    run(connection, statement)
        run(connection, "INSERT INTO strict VALUES (1, 'a')")
        with self.assertRaises(errors.UniqueViolation) as failed:
            run(connection, "INSERT INTO strict VALUES (1, 'a')")
        self.assertEqual(failed.exception.diag.constraint_name, "strict_pkey")
        self.assertEqual(failed.exception.diag.table_name, "strict")
        run(connection, "SET statement_timeout = '200ms'")
        with self.assertRaises(errors.QueryCanceled):
            run(connection, "SELECT pg_sleep(30)")


if __name__ == "__main__":
    unittest.main()
