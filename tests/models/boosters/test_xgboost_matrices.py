from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import xgboost
from numpy.typing import NDArray

from gliaboost.errors import GliaboostError
from gliaboost.models.boosters import xgboost_matrices
from gliaboost.models.boosters.xgboost_matrices import (
    BYTES_A_CELL,
    binned,
    binned_on_disk,
    pieces_of,
    scratch,
)


@pytest.fixture(name="X")
def columns_of_numbers() -> NDArray[np.float32]:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(3000, 4)).astype(np.float32)
    X[:, 1] = np.round(X[:, 1])
    X[rng.random(X.shape) < 0.01] = np.nan
    return X


def cuts_of(matrix: xgboost.DMatrix) -> list[list[float]]:
    return [array.tolist() for array in matrix.get_quantile_cut()]


def test_on_disk_the_cuts_are_those_of_memory(
    tmp_path: Path, X: NDArray[np.float32], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xgboost_matrices, "BATCH_BYTES", 700 * 4 * 4)
    on_disk = binned_on_disk(X, 15, 1, tmp_path)
    assert on_disk.num_row() == 3000
    assert cuts_of(on_disk) == cuts_of(binned(X, 15, 1))


def test_bins_on_disk_take_what_is_reckoned_with(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(20000, 52)).astype(np.float32)
    matrix = binned_on_disk(rows, 31, 1, tmp_path)
    taken = sum(f.stat().st_size for f in tmp_path.iterdir())
    assert matrix.num_col() == 52
    assert 0.9 <= taken / (rows.size * BYTES_A_CELL) <= 1.1


@pytest.mark.integration
@pytest.mark.parametrize("rows", [1, 64, 1000, 3000])
def test_pieces_give_the_cuts_labels_and_weights_of_the_whole(
    X: NDArray[np.float32], rows: int
) -> None:
    X, y, weight = X[:1500], np.arange(1500) % 3, np.linspace(0, 1, 1500)
    begun = []

    def batches() -> Iterator[NDArray[np.float32]]:
        begun.append(rows)
        return (X[i : i + rows] for i in range(0, len(X), rows))

    matrix = xgboost.QuantileDMatrix(pieces_of(batches, label=y, weight=weight), max_bin=15)
    own = xgboost.QuantileDMatrix(X, label=y, weight=weight, max_bin=15)
    assert len(begun) > 1
    np.testing.assert_array_equal(matrix.get_label(), own.get_label())
    np.testing.assert_array_equal(matrix.get_weight(), own.get_weight())
    assert cuts_of(matrix) == cuts_of(own)


def test_scratch_is_removed_and_refused_where_it_does_not_fit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with scratch(1000) as folder:
        (folder / "bins").write_bytes(b"x")
    assert not folder.exists()
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=2 * 10**9))
    with pytest.raises(GliaboostError, match=r"at least 2\.3 GB in .* 2\.0 GB are free .*TMPDIR"):
        scratch(10**9).__enter__()
