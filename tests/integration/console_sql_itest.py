"""SQL over the console's HTTP: results as a stream, in sessions of its own, cancelled and limited."""
import contextlib
import json
import threading
import unittest

from adbms_process import PATIENCE, run, sqlstate, wait_until
from console_browser import MIB, ConsoleTest, resident_bytes


class SqlTest(ConsoleTest):
    def test_results_are_postgresqls_texts(self):
        lines = self.browser().lines("SELECT 1 AS a, 'x\"é\u2028'::text, NULL::date, 1.50::numeric(8,2), "
                                     "'{1,2}'::int[], true, '\\x00ff'::bytea")
        self.assertEqual([column["name"] for column in lines[0]["columns"]],
                         ["a", "text", "date", "numeric", "int4", "?column?", "bytea"])
        self.assertEqual(lines[0]["columns"][3], {"name": "numeric", "type": "numeric(8,2)", "oid": 1700})
        self.assertEqual(lines[1]["rows"],
                         [["1", 'x"é\u2028', None, "1.50", "{1,2}", "t", "\\x00ff"]])
        self.assertEqual(lines[2], {"complete": "SELECT 1"})
        self.assertEqual(lines[3]["end"]["transaction"], "I")
        self.assertEqual(len(lines), 4)

    def test_several_statements_parameters_and_errors(self):
        browser = self.browser()
        lines = browser.lines("CREATE TABLE several (a int); INSERT INTO several VALUES (1), (2); "
                              "SELECT * FROM several ORDER BY a; DROP TABLE several")
        self.assertEqual([line["complete"] for line in lines if "complete" in line],
                         ["CREATE TABLE", "INSERT 0 2", "SELECT 2", "DROP TABLE"])
        self.assertEqual(browser.rows("SELECT $1::int + 1, $2::text IS NULL",
                                      parameters=[{"text": "41"}, {}]), [["42", "t"]])
        self.assertEqual(browser.state("SELECT $1::int", parameters=[{"text": "x"}]), "22P02")
        self.assertEqual(browser.state("SELECT $1::int", parameters=[]), "42P02")
        self.assertEqual(browser.state("SELECT $1::int, $2::int", parameters=[{"text": "1"}]), "08P01")
        error = browser.lines("SELECT 'é', nothing FROM nowhere")[0]["error"]
        self.assertEqual((error["code"], error["position"]), ("42P01", 26))
        error = browser.lines("SELECT lenght('a')")[0]["error"]
        self.assertEqual(error["code"], "42883")
        self.assertIn("No function matches", error["hint"])
        notices = browser.lines("DO $$ BEGIN RAISE NOTICE 'seen'; END $$")
        self.assertEqual(notices[0]["notice"]["message"], "seen")
        self.assertEqual(browser.state("COPY (SELECT 1) TO STDOUT"), "0A000")
        self.assertEqual(browser.lines("")[0], {"complete": ""})

    def test_the_row_limit_reads_on_only_for_writes(self):
        browser = self.browser()
        lines = browser.lines("SELECT * FROM generate_series(1, 1000000000)", maxRows=10)
        self.assertEqual(sum(len(line.get("rows", [])) for line in lines), 10)
        self.assertEqual(lines[-2], {"complete": "SELECT 10", "truncated": True})
        lines = browser.lines("SELECT * FROM generate_series(1, 10)", maxRows=10)
        self.assertEqual(lines[-2], {"complete": "SELECT 10"})
        browser.rows("CREATE TABLE limited (a int)")
        lines = browser.lines("INSERT INTO limited SELECT generate_series(1, 50) RETURNING a", maxRows=10)
        self.assertEqual(sum(len(line.get("rows", [])) for line in lines), 10)
        self.assertTrue(lines[-2]["truncated"])
        self.assertEqual(browser.rows("SELECT count(*) FROM limited; DROP TABLE limited"), [["50"]])
        lines = browser.lines("SELECT 1; SELECT * FROM generate_series(1, 50)", maxRows=10)
        self.assertEqual(sum(len(line.get("rows", [])) for line in lines), 11)

    def test_large_results_are_streamed(self):
        browser = self.browser()
        before = resident_bytes(self.cluster)
        connection, response = browser.request(
            "POST", "/api/sql", {"sql": "SELECT g, repeat('x', 100) FROM generate_series(1, 1000000) g"},
            raw=True)
        with contextlib.closing(connection):
            first = json.loads(response.readline())
            self.assertEqual(first["columns"][0]["type"], "integer")
            total = 0
            while line := response.readline():
                total += len(json.loads(line).get("rows", [])) if line.strip() else 0
        self.assertEqual(total, 1000000)
        self.assertLess(resident_bytes(self.cluster) - before, 150 * MIB)

    def test_rights_are_the_roles(self):
        self.role("reader")
        admin = self.connect()
        run(admin, "CREATE TABLE secret (a int)")
        self.addCleanup(lambda: self.cluster.rows("DROP TABLE secret"))
        browser = self.browser("reader", "secret")
        self.assertEqual(browser.state("SELECT * FROM secret"), "42501")
        self.assertEqual(browser.state("SELECT * FROM adbms.statements"), "42501")
        self.assertEqual(browser.state("SELECT adbms.revert(1)"), "42501")
        self.assertEqual(browser.request("GET", "/api/history")[0], 403)
        self.assertEqual(browser.request("POST", "/api/autonomy", {
            "module": "indexer", "autonomy": "AUTONOMY_OFF"})[0], 403)
        run(admin, "GRANT adbms_monitor TO reader")
        wait_until(lambda: browser.state("SELECT * FROM adbms.statements") is None, 10, "it may")
        wait_until(lambda: browser.request("GET", "/api/history")[0] == 200, 10, "it may")

    def test_a_named_session_keeps_its_transaction(self):
        browser = self.browser()
        browser.rows("CREATE TABLE kept (a int)")
        lines = browser.lines("BEGIN; INSERT INTO kept VALUES (1)", session="one")
        self.assertEqual(lines[-1]["end"]["transaction"], "T")
        self.assertEqual(browser.rows("SELECT count(*) FROM kept"), [["0"]])
        self.assertEqual(browser.rows("SELECT count(*) FROM kept", session="one"), [["1"]])
        self.assertEqual(browser.state("SELECT 1/0", session="one"), "22012")
        self.assertEqual(browser.lines("ROLLBACK", session="one")[-1]["end"]["transaction"], "I")
        # Another sign-in has another session of the name, and the end of one rolls back.
        browser.lines("BEGIN; INSERT INTO kept VALUES (2)", session="one")
        self.assertEqual(self.browser().rows("SELECT count(*) FROM kept", session="one"), [["0"]])
        browser.request("POST", "/api/signout", {})
        wait_until(lambda: sqlstate(self.connect(), "SET lock_timeout = 100; DROP TABLE kept") is None,
                   10, "its locks are free")

    def test_cancel_and_timeout(self):
        browser = self.browser()
        self.assertEqual(browser.state("SELECT pg_sleep(60)", timeoutMs=100), "57014")
        found = []
        waiting = threading.Thread(target=lambda: found.append(
            browser.state("SELECT pg_sleep(60)", query="q1", session="one")))
        waiting.start()
        cancel = {"query": "q1"}
        wait_until(lambda: json.loads(browser.request("POST", "/api/cancel", cancel)[2])["running"], 10,
                   "it runs")
        waiting.join(timeout=20 * PATIENCE)
        self.assertEqual(found, ["57014"])
        self.assertFalse(json.loads(browser.request("POST", "/api/cancel", cancel)[2])["running"])
        self.assertEqual(browser.rows("SELECT 1", session="one"), [["1"]])

    def test_a_busy_session_says_so(self):
        browser = self.browser()
        connection, response = browser.request("POST", "/api/sql", {
            "sql": "SELECT pg_sleep(60)", "query": "q", "session": "busy"}, raw=True)
        with contextlib.closing(connection):
            self.assertEqual(response.status, 200)
            self.assertEqual(browser.request("POST", "/api/sql", {
                "sql": "SELECT 1", "session": "busy"})[0], 409)
            browser.request("POST", "/api/cancel", {"query": "q"})

    def test_a_browser_that_goes_away_cancels(self):
        browser = self.browser()
        for sql in ("SELECT pg_sleep(600), 'gone'",
                    "SELECT g, repeat('gone', 100) FROM generate_series(1, 1000000000) g"):
            with self.subTest(sql=sql):
                connection, response = browser.request("POST", "/api/sql", {"sql": sql}, raw=True)
                self.assertEqual(response.status, 200)
                response.close()
                connection.close()
                # A sign-in runs eight at once: had this one stayed, they would fill up.
        for _ in range(12):
            connection, response = browser.request("POST", "/api/sql", {"sql": "SELECT pg_sleep(600)"},
                                                   raw=True)
            self.assertIn(response.status, (200, 429))
            response.close()
            connection.close()
        wait_until(lambda: browser.request("POST", "/api/sql", {"sql": "SELECT 1"})[0] == 200, 20,
                   "there is room again")

    def test_too_many_at_once_are_told(self):
        browser = self.browser()
        held = []
        try:
            for _ in range(8):
                held.append(browser.request("POST", "/api/sql", {"sql": "SELECT pg_sleep(60)"}, raw=True))
            self.assertEqual(browser.request("POST", "/api/sql", {"sql": "SELECT 1"})[0], 429)
        finally:
            for connection, response in held:
                response.close()
                connection.close()

    def test_history_counts_what_is_run(self):
        browser = self.browser()

        def counted():
            browser.rows("SELECT 1")
            history = json.loads(browser.request("GET", "/api/history?since=0")[2])
            at = history["columns"].index("statements")
            p95 = history["columns"].index("p95")
            return any(point[at] > 0 and point[p95] is not None for point in history["points"])

        wait_until(counted, 30, "the history has it")

    def test_autonomy_is_steered_and_audited(self):
        browser = self.browser()

        def autonomy():
            return browser.rows("SELECT autonomy, autonomy_set_by FROM adbms.modules WHERE name = 'tuner'")

        before = wait_until(autonomy, 30, "the modules are there")
        self.assertEqual(browser.request("POST", "/api/autonomy", {
            "module": "tuner", "autonomy": "AUTONOMY_OBSERVE"})[0], 200)
        wait_until(lambda: autonomy() == [["observe", "adbms"]] or autonomy()[0][0] == "observe", 10,
                   "it is set")
        self.assertEqual(browser.request("POST", "/api/autonomy", {"module": "tuner"})[0], 200)
        wait_until(lambda: autonomy() == before, 10, "it follows the configuration")
        self.assertEqual(browser.request("POST", "/api/autonomy", {
            "module": "nothing", "autonomy": "AUTONOMY_OFF"})[0], 404)


class SeparateSqlTest(SqlTest):
    SEPARATE = True


if __name__ == "__main__":
    unittest.main()
