"""Pages of rows in column order, as gateway.proto documents them, from and to Python's values."""
from __future__ import annotations

import datetime
import decimal
import itertools
import json
import struct
import sys
import uuid
from array import array
from typing import Any, Callable, Iterable, Iterator, List, Optional, Sequence, Tuple

from adbms import errors, types
from adbms.gateway.v1 import gateway_pb2 as pb

Row = Tuple[Any, ...]

_EPOCH_DAYS = datetime.date(2000, 1, 1).toordinal()
_EPOCH = datetime.datetime(2000, 1, 1)
_EPOCH_UTC = datetime.datetime(2000, 1, 1, tzinfo=datetime.timezone.utc)
_LITTLE = sys.byteorder == "little"

# By encoding: the code of struct, array and memoryview.
_CODES = {pb.ENCODING_BOOL: "?", pb.ENCODING_INT16: "h", pb.ENCODING_INT32: "i",
          pb.ENCODING_INT64: "q", pb.ENCODING_FLOAT32: "f", pb.ENCODING_FLOAT64: "d",
          pb.ENCODING_DATE: "i", pb.ENCODING_TIME: "q", pb.ENCODING_TIMESTAMP: "q",
          pb.ENCODING_TIMESTAMPTZ: "q"}


def _numbers(code: str, data: bytes) -> List[Any]:
    if _LITTLE:
        return memoryview(data).cast(code).tolist()
    return list(struct.unpack(f"<{len(data) // struct.calcsize(code)}{code}", data))


def _date(days: int) -> datetime.date:
    try:
        return datetime.date.fromordinal(days + _EPOCH_DAYS)
    except (ValueError, OverflowError):
        raise _beyond("date") from None


def _time(microseconds: int) -> datetime.time:
    seconds, rest = divmod(microseconds, 1_000_000)
    if seconds >= 86400:
        raise _beyond("time")
    return datetime.time(seconds // 3600, seconds // 60 % 60, seconds % 60, rest)


def _timestamp(microseconds: int) -> datetime.datetime:
    try:
        return _EPOCH + datetime.timedelta(microseconds=microseconds)
    except OverflowError:
        raise _beyond("timestamp") from None


def _timestamptz(zone: Optional[datetime.tzinfo]) -> Callable[[int], datetime.datetime]:
    def make(microseconds: int) -> datetime.datetime:
        try:
            moment = _EPOCH_UTC + datetime.timedelta(microseconds=microseconds)
            return moment if zone is None else moment.astimezone(zone)
        except (OverflowError, ValueError):
            raise _beyond("timestamp with time zone") from None
    return make


def _beyond(what: str) -> errors.Error:
    return errors.make("22008", f"a {what} that Python's datetime does not have",
                       hint="Cast it to text: infinity, years before 1 and after 9999, 24:00:00.")


def _guarded(read: Callable[[str], Any]) -> Callable[[str], Any]:
    def make(text: str) -> Any:
        try:
            return read(text)
        except ValueError:
            raise errors.make("22008", f"a value that Python's type does not have: {text!r}",
                              hint="Cast it to text.") from None
    return make


def _text_reader(column: pb.Column) -> Optional[Callable[[str], Any]]:
    """What makes a value of the column's text; None: the text is the value."""
    if column.element_oid:
        element = _guarded(types.reader_of(column.element_oid))
        return lambda text: types.parse_array(text, element)
    if column.type_oid == types.NUMERIC:
        return decimal.Decimal
    if column.type_oid in (types.JSON, types.JSONB):
        return json.loads
    return None


class Decoder:
    """Makes rows of a result's pages."""

    def __init__(self, columns: Sequence[pb.Column], zone: Optional[datetime.tzinfo] = None) -> None:
        self._columns = list(columns)
        self._zone = zone

    def _fixed(self, part: pb.PageColumn) -> List[Any]:
        encoding = part.encoding
        if encoding == pb.ENCODING_INTERVAL:
            return [types.Interval(months, days, microseconds) if months else
                    datetime.timedelta(days=days, microseconds=microseconds)
                    for microseconds, days, months in struct.iter_unpack("<qii", part.values)]
        if encoding == pb.ENCODING_UUID:
            data = part.values
            return [uuid.UUID(bytes=data[at:at + 16]) for at in range(0, len(data), 16)]
        return _numbers(_CODES[encoding], part.values)

    def _converter(self, encoding: int) -> Optional[Callable[[Any], Any]]:
        if encoding == pb.ENCODING_DATE:
            return _date
        if encoding == pb.ENCODING_TIME:
            return _time
        if encoding == pb.ENCODING_TIMESTAMP:
            return _timestamp
        if encoding == pb.ENCODING_TIMESTAMPTZ:
            return _timestamptz(self._zone)
        return None

    def column(self, number: int, part: pb.PageColumn, rows: int) -> List[Any]:
        """The column's values in a page."""
        convert: Optional[Callable[[Any], Any]]
        if part.encoding in (pb.ENCODING_TEXT, pb.ENCODING_BYTES):
            offsets = _numbers("I", part.offsets)
            data: Any = part.values
            if part.encoding == pb.ENCODING_TEXT:
                if data.isascii():
                    data = data.decode("ascii")  # Characters are where bytes are.
                    values = [data[a:b] for a, b in zip(offsets, itertools.islice(offsets, 1, None))]
                else:
                    values = [data[a:b].decode() for a, b in
                              zip(offsets, itertools.islice(offsets, 1, None))]
                convert = _text_reader(self._columns[number])
            else:
                values = [data[a:b] for a, b in zip(offsets, itertools.islice(offsets, 1, None))]
                convert = None
        elif part.encoding in _CODES or part.encoding in (pb.ENCODING_INTERVAL, pb.ENCODING_UUID):
            values = self._fixed(part)
            convert = self._converter(part.encoding)
        else:
            raise errors.make("0A000", f"an encoding that this client does not know: {part.encoding}",
                              hint="Use a newer client.")
        nulls = part.nulls
        if not nulls:
            return values if convert is None else list(map(convert, values))
        bits = int.from_bytes(nulls, "little")
        if convert is None:
            for row in range(rows):
                if bits >> row & 1:
                    values[row] = None
            return values
        flags = [(nulls[row >> 3] >> (row & 7)) & 1 for row in range(rows)]
        return [None if null else convert(value) for null, value in zip(flags, values)]

    def rows(self, page: pb.Page) -> List[Row]:
        """The page's rows."""
        if not page.columns:
            return [()] * page.row_count
        return list(zip(*(self.column(number, part, page.row_count)
                          for number, part in enumerate(page.columns))))


def _nulls(values: Sequence[Any]) -> bytes:
    if None not in values:
        return b""
    made = bytearray((len(values) + 7) // 8)
    for row, value in enumerate(values):
        if value is None:
            made[row >> 3] |= 1 << (row & 7)
    return bytes(made)


def _array(code: str, values: Iterable[Any]) -> bytes:
    made = array(code, values)
    if not _LITTLE:
        made.byteswap()
    return made.tobytes()


def _pieces(encoding: int, pieces: Sequence[bytes]) -> pb.PageColumn:
    offsets = [0, *itertools.accumulate(map(len, pieces))]
    return pb.PageColumn(encoding=encoding, values=b"".join(pieces), offsets=_array("I", offsets))


def encode_column(values: Sequence[Any]) -> pb.PageColumn:
    """A column of Python's values in the encoding that suits all of them; as text where none does."""
    kinds = {type(value) for value in values}
    kinds.discard(type(None))
    part = None
    if kinds == {int}:
        present = [value for value in values if value is not None]
        if min(present) >= -2**63 and max(present) < 2**63:
            part = pb.PageColumn(encoding=pb.ENCODING_INT64,
                                 values=_array("q", (value or 0 for value in values)))
    elif kinds == {float}:
        part = pb.PageColumn(encoding=pb.ENCODING_FLOAT64,
                             values=_array("d", (0.0 if value is None else value for value in values)))
    elif kinds == {bool}:
        part = pb.PageColumn(encoding=pb.ENCODING_BOOL, values=bytes(bool(value) for value in values))
    elif kinds == {datetime.date}:
        part = pb.PageColumn(encoding=pb.ENCODING_DATE, values=_array(
            "i", (0 if value is None else value.toordinal() - _EPOCH_DAYS for value in values)))
    elif kinds and kinds <= {bytes, types.Binary, bytearray, memoryview}:
        part = _pieces(pb.ENCODING_BYTES, [b"" if value is None else bytes(value) for value in values])
    if part is None:
        part = _pieces(pb.ENCODING_TEXT, [
            b"" if value is None else
            value.encode() if type(value) is str else types.text_of(value).encode()
            for value in values])
    part.nulls = _nulls(values)
    return part


def encode_rows(rows: Sequence[Sequence[Any]]) -> pb.Page:
    """A page of rows, all of the same length. Errors: ProgrammingError where they are not."""
    page = pb.Page(row_count=len(rows))
    if not rows:
        return page
    width = len(rows[0])
    if any(len(row) != width for row in rows):
        raise errors.make("07001", "rows of different lengths")
    page.columns.extend(encode_column(column) for column in zip(*rows))
    return page


def pages_of(rows: Iterable[Sequence[Any]], size: int) -> Iterator[pb.Page]:
    """Pages of ``size`` rows."""
    iterator = iter(rows)
    while True:
        taken = list(itertools.islice(iterator, size))
        if not taken:
            return
        yield encode_rows(taken)


