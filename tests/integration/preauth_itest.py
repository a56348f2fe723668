"""What somebody who has not logged in can cost: memory, threads, places, time, guesses, files."""
import os
import pathlib
import resource
import shutil
import socket
import stat
import struct
import threading
import time
import unittest

import grpc
import psycopg2

from adbms_process import PASSWORD, PATIENCE, Cluster, ClusterTest, run, sqlstate, wait_until
from wire_itest import Closed, Wire, states

MIB = 1 << 20
NOBODY = 65534


def resident_bytes(cluster):
    for line in pathlib.Path(f"/proc/{cluster.daemons['all'].process.pid}/status").open():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmRSS")


def allow_files(count):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(count, hard), hard))


def startup_packet(user="adbms"):
    body = struct.pack("!i", 196608) + f"user\0{user}\0database\0adbms\0\0".encode()
    return struct.pack("!i", len(body) + 4) + body


def varint(number):
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def begin_login(cluster):
    """A connection that has been asked for its first SASL message."""
    wire = Wire(cluster, start=False, tcp=True)
    wire.raw(startup_packet())
    kind, payload = wire.receive()
    assert (kind, payload[:4]) == (b"R", struct.pack("!i", 10)), (kind, payload)
    return wire


class MemoryTest(ClusterTest):
    def test_a_long_message_before_the_login_is_refused_by_its_length(self):
        before = resident_bytes(self.cluster)
        held = []
        for length in [250 * MIB] * 20 + [65536]:
            wire = begin_login(self.cluster)
            self.addCleanup(wire.close)
            wire.raw(b"p" + struct.pack("!i", length))
            self.assertEqual(states(wire.until_closed()), ["08P01"])
            held.append(wire)
        self.assertLess(resident_bytes(self.cluster) - before, 50 * MIB)

    def test_long_grpc_requests_without_credentials_take_little(self):
        # A request is read before it is known who sends it: 64 of 15 MiB at once are not kept.
        message = b"\x0a" + varint(15 * MIB) + b"x" * (15 * MIB)
        before = peak = resident_bytes(self.cluster)
        codes = []

        def call():
            with grpc.insecure_channel(self.cluster.addresses["grpc"], options=[
                    ("grpc.use_local_subchannel_pool", 1),
                    ("grpc.max_send_message_length", -1)]) as channel:
                execute = channel.unary_stream("/adbms.gateway.v1.GatewayService/Execute")
                try:
                    for _ in execute(message, timeout=60 * PATIENCE):
                        codes.append("answered")
                except grpc.RpcError as error:
                    codes.append(error.code().name)

        threads = [threading.Thread(target=call) for _ in range(64)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            peak = max(peak, resident_bytes(self.cluster))
            threads[0].join(0.01)
            threads = [thread for thread in threads if thread.is_alive()] or threads[:1]
        self.assertEqual(len(codes), 64)
        self.assertLessEqual(set(codes), {"UNAUTHENTICATED", "RESOURCE_EXHAUSTED", "UNAVAILABLE"})
        self.assertLess(peak - before, 450 * MIB * PATIENCE)
        with grpc.insecure_channel(self.cluster.addresses["grpc"], options=[
                ("grpc.max_send_message_length", -1)]) as channel:
            execute = channel.unary_stream("/adbms.gateway.v1.GatewayService/Execute")
            with self.assertRaises(grpc.RpcError) as refused:
                list(execute(b"x" * (17 * MIB)))
        self.assertEqual(refused.exception.code().name, "RESOURCE_EXHAUSTED")

    @unittest.skipIf(PATIENCE > 1, "a sanitizer's memory is not the program's")
    def test_buffers_of_long_messages_are_given_back(self):
        with Wire(self.cluster) as wire:
            wire.query("SELECT 1")
            before = resident_bytes(self.cluster)
            wire.query("SELECT 1 -- " + "x" * (200 * MIB))
            # The allocator returns pages to the system after a while, when it is used.
            wait_until(lambda: wire.query("SELECT 1") and
                       resident_bytes(self.cluster) - before < 100 * MIB, 60,
                       "the memory of a 200 MiB message is given back while the connection lives")


class TimeTest(ClusterTest):
    SETTINGS = ("gateway.pgwire.authentication_timeout_ms=2s",)

    def seconds_open(self, wire, data, pause):
        """Sends byte by byte; how long the server listens."""
        start = time.monotonic()
        wire.socket.settimeout(pause)
        for byte in data:
            try:
                wire.raw(bytes([byte]))
                if not wire.socket.recv(1):
                    break
            except socket.timeout:
                continue
            except (Closed, ConnectionResetError):
                break
        return time.monotonic() - start

    def test_the_limit_counts_from_the_connect(self):
        with Wire(self.cluster, start=False, tcp=True) as wire:
            self.assertLess(self.seconds_open(wire, startup_packet(), 0.7), 6 * PATIENCE)
        with begin_login(self.cluster) as wire:
            self.assertLess(self.seconds_open(wire, b"p" + struct.pack("!i", 1000) + b"x" * 30, 0.7),
                            6 * PATIENCE)


class PlacesTest(ClusterTest):
    def test_silent_sockets_keep_nobody_out(self):
        allow_files(4096)
        silent = []
        try:
            for _ in range(1100):
                silent.append(socket.create_connection((self.cluster.host, self.cluster.port)))
            self.assertEqual(self.cluster.rows("SELECT 42"), [(42,)])
            other = self.cluster.connect(host=self.cluster.host, password=PASSWORD)
            self.assertEqual(run(other, "SELECT 42"), [(42,)])
            other.close()
        finally:
            for one in silent:
                one.close()

    def test_silent_local_sockets_neither(self):
        allow_files(4096)
        held = [Wire(self.cluster, start=False) for _ in range(1100)]
        try:
            self.assertEqual(self.cluster.rows("SELECT 42"), [(42,)])
        finally:
            for one in held:
                one.close()


class ReservedPlacesTest(ClusterTest):
    SETTINGS = ("gateway.pgwire.max_connections=5",
                "gateway.pgwire.superuser_reserved_connections=2")

    def test_superusers_have_the_last_places(self):
        self.cluster.rows("CREATE ROLE clerk LOGIN")
        held = []
        try:
            wait_until(lambda: self.fill(held, 3), 10, "three of the clerk's")
            with self.assertRaises(psycopg2.OperationalError) as refused:
                self.cluster.connect(user="clerk")
            self.assertIn("reserved for superusers", str(refused.exception))
            held += [self.cluster.connect() for _ in range(2)]
            with self.assertRaises(psycopg2.OperationalError) as refused:
                self.cluster.connect()
            self.assertIn("too many clients", str(refused.exception))
        finally:
            for one in held:
                one.close()

    def fill(self, held, count):
        while len(held) < count:  # The place of the connection before is free in a moment.
            held.append(self.cluster.connect(user="clerk"))
        return True


@unittest.skipUnless(os.geteuid() == 0, "the limit of threads is set for another user")
class ThreadsTest(unittest.TestCase):
    def test_no_thread_left_is_an_answer(self):
        cluster = Cluster(prefix=["prlimit", "--nproc=160", "setpriv", f"--reuid={NOBODY}",
                                  f"--regid={NOBODY}", "--clear-groups"],
                          settings=["gateway.pgwire.max_unauthenticated_connections=1000"])
        self.addCleanup(cluster.remove)
        for directory in (cluster.directory, cluster.socket_dir):
            shutil.chown(directory, NOBODY, NOBODY)
        cluster.start()
        held = []
        try:
            refused = []
            for _ in range(250):
                wire = Wire(cluster, start=False, tcp=True)
                held.append(wire)
            held[-1].socket.settimeout(20 * PATIENCE)
            try:
                refused = states(held[-1].until_closed())
            except socket.timeout:
                self.fail("the last of 250 connections got a thread: the limit was not reached")
            self.assertEqual(refused, ["53000"])
        finally:
            for one in held:
                one.close()

        def login():
            connection = cluster.connect(host=cluster.host, password=PASSWORD)
            try:
                return run(connection, "SELECT 42")
            finally:
                connection.close()

        self.assertEqual(wait_until(login, 20, "a login when threads are free again"), [(42,)])
        self.assertEqual(cluster.stop(), {"all": 0})


class GuessingTest(ClusterTest):
    def guess(self, user, password="wrong"):
        try:
            self.cluster.connect(host=self.cluster.host, user=user, password=password).close()
            return True
        except psycopg2.OperationalError:
            return False

    def test_guessing_is_slowed_and_others_are_not(self):
        admin = self.connect()
        for role in ("victim", "app"):
            run(admin, f"CREATE ROLE {role} LOGIN PASSWORD 'right'")
        self.assertTrue(self.guess("app", "right"))
        end = time.monotonic() + 5
        made = [0] * 8

        def work(number):
            while time.monotonic() < end:
                self.guess("victim")
                if time.monotonic() < end:
                    made[number] += 1

        workers = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for worker in workers:
            worker.start()
        # Meanwhile who has logged in from there before gets in as ever, and so does the socket.
        slowest = 0
        while time.monotonic() < end - 1:
            start = time.monotonic()
            self.assertTrue(self.guess("app", "right"))
            slowest = max(slowest, time.monotonic() - start)
        self.connect(user="victim").close()
        for worker in workers:
            worker.join()
        failed = int(run(admin, "SELECT count(*) FROM adbms.security_events "
                                "WHERE role = 'victim'")[0][0])
        self.assertGreaterEqual(failed, 1)
        self.assertLess(self.judged("victim"), 25, "guesses that were judged in five seconds")
        self.assertLess(slowest, 2 * PATIENCE)

    def judged(self, user):
        log = (self.cluster.directory / "logs" / "audit.jsonl").read_text().splitlines()
        return sum(f'"user":"{user}"' in line and '"sqlstate":"28P01"' in line for line in log)

    def test_spraying_names_is_an_event(self):
        for number in range(12):
            self.assertFalse(self.guess(f"name{number}"))
        wait_until(lambda: self.cluster.rows("SELECT detail FROM adbms.security_events WHERE kind = "
                                             "'password_spraying'"), 10, "the security event")


class FilesTest(unittest.TestCase):
    def open_files(self, cluster):
        found = []
        for path in [cluster.directory, *cluster.directory.rglob("*")]:
            mode = path.lstat().st_mode
            if path.suffix != ".stderr" and mode & 0o077 and not stat.S_ISLNK(mode):
                found.append((oct(stat.S_IMODE(mode)), str(path)))
        return found

    def test_everything_is_the_daemons_users_alone(self):
        cluster = Cluster()
        self.addCleanup(cluster.remove)
        before = os.umask(0o022)
        self.addCleanup(os.umask, before)
        cluster.start()
        cluster.rows("CREATE TABLE t (n int)")
        cluster.rows("SELECT adbms.run_all_tables()")
        self.assertTrue(list((cluster.directory / "logs").glob("summary_*/*")))
        self.assertEqual(self.open_files(cluster), [])
        cluster.stop()
        # What a copy or an earlier version has left open is closed at the start.
        for path in cluster.directory.rglob("*"):
            if "secret" not in path.name and "password" not in path.name:
                path.chmod(0o755 if path.is_dir() else 0o644)
        cluster.directory.chmod(0o755)
        cluster.start()
        self.assertEqual(self.open_files(cluster), [])
        cluster.stop()


if __name__ == "__main__":
    unittest.main()
