"""PEP 249's exceptions, chosen by SQLSTATE, with everything that the server tells of an error."""
from __future__ import annotations

from typing import Dict, Optional, Type

import grpc

from adbms.gateway.v1 import gateway_pb2 as pb

_TRAILER = "adbms-sql-error-bin"
_RETRIES = {pb.RETRY_TRANSACTION: "transaction", pb.RETRY_LATER: "later"}


class Warning(Exception):  # noqa: A001 - the name is PEP 249's
    """Something the server warned of. Given in ``Cursor.messages``, never raised."""


class Error(Exception):
    """Base of all errors.

    ``sqlstate`` is the five characters of PostgreSQL's appendix A; ``retry`` says whether the same may succeed: None,
    "transaction" (the transaction from its beginning, at once) or "later" (after a pause; nothing has been done).
    """

    sqlstate: Optional[str] = None
    message: str = ""
    detail: str = ""
    hint: str = ""
    position: int = 0
    schema: str = ""
    table: str = ""
    column: str = ""
    constraint: str = ""
    routine: str = ""
    retry: Optional[str] = None
    transaction_status: int = pb.TRANSACTION_STATUS_UNSPECIFIED

    def __str__(self) -> str:
        text = super().__str__()
        if self.detail:
            text += f"\nDETAIL:  {self.detail}"
        if self.hint:
            text += f"\nHINT:  {self.hint}"
        return text


class InterfaceError(Error):
    """The module was used in a way that makes no sense: a closed connection, nothing to fetch."""


class DatabaseError(Error):
    """Base of the server's errors."""


class DataError(DatabaseError):
    """A value that cannot be: out of range, division by zero, not of its type."""


class OperationalError(DatabaseError):
    """Nothing that the program did: no connection, no room, cancelled, a deadlock."""


class IntegrityError(DatabaseError):
    """A constraint does not hold."""


class InternalError(DatabaseError):
    """A state that does not allow it: a failed transaction; or a fault of the server."""


class ProgrammingError(DatabaseError):
    """A statement that cannot be: syntax, no such table, no right to it."""


class NotSupportedError(DatabaseError):
    """What the server does not do."""


class UniqueViolation(IntegrityError):
    """23505"""


class ForeignKeyViolation(IntegrityError):
    """23503"""


class CheckViolation(IntegrityError):
    """23514"""


class NotNullViolation(IntegrityError):
    """23502"""


class SerializationFailure(OperationalError):
    """40001: run the transaction again."""


class DeadlockDetected(OperationalError):
    """40P01: run the transaction again."""


class OutcomeUnknown(OperationalError):
    """40003, 08007: whether it was done is not known."""


class QueryCanceled(OperationalError):
    """57014: cancelled, or out of time."""


class LockNotAvailable(OperationalError):
    """55P03"""


class ConnectionFailure(OperationalError):
    """08006, 08003: the server or the session is not there."""


class UndefinedTable(ProgrammingError):
    """42P01"""


class UndefinedColumn(ProgrammingError):
    """42703"""


class SyntaxError(ProgrammingError):  # noqa: A001 - PostgreSQL's name
    """42601"""


class InsufficientPrivilege(ProgrammingError):
    """42501"""


class InFailedTransaction(InternalError):
    """25P02: roll back first."""


_BY_STATE: Dict[str, Type[Error]] = {
    "23505": UniqueViolation, "23503": ForeignKeyViolation, "23514": CheckViolation,
    "23502": NotNullViolation, "40001": SerializationFailure, "40P01": DeadlockDetected,
    "40003": OutcomeUnknown, "08007": OutcomeUnknown, "57014": QueryCanceled,
    "55P03": LockNotAvailable, "08006": ConnectionFailure, "08003": ConnectionFailure,
    "42P01": UndefinedTable, "42703": UndefinedColumn, "42601": SyntaxError,
    "42501": InsufficientPrivilege, "25P02": InFailedTransaction,
}
_BY_CLASS: Dict[str, Type[Error]] = {
    "07": ProgrammingError, "08": OperationalError, "0A": NotSupportedError, "20": ProgrammingError, "21": ProgrammingError,
    "22": DataError, "23": IntegrityError, "24": InternalError, "25": InternalError,
    "26": OperationalError, "27": OperationalError, "28": OperationalError, "2B": InternalError,
    "2D": InternalError, "2F": InternalError, "34": OperationalError, "38": InternalError,
    "39": InternalError, "3B": InternalError, "3D": ProgrammingError, "3F": ProgrammingError,
    "40": OperationalError, "42": ProgrammingError, "44": ProgrammingError, "53": OperationalError,
    "54": OperationalError, "55": OperationalError, "57": OperationalError, "58": OperationalError,
}
# Of a status without SQL's fields: gRPC's own, or that of a proxy in between.
_BY_CODE = {
    grpc.StatusCode.UNAVAILABLE: "08006", grpc.StatusCode.DEADLINE_EXCEEDED: "57014",
    grpc.StatusCode.CANCELLED: "57014", grpc.StatusCode.UNAUTHENTICATED: "28000",
    grpc.StatusCode.PERMISSION_DENIED: "42501", grpc.StatusCode.RESOURCE_EXHAUSTED: "54000",
    grpc.StatusCode.UNIMPLEMENTED: "0A000",
}


def class_of(sqlstate: str) -> Type[Error]:
    """The exception for a SQLSTATE."""
    return _BY_STATE.get(sqlstate) or _BY_CLASS.get(sqlstate[:2], InternalError)


def make(sqlstate: str, message: str, *, detail: str = "", hint: str = "") -> Error:
    """An error of this module's own."""
    error = class_of(sqlstate)(message)
    error.sqlstate, error.message, error.detail, error.hint = sqlstate, message, detail, hint
    return error


def from_message(told: pb.Error) -> Error:
    """The exception for what the server tells."""
    error = class_of(told.sqlstate)(told.message)
    for name in ("sqlstate", "message", "detail", "hint", "position", "schema", "table", "column",
                 "constraint", "routine", "transaction_status"):
        setattr(error, name, getattr(told, name))
    error.retry = _RETRIES.get(told.retry)
    return error


def from_rpc(call: grpc.RpcError) -> Error:
    """The exception for a call that has failed, of grpc or grpc.aio."""
    for key, value in call.trailing_metadata() or ():  # type: ignore[attr-defined]
        if key == _TRAILER:
            told = pb.Error()
            told.ParseFromString(value)
            return from_message(told)
    code = call.code()  # type: ignore[attr-defined]
    error = make(_BY_CODE.get(code, "XX000"), call.details() or str(code))  # type: ignore[attr-defined]
    if code == grpc.StatusCode.UNAVAILABLE:
        error.retry = "later"
    return error
