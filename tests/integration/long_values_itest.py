"""Values of 200 MB come and go by each way, in one process and in seven."""
import io
import os
import time
import unittest

from adbms_process import PATIENCE, ClusterTest, run
from wire_itest import Wire, states, values

MIB = 1 << 20


class LongValues:
    """Values of 200 MB by each way in, and back."""

    SIZE = 200 * MIB
    LIMIT_SECONDS = 60 * PATIENCE

    def test_long_values_come_and_go(self):
        connection = self.connect()
        run(connection, "CREATE TABLE long_values (id int PRIMARY KEY, b bytea)")
        value = os.urandom(MIB) * (self.SIZE // MIB)
        text = b"\\x" + value.hex().encode()
        wire = Wire(self.cluster)
        self.addCleanup(wire.close)
        wire.socket.settimeout(self.LIMIT_SECONDS)

        def bound(key, parameter, form):
            wire.parse("INSERT INTO long_values VALUES ($1::int, $2)")
            wire.bind((key, parameter), formats=(0, form))
            wire.execute()
            return wire.sync()

        ways = {
            1: lambda: wire.query(b"INSERT INTO long_values VALUES (1, '" + text + b"')"),
            2: lambda: bound(b"2", text, 0),
            3: lambda: bound(b"3", value, 1),
            4: lambda: copy_in(),
        }

        def copy_in():
            with connection.cursor() as cursor:
                cursor.copy_expert("COPY long_values FROM STDIN",
                                   io.BytesIO(b"4\t\\" + text + b"\n"))
            return []

        for way, put in ways.items():
            start = time.monotonic()
            self.assertEqual(states(put()), [], way)
            self.assertLess(time.monotonic() - start, self.LIMIT_SECONDS, way)
        self.assertEqual(run(connection, "SELECT id, length(b) FROM long_values ORDER BY id"),
                         [(way, self.SIZE) for way in ways])
        for way in ways:
            wire.parse("SELECT b FROM long_values WHERE id = $1::int")
            wire.bind((str(way).encode(),), results=(1,))
            wire.execute()
            messages = wire.sync()
            self.assertEqual(states(messages), [], way)
            self.assertTrue(values(messages)[0][6:] == value, way)
        # What is cut out of the statement is not what decides how it is planned.
        self.assertEqual(
            run(connection, "SELECT id FROM long_values WHERE id = 2 AND length('" +
                "x" * (20 * MIB) + f"') = {20 * MIB}"), [(2,)])
        # A parameter that nobody gives is missed where it stands.
        self.assertEqual(
            states(wire.query(b"SELECT '" + b"x" * (2 * MIB) + b"' = $1")), ["42P02"])
        # In a transaction that has changed the schema as well.
        run(connection, "BEGIN")
        run(connection, "CREATE TABLE more_values (t text)")
        run(connection, "INSERT INTO more_values VALUES ('" + "x" * (20 * MIB) + "')")
        run(connection, "COMMIT")
        self.assertEqual(run(connection, "SELECT length(t) FROM more_values"), [(20 * MIB,)])
        self.assert_alive()


class LongValuesTest(LongValues, ClusterTest):
    pass


class LongValuesSeparateTest(LongValues, ClusterTest):
    SEPARATE = True


if __name__ == "__main__":
    unittest.main(verbosity=2)
