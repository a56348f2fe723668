#!/usr/bin/python3
"""Compares ADBMS with PostgreSQL 15 on this machine, in one run.

usage: run_bench.py [--only SECTION,...] [--rounds N] [--seconds N] [--json FILE] [--all-in-one-only]

Sections:
  point      pgbench -S, 8 clients over the unix socket, simple and prepared protocol
  write      pgbench's default script, 8 clients, every commit durable
  copy       COPY of 1,000,000 rows into a table with a primary key
  analytic   five queries over the order-processing data set at scale 0.1, same indexes

Both run with durable commits and a gigabyte for caches; PostgreSQL with shared_buffers=1GB and
defaults otherwise. ADBMS only observes, so that both work with the indexes that are given. Rounds
alternate between the systems and the median of the rounds is shown: figures of a shared machine
vary, ratios of one run much less. Exits 1 when a floor is missed and --enforce is given.
"""
import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration"))

import adbms_process  # noqa: E402
from analytic import INDEXES, QUERIES  # noqa: E402

PGBENCH = str(adbms_process.POSTGRES_BIN / "pgbench")
PSQL = str(adbms_process.POSTGRES_BIN / "psql")
ADBMS = str(adbms_process.BUILD / "bin" / "adbms")
CLIENTS = 8
PGBENCH_SCALE = 10
COPY_ROWS = 1_000_000
ANALYTIC_SCALE = "0.1"
ANALYTIC_REPEATS = 5

# A gigabyte in all, as PostgreSQL's shared_buffers.
ADBMS_SETTINGS = ["orchestrator.autonomy=observe", "storage.block_cache_bytes=640MiB",
                  "storage.memtable_bytes=128MiB", "storage.query_memory_bytes=256MiB"]


class System:
    """One database under test. `name` is its column's heading."""

    def __init__(self, name, host, port, server):
        self.name, self.host, self.port, self.server = name, host, port, server

    def environment(self):
        return dict(os.environ, PGHOST=str(self.host), PGPORT=str(self.port), PGUSER="adbms",
                    PGDATABASE="adbms", PGPASSWORD=adbms_process.PASSWORD, PSQLRC="/dev/null")

    def run(self, *command, stdin=None):
        done = subprocess.run(list(command), env=self.environment(), capture_output=True,
                              text=True, stdin=stdin)
        if done.returncode != 0:
            raise SystemExit(f"{self.name}: {' '.join(command)}\n{done.stdout}{done.stderr}")
        return done.stdout

    def psql(self, sql, stdin=None):
        return self.run(PSQL, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", sql, stdin=stdin)


class Comparison:
    """One row of the table: a figure for each system."""

    def __init__(self, title, unit, floors, higher_is_better=True):
        self.title, self.unit, self.floors = title, unit, floors
        self.higher_is_better = higher_is_better
        self.samples = {}

    def add(self, system, figure):
        self.samples.setdefault(system.name, []).append(figure)

    def figure(self, name):
        return statistics.median(self.samples[name]) if name in self.samples else None

    def ratio(self, name):
        """Times PostgreSQL's speed; above 1 is faster."""
        mine, theirs = self.figure(name), self.figure("PostgreSQL")
        if mine is None or theirs is None:
            return None
        return mine / theirs if self.higher_is_better else theirs / mine

    def missed(self, name):
        floor, ratio = self.floors.get(name), self.ratio(name)
        return floor is not None and ratio is not None and ratio < floor


def say(text):
    print(text, file=sys.stderr, flush=True)


def pgbench_tps(system, protocol, seconds, *script):
    out = system.run(PGBENCH, "-n", "-c", str(CLIENTS), "-j", "2", "-T", str(seconds), "-M",
                     protocol, *script)
    return float(re.search(r"tps = ([0-9.]+)", out).group(1))


def load_pgbench(systems):
    for system in systems:
        say(f"pgbench -i -s {PGBENCH_SCALE}: {system.name}")
        system.run(PGBENCH, "-i", "-q", "-s", str(PGBENCH_SCALE))


def point(systems, options):
    rows = []
    for protocol, floors in (("simple", {"all-in-one": 1.0, "seven processes": 0.25}),
                             ("prepared", {"all-in-one": 0.8, "seven processes": 0.25})):
        row = Comparison(f"pgbench -S, {protocol}", "tps", floors)
        for number in range(options.rounds):
            for system in systems:
                row.add(system, pgbench_tps(system, protocol, options.seconds, "-S"))
            say(f"{row.title}: round {number + 1} of {options.rounds}")
        rows.append(row)
    return rows


def write(systems, options):
    rows = []
    for protocol in ("simple", "prepared"):
        row = Comparison(f"pgbench default script, {protocol}", "tps", {"all-in-one": 1.0})
        for number in range(options.rounds):
            for system in systems:
                row.add(system, pgbench_tps(system, protocol, options.seconds))
            say(f"{row.title}: round {number + 1} of {options.rounds}")
        rows.append(row)
    return rows


def copy(systems, options):
    row = Comparison("COPY, 1M rows, primary key", "rows/s", {"all-in-one": 0.5})
    with tempfile.NamedTemporaryFile("w", suffix=".tsv", prefix="adbms_bench_") as data:
        for number in range(1, COPY_ROWS + 1):
            data.write(f"{number}\t{number % 997}\tname of row {number}, of some length to be "
                       f"stored with it\t{number * 7 % 100000 / 100:.2f}\n")
        data.flush()
        for number in range(options.rounds):
            for system in systems:
                system.psql("DROP TABLE IF EXISTS bench_copy")
                system.psql("CREATE TABLE bench_copy (id bigint PRIMARY KEY, grp int, name text, "
                            "amount numeric(10,2))")
                with open(data.name, encoding="utf-8") as stream:
                    start = time.monotonic()
                    system.psql("COPY bench_copy FROM STDIN", stdin=stream)
                    row.add(system, COPY_ROWS / (time.monotonic() - start))
            say(f"{row.title}: round {number + 1} of {options.rounds}")
    for system in systems:
        system.psql("DROP TABLE bench_copy")
    return [row]


def query_milliseconds(connection, sql):
    start = time.monotonic()
    rows = adbms_process.run(connection, sql)
    return (time.monotonic() - start) * 1000, rows


def canonical(rows):
    """Rows with floats rounded: sums in another order differ in their last digits."""
    return [tuple(round(value, 6) if isinstance(value, float) else value for value in row)
            for row in rows]


def analytic(systems, options):
    connections = {}
    for system in systems:
        say(f"order-processing data set, scale {ANALYTIC_SCALE}: {system.name}")
        system.run(ADBMS, "workload", "load", "--pgwire", f"{system.host}:{system.port}",
                   "--scale", ANALYTIC_SCALE)
        for index in INDEXES:
            system.psql(index)
        system.psql("ANALYZE")
        connections[system.name] = system.server.connect()
    # A compaction or checkpoint of the load would be charged to whoever comes first.
    rows = []
    for title, sql in QUERIES:
        row = Comparison(f"{title}", "ms", {}, higher_is_better=False)
        answers = {}
        for _ in range(max(ANALYTIC_REPEATS, options.rounds)):
            for system in systems:
                milliseconds, answer = query_milliseconds(connections[system.name], sql)
                row.add(system, milliseconds)
                answers[system.name] = canonical(answer)
        for system in systems:
            if answers[system.name] != answers[systems[0].name]:
                raise SystemExit(f"{system.name} answers \"{title}\" otherwise than "
                                 f"{systems[0].name}: {answers[system.name][:3]} against "
                                 f"{answers[systems[0].name][:3]}")
        say(f"{title}: {row.figure(systems[0].name):.1f} ms, answers equal")
        rows.append(row)
    mean = Comparison("geometric mean of the five", "ms", {"all-in-one": 1 / 3}, False)
    for system in systems:
        mean.add(system, statistics.geometric_mean(row.figure(system.name) for row in rows))
    return rows + [mean]


SECTIONS = {"point": point, "write": write, "copy": copy, "analytic": analytic}


def table(rows, systems):
    """The comparison as text, a row a measurement."""
    others = [system.name for system in systems[1:]]
    heading = ["", "", "PostgreSQL"]
    for name in others:
        heading += [name, "ratio", "floor"]
    lines = [heading]
    for row in rows:
        line = [row.title, row.unit, number_text(row.figure("PostgreSQL"))]
        for name in others:
            floor = row.floors.get(name)
            line += [number_text(row.figure(name)), f"{row.ratio(name):.2f}x",
                     "" if floor is None else f"{floor:.2f}x{' MISSED' if row.missed(name) else ''}"]
        lines.append(line)
    widths = [max(len(line[i]) for line in lines) for i in range(len(heading))]
    return "\n".join("  ".join(cell.ljust(width) if i < 2 else cell.rjust(width)
                               for i, (cell, width) in enumerate(zip(line, widths))).rstrip()
                     for line in lines)


def number_text(figure):
    return f"{figure:,.0f}" if figure >= 100 else f"{figure:.2f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(SECTIONS), help="sections, comma-separated")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each measurement (3)")
    parser.add_argument("--seconds", type=int, default=5, help="length of a pgbench run (5)")
    parser.add_argument("--json", help="write the figures there too")
    parser.add_argument("--all-in-one-only", action="store_true", help="leave out the seven "
                        "processes")
    parser.add_argument("--enforce", action="store_true", help="exit 1 when a floor is missed")
    options = parser.parse_args()
    wanted = options.only.split(",")
    for name in wanted:
        if name not in SECTIONS:
            parser.error(f"there is no section \"{name}\"; known are {', '.join(SECTIONS)}")

    if not adbms_process.ADBMSD.exists():
        parser.error(f"there is no {adbms_process.ADBMSD}; run make build first")
    with adbms_process.Postgres(["shared_buffers=1GB"]) as postgres, \
            adbms_process.Cluster(False, ADBMS_SETTINGS) as whole:
        systems = [System("PostgreSQL", postgres.directory, postgres.port, postgres),
                   System("all-in-one", whole.socket_dir, whole.port, whole)]
        if options.all_in_one_only:
            return report(compare(systems, wanted, options), systems, options)
        with adbms_process.Cluster(True, ADBMS_SETTINGS) as separate:
            systems.append(System("seven processes", separate.socket_dir, separate.port, separate))
            return report(compare(systems, wanted, options), systems, options)


def compare(systems, wanted, options):
    if "point" in wanted or "write" in wanted:
        load_pgbench(systems)
    rows = []
    for name in wanted:
        rows += SECTIONS[name](systems, options)
    return rows


def report(rows, systems, options):
    print(table(rows, systems))
    if options.json:
        figures = [{"title": row.title, "unit": row.unit,
                    "figures": {system.name: row.figure(system.name) for system in systems},
                    "ratios": {system.name: row.ratio(system.name) for system in systems[1:]}}
                   for row in rows]
        pathlib.Path(options.json).write_text(json.dumps(figures, indent=2) + "\n",
                                              encoding="utf-8")
    missed = [row.title for row in rows for system in systems[1:] if row.missed(system.name)]
    if missed:
        print(f"\nfloors missed: {', '.join(missed)}")
    return 1 if missed and options.enforce else 0


if __name__ == "__main__":
    sys.exit(main())
