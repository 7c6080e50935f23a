from __future__ import annotations

from collections.abc import Iterator

from gliaboost.contracts import faults_of, first_line


def _a_hard_check(least: int, given: int) -> Iterator[str]:
    if given < least:
        yield f"{given} is below {least}"
    if given == 0:
        raise ZeroDivisionError("no\nway")
    if given % 2:
        yield f"{given} is odd"


def test_all_faults_of_a_check_are_found() -> None:
    assert faults_of(_a_hard_check, 2, 4) == []
    assert faults_of(_a_hard_check, 2, 1) == ["1 is below 2", "1 is odd"]


def test_an_error_is_a_fault_after_those_found_before_it() -> None:
    said = "a hard check: fails with ZeroDivisionError: no"
    assert faults_of(_a_hard_check, 2, 0) == ["0 is below 2", said]


def test_an_error_that_says_nothing_has_its_kind() -> None:
    assert first_line(KeyError()) == "KeyError: "
