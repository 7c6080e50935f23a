from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gliaboost.reports.statistics.dealing import deal, spread

Codes = NDArray[np.int64]


def by_unit(part: Codes, folds: int = 5) -> list[tuple[Codes, Codes]]:
    return [(np.flatnonzero(part != k), np.flatnonzero(part == k)) for k in range(folds)]


def stacks(patients: int = 12, slices: int = 10) -> tuple[Codes, Codes]:
    """Every patient has a tumour in the middle of the stack, and healthy slices around it."""
    one = np.zeros(slices, dtype=np.int64)
    one[3:6] = 1
    return np.tile(one, patients), np.repeat(np.arange(patients), slices)


def test_units_of_one_label_swap_them_whole() -> None:
    labels, units = np.repeat([0, 1, 2, 0], 5), np.repeat([4, 1, 9, 2], 5)
    seen = set()
    for seed in range(150):
        dealt = deal(labels, units, [], np.random.default_rng(seed))
        assert Counter(dealt.tolist()) == {0: 10, 1: 5, 2: 5}
        assert all(len(set(dealt[units == u])) == 1 for u in np.unique(units))
        seen.add(tuple(dealt))
    assert len(seen) == 12  # 4! / 2!


def test_a_unit_whose_rows_are_apart_keeps_one_label() -> None:
    rng = np.random.default_rng(0)
    units = rng.permutation(np.repeat(np.arange(20), 4))
    labels = (np.arange(20) % 3)[units]
    dealt = deal(labels, units, [], rng)
    assert all(len(set(dealt[units == u])) == 1 for u in range(20))


def test_a_patient_with_two_classes_gets_a_mixture() -> None:
    labels, units = stacks()
    places = np.zeros(10)
    for seed in range(200):
        dealt = deal(labels, units, [], np.random.default_rng(seed)).reshape(12, 10)
        assert (dealt.sum(1) == 3).all()
        # Slices of one label stay neighbours, over the end of the stack as well.
        assert ((dealt != np.roll(dealt, 1, axis=1)).sum(1) == 2).all()
        places += dealt.sum(0)
    # And the place in the stack tells nothing.
    assert places.min() > 0.85 * places.mean()


def test_a_mixture_is_fitted_to_another_size() -> None:
    labels = np.r_[np.repeat([0, 1], [20, 20]), np.zeros(4, int), [0, 1]]
    units = np.repeat([0, 1, 2], [40, 4, 2])
    large = {0: 0, 1: 0}
    for seed in range(60):
        dealt = deal(labels, units, [], np.random.default_rng(seed))
        shares = sorted(round(float(dealt[units == u].mean()), 2) for u in range(3))
        assert shares == [0, 0.5, 0.5]
        large[int(dealt[:40].mean() == 0)] += 1
    assert min(large.values()) > 8


def test_no_training_part_loses_a_class_that_it_had() -> None:
    """The rare class is of two units: in one fold of five they would be together by chance."""
    units = np.repeat(np.arange(20), 3)
    labels = np.repeat(np.r_[np.zeros(9, int), np.ones(9, int), [2, 2]], 3)
    folds = by_unit(np.arange(20)[units] % 5)
    for seed in range(100):
        dealt = deal(labels, units, folds, np.random.default_rng(seed))
        assert all(set(dealt[train]) == {0, 1, 2} for train, _ in folds)
        assert Counter(dealt.tolist()) == Counter(labels.tolist())


def test_where_a_class_must_be_lost_the_deal_that_loses_least_is_taken() -> None:
    labels = units = np.arange(3)
    dealt = deal(labels, units, [(np.array([0, 1]), np.array([2]))], np.random.default_rng(0))
    assert sorted(dealt) == [0, 1, 2]


def test_folds_get_their_share_of_each_class() -> None:
    """Folds of a single class each, as sites have them: dealt labels do not follow the folds."""
    part = np.repeat(np.arange(4), 25)
    labels = (part // 2).astype(np.int64)
    folds = by_unit(part, 4)
    for seed in range(20):
        dealt = deal(labels, np.arange(100), folds, np.random.default_rng(seed))
        assert all(abs(int(dealt[test].sum()) - 12.5) < 3 for _, test in folds)


def test_dealt_labels_have_nothing_of_the_true_ones() -> None:
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 2, 300)
    units = np.arange(300) // 3
    labels = labels[units * 3]
    agreed = [(deal(labels, units, [], rng) == labels).mean() for _ in range(300)]
    share = labels.mean()
    assert np.mean(agreed) == pytest.approx(share**2 + (1 - share) ** 2, abs=0.01)


def test_the_same_generator_deals_the_same() -> None:
    labels, units = stacks()
    a, b, c = (deal(labels, units, [], np.random.default_rng(s)) for s in (3, 3, 4))
    np.testing.assert_array_equal(a, b)
    assert (a != c).any()


@pytest.mark.parametrize("strata", [np.array([0, 0, 0, 0, 0, 0, 1, 1, 1]), np.zeros(5, int)])
def test_strata_are_spread(strata: Any) -> None:
    order = spread(strata, np.random.default_rng(0))
    assert sorted(order) == list(range(len(strata)))
    if strata.any():
        for third in np.array_split(strata[order], 3):
            assert third.sum() in (0, 1, 2)
        assert strata[order][:5].any()
