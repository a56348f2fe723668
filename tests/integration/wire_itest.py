"""The PostgreSQL wire spoken badly, over raw sockets: the right SQLSTATE, and a daemon that goes on."""
import pathlib
import random
import socket
import struct
import time
import unittest

from adbms_process import PATIENCE, ClusterTest, run, wait_until

SECONDS = 20 * PATIENCE


class Closed(Exception):
    """The server has closed the connection."""


class Wire:
    """A socket with just enough of the protocol to speak it wrong."""

    def __init__(self, cluster, start=True, tcp=False, receive_buffer=None):
        if tcp:
            self.socket = socket.socket(socket.AF_INET)
            address = (cluster.host, cluster.port)
        else:
            self.socket = socket.socket(socket.AF_UNIX)
            address = f"{cluster.socket_dir}/.s.PGSQL.{cluster.port}"
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(SECONDS)
        try:
            self.socket.connect(address)
        except BlockingIOError:  # A unix socket whose queue is full says so at once, where TCP would wait.
            wait_until(lambda: self.socket.connect_ex(address) == 0, SECONDS, "a place in the queue of the server")
        self.pid = self.secret = None
        if start:
            self.startup()

    def startup(self, user="adbms", **parameters):
        body = struct.pack("!i", 196608)
        for name, value in dict(user=user, database="adbms", **parameters).items():
            body += name.encode() + b"\0" + value.encode() + b"\0"
        self.untyped(body + b"\0")
        for kind, payload in self.until_ready():
            if kind == b"K":
                self.pid, self.secret = struct.unpack("!ii", payload)

    # Sending -----------------------------------------------------------------------------------

    def raw(self, data):
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError) as error:
            raise Closed from error

    def untyped(self, body):
        self.raw(struct.pack("!i", len(body) + 4) + body)

    def send(self, kind, body=b""):
        self.raw(kind + struct.pack("!i", len(body) + 4) + body)

    def query(self, sql):
        self.send(b"Q", (sql if isinstance(sql, bytes) else sql.encode()) + b"\0")
        return self.until_ready()

    def parse(self, sql, name=b"", types=()):
        self.send(b"P", name + b"\0" + sql.encode() + b"\0" + struct.pack("!h", len(types)) +
                  b"".join(struct.pack("!I", one) for one in types))

    def bind(self, values=(), portal=b"", statement=b"", formats=(), results=(), count=None):
        body = portal + b"\0" + statement + b"\0" + struct.pack("!h", len(formats))
        body += b"".join(struct.pack("!h", one) for one in formats)
        body += struct.pack("!h", len(values) if count is None else count)
        for value in values:
            body += struct.pack("!i", -1) if value is None else (
                struct.pack("!i", len(value)) + value)
        body += struct.pack("!h", len(results))
        self.send(b"B", body + b"".join(struct.pack("!h", one) for one in results))

    def execute(self, portal=b"", rows=0):
        self.send(b"E", portal + b"\0" + struct.pack("!i", rows))

    def sync(self):
        self.send(b"S")
        return self.until_ready()

    # Receiving ---------------------------------------------------------------------------------

    def exactly(self, size):
        data = bytearray()
        while len(data) < size:
            try:
                part = self.socket.recv(min(size - len(data), 1 << 20))
            except ConnectionResetError as error:
                raise Closed from error
            if not part:
                raise Closed
            data += part
        return bytes(data)

    def receive(self):
        kind = self.exactly(1)
        length, = struct.unpack("!i", self.exactly(4))
        return kind, self.exactly(length - 4)

    def until_ready(self):
        messages = []
        while True:
            messages.append(self.receive())
            if messages[-1][0] == b"Z":
                return messages

    def until_closed(self):
        messages = []
        try:
            while True:
                messages.append(self.receive())
        except Closed:
            return messages

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()


def states(messages):
    """The SQLSTATEs of the errors among the messages."""
    found = []
    for kind, payload in messages:
        if kind == b"E":
            fields = {part[:1]: part[1:] for part in payload.split(b"\0") if part}
            found.append(fields[b"C"].decode())
    return found


def values(messages):
    return [payload for kind, payload in messages if kind == b"D"]


class WireTest(ClusterTest):
    SETTINGS = ("gateway.pgwire.authentication_timeout_ms=2s",)

    def tearDown(self):
        self.assert_alive()

    def wire(self, **options):
        wire = Wire(self.cluster, **options)
        self.addCleanup(wire.close)
        return wire

    def assert_session_lives(self, wire):
        answer = wire.query("SELECT 42")
        self.assertEqual(states(answer), [])
        self.assertEqual(values(answer)[0][-2:], b"42")
        self.assertEqual(answer[-1], (b"Z", b"I"))

    # Start-up ------------------------------------------------------------------------------------

    def test_garbage_start_up(self):
        for name, data in {
                "length too short": struct.pack("!ii", 4, 196608),
                "negative length": struct.pack("!ii", -1, 196608),
                "length too long": struct.pack("!ii", 1 << 30, 196608),
                "http": b"GET / HTTP/1.1\r\nHost: here\r\n\r\n",
                "zeros": b"\0" * 64,
                "protocol 2": struct.pack("!iHH", 8, 2, 0),
                "protocol 99": struct.pack("!iHH", 8, 99, 0),
                "no terminator": struct.pack("!ii", 12, 196608) + b"user",
                "no user": struct.pack("!ii", 9, 196608) + b"\0",
                "cancel too short": struct.pack("!ii", 12, 80877102) + b"1234",
        }.items():
            for tcp in (False, True):
                with self.subTest(name, tcp=tcp), self.wire(start=False, tcp=tcp) as wire:
                    wire.raw(data)
                    answer = wire.until_closed()
                    self.assertLessEqual(len(answer), 1)
                    self.assertLessEqual(set(states(answer)), {"08P01", "28000"})
                    if name != "cancel too short":
                        self.assertEqual(len(answer), 1, "it was not told why")

    def test_random_start_up_bytes(self):
        generator = random.Random(20240601)
        for _ in range(200):
            with self.wire(start=False) as wire:
                wire.raw(generator.randbytes(generator.randrange(1, 400)))
                wire.socket.shutdown(socket.SHUT_WR)
                wire.until_closed()

    def test_silent_client_is_let_go(self):
        wire = self.wire(start=False)
        begun = time.monotonic()
        wire.until_closed()
        self.assertLess(time.monotonic() - begun, 10)

    def test_ssl_is_declined_and_gss_too(self):
        wire = self.wire(start=False)
        wire.raw(struct.pack("!ii", 8, 80877103))
        self.assertEqual(wire.exactly(1), b"N")
        wire.raw(struct.pack("!ii", 8, 80877104))
        self.assertEqual(wire.exactly(1), b"N")
        wire.startup()
        self.assert_session_lives(wire)

    def test_bytes_smuggled_after_an_ssl_request(self):
        wire = self.wire(start=False)
        wire.raw(struct.pack("!ii", 8, 80877103) + b"Q\0\0\0\rSELECT 1\0")
        self.assertEqual(states(wire.until_closed()), ["08P01"])

    def test_start_up_settings(self):
        wire = self.wire(start=False)
        wire.startup(application_name="wire", timezone="Europe/Berlin")
        self.assertIn(b"Europe/Berlin", b"".join(values(wire.query("SHOW timezone"))))
        self.assertEqual(states(wire.query("SET datestyle = 'ISO, DMY'")), [])
        self.assertIn(b"2003-02-01", b"".join(values(wire.query("SELECT '01/02/2003'::date"))))
        wrong = self.wire(start=False)
        with self.assertRaises(Closed):
            wrong.startup(no_such_setting="1")
        absent = self.wire(start=False)
        body = struct.pack("!i", 196608) + b"user\0adbms\0database\0absent\0\0"
        absent.untyped(body)
        self.assertEqual(states(absent.until_closed()), ["3D000"])

    # Messages ------------------------------------------------------------------------------------

    def test_impossible_lengths(self):
        for name, header in {"negative": struct.pack("!ci", b"Q", -5),
                             "less than itself": struct.pack("!ci", b"Q", 3),
                             "over the limit": struct.pack("!ci", b"Q", 2000000000)}.items():
            with self.subTest(name), self.wire() as wire:
                wire.raw(header + b"SELECT 1\0")
                self.assertEqual(states(wire.until_closed()), ["08P01"])

    def test_unknown_type(self):
        for kind in (b"?", b"\0", b"\xff", b"T", b"p"):
            with self.subTest(kind=kind), self.wire() as wire:
                wire.send(kind, b"abc")
                self.assertEqual(states(wire.until_closed()), ["08P01"])

    def test_truncated_payloads(self):
        for kind, body in {b"Q": b"SELECT 1", b"P": b"name", b"B": b"\0", b"D": b"", b"E": b"x",
                           b"C": b"S"}.items():
            with self.subTest(kind=kind), self.wire() as wire:
                wire.send(kind, body)
                answer = wire.until_ready() if kind == b"Q" else wire.sync()
                self.assertEqual(states(answer), ["08P01"])
                self.assert_session_lives(wire)

    def test_extended_messages_out_of_order(self):
        wire = self.wire()
        wire.execute(b"nowhere")
        self.assertEqual(states(wire.sync()), ["34000"])
        wire.bind(statement=b"nothing")
        self.assertEqual(states(wire.sync()), ["26000"])
        wire.send(b"D", b"Snothing\0")
        self.assertEqual(states(wire.sync()), ["26000"])
        wire.send(b"D", b"Pnowhere\0")
        self.assertEqual(states(wire.sync()), ["34000"])
        wire.send(b"D", b"Xnothing\0")
        self.assertEqual(states(wire.sync()), ["08P01"])
        wire.send(b"C", b"Snothing\0")  # Closing what is not there is no error.
        self.assertEqual(states(wire.sync()), [])
        for stray in (b"d", b"c", b"f"):  # Left over from a COPY.
            wire.send(stray, b"x\0")
        wire.send(b"F", struct.pack("!ihhh", 1, 0, 0, 0))
        self.assertEqual(states(wire.until_ready()), ["0A000"])
        self.assert_session_lives(wire)

    def test_after_an_error_everything_up_to_sync_is_skipped(self):
        wire = self.wire()
        wire.parse("SELECT nonsense")
        wire.parse("SELECT 1")
        wire.bind()
        wire.execute()
        wire.send(b"Q", b"SELECT 2\0")
        answer = wire.sync()
        self.assertEqual(states(answer), ["42703"])
        self.assertEqual(values(answer), [])
        self.assert_session_lives(wire)

    def test_bind_with_wrong_counts_and_formats(self):
        int4 = 23
        cases = {
            "too few values": (dict(values=[b"1"]), "08P01"),
            "too many values": (dict(values=[b"1", b"2", b"3"]), "08P01"),
            "fewer values than it says": (dict(values=[b"1"], count=2), "08P01"),
            "no number": (dict(values=[b"1", b"x"]), "22P02"),
            "short binary": (dict(values=[b"\0\0\0\1", b"\0"], formats=(1,)), "08P01"),
            "long binary": (dict(values=[b"\0\0\0\1", b"\0" * 9], formats=(1,)), "22P03"),
            "format that is none": (dict(values=[b"1", b"2"], formats=(7,)), "22023"),
            "more formats than values": (dict(values=[b"1", b"2"], formats=(0, 0, 0)), "08P01"),
            "result format that is none": (dict(values=[b"1", b"2"], results=(9,)), "22023"),
            "more result formats than columns": (
                dict(values=[b"1", b"2"], results=(0, 0, 0)), "08P01"),
            "text with a NUL": (dict(values=[b"1", b"1\0"]), "22021"),
        }
        wire = self.wire()
        for name, (arguments, state) in cases.items():
            with self.subTest(name):
                wire.parse("SELECT $1 + $2", types=(int4, int4))
                wire.bind(**arguments)
                wire.execute()
                answer = wire.sync()
                self.assertEqual(states(answer), [state])
                self.assertEqual(values(answer), [])
                self.assert_session_lives(wire)

    def test_binary_both_ways(self):
        wire = self.wire()
        wire.parse("SELECT $1 + 1, $2", types=(23, 25))
        wire.bind([struct.pack("!i", 41), "grün".encode()], formats=(1,), results=(1, 0))
        wire.execute()
        answer = wire.sync()
        self.assertEqual(states(answer), [])
        row = values(answer)[0]
        self.assertEqual(row, struct.pack("!hii", 2, 4, 42) + struct.pack("!i", 5) +
                         "grün".encode())

    def test_portal_read_in_pieces(self):
        wire = self.wire()
        wire.parse("SELECT g FROM generate_series(1, 10) g")
        wire.bind(portal=b"p")
        wire.execute(b"p", rows=4)
        wire.send(b"H")
        wire.execute(b"p", rows=4)
        wire.execute(b"p", rows=4)
        answer = wire.sync()
        self.assertEqual(len(values(answer)), 10)
        self.assertEqual([kind for kind, _ in answer if kind in (b"s", b"C")], [b"s", b"s", b"C"])
        wire.execute(b"p")  # Gone with its transaction.
        self.assertEqual(states(wire.sync()), ["34000"])

    def test_what_writes_is_done_however_many_rows_are_fetched(self):
        wire = self.wire()
        wire.query("DROP TABLE IF EXISTS written; CREATE TABLE written (id int PRIMARY KEY, v int)")
        for sql, rows, kinds in (
                ("INSERT INTO written SELECT g, 0 FROM generate_series(1, 5000) g RETURNING id", 1, [b"s"]),
                ("UPDATE written SET v = 1 WHERE id < 4 RETURNING id", 3, [b"s"]),
                ("WITH w AS (DELETE FROM written WHERE id > 4000 RETURNING id) SELECT * FROM w", 2, [b"s"]),
                ("INSERT INTO written VALUES (-1, 0)", 1, [b"C"]),
                ("DELETE FROM written WHERE id = 10 RETURNING id", 2, [b"C"])):
            wire.parse(sql)
            wire.bind()
            wire.execute(rows=rows)
            answer = wire.sync()
            self.assertEqual([kind for kind, _ in answer if kind in (b"s", b"C", b"E")], kinds, sql)
            self.assertEqual(len(values(answer)), rows if kinds == [b"s"] else int("RETURNING" in sql), sql)
        counts = values(wire.query("SELECT count(*), sum(v) FROM written"))[0]
        self.assertEqual(counts, struct.pack("!hi", 2, 4) + b"4000" + struct.pack("!i", 1) + b"3")
        # In pieces: all of them, and the tag of what was written.
        wire.query("BEGIN")
        wire.parse("DELETE FROM written WHERE id < 6 RETURNING id")
        wire.bind(portal=b"d")
        for expected in (3, 3):
            wire.execute(b"d", rows=3)
            answer = wire.sync()
            self.assertEqual(len(values(answer)), expected)
        wire.execute(b"d", rows=3)
        self.assertEqual([payload for kind, payload in wire.sync() if kind == b"C"], [b"DELETE 6\0"])
        # A row that fails does so at the first of them, and nothing of it stays.
        wire.query("COMMIT")
        wire.parse("INSERT INTO written SELECT 1000 - g, 0 FROM generate_series(1, 3000) g RETURNING id")
        wire.bind()
        wire.execute(rows=1)
        self.assertEqual(states(wire.sync()), ["23505"])
        self.assertEqual(values(wire.query("SELECT count(*) FROM written"))[0][-4:], b"3994")

    def test_sync_storm(self):
        wire = self.wire()
        wire.raw(b"S\0\0\0\4" * 20000)
        for _ in range(20000):
            self.assertEqual(wire.receive(), (b"Z", b"I"))
        self.assert_session_lives(wire)

    def test_pipelined_statements(self):
        wire = self.wire()
        # More than that, unread, and both sides would wait for each other, as with PostgreSQL.
        for number in range(60):
            wire.parse(f"SELECT {number}")
            wire.bind()
            wire.execute()
            wire.send(b"S")
        for number in range(60):
            answer = wire.until_ready()
            self.assertEqual(states(answer), [])
            self.assertTrue(values(answer)[0].endswith(str(number).encode()))

    def test_half_messages_and_vanishing_clients(self):
        for data in (b"Q", b"Q\0\0", b"Q\0\0\0\x20SELECT", b"P\0\0\1\0half a parse",
                     b"B\0\0\0\x50\0\0\0\1", b"d\0\0\0"):
            with self.subTest(data=data), self.wire() as wire:
                wire.raw(data)
        with self.wire() as wire:  # In the middle of a transaction and of a COPY.
            wire.query("CREATE TABLE IF NOT EXISTS vanished (n int)")
            wire.query("BEGIN")
            wire.query("INSERT INTO vanished VALUES (1)")
            wire.send(b"Q", b"COPY vanished FROM STDIN\0")
            self.assertEqual(wire.receive()[0], b"G")
            wire.send(b"d", b"2\n3\n")
        wait_until(lambda: self.cluster.rows("SELECT count(*) FROM vanished") == [(0,)], 10,
                   "what vanished clients began is undone")
        wait_until(lambda: self.cluster.rows("TRUNCATE vanished") is None, 10,
                   "and holds no locks")

    def test_copy_interrupted_by_other_messages(self):
        wire = self.wire()
        wire.query("CREATE TABLE IF NOT EXISTS copied (n int)")
        wire.send(b"Q", b"COPY copied FROM STDIN\0")
        self.assertEqual(wire.receive()[0], b"G")
        wire.send(b"d", b"1\n")
        wire.send(b"Q", b"SELECT 1\0")
        answer = wire.until_ready()
        self.assertEqual(states(answer)[:1], ["08P01"])
        self.assertEqual(self.cluster.rows("SELECT count(*) FROM copied"), [(0,)])
        with self.wire() as other:
            other.send(b"Q", b"COPY copied FROM STDIN\0")
            self.assertEqual(other.receive()[0], b"G")
            other.send(b"d", b"1\nx\n")
            other.send(b"c")
            self.assertEqual(states(other.until_ready()), ["22P02"])
            other.send(b"Q", b"COPY copied FROM STDIN\0")
            self.assertEqual(other.receive()[0], b"G")
            other.send(b"f", b"changed my mind\0")
            self.assertEqual(states(other.until_ready()), ["57014"])
            self.assert_session_lives(other)

    # Cancel --------------------------------------------------------------------------------------

    def cancel(self, pid, secret):
        with self.wire(start=False) as wire:
            wire.raw(struct.pack("!iiii", 16, 80877102, pid, secret))
            self.assertEqual(wire.until_closed(), [])

    def test_a_cancel_is_over_when_the_next_statement_is_parsed(self):
        wire = self.wire()
        wire.query("CREATE TABLE IF NOT EXISTS after_cancel (n int)")
        self.cancel(wire.pid, wire.secret)  # Nothing runs. What follows is planned anew.
        wire.parse("SELECT count(*) AS never_asked_before FROM after_cancel")
        wire.bind()
        wire.execute()
        answer = wire.sync()
        self.assertEqual(states(answer), [])
        self.assertEqual(len(values(answer)), 1)

    def test_cancel_request(self):
        wire = self.wire()
        wire.send(b"Q", b"SELECT pg_sleep(60)\0")
        self.cancel(wire.pid, wire.secret ^ 1)
        self.cancel(wire.pid + 100000, wire.secret)
        wire.socket.settimeout(0.5)
        with self.assertRaises(TimeoutError):
            wire.receive()
        wire.socket.settimeout(SECONDS)
        self.cancel(wire.pid, wire.secret)
        self.assertEqual(states(wire.until_ready()), ["57014"])
        self.assert_session_lives(wire)
        self.cancel(wire.pid, wire.secret)  # Nothing runs: nothing happens.
        self.assert_session_lives(wire)

    # Statements ----------------------------------------------------------------------------------

    def test_statement_of_64_mebibytes(self):
        wire = self.wire()
        long_text = "x" * (64 << 20)
        # A long constant is taken; any other text of this length is past the limit on statements.
        answer = wire.query(f"SELECT length('{long_text}')")
        self.assertEqual(states(answer), [])
        self.assertTrue(values(answer)[0].endswith(str(64 << 20).encode()))
        self.assertEqual(states(wire.query("SELECT " + "(" * (64 << 20))), ["54001"])
        self.assert_session_lives(wire)
        long_text = "x" * (15 << 20)
        answer = wire.query(f"SELECT length('{long_text}')")
        self.assertEqual(states(answer), [])
        self.assertTrue(values(answer)[0].endswith(str(15 << 20).encode()))
        # As a parameter a text may be longer.
        long_text = "y" * (64 << 20)
        wire.parse("SELECT length($1)", types=(25,))
        wire.bind([long_text.encode()])
        wire.execute()
        answer = wire.sync()
        self.assertEqual(states(answer), [])
        self.assertTrue(values(answer)[0].endswith(str(64 << 20).encode()))
        self.assert_session_lives(wire)

    def test_nesting_of_100000(self):
        depth = 100000
        chain = 10000  # Of what nests to the left: parsing takes time by the square of it.
        for name, sql in {
                "parentheses": "SELECT " + "(" * depth + "1" + ")" * depth,
                "functions": "SELECT " + "abs(" * depth + "1" + ")" * depth,
                "not": "SELECT " + "NOT " * depth + "true",
                "minus": "SELECT " + "- " * depth + "1",
                "casts": "SELECT 1" + "::int" * chain,
                "case": "SELECT " + "CASE WHEN true THEN " * depth + "1" + " END" * depth,
                "subqueries": "SELECT * FROM " + "(SELECT * FROM " * depth + "pg_class" +
                              ") s" * depth,
                "or": "SELECT true" + " OR false" * depth,
                "plus": "SELECT 1" + " + 1" * chain,
                "union": "SELECT 1" + " UNION ALL SELECT 1" * chain,
                "in": "SELECT 1 WHERE 1 IN (" + "1," * depth + "1)",
        }.items():
            with self.subTest(name), self.wire() as wire:
                found = states(wire.query(sql))
                self.assertLessEqual(set(found), {"54001", "54000", "42601", "54011"})
                if name in ("functions", "not", "case", "subqueries"):
                    self.assertEqual(len(found), 1)
                self.assert_session_lives(wire)
                wire.parse(sql)
                wire.bind()
                wire.execute()
                wire.sync()
                self.assert_session_lives(wire)

    def test_bytes_that_are_no_text(self):
        wire = self.wire()
        answer = wire.query(b"SELECT 1\0 + 1")  # The message has bytes after its string.
        self.assertEqual(states(answer), ["08P01"])
        for bytes_ in (b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80", b"\xc0\x80"):
            with self.subTest(bytes=bytes_):
                self.assertEqual(states(wire.query(b"SELECT '" + bytes_ + b"'")), ["22021"])
                self.assertEqual(states(wire.query(b'SELECT 1 AS "' + bytes_ + b'"')), ["22021"])
                wire.parse("SELECT $1", types=(25,))
                wire.bind([bytes_])
                wire.execute()
                self.assertEqual(states(wire.sync()), ["22021"])
                self.assert_session_lives(wire)
        self.assertEqual(states(wire.query("SELECT E'\\000'")), ["22021"])
        self.assertEqual(states(wire.query("SELECT chr(0)")), ["54000"])

    def test_many_prepared_statements_and_portals(self):
        wire = self.wire()
        for number in range(2000):
            wire.parse(f"SELECT {number}", name=b"s%d" % number)
        answer = wire.sync()
        self.assertEqual(states(answer), [])
        wire.parse("SELECT 1", name=b"s7")
        self.assertEqual(states(wire.sync()), ["42P05"])
        wire.parse("SELECT 1; SELECT 2")
        self.assertEqual(states(wire.sync()), ["42601"])

    # Memory --------------------------------------------------------------------------------------

    def resident_mebibytes(self):
        status = pathlib.Path(
            f"/proc/{self.cluster.daemons[self.producer()].process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def producer(self):
        return "all"

    def test_client_that_does_not_read(self):
        wire = self.wire(tcp=False, receive_buffer=65536)
        before = self.resident_mebibytes()
        # About 4 GB of rows, if anyone made them all.
        wire.send(b"Q", b"SELECT g, repeat('x', 200) FROM generate_series(1, 20000000) g\0")
        wire.exactly(1)
        most = before
        settled = time.monotonic() + 3
        while time.monotonic() < settled:
            most = max(most, self.resident_mebibytes())
            time.sleep(0.05)
        self.assertLess(most - before, 200, "the result was gathered instead of held back")
        self.cancel(wire.pid, wire.secret)
        wire.close()


class SeparateWireTest(WireTest):
    """The same, where everything else is in other processes."""

    SEPARATE = True

    def producer(self):
        return "storage"


class ConnectionLimitTest(ClusterTest):
    SETTINGS = ("gateway.pgwire.max_connections=5",)

    def test_one_too_many(self):
        held = [self.cluster.connect() for _ in range(5)]
        with Wire(self.cluster, start=False) as wire:
            body = struct.pack("!i", 196608) + b"user\0adbms\0database\0adbms\0\0"
            wire.untyped(body)
            self.assertEqual(states(wire.until_closed()), ["53300"])
        self.assertEqual(run(held[0], "SELECT 42"), [(42,)])
        with Wire(self.cluster, start=False) as cancel:  # Cancelling needs no seat.
            cancel.raw(struct.pack("!iiii", 16, 80877102, 1, 1))
            self.assertEqual(cancel.until_closed(), [])
        for connection in held:
            connection.close()
        wait_until(lambda: self.cluster.rows("SELECT 42"), 10, "there is room again")


if __name__ == "__main__":
    unittest.main()
