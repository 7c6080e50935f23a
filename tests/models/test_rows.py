from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gliaboost.errors import UsageError
from gliaboost.models.rows import refuse_infinite, row_groups, row_weights


def test_rows_weigh_one_and_stand_alone_unless_told_otherwise() -> None:
    assert row_weights(None, 3).tolist() == [1, 1, 1]
    assert row_groups(None, 3).tolist() == [0, 1, 2]
    assert row_weights([2, 0, 1], 3).tolist() == [2, 0, 1]
    assert row_weights([2, 0, 1], 3).dtype == np.float64
    mixed: Any = ["p", 1, "p"]
    assert row_groups(mixed, 3).tolist() == mixed


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1, 1], r"sample_weight of shape \(2,\); expected \(3,\)"),
        ([[1], [1], [1]], r"shape \(3, 1\)"),
        ([1, -1, 1], "negative or infinite"),
        ([1, np.inf, 1], "negative or infinite"),
        ([1, np.nan, 1], "negative or infinite"),
        ([0, 0, 0], "nothing but zeros"),
    ],
)
def test_weights_that_are_none_are_refused(weights: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        row_weights(weights, 3)


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        (["p"], r"groups of shape \(1,\); expected one a row, \(3,\)"),
        ([["p"], ["q"], ["r"]], r"shape \(3, 1\)"),
        (["p", None, None], r"2 row\(s\) have no group \(first: row 1\)"),
        ([1.0, 2.0, np.nan], r"1 row\(s\) have no group \(first: row 2\); .* early stopping"),
    ],
)
def test_rows_without_a_group_are_refused(groups: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        row_groups(groups, 3)


def test_falsy_groups_are_groups() -> None:
    falsy: Any = [0, "", False]
    assert row_groups(falsy, 3).tolist() == falsy


def test_infinity_is_told_by_the_row_of_all_rows() -> None:
    X = np.zeros((4, 2), np.float32)
    refuse_infinite(X)
    X[3, 1] = -np.inf
    with pytest.raises(UsageError, match=r"in column 1 \(first in row 103\)"):
        refuse_infinite(X, first=100)
