from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from gliaboost.datasets.manifest import Manifest
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


def test_linked_folders_are_classes_and_each_file_is_there_once(tmp_path: Path) -> None:
    touch(tmp_path / "far", "g/1.png", "g/deep/2.png", "h/3.png", "lone.png")
    (tmp_path / "far" / "g" / "back").symlink_to(tmp_path / "far" / "g")
    data = touch(tmp_path / "data", "healthy/4.png")
    for link, to in (("glioma", "far/g"), ("again", "data/healthy"), ("up", "data"), ("top", ".")):
        (data / link).symlink_to(tmp_path / to, target_is_directory=True)
    (data / "other").symlink_to(tmp_path / "far" / "h")
    (data / "other2").symlink_to(tmp_path / "far" / "h")
    table = read_source("folder", data).table
    assert dict(zip(table["path"], table["label"], strict=True)) == {
        "glioma/1.png": "glioma",
        "glioma/deep/2.png": "glioma",
        "healthy/4.png": "healthy",
        "other/3.png": "other",
    }
    written = Manifest.read(read_source("folder", data).write(tmp_path / "m.csv"))
    assert written.check().table["label"].tolist() == table["label"].tolist()


def test_a_linked_set_is_read_like_the_set(tmp_path: Path) -> None:
    touch(tmp_path / "real", "a/1.png", "b/2.png")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert read_source("folder", tmp_path / "link").table["label"].tolist() == ["a", "b"]


def test_classes_that_differ_by_spelling_alone_are_one_and_said(tmp_path: Path) -> None:
    touch(tmp_path, "Training/Glioma/1.png", "Training/Glioma/2.png", "Training/no tumor/1.png")
    touch(tmp_path, "Testing/glioma_tumor/1.png", "Testing/No_Tumor/1.png")
    m = read_source("folder", tmp_path)
    assert m.classes == ["Glioma", "No_Tumor"]
    assert "Glioma (2), glioma_tumor (1) are Glioma; No_Tumor (1), no tumor (1)" in m.notes[0]
    assert set(m.table["presence"]) == {"tumor", "no_tumor"}


def test_masks_are_no_images(tmp_path: Path) -> None:
    touch(tmp_path, "glioma/1.png", "glioma/1_mask.png", "healthy/2.png", "masks/9.png")
    m = read_source("folder", tmp_path)
    assert m.table[["path", "label"]].to_numpy().tolist() == [
        ["glioma/1.png", "glioma"],
        ["healthy/2.png", "healthy"],
    ]
    assert m.table["mask"].tolist()[0] == "glioma/1_mask.png"
    assert m.notes == (
        "masks of 1 images were found by their names",
        "passed over: masks without an image of their own (1): masks/9.png",
        "not taken: 1 .png",
    )


@pytest.mark.parametrize(
    ("files", "regex"),
    [
        (["a/p1/1.png", "a/p2/1.png", "b/p3/1.png"], "^[^/]+/(?P<patient>[^/]+)/"),
        (["Train/a/p1/1.png", "Test/b/p2/1.png"], "^[^/]+/[^/]+/(?P<patient>[^/]+)/"),
        (["p1/glioma/1.png", "p2/healthy/1.png"], "^(?P<patient>[^/]+)/"),
        (["d/a/images/p1/1.png", "d/b/images/p2/1.png"], "^[^/]+/[^/]+/[^/]+/(?P<patient>[^/]+)/"),
    ],
)
def test_folders_that_may_be_patients_are_told(
    tmp_path: Path, files: list[str], regex: str
) -> None:
    (note,) = [n for n in read_source("folder", touch(tmp_path, *files)).notes if "patients" in n]
    assert f"are patients, say so: --patient-regex '{regex}'" in note
    names = [re.search(regex, file)["patient"] for file in files]  # type: ignore[index]
    assert names == sorted(f"p{i + 1}" for i in range(len(files)))


def test_an_image_without_an_ending_is_taken_by_content(tmp_path: Path) -> None:
    touch(tmp_path, "a/1.PNG", "b/text")
    (tmp_path / "b" / "scan").write_bytes(b"\x89PNG\r\n\x1a\n")
    m = read_source("folder", tmp_path)
    assert m.table["path"].tolist() == ["a/1.PNG", "b/scan"]
    assert m.notes == ("not taken: 1 without an ending",)


def test_what_is_there_instead_is_counted(tmp_path: Path) -> None:
    touch(tmp_path, "a/1.gif", "b/2.GIF", "b/3.dcm")
    with pytest.raises(UsageError, match=r"seen a/, b/, in all 2 .gif, 1 .dcm \(read by .*dicom"):
        read_source("folder", tmp_path)


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="their names are Unicode")
def test_names_that_no_table_holds_are_passed_over_and_named(tmp_path: Path) -> None:
    touch(tmp_path, "a/1.png", 'b/gr\u00f6\u00dfe, "x"\n.png', " c/3.png")
    (tmp_path / "a" / os.fsdecode(b"\xff\xe9.png")).touch()
    m = read_source("folder", tmp_path)
    assert m.classes == ["a", "b", "c"]
    assert m.notes == (
        "passed over: 1 images whose names are no UTF-8, rename them (convmv -f latin1 -t utf8): "
        r"a/\udcff\udce9.png",
        "not taken: 1 .png",
    )
    for name in ("m.csv", "m.parquet"):
        again = Manifest.read(m.write(tmp_path.parent / name)).check()
        assert [p.name for p in again.paths] == [p.name for p in m.paths]


def test_folders_of_modalities_fill_the_column(tmp_path: Path) -> None:
    for path in ("CT/tumor/1.png", "CT/healthy/2.jfif", "MRI/tumor/3.png", "MRI/healthy/4.JPE"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(path.encode())
    table = read_source("folder", tmp_path).table
    assert table["modality"].tolist() == ["CT", "CT", "MRI", "MRI"]
    assert table["label"].tolist() == ["healthy", "tumor", "healthy", "tumor"]
    (tmp_path / "CT").rename(tmp_path / "first")
    (tmp_path / "MRI").rename(tmp_path / "second")
    assert read_source("folder", tmp_path).table["modality"].isna().all()
