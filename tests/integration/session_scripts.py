"""Scripts of what several sessions do in turn, and the transcript of what they are answered, who waits
and who goes on: the same on adbms and on PostgreSQL 15.
"""
import concurrent.futures

import psycopg2

from adbms_process import ComparedTest, run, wait_until


def answer(connection, sql):
    """What a statement is answered: rows and tag, or everything that an error says of itself."""
    del connection.notices[:]
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            rows = cursor.fetchall() if cursor.description is not None else None
            said = cursor.statusmessage, sorted(rows, key=str) if rows is not None else None
    except psycopg2.Error as error:
        told = error.diag
        said = (told.sqlstate, told.message_primary, told.message_detail, told.message_hint,
                told.table_name, told.constraint_name)
    return sql, said, [line.strip() for line in connection.notices if "CONTEXT" not in line]


class Session:
    def __init__(self, server):
        self.connection = server.connect()
        self.pid = self.connection.get_backend_pid()
        self.thread = concurrent.futures.ThreadPoolExecutor(1)
        self.running = None

    def start(self, sql):
        self.running = self.thread.submit(self._run, sql)

    def _run(self, sql):
        try:
            rows = run(self.connection, sql)
            return "done" if rows is None else sorted(rows)
        except psycopg2.Error as error:
            return f"{error.pgcode} {error.diag.message_primary}"

    def close(self):
        self.connection.cancel()
        self.thread.shutdown()
        self.connection.close()


def transcript(server, script):
    """One line for each step and each wait that ended: session, statement, answer or 'waits'."""
    watcher = server.connect()
    sessions = {name: Session(server) for name in "abc"}

    def waits(session):
        # psycopg2's backend pid is the one of the protocol's key data, as in pg_locks.
        return run(watcher, "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid = %s",
                   session.pid)[0][0] > 0

    lines = []
    waiting = {}

    def settle(name, sql, ends=False):
        session = sessions[name]
        wait_until(lambda: session.running.done() or (not ends and waits(session)), 20,
                   f"{name}: {sql}")
        if not session.running.done():
            waiting[name] = sql
            return f"{name}: {sql} -> waits"
        return f"{name}: {sql} -> {session.running.result()}"

    def goes_on(session):
        # PostgreSQL wakes whoever waited a moment after the lock is free.
        try:
            return wait_until(lambda: session.running.done() or not waits(session), 0.3, "wakes up")
        except AssertionError:
            return False

    for step, sql in script:
        name = step[0]
        sessions[name].start(sql)
        lines.append(settle(name, sql, ends=step.endswith("!")))
        for other in sorted(set(waiting) - {name}):
            if goes_on(sessions[other]):
                before = waiting.pop(other)
                line = settle(other, before)
                if not line.endswith("-> waits"):
                    lines.append("  " + line)
    for session in sessions.values():
        session.close()
    watcher.close()
    return lines


def add_tests(case, scripts, compare="compare"):
    """A test of `case`, whose method `compare` is given a script, for each of the named scripts."""
    for name, script in scripts.items():
        def test(self, script=script):
            getattr(self, compare)(script)
        setattr(case, "test_" + name.replace(" ", "_"), test)


class ScriptTest(ComparedTest):
    """Compares scripts of one session, a statement a line, and of several."""

    def compare_alone(self, script):
        answers = []
        for server in (self.postgres, self.cluster):
            connection = self.empty(server)
            answers.append([answer(connection, sql) for sql in script.strip().split("\n")])
            connection.close()
        self.maxDiff = None
        self.assertEqual(*answers)

    def compare_sessions(self, script, setup):
        """`setup`: what is done before, statements that end with a semicolon and a new line."""
        transcripts = []
        for server in (self.postgres, self.cluster):
            connection = self.empty(server)
            for statement in setup.strip().split(";\n"):
                run(connection, statement.rstrip(";"))
            connection.close()
            transcripts.append(transcript(server, script))
        self.maxDiff = None
        self.assertEqual(*transcripts)
