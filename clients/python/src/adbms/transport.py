"""Channels to the gateway: credentials, TLS, retries of what may be sent twice, hooks for tracing."""
from __future__ import annotations

import base64
import dataclasses
import functools
import random
import threading
import time
from typing import Any, Callable, Iterable, List, Optional, Tuple

import grpc

from adbms import errors
from adbms.gateway.v1 import gateway_pb2 as pb

_SERVICE = "/adbms.gateway.v1.GatewayService/"
# What a call takes and gives, and whether it may be sent twice as it is.
METHODS = {
    "OpenSession": ("unary_unary", pb.OpenSessionRequest, pb.OpenSessionResponse, True),
    "CloseSession": ("unary_unary", pb.CloseSessionRequest, pb.CloseSessionResponse, False),
    "KeepAlive": ("unary_unary", pb.KeepAliveRequest, pb.KeepAliveResponse, True),
    "Prepare": ("unary_unary", pb.PrepareRequest, pb.PrepareResponse, False),
    "Describe": ("unary_unary", pb.DescribeRequest, pb.DescribeResponse, True),
    "ClosePrepared": ("unary_unary", pb.ClosePreparedRequest, pb.ClosePreparedResponse, True),
    "Execute": ("unary_stream", pb.ExecuteRequest, pb.ExecuteResponse, False),
    "Fetch": ("unary_stream", pb.FetchRequest, pb.ExecuteResponse, False),
    "ClosePortal": ("unary_unary", pb.ClosePortalRequest, pb.ClosePortalResponse, True),
    "ExecuteBatch": ("unary_unary", pb.ExecuteBatchRequest, pb.ExecuteBatchResponse, False),
    "BulkInsert": ("stream_unary", pb.BulkInsertRequest, pb.BulkInsertResponse, False),
    "Begin": ("unary_unary", pb.BeginRequest, pb.BeginResponse, False),
    "Commit": ("unary_unary", pb.CommitRequest, pb.CommitResponse, False),
    "Rollback": ("unary_unary", pb.RollbackRequest, pb.RollbackResponse, True),
    "Cancel": ("unary_unary", pb.CancelRequest, pb.CancelResponse, True),
    "GetStatus": ("unary_unary", pb.GetStatusRequest, pb.GetStatusResponse, True),
}


@dataclasses.dataclass(frozen=True)
class Tls:
    """What is trusted, and who this is; PEM. No roots: the system's."""

    root_certificates: Optional[bytes] = None
    private_key: Optional[bytes] = None
    certificate_chain: Optional[bytes] = None
    server_name: Optional[str] = None  # As the certificate has it, if not the address's.


@dataclasses.dataclass(frozen=True)
class Retry:
    """How often, and after what pause in seconds, a call is sent again that may be sent twice."""

    attempts: int = 4
    first_pause: float = 0.05
    longest_pause: float = 1.0

    def pause(self, attempt: int) -> float:
        return min(self.longest_pause, self.first_pause * 2**attempt) * random.uniform(0.5, 1.0)


@dataclasses.dataclass
class CallEvent:
    """A call, for tracing: told once when it begins and once when it ends, when the last three are set."""

    method: str
    sql: Optional[str] = None
    session_id: str = ""
    ended: bool = False
    seconds: float = 0.0
    error: Optional[errors.Error] = None


Trace = Callable[[CallEvent], None]
# Metadata for each call: `lambda: [("traceparent", current_span())]`.
Metadata = Callable[[], Iterable[Tuple[str, str]]]


@dataclasses.dataclass(frozen=True)
class Target:
    """Where, as whom, and how."""

    address: str
    user: str
    password: str = dataclasses.field(repr=False)
    tls: Optional[Tls] = None
    channels: int = 1
    retry: Retry = Retry()
    trace: Optional[Trace] = None
    metadata: Optional[Metadata] = None
    token: Optional[str] = dataclasses.field(default=None, repr=False)

    def options(self, number: int) -> List[Tuple[str, Any]]:
        made: List[Tuple[str, Any]] = [
            ("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1),
            ("grpc.use_local_subchannel_pool", 1), ("grpc.keepalive_time_ms", 60000),
            ("grpc.initial_reconnect_backoff_ms", 50),
            # What an attempt has, of which a handshake takes more.
            ("grpc.min_reconnect_backoff_ms", 50 if self.tls is None else 2000),
            ("grpc.max_reconnect_backoff_ms", 1000), ("adbms.channel", number)]
        if self.tls is not None and self.tls.server_name:
            made.append(("grpc.ssl_target_name_override", self.tls.server_name))
        return made

    def credentials(self) -> Optional[grpc.ChannelCredentials]:
        if self.tls is None:
            return None
        return grpc.ssl_channel_credentials(self.tls.root_certificates, self.tls.private_key,
                                            self.tls.certificate_chain)

    @functools.cached_property
    def authorization(self) -> Tuple[str, str]:
        if self.token:
            return "authorization", f"Bearer {self.token}"
        basic = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        return "authorization", f"Basic {basic}"

    def headers(self) -> List[Tuple[str, str]]:
        made = [self.authorization]
        if self.metadata is not None:
            made.extend(self.metadata())
        return made

    def retryable(self, error: errors.Error, attempt: int) -> bool:
        return error.retry == "later" and attempt + 1 < self.retry.attempts

    def begin(self, method: str, sql: Optional[str], session_id: str) -> CallEvent:
        event = CallEvent(method, sql, session_id)
        if self.trace is not None:
            self.trace(event)
        event.seconds = time.monotonic()
        return event

    def end(self, event: CallEvent, error: Optional[errors.Error] = None) -> None:
        event.seconds = time.monotonic() - event.seconds
        event.error = error
        event.ended = True
        if self.trace is not None:
            self.trace(event)


def bind(channel: Any) -> Any:
    """The methods on a channel of grpc or grpc.aio, by their names."""
    class Stub:
        pass
    for name, (kind, request, response, _) in METHODS.items():
        setattr(Stub, name, getattr(channel, kind)(
            _SERVICE + name, request_serializer=request.SerializeToString,
            response_deserializer=response.FromString))
    return Stub


class ChannelPool:
    """Channels that connections share, so that one TCP connection is not the limit of them all. Thread-safe."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self._lock = threading.Lock()
        self._channels: List[grpc.Channel] = []
        self._stubs: List[Any] = []
        self._next = 0

    def stub(self) -> Any:
        with self._lock:
            if len(self._stubs) < max(1, self.target.channels):
                self._open()
                return self._stubs[-1]
            self._next = (self._next + 1) % len(self._stubs)
            return self._stubs[self._next]

    def _open(self) -> None:
        # Streams are read on the thread that asks for rows: no hand-over between threads.
        options = self.target.options(len(self._channels)) + [("SingleThreadedUnaryStream", 1)]
        credentials = self.target.credentials()
        if credentials is None:
            channel = grpc.insecure_channel(self.target.address, options)
        else:
            channel = grpc.secure_channel(self.target.address, credentials, options)
        self._channels.append(channel)
        self._stubs.append(bind(channel))

    def close(self) -> None:
        with self._lock:
            for channel in self._channels:
                channel.close()
            self._channels.clear()
            self._stubs.clear()

    def pause(self, attempt: int) -> None:
        """Before a call is sent again."""
        time.sleep(self.target.retry.pause(attempt))

    def call(self, stub: Any, method: str, request: Any, *, again: Optional[bool] = None,
             sql: Optional[str] = None, timeout: Optional[float] = None) -> Any:
        """A unary call; ``again``: it may be sent twice. Errors: Error."""
        if again is None:
            again = METHODS[method][3]
        event = self.target.begin(method, sql, getattr(request, "session_id", ""))
        attempt = 0
        while True:
            try:
                response = getattr(stub, method)(request() if callable(request) else request,
                                                 timeout=timeout, metadata=self.target.headers())
                self.target.end(event)
                return response
            except grpc.RpcError as failed:
                error = errors.from_rpc(failed)
                if not again or not self.target.retryable(error, attempt):
                    self.target.end(event, error)
                    raise error from None
            self.pause(attempt)
            attempt += 1
