"""Rounds: the least held-out loss decides."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import log_loss

from gliaboost.models.boosters.rounds import choose_rounds, summed_log_loss


class Told:
    def __init__(self, losses: list[float]) -> None:
        self.losses, self.asked = losses, 0

    def advance(self, number: int) -> float:
        assert number == self.asked
        self.asked += 1
        return self.losses[number]


def test_the_sum_of_all_parts_decides() -> None:
    one = Told([5, 4, 3, 2, 1, 1, 1, 1, 1])
    other = Told([5, 3, 2, 9, 9, 9, 9, 9, 9])
    assert choose_rounds([one, other], 9, 3, workers=2) == 3
    assert one.asked == other.asked == 6


def test_never_more_than_the_most() -> None:
    falling = Told([float(-n) for n in range(50)])
    assert choose_rounds([falling], 7, 3, workers=1) == 7
    assert falling.asked == 7


def test_summed_log_loss_is_scikit_learns() -> None:
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(3), 50)
    y, weight = rng.integers(0, 3, 50), rng.random(50)
    expected = log_loss(y, p, sample_weight=weight, labels=[0, 1, 2], normalize=False)
    assert summed_log_loss(p, y, weight) == pytest.approx(expected)
