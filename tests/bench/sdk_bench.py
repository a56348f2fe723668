#!/usr/bin/python3
"""The client libraries beside psycopg2 on one server: point reads a second by 8 sessions, and rows a second of a stream
of a million rows of four columns.

    ADBMS_BUILD=build/release tests/bench/sdk_bench.py [SECONDS]
"""
import json
import pathlib
import random
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
from adbms_process import PASSWORD, Cluster  # noqa: E402
from sdk_process import cpp_project, node_package  # noqa: E402

import adbms  # noqa: E402
import psycopg2  # noqa: E402

ROWS = 1_000_000
STREAM = "SELECT id, name, n, price FROM sdk_bench"


def reads_a_second(seconds, make):
    """`make()` returns a function that reads the row of an id."""
    counts = [0] * 8
    end = time.monotonic() + seconds

    def work(number):
        read = make()
        while time.monotonic() < end:
            read(random.randint(1, ROWS))
            counts[number] += 1

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / seconds


def rows_a_second(rows):
    start = time.monotonic()
    count = sum(1 for _ in rows)
    assert count == ROWS
    return count / (time.monotonic() - start)


def psycopg(cluster, seconds):
    def make():
        connection = psycopg2.connect(host=cluster.host, port=cluster.port, user="adbms",
                                      dbname="adbms", password=PASSWORD)
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute("PREPARE read AS SELECT name FROM sdk_bench WHERE id = $1")

        def read(number):
            cursor.execute("EXECUTE read(%s)", [number])
            cursor.fetchall()
        return read

    connection = psycopg2.connect(host=cluster.host, port=cluster.port, user="adbms",
                                  dbname="adbms", password=PASSWORD)
    cursor = connection.cursor("stream")
    cursor.itersize = 5000
    cursor.execute(STREAM)
    return reads_a_second(seconds, make), rows_a_second(cursor)


def python(cluster, seconds):
    pool = adbms.ChannelPool(adbms.Target(cluster.addresses["grpc"], "adbms", PASSWORD, channels=2))

    def make():
        connection = adbms.connect("", "", channels=pool, autocommit=True)
        cursor = connection.cursor()
        prepared = connection.prepare("SELECT name FROM sdk_bench WHERE id = %s")

        def read(number):
            cursor.execute(prepared, [number])
            cursor.fetchall()
        return read

    with adbms.connect("", "", channels=pool, autocommit=True) as connection:
        return reads_a_second(seconds, make), rows_a_second(connection.stream(STREAM))


def program(words, cluster, seconds):
    done = subprocess.run([*words, cluster.addresses["grpc"], "adbms", PASSWORD, str(seconds)],
                          check=True, stdout=subprocess.PIPE)
    figures = json.loads(done.stdout)
    return figures["reads"], figures["rows"]


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 5
    node = ["node", node_package() / "examples" / "throughput.mjs"]
    cpp = [cpp_project("examples") / "throughput"]
    with Cluster(settings=["orchestrator.autonomy=off"]) as cluster:
        cluster.rows("CREATE TABLE sdk_bench (id int PRIMARY KEY, name text, n bigint, price numeric(8,2))")
        cluster.rows(f"INSERT INTO sdk_bench SELECT g, 'name ' || g, g * 7, g % 10000 / 100.0 "
                     f"FROM generate_series(1, {ROWS}) g")
        cluster.rows("ANALYZE sdk_bench")
        print(f"{'':12}{'point reads/s':>16}{'rows/s':>12}")
        for name, figures in [("psycopg2", psycopg(cluster, seconds)),
                              ("Python", python(cluster, seconds)),
                              ("Node", program(node, cluster, seconds)),
                              ("C++", program(cpp, cluster, seconds))]:
            print(f"{name:12}{figures[0]:16.0f}{figures[1]:12.0f}", flush=True)


if __name__ == "__main__":
    main()
