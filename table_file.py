"""A table as a file that others read: CSV or Parquet by the file's ending."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gliaboost.errors import UsageError
from gliaboost.files import replacing
from gliaboost.outside_text import csv_frame
from gliaboost.parquet_file import write_parquet

if TYPE_CHECKING:
    import pandas as pd

ENDINGS = (".parquet", ".csv")


def check_ending(path: Path | str) -> Path:
    """Refuse a file that is neither, before any work is done for it.

    Raises
    ------
    UsageError
        If the name ends otherwise.
    """
    path = Path(path)
    if path.suffix.lower() not in ENDINGS:
        raise UsageError(f"{path}: a table is written as {' or '.join(ENDINGS)}; name one of these")
    return path


def write_table(table: pd.DataFrame, path: Path | str) -> Path:
    r"""Write a table, whole or not at all; its index is not part of it.

    Parameters
    ----------
    table : pandas.DataFrame
        Any columns; float32 values have all their digits in a CSV.
    path : path-like
        Ends in ``.parquet`` or ``.csv``.

    Raises
    ------
    UsageError
        If it ends otherwise, or cannot be written.

    Examples
    --------
    >>> import tempfile, pandas as pd
    >>> file = Path(tempfile.mkdtemp()) / "t.csv"
    >>> write_table(pd.DataFrame({"path": ["a.png"], "x": [0.5]}), file).read_text()
    '"path","x"\n"a.png",0.5\n'
    """
    import pyarrow as pa

    path = check_ending(path)
    as_csv = path.suffix.lower() == ".csv"
    whole = pa.Table.from_pandas(csv_frame(table) if as_csv else table, preserve_index=False)
    remedy = "free space or name another file"
    if not as_csv:
        write_parquet(whole, path, kind=UsageError, remedy=remedy)
    else:
        from pyarrow import csv

        with replacing(path, UsageError, remedy) as temporary:
            csv.write_csv(whole, temporary)
    return path
