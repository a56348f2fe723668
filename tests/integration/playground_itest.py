"""adbms playground with seven processes: whichever is killed is started again, and that is said; and
what a client meets meanwhile when a process is told to stop."""
import os
import pathlib
import queue
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest

import psycopg2

from adbms_process import BUILD, PATIENCE, SERVICES, run, wait_until

PASSWORD = "correct horse"


class Playground:
    def __init__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="adbms_p_"))
        self.lines = []
        self._new = queue.Queue()
        self.process = subprocess.Popen(
            [str(BUILD / "bin" / "adbms"), "playground", "--separate", "--data-dir",
             str(self.directory / "d")], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env=dict(os.environ, ADBMS_PASSWORD=PASSWORD))
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def wait_line(self, pattern, seconds=60, after=0):
        def look():
            for line in self.lines[after:]:
                found = re.search(pattern, line)
                if found:
                    return found
            return None
        return wait_until(look, seconds, f"a line like {pattern}")

    def start(self):
        found = self.wait_line(r"psql -h (127\.0\.0\.1) -p (\d+)")
        self.host, self.port = found[1], int(found[2])
        self.wait_line("running; Ctrl-C stops it")
        return self

    def pid(self, name):
        return int((self.directory / "d" / "run" / f"{name}.pid").read_text())

    def connect(self):
        connection = psycopg2.connect(host=self.host, port=self.port, user="adbms", dbname="adbms",
                                      password=PASSWORD, connect_timeout=20 * PATIENCE)
        connection.autocommit = True
        return connection

    def remove(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(60 * PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
        shutil.rmtree(self.directory, ignore_errors=True)


class PlaygroundTest(unittest.TestCase):
    def setUp(self):
        self.playground = Playground()
        self.addCleanup(self.playground.remove)
        self.playground.start()

    def serves(self):
        connection = self.playground.connect()
        try:
            return run(connection, "SELECT n FROM kept") == [(7,)]
        finally:
            connection.close()

    def test_whatever_is_killed_comes_back(self):
        connection = self.playground.connect()
        run(connection, "CREATE TABLE kept (n int)")
        run(connection, "INSERT INTO kept VALUES (7)")
        for name in SERVICES:
            with self.subTest(killed=name):
                seen = len(self.playground.lines)
                os.kill(self.playground.pid(name), signal.SIGKILL)
                self.playground.wait_line(rf"^{name} ended \(signal 9.*started again", 20, seen)
                self.playground.wait_line(rf"^{name} serves again", 60, seen)
                self.assertIsNone(self.playground.process.poll(), "the playground itself ended")
                wait_until(self.serves, 60, f"queries are answered after {name} was killed")
        self.playground.process.send_signal(signal.SIGINT)
        self.assertEqual(self.playground.process.wait(60 * PATIENCE), 0)

    def test_storage_that_is_told_to_stop_fails_no_statement(self):
        connection = self.playground.connect()
        run(connection, "CREATE TABLE counted (id int PRIMARY KEY, n int)")
        run(connection, "INSERT INTO counted SELECT g, 0 FROM generate_series(1, 8) g")
        stopping = threading.Event()
        errors = []
        done = [0] * 8

        def work(number):
            own = self.playground.connect()
            while not stopping.is_set():
                try:
                    run(own, f"UPDATE counted SET n = n + 1 WHERE id = {number + 1}")
                    run(own, f"SELECT n FROM counted WHERE id = {number + 1}")
                    done[number] += 1
                except psycopg2.Error as error:
                    errors.append(error)
                    return
            own.close()

        threads = [threading.Thread(target=work, args=(i,), daemon=True) for i in range(8)]
        for thread in threads:
            thread.start()
        for _ in range(3):
            seen = len(self.playground.lines)
            target = sum(done) + 200
            wait_until(lambda t=target: sum(done) > t or errors, 30, "the workload runs")
            os.kill(self.playground.pid("storage"), signal.SIGTERM)
            self.playground.wait_line("^storage serves again", 60, seen)
        target = sum(done) + 200
        wait_until(lambda: sum(done) > target or errors, 30, "the workload goes on")
        stopping.set()
        for thread in threads:
            thread.join(30 * PATIENCE)
        self.assertEqual([str(error) for error in errors], [])
        rows = dict(run(connection, "SELECT id, n FROM counted"))
        self.assertEqual([rows[i + 1] for i in range(8)], done, "an update was lost or done twice")

    def test_a_gateway_that_is_told_to_stop_answers_who_has_connected(self):
        stopping = threading.Event()
        refused = []
        wrong = []

        def work():
            while not stopping.is_set():
                try:
                    self.playground.connect().close()
                except psycopg2.OperationalError as error:
                    # Nobody listens, or it says that it shuts down; never a connection cut in silence.
                    text = str(error)
                    said = "shutting down" in text or "administrator command" in text
                    (refused if said or "Connection refused" in text else wrong).append(text)

        threads = [threading.Thread(target=work, daemon=True) for _ in range(4)]
        for thread in threads:
            thread.start()
        for _ in range(3):
            seen = len(self.playground.lines)
            os.kill(self.playground.pid("gateway"), signal.SIGTERM)
            self.playground.wait_line("^gateway serves again", 60, seen)
        stopping.set()
        for thread in threads:
            thread.join(30 * PATIENCE)
        self.assertEqual(wrong, [])


if __name__ == "__main__":
    unittest.main()
