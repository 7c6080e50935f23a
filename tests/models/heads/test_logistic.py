"""Logistic regression is scikit-learn's, and its parts sum to its scores."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from gliaboost.models.heads.head import Learning
from gliaboost.models.heads.logistic import Logistic
from tests.models.heads.test_head import make_data


@pytest.mark.parametrize("classes", [2, 3])
def test_probabilities_before_calibration_are_scikit_learns(classes: int) -> None:
    rng = np.random.default_rng(0)
    Z = rng.normal(size=(90, 6)).astype(np.float32)
    y = rng.integers(0, classes, 90)
    weight = rng.uniform(0.5, 2, 90)
    model = Logistic()
    (head,) = model._heads(Learning(Z, y, weight, classes), [{"C": 0.1}])
    wanted = LogisticRegression(C=0.1, max_iter=2000).fit(Z, y, sample_weight=weight)
    scores = model._scores(head, Z)
    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    got = odds / odds.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(got, wanted.predict_proba(Z), atol=1e-6)


def test_contributions_sum_to_the_score() -> None:
    X, y, patients = make_data(rows=120, columns=40)
    X[::9, 4] = np.nan
    model = Logistic(components=12, C=0.1, inner_folds=2).fit(X, y, groups=patients)
    parts = model.contributions(X[:30])
    assert parts.shape == (30, 3, 40)
    scores = model.sharpness_ * model.class_scores(X[:30])
    constant = scores - parts.sum(axis=2)
    np.testing.assert_allclose(constant, np.tile(constant[:1], (30, 1)), atol=1e-4)
    # The three columns that carry the class carry the decision.
    share = np.abs(parts).mean(axis=(0, 1))
    assert share[:3].sum() > 3 * 3 / 40 * share.sum()
