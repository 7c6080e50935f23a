from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from gliaboost.errors import UsageError
from gliaboost.reports.statistics.overlap import hausdorff95, overlap

Mask = NDArray[np.bool_]


def square(top: int, left: int, size: int, side: int = 30) -> Mask:
    mask = np.zeros((side, side), bool)
    mask[top : top + size, left : left + size] = True
    return mask


def outline(mask: Mask) -> list[tuple[int, int]]:
    """Pixels inside with one of four neighbours outside, or beyond the edge; one by one."""
    found = []
    for row, column in np.argwhere(mask):
        for r, c in ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)):
            beyond = not (0 <= r < mask.shape[0] and 0 <= c < mask.shape[1])
            if beyond or not mask[r, c]:
                found.append((int(row), int(column)))
                break
    return found


def brute_hd95(a: Mask, b: Mask, spacing: tuple[float, float]) -> float:
    """As MONAI's compute_hausdorff_distance with percentile 95, written as its words say."""

    def directed(here: list[tuple[int, int]], there: list[tuple[int, int]]) -> float:
        nearest = [
            min(math.hypot((p[0] - q[0]) * spacing[0], (p[1] - q[1]) * spacing[1]) for q in there)
            for p in here
        ]
        return float(np.percentile(nearest, 95))

    first, second = outline(a), outline(b)
    return max(directed(first, second), directed(second, first))


MASKS = arrays(np.bool_, (6, 8))


@settings(max_examples=150, deadline=None)
@given(MASKS, MASKS, st.sampled_from([(1.0, 1.0), (0.5, 3.0)]))
def test_numbers_are_those_of_sets_and_of_all_distances(
    a: Mask, b: Mask, spacing: tuple[float, float]
) -> None:
    found = overlap(a, b, spacing)
    one, other = ({tuple(p) for p in np.argwhere(m)} for m in (a, b))
    assert (found.area_true, found.area_predicted) == (len(one), len(other))
    if one or other:
        assert found.dice == pytest.approx(2 * len(one & other) / (len(one) + len(other)))
        assert found.iou == pytest.approx(len(one & other) / len(one | other))
    if one and other:
        assert found.precision == pytest.approx(len(one & other) / len(other))
        assert found.recall == pytest.approx(len(one & other) / len(one))
        assert found.hd95 == pytest.approx(brute_hd95(a, b, spacing))
        assert found.area_error == pytest.approx(len(other) / len(one) - 1)


@settings(max_examples=60, deadline=None)
@given(MASKS, MASKS)
def test_turned_about_and_swapped_it_is_the_same(a: Mask, b: Mask) -> None:
    first, swapped = overlap(a, b), overlap(b, a)
    turned = overlap(np.rot90(a), np.rot90(b))
    assert first == turned
    assert (first.dice, first.iou) == (swapped.dice, swapped.iou)
    assert first.hd95 == pytest.approx(swapped.hd95)
    assert (first.precision, first.recall) == (swapped.recall, swapped.precision)


def test_a_shift_is_as_far_as_outlines_are_apart() -> None:
    found = overlap(square(5, 5, 10), square(5, 8, 10))
    assert found.dice == 0.7
    assert found.iou == pytest.approx(70 / 130)
    assert found.hd95 == 3
    assert overlap(square(5, 5, 10), square(5, 8, 10), (9.0, 0.5)).hd95 == 1.5
    assert overlap(square(5, 5, 10), square(5, 5, 10)).hd95 == 0


def test_the_worst_twentieth_does_not_count() -> None:
    true = square(5, 5, 15)
    spur = true.copy()
    spur[25, 5] = True  # one of 57 pixels of its outline
    assert hausdorff95(true, spur) == 0
    spur[25, 5:10] = True
    assert hausdorff95(true, spur) > 5


def test_two_empty_masks_agree() -> None:
    empty = np.zeros((9, 9), bool)
    found = overlap(empty, empty)
    assert (found.dice, found.iou, found.hd95) == (1, 1, 0)
    assert (found.precision, found.recall, found.area_error) == (None, None, None)


def test_of_one_empty_mask_nothing_is_near() -> None:
    mask, empty = square(3, 3, 4, 9), np.zeros((9, 9), bool)
    missed = overlap(mask, empty)
    assert (missed.dice, missed.iou, missed.hd95) == (0, 0, math.inf)
    assert (missed.precision, missed.recall, missed.area_error) == (None, 0, -1)
    alarm = overlap(empty, mask)
    assert (alarm.dice, alarm.iou, alarm.hd95) == (0, 0, math.inf)
    assert (alarm.precision, alarm.recall, alarm.area_error) == (0, None, None)


def test_masks_of_two_sizes_or_of_numbers_are_refused() -> None:
    mask = square(3, 3, 4)
    for other in (square(3, 3, 4, 31), mask.astype(np.uint8), mask[None]):
        wrong: Any = other
        for first, second in ((mask, wrong), (wrong, mask)):
            with pytest.raises(UsageError, match="two of bool"):
                overlap(first, second)
