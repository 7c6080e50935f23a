from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gliaboost.reports.document import svg
from gliaboost.reports.document.curves import (
    Curve,
    history,
    precision_recall,
    reliability,
    risk,
    roc,
)

Drawn = Callable[..., Any]
X = np.array([0.0, 0.5, 1.0])
Y = np.array([0.0, 0.8, 1.0])


def steps(path: Any) -> list[tuple[float, ...]]:
    return [tuple(map(float, s.split())) for s in path.get("d").strip("MZ").split("L")]


def test_every_curve_is_drawn_over_all_bands_and_named(drawn: Drawn) -> None:
    band = {"low": Y - 0.1, "high": Y + 0.1}
    picture = roc("p", "glioma", [Curve(0, "hog", X, Y, **band), Curve(1, "lbp", X, Y, **band)])
    kinds = [e.get("class", "") for e in drawn(picture)]
    curves = [i for i, k in enumerate(kinds) if k.startswith("curve")][:2]
    bands = [i for i, k in enumerate(kinds) if k.startswith("band")]
    assert len(bands) == 2
    assert max(bands) < min(curves)
    assert picture.alt == "ROC curves, glioma: hog; lbp."
    assert {"hog", "lbp", "glioma"} <= {e.text for e in drawn(picture)}


def test_one_experiment_of_several_folds_has_one_line_in_the_legend(drawn: Drawn) -> None:
    picture = roc("p", "t", [Curve(0, "hog", X, Y), Curve(0, "hog", X, Y[::-1])])
    assert [e.text for e in drawn(picture)].count("hog") == 1
    assert len(drawn(picture, "curve")) == 2 + 1  # and the legend's


def test_unknown_points_are_left_out(drawn: Drawn) -> None:
    y = np.array([0.0, np.nan, 1.0])
    path = drawn(roc("p", "t", [Curve(0, "hog", X, y)]), "curve")[0]
    assert len(steps(path)) == 2


def test_guides_are_chance(drawn: Drawn) -> None:
    (diagonal,) = drawn(roc("p", "t", [Curve(0, "a", X, Y)]), "guide")
    (left, bottom), (right, top) = steps(diagonal)
    (level,) = drawn(precision_recall("p", "t", [Curve(0, "a", X, Y)], 0.25), "guide")
    for _, y in steps(level):
        assert y == pytest.approx(bottom - 0.25 * (bottom - top))
    assert left < right


def test_small_risks_are_drawn_large(drawn: Drawn) -> None:
    def height(worst: float) -> float:
        path = drawn(risk("p", [Curve(0, "a", X, np.array([0, 0, worst]))]), "curve")[0]
        ys = [y for _, y in steps(path)]
        return max(ys) - min(ys)

    assert height(0.2) == pytest.approx(height(0.1), abs=0.2)
    # But no error at all is a flat line, and 1 the most there is.
    assert height(0.0) == 0
    assert height(1.0) == pytest.approx(240, abs=0.2)


def test_bars_are_shares_of_images_and_empty_bins_have_no_mark(drawn: Drawn) -> None:
    confidence = np.array([np.nan, 0.6, 0.9])
    accuracy = np.array([np.nan, 0.5, 1.0])
    images = np.array([0.0, 1.0, 3.0])
    picture = reliability("p", "hog", 2, confidence, accuracy, images, [None, [0.3, 0.7], None])
    heights = [float(e.get("height")) for e in drawn(picture, "heat")]
    assert heights == [pytest.approx(240 / 4), pytest.approx(240 * 3 / 4)]
    assert len(drawn(picture, "m3")) == 2
    assert len(drawn(picture, "whisker")) == 1
    assert picture.alt == "Reliability, hog: 0.60 sure, 0.50 right; 0.90 sure, 1.00 right."


@pytest.mark.parametrize("y", [[0.5, 0.5], [0.1, 300.0], [0.7]])
def test_histories_fit_their_frame(drawn: Drawn, y: list[float]) -> None:
    x = np.arange(1.0, len(y) + 1)
    picture = history("p", "t", "epoch", "loss", [Curve(0, "fold 1", x, np.array(y))])
    for px, py in steps(drawn(picture, "curve")[0]):
        assert 46 <= px <= 348
        assert 40 <= py <= 280
    assert picture.alt == "loss by epoch, t: fold 1."


def test_one_of_many_is_small_and_has_the_same_curve() -> None:
    line = np.linspace(0, 1, 5)
    curves = [Curve(0, "A  AUC 0.900", line, line)]
    for full, small in (
        (roc("p", "glioma", curves), roc("p", "glioma", curves, small=True)),
        (
            precision_recall("p", "glioma", curves, 0.5),
            precision_recall("p", "glioma", curves, 0.5, small=True),
        ),
    ):
        assert full.width == svg.WIDTH
        # Four of them and the gaps stand in a page.
        assert 4 * small.width + 3 * 16 < 1218
        assert small.height < full.height
        assert small.alt == full.alt
