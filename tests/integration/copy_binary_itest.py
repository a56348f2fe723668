"""COPY in binary format: the bytes that PostgreSQL 15 writes are what we read and write, for every type;
garbage is refused as PostgreSQL refuses it.
"""
import io
import random
import struct
import unittest

import psycopg2

from adbms_process import ComparedTest, run

SIGNATURE = b"PGCOPY\n\xff\r\n\0" + struct.pack("!ii", 0, 0)
TRAILER = struct.pack("!h", -1)

COLUMNS = {
    "bool": "g % 2 = 0", "int2": "g", "int4": "g * 100000", "int8": "g * 10000000000::bigint",
    "float4": "g / 3.0", "float8": "g / 7.0", "numeric": "g * 1234.5678", "numeric(10,2)": "g * 1.125",
    "text": "repeat('ä', g)", "varchar(20)": "'v' || g", "char(5)": "'c' || g", "date": "date '1999-01-01' + g",
    "time": "time '10:00' + g * interval '1 minute'", "timestamp": "timestamp '2024-02-29 12:34:56.789' + g * interval '1 day'",
    "timestamptz": "timestamptz '1950-02-28 12:34:56.789+03' - g * interval '1 day'", "interval": "g * interval '1 mon 2 days 3 secs'",
    "bytea": "decode(repeat('00ff', g), 'hex')", "uuid": "lpad(g::text, 32, '0')::uuid", "json": "'{\"a\": ' || g || '}'",
    "jsonb": "('{\"b\": [' || g || ', null]}')", "inet": "'10.0.0.0/8'::inet + g", "int4[]": "array[g, null, -g]",
    "text[]": "array['x', null, 'y ' || g]", "numeric(200,60)": "g * 1e80 / 7", "numeric(3,-5)": "g * 12345678", "numrange": "numrange(-g * 1e50, 'Infinity')",
    "numeric[]": "array[g * 1e45, null, 1.5, '-Infinity', 'NaN', g * 1e-50]", "uuid[]": "array[lpad(g::text, 32, 'a')::uuid]",
}


def field(value):
    return struct.pack("!i", -1) if value is None else struct.pack("!i", len(value)) + value


def row(*values):
    return struct.pack("!h", len(values)) + b"".join(field(value) for value in values)


class BinaryCopyTest(ComparedTest):
    def setUp(self):
        self.ours, self.theirs = self.connect(), self.postgres.connect()
        for connection in (self.ours, self.theirs):
            run(connection, "DROP TABLE IF EXISTS t, small")
            run(connection, "CREATE TABLE small (a int NOT NULL, b varchar(3), c int DEFAULT 7)")

    def tearDown(self):
        self.ours.close()
        self.theirs.close()

    def out(self, connection, sql):
        data = io.BytesIO()
        with connection.cursor() as cursor:
            cursor.copy_expert(sql, data)
        return data.getvalue()

    def into(self, connection, sql, data):
        """The error's SQLSTATE and message, or the rows' number."""
        try:
            with connection.cursor() as cursor:
                cursor.copy_expert(sql, io.BytesIO(data))
                return cursor.rowcount
        except psycopg2.Error as error:
            return error.pgcode, error.diag.message_primary

    def test_every_type(self):
        columns = ", ".join(f'"{name}" {name}' for name in COLUMNS)
        values = ", ".join(f"CASE WHEN g % 5 = 4 THEN NULL ELSE ({value})::{name} END"
                           for name, value in COLUMNS.items())
        written = []
        for connection in (self.theirs, self.ours):
            run(connection, f"CREATE TABLE t (id int PRIMARY KEY, {columns})")
            run(connection, f"INSERT INTO t SELECT g, {values} FROM generate_series(1, 9) g")
            written.append(self.out(connection, "COPY t TO STDOUT (FORMAT binary)"))
        self.assertEqual(*written)
        texts = []
        for connection in (self.theirs, self.ours):
            run(connection, "DELETE FROM t")
            self.assertEqual(self.into(connection, "COPY t FROM STDIN WITH BINARY", written[0]), 9)
            texts.append(self.out(connection, "COPY (SELECT * FROM t ORDER BY id) TO STDOUT"))
        self.assertEqual(*texts)

    def test_large(self):
        run(self.ours, "CREATE TABLE t (id int PRIMARY KEY, s text)")
        rows = [(i, (b"x" * (i % 3000)) if i % 10 else None) for i in range(20000)]
        data = SIGNATURE + b"".join(row(struct.pack("!i", i), s) for i, s in rows) + TRAILER
        self.assertEqual(self.into(self.ours, "COPY t FROM STDIN (FORMAT binary)", data), 20000)
        self.assertEqual(run(self.ours, "SELECT count(*), count(s), sum(length(s)) FROM t")[0],
                         (20000, 18000, sum(len(s) for _, s in rows if s is not None)))
        self.assertEqual(self.out(self.ours, "COPY (SELECT * FROM t ORDER BY id) TO STDOUT (FORMAT binary)"), data)

    def test_refusals(self):
        one = row(struct.pack("!i", 1), b"abc")
        copy = "COPY small (a, b) FROM STDIN (FORMAT binary)"
        for data in (
                SIGNATURE + one + TRAILER, SIGNATURE + one, SIGNATURE, SIGNATURE + TRAILER, b"", b"PGCOPY",
                b"x" * 30, SIGNATURE[:11] + struct.pack("!ii", 1 << 16, 0) + one,
                SIGNATURE[:11] + struct.pack("!ii", 0, 4) + b"more" + one + TRAILER,
                SIGNATURE[:11] + struct.pack("!ii", 0, -1) + one, SIGNATURE[:11] + struct.pack("!ii", 0, 9) + b"m",
                SIGNATURE + one + TRAILER + one, SIGNATURE + one + b"\0", SIGNATURE + one[:-1],
                SIGNATURE + row(b"abc"), SIGNATURE + row(b"1", b"2", b"3"), SIGNATURE + struct.pack("!h", -2),
                SIGNATURE + row(b"\0\0\1", b"a"), SIGNATURE + row(b"\0\0\0\0\1", b"a"),
                SIGNATURE + row(None, b"a"), SIGNATURE + row(struct.pack("!i", 1), None) + TRAILER,
                SIGNATURE + row(struct.pack("!i", 1), b"abcd"), SIGNATURE + row(struct.pack("!i", 1), b"\xff"),
                SIGNATURE + struct.pack("!hi", 2, -5), SIGNATURE + struct.pack("!hi", 2, 0x7fffffff)):
            with self.subTest(data):
                ours, theirs = self.into(self.ours, copy, data), self.into(self.theirs, copy, data)
                if ours != theirs and ours[0] == "22P03":
                    self.assertTrue(ours[1].startswith(theirs[1]))  # It says more.
                else:
                    self.assertEqual(ours, theirs)
        for options in ("FORMAT binary, DELIMITER ','", "FORMAT binary, NULL 'x'", "FORMAT binary, HEADER",
                        "FORMAT binary, QUOTE '\"'", "FORMAT nonsense"):
            with self.subTest(options):
                sql = f"COPY small FROM STDIN ({options})"
                self.assertEqual(self.into(self.ours, sql, b""), self.into(self.theirs, sql, b""))
        self.assertEqual(run(self.ours, "SELECT a, b, c FROM small ORDER BY b, a"),
                         run(self.theirs, "SELECT a, b, c FROM small ORDER BY b, a"))

    def test_random_bytes(self):
        generator = random.Random(5)
        good = SIGNATURE + row(struct.pack("!i", 1), b"abc") * 3 + TRAILER
        copy = "COPY small (a, b) FROM STDIN (FORMAT binary)"
        for _ in range(200):
            data = bytearray(good)
            for _ in range(generator.randint(1, 3)):
                data[generator.randrange(len(data))] = generator.randrange(256)
            ours, theirs = (self.into(connection, copy, bytes(data)) for connection in (self.ours, self.theirs))
            self.assertEqual(isinstance(ours, int), isinstance(theirs, int), (bytes(data), ours, theirs))
        self.assert_alive()


if __name__ == "__main__":
    unittest.main(verbosity=2)
