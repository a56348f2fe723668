"""Sequences: no value twice, whoever asks and whatever dies; and who may ask."""
import io
import threading
import unittest

from adbms_process import Cluster, ClusterTest, run, sqlstate, wait_until


def values(connection, sql):
    return [row[0] for row in run(connection, sql)]


class SequenceChecks:
    """What holds for one process and for seven."""

    def test_sessions_never_share_a_value(self):
        run(self.connect(), "CREATE SEQUENCE shared")
        taken = [[] for _ in range(4)]

        def take(own):
            connection = self.cluster.connect()
            for _ in range(50):
                own.extend(values(connection, "SELECT nextval('shared') FROM generate_series(1, 7)"))
            connection.close()

        threads = [threading.Thread(target=take, args=(own,)) for own in taken]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        everything = sorted(value for own in taken for value in own)
        self.assertEqual(everything, list(range(1, 4 * 50 * 7 + 1)))

    def test_current_value_is_the_sessions_own(self):
        run(self.connect(), "CREATE SEQUENCE own")
        first, second = self.connect(), self.connect()
        self.assertEqual(values(first, "SELECT nextval('own')"), [1])
        self.assertEqual(values(second, "SELECT nextval('own')"), [2])
        self.assertEqual(values(first, "SELECT currval('own') + lastval()"), [2])
        self.assertEqual(sqlstate(self.connect(), "SELECT currval('own')"), "55000")

    def test_copied_rows_take_values_of_their_own(self):
        connection = self.connect()
        run(connection, "CREATE TABLE copied (id serial PRIMARY KEY, tag text, "
                        "mark uuid DEFAULT gen_random_uuid())")
        with connection.cursor() as cursor:
            cursor.copy_expert("COPY copied (tag) FROM STDIN",
                               io.StringIO("".join(f"t{n}\n" for n in range(5000))))
        self.assertEqual(run(connection, "SELECT count(*), min(id), max(id), count(DISTINCT mark) "
                                         "FROM copied"), [(5000, 1, 5000, 5000)])
        self.assertEqual(values(connection, "INSERT INTO copied (tag) VALUES ('x') RETURNING id"),
                         [5001])

    def test_a_dropped_sequence_is_not_the_next_one_of_its_name(self):
        connection = self.connect()
        for start in (10, 20):
            run(connection, f"CREATE SEQUENCE again START {start}")
            self.assertEqual(values(connection, "SELECT nextval('again')"), [start])
            run(connection, "DROP SEQUENCE again")


class OneProcess(SequenceChecks, ClusterTest):
    pass


class SevenProcesses(SequenceChecks, ClusterTest):
    SEPARATE = True


class PrivilegeTest(ClusterTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        admin = cls.cluster.connect()
        run(admin, "CREATE ROLE clerk LOGIN PASSWORD 'x'")
        admin.close()

    def setUp(self):
        self.admin = self.connect()
        self.clerk = self.connect(host=self.cluster.host, user="clerk", password="x")

    def wait_for(self, statement, state):
        wait_until(lambda: sqlstate(self.clerk, statement) == state, 10, f"{statement}: {state}")

    def test_usage_reads_on_and_update_sets(self):
        run(self.admin, "CREATE SEQUENCE guarded")
        for statement in ("SELECT nextval('guarded')", "SELECT setval('guarded', 5)",
                          "SELECT last_value FROM guarded", "DROP SEQUENCE guarded",
                          "ALTER SEQUENCE guarded RESTART", "COMMENT ON SEQUENCE guarded IS 'x'"):
            self.assertEqual(sqlstate(self.clerk, statement), "42501", statement)
        run(self.admin, "GRANT USAGE ON SEQUENCE guarded TO clerk")
        self.wait_for("SELECT nextval('guarded')", None)
        self.assertEqual(sqlstate(self.clerk, "SELECT currval('guarded')"), None)
        self.assertEqual(sqlstate(self.clerk, "SELECT setval('guarded', 5)"), "42501")
        run(self.admin, "REVOKE USAGE ON SEQUENCE guarded FROM clerk")
        run(self.admin, "GRANT UPDATE ON SEQUENCE guarded TO clerk")
        self.wait_for("SELECT setval('guarded', 5)", None)
        self.assertEqual(sqlstate(self.clerk, "SELECT nextval('guarded')"), None)
        self.assertEqual(sqlstate(self.admin, "GRANT INSERT ON SEQUENCE guarded TO clerk"), "0LP01")

    def test_serial_needs_the_sequence_and_identity_does_not(self):
        run(self.admin, "CREATE TABLE with_serial (id serial, x int)")
        run(self.admin, "CREATE TABLE with_identity "
                        "(id int GENERATED ALWAYS AS IDENTITY, x int)")
        run(self.admin, "GRANT INSERT ON with_serial, with_identity TO clerk")
        self.wait_for("INSERT INTO with_identity (x) VALUES (1)", None)
        self.assertEqual(sqlstate(self.clerk, "INSERT INTO with_serial (x) VALUES (1)"), "42501")
        run(self.admin, "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO clerk")
        self.wait_for("INSERT INTO with_serial (x) VALUES (1)", None)


class CrashTest(unittest.TestCase):
    def test_no_value_comes_back(self):
        with Cluster() as cluster:
            connection = cluster.connect()
            run(connection, "CREATE SEQUENCE kept")
            seen = []
            for _ in range(5):
                connection = cluster.connect()
                seen += values(connection, "SELECT nextval('kept') FROM generate_series(1, 10)")
                cluster.kill()
                cluster.restart()
            connection = cluster.connect()
            seen += values(connection, "SELECT nextval('kept') FROM generate_series(1, 10)")
            self.assertEqual(len(seen), len(set(seen)))
            self.assertEqual(seen, sorted(seen))
            connection.close()

    def test_a_clean_stop_skips_nothing(self):
        with Cluster() as cluster:
            connection = cluster.connect()
            run(connection, "CREATE TABLE t (id serial, x int)")
            self.assertEqual(values(connection, "INSERT INTO t (x) VALUES (1), (2) RETURNING id"),
                             [1, 2])
            connection.close()
            cluster.stop()
            cluster.start()
            connection = cluster.connect()
            self.assertEqual(values(connection, "INSERT INTO t (x) VALUES (3) RETURNING id"), [3])
            connection.close()


if __name__ == "__main__":
    unittest.main()
