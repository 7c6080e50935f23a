from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gliaboost.datasets.sources import read_source
from gliaboost.errors import UsageError

PATIENTS = ["TCGA_CS_4941_19960909", "TCGA_CS_4942_19970222", "TCGA_HT_7473_19970826"]


def lgg(folder: Path) -> Path:
    """Write two slices a patient: the first without a tumour, the second with one white pixel."""
    for patient in PATIENTS:
        (folder / patient).mkdir(parents=True)
        for number in (1, 2):
            mask = np.zeros((16, 16), np.uint8)
            mask[3, 4] = 255 * (number - 1)
            name = f"{patient}_{number}"
            pixels = np.full((16, 16, 3), 40, np.uint8)
            Image.fromarray(pixels).save(folder / patient / f"{name}.tif")
            Image.fromarray(mask).save(folder / patient / f"{name}_mask.tif")
    (folder / "data.csv").write_text("Patient,RNASeqCluster\n")
    return folder


def test_patients_masks_sites_and_presence(tmp_path: Path) -> None:
    manifest = read_source("lgg", lgg(tmp_path / "kaggle_3m"))
    table = manifest.table
    assert manifest.faults(labelled=True) == []
    assert table["patient"].tolist() == sorted(["TCGA_CS_4941", "TCGA_CS_4942", "TCGA_HT_7473"] * 2)
    assert table["site"].tolist() == ["CS"] * 4 + ["HT"] * 2
    assert table["presence"].tolist() == ["no_tumor", "tumor"] * 3
    assert table["label"].tolist() == table["presence"].tolist()
    assert table["type"].isna().tolist() == [True, False] * 3
    for path, mask in zip(table["path"], table["mask"], strict=True):
        assert mask == path.replace(".tif", "_mask.tif")


def test_the_copy_inside_the_archive_is_passed_over(tmp_path: Path) -> None:
    lgg(tmp_path / "kaggle_3m")
    lgg(tmp_path / "lgg-mri-segmentation" / "kaggle_3m")
    manifest = read_source("lgg", tmp_path)
    assert len(manifest) == 6
    assert all(p.startswith("kaggle_3m/") for p in manifest.table["path"])


def test_halves_of_pairs_are_passed_over_and_named(tmp_path: Path) -> None:
    lgg(tmp_path)
    (tmp_path / PATIENTS[0] / f"{PATIENTS[0]}_1_mask.tif").unlink()
    (tmp_path / PATIENTS[1] / f"{PATIENTS[1]}_2.tif").unlink()
    manifest = read_source("lgg", tmp_path)
    assert manifest.table["presence"].tolist() == ["tumor", "no_tumor", "no_tumor", "tumor"]
    notes = " ".join(manifest.notes)
    assert f"slices without a mask (1): {PATIENTS[0]}_1.tif" in notes
    assert f"masks alone (1): {PATIENTS[1]}_2_mask.tif" in notes


@pytest.mark.parametrize("number", [1, 2])
def test_a_broken_mask_is_named_and_not_taken_for_a_healthy_slice(
    tmp_path: Path, number: int
) -> None:
    lgg(tmp_path)
    name = f"{PATIENTS[1]}_{number}_mask.tif"
    (tmp_path / PATIENTS[1] / name).write_bytes(b"II*\x00")
    manifest = read_source("lgg", tmp_path)
    assert len(manifest) == 5 and not manifest.table["mask"].str.contains(name).any()
    assert any(f"cannot be read (1): {name} (" in note for note in manifest.notes)


def test_nothing_but_broken_masks_is_no_data_set(tmp_path: Path) -> None:
    lgg(tmp_path)
    for mask in tmp_path.rglob("*_mask.tif"):
        mask.write_bytes(b"")
    with pytest.raises(UsageError, match="no lgg layout"):
        read_source("lgg", tmp_path)
