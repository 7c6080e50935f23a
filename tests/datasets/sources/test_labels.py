from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.sources import read_source
from gliaboost.datasets.sources.labels import fill_targets, known_class, told


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
