"""Tables in files: CSV of any usual dialect and encoding, or Parquet; every cell as it stands."""

from __future__ import annotations

import codecs
import csv
import io
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gliaboost.datasets.columns import USUAL, plain
from gliaboost.errors import DamagedFileError, UsageError
from gliaboost.few import few
from gliaboost.outside_text import from_csv_cell
from gliaboost.parquet_file import read_frame
from gliaboost.parquet_limits import MOST_COLUMNS
from gliaboost.regular_files import LargeFileError, open_regular, read_regular

if TYPE_CHECKING:
    import pandas as pd

DELIMITERS = (",", ";", "\t", "|")
SHOWN = 5
# A text is held as bytes, as letters, and as cells of some hundred bytes each.
MOST_BYTES = 64 * 2**20
MOST_CELLS = 4_000_000
# Letters of the first lines, by which the delimiter is told.
_HEADER = 2**20
_MARKS = (  # UTF-32's begins with UTF-16's
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_PARQUET = b"PAR1"
# No text has these; a file that does is something else, under the name of a table.
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_KNOWN = {plain(name) for names in USUAL.values() for name in names}


class TableFile(NamedTuple):
    """A table and what had to be guessed to read it."""

    table: pd.DataFrame
    notes: tuple[str, ...]


def read_table(path: Path | str) -> TableFile:
    r"""Read a table, told by content and not by name.

    Parameters
    ----------
    path : path-like
        Parquet, or text: UTF-8, UTF-16, UTF-32, and failing these Windows-1252; cells parted by
        comma, semicolon, tab or bar. A first line ``sep=;``, quoted newlines, rows that lack their
        last cells and empty lines are read too.

    Returns
    -------
    TableFile
        Of a text file every cell is text as it stands (``NA``, ``None``, ``007``), None where it is
        empty. Parquet keeps its types.

    Raises
    ------
    UsageError
        If it is not a table; says what it is, or the lines that have too many cells.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "t.csv"
    >>> _ = file.write_text("path;label\na.png;NA\n")
    >>> read_table(file).table.to_dict("records")
    [{'path': 'a.png', 'label': 'NA'}]
    """
    path = Path(path)
    try:
        with open_regular(path) as file:
            start = file.read(len(_PARQUET))
        data = b"" if start == _PARQUET else read_regular(path, MOST_BYTES)
    except LargeFileError as error:
        raise _unreadable(path, f"it {error.strerror}; save it as Parquet") from None
    except OSError as error:
        raise UsageError(f"cannot read the table {path}: {error.strerror or error}") from error
    if start == _PARQUET:
        return TableFile(_parquet(path), ())
    if data.startswith(_WORKBOOKS):
        raise _unreadable(
            path, "it is an Excel workbook (or another archive); save it as CSV UTF-8 and give that"
        )
    decoded, notes = _decoded(path, data)
    return TableFile(_text_table(path, decoded), notes)


def _parquet(path: Path) -> pd.DataFrame:
    try:
        return read_frame(path)
    except DamagedFileError as error:
        raise _unreadable(path, error.reason) from error
    except (OSError, ValueError) as error:
        raise _unreadable(path, (str(error).splitlines() or [type(error).__name__])[0]) from error


def _decoded(path: Path, data: bytes) -> tuple[str, tuple[str, ...]]:
    notes: tuple[str, ...] = ()
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), None)
    encoding = encoding or _unmarked(data[:400])
    try:
        decoded = data.decode(encoding or "utf-8")
    except UnicodeDecodeError as error:
        if encoding is not None:
            raise _unreadable(path, f"its bytes are no {encoding}") from error
        decoded = data.decode("cp1252", "replace")
        notes = (f"{path.name} is not UTF-8 and was read as Windows-1252 (Latin-1)",)
    decoded = decoded.removeprefix("\ufeff")
    if _CONTROL.search(decoded):
        raise _unreadable(path, "it is no text; expected CSV or Parquet")
    if not decoded.strip():
        raise _unreadable(path, "it is empty")
    return decoded, notes


def _unmarked(start: bytes) -> str | None:
    """Tell UTF-16 without its mark: every other byte of Latin letters is zero."""
    even, odd = start[::2].count(0), start[1::2].count(0)
    if max(even, odd) < 0.4 * len(start) / 2:
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _text_table(path: Path, decoded: str) -> pd.DataFrame:
    """Part a text into rows and columns.

    Raises
    ------
    UsageError
        If it has more cells than are held at once, from the count of what parts them.
    """
    import pandas as pd

    told = re.match(r'"?sep=(.)"?\r?\n', decoded)
    if told:  # what Excel writes for itself
        decoded = decoded[told.end() :]
    delimiter = told[1] if told else _delimiter(decoded)
    cells_at_most = decoded.count(delimiter) + decoded.count("\n") + decoded.count("\r")
    if cells_at_most > MOST_CELLS:
        raise _unreadable(
            path,
            f"it has up to {cells_at_most:,} cells, the most that are read of a text are "
            f"{MOST_CELLS:,}; save it as Parquet",
        )
    rows = _rows(path, decoded, delimiter)
    if not rows:
        raise _unreadable(path, "it is empty")
    header = [from_csv_cell(name.strip()) for name in rows[0][1]]
    width = len(header)
    if width > MOST_COLUMNS:
        raise _unreadable(
            path, f"it has {width:,} columns, the most that are read are {MOST_COLUMNS:,}"
        )
    long = [line for line, row in rows[1:] if any(cell.strip() for cell in row[width:])]
    if long:
        raise _unreadable(
            path,
            f"line {few(long, SHOWN)} has more cells than the {width} "
            "of the header; put quotes around cells that hold the delimiter",
        )
    rows = [(line, [from_csv_cell(cell) for cell in row]) for line, row in rows]
    cells = [[*row[:width], *[""] * (width - len(row))] for _, row in rows[1:]]
    columns = [[row[i] for row in cells] for i in range(width)]
    kept = [i for i in range(width) if header[i] or not _says_nothing(columns[i])]
    table = pd.DataFrame({i: pd.Series([c or None for c in columns[i]], dtype="str") for i in kept})
    table.columns = pd.Index([header[i] for i in kept])
    return table


def _rows(path: Path, decoded: str, delimiter: str) -> list[tuple[int, list[str]]]:
    """Give each row that is not empty, with the number of its last line."""
    reader = csv.reader(
        io.StringIO(decoded, newline=""),
        delimiter=delimiter,
        strict=True,
        skipinitialspace=f'{delimiter} "' in decoded,
    )
    found = []
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                found.append((reader.line_num, row))
    except csv.Error as error:
        raise _unreadable(path, f"line {reader.line_num}: {error}") from error
    return found


def _delimiter(decoded: str) -> str:
    """Choose what parts the header into most usual names, then into most cells."""

    def score(delimiter: str) -> tuple[int, int]:
        try:
            start = io.StringIO(decoded[:_HEADER].lstrip(), newline="")
            header = next(csv.reader(start, delimiter=delimiter))
        except (csv.Error, StopIteration):
            return 0, 0
        return sum(plain(name) in _KNOWN for name in header), len(header)

    return max(DELIMITERS, key=score)


def _says_nothing(cells: list[str]) -> bool:
    """Whether a column without a name is empty or numbers the rows, as pandas writes its index."""
    return not any(cells) or any(
        cells == [str(n) for n in range(start, start + len(cells))] for start in (0, 1)
    )


def _unreadable(path: Path, reason: str) -> UsageError:
    return UsageError(f"{path} is not a readable table: {reason}")
