"""The gRPC front against callers that break the rules, leave, stall, or have no right to what they ask for."""
import base64
import struct
import threading
import unittest

import grpc

from adbms_process import PASSWORD, run, wait_until
from sdk_process import SdkTest

import adbms
from adbms.gateway.v1 import gateway_pb2 as pb
from adbms.transport import bind


def headers(user="adbms", password=PASSWORD):
    return [("authorization", "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode())]


def state_of(call):
    """The SQLSTATE that the call ends with; gRPC's code where there is none; None for success."""
    try:
        answer = call()
        if not isinstance(answer, (pb.OpenSessionResponse, pb.BulkInsertResponse,
                                   pb.ExecuteBatchResponse, pb.PrepareResponse,
                                   pb.CommitResponse, pb.BeginResponse)):
            list(answer)
        return None
    except grpc.RpcError as failed:
        for key, value in failed.trailing_metadata() or ():
            if key == "adbms-sql-error-bin":
                return pb.Error.FromString(value).sqlstate
        return failed.code().name


def column(encoding, values=b"", offsets=(), nulls=b""):
    return pb.PageColumn(encoding=encoding, values=values, nulls=nulls,
                         offsets=struct.pack(f"<{len(offsets)}I", *offsets))


class FrontTest(SdkTest):
    SETTINGS = ("gateway.session.grpc_idle_timeout_ms=3s",)

    def setUp(self):
        self.channel = grpc.insecure_channel(self.address, [
            ("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1),
            ("grpc.use_local_subchannel_pool", 1)])
        self.addCleanup(self.channel.close)
        self.stub = bind(self.channel)
        self.admin = self.connect()
        run(self.admin, "DROP TABLE IF EXISTS front")
        run(self.admin, "CREATE TABLE front (id int PRIMARY KEY, name text)")

    def session(self, user="adbms", password=PASSWORD, **options):
        opened = self.stub.OpenSession(pb.OpenSessionRequest(**options),
                                       metadata=headers(user, password))
        return opened.session_id

    def execute(self, user="adbms", password=PASSWORD, **request):
        return state_of(lambda: self.stub.Execute(pb.ExecuteRequest(**request),
                                                  metadata=headers(user, password), timeout=60))

    def insert(self, *messages, user="adbms", password=PASSWORD):
        return state_of(lambda: self.stub.BulkInsert(iter(messages), timeout=60,
                                                     metadata=headers(user, password)))

    # Who calls -------------------------------------------------------------------------------

    def test_a_session_is_for_the_credentials_that_opened_it(self):
        run(self.admin, "CREATE ROLE visitor LOGIN PASSWORD 'v'")
        session = self.session()
        self.assertIsNone(self.execute(session_id=session, sql="SELECT 1"))
        self.assertEqual(self.execute(user="visitor", password="v", session_id=session,
                                      sql="SELECT 1"), "08003")
        self.assertEqual(self.execute(password="wrong", session_id=session, sql="SELECT 1"), "28P01")
        self.assertEqual(state_of(lambda: self.stub.Execute(pb.ExecuteRequest(session_id=session))),
                         "28000")
        self.assertIsNone(self.execute(session_id=session, sql="SELECT 1"))

    def test_rights_are_those_of_the_role(self):
        run(self.admin, "CREATE ROLE reader LOGIN PASSWORD 'r'")
        run(self.admin, "GRANT SELECT ON front TO reader")
        as_reader = dict(user="reader", password="r")
        self.assertIsNone(self.execute(sql="SELECT * FROM front", **as_reader))
        self.assertEqual(self.execute(sql="INSERT INTO front VALUES (1)", **as_reader), "42501")
        target = pb.BulkInsertRequest(target=pb.BulkInsertTarget(table="front"), last=True)
        self.assertEqual(self.insert(target, **as_reader), "42501")
        self.assertEqual(state_of(lambda: self.stub.ExecuteBatch(
            pb.ExecuteBatchRequest(sql="DELETE FROM front", parameters=pb.Page(row_count=1)),
            metadata=headers("reader", "r"))), "42501")
        request = pb.ExecuteRequest(sql="SELECT 1")
        request.options.settings["session_replication_role"] = "replica"
        self.assertEqual(state_of(lambda: self.stub.Execute(request, metadata=headers("reader", "r"))),
                         "42501")

    def test_a_strangers_stream_is_not_waited_for(self):
        release = threading.Event()
        self.addCleanup(release.set)

        def nothing():
            release.wait()
            yield from ()

        call = self.stub.BulkInsert.future(nothing(), metadata=headers(password="wrong"), timeout=30)
        self.assertEqual(call.code(), grpc.StatusCode.UNAUTHENTICATED)

    # What is sent ----------------------------------------------------------------------------

    def test_pages_that_are_none(self):
        target = pb.BulkInsertRequest(target=pb.BulkInsertTarget(table="front"))
        ids = column(pb.ENCODING_INT32, struct.pack("<i", 1))
        bad = [
            [ids],
            [ids, column(pb.ENCODING_TEXT, b"x", (0,))],
            [ids, column(pb.ENCODING_TEXT, b"x", (0, 2))],
            [ids, column(pb.ENCODING_TEXT, b"x", (1, 1))],
            [ids, column(99, b"x")],
            [column(pb.ENCODING_INT32, b"123"), column(pb.ENCODING_TEXT, b"", (0, 0))],
            [ids, column(pb.ENCODING_TEXT, b"", (0, 0), nulls=b"12")],
        ]
        for columns in bad:
            page = pb.Page(row_count=1, columns=columns)
            self.assertEqual(self.insert(target, pb.BulkInsertRequest(page=page, last=True)), "08P01")
        huge = pb.Page(row_count=2**32 - 1, columns=[ids, column(pb.ENCODING_TEXT, b"", (0, 0))])
        self.assertEqual(self.insert(target, pb.BulkInsertRequest(page=huge, last=True)), "08P01")
        text = pb.Page(row_count=1, columns=[ids, column(pb.ENCODING_TEXT, b"\xff", (0, 1))])
        self.assertEqual(self.insert(target, pb.BulkInsertRequest(page=text, last=True)), "22021")
        self.assertEqual(state_of(lambda: self.stub.ExecuteBatch(pb.ExecuteBatchRequest(
            sql="SELECT 1", parameters=pb.Page(row_count=2**32 - 1)), metadata=headers())), "54000")
        self.assertEqual(run(self.admin, "SELECT count(*) FROM front"), [(0,)])

    def test_streams_of_inserts_keep_to_their_order(self):
        target = pb.BulkInsertRequest(target=pb.BulkInsertTarget(table="front"))
        page = pb.Page(row_count=1, columns=[column(pb.ENCODING_INT32, struct.pack("<i", 1)),
                                             column(pb.ENCODING_TEXT, b"x", (0, 1))])
        rows = pb.BulkInsertRequest(page=page)
        self.assertEqual(self.insert(), "08P01")
        self.assertEqual(self.insert(rows), "08P01")
        self.assertEqual(self.insert(target, target), "08P01")
        self.assertEqual(self.insert(target, rows), "57014")  # No last message.
        self.assertEqual(run(self.admin, "SELECT count(*) FROM front"), [(0,)])
        self.assertIsNone(self.insert(target, pb.BulkInsertRequest(page=page, last=True)))
        self.assertIsNone(self.insert(pb.BulkInsertRequest(
            target=pb.BulkInsertTarget(table="front", columns=["id"]), last=True,
            page=pb.Page(row_count=1, columns=[column(pb.ENCODING_TEXT, b"2", (0, 1))]))))
        self.assertEqual(run(self.admin, "SELECT * FROM front ORDER BY id"), [(1, "x"), (2, None)])

    def test_requests_that_make_no_sense(self):
        session = self.session()
        cases = [
            (dict(session_id="nothing", sql="SELECT 1"), "08003"),
            (dict(session_id=session, statement="nothing"), "26000"),
            (dict(statement="nothing"), "26000"),
            (dict(session_id=session, sql="SELECT 1", max_rows=1), "25P01"),
            (dict(sql="SELECT 1", options=pb.StatementOptions(begin=pb.TransactionOptions())), "25P01"),
            (dict(session_id=session, sql="SELECT $1, $2", parameters=[pb.Value()]), "08P01"),
            (dict(session_id=session, sql="SELECT $1", parameters=[pb.Value(type_oid=1)]), "42704"),
            (dict(session_id=session, sql="SELECT 1; SELECT $1", parameters=[pb.Value()]), "42601"),
            (dict(session_id=session, sql="COPY front TO STDOUT"), "0A000"),
            (dict(session_id=session, sql="COPY front FROM STDIN"), "0A000"),
            (dict(database="nowhere", sql="SELECT 1"), "3D000"),
        ]
        for request, state in cases:
            self.assertEqual(self.execute(**request), state, request)
        self.assertEqual(state_of(lambda: self.stub.Fetch(
            pb.FetchRequest(session_id=session, portal="nothing"), metadata=headers())), "34000")
        self.assertEqual(state_of(lambda: self.stub.Commit(
            pb.CommitRequest(session_id=session), metadata=headers())), "25P01")
        self.assertEqual(state_of(lambda: self.stub.Prepare(
            pb.PrepareRequest(session_id=session, sql="SELECT 1; SELECT 2"), metadata=headers())),
            "42601")
        self.assertIsNone(self.execute(session_id=session, sql=""))
        self.assertIsNone(self.execute(session_id=session, sql="SELECT 1"))

    def test_deep_statements_end_in_an_error(self):
        deep = "SELECT " + "(" * 100000 + "1" + ")" * 100000
        self.assertEqual(self.execute(sql=deep), "54001")
        self.assert_alive()

    # Who leaves, stalls or never reads --------------------------------------------------------

    def locks_free(self):
        with self.admin.cursor() as cursor:
            cursor.execute("SET lock_timeout = '200ms'")
            cursor.execute("LOCK TABLE front")
        return True

    def test_who_leaves_cancels(self):
        self.admin.autocommit = False
        session = self.session()
        call = self.stub.Execute(pb.ExecuteRequest(
            session_id=session, sql="SELECT pg_sleep(600) FROM (SELECT 1) x"), metadata=headers())
        wait_until(lambda: self.stub.KeepAlive(pb.KeepAliveRequest(session_id=session),
                                               metadata=headers()).running, 20, "it runs")
        call.cancel()
        wait_until(lambda: not self.stub.KeepAlive(pb.KeepAliveRequest(session_id=session),
                                                   metadata=headers()).running, 20, "it is cancelled")
        self.assertIsNone(self.execute(session_id=session, sql="SELECT 1"))
        late = self.stub.Execute(pb.ExecuteRequest(session_id=session, sql="SELECT pg_sleep(600)"),
                                 metadata=headers(), timeout=0.3)
        self.assertEqual(state_of(lambda: late), "DEADLINE_EXCEEDED")
        self.assertIsNone(self.execute(session_id=session, sql="SELECT 1"))

    def test_an_insert_that_stalls_or_breaks_leaves_nothing(self):
        release = threading.Event()
        self.addCleanup(release.set)
        page = pb.Page(row_count=1, columns=[column(pb.ENCODING_INT32, struct.pack("<i", 1))])

        def stalled():
            yield pb.BulkInsertRequest(target=pb.BulkInsertTarget(table="front", columns=["id"]),
                                       page=page)
            release.wait()

        call = self.stub.BulkInsert.future(stalled(), metadata=headers())
        # It is ended when nothing has come for the idle time.
        self.assertIsNotNone(call.exception(timeout=30))
        second = self.stub.BulkInsert.future(stalled(), metadata=headers())
        second.cancel()  # However far it is: cancelled it leaves nothing.
        self.admin.autocommit = False
        wait_until(self.free_of_locks, 20, "the locks of both are free")
        self.assertEqual(self.cluster.rows("SELECT count(*) FROM front"), [(0,)])

    def free_of_locks(self):
        self.admin.rollback()
        return self.locks_free() and (self.admin.rollback() or True)

    def test_a_stream_that_is_never_read_is_ended(self):
        session = self.session()
        call = self.stub.Execute(pb.ExecuteRequest(
            session_id=session, sql="SELECT repeat('x', 1000) FROM generate_series(1, 100000000)"),
            metadata=headers())
        next(call)
        # Nobody reads on: the session is free again after its idle time.
        wait_until(lambda: self.execute(session_id=session, sql="SELECT 1") in (None, "08003"), 30,
                   "the session is free")
        self.assertIsNotNone(state_of(lambda: call))

    def test_a_closed_session_ends_what_it_runs(self):
        session = self.session()
        call = self.stub.Execute(pb.ExecuteRequest(session_id=session, sql="SELECT pg_sleep(600)"),
                                 metadata=headers())
        wait_until(lambda: self.stub.KeepAlive(pb.KeepAliveRequest(session_id=session),
                                               metadata=headers()).running, 20, "it runs")
        self.stub.CloseSession(pb.CloseSessionRequest(session_id=session), metadata=headers())
        self.assertEqual(state_of(lambda: call), "57014")
        self.assertEqual(self.execute(session_id=session, sql="SELECT 1"), "08003")

    def test_calls_of_a_session_wait_for_each_other(self):
        session = self.session()
        results = []

        def add():
            for _ in range(10):
                results.append(self.execute(session_id=session,
                                            sql="INSERT INTO front SELECT count(*) FROM front"))

        threads = [threading.Thread(target=add) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(results, [None] * 40)
        self.assertEqual(run(self.admin, "SELECT count(*), max(id) FROM front"), [(40, 39)])

    def test_errors_say_whether_to_try_again(self):
        one, two = self.python(), self.python()
        for connection in (one, two):
            connection.begin(isolation="serializable")
            connection.cursor().execute("SELECT count(*) FROM front")
        one.cursor().execute("INSERT INTO front VALUES (1)")
        one.commit()
        with self.assertRaises(adbms.SerializationFailure) as failed:
            two.cursor().execute("INSERT INTO front VALUES (2)")
            two.commit()
        self.assertEqual(failed.exception.retry, "transaction")


if __name__ == "__main__":
    unittest.main()
