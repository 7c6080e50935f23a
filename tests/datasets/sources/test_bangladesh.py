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
    "names",
    [
        ("Brain_Glioma", "Brain_Menin", "Brain Tumor"),
        ("brain_glioma", "brain_menin", "brain_tumor"),
    ],
)
@pytest.mark.parametrize("around", [".", "Brain_Cancer raw MRI data/Brain_Cancer"])
def test_class_folders(tmp_path: Path, names: tuple[str, ...], around: str) -> None:
    touch(tmp_path / around, *(f"{name}/{name}_000{i}.jpg" for name in names for i in (1, 2)))
    manifest = read_source("bangladesh", tmp_path)
    assert manifest.faults(labelled=True) == []
    table = manifest.table
    label = {names[0]: "glioma", names[1]: "meningioma", names[2]: "tumor"}
    assert table["label"].tolist() == [label[Path(p).parent.name] for p in table["path"]]
    assert set(table["presence"]) == {"tumor"}
    assert table.loc[table["label"] == "tumor", "type"].isna().all()
    assert set(table["type"].dropna()) == {"glioma", "meningioma"}


def test_another_class_is_refused(tmp_path: Path) -> None:
    touch(tmp_path, "Brain_Glioma/1.jpg", "Brain_Menin/1.jpg", "Healthy/1.jpg")
    with pytest.raises(UsageError, match="Healthy is no known class; expected folders Brain_Gli"):
        read_source("bangladesh", tmp_path)


TABLE = "Filename,Class\nimg/a.jpg,Brain_Glioma\nb.jpg,Brain Tumor\nC:\\x\\c.jpg,brain_menin\n"


@pytest.mark.parametrize("by_folder", [True, False])
def test_the_csv_form_finds_images_by_place_or_name(tmp_path: Path, by_folder: bool) -> None:
    touch(tmp_path, "img/a.jpg", "deep/er/b.jpg", "c.jpg")
    (tmp_path / "labels.csv").write_text(TABLE)
    manifest = read_source("bangladesh", tmp_path if by_folder else tmp_path / "labels.csv")
    assert manifest.faults() == []
    assert manifest.table["path"].tolist() == ["img/a.jpg", "deep/er/b.jpg", "c.jpg"]
    assert manifest.table["label"].tolist() == ["glioma", "tumor", "meningioma"]
    assert manifest.table["type"].isna().tolist() == [False, True, False]
    assert set(manifest.table["source"]) == {"bangladesh"}


def test_a_table_with_lost_images_or_other_classes(tmp_path: Path) -> None:
    touch(tmp_path, "img/a.jpg", "one/b.jpg", "two/b.jpg")
    file = tmp_path / "labels.csv"
    file.write_text(TABLE)
    with pytest.raises(UsageError, match=r"2 images .*: b.jpg \(2 of that name\), C:/x/c.jpg \(0 "):
        read_source("bangladesh", file)
    file.write_text("image,label\nimg/a.jpg,Healthy\n")
    with pytest.raises(UsageError, match="no known class: Healthy; expected Brain_Glioma"):
        read_source("bangladesh", file)
    file.write_text("image,label\nimg/a.jpg,\none/b.jpg,Brain Tumor\n")
    with pytest.raises(UsageError, match="no known class: an empty cell; expected Brain_Glioma"):
        read_source("bangladesh", file)
    file.write_text("image,age\nimg/a.jpg,7\n")
    with pytest.raises(UsageError, match=r"no column with classes; .* its columns are path, age$"):
        read_source("bangladesh", file)


@pytest.mark.parametrize("image", ["Image_Name", "image path", "File Name", "name", "Image", "img"])
@pytest.mark.parametrize("label", ["Class", "Label", "Tumor Type", "class_name", "Type"])
@pytest.mark.parametrize("written", ["a.jpg", "a"])
def test_usual_names_of_columns(tmp_path: Path, image: str, label: str, written: str) -> None:
    touch(tmp_path, "Brain Tumor/a.jpg")
    (tmp_path / "t.csv").write_text(f"{image},{label}\n{written},Brain Tumor\n")
    (row,) = read_source("bangladesh", tmp_path).table.to_dict("records")
    assert (row["path"], row["label"], row["presence"]) == ("Brain Tumor/a.jpg", "tumor", "tumor")


def test_two_tables_are_not_guessed_between(tmp_path: Path) -> None:
    touch(tmp_path, "a.csv", "b.csv")
    with pytest.raises(UsageError, match=r"expected folders Brain_Glioma.*; seen a.csv, b.csv"):
        read_source("bangladesh", tmp_path)
