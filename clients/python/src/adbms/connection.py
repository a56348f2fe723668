"""Connections and cursors, as PEP 249 has them."""
from __future__ import annotations

import contextlib
import threading
import time
import weakref
from typing import Any, Callable, Iterable, Iterator, List, Mapping, Optional, Sequence, Tuple, TypeVar

import grpc

from adbms import errors, pages
from adbms.gateway.v1 import gateway_pb2 as pb
from adbms.session_state import PreparedStatement, SessionState
from adbms.statements import Key, Options, Parameters, Results, transaction_options, translate
from adbms.transport import ChannelPool, Target
from adbms.xid import Xid

T = TypeVar("T")

_BULK_ROWS = 4096


class Keeper:
    """Keeps the sessions of idle connections: one thread for all of them, which ends with the last."""

    def __init__(self) -> None:
        self._lock = threading.Condition()
        self._connections: "weakref.WeakSet[Connection]" = weakref.WeakSet()
        self._running = False

    def add(self, connection: "Connection") -> None:
        with self._lock:
            self._connections.add(connection)
            if not self._running:
                self._running = True
                threading.Thread(target=self._run, name="adbms-keepalive", daemon=True).start()
            self._lock.notify()

    def remove(self, connection: "Connection") -> None:
        with self._lock:
            self._connections.discard(connection)
            self._lock.notify()

    def _run(self) -> None:
        while True:
            with self._lock:
                due = [one for one in self._connections]
                if not due:
                    self._running = False
                    return
                pause = min(one._idle_seconds for one in due) / 3
                self._lock.wait(max(0.1, pause))
                due = [one for one in self._connections]
            for connection in due:
                connection._keep()
            del due


_keeper = Keeper()


class Prepared(PreparedStatement):
    """A prepared statement of a connection."""

    def close(self) -> None:
        """Forgets it."""
        self._connection._call("ClosePrepared", pb.ClosePreparedRequest(
            session_id=self._connection._session, name=self.name))

    def __enter__(self) -> "Prepared":
        return self

    def __exit__(self, *unused: Any) -> None:
        self.close()


class Connection(SessionState):
    """A session. Threads may share it: their calls come one after another."""

    def __init__(self, channels: ChannelPool, *, database: str = "", autocommit: bool = False,
                 settings: Optional[Mapping[str, str]] = None, isolation: Optional[str] = None,
                 read_only: Optional[bool] = None, idempotent: bool = False,
                 idle_timeout: Optional[float] = None, own_channels: bool = False) -> None:
        super().__init__(autocommit=autocommit, isolation=isolation, read_only=read_only,
                         idempotent=idempotent)
        self._channels = channels
        self._own_channels = own_channels
        self._stub = channels.stub()
        self._lock = threading.RLock()
        self._xid: Optional[Xid] = None
        self._opened(channels.call(self._stub, "OpenSession",
                                   self._open_request(database, settings, idle_timeout)))
        _keeper.add(self)

    # PEP 249 -------------------------------------------------------------------------------------

    def cursor(self, *, fetch_size: Optional[int] = None) -> "Cursor":
        """``fetch_size``: rows come so many at a time, from a portal that lives as long as the transaction; without it
        a result is read as a whole."""
        self._check_open()
        return Cursor(self, fetch_size)

    def commit(self) -> None:
        """Commits, if a transaction is open. Sent again with its key when the answer is lost."""
        with self._lock:
            self._ready()
            if self._transaction == pb.TRANSACTION_STATUS_IDLE:
                return
            key = Key(self._instance)

            def request() -> pb.CommitRequest:
                made = pb.CommitRequest(session_id=self._session)
                key.fill(made.idempotency)
                return made

            try:
                response = self._call("Commit", request, again=True)
            except errors.ConnectionFailure as lost:
                raise self._lost_commit(lost) from None
            self._tell(response.notices, self.messages)
            self._transaction = response.transaction_status

    def rollback(self) -> None:
        """Rolls back, if a transaction is open."""
        with self._lock:
            self._ready()
            if self._transaction != pb.TRANSACTION_STATUS_IDLE:
                self._call("Rollback", pb.RollbackRequest(session_id=self._session))
                self._transaction = pb.TRANSACTION_STATUS_IDLE

    def close(self) -> None:
        """Ends the session, which rolls back. Errors: InterfaceError when it is closed, as PEP 249 wants it."""
        with self._lock:
            self._check_open()
            self._closed = True
            _keeper.remove(self)
            if self._streaming is not None:
                self._streaming.cancel()
                self._streaming = None
            try:
                self._channels.call(self._stub, "CloseSession",
                                    pb.CloseSessionRequest(session_id=self._session), timeout=5)
            except errors.Error:
                pass  # It ends by itself when it has been idle.
            if self._own_channels:
                self._channels.close()

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, kind: Any, value: Any, trace: Any) -> None:
        """Commits, or after an exception rolls back; and closes."""
        try:
            if not self._closed:
                self.commit() if kind is None else self.rollback()
        finally:
            if not self._closed:
                self.close()

    # Two-phase commit ----------------------------------------------------------------------------

    def xid(self, format_id: int, global_transaction_id: str, branch_qualifier: str) -> "Xid":
        return Xid(format_id, global_transaction_id, branch_qualifier)

    def tpc_begin(self, xid: "Xid") -> None:
        if self._transaction != pb.TRANSACTION_STATUS_IDLE or self._xid is not None:
            raise errors.make("25001", "tpc_begin inside a transaction")
        self.begin()
        self._xid = xid

    def tpc_prepare(self) -> None:
        if self._xid is None:
            raise errors.make("42601", "tpc_prepare without tpc_begin")
        self._command(f"PREPARE TRANSACTION {self._xid.literal()}")

    def tpc_commit(self, xid: Optional["Xid"] = None) -> None:
        self._end_prepared(xid, "COMMIT")

    def tpc_rollback(self, xid: Optional["Xid"] = None) -> None:
        self._end_prepared(xid, "ROLLBACK")

    def tpc_recover(self) -> List["Xid"]:
        with self.cursor() as cursor:
            cursor._run("SELECT gid FROM pg_prepared_xacts WHERE database = current_database()", None,
                        Options(), begin=False)
            return [Xid.of(gid) for gid, in cursor.fetchall()]

    def _end_prepared(self, xid: Optional["Xid"], word: str) -> None:
        if xid is None and self._xid is None:
            raise errors.make("42601", f"tpc_{word.lower()} without tpc_begin")
        if xid is not None and self._transaction != pb.TRANSACTION_STATUS_IDLE:
            raise errors.make("25001", "an xid inside a transaction")
        if xid is None and self._transaction != pb.TRANSACTION_STATUS_IDLE:
            self.commit() if word == "COMMIT" else self.rollback()
        else:
            self._command(f"{word} PREPARED {(xid or self._xid).literal()}")  # type: ignore[union-attr]
        self._xid = None

    # More ----------------------------------------------------------------------------------------

    def begin(self, *, isolation: Optional[str] = None, read_only: Optional[bool] = None,
              deferrable: bool = False) -> None:
        """Begins a transaction: "read committed", "repeatable read" or "serializable"."""
        with self._lock:
            self._check_open()
            response = self._call("Begin", pb.BeginRequest(
                session_id=self._session,
                transaction=transaction_options(isolation, read_only, deferrable)))
            self._transaction = response.transaction_status

    @contextlib.contextmanager
    def transaction(self, *, isolation: Optional[str] = None, read_only: Optional[bool] = None,
                    deferrable: bool = False) -> Iterator["Connection"]:
        """``with connection.transaction():`` commits at the end, or rolls back after an exception."""
        self.begin(isolation=isolation, read_only=read_only, deferrable=deferrable)
        try:
            yield self
        except BaseException:
            if not self._closed:
                with contextlib.suppress(errors.Error):
                    self.rollback()
            raise
        self.commit()

    def run_transaction(self, work: Callable[["Connection"], T], *, isolation: Optional[str] = None,
                        read_only: Optional[bool] = None, attempts: int = 10) -> T:
        """Runs ``work(connection)`` in a transaction, again from its beginning while the server says that this may
        help (40001, 40P01)."""
        for attempt in range(attempts):
            try:
                with self.transaction(isolation=isolation, read_only=read_only):
                    return work(self)
            except errors.Error as error:
                if error.retry is None or attempt + 1 == attempts:
                    raise
            time.sleep(self._channels.target.retry.pause(attempt))
        raise AssertionError("unreachable")

    def prepare(self, operation: str, name: Optional[str] = None,
                types: Sequence[int] = ()) -> Prepared:
        """Prepares a statement in paramstyle pyformat; ``types``: oids, 0 for what the statement makes of it."""
        with self._lock:
            self._check_open()
            query = translate(operation)
            name = self._name(name)
            response = self._call("Prepare", pb.PrepareRequest(
                session_id=self._session, name=name, sql=query.sql, parameter_types=types),
                sql=query.sql)
            return Prepared(self, name, query, response.description)

    def stream(self, operation: Any, parameters: Optional[Parameters] = None, *,
               timeout: Optional[float] = None,
               settings: Optional[Mapping[str, str]] = None) -> Iterator[pages.Row]:
        """A generator of rows that come while they are read, without a portal and without keeping any. Nothing else
        runs on the connection until it is at its end or closed."""
        for page in self.stream_pages(operation, parameters, timeout=timeout, settings=settings):
            yield from page

    def stream_pages(self, operation: Any, parameters: Optional[Parameters] = None, *,
                     timeout: Optional[float] = None,
                     settings: Optional[Mapping[str, str]] = None) -> Iterator[List[pages.Row]]:
        """The same, a list of rows at a time."""
        with self._lock:
            self._ready()
            request = self._request(operation, parameters, Options(timeout, settings))
            call, results = self._start("Execute", request)
            self._streaming = call
        try:
            for message in self._messages(call, results, request.sql):
                rows = results.add(message)
                if rows:
                    yield rows
                results.end(message)
        finally:
            with self._lock:
                if self._streaming is call:
                    self._streaming = None
                    if not results.transaction:
                        call.cancel()
                        self._unsure = True
            self._finish(results)

    def bulk_insert(self, table: str, rows: Iterable[Sequence[Any]], *, columns: Sequence[str] = (),
                    schema: str = "", timeout: Optional[float] = None,
                    settings: Optional[Mapping[str, str]] = None, page_rows: int = _BULK_ROWS) -> int:
        """Inserts rows, all or none, and returns how many: defaults for the columns that are not named, triggers and
        constraints as COPY has them. The names are taken as they are."""
        with self._lock:
            self._ready()
            target = pb.BulkInsertTarget(session_id=self._session, schema=schema, table=table,
                                         columns=columns)
            self._fill(target.options, Options(timeout, settings), begin=True)
            key = Key(self._instance) if self._keyed() and isinstance(rows, (list, tuple)) else None
            broken: List[BaseException] = []

            def messages() -> Iterator[pb.BulkInsertRequest]:
                try:
                    if key is not None:
                        key.fill(target.options.idempotency)
                    yield pb.BulkInsertRequest(target=target)
                    for page in pages.pages_of(rows, page_rows):
                        yield pb.BulkInsertRequest(page=page)
                    yield pb.BulkInsertRequest(last=True)
                except BaseException as failed:  # grpc would only say that it was cancelled.
                    broken.append(failed)
                    raise

            try:
                response = self._channels.call(self._stub, "BulkInsert", messages,
                                               again=key is not None)
            except errors.Error as error:
                self._failed(error)
                if broken:
                    self._unsure = True
                    raise broken[0]
                raise
            self._tell(response.notices, self.messages)
            self._transaction = response.transaction_status
            self._last_use = time.monotonic()
            return response.rows

    def cancel(self) -> bool:
        """Stops what runs, from another thread; False when nothing does."""
        self._check_open()
        return self._channels.call(self._stub, "Cancel",
                                   pb.CancelRequest(session_id=self._session)).running

    # Calls ---------------------------------------------------------------------------------------

    def _start(self, method: str, request: Any) -> Tuple[Any, Results]:
        call = getattr(self._stub, method)(request, metadata=self._channels.target.headers())
        return call, self._results()

    def _messages(self, call: Any, results: Results, sql: str) -> Iterator[pb.ExecuteResponse]:
        event = self._channels.target.begin("Execute", sql, self._session)
        try:
            yield from call
        except grpc.RpcError as failed:
            error = errors.from_rpc(failed)
            self._failed(error)
            results.transaction = error.transaction_status or self._transaction
            self._channels.target.end(event, error)
            raise error from None
        except GeneratorExit:
            self._channels.target.end(event)
            raise
        self._channels.target.end(event)

    def _call(self, method: str, request: Any, **options: Any) -> Any:
        with self._lock:
            self._ready()
            try:
                response = self._channels.call(self._stub, method, request, **options)
            except errors.Error as error:
                self._failed(error)
                raise
            self._last_use = time.monotonic()
            return response

    def _command(self, sql: str) -> None:
        with self.cursor() as cursor:
            cursor._run(sql, None, Options(), begin=False)

    def _ready(self) -> None:
        """Before a call of the session's: it is open, nothing runs, and it is known where it stands."""
        self._check_open()
        self._end_stream()
        if self._unsure:
            self._ask_status()

    def _ask_status(self) -> None:
        self._unsure = False
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                answer = self._channels.call(self._stub, "KeepAlive",
                                             pb.KeepAliveRequest(session_id=self._session))
            except errors.Error:
                return
            if not answer.running:
                self._transaction = answer.transaction_status
                return
            time.sleep(0.01)

    def _keep(self) -> None:
        if self._closed or time.monotonic() - self._last_use < self._idle_seconds / 4:
            return
        try:
            self._channels.call(self._stub, "KeepAlive",
                                pb.KeepAliveRequest(session_id=self._session), timeout=10)
            self._last_use = time.monotonic()
        except errors.Error:
            pass  # The next statement tells its caller.


from adbms.cursor import Cursor  # noqa: E402 - it needs Connection for its types only


def connect(address: str, user: str = "", password: str = "", *,
            token: Optional[str] = None, database: str = "",
            channels: Optional[ChannelPool] = None, tls: Any = None, retry: Any = None,
            trace: Any = None, metadata: Any = None, **options: Any) -> Connection:
    """Opens a connection to ``host:port`` of the gRPC front.

    ``token``: in place of user and password; ``tls``: a ``Tls``; ``channels``: a ``ChannelPool`` to share, in place of address and credentials; ``retry``,
    ``trace``, ``metadata``: see ``Target``. Further options are those of ``Connection``.
    """
    if channels is not None:
        return Connection(channels, database=database, **options)
    more = {} if retry is None else {"retry": retry}
    target = Target(address, user, password, tls=tls, trace=trace, metadata=metadata, token=token, **more)
    own = ChannelPool(target)
    try:
        return Connection(own, database=database, own_channels=True, **options)
    except BaseException:
        own.close()
        raise
