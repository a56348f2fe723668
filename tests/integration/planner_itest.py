#!/usr/bin/env python3
"""Which planner planned a statement, and why not the best one: as EXPLAIN shows it, in text and
JSON, all-in-one and as seven processes; a learned model through the ledger, and its kill switch."""
import json
import unittest

from adbms_process import Cluster, ClusterTest, run, wait_until


def explain(connection, sql, options=""):
    return "\n".join(str(row[0]) for row in run(connection, f"EXPLAIN {options} {sql}"))


def explain_json(connection, sql):
    return run(connection, f"EXPLAIN (FORMAT JSON) {sql}")[0][0][0]


def make_places(connection):
    """A table whose columns depend on each other, so that estimates by independence are far off."""
    run(connection, "CREATE TABLE places (id int PRIMARY KEY, city int NOT NULL, zip int NOT NULL, "
                    "street int NOT NULL)")
    run(connection, "INSERT INTO places SELECT g, g % 40, g % 40 * 3, g % 80 "
                    "FROM generate_series(1, 8000) g")


class Restrictions:
    """What EXPLAIN says; the same all-in-one and as seven processes."""

    SETTINGS = ("orchestrator.autonomy=off",)

    def setUp(self):
        self.connection = self.connect()
        run(self.connection, "DROP TABLE IF EXISTS places, unknown")
        make_places(self.connection)
        run(self.connection, "ANALYZE places")

        def planned_by_cost():
            return "Planner: cost" in explain(self.connection, "SELECT * FROM places WHERE city = 1")
        wait_until(planned_by_cost, 10, "statistics reach the optimizer")

    def test_by_cost(self):
        text = explain(self.connection, "SELECT * FROM places WHERE city = 1")
        self.assertIn("Planner: cost", text)
        self.assertNotIn("Restriction", text)
        plan = explain_json(self.connection, "SELECT * FROM places WHERE city = 1")
        self.assertEqual(plan["Planner"], "cost")
        self.assertNotIn("Restriction", plan)
        self.assertEqual(plan["Plan"]["Plan Rows"], 200)

    def test_no_statistics(self):
        run(self.connection, "CREATE TABLE unknown (a int)")
        run(self.connection, "INSERT INTO unknown VALUES (1)")
        text = explain(self.connection, "SELECT * FROM places JOIN unknown ON a = id")
        self.assertIn("Planner: default\nRestriction: table public.unknown has no statistics", text)
        plan = explain_json(self.connection, "SELECT * FROM unknown")
        self.assertEqual((plan["Planner"], plan["Restriction"]),
                         ("default", "table public.unknown has no statistics"))

    def test_multi_statement_batch(self):
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT 1; EXPLAIN SELECT * FROM places WHERE city = 1")
            text = "\n".join(row[0] for row in cursor.fetchall())
        self.assertIn("Planner: default\nRestriction: a statement of a multi-statement batch", text)

    def test_schema_changed_in_the_transaction(self):
        run(self.connection, "BEGIN")
        run(self.connection, "CREATE TABLE unknown (a int)")
        text = explain(self.connection, "SELECT * FROM places WHERE city = 1")
        run(self.connection, "ROLLBACK")
        self.assertIn("Planner: default\nRestriction: the transaction has changed the schema", text)
        self.assertIn("Planner: cost", explain(self.connection, "SELECT * FROM places"))

    def test_prepared_statement_follows_statistics(self):
        run(self.connection, "PREPARE by_city AS SELECT count(*) FROM places WHERE city = $1")
        self.assertEqual(run(self.connection, "EXECUTE by_city(3)"), [(200,)])
        run(self.connection, "UPDATE places SET city = 3 WHERE city < 20")
        run(self.connection, "CREATE INDEX ON places (city)")
        run(self.connection, "ANALYZE places")
        self.assertEqual(run(self.connection, "EXECUTE by_city(3)"), [(4000,)])
        self.assertEqual(run(self.connection, "EXECUTE by_city(30)"), [(200,)])

    def test_values_decide_plans_and_not_answers(self):
        run(self.connection, "UPDATE places SET city = 3 WHERE city < 30")
        run(self.connection, "CREATE INDEX ON places (city)")
        run(self.connection, "ANALYZE places")
        for city, rows in ((35, 200), (3, 6000), (35, 200), (39, 200), (77, 0), (3, 6000)):
            self.assertEqual(
                run(self.connection, f"SELECT count(street) FROM places WHERE city = {city}"),
                [(rows,)])
        wait_until(lambda: "Index Scan" in explain(
            self.connection, "SELECT count(street) FROM places WHERE city = 77"), 10, "an index scan")
        self.assertIn("Seq Scan", explain(
            self.connection, "SELECT count(street) FROM places WHERE city = 3"))


class AllInOne(Restrictions, ClusterTest):
    pass


class SevenProcesses(Restrictions, ClusterTest):
    SEPARATE = True

    def test_without_the_optimizer(self):
        self.cluster.kill("optimizer")
        try:
            text = explain(self.connection, "SELECT * FROM places WHERE city = 2")
            self.assertIn("Planner: default\nRestriction: the optimizer is out of reach", text)
            plan = explain_json(self.connection, "SELECT * FROM places WHERE city = 2")
            self.assertEqual(plan["Restriction"], "the optimizer is out of reach")
        finally:
            self.cluster.start_one("optimizer")
        wait_until(lambda: "Planner: cost" in explain(
            self.connection, "SELECT * FROM places WHERE city = 2"), 20, "planning by cost again")


class Learning(unittest.TestCase):
    """A model from observation to use, restart and kill switch."""

    SETTINGS = ("orchestrator.cycle_ms=300ms", "orchestrator.window_ms=100ms",
                "optimizer.minimum_training_rows=60")
    QUERY = "SELECT count(*) FROM places WHERE city = 7 AND zip = 21"

    def work(self, connection):
        for i in range(400):
            city = i * 7 % 40
            more = f" AND street = {city + 40}" if i % 2 else ""
            run(connection,
                f"SELECT count(*) FROM places WHERE city = {city} AND zip = {city * 3}{more}")

    def test_life_of_a_model(self):
        with Cluster(settings=self.SETTINGS) as cluster:
            connection = cluster.connect()
            make_places(connection)
            run(connection, "ANALYZE places")

            def model_in_use():
                self.work(connection)
                return run(connection, "SELECT state, statement, undo, reason, measured_gain, measure, "
                                       "verdict FROM adbms.actions WHERE module = 'optimizer' AND "
                                       "state IN ('kept', 'reverted', 'failed')")
            actions = wait_until(model_in_use, 60, "a model is in use, and has been judged")
            state, statement, undo, reason, gain, measure, verdict = actions[0]
            self.assertEqual(state, "kept", verdict)
            self.assertEqual(measure, "row estimates")
            self.assertRegex(statement, "plan with cardinality model")
            self.assertRegex(undo, "plan without cardinality model")
            self.assertRegex(reason, "not trained on")
            self.assertGreater(gain, 0.3)
            wait_until(lambda: "Planner: learned" in explain(connection, self.QUERY), 10,
                       "a learned plan")
            scan = explain_json(connection, self.QUERY)["Plan"]["Plans"][0]
            self.assertTrue(100 <= scan["Plan Rows"] <= 400, scan)
            # By independence a fortieth of a fortieth is expected.
            self.assertLess(scan["Uncorrected Rows"], scan["Plan Rows"] / 4, scan)
            self.assertEqual(run(connection, self.QUERY), [(200,)])
            unseen = explain(connection, "SELECT * FROM places WHERE street > 70 AND zip < 9")
            self.assertIn("Planner: cost\nRestriction: no learned correction", unseen)
            self.assertEqual(
                run(connection, "SELECT state FROM adbms.models WHERE state = 'live'"), [("live",)])
            connection.close()

            cluster.restart()
            connection = cluster.connect()
            wait_until(lambda: "Planner: learned" in explain(connection, self.QUERY), 20,
                       "the model to be read again")
            connection.close()

            cluster.settings.append("optimizer.learned_cardinality=false")
            cluster.restart()
            connection = cluster.connect()
            self.assertIn("Planner: cost", explain(connection, self.QUERY))
            self.assertNotIn("Restriction", explain(connection, self.QUERY))
            self.assertNotIn("Uncorrected", explain(connection, self.QUERY, "(FORMAT JSON)"))
            connection.close()


class LearningFromWorkers(Learning):
    """Scans that several threads ran teach as well as others."""

    SETTINGS = (*Learning.SETTINGS, "storage.workers=3", "storage.worker_rows=0")


if __name__ == "__main__":
    unittest.main()
