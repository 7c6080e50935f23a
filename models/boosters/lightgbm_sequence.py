"""Columns of the store as LightGBM bins what is larger than memory."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.features.stored_columns import BATCH_BYTES, StoredColumns


def dataset_of(
    X: StoredColumns, y: NDArray[np.int64], weight: NDArray[np.float64], params: dict[str, Any]
) -> Any:
    """Bin columns of the store: the same bins as of the same columns in memory.

    Parameters
    ----------
    X : StoredColumns
        Read once for the rows that are drawn to place bins, and once for all.
    y : int64 array [N]
    weight : float64 array [N]
    params : dict
        The library's.

    Returns
    -------
    lightgbm.Dataset
        Built.
    """
    import lightgbm

    class Told(lightgbm.Dataset):
        def get_params(self) -> dict[str, Any]:
            # Of a sequence the library is told some parameters alone while it is built, and seed
            # and fewest rows a leaf are not among them: other rows would be drawn, and other
            # columns left out, than of an array.
            return dict((super().get_params() if self._handle else self.params) or {})

    return Told(sequence_of(X), y, weight=weight, params=params).construct()


def sequence_of(X: StoredColumns) -> Any:
    """Let LightGBM read rows one by one, in order, or by batches.

    Parameters
    ----------
    X : StoredColumns

    Returns
    -------
    lightgbm.Sequence
    """
    import lightgbm

    class Rows(lightgbm.Sequence):
        batch_size = max(1, BATCH_BYTES // (4 * max(1, X.shape[1])))

        def __init__(self) -> None:
            self._first, self._batch = 0, np.empty((0, X.shape[1]), np.float32)

        def __len__(self) -> int:
            return len(X)

        def __getitem__(self, rows: int | slice | list[int]) -> NDArray[np.floating[Any]]:
            if isinstance(rows, list):
                return np.stack([self._row(row) for row in rows])
            if isinstance(rows, slice):
                return np.asarray(X[rows])
            return self._row(rows)

        def _row(self, row: int) -> NDArray[np.float64]:
            # The batch that has it is kept for the next; the library takes single rows as float64.
            if not self._first <= row < self._first + len(self._batch):
                self._first = row - row % self.batch_size
                self._batch = np.asarray(X[self._first : self._first + self.batch_size])
            return np.asarray(self._batch[row - self._first], np.float64)

    return Rows()
