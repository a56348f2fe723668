#!/usr/bin/python3
"""Runs the SQL tests against a database that it starts.

usage: run_sql_tests.py [--separate] [--protocol simple|extended|prepared] [--batch-rows N] [--shared] [FILE...]

--separate: one process for each service. --batch-rows: operators hand on so few rows at once
that all of them go on from batch to batch. --shared: the public sqllogictest files in
$ADBMS_SHARED_DATA/sqllogictest, compared with what PostgreSQL 15 answers to them.
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration"))

import adbms_process  # noqa: E402


def counted(name):
    """File names with a number each, out of a file beside this one: may only shrink."""
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    return {line.split()[0]: int(line.split()[1]) for line in lines if line and line[0] != "#"}


def named_deviations():
    """First lines of the statements of each file that are known to answer otherwise than PostgreSQL."""
    named = {}
    for line in (HERE / "known_deviations.txt").read_text(encoding="utf-8").splitlines():
        if line and line[0] != "#":
            name, statement = line.split(": ", 1)
            named.setdefault(name, set()).add(statement)
    return named


def deviating(output):
    """First lines of the statements that a run reports as failed."""
    return set(re.findall(r"^  sql: (.*)$", output, re.M))


def check(command, files):
    """Runs each file; fails when one breaks off, or deviates or is refused in more records than is known."""
    known = named_deviations()
    unsupported = counted("unsupported_ceilings.txt")
    passed = failed = 0
    for path in files:
        name = pathlib.Path(path).name
        run = subprocess.run(command + [path], capture_output=True, text=True)
        last = (run.stdout.strip().splitlines() or [""])[-1]
        counts = re.search(r"(\d+) passed, (\d+) failed, (\d+) skipped, (\d+) broken", last)
        unknown = deviating(run.stdout) - known.get(name, set())
        refused = int(counts.group(3)) if counts else 0
        good = (counts and counts.group(4) == "0" and not unknown
                and int(counts.group(2)) <= len(known.get(name, ()))
                and refused <= unsupported.get(name, 0))
        passed, failed = passed + bool(good), failed + (not good)
        if refused > unsupported.get(name, 0):
            print(f"{name}: {refused} records are not supported, {unsupported.get(name, 0)} were")
        print(f"{name}: {last}" + ("" if good else f"\n{run.stdout}\n{run.stderr}"))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--separate", action="store_true")
    parser.add_argument("--protocol", default="simple")
    parser.add_argument("--batch-rows", type=int, default=2048)
    parser.add_argument("--workers", type=int, help="that many for every statement that can")
    parser.add_argument("--shared", action="store_true")
    parser.add_argument("files", nargs="*")
    arguments = parser.parse_args()
    if arguments.shared:
        folder = pathlib.Path(os.environ["ADBMS_SHARED_DATA"]) / "sqllogictest"
        files = arguments.files or sorted(str(path) for path in folder.glob("*.test"))
    else:
        files = arguments.files or sorted(str(path) for path in (HERE / "cases").glob("*.test"))
    # Autonomous changes have tests of their own; here they would only add noise to EXPLAIN.
    settings = ["orchestrator.autonomy=observe", f"storage.batch_rows={arguments.batch_rows}"]
    if arguments.workers:
        settings += [f"storage.workers={arguments.workers}", "storage.worker_rows=0"]
    with adbms_process.Cluster(arguments.separate, settings) as cluster:
        command = [str(adbms_process.BUILD / "bin" / "sql_test"), "--connection",
                   cluster.connection_string(), "--protocol", arguments.protocol]
        if not arguments.shared:
            return check(command, files)
        with adbms_process.Postgres() as postgres:
            return subprocess.run(
                command + ["--reference", postgres.connection_string()] + files).returncode


if __name__ == "__main__":
    sys.exit(main())
