from __future__ import annotations

from typing import Any

import pytest

from gliaboost.reports.document.blocks import Figure
from gliaboost.reports.pages.ablation import ablation, relation

TITLES = {"a": "A", "b": "B", "c": "C", "d": "D"}


@pytest.mark.parametrize(
    ("features", "want"),
    [
        ("abcd", "all: A + B + C + D"),
        ("b", "B alone"),
        ("acd", "without B"),
        ("ab", "A + B only"),
        ("", None),
        ("ax", None),
        ("abcdx", None),
    ],
)
def test_a_set_of_features_is_told_by_what_it_lacks(features: str, want: str | None) -> None:
    assert relation(list(features), list(TITLES), TITLES) == want


def test_parts_are_set_against_the_whole(three: Any) -> None:
    section = ablation(three)
    (figure,) = (b for b in section.blocks if isinstance(b, Figure))
    assert figure.table is not None
    said = " ".join(cell.text for row in figure.table.rows for cell in row)
    for words in ("all: HOG + LBP + GLCM", "HOG alone", "without HOG"):
        assert words in said
    whole, hog, rest = (three.experiments[i].pooled("accuracy") for i in range(3))
    assert whole > hog > rest
    differences = [c.text for row in figure.table.rows for c in row if "\N{MINUS SIGN}" in c.text]
    assert any(f"{100 * (whole - hog):.1f}" in d or f"{whole - hog:.3f}" in d for d in differences)


def test_a_model_with_all_features_alone_tells_nothing(
    make_predictions: Any, make_run: Any
) -> None:
    from gliaboost.reports.protocol.results import read_results

    section = ablation(read_results(make_run([make_predictions()])))
    assert "not known" in " ".join(getattr(b, "text", "") for b in section.blocks)
