"""Tokens of gRPC clients: issued, scoped, expired, revoked, and worth nothing to who finds what is kept."""
import json
import re
import time
import unittest

import grpc

from adbms_process import PASSWORD, PATIENCE, wait_until
from sdk_process import SdkTest
from tls_process import SECONDS, adbms

import adbms as sdk


class TokensTest(SdkTest):
    SEPARATE = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for statement in ("CREATE TABLE goods (id int PRIMARY KEY, words text)",
                          "INSERT INTO goods VALUES (1, 'one')", "CREATE SEQUENCE numbers",
                          "CREATE DATABASE other", "CREATE ROLE plain LOGIN PASSWORD 'p'",
                          "CREATE ROLE locked NOLOGIN", "GRANT SELECT, INSERT ON goods TO plain"):
            cls.cluster.rows(statement)

    def command(self, *words, status=0, user="adbms", password=PASSWORD, **environment):
        return adbms("users", "token", *words, "--host", self.address, "--user", user,
                     status=status, ADBMS_PASSWORD=password, **environment)

    def issue(self, role="adbms", *options, **more):
        return self.command("issue", role, *options, **more).stdout.strip()

    def listed(self, **more):
        """The lines of the list, by the tokens' numbers."""
        lines = self.command("list", **more).stdout.splitlines()
        return {found[0]: line for line in lines if (found := re.match(r"[0-9a-f]{16}", line))}

    def number(self, token):
        return token.removeprefix("adbms_")[:16]

    def open(self, token, **options):
        connection = sdk.connect(self.address, token=token, autocommit=True, **options)
        self.addCleanup(lambda: connection.closed or connection.close())
        return connection

    def ask(self, connection, sql):
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else None

    def state(self, connection, sql):
        """The SQLSTATE that the statement fails with, or None."""
        try:
            self.ask(connection, sql)
            return None
        except sdk.Error as error:
            return error.sqlstate

    def refusal(self, token, database=""):
        with self.assertRaises(sdk.Error) as refused:
            self.open(token, database=database)
        return refused.exception

    def call(self, authorization):
        with grpc.insecure_channel(self.address) as channel:
            status = channel.unary_unary("/adbms.gateway.v1.GatewayService/GetStatus")
            try:
                status(b"", timeout=SECONDS, metadata=[("authorization", authorization)])
                return grpc.StatusCode.OK
            except grpc.RpcError as error:
                return error.code()

    def audited(self, event):
        path = self.cluster.directory / "logs" / "audit.jsonl"
        return [record for record in map(json.loads, path.read_text().splitlines())
                if record.get("event") == event]

    def test_a_full_token_is_the_role(self):
        token = self.issue("adbms", "--ttl", "1h")
        connection = self.open(token)
        self.assertEqual(self.ask(connection, "SELECT current_user, session_user"), [("adbms", "adbms")])
        self.assertIsNone(self.state(connection, "CREATE TABLE by_token (id int)"))
        self.assertIsNone(self.state(connection, "DROP TABLE by_token"))
        self.assertEqual(self.call(f"Bearer {token}"), grpc.StatusCode.OK)
        done = adbms("modules", "--host", self.address, ADBMS_TOKEN=token)
        self.assertIn("indexer", done.stdout)
        self.assertIn("valid", self.listed()[self.number(token)])

    def test_a_role_issues_for_itself_and_superusers_for_all(self):
        own = self.issue("plain", user="plain", password="p")
        self.assertEqual(self.ask(self.open(own), "SELECT current_user"), [("plain",)])
        given = self.issue("plain")
        self.assertEqual(self.ask(self.open(given), "SELECT current_user"), [("plain",)])
        for role, error in (("adbms", "must be superuser to issue tokens for other roles"),
                            ("nobody", "must be superuser")):
            refused = self.command("issue", role, status=1, user="plain", password="p")
            self.assertIn(error, refused.stderr)
        self.assertIn('role "nobody" does not exist', self.command("issue", "nobody", status=1).stderr)
        self.assertIn("not permitted to log in", self.command("issue", "locked", status=1).stderr)
        # Whose tokens there are is nobody else's business.
        others = self.listed(user="plain", password="p")
        self.assertTrue(all(" plain " in line for line in others.values()), others)
        mine = self.issue("adbms")
        self.assertIn("does not exist", self.command("revoke", self.number(mine), status=1,
                                                     user="plain", password="p").stderr)

    def test_a_reading_token_reads(self):
        connection = self.open(self.issue("adbms", "--scope", "read-only"))
        self.assertEqual(self.ask(connection, "SELECT words FROM goods WHERE id = 1"), [("one",)])
        for statement in ("INSERT INTO goods VALUES (2, 'two')", "UPDATE goods SET words = ''",
                          "DELETE FROM goods", "TRUNCATE goods", "CREATE TABLE x (id int)",
                          "CREATE ROLE x", "GRANT SELECT ON goods TO plain", "SELECT nextval('numbers')",
                          "SELECT setval('numbers', 5)", "SELECT * FROM goods FOR UPDATE",
                          "WITH gone AS (DELETE FROM goods RETURNING id) SELECT * FROM gone",
                          "EXPLAIN ANALYZE DELETE FROM goods",
                          "ANALYZE goods", "CREATE DATABASE x",
                          "DO $$BEGIN DELETE FROM goods; END$$", "SELECT * INTO x FROM goods",
                          "CREATE MATERIALIZED VIEW x AS SELECT 1", "COMMIT PREPARED 'x'",
                          "SELECT adbms.revert(1)", "SELECT adbms.run_all_tables()",
                          "ALTER ROLE plain PASSWORD 'known'", "NOTIFY x",
                          f"COPY goods TO '{self.cluster.directory}/copied'"):
            self.assertEqual(self.state(connection, statement), "25006", statement)
        # Nothing that is set changes that.
        for setting in ("SET default_transaction_read_only = off",
                        "SELECT set_config('default_transaction_read_only', 'off', false)",
                        "RESET ALL", "DISCARD ALL", "SET ROLE adbms"):
            self.state(connection, setting)
            self.assertEqual(self.state(connection, "DELETE FROM goods"), "25006", setting)
        for mode in ("SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",
                     "SET TRANSACTION READ WRITE", "SET transaction_read_only = off"):
            for begin in ("BEGIN", "BEGIN READ WRITE"):
                self.ask(connection, begin)
                self.state(connection, mode)
                self.assertIn(self.state(connection, "DELETE FROM goods"), ("25006", "25P02"), mode)
                self.ask(connection, "ROLLBACK")
        self.ask(connection, "BEGIN")
        self.assertEqual(self.state(connection, "LOCK TABLE goods"), "25006")
        self.ask(connection, "ROLLBACK")
        with self.assertRaises(sdk.Error):
            connection.bulk_insert("goods", [(9, "nine")], columns=["id", "words"])
        self.assertEqual(self.cluster.rows("SELECT * FROM goods"), [(1, "one")])
        refused = adbms("modules", "set", "indexer", "off", "--host", self.address, status=1,
                        ADBMS_TOKEN=self.issue("adbms", "--scope", "read-only"))
        self.assertIn("permission denied", refused.stderr)

    def test_a_token_of_one_database_opens_no_other(self):
        token = self.issue("adbms", "--scope", "database=other")
        self.assertEqual(self.ask(self.open(token), "SELECT current_database()"), [("other",)])
        self.assertEqual(self.ask(self.open(token, database="other"), "SELECT current_database()"),
                         [("other",)])
        self.assertEqual(self.refusal(token, "adbms").sqlstate, "42501")
        self.assertIn("does not exist", self.command("issue", "adbms", "--scope", "database=none",
                                                     status=1).stderr)
        refused = adbms("actions", "--host", self.address, status=1, ADBMS_TOKEN=token)
        self.assertIn("permission denied", refused.stderr)
        both = self.open(self.issue("adbms", "--scope", "read-only", "--scope", "database=other"))
        self.assertEqual(self.state(both, "CREATE TABLE x (id int)"), "25006")

    def test_it_expires(self):
        token = self.issue("adbms", "--ttl", "3s")
        connection = self.open(token)
        wait_until(lambda: self.state(connection, "SELECT 1") == "28000", SECONDS, "the end")
        error = self.refusal(token)
        self.assertEqual(error.sqlstate, "28000")
        self.assertIn("has expired", str(error))
        self.assertIn("expired", self.listed()[self.number(token)])
        for ttl in ("0s", "x", "12y"):
            self.command("issue", "adbms", "--ttl", ttl, status=2)
        self.assertIn("1 second to 10 years",
                      self.command("issue", "adbms", "--ttl", "4000d", status=1).stderr)

    def test_it_is_revoked(self):
        token = self.issue("adbms")
        connection = self.open(token)
        self.assertIsNone(self.state(connection, "SELECT 1"))
        self.command("revoke", self.number(token))
        self.command("revoke", self.number(token))  # Again: nothing to do.
        error = self.refusal(token)
        self.assertEqual((error.sqlstate, "was revoked" in str(error)), ("28000", True))
        wait_until(lambda: self.state(connection, "SELECT 1") == "28000", 10, "the session's end")
        self.assertIn("revoked", self.listed()[self.number(token)])
        self.assertIn("does not exist", self.command("revoke", "0" * 16, status=1).stderr)

    def test_it_goes_with_the_role(self):
        self.cluster.rows("CREATE ROLE leaver LOGIN PASSWORD 'x'")
        token = self.issue("leaver")
        self.open(token).close()
        self.cluster.rows("DROP ROLE leaver")
        self.cluster.rows("CREATE ROLE leaver LOGIN PASSWORD 'x'")
        self.assertEqual(self.refusal(token).sqlstate, "28000")
        other = self.issue("leaver")
        self.cluster.rows("ALTER ROLE leaver NOLOGIN")
        self.assertEqual(self.refusal(other).sqlstate, "28000")

    def test_a_token_makes_no_tokens(self):
        token = self.issue("adbms")
        for words in (("issue", "adbms"), ("list",), ("revoke", self.number(token))):
            refused = self.command(*words, status=1, ADBMS_TOKEN=token)
            self.assertIn("a token does not issue, list or revoke tokens", refused.stderr)

    def test_what_is_kept_opens_nothing(self):
        token = self.issue("adbms")
        kept = self.cluster.rows("SELECT * FROM adbms.tokens WHERE id = %s", self.number(token))[0]
        secret = token[len("adbms_") + 16:-32]
        self.assertNotIn(secret, str(kept))
        digest = next(value for value in kept if re.fullmatch(r"[0-9a-f]{64}", str(value)))
        self.assertEqual(self.refusal(f"adbms_{kept[0]}{digest}{token[-32:]}").sqlstate, "28000")
        logs = (self.cluster.directory / "logs").glob("*")
        self.assertFalse([path for path in logs if secret in path.read_text(errors="replace")])

    def test_what_was_never_issued_costs_nothing_and_slows_nobody(self):
        wrong = "adbms_" + "0" * 112
        for text in (wrong, "", "x", "adbms_", "a" * 6000):
            self.assertEqual(self.call(f"Bearer {text}"), grpc.StatusCode.UNAUTHENTICATED, text)
        self.assertEqual(self.refusal(wrong).sqlstate, "28000")
        before = len(self.audited("login_failed"))
        count, start = 400, time.monotonic()
        with grpc.insecure_channel(self.address) as channel:
            status = channel.unary_unary("/adbms.gateway.v1.GatewayService/GetStatus")
            for _ in range(count):
                with self.assertRaises(grpc.RpcError):
                    status(b"", timeout=SECONDS, metadata=[("authorization", f"Bearer {wrong}")])
        # A password of which this many were wrong would wait for seconds each.
        self.assertLess(time.monotonic() - start, 10 * PATIENCE)
        self.assertLess(len(self.audited("login_failed")) - before, count / 4)
        self.python()  # The same host, a password: not slowed.

    def test_everything_is_audited(self):
        token = self.issue("plain", "--scope", "read-only")
        self.open(token).close()
        self.command("revoke", self.number(token))
        self.refusal(token)
        number = self.number(token)

        def seen():
            statements = [record.get("statement") for record in self.audited("token")]
            return (f"ISSUE TOKEN {number} FOR plain READ ONLY" in statements and
                    f"REVOKE TOKEN {number}" in statements and
                    [1 for record in self.audited("login")
                     if (record["user"], record.get("statement")) == ("plain", f"TOKEN {number}")] and
                    [1 for record in self.audited("login_failed") if record["user"] == "plain"])
        wait_until(seen, SECONDS, "the audit records")


class SevenProcessesTest(TokensTest):
    SEPARATE = True


if __name__ == "__main__":
    unittest.main()
