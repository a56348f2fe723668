"""kill -9 in the middle of building an index by sorting: it is there as a whole or not at all, and no
file of it is left.
"""
import datetime
import os
import random
import threading
import unittest

import psycopg2

from adbms_process import PATIENCE, Cluster, run, wait_until
from index_build_itest import ROWS, fill, left_files


class KilledBuildTest(unittest.TestCase):
    def build(self, connection, sql, whole):
        try:
            run(connection, sql)
            whole.set()
        except psycopg2.Error:
            pass  # Killed.

    def test_kill_in_the_middle_of_a_build(self):
        seed = int(os.environ.get("ADBMS_SEED", random.randrange(10**6)))
        print(f"seed {seed}", flush=True)
        chance = random.Random(seed)
        cluster = Cluster(settings=["storage.query_memory_bytes=16777216"])
        self.addCleanup(cluster.remove)
        cluster.start()
        connection = cluster.connect()
        fill(connection, "t", ROWS)
        longest = None
        for number in range(8):
            sql = chance.choice(["CREATE INDEX built ON t (b, a, d)",
                                 "CREATE UNIQUE INDEX built ON t (u) INCLUDE (b)"])
            began = datetime.datetime.now()
            if longest is None:  # How long one takes.
                run(connection, sql)
                longest = (datetime.datetime.now() - began).total_seconds()
                run(connection, "DROP INDEX built")
                continue
            whole = threading.Event()
            thread = threading.Thread(target=self.build, args=(connection, sql, whole), daemon=True)
            thread.start()
            writer = cluster.connect()
            end = began + datetime.timedelta(seconds=chance.random() * longest)
            while datetime.datetime.now() < end:
                run(writer, f"UPDATE t SET a = a + 1, u = -u WHERE id = {chance.randrange(ROWS)}")
            cluster.kill()
            thread.join(60 * PATIENCE)
            cluster.start_one("all")
            connection = wait_until(cluster.connect, 30, "a connection")
            there = run(connection, "SELECT count(*) FROM pg_class WHERE relname = 'built'")[0][0]
            print(f"{sql} killed after {(end - began).total_seconds():.2f} s of {longest:.2f}: "
                  f"{'there' if there else 'gone'}", flush=True)
            if whole.is_set():
                self.assertEqual(there, 1)
            self.assertEqual(left_files(cluster), [])
            if not there:
                run(connection, sql)
            run(connection, "SET enable_seqscan = off")
            by_index = run(connection, "SELECT b, a, d FROM t ORDER BY b, a, d" if "(b" in sql[:40]
                           else "SELECT u, b FROM t WHERE u IS NOT NULL ORDER BY u")
            run(connection, "RESET ALL; SET enable_indexscan = off; SET enable_indexonlyscan = off")
            by_table = run(connection, "SELECT b, a, d FROM t ORDER BY b, a, d" if "(b" in sql[:40]
                           else "SELECT u, b FROM t WHERE u IS NOT NULL ORDER BY u")
            run(connection, "RESET ALL")
            self.assertEqual(by_index, by_table)
            run(connection, "DROP INDEX built")
        self.assertEqual(cluster.daemons["all"].stop(), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
