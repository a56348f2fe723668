"""ADBMS over gRPC: a DB-API 2.0 module (PEP 249); ``adbms.aio`` is the same for asyncio.

    with adbms.connect("127.0.0.1:7433", "adbms", "secret") as connection:
        with connection.cursor() as cursor:
            cursor.execute("SELECT city, weight FROM parcels WHERE id = %s", [42])
            print(cursor.fetchone())
"""
from adbms.connection import Connection, Prepared, connect
from adbms.cursor import Cursor
from adbms.errors import (CheckViolation, ConnectionFailure, DatabaseError, DataError,
                          DeadlockDetected, Error, ForeignKeyViolation, InFailedTransaction,
                          InsufficientPrivilege, IntegrityError, InterfaceError, InternalError,
                          LockNotAvailable, NotNullViolation, NotSupportedError, OperationalError,
                          OutcomeUnknown, ProgrammingError, QueryCanceled, SerializationFailure,
                          SyntaxError, UndefinedColumn, UndefinedTable, UniqueViolation, Warning)
from adbms.pool import Pool
from adbms.transport import CallEvent, ChannelPool, Retry, Target, Tls
from adbms.types import (BINARY, DATETIME, NUMBER, ROWID, STRING, Binary, Date, DateFromTicks,
                         Interval, Json, Time, TimeFromTicks, Timestamp, TimestampFromTicks)
from adbms.xid import Xid

apilevel = "2.0"
threadsafety = 2  # Threads may share the module and connections.
paramstyle = "pyformat"

__version__ = "1.0.0"

__all__ = [
    "BINARY", "Binary", "CallEvent", "ChannelPool", "CheckViolation", "Connection",
    "ConnectionFailure", "Cursor", "DATETIME", "DataError", "DatabaseError", "Date",
    "DateFromTicks", "DeadlockDetected", "Error", "ForeignKeyViolation", "InFailedTransaction",
    "InsufficientPrivilege", "IntegrityError", "InterfaceError", "InternalError", "Interval",
    "Json", "LockNotAvailable", "NUMBER", "NotNullViolation", "NotSupportedError",
    "OperationalError", "OutcomeUnknown", "Pool", "Prepared", "ProgrammingError", "QueryCanceled",
    "ROWID", "Retry", "STRING", "SerializationFailure", "SyntaxError", "Target", "Time",
    "TimeFromTicks", "Timestamp", "TimestampFromTicks", "Tls", "UndefinedColumn",
    "UndefinedTable", "UniqueViolation", "Warning", "Xid", "apilevel", "connect", "paramstyle",
    "threadsafety",
]
