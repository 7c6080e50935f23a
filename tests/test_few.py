from __future__ import annotations

import pytest

from gliaboost.few import few


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, ""),
        (1, "0"),
        (3, "0, 1, 2"),
        (4, "0, 1, 2 and 1 more"),
        (1237, "0, 1, 2 and 1,234 more"),
    ],
)
def test_the_first_are_named_and_the_rest_counted(count: int, said: str) -> None:
    assert few(range(count), 3) == said


def test_one_alone_is_named() -> None:
    assert few(["a", "b"], 1) == "a and 1 more"


def test_what_stands_between_two_is_chosen() -> None:
    assert few("abc", 2, "; ") == "a; b and 1 more"


def test_values_are_asked_once() -> None:
    assert few((letter for letter in "abcd"), 2) == "a, b and 2 more"


def test_the_rest_is_not_written() -> None:
    class Silent:
        def __str__(self) -> str:
            raise AssertionError("written, though it is counted alone")

    assert few(["a", Silent()], 1) == "a and 1 more"
