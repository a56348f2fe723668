"""Plans that are chosen by what they take: alternatives are tried within a budget, the best is
kept through the ledger and can be taken back, a new plan that is worse gives way, and restricted
statements have none of it.
"""
import re
import subprocess
import unittest
import urllib.request

from adbms_process import (BUILD, PASSWORD, PATIENCE, Cluster, ClusterTest, run, sqlstate,
                           wait_until)

FAST = ("orchestrator.autonomy=off", "orchestrator.cycle_ms=300ms", "orchestrator.window_ms=200ms")
SALES = 60000
# Ten popular products of a thousand have nine tenths of the sales, which no statistics of a column tell.
TABLES = (
    "CREATE TABLE products (id int PRIMARY KEY, category text)",
    "INSERT INTO products SELECT g, CASE WHEN g <= 10 THEN 'popular' ELSE 'kind ' || g % 99 END "
    "FROM generate_series(1, 1000) g",
    "CREATE TABLE sales (id int PRIMARY KEY, product_id int, amount int, note text)",
    "INSERT INTO sales SELECT g, CASE WHEN g % 10 > 0 THEN 1 + g % 10 ELSE 1 + g / 10 % 1000 END, "
    f"g % 100, repeat('x', 40) FROM generate_series(1, {SALES}) g")
QUERY = ("SELECT count(*), sum(s.amount) FROM products p JOIN sales s ON s.product_id = p.id "
         "WHERE p.category = 'popular'")


def autonomy(cluster, module, level):
    subprocess.run([str(BUILD / "bin" / "adbms"), "modules", "--host", cluster.addresses["grpc"],
                    "--user", "adbms", "--password", PASSWORD, "set", module, level], check=True,
                   capture_output=True)


def load(connection, index=True):
    for statement in TABLES:
        run(connection, statement)
    if index:
        run(connection, "CREATE INDEX sales_product ON sales (product_id)")
    run(connection, "ANALYZE")


def explain(connection, query=QUERY, options="ALTERNATIVES"):
    return "\n".join(line for line, in run(connection, f"EXPLAIN ({options}) {query}"))


def metric(cluster, name):
    with urllib.request.urlopen(f"http://{cluster.http['all']}/metrics", timeout=10 * PATIENCE) as answer:
        return sum(float(value) for value in re.findall(rf"^{name}{{.*}} (\S+)$",
                                                        answer.read().decode(), re.M))


def plans(connection, query="%FROM products p JOIN sales s%"):
    """What adbms.statement_plans shows of the statement: plan -> (calls, mean ms, text)."""
    return {plan: (calls, mean, text) for plan, calls, mean, text in run(
        connection, "SELECT p.plan, p.calls, p.mean_ms, p.plan_text FROM adbms.statement_plans p "
        "JOIN adbms.statements s USING (fingerprint) WHERE s.statement LIKE %s", query)}


class Choice(unittest.TestCase):
    def test_the_better_plan_is_found_kept_and_taken_back(self):
        with Cluster(settings=FAST) as cluster:
            connection = cluster.connect()
            load(connection)
            answer = run(connection, QUERY)
            default = re.search(r"Taken: .*plan=(\w+), the default plan",
                                explain(connection)).group(1)
            # Nobody has allowed it: nothing is tried.
            for _ in range(40):
                run(connection, QUERY)
            self.assertEqual(metric(cluster, "adbms_plan_trials_total"), 0)

            autonomy(cluster, "plans", "auto")
            kept = []

            def chosen():
                self.assertEqual(run(connection, QUERY), answer)
                kept[:] = run(connection, "SELECT id, state, statement, undo, reason, "
                              "predicted_gain, measured_gain, verdict FROM adbms.actions WHERE "
                              "kind = 'plan_choice' AND state IN ('kept', 'reverted', 'failed')")
                return kept
            wait_until(chosen, 120, "a plan is chosen and judged")
            number, state, statement, undo, reason, predicted, measured, verdict = kept[0]
            self.assertEqual(state, "kept", verdict)
            self.assertGreater(predicted, 0.3)
            self.assertGreater(measured, 0.2)
            self.assertIn("on the default plan", undo)
            regret = float(re.search(r"([\d.]+) % of the statement's time", reason).group(1))
            self.assertLessEqual(regret, 10)
            shapes = plans(connection)
            winner = re.search(r"on plan (\w+)", statement).group(1)
            self.assertNotEqual(winner, default)
            self.assertLess(shapes[winner][1], shapes[default][1] * 0.7)
            self.assertIn("Seq Scan on", shapes[winner][2])
            print(f"\nbefore {shapes[default][1]:.1f} ms, after {shapes[winner][1]:.1f} ms, "
                  f"{regret:.1f} % of its time spent on trials; measured gain {measured:.2f}")
            self.assertRegex(explain(connection), rf"Taken: .*plan={winner}, .*measured to be faster")
            self.assertIn("Choice: ", explain(connection, options="COSTS off"))

            # It outlives the process, and a person can take it back.
            connection.close()
            cluster.restart()
            connection = cluster.connect()

            def runs_on(shape):
                run(connection, QUERY)
                return re.search(rf"Taken: .*plan={shape}", explain(connection))
            wait_until(lambda: runs_on(winner), 20, "the choice is read again")
            run(connection, f"SELECT adbms.revert({number})")
            wait_until(lambda: runs_on(default), 20, "the default plan is back")
            self.assertEqual(run(connection, "SELECT plan, state FROM adbms.plan_choices"),
                             [(winner, "refused")])
            self.assertEqual(run(connection, QUERY), answer)
            connection.close()


class Guard(unittest.TestCase):
    def test_a_worse_plan_gives_way_within_two_executions(self):
        with Cluster(settings=FAST) as cluster:
            connection = cluster.connect()
            load(connection, index=False)
            for _ in range(12):
                answer = run(connection, QUERY)
            known = re.search(r"Taken: .*plan=(\w+)", explain(connection)).group(1)
            # An index that looks good and is not.
            run(connection, "CREATE INDEX sales_product ON sales (product_id)")
            worse = re.search(r"Taken: .*plan=(\w+)", explain(connection)).group(1)
            self.assertNotEqual(worse, known)
            for _ in range(12):
                self.assertEqual(run(connection, QUERY), answer)
            self.assertEqual(metric(cluster, "adbms_plan_regressions_prevented_total"), 1)
            self.assertRegex(explain(connection), rf"Taken: .*plan={known}, the plan known before")

            def shown():
                shapes = plans(connection)
                return worse in shapes and shapes[known][0] >= 20 and shapes
            shapes = wait_until(shown, 20, "both plans are shown side by side")
            self.assertLessEqual(shapes[worse][0], 2)
            print(f"\nknown {shapes[known][1]:.1f} ms; the new plan ran {shapes[worse][0]} times at "
                  f"{shapes[worse][1]:.1f} ms, "
                  f"{metric(cluster, 'adbms_plan_executions_stopped_total'):.0f} stopped")
            # Without the guard it runs on.
            run(connection, "SET adbms.plan_guard = off")
            self.assertRegex(explain(connection), rf"Taken: .*plan={worse}")
            connection.close()


    def test_an_execution_is_stopped_and_answered_by_the_known_plan(self):
        with Cluster(settings=FAST) as cluster:
            connection = cluster.connect()
            for statement in TABLES[:-1]:
                run(connection, statement)
            grow = TABLES[-1].replace(f"series(1, {SALES})", "series({}, {})")
            run(connection, grow.format(1, 100))
            run(connection, "CREATE INDEX sales_product ON sales (product_id)")
            run(connection, "ANALYZE")
            for _ in range(40):
                run(connection, QUERY)
            known = re.search(r"Taken: .*plan=(\w+)", explain(connection)).group(1)
            # The tables grow, and the new plan takes hundreds of times as long as the known one did.
            run(connection, grow.format(101, 120000))
            run(connection, "ANALYZE")
            now = re.search(r"Taken: .*plan=(\w+)", explain(connection)).group(1)
            self.assertNotEqual(now, known)
            expected = run(connection, "SELECT count(*), sum(amount) FROM sales WHERE product_id <= 10")
            for _ in range(6):
                self.assertEqual(run(connection, QUERY), expected)
            self.assertEqual(metric(cluster, "adbms_plan_executions_stopped_total"), 1)
            # The known plan was no better: it is not gone back to.
            self.assertEqual(metric(cluster, "adbms_plan_regressions_prevented_total"), 0)
            self.assertRegex(explain(connection), rf"Taken: .*plan={now}, the default plan")
            connection.close()


class Alternatives(ClusterTest):
    SETTINGS = ("orchestrator.autonomy=off",)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        connection = cls.cluster.connect()
        load(connection)
        connection.close()

    def test_they_are_listed_and_can_be_forced(self):
        connection = self.cluster.connect()
        text = explain(connection)
        listed = re.findall(r"^Alternative (\d): cost=.* plan=(\w+), (.+)$", text, re.M)
        self.assertGreater(len(listed), 0)
        self.assertLessEqual(len(listed), 4)
        answer = run(connection, QUERY)
        for number, plan, _ in listed:
            run(connection, f"SET adbms.plan_alternative = {number}")
            self.assertRegex(explain(connection), rf"Taken: .*plan={plan}, .*plan_alternative")
            self.assertEqual(run(connection, QUERY), answer)
        self.assertEqual(sqlstate(connection, "SET adbms.plan_alternative = 5"), "22023")
        run(connection, "RESET adbms.plan_alternative")
        self.assertRegex(explain(connection), "Taken: .*the default plan")

    def test_what_is_restricted_has_none(self):
        connection = self.cluster.connect()
        run(connection, "CREATE TABLE fresh (id int)")
        text = explain(connection, "SELECT * FROM fresh JOIN products USING (id)")
        self.assertIn("No alternatives: table public.fresh has no statistics", text)
        run(connection, "BEGIN")
        run(connection, "CREATE TABLE other (id int)")
        self.assertIn("No alternatives: the transaction has changed the schema", explain(connection))
        run(connection, "ROLLBACK")

    def test_options_that_there_are_not(self):
        connection = self.cluster.connect()
        self.assertEqual(sqlstate(connection, f"EXPLAIN (ALTERNATIVE) {QUERY}"), "42601")
        self.assertEqual(sqlstate(connection, f"EXPLAIN (ALTERNATIVES, FORMAT json) {QUERY}"), "0A000")


class AlternativesInSevenProcesses(Alternatives):
    SEPARATE = True


if __name__ == "__main__":
    unittest.main()
