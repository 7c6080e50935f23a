"""Scores of rows that walk through trees: each by hand, whatever the block it walks in."""

from __future__ import annotations

import numpy as np
import pytest

from gliaboost.models.trees.branches import MISSING_LEFT, ZERO_MISSING
from gliaboost.models.trees.trees import Trees
from gliaboost.models.trees.walk import BLOCK

NAN = float("nan")


def stump(threshold: float, *, strict: bool, missing: int) -> Trees:
    """One tree of one class: 1 to the left, 2 to the right."""
    return Trees(
        roots=np.array([0], np.int32),
        group=np.array([0], np.int32),
        feature=np.array([0], np.int32),
        left=np.array([-1], np.int32),
        right=np.array([-2], np.int32),
        threshold=np.array([threshold], np.float32),
        missing=np.array([missing], np.uint8),
        value=np.array([1.0, 2.0]),
        start=np.zeros(1),
        columns=1,
        strict=strict,
    )


@pytest.mark.parametrize(
    ("strict", "missing", "left"),
    [
        (True, 0, [-1.0]),
        (False, 0, [-1.0, 0.5]),
        (True, MISSING_LEFT, [-1.0, NAN]),
        (False, MISSING_LEFT, [-1.0, 0.5, NAN]),
    ],
)
def test_a_value_on_the_threshold_and_a_missing_one(
    strict: bool, missing: int, left: list[float]
) -> None:
    values = np.array([-1.0, 0.5, 1.0, NAN, np.inf], np.float32)
    scores = stump(0.5, strict=strict, missing=missing).scores(values[:, None])
    assert scores[:, 0].tolist() == [1.0 if v in left or (np.isnan(v) and len(left) and
        np.isnan(left[-1])) else 2.0 for v in values]  # fmt: skip


@pytest.mark.parametrize("side", [0, MISSING_LEFT])
@pytest.mark.parametrize("threshold", [-1.0, 1.0])
def test_zeros_may_be_missing(side: int, threshold: float) -> None:
    zeros = np.array([0.0, -0.0, 1e-36, -1e-36, 1e-35, NAN], np.float32)
    trees = stump(threshold, strict=False, missing=ZERO_MISSING + side)
    assert set(trees.scores(zeros[:, None])[:, 0]) == {1.0 if side else 2.0}
    beyond = np.array([[2e-35]], np.float32)
    assert trees.scores(beyond)[0, 0] == (1.0 if threshold > 0 else 2.0)


def test_every_row_of_every_block_is_added_to_its_class() -> None:
    rows = np.arange(2 * BLOCK + 3, dtype=np.float32)[:, None]
    two = Trees(
        roots=np.array([0, -3, 1], np.int32),
        group=np.array([1, 0, 0], np.int32),
        feature=np.zeros(2, np.int32),
        left=np.array([-1, -4], np.int32),
        right=np.array([-2, -5], np.int32),
        threshold=np.array([10, 200], np.float32),
        missing=np.zeros(2, np.uint8),
        value=np.array([1.0, 2.0, 0.5, 4.0, 8.0]),
        start=np.array([100.0, 200.0]),
        columns=1,
        strict=False,
    )
    want = np.stack(
        [100.5 + np.where(rows[:, 0] <= 200, 4, 8), 200 + np.where(rows[:, 0] <= 10, 1, 2)], axis=1
    )
    for threads in (1, 3):
        np.testing.assert_array_equal(two.scores(rows, threads), want)
    assert two.scores(rows[:0]).shape == (0, 2)
