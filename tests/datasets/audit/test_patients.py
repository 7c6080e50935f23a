from __future__ import annotations

from dataclasses import FrozenInstanceError
from pathlib import Path

import pandas as pd
import pytest

from gliaboost.datasets.audit.patients import Straddler, straddlers
from gliaboost.datasets.patient_ids import families


def test_straddlers() -> None:
    patient = pd.Series(["a", "a", "b", "b", None, "a"], dtype="str")
    split = pd.Series(["train", "test", "train", None, "test", "train"], dtype="str", name="split")
    (found,) = straddlers(patient, split, patient)
    assert found.name == "a"
    assert found.column == "split"
    assert found.sides == {"test": [1], "train": [0, 5]}


def test_figshare_families_straddle_its_folds_and_patients_do_not(figshare_folder: Path) -> None:
    table = pd.read_csv(figshare_folder / "metadata.csv", dtype=str)
    found = table["patient_id"].map(families(table["patient_id"].unique()))
    assert len(straddlers(found, table["cvind_fold"], table["patient_id"])) == 16
    assert not straddlers(table["patient_id"], table["cvind_fold"], table["patient_id"])


def test_each_name_has_the_rows_of_its_own_in_order_of_names_and_sides() -> None:
    ids = pd.Series(["b2", "b1", "a1", "a1", "c1", "b1"], dtype="str")
    names = ids.str[0]
    fold = pd.Series(["2", "1", "2", "1", "1", "1"], dtype="str", name="fold")
    found = straddlers(names, fold, ids)
    assert found == [
        Straddler("a", ("a1",), "fold", {"1": [3], "2": [2]}),
        Straddler("b", ("b1", "b2"), "fold", {"1": [1, 5], "2": [0]}),
    ]
    assert [list(one.sides) for one in found] == [["1", "2"], ["1", "2"]]
    with pytest.raises(FrozenInstanceError):
        found[0].name = "c"  # type: ignore[misc]


def test_only_ids_that_lie_on_a_side_are_named() -> None:
    ids = pd.Series(["pA", "pB", "pC"], dtype="str")
    split = pd.Series(["train", "test", None], dtype="str", name="split")
    (found,) = straddlers(ids.str[0], split, ids)
    assert found.ids == ("pA", "pB")
