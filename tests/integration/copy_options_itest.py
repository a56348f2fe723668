"""COPY's options and server-side files as PostgreSQL 15 has them."""
import io
import os
import pathlib
import shutil
import tempfile
import unittest

import psycopg2

from adbms_process import ComparedTest, run, sqlstate

CSV = 'a,b,c\n1,"x",\n2,,"""q"""\n3,"",y\n'
# Statement and what is sent to it; None: what it sends is compared.
STEPS = [
    ("COPY t FROM STDIN (FORMAT csv, HEADER)", CSV),
    ("COPY t FROM STDIN (FORMAT csv, HEADER match)", CSV),
    ("COPY t FROM STDIN (FORMAT csv, HEADER match)", "a,c,b\n1,2,3\n"),
    ("COPY t FROM STDIN (FORMAT csv, HEADER match)", "a,b\n1,2\n"),
    ("COPY t (a, c) FROM STDIN (HEADER match)", "a\tc\n7\tseven\n"),
    ("COPY t FROM STDIN (HEADER match)", "a\t\\N\tc\n"),
    ("COPY t FROM STDIN (FORMAT csv, HEADER, FORCE_NULL (b, c))", CSV),
    ("COPY t FROM STDIN (FORMAT csv, HEADER, FORCE_NOT_NULL (b), FORCE_NULL (c))", CSV),
    ("COPY t FROM STDIN (FORMAT csv, FORCE_NULL (missing))", ""),
    ("COPY t (a) FROM STDIN (FORMAT csv, FORCE_NULL (b))", ""),
    ("COPY t FROM STDIN (FORCE_NULL (b))", ""),
    ("COPY t FROM STDIN (FORMAT csv, FORCE_QUOTE (b))", ""),
    ("COPY t FROM STDIN WHERE a > 1", "1\tx\ty\n2\tx\ty\n\\N\tx\ty\n3\tz\tz\n"),
    ("COPY t FROM STDIN (FORMAT csv) WHERE b = 'x' AND (a IN (1, 2) OR c IS NULL)", "1,x,y\n2,z,y\n9,x,\n"),
    ("COPY t FROM STDIN WHERE missing > 1", ""),
    ("COPY t FROM STDIN WHERE a", ""),
    ("COPY t FROM STDIN WHERE a = (SELECT 1)", ""),
    ("COPY t FROM STDIN WHERE sum(a) > 1", ""),
    ("COPY t TO STDOUT (FORMAT csv, HEADER, FORCE_QUOTE *)", None),
    ("COPY t TO STDOUT (FORMAT csv, FORCE_QUOTE (b, a))", None),
    ("COPY (SELECT a, b FROM t ORDER BY a, b) TO STDOUT (FORMAT csv, FORCE_QUOTE (b), NULL 'none')", None),
    ("COPY t TO STDOUT (FORMAT csv, FORCE_NULL (b))", None),
    ("COPY t TO STDOUT (FORCE_QUOTE (b))", None),
    ("COPY t TO STDOUT (HEADER match)", None),
    ("COPY t TO STDOUT (FORMAT csv, FORMAT text)", None),
    ("COPY t TO STDOUT (nonsense true)", None),
    ("COPY t TO STDOUT (DELIMITER 'a')", None),
    ("COPY t TO STDOUT (DELIMITER '\\')", None),
    ("COPY t TO STDOUT (DELIMITER '|', NULL 'a|b')", None),
    ("COPY t TO STDOUT (FORMAT csv, NULL '\"')", None),
    ("COPY t TO STDOUT (FORMAT csv, DELIMITER '\"')", None),
    ("COPY t TO STDOUT (NULL E'a\\nb')", None),
    ("COPY t TO STDOUT (QUOTE '\"')", None),
    ("COPY t TO STDOUT (FORMAT csv, ENCODING 'sql_ascii')", None),
]


def copied(connection, statement, data):
    """What the statement is answered, and what is in the table afterwards."""
    out = io.StringIO()
    with connection.cursor() as cursor:
        try:
            cursor.copy_expert(statement, io.StringIO(data) if data is not None else out)
        except psycopg2.Error as error:
            # PostgreSQL says where in a CONTEXT that is not an answer's.
            return error.pgcode, error.diag.message_primary.split(" (COPY")[0]
        rows = cursor.rowcount
        cursor.execute("SELECT * FROM t ORDER BY a, b, c")
        return rows, out.getvalue(), cursor.fetchall()


class CopyOptionsTest(ComparedTest):
    def connect(self, server):
        connection = server.connect()
        run(connection, "DROP TABLE IF EXISTS t")
        run(connection, "CREATE TABLE t (a int, b text, c text)")
        return connection

    def test_options(self):
        answers = []
        for server in (self.postgres, self.cluster):
            connection = self.connect(server)
            answers.append([copied(connection, *step) for step in STEPS])
            connection.close()
        for (statement, _), theirs, ours in zip(STEPS, *answers):
            self.assertEqual(ours, theirs, statement)

    def test_server_files(self):
        directory = pathlib.Path(tempfile.mkdtemp(prefix="adbms_copy_"))
        self.addCleanup(shutil.rmtree, directory)
        os.chmod(directory, 0o777)
        answers = []
        for name, server in (("theirs", self.postgres), ("ours", self.cluster)):
            source = directory / "source.csv"
            source.write_text("1,x,y\n2,,z\n")
            target = directory / f"{name}.txt"
            steps = [f"COPY t FROM '{source}' (FORMAT csv)", f"COPY t TO '{target}'",
                     f"COPY (SELECT a FROM t ORDER BY a) TO '{target}' (FORMAT csv, HEADER)",
                     f"COPY t FROM '{directory}'", f"COPY t FROM '{directory}/missing'",
                     f"COPY t TO '{directory}/missing/x'", "COPY t TO 'relative'", f"COPY t TO '{directory}'",
                     f"COPY t FROM '{source}'"]
            connection = self.connect(server)
            states = [sqlstate(connection, step) for step in steps]
            answers.append((states, target.read_text(), run(connection, "SELECT * FROM t ORDER BY a")))
            run(connection, "DROP ROLE IF EXISTS copier")
            run(connection, "CREATE ROLE copier")
            run(connection, "GRANT ALL ON t TO copier")
            run(connection, "SET ROLE copier")
            for step in steps[:2]:
                self.assertEqual(sqlstate(connection, step), "42501", step)
            run(connection, "RESET ROLE")
            run(connection, "DROP TABLE t")
            run(connection, "DROP ROLE copier")
            connection.close()
        self.assertEqual(answers[1], answers[0])
        connection = self.connect(self.cluster)
        self.assertEqual(sqlstate(connection, "COPY t FROM PROGRAM 'true'"), "0A000")
        fifo = directory / "pipe"
        os.mkfifo(fifo)
        self.assertEqual(sqlstate(connection, f"COPY t FROM '{fifo}'"), "42809")
        connection.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
