from __future__ import annotations

from typing import Any

import pytest

from gliaboost.reports.document import numerals as n


@pytest.mark.parametrize(
    ("written", "want"),
    [
        (n.count(0), "0"),
        (n.count(1234567), "1,234,567"),
        (n.speed(None), "–"),
        (n.speed(9.4), "9.4"),
        (n.speed(9.5), "10"),
        (n.speed(0.0456), "0.046"),
        (n.share(None), "–"),
        (n.share(0.98765), "0.988"),
        (n.share(-0.5, 1), "\N{MINUS SIGN}0.5"),
        (n.percent(1), "100 %"),
        (n.percent(0.0049, 2), "0.49 %"),
        (n.signed(0.0125), "+0.013"),
        (n.signed(-0.01), "\N{MINUS SIGN}0.010"),
        (n.signed(0), "0.000"),
        (n.probability(0.001), "0.001"),
        (n.probability(0.00099), "< 0.001"),
        (n.probability(0.996), "1"),
        (n.probability(0.99), "0.99"),
        (n.span(None), ""),
        (n.span([-0.1, 0.25], 2), "[\N{MINUS SIGN}0.10, 0.25]"),
        (n.seconds(None), "–"),
        (n.seconds(0.949), "0.95 s"),
        (n.seconds(9.94), "9.9 s"),
        (n.seconds(9.96), "10 s"),
        (n.seconds(89.9), "90 s"),
        (n.seconds(90), "1.5 min"),
        (n.seconds(5399), "90 min"),
        (n.seconds(5400), "1.5 h"),
        (n.size(None), "–"),
        (n.size(999), "999 B"),
        (n.size(1000), "1 kB"),
        (n.size(17_300_000), "17.3 MB"),
        (n.size(2.5e9), "2.5 GB"),
        (n.plural(1, "class", "classes"), "1 class"),
        (n.plural(1200, "class", "classes"), "1,200 classes"),
        (n.plural(0, "image"), "0 images"),
        (n.listed([]), ""),
        (n.listed(["a"]), "a"),
        (n.listed(["a", "b"]), "a and b"),
        (n.listed(["a", "b", "c"]), "a, b and c"),
    ],
)
def test_numbers_are_written_alike_everywhere(written: str, want: str) -> None:
    assert written == want


def test_a_cell_has_the_number_and_its_limits_unrounded() -> None:
    cell = n.bounded(0.91234, [0.9, 0.923456])
    assert (cell.text, cell.value) == ("0.912", 0.91234)
    assert (cell.detail, cell.limits) == ("[0.900, 0.923]", [0.9, 0.923456])
    assert n.bounded(0.5, None, "half").text == "half"
    assert n.bounded(None, [0.1, 0.2]).text == "–"
    assert n.bounded(None, [0.1, 0.2]).limits is None


@pytest.mark.parametrize(
    ("value", "want"),
    [
        (None, None),
        (True, "yes"),
        (3, "3"),
        (1e-05, "1e-05"),
        ({"a_b": {"c": [0.5, False]}, "d": None}, "a b c 0.5, no; d None"),
        ((), ""),
    ],
)
def test_parameters_are_written_as_a_reader_would(value: Any, want: str | None) -> None:
    assert n.words(value) == want
