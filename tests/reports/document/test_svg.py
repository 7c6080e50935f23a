from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gliaboost.reports.document import svg
from gliaboost.reports.document.blocks import Picture

Drawn = Callable[..., Any]


def test_elements_say_where_they_are(drawn: Drawn) -> None:
    (word,) = drawn(svg.text(1.04, 2, "a < b & c", anchor="middle", kind="soft"))
    assert (word.get("x"), word.get("y"), word.text) == ("1", "2", "a < b & c")
    assert (word.get("text-anchor"), word.get("class")) == ("middle", "soft")
    (line,) = drawn(svg.line(0, 1, 2.25, 3))
    assert [line.get(k) for k in ("x1", "y1", "x2", "y2", "class")] == [
        "0",
        "1",
        "2.2",
        "3",
        "axis",
    ]
    (rect,) = drawn(svg.rect(0, 1, 2, 3, "heat", opacity=0.25))
    assert (rect.get("width"), rect.get("height"), rect.get("fill-opacity")) == ("2", "3", "0.250")
    assert "fill-opacity" not in svg.rect(0, 1, 2, 3, "heat")
    (path,) = drawn(svg.path([(0, 0), (1.5, 2)], "curve", closed=True))
    assert path.get("d") == "M0 0L1.5 2Z"


def test_labels_cannot_become_markup(drawn: Drawn) -> None:
    (word,) = drawn(svg.text(0, 0, '<script>"&'))
    assert word.text == '<script>"&'
    assert not list(word)


def test_eight_series_differ_in_colour_and_neighbours_in_shape(drawn: Drawn) -> None:
    marks = [drawn(svg.marker(10, 10, k))[0] for k in range(8)]
    assert len({m.get("class") for m in marks}) == 8
    for a, b in itertools.pairwise(marks):
        assert (a.tag, a.get("d")) != (b.tag, b.get("d"))
    assert svg.marker(10, 10, 8) == svg.marker(10, 10, 0)


def test_marks_stand_about_their_point(drawn: Drawn) -> None:
    for k in range(1, 4):
        steps = drawn(svg.marker(10, 20, k))[0].get("d").strip("MZ").split("L")
        points = [tuple(map(float, s.split())) for s in steps]
        for axis, middle in ((0, 10), (1, 20)):
            values = [p[axis] for p in points]
            assert min(values) < middle < max(values)


numbers = st.floats(-1000, 1000).map(lambda v: round(v, 3))


@given(low=numbers, width=st.floats(0.001, 1000), most=st.integers(2, 8))
def test_ticks_are_round_evenly_spaced_and_inside(low: float, width: float, most: int) -> None:
    high = low + width
    found = svg.ticks(low, high, most)
    assert 1 <= len(found) <= 1.25 * most + 1
    assert all(low - 1e-6 * width <= t <= high + 1e-6 * width for t in found)
    steps = {round(b - a, 9) for a, b in itertools.pairwise(found)}
    assert max(steps, default=0) - min(steps, default=0) < 1e-8
    for step in steps:
        leading = step / 10.0 ** math.floor(math.log10(step) + 1e-9)
        assert min(abs(leading - m) for m in (1, 2, 2.5, 5, 10)) < 1e-5


def test_no_room_has_one_tick() -> None:
    assert svg.ticks(3, 3) == [3]


@pytest.mark.parametrize(
    ("values", "digits"), [([1.0, 2], 0), ([0.5, 1], 1), ([0.25], 2), ([1 / 3], 6), ([], 0)]
)
def test_decimals_are_as_many_as_tell_ticks_apart(values: list[float], digits: int) -> None:
    assert svg.decimals(values) == digits


def test_a_file_of_its_own_has_its_colours_and_a_title() -> None:
    body = svg.text(0, 0, "x") + svg.marker(5, 5, 2)
    whole = svg.standalone(Picture("p", body, 100, 50.5, "a < b"))
    root = ElementTree.fromstring(whole)
    assert root.get("viewBox") == "0 0 100 50.5"
    space = "{http://www.w3.org/2000/svg}"
    assert root.findtext(f"{space}title") == "a < b"
    style = root.findtext(f"{space}style") or ""
    assert "var(" not in style
    assert svg.LIGHT["s3"] in style


@pytest.mark.parametrize("scheme", [svg.LIGHT, svg.DARK], ids=["light", "dark"])
def test_series_stand_out_from_paper_and_from_one_another(scheme: dict[str, str]) -> None:
    def light(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for k in range(1, svg.SERIES + 1):
        a, b = sorted((light(scheme["paper"]), light(scheme[f"s{k}"])))
        assert (b + 0.05) / (a + 0.05) >= 3
    assert len({scheme[f"s{k}"] for k in range(1, svg.SERIES + 1)}) == svg.SERIES
    assert svg.LIGHT.keys() == svg.DARK.keys()
