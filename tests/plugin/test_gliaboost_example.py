from __future__ import annotations

import numpy as np
from gliaboost_example import GreyLevels  # type: ignore[import-not-found]

from gliaboost.features import check_extractor


def test_it_keeps_the_contract() -> None:
    check_extractor(GreyLevels)


def test_quantiles_of_a_ramp() -> None:
    ramp = np.arange(101, dtype=np.uint8).reshape(1, 1, 101)
    assert GreyLevels([0, 0.5, 0.9]).transform(ramp).tolist() == [[0, 50, 90]]
