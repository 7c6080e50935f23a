from __future__ import annotations

import numpy as np

from gliaboost.reports.statistics.resampling import group_codes, interval, resamples, sums


def test_rows_without_a_group_stand_alone() -> None:
    missing = float("nan")
    codes, count = group_codes(["b", None, "a", missing, "b", "", missing, "".join([])])
    assert count == 7
    # Named groups first, then the others as they come.
    assert codes.tolist() == [1, 2, 0, 3, 1, 4, 5, 6]


def test_groups_may_be_numbers() -> None:
    codes, count = group_codes([3, 1, None, 3])
    assert (codes.tolist(), count) == ([1, 0, 2, 1], 3)


def test_codes_do_not_depend_on_row_order() -> None:
    names = ["p9", "p1", "p5", "p1"]
    codes, _ = group_codes(names)
    again, _ = group_codes(names[::-1])
    assert codes.tolist() == again[::-1].tolist()


def test_resamples_draw_as_many_groups_as_there_are() -> None:
    weights = resamples(13, 400, seed=3)
    assert (weights.sum(1) == 13).all()
    assert weights.shape == (400, 13)
    # Drawn with replacement a group is missing with probability (1 - 1/13) ** 13 = 0.353.
    assert abs((weights == 0).mean() - 0.353) < 0.02
    np.testing.assert_array_equal(weights, resamples(13, 400, seed=3))
    assert (weights != resamples(13, 400, seed=4)).any()


def test_the_interval_of_a_mean_is_students() -> None:
    """Over groups of one the bootstrap must agree with theory: mean +- 1.96 s / sqrt(n)."""
    rng = np.random.default_rng(0)
    values = rng.normal(5, 2, 400)
    boot = resamples(400, 4000, seed=0) @ values / 400
    low, high = interval(boot) or (0.0, 0.0)
    half = 1.96 * values.std() / 20
    assert abs(low - (values.mean() - half)) < 0.1 * half
    assert abs(high - (values.mean() + half)) < 0.1 * half


def test_undefined_resamples_are_dropped() -> None:
    assert interval([float("nan"), *range(1001)]) == (25.0, 975.0)
    assert interval([float("nan")]) is None


def test_sums_by_group() -> None:
    total = sums(np.array([1, 0, 1]), 3, [[1, 2], [3, 4], [5, 6]])
    assert total.tolist() == [[3, 4], [6, 8], [0, 0]]
