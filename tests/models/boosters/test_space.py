from __future__ import annotations

import numpy as np
import pytest

from gliaboost.errors import UsageError
from gliaboost.models.boosters.space import SEARCHED, draw
from gliaboost.models.registry import create_model

optuna = pytest.importorskip("optuna")


@pytest.mark.parametrize("name", ["lightgbm", "xgboost"])
def test_what_is_drawn_is_legal_and_searched(name: str) -> None:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    for _ in range(20):
        drawn = draw(study.ask())
        assert set(drawn) == set(SEARCHED)
        # Parameters are checked before the labels.
        with pytest.raises(UsageError, match="2 classes"):
            create_model(name, **drawn).fit(np.zeros((4, 8), np.float32), ["a"] * 4)


def test_the_whole_range_is_drawn() -> None:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    drawn = [draw(study.ask()) for _ in range(60)]
    assert {d["max_bin"] for d in drawn} == {15, 31, 63}
    rates = [d["learning_rate"] for d in drawn]
    # On a logarithmic scale half of them lie below the geometric mean of the ends.
    assert 0.02 <= min(rates) < 0.03 and 0.2 < max(rates) <= 0.3
    assert 15 <= sum(rate < (0.02 * 0.3) ** 0.5 for rate in rates) <= 45
