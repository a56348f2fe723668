#!/usr/bin/python3
"""Runs the SQL tests against a database that it starts.

usage: run_sql_tests.py [--separate] [--protocol simple|extended|prepared] [--shared] [FILE...]

--separate: one process for each service. --shared: the public sqllogictest files in
$ADBMS_SHARED_DATA/sqllogictest, compared with what PostgreSQL 15 answers to them.
"""
import argparse
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration"))

import adbms_process  # noqa: E402


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
            return subprocess.run(command + files).returncode
        with adbms_process.Postgres() as postgres:
            return subprocess.run(
                command + ["--reference", postgres.connection_string()] + files).returncode


if __name__ == "__main__":
    sys.exit(main())
