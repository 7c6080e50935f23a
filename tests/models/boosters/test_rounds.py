"""Rounds: patients stay whole, and the least held-out loss decides."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import log_loss as sklearn_log_loss

from gliaboost.models.boosters.rounds import choose_rounds, inner_folds, log_loss


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(1, 5)), min_size=2, max_size=24),
    st.integers(2, 5),
    st.integers(0, 3),
)
def test_groups_stay_whole_and_all_classes_remain(
    patients: list[tuple[int, int]], parts: int, seed: int
) -> None:
    y = np.array([kind for kind, rows in patients for _ in range(rows)])
    groups = np.array([g for g, (_, rows) in enumerate(patients) for _ in range(rows)])
    folds = inner_folds(y, groups, parts, seed)
    smallest = min(len(np.unique(groups[y == kind])) for kind in np.unique(y))
    if smallest < 2:
        assert folds == []
    assert len(folds) <= parts
    for held_out in folds:
        rest = np.setdiff1d(np.arange(len(y)), held_out)
        assert not set(groups[held_out]) & set(groups[rest])
        assert set(y[rest]) == set(y)
    everything = np.concatenate(folds) if folds else np.empty(0, int)
    assert len(everything) == len(set(everything.tolist()))


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


def test_log_loss_is_scikit_learns() -> None:
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(3), 50)
    y, weight = rng.integers(0, 3, 50), rng.random(50)
    expected = sklearn_log_loss(y, p, sample_weight=weight, labels=[0, 1, 2], normalize=False)
    assert log_loss(p, y, weight) == pytest.approx(expected)
