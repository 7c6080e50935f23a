from __future__ import annotations

import re

import numpy as np
import pytest

from gliaboost.reports.document.scatter import MOST, differences, drawn


def places(body: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r'<circle cx="(.+?)" cy="(.+?)"', body)]


def test_marks_stand_where_their_numbers_are() -> None:
    picture = differences(
        "areas", "Otsu", np.array([10.0, 20.0, 40.0]), np.array([-5.0, 0.0, 5.0]),
        [(-4.0, "−4"), (4.0, "+4")], ("size", "apart"), "in words",
    )  # fmt: skip
    marks = places(picture.body)
    assert len(marks) == 3
    (x0, y0), (x1, y1), (x2, y2) = marks
    assert 2 * (x1 - x0) == pytest.approx(x2 - x1, abs=0.3)
    assert y0 > y1 > y2
    assert y0 - y1 == pytest.approx(y1 - y2, abs=0.2)
    assert all(0 < x < picture.width and 0 < y < picture.height for x, y in marks)
    for words in ("Otsu", "size", "apart", "−4", "+4"):
        assert f">{words}</text>" in picture.body
    assert picture.alt == "in words"


def test_nothing_to_draw_is_a_frame() -> None:
    picture = differences("a", "", np.empty(0), np.empty(0), [], ("x", "y"), "none")
    assert not places(picture.body)
    same = differences("a", "", np.zeros(2), np.zeros(2), [(0.0, "0")], ("x", "y"), "none")
    assert len(places(same.body)) == 2


def test_of_many_marks_the_farthest_are_kept() -> None:
    rng = np.random.default_rng(0)
    sizes, apart = rng.uniform(0, 100, 5000), rng.normal(size=5000)
    kept = drawn(sizes, apart)
    assert len(kept) == len(set(kept.tolist())) == MOST
    assert set(np.argsort(-np.abs(apart))[:20]) <= set(kept.tolist())
    assert np.ptp(sizes[kept]) > 99
    assert drawn(sizes[:7], apart[:7]).tolist() == list(range(7))


def test_wide_numbers_stay_inside() -> None:
    picture = differences(
        "a", "", np.array([5e4, 1e4]), np.array([-60000.0, 1.0]), [], ("x", "y"), "wide"
    )
    ends = re.findall(
        r'<text x="([\d.]+)" y="[\d.]+" text-anchor="end" class="soft">(.+?)<', picture.body
    )
    assert ends
    assert all(float(x) > 6.5 * len(words) for x, words in ends)
