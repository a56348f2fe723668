"""SIGHUP: live settings change, others are named and wait for a restart, a bad file changes nothing."""
import json
import pathlib
import signal
import tempfile
import unittest

from adbms_process import Cluster, run, wait_until

FIRST = """
gateway: {session: {statement_timeout_ms: 60s}}
logging: {level: warn}
"""
SECOND = """
gateway: {session: {statement_timeout_ms: 70s}, plan_cache: {entries: 17}}
storage: {block_cache_bytes: 33MiB}
security: {failed_login_threshold: 2}
logging: {level: info}
"""


class ReloadTest(unittest.TestCase):
    def start(self, text, **options):
        directory = tempfile.TemporaryDirectory(prefix="adbms_reload_")
        self.addCleanup(directory.cleanup)
        self.file = pathlib.Path(directory.name) / "adbms.yaml"
        self.file.write_text(text)
        cluster = Cluster(config=self.file, **options)
        self.addCleanup(cluster.remove)
        return cluster.start()

    def reload(self, cluster, text, name="all"):
        self.file.write_text(text)
        cluster.daemons[name].process.send_signal(signal.SIGHUP)

    def log(self, cluster, service, message):
        """The fields of that message's lines."""
        path = cluster.directory / "logs" / f"{service}.log"
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        return [line for line in lines if line["message"] == message]

    def changed(self, cluster, service="gateway"):
        return {line["key"]: line["value"]
                for line in self.log(cluster, service, "a setting changes")}

    def timeout(self, cluster):
        return cluster.rows("SHOW statement_timeout")[0][0]

    def test_live_settings_change_and_others_are_named(self):
        cluster = self.start(FIRST)
        self.assertEqual(self.timeout(cluster), "1min")
        old = cluster.connect()
        self.addCleanup(old.close)
        self.reload(cluster, SECOND)
        wait_until(lambda: "security.failed_login_threshold" in self.changed(cluster), 20,
                   "the log names what changes")
        self.assertEqual(self.timeout(cluster), "70s")
        self.assertEqual(run(old, "SHOW statement_timeout"), [("1min",)], "sessions keep theirs")
        self.assertEqual(cluster.rows("SELECT value FROM adbms.knobs WHERE name = "
                                      "'block_cache_bytes'"), [(33 << 20,)])
        named = [line["key"] for line in
                 self.log(cluster, "gateway", "a changed setting needs a restart")]
        self.assertEqual(named, ["gateway.plan_cache.entries"])
        self.assertEqual(set(self.changed(cluster)), {
            "gateway.session.statement_timeout_ms", "storage.block_cache_bytes",
            "security.failed_login_threshold", "logging.level"})
        for _ in range(2):
            with self.assertRaises(Exception):
                cluster.connect(host="127.0.0.1", password="wrong")
        wait_until(lambda: cluster.rows("SELECT 1 FROM adbms.security_events WHERE kind = "
                                        "'failed_logins'"), 20, "two failures are an event now")

    def test_a_bad_file_changes_nothing(self):
        cluster = self.start(FIRST)
        for text, word in (("gateway: {session: {statement_timeout_ms: never}}", "never"),
                           ("nonsense: 1", "nonsense"), ("a: [", "adbms.yaml")):
            known = len(self.log(cluster, "gateway",
                                 "the configuration is not taken over; the old one stays"))
            self.reload(cluster, text)
            refused = wait_until(lambda k=known: self.log(
                cluster, "gateway",
                "the configuration is not taken over; the old one stays")[k:], 20, text)
            self.assertIn(word, refused[-1]["error"])
            self.assertEqual(self.timeout(cluster), "1min")
        # And then a good one is taken.
        self.reload(cluster, FIRST.replace("60s", "90s"))
        wait_until(lambda: self.timeout(cluster) == "90s", 20, "the good file is taken over")

    def test_each_process_of_seven_takes_over_its_own(self):
        cluster = self.start(FIRST, separate=True)
        self.reload(cluster, SECOND, "storage")
        wait_until(lambda: cluster.rows("SELECT value FROM adbms.knobs WHERE name = "
                                        "'block_cache_bytes'") == [(33 << 20,)], 20,
                   "storage has the memory")
        self.assertEqual(self.timeout(cluster), "1min", "the gateway was not asked")
        cluster.daemons["gateway"].process.send_signal(signal.SIGHUP)
        wait_until(lambda: self.timeout(cluster) == "70s", 20, "now it was")


if __name__ == "__main__":
    unittest.main()
