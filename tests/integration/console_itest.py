"""The console's server side: who gets in, what else is kept out, SQL as a stream, and what strangers cost."""
import contextlib
import http.client
import json
import re
import socket
import threading
import time
import unittest

from adbms_process import PASSWORD, PATIENCE, Cluster, ClusterTest, run, sqlstate, wait_until

MIB = 1 << 20


class Browser:
    """One browser: a cookie and the page's token."""

    def __init__(self, cluster, role=None, password=PASSWORD):
        self.address = cluster.addresses["http"]
        self.cookie = None
        self.csrf = None
        if role is not None:
            status, headers, body = self.sign_in(role, password)
            assert status == 200, (status, body)
            self.cookie = headers["Set-Cookie"].split(";")[0]
            self.csrf = json.loads(body)["csrf"]

    def request(self, method, path, body=None, headers=(), raw=False):
        """Status, headers and body; with `raw` the response, still to be read."""
        connection = http.client.HTTPConnection(self.address, timeout=60 * PATIENCE)
        sent = {}
        if body is not None:
            sent["Content-Type"] = "application/json"
            body = body if isinstance(body, (bytes, str)) else json.dumps(body)
        if self.cookie:
            sent["Cookie"] = self.cookie
        if self.csrf:
            sent["X-ADBMS-CSRF"] = self.csrf
        sent.update(dict(headers))
        connection.request(method, path, body, {name: value for name, value in sent.items()
                                                if value is not None})
        response = connection.getresponse()
        if raw:
            return connection, response
        with contextlib.closing(connection):
            return response.status, response.headers, response.read()

    def sign_in(self, role, password, headers=()):
        return self.request("POST", "/api/signin", {"role": role, "password": password}, headers)

    def lines(self, sql, **more):
        status, _, body = self.request("POST", "/api/sql", {"sql": sql, **more})
        assert status == 200, (status, body)
        return [json.loads(line) for line in body.decode().split("\n") if line]

    def rows(self, sql, **more):
        found = []
        for line in self.lines(sql, **more):
            if "error" in line:
                raise AssertionError(line["error"])
            found += line.get("rows", [])
        return found

    def state(self, sql, **more):
        """The SQLSTATE that it fails with, or None."""
        return next((line["error"]["code"] for line in self.lines(sql, **more) if "error" in line),
                    None)


def resident_bytes(cluster):
    process = cluster.daemons["gateway" if cluster.separate else "all"].process
    with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
        return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1)) * 1024


class ConsoleTest(ClusterTest):
    def browser(self, role="adbms", password=PASSWORD):
        return Browser(self.cluster, role, password)

    def role(self, name, options="LOGIN PASSWORD 'secret'"):
        run(self.connect(), f"CREATE ROLE {name} {options}")
        self.addCleanup(lambda: self.cluster.rows(f"DROP ROLE IF EXISTS {name}"))


class AdmissionTest(ConsoleTest):
    def test_nothing_is_shown_to_strangers_but_the_sign_in_page(self):
        stranger = Browser(self.cluster)
        status, headers, _ = stranger.request("GET", "/")
        self.assertEqual((status, headers["Location"]), (303, "/signin"))
        status, _, page = stranger.request("GET", "/signin")
        self.assertEqual(status, 200)
        own = re.findall(r'"(/assets/[^"]+)"', page.decode())
        self.assertTrue(own)
        for path in own:
            self.assertEqual(stranger.request("GET", path)[0], 200, path)
        signed_in = self.browser()
        status, _, page = signed_in.request("GET", "/")
        self.assertEqual(status, 200)
        for path in re.findall(r'"(/assets/[^"]+)"', page.decode()):
            self.assertEqual(signed_in.request("GET", path)[0], 200, path)
            if path not in own and "/signin" not in path:
                self.assertEqual(stranger.request("GET", path)[0], 401, path)
        for method, path in (("GET", "/api/session"), ("GET", "/api/history"), ("GET", "/api/any"),
                             ("POST", "/api/sql"), ("POST", "/api/cancel"), ("POST", "/api/autonomy"),
                             ("POST", "/api/signout")):
            body = "{}" if method == "POST" else None
            self.assertEqual(stranger.request(method, path, body)[0], 401, path)
        self.assertEqual(stranger.request("GET", "/healthz")[0], 200)
        self.assertEqual(stranger.request("GET", "/metrics")[0], 200)

    def test_every_answer_forbids_other_sites(self):
        browser = self.browser()
        for path in ("/", "/signin", "/api/session", "/nothing", "/healthz"):
            headers = browser.request("GET", path)[1]
            policy = headers["Content-Security-Policy"]
            self.assertIn("default-src 'none'", policy)
            self.assertIn("script-src 'self';", policy)
            self.assertIn("frame-ancestors 'none'", policy)
            self.assertNotIn("unsafe", policy)
            self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
            self.assertEqual(headers["Referrer-Policy"], "no-referrer")

    def test_files_are_kept_and_packed(self):
        browser = self.browser()
        status, headers, plain = browser.request("GET", "/")
        again, _, body = browser.request("GET", "/", headers={"If-None-Match": headers["ETag"]})
        self.assertEqual((again, body), (304, b""))
        script = re.search(r'"(/assets/index[^"]+js)"', plain.decode()).group(1)
        _, headers, packed = browser.request("GET", script, headers={"Accept-Encoding": "gzip"})
        self.assertEqual(headers["Content-Encoding"], "gzip")
        self.assertIn("immutable", headers["Cache-Control"])
        self.assertLess(len(packed) * 2, len(browser.request("GET", script)[2]))

    def test_sign_in_is_the_databases(self):
        self.role("clerk")
        stranger = Browser(self.cluster)
        for role, password in (("clerk", "wrong"), ("nobody", "secret"), ("clerk", ""), ("", "")):
            status, headers, body = stranger.sign_in(role, password)
            self.assertEqual((status, headers["Set-Cookie"]), (401, None), (role, body))
            self.assertEqual(json.loads(body)["error"]["message"],
                             f'password authentication failed for user "{role}"')
        status, headers, _ = stranger.sign_in("clerk", "secret")
        self.assertEqual(status, 200)
        for word in ("HttpOnly", "SameSite=Strict", "Path=/"):
            self.assertIn(word, headers["Set-Cookie"])
        browser = self.browser("clerk", "secret")
        session = json.loads(browser.request("GET", "/api/session")[2])
        self.assertEqual((session["role"], session["superuser"], session["monitor"]),
                         ("clerk", False, False))
        self.assertEqual(browser.rows("SELECT current_user, session_user"), [["clerk", "clerk"]])

    def test_sign_in_and_out_are_audited(self):
        self.role("watched")
        self.assertEqual(Browser(self.cluster).sign_in("watched", "wrong")[0], 401)
        browser = self.browser("watched", "secret")
        self.assertEqual(browser.request("POST", "/api/signout", {})[0], 204)
        log = self.cluster.directory / "logs" / "audit.jsonl"

        def events():
            found = [json.loads(line) for line in log.read_text().splitlines()]
            return [one["event"] for one in found if one["user"] == "watched"]

        wait_until(lambda: events() == ["login_failed", "login", "logout"], 20, "they are recorded")

    def test_guessing_is_slowed_as_everywhere(self):
        self.role("guessed")
        begun = time.monotonic()
        for _ in range(6):
            self.assertEqual(Browser(self.cluster).sign_in("guessed", "wrong")[0], 401)
        self.assertGreater(time.monotonic() - begun, 0.7)

    def test_signing_out_ends_it(self):
        browser = self.browser()
        status, headers, _ = browser.request("POST", "/api/signout", {})
        self.assertEqual(status, 204)
        self.assertIn("Max-Age=0", headers["Set-Cookie"])
        self.assertEqual(browser.request("GET", "/api/session")[0], 401)
        self.assertEqual(browser.request("POST", "/api/sql", {"sql": "SELECT 1"})[0], 401)

    def test_a_role_that_is_gone_is_out(self):
        self.role("leaver")
        browser = self.browser("leaver", "secret")
        run(self.connect(), "ALTER ROLE leaver NOLOGIN")
        wait_until(lambda: browser.request("GET", "/api/session")[0] == 401, 10, "it is out")

    def test_another_site_can_do_nothing(self):
        browser = self.browser()
        query = {"sql": "SELECT 1"}
        host = self.cluster.addresses["http"]
        for headers in ({"X-ADBMS-CSRF": None}, {"X-ADBMS-CSRF": "0" * 64},
                        {"Origin": "https://elsewhere.example"}, {"Origin": "null"},
                        {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}):
            self.assertEqual(browser.request("POST", "/api/sql", query, headers)[0], 403, headers)
        for headers in ({"Origin": f"http://{host}"}, {"Sec-Fetch-Site": "same-origin"}):
            self.assertEqual(browser.request("POST", "/api/sql", query, headers)[0], 200, headers)
        # A form can send three types, none of which is taken, and it has no token.
        for media in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
                      "text/plain"):
            status = browser.request("POST", "/api/sql", "sql=SELECT 1", {"Content-Type": media})[0]
            self.assertEqual(status, 415, media)
            status = Browser(self.cluster).request("POST", "/api/signin", "role=adbms&password=x",
                                                   {"Content-Type": media})[0]
            self.assertEqual(status, 415, media)
        self.assertEqual(Browser(self.cluster).sign_in(
            "adbms", PASSWORD, {"Origin": "https://elsewhere.example"})[0], 403)
        self.assertEqual(browser.request("GET", "/api/session", None,
                                         {"Sec-Fetch-Site": "cross-site"})[0], 403)

    def test_garbage_is_told_so(self):
        browser = self.browser()
        for body in ("", "{", "[]", "7", '{"sql":1,"sql":}', '{"unknown":1}', b"\xff\xfe",
                     '{"sql":"SELECT 1\\u0000"}', "[" * 5000, '{"sql":"\xff"}'.encode("latin-1"),
                     '{"maxRows":-1}', '{"maxRows":99999999999}'):
            with self.subTest(body=body[:20]):
                status, _, answer = browser.request("POST", "/api/sql", body)
                self.assertIn(status, (400, 411), answer)
        for path in ("/api/signin", "/api/cancel", "/api/autonomy"):
            self.assertEqual(browser.request("POST", path, "{")[0], 400, path)
        self.assertEqual(browser.request("GET", "/api/history?since=x")[0], 400)
        self.assertEqual(browser.request("DELETE", "/api/sql")[0], 405)
        self.assertEqual(browser.request("POST", "/metrics", "{}")[0], 404)
        self.assertEqual(browser.request("GET", "/assets/../../etc/passwd")[0] // 100, 4)
        with socket.create_connection(self.cluster.addresses["http"].rsplit(":", 1)) as wire:
            wire.sendall(b"\x16\x03\x01\x02\x00\x01garbage\r\n\r\n")
            self.assertRegex(wire.recv(100), rb"^HTTP/1.1 4|^$")
        self.assert_alive()

    def test_long_bodies_are_refused_by_their_length(self):
        before = resident_bytes(self.cluster)
        for browser in (Browser(self.cluster), self.browser()):
            for headers in (f"Content-Length: {300 * MIB}", "Transfer-Encoding: chunked"):
                with self.subTest(headers=headers, signed_in=browser.csrf is not None):
                    self.refuse(browser, headers)
        self.assertLess(resident_bytes(self.cluster) - before, 64 * MIB)
        try:
            self.assertEqual(self.browser().request("POST", "/api/sql",
                                                    {"sql": "x" * (MIB + 1)})[0], 413)
        except OSError:
            pass  # It has been hung up before all was sent.
        self.assertEqual(self.browser().rows("SELECT length($1)", parameters=[{"text": "x" * 900000}]),
                         [["900000"]])

    def refuse(self, browser, length):
        host, port = self.cluster.addresses["http"].rsplit(":", 1)
        with socket.create_connection((host, port), timeout=30 * PATIENCE) as wire:
            path = "/api/sql" if browser.csrf else "/api/signin"
            head = (f"POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: application/json\r\n"
                    f"Cookie: {browser.cookie}\r\nX-ADBMS-CSRF: {browser.csrf}\r\n{length}\r\n\r\n")
            wire.sendall(head.encode())
            try:
                for _ in range(300):
                    wire.sendall(b"x" * MIB)
            except OSError:
                pass  # It has been hung up.
            else:
                self.fail("all of it was taken")
            try:
                answer = wire.recv(100)
            except OSError:
                return
            self.assertRegex(answer, rb"^HTTP/1.1 41[13]")


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


class SeparateAdmissionTest(AdmissionTest):
    SEPARATE = True


class SeparateSqlTest(SqlTest):
    SEPARATE = True


class ExpiryTest(unittest.TestCase):
    def test_what_is_not_used_ends(self):
        with Cluster(settings=["gateway.console.idle_timeout_ms=1500"]) as cluster:
            browser = Browser(cluster, "adbms")
            deadline = time.monotonic() + 4 * PATIENCE
            while time.monotonic() < deadline:  # As long as a person does something.
                self.assertEqual(browser.request("POST", "/api/sql", {"sql": "SELECT 1"})[0], 200)
            # What the page asks by itself is no use.
            background = {"sql": "SELECT 1", "background": True}
            wait_until(lambda: browser.request("POST", "/api/sql", background)[0] == 401, 10, "it ends")

    def test_nothing_lasts_beyond_its_lifetime(self):
        with Cluster(settings=["gateway.console.lifetime_ms=2000"]) as cluster:
            browser = Browser(cluster, "adbms")
            wait_until(lambda: browser.request("POST", "/api/sql", {"sql": "SELECT 1"})[0] == 401, 10,
                       "it ends")

    def test_sign_ins_are_bounded(self):
        with Cluster(settings=["gateway.console.max_sign_ins=2"]) as cluster:
            held = [Browser(cluster, "adbms") for _ in range(2)]
            self.assertEqual(Browser(cluster).sign_in("adbms", PASSWORD)[0], 503)
            held[0].request("POST", "/api/signout", {})
            self.assertEqual(Browser(cluster).sign_in("adbms", PASSWORD)[0], 200)

    def test_it_can_be_switched_off_and_the_server_stops_with_statements_running(self):
        with Cluster(settings=["gateway.console.enabled=false"]) as cluster:
            self.assertEqual(Browser(cluster).request("GET", "/")[0], 404)
            self.assertEqual(Browser(cluster).request("GET", "/healthz")[0], 200)
        with Cluster() as cluster:
            connection, response = Browser(cluster, "adbms").request(
                "POST", "/api/sql", {"sql": "SELECT pg_sleep(600)"}, raw=True)
            self.assertEqual(response.status, 200)
            self.assertEqual(cluster.stop(), {"all": 0})
            connection.close()


if __name__ == "__main__":
    unittest.main()
