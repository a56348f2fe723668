"""The autonomous cycle as a user meets it: an index that nobody asked for, its entry in the ledger,
taking it back, the limits that are set to it, the report, and what a killed orchestrator leaves.
"""
import html.parser
import json
import pathlib
import re
import time
import unittest

from adbms_process import Cluster, run, sqlstate, wait_until
from workload import Workload

ROWS = 30000
FAST = ("orchestrator.cycle_ms=300ms", "orchestrator.window_ms=200ms")
SEARCH = "SELECT count(*) FROM parcels WHERE city = 'city {}'"


def load(cluster):
    connection = cluster.connect()
    run(connection, "CREATE TABLE parcels (id int PRIMARY KEY, city text, weight int, "
        "note json)")
    run(connection, "INSERT INTO parcels SELECT g, 'city ' || g % 500, g % 90, '{}' FROM "
        f"generate_series(1, {ROWS}) g")
    connection.close()


def actions(cluster, condition="true"):
    connection = cluster.connect()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT id, module, kind, subject, state, statement, undo, reason, "
                           "predicted_gain, measured_gain, initiator, verdict FROM adbms.actions "
                           f"WHERE {condition} ORDER BY id")
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row)) for row in cursor.fetchall()]
    finally:
        connection.close()


def indexes(cluster, table="parcels"):
    return [name for name, in cluster.rows(
        f"SELECT indexname FROM pg_indexes WHERE tablename = '{table}' ORDER BY 1")
            if name.startswith("auto_")]


class AutonomyTest(unittest.TestCase):
    def start(self, *settings, **options):
        cluster = Cluster(settings=settings, **options)
        self.addCleanup(cluster.remove)
        return cluster.start()

    def wait_kept(self, cluster, seconds=60):
        return wait_until(lambda: actions(
            cluster, "module = 'indexer' AND kind = 'create_index' AND state = 'kept'"),
                          seconds, "an index is built, measured and kept")[0]

    def test_index_nobody_asked_for(self):
        # Defaults but for nothing: what a user gets.
        cluster = self.start()
        load(cluster)
        with Workload(cluster, SEARCH):
            started = time.monotonic()
            wait_until(lambda: indexes(cluster), 60, "an index is at work")
            self.assertLess(time.monotonic() - started, 60)
            kept = self.wait_kept(cluster)
        self.assertIn("city", kept["subject"])
        self.assertIn("CREATE INDEX", kept["statement"])
        self.assertIn("DROP INDEX", kept["undo"])
        self.assertRegex(kept["reason"], r"\d+ statement")
        self.assertGreater(kept["predicted_gain"], 0.1)
        self.assertGreater(kept["measured_gain"], 0.1)
        self.assertEqual(kept["initiator"], "auto")
        self.assertIn("kept", kept["verdict"])
        plan = str(cluster.rows("EXPLAIN " + SEARCH.format(42)))
        self.assertIn(indexes(cluster)[0], plan)
        self.assertEqual(cluster.rows(SEARCH.format(42)), [(ROWS // 500,)])
        self.revert(cluster, kept)
        self.run_all_tables(cluster, kept)

    def test_indexes_of_every_kind(self):
        cluster = self.start(*FAST)
        connection = cluster.connect()
        self.addCleanup(connection.close)
        run(connection, "CREATE TABLE things (id int PRIMARY KEY, a int, b text, c text, d text)")
        run(connection, f"INSERT INTO things SELECT g, g % 700, 'b' || g % 900, md5(g::text), "
            f"md5((-g)::text) FROM generate_series(1, {ROWS}) g")
        statements = {"SELECT count(*) FROM things WHERE a = {} OR b = 'b{}'":
                      r"^things\(a\).* and things\(b\)",
                      "SELECT count(*) FROM things WHERE c LIKE '%7{}a%'":
                      r"^things\(c gin_trgm_ops\)$",
                      "SELECT count(*) FROM things WHERE d LIKE '{}%'": r"^things\(d\)$"}
        numbers = iter(range(100, 10**9))

        def kept():
            for _ in range(20):
                number = next(numbers) % 600 + 100
                for statement in statements:
                    run(connection, statement.format(*[number] * statement.count("{}")))
            found = actions(cluster, "module = 'indexer' AND kind = 'create_index' AND state = 'kept'")
            return found if all(any(re.search(wanted, action["subject"]) for action in found)
                                for wanted in statements.values()) else None

        made = wait_until(kept, 90, "each statement has the index that it wants")
        both = next(action for action in made if " and " in action["subject"])
        self.assertEqual(both["statement"].count("CREATE INDEX"), 2)
        of_both = re.findall(r"auto_things_[ab]\w+", both["undo"])
        self.assertEqual(len(of_both), 2, both["undo"])
        self.assertTrue(set(of_both) <= set(indexes(cluster, "things")))
        answer = run(connection, "SELECT count(*) FROM things WHERE a = 5 OR b = 'b5'")
        # Made together, they are taken back together.
        cluster.rows(f"SELECT adbms.revert({both['id']})")
        self.assertFalse(set(of_both) & set(indexes(cluster, "things")))
        self.assertEqual(run(connection, "SELECT count(*) FROM things WHERE a = 5 OR b = 'b5'"),
                         answer)

    def test_indexes_in_every_database_and_schema(self):
        cluster = self.start(*FAST)
        cluster.rows("CREATE DATABASE shop")
        shop = cluster.connect(dbname="shop")
        self.addCleanup(shop.close)
        run(shop, "CREATE SCHEMA sales")
        run(shop, "SET search_path = sales")
        run(shop, "CREATE TABLE parcels (id int PRIMARY KEY, city text, state text, note text)")
        run(shop, "INSERT INTO parcels SELECT g, 'City ' || g % 500, CASE WHEN g % 400 = 0 THEN "
            f"'open' ELSE 'sent' END, md5(g::text) FROM generate_series(1, {ROWS}) g")
        # What tables of the same name are like elsewhere is another matter.
        cluster.rows("CREATE TABLE parcels (id int PRIMARY KEY, city text)")
        statements = ("SELECT count(*) FROM parcels WHERE lower(city) = 'city {}'",
                      "SELECT id FROM parcels WHERE state = 'open' ORDER BY note LIMIT 3")
        number = 0

        def kept():
            nonlocal number
            for number in range(number, number + 20):
                for statement in statements:
                    run(shop, statement.format(number % 500))
            found = actions(cluster, "module = 'indexer' AND kind = 'create_index' AND state = 'kept'")
            return found if len(found) == 2 else None

        made = sorted(wait_until(kept, 60, "both statements have their index"),
                      key=lambda action: action["subject"])
        self.assertEqual(made[0]["subject"], "shop.sales.parcels(lower(city)) include (city)")
        self.assertRegex(made[1]["subject"],
                         r"^shop\.sales\.parcels\(note\).* where state = 'open'::text$")
        self.assertRegex(made[1]["statement"],
                         r"^CREATE INDEX auto_\S+ ON sales\.parcels \(note\).* WHERE \(state = 'open'::text\)$")
        names = "SELECT indexname FROM pg_indexes WHERE indexname LIKE 'auto%'"
        self.assertEqual(len(run(shop, names)), 2)
        self.assertEqual(cluster.rows(names), [])
        lines = [line for line, in cluster.rows("SELECT adbms.run_all_tables()")]
        self.assertTrue(any(line.startswith("indexer: shop.sales.parcels") for line in lines), lines)
        cluster.rows(f"SELECT adbms.revert({made[0]['id']})")
        self.assertEqual(len(run(shop, names)), 1)
        shop.close()
        cluster.rows("DROP DATABASE shop WITH (FORCE)")
        wait_until(lambda: actions(cluster, f"id = {made[1]['id']} AND state = 'reverted'"), 20,
                   "what went with the database is said to be gone")

    def revert(self, cluster, kept):
        cluster.rows(f"SELECT adbms.revert({kept['id']})")
        self.assertEqual(indexes(cluster), [])
        after = actions(cluster, f"id = {kept['id']}")[0]
        self.assertEqual(after["state"], "reverted")
        self.assertEqual(after["initiator"], "adbms")
        self.assertEqual(cluster.rows(SEARCH.format(42)), [(ROWS // 500,)])
        # What was taken back by hand is not tried again at once.
        with Workload(cluster, SEARCH) as workload:
            wait_until(lambda: workload.calls > 300, 60, "the workload runs")
        self.assertEqual(indexes(cluster), [])
        connection = cluster.connect()
        self.assertIsNotNone(sqlstate(connection, f"SELECT adbms.revert({kept['id']})"))
        self.assertIsNotNone(sqlstate(connection, "SELECT adbms.revert(999999)"))
        self.assertEqual(sqlstate(connection, "SELECT adbms.revert('x')"), "22P02")
        self.assertEqual(run(connection, "SELECT 1"), [(1,)])
        connection.close()

    def run_all_tables(self, cluster, undone):
        lines = [line for line, in cluster.rows("SELECT adbms.run_all_tables()")]
        directory = pathlib.Path(lines[-1].removeprefix("report: "))
        self.assertEqual(directory.parent, cluster.directory / "logs")
        self.assertTrue(directory.name.startswith("summary_"))
        for module in ("statistics", "security", "indexer", "tuner"):
            self.assertTrue(any(line.startswith(f"{module}: public.parcels") for line in lines),
                            f"{module} was not asked: {lines}")
        report = json.loads((directory / "summary_report.json").read_text())
        self.assertTrue(report["ledger_intact"])
        self.assertEqual(report["tables"], ["public.parcels"])
        entry = next(a for a in report["history"] if a["id"] == undone["id"])
        self.assertEqual(entry["state"], "reverted")
        self.assertEqual(entry["statement"], undone["statement"])
        self.assertAlmostEqual(entry["measured_gain"], undone["measured_gain"], places=3)
        self.assertTrue(any("parcels" in s["sql"] for s in report["statements"]))
        text = (directory / "summary_report.txt").read_text()
        for part in (undone["statement"], undone["reason"], "hash chain intact", "predicted"):
            self.assertIn(part, text)
        page = PageText()
        page.feed((directory / "summary_report.html").read_text())
        page.close()
        self.assertEqual(page.open, [], "tags are left open")
        for part in (undone["statement"], undone["reason"], "hash chain intact"):
            self.assertIn(part, page.text)

    def test_a_type_that_cannot_be_indexed_is_refused_with_the_reason(self):
        cluster = self.start(*FAST)
        load(cluster)
        # An instant is another one in another time zone: no index on the expression keeps it.
        with Workload(cluster, "SELECT count(*) FROM parcels WHERE (note ->> 'at')::timestamptz = "
                      "'2026-01-01'"):
            refused = wait_until(lambda: actions(cluster, "state = 'refused'"), 40, "a refusal")
        self.assertIn("note", refused[0]["subject"])
        self.assertIn("json", refused[0]["reason"])
        self.assertEqual(refused[0]["module"], "indexer")
        self.assertEqual(len(refused), 1, "it is said once")
        self.assertEqual(indexes(cluster), [])

    def test_off_and_recommend_are_respected(self):
        cluster = self.start(*FAST, "orchestrator.autonomy=recommend")
        load(cluster)
        with Workload(cluster, SEARCH):
            proposed = wait_until(lambda: actions(cluster, "kind = 'create_index'"), 40,
                                  "a recommendation")[0]
            self.assertEqual(proposed["state"], "proposed")
            self.assertEqual(indexes(cluster), [])
            cluster.rows(f"SELECT adbms.approve({proposed['id']})")
            wait_until(lambda: indexes(cluster), 30, "the approved index")
            self.assertEqual(actions(cluster, f"id = {proposed['id']}")[0]["initiator"], "adbms")
            self.wait_kept(cluster)

    def test_off_means_nothing_happens(self):
        cluster = self.start(*FAST, "orchestrator.autonomy=off")
        load(cluster)
        with Workload(cluster, SEARCH) as workload:
            wait_until(lambda: cluster.rows(
                "SELECT calls FROM adbms.statements WHERE statement LIKE '%parcels WHERE%' "
                "AND calls > 300") and workload.calls > 300, 60, "the workload is known")
        self.assertEqual(actions(cluster), [])
        self.assertEqual(indexes(cluster), [])

    def test_unused_index_is_dropped(self):
        cluster = self.start(*FAST, "indexer.drop_unused_after_ms=5s")
        load(cluster)
        with Workload(cluster, SEARCH):
            self.wait_kept(cluster)
            self.assertEqual(len(indexes(cluster)), 1)
        # Work goes on, but nothing that the index serves.
        with Workload(cluster, "SELECT weight FROM parcels WHERE id = {}"):
            wait_until(lambda: not indexes(cluster), 60, "the unused index is dropped")
            dropped = wait_until(lambda: actions(
                cluster, "kind = 'drop_index' AND state = 'kept'"), 10, "the ledger says so")
        self.assertIn("no plan has used it", dropped[0]["reason"])
        self.assertIn("CREATE INDEX", dropped[0]["undo"])
        cluster.rows(f"SELECT adbms.revert({dropped[0]['id']})")
        self.assertEqual(len(indexes(cluster)), 1)

    def test_what_is_measured_outlives_the_orchestrator(self):
        # A slow client: the verdict wants executions, and so the kill meets it being measured.
        cluster = self.start(*FAST, "orchestrator.lease_ms=1s",
                             "orchestrator.verification_timeout_ms=60s", separate=True)
        load(cluster)
        subject = "kind = 'create_index' AND subject LIKE '%city%'"
        with Workload(cluster, SEARCH, pause=0.15) as workload:
            wait_until(lambda: actions(cluster, f"{subject} AND state = 'verifying'"), 60,
                       "an index is being measured")
            cluster.kill("orchestrator")
            calls = workload.calls
            self.assertEqual([a["state"] for a in actions(cluster, subject)], ["verifying"])
            wait_until(lambda: workload.calls > calls + 5, 30, "queries go on without it")
            cluster.start_one("orchestrator")
            decided = wait_until(lambda: actions(cluster, f"{subject} AND state <> 'verifying'"),
                                 90, "the restarted orchestrator decides")[0]
        self.assertEqual(decided["state"], "kept", decided)
        if decided["measured_gain"] is None:  # The machine was busier than before.
            self.assertIn("fewer rows", decided["verdict"])
            return
        self.assertGreater(decided["measured_gain"], 0.1)
        before = re.search(r"over (\d+) executions before and (\d+) after", decided["verdict"])
        self.assertIsNotNone(before, decided["verdict"])
        self.assertGreaterEqual(int(before[1]), 3)
        self.assertGreaterEqual(int(before[2]), 3)
        self.assertEqual(len(indexes(cluster)), 1)

    def test_killed_orchestrator_leaves_nothing_half_done(self):
        cluster = self.start(*FAST, "orchestrator.lease_ms=1s",
                             "orchestrator.verification_timeout_ms=5s", separate=True)
        load(cluster)
        # The first is killed as soon as anything is under way, the second while it is measured.
        for column, states in (("city", "'applying', 'verifying'"), ("weight", "'verifying'")):
            search = f"SELECT count(*) FROM parcels WHERE {column} = " + (
                "'city {}'" if column == "city" else "{}")
            subject = f"kind = 'create_index' AND subject LIKE '%{column}%'"
            with Workload(cluster, search, pause=0.05) as workload:
                wait_until(lambda s=subject, t=states: actions(
                    cluster, f"{s} AND state IN ({t})"), 60, "the indexer acts")
                cluster.kill("orchestrator")
                calls = workload.calls
                cluster.start_one("orchestrator")
                wait_until(lambda c=calls, w=workload: w.calls > c + 50, 30, "queries go on")
                wait_until(lambda s=subject: actions(cluster, s)[0]["state"] in (
                    "kept", "reverted", "failed"), 60, "the action comes to an end")
        wait_until(lambda: not actions(cluster, "state IN ('applying', 'verifying')"), 60,
                   "nothing is left under way")
        decided = actions(cluster, "kind = 'create_index'")
        for action in decided:
            self.assertTrue(action["verdict"])
            # What was not kept left no index behind.
            name = action["undo"].rsplit(".", 1)[1]
            self.assertEqual(name in indexes(cluster), action["state"] == "kept", action)
        lines = [line for line, in cluster.rows("SELECT adbms.run_all_tables()")]
        directory = pathlib.Path(lines[-1].removeprefix("report: "))
        report = json.loads((directory / "summary_report.json").read_text())
        self.assertTrue(report["ledger_intact"])


class PageText(html.parser.HTMLParser):
    """The text of a page, and which tags are open."""

    VOID = ("meta", "br", "hr", "link", "!doctype")

    def __init__(self):
        super().__init__()
        self.open = []
        self.text = ""

    def handle_starttag(self, tag, attributes):
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if self.open and self.open[-1] == tag:
            self.open.pop()

    def handle_data(self, data):
        self.text += data


if __name__ == "__main__":
    unittest.main()
