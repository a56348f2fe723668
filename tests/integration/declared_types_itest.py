"""Types that users declare, as PostgreSQL 15 has them: scripts of one session, answer by answer with types, messages,
details and hints; then what scripts cannot say: COPY, binary parameters, restarts, several sessions.
"""
import io
import time
import unittest

import psycopg2

from adbms_process import Cluster, run
import domain_scripts
import enum_scripts
from typed_scripts import TypedScriptTest

# Numbers from here on differ from server to server.
FIRST_USER_OID = 16384
# The names of types arrive as text once there are declared ones.
TEXT, REGTYPE = 25, 2206


class DeclaredTypesTest(TypedScriptTest):
    schema = "types_of_a_test"

    def type_of(self, oid):
        return TEXT if oid == REGTYPE else min(oid, FIRST_USER_OID)

    def test_copy(self):
        answers = []
        for server in (self.postgres, self.cluster):
            connection = self.connect(server)
            run(connection, "CREATE TYPE mood AS ENUM ('sad', 'o k', 'a,b')")
            run(connection, "CREATE DOMAIN small AS int CHECK (VALUE < 10)")
            run(connection, "CREATE TABLE t (id int PRIMARY KEY, m mood, ms mood[], s small)")
            got = []
            with connection.cursor() as cursor:
                cursor.copy_expert("COPY t FROM STDIN", io.StringIO("1\tsad\t{\"o k\",sad}\t5\n2\t\\N\t\\N\t\\N\n"))
                cursor.copy_expert("COPY t FROM STDIN (FORMAT csv)", io.StringIO('3,"a,b",{},1\n'))
                for bad in ("4\tnosuch\t{}\t1\n", "4\tsad\t{nosuch}\t1\n", "4\tsad\t{}\t11\n"):
                    try:
                        cursor.copy_expert("COPY t FROM STDIN", io.StringIO(bad))
                    except psycopg2.Error as error:
                        got.append((error.pgcode, error.diag.message_primary))
                for options in ("", " (FORMAT csv)", " (FORMAT binary)"):
                    out = io.BytesIO()
                    cursor.copy_expert("COPY (SELECT id, m FROM t ORDER BY id) TO STDOUT" + options, out)
                    got.append(out.getvalue())
                cursor.copy_expert("COPY t (id, m) FROM STDIN (FORMAT binary)",
                                   io.BytesIO(got[-1].replace(b"\x00\x00\x00\x04\x00\x00\x00", b"\x00\x00\x00\x04\x00\x00\x01")))
                cursor.execute("SELECT * FROM t ORDER BY id")
                got.append(cursor.fetchall())
            answers.append(got)
            connection.close()
        self.assertEqual(*answers)

    def test_a_restart_keeps_types(self):
        with Cluster() as cluster:
            connection = cluster.connect()
            run(connection, "CREATE TYPE mood AS ENUM ('sad', 'happy')")
            run(connection, "CREATE DOMAIN small AS int DEFAULT 3 CHECK (VALUE < 10)")
            run(connection, "CREATE TABLE t (m mood PRIMARY KEY, s small)")
            run(connection, "ALTER TYPE mood ADD VALUE 'ok' BEFORE 'happy'")
            run(connection, "INSERT INTO t VALUES ('sad'), ('ok'), ('happy')")
            connection.close()
            cluster.kill()
            cluster.restart()
            connection = cluster.connect()
            self.assertEqual(run(connection, "SELECT m, s FROM t ORDER BY m"),
                             [("sad", 3), ("ok", 3), ("happy", 3)])
            with self.assertRaises(psycopg2.errors.CheckViolation):
                run(connection, "INSERT INTO t VALUES ('sad', 10)")

    def test_sessions_hear_of_changes(self):
        first, second = self.connect(self.cluster), self.cluster.connect()
        run(second, "SET search_path = types_of_a_test")
        run(first, "CREATE TYPE mood AS ENUM ('sad')")
        run(first, "CREATE TABLE t (m mood)")
        run(second, "PREPARE p(mood) AS INSERT INTO t VALUES ($1) RETURNING m")
        run(second, "PREPARE q AS SELECT enum_range(NULL::mood)::text")
        self.assertEqual(run(second, "EXECUTE p('sad')"), [("sad",)])
        self.assertEqual(run(second, "EXECUTE q"), [("{sad}",)])
        run(first, "ALTER TYPE mood ADD VALUE 'ok'")
        self.assertEqual(run(second, "EXECUTE p('ok')"), [("ok",)])
        self.assertEqual(run(second, "EXECUTE q"), [("{sad,ok}",)])
        self.assertEqual(run(second, "SELECT 'ok'::mood"), [("ok",)])
        run(first, "ALTER TYPE mood RENAME VALUE 'ok' TO 'fine'")
        self.assertEqual(run(second, "SELECT m FROM t ORDER BY m"), [("sad",), ("fine",)])
        with self.assertRaises(psycopg2.errors.InvalidTextRepresentation):
            run(second, "SELECT 'ok'::mood")
        first.close()
        second.close()

    def test_many_enums(self):
        with Cluster() as cluster:
            connection = cluster.connect()
            began = time.monotonic()
            for i in range(500):
                run(connection, f"CREATE TYPE e{i} AS ENUM ('a', 'b', 'c')")
            print(f"500 enums in {time.monotonic() - began:.1f} s", end=" ")
            self.assertEqual(run(connection, "SELECT 'b'::e499 > 'a', count(*) FROM pg_enum"), [(True, 1500)])


DeclaredTypesTest.add(enum_scripts.SCRIPTS | domain_scripts.SCRIPTS)

if __name__ == "__main__":
    unittest.main(verbosity=2)
