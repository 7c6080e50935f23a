from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gliaboost.datasets.plane.column import completed_planes, given_planes, in_order

SURE = np.array([0.02, 0.03, 0.95], np.float32)
UNSURE = np.array([0.5, 0.3, 0.2], np.float32)


@pytest.mark.parametrize(
    ("word", "plane"),
    [
        ("axial", "axial"),
        (" AX ", "axial"),
        ("Transversal", "axial"),
        ("COR", "coronal"),
        ("Sag", "sagittal"),
        ("oblique", None),
        ("unknown", None),
        ("", None),
        (None, None),
        (float("nan"), None),
        (3, None),
    ],
)
def test_planes_are_read_in_the_usual_spellings(word: object, plane: str | None) -> None:
    assert given_planes(pd.DataFrame({"plane": pd.Series([word], dtype=object)})) == [plane]


def test_without_the_column_nothing_is_given() -> None:
    assert given_planes(pd.DataFrame({"path": ["a", "b"]})) == [None, None]


def test_what_is_given_comes_before_what_the_picture_tells() -> None:
    given = ["axial", None, None, None]
    assert completed_planes(given, [SURE, SURE, UNSURE, None]) == [
        "axial",
        "sagittal",
        "unknown",
        "unknown",
    ]


def test_planes_come_in_one_order() -> None:
    assert in_order(["unknown", "coronal", "axial", "coronal"]) == ["axial", "coronal", "unknown"]
