from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest

from gliaboost.errors import UsageError
from gliaboost.models.parameter_checks import Legal, check_parameters, whole

LEGAL: Legal = {
    "rounds": ("a whole number from 1 to 9", whole(1, 9)),
    "rate": ("more than 0", lambda v: v > 0),
}


@pytest.mark.parametrize("value", [1, 9, 3.0])
def test_legal_values_pass(value: Any) -> None:
    check_parameters(SimpleNamespace(rounds=value, rate=0.1), LEGAL)


def test_all_faults_are_named_at_once_with_what_was_expected() -> None:
    with pytest.raises(UsageError) as refused:
        check_parameters(SimpleNamespace(rounds=0, rate="fast"), LEGAL)
    assert str(refused.value) == (
        "SimpleNamespace: rounds=0, expected a whole number from 1 to 9; "
        "rate='fast', expected more than 0"
    )


@pytest.mark.parametrize(
    "value", [0, 10, 1.5, True, None, "3", math.nan, math.inf, -math.inf, [1], 1 + 0j]
)
def test_what_is_no_whole_number_in_the_range_is_refused(value: Any) -> None:
    with pytest.raises(UsageError, match="expected a whole number from 1 to 9"):
        check_parameters(SimpleNamespace(rounds=value, rate=1), LEGAL)


def test_a_range_may_be_open_above() -> None:
    assert whole(2)(10**12)
    assert not whole(2)(1)


def test_a_test_that_breaks_otherwise_is_not_taken_for_a_no() -> None:
    def broken(value: Any) -> bool:
        raise KeyError(value)

    with pytest.raises(KeyError):
        check_parameters(SimpleNamespace(rounds=1), {"rounds": ("anything", broken)})
