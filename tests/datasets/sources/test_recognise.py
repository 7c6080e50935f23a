from __future__ import annotations

from pathlib import Path

import pytest

from gliaboost.datasets.sources.recognise import recognise

DICOM = b"\0" * 128 + b"DICM" + b"rest"


def lay(folder: Path, *paths: str, content: bytes = b"x") -> Path:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


@pytest.mark.parametrize(
    ("paths", "source"),
    [
        (["glioma/1.png", "no/1.jpg"], "folder"),
        (["Training/glioma/1.png", "Testing/glioma/2.png"], "folder"),
        (["metadata.csv", "images/1.png", "masks/1.png"], "figshare"),
        (["a/1.mat", "cvind.mat"], "figshare-mat"),
        (["kaggle_3m/TCGA_A/1.tif", "kaggle_3m/TCGA_A/1_mask.tif"], "lgg"),
        (["glioma/1.png", "glioma/1_mask.png"], "folder"),
        (["images/glioma/1.png", "masks/glioma/1.png"], "folder"),
        (["train/ct_healthy/1.png", "train/mri_glioma/1.png"], "kaggle-ct-mri"),
        (
            ["Brain Tumor CT scan Images/Healthy/1.png", "Brain Tumor MRI images/Tumor/1.png"],
            "kaggle-ct-mri",
        ),
        (["Brain_Glioma/1.jpg", "Brain_Menin/1.jpg", "Brain Tumor/1.jpg"], "bangladesh"),
        (["p1/scan.nii.gz"], "nifti"),
        (["p1/series/1.DCM"], "dicom"),
        (["p1/scan.nii.gz", "p2/scan.nii", "screenshot.png"], "nifti"),
        (["p1/1.dcm", "p1/2.IMA", "montage.jpg", "p1/mask.nii"], "dicom"),
        (["1.mat", "2.mat", "figure.png"], "figshare-mat"),
        (["glioma/1.png", "no/1.jpg", "atlas.nii"], "folder"),
        (["p1/scan.nii.gz", "a.mat", "b.mat"], "nifti"),
        (["notes.txt"], None),
    ],
)
def test_layouts_are_told_by_their_names(
    paths: list[str], source: str | None, tmp_path: Path
) -> None:
    assert recognise(lay(tmp_path, *paths)) == source


def test_dicom_without_an_ending_is_told_by_its_bytes(tmp_path: Path) -> None:
    lay(tmp_path, "p1/IM0001", content=DICOM)
    assert recognise(tmp_path) == "dicom"
