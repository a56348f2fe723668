"""The console's door: who gets in, what else is kept out, and what strangers cost."""
import json
import re
import socket
import time
import unittest

from adbms_process import PASSWORD, PATIENCE, Cluster, run, wait_until
from console_browser import MIB, Browser, ConsoleTest, resident_bytes


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


class SeparateAdmissionTest(AdmissionTest):
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
