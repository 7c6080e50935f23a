from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gliaboost.reports.document.figures import confusion, intervals, shares

Drawn = Callable[..., Any]


def test_rows_stand_from_top_to_bottom_at_their_values(drawn: Drawn) -> None:
    rows = [("a", 0.5, [0.4, 0.6]), ("b", 0.7, None), ("c", 0.6, [0.55, 0.65])]
    picture = intervals("p", rows, "accuracy", guide=0.5)
    marks = [(float(e.get("cx")), float(e.get("cy"))) for e in drawn(picture, "mark")]
    (ax, ay), (bx, by), (cx, cy) = marks
    assert ay < by < cy
    assert ax < cx < bx
    assert (cx - ax) / (bx - ax) == pytest.approx(0.5, abs=0.01)
    whiskers = drawn(picture, "whisker")
    assert len(whiskers) == 2
    assert float(whiskers[0].get("x1")) < ax < float(whiskers[0].get("x2"))
    (guide,) = drawn(picture, "guide")
    assert float(guide.get("x1")) == ax
    assert picture.alt == "accuracy, with 95 % intervals. a: 0.500; b: 0.700; c: 0.600."


def test_shares_of_one_do_not_show_more(drawn: Drawn) -> None:
    words = [e.text for e in drawn(intervals("p", [("a", 0.995, [0.98, 1.0])], "x"), "soft")]
    assert max(float(w) for w in words) <= 1


def test_a_guide_beyond_the_frame_is_left_out(drawn: Drawn) -> None:
    assert not drawn(intervals("p", [("a", 0.9, [0.88, 0.92])], "x", guide=0.1), "guide")


def test_equal_values_can_be_drawn(drawn: Drawn) -> None:
    picture = intervals("p", [("a", 0.5, None), ("b", 0.5, None)], "x")
    first, second = (float(e.get("cx")) for e in drawn(picture, "mark"))
    assert first == second
    assert 18 < first < 342


def test_parts_of_a_bar_fill_it_side_by_side(drawn: Drawn) -> None:
    picture = shares("p", [("x", [0.25, 0.75]), ("y", [0.0, 0.0])], ["hog", "lbp"])
    parts = drawn(picture, "part")
    (first, second), keys = parts[:2], parts[4:]
    assert float(first.get("x")) + float(first.get("width")) == float(second.get("x"))
    assert float(second.get("width")) == 3 * float(first.get("width"))
    assert [float(e.get("width")) for e in parts[2:4]] == [0, 0]
    assert [e.get("class") for e in keys] == ["part m1", "part m2"]
    assert picture.alt == ("Shares by part. x: hog 0.250, lbp 0.750; y: hog 0.000, lbp 0.000.")


def test_a_confusion_matrix_is_shaded_by_row(drawn: Drawn) -> None:
    picture = confusion("p", "hog", ["a", "b"], [[3, 1], [0, 0]])
    assert [e.get("fill-opacity") for e in drawn(picture, "heat")] == [
        "0.750", "0.250", "0.000", "0.000"
    ]  # fmt: skip
    strong = [e.text for e in drawn(picture, "strong")]
    assert strong == ["hog", "3", "0"]
    assert [e.text for e in drawn(picture, "small")] == ["75.0 %", "25.0 %"]
    cells = drawn(picture, "frame")
    assert len(cells) == 4
    # Rows are true, so the second count stands right of the first, not below it.
    assert cells[0].get("y") == cells[1].get("y")
    assert picture.alt == "Confusion matrix of hog. Right: 3 of 4 a; 0 of 0 b."


def test_long_labels_go_on_in_the_next_line(drawn: Drawn) -> None:
    long = "A  LightGBM on HOG + LBP + GLCM + embedding + embedding (mobilenetv2_100), 3 of 5 folds"
    rows = [(long, 0.5, None), ("b", 0.7, None)]
    for picture in (
        intervals("p", rows, "accuracy"),
        shares("p", [(long, [1.0]), ("b", [1.0])], [long]),
    ):
        words = [e for e in drawn(picture) if e.tag == "text"]
        assert "".join(e.text for e in words).replace(" ", "").find(long.replace(" ", "")) >= 0
        assert all(
            float(e.get("x")) + 6.2 * len(e.text) <= picture.width for e in words if len(e.text) > 9
        )
        assert max(float(e.get("y")) for e in words) < picture.height
    (first, second) = (float(e.get("cy")) for e in drawn(intervals("p", rows, "x"), "mark"))
    plain = intervals("p", [("a", 0.5, None), ("b", 0.7, None)], "x")
    (upper, lower) = (float(e.get("cy")) for e in drawn(plain, "mark"))
    assert (first - upper, second - lower) == (14, 14)
