from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from gliaboost.errors import StoreError
from gliaboost.features import stored_columns
from gliaboost.features.store import FeatureStore
from gliaboost.features.stored_columns import StoredColumns

WIDTHS = (5, 3)


def stored(folder: Path, X: NDArray[np.float32]) -> StoredColumns:
    """Rows in two tables, whose parts end at other rows."""
    store, keys = FeatureStore(folder), [f"{i:03d}" for i in range(len(X))]
    tables = [store.table(name, {"name": name}) for name in ("first-0", "second-0")]
    edges = (0, WIDTHS[0], sum(WIDTHS))
    for number, (table, rows) in enumerate(zip(tables, (4, 3), strict=True)):
        own = np.ascontiguousarray(X[:, edges[number] : edges[number + 1]])
        for start in range(0, len(X), rows):
            table.write(keys[start : start + rows], own[start : start + rows])
    return StoredColumns(keys, tables, WIDTHS)


@pytest.fixture(name="X")
def columns_of_numbers() -> NDArray[np.float32]:
    return np.random.default_rng(0).normal(size=(11, 8)).astype(np.float32)


def test_they_are_an_array_to_whom_knows_them_not(tmp_path: Path, X: NDArray[np.float32]) -> None:
    columns = stored(tmp_path, X)
    assert (columns.shape, len(columns), columns.nbytes) == ((11, 8), 11, X.nbytes)
    np.testing.assert_array_equal(np.asarray(columns), X)
    assert np.asarray(columns).dtype == np.float32
    assert np.asarray(columns, np.float64).dtype == np.float64
    np.testing.assert_array_equal(np.hstack([columns, X]), np.hstack([X, X]))


@pytest.mark.parametrize(
    "rows",
    [slice(2, 9, 3), np.array([7, 0, 7]), np.arange(11) % 2 == 0, np.array([-1]), slice(0)],
)
def test_rows_are_chosen_as_of_an_array(
    tmp_path: Path, X: NDArray[np.float32], rows: slice | NDArray[np.int64]
) -> None:
    np.testing.assert_array_equal(np.asarray(stored(tmp_path, X)[rows]).reshape(-1, 8), X[rows])


@pytest.mark.parametrize("rows", [1, 4, 11, 50])
def test_batches_are_all_rows_in_order(tmp_path: Path, X: NDArray[np.float32], rows: int) -> None:
    found = list(stored(tmp_path, X).batches(rows))
    assert {len(batch) for batch in found[:-1]} <= {rows}
    np.testing.assert_array_equal(np.concatenate(found), X)


@pytest.mark.parametrize(("most", "passes"), [(1, 3), (11 * 4 * 6, 2), (2**30, 1)])
def test_blocks_of_columns_come_in_as_few_passes_as_they_fit(
    tmp_path: Path,
    X: NDArray[np.float32],
    most: int,
    passes: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stored_columns, "GROUP_BYTES", most)
    monkeypatch.setattr(stored_columns, "BATCH_BYTES", 8 * 4 * 3)
    columns, seen = stored(tmp_path, X), list[list[str]]()
    table = columns.tables[0]
    read = table.read

    def noted(keys: list[str]) -> NDArray[np.float32]:
        seen.append(keys)
        return read(keys)

    monkeypatch.setattr(table, "read", noted)
    wanted = [np.array([7, 0, 4]), np.array([1, 2, 3]), np.array([5, 6])]
    found = list(columns.blocks(wanted))
    assert [block.flags.c_contiguous for block in found] == [True] * 3
    for block, own in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(block, X[:, own])
    assert len(seen) == 4 * passes and max(map(len, seen)) == 3


def test_a_row_that_is_no_longer_there_is_an_error(tmp_path: Path, X: NDArray[np.float32]) -> None:
    columns = stored(tmp_path, X)
    lost = StoredColumns([*columns.keys, "other"], columns.tables, WIDTHS)
    with pytest.raises(StoreError, match="1 of 12 rows are not in"):
        np.asarray(lost)
    with pytest.raises(ValueError, match="copy=False"):
        np.asarray(columns, copy=False)
