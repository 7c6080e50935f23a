from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import numpy as np

from gliaboost.reports.document.blocks import Picture
from gliaboost.reports.document.svg import SERIES
from gliaboost.reports.pages.explore_figures import histograms, mask_shares, scatter


def drawn(picture: Picture, kind: str) -> list[Any]:
    body = ElementTree.fromstring(f"<svg>{picture.body}</svg>")
    return [e for e in body if kind in e.get("class", "").split()]


LONG = (
    "glioblastoma_multiforme_of_the_left_hemisphere_seen_from_below_with_contrast",
    "b",
    "c" * 90,
)


def inside(picture: Picture) -> None:
    """No words beyond the picture, by a generous width of a letter."""
    for words in ElementTree.fromstring(f"<svg>{picture.body}</svg>").iter("text"):
        wide = 7.2 * len(words.text or "")
        x = float(words.get("x", 0))
        anchor = words.get("text-anchor")
        left = x - {"end": wide, "middle": wide / 2}.get(str(anchor), 0)
        assert left >= -2 and left + wide <= picture.width + 2, words.text
        assert 0 < float(words.get("y", 0)) <= picture.height


def test_long_names_stay_within_a_phone_wide_picture() -> None:
    shares = {name: np.full(9, 0.1) for name in LONG}
    places = np.random.default_rng(0).normal(size=(30, 2)).astype(np.float32)
    for picture in (
        histograms({name: np.full(256, 1 / 256) for name in LONG}),
        mask_shares(shares),
        scatter("p", places, [LONG[i % 3] for i in range(30)]),
        histograms({f"class number {i}": np.full(256, 1 / 256) for i in range(12)}),
    ):
        assert picture.width <= 420
        inside(picture)


def test_names_do_not_lie_on_each_other() -> None:
    body = histograms({name: np.full(256, 1 / 256) for name in (*LONG, "d", "e", "f")}).body
    words = ElementTree.fromstring(f"<svg>{body}</svg>").iter("text")
    at = [(float(t.get("x", 0)), float(t.get("y", 0)), 7.2 * len(t.text or "")) for t in words]
    legend = [one for one in at if one[0] >= 40 and one[1] < 150]
    for i, (x, y, _) in enumerate(legend):
        for left, above, wide in legend[:i]:
            assert abs(y - above) >= 12 or x >= left + wide


def test_a_line_a_class_from_black_to_white() -> None:
    flat, dark = np.full(256, 1 / 256), np.zeros(256)
    dark[:10] = 0.1
    picture = histograms({"glioma": flat, "no_tumor": dark})
    lines = [e for e in drawn(picture, "curve") if e.get("d").count("L") == 255]
    assert len(lines) == 2
    ys = [[float(s.split()[1]) for s in e.get("d").strip("M").split("L")] for e in lines]
    # The flat one is flat between its ends; the dark one falls to the frame's bottom.
    assert len(set(ys[0][2:-2])) == 1
    assert ys[1][0] < ys[0][50] < ys[1][50]
    assert max(ys[1]) < picture.height
    assert picture.alt == "Share of pixels by grey level for glioma, no_tumor."


def test_boxes_are_quartiles_and_the_dot_is_the_largest() -> None:
    values = np.linspace(0, 0.2, 101)
    picture = mask_shares({"glioma": values})
    (box,) = drawn(picture, "m1")[:1]
    (whisker,) = drawn(picture, "whisker")
    (median,) = drawn(picture, "ink")
    left, wide = float(box.get("x")), float(box.get("width"))
    ends = float(whisker.get("x1")), float(whisker.get("x2"))
    assert ends[0] < left < float(median.get("x")) < left + wide < ends[1]
    # 50 of 90 hundredths.
    assert abs(wide / (ends[1] - ends[0]) - 50 / 90) < 0.01
    (dot,) = drawn(picture, "mark")
    assert float(dot.get("cx")) > ends[1]
    assert "glioma: median 10.00 %" in picture.alt


def test_no_tumour_at_all_can_be_drawn() -> None:
    assert "median 0.00 %" in mask_shares({"glioma": np.zeros(3)}).alt


def test_every_point_is_drawn_inside() -> None:
    places = np.random.default_rng(0).normal(size=(30, 2)).astype(np.float32)
    picture = scatter("p", places, ["a", "b", "c"] * 10)
    marks = drawn(picture, "mark")
    assert len(marks) == 30 + 3
    circles = [e for e in marks if e.tag == "circle"]
    assert all(0 <= float(e.get("cx")) <= picture.width for e in circles)
    assert all(0 <= float(e.get("cy")) <= picture.height for e in circles)
    assert picture.alt.endswith("a 10, b 10, c 10")


def test_rare_names_beyond_the_colours_are_one() -> None:
    names = [n for k, n in enumerate("abcdefghijk") for _ in range(11 - k)]
    places = np.zeros((len(names), 2), np.float32)
    alt = scatter("p", places, names).alt
    told = alt.removeprefix("Pictures laid out by likeness: ").split(", ")
    assert len(told) == SERIES
    assert f"others {4 + 3 + 2 + 1}" in told
    assert "a 11" in told
