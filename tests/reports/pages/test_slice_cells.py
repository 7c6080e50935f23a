from __future__ import annotations

from gliaboost.reports.document.numerals import UNKNOWN
from gliaboost.reports.pages.slice_cells import number, part, within
from gliaboost.reports.statistics.slice_average import SliceAverage

KNOWN = SliceAverage(0.25, (0.125, 0.5), 8, 4)
ALONE = SliceAverage(0.25, None, 8, 1)
NOTHING = SliceAverage(None, None, 0, 0)


def test_a_number_a_share_and_an_interval() -> None:
    assert (number(KNOWN).text, number(KNOWN).limits) == ("0.250", (0.125, 0.5))
    assert (part(KNOWN).text, part(KNOWN).detail) == ("25.0 %", "[12.5 %, 50.0 %]")
    assert within(KNOWN) == " [0.125, 0.500]"


def test_what_is_not_known_is_not_made_up() -> None:
    assert number(NOTHING).text == part(NOTHING).text == UNKNOWN
    assert (part(ALONE).text, part(ALONE).detail, within(ALONE)) == ("25.0 %", "", "")
