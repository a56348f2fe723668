"""The Python client beyond PEP 249: prepared statements, portals, streams, bulk insert, retries, errors, asyncio."""
import asyncio
import datetime
import filecmp
import pathlib
import socket
import subprocess
import tempfile
import threading
import unittest

from adbms_process import PASSWORD, PATIENCE, wait_until
from sdk_process import CLIENTS, SdkTest

import adbms
import adbms.aio
from adbms.gateway.v1 import gateway_pb2 as pb


def rows_of(connection, sql, parameters=None, **options):
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters, **options)
        return cursor.fetchall() if cursor.description is not None else None


class Proxy:
    """A TCP proxy that can lose its connections."""

    def __init__(self, address):
        self.target = address.rsplit(":", 1)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.pairs = []
        self.lose_answers = False
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection((self.target[0], int(self.target[1])))
            self.pairs.append((client, server))
            threading.Thread(target=self._copy, args=(client, server, False), daemon=True).start()
            threading.Thread(target=self._copy, args=(server, client, True), daemon=True).start()

    def _copy(self, source, target, answers):
        try:
            while True:
                data = source.recv(65536)
                if not data:
                    break
                if answers and self.lose_answers:
                    self.lose_answers = False
                    self.cut()
                    return
                target.sendall(data)
        except OSError:
            pass
        for one in (source, target):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self):
        for pair in self.pairs:
            for one in pair:
                try:
                    one.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
        self.pairs.clear()

    def close(self):
        self.listener.close()
        self.cut()


class StatementsTest(SdkTest):
    def setUp(self):
        self.connection = self.python(autocommit=True)
        rows_of(self.connection, "DROP TABLE IF EXISTS t")
        rows_of(self.connection, "CREATE TABLE t (id int PRIMARY KEY, name text, n int DEFAULT 7)")

    def test_prepared_statements_are_described(self):
        prepared = self.connection.prepare("SELECT name, n FROM t WHERE id = %s AND name = %s")
        self.assertEqual([name for _, name in prepared.parameters], ["integer", "text"])
        self.assertEqual([column[0] for column in prepared.description], ["name", "n"])
        insert = self.connection.prepare("INSERT INTO t VALUES (%(id)s, %(name)s)")
        self.assertIsNone(insert.description)
        with self.connection.cursor() as cursor:
            cursor.execute(insert, {"id": 1, "name": "one"})
            cursor.executemany(insert, [{"id": 2, "name": "two"}, {"id": 3, "name": None}])
            self.assertEqual(cursor.rowcount, 2)
            cursor.execute(prepared, (2, "two"))
            self.assertEqual(cursor.fetchall(), [("two", 7)])
        prepared.close()
        with self.assertRaises(adbms.OperationalError) as gone:
            rows_of(self.connection, prepared, (2, "two"))
        self.assertEqual(gone.exception.sqlstate, "26000")

    def test_a_session_has_so_many_prepared_statements(self):
        for number in range(1000):
            self.connection.prepare("SELECT 1", name=f"p{number}")
        with self.assertRaises(adbms.Error) as refused:
            self.connection.prepare("SELECT 1", name="one more")
        self.assertEqual(refused.exception.sqlstate, "53400")
        rows_of(self.connection, "DEALLOCATE ALL")
        self.connection.prepare("SELECT 1", name="again")

    def test_portals_give_rows_by_fetch_size(self):
        with self.connection.transaction():
            with self.connection.cursor(fetch_size=3) as cursor:
                cursor.execute("SELECT g FROM generate_series(1, 10) g")
                self.assertEqual(cursor.fetchone(), (1,))
                self.assertEqual(rows_of(self.connection, "SELECT 42"), [(42,)])
                self.assertEqual([g for g, in cursor], list(range(2, 11)))
            with self.connection.cursor(fetch_size=2) as cursor:
                cursor.execute("SELECT g FROM generate_series(1, 4) g")
                self.assertEqual(len(cursor.fetchall()), 4)
        with self.assertRaises(adbms.InternalError) as outside, \
                self.connection.cursor(fetch_size=3) as cursor:
            cursor.execute("SELECT 1")
        self.assertEqual(outside.exception.sqlstate, "25P01")

    def test_streams_keep_nothing(self):
        rows = self.connection.stream("SELECT g, 'x' || g FROM generate_series(1, %s) g", [100000])
        self.assertEqual(next(rows), (1, "x1"))
        with self.assertRaises(adbms.Error) as busy:
            rows_of(self.connection, "SELECT 1")
        self.assertEqual(busy.exception.sqlstate, "55000")
        self.assertEqual(sum(1 for _ in rows), 99999)
        for number, row in enumerate(self.connection.stream("SELECT g FROM generate_series(1, 1000000000) g")):
            if number == 5:
                break
        del row
        self.assertEqual(rows_of(self.connection, "SELECT 42"), [(42,)])

    def test_bulk_insert(self):
        def rows():
            for number in range(10000):
                yield number, None if number % 7 == 0 else f"näme\t\\{number}\n"
        self.assertEqual(self.connection.bulk_insert("t", rows(), columns=["id", "name"]), 10000)
        self.assertEqual(rows_of(self.connection, "SELECT count(*), count(name), sum(n) FROM t"),
                         [(10000, 8571, 70000)])
        self.assertEqual(rows_of(self.connection, "SELECT name FROM t WHERE id = 8"),
                         [("näme\t\\8\n",)])
        with self.assertRaises(adbms.UniqueViolation) as double:
            self.connection.bulk_insert("t", [(20000, "new", 1), (5, "old", 1)])
        self.assertEqual((double.exception.table, double.exception.constraint), ("t", "t_pkey"))
        self.assertEqual(rows_of(self.connection, "SELECT * FROM t WHERE id = 20000"), [])

    def test_a_bulk_insert_whose_rows_end_early_inserts_nothing(self):
        def broken():
            yield from ((number, "x", 1) for number in range(20000))
            raise KeyError("the source is broken")
        with self.assertRaises(KeyError):
            self.connection.bulk_insert("t", broken())
        self.assertEqual(rows_of(self.connection, "SELECT count(*) FROM t"), [(0,)])
        for bad in ([(1,)], [(1, "x", 1), (2, "y")], [("no number", "x", 1)], [(2**40, "x", 1)]):
            with self.assertRaises(adbms.Error):
                self.connection.bulk_insert("t", bad)
        with self.assertRaises(adbms.UndefinedTable):
            self.connection.bulk_insert("no such table", [(1,)])
        self.assertEqual(rows_of(self.connection, "SELECT count(*) FROM t"), [(0,)])

    def test_bulk_insert_of_every_type(self):
        values = [("int2", 5), ("int4", -1), ("int8", 2**40), ("float4", 1.5), ("float8", 0.1),
                  ("numeric(8,2)", adbms.types.decimal.Decimal("2.50")), ("bool", True),
                  ("text", "x"), ("varchar(3)", "abc"), ("bytea", b"\\\0"), ("date", adbms.Date(1, 1, 1)),
                  ("time", adbms.Time(1, 2, 3)), ("timestamp", adbms.Timestamp(2000, 1, 1, 1)),
                  ("interval", adbms.Interval(1, -2, -3)), ("uuid", adbms.types.uuid.UUID(int=1)),
                  ("jsonb", {"k": "\n"}), ("text[]", ["a,b", None]), ("inet", "10.0.0.1")]
        rows_of(self.connection, "CREATE TEMP TABLE every (%s)" % ", ".join(
            f"c{number} {kind}" for number, (kind, _) in enumerate(values)))
        row = tuple(value for _, value in values)
        self.connection.bulk_insert("every", [row, (None,) * len(row)])
        self.assertEqual(rows_of(self.connection, "SELECT * FROM every"), [row, (None,) * len(row)])

    def test_executemany_is_one_transaction(self):
        with self.assertRaises(adbms.UniqueViolation) as double, self.connection.cursor() as cursor:
            cursor.executemany("INSERT INTO t VALUES (%s, 'x')", [(1,), (2,), (1,)])
        self.assertIn("Row 3 of the batch.", double.exception.detail)
        self.assertEqual(rows_of(self.connection, "SELECT count(*) FROM t"), [(0,)])

    def test_settings_and_time_of_a_statement(self):
        self.assertEqual(rows_of(self.connection, "SELECT current_setting('search_path')",
                                 settings={"search_path": "pg_catalog"}), [("pg_catalog",)])
        self.assertEqual(rows_of(self.connection, "SHOW search_path"), [('"$user", public',)])
        with self.assertRaises(adbms.QueryCanceled) as late:
            rows_of(self.connection, "SELECT pg_sleep(60)", timeout=0.1)
        self.assertIn("statement timeout", str(late.exception))
        self.assertEqual(rows_of(self.connection, "SHOW statement_timeout"), [("0",)])
        rows_of(self.connection, "SET work_mem = '5MB'", settings={"work_mem": "9MB"})
        self.assertEqual(rows_of(self.connection, "SHOW work_mem"), [("5MB",)])
        for name, value, state in [("no_such", "1", "42704"), ("work_mem", "x", "22023"),
                                   ("role", "x", "0A000")]:
            with self.assertRaises(adbms.Error) as refused:
                rows_of(self.connection, "SELECT 1", settings={name: value})
            self.assertEqual(refused.exception.sqlstate, state)

    def test_settings_of_a_statement_and_rollbacks(self):
        self.connection.begin()
        rows_of(self.connection, "SET work_mem = '6MB'", settings={"work_mem": "9MB"})
        rows_of(self.connection, "SELECT 1", settings={"lock_timeout": "5s"})
        self.connection.rollback()
        self.assertEqual(rows_of(self.connection, "SHOW work_mem"), [("4MB",)])
        self.assertEqual(rows_of(self.connection, "SHOW lock_timeout"), [("0",)])

    def test_cancel(self):
        failures = []

        def sleep():
            try:
                rows_of(self.connection, "SELECT pg_sleep(600)")
            except adbms.Error as error:
                failures.append(error)

        sleeper = threading.Thread(target=sleep)
        sleeper.start()
        wait_until(self.connection.cancel, 30, "something runs")
        sleeper.join(30 * PATIENCE)
        self.assertEqual(failures[0].sqlstate, "57014")
        self.assertFalse(self.connection.cancel())
        self.assertEqual(rows_of(self.connection, "SELECT 42"), [(42,)])

    def test_transactions(self):
        with self.connection.transaction(isolation="repeatable read", read_only=True):
            self.assertEqual(rows_of(self.connection, "SHOW transaction_isolation"),
                             [("repeatable read",)])
            with self.assertRaises(adbms.Error) as refused:
                rows_of(self.connection, "INSERT INTO t VALUES (1)")
            self.assertEqual(refused.exception.sqlstate, "25006")
            with self.assertRaises(adbms.InFailedTransaction):
                rows_of(self.connection, "SELECT 1")
            self.connection.rollback()
        with self.assertRaises(adbms.Error) as twice, self.connection.transaction():
            self.connection.begin()
        self.assertEqual(twice.exception.sqlstate, "25001")
        self.assertFalse(self.connection.in_transaction)
        self.connection.begin()
        with self.assertRaises(adbms.DataError):
            rows_of(self.connection, "SELECT 1/0")
        with self.assertRaises(adbms.InFailedTransaction):
            self.connection.commit()
        self.assertFalse(self.connection.in_transaction)

    def test_a_conflict_runs_the_transaction_again(self):
        rows_of(self.connection, "INSERT INTO t VALUES (1, 'counter', 0)")
        others = [self.python(autocommit=True) for _ in range(4)]

        def add(connection):
            (n,), = rows_of(connection, "SELECT n FROM t WHERE id = 1")
            rows_of(connection, "UPDATE t SET n = %s WHERE id = 1", [n + 1])

        def work(connection):
            for _ in range(5):
                connection.run_transaction(add, isolation="serializable", attempts=100)

        workers = [threading.Thread(target=work, args=(one,)) for one in others]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        self.assertEqual(rows_of(self.connection, "SELECT n FROM t"), [(20,)])

    def test_errors_tell_everything(self):
        with self.assertRaises(adbms.SyntaxError) as wrong:
            rows_of(self.connection, "SELEC 1")
        self.assertEqual((wrong.exception.sqlstate, wrong.exception.position), ("42601", 1))
        with self.assertRaises(adbms.NotNullViolation) as null:
            rows_of(self.connection, "INSERT INTO t VALUES (NULL)")
        self.assertEqual((null.exception.schema, null.exception.table, null.exception.column),
                         ("public", "t", "id"))
        self.assertIn("Failing row", null.exception.detail)
        with self.assertRaises(adbms.UndefinedColumn):
            rows_of(self.connection, "SELECT nothing FROM t")
        with self.assertRaises(adbms.Error) as long:
            rows_of(self.connection, "SELECT '%s'::int" % ("ü" * 20000))
        self.assertEqual(long.exception.sqlstate, "22P02")
        self.assertLess(len(long.exception.message.encode()), 2100)

    def test_values_that_cannot_be(self):
        for value, state in [("x", "22P02"), (b"x", "42804"), ("a\0b", "22021"), ((1, 2), "42804"),
                             (object(), "42804")]:
            with self.assertRaises(adbms.Error) as refused:
                rows_of(self.connection, "SELECT * FROM t WHERE id = %s", [value])
            self.assertIn(refused.exception.sqlstate, (state, "42883"), value)
        with self.assertRaises(adbms.DataError):
            rows_of(self.connection, "SELECT 'infinity'::date")
        self.assertEqual(rows_of(self.connection, "SELECT 42"), [(42,)])

    def test_notices_and_settings(self):
        rows_of(self.connection, "DO $$ BEGIN RAISE WARNING 'so %', 1; END $$")
        self.assertIn("WARNING:  so 1", str(self.connection.messages[-1][1]))
        rows_of(self.connection, "SET TimeZone = 'Europe/Berlin'")
        self.assertEqual(self.connection.settings["TimeZone"], "Europe/Berlin")
        (moment,), = rows_of(self.connection, "SELECT '2024-07-01 12:00+00'::timestamptz")
        self.assertEqual(moment.utcoffset(), datetime.timedelta(hours=2))

    def test_tracing(self):
        events = []
        with self.python(trace=events.append, metadata=lambda: [("traceparent", "00-1-2-01")]) as traced:
            rows_of(traced, "SELECT 1")
            with self.assertRaises(adbms.Error):
                rows_of(traced, "SELECT 1/0")
            traced.rollback()
        ended = [event for event in events if event.ended and event.sql]
        self.assertEqual({event.sql for event in ended}, {"SELECT 1", "SELECT 1/0"})
        self.assertEqual(next(e for e in ended if e.sql == "SELECT 1/0").error.sqlstate, "22012")

    def test_other_databases_and_users(self):
        rows_of(self.connection, "CREATE DATABASE other_db")
        with self.python(database="other_db") as other:
            self.assertEqual(rows_of(other, "SELECT current_database()"), [("other_db",)])
        with self.assertRaises(adbms.Error) as unknown:
            self.python(database="nowhere")
        self.assertEqual(unknown.exception.sqlstate, "3D000")
        with self.assertRaises(adbms.OperationalError) as wrong:
            adbms.connect(self.address, "adbms", "wrong")
        self.assertEqual(wrong.exception.sqlstate, "28P01")

    def test_two_phase_names(self):
        xid = self.connection.xid(42, "a'b", "c")
        self.assertEqual((xid[0], xid[1], xid[2]), (42, "a'b", "c"))
        self.assertEqual(xid.literal(), "'42_a''b_c'")


class RetriesTest(SdkTest):
    def setUp(self):
        self.proxy = Proxy(self.address)
        self.addCleanup(self.proxy.close)
        self.admin = self.python(autocommit=True)
        rows_of(self.admin, "DROP TABLE IF EXISTS hits")
        rows_of(self.admin, "CREATE TABLE hits (n int)")

    def through_proxy(self, **options):
        connection = adbms.connect(self.proxy.address, "adbms", PASSWORD, **options)
        self.addCleanup(lambda: connection.closed or connection.close())
        return connection

    def hits(self):
        return rows_of(self.admin, "SELECT count(*) FROM hits")[0][0]

    def test_a_lost_answer_does_not_run_a_statement_twice(self):
        connection = self.through_proxy(autocommit=True, idempotent=True)
        for number in range(1, 6):
            self.proxy.lose_answers = True
            self.assertEqual(rows_of(connection, "INSERT INTO hits VALUES (%s) RETURNING n", [number]),
                             [(number,)])
            self.assertEqual(self.hits(), number)
        self.proxy.lose_answers = True
        with connection.cursor() as cursor:
            cursor.executemany("INSERT INTO hits VALUES (%s)", [(1,), (2,)])
            self.assertEqual(cursor.rowcount, 2)
        self.proxy.lose_answers = True
        self.assertEqual(connection.bulk_insert("hits", [(1,), (2,), (3,)]), 3)
        self.assertEqual(self.hits(), 10)

    def test_a_lost_commit_is_asked_for(self):
        connection = self.through_proxy()
        rows_of(connection, "INSERT INTO hits VALUES (1)")
        self.proxy.lose_answers = True
        connection.commit()
        self.assertEqual(self.hits(), 1)

    def test_without_keys_the_error_is_told(self):
        connection = self.through_proxy(autocommit=True)
        self.proxy.lose_answers = True
        with self.assertRaises(adbms.ConnectionFailure):
            rows_of(connection, "SELECT 1")

    def test_the_keys_protocol(self):
        stub = self.admin._stub
        headers = self.admin._channels.target.headers()
        instance = self.admin._instance

        def execute(sql, **key):
            request = pb.ExecuteRequest(sql=sql)
            request.options.idempotency.CopyFrom(pb.Idempotency(**key))
            try:
                return [m for m in stub.Execute(request, metadata=headers)][-1].completion.command_tag
            except Exception as failed:
                return adbms.errors.from_rpc(failed).sqlstate

        insert = "INSERT INTO hits VALUES (1)"
        self.assertEqual([execute(insert, key="k") for _ in range(3)], ["INSERT 0 1"] * 3)
        self.assertEqual(self.hits(), 1)
        self.assertEqual(execute("SELECT 1", key="k"), "22023")
        self.assertEqual(execute(insert, key="k2", instance="another"), "40003")
        self.assertEqual(execute(insert, key="k3", instance=instance), "INSERT 0 1")
        self.assertEqual(execute(insert, key="x" * 201), "22023")
        # What has failed and left nothing is run again.
        self.assertEqual(execute("INSERT INTO later VALUES (1)", key="k4"), "42P01")
        rows_of(self.admin, "CREATE TABLE later (n int)")
        self.assertEqual(execute("INSERT INTO later VALUES (1)", key="k4"), "INSERT 0 1")
        long = "SELECT repeat('x', 600) FROM generate_series(1, 5000)"
        self.assertEqual(execute(long, key="k5"), "SELECT 5000")
        self.assertEqual(execute(long, key="k5"), "55000")
        # Another session's transaction is not this one's.
        other = self.python()
        rows_of(other, "SELECT 1")
        request = pb.ExecuteRequest(sql=insert, session_id=other._session)
        request.options.idempotency.key = "k6"
        list(stub.Execute(request, metadata=headers))
        self.assertEqual(execute(insert, key="k6"), "40003")
        self.assertEqual(self.hits(), 2)


class SessionsTest(SdkTest):
    SETTINGS = ("gateway.session.grpc_idle_timeout_ms=2s", "gateway.pgwire.max_connections=20")

    def test_idle_sessions_end_and_kept_ones_do_not(self):
        watcher = self.cluster.connect()
        self.addCleanup(watcher.close)
        kept = self.python(autocommit=True)
        idle = self.python()
        rows_of(idle, "CREATE TABLE never (n int)")
        adbms.connection._keeper.remove(idle)

        def ended():
            # A table of that name can be made when the transaction that made one is rolled back.
            with watcher.cursor() as cursor:
                cursor.execute("SET lock_timeout = '100ms'; CREATE TABLE never (n int)")
            return True

        wait_until(ended, 30, "the idle session ends")
        with self.assertRaises(adbms.ConnectionFailure) as gone:
            rows_of(idle, "SELECT 1")
        self.assertEqual(gone.exception.sqlstate, "08003")
        self.assertEqual(rows_of(kept, "SELECT 42"), [(42,)])

    def test_sessions_are_limited_and_give_their_place_back(self):
        held = []
        with self.assertRaises(adbms.OperationalError) as full:
            for _ in range(21):
                held.append(self.python())
        self.assertEqual((full.exception.sqlstate, full.exception.retry), ("53300", "later"))
        held.pop().close()
        held.append(self.python())
        for one in held:
            one.close()


class AsyncTest(SdkTest):
    def run_async(self, work):
        async def main():
            connection = await adbms.aio.connect(self.address, "adbms", PASSWORD, autocommit=True)
            async with connection:
                await work(connection)
        asyncio.run(main())

    def test_statements(self):
        async def work(connection):
            async with connection.cursor() as cursor:
                await cursor.execute("DROP TABLE IF EXISTS a")
                await cursor.execute("CREATE TABLE a (id int PRIMARY KEY, name text)")
                await cursor.executemany("INSERT INTO a VALUES (%s, %s)", [(1, "x"), (2, None)])
                self.assertEqual(cursor.rowcount, 2)
                await cursor.execute("SELECT * FROM a WHERE id > %(id)s ORDER BY 1", {"id": 0})
                self.assertEqual([row async for row in cursor], [(1, "x"), (2, None)])
                await cursor.execute("SELECT 1; SELECT 2")
                self.assertEqual(await cursor.fetchone(), (1,))
                self.assertTrue(await cursor.nextset())
                self.assertEqual(await cursor.fetchall(), [(2,)])
            with self.assertRaises(adbms.UniqueViolation):
                async with connection.cursor() as cursor:
                    await cursor.execute("INSERT INTO a VALUES (1)")
            prepared = await connection.prepare("SELECT name FROM a WHERE id = %s")
            self.assertEqual(prepared.parameters, [(23, "integer")])
            async with connection.cursor() as cursor:
                await cursor.execute(prepared, [1])
                self.assertEqual(await cursor.fetchmany(5), [("x",)])
            await prepared.close()
        self.run_async(work)

    def test_transactions_portals_streams_and_bulk_insert(self):
        async def work(connection):
            async with connection.cursor() as cursor:
                await cursor.execute("DROP TABLE IF EXISTS b")
                await cursor.execute("CREATE TABLE b (n int)")

            async def rows():
                for number in range(5000):
                    yield (number,)

            self.assertEqual(await connection.bulk_insert("b", rows()), 5000)
            self.assertEqual(await connection.bulk_insert("b", [(1,)]), 1)
            total = 0
            async for n, in connection.stream("SELECT n FROM b"):
                total += n
            self.assertEqual(total, 12497501)
            async with connection.transaction(isolation="serializable"):
                async with connection.cursor(fetch_size=100) as cursor:
                    await cursor.execute("SELECT n FROM b")
                    self.assertEqual(len(await cursor.fetchmany(250)), 250)
                    self.assertEqual(len(await cursor.fetchall()), 4751)
            with self.assertRaises(KeyError):
                async with connection.transaction():
                    async with connection.cursor() as cursor:
                        await cursor.execute("DELETE FROM b")
                    raise KeyError
            stream = connection.stream("SELECT n FROM b")
            self.assertEqual(len(await anext(stream)), 1)
            await stream.aclose()
            async with connection.cursor() as cursor:
                await cursor.execute("SELECT count(*) FROM b")
                self.assertEqual(await cursor.fetchone(), (5001,))
        self.run_async(work)

    def test_cancelling_a_task_cancels_the_statement(self):
        async def work(connection):
            async def sleep():
                async with connection.cursor() as cursor:
                    await cursor.execute("SELECT pg_sleep(600)")
            with self.assertRaises(asyncio.TimeoutError):
                await asyncio.wait_for(sleep(), 0.3)
            async with connection.cursor() as cursor:
                await cursor.execute("SELECT 42")
                self.assertEqual(await cursor.fetchone(), (42,))
        self.run_async(work)

    def test_pool(self):
        async def main():
            async with adbms.aio.Pool(self.address, "adbms", PASSWORD, size=3) as pool:
                async def one(number):
                    async with pool.connection() as connection, connection.cursor() as cursor:
                        await cursor.execute("SELECT %s::int", [number])
                        return (await cursor.fetchone())[0]
                self.assertEqual(await asyncio.gather(*map(one, range(20))), list(range(20)))
        asyncio.run(main())


class PoolTest(SdkTest):
    def test_pool(self):
        with adbms.Pool(self.address, "adbms", PASSWORD, size=2) as pool:
            with pool.connection() as one:
                rows_of(one, "CREATE TABLE IF NOT EXISTS pooled (n int)")
            with self.assertRaises(KeyError), pool.connection() as one:
                rows_of(one, "INSERT INTO pooled VALUES (1)")
                raise KeyError
            with pool.connection() as one, pool.connection() as two:
                self.assertEqual(rows_of(two, "SELECT count(*) FROM pooled"), [(0,)])
                with self.assertRaises(adbms.OperationalError):
                    pool.acquire(timeout=0.05)
                self.assertIsNot(one, two)


class GeneratedCodeTest(unittest.TestCase):
    def test_it_is_what_the_contract_makes(self):
        with tempfile.TemporaryDirectory() as directory:
            subprocess.run([CLIENTS / "python" / "generate.sh", directory], check=True)
            made = sorted(path.relative_to(directory) for path in pathlib.Path(directory).rglob("*.py"))
            self.assertTrue(made)
            for path in made:
                self.assertTrue(filecmp.cmp(CLIENTS / "python" / "src" / path,
                                            pathlib.Path(directory) / path, shallow=False),
                                f"{path}: run clients/python/generate.sh")


if __name__ == "__main__":
    unittest.main()
