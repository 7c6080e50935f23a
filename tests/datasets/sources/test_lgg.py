from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gliaboost.datasets.sources import read_source
from gliaboost.errors import DecodeError, UsageError

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


def test_halves_of_pairs_are_named(tmp_path: Path) -> None:
    lgg(tmp_path)
    (tmp_path / PATIENTS[0] / f"{PATIENTS[0]}_1_mask.tif").unlink()
    (tmp_path / PATIENTS[0] / f"{PATIENTS[0]}_2.tif").unlink()
    with pytest.raises(UsageError, match=r"4941_19960909_1 has no mask, .*_2_mask has no slice"):
        read_source("lgg", tmp_path)


def test_a_broken_mask_is_not_taken_for_a_healthy_slice(tmp_path: Path) -> None:
    lgg(tmp_path)
    (tmp_path / PATIENTS[1] / f"{PATIENTS[1]}_2_mask.tif").write_bytes(b"II*\x00")
    with pytest.raises(DecodeError, match=r"_2_mask\.tif"):
        read_source("lgg", tmp_path)
