"""Advisory locks as several sessions see them: the same scripts on adbms, in one process and in seven,
and on PostgreSQL 15; deadlocks with other locks, clients that are killed, storage that restarts.
"""
import subprocess
import sys
import unittest

import psycopg2

from adbms_process import ComparedTest, run, sqlstate, wait_until
from session_scripts import Session, add_tests, transcript

SETUP = """
CREATE TABLE t (id int PRIMARY KEY, n int);
INSERT INTO t VALUES (1, 0), (2, 0);
"""
LISTED = ("SELECT locktype, classid::text, objid::text, objsubid, mode, granted, fastpath, "
          "database IS NOT NULL FROM pg_locks WHERE locktype = 'advisory'")

SCRIPTS = {
    "one excludes the others": [
        ("a", "SELECT pg_advisory_lock(1)"), ("b", "SELECT pg_try_advisory_lock(1)"),
        ("b", "SELECT pg_try_advisory_lock_shared(1)"), ("b", "SELECT pg_advisory_lock(1)"),
        ("c", "SELECT pg_advisory_lock_shared(1)"),
        ("a", "SELECT pg_advisory_unlock(1)"), ("b", "SELECT pg_advisory_unlock(1)"),
    ],
    "sharing": [
        ("a", "SELECT pg_advisory_lock_shared(1)"), ("b", "SELECT pg_advisory_lock_shared(1)"),
        ("c", "SELECT pg_try_advisory_lock(1)"), ("a", "SELECT pg_advisory_lock(1)"),
        ("b", "SELECT pg_advisory_unlock_shared(1)"),
        ("b", "SELECT pg_try_advisory_lock_shared(1)"),
        ("a", "SELECT pg_advisory_unlock(1)"), ("b", "SELECT pg_try_advisory_lock_shared(1)"),
    ],
    "two kinds of key": [
        ("a", "SELECT pg_advisory_lock(1)"), ("b", "SELECT pg_try_advisory_lock(0, 1)"),
        ("a", "SELECT pg_advisory_lock(-7, 8)"), ("b", "SELECT pg_try_advisory_lock(-7, 8)"),
        ("b", "SELECT pg_try_advisory_lock(8, -7)"),
        ("b", "SELECT pg_try_advisory_lock((-7)::bigint << 32 | 8)"),
        ("a", "SELECT pg_advisory_unlock(-7, 8)"), ("b", "SELECT pg_try_advisory_lock(-7, 8)"),
        ("a", "SELECT pg_advisory_lock(NULL), pg_advisory_lock(1, NULL)"),
        ("a", "SELECT pg_try_advisory_lock(9223372036854775807)"),
        ("b", "SELECT pg_try_advisory_lock(9223372036854775807)"),
    ],
    "locks are counted": [
        ("a", "SELECT pg_advisory_lock(1)"), ("a", "SELECT pg_try_advisory_lock(1)"),
        ("a", "SELECT pg_advisory_unlock(1)"), ("b", "SELECT pg_try_advisory_lock(1)"),
        ("a", "SELECT pg_advisory_unlock(1)"), ("b", "SELECT pg_try_advisory_lock(1)"),
        ("a", "SELECT pg_advisory_unlock(1)"),
    ],
    "modes are counted apart": [
        ("a", "SELECT pg_advisory_lock(1)"), ("a", "SELECT pg_advisory_lock_shared(1)"),
        ("a", "SELECT pg_advisory_unlock(1)"), ("b", "SELECT pg_try_advisory_lock(1)"),
        ("b", "SELECT pg_try_advisory_lock_shared(1)"), ("a", "SELECT pg_advisory_unlock(1)"),
        ("a", "SELECT pg_advisory_unlock_shared(1)"),
        ("b", "SELECT pg_advisory_unlock_shared(1)"), ("b", "SELECT pg_try_advisory_lock(1)"),
    ],
    "until the transaction ends": [
        ("a", "BEGIN"), ("a", "SELECT pg_advisory_xact_lock(1)"),
        ("a", "SELECT pg_advisory_unlock(1)"),
        ("b", "SELECT pg_advisory_xact_lock(1)"), ("a", "COMMIT"),
        ("b", "BEGIN"), ("b", "SELECT pg_try_advisory_xact_lock_shared(1)"),
        ("a", "SELECT pg_try_advisory_xact_lock(1)"),
        ("a", "SELECT pg_try_advisory_xact_lock_shared(1)"), ("b", "ROLLBACK"),
        ("a", "SELECT pg_try_advisory_xact_lock(1)"), ("b", "SELECT pg_try_advisory_lock(1)"),
    ],
    "of the session and of its transaction": [
        ("a", "BEGIN"), ("a", "SELECT pg_advisory_xact_lock(1)"),
        ("a", "SELECT pg_advisory_lock(1)"), ("a", "SELECT pg_advisory_unlock_all()"),
        ("b", "SELECT pg_try_advisory_lock(1)"), ("a", "SELECT pg_advisory_lock(1)"),
        ("a", "ROLLBACK"), ("b", "SELECT pg_try_advisory_lock(1)"),
        ("a", "SELECT pg_advisory_unlock(1)"), ("b", "SELECT pg_try_advisory_lock(1)"),
    ],
    "savepoints": [
        ("a", "BEGIN"), ("a", "SELECT pg_advisory_xact_lock(1)"), ("a", "SAVEPOINT s"),
        ("a", "SELECT pg_advisory_xact_lock(1), pg_advisory_xact_lock(2), pg_advisory_lock(3)"),
        ("a", "SAVEPOINT u"), ("a", "SELECT pg_advisory_xact_lock(4)"), ("a", "RELEASE u"),
        ("b", "SELECT pg_try_advisory_lock(4)"),
        ("a", "ROLLBACK TO s"),
        ("b", "SELECT pg_try_advisory_lock(1), pg_try_advisory_lock(2), pg_try_advisory_lock(3), "
              "pg_try_advisory_lock(4)"),
        ("a", "COMMIT"), ("b", "SELECT pg_try_advisory_lock(1), pg_try_advisory_lock(3)"),
    ],
    "a failed transaction": [
        ("a", "BEGIN"), ("a", "SELECT pg_advisory_xact_lock(1), pg_advisory_lock(2)"),
        ("a", "SELECT 1 / 0"), ("b", "SELECT pg_try_advisory_lock(1), pg_try_advisory_lock(2)"),
        ("a", "ROLLBACK"), ("a", "SELECT pg_advisory_unlock(2)"),
    ],
    "a failed statement": [
        ("a", "SELECT pg_advisory_lock(1), 1 / (id - 1) FROM t"),
        ("b", "SELECT pg_try_advisory_lock(1)"),
    ],
    "timeouts": [
        ("a", "SELECT pg_advisory_lock(1)"),
        ("b", "SET lock_timeout = '50ms'"), ("b!", "SELECT pg_advisory_lock(1)"),
        ("b!", "SELECT pg_advisory_xact_lock_shared(1)"),
        ("b", "SET lock_timeout = 0"), ("b", "SET statement_timeout = '50ms'"),
        ("b!", "SELECT pg_advisory_lock(1)"),
    ],
    "as pg_locks shows them": [
        ("a", "SELECT pg_advisory_lock(4294967298), pg_advisory_lock_shared(-7, 8)"),
        ("b", "SELECT pg_advisory_lock(4294967298)"), ("c", LISTED),
        ("a", "SELECT pg_advisory_unlock_all()"), ("c", LISTED),
    ],
    "of each row": [
        ("a", "SELECT id, pg_advisory_lock(id) FROM t WHERE pg_try_advisory_lock(10 + id)"),
        ("b", "SELECT pg_try_advisory_lock(g) FROM generate_series(0, 12) g"),
        ("a", "UPDATE t SET n = 1 WHERE pg_advisory_unlock(id)"),
        ("b", "SELECT pg_try_advisory_lock(g) FROM generate_series(0, 12) g"),
    ],
    "discard": [
        ("a", "SELECT pg_advisory_lock(1)"), ("a", "BEGIN"), ("a", "DISCARD ALL"),
        ("a", "ROLLBACK"), ("b", "SELECT pg_try_advisory_lock(1)"), ("a", "DISCARD PLANS"),
        ("b", "SELECT pg_try_advisory_lock(1)"), ("a", "DISCARD ALL"),
        ("b", "SELECT pg_try_advisory_lock(1)"),
    ],
}


class AdvisoryTest(ComparedTest):
    POSTGRES_SETTINGS = ("deadlock_timeout=10ms",)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for server in (cls.postgres, cls.cluster):
            connection = server.connect()
            for statement in SETUP.strip().split(";\n"):
                run(connection, statement.rstrip(";"))
            connection.close()

    def compare(self, script):
        answers = [transcript(server, script) for server in (self.postgres, self.cluster)]
        self.assertEqual(answers[0], answers[1])

    def free(self, key):
        connection = self.connect()
        wait_until(lambda: run(connection, "SELECT pg_try_advisory_lock(%s)", key)[0][0], 20,
                   f"lock {key} is free")
        connection.close()

    def test_warning(self):
        for server in (self.postgres, self.cluster):
            connection = server.connect()
            for function, mode in (("", "ExclusiveLock"), ("_shared", "ShareLock")):
                self.assertEqual(run(connection, f"SELECT pg_advisory_unlock{function}(1, 2)"),
                                 [(False,)])
                self.assertEqual(connection.notices[-1].strip(),
                                 f"WARNING:  you don't own a lock of type {mode}")
            connection.close()

    def deadlock(self, steps, detail):
        for server in (self.postgres, self.cluster):
            a, b = Session(server), Session(server)
            for session, statement in (("a", steps[0]), ("b", steps[1])):
                chosen = a if session == "a" else b
                run(chosen.connection, "BEGIN")
                run(chosen.connection, statement)
            a.start(steps[2])
            watcher = server.connect()
            # PostgreSQL looks for a deadlock once, deadlock_timeout after the wait began.
            looked = " AND waitstart < clock_timestamp() - interval '100 ms'"
            waits = ("SELECT count(*) FROM pg_locks WHERE NOT granted AND pid = %s" +
                     (looked if server is self.postgres else ""))
            wait_until(lambda: run(watcher, waits, a.pid)[0][0] > 0, 20, "a waits")
            watcher.close()
            with self.assertRaises(psycopg2.errors.DeadlockDetected) as caught:
                run(b.connection, steps[3])
            self.assertRegex(caught.exception.diag.message_detail,
                             "^" + detail.format(a=a.pid, b=b.pid) + "$")
            run(b.connection, "ROLLBACK")
            run(b.connection, "SELECT pg_advisory_unlock_all()")
            a.running.result(timeout=20)
            a.close()
            b.close()

    def test_deadlock_with_a_row(self):
        self.deadlock(
            ["SELECT pg_advisory_lock(7)", "UPDATE t SET n = 1 WHERE id = 1",
             "UPDATE t SET n = 2 WHERE id = 1", "SELECT pg_advisory_lock(7)"],
            r"Process {b} waits for ExclusiveLock on advisory lock \[\d+,0,7,1\]; blocked by "
            r"process {a}\.\nProcess {a} waits for ShareLock on transaction \d+; blocked by "
            r"process {b}\.")

    def test_deadlock_of_two_advisory_locks(self):
        self.deadlock(
            ["SELECT pg_advisory_xact_lock(1)", "SELECT pg_advisory_lock(3, 4)",
             "SELECT pg_advisory_xact_lock_shared(3, 4)", "SELECT pg_advisory_lock_shared(1)"],
            r"Process {b} waits for ShareLock on advisory lock \[\d+,0,1,1\]; blocked by process "
            r"{a}\.\nProcess {a} waits for ShareLock on advisory lock \[\d+,3,4,2\]; blocked by "
            r"process {b}\.")

    def test_deadlock_with_a_table_that_a_plain_read_wants(self):
        a, b = Session(self.cluster), Session(self.cluster)
        run(a.connection, "SELECT pg_advisory_lock(9)")
        run(b.connection, "BEGIN")
        run(b.connection, "ALTER TABLE t ALTER n SET DEFAULT 1")
        a.start("SELECT count(*) FROM t")
        watcher = self.connect()
        wait_until(lambda: run(watcher, "SELECT count(*) FROM pg_locks WHERE NOT granted AND "
                               "pid = %s", a.pid)[0][0], 20, "a waits")
        self.assertEqual(sqlstate(b.connection, "SELECT pg_advisory_lock(9)"), "40P01")
        run(b.connection, "ROLLBACK")
        self.assertEqual(a.running.result(timeout=20), [(2,)])
        a.close()
        b.close()

    def test_a_read_that_waits_holds_its_table(self):
        holder, reader = self.connect(), Session(self.cluster)
        run(holder, "SELECT pg_advisory_lock(11)")
        reader.start("SELECT pg_advisory_lock(11), n FROM t WHERE id = 1")
        watcher = self.connect()
        wait_until(lambda: run(watcher, "SELECT count(*) FROM pg_locks WHERE NOT granted AND "
                               "pid = %s", reader.pid)[0][0], 20, "the reader waits")
        # Whoever holds the lock and wants the table alone closes a circle.
        self.assertEqual(sqlstate(holder, "ALTER TABLE t ALTER n SET DEFAULT 2"), "40P01")
        reader.close()

    def test_cancel(self):
        holder, waiter = self.connect(), Session(self.cluster)
        run(holder, "SELECT pg_advisory_lock(12)")
        waiter.start("SELECT pg_advisory_lock(12)")
        wait_until(lambda: run(holder, "SELECT count(*) FROM pg_locks WHERE NOT granted")[0][0], 20,
                   "it waits")
        waiter.connection.cancel()
        self.assertEqual(waiter.running.result(timeout=20)[:5], "57014")
        waiter.close()

    def test_ended_sessions_hold_nothing(self):
        connection = self.connect()
        run(connection, "SELECT pg_advisory_lock(13), pg_advisory_lock_shared(13)")
        connection.close()
        self.free(13)

    def test_killed_client_that_waits(self):
        holder = self.connect()
        run(holder, "SELECT pg_advisory_lock(14)")
        client = subprocess.Popen([sys.executable, "-c", "import psycopg2, sys\n"
                                   "psycopg2.connect(sys.argv[1]).cursor().execute("
                                   "'SELECT pg_advisory_lock(14)')",
                                   self.cluster.connection_string()])
        wait_until(lambda: run(holder, "SELECT count(*) FROM pg_locks WHERE NOT granted")[0][0], 20,
                   "it waits")
        client.kill()
        client.wait()
        run(holder, "SELECT pg_advisory_unlock(14)")
        self.free(14)

    def test_too_many(self):
        connection = self.connect()
        run(connection, "SELECT count(pg_try_advisory_lock(g)) FROM generate_series(1, 100000) g")
        self.assertEqual(sqlstate(connection, "SELECT pg_try_advisory_lock(0)"), "53200")
        run(connection, "SELECT pg_advisory_unlock_all()")
        self.assertEqual(run(connection, "SELECT pg_try_advisory_lock(0)"), [(True,)])
        connection.close()


class SevenProcesses(AdvisoryTest):
    SEPARATE = True

    def test_two_gateways(self):
        with self.cluster.another_gateway() as other:
            here, there = self.connect(), other.connect()
            run(here, "SELECT pg_advisory_lock(20)")
            self.assertEqual(run(there, "SELECT pg_try_advisory_lock(20)"), [(False,)])
            run(here, "SELECT pg_advisory_unlock(20)")
            self.assertEqual(run(there, "SELECT pg_try_advisory_lock(20)"), [(True,)])
            there.close()
        self.free(20)

    def test_storage_restarts(self):
        holder, idle, other = self.connect(), self.connect(), self.connect()
        run(holder, "SELECT pg_advisory_lock(21)")
        run(idle, "SELECT pg_advisory_lock(22)")
        run(idle, "SELECT pg_advisory_unlock(22)")
        self.cluster.restart("storage")
        wait_until(lambda: self.cluster.rows("SELECT 1"), 20, "storage is back")
        # As with a backend that is lost: the client hears of it instead of going on without its lock.
        with self.assertRaises(psycopg2.OperationalError):
            run(holder, "SELECT 1")
        self.assertNotEqual(holder.closed, 0)
        self.assertEqual(run(idle, "SELECT 1"), [(1,)])
        self.assertEqual(run(other, "SELECT pg_try_advisory_lock(21)"), [(True,)])
        run(other, "SELECT pg_advisory_unlock(21)")


add_tests(AdvisoryTest, SCRIPTS)

if __name__ == "__main__":
    unittest.main(verbosity=2)
