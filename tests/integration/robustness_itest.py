"""What goes wrong around a daemon: a second one, a wrong configuration, a directory it cannot use, a
full disk. Each is told clearly, and no committed row is lost.
"""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from adbms_process import PATIENCE, ADBMSD, Cluster, run, sqlstate, wait_until


def adbmsd(*arguments, environment=None, seconds=20):
    """Runs the daemon to its end: exit status, standard output, standard error."""
    done = subprocess.run([str(ADBMSD), *arguments], text=True, capture_output=True,
                          timeout=seconds * PATIENCE, env=dict(os.environ, **(environment or {})), cwd="/tmp")
    return done.returncode, done.stdout, done.stderr


class Directory(unittest.TestCase):
    def directory(self):
        path = pathlib.Path(tempfile.mkdtemp(prefix="adbms_robust_"))
        self.addCleanup(shutil.rmtree, path, ignore_errors=True)
        return path


class SecondDaemonTest(Directory):
    def test_same_data_directory(self):
        with Cluster() as cluster:
            cluster.rows("CREATE TABLE kept (n int)")
            cluster.rows("INSERT INTO kept VALUES (1)")
            for extra in ((), ("--target=storage",)):
                status, output, errors = adbmsd(
                    "--data-dir", str(cluster.directory), "--set",
                    "gateway.pgwire.listen=127.0.0.1:0", "--set", "gateway.pgwire.socket_dir=",
                    "--set", "gateway.grpc.listen=127.0.0.1:0", "--set",
                    "gateway.http.listen=127.0.0.1:0", *extra)
                self.assertNotEqual(status, 0)
                self.assertNotIn("ready", output)
                self.assertIn("in use", errors)
                self.assertIn(str(cluster.directory), errors)
            cluster.rows("INSERT INTO kept VALUES (2)")
            self.assertEqual(cluster.rows("SELECT sum(n) FROM kept"), [(3,)])

    def test_same_ports(self):
        with Cluster() as cluster:
            for taken, message in (
                    (f"gateway.pgwire.listen=127.0.0.1:{cluster.port}", "cannot listen on"),
                    ("gateway.pgwire.listen=127.0.0.1:99999", "is not host:port"),
                    (f"gateway.grpc.listen={cluster.addresses['grpc']}", "cannot listen on"),
                    (f"gateway.http.listen={cluster.addresses['http']}", "cannot listen on")):
                settings = {"gateway.pgwire.listen": "127.0.0.1:0", "gateway.pgwire.socket_dir": "",
                            "gateway.grpc.listen": "127.0.0.1:0",
                            "gateway.http.listen": "127.0.0.1:0"}
                key, value = taken.split("=")
                settings[key] = value
                arguments = ["--data-dir", str(self.directory())]
                for pair in settings.items():
                    arguments += ["--set", "=".join(pair)]
                with self.subTest(taken):
                    status, _, errors = adbmsd(*arguments)
                    self.assertNotEqual(status, 0)
                    self.assertIn(message, errors)
                    self.assertIn(value, errors)
            self.assertEqual(cluster.rows("SELECT 1"), [(1,)])


class ConfigurationTest(Directory):
    def refused(self, *arguments, says, environment=None):
        status, output, errors = adbmsd(*arguments, environment=environment)
        self.assertNotEqual(status, 0)
        self.assertNotIn("ready", output)
        for part in says:
            self.assertIn(part, errors)

    def test_wrong_settings_name_the_key(self):
        for setting, says in {
                "gateway.pgwire.no_such=1": ("gateway.pgwire.no_such",),
                "nonsense": ("nonsense",),
                "gateway=1": ("gateway",),
                "gateway.pgwire.max_connections=0": ("gateway.pgwire.max_connections", "1"),
                "gateway.pgwire.max_connections=many": ("gateway.pgwire.max_connections",),
                "gateway.pgwire.max_connections=-5": ("gateway.pgwire.max_connections",),
                "storage.block_cache_bytes=1": ("storage.block_cache_bytes",),
                "storage.block_cache_bytes=10 parsecs": ("storage.block_cache_bytes",),
                "storage.sync_commits=perhaps": ("storage.sync_commits",),
                "orchestrator.autonomy=sometimes": ("orchestrator.autonomy", "recommend"),
                "indexer.minimum_gain=7": ("indexer.minimum_gain",),
        }.items():
            with self.subTest(setting):
                self.refused("--set", setting, "--print-config", says=says)
                self.refused("--set", setting, "--data-dir", str(self.directory()), says=says)

    def test_wrong_files(self):
        path = self.directory() / "adbms.yaml"
        for text, says in {
                "gateway:\n  pgwire:\n    lisen: x\n": ("gateway.pgwire.lisen",),
                "gateway: [1, 2]\n": ("gateway",),
                "storage:\n  block_cache_bytes: 3\n": ("storage.block_cache_bytes",),
                "a: b: c:\n": (),
                "\t- {": (),
                "just words": (),
        }.items():
            with self.subTest(text):
                path.write_text(text)
                self.refused("--config", str(path), "--print-config", says=(str(path), *says))
        self.refused("--config", "/no/such/file.yaml", says=("/no/such/file.yaml",))
        self.refused("--config", "/tmp", says=("/tmp",))

    def test_wrong_environment(self):
        self.refused("--print-config", says=("gateway.pgwire.lisen",),
                     environment={"ADBMS_GATEWAY__PGWIRE__LISEN": "x"})

    def test_wrong_arguments(self):
        for arguments, says in ((("--target=gatewya",), ("gatewya", "gateway")),
                                (("--target=",), ("--target",)),
                                (("--target",), ("--target needs a value",)),
                                (("--frobnicate",), ("--frobnicate",)),
                                (("stray",), ("stray",)),
                                (("--set",), ("--set needs a value",))):
            with self.subTest(arguments):
                self.refused(*arguments, says=says)
        self.refused("--target=gateway", "--data-dir", str(self.directory()),
                     says=("cluster.storage",))

    def test_precedence_and_printing(self):
        path = self.directory() / "adbms.yaml"
        path.write_text("gateway:\n  pgwire:\n    max_connections: 11\n  session:\n"
                        "    statement_timeout_ms: 5s\nlogging: {level: warn}\n")
        status, output, _ = adbmsd(
            "--config", str(path), "--set", "gateway.pgwire.max_connections=33", "--print-config",
            environment={"ADBMS_GATEWAY__PGWIRE__MAX_CONNECTIONS": "22",
                         "ADBMS_LOGGING__LEVEL": "error"})
        self.assertEqual(status, 0)
        for line in ("max_connections: 33", "level: error", "statement_timeout_ms: 5"):
            self.assertIn(line, output)
        again = self.directory() / "printed.yaml"
        again.write_text(output)
        self.assertEqual(adbmsd("--config", str(again), "--print-config")[1], output)

    def test_help_version_and_reference(self):
        status, output, errors = adbmsd("--help")
        self.assertEqual((status, errors), (0, ""))
        for option in ("--target", "--config", "--data-dir", "--set", "--print-config"):
            self.assertIn(option, output)
        self.assertEqual(adbmsd("--version")[0], 0)
        directory = pathlib.Path(__file__).resolve().parents[2] / "deploy/config"
        for option, name in (("--print-config-reference", "REFERENCE.md"),
                             ("--print-settings-reference", "SETTINGS.md")):
            self.assertEqual(adbmsd(option)[1], (directory / name).read_text(),
                             f"deploy/config/{name} is not what the tables say: "
                             "make config-reference")


class UnusableDirectoryTest(Directory):
    def refused(self, path, *says):
        status, output, errors = adbmsd("--data-dir", str(path), "--set",
                                        "gateway.pgwire.listen=127.0.0.1:0", "--set",
                                        "gateway.pgwire.socket_dir=")
        self.assertNotEqual(status, 0)
        self.assertNotIn("ready", output)
        for part in (str(path), *says):
            self.assertIn(part, errors)

    def test_a_file_where_the_directory_should_be(self):
        path = self.directory() / "data"
        path.write_text("not a directory")
        self.refused(path)
        self.refused(path / "below")
        self.assertEqual(path.read_text(), "not a directory")

    def test_not_writable(self):
        self.refused(pathlib.Path("/proc/adbms"))

    def test_damaged_files(self):
        cluster = Cluster()
        self.addCleanup(cluster.remove)
        cluster.start()
        cluster.rows("CREATE TABLE t (n int)")
        cluster.stop()
        (cluster.directory / "storage" / "db" / "CURRENT").write_text("no such manifest\n")
        self.refused(cluster.directory)


class FullDiskTest(unittest.TestCase):
    """A file system of 160 MiB that fills up."""

    SIZE_MIB = 160

    def setUp(self):
        if os.geteuid() != 0:
            self.skipTest("mounting needs root")
        self.directory = tempfile.mkdtemp(prefix="adbms_full_")
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={self.SIZE_MIB}m", "tmpfs",
                                  self.directory], capture_output=True)
        if mounted.returncode != 0:
            shutil.rmtree(self.directory)
            self.skipTest("no file system can be mounted here")
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self.addCleanup(subprocess.run, ["umount", "-l", self.directory])

    def test_writes_are_refused_reads_go_on_and_nothing_is_lost(self):
        cluster = Cluster(directory=self.directory,
                          settings=["storage.memtable_bytes=8MiB", "storage.block_cache_bytes=8MiB",
                                    "orchestrator.autonomy=off"])
        self.addCleanup(cluster.remove)
        cluster.start()
        connection = cluster.connect()
        run(connection, "CREATE TABLE filler (n int PRIMARY KEY, body text)")
        ballast = pathlib.Path(self.directory) / "ballast"
        ballast.write_bytes(b"\0" * (40 << 20))
        acknowledged = 0
        states = []
        for number in range(2000):
            body = os.urandom(64 << 10).hex()  # Does not compress to nothing.
            state = sqlstate(connection, "INSERT INTO filler VALUES (%s, %s)", number, body)
            if state is None:
                acknowledged += 1
            else:
                states.append(state)
                if len(states) >= 5:
                    break
        self.assertGreater(acknowledged, 50)
        # Where a compaction meets the end first, a row is written and its log not synced any more: nobody knows of it then.
        unknown = states.count("40003")
        self.assertLessEqual(set(states), {"53100", "40003"})
        # Reads go on, also in a new session.
        self.assertIn(run(connection, "SELECT count(*) FROM filler")[0][0], range(acknowledged, acknowledged + unknown + 1))
        self.assertEqual(cluster.rows("SELECT length(body) FROM filler WHERE n = 3"), [(131072,)])
        ballast.unlink()

        def writes_again():
            state = sqlstate(connection, "INSERT INTO filler VALUES (100001, 'after')")
            return state in (None, "23505") or needs_restart()

        # Where the first write to a new log was refused, RocksDB cannot begin another one: the server says that it wants
        # to be restarted. One with assertions, as Debian's is, may also end the process when it syncs such a log. Then
        # the rows are there after a restart. Nothing else may need one.
        def needs_restart():
            log = pathlib.Path(self.directory) / "logs" / "storage.log"
            return not cluster.daemons["all"].running() or (
                log.exists() and "until a restart" in log.read_text())

        wait_until(writes_again, 15, "writes go on after space is back")
        if needs_restart():
            connection.close()
            if cluster.daemons["all"].running():
                cluster.kill("all")
            cluster.start_one("all")
            connection = cluster.connect()
            wait_until(lambda: sqlstate(connection, "INSERT INTO filler VALUES (100001, 'after')") in (None, "23505"), 15,
                       "writes go on after space is back and a restart")
        kept = run(connection, "SELECT count(*) FROM filler WHERE n < 100000")[0][0]
        self.assertIn(kept, range(acknowledged, acknowledged + unknown + 1))
        connection.close()
        cluster.kill("all")
        cluster.start_one("all")
        self.assertEqual(cluster.rows("SELECT count(*) FROM filler"), [(kept + 1,)])
        self.assertEqual(cluster.rows("SELECT count(*) FROM filler WHERE length(body) = 131072"), [(kept,)])


if __name__ == "__main__":
    unittest.main()
