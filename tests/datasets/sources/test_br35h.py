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


@pytest.mark.parametrize("around", [".", "archive"])
def test_yes_and_no(tmp_path: Path, around: str) -> None:
    touch(tmp_path / around, "yes/y0.jpg", "yes/y1.jpg", "no/no0.jpg", "pred/pred0.jpg")
    manifest = read_source("br35h", tmp_path)
    assert manifest.faults(labelled=True) == [
        "labels that occur once (no_tumor); no fold can hold them in training and in test: add "
        "images, merge or remove the class"
    ]
    assert manifest.table["label"].tolist() == ["tumor", "tumor", "no_tumor"]
    assert manifest.table["presence"].tolist() == manifest.table["label"].tolist()
    assert manifest.table["type"].isna().all()
    assert set(manifest.table["modality"]) == {"MRI"}
    assert manifest.table["split"].isna().all()


def test_pred_has_no_labels_and_comes_on_demand(tmp_path: Path) -> None:
    touch(tmp_path, "yes/y0.jpg", "no/no0.jpg", "pred/pred0.jpg")
    table = read_source("br35h", tmp_path, pred=True).table
    assert table["path"].tolist() == ["yes/y0.jpg", "no/no0.jpg", "pred/pred0.jpg"]
    assert table["label"].isna().tolist() == [False, False, True]
    assert table["presence"].isna().tolist() == [False, False, True]
    assert table["split"].tolist()[2] == "test"
    assert table["split"].isna().tolist() == [True, True, False]


def test_capitals_do_not_matter(tmp_path: Path) -> None:
    table = read_source("br35h", touch(tmp_path, "Yes/1.jpg", "NO/2.jpg", "Pred/3.jpg"), pred=True)
    assert table.table["path"].tolist() == ["Yes/1.jpg", "NO/2.jpg", "Pred/3.jpg"]
    assert table.classes == ["no_tumor", "tumor"]


def test_a_copy_inside_is_passed_over(tmp_path: Path) -> None:
    touch(tmp_path, "yes/1.jpg", "no/2.jpg", "brain_tumor_dataset/yes/1.jpg")
    touch(tmp_path, "brain_tumor_dataset/no/2.jpg")
    assert len(read_source("br35h", tmp_path)) == 2


def test_one_folder_alone_is_another_layout(tmp_path: Path) -> None:
    touch(tmp_path, "yes/1.jpg")
    with pytest.raises(UsageError, match=r"no br35h layout: expected folders yes/ and no/.*seen y"):
        read_source("br35h", tmp_path)
