"""Parquet files that are written whole or not at all, and checked when they are read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gliaboost.errors import DamagedFileError, GliaboostError, WriteError
from gliaboost.files import ELSEWHERE, replacing
from gliaboost.parquet_limits import check_table
from gliaboost.regular_files import read_regular
from gliaboost.seals import broken_parquet, sealed_parquet

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

_MOST_BYTES = 2**30


def write_parquet(
    table: pa.Table,
    path: Path,
    *,
    kind: type[GliaboostError] = WriteError,
    remedy: str = ELSEWHERE,
    **options: Any,
) -> None:
    """Write a table with a seal.

    Parameters
    ----------
    table : pyarrow.Table
        Any columns and metadata.
    path : pathlib.Path
        The file to make or replace.
    kind, remedy
        As for `gliaboost.files.replacing`.
    **options
        Of `pyarrow.parquet.write_table`.

    Raises
    ------
    WriteError
        If it cannot be written; or of `kind`.

    Examples
    --------
    >>> import tempfile, pyarrow as pa
    >>> file = Path(tempfile.mkdtemp()) / "t.parquet"
    >>> write_parquet(pa.table({"a": [1, 2]}), file)
    >>> read_parquet(file).to_pydict()
    {'a': [1, 2]}
    """
    data = parquet_bytes(table, **options)
    with replacing(path, kind, remedy) as temporary:
        temporary.write_bytes(data)


def write_frame(frame: pd.DataFrame, path: Path) -> None:
    """Write a data frame with a seal and without its index."""
    import pyarrow as pa

    write_parquet(pa.Table.from_pandas(frame, preserve_index=False), path)


def read_frame(path: Path) -> pd.DataFrame:
    """Read a table that anybody may have made as a data frame, within limits.

    Parameters
    ----------
    path : pathlib.Path
        As for `read_parquet`.

    Raises
    ------
    DamagedFileError
        As from `read_parquet`, or if it holds more than `gliaboost.parquet_limits` allows, or text
        that is not UTF-8.
    OSError
        As from `read_parquet`.
    """
    data = _whole(path)
    try:
        check_table(data)
    except ValueError as error:
        raise DamagedFileError(path, f"it is no readable table ({error})") from error
    table = _table(path, data, None)
    try:
        table.validate(full=True)
        frame: pd.DataFrame = table.to_pandas()
    except Exception as error:  # pyarrow's errors are many
        first = (str(error).splitlines() or [""])[0]
        raise DamagedFileError(path, f"it holds what is no text or no number ({first})") from error
    return frame


def parquet_bytes(table: pa.Table, **options: Any) -> bytes:
    """Return what `write_parquet` writes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    made = pa.BufferOutputStream()
    pq.write_table(table, made, **options)
    return sealed_parquet(made.getvalue().to_pybytes())


def read_parquet(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """Read a table; all its bytes are checked, whichever columns are asked for.

    Parameters
    ----------
    path : pathlib.Path
        One with a seal, or of an older version or another program.
    columns : sequence of str, optional
        Some of its columns.

    Raises
    ------
    DamagedFileError
        If it was altered since it was written, or is no Parquet file.
    OSError
        If it cannot be opened or read.
    """
    return _table(path, _whole(path), columns)


def _whole(path: Path) -> bytes:
    # Not mapped: of a sector that cannot be read a map would end the process.
    data = read_regular(path, _MOST_BYTES)
    if broken_parquet(data):
        raise DamagedFileError(path, "its bytes are not those that were written")
    return data


def _table(path: Path, data: bytes, columns: Sequence[str] | None) -> pa.Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(pa.BufferReader(data)) as file:
            return file.read(columns=None if columns is None else list(columns))
    except Exception as error:  # pyarrow's errors are many
        first = (str(error).splitlines() or [""])[0]
        raise DamagedFileError(path, f"it is no readable table ({first})") from error
