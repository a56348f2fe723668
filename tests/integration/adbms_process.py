"""Real adbmsd processes for tests: all-in-one, or one process for each service.

Also the conditions to wait on (there are no sleeps as synchronization in these tests), and a
private PostgreSQL for comparisons.
"""
import contextlib
import os
import pathlib
import queue
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

import psycopg2

BUILD = pathlib.Path(os.environ.get("ADBMS_BUILD", "build/release")).resolve()
ADBMSD = BUILD / "bin" / "adbmsd"
POSTGRES_BIN = pathlib.Path("/usr/lib/postgresql/15/bin")
PASSWORD = "correct horse"
SERVICES = ["storage", "security", "optimizer", "tuner", "indexer", "orchestrator", "gateway"]
# How many times longer things take in this build: sanitizers are slow.
PATIENCE = int(os.environ.get("ADBMS_PATIENCE", "1"))
START_SECONDS = 60 * PATIENCE


def wait_until(condition, seconds, what):
    """Returns condition()'s first true value; fails after `seconds`, more in a slow build."""
    deadline = time.monotonic() + seconds * PATIENCE
    last = None
    while time.monotonic() < deadline:
        try:
            value = condition()
            if value:
                return value
            last = value
        except Exception as error:  # the condition may be one that cannot be asked yet
            last = error
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {what}; last seen: {last!r}")


def free_ports(count):
    """Ports below those that the system gives to outgoing connections, one of which could take a port
    between here and the process that is to listen on it."""
    sockets = []
    try:
        port = random.randrange(20000, 30000)
        while len(sockets) < count:
            one = socket.socket()
            try:
                one.bind(("127.0.0.1", port))
                sockets.append(one)
            except OSError:
                one.close()
            port = port + 1 if port < 32000 else 20000
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


class Daemon:
    """One adbmsd process."""

    def __init__(self, arguments, stderr_path, environment=None, prefix=()):
        self.stderr_path = stderr_path
        self._lines = queue.Queue()
        with open(stderr_path, "ab") as stderr:
            self.process = subprocess.Popen(
                [*prefix, str(ADBMSD)] + arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=stderr, text=True, env=dict(os.environ, **(environment or {})))
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def wait_ready(self):
        """The words of the ready line as a dict: postgres, socket, grpc, cluster, http."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                line = self._lines.get(timeout=max(0.01, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"adbmsd is not ready after {START_SECONDS} s: {self.errors()}")
            if line is None:
                raise AssertionError(f"adbmsd ended with {self.process.wait()}: {self.errors()}")
            if line.startswith("adbmsd ready"):
                return dict(word.split("=", 1) for word in line.split()[2:])

    def errors(self):
        return pathlib.Path(self.stderr_path).read_text(errors="replace")[-4000:]

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self, seconds=40):
        """SIGTERM; returns the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=seconds * PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"adbmsd did not stop within {seconds} s")

    def running(self):
        return self.process.poll() is None


class Cluster:
    """A database: `separate` runs every service in a process of its own."""

    def __init__(self, separate=False, settings=(), directory=None, environment=None,
                 config=None, prefix=()):
        self.separate = separate
        self.prefix = prefix  # Words in front of the daemon's command line.
        self.config = config  # Path of a configuration file.
        self.settings = list(settings)
        self.environment = dict({"ADBMS_PASSWORD": PASSWORD}, **(environment or {}))
        self._temporary = directory is None
        self.directory = pathlib.Path(directory or tempfile.mkdtemp(prefix="adbms_test_"))
        # The path of a unix socket is limited to 107 bytes: a short one, beside the data.
        self.socket_dir = tempfile.mkdtemp(prefix="adbms_s_")
        self.daemons = {}
        self.addresses = {}
        self.http = {}  # Of each process, by its name.
        self._pgwire_port, *ports = free_ports(len(SERVICES) if separate else 1)
        self._cluster_ports = dict(zip(SERVICES[:-1], ports))

    # Composition -----------------------------------------------------------------------------

    def names(self):
        return list(SERVICES) if self.separate else ["all"]

    def _arguments(self, name):
        front = [f"gateway.pgwire.listen=127.0.0.1:{self._pgwire_port}",
                 f"gateway.pgwire.socket_dir={self.socket_dir}",
                 "gateway.grpc.listen=127.0.0.1:0", "gateway.http.listen=127.0.0.1:0"]
        settings = list(front)
        if self.separate:
            settings += [f"cluster.{service}=127.0.0.1:{port}"
                         for service, port in self._cluster_ports.items() if service != name]
            if name != "gateway":
                settings.append(f"cluster.listen=127.0.0.1:{self._cluster_ports[name]}")
        arguments = [f"--target={name}", "--data-dir", str(self.directory)]
        if self.config is not None:
            arguments += ["--config", str(self.config)]
        for setting in settings + self.settings:
            arguments += ["--set", setting]
        return arguments

    def spawn(self, name):
        """Starts the process without waiting for it."""
        self.daemons[name] = Daemon(self._arguments(name), self.directory / f"{name}.stderr",
                                    self.environment, self.prefix)
        return self.daemons[name]

    def start(self):
        for name in self.names():
            self.start_one(name)
        return self

    def start_one(self, name):
        words = self.spawn(name).wait_ready()
        self.http[name] = words["http"]
        if name in ("all", "gateway"):
            self.addresses = words

    @contextlib.contextmanager
    def another_gateway(self):
        """A second gateway of the same services, as a cluster to connect to."""
        secret = f"cluster.secret_file={self.directory}/cluster_secret"
        other = Cluster(separate=True, settings=[*self.settings, secret],
                        environment=self.environment, config=self.config)
        other._cluster_ports = self._cluster_ports
        try:
            other.start_one("gateway")
            yield other
        finally:
            other.remove()

    def kill(self, name="all"):
        self.daemons[name].kill()

    def restart(self, name="all"):
        self.daemons[name].stop()
        self.start_one(name)

    def stop(self):
        """Stops everything, in reverse; returns the exit statuses by name."""
        statuses = {}
        for name in reversed(self.names()):
            if name in self.daemons:
                statuses[name] = self.daemons[name].stop()
        return statuses

    def remove(self):
        for daemon in self.daemons.values():
            if daemon.running():
                daemon.kill()
        shutil.rmtree(self.socket_dir, ignore_errors=True)
        if self._temporary:
            shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.remove()
            raise

    def __exit__(self, *unused):
        self.remove()

    # Access ----------------------------------------------------------------------------------

    @property
    def host(self):
        return self.addresses["postgres"].rsplit(":", 1)[0]

    @property
    def port(self):
        return int(self.addresses["postgres"].rsplit(":", 1)[1])

    def connect(self, **options):
        """A psycopg2 connection in autocommit mode, over the unix socket unless host is given."""
        parameters = dict(host=self.socket_dir, port=self.port, user="adbms", dbname="adbms",
                          connect_timeout=20 * PATIENCE)
        parameters.update(options)
        connection = psycopg2.connect(**parameters)
        connection.autocommit = True
        return connection

    def rows(self, sql, *values):
        connection = self.connect()
        try:
            return run(connection, sql, *values)
        finally:
            connection.close()

    def client_environment(self, tcp=False):
        """For psql and pgbench."""
        environment = dict(os.environ)
        environment.update(PGHOST=self.host if tcp else self.socket_dir, PGPORT=str(self.port),
                           PGUSER="adbms", PGDATABASE="adbms", PGPASSWORD=PASSWORD,
                           PGCONNECT_TIMEOUT="20", PSQLRC="/dev/null", LC_ALL="C.UTF-8")
        return environment

    def connection_string(self):
        return f"host={self.socket_dir} port={self.port} user=adbms dbname=adbms"


def run(connection, sql, *values):
    """Runs one statement; its rows, or None when it has none."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values or None)
        return cursor.fetchall() if cursor.description is not None else None


def sqlstate(connection, sql, *values):
    """The SQLSTATE that the statement fails with, or None."""
    try:
        run(connection, sql, *values)
        return None
    except psycopg2.Error as error:
        return error.pgcode


class Postgres:
    """A private PostgreSQL 15 in a temporary directory, on a unix socket."""

    def __init__(self, settings=()):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="adbms_pg_"))
        self._as_postgres = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        self.settings = list(settings)
        self.port = 5432

    def __enter__(self):
        if os.geteuid() == 0:
            shutil.chown(self.directory, "postgres")
        data = str(self.directory / "data")
        self._run("initdb", "-D", data, "-A", "trust", "-U", "adbms", "--locale=C.UTF-8", "-E",
                  "UTF8")
        options = f"-p {self.port} -k {self.directory} -c listen_addresses="
        for setting in self.settings:
            options += f" -c {setting}"
        self._run("pg_ctl", "-D", data, "-w", "-o", options, "-l", str(self.directory / "log"),
                  "start")
        connection = self.connect(dbname="postgres")
        run(connection, "CREATE DATABASE adbms")
        connection.close()
        return self

    def __exit__(self, *unused):
        self._run("pg_ctl", "-D", str(self.directory / "data"), "-m", "immediate", "stop")
        shutil.rmtree(self.directory, ignore_errors=True)

    def _run(self, program, *arguments):
        subprocess.run(self._as_postgres + [str(POSTGRES_BIN / program), *arguments], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")

    def connect(self, dbname="adbms", user="adbms"):
        connection = psycopg2.connect(host=str(self.directory), port=self.port, user=user,
                                      dbname=dbname)
        connection.autocommit = True
        return connection

    def connection_string(self):
        return f"host={self.directory} port={self.port} user=adbms dbname=adbms"


class ClusterTest(unittest.TestCase):
    """One all-in-one database for all the tests of the class."""

    SEPARATE = False
    SETTINGS = ()

    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(separate=cls.SEPARATE, settings=cls.SETTINGS)
        cls.addClassCleanup(cls.cluster.remove)
        cls.cluster.start()

    def connect(self, **options):
        connection = self.cluster.connect(**options)
        self.addCleanup(connection.close)
        return connection

    def assert_alive(self):
        self.assertEqual(self.cluster.rows("SELECT 40 + 2"), [(42,)])


class ComparedTest(ClusterTest):
    """A PostgreSQL 15 beside it, which is asked the same."""

    POSTGRES_SETTINGS = ()

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.postgres = cls.enterClassContext(Postgres(settings=cls.POSTGRES_SETTINGS))

    def empty(self, server):
        """A connection to a database without tables and materialized views."""
        connection = server.connect()
        for name, in run(connection,
                         "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
            run(connection, f"DROP TABLE IF EXISTS {name} CASCADE")
        for name, in run(connection,
                         "SELECT matviewname FROM pg_matviews WHERE schemaname = 'public'"):
            run(connection, f"DROP MATERIALIZED VIEW IF EXISTS {name} CASCADE")
        return connection
