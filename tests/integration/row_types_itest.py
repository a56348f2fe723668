"""Rows as values and composite types, as PostgreSQL 15 has them: scripts of one session, answer by answer with types,
messages, details and hints; then what scripts cannot say: COPY, binary values, a restart, indexes, hostile input.
"""
import io
import unittest

import psycopg2

from adbms_process import Cluster, run
import row_type_scripts
from typed_scripts import TypedScriptTest

# Numbers from here on differ from server to server.
FIRST_USER_OID = 16384
# The names of types arrive as text once there are declared ones.
TEXT, REGTYPE = 25, 2206


class RowTypesTest(TypedScriptTest):
    schema = "rows_of_a_test"

    def type_of(self, oid):
        return TEXT if oid == REGTYPE else min(oid, FIRST_USER_OID)

    def test_copy(self):
        answers = []
        for server in (self.postgres, self.cluster):
            connection = self.connect(server)
            run(connection, "CREATE TYPE pair AS (a int, b text)")
            run(connection, "CREATE TABLE t (id int PRIMARY KEY, c pair, cs pair[])")
            got = []
            with connection.cursor() as cursor:
                cursor.copy_expert("COPY t FROM STDIN", io.StringIO('1\t(1,"a b")\t{"(2,c)"}\n2\t\\N\t\\N\n'))
                cursor.copy_expert("COPY t FROM STDIN (FORMAT csv)", io.StringIO('3,"(3,""x,y"")",{}\n'))
                for bad in ("4\t(1)\t{}\n", "4\t(x,1)\t{}\n"):
                    try:
                        cursor.copy_expert("COPY t FROM STDIN", io.StringIO(bad))
                    except psycopg2.Error as error:
                        got.append((error.pgcode, error.diag.message_primary))
                for options in ("", " (FORMAT csv)", " (FORMAT binary)"):
                    out = io.BytesIO()
                    cursor.copy_expert("COPY (SELECT id, c FROM t ORDER BY id) TO STDOUT" + options, out)
                    got.append(out.getvalue())
                binary = got[-1].replace(b"\x00\x00\x00\x04\x00\x00\x00", b"\x00\x00\x00\x04\x00\x00\x01")
                cursor.copy_expert("COPY t (id, c) FROM STDIN (FORMAT binary)", io.BytesIO(binary))
                cursor.execute("SELECT * FROM t ORDER BY id")
                got.append(cursor.fetchall())
                out = io.BytesIO()
                cursor.copy_expert("COPY (SELECT ROW(1, 'x'::text, NULL::int8)) TO STDOUT (FORMAT binary)", out)
                got.append(out.getvalue())
            answers.append(got)
            connection.close()
        self.assertEqual(*answers)

    def test_a_restart_keeps_values(self):
        with Cluster() as cluster:
            connection = cluster.connect()
            run(connection, "CREATE TYPE pair AS (a int, b text)")
            run(connection, "CREATE TABLE t (c pair PRIMARY KEY)")
            run(connection, "INSERT INTO t SELECT ROW(g, g::text)::pair FROM generate_series(1, 100) g")
            connection.close()
            cluster.restart()
            connection = cluster.connect()
            self.assertEqual(run(connection, "SELECT (c).b FROM t WHERE c = ROW(42, '42')::pair"), [("42",)])
            run(connection, "ALTER TYPE pair RENAME ATTRIBUTE b TO name")
            self.assertEqual(run(connection, "SELECT (c).name FROM t ORDER BY c LIMIT 1"), [("1",)])
            connection.close()

    def test_keyset_pagination_needs_no_sort(self):
        connection = self.connect(self.cluster)
        run(connection, "CREATE TABLE big (a int, b int, c text, PRIMARY KEY (a, b))")
        run(connection, "INSERT INTO big SELECT g / 100, g % 100, 'x' FROM generate_series(1, 20000) g")
        plan = run(connection, "EXPLAIN SELECT * FROM big WHERE (a, b) > (150, 20) ORDER BY a, b LIMIT 10")
        self.assertNotIn("Sort", "\n".join(row[0] for row in plan))
        connection.close()

    def test_a_table_that_changes(self):
        """A plan that has a table's row type in it is made anew."""
        connection = self.connect(self.cluster)
        run(connection, "CREATE TABLE t (id int, name text)")
        run(connection, "INSERT INTO t VALUES (1, 'a')")
        run(connection, "CREATE FUNCTION f(t) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ($1)::text'")
        run(connection, "CREATE FUNCTION g() RETURNS SETOF t LANGUAGE plpgsql STABLE AS "
                        "$$BEGIN RETURN QUERY SELECT * FROM t; END$$")
        for expected in ("(1,a)", "(1,a,)"):
            if expected == "(1,a,)":
                run(connection, "ALTER TABLE t ADD COLUMN more int")
            self.assertEqual(run(connection, "SELECT t::text, f(t) FROM t"), [(expected, expected)])
            self.assertEqual(run(connection, "SELECT g()::text"), [(expected,)])
        connection.close()

    def test_bad_input(self):
        connection = self.connect(self.cluster)
        with connection.cursor() as cursor:
            def refused(statement, *codes):
                with self.assertRaises(psycopg2.Error) as caught:
                    cursor.execute(statement)
                self.assertIn(caught.exception.pgcode, codes, statement[:80])
            columns = ", ".join(f"c{i} int" for i in range(1601))
            refused(f"CREATE TYPE wide AS ({columns})", "54011")
            cursor.execute(f"CREATE TYPE wide AS ({columns.rsplit(',', 1)[0]})")
            cursor.execute("SELECT ('(' || repeat(',', 1599) || ')')::wide IS NULL")
            self.assertEqual(cursor.fetchone(), ("t",))
            refused("SELECT " + "ROW(" * 1000 + "1" + ")" * 1000, "54001")
            refused("SELECT ROW(" + ",".join("1" for _ in range(1665)) + ")", "54011")
            cursor.execute("CREATE TYPE n0 AS (a int)")
            for level in range(1, 14):
                cursor.execute(f"CREATE TYPE n{level} AS (a n{level - 1})")
            refused("CREATE TYPE n14 AS (a n13)", "54001")
            refused("SELECT ('(' || repeat('(\"', 5000))::n13", "22P02")
            refused("CREATE TABLE t (x n0, y wide); CREATE TABLE q (z t)", "0A000")
        connection.close()


RowTypesTest.add(row_type_scripts.SCRIPTS)

if __name__ == "__main__":
    unittest.main(verbosity=2)
