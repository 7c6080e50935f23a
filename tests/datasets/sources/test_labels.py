from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.sources import read_source
from gliaboost.datasets.sources.labels import (
    fill_targets,
    known_class,
    presence_of,
    read_labels,
    told,
)
from gliaboost.errors import UsageError


@pytest.mark.parametrize(
    ("spellings", "label"),
    [
        ("tumor Tumour tumors Brain_Tumor brain-tumour ct_tumor mri_tumor yes YES", "tumor"),
        ("no notumor No_Tumor non-tumor healthy ct_healthy mri_healthy Normal", "no_tumor"),
        ("Glioma_Tumor mri_glioma Brain_Glioma", "glioma"),
        ("abscess 1 yesterday tumorous eyes not unknown", None),
    ],
)
def test_spellings(spellings: str, label: str | None) -> None:
    assert {s: known_class(s) for s in spellings.split()} == dict.fromkeys(spellings.split(), label)


def test_a_label_stays_as_it_was_written() -> None:
    assert told("Tumor") == {"label": "Tumor", "presence": "tumor", "type": None}
    assert told("abscess") == {"label": "abscess", "presence": None, "type": None}


# Half of a pair of words would leave presence with a single class.
@pytest.mark.parametrize("pair", [("yes", "no"), ("Tumor", "Healthy"), ("ct_tumor", "ct_healthy")])
def test_both_words_of_a_pair_are_understood(tmp_path: Path, pair: tuple[str, str]) -> None:
    for name in pair:
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.png").touch()
    table = read_source("folder", tmp_path).table
    presence = dict(zip(table["label"], table["presence"], strict=True))
    assert presence == {pair[0]: "tumor", pair[1]: "no_tumor"}


def test_columns_that_are_there_stay() -> None:
    table = pd.DataFrame({"path": ["a"], "label": ["tumor"], "presence": ["unsure"]})
    filled = fill_targets(Manifest.of(table, Path())).table
    assert filled["presence"].tolist() == ["unsure"]
    assert "type" not in filled


def labels_of(folder: Path, text: str | bytes) -> dict[str, str]:
    (folder / "l.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_labels(folder / "l.csv")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("patient,label\n007,NA\n7,None\n1.0,nan\n", {"007": "NA", "7": "None", "1.0": "nan"}),
        ("Label;Patient ID\nx;1\n;2\nx;\n", {"1": "x"}),
        ("file,Diagnosis\na.nii,x\na.nii,x\n", {"a.nii": "x"}),
        ("Patient,patient,Label,label\n1,2,x,y\n", {"2": "y"}),
        ("file,patient,label\na,1,x\nb,1,y\n", {"a": "x", "b": "y"}),
        ("patient,label\n1,x\n".encode("utf-16"), {"1": "x"}),
    ],
)
def test_labels_are_read_as_they_stand(
    tmp_path: Path, text: str | bytes, expected: dict[str, str]
) -> None:
    assert labels_of(tmp_path, text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("patient,label\n1,x\n1,y\n", "gives two labels to 1; give one"),
        ("patient,grade\n1,x\n", "has columns patient, grade; expected 'label' and one of"),
        ("age,label\n1,x\n", "has columns age, label"),
        ("Patient,PATIENT,label\n1,2,x\n", "columns 'Patient' and 'PATIENT' could both be 'pati"),
        ("patient,Label,LABEL\n1,x,y\n", "columns 'Label' and 'LABEL' could both be 'label'"),
    ],
)
def test_labels_that_cannot_be_meant(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        labels_of(tmp_path, text)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("1 1.0 True TRUE yes Y t positive present tumor Tumour glioma", "tumor"),
        ("0 0.0 False no N negative absent healthy no_tumor", "no_tumor"),
    ],
)
def test_words_for_presence(words: str, expected: str) -> None:
    assert {presence_of(w) for w in words.split()} == {expected}
    assert (presence_of("unsure"), presence_of("2")) == ("unsure", "2")
