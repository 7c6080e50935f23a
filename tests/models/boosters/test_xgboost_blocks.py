from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import log_loss

from gliaboost.models.boosters.task import BoostingTask
from gliaboost.models.boosters.xgboost_blocks import START, BlockGrowing, Blocks
from gliaboost.models.boosters.xgboost_booster import XGBoost
from gliaboost.models.boosters.xgboost_matrices import binned


def in_memory(_: int, rows: NDArray[np.float32]) -> Any:
    return binned(rows, 31, 1)


def table(rows: int, columns: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    rng = np.random.default_rng(rows)
    X = rng.normal(size=(rows, columns)).astype(np.float32)
    return X, np.digitize(X[:, 0] - X[:, 3], [-0.7, 0.7])


def task(X: Any, y: Any, **changed: Any) -> BoostingTask:
    plain: dict[str, Any] = {
        "X": X, "y": y, "weight": np.ones(len(y)), "held_out": [], "classes": 3, "rounds": 5,
        "columns": 4, "min_rows": 2, "device": "cpu", "threads": 1, "workers": 1,
    }  # fmt: skip
    return BoostingTask(**{**plain, **changed})


PARAMETERS = XGBoost(learning_rate=0.2, max_leaves=7, jobs=1)._parameters(task(*table(120, 12)))


def test_rows_held_out_leave_no_trace_and_are_judged_by_their_log_loss() -> None:
    X, y = table(120, 12)
    rows = np.arange(0, 120, 4)
    rest = np.setdiff1d(np.arange(120), rows)
    spoilt = y.copy()
    spoilt[rows] = 2 - y[rows]
    weight = np.where(np.arange(120) % 3 == 0, 2.0, 1.0)
    growings = [
        BlockGrowing(Blocks(task(X, labels, weight=weight), PARAMETERS, in_memory), rows)
        for labels in (y, spoilt)
    ]
    losses = [[g.advance(n) for n in range(6)] for g in growings]
    np.testing.assert_array_equal(growings[0]._p, growings[1]._p)
    for growing, labels, loss in zip(growings, (y, spoilt), losses, strict=True):
        want = log_loss(
            labels[rows], growing._p[rows], sample_weight=weight[rows], normalize=False,
            labels=[0, 1, 2],
        )  # fmt: skip
        assert loss[-1] == pytest.approx(want, rel=1e-5)
    assert losses[0][-1] < losses[0][0] < losses[1][-1]
    assert np.abs(growings[0]._p[rest] - 1 / 3).max() > 0.1


def test_columns_are_dealt_into_blocks_of_one_width_each_once() -> None:
    X, y = table(60, 53)
    given: dict[int, NDArray[np.float32]] = {}

    def kept(number: int, rows: NDArray[np.float32]) -> Any:
        given[number] = rows
        return in_memory(number, rows)

    blocks = Blocks(task(X, y, columns=8), PARAMETERS, kept)
    dealt = np.concatenate(blocks.columns)
    assert sorted(dealt.tolist()) == list(range(53))
    assert {rows.shape for rows in given.values()} == {(60, 9)}
    assert len(blocks.columns) == len(given) == 53 // 8
    for number, columns in enumerate(blocks.columns):
        np.testing.assert_array_equal(given[number][:, : len(columns)], X[:, columns])
        assert not given[number][:, len(columns) :].any()


def test_bins_lead_a_row_where_its_values_do() -> None:
    X, y = table(150, 6)
    X[np.random.default_rng(1).random(X.shape) < 0.05] = np.nan
    blocks = Blocks(task(X, y, columns=6), PARAMETERS, in_memory)
    growing = blocks.without(np.arange(30))
    for number in range(4):
        growing.advance(number)
    values = growing.booster.inplace_predict(X, predict_type="margin", iteration_range=(0, 4))
    np.testing.assert_allclose(growing._margin, values - START, atol=1e-6)
