"""What a connection knows of its session, for the synchronous and the asyncio one; no input or output here."""
from __future__ import annotations

import time
from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional, Tuple

from adbms import errors
from adbms.gateway.v1 import gateway_pb2 as pb
from adbms.statements import (Options, Parameters, Query, Result, Results, transaction_options,
                              translate, value_of, zone_of)


class PreparedStatement:
    """A prepared statement; ``cursor.execute(prepared, parameters)`` runs it."""

    def __init__(self, connection: Any, name: str, query: Query, description: pb.Description) -> None:
        self._connection = connection
        self.name = name
        self.query = query
        self._description = description

    @property
    def parameters(self) -> List[Tuple[int, str]]:
        """Oid and name of each parameter's type."""
        return [(one.type_oid, one.type_name) for one in self._description.parameters]

    @property
    def description(self) -> Optional[List[Tuple[Any, ...]]]:
        """As ``Cursor.description``; None when it returns no rows."""
        if not self._description.returns_rows:
            return None
        result = Result()
        result.columns = list(self._description.columns)
        return result.description


class SessionState:
    """The part of a connection that needs no server."""

    # PEP 249, optional extensions: the exceptions as attributes.
    Warning = errors.Warning
    Error = errors.Error
    InterfaceError = errors.InterfaceError
    DatabaseError = errors.DatabaseError
    DataError = errors.DataError
    OperationalError = errors.OperationalError
    IntegrityError = errors.IntegrityError
    InternalError = errors.InternalError
    ProgrammingError = errors.ProgrammingError
    NotSupportedError = errors.NotSupportedError

    def __init__(self, *, autocommit: bool, isolation: Optional[str], read_only: Optional[bool],
                 idempotent: bool) -> None:
        self._closed = True
        self.messages: List[Tuple[Any, Any]] = []
        self.errorhandler: Optional[Callable[..., None]] = None
        self.idempotent = idempotent
        self._begin = transaction_options(isolation, read_only)
        self._autocommit = autocommit
        self._transaction = pb.TRANSACTION_STATUS_IDLE
        self._unsure = False
        self._streaming: Optional[Any] = None
        self._session = ""
        self._instance = ""
        self._idle_seconds = 0.0
        self._settings: Dict[str, str] = {}
        self._last_use = 0.0
        self._names = 0

    @staticmethod
    def _open_request(database: str, settings: Optional[Mapping[str, str]],
                      idle_timeout: Optional[float]) -> pb.OpenSessionRequest:
        request = pb.OpenSessionRequest(database=database)
        if idle_timeout is not None:
            request.idle_timeout_ms = int(idle_timeout * 1000)
        for name, value in (settings or {}).items():
            request.settings[name] = value
        return request

    def _opened(self, opened: pb.OpenSessionResponse) -> None:
        self._session = opened.session_id
        self._instance = opened.instance
        self._idle_seconds = opened.idle_timeout_ms / 1000
        self._settings = dict(opened.settings)
        self._last_use = time.monotonic()
        self._closed = False

    @property
    def autocommit(self) -> bool:
        """Whether each statement is a transaction by itself; otherwise the first one begins a transaction."""
        return self._autocommit

    @autocommit.setter
    def autocommit(self, value: bool) -> None:
        if self._transaction != pb.TRANSACTION_STATUS_IDLE:
            raise errors.make("25001", "autocommit cannot change inside a transaction")
        self._autocommit = bool(value)

    @property
    def closed(self) -> bool:
        return self._closed

    @property
    def settings(self) -> Mapping[str, str]:
        """What the server has told of its settings: server_version, TimeZone, …"""
        return dict(self._settings)

    @property
    def in_transaction(self) -> bool:
        return self._transaction != pb.TRANSACTION_STATUS_IDLE

    def _name(self, name: Optional[str] = None) -> str:
        if name is not None:
            return name
        self._names += 1
        return f"adbms_{self._names}"

    def _results(self) -> Results:
        return Results(zone_of(self._settings.get("TimeZone", "")))

    @staticmethod
    def _lost_commit(lost: errors.Error) -> errors.Error:
        """What a commit's failure to answer means; the error itself where that is clear."""
        if lost.retry != "later" and lost.sqlstate != "08003":
            return lost
        return errors.make("08007", "it is not known whether the transaction was committed",
                           detail=str(lost))

    def _check_open(self) -> None:
        if self._closed:
            error = errors.InterfaceError("the connection is closed")
            error.sqlstate = "08003"
            raise error

    def _end_stream(self) -> None:
        if self._streaming is not None:
            raise errors.make("55000", "a stream of this connection is being read",
                              hint="Read it to its end, close() it, or use another connection.")

    def _keyed(self) -> bool:
        return self.idempotent and self._autocommit and not self.in_transaction

    def _fill(self, target: pb.StatementOptions, options: Options, begin: bool) -> None:
        options.fill(target)
        if begin and not self._autocommit and self._transaction == pb.TRANSACTION_STATUS_IDLE:
            target.begin.CopyFrom(self._begin)

    def _request(self, operation: Any, parameters: Optional[Parameters], options: Options,
                 begin: bool = True) -> pb.ExecuteRequest:
        self._end_stream()
        request = pb.ExecuteRequest(session_id=self._session)
        if isinstance(operation, PreparedStatement):
            request.statement = operation.name
            values = operation.query.order(() if parameters is None else parameters)
            request.parameters.extend(value_of(value, declared=False) for value in values)
        elif parameters is None:
            request.sql = operation
        else:
            query = translate(operation)
            request.sql = query.sql
            request.parameters.extend(value_of(value) for value in query.order(parameters))
        self._fill(request.options, options, begin)
        return request

    def _failed(self, error: errors.Error) -> None:
        self._last_use = time.monotonic()
        if error.transaction_status:
            self._transaction = error.transaction_status
        elif error.sqlstate == "08003":
            self._transaction = pb.TRANSACTION_STATUS_IDLE
        elif error.sqlstate == "57014":
            self._unsure = True  # The call was given up here: the server says where that leaves us.

    def _finish(self, results: Results) -> None:
        self._last_use = time.monotonic()
        self._settings.update(results.settings)
        if results.transaction:
            self._transaction = results.transaction

    def _tell(self, notices: Iterable[pb.Notice], *lists: List[Tuple[Any, Any]]) -> None:
        for notice in notices:
            told = errors.Warning(f"{notice.severity}:  {notice.error.message}")
            told.severity = notice.severity  # type: ignore[attr-defined]
            told.sqlstate = notice.error.sqlstate  # type: ignore[attr-defined]
            for one in lists:
                one.append((errors.Warning, told))
