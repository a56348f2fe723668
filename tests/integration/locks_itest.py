"""Locks as two and three sessions see them: the same scripts on adbms and on PostgreSQL 15, step by
step: what is answered, what waits, what goes on when somebody else ends.
"""
import time
import unittest

import psycopg2

from adbms_process import PATIENCE, ComparedTest, run, sqlstate, wait_until
from session_scripts import Session, add_tests, transcript

SETUP = """
CREATE TABLE parent (id int PRIMARY KEY, code int UNIQUE, note text);
CREATE TABLE child (id int PRIMARY KEY, parent_id int REFERENCES parent (id));
CREATE TABLE jobs (id int PRIMARY KEY, state text, rank int);
INSERT INTO parent VALUES (1, 10, 'a'), (2, 20, 'b');
INSERT INTO child VALUES (1, 1);
INSERT INTO jobs SELECT g, 'new', 100 - g FROM generate_series(1, 20) g;
"""

# Steps: the session's letter and what it runs. "!": what waits ends by itself.
SCRIPTS = {
    "row modes": [
        ("a", "BEGIN"), ("b", "BEGIN"),
        ("a", "SELECT id FROM parent WHERE id = 1 FOR SHARE"),
        ("b", "SELECT id FROM parent WHERE id = 1 FOR SHARE"),
        ("b", "SELECT id FROM parent WHERE id = 1 FOR KEY SHARE"),
        ("a", "COMMIT"),
        ("b", "UPDATE parent SET note = 'c' WHERE id = 1"),
        ("a", "SELECT id FROM parent WHERE id = 1 FOR KEY SHARE"),
        ("a", "SELECT id FROM parent WHERE id = 1 FOR UPDATE NOWAIT"),
        ("a", "SELECT id FROM parent WHERE id = 1 FOR SHARE"),
        ("b", "COMMIT"),
    ],
    "foreign keys take key share": [
        ("a", "BEGIN"), ("a", "INSERT INTO child VALUES (2, 1)"),
        ("b", "UPDATE parent SET note = 'd' WHERE id = 1"),
        ("b", "UPDATE parent SET id = id WHERE id = 1"),
        ("b", "INSERT INTO parent VALUES (1, 11, 'x') ON CONFLICT DO NOTHING"),
        ("b", "DELETE FROM parent WHERE id = 1"),
        ("a", "ROLLBACK"),
    ],
    "a change of a key": [
        ("a", "BEGIN"), ("a", "UPDATE parent SET code = 11 WHERE id = 1"),
        ("b", "SELECT id FROM parent WHERE id = 1 FOR KEY SHARE NOWAIT"),
        ("b", "INSERT INTO child VALUES (3, 1)"),
        ("a", "COMMIT"),
    ],
    "skip locked": [
        ("a", "BEGIN"), ("b", "BEGIN"),
        ("a", "SELECT id FROM jobs ORDER BY id LIMIT 2 FOR UPDATE SKIP LOCKED"),
        ("b", "SELECT id FROM jobs ORDER BY id LIMIT 2 FOR UPDATE SKIP LOCKED"),
        ("a", "SELECT id FROM jobs WHERE rank > 0 ORDER BY rank LIMIT 1 FOR UPDATE SKIP LOCKED"),
        ("b", "SELECT id FROM jobs WHERE rank > 0 ORDER BY rank LIMIT 1 FOR UPDATE SKIP LOCKED"),
        ("b", "SELECT id FROM jobs WHERE id = 1 FOR UPDATE SKIP LOCKED"),
        ("a", "COMMIT"), ("b", "COMMIT"),
    ],
    "skip locked in an order that is not read": [
        ("a", "BEGIN"), ("b", "BEGIN"),
        ("a", "SELECT id FROM jobs WHERE state = 'new' ORDER BY rank, id LIMIT 1 FOR UPDATE SKIP LOCKED"),
        ("b", "SELECT id FROM jobs WHERE state = 'new' ORDER BY rank, id LIMIT 1 FOR UPDATE SKIP LOCKED"),
        ("b", "UPDATE jobs SET state = 'done' WHERE id = (SELECT id FROM jobs WHERE state = 'new' "
              "ORDER BY rank, id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id"),
        ("a", "WITH next AS (SELECT id FROM jobs ORDER BY rank % 3, rank LIMIT 2 FOR UPDATE SKIP LOCKED) "
              "UPDATE jobs SET state = 'x' FROM next WHERE jobs.id = next.id RETURNING jobs.id"),
        ("b", "SELECT lower(state) || id FROM jobs ORDER BY upper(state), -rank LIMIT 1 OFFSET 1 FOR UPDATE SKIP LOCKED"),
        ("a", "COMMIT"), ("b", "COMMIT"), ("c", "SELECT * FROM jobs WHERE state <> 'new'"),
    ],
    "an order that is not read waits and looks again": [
        ("a", "BEGIN"), ("a", "UPDATE jobs SET state = 'done' WHERE rank = 80"),
        ("b", "SELECT id FROM jobs WHERE state = 'new' ORDER BY rank LIMIT 1 FOR UPDATE"), ("a", "COMMIT"),
    ],
    "a failed transaction": [
        ("a", "BEGIN"), ("a", "UPDATE parent SET note = 'e' WHERE id = 1"),
        ("b", "UPDATE parent SET note = 'f' WHERE id = 1"),
        ("a", "SELECT 1 / 0"),
        ("a", "SELECT 1"), ("a", "COMMIT"),
    ],
    "a failed part of a transaction": [
        ("a", "BEGIN"), ("a", "UPDATE parent SET note = 'g' WHERE id = 1"), ("a", "SAVEPOINT s"),
        ("a", "UPDATE parent SET note = 'g' WHERE id = 2"),
        ("b", "UPDATE parent SET note = 'h' WHERE id = 2"),
        ("c", "UPDATE parent SET note = 'h' WHERE id = 1"),
        ("a", "SELECT 1 / 0"), ("a", "ROLLBACK TO s"), ("a", "ROLLBACK TO t"),
        ("a", "ROLLBACK"),
    ],
    "two drafts of the catalog": [
        ("a", "BEGIN"), ("a", "CREATE TABLE one (i int)"),
        ("b", "CREATE TABLE two (i int)"), ("b", "CREATE INDEX two_i ON two (i)"),
        ("c", "BEGIN"), ("c", "CREATE TABLE three (i int)"),
        ("a", "COMMIT"), ("c", "COMMIT"),
        ("b", "INSERT INTO one VALUES (1)"), ("b", "INSERT INTO three VALUES (3)"),
        ("b", "DROP TABLE one, two, three"),
    ],
    "one name": [
        ("a", "BEGIN"), ("a", "CREATE TABLE same (i int)"),
        ("b", "CREATE TABLE same (j int)"),
        ("a", "ROLLBACK"),
        ("b", "SELECT j FROM same"), ("b", "DROP TABLE same"),
    ],
    "changes of a table wait for its readers": [
        ("a", "BEGIN"), ("a", "SELECT count(*) FROM parent WHERE id = 1"),
        ("b", "ALTER TABLE parent ADD COLUMN extra int"),
        ("c", "SELECT count(*) FROM parent WHERE id = 1"),
        ("a", "COMMIT"),
        ("b", "ALTER TABLE parent DROP COLUMN extra"),
    ],
    "readers wait for a change": [
        ("a", "BEGIN"), ("a", "TRUNCATE jobs"),
        ("b", "SELECT count(*) FROM jobs"),
        ("a", "ROLLBACK"),
    ],
    "lock table": [
        ("a", "LOCK TABLE parent"),
        ("a", "BEGIN"), ("a", "LOCK TABLE parent IN SHARE MODE"),
        ("b", "BEGIN"), ("b", "LOCK TABLE parent IN SHARE MODE NOWAIT"),
        ("b", "LOCK TABLE parent IN ROW EXCLUSIVE MODE NOWAIT"), ("b", "ROLLBACK"),
        ("b", "SELECT count(*) FROM parent"),
        ("b", "UPDATE parent SET note = 'i' WHERE id = 1"),
        ("a", "COMMIT"),
    ],
    "lock timeout": [
        ("a", "BEGIN"), ("a", "UPDATE parent SET note = 'j' WHERE id = 1"),
        ("b", "SET lock_timeout = '50ms'"), ("b!", "UPDATE parent SET note = 'k' WHERE id = 1"),
        ("b!", "ALTER TABLE parent ADD COLUMN extra int"),
        ("b", "SET lock_timeout = 0"), ("b", "SET statement_timeout = '50ms'"),
        ("b!", "UPDATE parent SET note = 'k' WHERE id = 1"),
        ("b", "SET statement_timeout = 0"), ("a", "ROLLBACK"),
    ],
    "repeatable read": [
        ("a", "BEGIN ISOLATION LEVEL REPEATABLE READ"), ("a", "SELECT count(*) FROM parent"),
        ("b", "INSERT INTO parent VALUES (5, 50, 'n')"),
        ("a", "INSERT INTO parent VALUES (5, 51, 'o') ON CONFLICT DO NOTHING"),
        ("a", "ROLLBACK"), ("b", "DELETE FROM parent WHERE id = 5"),
        ("a", "BEGIN ISOLATION LEVEL REPEATABLE READ"), ("a", "SELECT count(*) FROM parent"),
        ("b", "UPDATE parent SET note = note WHERE id = 1"),
        ("a", "SELECT id FROM parent WHERE id = 1 FOR UPDATE"), ("a", "ROLLBACK"),
    ],
    "an index does not end an older snapshot": [
        ("a", "BEGIN ISOLATION LEVEL REPEATABLE READ"), ("a", "SELECT count(*) FROM jobs"),
        ("b", "UPDATE jobs SET state = 'old' WHERE id <= 5"),
        ("b", "CREATE INDEX jobs_state ON jobs (state)"),
        ("a", "SELECT count(*) FROM jobs WHERE state = 'new'"),
        ("a", "UPDATE jobs SET rank = 0 WHERE id = 20"),
        ("a", "COMMIT"),
        ("b", "SELECT count(*) FROM jobs WHERE state = 'new'"),
        ("b", "DROP INDEX jobs_state"),
    ],
    "concurrently": [
        ("a", "CREATE INDEX CONCURRENTLY jobs_rank ON jobs (rank)"),
        ("a", "BEGIN"), ("a", "CREATE INDEX CONCURRENTLY jobs_rank2 ON jobs (rank)"),
        ("a", "ROLLBACK"), ("a", "DROP INDEX CONCURRENTLY jobs_rank"),
    ],
}


class LockTest(ComparedTest):
    POSTGRES_SETTINGS = ("deadlock_timeout=10ms",)

    def compare(self, script):
        answers = []
        for server in (self.postgres, self.cluster):
            connection = server.connect()
            run(connection, "DROP TABLE IF EXISTS child, parent, jobs")
            for statement in SETUP.strip().split(";\n"):
                run(connection, statement.rstrip(";"))
            connection.close()
            answers.append(transcript(server, script))
        self.assertEqual(answers[0], answers[1])
        return answers[1]

    def test_volatile_order(self):
        """What is sorted by is what is returned, not another value of the same call."""
        connection = self.cluster.connect()
        run(connection, "DROP TABLE IF EXISTS jobs")
        run(connection, "CREATE TABLE jobs (id int PRIMARY KEY)")
        run(connection, "INSERT INTO jobs SELECT generate_series(1, 50)")
        for limit in ("", " LIMIT 20"):
            drawn = run(connection, f"SELECT random() AS r FROM jobs ORDER BY r{limit} FOR UPDATE")
            self.assertEqual(drawn, sorted(drawn))
        connection.close()

    def test_deadlock(self):
        for server in (self.postgres, self.cluster):
            connection = server.connect()
            run(connection, "DROP TABLE IF EXISTS dead")
            run(connection, "CREATE TABLE dead (id int PRIMARY KEY, n int)")
            run(connection, "INSERT INTO dead VALUES (1, 0), (2, 0)")
            connection.close()
            a, b = Session(server), Session(server)
            for session, key in ((a, 1), (b, 2)):
                run(session.connection, "BEGIN")
                run(session.connection, "UPDATE dead SET n = 1 WHERE id = %s", key)
            a.start("UPDATE dead SET n = 2 WHERE id = 2")
            watcher = server.connect()
            # PostgreSQL looks for a deadlock once, deadlock_timeout after the wait began.
            looked = " AND waitstart < clock_timestamp() - interval '100 ms'"
            waits = ("SELECT count(*) FROM pg_locks WHERE NOT granted AND pid = %s" +
                     (looked if server is self.postgres else ""))
            wait_until(lambda: run(watcher, waits, a.pid)[0][0] > 0, 20, "a waits")
            watcher.close()
            with self.assertRaises(psycopg2.errors.DeadlockDetected) as caught:
                run(b.connection, "UPDATE dead SET n = 2 WHERE id = 1")
            diagnostics = caught.exception.diag
            self.assertEqual(diagnostics.message_primary, "deadlock detected")
            self.assertRegex(
                diagnostics.message_detail,
                rf"^Process {b.pid} waits for ShareLock on transaction \d+; blocked by process "
                rf"{a.pid}\.\nProcess {a.pid} waits for ShareLock on transaction \d+; blocked by "
                rf"process {b.pid}\.$")
            self.assertEqual(a.running.result(timeout=20), "done")
            a.close()
            b.close()

    def test_index_builds_heed_lock_timeout(self):
        holder, builder = self.connect(), self.connect()
        # One is filled row by row, the other by sorting.
        for name, rows in (("few", 10), ("many", 60000)):
            run(builder, f"CREATE TABLE {name} (id int PRIMARY KEY, a int, b text)")
            run(builder, f"INSERT INTO {name} SELECT g, g, 'text of some length ' || g"
                f" FROM generate_series(1, {rows}) g")
            run(builder, "SET lock_timeout = '300ms'")
            for change in (f"UPDATE {name} SET a = -1 WHERE id = 3",
                           f"DELETE FROM {name} WHERE id = 4"):
                for unique in ("", "UNIQUE"):
                    with self.subTest(name, change=change, unique=unique):
                        run(holder, "BEGIN")
                        run(holder, change)
                        begun = time.monotonic()
                        self.assertEqual(
                            sqlstate(builder, f"CREATE {unique} INDEX made ON {name} (b)"), "55P03")
                        self.assertLess(time.monotonic() - begun, 5 * PATIENCE)
                        # Nothing of it is left, and nobody is held up.
                        run(holder, f"ALTER TABLE {name} ADD COLUMN more int")
                        run(holder, "ROLLBACK")
                        run(builder, f"CREATE {unique} INDEX made ON {name} (b)")
                        run(builder, "DROP INDEX made")
            run(builder, f"DROP TABLE {name}")
            run(builder, "RESET lock_timeout")

    def test_idle_in_transaction(self):
        ends = []
        for server in (self.postgres, self.cluster):
            idle, other = server.connect(), server.connect()
            run(idle, "SET idle_in_transaction_session_timeout = '100ms'")
            run(idle, "BEGIN")
            run(idle, "CREATE TABLE idle_one (i int)")
            run(other, "CREATE TABLE idle_one (j int)")  # Waits until the session has ended.
            run(other, "DROP TABLE idle_one")
            with self.assertRaises(psycopg2.Error) as caught:
                run(idle, "SELECT 1")
            self.assertNotEqual(idle.closed, 0)
            ends.append(str(caught.exception))
            other.close()
        self.assertEqual(ends[0], ends[1])


add_tests(LockTest, SCRIPTS)

if __name__ == "__main__":
    unittest.main(verbosity=2)
