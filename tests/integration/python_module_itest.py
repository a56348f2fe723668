"""A module in Python that joins a running database: what it is asked, what it may not, and that nobody
misses it when it dies.
"""
import subprocess
import sys
import threading
import time
import unittest

from adbms_process import BUILD, PASSWORD, Cluster, run, wait_until
from sdk_process import CLIENTS

sys.path.insert(0, str(CLIENTS / "python" / "src"))

import grpc  # noqa: E402

import adbms  # noqa: E402
from adbms.module.v1 import module_pb2 as pb  # noqa: E402
from adbms.modules import Finding, Module, Proposal, Refused, serve  # noqa: E402

FAST = ("orchestrator.cycle_ms=300ms", "orchestrator.window_ms=200ms")
GROWTH = CLIENTS / "python" / "examples" / "growth_module.py"


class Watcher(Module):
    """Proposes one change, which it counts instead of making it."""

    name = "watcher"
    description = "Counts."
    action_kinds = ("count",)

    def __init__(self):
        self.windows = self.applied = self.reverted = 0
        self.fails = False
        self.seen = threading.Event()

    def observe(self, window):
        self.windows += 1
        self.seen.set()

    def propose(self, request):
        if self.fails:
            raise ValueError("a module's own fault")
        yield Proposal(kind="count", subject="the count", statement="count one more",
                       undo="count one less", reason="there is nothing like counting",
                       predicted_gain=0.5)

    def apply(self, action_id, proposal):
        if proposal.subject != "the count":
            raise Refused("that was not proposed")
        self.applied += 1
        return 0.25

    def revert(self, action_id, proposal, reason):
        self.reverted += 1

    def report(self, table_ids):
        yield Finding(severity="info", text=f"{self.windows} windows were seen")


def actions(cluster, module):
    return cluster.rows("SELECT id, kind, subject, state, reason, measured_gain FROM adbms.actions "
                        f"WHERE module = '{module}' ORDER BY id")


class PythonModuleTest(unittest.TestCase):
    def start(self, **options):
        cluster = Cluster(settings=FAST, **options)
        self.addCleanup(cluster.remove)
        return cluster.start()

    def serve(self, cluster, module, listen="127.0.0.1:0"):
        running = serve(module, cluster.addresses["grpc"], "adbms", PASSWORD, listen)
        self.addCleanup(running.stop, 0)
        return running

    def load(self, cluster, seconds=0.0):
        connection = cluster.connect()
        run(connection, "CREATE TABLE IF NOT EXISTS notes (id serial PRIMARY KEY, note text)")
        end = time.monotonic() + seconds
        while True:
            run(connection, "INSERT INTO notes (note) SELECT repeat('x', 1000) FROM "
                "generate_series(1, 200)")
            if time.monotonic() >= end:
                break
        connection.close()

    def test_it_is_asked_and_its_actions_are_in_the_ledger(self):
        cluster = self.start()
        watcher = Watcher()
        running = self.serve(cluster, watcher)
        self.load(cluster)
        self.assertTrue(watcher.seen.wait(30), "no window came")
        done = wait_until(lambda: [a for a in actions(cluster, "watcher") if a[3] == "kept"], 30,
                          "its proposal is applied and kept")
        self.assertEqual(done[0][1:3], ("count", "the count"))
        self.assertAlmostEqual(done[0][5], 0.25)
        self.assertEqual(watcher.applied, 1)
        cluster.rows(f"SELECT adbms.revert({done[0][0]})")
        self.assertEqual(watcher.reverted, 1)
        # The orchestrator alone may ask.
        with grpc.insecure_channel(running.address) as channel:
            call = channel.unary_unary("/adbms.module.v1.ModuleService/Apply",
                                       request_serializer=pb.ApplyRequest.SerializeToString,
                                       response_deserializer=pb.ApplyResponse.FromString)
            for metadata in ((), (("adbms-module-token", "watcher:00"),)):
                with self.assertRaises(grpc.RpcError) as raised:
                    call(pb.ApplyRequest(), metadata=metadata, timeout=10)
                self.assertEqual(raised.exception.code(), grpc.StatusCode.UNAUTHENTICATED)
        self.assertEqual(watcher.applied, 1)

    def test_nobody_misses_one_that_fails_or_dies(self):
        cluster = self.start(separate=True)
        watcher = Watcher()
        watcher.fails = True
        running = self.serve(cluster, watcher)
        self.load(cluster)
        self.assertTrue(watcher.seen.wait(30), "no window came")
        self.assertEqual(cluster.rows("SELECT count(*) > 0 FROM notes"), [(True,)])
        self.assertEqual(actions(cluster, "watcher"), [])
        running.stop(0)
        self.load(cluster)
        lines = [line for line, in cluster.rows("SELECT adbms.run_all_tables()")]
        self.assertTrue(any(line.startswith("indexer: public.notes") for line in lines), lines)

    def test_nobody_waits_for_one_that_is_slow(self):
        cluster = self.start()
        watcher = Watcher()
        stalled = threading.Event()
        self.addCleanup(stalled.set)
        watcher.observe = lambda window: stalled.wait(60)
        self.serve(cluster, watcher)
        connection = cluster.connect()
        self.addCleanup(connection.close)
        run(connection, "CREATE TABLE goods (id int PRIMARY KEY, kind int)")
        run(connection, "INSERT INTO goods SELECT g, g % 500 FROM generate_series(1, 30000) g")
        started = time.monotonic()

        def indexed():
            for kind in range(20):
                run(connection, f"SELECT count(*) FROM goods WHERE kind = {kind}")
            return run(connection, "SELECT 1 FROM pg_indexes WHERE indexname LIKE 'auto%'")
        wait_until(indexed, 40, "the indexer acts")
        self.assertLess(time.monotonic() - started, 30)
        self.assertEqual(cluster.rows("SELECT 1"), [(1,)])

    def test_a_gain_that_cannot_be_is_not_believed(self):
        cluster = self.start()
        watcher = Watcher()
        watcher.apply = lambda action_id, proposal: 99.0
        self.serve(cluster, watcher)
        self.load(cluster)
        done = wait_until(lambda: [a for a in actions(cluster, "watcher") if a[3] == "kept"], 30,
                          "its proposal is applied")
        self.assertIsNone(done[0][5])

    def test_it_is_known_after_a_restart_until_it_is_removed(self):
        cluster = self.start()
        watcher = Watcher()
        running = self.serve(cluster, watcher)
        cluster.stop()
        cluster.start()
        watcher.seen.clear()
        self.load(cluster)
        self.assertTrue(watcher.seen.wait(30), "it was forgotten")
        names = "SELECT name FROM adbms.modules WHERE name = 'watcher'"
        self.assertEqual(cluster.rows(names), [("watcher",)])
        for name, status in (("watcher", 0), ("watcher", 1), ("indexer", 1)):
            done = subprocess.run([str(BUILD / "bin" / "adbms"), "modules", "remove", name, "--grpc",
                                   cluster.addresses["grpc"], "--password", PASSWORD],
                                  capture_output=True, text=True)
            self.assertEqual(done.returncode, status, done.stderr)
        self.assertEqual(cluster.rows(names), [])
        running.stop(0)

    def test_who_may_not_register_one_does_not(self):
        cluster = self.start()
        cluster.rows("CREATE ROLE clerk LOGIN PASSWORD 'x'")
        with self.assertRaises(adbms.Error) as raised:
            serve(Watcher(), cluster.addresses["grpc"], "clerk", "x")
        self.assertEqual(raised.exception.sqlstate, "42501")
        watcher = Watcher()
        watcher.name = "indexer"
        with self.assertRaises(adbms.Error):
            serve(watcher, cluster.addresses["grpc"], "adbms", PASSWORD)

    def test_the_example_forecasts_growth(self):
        cluster = self.start()
        growth = subprocess.Popen(
            [sys.executable, str(GROWTH), cluster.addresses["grpc"], "adbms", PASSWORD, "--step",
             "0.3", "--season", "4", "--limit-mib", "0.5"],
            stdout=subprocess.PIPE, text=True, env={"PYTHONPATH": str(CLIENTS / "python" / "src")})
        self.addCleanup(growth.stdout.close)
        self.addCleanup(growth.wait)
        self.addCleanup(growth.kill)
        self.assertIn("growth serves at", growth.stdout.readline())
        stop = threading.Event()
        loader = threading.Thread(target=self.keep_loading, args=(cluster, stop))
        loader.start()
        try:
            told = wait_until(lambda: actions(cluster, "growth"), 60, "a retention is recommended")
        finally:
            stop.set()
            loader.join()
        self.assertEqual(told[0][1:4], ("retention", "retention of public.notes", "refused"))
        self.assertRegex(told[0][4], r"public\.notes will have \d+\.\d MiB .* more than 0 MiB")

    def keep_loading(self, cluster, stop):
        while not stop.is_set():
            self.load(cluster)


if __name__ == "__main__":
    unittest.main()
