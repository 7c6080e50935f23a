"""Columns that stay in the store: read by batches of rows, never all at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

from gliaboost.features.store import FeatureTable

# What a batch of rows, and a group of columns, may take in memory.
BATCH_BYTES = 2**26
GROUP_BYTES = 2**30


class StoredColumns:
    """Rows of one or several tables of the store, side by side, that are read when they are asked.

    To whom knows it not it is an array: NumPy and scikit-learn read all of it at once. Parts of the
    store hold whole rows, so a batch reads the parts that have its rows: rows in the order in which
    they were extracted are read once a pass, rows in any order are read all the same, and slower.

    Parameters
    ----------
    keys : sequence of str [N]
        SHA-256 of the rows' files, all of them in every table; may repeat.
    tables : sequence of FeatureTable
        Whose columns, in this order.
    widths : sequence of int
        Columns of each table.

    Attributes
    ----------
    shape : tuple of int
        Rows and columns.
    dtype : numpy.dtype
        float32.

    Examples
    --------
    >>> import tempfile
    >>> from gliaboost.features.store import FeatureStore
    >>> table = FeatureStore(tempfile.mkdtemp()).table("demo-0", {"name": "demo"})
    >>> _ = table.write(["a", "b", "c"], np.arange(6, dtype=np.float32).reshape(3, 2))
    >>> columns = StoredColumns(["c", "a", "b"], [table], [2])
    >>> columns.shape, [batch.tolist() for batch in columns.batches(rows=2)]
    ((3, 2), [[[4.0, 5.0], [0.0, 1.0]], [[2.0, 3.0]]])
    >>> np.asarray(columns[1:])
    array([[0., 1.],
           [2., 3.]], dtype=float32)
    """

    ndim = 2
    dtype = np.dtype(np.float32)

    def __init__(
        self, keys: Sequence[str], tables: Sequence[FeatureTable], widths: Sequence[int]
    ) -> None:
        self.keys, self.tables, self.widths = keys, tables, widths

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return len(self.keys), sum(self.widths)

    @property
    def nbytes(self) -> int:
        """Bytes of all of it as an array."""
        return self.shape[0] * self.shape[1] * self.dtype.itemsize

    def __len__(self) -> int:
        return len(self.keys)

    def __getitem__(self, rows: slice | NDArray[Any]) -> Self:
        """Choose rows, by a slice, their numbers or a mask; nothing is read."""
        chosen = np.arange(len(self))[rows]
        return type(self)([self.keys[i] for i in chosen], self.tables, self.widths)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            raise ValueError("columns of the store are read into a new array; copy=False cannot be")
        found = np.empty(self.shape, self.dtype)
        for first, batch in self._numbered(None):
            found[first : first + len(batch)] = batch
        return found if dtype is None else found.astype(dtype, copy=False)

    def batches(self, rows: int | None = None) -> Iterator[NDArray[np.float32]]:
        """Read all rows in order, some at a time.

        Parameters
        ----------
        rows : int, optional
            A batch; default: as many as `BATCH_BYTES` holds.

        Yields
        ------
        float32 array [n, D]

        Raises
        ------
        StoreError
            If a row is no longer in the store.
        """
        return (batch for _, batch in self._numbered(rows))

    def blocks(self, wanted: Sequence[NDArray[np.int64]]) -> Iterator[NDArray[np.float32]]:
        """Read blocks of columns, all rows of each, in one pass for every `GROUP_BYTES` of them.

        Parameters
        ----------
        wanted : sequence of int64 array
            The columns of each block.

        Yields
        ------
        float32 array [N, width]
            Block by block, as `wanted`.
        """
        for group in self._groups(wanted):
            found = [np.empty((len(self), len(columns)), self.dtype) for columns in group]
            for first, batch in self._numbered(None):
                for block, columns in zip(found, group, strict=True):
                    np.take(batch, columns, axis=1, out=block[first : first + len(batch)])
            while found:
                yield found.pop(0)

    def _groups(self, wanted: Sequence[NDArray[np.int64]]) -> Iterator[Sequence[NDArray[np.int64]]]:
        """Divide blocks so that each group fits, or is a single block."""
        group: list[NDArray[np.int64]] = []
        held = 0
        for columns in wanted:
            size = len(self) * len(columns) * self.dtype.itemsize
            if group and held + size > GROUP_BYTES:
                yield group
                group, held = [], 0
            group.append(columns)
            held += size
        if group:
            yield group

    def _numbered(self, rows: int | None) -> Iterator[tuple[int, NDArray[np.float32]]]:
        rows = rows or max(1, BATCH_BYTES // (max(1, self.shape[1]) * self.dtype.itemsize))
        for first in range(0, len(self), rows):
            keys = self.keys[first : first + rows]
            read = [table.read(keys) for table in self.tables]
            yield first, read[0] if len(read) == 1 else np.concatenate(read, axis=1)


# Columns of images, in memory or in the store.
Columns: TypeAlias = NDArray[np.float32] | StoredColumns
