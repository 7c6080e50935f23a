from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from gliaboost.datasets.audit.patients import families, straddlers


@pytest.mark.parametrize(
    ("ids", "joined"),
    [
        (["MR024780B", "MR024780D", "MR024780"], [{"MR024780B", "MR024780D", "MR024780"}]),
        (["P12", "P12_2", "P12 (3)"], [{"P12", "P12_2", "P12 (3)"}]),
        (["7", "7-b"], [{"7", "7-b"}]),
        (["P12B_2", "P12B", "P12"], [{"P12B_2", "P12B", "P12"}]),
        (["case_1", "case_2"], []),
        (["100360", "100361"], []),
        (["TCGA-02-0001", "TCGA-02-0002"], []),
        (["Anna", "Annb"], []),
        (["P1", "P12"], []),
    ],
)
def test_families(ids: list[str], joined: list[set[str]]) -> None:
    found = families(ids)
    assert list(found) == ids
    together = [{i for i in ids if found[i] == name} for name in dict.fromkeys(found.values())]
    assert [f for f in together if len(f) > 1] == joined


def test_a_single_id_keeps_its_name() -> None:
    assert families(["MR024780B", "100360"]) == {"MR024780B": "MR024780B", "100360": "100360"}


def test_straddlers() -> None:
    patient = pd.Series(["a", "a", "b", "b", None, "a"], dtype="str")
    split = pd.Series(["train", "test", "train", None, "test", "train"], dtype="str", name="split")
    (found,) = straddlers(patient, split, patient)
    assert found.name == "a"
    assert found.column == "split"
    assert found.sides == {"test": [1], "train": [0, 5]}


def test_figshare_families_are_the_published_ones(figshare_folder: Path) -> None:
    table = pd.read_csv(figshare_folder / "metadata.csv", dtype=str)
    found = table["patient_id"].map(families(table["patient_id"].unique()))

    def members(names: pd.Series[str]) -> set[frozenset[str]]:
        return {frozenset(rows) for _, rows in table["patient_id"].groupby(names)}

    assert members(found) == members(table["patient_family"])
    assert found.nunique() == 209
    assert len(straddlers(found, table["cvind_fold"], table["patient_id"])) == 16
    assert not straddlers(table["patient_id"], table["cvind_fold"], table["patient_id"])
