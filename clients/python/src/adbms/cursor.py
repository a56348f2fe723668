"""Cursors, as PEP 249 has them."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Iterator, List, Mapping, Optional, Sequence, Tuple

from adbms import errors, pages, types
from adbms.gateway.v1 import gateway_pb2 as pb
from adbms.statements import Key, Options, Parameters, Result, translate

if TYPE_CHECKING:
    from adbms.connection import Connection


class Cursor:
    """Runs statements and hands out their rows. Not to be shared by threads."""

    def __init__(self, connection: "Connection", fetch_size: Optional[int] = None) -> None:
        self._connection = connection
        self._fetch_size = fetch_size
        self._portal = ""
        self._closed = False
        self._results: List[Result] = []
        self._at = 0  # Of the current result's rows: the next one.
        self.arraysize = 1
        self.messages: List[Tuple[Any, Any]] = []
        self.errorhandler = connection.errorhandler
        self.lastrowid = None

    # What there is -------------------------------------------------------------------------------

    @property
    def connection(self) -> "Connection":
        return self._connection

    @property
    def _result(self) -> Optional[Result]:
        return self._results[0] if self._results else None

    @property
    def description(self) -> Optional[List[Tuple[Any, ...]]]:
        """Name, type code, None, size, precision, scale, None of each column; None when there are no rows."""
        return self._result.description if self._result is not None else None

    @property
    def rowcount(self) -> int:
        """Rows of the result, or rows changed; -1 when that is not known."""
        return self._result.count if self._result is not None else -1

    @property
    def rownumber(self) -> Optional[int]:
        """The number of the next row, from 0."""
        return self._at if self._result is not None and self._result.columns is not None else None

    @property
    def statusmessage(self) -> Optional[str]:
        """As psql prints it: ``INSERT 0 1``."""
        return self._result.tag if self._result is not None else None

    @property
    def closed(self) -> bool:
        return self._closed

    # Running -------------------------------------------------------------------------------------

    def execute(self, operation: Any, parameters: Optional[Parameters] = None, *,
                timeout: Optional[float] = None,
                settings: Optional[Mapping[str, str]] = None) -> "Cursor":
        """Runs SQL in paramstyle pyformat, or a ``Prepared``. ``timeout``: seconds; ``settings``: for this statement
        alone."""
        self._guard(lambda: self._run(operation, parameters, Options(timeout, settings)))
        return self

    def executemany(self, operation: Any, parameters: Sequence[Parameters], *,
                    timeout: Optional[float] = None,
                    settings: Optional[Mapping[str, str]] = None) -> "Cursor":
        """Runs it for each of the parameters, all in one call and one transaction; ``rowcount`` is the sum."""
        self._guard(lambda: self._run_many(operation, parameters, Options(timeout, settings)))
        return self

    def callproc(self, name: str, parameters: Sequence[Any] = ()) -> Sequence[Any]:
        """Calls a function, whose name is SQL as it stands; its result is fetched. Returns the parameters as they are."""
        places = ", ".join(["%s"] * len(parameters))
        self.execute(f"SELECT * FROM {name.replace('%', '%%')}({places})", list(parameters))
        return parameters

    def nextset(self) -> Optional[bool]:
        """Goes on to the result of the next statement of the text; None when there is none."""
        self._check()
        if len(self._results) < 2:
            return None
        self._results.pop(0)
        self._at = 0
        return True

    def setinputsizes(self, sizes: Sequence[Any]) -> None:
        """Does nothing: types come from the values."""

    def setoutputsize(self, size: int, column: Optional[int] = None) -> None:
        """Does nothing: values come whole."""

    def close(self) -> None:
        """Forgets the result."""
        if not self._closed and not self._connection.closed:
            self._close_portal()
        self._closed = True
        self._results = []

    def __enter__(self) -> "Cursor":
        return self

    def __exit__(self, *unused: Any) -> None:
        self.close()

    # Fetching ------------------------------------------------------------------------------------

    def fetchone(self) -> Optional[pages.Row]:
        """The next row; None at the end."""
        rows = self._guard(lambda: self._take(1))
        return rows[0] if rows else None

    def fetchmany(self, size: Optional[int] = None) -> List[pages.Row]:
        """The next rows, ``arraysize`` of them where nothing else is said."""
        return self._guard(lambda: self._take(self.arraysize if size is None else size))

    def fetchall(self) -> List[pages.Row]:
        """All rows that are left."""
        return self._guard(lambda: self._take(None))

    def scroll(self, value: int, mode: str = "relative") -> None:
        """Goes to another row of a result that has been read as a whole. IndexError beside it."""
        result = self._rows()
        if mode not in ("relative", "absolute"):
            raise errors.make("22023", f"unknown scroll mode {mode!r}")
        at = value + (self._at if mode == "relative" else 0)
        if not 0 <= at <= len(result.rows):
            raise IndexError("scroll beside the result")
        self._at = at

    def __iter__(self) -> Iterator[pages.Row]:
        return self

    def __next__(self) -> pages.Row:
        row = self.fetchone()
        if row is None:
            raise StopIteration
        return row

    next = __next__

    # Inside --------------------------------------------------------------------------------------

    def _guard(self, work: Any) -> Any:
        if self.errorhandler is None:
            return work()
        try:
            return work()
        except errors.Error as error:
            self.messages.append((type(error), error))
            self.errorhandler(self._connection, self, type(error), error)
            return None

    def _check(self) -> None:
        if self._closed:
            raise errors.InterfaceError("the cursor is closed")
        self._connection._check_open()

    def _rows(self) -> Result:
        self._check()
        result = self._result
        if result is None or result.columns is None:
            raise errors.make("24000", "there is no result to fetch from")
        return result

    def _take(self, count: Optional[int]) -> List[pages.Row]:
        result = self._rows()
        while result.suspended and (count is None or len(result.rows) - self._at < count):
            # What has been handed out is not needed any more.
            del result.rows[:self._at]
            self._at = 0
            self._fetch(result)
        end = len(result.rows) if count is None else min(len(result.rows), self._at + count)
        taken = result.rows[self._at:end]
        self._at = end
        return taken

    def _fetch(self, result: Result) -> None:
        connection = self._connection
        with connection._lock:
            connection._ready()
            request = pb.FetchRequest(session_id=connection._session, portal=self._portal,
                                      max_rows=self._fetch_size)
            call, results = connection._start("Fetch", request)
            results.begin(result.columns)  # type: ignore[arg-type]
            for message in connection._messages(call, results, "FETCH"):
                result.rows.extend(results.add(message))
                results.end(message)
            connection._finish(results)
        result.suspended = bool(results.done) and results.done[-1].suspended

    def _close_portal(self) -> None:
        if self._portal and self._result is not None and self._result.suspended:
            connection = self._connection
            try:
                connection._call("ClosePortal", pb.ClosePortalRequest(
                    session_id=connection._session, portal=self._portal))
            except errors.Error:
                pass  # It has ended with its transaction.
        self._portal = ""

    def _run(self, operation: Any, parameters: Optional[Parameters], options: Options,
             begin: bool = True) -> None:
        self._check()
        connection = self._connection
        self._close_portal()
        self._results = []
        self._at = 0
        self.messages.clear()
        with connection._lock:
            connection._ready()
            request = connection._request(operation, parameters, options, begin)
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
                    for message in connection._messages(call, results, request.sql or request.statement):
                        rows = results.add(message)
                        if rows:
                            results.current.rows.extend(rows)  # type: ignore[union-attr]
                        results.end(message)
                    break
                except errors.Error as error:
                    target = connection._channels.target
                    if key is None or not target.retryable(error, attempt):
                        raise
                connection._channels.pause(attempt)
                attempt += 1
            connection._finish(results)
            connection._tell(results.notices, self.messages, connection.messages)
        self._results = results.done

    def _run_many(self, operation: Any, many: Sequence[Parameters], options: Options) -> None:
        self._check()
        connection = self._connection
        self._close_portal()
        self._results = []
        self._at = 0
        self.messages.clear()
        with connection._lock:
            connection._ready()
            prepared = None if isinstance(operation, str) else operation
            query = translate(operation) if prepared is None else prepared.query
            rows = [query.order(parameters) for parameters in many]
            result = Result()
            result.count = 0
            if rows:
                columns = list(zip(*rows))
                request = pb.ExecuteBatchRequest(session_id=connection._session)
                request.parameters.CopyFrom(pages.encode_rows(rows))
                if prepared is None:
                    request.sql = query.sql
                    request.parameter_types.extend(types.common_oid(column) for column in columns)
                else:
                    request.statement = prepared.name
                connection._fill(request.options, options, begin=True)
                key = Key(connection._instance) if connection._keyed() else None

                def keyed() -> pb.ExecuteBatchRequest:
                    if key is not None:
                        key.fill(request.options.idempotency)
                    return request

                response = connection._call("ExecuteBatch", keyed, again=key is not None,
                                            sql=query.sql)
                connection._transaction = response.transaction_status
                connection._tell(response.notices, self.messages, connection.messages)
                result.count = sum(response.rows)
        self._results = [result]
