from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xgboost
from numpy.typing import NDArray
from sklearn.metrics import log_loss

from gliaboost.models.boosters.task import BoostingTask
from gliaboost.models.boosters.xgboost_booster import XGBoost, _BlockGrowing, _Blocks
from gliaboost.models.trees.trees import Trees
from gliaboost.models.trees.xgboost_form import read_xgboost

TOO = {"device": "cpu", "jobs": 1, "rounds": 20, "learning_rate": 0.2, "max_leaves": 7}


def quick(**parameters: Any) -> XGBoost:
    return XGBoost(**{**TOO, "inner_folds": 0, **parameters})


def table(rows: int = 200, columns: int = 12) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    rng = np.random.default_rng(rows)
    X = rng.normal(size=(rows, columns)).astype(np.float32)
    return X, np.digitize(X[:, 0] - X[:, 3], [-0.7, 0.7])


def test_one_block_of_all_columns_is_the_librarys_own_training() -> None:
    X, y = table()
    model = quick(max_features=1.0, subsample=1.0, min_rows=3, l2=1.0, class_weight=None)
    ours = model.fit(X, y).predict_proba(X)
    parameters = {
        "objective": "multi:softprob", "num_class": 3, "tree_method": "hist",
        "grow_policy": "lossguide", "max_leaves": 7, "max_depth": 0, "eta": 0.2, "lambda": 1.0,
        "min_child_weight": 1.0, "base_score": 0.5, "nthread": 1, "max_bin": model.max_bin,
    }  # fmt: skip
    own = xgboost.train(parameters, xgboost.QuantileDMatrix(X, y, max_bin=model.max_bin), 20)
    np.testing.assert_allclose(ours, own.predict(xgboost.DMatrix(X)), atol=1e-4)


def task(X: Any, y: Any, **changed: Any) -> BoostingTask:
    plain: dict[str, Any] = {
        "X": X, "y": y, "weight": np.ones(len(y)), "held_out": [], "classes": 3, "rounds": 5,
        "columns": 4, "min_rows": 2, "device": "cpu", "threads": 1, "workers": 1,
    }  # fmt: skip
    return BoostingTask(**{**plain, **changed})


def test_rows_held_out_leave_no_trace_and_are_judged_by_their_log_loss() -> None:
    X, y = table(120, 12)
    rows = np.arange(0, 120, 4)
    rest = np.setdiff1d(np.arange(120), rows)
    spoilt = y.copy()
    spoilt[rows] = 2 - y[rows]
    weight = np.where(np.arange(120) % 3 == 0, 2.0, 1.0)
    parameters = quick()._parameters(task(X, y))
    growings = [
        _BlockGrowing(_Blocks(task(X, labels, weight=weight), parameters), rows)
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
    blocks = _Blocks(task(X, y, columns=8), quick()._parameters(task(X, y)))
    dealt = np.concatenate(blocks.columns)
    assert sorted(dealt.tolist()) == list(range(53))
    assert {blocks.rows_of(b).shape for b in range(len(blocks.columns))} == {(60, 9)}
    assert len(blocks.columns) == 53 // 8
    np.testing.assert_array_equal(blocks.rows_of(0)[:, 2], X[:, blocks.columns[0][2]])


@pytest.mark.parametrize("columns", [7, 50, 53])
def test_blocks_of_columns_give_the_librarys_own_model(
    columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    natives: list[bytes] = []

    def kept(native: bytes) -> Trees:
        natives.append(native)
        return read_xgboost(native)

    monkeypatch.setattr(XGBoost, "_read", staticmethod(kept))
    rng = np.random.default_rng(columns)
    X = rng.normal(size=(200, columns)).astype(np.float32)
    X[rng.random(X.shape) < 0.05] = np.nan
    y = np.digitize(np.nan_to_num(X[:, -1] - X[:, 2]), [-0.7, 0.7])
    model = quick(inner_folds=0, max_features=0.15, min_rows=4).fit(X, y)
    booster = xgboost.Booster(model_file=bytearray(natives[0]))
    assert booster.num_features() == columns
    gain = booster.get_score(importance_type="total_gain")
    assert set(sorted(gain, key=gain.__getitem__)[-2:]) == {"f2", f"f{columns - 1}"}
    assert set(gain) <= {f"f{i}" for i in range(columns)}
    own = booster.predict(xgboost.DMatrix(X))
    np.testing.assert_allclose(model.predict_proba(X), own, rtol=0, atol=1e-6)
    assert (model.predict(X) == y).mean() > 0.8
    per_tree = booster.trees_to_dataframe().query("Feature != 'Leaf'").groupby("Tree").Feature
    assert per_tree.nunique().max() <= 0.2 * columns
