"""TLS on every listener, in one process and in seven: clients that check it, and what is thrown at it."""
import asyncio
import contextlib
import json
import re
import signal
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request

import grpc
import psycopg2

from adbms_process import ADBMSD, PASSWORD, PATIENCE, free_ports, run, wait_until
from sdk_process import ROOT  # Also where the library is found.
from tls_process import SECONDS, SSL_REQUEST, Authority, TlsCluster, adbms, handshake, shown

import adbms as sdk

# Short, so that what never ends is seen to end.
LOGIN_SECONDS = 3 * PATIENCE


def startup_packet():
    body = struct.pack("!i", 196608) + b"user\0adbms\0database\0adbms\0\0"
    return struct.pack("!i", len(body) + 4) + body


def other_address():
    """An address of this machine that is not loopback; None where it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # Nothing is sent.
            address = probe.getsockname()[0]
        except OSError:
            return None
    return None if address.startswith("127.") else address


class Shared:
    """The tests of both forms of the cluster."""

    SEPARATE = False

    @classmethod
    def setUpClass(cls):
        cls.authority = Authority(*(["all", "storage", "security", "optimizer", "tuner", "indexer",
                                     "orchestrator"] if cls.SEPARATE else []), "gateway")
        cls.addClassCleanup(cls.authority.remove)
        cls.cluster = TlsCluster(cls.authority, separate=cls.SEPARATE, settings=[
            f"gateway.pgwire.authentication_timeout_ms={LOGIN_SECONDS}s", "orchestrator.autonomy=off"])
        cls.addClassCleanup(cls.cluster.remove)
        cls.cluster.start()

    def connect(self, **options):
        connection = self.cluster.connect(**options)
        self.addCleanup(connection.close)
        return connection

    def https(self, path, context=None, process=None):
        address = self.cluster.http[process or ("gateway" if self.SEPARATE else "all")]
        return urllib.request.urlopen(f"https://{address}{path}", timeout=SECONDS,
                                      context=context or self.authority.context()).read().decode()

    def sdk(self, **options):
        tls = sdk.Tls(root_certificates=self.authority.ca.read_bytes())
        connection = sdk.connect(self.cluster.addresses["grpc"],
                                 **dict(dict(user="adbms", password=PASSWORD, tls=tls), **options))
        self.addCleanup(connection.close)
        return connection

    def log(self, service, message):
        path = self.cluster.directory / "logs" / f"{service}.log"
        return [line for line in map(json.loads, path.read_text().splitlines())
                if line["message"] == message]

    def assert_alive(self):
        self.assertEqual(run(self.connect(), "SELECT 40 + 2"), [(42,)])

    # Clients ---------------------------------------------------------------------------------

    def test_psql_checks_the_server_and_binds_the_channel(self):
        for options in ({"sslmode": "require"}, {}, {"channel_binding": "require"},
                        {"ssl_min_protocol_version": "TLSv1.3"},
                        {"ssl_max_protocol_version": "TLSv1.2"}):
            done = subprocess.run(
                ["psql", self.cluster.conninfo(**options), "-Atc", "SELECT 40 + 2"],
                capture_output=True, text=True, timeout=SECONDS, check=False,
                env=self.cluster.client_environment(tcp=True))
            self.assertEqual((done.stdout, done.stderr), ("42\n", ""), options)
        done = subprocess.run(["psql", self.cluster.conninfo(), "-c", r"\conninfo"],
                              capture_output=True, text=True, timeout=SECONDS, check=False,
                              env=self.cluster.client_environment(tcp=True))
        self.assertIn("SSL connection (protocol: TLSv1.3", done.stdout)

    def test_a_client_is_told_of_another_authority_and_of_another_name(self):
        other = Authority()
        self.addCleanup(other.remove)
        with self.assertRaisesRegex(psycopg2.OperationalError, "certificate verify failed"):
            self.cluster.connect(sslrootcert=str(other.ca))
        with self.assertRaisesRegex(psycopg2.OperationalError, "does not match host name"):
            self.cluster.connect(host="elsewhere.example", hostaddr=self.cluster.host)
        with self.assertRaises(ssl.SSLCertVerificationError):
            handshake(self.cluster, other.context())
        with self.assertRaises(urllib.error.URLError):
            self.https("/healthz", other.context())
        with self.assertRaises(sdk.OperationalError):
            self.sdk(tls=sdk.Tls(root_certificates=other.ca.read_bytes()),
                     retry=sdk.Retry(attempts=1))

    def test_old_versions_are_refused(self):
        context = self.authority.context()
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        with self.assertRaises((ssl.SSLError, ConnectionResetError)):
            handshake(self.cluster, context)

    def test_asyncpg(self):
        import asyncpg

        async def ask():
            connection = await asyncpg.connect(
                host=self.cluster.host, port=self.cluster.port, user="adbms", database="adbms",
                password=PASSWORD, ssl=self.authority.context())
            try:
                return await connection.fetchval("SELECT $1::int + 2", 40)
            finally:
                await connection.close()
        self.assertEqual(asyncio.run(ask()), 42)

    def test_much_goes_both_ways(self):
        connection = self.connect()
        run(connection, "CREATE TABLE IF NOT EXISTS much (id int PRIMARY KEY, words text)")
        run(connection, "TRUNCATE much")
        with tempfile.TemporaryFile("w+") as file:
            for number in range(30000):
                file.write(f"{number}\t{'x' * (number % 200)}\n")
            file.seek(0)
            with connection.cursor() as cursor:
                cursor.copy_expert("COPY much FROM STDIN", file)
        self.assertEqual(run(connection, "SELECT count(*), sum(length(words)) FROM much"),
                         [(30000, sum(n % 200 for n in range(30000)))])
        self.assertEqual(len(run(connection, "SELECT repeat('y', 3000000)")[0][0]), 3000000)
        # Notifications come to a client that waits.
        run(connection, "LISTEN told")
        run(self.connect(), "NOTIFY told, 'over TLS'")

        def heard():
            connection.poll()
            return [notify.payload for notify in connection.notifies]
        self.assertEqual(wait_until(heard, SECONDS, "the notification"), ["over TLS"])

    def test_the_sdk_and_the_command_line(self):
        with self.sdk().cursor() as cursor:
            cursor.execute("SELECT 40 + 2")
            self.assertEqual(cursor.fetchone()[0], 42)
        status = adbms("status", "--host", self.cluster.addresses["grpc"], "--tls-ca",
                       self.authority.ca, ADBMS_PASSWORD=PASSWORD)
        self.assertIn("storage", status.stdout)
        plain = adbms("status", "--host", self.cluster.addresses["grpc"], status=1,
                      ADBMS_PASSWORD=PASSWORD)
        self.assertIn("no database answers", plain.stderr)

    def test_http_speaks_https_and_says_so(self):
        for process, address in self.cluster.http.items():
            self.assertIn("ready", self.https("/readyz", process=process), process)
            with self.assertRaises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(f"http://{address}/readyz", timeout=SECONDS)
            self.assertEqual((refused.exception.code, refused.exception.read()),
                             (400, b"This port speaks HTTPS.\n"))
        metrics = self.https("/metrics")
        self.assertRegex(metrics, r'adbms_certificate_expiry_seconds\{.*side="front"')
        self.assertIn('adbms_tls_handshakes_total{outcome="ok"', metrics)
        golden = (ROOT / "deploy" / "prometheus" / "metrics.txt").read_text()
        for family in set(re.findall(r"^# TYPE (\S+)", metrics, re.MULTILINE)):
            self.assertIn(f"\n{family} ", golden)

    def test_a_socket_of_the_machine_stays_as_it_is(self):
        plain = super(TlsCluster, self.cluster).connect()
        self.addCleanup(plain.close)
        self.assertEqual(run(plain, "SELECT 1"), [(1,)])
        with socket.socket(socket.AF_UNIX) as stream:
            stream.settimeout(SECONDS)
            stream.connect(f"{self.cluster.socket_dir}/.s.PGSQL.{self.cluster.port}")
            stream.sendall(SSL_REQUEST)
            self.assertEqual(stream.recv(1), b"N")

    # What is thrown at it --------------------------------------------------------------------

    def test_bytes_before_the_handshake_are_refused(self):
        for extra in (startup_packet(), b"Q\0\0\0\x0dSELECT 1\0", b"\x16\x03\x01\x02\x00"):
            with socket.create_connection((self.cluster.host, self.cluster.port),
                                          timeout=SECONDS) as stream:
                stream.sendall(SSL_REQUEST + extra)
                answer = b""
                with contextlib.suppress(ConnectionResetError):
                    while part := stream.recv(4096):
                        answer += part
                self.assertEqual(answer[:1], b"E")
                self.assertIn(b"C08P01\0Mreceived unencrypted data after SSL request", answer)
        self.assert_alive()

    def test_no_second_request_inside(self):
        with handshake(self.cluster, self.authority.context()) as stream:
            stream.sendall(SSL_REQUEST)
            self.assertIn(b"unsupported frontend protocol 1234.5679", stream.recv(4096))

    def test_garbage_in_place_of_a_handshake(self):
        for garbage in (b"\0" * 600, b"GET / HTTP/1.1\r\n\r\n", startup_packet(), b"\x16\x03\x01" + b"\xff" * 900,
                        bytes(range(256)) * 20):
            with socket.create_connection((self.cluster.host, self.cluster.port),
                                          timeout=SECONDS) as stream:
                stream.sendall(SSL_REQUEST)
                self.assertEqual(stream.recv(1), b"S")
                with contextlib.suppress(ConnectionResetError, BrokenPipeError):
                    stream.sendall(garbage)
                    while stream.recv(4096):
                        pass
        for port in (self.cluster.addresses["grpc"], self.cluster.addresses["http"]):
            host, number = port.rsplit(":", 1)
            with socket.create_connection((host, int(number)), timeout=SECONDS) as stream:
                with contextlib.suppress(ConnectionResetError, BrokenPipeError):
                    stream.sendall(b"\x16\x03\x01" + b"\xff" * 900)
                    while stream.recv(4096):
                        pass
        self.assert_alive()
        self.assertRegex(self.https("/metrics"),
                         r'adbms_tls_handshakes_total\{outcome="failed".*\} [1-9]')
        self.assertTrue(self.log("gateway", "a TLS handshake failed"))

    def test_half_handshakes_and_silence_hold_up_nobody(self):
        held = []
        self.addCleanup(lambda: [one.close() for one in held])
        hello = self._client_hello()

        def hold(address, *parts):
            host, port = address.rsplit(":", 1)
            stream = socket.create_connection((host, int(port)), timeout=SECONDS)
            held.append(stream)
            for part in parts:
                stream.sendall(part)
                if part is SSL_REQUEST:
                    self.assertEqual(stream.recv(1), b"S")
            return stream

        pgwire = f"{self.cluster.host}:{self.cluster.port}"
        half = [hold(pgwire, SSL_REQUEST, hello[:-7]) for _ in range(100)]
        for _ in range(300):
            hold(pgwire)
            hold(self.cluster.addresses["http"])
            hold(self.cluster.addresses["grpc"])
        for _ in range(50):
            hold(self.cluster.addresses["http"], hello[:-7])
            hold(self.cluster.addresses["grpc"], hello[:-7])
        start = time.monotonic()
        self.assert_alive()
        self.assertIn("ready", self.https("/readyz"))
        with self.sdk().cursor() as cursor:
            cursor.execute("SELECT 1")
        self.assertLess(time.monotonic() - start, LOGIN_SECONDS)
        # They end by the deadline of logins, however they dribble.
        dribbling = half[0]
        deadline = time.monotonic() + LOGIN_SECONDS + 10 * PATIENCE
        dribbling.settimeout(0.2)
        ended = False
        while not ended and time.monotonic() < deadline:
            try:
                dribbling.sendall(hello[-7:-6])
                ended = dribbling.recv(1) == b""
            except TimeoutError:
                continue
            except (BrokenPipeError, ConnectionResetError):
                ended = True
            hello = hello[:-7] + hello[-6:-5] * 7
        self.assertTrue(ended)
        for stream in half[1:5]:
            stream.settimeout(SECONDS)
            with contextlib.suppress(ConnectionResetError):
                self.assertEqual(stream.recv(1), b"")

    def _client_hello(self):
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = self.authority.context().wrap_bio(incoming, outgoing, server_hostname="localhost")
        with contextlib.suppress(ssl.SSLWantReadError):
            client.do_handshake()
        return outgoing.read()

    def test_plain_text_to_the_grpc_front(self):
        with grpc.insecure_channel(self.cluster.addresses["grpc"]) as channel:
            status = channel.unary_unary("/adbms.gateway.v1.GatewayService/GetStatus")
            with self.assertRaises(grpc.RpcError) as refused:
                status(b"", timeout=SECONDS)
            self.assertEqual(refused.exception.code(), grpc.StatusCode.UNAVAILABLE)

    # Reload ----------------------------------------------------------------------------------

    def test_certificates_change_under_load(self):
        stop = threading.Event()
        failures, logins = [], [0]
        steady = self.connect()
        backend = run(steady, "SELECT pg_backend_pid()")

        def work():
            while not stop.is_set():
                try:
                    with contextlib.closing(self.cluster.connect()) as connection:
                        run(connection, "SELECT 1")
                        logins[0] += 1
                except psycopg2.Error as error:
                    failures.append(error)
        workers = [threading.Thread(target=work) for _ in range(4)]
        for worker in workers:
            worker.start()
        try:
            for _ in range(3):
                before, done = shown(self.cluster), logins[0]
                self.authority.renew("gateway")
                wait_until(lambda: shown(self.cluster) != before, SECONDS, "the new certificate")
                self.assertEqual(run(steady, "SELECT pg_backend_pid()"), backend)
                wait_until(lambda: logins[0] > done + 10, SECONDS, "logins")
            # What is no certificate changes nothing, and is said.
            before = shown(self.cluster)
            kept = self.authority.crt("gateway").read_bytes()
            told = len(self.log("gateway", "a changed certificate is not taken over; the old one stays"))
            self.authority.crt("gateway").write_bytes(kept[:200])
            wait_until(lambda: len(self.log(
                "gateway", "a changed certificate is not taken over; the old one stays")) > told,
                SECONDS, "the line in the log")
            self.assertEqual(shown(self.cluster), before)
            self.authority.crt("gateway").write_bytes(kept)
        finally:
            stop.set()
            for worker in workers:
                worker.join()
        self.assertEqual(failures, [])
        self.assertIn("ready", self.https("/readyz"))

        def over_grpc():
            channel = grpc.secure_channel(
                self.cluster.addresses["grpc"],
                grpc.ssl_channel_credentials(self.authority.ca.read_bytes()),
                options=[("grpc.use_local_subchannel_pool", 1)])
            with channel:
                grpc.channel_ready_future(channel).result(timeout=SECONDS)
            host, port = self.cluster.addresses["grpc"].rsplit(":", 1)
            return ssl.get_server_certificate((host, int(port))) == ssl.DER_cert_to_PEM_cert(
                shown(self.cluster))
        wait_until(over_grpc, SECONDS, "the same certificate on the gRPC front")

    def test_sighup_reads_them_at_once(self):
        before = shown(self.cluster)
        self.authority.renew("gateway")
        name = "gateway" if self.SEPARATE else "all"
        self.cluster.daemons[name].process.send_signal(signal.SIGHUP)
        wait_until(lambda: shown(self.cluster) != before, SECONDS, "the new certificate")


class OneProcessTest(Shared, unittest.TestCase):
    def test_clients_that_must_show_a_certificate(self):
        authority = Authority("gateway", "client")
        self.addCleanup(authority.remove)
        stranger = Authority("client")
        self.addCleanup(stranger.remove)
        with TlsCluster(authority, settings=[
                f"gateway.tls.client_authority_file={authority.ca}"]) as cluster:
            self.addCleanup(cluster.remove)
            shows = dict(sslcert=str(authority.crt("client")), sslkey=str(authority.key("client")))
            connection = cluster.connect(**shows)
            self.assertEqual(run(connection, "SELECT 1"), [(1,)])
            connection.close()
            with self.assertRaisesRegex(psycopg2.OperationalError, "certificate required|closed"):
                cluster.connect()
            with self.assertRaisesRegex(psycopg2.OperationalError, "unknown ca|closed"):
                cluster.connect(sslcert=str(stranger.crt("client")),
                                sslkey=str(stranger.key("client")))
            holder = dict(root_certificates=authority.ca.read_bytes())
            with self.assertRaises(sdk.OperationalError):
                sdk.connect(cluster.addresses["grpc"], "adbms", PASSWORD, tls=sdk.Tls(**holder),
                            retry=sdk.Retry(attempts=1))
            holder.update(private_key=authority.key("client").read_bytes(),
                          certificate_chain=authority.crt("client").read_bytes())
            sdk.connect(cluster.addresses["grpc"], "adbms", PASSWORD, tls=sdk.Tls(**holder)).close()


class SevenProcessesTest(Shared, unittest.TestCase):
    SEPARATE = True

    def test_pgbench(self):
        environment = dict(self.cluster.client_environment(tcp=True), PGSSLMODE="verify-full",
                           PGSSLROOTCERT=str(self.authority.ca))
        for words in (["-i", "-q"], ["-S", "-c4", "-j2", "-T2"], ["-c4", "-j2", "-T2"]):
            done = subprocess.run(["pgbench", *words], capture_output=True, text=True,
                                  timeout=60 * PATIENCE, env=environment, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("number of failed transactions: 0 ", done.stdout)

    def test_services_take_over_new_certificates_and_find_each_other_again(self):
        self.authority.renew()
        for name in ("storage", "gateway"):
            wait_until(lambda: [line for line in self.log(name, "a certificate was read again")],
                       SECONDS, f"{name}'s new certificate")
        for name in ("security", "storage"):
            self.cluster.restart(name)
        wait_until(lambda: run(self.connect(), "SELECT 1"), SECONDS, "a login")

    def test_a_certificate_of_another_service_does_not_start(self):
        arguments = self.cluster._arguments("tuner")
        for setting in self.authority.cluster("indexer"):
            arguments += ["--set", setting]
        done = subprocess.run([str(ADBMSD), *arguments], capture_output=True, text=True,
                              timeout=SECONDS, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("does not name adbms://service/tuner", done.stderr)


class PlainTextTest(unittest.TestCase):
    """Beyond loopback it takes a certificate, or a setting of its own."""

    def start(self, *settings):
        directory = tempfile.mkdtemp(prefix="adbms_plain_")
        words = [str(ADBMSD), "--data-dir", directory]
        for setting in ("gateway.pgwire.socket_dir=", "gateway.http.listen=127.0.0.1:0",
                        "gateway.grpc.listen=127.0.0.1:0", *settings):
            words += ["--set", setting]
        return words

    def test_it_does_not_start_without_a_word(self):
        for key in ("gateway.pgwire.listen", "gateway.grpc.listen", "gateway.http.listen"):
            done = subprocess.run(self.start("gateway.pgwire.listen=127.0.0.1:0", f"{key}=0.0.0.0:0"),
                                  capture_output=True, text=True, timeout=SECONDS, check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn(f"{key}: 0.0.0.0:0 is no loopback address, and there is no certificate",
                          done.stderr)
            self.assertIn(f"{key.rsplit('.', 1)[0]}.allow_plaintext to true", done.stderr)

    def test_the_setting_allows_it_and_is_said(self):
        authority = Authority("gateway")
        self.addCleanup(authority.remove)
        port = free_ports(1)[0]
        cluster = TlsCluster(authority, settings=[f"gateway.pgwire.listen=0.0.0.0:{port}",
                                                  "gateway.pgwire.allow_plaintext=true"])
        self.addCleanup(cluster.remove)
        cluster.start()
        ready = urllib.request.urlopen(f"https://{cluster.http['all']}/readyz", timeout=SECONDS,
                                       context=authority.context()).read().decode()
        self.assertIn("ready\nwarning: plain text between machines: gateway.pgwire.listen", ready)
        log = (cluster.directory / "logs" / "gateway.log").read_text()
        self.assertIn("plain text between machines: gateway.pgwire.listen", log)
        self.assertTrue(adbms("status", "--host", cluster.addresses["grpc"], "--tls-ca", authority.ca,
                              ADBMS_PASSWORD=PASSWORD).stdout.count("plain text between machines"))

    @unittest.skipIf(other_address() is None, "this machine has no address but loopback")
    def test_who_comes_from_elsewhere_must_encrypt(self):
        authority = Authority("gateway")
        self.addCleanup(authority.remove)
        port = free_ports(1)[0]
        cluster = TlsCluster(authority, settings=[f"gateway.pgwire.listen=0.0.0.0:{port}"])
        self.addCleanup(cluster.remove)
        cluster.start()
        with self.assertRaisesRegex(psycopg2.OperationalError, "is refused: no encryption"):
            cluster.connect(host=other_address(), sslmode="disable")
        cluster.connect(host=other_address(), sslmode="require").close()
        cluster.connect(host="127.0.0.1", sslmode="disable").close()


if __name__ == "__main__":
    unittest.main()
