"""Whether a Parquet table is no larger than it may be: told from its headers.

A few bytes of Parquet may stand for billions of rows, or for one text again and again, and pyarrow
gives them the memory. Rows, columns, the pages' own sizes and the length of texts are looked at
before a table is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    pass

# Far above any table here: a row an image, and a column a fact or a feature.
MOST_COLUMNS = 10_000
MOST_CELLS = 20_000_000
# Bytes of a table, unpacked, and of one text in it.
MOST_TABLE = 300 * 2**20
MOST_TEXT = 2**20
# Names of columns and the like.
_MOST_NAMES = 2**26


def check_table(data: bytes) -> None:
    """Refuse a table that would take more memory than one is given.

    Parameters
    ----------
    data : bytes
        A Parquet file.

    Raises
    ------
    ValueError
        If it holds more rows, columns, bytes or longer texts than the limits allow, or is no
        Parquet; says which in one line.

    Examples
    --------
    >>> try:
    ...     check_table(b"PAR1")
    ... except ValueError as error:
    ...     print(error)
    it is no Parquet file, or its end is missing
    """
    import pyarrow as pa

    try:
        _check(data)
    except ValueError as error:
        raise ValueError(_first(error)) from error
    except (pa.ArrowException, OSError) as error:
        raise ValueError(_first(error) or type(error).__name__) from error


def _check(data: bytes) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    found = _footer(data)
    _check_size(found)
    _check_pages(data, found)
    limits = {"thrift_string_size_limit": _MOST_NAMES, "thrift_container_size_limit": MOST_CELLS}
    file = pa.BufferReader(data)
    about = parquet.ParquetFile(file, pre_buffer=False, **limits)
    if texts := _text_columns(about):
        packed = parquet.ParquetFile(
            file, metadata=about.metadata, read_dictionary=texts, pre_buffer=False, **limits
        )
        _check_texts(packed.read(columns=texts, use_threads=False))


def _check_size(found: dict[int, Any]) -> None:
    rows, groups = _number(found, 3), _listed(found, 4)
    columns = max((len(_listed(group, 1)) for group in groups), default=0)
    if columns > MOST_COLUMNS:
        raise ValueError(f"it has {columns:,} columns, the most that are read are {MOST_COLUMNS:,}")
    # Of lists a row has many values.
    values = sum(_number(c.get(3, {}), 5) for group in groups for c in _listed(group, 1))
    if max(rows * max(columns, 1), values) > MOST_CELLS:
        raise ValueError(
            f"it has {rows:,} rows of {columns:,} columns, the most that are read are "
            f"{MOST_CELLS:,} cells"
        )


def _check_pages(data: bytes, found: dict[int, Any]) -> None:
    """Add up what the pages say that they unpack to; the file's end may say less."""
    left = MOST_TABLE
    for group in _listed(found, 4):
        for column in _listed(group, 1):
            about = column.get(3, {})
            offsets = [_number(about, field) for field in (9, 11) if _number(about, field) > 0]
            at = min(offsets, default=0)
            end = min(at + _number(about, 7), len(data))
            while 0 < at < end:
                unpacked, packed, length = _page(data[at : at + _PAGE_HEADER])
                at += length + packed
                left -= unpacked
                if left < 0:
                    raise ValueError(f"it unpacks to more than {MOST_TABLE:,} bytes")


def _footer(data: bytes) -> dict[int, Any]:
    """Read what the file's end says; pyarrow's own look at it ends the process on some of it."""
    size = int.from_bytes(data[-8:-4], "little")
    if data[:4] != _MAGIC or data[-4:] != _MAGIC or size > len(data) - 12:
        raise ValueError("it is no Parquet file, or its end is missing")
    try:
        return _Compact(data[-8 - size : -8]).struct(0)
    except (IndexError, TypeError):
        raise ValueError("its end is damaged") from None


def _number(found: Any, field: int) -> int:
    value = found.get(field, 0) if isinstance(found, dict) else 0
    if not isinstance(value, int) or not 0 <= value < 2**62:
        raise ValueError("its end is damaged")
    return value


def _listed(found: Any, field: int) -> list[dict[int, Any]]:
    value = found.get(field, []) if isinstance(found, dict) else []
    if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
        raise ValueError("its end is damaged")
    return value


def _text_columns(about: Any) -> list[str]:
    """Name the columns of text that are not in lists: those may be read by what is in them."""
    from pyarrow import types

    return [
        field.name
        for field in about.schema_arrow
        if types.is_string(field.type)
        or types.is_large_string(field.type)
        or types.is_binary(field.type)
        or types.is_large_binary(field.type)
    ]


def _check_texts(table: Any) -> None:
    """Refuse texts that are long, or together take much once each stands in its cells."""
    import pyarrow.compute as pc

    left = MOST_TABLE
    for name, column in zip(table.column_names, table.columns, strict=True):
        for chunk in column.chunks:
            words = getattr(chunk, "dictionary", chunk)
            lengths = pc.binary_length(words)
            longest = pc.max(lengths).as_py() or 0
            if longest > MOST_TEXT:
                raise ValueError(
                    f"column {name[:80]!r} has a text of {longest:,} bytes, the most are "
                    f"{MOST_TEXT:,}"
                )
            each = lengths.take(chunk.indices) if words is not chunk else lengths
            left -= pc.sum(each.cast("int64")).as_py() or 0
            if left < 0:
                raise ValueError(f"its texts take more than {MOST_TABLE:,} bytes")


def _first(error: BaseException) -> str:
    return (str(error).splitlines() or [""])[0]


# A page's header is written in Thrift's compact form; statistics in it may be long.
_PAGE_HEADER = 2**16
_STOP, _BOOLS, _BYTE, _DOUBLE, _BINARY, _LISTS, _STRUCT = 0, (1, 2), 3, 7, 8, (9, 10), 12
_NUMBERS = (4, 5, 6)
_UNPACKED, _PACKED = 2, 3
_DEEPEST = 8
_MOST_FIELDS = 2_000_000
_MAGIC = b"PAR1"


def _page(head: bytes) -> tuple[int, int, int]:
    """Read a page's header: its bytes unpacked and packed, and the header's own length."""
    reader = _Compact(head)
    try:
        found = reader.struct(0)
        unpacked, packed = found[_UNPACKED], found[_PACKED]
    except (IndexError, KeyError):
        raise ValueError("a page of it has no header") from None
    if not isinstance(unpacked, int) or not isinstance(packed, int):
        raise ValueError("a page of it has no header")
    if unpacked < 0 or packed < 0:
        raise ValueError("a page of it has a negative size")
    return unpacked, packed, reader.at


class _Compact:
    """Reads one struct: whole numbers, structs and lists of these by their fields' numbers."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at, self.left = data, 0, _MOST_FIELDS

    def struct(self, depth: int) -> dict[int, Any]:
        found: dict[int, Any] = {}
        number = 0
        while True:
            head = self._byte()
            kind = head & 15
            if kind == _STOP:
                return found
            number = number + (head >> 4) if head >> 4 else self._number()
            value = self._value(kind, depth)
            if value is not None:
                found[number] = value

    def _value(self, kind: int, depth: int) -> Any:
        self.left -= 1
        if depth > _DEEPEST or self.left < 0:
            raise IndexError
        if kind in _BOOLS:
            return None
        if kind == _BYTE:
            self.at += 1
        elif kind == _DOUBLE:
            self.at += 8
        elif kind == _BINARY:
            length = self._unsigned()
            self.at += length
        elif kind in _LISTS:
            head = self._byte()
            count = head >> 4 if head >> 4 < 15 else self._unsigned()
            kind = _BYTE if head & 15 in _BOOLS else head & 15
            values = [self._value(kind, depth + 1) for _ in range(min(count, self.left + 1))]
            return [value for value in values if value is not None]
        elif kind == _STRUCT:
            return self.struct(depth + 1)
        elif kind in _NUMBERS:
            return self._number()
        else:
            raise IndexError
        return None

    def _byte(self) -> int:
        self.at += 1
        return self.data[self.at - 1]

    def _unsigned(self) -> int:
        value = shift = 0
        while shift < 70:
            byte = self._byte()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value
        raise IndexError

    def _number(self) -> int:
        value = self._unsigned()
        return (value >> 1) ^ -(value & 1)
