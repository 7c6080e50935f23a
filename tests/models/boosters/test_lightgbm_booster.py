from __future__ import annotations

from itertools import pairwise
from typing import Any

import lightgbm
import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import log_loss

from gliaboost.models.base import NativeModelError
from gliaboost.models.boosters.lightgbm_booster import LightGBM, _device_of, _Growing
from gliaboost.models.boosters.task import BoostingTask

QUICK = {"device": "cpu", "jobs": 1, "rounds": 20, "learning_rate": 0.2, "max_leaves": 7}


def quick(**parameters: Any) -> LightGBM:
    return LightGBM(**{**QUICK, "inner_folds": 0, **parameters})


def table(rows: int = 200) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    X = np.random.default_rng(rows).normal(size=(rows, 12)).astype(np.float32)
    return X, np.digitize(X[:, 0] - X[:, 3], [-0.7, 0.7])


def test_it_is_the_librarys_own_training() -> None:
    X, y = table()
    model = quick(max_features=1.0, subsample=1.0, min_rows=3, l2=1.0, class_weight=None).fit(X, y)
    own = lightgbm.LGBMClassifier(
        n_estimators=20, learning_rate=0.2, num_leaves=7, min_child_samples=3, reg_lambda=1.0,
        max_bin=model.max_bin, deterministic=True, force_col_wise=True, n_jobs=1, verbosity=-1,
        bin_construct_sample_cnt=40 * model.max_bin, random_state=0,
    ).fit(X, y)  # fmt: skip
    np.testing.assert_allclose(model.predict_proba(X), own.predict_proba(X), atol=1e-9)
    assert model.device_ == "cpu"


def test_rows_held_out_leave_no_trace_and_are_judged_by_their_log_loss() -> None:
    X, y = table(160)
    rows = np.arange(0, 160, 4)
    weight = np.where(np.arange(160) % 3 == 0, 2.0, 1.0)
    task = BoostingTask(X, y, weight, [rows], 3, 5, 12, 2, "cpu", 1, 1)
    parameters = quick()._parameters(task)
    spoilt = y.copy()
    spoilt[rows] = 2 - y[rows]
    found = []
    for labels in (y, spoilt):
        data = lightgbm.Dataset(X, labels, weight=weight, params=parameters).construct()
        growing = _Growing(task._replace(y=labels), rows, data, parameters)
        loss = [growing.advance(n) for n in range(6)][-1]
        P = growing._booster.predict(X)
        want = log_loss(labels[rows], P[rows], sample_weight=weight[rows], normalize=False)
        assert loss == pytest.approx(want, rel=1e-6)
        found.append(P)
    np.testing.assert_array_equal(found[0], found[1])


def test_a_tree_uses_a_share_of_the_columns() -> None:
    X, y = table()
    model = quick(max_features=0.25, rounds=3, max_leaves=31, min_rows=1).fit(X, y)
    trees = model.trees_
    assert len(trees.roots) == 9
    edges = [*trees.roots[trees.roots >= 0].tolist(), len(trees.feature)]
    used = [len(set(trees.feature[a:b].tolist())) for a, b in pairwise(edges)]
    assert 1 <= max(used) <= 3


def test_damaged_bytes_are_refused() -> None:
    X, y = table()
    native = quick(rounds=2).fit(X, y).to_bytes()
    for bytes_ in (b"no model", b"\xff\xfe", native[:40]):
        with pytest.raises(NativeModelError):
            LightGBM.from_bytes(bytes_, np.arange(3), 12).predict_proba(X)


def test_the_model_says_where_it_was_trained() -> None:
    assert _device_of("x\n[device_type: cuda]\ny") == "cuda"
    assert _device_of("x") == "unknown"
