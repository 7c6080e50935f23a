from __future__ import annotations

from pathlib import Path

import pytest

from gliaboost.datasets.sources import read_source
from gliaboost.errors import UsageError


def touch(folder: Path, *paths: str) -> Path:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).touch()
    return folder


def test_a_folder_is_a_class(tmp_path: Path) -> None:
    m = read_source("folder", touch(tmp_path, "b/2.png", "a/1.jpg", "a/deep/er/3.tif", "a/x.txt"))
    assert m.table["path"].tolist() == ["a/1.jpg", "a/deep/er/3.tif", "b/2.png"]
    assert m.table["label"].tolist() == ["a", "a", "b"]
    assert m.table["split"].isna().all()
    assert m.root == tmp_path
    assert m.faults() == []


def test_a_flat_folder_has_no_labels(tmp_path: Path) -> None:
    m = read_source("folder", touch(tmp_path, "1.png", "2.bmp"))
    assert m.table["label"].isna().all()
    assert "no labels" in m.faults(labelled=True)[0]


def test_splits_above_classes(tmp_path: Path) -> None:
    m = read_source(
        "folder",
        touch(tmp_path, "Train/a/1.png", "train/b/x/2.png", "valid/a/3.png", "TEST/b/4.png"),
    )
    rows = dict(
        zip(m.table["path"], zip(m.table["split"], m.table["label"], strict=True), strict=True)
    )
    assert rows == {
        "Train/a/1.png": ("train", "a"),
        "train/b/x/2.png": ("train", "b"),
        "valid/a/3.png": ("val", "a"),
        "TEST/b/4.png": ("test", "b"),
    }


def test_one_folder_that_is_no_split_makes_all_classes(tmp_path: Path) -> None:
    m = read_source("folder", touch(tmp_path, "train/a/1.png", "other/2.png"))
    assert m.table["label"].tolist() == ["other", "train"]


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    touch(tmp_path, "1.png")
    with pytest.raises(UsageError, match="is a file; expected a folder with images in a folder a"):
        read_source("folder", tmp_path / "1.png")


def test_usual_classes_fill_the_other_targets(tmp_path: Path) -> None:
    touch(tmp_path / "a", "Glioma_Tumor/1.png", "no tumor/2.png", "odd/3.png")
    table = read_source("folder", tmp_path / "a").table
    assert table["label"].tolist() == ["Glioma_Tumor", "no tumor", "odd"]
    assert table["presence"].tolist()[:2] == ["tumor", "no_tumor"]
    assert table["type"].isna().tolist() == [False, True, True]
    touch(tmp_path / "b", "cat/1.png", "dog/2.png")
    assert "presence" not in read_source("folder", tmp_path / "b").table
