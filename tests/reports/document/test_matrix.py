from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from gliaboost.reports.document import svg
from gliaboost.reports.document.figures import confusion
from gliaboost.reports.document.matrix import SMALLEST, Matrix

Drawn = Callable[..., Any]
LONG = "a very long name of a rare tumour class of the brain stem"


@pytest.mark.parametrize("classes", [2, 3, 4, 12])
@pytest.mark.parametrize("name", ["a", "meningioma_tumor", LONG])
def test_cells_hold_four_digits_and_shares_whatever_the_names(
    drawn: Drawn, classes: int, name: str
) -> None:
    names = [f"{name}{k}" for k in range(classes)]
    picture = confusion("p", f"{LONG}, {LONG}", names, [[1234] * classes] * classes)
    cells = drawn(picture, "frame")
    assert len(cells) == classes**2
    for cell in cells:
        assert float(cell.get("width")) >= SMALLEST
        assert float(cell.get("x")) + float(cell.get("width")) <= picture.width
        assert float(cell.get("y")) + float(cell.get("height")) <= picture.height
    assert len(drawn(picture, "small")) == classes**2
    assert {e.text for e in drawn(picture, "small")} == {f"{100 / classes:.1f} %"}
    assert picture.width >= svg.WIDTH
    for e in drawn(picture):
        x, y = float(e.get("x")), float(e.get("y"))
        assert 0 <= x <= picture.width
        assert 0 <= y <= picture.height


def test_a_few_short_names_keep_the_usual_width(drawn: Drawn) -> None:
    names = ["glioma", "meningioma", "no_tumor", "pituitary"]
    assert confusion("p", "t", names, [[1] * 4] * 4).width == svg.WIDTH


def test_names_stand_upright_only_where_they_must(drawn: Drawn) -> None:
    def turned(names: list[str]) -> int:
        picture = confusion("p", "t", names, [[1] * len(names)] * len(names))
        return sum("rotate" in e.get("transform", "") for e in drawn(picture)) - 1

    assert turned(["glioma", "no_tumor"]) == 0
    assert turned(["no tumor at all", "some tumor"]) == 0
    assert turned(["meningioma", *"abcdef"]) == 7


def test_names_that_differ_at_their_end_are_told_apart(drawn: Drawn) -> None:
    names = ["glioma of the brain stem, grade 2", "glioma of the brain stem, grade 3"]
    picture = confusion("p", "t", names, [[1, 0], [0, 1]])
    words = " ".join(e.text for e in drawn(picture) if e.tag == "text")
    assert words.count("grade 2") == words.count("grade 3") == 2


def test_upright_names_begin_below_what_they_name(drawn: Drawn) -> None:
    matrix = Matrix("t", ["x"] * 8, ["meningioma_tumor"] * 8, "true", "predicted")
    body = drawn("".join(matrix.parts))
    (heading,) = (float(e.get("y")) for e in body if e.text == "predicted")
    (foot,) = {float(e.get("y")) for e in body if e.text == "meningioma_tumor"}
    assert foot - 16 * 7.2 > heading


def test_rows_go_down_and_columns_go_right(drawn: Drawn) -> None:
    matrix = Matrix("t", ["r", "s"], ["c", "d"], "true", "predicted")
    for i, j in itertools.product(range(2), repeat=2):
        matrix.fill(i, j, f"{i}{j}", part=None)
    matrix.outline(1, 0)
    places = {e.text: (float(e.get("x")), float(e.get("y"))) for e in drawn("".join(matrix.parts))
              if e.text}  # fmt: skip
    assert places["00"][0] == places["10"][0] < places["01"][0] == places["11"][0]
    assert places["00"][1] == places["01"][1] < places["10"][1] == places["11"][1]
    assert places["r"][1] < places["s"][1]
    assert places["c"][0] < places["d"][0]
    (inner,) = drawn("".join(matrix.parts), "inner")
    assert float(inner.get("x")) < places["10"][0]
    assert float(inner.get("y")) > places["00"][1]
