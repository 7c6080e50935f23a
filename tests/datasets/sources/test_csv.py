from __future__ import annotations

from pathlib import Path

import pytest

from gliaboost.datasets.sources import read_source
from gliaboost.errors import ManifestError, UsageError


def written(folder: Path, text: str) -> Path:
    (folder / "t.csv").write_text(text, "utf-8")
    return folder / "t.csv"


def test_usual_names_become_the_manifests(tmp_path: Path) -> None:
    m = read_source(
        "csv",
        written(
            tmp_path,
            "Filename,Class,Patient_ID,Segmentation,modality,subset,site\n"
            "a.png,glioma,007,am.png,mri,Training,Oslo\n"
            "b.png,,,,Ct,validation,\n",
        ),
    )
    first, second = m.table.to_dict("records")
    assert first["path"] == "a.png"
    assert first["label"] == "glioma"
    assert first["patient"] == "007"
    assert first["mask"] == "am.png"
    assert (first["modality"], second["modality"]) == ("MRI", "CT")
    assert (first["split"], second["split"]) == ("train", "val")
    assert first["site"] == "Oslo"
    assert m.table.iloc[1][["label", "patient", "mask"]].isna().all()
    assert m.root == tmp_path


def test_spaces_and_hyphens_in_names_are_underscores(tmp_path: Path) -> None:
    m = read_source("csv", written(tmp_path, "Image Path,Class,Patient-ID\na.png,x,7\n"))
    assert m.table[["path", "label", "patient"]].to_numpy().tolist() == [["a.png", "x", "7"]]


def test_the_manifests_own_names_come_first(tmp_path: Path) -> None:
    m = read_source("csv", written(tmp_path, "image,path,class,label\nx,a.png,no,yes\n"))
    assert [m.table[c][0] for c in ("path", "label", "image", "class")] == [
        "a.png",
        "yes",
        "x",
        "no",
    ]


def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path: Path) -> None:
    assert len(read_source("csv", written(tmp_path, "\ufeffpath,label\na.png,x\n"))) == 1


def test_unknown_splits_are_left_for_the_check(tmp_path: Path) -> None:
    m = read_source("csv", written(tmp_path, "path,split\na.png,later\n"))
    assert any("unknown split 'later'" in f for f in m.faults())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not a readable table: it is empty"),
        (
            "name,label\na,b\n",
            "no column with the images' paths; expected one of path, image.*name",
        ),
        ("name;label\na;b\n", "seen name, label"),
        ("a.png,x\nb.png,y\n", "its first line looks like a row: put one with names before it"),
    ],
)
def test_what_is_no_table_of_images(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_source("csv", written(tmp_path, text))


def test_an_empty_table_is_a_fault(tmp_path: Path) -> None:
    m = read_source("csv", written(tmp_path, "path,label\n"))
    with pytest.raises(ManifestError, match="no rows"):
        m.check()


def test_a_folder_is_no_table(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a folder; expected a CSV file"):
        read_source("csv", tmp_path)


def test_usual_classes_fill_targets_that_the_table_lacks(tmp_path: Path) -> None:
    m = read_source("csv", written(tmp_path, "path,label,type\na,glioma,mine\nb,healthy,\n"))
    assert m.table["presence"].tolist() == ["tumor", "no_tumor"]
    assert m.table["type"].tolist()[0] == "mine"


def test_images_that_the_table_leaves_out_are_counted(tmp_path: Path) -> None:
    for name in ("a/1.png", "a/2.png", "a/3.jpg", "a/.4.png", "a/m.png", "b/5.png", "a/x.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    path = written(tmp_path, "path,mask\na/1.png,a/m.png\ngone/2.png,\n")
    assert read_source("csv", path).notes == (
        "beside the table's images lie 1 .jpg, 1 .png in no row of it (a/2.png, a/3.jpg)",
    )
