from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import gliaboost
from gliaboost.errors import ManifestError, UsageError

MakeImages = Callable[..., Path]


def test_a_manifest_is_edited_written_and_stays(make_images: MakeImages, tmp_path: Path) -> None:
    path = make_images(patients=4)
    before = path.read_bytes()
    table = gliaboost.edit_manifest(path, tmp_path / "n.parquet", rename={"fine": "smooth"})
    assert table.classes == ["coarse", "smooth"]
    again = gliaboost.Manifest.read(tmp_path / "n.parquet").check(labelled=True)
    assert (again.classes, again.has_patients) == (table.classes, True)
    assert path.read_bytes() == before


def test_what_is_read_is_not_written_over(make_images: MakeImages) -> None:
    path = make_images(patients=2)
    with pytest.raises(UsageError, match="would be replaced; name another file: --out"):
        gliaboost.edit_manifest(path, path, keep="fine")
    with pytest.raises(UsageError, match="would be replaced; name another file: --out"):
        gliaboost.manifest("edit", path, path, keep="fine")


def test_patients_are_taken_on_every_source(make_images: MakeImages, tmp_path: Path) -> None:
    path = make_images(patients=4)
    regex = r"(?P<patient>p\d+)-"
    (tmp_path / "p.csv").write_text("file,patient\np00-0.png,X\n", "utf-8")
    for source, where in (("csv", path), ("folder", path.parent), ("edit", path)):
        table = gliaboost.manifest(
            source, where, patient_regex=regex, patients=tmp_path / "p.csv"
        ).table
        known = dict(zip(table["path"], table["patient"], strict=True))
        assert (known["p00-0.png"], known["p00-1.png"], known["p03-2.png"]) == ("X", "p00", "p03")


def test_a_split_that_cuts_patients_is_refused_and_can_be_forgotten(
    make_images: MakeImages,
) -> None:
    path = make_images(patients=2)
    table = gliaboost.Manifest.read(path)
    table.table["split"] = ["train", "test"] * 3
    with pytest.raises(ManifestError, match=r"more than one split .*--forget split"):
        gliaboost.edit_manifest(table, patient_regex=r"(?P<patient>p\d+)")
    assert gliaboost.edit_manifest(table, forget="split").table["split"].isna().all()


def test_a_wrong_expression_is_told_with_all_other_faults(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        gliaboost.manifest("folder", tmp_path / "gone", patient_regex="P[0-9]", patients="no.csv")
    assert "has no group called patient" in str(caught.value)
    assert "gone" in str(caught.value) and "no.csv" in str(caught.value)


def test_labels_are_joined_on_every_source(tmp_path: Path) -> None:
    for name in ("scans/1.png", "scans/2.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    (tmp_path / "l.csv").write_text("file;diagnosis\n1;NA\n2.png;glioma\n", "utf-8")
    table = gliaboost.manifest("folder", tmp_path / "scans", labels=tmp_path / "l.csv")
    assert table.table["label"].tolist() == ["NA", "glioma"]
    assert table.notes[-1] == f"labels from {tmp_path / 'l.csv'}: for 2 of 2 images"
