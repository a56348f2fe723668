"""Types: PEP 249's constructors and type objects, and what Python's values are to the server."""
from __future__ import annotations

import datetime
import decimal
import enum
import ipaddress
import json
import time as _time
import uuid
from typing import Any, FrozenSet, Iterable, List, Sequence, Tuple

from adbms import errors

# PostgreSQL's oids.
BOOL, BYTEA, INT8, INT2, INT4, TEXT, OID = 16, 17, 20, 21, 23, 25, 26
JSON, FLOAT4, FLOAT8, NUMERIC, JSONB = 114, 700, 701, 1700, 3802
VARCHAR, BPCHAR, NAME, CHAR, UUID = 1043, 1042, 19, 18, 2950
DATE, TIME, TIMETZ, TIMESTAMP, TIMESTAMPTZ, INTERVAL = 1082, 1083, 1266, 1114, 1184, 1186
TID = 27
_ARRAY_OF = {BOOL: 1000, BYTEA: 1001, INT8: 1016, INT2: 1005, INT4: 1007, FLOAT4: 1021,
             FLOAT8: 1022, NUMERIC: 1231, DATE: 1182, TIME: 1183, TIMESTAMP: 1115,
             TIMESTAMPTZ: 1185, INTERVAL: 1187, UUID: 2951, TEXT: 1009}


class TypeObject:
    """Equal to the ``type_code`` of every column of its kind; ``cursor.description[0][1] == NUMBER``."""

    def __init__(self, name: str, oids: Iterable[int]) -> None:
        self.name = name
        self.oids: FrozenSet[int] = frozenset(oids)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, TypeObject):
            return self.oids == other.oids
        return other in self.oids

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self.oids)

    def __repr__(self) -> str:
        return f"adbms.{self.name}"


STRING = TypeObject("STRING", (TEXT, VARCHAR, BPCHAR, NAME, CHAR))
BINARY = TypeObject("BINARY", (BYTEA,))
NUMBER = TypeObject("NUMBER", (INT2, INT4, INT8, FLOAT4, FLOAT8, NUMERIC, OID))
DATETIME = TypeObject("DATETIME", (DATE, TIME, TIMETZ, TIMESTAMP, TIMESTAMPTZ, INTERVAL))
ROWID = TypeObject("ROWID", (OID, TID))

Date = datetime.date
Time = datetime.time
Timestamp = datetime.datetime


def DateFromTicks(ticks: float) -> datetime.date:
    """The local date of a time in seconds since the epoch."""
    return datetime.date(*_time.localtime(ticks)[:3])


def TimeFromTicks(ticks: float) -> datetime.time:
    """The local time of day of a time in seconds since the epoch."""
    return datetime.time(*_time.localtime(ticks)[3:6])


def TimestampFromTicks(ticks: float) -> datetime.datetime:
    """The local date and time of a time in seconds since the epoch."""
    return datetime.datetime(*_time.localtime(ticks)[:6])


class Binary(bytes):
    """bytea; a string is taken as UTF-8."""

    def __new__(cls, value: Any = b"") -> "Binary":
        return super().__new__(cls, value.encode() if isinstance(value, str) else value)


class Json:
    """A value to be sent as JSON, whatever Python type it has: a list, a string, a number."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __repr__(self) -> str:
        return f"Json({self.value!r})"


class Interval(datetime.timedelta):
    """An interval with months, which have no fixed length: 30 days here, as in PostgreSQL's comparisons, but sent back
    as the months that they are."""

    months: int

    def __new__(cls, months: int, days: int = 0, microseconds: int = 0) -> "Interval":
        made = super().__new__(cls, days=months * 30 + days, microseconds=microseconds)
        made.months = months
        made._rest = (days, microseconds)  # type: ignore[attr-defined]
        return made

    def __reduce__(self) -> Tuple[Any, ...]:
        return Interval, (self.months, *self._rest)  # type: ignore[attr-defined]

    def __repr__(self) -> str:
        days, microseconds = self._rest  # type: ignore[attr-defined]
        return f"Interval(months={self.months}, days={days}, microseconds={microseconds})"


def interval_text(value: datetime.timedelta) -> str:
    """An interval in a form that reads the same under every setting."""
    if isinstance(value, Interval):
        days, microseconds = value._rest  # type: ignore[attr-defined]
        return f"{value.months} mons {days} days {microseconds} microseconds"
    microseconds = value.seconds * 1_000_000 + value.microseconds
    return f"{value.days} days {microseconds} microseconds"


def array_text(values: Sequence[Any]) -> str:
    """PostgreSQL's text form of an array."""
    parts = []
    for value in values:
        if value is None:
            parts.append("NULL")
        elif isinstance(value, (list,)):
            parts.append(array_text(value))
        else:
            text = text_of(value).replace("\\", "\\\\").replace('"', '\\"')
            parts.append(f'"{text}"')
    return "{" + ",".join(parts) + "}"


def _first(values: Iterable[Any]) -> Any:
    for value in values:
        if isinstance(value, list):
            value = _first(value)
        if value is not None:
            return value
    return None


def _leaves(values: Iterable[Any]) -> Iterable[Any]:
    for value in values:
        if isinstance(value, list):
            yield from _leaves(value)
        elif value is not None:
            yield value


def text_of(value: Any) -> str:
    """The text that the server reads the value from. Errors: ProgrammingError for what it has no type for."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, enum.Enum):
        return text_of(value.value)
    if isinstance(value, (int, decimal.Decimal)):
        return str(value)
    if isinstance(value, float):
        return repr(value) if value == value and abs(value) != float("inf") else _special(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return "\\x" + bytes(value).hex()
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return interval_text(value)
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, Json):
        return json.dumps(value.value)
    if isinstance(value, dict):
        return json.dumps(value)
    if isinstance(value, list):
        return array_text(value)
    if isinstance(value, (ipaddress.IPv4Address, ipaddress.IPv6Address, ipaddress.IPv4Interface,
                          ipaddress.IPv6Interface, ipaddress.IPv4Network, ipaddress.IPv6Network)):
        return str(value)
    hint = "For IN, write = ANY(%s) and give a list." if isinstance(value, tuple) else ""
    raise errors.make("42804", f"a value of type {type(value).__name__} has no SQL type", hint=hint)


def _special(value: float) -> str:
    if value != value:
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def oid_of(value: Any) -> int:
    """The type that a parameter is declared to have; 0: what the statement makes of it."""
    if isinstance(value, bool):
        return BOOL
    if isinstance(value, enum.Enum):
        return oid_of(value.value)
    if isinstance(value, int):
        if -2**31 <= value < 2**31:
            return INT4
        return INT8 if -2**63 <= value < 2**63 else NUMERIC
    if isinstance(value, float):
        return FLOAT8
    if isinstance(value, decimal.Decimal):
        return NUMERIC
    if isinstance(value, (bytes, bytearray, memoryview)):
        return BYTEA
    if isinstance(value, datetime.datetime):
        return TIMESTAMP if value.tzinfo is None else TIMESTAMPTZ
    if isinstance(value, datetime.date):
        return DATE
    if isinstance(value, datetime.time):
        return TIME if value.tzinfo is None else TIMETZ
    if isinstance(value, datetime.timedelta):
        return INTERVAL
    if isinstance(value, uuid.UUID):
        return UUID
    if isinstance(value, list):
        return _ARRAY_OF.get(common_oid(list(_leaves(value))), 0)
    return 0


def common_oid(values: Sequence[Any]) -> int:
    """The type that all the values have; 0 where they differ in kind."""
    common = 0
    for value in values:
        if value is None:
            continue
        oid = oid_of(value)
        if common in (0, oid):
            if common == 0 and oid == 0:
                return 0
            common = oid
        elif {common, oid} <= {INT4, INT8, NUMERIC}:
            common = max(common, oid, key=(INT4, INT8, NUMERIC).index)
        else:
            return 0
    return common


def parse_array(text: str, read: Any) -> List[Any]:
    """A list, of lists where it has several dimensions; ``read`` makes an element of its text."""
    position = 0
    if text.startswith("["):  # Bounds that do not begin at 1.
        position = text.index("=") + 1
    result, end = _parse_array(text, position, read)
    if end != len(text):
        raise errors.make("22P02", f"malformed array from the server: {text!r}")
    return result


def _parse_array(text: str, at: int, read: Any) -> Tuple[List[Any], int]:
    result: List[Any] = []
    at += 1
    while text[at] != "}":
        if text[at] == ",":
            at += 1
        if text[at] == "{":
            inner, at = _parse_array(text, at, read)
            result.append(inner)
        elif text[at] == '"':
            start = at = at + 1
            plain = True
            while text[at] != '"':
                if text[at] == "\\":
                    plain = False
                    at += 1
                at += 1
            element = text[start:at]
            if not plain:
                element = _unescape(element)
            result.append(read(element))
            at += 1
        else:
            start = at
            while text[at] not in ",}":
                at += 1
            element = text[start:at]
            result.append(None if element == "NULL" else read(element))
    return result, at + 1


def _unescape(text: str) -> str:
    out = []
    characters = iter(text)
    for character in characters:
        out.append(next(characters) if character == "\\" else character)
    return "".join(out)


def reader_of(oid: int) -> Any:
    """What makes a Python value of an array's element in text form."""
    return _READERS.get(oid, str)


def _read_time_zone(text: str) -> datetime.datetime:
    # "2024-01-01 00:00:00+00", which fromisoformat reads from Python 3.11 on.
    sign = max(text.rfind("+"), text.rfind("-"))
    if text[sign:].count(":") == 0:
        text += ":00"
    return datetime.datetime.fromisoformat(text)


_READERS = {
    BOOL: lambda text: text == "t", INT2: int, INT4: int, INT8: int, OID: int, FLOAT4: float,
    FLOAT8: float, NUMERIC: decimal.Decimal, UUID: uuid.UUID, JSON: json.loads, JSONB: json.loads,
    BYTEA: lambda text: bytes.fromhex(text[2:]), DATE: datetime.date.fromisoformat,
    TIME: datetime.time.fromisoformat, TIMESTAMP: datetime.datetime.fromisoformat,
    TIMESTAMPTZ: _read_time_zone,
}
