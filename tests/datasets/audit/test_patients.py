from __future__ import annotations

from pathlib import Path

import pandas as pd

from gliaboost.datasets.audit.patients import straddlers
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
