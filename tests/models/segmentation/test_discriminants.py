"""Linear scores beside columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from gliaboost.models.base import NativeModelError
from gliaboost.models.segmentation.discriminants import (
    SHRINKAGE,
    Discriminants,
    learn_discriminants,
)


def _rows(count: int = 300) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(3), count // 3)
    X = rng.normal(size=(count, 5)) @ rng.normal(size=(5, 5))
    X[:, 0] += y
    X[:, 3] -= 2 * (y == 2)
    return (100 + 20 * X).astype(np.float32), y


class _Shrunk:
    def fit(self, X: np.ndarray) -> None:
        self.covariance_ = np.cov(X.T, bias=True) + SHRINKAGE * np.eye(X.shape[1])


def test_scores_are_linear_discriminant_analysis() -> None:
    X, y = _rows()
    ours = learn_discriminants(X, y, np.ones(len(y)), 3).beside(X)[:, 5:]
    standard = (X - X.mean(axis=0)) / X.std(axis=0)
    theirs = LinearDiscriminantAnalysis(
        solver="lsqr", priors=[1 / 3] * 3, covariance_estimator=_Shrunk()
    )
    scores = theirs.fit(standard, y).decision_function(standard)
    # A constant for all classes says nothing.
    mine = ours - ours.mean(axis=1, keepdims=True)
    assert mine == pytest.approx(scores - scores.mean(axis=1, keepdims=True), abs=2e-3)


def test_a_row_of_weight_two_is_two_rows() -> None:
    X, y = _rows()
    weight = np.where(np.arange(len(y)) % 7 == 0, 2.0, 1.0)
    twice = np.concatenate([np.arange(len(y)), np.flatnonzero(weight == 2)])
    one = learn_discriminants(X, y, weight, 3).beside(X)
    other = learn_discriminants(X[twice], y[twice], np.ones(len(twice)), 3).beside(X)
    assert one == pytest.approx(other, abs=1e-3)


def test_columns_that_never_change_or_repeat_others_do_no_harm() -> None:
    X, y = _rows()
    more = np.concatenate([X, X[:, :1], np.zeros((len(X), 1), np.float32)], axis=1)
    found = learn_discriminants(more, y, np.ones(len(y)), 3)
    assert np.isfinite(found.beside(more)).all()


def test_a_class_without_rows_has_no_score() -> None:
    X, y = _rows()
    assert not learn_discriminants(X, y, np.ones(len(y)), 4).beside(X)[:, -1].any()


def test_arrays_bring_it_back_and_others_are_refused() -> None:
    X, y = _rows()
    found = learn_discriminants(X, y, np.ones(len(y)), 3)
    again = Discriminants.from_arrays(found.arrays(), 5)
    assert (again.beside(X) == found.beside(X)).all()
    broken: list[tuple[dict[str, Any], int]] = [
        (found.arrays(), 6),
        ({"weights": found.weights}, 5),
        ({"weights": found.weights, "start": found.start[:2]}, 5),
        ({"weights": found.weights.astype(np.float32), "start": found.start}, 5),
    ]
    for arrays, columns in broken:
        with pytest.raises(NativeModelError, match="linear scores"):
            Discriminants.from_arrays(arrays, columns)
