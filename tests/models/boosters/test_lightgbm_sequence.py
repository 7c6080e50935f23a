from __future__ import annotations

import warnings
from pathlib import Path

import lightgbm
import numpy as np
import pytest

from gliaboost.features.store import FeatureStore
from gliaboost.features.stored_columns import StoredColumns
from gliaboost.models.boosters import lightgbm_sequence
from gliaboost.models.boosters.lightgbm_sequence import dataset_of, sequence_of


@pytest.mark.parametrize("batch", [1, 7 * 20 * 4, 2**26])
def test_the_library_reads_what_it_would_of_an_array(
    tmp_path: Path, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lightgbm_sequence, "BATCH_BYTES", batch)
    X = np.random.default_rng(0).normal(size=(90, 20)).astype(np.float32)
    table, keys = FeatureStore(tmp_path).table("demo-0", {}), [f"{i:02d}" for i in range(90)]
    table.write(keys[:50], X[:50])
    table.write(keys[50:], X[50:])
    rows = sequence_of(StoredColumns(keys, [table], [20]))
    assert len(rows) == 90 and rows.batch_size == max(1, batch // 80)
    np.testing.assert_array_equal(rows[8], X[8])
    np.testing.assert_array_equal(rows[[3, 80, 3]], X[[3, 80, 3]])
    np.testing.assert_array_equal(rows[45:60], X[45:60])


@pytest.mark.parametrize(("seed", "drawn"), [(0, 40), (3, 40), (0, 200)])
def test_bins_are_those_of_the_same_columns_in_memory(
    tmp_path: Path, seed: int, drawn: int
) -> None:
    rng = np.random.default_rng(seed)
    X = rng.random((90, 20)).astype(np.float32)
    # Columns that few rows fill: whether they are used depends on the rows drawn, and on the fewest
    # rows a leaf.
    X[rng.random(X.shape) < np.linspace(0, 0.99, 20)] = 0
    table, keys = FeatureStore(tmp_path).table("demo-0", {}), [f"{i:02d}" for i in range(90)]
    table.write(keys, X)
    y, weight = (X[:, 0] > X[:, 1]).astype(int), np.linspace(1, 2, 90)
    params = {
        "objective": "binary", "max_bin": 15, "bin_construct_sample_cnt": drawn, "seed": seed,
        "min_data_in_leaf": 4, "num_threads": 1, "verbosity": -1, "feature_fraction": 0.3,
    }  # fmt: skip
    stored = dataset_of(StoredColumns(keys, [table], [20]), y, weight, params)
    held = lightgbm.Dataset(X, y, weight=weight, params=params).construct()
    # What a model is told of its data afterwards is what it always is.
    assert stored.get_params() == held.get_params()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        subsets = [data.subset(list(range(60))).construct() for data in (stored, held)]
    for one, other in ((stored, held), subsets):
        texts = [lightgbm.train(params, data, 5).model_to_string() for data in (one, other)]
        assert texts[0] == texts[1] and "split_feature" in texts[0]
