"""kill -9 of the process that holds the data, in the middle of changes of the catalog: what was
acknowledged is there, what was not is there as a whole or not at all, and everything can be used.
"""
import os
import random
import threading
import unittest

import psycopg2

from adbms_process import PATIENCE, Cluster, run, wait_until

ROUNDS = 15
ROWS = 2000


class Model:
    """What one worker's objects are like: a table `t<n>` with rows 1..ROWS, unless empty."""

    def __init__(self, number):
        self.table, self.view, self.sequence = f"t{number}", f"v{number}", f"s{number}"
        self.state = {"exists": False}

    def next(self, chance):
        """A statement that may come next, and the state after it."""
        now = self.state
        t = self.table
        if not now["exists"]:
            return (f"CREATE TABLE {t} (a int PRIMARY KEY, b int)",
                    {"exists": True, "rows": 0, "key": True, "extra": False, "index": False,
                     "wide": False, "view": False, "sequence": False, "granted": False})
        def then(**changes):
            return {**now, **changes}
        steps = []
        if now["view"]:
            steps.append((f"DROP VIEW {self.view}", then(view=False)))
        else:
            steps.append((f"CREATE VIEW {self.view} AS SELECT a FROM {t} WHERE a > 10",
                          then(view=True)))
            steps.append((f"DROP TABLE {t}" + (f"; DROP SEQUENCE {self.sequence}"
                                              if now["sequence"] else ""), {"exists": False}))
        if now["index"]:
            steps.append((f"DROP INDEX {t}_a", then(index=False)))
        else:
            steps.append((f"CREATE INDEX {t}_a ON {t} (a)", then(index=True)))
        if now["extra"]:
            steps.append((f"ALTER TABLE {t} DROP COLUMN extra", then(extra=False)))
        else:
            steps.append((f"ALTER TABLE {t} ADD COLUMN extra int DEFAULT 7", then(extra=True)))
        # Every row is written anew.
        steps.append((f"ALTER TABLE {t} ALTER COLUMN b TYPE {'int' if now['wide'] else 'bigint'}",
                      then(wide=not now["wide"])))
        if now["key"]:
            steps.append((f"ALTER TABLE {t} DROP CONSTRAINT {t}_pkey", then(key=False)))
        else:
            steps.append((f"ALTER TABLE {t} ADD PRIMARY KEY (a)", then(key=True)))
        if now["rows"]:
            steps.append((f"TRUNCATE {t}", then(rows=0)))
        else:
            steps.append((f"INSERT INTO {t} (a, b) SELECT g, g % 10 "
                          f"FROM generate_series(1, {ROWS}) g", then(rows=ROWS)))
        if now["sequence"]:
            steps.append((f"DROP SEQUENCE {self.sequence}", then(sequence=False)))
        else:
            steps.append((f"CREATE SEQUENCE {self.sequence}", then(sequence=True)))
        verb = ("REVOKE SELECT ON {} FROM reader" if now["granted"] else
                "GRANT SELECT ON {} TO reader").format(t)
        steps.append((verb, then(granted=not now["granted"])))
        return chance.choice(steps)

    def found(self, connection):
        """The state as the catalog and the data show it."""
        def one(sql, *values):
            return run(connection, sql, *values)[0][0]
        exists = one("SELECT count(*) FROM pg_class WHERE relname = %s", self.table) == 1
        if not exists:
            for name in (self.view, self.sequence, self.table + "_a"):
                assert one("SELECT count(*) FROM pg_class WHERE relname = %s", name) == 0, name
            return {"exists": False}
        columns = [name for (name,) in
                   run(connection, "SELECT column_name FROM information_schema.columns "
                                   "WHERE table_name = %s ORDER BY ordinal_position", self.table)]
        assert columns in (["a", "b"], ["a", "b", "extra"]), columns
        rows, total = run(connection, f"SELECT count(*), coalesce(sum(a), 0) FROM {self.table} "
                                      "WHERE b >= 0")[0]
        assert total == (ROWS * (ROWS + 1) // 2 if rows else 0), (self.table, rows, total)
        if "extra" in columns:
            sevens = one(f"SELECT count(*) FROM {self.table} WHERE extra = 7")
            assert sevens == rows, (self.table, sevens, rows)
        index = one("SELECT count(*) FROM pg_class WHERE relname = %s", self.table + "_a") == 1
        if rows:
            assert run(connection, f"SELECT a FROM {self.table} WHERE a = 77") == [(77,)]
        wide = one("SELECT data_type FROM information_schema.columns WHERE table_name = %s "
                   "AND column_name = 'b'", self.table) == "bigint"
        key = one("SELECT count(*) FROM pg_constraint WHERE conname = %s", self.table + "_pkey") == 1
        view = one("SELECT count(*) FROM pg_class WHERE relname = %s", self.view) == 1
        if view:
            assert one(f"SELECT count(*) FROM {self.view}") == max(0, rows - 10)
        sequence = one("SELECT count(*) FROM pg_class WHERE relname = %s", self.sequence) == 1
        if sequence:
            one(f"SELECT nextval('{self.sequence}')")
        return {"exists": True, "rows": rows, "key": key, "extra": "extra" in columns,
                "index": index, "wide": wide, "view": view, "sequence": sequence,
                "granted": one("SELECT has_table_privilege('reader', %s, 'SELECT')", self.table)}


class Worker(threading.Thread):
    def __init__(self, cluster, model, seed):
        super().__init__(daemon=True)
        self.cluster, self.model, self.chance = cluster, model, random.Random(seed)
        self.done, self.doubt, self.error = 0, None, None

    def run(self):
        connection = None
        try:
            connection = self.cluster.connect()
            while True:
                sql, after = self.model.next(self.chance)
                self.doubt = sql, after
                run(connection, sql)
                self.model.state, self.doubt = after, None
                self.done += 1
        except psycopg2.Error as error:
            self.error = error
        finally:
            if connection is not None:
                connection.close()


class DdlCrashTest(unittest.TestCase):
    WORKERS = 3

    def rounds(self, victim, **options):
        seed = int(os.environ.get("ADBMS_SEED", random.randrange(10**6)))
        print(f"seed {seed}", flush=True)
        chance = random.Random(seed)
        cluster = Cluster(**options)
        self.addCleanup(cluster.remove)
        cluster.start()
        cluster.rows("CREATE ROLE reader")
        models = [Model(number) for number in range(self.WORKERS)]
        for number in range(ROUNDS):
            workers = [Worker(cluster, model, chance.random()) for model in models]
            for worker in workers:
                worker.start()
            # Statements until the kill: within one of them, after another moment.
            wanted = chance.randrange(3, 25)
            wait_until(lambda: sum(worker.done for worker in workers) >= wanted or
                       all(worker.error for worker in workers), 60, "changes are made")
            threading.Event().wait(chance.random() * 0.03)
            cluster.kill(victim)
            for worker in workers:
                worker.join(60 * PATIENCE)
                self.assertIsNotNone(worker.error)
                self.assertIn(worker.error.pgcode,
                              (None, "08006", "08000", "08001", "57P01", "57P03", "58000", "40003",
                               "08003", "08007"), worker.error)
            cluster.start_one(victim)
            connection = wait_until(cluster.connect, 30, "a connection")
            wait_until(lambda: run(connection, "SELECT count(*) FROM pg_class"), 30, "an answer")
            kept = []
            for worker, model in zip(workers, models):
                found = model.found(connection)
                possible = [model.state] + ([worker.doubt[1]] if worker.doubt else [])
                self.assertIn(found, possible, (model.state, worker.doubt))
                kept.append("-" if not worker.doubt else
                            f"{worker.doubt[0][:40]!r} {'whole' if found != model.state else 'not'}")
                model.state = found
            print(f"killed in round {number + 1} after {sum(w.done for w in workers)} changes: "
                  + ", ".join(kept), flush=True)
            connection.close()

    def test_large_rewrite(self):
        """Killed while a table of many rows is written anew, its indexes sorted into files."""
        seed = int(os.environ.get("ADBMS_SEED", random.randrange(10**6)))
        print(f"seed {seed}", flush=True)
        chance = random.Random(seed)
        rows = 40000
        with Cluster() as cluster:
            cluster.rows("CREATE TABLE t (a int PRIMARY KEY, b int UNIQUE, c text)")
            cluster.rows("CREATE INDEX ON t (lower(c)) WHERE b > 100")
            cluster.rows(f"INSERT INTO t SELECT g, g * 2, 'A name that is long enough ' || g "
                         f"FROM generate_series(1, {rows}) g")
            for number in range(6):
                begun, ended = threading.Event(), []

                def alter():
                    try:
                        connection = cluster.connect()
                        begun.set()
                        while True:
                            for kind in ("bigint", "int"):
                                run(connection, f"ALTER TABLE t ALTER b TYPE {kind}")
                                ended.append(kind)
                    except psycopg2.Error:
                        begun.set()

                worker = threading.Thread(target=alter, daemon=True)
                worker.start()
                begun.wait(30 * PATIENCE)
                # Within the change, after another moment.
                threading.Event().wait(chance.random() * 1.5)
                cluster.kill()
                worker.join(60 * PATIENCE)
                cluster.start_one("all")
                connection = wait_until(cluster.connect, 30, "a connection")
                self.assertEqual(run(connection, "SELECT count(*), sum(a), sum(b) FROM t"),
                                 [(rows, rows * (rows + 1) // 2, rows * (rows + 1))])
                self.assertEqual(run(connection, "SELECT a FROM t WHERE b = 7000"), [(3500,)])
                self.assertEqual(
                    run(connection, "SELECT a FROM t WHERE lower(c) = 'a name that is long enough "
                                    "900' AND b > 100"), [(900,)])
                with self.assertRaises(psycopg2.errors.UniqueViolation):
                    run(connection, "INSERT INTO t VALUES (0, 80)")
                print(f"killed in round {number + 1} after {len(ended)} changes", flush=True)
                connection.close()

    def test_all_in_one(self):
        self.rounds("all")

    def test_storage_of_seven_processes(self):
        self.rounds("storage", separate=True)


if __name__ == "__main__":
    unittest.main(verbosity=2)
