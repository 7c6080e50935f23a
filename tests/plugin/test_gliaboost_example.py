from __future__ import annotations

import numpy as np
from gliaboost_example import GreyLevels, NearestMean  # type: ignore[import-not-found]

from gliaboost.features import check_extractor
from gliaboost.models import check_model


def test_the_extractor_keeps_the_contract() -> None:
    check_extractor(GreyLevels)


def test_quantiles_of_a_ramp() -> None:
    ramp = np.arange(101, dtype=np.uint8).reshape(1, 1, 101)
    assert GreyLevels([0, 0.5, 0.9]).transform(ramp).tolist() == [[0, 50, 90]]


def test_the_model_keeps_the_contract() -> None:
    check_model(NearestMean)


def test_the_nearest_mean_in_units_of_each_columns_spread() -> None:
    X, y = np.array([[0, 0], [0, 90], [2, 10], [2, 100]]), ["a", "a", "b", "b"]
    assert NearestMean().fit(X, y).predict([[0.2, 99], [1.8, 0]]).tolist() == ["a", "b"]
