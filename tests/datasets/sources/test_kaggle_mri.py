from __future__ import annotations

from pathlib import Path

import pytest

from gliaboost.datasets.sources import read_source
from gliaboost.datasets.splits import published_split
from gliaboost.errors import UsageError

SHARED = Path(__file__).parents[3].parent / "shared" / "data"
CLASSES = ["glioma", "meningioma", "no_tumor", "pituitary"]


def tree(folder: Path, parts: list[str], classes: list[str]) -> Path:
    for part in parts:
        for name in classes:
            (folder / part / name).mkdir(parents=True)
            for i in range(2):
                (folder / part / name / f"{part}-{i}.jpg").touch()
    return folder


@pytest.mark.parametrize(
    "classes",
    [
        ["glioma_tumor", "meningioma_tumor", "no_tumor", "pituitary_tumor"],  # Sartaj
        ["glioma", "meningioma", "notumor", "pituitary"],  # Nickparvar
        ["Glioma", "Meningioma", "No Tumor", "Pituitary"],
    ],
)
@pytest.mark.parametrize("parts", [["Training", "Testing"], ["train", "test"]])
def test_both_layouts(tmp_path: Path, parts: list[str], classes: list[str]) -> None:
    m = read_source("kaggle-mri", tree(tmp_path, parts, classes))
    assert len(m) == 16
    assert m.classes == CLASSES
    assert m.table.groupby(["split", "label"]).size().tolist() == [2] * 8
    assert set(m.table["modality"]) == {"MRI"}
    assert set(m.table["source"]) == {"kaggle-mri"}
    assert not m.has_patients
    for path, label, split in zip(m.table["path"], m.table["label"], m.table["split"], strict=True):
        part, folder, _ = path.split("/")
        assert CLASSES[classes.index(folder)] == label
        assert {"train": parts[0], "test": parts[1]}[split] == part
    assert m.faults() == []


def test_the_folder_around_it_will_do(tmp_path: Path) -> None:
    (tmp_path / "__MACOSX").mkdir()
    tree(tmp_path / "Brain-Tumor", ["Training", "Testing"], ["glioma", "notumor"])
    m = read_source("kaggle-mri", tmp_path)
    assert len(m) == 8
    assert m.faults() == []


def test_folders_that_are_no_class_are_all_named(tmp_path: Path) -> None:
    tree(tmp_path, ["Training", "Testing"], ["glioma", "schwannoma"])
    with pytest.raises(UsageError, match="Testing/schwannoma, Training/schwannoma; expected"):
        read_source("kaggle-mri", tmp_path)


def test_class_folders_without_splits_are_another_layout(tmp_path: Path) -> None:
    tree(tmp_path, ["."], ["glioma", "notumor"])
    with pytest.raises(
        UsageError, match=r"expected Training/ and Testing/ .*; seen glioma/, notumor/"
    ):
        read_source("kaggle-mri", tmp_path)


def test_the_real_set() -> None:
    if not (SHARED / "sartaj").is_dir():
        pytest.skip(f"the real slices are not at {SHARED / 'sartaj'}")
    m = read_source("kaggle-mri", SHARED / "sartaj").check(labelled=True)
    assert len(m) == 3264
    assert m.table["label"].value_counts().to_dict() == {
        "meningioma": 937,
        "glioma": 926,
        "pituitary": 901,
        "no_tumor": 500,
    }
    (fold,) = published_split(m)
    assert len(fold.test) == 394
