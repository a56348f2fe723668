"""Autonomy under loads that change, on machines that are busy, beside people who have their own mind:
everything on auto, nothing switched off, defaults but for nothing.
"""
import subprocess
import sys
import time
import unittest

import psycopg2

from adbms_process import Cluster, run, wait_until
from workload import Workload

FAST = ("orchestrator.cycle_ms=500ms", "orchestrator.window_ms=250ms")
PHASE_SECONDS = 60
ROWS = 120000
# Other hot statements in each phase, each wanting an index of its own.
PHASES = (
    ("SELECT count(*), avg(total) FROM orders WHERE customer = {}", "customer"),
    ("SELECT max(placed) FROM orders WHERE item = {}", "item"),
    ("SELECT sum(total) FROM orders WHERE clerk = {}", "clerk"),
    ("SELECT count(*) FROM orders WHERE region = {} AND total < 100", "region"),
)


class BusyMachine:
    """Other programs that take whole processors."""

    def __init__(self, loops):
        self.loops = loops

    def __enter__(self):
        self.processes = [subprocess.Popen([sys.executable, "-c", "while True: pass"])
                          for _ in range(self.loops)]
        return self

    def __exit__(self, *unused):
        for process in self.processes:
            process.kill()
            process.wait()


def load(cluster, rows=ROWS):
    connection = cluster.connect()
    run(connection, "CREATE TABLE orders (id int PRIMARY KEY, customer int, item int, clerk int, "
        "region int, placed timestamp, total int)")
    # In pieces, as a client would load: a bulk load that memory, too, has an opinion about.
    step = rows // 12
    for start in range(0, rows, step):
        run(connection, "INSERT INTO orders SELECT g, g % 400, (g * 7) % 401, (g * 11) % 403, "
            "(g * 13) % 407, timestamp '2026-01-01' + g * interval '1 minute', g % 1000 "
            f"FROM generate_series({start + 1}, {start + step}) g")
    connection.close()


def actions(cluster, condition="true"):
    connection = cluster.connect()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT id, module, kind, subject, state, statement, undo, initiator, outcome, "
                           f"measure, measured_gain, verdict FROM adbms.actions WHERE {condition} "
                           "ORDER BY id")
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row)) for row in cursor.fetchall()]
    finally:
        connection.close()


def indexes(cluster):
    return [name for name, in cluster.rows(
        "SELECT indexname FROM pg_indexes WHERE tablename = 'orders' ORDER BY 1")
            if name.startswith("auto_")]


def kept(cluster, column):
    return [a for a in actions(cluster, "kind = 'create_index' AND state = 'kept'")
            if f"orders({column}" in a["subject"]]


class ShiftingTest(unittest.TestCase):
    def start(self, *settings, **options):
        cluster = Cluster(settings=settings, **options)
        self.addCleanup(cluster.remove)
        return cluster.start()

    def test_every_phase_has_its_index_within_a_minute(self):
        # Small memory: a tuner that has something to say all the time.
        cluster = self.start("storage.memtable_bytes=8MiB", "storage.block_cache_bytes=8MiB")
        load(cluster)
        for statement, column in PHASES:
            started = time.monotonic()
            with Workload(cluster, statement, "SELECT total FROM orders WHERE id = {}"):
                wait_until(lambda c=column: [i for i in indexes(cluster) if f"orders_{c}" in i],
                           PHASE_SECONDS, f"an index on {column}")
                seconds = time.monotonic() - started
                wait_until(lambda c=column: kept(cluster, c), PHASE_SECONDS,
                           f"the index on {column} is measured and kept")
            print(f"phase {column}: index after {seconds:.1f} s", file=sys.stderr)
        undone = actions(cluster, "kind = 'create_index' AND state = 'reverted' AND outcome = 'lost'")
        self.assertEqual(undone, [], "a good index was taken back")

    def test_a_busy_machine_turns_no_good_action_into_a_revert(self):
        cluster = self.start(*FAST)
        load(cluster)
        statement, column = PHASES[0]
        with Workload(cluster, statement, "SELECT total FROM orders WHERE id = {}"):
            wait_until(lambda: actions(cluster, "kind = 'create_index' AND state IN "
                                       "('applying', 'verifying', 'kept')"), PHASE_SECONDS, "an index")
            with BusyMachine(2):
                wait_until(lambda: kept(cluster, column), PHASE_SECONDS, "it is kept all the same")
                # The next ones are begun and judged under the same weather.
                other, second = PHASES[1]
                with Workload(cluster, other):
                    wait_until(lambda: kept(cluster, second), PHASE_SECONDS, "so is the next one")
        self.assertEqual([a["verdict"] for a in actions(cluster, "outcome = 'lost'")], [])

    def test_what_a_person_dropped_does_not_come_back(self):
        cluster = self.start(*FAST)
        load(cluster)
        statement, column = PHASES[0]
        with Workload(cluster, statement) as work:
            action = wait_until(lambda: kept(cluster, column), PHASE_SECONDS, "an index is kept")[0]
            cluster.rows(f"DROP INDEX public.{indexes(cluster)[0]}")
            dropped = wait_until(lambda: actions(
                cluster, f"id = {action['id']} AND state <> 'kept'"), 20, "the ledger knows")[0]
            self.assertEqual((dropped["state"], dropped["outcome"], dropped["initiator"]),
                             ("reverted", "unwanted", "user"), dropped)
            calls = work.calls
            began = time.monotonic()
            # It came back as a variant within 40 seconds once; and in many cycles of calls.
            wait_until(lambda: work.calls > calls + 200 and time.monotonic() > began + 20, 120,
                       "the workload goes on")
            self.assertEqual(indexes(cluster), [])
        self.assertEqual(actions(cluster, f"id > {action['id']} AND kind = 'create_index' AND "
                                 "subject LIKE '%(customer%'"), [])

    def test_the_configuration_counts_at_every_start(self):
        cluster = self.start(*FAST)
        load(cluster, 24000)
        self.assertEqual(cluster.rows("SELECT DISTINCT autonomy, autonomy_set_by FROM adbms.modules"),
                         [("auto", "configuration")])
        cluster.settings.append("orchestrator.autonomy=off")
        cluster.restart()
        self.assertEqual(cluster.rows("SELECT DISTINCT autonomy FROM adbms.modules"), [("off",)])
        with Workload(cluster, PHASES[0][0]) as work:
            wait_until(lambda: work.calls > 400, 60, "the workload runs")
        self.assertEqual(actions(cluster, "kind = 'create_index'"), [])
        self.assertEqual(indexes(cluster), [])

    def test_an_interrupted_build_is_made_again_not_a_worse_one(self):
        cluster = self.start(*FAST, "orchestrator.lease_ms=1s")
        load(cluster, 600000)
        statement, column = PHASES[0]
        with self.assertRaises(psycopg2.Error):  # Of the load, when the process is killed.
            with Workload(cluster, statement):
                wait_until(lambda: actions(cluster, "kind = 'create_index' AND state = 'applying'"),
                           PHASE_SECONDS, "a build is under way")
                cluster.kill()
                # Left with the error of the connection that was cut.
                wait_until(lambda: not cluster.daemons["all"].running(), 10, "it is gone")
        cluster.start_one("all")
        first = wait_until(lambda: actions(cluster, "kind = 'create_index' AND state <> 'applying'"),
                           60, "the action comes to an end")[0]
        with Workload(cluster, statement):
            again = wait_until(lambda: kept(cluster, column), PHASE_SECONDS, "it is built again")[0]
        if first["state"] == "reverted":
            self.assertEqual(first["outcome"], "interrupted", first)
            self.assertEqual(again["subject"], first["subject"])
        self.assertEqual(len(indexes(cluster)), 1)


if __name__ == "__main__":
    unittest.main()
