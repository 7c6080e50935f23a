"""Binned matrices of XGBoost: in memory, or on disk, of rows that are given all at once or not."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.errors import GliaboostError

if TYPE_CHECKING:
    import xgboost

# Bytes of float32 that the library bins and writes at a time.
BATCH_BYTES = 2**30
# A bin has a byte, by row and again by column, and a row a few; 5.3 where values are missing.
BYTES_A_CELL = 2.3

Batches = Callable[[], Iterator[NDArray[np.float32]]]
Rows = NDArray[np.float32]


def binned(rows: Rows, max_bin: int, threads: int) -> xgboost.QuantileDMatrix:
    """Bin rows ``[N, D]`` and keep the bins in memory.

    Examples
    --------
    >>> binned(np.eye(3, dtype=np.float32), 31, 1).num_row()
    3
    """
    import xgboost

    return xgboost.QuantileDMatrix(rows, max_bin=max_bin, nthread=threads)


def binned_on_disk(
    rows: Rows, max_bin: int, threads: int, folder: Path
) -> xgboost.ExtMemQuantileDMatrix:
    """Bin rows as `binned` does, and keep the bins in files, to be read at each pass.

    Parameters
    ----------
    rows : float32 array [N, D]
    max_bin, threads : int
    folder : pathlib.Path
        Of its own for each matrix; it must outlive the matrix.

    Returns
    -------
    xgboost.ExtMemQuantileDMatrix
        Of the same cuts as `binned`. One thread at a time may use it.
    """
    import xgboost

    step = max(1, BATCH_BYTES // max(1, rows.shape[1] * rows.itemsize))
    pieces = pieces_of(
        lambda: (rows[i : i + step] for i in range(0, len(rows), step)), folder / "bins"
    )
    return xgboost.ExtMemQuantileDMatrix(pieces, max_bin=max_bin, nthread=threads)


def pieces_of(batches: Batches, cache: Path | None = None, **beside: NDArray[Any]) -> Any:
    """Give the library rows batch by batch, as often as it asks.

    Parameters
    ----------
    batches : callable
        Begins anew: gives batches ``float32 [n, D]`` that together are all rows, in order.
    cache : pathlib.Path, optional
        Where files of the library begin.
    **beside : array [N]
        ``label`` and ``weight`` of all rows.

    Returns
    -------
    xgboost.DataIter
    """
    import xgboost

    class Pieces(xgboost.DataIter):
        def __init__(self) -> None:
            self._left, self._at = batches(), 0
            super().__init__(cache_prefix=None if cache is None else str(cache))

        def next(self, input_data: Callable[..., Any]) -> bool:
            batch = next(self._left, None)
            if batch is None:
                return False
            own = slice(self._at, self._at + len(batch))
            self._at += len(batch)
            input_data(data=batch, **{name: values[own] for name, values in beside.items()})
            return True

        def reset(self) -> None:
            self._left, self._at = batches(), 0

    return Pieces()


@contextmanager
def scratch(cells: int) -> Iterator[Path]:
    """Make a folder for the bins of so many cells, and remove it in the end.

    It lies where the system keeps temporary files (``TMPDIR``).

    Raises
    ------
    GliaboostError
        If there is no room for them.
    """
    needed, place = cells * BYTES_A_CELL, tempfile.gettempdir()
    free = shutil.disk_usage(place).free
    if needed > free:
        raise GliaboostError(
            f"out of core, the binned columns take at least {needed / 1e9:.1f} GB in {place}, and "
            f"{free / 1e9:.1f} GB are free there; name another folder by the environment variable "
            "TMPDIR"
        )
    with tempfile.TemporaryDirectory(prefix=f"gliaboost-{os.getpid()}-") as folder:
        yield Path(folder)
