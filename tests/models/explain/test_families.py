"""SHAP values of the boosters: they sum to the score, and name the family that matters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gliaboost.models.explain.families import share_by_family
from gliaboost.models.registry import create_model


@pytest.mark.parametrize("name", ["lightgbm", "xgboost"])
@pytest.mark.parametrize("classes", [2, 3])
def test_differences_of_sums_are_log_odds(name: str, classes: int) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(150, 12)).astype(np.float32)
    y = np.digitize(X[:, 4] + 0.2 * rng.normal(size=150), [-0.4, 0.4][: classes - 1])
    parameters: dict[str, Any] = {"device": "cpu", "rounds": 30, "inner_folds": 0}
    model = create_model(name, max_features=1.0, **parameters).fit(X, y)
    values = model.contributions(X)
    assert values is not None
    assert values.shape == (150, classes, 12)
    assert np.abs(values).mean(axis=(0, 1)).argmax() == 4
    # What the columns do not explain is one constant a class.
    log_odds = np.log(model.predict_proba(X))
    rest = log_odds[:, 0] - log_odds[:, 1] - (values[:, 0] - values[:, 1]).sum(axis=1)
    np.testing.assert_allclose(rest, rest.mean(), atol=2e-4)
    shares = share_by_family(values, ["a", "b", "c"], [4, 1, 7])
    assert max(shares, key=lambda k: shares[k]) == "b"
    assert sum(shares.values()) == pytest.approx(1)


def test_no_part_at_all() -> None:
    assert share_by_family(np.zeros((3, 2, 2), np.float32), ["a", "b"], [1, 1]) == {"a": 0, "b": 0}
