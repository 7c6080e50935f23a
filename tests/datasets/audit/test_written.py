from __future__ import annotations

from pathlib import Path

import pandas as pd

from gliaboost.datasets.audit.written import (
    Carried,
    WrittenManifest,
    count_carried,
    written,
)
from gliaboost.datasets.manifest import Manifest


def manifest(**columns: list[str | None]) -> Manifest:
    return Manifest.of(pd.DataFrame({"path": ["a", "b", "c", "d"], **columns}), Path())


def test_rows_columns_groups() -> None:
    told = written("g.csv", manifest(label=["x"] * 4, group=["1", "1", "2", "3"]), 6)
    assert (told.rows, told.audited, told.groups, told.grouped) == (4, 6, 3, 2)
    assert set(told.columns) == {"path", "label", "group"}
    assert told.cut == ()


def test_patients_on_two_sides_are_told() -> None:
    told = written("c.csv", manifest(patient=["p", "p", "q", None], split=["a", "b", "a", "b"]), 4)
    assert told.cut == ("split",)
    assert list(told.sentences())[-1] == "  patients that are known now lie on two sides of split"
    assert written("c.csv", manifest(patient=["p", "p", "q", "q"], split=list("aabb")), 4).cut == ()


def test_carried_cells_are_counted() -> None:
    before = manifest(patient=[None, None, None, "own"])
    after = manifest(patient=["p", None, None, "own"])
    other = manifest(patient=["p", "p", "q", None])
    # a is known by one; b by two that disagree; c by one without a patient; d knew its own.
    matches = pd.DataFrame({"a": [0, 1, 1, 2, 3], "b": [0, 1, 2, 3, 2]})
    assert count_carried(before, after, other, matches, ["patient"]) == (
        Carried("patient", filled=1, empty=3, known=2),
    )


def test_a_column_that_was_not_there_was_empty() -> None:
    after, other = manifest(age=["7", None, None, None]), manifest(age=["7"] * 4)
    matches = pd.DataFrame({"a": [0], "b": [0]})
    assert count_carried(manifest(), after, other, matches, ["age"]) == (Carried("age", 1, 4, 1),)


def test_what_could_not_be_carried_is_told_why() -> None:
    carried = (Carried("patient", 1, 3, 2), Carried("mask", 2, 3, 2))
    told = WrittenManifest("c.csv", 3, 3, ("path", "mask"), carried=carried)
    assert list(told.sentences()) == [
        "c.csv: all 3 rows, 2 columns",
        "  patient: carried over for 1 of 3 rows without",
        "    not for 1 more that have one there (pictures that are the same disagree)",
        "  mask: carried over for 2 of 3 rows without",
    ]
