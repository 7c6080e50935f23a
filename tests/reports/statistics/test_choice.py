from __future__ import annotations

import pytest

from gliaboost.reports.statistics.choice import between, most_accurate, not_worse
from gliaboost.reports.statistics.paired import Comparison


def pair(
    first: int,
    second: int,
    difference: float,
    *,
    p: float = 1.0,
    ci95: tuple[float, float] | None = None,
    images: int = 100,
) -> Comparison:
    return Comparison(first, second, images, 10, "patient", difference, ci95, 7, 3, p, p, p)


def test_a_comparison_is_turned_whole() -> None:
    c = pair(0, 2, 0.04, ci95=(-0.01, 0.09))
    assert between([c], 0, 2) is c
    turned = between([c], 2, 0)
    assert turned is not None
    assert (turned.first, turned.second, turned.difference) == (2, 0, -0.04)
    assert turned.ci95 == (-0.09, 0.01)
    assert (turned.only_first, turned.only_second) == (3, 7)
    assert between([pair(0, 1, 0.1)], 1, 0).ci95 is None  # type: ignore[union-attr]
    assert between([c], 0, 1) is None


@pytest.mark.parametrize(
    ("accuracies", "images", "comparisons", "chosen"),
    [
        # All on everything: the accuracies say it, certain or not.
        ([0.8, 0.9, 0.7], [100, 100, 100], [], 1),
        ([None, 0.1], [100, 100], [], 1),
        ([0.9], [100], [], 0),
        # A part, better beyond chance on the images of both; either way round.
        ([0.8, 0.9], [100, 40], [pair(0, 1, -0.1, p=0.001)], 1),
        ([0.9, 0.8], [40, 100], [pair(0, 1, 0.1, p=0.001)], 0),
        # Better, and perhaps by chance; worse beyond chance on its easy part.
        ([0.8, 0.9], [100, 40], [pair(0, 1, -0.1, p=0.2)], 0),
        ([0.8, 0.9], [100, 40], [pair(0, 1, 0.1, p=0.001)], 0),
        # Three parts of other sizes: the smallest beats whom the larger beat.
        (
            [0.8, 0.9, 0.95],
            [100, 60, 20],
            [pair(0, 1, -0.1, p=0.001), pair(0, 2, -0.2, p=0.001), pair(1, 2, -0.1, p=0.001)],
            2,
        ),
        # The smallest is better than the whole, and not than the larger part that is.
        (
            [0.8, 0.9, 0.95],
            [100, 60, 20],
            [pair(0, 1, -0.1, p=0.001), pair(0, 2, -0.2, p=0.001), pair(1, 2, -0.1, p=0.2)],
            1,
        ),
        # None on everything: the one with most images stands for the whole.
        ([0.7, 0.9], [60, 40], [], 0),
        ([0.7, 0.9], [50, 50], [], 1),
    ],
)
def test_the_most_accurate_is_chosen_on_the_images_of_both(
    accuracies: list[float | None],
    images: list[int],
    comparisons: list[Comparison],
    chosen: int,
) -> None:
    assert most_accurate(accuracies, images, 100, comparisons) == chosen


def test_not_worse_is_what_the_interval_leaves_open() -> None:
    found = not_worse(
        1,
        [
            pair(0, 1, -0.05, p=0.001, ci95=(-0.09, -0.01)),  # worse beyond chance
            pair(1, 2, 0.02, p=0.2, ci95=(-0.01, 0.05)),  # perhaps worse
            pair(1, 3, 0.02, p=0.2, ci95=(0.001, 0.05)),  # worse, but for Holm's correction
            pair(1, 4, -0.02, p=0.001, ci95=(-0.05, -0.01)),  # better
            pair(1, 5, 0.02, p=0.2),  # one patient: no interval
            pair(0, 2, 0.0),  # of others
        ],
    )
    assert [c.first for c in found] == [2, 4, 5]
    assert {c.second for c in found} == {1}
    assert found[0].difference == -0.02
