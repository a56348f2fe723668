"""The same for asyncio: ``await adbms.aio.connect(…)``; what waits for the server is awaited.

    async with await adbms.aio.connect("127.0.0.1:7433", "adbms", "secret") as connection:
        async with connection.cursor() as cursor:
            await cursor.execute("SELECT city FROM parcels WHERE weight > %s", [10])
            async for city, in cursor:
                print(city)
"""
from __future__ import annotations

import asyncio
import contextlib
import time
from typing import (Any, AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, List, Mapping, Optional,
                    Sequence, Tuple, TypeVar, Union)

import grpc
import grpc.aio

from adbms import errors, pages, types
from adbms.gateway.v1 import gateway_pb2 as pb
from adbms.session_state import PreparedStatement, SessionState
from adbms.statements import Key, Options, Parameters, Result, Results, transaction_options, translate
from adbms.transport import METHODS, Target, bind

T = TypeVar("T")

_BULK_ROWS = 4096


class ChannelPool:
    """Channels that the connections of one event loop share."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self._channels: List[grpc.aio.Channel] = []
        self._stubs: List[Any] = []
        self._next = 0

    def stub(self) -> Any:
        if len(self._stubs) < max(1, self.target.channels):
            options = self.target.options(len(self._channels))
            credentials = self.target.credentials()
            if credentials is None:
                channel = grpc.aio.insecure_channel(self.target.address, options)
            else:
                channel = grpc.aio.secure_channel(self.target.address, credentials, options)
            self._channels.append(channel)
            self._stubs.append(bind(channel))
            return self._stubs[-1]
        self._next = (self._next + 1) % len(self._stubs)
        return self._stubs[self._next]

    async def close(self) -> None:
        for channel in self._channels:
            await channel.close()
        self._channels.clear()
        self._stubs.clear()

    async def call(self, stub: Any, method: str, request: Any, *, again: Optional[bool] = None,
                   sql: Optional[str] = None, timeout: Optional[float] = None) -> Any:
        """A unary call; ``again``: it may be sent twice. Errors: Error."""
        if again is None:
            again = METHODS[method][3]
        event = self.target.begin(method, sql, getattr(request, "session_id", ""))
        attempt = 0
        while True:
            try:
                response = await getattr(stub, method)(
                    request() if callable(request) else request, timeout=timeout,
                    metadata=self.target.headers())
                self.target.end(event)
                return response
            except grpc.RpcError as failed:
                error = errors.from_rpc(failed)
                if not again or not self.target.retryable(error, attempt):
                    self.target.end(event, error)
                    raise error from None
            await asyncio.sleep(self.target.retry.pause(attempt))
            attempt += 1


class AsyncPrepared(PreparedStatement):
    """A prepared statement of a connection."""

    async def close(self) -> None:
        """Forgets it."""
        await self._connection._call("ClosePrepared", pb.ClosePreparedRequest(
            session_id=self._connection._session, name=self.name))

    async def __aenter__(self) -> "AsyncPrepared":
        return self

    async def __aexit__(self, *unused: Any) -> None:
        await self.close()


class AsyncConnection(SessionState):
    """A session. Tasks may share it: their calls come one after another. Made by ``connect``."""

    def __init__(self, channels: ChannelPool, *, autocommit: bool = False,
                 isolation: Optional[str] = None, read_only: Optional[bool] = None,
                 idempotent: bool = False, own_channels: bool = False) -> None:
        super().__init__(autocommit=autocommit, isolation=isolation, read_only=read_only,
                         idempotent=idempotent)
        self._channels = channels
        self._own_channels = own_channels
        self._stub = channels.stub()
        self._lock = asyncio.Lock()
        self._keeper: Optional["asyncio.Task[None]"] = None

    async def _open(self, database: str, settings: Optional[Mapping[str, str]],
                    idle_timeout: Optional[float]) -> "AsyncConnection":
        request = self._open_request(database, settings, idle_timeout)
        self._opened(await self._channels.call(self._stub, "OpenSession", request))
        self._keeper = asyncio.get_running_loop().create_task(self._keep())
        return self

    def cursor(self, *, fetch_size: Optional[int] = None) -> "AsyncCursor":
        """``fetch_size``: rows come so many at a time, from a portal that lives as long as the transaction."""
        self._check_open()
        return AsyncCursor(self, fetch_size)

    async def commit(self) -> None:
        """Commits, if a transaction is open. Sent again with its key when the answer is lost."""
        async with self._lock:
            await self._ready()
            if self._transaction == pb.TRANSACTION_STATUS_IDLE:
                return
            key = Key(self._instance)

            def request() -> pb.CommitRequest:
                made = pb.CommitRequest(session_id=self._session)
                key.fill(made.idempotency)
                return made

            try:
                response = await self._send("Commit", request, again=True)
            except errors.ConnectionFailure as lost:
                raise self._lost_commit(lost) from None
            self._tell(response.notices, self.messages)
            self._transaction = response.transaction_status

    async def rollback(self) -> None:
        """Rolls back, if a transaction is open."""
        async with self._lock:
            await self._ready()
            if self._transaction != pb.TRANSACTION_STATUS_IDLE:
                await self._send("Rollback", pb.RollbackRequest(session_id=self._session))
                self._transaction = pb.TRANSACTION_STATUS_IDLE

    async def close(self) -> None:
        """Ends the session, which rolls back. Errors: InterfaceError when it is closed."""
        self._check_open()
        self._closed = True
        if self._keeper is not None:
            self._keeper.cancel()
        if self._streaming is not None:
            self._streaming.cancel()
            self._streaming = None
        try:
            await self._channels.call(self._stub, "CloseSession",
                                      pb.CloseSessionRequest(session_id=self._session), timeout=5)
        except errors.Error:
            pass  # It ends by itself when it has been idle.
        if self._own_channels:
            await self._channels.close()

    async def __aenter__(self) -> "AsyncConnection":
        return self

    async def __aexit__(self, kind: Any, value: Any, trace: Any) -> None:
        """Commits, or after an exception rolls back; and closes."""
        try:
            if not self._closed:
                await (self.commit() if kind is None else self.rollback())
        finally:
            if not self._closed:
                await self.close()

    async def begin(self, *, isolation: Optional[str] = None, read_only: Optional[bool] = None,
                    deferrable: bool = False) -> None:
        """Begins a transaction: "read committed", "repeatable read" or "serializable"."""
        response = await self._call("Begin", pb.BeginRequest(
            session_id=self._session,
            transaction=transaction_options(isolation, read_only, deferrable)))
        self._transaction = response.transaction_status

    @contextlib.asynccontextmanager
    async def transaction(self, *, isolation: Optional[str] = None, read_only: Optional[bool] = None,
                          deferrable: bool = False) -> AsyncIterator["AsyncConnection"]:
        """``async with connection.transaction():`` commits at the end, or rolls back after an exception."""
        await self.begin(isolation=isolation, read_only=read_only, deferrable=deferrable)
        try:
            yield self
        except BaseException:
            if not self._closed:
                with contextlib.suppress(errors.Error):
                    await self.rollback()
            raise
        await self.commit()

    async def run_transaction(self, work: Callable[["AsyncConnection"], Awaitable[T]], *,
                              isolation: Optional[str] = None, read_only: Optional[bool] = None,
                              attempts: int = 10) -> T:
        """Runs ``await work(connection)`` in a transaction, again from its beginning while the server says that this
        may help (40001, 40P01)."""
        for attempt in range(attempts):
            try:
                async with self.transaction(isolation=isolation, read_only=read_only):
                    return await work(self)
            except errors.Error as error:
                if error.retry is None or attempt + 1 == attempts:
                    raise
            await asyncio.sleep(self._channels.target.retry.pause(attempt))
        raise AssertionError("unreachable")

    async def prepare(self, operation: str, name: Optional[str] = None,
                      types: Sequence[int] = ()) -> AsyncPrepared:
        """Prepares a statement in paramstyle pyformat; ``types``: oids, 0 for what the statement makes of it."""
        query = translate(operation)
        name = self._name(name)
        response = await self._call("Prepare", pb.PrepareRequest(
            session_id=self._session, name=name, sql=query.sql, parameter_types=types), sql=query.sql)
        return AsyncPrepared(self, name, query, response.description)

    async def stream(self, operation: Any, parameters: Optional[Parameters] = None, *,
                     timeout: Optional[float] = None,
                     settings: Optional[Mapping[str, str]] = None) -> AsyncIterator[pages.Row]:
        """Rows that come while they are read, without a portal and without keeping any. Nothing else runs on the
        connection until the generator is at its end or closed."""
        async with self._lock:
            await self._ready()
            request = self._request(operation, parameters, Options(timeout, settings))
            call, results = self._start("Execute", request)
            self._streaming = call
        try:
            async for message in self._messages(call, results, request.sql):
                for row in results.add(message):
                    yield row
                results.end(message)
        finally:
            if self._streaming is call:
                self._streaming = None
                if not results.transaction:
                    call.cancel()
                    self._unsure = True
            self._finish(results)

    async def bulk_insert(self, table: str,
                          rows: Union[Iterable[Sequence[Any]], AsyncIterable[Sequence[Any]]], *,
                          columns: Sequence[str] = (), schema: str = "",
                          timeout: Optional[float] = None,
                          settings: Optional[Mapping[str, str]] = None,
                          page_rows: int = _BULK_ROWS) -> int:
        """Inserts rows, all or none, and returns how many. The names are taken as they are."""
        async with self._lock:
            await self._ready()
            target = pb.BulkInsertTarget(session_id=self._session, schema=schema, table=table,
                                         columns=columns)
            self._fill(target.options, Options(timeout, settings), begin=True)
            key = Key(self._instance) if self._keyed() and isinstance(rows, (list, tuple)) else None
            broken: List[BaseException] = []

            async def messages() -> AsyncIterator[pb.BulkInsertRequest]:
                try:
                    if key is not None:
                        key.fill(target.options.idempotency)
                    yield pb.BulkInsertRequest(target=target)
                    async for page in _pages(rows, page_rows):
                        yield pb.BulkInsertRequest(page=page)
                    yield pb.BulkInsertRequest(last=True)
                except Exception as failed:  # grpc would only say that it was cancelled.
                    broken.append(failed)
                    raise

            try:
                response = await self._channels.call(self._stub, "BulkInsert", messages,
                                                     again=key is not None)
            except (errors.Error, asyncio.CancelledError) as error:
                if isinstance(error, errors.Error):
                    self._failed(error)
                if broken:
                    self._unsure = True
                    raise broken[0] from None
                raise
            self._tell(response.notices, self.messages)
            self._transaction = response.transaction_status
            self._last_use = time.monotonic()
            return response.rows

    async def cancel(self) -> bool:
        """Stops what runs, from another task; False when nothing does."""
        self._check_open()
        return (await self._channels.call(self._stub, "Cancel", pb.CancelRequest(
            session_id=self._session))).running

    # Calls ---------------------------------------------------------------------------------------

    def _start(self, method: str, request: Any) -> Tuple[Any, Results]:
        call = getattr(self._stub, method)(request, metadata=self._channels.target.headers())
        return call, self._results()

    async def _messages(self, call: Any, results: Results, sql: str) -> AsyncIterator[pb.ExecuteResponse]:
        event = self._channels.target.begin("Execute", sql, self._session)
        error: Optional[errors.Error] = None
        try:
            async for message in call:
                yield message
        except grpc.RpcError as failed:
            error = errors.from_rpc(failed)
            self._failed(error)
            results.transaction = error.transaction_status or self._transaction
            raise error from None
        except asyncio.CancelledError:
            call.cancel()
            self._unsure = True
            raise
        finally:
            self._channels.target.end(event, error)

    async def _ready(self) -> None:
        self._check_open()
        self._end_stream()
        if self._unsure:
            await self._ask_status()

    async def _ask_status(self) -> None:
        self._unsure = False
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                answer = await self._channels.call(self._stub, "KeepAlive",
                                                   pb.KeepAliveRequest(session_id=self._session))
            except errors.Error:
                return
            if not answer.running:
                self._transaction = answer.transaction_status
                return
            await asyncio.sleep(0.01)

    async def _call(self, method: str, request: Any, **options: Any) -> Any:
        async with self._lock:
            await self._ready()
            return await self._send(method, request, **options)

    async def _send(self, method: str, request: Any, **options: Any) -> Any:
        try:
            response = await self._channels.call(self._stub, method, request, **options)
        except errors.Error as error:
            self._failed(error)
            raise
        except asyncio.CancelledError:
            self._unsure = True
            raise
        self._last_use = time.monotonic()
        return response

    async def _keep(self) -> None:
        while not self._closed:
            await asyncio.sleep(max(0.1, self._idle_seconds / 3))
            if time.monotonic() - self._last_use < self._idle_seconds / 4:
                continue
            with contextlib.suppress(errors.Error):
                await self._channels.call(self._stub, "KeepAlive",
                                          pb.KeepAliveRequest(session_id=self._session), timeout=10)
                self._last_use = time.monotonic()


async def _pages(rows: Any, size: int) -> AsyncIterator[pb.Page]:
    if not hasattr(rows, "__aiter__"):
        for page in pages.pages_of(rows, size):
            yield page
        return
    taken: List[Any] = []
    async for row in rows:
        taken.append(row)
        if len(taken) == size:
            yield pages.encode_rows(taken)
            taken = []
    if taken:
        yield pages.encode_rows(taken)


class AsyncCursor:
    """Runs statements and hands out their rows."""

    def __init__(self, connection: AsyncConnection, fetch_size: Optional[int] = None) -> None:
        self._connection = connection
        self._fetch_size = fetch_size
        self._portal = ""
        self._closed = False
        self._done: List[Result] = []
        self._at = 0
        self.arraysize = 1
        self.messages: List[Tuple[Any, Any]] = []

    @property
    def connection(self) -> AsyncConnection:
        return self._connection

    @property
    def _result(self) -> Optional[Result]:
        return self._done[0] if self._done else None

    @property
    def description(self) -> Optional[List[Tuple[Any, ...]]]:
        return self._result.description if self._result is not None else None

    @property
    def rowcount(self) -> int:
        return self._result.count if self._result is not None else -1

    @property
    def statusmessage(self) -> Optional[str]:
        return self._result.tag if self._result is not None else None

    async def execute(self, operation: Any, parameters: Optional[Parameters] = None, *,
                      timeout: Optional[float] = None,
                      settings: Optional[Mapping[str, str]] = None) -> "AsyncCursor":
        """Runs SQL in paramstyle pyformat, or an ``AsyncPrepared``."""
        self._check()
        connection = self._connection
        await self._reset()
        async with connection._lock:
            await connection._ready()
            request = connection._request(operation, parameters, Options(timeout, settings))
            if self._fetch_size is not None:
                self._portal = connection._name()
                request.portal, request.max_rows = self._portal, self._fetch_size
            key = Key(connection._instance) if connection._keyed() else None
            attempt = 0
            while True:
                if key is not None:
                    key.fill(request.options.idempotency)
                call, results = connection._start("Execute", request)
                try:
                    async for message in connection._messages(call, results,
                                                              request.sql or request.statement):
                        rows = results.add(message)
                        if rows:
                            results.current.rows.extend(rows)  # type: ignore[union-attr]
                        results.end(message)
                    break
                except errors.Error as error:
                    target = connection._channels.target
                    if key is None or not target.retryable(error, attempt):
                        raise
                await asyncio.sleep(connection._channels.target.retry.pause(attempt))
                attempt += 1
            connection._finish(results)
            connection._tell(results.notices, self.messages, connection.messages)
        self._done = results.done
        return self

    async def executemany(self, operation: Any, parameters: Sequence[Parameters], *,
                          timeout: Optional[float] = None,
                          settings: Optional[Mapping[str, str]] = None) -> "AsyncCursor":
        """Runs it for each of the parameters, all in one call and one transaction; ``rowcount`` is the sum."""
        self._check()
        connection = self._connection
        await self._reset()
        prepared = None if isinstance(operation, str) else operation
        query = translate(operation) if prepared is None else prepared.query
        rows = [query.order(one) for one in parameters]
        result = Result()
        result.count = 0
        if rows:
            async with connection._lock:
                await connection._ready()
                request = pb.ExecuteBatchRequest(session_id=connection._session)
                request.parameters.CopyFrom(pages.encode_rows(rows))
                if prepared is None:
                    request.sql = query.sql
                    request.parameter_types.extend(types.common_oid(one) for one in zip(*rows))
                else:
                    request.statement = prepared.name
                connection._fill(request.options, Options(timeout, settings), begin=True)
                key = Key(connection._instance) if connection._keyed() else None

                def keyed() -> pb.ExecuteBatchRequest:
                    if key is not None:
                        key.fill(request.options.idempotency)
                    return request

                response = await connection._send("ExecuteBatch", keyed, again=key is not None,
                                                  sql=query.sql)
                connection._transaction = response.transaction_status
                connection._tell(response.notices, self.messages, connection.messages)
                result.count = sum(response.rows)
        self._done = [result]
        return self

    async def nextset(self) -> Optional[bool]:
        """Goes on to the result of the next statement of the text; None when there is none."""
        self._check()
        if len(self._done) < 2:
            return None
        self._done.pop(0)
        self._at = 0
        return True

    async def fetchone(self) -> Optional[pages.Row]:
        """The next row; None at the end."""
        rows = await self._take(1)
        return rows[0] if rows else None

    async def fetchmany(self, size: Optional[int] = None) -> List[pages.Row]:
        """The next rows, ``arraysize`` of them where nothing else is said."""
        return await self._take(self.arraysize if size is None else size)

    async def fetchall(self) -> List[pages.Row]:
        """All rows that are left."""
        return await self._take(None)

    def __aiter__(self) -> "AsyncCursor":
        return self

    async def __anext__(self) -> pages.Row:
        row = await self.fetchone()
        if row is None:
            raise StopAsyncIteration
        return row

    async def close(self) -> None:
        """Forgets the result."""
        if not self._closed and not self._connection.closed:
            await self._reset()
        self._closed = True

    async def __aenter__(self) -> "AsyncCursor":
        return self

    async def __aexit__(self, *unused: Any) -> None:
        await self.close()

    def _check(self) -> None:
        if self._closed:
            raise errors.InterfaceError("the cursor is closed")
        self._connection._check_open()

    async def _reset(self) -> None:
        if self._portal and self._result is not None and self._result.suspended:
            with contextlib.suppress(errors.Error):
                await self._connection._call("ClosePortal", pb.ClosePortalRequest(
                    session_id=self._connection._session, portal=self._portal))
        self._portal = ""
        self._done = []
        self._at = 0
        self.messages.clear()

    async def _take(self, count: Optional[int]) -> List[pages.Row]:
        self._check()
        result = self._result
        if result is None or result.columns is None:
            raise errors.make("24000", "there is no result to fetch from")
        while result.suspended and (count is None or len(result.rows) - self._at < count):
            del result.rows[:self._at]
            self._at = 0
            connection = self._connection
            async with connection._lock:
                await connection._ready()
                request = pb.FetchRequest(session_id=connection._session, portal=self._portal,
                                          max_rows=self._fetch_size)
                call, results = connection._start("Fetch", request)
                results.begin(result.columns)
                async for message in connection._messages(call, results, "FETCH"):
                    result.rows.extend(results.add(message))
                    results.end(message)
                connection._finish(results)
            result.suspended = bool(results.done) and results.done[-1].suspended
        end = len(result.rows) if count is None else min(len(result.rows), self._at + count)
        taken = result.rows[self._at:end]
        self._at = end
        return taken


async def connect(address: str, user: str = "", password: str = "", *,
                  token: Optional[str] = None, database: str = "",
                  channels: Optional[ChannelPool] = None, tls: Any = None, retry: Any = None,
                  trace: Any = None, metadata: Any = None,
                  settings: Optional[Mapping[str, str]] = None,
                  idle_timeout: Optional[float] = None, **options: Any) -> AsyncConnection:
    """Opens a connection to ``host:port`` of the gRPC front; the options are those of ``adbms.connect``."""
    own = channels is None
    if channels is None:
        more = {} if retry is None else {"retry": retry}
        channels = ChannelPool(Target(address, user, password, token=token, tls=tls, trace=trace,
                                      metadata=metadata, **more))
    try:
        connection = AsyncConnection(channels, own_channels=own, **options)
        return await connection._open(database, settings, idle_timeout)
    except BaseException:
        if own:
            await channels.close()
        raise


class Pool:
    """Hands out connections of one event loop and takes them back; at most ``size`` are open."""

    def __init__(self, address: str, user: str = "", password: str = "", *,
                 token: Optional[str] = None, size: int = 10,
                 channels: Optional[int] = None, tls: Any = None, retry: Any = None,
                 trace: Any = None, metadata: Any = None, **options: Any) -> None:
        more = {} if retry is None else {"retry": retry}
        self._channels = ChannelPool(Target(
            address, user, password, token=token, tls=tls, trace=trace, metadata=metadata,
            channels=channels or max(1, min(4, size // 4)), **more))
        self._options = options
        self._free: List[AsyncConnection] = []
        self._places = asyncio.Semaphore(size)
        self._closed = False

    @contextlib.asynccontextmanager
    async def connection(self) -> AsyncIterator[AsyncConnection]:
        """``async with pool.connection() as connection:`` commits at the end, or rolls back after an exception."""
        if self._closed:
            raise errors.InterfaceError("the pool is closed")
        async with self._places:
            connection = self._free.pop() if self._free else await connect(
                "", "", channels=self._channels, **self._options)
            try:
                yield connection
                if not connection.closed:
                    await connection.commit()
            finally:
                try:
                    if not connection.closed:
                        await connection.rollback()
                except errors.Error:
                    await connection.close()
                if self._closed and not connection.closed:
                    await connection.close()
                elif not connection.closed:
                    self._free.append(connection)

    async def close(self) -> None:
        """Closes all connections; those that are out when they come back."""
        self._closed = True
        while self._free:
            await self._free.pop().close()
        await self._channels.close()

    async def __aenter__(self) -> "Pool":
        return self

    async def __aexit__(self, *unused: Any) -> None:
        await self.close()
