from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xgboost
from numpy.typing import NDArray

from gliaboost.errors import UsageError
from gliaboost.models.boosters.xgboost_booster import XGBoost
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


def test_out_of_core_is_the_same_model_but_that_trees_grow_by_levels(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    X, y = table(240, 30)
    patients = np.arange(240) // 4
    more = {"inner_folds": 3, "max_features": 0.2}
    on_disk = quick(**more, out_of_core=True).fit(X, y, groups=patients)
    by_splits = quick(**more).fit(X, y, groups=patients)
    usual = XGBoost._parameters
    monkeypatch.setattr(
        XGBoost, "_parameters", lambda *args: {**usual(*args), "grow_policy": "depthwise"}
    )
    in_memory = quick(**more).fit(X, y, groups=patients)
    assert on_disk.n_rounds_ == in_memory.n_rounds_
    assert on_disk.to_bytes() == in_memory.to_bytes() != by_splits.to_bytes()


def test_out_of_core_stays_on_the_cpu() -> None:
    X, y = table(60, 4)
    model = quick(out_of_core=True, device="auto", rounds=2).fit(X, y)
    assert model.device_ == "cpu"
    refused = quick(out_of_core=True, device="cuda")
    (fault,) = [f for f in refused.parameter_faults() if "out_of_core" in f]
    with pytest.raises(UsageError, match="out_of_core trains on the CPU, and device='cuda'"):
        refused.fit(X, y)
    assert "leave one of them" in fault
    with pytest.raises(UsageError, match="out_of_core='yes', expected True or False"):
        quick(out_of_core="yes").fit(X, y)
