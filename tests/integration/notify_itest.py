"""LISTEN and NOTIFY, in one process and in seven, across two gateways; who hears what when."""
import concurrent.futures
import select
import time
import unittest

import psycopg2

from adbms_process import PATIENCE, ComparedTest, run, sqlstate, wait_until
from session_scripts import transcript


def heard(connection, count, seconds=20):
    """The next `count` notifications that come without a statement: channel, payload."""
    deadline = time.monotonic() + seconds * PATIENCE
    while len(connection.notifies) < count:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([connection], [], [], left)[0]:
            break
        connection.poll()
    taken = [(n.channel, n.payload) for n in connection.notifies[:count]]
    del connection.notifies[:count]
    return taken


class NotifyTest(ComparedTest):
    def listener(self, *channels, cluster=None):
        connection = (cluster or self.cluster).connect()
        self.addCleanup(connection.close)
        for channel in channels:
            run(connection, f"LISTEN {channel}")
        return connection

    def silent(self, connection):
        """Nothing has come but what a last notification is the end of."""
        run(self.connect(), "NOTIFY the_end")
        self.assertEqual(heard(connection, 1), [("the_end", "")])

    def test_an_idle_client_hears_at_once(self):
        listener, sender = self.listener("quick"), self.connect()
        begun = time.monotonic()
        run(sender, "NOTIFY quick, 'now'")
        self.assertEqual(heard(listener, 1), [("quick", "now")])
        self.assertLess(time.monotonic() - begun, 1 * PATIENCE)
        run(sender, "SELECT pg_notify('quick', 'from ' || g) FROM generate_series(1, 3) g")
        self.assertEqual(heard(listener, 3), [("quick", f"from {g}") for g in (1, 2, 3)])

    def test_who_sent_it(self):
        listener, sender = self.listener("whose"), self.connect()
        run(sender, "NOTIFY whose")
        select.select([listener], [], [], 20)
        listener.poll()
        self.assertEqual(listener.notifies[0].pid, sender.get_backend_pid())

    def test_commits_and_rollbacks(self):
        listener, sender = self.listener("news", "the_end"), self.connect()
        for statement in ("BEGIN", "NOTIFY news, 'lost'", "ROLLBACK",
                          "BEGIN", "NOTIFY news, '1'", "NOTIFY news, '2'", "NOTIFY news, '1'",
                          "SAVEPOINT s", "NOTIFY news, '3'", "NOTIFY news, '2'", "ROLLBACK TO s",
                          "SELECT pg_notify('news', '4'), pg_notify('news', '2')"):
            run(sender, statement)
        self.assertEqual(select.select([listener], [], [], 0.2)[0], [])
        run(sender, "COMMIT")
        self.assertEqual(heard(listener, 3), [("news", "1"), ("news", "2"), ("news", "4")])
        # Failed ones send nothing either, and neither do statements.
        run(sender, "BEGIN")
        run(sender, "NOTIFY news, '5'")
        self.assertEqual(sqlstate(sender, "SELECT 1 / 0"), "22012")
        run(sender, "COMMIT")
        self.assertEqual(sqlstate(sender, "SELECT pg_notify('news', '6'), 1 / 0"), "22012")
        self.silent(listener)

    def test_listening_begins_and_ends_with_commits(self):
        listener, sender = self.listener("the_end"), self.connect()
        run(listener, "BEGIN")
        run(listener, "LISTEN late")
        run(sender, "NOTIFY late, 'before'")
        run(listener, "COMMIT")
        run(sender, "NOTIFY late, 'after'")
        self.assertEqual(heard(listener, 1), [("late", "after")])
        for statement in ("BEGIN", "LISTEN never", "ROLLBACK", "BEGIN", "SAVEPOINT s",
                          "LISTEN nor_this", "ROLLBACK TO s", "COMMIT", "BEGIN", "UNLISTEN late",
                          "ROLLBACK"):
            run(listener, statement)
        for channel in ("never", "nor_this", "late"):
            run(sender, f"NOTIFY {channel}")
        self.assertEqual(heard(listener, 1), [("late", "")])
        self.assertEqual(run(listener, "SELECT * FROM pg_listening_channels() ORDER BY 1"),
                         [("late",), ("the_end",)])
        run(listener, "UNLISTEN late")
        run(sender, "NOTIFY late")
        self.silent(listener)
        run(listener, "UNLISTEN *")
        self.assertEqual(run(listener, "SELECT * FROM pg_listening_channels()"), [])
        run(sender, "NOTIFY the_end")
        run(listener, "LISTEN again")
        run(sender, "NOTIFY again")
        self.assertEqual(heard(listener, 1), [("again", "")])

    def test_a_busy_client_hears_between_transactions(self):
        listener, sender = self.listener("busy"), self.connect()
        run(listener, "BEGIN")
        run(sender, "NOTIFY busy, 'x'")
        run(listener, "SELECT 1")
        self.assertEqual(heard(listener, 1, seconds=0.3), [])
        # With the answer to COMMIT: no further read.
        run(listener, "COMMIT")
        self.assertEqual([n.payload for n in listener.notifies], ["x"])

    def test_it_hears_itself(self):
        connection = self.listener("own")
        run(connection, "NOTIFY own, 'a'")
        self.assertEqual([n.payload for n in connection.notifies], ["a"])
        for statement in ("BEGIN", "LISTEN other_one", "NOTIFY other_one, 'b'", "COMMIT"):
            run(connection, statement)
        self.assertEqual([n.payload for n in connection.notifies], ["a", "b"])

    def test_errors_and_tags(self):
        name = "c" * 63
        steps = [("a", sql) for sql in (
            "SELECT pg_notify('', 'x')", "SELECT pg_notify(NULL, 'x')",
            "SELECT pg_notify('c', NULL)", f"SELECT pg_notify('{name}', '')",
            f"SELECT pg_notify('{name}c', '')", "SELECT pg_notify('c', repeat('x', 7999))",
            "SELECT pg_notify('c', repeat('x', 8000))", f"NOTIFY c, '{'y' * 7999}'",
            f"NOTIFY c, '{'y' * 8000}'", "LISTEN c", "UNLISTEN c", "UNLISTEN *", "UNLISTEN nothing",
            "SELECT pg_notification_queue_usage()", "SELECT * FROM pg_listening_channels()",
            "BEGIN READ ONLY", "NOTIFY c", "SELECT pg_notify('c', '')", "LISTEN c", "COMMIT",
            "SELECT pg_listening_channels FROM pg_listening_channels()",
            f"LISTEN {name}cc", "SELECT * FROM pg_listening_channels() p ORDER BY p",
            "DISCARD ALL", "SELECT count(*) FROM pg_listening_channels()")]
        answers = [transcript(server, steps) for server in (self.postgres, self.cluster)]
        self.assertEqual(answers[0], answers[1])
        for server in (self.postgres, self.cluster):
            cursor = server.connect().cursor()
            for statement in ("LISTEN c", "NOTIFY c", "UNLISTEN c"):
                cursor.execute(statement)
                self.assertEqual(cursor.statusmessage, statement.split()[0])

    def test_ten_thousand(self):
        listener, sender = self.listener("many"), self.connect()
        run(sender, "SELECT count(pg_notify('many', g::text)) FROM generate_series(1, 5000) g")
        for number in range(5001, 10001):
            run(sender, f"NOTIFY many, '{number}'")
        got = heard(listener, 10000, seconds=60)
        self.assertEqual(got, [("many", str(g)) for g in range(1, 10001)])
        self.assertEqual(run(sender, "SELECT pg_notification_queue_usage()"), [(0.0,)])

    def test_in_the_order_of_commits(self):
        listener = self.listener("ordered")
        setup = self.connect()
        run(setup, "CREATE TABLE numbered (n int)")
        run(setup, "INSERT INTO numbered VALUES (0)")

        def send(_):
            connection = self.cluster.connect()
            for _ in range(50):
                # The row's lock makes the numbers those of the commits.
                run(connection, "BEGIN")
                number = run(connection, "UPDATE numbered SET n = n + 1 RETURNING n")[0][0]
                run(connection, f"NOTIFY ordered, '{number}'")
                run(connection, "COMMIT")
            connection.close()

        with concurrent.futures.ThreadPoolExecutor(4) as threads:
            list(threads.map(send, range(4)))
        self.assertEqual(heard(listener, 200), [("ordered", str(n)) for n in range(1, 201)])
        run(setup, "DROP TABLE numbered")

    def test_many_listeners(self):
        listeners = [self.listener("all_of_us") for _ in range(30)]
        gone = self.listener("all_of_us")
        gone.close()
        run(self.connect(), "NOTIFY all_of_us, 'hello'")
        for listener in listeners:
            self.assertEqual(heard(listener, 1), [("all_of_us", "hello")])

    def test_who_does_not_read_is_let_go(self):
        listener, sender = self.listener("flood"), self.connect()
        run(listener, "BEGIN")
        # More than waits for anybody; the senders are not held up.
        for number in range(6):
            run(sender, "SELECT count(pg_notify('flood', repeat(chr(97 + g % 26), 7980) || g))"
                        f" FROM generate_series({number * 1000}, {number * 1000 + 999}) g")
        with self.assertRaises(psycopg2.OperationalError):
            run(listener, "COMMIT")
            run(listener, "SELECT 1")
        self.assertNotEqual(listener.closed, 0)
        again = self.listener("flood")
        run(sender, "NOTIFY flood, 'on'")
        self.assertEqual(heard(again, 1), [("flood", "on")])

    def test_too_many_in_one_transaction(self):
        self.assertEqual(
            sqlstate(self.connect(), "SELECT count(pg_notify('flood', repeat('x', 7900) || g)) "
                                     "FROM generate_series(1, 5000) g"), "54000")

    def test_idle_session_timeout_while_it_listens(self):
        listener, sender = self.listener("timed"), self.connect()
        run(listener, "SET idle_session_timeout = '1s'")
        run(sender, "NOTIFY timed")
        self.assertEqual(heard(listener, 1), [("timed", "")])
        with self.assertRaises(psycopg2.Error):
            wait_until(lambda: select.select([listener], [], [], 1)[0], 20, "it ends")
            run(listener, "SELECT 1")


class SevenProcesses(NotifyTest):
    SEPARATE = True

    def test_two_gateways(self):
        with self.cluster.another_gateway() as other:
            here, there = self.listener("wide"), self.listener("wide", cluster=other)
            run(self.connect(), "NOTIFY wide, 'from here'")
            sender = other.connect()
            run(sender, "NOTIFY wide, 'from there'")
            for listener in (here, there):
                self.assertEqual(heard(listener, 2), [("wide", "from here"), ("wide", "from there")])
            for connection in (there, sender):
                connection.close()

    def test_storage_restarts(self):
        listener, other = self.listener("cut"), self.connect()
        self.cluster.restart("storage")
        # It is told while it is idle: nothing that is sent from now on would reach it.
        self.assertTrue(select.select([listener], [], [], 20 * PATIENCE)[0])
        with self.assertRaises(psycopg2.Error):
            listener.poll()
            run(listener, "SELECT 1")
        self.assertNotEqual(listener.closed, 0)
        again = self.listener("cut")
        run(other, "NOTIFY cut, 'x'")
        self.assertEqual(heard(again, 1), [("cut", "x")])


if __name__ == "__main__":
    unittest.main(verbosity=2)
