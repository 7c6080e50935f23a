from __future__ import annotations

import os
from pathlib import Path

import pytest

from gliaboost._face.faults import Faults
from gliaboost._face.places import check_file, check_folder, check_there


def said(faults: Faults) -> str:
    return "; ".join(map(str, faults.errors))


def test_places_that_can_be_written_are_left_as_they_are(tmp_path: Path) -> None:
    faults = Faults()
    check_folder(faults, tmp_path / "a" / "b", "--out")
    check_folder(faults, None, "--out")
    check_folder(faults, "s3://bucket/store", "--store")
    check_file(faults, tmp_path / "c" / "m.CSV", "--out", (".parquet", ".csv"))
    check_file(faults, None, "--out")
    check_there(faults, tmp_path, "--images")
    check_there(faults, None, "--images")
    assert not faults
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_place_of_a_folder_and_a_folder_in_that_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "f").touch()
    for path, expected in ((tmp_path / "f", "is a file"), (tmp_path / "f" / "in", "is no folder")):
        faults = Faults()
        check_folder(faults, path, "--store")
        assert expected in said(faults) and "--store" in said(faults)
    faults = Faults()
    check_file(faults, tmp_path, "--out")
    check_file(faults, tmp_path / "f" / "m.joblib", "--out")
    assert len(faults.errors) == 2


def test_another_ending_is_refused(tmp_path: Path) -> None:
    faults = Faults()
    check_file(faults, tmp_path / "m.xlsx", "--out", (".parquet", ".csv"))
    assert said(faults).endswith("expected a file that ends in .parquet or .csv")


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    faults = Faults()
    check_there(faults, tmp_path / "gone", "--images")
    assert said(faults).startswith(f"--images {tmp_path / 'gone'} does not exist")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_folder_without_permission(tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0o500)
    faults = Faults()
    check_folder(faults, tmp_path / "locked" / "run", "--out")
    assert "cannot be written" in said(faults)


def test_a_folder_in_which_nothing_can_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*given: object, **named: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("tempfile.TemporaryDirectory", refuse)
    faults = Faults()
    check_folder(faults, tmp_path / "run", "--out")
    assert "Read-only file system" in said(faults)
