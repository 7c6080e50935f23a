from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import pytest

from gliaboost._face.labels import refuse_quantities, remark
from gliaboost.datasets.manifest import Manifest
from gliaboost.errors import UsageError


def table(labels: Sequence[str], each: int = 1, **columns: Sequence[str]) -> Manifest:
    rows = [label for label in labels for _ in range(each)]
    paths = [f"{n}.png" for n in range(len(rows))]
    return Manifest.of(pd.DataFrame({"path": paths, "label": rows, **columns}), "data", "m.csv")


@pytest.mark.parametrize(
    "labels",
    [
        [str(n / 7) for n in range(100)],
        [f"{n},5" for n in range(40)],
        [str(n) for n in range(20, 90)],
        [f"-{n}e-3" for n in range(40)],
    ],
)
def test_quantities_are_refused_and_another_target_is_offered(labels: list[str]) -> None:
    grades = ["low" if n % 2 else "high" for n in range(len(labels))]
    with pytest.raises(UsageError) as caught:
        refuse_quantities(table(labels, grade=grades))
    assert "does no regression" in str(caught.value)
    assert "--target, such as grade" in str(caught.value)


@pytest.mark.parametrize(
    "labels",
    [
        ["0", "1"],
        ["1", "2", "3", "4"],
        ["0.0", "0.5", "1.0"],
        [f"p{n}" for n in range(100)],
        ["glioma", *map(str, range(40))],
        [],
    ],
)
def test_classes_with_numbers_for_names_are_not(labels: list[str]) -> None:
    refuse_quantities(table(labels))


@pytest.mark.parametrize(
    "labels",
    [
        ["1", "2", "3", "4"],
        ["I", "II", "III", "IV"],
        ["WHO II", "WHO III"],
        ["grade 2", "grade_4"],
        ["WHO grade 1", "WHO grade 2"],
        ["G1", "G2", "G3"],
        ["low", "high"],
        ["Low grade", "High grade"],
        ["mild", "moderate", "severe"],
    ],
)
def test_grades_are_said_to_lose_their_order(labels: list[str]) -> None:
    said = remark(table(labels, 9))
    assert said is not None and "look like ordered grades" in said


@pytest.mark.parametrize(
    "labels",
    [
        ["0", "1"],
        ["glioma", "meningioma", "pituitary"],
        ["yes", "no"],
        ["t1", "flair"],
        ["tumor", "no_tumor"],
        ["1"],
    ],
)
def test_plain_classes_get_no_remark(labels: list[str]) -> None:
    assert remark(table(labels, 9)) is None


def test_many_small_classes_may_be_patients() -> None:
    said = remark(table([f"P{n:03}" for n in range(60)], 4))
    assert said is not None and "are these patients" in said
    assert remark(table([f"P{n:03}" for n in range(60)], 40)) is None
