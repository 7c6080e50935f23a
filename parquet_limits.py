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
    >>> check_table(b"PAR1")
    Traceback (most recent call last):
    ValueError: ...
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

    limits = {"thrift_string_size_limit": _MOST_NAMES, "thrift_container_size_limit": MOST_CELLS}
    file = pa.BufferReader(data)
    about = parquet.ParquetFile(file, pre_buffer=False, **limits)
    _check_size(about.metadata)
    _check_pages(data, about.metadata)
    if texts := _text_columns(about):
        packed = parquet.ParquetFile(
            file, metadata=about.metadata, read_dictionary=texts, pre_buffer=False, **limits
        )
        _check_texts(packed.read(columns=texts, use_threads=False))


def _check_size(metadata: Any) -> None:
    if metadata.num_columns > MOST_COLUMNS:
        raise ValueError(
            f"it has {metadata.num_columns:,} columns, the most that are read are {MOST_COLUMNS:,}"
        )
    cells = metadata.num_rows * max(metadata.num_columns, 1)
    for group in range(metadata.num_row_groups):
        row_group = metadata.row_group(group)
        cells = max(
            cells,
            sum(row_group.column(c).num_values for c in range(row_group.num_columns)),
        )
    if cells > MOST_CELLS or metadata.num_row_groups > MOST_CELLS // 100:
        raise ValueError(
            f"it has {metadata.num_rows:,} rows of {metadata.num_columns:,} columns, the most that "
            f"are read are {MOST_CELLS:,} cells"
        )


def _check_pages(data: bytes, metadata: Any) -> None:
    """Add up what the pages say that they unpack to; the file's end may say less."""
    left = MOST_TABLE
    for group in range(metadata.num_row_groups):
        row_group = metadata.row_group(group)
        for number in range(row_group.num_columns):
            column = row_group.column(number)
            at = min(o for o in (column.dictionary_page_offset, column.data_page_offset) if o)
            end = min(at + column.total_compressed_size, len(data))
            while at < end:
                unpacked, packed, length = _page(data[at : at + _PAGE_HEADER])
                at += length + packed
                left -= unpacked
                if left < 0:
                    raise ValueError(f"it unpacks to more than {MOST_TABLE:,} bytes")


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
_UNPACKED, _PACKED = 2, 3
_DEEPEST = 8


def _page(head: bytes) -> tuple[int, int, int]:
    """Read a page's header: its bytes unpacked and packed, and the header's own length."""
    reader = _Compact(head)
    try:
        found = reader.struct(0)
        unpacked, packed = found[_UNPACKED], found[_PACKED]
    except (IndexError, KeyError):
        raise ValueError("a page of it has no header") from None
    if unpacked < 0 or packed < 0:
        raise ValueError("a page of it has a negative size")
    return unpacked, packed, reader.at


class _Compact:
    """Walks through one struct, and keeps its whole numbers."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def struct(self, depth: int) -> dict[int, int]:
        found: dict[int, int] = {}
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

    def _value(self, kind: int, depth: int) -> int | None:
        if depth > _DEEPEST:
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
            for _ in range(min(count, len(self.data))):
                self._value(_BYTE if head & 15 in _BOOLS else head & 15, depth + 1)
        elif kind == _STRUCT:
            self.struct(depth + 1)
        elif kind in (4, 5, 6):
            return self._number()
        else:
            raise IndexError
        return None

    def _byte(self) -> int:
        self.at += 1
        return self.data[self.at - 1]

    def _unsigned(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def _number(self) -> int:
        value = self._unsigned()
        return (value >> 1) ^ -(value & 1)
