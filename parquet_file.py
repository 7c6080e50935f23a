"""Parquet files that are written whole or not at all, and checked when they are read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gliaboost.errors import DamagedFileError
from gliaboost.files import replacing
from gliaboost.seals import broken_parquet, sealed_parquet

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


def write_parquet(table: pa.Table, path: Path, **options: Any) -> None:
    """Write a table with a seal.

    Parameters
    ----------
    table : pyarrow.Table
        Any columns and metadata.
    path : pathlib.Path
        The file to make or replace.
    **options
        Of `pyarrow.parquet.write_table`.

    Examples
    --------
    >>> import tempfile, pyarrow as pa
    >>> file = Path(tempfile.mkdtemp()) / "t.parquet"
    >>> write_parquet(pa.table({"a": [1, 2]}), file)
    >>> read_parquet(file).to_pydict()
    {'a': [1, 2]}
    """
    data = parquet_bytes(table, **options)
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def write_frame(frame: pd.DataFrame, path: Path) -> None:
    """Write a data frame with a seal and without its index."""
    import pyarrow as pa

    write_parquet(pa.Table.from_pandas(frame, preserve_index=False), path)


def read_frame(path: Path) -> pd.DataFrame:
    """Read what `read_parquet` reads as a data frame."""
    frame: pd.DataFrame = read_parquet(path).to_pandas()
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
    import pyarrow as pa
    import pyarrow.parquet as pq

    # Not mapped: of a sector that cannot be read a map would end the process.
    data = path.read_bytes()
    if broken_parquet(data):
        raise DamagedFileError(path, "its bytes are not those that were written")
    try:
        with pq.ParquetFile(pa.BufferReader(data)) as file:
            return file.read(columns=None if columns is None else list(columns))
    except Exception as error:  # pyarrow's errors are many
        first = (str(error).splitlines() or [""])[0]
        raise DamagedFileError(path, f"it is no readable table ({first})") from error
