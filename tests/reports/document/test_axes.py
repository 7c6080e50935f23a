from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from gliaboost.reports.document.axes import MOST_TIMES, TIMES, Axes

Drawn = Callable[..., Any]


@pytest.fixture
def axes() -> Axes:
    return Axes((0, 10), (0, 1), "rounds", "loss", height=100)


def test_numbers_are_placed_in_the_frame_with_y_upwards(axes: Axes) -> None:
    assert axes.across(0) == axes.left
    assert axes.across(10) == axes.right
    assert axes.across(5) == (axes.left + axes.right) / 2
    assert axes.down(0) == axes.bottom
    assert axes.down(1) == axes.top == axes.bottom - 100


def test_time_is_logarithmic() -> None:
    axes = Axes((0.01, 100), (0, 1), "time", "accuracy", log_seconds=True)
    assert axes.across(1) == pytest.approx((axes.left + axes.right) / 2)
    assert axes.across(0.01) == axes.left


@pytest.mark.parametrize("span", [(0.005, 2e5), (0.5, 70.0), (1.5, 2.5)])
def test_times_are_few_and_inside(drawn: Drawn, span: tuple[float, float]) -> None:
    axes = Axes(span, (0, 1), "time", "accuracy", log_seconds=True)
    named = {words: t for t, words in TIMES}
    shown = [e.text for e in drawn("".join(axes.parts), "soft") if e.text in named]
    assert len(shown) <= MOST_TIMES
    assert all(span[0] <= named[words] <= span[1] for words in shown)
    assert bool(shown) == (span != (1.5, 2.5))


def test_every_tick_has_its_line_and_number(axes: Axes, drawn: Drawn) -> None:
    body = "".join(axes.parts)
    words = [e.text for e in drawn(body, "soft")]
    assert words == ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0", "0", "2", "4", "6", "8", "10"]
    assert len(drawn(body, "grid")) == len(words)
    assert {"rounds", "loss"} <= {e.text for e in drawn(body)}


def test_a_curve_is_in_its_series_colour_and_goes_through_its_points(
    axes: Axes, drawn: Drawn
) -> None:
    axes.curve([(0, 0), (10, 1)], 9)
    (path,) = drawn("".join(axes.parts), "curve")
    assert path.get("class") == "curve s2"
    assert path.get("d") == f"M{axes.left:g} {axes.bottom:g}L{axes.right:g} {axes.top:g}"


def test_a_band_goes_there_and_back(axes: Axes, drawn: Drawn) -> None:
    axes.band([(0, 0), (10, 0)], [(0, 1), (10, 1)], 0)
    (path,) = drawn("".join(axes.parts), "band")
    left, right, top, bottom = (f"{v:g}" for v in (axes.left, axes.right, axes.top, axes.bottom))
    assert path.get("d") == f"M{left} {bottom}L{right} {bottom}L{right} {top}L{left} {top}Z"


def test_a_mark_has_its_interval_and_its_name_beside_it(axes: Axes, drawn: Drawn) -> None:
    axes.mark(5, 0.5, 0, span=[0.4, 0.6], label="hog")
    body = "".join(axes.parts)
    (whisker,) = drawn(body, "whisker")
    assert float(whisker.get("y1")) == axes.down(0.4)
    assert float(whisker.get("y2")) == axes.down(0.6)
    (name,) = drawn(body, "strong")
    assert name.text == "hog"
    assert axes.top < float(name.get("y")) < axes.down(0.6)


def test_names_of_close_marks_do_not_cover_one_another(axes: Axes, drawn: Drawn) -> None:
    for k in range(4):
        axes.mark(5 + 0.01 * k, 0.5, k, label="hog + lbp")
    heights = sorted(float(e.get("y")) for e in drawn("".join(axes.parts), "strong"))
    assert min(b - a for a, b in itertools.pairwise(heights)) >= 12


def test_a_bar_stands_on_the_axis(axes: Axes, drawn: Drawn) -> None:
    axes.bar(2, 4, 0.25)
    (bar,) = drawn("".join(axes.parts), "heat")
    assert float(bar.get("y")) + float(bar.get("height")) == axes.bottom
    assert float(bar.get("height")) == pytest.approx(25)


def test_the_picture_has_room_for_its_legend(axes: Axes, drawn: Drawn) -> None:
    bare = axes.picture("p", "words")
    axes.key(0, "first")
    axes.key(1, "second", "mark")
    full = axes.picture("p", "words")
    assert (full.name, full.alt) == ("p", "words")
    assert full.height - bare.height >= 2 * 18
    lowest = max(float(e.get("y")) for e in drawn(full) if e.tag == "text")
    assert lowest < full.height
    # Taking the picture changes nothing: it can be taken again.
    assert axes.picture("p", "words") == full
    assert [e.text for e in drawn(full)][-1] == "second"
