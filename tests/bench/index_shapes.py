#!/usr/bin/python3
"""Twenty-two shapes of statement that want an index, left alone with the database.

usage: index_shapes.py [--only SHAPE,...] [--seconds N] [--json FILE]

For each shape: its time on bare tables, its time under the indexes that an expert makes for it, and
its time after the database was left alone with it for at most --seconds. A shape is solved when what
the expert's indexes save is saved by nine tenths, or when they save less than a fifth. Medians of
repeated executions; the expert's indexes are gone before the database is left alone.
"""
import argparse
import json
import pathlib
import re
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration"))

import adbms_process  # noqa: E402
from adbms_process import Cluster, run  # noqa: E402

SETTINGS = ["orchestrator.cycle_ms=500ms", "orchestrator.window_ms=250ms"]
CUSTOMERS, ORDERS, ITEMS = 40_000, 200_000, 300_000
SOLVED = 0.9        # Of what the expert saves.
WORTH = 0.2         # What an expert's index saves at least, if it is worth having.
MEASURED_CALLS = 15
SETTLED_SECONDS = 5  # After the last verdict nothing more is waited for.

TABLES = {
    "customers": (
        "id int PRIMARY KEY, email text NOT NULL, city text, tier int, deleted_at timestamp, "
        "filler text",
        f"SELECT g, 'User' || g || '@Example.org', 'city ' || g % 900, g % 7, "
        f"CASE WHEN g % 500 = 0 THEN timestamp '2026-01-01' END, repeat('x', 60) "
        f"FROM generate_series(1, {CUSTOMERS}) g"),
    "orders": (
        "id int PRIMARY KEY, customer_id int, product text, region int, status text, "
        "placed_at timestamp NOT NULL, shipped_at timestamp, total int NOT NULL, tags text[], "
        "doc jsonb, note text",
        f"SELECT g, g * 7919 % ({CUSTOMERS} - 3000) + 1, 'p' || g * 31 % 5000, g % 40, "
        f"CASE WHEN g % 200 = 0 THEN 'open' WHEN g % 3 = 0 THEN 'sent' ELSE 'done' END, "
        f"timestamp '2024-01-01' + g * interval '5 minutes', "
        f"CASE WHEN g % 100 <> 0 THEN timestamp '2026-01-01' END, "
        f"(g::bigint * 48271 % 1000003)::int, ARRAY['t' || g % 700, 'u' || g % 11], "
        f"jsonb_build_object('kind', 'k' || g % 900, 'n', g), 'note ' || md5(g::text) "
        f"FROM generate_series(1, {ORDERS}) g"),
    "items": (
        "id int PRIMARY KEY, order_id int, product text, quantity int, price int",
        f"SELECT g, g * 31 % {ORDERS} + 1, 'p' || g % 5000, g % 9, g % 1000 "
        f"FROM generate_series(1, {ITEMS}) g"),
}

# Name, statement ({} runs through numbers), the expert's indexes.
SHAPES = (
    ("equality", "SELECT * FROM customers WHERE email = 'User{}@Example.org'",
     ["customers (email)"]),
    ("equality and range",
     "SELECT count(*), sum(total) FROM orders WHERE region = {} % 40 "
     "AND placed_at >= timestamp '2024-06-01' AND placed_at < timestamp '2024-06-08'",
     ["orders (region, placed_at)"]),
    ("IN", "SELECT sum(total) FROM orders WHERE customer_id IN ({}, {} + 7, {} + 23)",
     ["orders (customer_id)"]),
    ("join on a foreign key",
     "SELECT o.id, i.price FROM orders o JOIN items i ON i.order_id = o.id WHERE o.id = {}",
     ["items (order_id)"]),
    ("date range",
     "SELECT count(*) FROM orders WHERE placed_at >= timestamp '2024-02-01' + {} * interval '1 h' "
     "AND placed_at < timestamp '2024-02-02' + {} * interval '1 h'",
     ["orders (placed_at)"]),
    ("EXISTS",
     "SELECT count(*) FROM customers c WHERE c.city = 'city {}' AND EXISTS "
     "(SELECT 1 FROM orders o WHERE o.customer_id = c.id AND o.total > 500000)",
     ["customers (city)", "orders (customer_id, total)"]),
    ("IS NULL with a range",
     "SELECT count(*), max(total) FROM orders WHERE shipped_at IS NULL AND placed_at < "
     "timestamp '2024-03-01' + {} * interval '1 h'",
     ["orders (placed_at) WHERE shipped_at IS NULL"]),
    ("lower()", "SELECT * FROM customers WHERE lower(email) = 'user{}@example.org'",
     ["customers (lower(email))"]),
    ("LIKE prefix", "SELECT count(*) FROM customers WHERE email LIKE 'User{}%'",
     ["customers (email text_pattern_ops)"]),
    ("LIKE infix", "SELECT count(*) FROM orders WHERE note LIKE '%{}abc%'",
     ["orders USING gin (note gin_trgm_ops)"]),
    ("expression", "SELECT count(*) FROM items WHERE quantity * price = {} * 8",
     ["items ((quantity * price))"]),
    ("IS NULL alone", "SELECT id, total FROM orders WHERE shipped_at IS NULL ORDER BY id",
     ["orders (id) WHERE shipped_at IS NULL"]),
    ("top-n", "SELECT id, total FROM orders ORDER BY total DESC LIMIT 10", ["orders (total)"]),
    ("OR", "SELECT count(*), sum(total) FROM orders WHERE customer_id = {} OR product = 'p{}'",
     ["orders (customer_id)", "orders (product)"]),
    ("count distinct", "SELECT count(DISTINCT product) FROM orders", ["orders (product)"]),
    ("GROUP BY", "SELECT region, count(*) FROM orders GROUP BY region ORDER BY region",
     ["orders (region)"]),
    ("max", "SELECT max(total) FROM orders WHERE region = {} % 40", ["orders (region, total)"]),
    ("date_trunc",
     "SELECT count(*), sum(total) FROM orders WHERE date_trunc('day', placed_at) = "
     "timestamp '2024-03-01' + {} * interval '1 day'",
     ["orders (date_trunc('day', placed_at))"]),
    ("NOT EXISTS",
     "SELECT count(*) FROM customers c WHERE c.city = 'city {}' AND NOT EXISTS "
     "(SELECT 1 FROM orders o WHERE o.customer_id = c.id)",
     ["customers (city)", "orders (customer_id)"]),
    ("partial", "SELECT id, total FROM orders WHERE status = 'open' ORDER BY placed_at LIMIT 20",
     ["orders (placed_at) WHERE status = 'open'"]),
    ("containment", "SELECT count(*) FROM orders WHERE doc @> '{{\"kind\": \"k{}\"}}'",
     ["orders USING gin (doc jsonb_path_ops)"]),
    ("array", "SELECT count(*) FROM orders WHERE tags @> ARRAY['t{}']",
     ["orders USING gin (tags)"]),
)


class Shape:
    """One shape over tables of its own: what was refused for one says nothing of another."""

    def __init__(self, number, name, statement, indexes):
        self.name = name
        self.suffix = f"_{number}"
        self.statement = self.own(statement)
        self.indexes = [self.own(index) for index in indexes]
        self.tables = [table for table in TABLES if re.search(rf"\b{table}\b", statement)]

    def own(self, text):
        return re.sub(rf"\b({'|'.join(TABLES)})\b", rf"\1{self.suffix}", text)

    def text(self, number):
        return self.statement.format(*[number] * self.statement.count("{}"))


class Bench:
    def __init__(self, seconds):
        self.seconds = seconds
        self.cluster = Cluster(settings=SETTINGS)
        self.cluster.start()
        self.connection = self.cluster.connect()
        self.autonomy("observe")

    def run(self, sql):
        return run(self.connection, sql)

    def autonomy(self, level):
        done = subprocess.run(
            [str(adbms_process.BUILD / "bin" / "adbms"), "modules", "set", "indexer", level, "--grpc",
             self.cluster.addresses["grpc"], "--password", adbms_process.PASSWORD],
            capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"adbms modules set: {done.stderr}")

    def load(self, shape):
        for table in shape.tables:
            columns, rows = TABLES[table]
            self.run(f"CREATE TABLE {table}{shape.suffix} ({columns})")
            self.run(f"INSERT INTO {table}{shape.suffix} {rows}")
        self.run("ANALYZE")

    def drop(self, shape):
        for table in shape.tables:
            self.run(f"DROP TABLE {table}{shape.suffix}")

    def measure(self, shape):
        """Median milliseconds of one execution."""
        times = []
        for number in range(MEASURED_CALLS):
            start = time.perf_counter()
            self.run(shape.text(number + 10))
            times.append((time.perf_counter() - start) * 1000)
        return statistics.median(times)

    def expert(self, shape):
        for at, definition in enumerate(shape.indexes):
            self.run(f"CREATE INDEX expert_{at} ON {definition}")
        self.run("ANALYZE")
        figure = self.measure(shape)
        for at in range(len(shape.indexes)):
            self.run(f"DROP INDEX expert_{at}")
        return figure

    def actions(self, since):
        return self.run("SELECT kind, statement, state, outcome, reason FROM adbms.actions WHERE "
                        f"module = 'indexer' AND id > {since} ORDER BY id")

    def left_alone(self, shape):
        """Milliseconds afterwards, the seconds until the last change, and what was done."""
        since = self.run("SELECT coalesce(max(id), 0) FROM adbms.actions")[0][0]
        self.autonomy("auto")
        start, number, quiet, found = time.monotonic(), 0, time.monotonic(), []
        while time.monotonic() - start < self.seconds:
            for _ in range(10):
                self.run(shape.text(number % 400 + 1))
                number += 1
            now = self.actions(since)
            if now != found:
                found, quiet = now, time.monotonic()
            settled = found and all(action[2] in ("kept", "reverted") for action in found)
            if settled and time.monotonic() - quiet > SETTLED_SECONDS:
                break
        figure = self.measure(shape)
        self.autonomy("observe")
        return figure, quiet - start, found


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="names of shapes, separated by commas")
    parser.add_argument("--seconds", type=float, default=25, help="left alone for at most as long")
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    wanted = [name for name in options.only.split(",") if name]
    shapes = [Shape(number, *shape) for number, shape in enumerate(SHAPES)]
    unknown = set(wanted) - {shape.name for shape in shapes}
    if unknown:
        parser.error(f"no such shape: {', '.join(sorted(unknown))}")
    bench = Bench(options.seconds)
    results = []
    print(f"{'shape':24}{'bare ms':>10}{'expert':>10}{'alone':>10}{'after s':>9}  solved", flush=True)
    try:
        for shape in shapes:
            if wanted and shape.name not in wanted:
                continue
            bench.load(shape)
            bare = bench.measure(shape)
            expert = bench.expert(shape)
            alone, seconds, actions = bench.left_alone(shape)
            bench.drop(shape)
            worth = bare - expert >= WORTH * bare
            solved = not worth or bare - alone >= SOLVED * (bare - expert)
            results.append({"shape": shape.name, "bare_ms": bare, "expert_ms": expert,
                            "alone_ms": alone, "seconds": seconds, "worth": worth,
                            "solved": solved, "actions": actions})
            verdict = "yes" if solved and worth else "no gain to be had" if solved else "NO"
            print(f"{shape.name:24}{bare:10.2f}{expert:10.2f}{alone:10.2f}{seconds:9.1f}  {verdict}",
                  flush=True)
            for kind, statement, state, outcome, reason in actions:
                print(f"    {kind} {state} {outcome or ''}: {statement}")
    finally:
        bench.cluster.remove()
    worth = [result for result in results if result["worth"]]
    print(f"{sum(r['solved'] for r in worth)} of {len(worth)} solved that an index helps, of "
          f"{len(results)} shapes")
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
