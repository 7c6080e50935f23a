from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from gliaboost.datasets.patient_ids import families, without_letters


@pytest.mark.parametrize(
    ("patient", "stem"),
    [
        ("MR024780B", "MR024780"),
        ("P12 bc", "P12"),
        ("7-b", "7"),
        ("100360", "100360"),
        ("P12abc", "P12abc"),
        ("Anna", "Anna"),
        ("P12_2", "P12_2"),
    ],
)
def test_letters_after_the_last_digit_go(patient: str, stem: str) -> None:
    assert without_letters(patient) == stem


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


def test_figshare_families_are_the_published_ones(figshare_folder: Path) -> None:
    table = pd.read_csv(figshare_folder / "metadata.csv", dtype=str)
    found = table["patient_id"].map(families(table["patient_id"].unique()))

    def members(names: pd.Series[str]) -> set[frozenset[str]]:
        return {frozenset(rows) for _, rows in table["patient_id"].groupby(names)}

    assert members(found) == members(table["patient_family"])
    assert found.nunique() == 209
    assert (table["patient_id"].map(without_letters) == table["patient_family"]).all()
