from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from gliaboost._face.folders import innermost, is_archive, read_archive, read_folder
from gliaboost.errors import ArchiveError, UsageError
from tests.conftest import Heard

CLASSES = ("glioma/1.png", "glioma/2.png", "healthy/1.png")
SPLIT = ("Training/glioma/1.png", "Training/no/1.png", "Testing/glioma/2.png")

Lay = Callable[..., Path]


@pytest.fixture
def lay(tmp_path: Path) -> Lay:
    """Return a function that makes files; nothing here looks at pixels."""

    def make(*paths: str, name: str = "scans") -> Path:
        for path in paths:
            file = tmp_path / name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(path.encode())
        return tmp_path / name

    return make


def zipped(folder: Path, wrapper: str = "") -> Path:
    archive = folder.with_suffix(".zip")
    with zipfile.ZipFile(archive, "w") as z:
        for file in sorted(folder.rglob("*.*")):
            z.write(file, Path(wrapper) / file.relative_to(folder))
    return archive


def test_what_was_taken_is_said_with_counts(lay: Lay, heard: Heard, tmp_path: Path) -> None:
    table = read_folder(lay(*SPLIT), heard)
    assert table.table["split"].tolist().count("test") == 1
    assert heard.lines[0].splitlines()[1:] == [
        "  3 images: glioma 2, no 1",
        "  split: train 2, test 1",
        "  patients unknown: slices of one patient may lie on both sides of a fold. If they are",
        f"  known: gliaboost manifest folder {tmp_path / 'scans'} --patients FILE.csv --out "
        "with-patients.parquet",
        r"  (or --patient-regex '(?P<patient>P\d+)' in place of --patients, where paths name them)",
    ]


@pytest.mark.parametrize("wrapper", ["", "archive", "archive/version 2"])
@pytest.mark.parametrize("paths", [CLASSES, SPLIT])
def test_an_archive_of_classes_is_unpacked_once_wrapped_or_not(
    wrapper: str, paths: tuple[str, ...], lay: Lay, heard: Heard, tmp_path: Path
) -> None:
    archive = zipped(lay(*paths), wrapper)
    table = read_archive(archive, tmp_path / "store", heard)
    assert set(table.classes) == {"glioma", "healthy" if paths == CLASSES else "no"}
    assert table.name == str(tmp_path / "scans")
    assert all(path.is_file() for path in table.paths)
    assert f"{archive}: unpacked into {tmp_path / 'store' / 'unpacked'}" in heard.lines[0]
    read_archive(archive, tmp_path / "store", heard)
    assert "unpacked before" in heard.lines[-2]


def test_an_archive_with_a_manifest_is_read_by_it(lay: Lay, heard: Heard, tmp_path: Path) -> None:
    folder = lay("images/1.png")
    rows = {"path": ["images/1.png"], "label": ["glioma"], "patient": ["P1"]}
    pd.DataFrame(rows).to_csv(folder / "manifest.csv", index=False)
    table = read_archive(zipped(folder, "wrapped"), tmp_path / "store", heard)
    assert table.has_patients and table.paths[0].is_file()


def test_a_broken_archive_is_called_broken(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"PK\x03\x04 cut")
    assert is_archive(tmp_path / "a.zip")
    with pytest.raises(ArchiveError, match="no zip or tar archive"):
        read_archive(tmp_path / "a.zip", tmp_path / "store")
    assert not list((tmp_path / "store").rglob("*.*"))


@pytest.mark.parametrize("name", ["a.rar", "A.7Z"])
def test_an_archive_of_another_kind_is_to_be_unpacked_by_hand(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="unpack it by hand"):
        is_archive(tmp_path / name)


def test_an_archive_that_climbs_out_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as z:
        z.writestr("../evil/1.png", "x")
    with pytest.raises(ArchiveError, match="would leave the folder"):
        read_archive(tmp_path / "a.zip", tmp_path / "store")
    assert not list(tmp_path.rglob("1.png"))


@pytest.mark.parametrize(
    ("paths", "command"),
    [
        (("images/1.png", "images/2.png", "train.csv"), "gliaboost manifest csv"),
        (("notes.txt",), "gliaboost manifest SOURCE"),
    ],
)
def test_other_layouts_name_the_command_that_reads_them(
    paths: tuple[str, ...], command: str, lay: Lay
) -> None:
    folder = lay(*paths)
    with pytest.raises(UsageError) as caught:
        read_folder(folder)
    assert command in str(caught.value) and str(folder) in str(caught.value)


def test_a_layout_that_a_folder_of_classes_would_misread_is_read_as_it_is(
    lay: Lay, heard: Heard
) -> None:
    table = read_folder(lay("Brain_Glioma/1.png", "Brain_Menin/1.png"), heard)
    assert table.classes == ["glioma", "meningioma"]
    assert "the layout bangladesh" in heard.lines[0]


def test_one_folder_inside_another_is_gone_through_but_no_class_is(lay: Lay) -> None:
    assert innermost(lay("a/b/glioma/1.png", "a/b/no/1.png", "readme.txt")).name == "b"
    assert innermost(lay("glioma/1.png", name="single")).name == "single"
    assert innermost(lay("Training/glioma/1.png", name="half")).name == "half"
    assert innermost(lay("a/glioma/1.png", "stray.png", name="stray")).name == "stray"
