"""Requests from what a program gives, and results from what comes back; no input or output here."""
from __future__ import annotations

import dataclasses
import datetime
import re
import time
import uuid
import zoneinfo
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, Union

from adbms import errors, pages, types
from adbms.gateway.v1 import gateway_pb2 as pb

Parameters = Union[Sequence[Any], Mapping[str, Any]]

_PLACE = re.compile(r"%(?:%|s|\((\w+)\)s|.?)", re.DOTALL)
ISOLATION = {
    None: pb.ISOLATION_UNSPECIFIED,
    "read committed": pb.ISOLATION_READ_COMMITTED,
    "repeatable read": pb.ISOLATION_REPEATABLE_READ,
    "serializable": pb.ISOLATION_SERIALIZABLE,
}


@dataclasses.dataclass(frozen=True)
class Query:
    """SQL with $1, $2, …, and which of a program's values go there."""

    sql: str
    names: Tuple[Optional[str], ...]  # By $n: the name, or None for the next of a sequence.

    def order(self, parameters: Parameters) -> List[Any]:
        """The values in the order of $n. Errors: ProgrammingError for too many or too few."""
        if self.names and self.names[0] is not None:
            if not isinstance(parameters, Mapping):
                raise errors.make("42601", "%(name)s wants a mapping of parameters")
            try:
                return [parameters[name] for name in self.names]  # type: ignore[index]
            except KeyError as missing:
                raise errors.make("07001", f"there is no parameter {missing}") from None
        if isinstance(parameters, (str, bytes)) or (isinstance(parameters, Mapping) and self.names):
            raise errors.make("42601", "%s wants a sequence of parameters")
        if isinstance(parameters, Mapping):
            return []
        if len(parameters) != len(self.names):
            raise errors.make("07001", f"the statement has {len(self.names)} parameters, "
                                       f"{len(parameters)} are given")
        return list(parameters)


def translate(operation: str) -> Query:
    """Of paramstyle pyformat: %s or %(name)s, and %% for a percent sign."""
    names: List[Optional[str]] = []
    numbers: Dict[str, int] = {}

    def place(match: "re.Match[str]") -> str:
        text = match.group(0)
        if text == "%%":
            return "%"
        name = match.group(1)
        if name is None and text != "%s":
            raise errors.make("42601", f"unsupported placeholder {text!r}",
                              hint="Write %s, %(name)s, or %% for a percent sign.")
        if name is not None and name in numbers:
            return f"${numbers[name]}"
        if names and (names[0] is None) != (name is None):
            raise errors.make("42601", "%s and %(name)s do not go together")
        names.append(name)
        if name is not None:
            numbers[name] = len(names)
        return f"${len(names)}"

    return Query(_PLACE.sub(place, operation), tuple(names))


def value_of(value: Any, declared: bool = True) -> pb.Value:
    """A parameter."""
    if value is None:
        return pb.Value()
    oid = types.oid_of(value) if declared else 0
    if isinstance(value, bool):
        return pb.Value(bool_value=value, type_oid=oid)
    if type(value) is int and -2**63 <= value < 2**63:
        return pb.Value(int_value=value, type_oid=oid)
    if type(value) is float:
        return pb.Value(float_value=value, type_oid=oid)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return pb.Value(bytes_value=bytes(value), type_oid=oid)
    return pb.Value(text_value=types.text_of(value), type_oid=oid)


@dataclasses.dataclass
class Options:
    """What may go with a statement."""

    timeout: Optional[float] = None  # Seconds.
    settings: Optional[Mapping[str, str]] = None

    def fill(self, options: pb.StatementOptions) -> None:
        if self.timeout is not None:
            options.timeout_ms = max(1, int(self.timeout * 1000))
        for name, value in (self.settings or {}).items():
            options.settings[name] = value


def transaction_options(isolation: Optional[str], read_only: Optional[bool],
                        deferrable: bool = False) -> pb.TransactionOptions:
    """Errors: ProgrammingError for a level that is none."""
    if isolation is not None:
        isolation = isolation.lower().replace("_", " ")
    if isolation not in ISOLATION:
        raise errors.make("22023", f"unknown isolation level {isolation!r}")
    made = pb.TransactionOptions(isolation=ISOLATION[isolation], deferrable=deferrable)
    if read_only is not None:
        made.read_only = read_only
    return made


class Key:
    """An idempotency key, which tells its age whenever it is sent again."""

    def __init__(self, instance: str) -> None:
        self._key = str(uuid.uuid4())
        self._instance = instance
        self._first: Optional[float] = None

    def fill(self, idempotency: pb.Idempotency) -> None:
        now = time.monotonic()
        if self._first is None:
            self._first = now
        idempotency.key = self._key
        idempotency.instance = self._instance
        # Rounded up: it must not look younger than it is.
        idempotency.age_ms = 0 if self._first == now else int((now - self._first) * 1000) + 1


def zone_of(name: str) -> Optional[datetime.tzinfo]:
    """The session's time zone, as far as Python knows it; None: UTC."""
    try:
        return None if name in ("UTC", "Etc/UTC", "GMT") else zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return None


def describe(column: pb.Column) -> Tuple[Any, ...]:
    """PEP 249's seven things."""
    precision = scale = size = None
    modifier = column.type_modifier
    if column.type_oid == types.NUMERIC and modifier >= 4:
        precision = (modifier - 4) >> 16 & 0xffff
        scale = (modifier - 4) & 0x7ff
    elif column.type_oid in (types.VARCHAR, types.BPCHAR) and modifier >= 4:
        size = modifier - 4
    elif column.type_oid in _SIZES:
        size = _SIZES[column.type_oid]
    return column.name, column.type_oid, None, size, precision, scale, None


_SIZES = {types.BOOL: 1, types.INT2: 2, types.INT4: 4, types.INT8: 8, types.OID: 4,
          types.FLOAT4: 4, types.FLOAT8: 8, types.DATE: 4, types.TIME: 8, types.TIMESTAMP: 8,
          types.TIMESTAMPTZ: 8, types.INTERVAL: 16, types.UUID: 16}


class Result:
    """What one statement has answered."""

    def __init__(self) -> None:
        self.columns: Optional[List[pb.Column]] = None
        self.rows: List[pages.Row] = []
        self.tag = ""
        self.count = -1
        self.suspended = False
        self.decoder: Optional[pages.Decoder] = None

    @property
    def description(self) -> Optional[List[Tuple[Any, ...]]]:
        return None if self.columns is None else [describe(column) for column in self.columns]


class Results:
    """Gathers a call's messages."""

    def __init__(self, zone: Optional[datetime.tzinfo]) -> None:
        self.done: List[Result] = []
        self.current: Optional[Result] = None
        self.notices: List[pb.Notice] = []
        self.settings: Dict[str, str] = {}
        self.transaction = pb.TRANSACTION_STATUS_UNSPECIFIED
        self._zone = zone

    def begin(self, columns: Sequence[pb.Column]) -> None:
        """Rows of these columns come."""
        self.current = Result()
        self.current.columns = list(columns)
        self.current.decoder = pages.Decoder(columns, self._zone)

    def add(self, message: pb.ExecuteResponse) -> List[pages.Row]:
        """Returns the message's rows, which are not kept here."""
        self.notices.extend(message.notices)
        self.settings.update(message.settings)
        if message.HasField("header"):
            self.begin(message.header.columns)
        rows: List[pages.Row] = []
        if message.HasField("page"):
            if self.current is None or self.current.decoder is None:
                raise errors.make("08P01", "rows without a header")
            rows = self.current.decoder.rows(message.page)
        return rows

    def end(self, message: pb.ExecuteResponse) -> None:
        """After the message's rows have been taken."""
        if not message.HasField("completion"):
            return
        result = self.current or Result()
        self.current = None
        completion = message.completion
        result.tag = completion.command_tag
        result.suspended = completion.suspended
        if completion.HasField("rows"):
            result.count = completion.rows
        self.transaction = completion.transaction_status
        self.done.append(result)
