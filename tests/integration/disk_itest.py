"""A disk that is full and has space again, and a log that has lost something, fifteen rounds each;
what each round did is printed.
"""
import os
import pathlib
import random
import subprocess
import tempfile
import unittest
import urllib.error
import urllib.request

import psycopg2

from adbms_process import Cluster, run, wait_until

ROUNDS = 15


def ready(cluster):
    """Status and text of /readyz."""
    try:
        with urllib.request.urlopen(f"http://{cluster.http['all']}/readyz", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


class FullDiskTest(unittest.TestCase):
    """The data directory on a file system of 96 MiB."""

    def setUp(self):
        self.mount = tempfile.mkdtemp(prefix="adbms_disk_")
        self.addCleanup(os.rmdir, self.mount)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", self.mount],
                                 stderr=subprocess.DEVNULL)
        if mounted.returncode != 0:
            self.skipTest("no tmpfs can be mounted here")
        self.addCleanup(subprocess.run, ["umount", "-l", self.mount])

    def test_writes_go_on_when_there_is_space_again(self):
        ballast = pathlib.Path(self.mount) / "ballast"
        data = pathlib.Path(self.mount) / "data"
        data.mkdir()
        with Cluster(directory=data) as cluster:
            connection = cluster.connect()
            run(connection, "CREATE TABLE t (id int PRIMARY KEY, filling text)")
            acknowledged, next_id = set(), 0
            for number in range(ROUNDS):
                with open(ballast, "wb", buffering=0) as file:
                    try:
                        while True:
                            file.write(b"x" * 65536)
                    except OSError:
                        pass
                refused = None
                while refused is None:
                    try:
                        run(connection, "INSERT INTO t VALUES (%s, repeat('x', 20000))", next_id)
                        acknowledged.add(next_id)
                    except psycopg2.Error as error:
                        refused = error.pgcode or str(error)
                    next_id += 1
                self.assertEqual(refused, "53100")
                status, text = wait_until(lambda: ready(cluster)[0] == 503 and ready(cluster), 20,
                                          "not ready")
                self.assertIn("not ready for writes", text)
                seen = {row[0] for row in run(connection, "SELECT id FROM t")}
                self.assertEqual(seen, acknowledged)
                ballast.unlink()
                wait_until(lambda: ready(cluster)[0] == 200, 30, "ready again")
                run(connection, "INSERT INTO t VALUES (%s, 'after')", next_id)
                acknowledged.add(next_id)
                next_id += 1
                run(connection, "DELETE FROM t WHERE filling <> 'after'")
                acknowledged = {row[0] for row in run(connection, "SELECT id FROM t")}
                print(f"full disk, round {number + 1}: refused with {refused}, {text.strip()!r}, "
                      f"then ready and written again", flush=True)
            connection.close()
            cluster.kill()
            cluster.start_one("all")
            self.assertEqual({row[0] for row in cluster.rows("SELECT id FROM t")}, acknowledged)


class LostLogTest(unittest.TestCase):
    def newest(self):
        return sorted((self.cluster.directory / "storage" / "db").glob("*.log"))[-1]

    def setUp(self):
        self.cluster = Cluster()
        self.addCleanup(self.cluster.remove)
        self.cluster.start()
        self.cluster.rows("CREATE TABLE t (id int PRIMARY KEY)")
        self.next = 0

    def write(self, count):
        connection = self.cluster.connect()
        for _ in range(count):
            run(connection, "INSERT INTO t VALUES (%s)", self.next)
            self.next += 1
        connection.close()
        self.cluster.kill()

    def test_torn_ends_are_cut_off_and_told_of(self):
        shown = 0
        for number in range(ROUNDS):
            self.write(20)
            log = self.newest()
            size = log.stat().st_size
            with open(log, "r+b") as file:
                if number % 3 == 0:
                    file.truncate(size - random.randrange(1, 20))
                elif number % 3 == 1:
                    file.seek(size - 12)
                    file.write(b"\0" * 12)
                else:
                    file.seek(size)
                    file.write(os.urandom(random.randrange(1, 200)))
            self.cluster.start_one("all")
            rows = self.cluster.rows("SELECT count(*) FROM t")[0][0]
            # The system's own last write may have been the one that was torn.
            self.assertGreaterEqual(rows, self.next - (number + 1))
            text = " ".join(path.read_text() for path in
                            (self.cluster.directory / "logs").glob("storage*"))
            self.assertGreater(text.count("was torn"), shown)
            shown = text.count("was torn")
            print(f"torn log, round {number + 1}: opened with {rows} of {self.next} rows, told of",
                  flush=True)

    def test_logs_that_lost_something_are_refused(self):
        for number in range(ROUNDS):
            self.write(20)
            log = self.newest()
            before = log.read_bytes()
            if number % 3 == 0:
                log.unlink()
            elif number % 3 == 1:
                os.truncate(log, len(before) // 2)
            else:
                with open(log, "r+b") as file:
                    file.seek(len(before) // 2)
                    file.write(b"damage")
            daemon = self.cluster.spawn("all")
            self.assertNotEqual(daemon.process.wait(timeout=60), 0)
            self.assertIn(log.name, daemon.errors())
            self.assertIn("read_only", daemon.errors())
            log.write_bytes(before)
            self.cluster.start_one("all")
            self.assertEqual(self.cluster.rows("SELECT count(*) FROM t")[0][0], self.next)
            print(f"lost log, round {number + 1}: refused, naming {log.name}; whole again it has "
                  f"all {self.next} rows", flush=True)

    def test_a_read_only_start_serves_what_is_there(self):
        self.write(50)
        log = self.newest()
        os.truncate(log, log.stat().st_size * 9 // 10)  # The table itself is in there too.
        self.cluster.settings.append("storage.read_only=true")
        self.cluster.start_one("all")
        self.assertEqual(ready(self.cluster)[0], 503)
        connection = self.cluster.connect()
        run(connection, "SELECT count(*) FROM t")
        with self.assertRaises(psycopg2.errors.ReadOnlySqlTransaction):
            run(connection, "INSERT INTO t VALUES (1000)")
        connection.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
