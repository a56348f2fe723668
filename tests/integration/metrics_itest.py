"""Every metric that is served is in the golden list, and every one of the list is served.

The list says for each family: name, type, labels, and the services that serve it.
"""
import pathlib
import re
import shutil
import subprocess
import threading
import unittest
import urllib.request

import psycopg2

from adbms_process import PATIENCE, BUILD, SERVICES, Cluster, run, wait_until

ROOT = pathlib.Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "deploy" / "prometheus" / "metrics.txt"
UNITS = ("seconds", "bytes", "total")
# Counts of things that are there now carry no unit.
COUNTS = ("adbms_audit_spooled_records", "adbms_connections", "adbms_connections_limit",
          "adbms_ledger_actions", "adbms_module_autonomy", "adbms_module_healthy",
          "adbms_plaintext_addresses", "adbms_plan_cache_entries", "adbms_storage_writes_stopped")
# Of processes with certificates alone: tls_itest.py looks at them.
CERTIFICATES = ("adbms_certificate_expiry_seconds", "adbms_certificate_reloads_total")


def golden():
    """name -> (type, labels, services)."""
    families = {}
    for line in GOLDEN.read_text().splitlines():
        if line and not line.startswith("#"):
            name, kind, labels, services = line.split()
            families[name] = (kind, labels, set(services.split(",")))
    return families


class Scrape:
    """One answer of /metrics."""

    SAMPLE = re.compile(r'^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)')

    def __init__(self, address):
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=10 * PATIENCE) as answer:
            self.text = answer.read().decode()
        self.types, self.help, self.labels, self.services, self.values = {}, {}, {}, {}, {}
        for line in self.text.splitlines():
            if line.startswith("# HELP "):
                _, _, name, text = line.split(" ", 3)
                self.help[name] = text
            elif line.startswith("# TYPE "):
                _, _, name, kind = line.split(" ", 3)
                self.types[name] = kind
            elif line:
                self._sample(line)

    def _sample(self, line):
        name, labels, value = self.SAMPLE.match(line).groups()
        pairs = dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels or ""))
        family = name
        for suffix in ("_bucket", "_sum", "_count"):
            stem = name.removesuffix(suffix)
            if stem != name and self.types.get(stem) == "histogram":
                family = stem
        pairs.pop("le", None)
        self.labels.setdefault(family, set()).add(",".join(sorted(pairs)))
        self.services.setdefault(family, set()).add(pairs.get("service"))
        self.values[name, tuple(sorted(pairs.items()))] = float(value)

    def value(self, name, **labels):
        return sum(value for (one, pairs), value in self.values.items()
                   if one == name and labels.items() <= dict(pairs).items())


def exercise(cluster):
    """Makes every kind of thing happen that is counted."""
    connection = cluster.connect()
    run(connection, "CREATE TABLE goods (id int PRIMARY KEY, kind text, note json)")
    run(connection, "INSERT INTO goods SELECT g, 'kind ' || g % 300, '{}' FROM "
        "generate_series(1, 20000) g")
    for statement in ("SAVEPOINT s", "ROLLBACK TO s", "RELEASE s", "COMMIT"):
        if statement == "SAVEPOINT s":
            run(connection, "BEGIN")
        run(connection, statement)
    run(connection, "BEGIN")
    run(connection, "ROLLBACK")
    run(connection, "ANALYZE goods")
    run(connection, "SELECT adbms.run_all_tables()")
    try:
        run(connection, "SELECT 1 / 0")
    except psycopg2.Error:
        pass
    # As many as raise a security event; not our own role's, whose statements would then be kept out
    # of what the modules learn from.
    for _ in range(5):
        try:
            cluster.connect(host=cluster.host, user="intruder", password="wrong")
        except psycopg2.OperationalError:
            pass
    done = threading.Event()

    def search():
        own = cluster.connect()
        number = 0
        while not done.is_set():
            number += 1
            run(own, f"SELECT count(*) FROM goods WHERE kind = 'kind {number % 300}'")
        own.close()

    worker = threading.Thread(target=search, daemon=True)
    worker.start()
    wait_until(lambda: run(connection, "SELECT 1 FROM adbms.actions WHERE kind = 'create_index' "
                           "AND state IN ('kept', 'verifying')"), 60, "the indexer acts")
    done.set()
    worker.join(30 * PATIENCE)
    connection.close()
    environment = cluster.client_environment()
    authority = getattr(cluster, "authority", None)
    subprocess.run([str(BUILD / "bin" / "adbms"), "status", "--host", cluster.addresses["grpc"],
                    "--data-dir", str(cluster.directory), "--password", "correct horse"]
                   + (["--tls-ca", str(authority.ca)] if authority else []),
                   env=environment, check=True, stdout=subprocess.DEVNULL)


class MetricsTest(unittest.TestCase):
    SETTINGS = ("orchestrator.cycle_ms=300ms", "orchestrator.window_ms=200ms")

    def start(self, **options):
        cluster = Cluster(settings=self.SETTINGS, **options)
        self.addCleanup(cluster.remove)
        return cluster.start()

    def check(self, scrapes, served_by):
        """`scrapes` by service; `served_by` narrows the list to what that process serves."""
        families = golden()
        seen = {}
        for scrape in scrapes.values():
            for name, services in scrape.services.items():
                seen.setdefault(name, set()).update(services)
                self.assertIn(name, families, "a metric that is not in the list")
                kind, labels, _ = families[name]
                self.assertEqual(scrape.types[name], kind, name)
                self.assertEqual(scrape.labels[name], {labels}, name)
                self.assertTrue(scrape.help[name].endswith("."), f"help of {name}")
                self.assertTrue(name.startswith("adbms_"))
                self.assertTrue(name.endswith(UNITS) or name in COUNTS, f"unit of {name}")
                self.assertEqual(name.endswith("_total"), kind == "counter", name)
        for name, (_, _, services) in families.items():
            if name in CERTIFICATES:
                continue
            self.assertEqual(seen.get(name, set()), services & served_by(name), name)

    def test_all_in_one(self):
        cluster = self.start()
        exercise(cluster)
        scrape = Scrape(cluster.addresses["http"])
        # Calls in one process are direct: only the gRPC front serves RPCs, and storage's stand at 0.
        # What is the process's is told by one of its services.
        self.check({"all": scrape}, lambda name: {"gateway", "storage"}
                   if name.startswith("adbms_rpc_") else {"gateway"}
                   if name == "adbms_plaintext_addresses" else set(SERVICES))
        self.assertEqual(scrape.value("adbms_rpc_requests_total", service="storage"), 0)
        self.assertGreater(scrape.value("adbms_statement_duration_seconds_count"), 20)
        self.assertGreater(scrape.value("adbms_statements_total", outcome="error"), 0)
        self.assertGreater(scrape.value("adbms_storage_commits_total"), 3)
        self.assertGreaterEqual(scrape.value("adbms_storage_rows_written_total"), 20000)
        self.assertGreater(scrape.value("adbms_storage_wal_syncs_total"), 0)
        self.assertEqual(scrape.value("adbms_ledger_actions"),
                         cluster.rows("SELECT count(*) FROM adbms.actions")[0][0])
        before = scrape.value("adbms_statements_total", outcome="ok")
        for _ in range(10):
            cluster.rows("SELECT 1")
        after = Scrape(cluster.addresses["http"]).value("adbms_statements_total", outcome="ok")
        self.assertGreaterEqual(after - before, 10)

    def test_seven_processes(self):
        cluster = self.start(separate=True)
        exercise(cluster)
        scrapes = {name: Scrape(cluster.http[name]) for name in SERVICES}
        for name, scrape in scrapes.items():
            for family, services in scrape.services.items():
                self.assertEqual(services, {name}, f"{family} of {name}")
        self.check(scrapes, lambda name: set(SERVICES))
        storage = scrapes["storage"]
        for method in ("Session.execute", "Session.commit", "Session.ddl", "GetCatalog"):
            self.assertGreater(storage.value("adbms_rpc_requests_total", method=method, code="ok"),
                               0, method)
            self.assertEqual(
                storage.value("adbms_rpc_requests_total", method=method),
                storage.value("adbms_rpc_duration_seconds_count", method=method), method)
        self.assertGreater(storage.value("adbms_rpc_requests_total", method="Session.execute",
                                         code="error"), 0)
        for name in ("indexer", "tuner", "security", "optimizer"):
            self.assertGreater(scrapes[name].value("adbms_rpc_requests_total", method="Observe"),
                               0, name)

    @unittest.skipUnless(shutil.which("promtool"), "promtool is not installed")
    def test_prometheus_takes_configuration_and_metrics(self):
        directory = ROOT / "deploy" / "prometheus"
        subprocess.run(["promtool", "check", "config", "--syntax-only",
                        str(directory / "prometheus.yml")], check=True)
        for rules in directory.glob("rules/*.yml"):
            subprocess.run(["promtool", "check", "rules", str(rules)], check=True)
        cluster = self.start()
        cluster.rows("SELECT 1")
        lint = subprocess.run(["promtool", "check", "metrics"], text=True, capture_output=True,
                              input=Scrape(cluster.addresses["http"]).text)
        self.assertEqual(lint.returncode, 0, lint.stdout + lint.stderr)


if __name__ == "__main__":
    unittest.main()
