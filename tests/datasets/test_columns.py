from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from gliaboost.datasets.columns import text, usual_names
from gliaboost.errors import UsageError


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (np.array([1, 0], np.int8), ["1", "0"]),
        (np.array([1.0, np.nan], np.float32), ["1", None]),
        (np.array([1.0, 0.5], np.float64), ["1.0", "0.5"]),
        (pd.Series([1, None], dtype="Int64"), ["1", None]),
        (pd.Series([True, None], dtype="boolean"), ["True", None]),
        (pd.Series([1, None, 7], dtype="category"), ["1", None, "7"]),
        (pd.Series(["NA", "None", "nan", " x ", ""]), ["NA", "None", "nan", "x", None]),
        (["1.0", "7.0", None], ["1", "7", None]),
        (["1,0", "7,0"], ["1", "7"]),
        (["1,0", "7,5"], ["1,0", "7,5"]),
        (["007", "7"], ["007", "7"]),
        ([b"a", pd.NaT, pd.NA, float("nan"), Decimal("NaN")], ["a", None, None, None, None]),
    ],
)
def test_cells_of_any_type_are_text_or_missing(cells: object, expected: list[str | None]) -> None:
    found = text(cells)  # type: ignore[arg-type]
    assert [v if isinstance(v, str) else None for v in found] == expected


def test_exact_text_stays_as_it_stands() -> None:
    assert text([" a ", "1.0"], exact=True).tolist() == [" a ", "1.0"]


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (["Path", "LABEL", "Patient_ID"], ["path", "label", "patient"]),
        (["fileName", "Class Name", "patientID"], ["path", "label", "patient"]),
        (["IMAGE-PATH", "diagnosis", "Subject.ID"], ["path", "label", "patient"]),
        (["image", "path", "Label", "label"], ["image", "path", "Label", "label"]),
        (["Group", "Presence", "Type", "Fold"], ["group", "presence", "type", "fold"]),
        (["x", "x"], ["x", "x.1"]),
        (["\uff30\uff41\uff54\uff48", "age"], ["path", "age"]),  # full-width letters
    ],
)
def test_names(headers: list[str], expected: list[str]) -> None:
    table = pd.DataFrame([[f"{i}" for i in range(len(headers))]], columns=headers)
    assert list(usual_names(table).table) == expected


def test_the_table_given_stays_as_it_is() -> None:
    table = pd.DataFrame({"Image": ["a"]})
    usual_names(table)
    assert list(table) == ["Image"]


@pytest.mark.parametrize("headers", [["Label", "LABEL"], ["label", "label"], ["class", "Class"]])
def test_two_columns_of_one_name_are_one_if_they_agree(headers: list[str]) -> None:
    agreed = pd.DataFrame([["x", "x"], ["y", "y"]], columns=headers)
    assert list(usual_names(agreed).table) == ["label"]
    differing = pd.DataFrame([["x", "x"], ["y", "z"]], columns=headers)
    with pytest.raises(UsageError, match="could both be 'label' and differ; rename or remove"):
        usual_names(differing)


def test_what_another_name_stood_for_is_said_and_case_alone_is_not() -> None:
    table = pd.DataFrame({"Path": ["a"], "Diagnosis": ["x"], "subject": ["p"]})
    assert usual_names(table).notes == ("column 'Diagnosis' read as label, 'subject' as patient",)


def test_a_named_index_is_a_column_and_a_number_of_the_row_is_none() -> None:
    table = pd.DataFrame({"image": ["a", "b"], "label": ["x", "y"]})
    assert list(usual_names(table.set_index("image")).table) == ["path", "label"]
    assert list(usual_names(table.iloc[::-1]).table) == ["path", "label"]
    assert usual_names(table.iloc[::-1]).table.index.tolist() == [0, 1]


def test_names_that_are_no_text_are_named() -> None:
    name = b"caf\xe9.png".decode("utf-8", "surrogateescape")
    with pytest.raises(UsageError, match=r"not UTF-8.*\(caf\\xe9\.png and 1 more\); rename"):
        text(["a.png", name, name])
