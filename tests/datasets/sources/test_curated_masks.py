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


@pytest.mark.parametrize(
    ("image", "mask"),
    [
        ("{c}/{i}.png", "{c}/{i}_mask.png"),
        ("{c}/{i}.jpg", "{c}/{i}-Mask.tif"),
        ("images/{c}/{i}.jpg", "masks/{c}/{i}.png"),
        ("Images/{c}/{i}.jpg", "Masks/{c}/{i}_mask.png"),
        ("{c}/images/{i}.jpg", "{c}/masks/{i}.png"),
        ("{c}/{i}.jpg", "{c}/mask/{i}_m.jpg"),
    ],
)
def test_masks_beside_and_in_parallel_trees(tmp_path: Path, image: str, mask: str) -> None:
    pairs = {
        image.format(c=c, i=i): mask.format(c=c, i=i)
        for c in ("Glioma", "meningioma_tumor")
        for i in ("1", "case 2")
    }
    healthy = image.format(c="No Tumor", i="h")
    touch(tmp_path, *pairs, *pairs.values(), healthy)
    manifest = read_source("curated-masks", tmp_path)
    table = manifest.table
    assert manifest.faults() == []
    assert dict(zip(table["path"], table["mask"], strict=True)) | {healthy: None} == {
        **pairs,
        healthy: None,
    }
    assert table["mask"].isna().sum() == 1
    label = {"Glioma": "glioma", "meningioma_tumor": "meningioma", "No Tumor": "no_tumor"}
    for path, found, presence in zip(
        *(table[c] for c in ("path", "label", "presence")), strict=True
    ):
        assert found == next(label[c] for c in label if c in path)
        assert presence == ("no_tumor" if found == "no_tumor" else "tumor")


def test_splits_and_unusual_classes(tmp_path: Path) -> None:
    touch(
        tmp_path,
        "Train/images/abscess/1.png",
        "Train/masks/abscess/1.png",
        "test/images/tumor/1.png",
        "test/masks/tumor/1.png",
    )
    table = read_source("curated-masks", tmp_path).table
    assert table["split"].tolist() == ["train", "test"]
    assert table["label"].tolist() == ["abscess", "tumor"]
    assert table["presence"].isna().tolist() == [True, False]


def test_images_without_class_folders_have_no_label(tmp_path: Path) -> None:
    table = read_source("curated-masks", touch(tmp_path, "images/1.png", "masks/1.png")).table
    assert table["label"].isna().all()
    assert table["mask"].tolist() == ["masks/1.png"]


def test_what_does_not_pair_is_named(tmp_path: Path) -> None:
    touch(tmp_path / "a", "glioma/1.png", "glioma/2_mask.png")
    with pytest.raises(UsageError, match=r"glioma/2_mask.png is a mask without an image; expected"):
        read_source("curated-masks", tmp_path / "a")
    touch(tmp_path / "b", "glioma/1.png", "glioma/1.jpg", "glioma/1_mask.png")
    with pytest.raises(
        UsageError, match=r"glioma/1.(png|jpg) and glioma/1.(png|jpg) have one name"
    ):
        read_source("curated-masks", tmp_path / "b")


def test_images_alone_are_another_layout(tmp_path: Path) -> None:
    touch(tmp_path, "glioma/1.png")
    with pytest.raises(UsageError, match=r"no curated-masks layout: expected .*; seen glioma/"):
        read_source("curated-masks", tmp_path)
