"""Presets name what there is, and leave out what a data set cannot teach."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from gliaboost._face.choices import choose
from gliaboost._face.faults import Faults
from gliaboost._face.presets import PRESETS, USUAL, as_far_as_masks_go, preset_of
from gliaboost.datasets.manifest import Manifest
from gliaboost.errors import UsageError
from gliaboost.features.registry import extractor_names
from gliaboost.models.registry import model_class, model_names
from tests.conftest import Heard


@pytest.mark.parametrize("name", PRESETS)
def test_presets_name_what_there_is(name: str) -> None:
    preset = PRESETS[name]
    assert set(preset.features.split(",")) <= set(extractor_names())
    assert {*preset.models.split(","), preset.model} <= set(model_names())
    # Something is made of the features that are computed.
    assert model_class(preset.model).takes == "columns"


def test_a_name_is_read_in_any_case_and_a_wrong_one_lists_the_right_ones() -> None:
    faults = Faults()
    assert preset_of(faults, "GOOD") is PRESETS["good"]
    faults.tell()
    assert preset_of(faults, "goood") is PRESETS[USUAL]
    with pytest.raises(UsageError, match=r"no preset 'goood'.*fast, good, best.*good"):
        faults.tell()


def make_table(folder: Path, masks: bool) -> Manifest:
    Image.fromarray(np.zeros((16, 16), np.uint8)).save(folder / "a.png")
    table = pd.DataFrame({"path": ["a.png"], "label": ["glioma"]})
    if masks:
        table["mask"] = "a.png"
    table.to_csv(folder / "m.csv", index=False)
    return Manifest.read(folder / "m.csv")


def test_the_region_is_left_out_where_no_mask_teaches_it(tmp_path: Path) -> None:
    choice = choose(Faults(), features="hog,region", models="lightgbm")
    heard = Heard()
    left = as_far_as_masks_go(choice, None, make_table(tmp_path, masks=False), heard)
    assert [e.name for e in left.extractors] == ["hog"]
    assert "without region" in heard.lines[0]
    assert "--region SEG.joblib" in heard.lines[0]
    # What was asked for by name is not left out: that it cannot be is told as a fault.
    asked = as_far_as_masks_go(choice, "hog,region", make_table(tmp_path, masks=False), heard)
    assert asked is choice
    there = as_far_as_masks_go(choice, None, make_table(tmp_path, masks=True), heard)
    assert there is choice
    assert len(heard.lines) == 1
