"""Who may connect, who may do what, and what is written down of it."""
import json
import pathlib
import subprocess
import unittest
import urllib.error
import urllib.request

import psycopg2

from adbms_process import (PATIENCE, BUILD, PASSWORD, Cluster, ClusterTest, Daemon, run, sqlstate,
                           wait_until)


def verify_audit(path):
    """Exit status and output of the chain's verifier."""
    done = subprocess.run([str(BUILD / "bin" / "adbms"), "verify-audit", str(path)], text=True,
                          capture_output=True)
    return done.returncode, done.stdout + done.stderr


class LoginTest(ClusterTest):
    def test_scram_over_tcp(self):
        connection = self.connect(host=self.cluster.host, password=PASSWORD)
        self.assertEqual(run(connection, "SELECT current_user"), [("adbms",)])
        for user, password in (("adbms", "wrong"), ("adbms", ""), ("nobody", "x"),
                               ("nobody", PASSWORD)):
            with self.subTest(user=user, password=password):
                with self.assertRaises(psycopg2.OperationalError) as refused:
                    self.cluster.connect(host=self.cluster.host, user=user, password=password or " ")
                # Whether the role exists is not told.
                self.assertIn(f'password authentication failed for user "{user}"',
                              str(refused.exception))

    def test_unix_socket_trusts_the_daemons_own_user(self):
        self.assertEqual(run(self.connect(), "SELECT current_user"), [("adbms",)])
        with self.assertRaises(psycopg2.OperationalError) as refused:
            self.cluster.connect(user="nobody")
        self.assertIn('role "nobody" does not exist', str(refused.exception))

    def test_roles_come_and_go(self):
        admin = self.connect()
        run(admin, "CREATE ROLE clerk LOGIN PASSWORD 'first'")
        self.assertEqual(sqlstate(admin, "CREATE ROLE clerk"), "42710")
        self.connect(host=self.cluster.host, user="clerk", password="first")
        run(admin, "ALTER ROLE clerk PASSWORD 'second'")
        with self.assertRaises(psycopg2.OperationalError):
            self.cluster.connect(host=self.cluster.host, user="clerk", password="first")
        clerk = self.connect(host=self.cluster.host, user="clerk", password="second")
        self.assertEqual(sqlstate(clerk, "CREATE ROLE other"), "42501")
        self.assertEqual(sqlstate(clerk, "ALTER ROLE clerk SUPERUSER"), "42501")
        run(admin, "ALTER ROLE clerk NOLOGIN")
        with self.assertRaises(psycopg2.OperationalError) as refused:
            self.cluster.connect(host=self.cluster.host, user="clerk", password="second")
        self.assertIn("not permitted to log in", str(refused.exception))
        run(admin, "DROP ROLE clerk")
        self.assertEqual(sqlstate(admin, "DROP ROLE clerk"), "42704")
        wait_until(lambda: sqlstate(clerk, "SELECT 1") is not None, 10,
                   "a dropped role's session ends")
        # The verifier, not the password, is kept.
        stored = str(run(admin, "SELECT * FROM adbms.roles"))
        self.assertIn("SCRAM-SHA-256$", stored)
        self.assertNotIn(PASSWORD, stored)


class PrivilegeTest(ClusterTest):
    STATEMENTS = {
        "SELECT": "SELECT count(*) FROM stock",
        "INSERT": "INSERT INTO stock VALUES (10, 'x')",
        "UPDATE": "UPDATE stock SET name = 'y'",
        "DELETE": "DELETE FROM stock",
        "TRUNCATE": "TRUNCATE stock",
    }
    OWNER_ONLY = ("DROP TABLE stock", "ALTER TABLE stock ADD COLUMN z int",
                  "CREATE INDEX stock_name ON stock (name)",
                  "GRANT SELECT ON stock TO PUBLIC")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        admin = cls.cluster.connect()
        run(admin, "CREATE TABLE stock (id int, name text)")
        run(admin, "INSERT INTO stock VALUES (1, 'a'), (2, 'b')")
        run(admin, "CREATE VIEW names AS SELECT name FROM stock")
        run(admin, "CREATE ROLE clerk LOGIN PASSWORD 'x'")
        run(admin, "CREATE ROLE staff")
        admin.close()

    def setUp(self):
        self.admin = self.connect()
        run(self.admin, "REVOKE ALL ON stock FROM clerk, staff, PUBLIC")
        run(self.admin, "REVOKE ALL ON names FROM clerk, staff, PUBLIC")
        self.clerk = self.connect(host=self.cluster.host, user="clerk", password="x")

    def allowed(self, statement):
        run(self.clerk, "BEGIN")
        state = sqlstate(self.clerk, statement)
        run(self.clerk, "ROLLBACK")
        self.assertIn(state, (None, "42501"), statement)
        return state is None

    def wait_allowed(self, statement, allowed=True):
        wait_until(lambda: self.allowed(statement) == allowed, 10,
                   f"{statement} is {'allowed' if allowed else 'denied'}")

    def test_nothing_without_a_grant(self):
        for statement in (*self.STATEMENTS.values(), *self.OWNER_ONLY, "COPY stock TO STDOUT",
                          "EXPLAIN SELECT * FROM stock", "SELECT * FROM names",
                          "INSERT INTO stock SELECT * FROM stock",
                          "WITH s AS (SELECT * FROM stock) SELECT 1 FROM s",
                          "SELECT (SELECT max(id) FROM stock)"):
            with self.subTest(statement):
                self.assertEqual(sqlstate(self.clerk, statement), "42501")
        self.assertEqual(run(self.clerk, "SELECT 1"), [(1,)])

    def test_each_privilege_alone(self):
        for privilege, statement in self.STATEMENTS.items():
            with self.subTest(privilege):
                run(self.admin, f"GRANT {privilege} ON stock TO clerk")
                self.wait_allowed(statement)
                for other, denied in self.STATEMENTS.items():
                    if other != privilege:
                        self.assertFalse(self.allowed(denied), f"{privilege} allowed {other}")
                run(self.admin, f"REVOKE {privilege} ON stock FROM clerk")
                self.wait_allowed(statement, False)
        for statement in self.OWNER_ONLY:
            self.assertEqual(sqlstate(self.clerk, statement), "42501", statement)

    def test_schemas_have_privileges_of_their_own(self):
        def denied(statement):
            self.assertEqual(sqlstate(self.clerk, statement), "42501", statement)

        def wait_allowed(statement):
            wait_until(lambda: sqlstate(self.clerk, statement) is None, 10, statement)

        # As PostgreSQL 15: public is for using, not for creating.
        denied("CREATE TABLE mine (a int)")
        denied("CREATE VIEW mine AS SELECT 1 AS a")
        denied("CREATE SEQUENCE mine")
        denied("CREATE SCHEMA theirs")
        denied("GRANT CREATE ON SCHEMA public TO clerk")
        run(self.admin, "GRANT CREATE ON SCHEMA public TO clerk")
        wait_allowed("CREATE TABLE mine (a int)")
        run(self.clerk, "DROP TABLE mine")
        run(self.admin, "REVOKE CREATE ON SCHEMA public FROM clerk")
        wait_until(lambda: sqlstate(self.clerk, "CREATE TABLE mine (a int)") == "42501", 10,
                   "CREATE on public is taken back")

        run(self.admin, "CREATE SCHEMA depot")
        run(self.admin, "CREATE TABLE depot.boxes (a int)")
        run(self.admin, "GRANT SELECT, INSERT ON depot.boxes TO clerk")
        denied("SELECT * FROM depot.boxes")
        denied("COPY depot.boxes FROM STDIN")
        run(self.admin, "GRANT USAGE ON SCHEMA depot TO clerk")
        wait_allowed("SELECT * FROM depot.boxes")
        denied("CREATE TABLE depot.mine (a int)")
        denied("DROP SCHEMA depot CASCADE")
        self.assertEqual(
            run(self.clerk, "SELECT has_schema_privilege('depot', 'usage'), "
                            "has_schema_privilege('depot', 'create'), "
                            "has_schema_privilege('public', 'usage'), "
                            "has_schema_privilege('public', 'create')"),
            [(True, False, True, False)])
        self.assertEqual(sqlstate(self.admin, "GRANT SELECT ON SCHEMA depot TO clerk"), "0LP01")

        run(self.admin, "GRANT CREATE ON DATABASE adbms TO clerk")
        wait_allowed("CREATE SCHEMA theirs")
        run(self.clerk, "CREATE TABLE theirs.own (a int)")
        run(self.clerk, "DROP SCHEMA theirs CASCADE")
        run(self.admin, "REVOKE CREATE ON DATABASE adbms FROM clerk")
        run(self.admin, "DROP SCHEMA depot CASCADE")

    def test_update_that_reads_needs_select(self):
        run(self.admin, "GRANT UPDATE, DELETE ON stock TO clerk")
        self.wait_allowed("UPDATE stock SET name = 'x'")
        self.assertFalse(self.allowed("UPDATE stock SET name = name || 'x'"))
        self.assertFalse(self.allowed("UPDATE stock SET name = 'x' WHERE id = 1"))
        self.assertFalse(self.allowed("DELETE FROM stock WHERE id = 1"))

    def test_through_membership_and_public(self):
        run(self.admin, "GRANT SELECT ON stock TO staff")
        self.assertFalse(self.allowed(self.STATEMENTS["SELECT"]))
        run(self.admin, "GRANT staff TO clerk")
        self.wait_allowed(self.STATEMENTS["SELECT"])
        run(self.admin, "REVOKE staff FROM clerk")
        self.wait_allowed(self.STATEMENTS["SELECT"], False)
        run(self.admin, "GRANT SELECT ON stock TO PUBLIC")
        self.wait_allowed(self.STATEMENTS["SELECT"])

    def test_through_a_view_with_the_views_rights(self):
        run(self.admin, "GRANT SELECT ON names TO clerk")
        self.wait_allowed("SELECT * FROM names")
        self.assertFalse(self.allowed("SELECT * FROM stock"))

    def test_what_the_system_knows(self):
        self.assertEqual(sqlstate(self.clerk, "SELECT * FROM adbms.roles"), "42501")
        self.assertEqual(sqlstate(self.clerk, "SELECT adbms.run_all_tables()"), "42501")
        self.assertEqual(sqlstate(self.clerk, "SELECT adbms.revert(1)"), "42501")
        self.assertIsNone(sqlstate(self.clerk, "SELECT * FROM adbms.knobs"))
        self.assertEqual(sqlstate(self.clerk, "SELECT * FROM adbms.actions"), "42501")
        # Not even the superuser writes the ledger by hand.
        for statement in ("DELETE FROM adbms.actions", "UPDATE adbms.actions SET state = 'kept'",
                          "INSERT INTO adbms.roles (name) VALUES ('x')",
                          "TRUNCATE adbms.actions", "DROP TABLE adbms.actions"):
            with self.subTest(statement):
                self.assertEqual(sqlstate(self.admin, statement), "42501")


class AuditTest(unittest.TestCase):
    def start(self, *settings, **options):
        cluster = Cluster(settings=settings, **options)
        self.addCleanup(cluster.remove)
        return cluster.start()

    def records(self, cluster):
        lines = (cluster.directory / "logs" / "audit.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]

    def test_log_chain_and_events(self):
        cluster = self.start("security.failed_login_threshold=3")
        admin = cluster.connect()
        run(admin, "CREATE TABLE t (n int)")
        run(admin, "INSERT INTO t VALUES (1)")
        run(admin, "CREATE ROLE clerk LOGIN PASSWORD 'hidden words'")
        clerk = cluster.connect(host=cluster.host, user="clerk", password="hidden words")
        self.assertEqual(sqlstate(clerk, "SELECT * FROM t"), "42501")
        clerk.close()
        for _ in range(3):
            with self.assertRaises(psycopg2.OperationalError):
                cluster.connect(host=cluster.host, user="clerk", password="wrong")
        wait_until(lambda: run(admin, "SELECT role FROM adbms.security_events WHERE kind = "
                               "'failed_logins'") == [("clerk",)], 10, "the security event")

        def seen(event, user):
            return any(r["event"] == event and r["user"] == user for r in self.records(cluster))

        for event, user in (("login", "adbms"), ("login_failed", "clerk"), ("denied", "clerk"),
                            ("statement", "adbms"), ("logout", "clerk")):
            wait_until(lambda e=event, u=user: seen(e, u), 10, f"{event} of {user}")
        log = cluster.directory / "logs" / "audit.jsonl"
        self.assertNotIn("hidden words", log.read_text())
        self.assertEqual(log.stat().st_mode & 0o077, 0)
        denied = next(r for r in self.records(cluster) if r["event"] == "denied")
        self.assertEqual(denied["sqlstate"], "42501")
        admin.close()
        self.assertEqual(cluster.stop(), {"all": 0})
        status, output = verify_audit(log)
        self.assertEqual(status, 0, output)
        self.check_tampering(log)
        # A restart goes on with the chain, damaged or not, and hides nothing.
        cluster.start()
        cluster.rows("SELECT 1")
        cluster.stop()
        self.assertEqual(verify_audit(log)[0], 0)
        whole = log.read_bytes()
        middle = whole.index(b'"hash":"', len(whole) // 2)
        log.write_bytes(whole[:middle] + b"'" + whole[middle + 1:])
        cluster.start()
        cluster.rows("SELECT 1")
        cluster.stop()
        self.assertGreaterEqual(log.stat().st_size, len(whole), "evidence was cut off")
        self.assertEqual(verify_audit(log)[0], 1)

    def check_tampering(self, log):
        whole = log.read_bytes()
        lines = whole.splitlines(keepends=True)
        changed = {}
        for at in (10, len(whole) // 2, len(whole) - 10):  # One byte, anywhere.
            changed[f"byte {at}"] = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1:]
        changed["a line removed"] = b"".join(lines[:2] + lines[3:])
        changed["lines swapped"] = b"".join([lines[1], lines[0], *lines[2:]])
        for name, data in changed.items():
            with self.subTest(name):
                copy = log.with_suffix(".copy")
                copy.write_bytes(data)
                status, output = verify_audit(copy)
                self.assertEqual(status, 1, output)
                self.assertRegex(output, r"line \d+")


class BetweenServicesTest(unittest.TestCase):
    def start(self, *settings, **options):
        cluster = Cluster(settings=settings, **options)
        self.addCleanup(cluster.remove)
        return cluster.start()

    def adbms(self, *arguments):
        return subprocess.run([str(BUILD / "bin" / "adbms"), *arguments], text=True,
                              capture_output=True, cwd="/")

    def test_front_refuses_without_credentials(self):
        cluster = self.start()
        front = cluster.addresses["grpc"]
        done = self.adbms("sql", "SELECT 1", "--host", front, "--data-dir", str(cluster.directory),
                          "--password", PASSWORD)
        self.assertEqual(done.returncode, 0, done.stderr)
        for password in ("wrong", ""):
            done = self.adbms("sql", "SELECT 1", "--host", front, "--data-dir", "/nowhere",
                              "--password", password)
            self.assertEqual(done.returncode, 1, done.stdout)
        # The orchestrator's control is for users with the right to it, whatever secret lies about.
        cluster.rows("CREATE ROLE clerk LOGIN PASSWORD 'x'")
        control = ("run-all-tables", "--dry-run", "--host", front, "--data-dir", str(cluster.directory))
        for user, password, status in (("adbms", PASSWORD, 0), ("adbms", "wrong", 1), ("clerk", "x", 1)):
            done = self.adbms(*control, "--user", user, "--password", password)
            self.assertEqual(done.returncode, status, done.stdout + done.stderr)

    def test_services_refuse_another_secret(self):
        cluster = self.start(separate=True)
        strange = cluster.directory / "strange_secret"
        strange.write_text("0123456789abcdef0123456789abcdef\n")
        strange.chmod(0o600)
        # A gateway that does not know the secret is told so and does not come up.
        arguments = cluster._arguments("gateway") + [
            "--set", f"cluster.secret_file={strange}", "--set", "gateway.pgwire.listen=127.0.0.1:0"]
        intruder = Daemon(arguments, cluster.directory / "intruder.stderr")
        try:
            words = intruder.wait_ready()
            port = int(words["postgres"].rsplit(":", 1)[1])
            with self.assertRaises(psycopg2.OperationalError):
                psycopg2.connect(host="127.0.0.1", port=port, user="adbms", password=PASSWORD,
                                 dbname="adbms", connect_timeout=10 * PATIENCE)
        except AssertionError as error:
            self.assertIn("secret", str(error))
        finally:
            intruder.kill()
        self.assertEqual(cluster.rows("SELECT 42"), [(42,)])

    def test_nothing_listens_beyond_loopback_unasked(self):
        cluster = self.start()
        pid = cluster.daemons["all"].process.pid
        inodes = set()
        for link in pathlib.Path(f"/proc/{pid}/fd").iterdir():
            target = str(link.readlink())
            if target.startswith("socket:["):
                inodes.add(target[8:-1])
        listening = []
        for table in ("tcp", "tcp6"):
            for line in pathlib.Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == "0A" and fields[9] in inodes:
                    listening.append(fields[1].split(":")[0])
        self.assertTrue(listening)
        for address in listening:
            self.assertIn(address, ("0100007F", "00000000000000000000000001000000",
                                    "0000000000000000FFFF00000100007F"))

    def test_open_to_the_world_means_authenticated(self):
        cluster = self.start("gateway.http.listen=0.0.0.0:0", "gateway.pgwire.listen=0.0.0.0:0",
                             "gateway.grpc.listen=0.0.0.0:0",
                             *(f"gateway.{front}.allow_plaintext=true"
                               for front in ("http", "pgwire", "grpc")))
        port = cluster.http["all"].rsplit(":", 1)[1]
        url = f"http://127.0.0.1:{port}/metrics"
        with self.assertRaises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(url, timeout=5 * PATIENCE)
        self.assertEqual(refused.exception.code, 401)
        secret = (cluster.directory / "cluster_secret").read_text().strip()
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {secret}"})
        with urllib.request.urlopen(request, timeout=5 * PATIENCE) as answer:
            self.assertEqual(answer.status, 200)
        self.assertEqual((cluster.directory / "cluster_secret").stat().st_mode & 0o077, 0)
        with self.assertRaises(psycopg2.OperationalError):
            cluster.connect(host="127.0.0.1", password="wrong")
        cluster.connect(host="127.0.0.1", password=PASSWORD).close()

    def test_generated_password(self):
        cluster = Cluster(environment={"ADBMS_PASSWORD": ""})
        self.addCleanup(cluster.remove)
        cluster.start()
        path = cluster.directory / "initial_password"
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        password = path.read_text().strip()
        self.assertGreaterEqual(len(password), 16)
        cluster.connect(host=cluster.host, password=password).close()
        log = "".join(p.read_text() for p in (cluster.directory / "logs").glob("*.log*"))
        log += "".join(p.read_text() for p in (cluster.directory / "logs").glob("*.json*"))
        self.assertNotIn(password, log)
        self.assertIn("initial_password", log)


if __name__ == "__main__":
    unittest.main()
