#!/usr/bin/python3
"""Runs the SQL tests against a database that it starts.

usage: run_sql_tests.py [--separate] [--protocol simple|extended|prepared] [--shared] [FILE...]

--separate: one process for each service. --shared: the public sqllogictest files in
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


def known_deviations():
    """Records of each file that are known to answer otherwise than PostgreSQL: may only shrink."""
    lines = (HERE / "known_deviations.txt").read_text(encoding="utf-8").splitlines()
    return {line.split()[0]: int(line.split()[1]) for line in lines if line and line[0] != "#"}


def check(command, files):
    """Runs each file; fails when one deviates in more records than is known, or breaks off."""
    known = known_deviations()
    passed = failed = 0
    for path in files:
        name = pathlib.Path(path).name
        run = subprocess.run(command + [path], capture_output=True, text=True)
        last = (run.stdout.strip().splitlines() or [""])[-1]
        counts = re.search(r"(\d+) passed, (\d+) failed, (\d+) skipped, (\d+) broken", last)
        deviations = int(counts.group(2)) if counts else -1
        good = counts and counts.group(4) == "0" and deviations <= known.get(name, 0)
        passed, failed = passed + bool(good), failed + (not good)
        print(f"{name}: {last}" + ("" if good else f"\n{run.stdout}\n{run.stderr}"))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--separate", action="store_true")
    parser.add_argument("--protocol", default="simple")
    parser.add_argument("--shared", action="store_true")
    parser.add_argument("files", nargs="*")
    arguments = parser.parse_args()
    if arguments.shared:
        folder = pathlib.Path(os.environ["ADBMS_SHARED_DATA"]) / "sqllogictest"
        files = arguments.files or sorted(str(path) for path in folder.glob("*.test"))
    else:
        files = arguments.files or sorted(str(path) for path in (HERE / "cases").glob("*.test"))
    # Autonomous changes have tests of their own; here they would only add noise to EXPLAIN.
    with adbms_process.Cluster(arguments.separate, ["orchestrator.autonomy=observe"]) as cluster:
        command = [str(adbms_process.BUILD / "bin" / "sql_test"), "--connection",
                   cluster.connection_string(), "--protocol", arguments.protocol]
        if not arguments.shared:
            return check(command, files)
        with adbms_process.Postgres() as postgres:
            return subprocess.run(
                command + ["--reference", postgres.connection_string()] + files).returncode


if __name__ == "__main__":
    sys.exit(main())
