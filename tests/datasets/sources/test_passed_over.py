from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.sources import read_source
from gliaboost.datasets.sources.passed_over import passed_over
from gliaboost.errors import UsageError


def touch(folder: Path, *paths: str) -> Path:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).touch()
    return folder


@pytest.mark.parametrize("source", ["folder", "kaggle-mri", "curated-masks", "br35h"])
def test_every_source_counts_what_it_does_not_take(tmp_path: Path, source: str) -> None:
    layouts = {
        "folder": ["a/1.png", "b/1.png"],
        "kaggle-mri": ["Training/glioma/1.png", "Testing/glioma/2.png"],
        "curated-masks": ["glioma/1.png", "glioma/1_mask.png"],
        "br35h": ["yes/1.png", "no/1.png"],
    }
    touch(tmp_path, *layouts[source], "x/1.gif", "x/2.GIF", "x/v.nii.gz", "note.txt", "x/scan")
    touch(tmp_path, ".hidden/1.gif", "Thumbs.db", "manifest.csv")
    notes = read_source(source, tmp_path).notes
    assert (
        "not taken: 2 .gif, 1 .nii.gz, 1 .txt, 1 without an ending "
        f"(read by gliaboost manifest nifti {tmp_path})"
    ) in notes
    assert "nothing is taken of the folders x" in notes


def test_nothing_is_said_where_all_is_taken(tmp_path: Path) -> None:
    assert read_source("folder", touch(tmp_path, "a/1.png", "b/1.png")).notes == ()


def test_tables_are_told_where_no_patient_is_known(tmp_path: Path) -> None:
    touch(tmp_path, "a/1.png", "info/meta.csv")
    m = Manifest.of(pd.DataFrame({"path": ["a/1.png"]}), tmp_path)
    assert passed_over(tmp_path, m) == (
        "tables lie in it (info/meta.csv); if one names patients or labels: --patients FILE, "
        "--labels FILE",
    )
    m.table["label"] = "x"
    assert passed_over(tmp_path, m)[0].endswith("if one names patients: --patients FILE")
    m.table["patient"] = "p"
    assert passed_over(tmp_path, m) == ()


def test_images_that_lie_elsewhere_are_not_compared(tmp_path: Path) -> None:
    touch(tmp_path, "1.mat", "png/1.png")
    m = Manifest.of(pd.DataFrame({"path": ["1.png"]}), tmp_path / "png")
    assert passed_over(tmp_path, m) == ()


def test_links_are_told(tmp_path: Path) -> None:
    touch(tmp_path, "a/1.png", "b/2.png")
    (tmp_path / "b" / "1.png").symlink_to(tmp_path / "a" / "1.png")
    (tmp_path / "b" / "3.png").symlink_to(tmp_path / "gone")
    assert read_source("folder", tmp_path).notes == (
        "not taken: 1 links to what is there already (b/1.png)",
        "not taken: 1 links to nothing (b/3.png)",
    )


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_names_that_no_table_can_hold_are_told_and_the_rest_is_kept(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"donn\xe9es")
    for label in ("glioma", "healthy"):
        (folder / label).mkdir(parents=True)
        (folder / label / "1.png").touch()
    (folder / "glioma" / os.fsdecode(b"caf\xe9.png")).touch()
    manifest = read_source("folder", folder)
    assert len(manifest) == 2
    assert any("no UTF-8" in n and "glioma/caf" in n for n in manifest.notes)
    for file in ("m.parquet", "m.csv"):
        written = manifest.write(folder / file)
        assert Manifest.read(written).table["path"].tolist() == ["glioma/1.png", "healthy/1.png"]
    with pytest.raises(UsageError, match=r"not UTF-8.*donn\\xe9es/glioma/1\.png"):
        manifest.write(tmp_path / "m.parquet")


def test_folders_that_cannot_be_entered_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch(tmp_path, "a/1.png", "b/2.png", "b/secret/3.png")
    scan = os.scandir

    def guarded(path: Path) -> Any:  # root reads everything
        if Path(path).name == "secret":
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(os, "scandir", guarded)
    m = read_source("folder", tmp_path)
    assert m.table["path"].tolist() == ["a/1.png", "b/2.png"]
    assert m.notes == ("not entered, without permission to read: b/secret",)
