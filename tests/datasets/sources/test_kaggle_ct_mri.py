from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gliaboost.datasets.audit.audit import audit
from gliaboost.datasets.sources import read_source
from gliaboost.datasets.targets import with_target
from gliaboost.errors import UsageError

CT = "Brain Tumor CT scan Images"
MRI = "Brain Tumor MRI images"
SEVEN = [
    "ct_healthy",
    "ct_tumor",
    "mri_healthy",
    "mri_glioma",
    "mri_meningioma",
    "mri_pituitary",
    "mri_tumor",
]


def touch(folder: Path, *paths: str) -> Path:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).touch()
    return folder


def published(folder: Path) -> Path:
    return touch(
        folder,
        f"{CT}/Healthy/ct_healthy (1).jpg",
        f"{CT}/Healthy/ct_healthy (2).png",
        f"{CT}/Tumor/ct_tumor (917).jpg",
        f"{MRI}/Healthy/mri_healthy (196).jpg",
        f"{MRI}/Tumor/glioma (3).jpg",
        f"{MRI}/Tumor/meningioma (55).jpg",
        f"{MRI}/Tumor/pituitary (7).JPG",
        f"{MRI}/Tumor/tumor (9).jpeg",
    )


@pytest.mark.parametrize("around", [".", "Dataset"])
def test_folders_by_modality(tmp_path: Path, around: str) -> None:
    published(tmp_path / around)
    manifest = read_source("kaggle-ct-mri", tmp_path)
    assert manifest.faults() == []
    rows = {
        Path(path).name: (modality, label, presence, kind if isinstance(kind, str) else None)
        for path, modality, label, presence, kind in zip(
            *(manifest.table[c] for c in ("path", "modality", "label", "presence", "type")),
            strict=True,
        )
    }
    assert rows == {
        "ct_healthy (1).jpg": ("CT", "no_tumor", "no_tumor", None),
        "ct_healthy (2).png": ("CT", "no_tumor", "no_tumor", None),
        "ct_tumor (917).jpg": ("CT", "tumor", "tumor", None),
        "mri_healthy (196).jpg": ("MRI", "no_tumor", "no_tumor", None),
        "glioma (3).jpg": ("MRI", "glioma", "tumor", "glioma"),
        "meningioma (55).jpg": ("MRI", "meningioma", "tumor", "meningioma"),
        "pituitary (7).JPG": ("MRI", "pituitary", "tumor", "pituitary"),
        "tumor (9).jpeg": ("MRI", "tumor", "tumor", None),
    }
    assert manifest.table["split"].isna().all()
    assert not manifest.has_patients


@pytest.mark.parametrize("parts", [("train", "val", "test"), ("Train", "validation", "Test")])
def test_the_flat_form_of_seven_classes(tmp_path: Path, parts: tuple[str, ...]) -> None:
    touch(tmp_path, *(f"data/{part}/{name}/{part}.png" for part in parts for name in SEVEN))
    manifest = read_source("kaggle-ct-mri", tmp_path)
    table = manifest.table
    assert manifest.faults(labelled=True) == []
    assert table["split"].value_counts().to_dict() == {"train": 7, "val": 7, "test": 7}
    for path, modality, presence, kind in zip(
        *(table[c] for c in ("path", "modality", "presence", "type")), strict=True
    ):
        prefix, name = Path(path).parent.name.split("_")
        assert modality == prefix.upper()
        assert presence == ("no_tumor" if name == "healthy" else "tumor")
        if name in ("healthy", "tumor"):
            assert kind is None or kind != kind
        else:
            assert kind == name


def test_one_picture_in_two_of_the_seven_classes_is_a_contradiction(tmp_path: Path) -> None:
    tiles = np.random.default_rng(0).integers(0, 255, (3, 8, 8), np.uint8)
    for i, classes in enumerate((("mri_tumor", "mri_meningioma"), ("mri_glioma",) * 2, SEVEN[:1])):
        for n, name in enumerate(classes):
            (tmp_path / "train" / name).mkdir(parents=True, exist_ok=True)
            picture = np.kron(tiles[i], np.ones((16, 16), np.uint8))
            Image.fromarray(picture).save(tmp_path / "train" / name / f"{i}{n}.png")
    touch(tmp_path, *(f"train/{name}/none.png" for name in SEVEN))
    manifest = read_source("kaggle-ct-mri", tmp_path)
    for table in (manifest, with_target(manifest, "presence").manifest):
        found = audit(table).to_dict()["contradictions"]
        assert [{(Path(r["path"]).parent.name, r["label"]) for r in rows} for rows in found] == [
            {("mri_tumor", "tumor"), ("mri_meningioma", "meningioma")}
        ]


def test_the_seven_classes_without_splits(tmp_path: Path) -> None:
    folder = touch(tmp_path / "test", *(f"{name}/1.png" for name in SEVEN))
    assert read_source("kaggle-ct-mri", folder).table["split"].isna().all()


def test_classes_of_another_name_are_refused(tmp_path: Path) -> None:
    touch(tmp_path / "a", *(f"train/{name}/1.png" for name in [*SEVEN, "mri_abscess"]))
    with pytest.raises(UsageError, match=r"no known class: train/mri_abscess; expected"):
        read_source("kaggle-ct-mri", tmp_path / "a")
    touch(published(tmp_path / "b"), f"{CT}/Unsure/1.png")
    with pytest.raises(UsageError, match="Unsure is no known class; expected Healthy and Tumor"):
        read_source("kaggle-ct-mri", tmp_path / "b")


def test_the_folder_itself_may_have_any_name(tmp_path: Path) -> None:
    touch(tmp_path, "mri_tumor/1.png", "other/2.png")
    with pytest.raises(UsageError, match=r"no kaggle-ct-mri layout: .*; seen 1.png"):
        read_source("kaggle-ct-mri", tmp_path / "mri_tumor")
    assert len(read_source("kaggle-ct-mri", published(tmp_path / "CT tumor"))) == 8


def test_one_modality_alone_is_another_layout(tmp_path: Path) -> None:
    touch(tmp_path, "Healthy/1.png", "Tumor/2.png")
    with pytest.raises(UsageError, match=r"CT scan Images/' and .*; seen Healthy/, Tumor/"):
        read_source("kaggle-ct-mri", tmp_path)
