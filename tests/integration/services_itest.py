"""Seven processes: what the others may lose without a query noticing, and how a process stops."""
import pathlib
import re
import signal
import threading
import time
import unittest
import urllib.error
import urllib.request

import psycopg2

from adbms_process import PATIENCE, Cluster, ClusterTest, run, sqlstate, wait_until

LEASE_SECONDS = 4
QUERY = "SELECT t.city, count(*) FROM towns t JOIN trips p ON p.town = t.id GROUP BY t.city"


def plan_of(connection, query=QUERY):
    return "\n".join(row[0] for row in run(connection, "EXPLAIN " + query))


class SevenProcessesTest(ClusterTest):
    SEPARATE = True
    SETTINGS = (f"security.policy_lease_ms={LEASE_SECONDS}s",)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        connection = cls.cluster.connect()
        run(connection, "CREATE TABLE towns (id int PRIMARY KEY, city text)")
        run(connection, "CREATE TABLE trips (id int PRIMARY KEY, town int)")
        run(connection, "INSERT INTO towns SELECT g, 'city ' || g % 5 FROM "
            "generate_series(1, 50) g")
        run(connection, "INSERT INTO trips SELECT g, 1 + g % 50 FROM generate_series(1, 500) g")
        run(connection, "ANALYZE")
        cls.expected = sorted(run(connection, QUERY))
        run(connection, "CREATE ROLE reader LOGIN PASSWORD 'secret'")
        run(connection, "GRANT SELECT ON towns TO reader")
        connection.close()

    def setUp(self):
        for name in self.cluster.names():
            if not self.cluster.daemons[name].running():
                self.cluster.start_one(name)

    def assert_serves(self, connection, tag):
        """Reads and writes, with a statement that no plan cache knows."""
        self.assertEqual(sorted(run(connection, QUERY + f" /* {tag} */")), self.expected)
        run(connection, f"INSERT INTO trips (id, town) VALUES (100000, 1) /* {tag} */")
        run(connection, f"UPDATE trips SET town = town + 1 WHERE id = 100000 /* {tag} */")
        self.assertEqual(run(connection, "SELECT town FROM trips WHERE id = 100000"), [(2,)])
        run(connection, "DELETE FROM trips WHERE id = 100000")

    def test_queries_outlive_tuner_indexer_and_orchestrator(self):
        held = self.connect()
        for name in ("tuner", "indexer", "orchestrator"):
            with self.subTest(killed=name):
                self.cluster.kill(name)
                self.assert_serves(held, name)
                self.assert_serves(self.connect(), name)
                self.assertNotIn("Restriction", plan_of(held))
                self.cluster.start_one(name)

    def test_without_optimizer_plans_are_default_and_say_so(self):
        held = self.connect()
        self.assertNotIn("out of reach", plan_of(held))
        self.cluster.kill("optimizer")
        self.assertIn("the optimizer is out of reach", plan_of(held))
        self.assert_serves(held, "no optimizer")
        self.assert_serves(self.connect(), "no optimizer, new session")
        self.cluster.start_one("optimizer")
        wait_until(lambda: "out of reach" not in plan_of(held), 30,
                   "plans are the optimizer's own again")

    def test_without_all_four(self):
        held = self.connect()
        four = ("optimizer", "tuner", "indexer", "orchestrator")
        for name in four:
            self.cluster.kill(name)
        self.assert_serves(held, "without four")
        self.assert_serves(self.connect(), "without four, new session")
        self.assertIn("out of reach", plan_of(held))
        self.assertIn(sqlstate(held, "SELECT adbms.run_all_tables()")[:2], ("08", "57"))
        for name in four:
            self.cluster.start_one(name)
        wait_until(lambda: "out of reach" not in plan_of(held), 30, "the optimizer plans again")
        wait_until(lambda: run(held, "SELECT adbms.run_all_tables()"), 30,
                   "the orchestrator answers again")

    def test_without_security_sessions_live_on_their_lease(self):
        reader = self.connect(user="reader", password="secret", host=self.cluster.host)
        self.assertEqual(run(reader, "SELECT count(*) FROM towns"), [(50,)])
        self.assertEqual(sqlstate(reader, "SELECT * FROM trips"), "42501")
        self.cluster.kill("security")
        killed = time.monotonic()
        # Under the policy they hold: what was allowed goes on, what was not stays forbidden.
        self.assertEqual(run(reader, "SELECT count(*) FROM towns"), [(50,)])
        self.assertEqual(sqlstate(reader, "SELECT * FROM trips"), "42501")
        with self.assertRaises(psycopg2.OperationalError) as refused:
            self.cluster.connect(user="reader", password="secret", host=self.cluster.host)
        self.assertIn("security service does not answer", str(refused.exception))
        wait_until(lambda: sqlstate(reader, "SELECT count(*) FROM towns") == "57P03",
                   LEASE_SECONDS + 10, "the lease ends")
        self.assertGreater(time.monotonic() - killed, LEASE_SECONDS / 2)
        self.cluster.start_one("security")
        wait_until(lambda: run(reader, "SELECT count(*) FROM towns") == [(50,)], 20,
                   "the session goes on once security is back")
        self.assertEqual(sqlstate(reader, "SELECT * FROM trips"), "42501")
        self.connect(user="reader", password="secret", host=self.cluster.host)

    def test_a_revoked_grant_reaches_open_sessions(self):
        reader = self.connect(user="reader", password="secret", host=self.cluster.host)
        owner = self.connect()
        run(owner, "GRANT SELECT ON trips TO reader")
        wait_until(lambda: sqlstate(reader, "SELECT count(*) FROM trips") is None, 10, "granted")
        run(owner, "REVOKE SELECT ON trips FROM reader")
        wait_until(lambda: sqlstate(reader, "SELECT count(*) FROM trips") == "42501", 10, "revoked")


class StopTest(unittest.TestCase):
    """SIGTERM."""

    def start(self, **options):
        cluster = Cluster(**options)
        self.addCleanup(cluster.remove)
        return cluster.start()

    def slow_statement(self, cluster, seconds):
        """A transaction, begun when this returns, that takes about `seconds` in a thread."""
        connection = cluster.connect()
        self.addCleanup(connection.close)
        run(connection, "BEGIN")
        outcome = {}

        def work():
            try:
                outcome["rows"] = run(connection, f"SELECT pg_sleep({seconds}), 42")
                run(connection, "COMMIT")
            except psycopg2.Error as error:
                outcome["error"] = error

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        return thread, outcome

    def is_ready(self, cluster):
        try:
            address = cluster.addresses["http"]
            with urllib.request.urlopen(f"http://{address}/readyz", timeout=2 * PATIENCE) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def test_drain_lets_the_running_statement_end(self):
        for separate in (False, True):
            with self.subTest(separate=separate):
                cluster = self.start(separate=separate)
                name = "gateway" if separate else "all"
                idle = cluster.connect()
                run(idle, "SELECT 1")
                thread, outcome = self.slow_statement(cluster, 2)
                self.assertTrue(self.is_ready(cluster))
                process = cluster.daemons[name].process
                process.send_signal(signal.SIGTERM)
                wait_until(lambda c=cluster: not self.is_ready(c), 5, "not ready any more")
                self.assertTrue(thread.is_alive(), "the statement was cut off")
                self.assertIsNone(process.poll(), "it did not wait for the statement")
                with self.assertRaises(psycopg2.OperationalError):
                    cluster.connect()
                thread.join(30 * PATIENCE)
                self.assertNotIn("error", outcome)
                self.assertEqual(outcome["rows"][0][1], 42)
                self.assertEqual(process.wait(30), 0)
                self.assertIn(sqlstate(idle, "SELECT 1"), ("57P01", None))
                with self.assertRaises(psycopg2.Error):
                    run(idle, "SELECT 1")
                self.assertEqual(set(cluster.stop().values()), {0})

    def test_second_signal_ends_at_once(self):
        cluster = self.start()
        connection = cluster.connect()
        run(connection, "CREATE TABLE kept (n int)")
        run(connection, "INSERT INTO kept VALUES (7)")
        thread, outcome = self.slow_statement(cluster, 60)
        process = cluster.daemons["all"].process
        process.send_signal(signal.SIGTERM)
        wait_until(lambda: not self.is_ready(cluster), 5, "draining")
        self.assertIsNone(process.poll())
        process.send_signal(signal.SIGTERM)
        self.assertNotEqual(process.wait(5), 0)
        thread.join(10 * PATIENCE)
        self.assertIn("error", outcome)
        cluster.start_one("all")
        self.assertEqual(cluster.rows("SELECT n FROM kept"), [(7,)])

    def test_every_process_of_seven_stops_cleanly_when_idle(self):
        cluster = self.start(separate=True)
        started = time.monotonic()
        self.assertEqual(cluster.stop(), dict.fromkeys(reversed(cluster.names()), 0))
        self.assertLess(time.monotonic() - started, 30)


class NewDatabaseTest(ClusterTest):
    def test_what_the_readme_names_can_be_looked_at(self):
        readme = (pathlib.Path(__file__).resolve().parents[2] / "README.md").read_text()
        named = set(re.findall(r"`(adbms\.[a-z_]+)`", readme)) | {"adbms.actions"}
        self.assertGreater(len(named), 4)
        connection = self.connect()
        for name in sorted(named):
            wait_until(lambda name=name: sqlstate(connection, f"SELECT * FROM {name}") is None, 20,
                       f"{name} is there")


if __name__ == "__main__":
    unittest.main()
