"""Every expression of every panel and of every rule, run by a real Prometheus that scrapes seven processes under
load: none may fail, and no panel may be empty. What is rightly quiet must be a metric that stands at 0."""
import contextlib
import json
import os
import subprocess
import threading
import unittest

import psycopg2

from deploy_files import DASHBOARDS, require_program, rules, selectors

from adbms_process import PASSWORD, PATIENCE, SERVICES, run, wait_until
from metrics_itest import exercise
from prometheus_process import Prometheus
from tls_process import Authority, TlsCluster
from workload import Workload

VARIABLES = {"$__rate_interval": "15s", "$__range": "1m", "$job": "adbms"}


def filled_in(expression):
    """Without Grafana's variables."""
    for variable, value in VARIABLES.items():
        expression = expression.replace(variable, value)
    return expression


def dashboards():
    """(name, dashboard) of all."""
    return [(path.stem, json.loads(path.read_text())) for path in sorted(DASHBOARDS.glob("*.json"))]


def expressions():
    """(where, expression) of every panel."""
    for name, dashboard in dashboards():
        for panel in dashboard["panels"]:
            for target in panel.get("targets", ()):
                yield f"{name}: {panel['title']}", filled_in(target["expr"])


class Load:
    """pgbench beside statements that fail, logins, and a search that wants an index, until the block ends."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.stopping = threading.Event()

    def _fail(self):
        """Logs in anew each time: logins are load too."""
        while not self.stopping.wait(0.05):
            with contextlib.closing(self.cluster.connect()) as connection:
                with contextlib.suppress(psycopg2.Error):
                    run(connection, "SELECT 1 / 0")

    def __enter__(self):
        environment = self.cluster.client_environment()
        subprocess.run(["pgbench", "-i", "-q", "-s", "1"], env=environment, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.pgbench = subprocess.Popen(["pgbench", "-n", "-c", "2", "-T", str(600 * PATIENCE)],
                                        env=environment, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        self.thread = threading.Thread(target=self._fail, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *unused):
        self.stopping.set()
        self.pgbench.terminate()
        self.pgbench.wait(30 * PATIENCE)
        self.thread.join(30 * PATIENCE)


class LiveTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # Small memtables: the engine flushes, compacts and reads blocks within seconds.
        # Over TLS, whose certificates have metrics.
        authority = Authority(*SERVICES)
        cls.addClassCleanup(authority.remove)
        cls.cluster = TlsCluster(authority, separate=True, settings=(
            "orchestrator.cycle_ms=300ms", "orchestrator.window_ms=200ms",
            "storage.memtable_bytes=1048576"))
        cls.addClassCleanup(cls.cluster.remove)
        cls.cluster.start()
        cls.prometheus = cls.enterClassContext(Prometheus(cls.cluster))
        # What happens before the first scrape is no increase.
        wait_until(lambda: cls.prometheus.values("sum(up)") == [7], 30, "all processes are scraped")
        exercise(cls.cluster)
        cls.enterClassContext(Load(cls.cluster))
        cls.enterClassContext(Workload(
            cls.cluster, "SELECT count(*), {} FROM goods WHERE note IS NOT NULL", pause=0.05))

    def assert_filled(self, pending):
        """`pending` is a list of (where, expression)."""
        def filled():
            pending[:] = [(where, expression) for where, expression in pending
                          if not self.prometheus.values(expression)]
            return not pending

        try:
            wait_until(filled, 60, "everything has data")
        except AssertionError:
            self.fail("no data:\n" + "\n".join(f"  {where}\n    {expression}"
                                               for where, expression in pending))

    def test_no_panel_is_empty(self):
        pending = list(expressions())
        self.assertGreater(len(pending), 80)
        for where, expression in pending:
            # A value made up would hide a metric that is missing; alerts that do not fire are no series.
            self.assertTrue("vector(" not in expression or "ALERTS" in expression, where)
        self.assert_filled(pending)

    def test_marks_on_the_time_line_are_found(self):
        """Actions that exercise() has made the system take."""
        for name, dashboard in dashboards():
            for mark in dashboard["annotations"]["list"]:
                expression = filled_in(mark["expr"]).replace("[15s]", "[10m]")
                self.assert_filled([(f"{name}: {mark['name']}", expression)])

    def test_what_rules_ask_for_is_there(self):
        self.assert_filled([(rule.get("alert", rule.get("record")), selector)
                            for _, rule in rules() for selector in selectors(rule["expr"])])

    def test_every_rule_is_evaluated(self):
        def evaluated():
            groups = self.prometheus.get("rules")["groups"]
            found = [rule for group in groups for rule in group["rules"]]
            self.assertEqual([(rule["name"], rule["lastError"]) for rule in found
                              if rule["health"] == "err"], [])
            return len(found) == len(rules()) and all(rule["health"] == "ok" for rule in found)
        wait_until(evaluated, 60, "every rule has been evaluated")
        self.assert_filled([("recorded", rule["record"]) for _, rule in rules()
                            if "record" in rule])

    def test_alerts_fire_on_what_happened(self):
        """exercise() has failed to log in often enough for a security event; nothing else is wrong."""
        def firing():
            return {alert["labels"]["alertname"]
                    for alert in self.prometheus.get("alerts")["alerts"]
                    if alert["state"] == "firing"}
        wait_until(lambda: "AdbmsSecurityEvent" in firing(), 60, "the alert of the failed logins")
        self.assertEqual(firing() & {"AdbmsStorageAbsent", "AdbmsGatewayAbsent", "AdbmsSecurityAbsent",
                                     "AdbmsOrchestratorAbsent", "AdbmsTargetDown",
                                     "AdbmsWritesStopped", "AdbmsAuditTampered", "AdbmsAuditDropped",
                                     "AdbmsModuleDemoted", "AdbmsModuleUnhealthy"}, set())


if __name__ == "__main__":
    require_program("prometheus", "pgbench")
    os.environ.setdefault("PGPASSWORD", PASSWORD)
    unittest.main()
