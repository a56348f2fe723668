"""Freezes, kills and cuts off each service of a running compose cluster, one after the other, while a client writes
and reads; prints what the client felt as a table. Fails when a row that was acknowledged is gone, or when the client
is not served again within RECOVERY_SECONDS.

usage: failure_drill.py SERVICE…    (DOCKER_HOST, COMPOSE_PROJECT_NAME and PGPASSWORD as compose_test.sh sets them)
"""
import os
import signal
import subprocess
import sys
import threading
import time

import psycopg2

FAULT_SECONDS = 3
RECOVERY_SECONDS = 30


def docker(*arguments):
    return subprocess.run(["docker", *arguments], check=True, text=True,
                          capture_output=True).stdout.strip()


def container_of(service):
    return subprocess.run(["docker-compose", "ps", "-q", service], check=True, text=True,
                          capture_output=True).stdout.strip()


def connect():
    connection = psycopg2.connect(host="127.0.0.1", port=5433, user="adbms", dbname="adbms",
                                  connect_timeout=2)
    connection.autocommit = True
    return connection


class Client(threading.Thread):
    """Inserts and reads back one row after the other, on a new connection after every error."""

    def __init__(self):
        super().__init__(daemon=True)
        self.stopping = threading.Event()
        self.acknowledged = []
        self.served = []  # Times at which a row was written and read.
        self.errors = []

    def run(self):
        connection, number = None, 0
        while not self.stopping.wait(0.02):
            number += 1
            try:
                connection = connection or connect()
                with connection.cursor() as cursor:
                    cursor.execute("INSERT INTO drill VALUES (%s)", (number,))
                    self.acknowledged.append(number)
                    cursor.execute("SELECT id FROM drill WHERE id = %s", (number,))
                    assert cursor.fetchone() == (number,), f"row {number} was acknowledged"
                self.served.append(time.monotonic())
            except psycopg2.Error as error:
                self.errors.append(str(error).splitlines()[0])
                if connection is not None:
                    connection.close()
                connection = None


def new_login_works():
    try:
        connect().close()
        return True
    except psycopg2.Error:
        return False


def fault(kind, container):
    """Makes the fault; returns what ends it."""
    if kind == "frozen":
        docker("pause", container)
        return lambda: docker("unpause", container)
    if kind == "killed":
        # The process itself, as a crash does: the engine starts it again.
        os.kill(int(docker("inspect", "-f", "{{.State.Pid}}", container)), signal.SIGKILL)
        return lambda: None
    network = f"{os.environ['COMPOSE_PROJECT_NAME']}_cluster"
    service = docker("inspect", "-f", '{{index .Config.Labels "com.docker.compose.service"}}', container)
    docker("network", "disconnect", network, container)
    return lambda: docker("network", "connect", "--alias", service, network, container)


def drill(client, kind, service):
    """One row of the table."""
    errors, begun = len(client.errors), time.monotonic()
    end = fault(kind, container_of(service))
    if kind != "killed":
        time.sleep(FAULT_SECONDS)  # How long the fault lasts is what is measured against.
    served = len(client.served)
    end()
    over = time.monotonic()
    deadline = over + RECOVERY_SECONDS
    while len(client.served) < served + 5 or not new_login_works():
        assert time.monotonic() < deadline, f"{service} {kind}: {client.errors[-1:]}"
        time.sleep(0.02)
    recovered = time.monotonic() - over
    times = [begun] + [at for at in client.served if at >= begun]
    gap = max(b - a for a, b in zip(times, times[1:]))
    seen = client.errors[errors:]
    return (service, kind, len(seen), f"{gap:.1f}", f"{recovered:.1f}", seen[0][:60] if seen else "")


def main(services):
    setup = connect()
    with setup.cursor() as cursor:
        cursor.execute("CREATE TABLE drill (id bigint PRIMARY KEY)")
    client = Client()
    client.start()
    line = "{:13} {:8} {:>7} {:>14} {:>15}  {}".format
    print(line("service", "fault", "errors", "longest gap s", "recovered in s", "first error"))
    for service in services:
        for kind in ("frozen", "killed", "cut off"):
            print(line(*drill(client, kind, service)), flush=True)
    client.stopping.set()
    client.join()
    with connect() as check, check.cursor() as cursor:
        cursor.execute("SELECT id FROM drill")
        lost = set(client.acknowledged) - {number for number, in cursor.fetchall()}
    assert not lost, f"acknowledged, and gone: {sorted(lost)[:10]}"
    print(f"{len(client.acknowledged)} rows were acknowledged; all are there")


if __name__ == "__main__":
    main(sys.argv[1:])
