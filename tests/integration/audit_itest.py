"""What the audit log must know, also when something is in its way."""
import json
import re
import subprocess
import unittest
import urllib.request

import psycopg2

from adbms_process import BUILD, PASSWORD, Cluster, run, sqlstate, wait_until


def records(cluster):
    lines = (cluster.directory / "logs" / "audit.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def verify(cluster, *arguments, path=None):
    log = path or cluster.directory / "logs" / "audit.jsonl"
    done = subprocess.run([str(BUILD / "bin" / "adbms"), "verify-audit", str(log), "--data-dir",
                           str(cluster.directory), *arguments], text=True, capture_output=True)
    return done.returncode, done.stdout + done.stderr


class AuditCase(unittest.TestCase):
    def start(self, *settings, **options):
        cluster = Cluster(settings=settings, **options)
        self.addCleanup(cluster.remove)
        return cluster.start()

    def await_record(self, cluster, what, **fields):
        return wait_until(
            lambda: [r for r in records(cluster)
                     if all(re.search(value, str(r[key])) for key, value in fields.items())],
            20, what)


class CoverageTest(AuditCase):
    DENIED = ("DROP TABLE stock", "ALTER TABLE stock ADD COLUMN z int", "CREATE TABLE mine (a int)",
              "GRANT SELECT ON stock TO PUBLIC", "CREATE ROLE other LOGIN PASSWORD 'hidden words'",
              "COPY stock TO STDOUT", "COPY stock FROM STDIN", "SELECT adbms.revert(1)",
              "SELECT adbms.approve(1)", "SELECT adbms.run_all_tables()", "TRUNCATE stock",
              "EXPLAIN ANALYZE DELETE FROM stock", "CREATE INDEX i ON stock (n)",
              "DROP ROLE adbms", "SELECT n FROM stock")

    def test_denials_of_every_kind(self):
        cluster = self.start()
        admin = cluster.connect()
        run(admin, "CREATE TABLE stock (n int)")
        run(admin, "CREATE ROLE clerk LOGIN")
        clerk = cluster.connect(user="clerk")
        for statement in self.DENIED:
            self.assertEqual(sqlstate(clerk, statement), "42501", statement)
        clerk.close()
        self.await_record(cluster, "the logout", event="logout", user="clerk")
        denied = [r for r in records(cluster) if r["event"] == "denied" and r["user"] == "clerk"]
        self.assertEqual(len(denied), len(self.DENIED), [r["statement"] for r in denied])
        for statement, record in zip(self.DENIED, denied):
            self.assertEqual(record["sqlstate"], "42501")
            self.assertEqual(record["statement"].split()[0].upper(), statement.split()[0])
        self.assertNotIn("hidden words", json.dumps(denied))

    def test_denials_by_the_extended_protocol_and_grpc(self):
        cluster = self.start()
        run(cluster.connect(), "CREATE TABLE stock (n int)")
        cluster.rows("CREATE ROLE clerk LOGIN PASSWORD 'x'")
        clerk = cluster.connect(user="clerk")
        self.assertEqual(sqlstate(clerk, "PREPARE p AS SELECT n FROM stock"), "42501")
        done = subprocess.run([str(BUILD / "bin" / "adbms"), "sql", "DELETE FROM stock", "--host",
                               cluster.addresses["grpc"], "--user", "clerk", "--password", "x"],
                              text=True, capture_output=True)
        self.assertEqual(done.returncode, 1)
        self.await_record(cluster, "PREPARE", event="denied", statement="(?i)prepare")
        self.await_record(cluster, "by gRPC", event="denied", statement="(?i)delete")

    def test_what_the_superuser_does(self):
        cluster = self.start()
        admin = cluster.connect()
        run(admin, "CREATE TABLE stock (n int)")
        run(admin, "EXPLAIN ANALYZE INSERT INTO stock VALUES (1), (2)")
        self.assertIsNotNone(sqlstate(admin, "SELECT adbms.revert(4711)"))
        self.assertIsNotNone(sqlstate(admin, "SELECT adbms.approve(4711)"))
        run(admin, "SELECT adbms.run_all_tables()")
        subprocess.run([str(BUILD / "bin" / "adbms"), "revert", "4712", "--host",
                        cluster.addresses["grpc"], "--password", PASSWORD], capture_output=True)
        run(admin, "CREATE ROLE clerk LOGIN NOSUPERUSER PASSWORD 'hidden words'")
        run(admin, "GRANT SELECT, INSERT ON stock TO clerk")
        run(admin, "ALTER ROLE clerk CREATEROLE PASSWORD 'other words'")
        for fields in (dict(event="statement", statement="EXPLAIN ANALYZE", rows="^2$"),
                       dict(event="control", statement=r"adbms.revert\(4711\)", user="adbms"),
                       dict(event="control", statement=r"adbms.approve\(4711\)"),
                       dict(event="control", statement="run_all_tables", sqlstate="00000"),
                       dict(event="control", statement="revert action 4712", user="adbms"),
                       dict(event="role", statement="CREATE ROLE clerk LOGIN NOSUPERUSER PASSWORD"),
                       dict(event="role", statement="GRANT SELECT, INSERT ON TABLE stock TO clerk"),
                       dict(event="role", statement="ALTER ROLE clerk CREATEROLE PASSWORD")):
            with self.subTest(**fields):
                self.await_record(cluster, str(fields), **fields)
        log = (cluster.directory / "logs" / "audit.jsonl").read_text()
        self.assertNotIn("hidden words", log)
        self.assertNotIn("other words", log)


class SpoolTest(AuditCase):
    def test_nothing_is_lost_while_security_is_away(self):
        cluster = self.start(separate=True)
        admin = cluster.connect()
        run(admin, "CREATE TABLE t (n int)")
        self.await_record(cluster, "the table", event="ddl")
        cluster.kill("security")
        for number in range(100):
            run(admin, f"INSERT INTO t VALUES ({number})")
        # What waits is on disk: the gateway may end, too.
        wait_until(lambda: (cluster.directory / "audit_spool").stat().st_size > 100 * 30, 20,
                   "the records wait in the file")
        run(admin, "INSERT INTO t SELECT n FROM t")
        cluster.start_one("security")
        found = self.await_record(cluster, "the last", event="statement", rows="^100$")
        self.assertEqual(len(found), 1)
        inserts = [r for r in records(cluster) if r["event"] == "statement" and r["rows"] == 1]
        self.assertEqual(len(inserts), 100)
        times = [r["time"] for r in inserts + found]
        self.assertEqual(times, sorted(times))
        self.assertEqual([r for r in records(cluster) if r["event"] == "dropped"], [])
        admin.close()
        cluster.stop()
        self.assertEqual(verify(cluster)[0], 0)


class KillTest(AuditCase):
    def kill_after_role_changes(self, separate):
        cluster = self.start(separate=separate)
        admin = cluster.connect()
        for number in range(5):
            run(admin, f"CREATE ROLE r{number}")
        run(admin, "CREATE TABLE t (n int)")
        cluster.kill("gateway" if separate else "all")
        admin.close()
        cluster.start_one("gateway" if separate else "all")
        for number in range(5):
            self.await_record(cluster, f"role {number}", event="role",
                              statement=f"CREATE ROLE r{number}")
        self.await_record(cluster, "the table", event="ddl", statement="CREATE TABLE t")

    def test_acknowledged_changes_outlive_a_kill(self):
        self.kill_after_role_changes(separate=False)

    def test_as_seven_processes(self):
        self.kill_after_role_changes(separate=True)


class HeadTest(AuditCase):
    def test_cut_emptied_and_recomputed(self):
        cluster = self.start()
        for number in range(5):
            cluster.rows(f"CREATE TABLE t{number} (n int)")
        wait_until(lambda: "the database" in verify(
            cluster, "--host", cluster.addresses["grpc"], "--password", PASSWORD)[1], 20,
            "the head in the database")
        before = cluster.directory / "old_head"
        log = cluster.directory / "logs" / "audit.jsonl"
        cluster.stop()
        status, output = verify(cluster)
        self.assertEqual(status, 0, output)
        self.assertIn("goes with the head", output)
        whole = log.read_bytes()
        lines = whole.splitlines(keepends=True)
        copy = log.with_suffix(".copy")
        for name, data in (("cut", b"".join(lines[:-2])), ("emptied", b"")):
            with self.subTest(name):
                copy.write_bytes(data)
                status, output = verify(cluster, path=copy)
                self.assertEqual(status, 1, output)
                self.assertIn("the end is missing", output)
        with self.subTest("recomputed"):
            copy.write_bytes(self.recomputed(lines))
            status, output = verify(cluster, path=copy)
            self.assertEqual(status, 1, output)
            self.assertIn("computed anew", output)
        # Even without the file, the database knows; and the service says what it found.
        (cluster.directory / "audit_head").rename(before)
        log.write_bytes(b"".join(lines[:-2]))
        cluster.start()
        wait_until(lambda: cluster.rows("SELECT detail FROM adbms.security_events WHERE kind = "
                                        "'audit_tampered'"), 10, "the security event")
        self.await_record(cluster, "the record", event="tampered", statement="the database")
        cluster.stop()
        self.assertEqual(verify(cluster)[0], 1)

    def recomputed(self, lines):
        """The log with one record changed and all hashes made to fit."""
        import hashlib
        out, previous = [], "0" * 64
        for number, line in enumerate(lines):
            body = line.decode().rsplit(',"hash":"', 1)[0]
            if number == 2:
                body = body.replace('"user":"adbms"', '"user":"nobody"')
            previous = hashlib.sha256((previous + body).encode()).hexdigest()
            out.append(f'{body},"hash":"{previous}"}}\n')
        return "".join(out).encode()


class ReadsTest(AuditCase):
    def rows_read(self, cluster):
        text = urllib.request.urlopen(f"http://{cluster.http['all']}/metrics").read().decode()
        return int(float(re.search(r"^adbms_security_rows_read_total\S* (\S+)$", text,
                                   re.MULTILINE).group(1)))

    def test_small_reads_reach_the_detector(self):
        cluster = self.start()
        admin = cluster.connect()
        run(admin, "CREATE TABLE t (n int PRIMARY KEY)")
        run(admin, "INSERT INTO t SELECT g FROM generate_series(1, 999) g")
        before = self.rows_read(cluster)
        for _ in range(100):
            run(admin, "SELECT * FROM t")
        with admin.cursor() as cursor:
            cursor.copy_expert("COPY t TO STDOUT", open("/dev/null", "w"))
        run(admin, "BEGIN")
        run(admin, "DECLARE c CURSOR FOR SELECT * FROM t")
        self.assertEqual(len(run(admin, "FETCH 10 FROM c")), 10)
        run(admin, "ROLLBACK")  # The rest of the cursor nobody has read.
        self.assertEqual(len(run(admin, "UPDATE t SET n = n WHERE n <= 5 RETURNING n")), 5)
        admin.close()
        wanted = before + 100 * 999 + 999 + 10 + 5
        wait_until(lambda: self.rows_read(cluster) >= wanted, 20, "the rows are counted")
        self.assertEqual(self.rows_read(cluster), wanted)


if __name__ == "__main__":
    unittest.main()
