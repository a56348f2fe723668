"""A pool of connections on shared channels."""
from __future__ import annotations

import contextlib
import threading
import time
from typing import Any, Iterator, List, Optional

from adbms import errors
from adbms.connection import Connection
from adbms.transport import ChannelPool, Target


class Pool:
    """Hands out connections and takes them back; at most ``size`` are open. Thread-safe.

    ``channels``: TCP connections that they share. Further options are those of ``connect``.
    """

    def __init__(self, address: str, user: str = "", password: str = "", *,
                 token: Optional[str] = None, size: int = 10,
                 channels: Optional[int] = None, tls: Any = None, retry: Any = None,
                 trace: Any = None, metadata: Any = None, **options: Any) -> None:
        more = {} if retry is None else {"retry": retry}
        self._channels = ChannelPool(Target(
            address, user, password, token=token, tls=tls, trace=trace, metadata=metadata,
            channels=channels or max(1, min(4, size // 4)), **more))
        self._options = options
        self._size = size
        self._free: List[Connection] = []
        self._open = 0
        self._closed = False
        self._changed = threading.Condition()

    def acquire(self, timeout: Optional[float] = None) -> Connection:
        """A connection, to be given back with ``release``. Errors: OperationalError when none is free in time."""
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._changed:
            while True:
                if self._closed:
                    raise errors.InterfaceError("the pool is closed")
                if self._free:
                    return self._free.pop()
                if self._open < self._size:
                    self._open += 1
                    break
                left = None if deadline is None else deadline - time.monotonic()
                if (left is not None and left <= 0) or not self._changed.wait(left):
                    raise errors.make("53300", f"none of {self._size} connections is free")
        try:
            return Connection(self._channels, **self._options)
        except BaseException:
            with self._changed:
                self._open -= 1
                self._changed.notify()
            raise

    def release(self, connection: Connection) -> None:
        """Takes it back; what it has left open is rolled back."""
        try:
            if not connection.closed:
                connection.rollback()
        except errors.Error:
            connection.close()
        with self._changed:
            if self._closed or connection.closed:
                self._open -= 1
            else:
                self._free.append(connection)
            self._changed.notify()
            closed = self._closed
        if closed and not connection.closed:
            connection.close()

    @contextlib.contextmanager
    def connection(self, timeout: Optional[float] = None) -> Iterator[Connection]:
        """``with pool.connection() as connection:`` commits at the end, or rolls back after an exception."""
        connection = self.acquire(timeout)
        try:
            yield connection
            if not connection.closed:
                connection.commit()
        finally:
            self.release(connection)

    def close(self) -> None:
        """Closes all connections; those that are out when they come back."""
        with self._changed:
            self._closed = True
            free, self._free = self._free, []
            self._open -= len(free)
            self._changed.notify_all()
        for connection in free:
            connection.close()
        self._channels.close()

    def __enter__(self) -> "Pool":
        return self

    def __exit__(self, *unused: Any) -> None:
        self.close()
