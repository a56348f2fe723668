"""Clients that repeat statements while a test looks on."""
import threading
import time

import psycopg2

from adbms_process import PATIENCE, run


class Workload:
    """Statements over and over, each on a connection and thread of its own, until the block ends.

    An exception of the workload is the test's.
    """

    def __init__(self, cluster, *statements, pause=0.002, values=500):
        self.cluster = cluster
        self.statements = statements
        self.pause = pause
        self.values = values  # Each statement's {} runs through as many.
        self.stopping = threading.Event()
        self.errors = []
        self.calls = 0

    def _run(self, statement):
        try:
            connection = self.cluster.connect()
            number = 0
            while not self.stopping.is_set():
                number += 1
                run(connection, statement.format(number % self.values))
                self.calls += 1
                time.sleep(self.pause)  # A client that thinks.
            connection.close()
        except psycopg2.Error as error:
            self.errors.append(error)

    def __enter__(self):
        self.threads = [threading.Thread(target=self._run, args=(s,), daemon=True)
                        for s in self.statements]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, kind, *unused):
        self.stopping.set()
        for thread in self.threads:
            thread.join(60 * PATIENCE)
        if kind is None and self.errors:
            raise self.errors[0]
