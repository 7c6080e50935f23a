from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gliaboost.datasets.image_files import (
    IMAGE_SUFFIXES,
    all_folders,
    files_ending,
    image_files,
    is_hidden,
    subfolders,
    walk_images,
)
from gliaboost.datasets.scans import look_at  # the same rule, seen from prediction
from gliaboost.datasets.sources import read_source

SEEN = ["a/1.png", "a/2.JPG", "b/3.tiff"]
HIDDEN = [
    ".DS_Store",
    "a/._1.png",
    "a/.cache/1.png",
    ".ipynb_checkpoints/a/1.png",
    "b/.ipynb_checkpoints/3-checkpoint.tiff",
    "__MACOSX/a/1.png",
    "a/__MACOSX/2.jpg",
    "a/notes.txt",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for path in (*SEEN, *HIDDEN):
        file = tmp_path / ".data" / path  # what is above the folder does not hide it
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    (tmp_path / ".data" / "folder.png").mkdir()
    return tmp_path / ".data"


def relative(files: list[Path], folder: Path) -> list[str]:
    return [f.relative_to(folder).as_posix() for f in files]


def test_one_rule_for_manifest_and_prediction(folder: Path) -> None:
    assert relative(image_files(folder), folder) == SEEN
    assert read_source("folder", folder).table["path"].tolist() == SEEN
    predicted = [Path(one.source.name) for one in look_at(folder)]
    assert relative(predicted, folder) == SEEN


def test_other_endings_follow_it_too(folder: Path) -> None:
    (folder / "v.nii.gz").touch()
    (folder / "._v.nii.gz").touch()
    assert relative(files_ending(folder, (".nii.gz",)), folder) == ["v.nii.gz"]


def test_folders_are_listed_without_hidden_ones(folder: Path) -> None:
    assert relative(subfolders(folder), folder) == ["a", "b", "folder.png"]
    assert relative(all_folders(folder), folder) == [".", "a", "b", "folder.png"]


def test_links_that_lead_back_end(folder: Path) -> None:
    (folder / "a" / "again").symlink_to(folder, target_is_directory=True)
    assert relative(image_files(folder), folder) == SEEN
    assert relative(all_folders(folder), folder) == [".", "a", "b", "folder.png"]


@given(
    parts=st.lists(
        st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1),
        min_size=1,
        max_size=4,
    ).filter(lambda parts: not set(parts) & {".", ".."})
)
def test_a_dot_or_the_forks_hide_wherever_they_are(parts: list[str]) -> None:
    hidden = any(p[0] == "." or p == "__MACOSX" for p in parts)
    assert is_hidden(PurePosixPath(*parts)) == hidden
    assert is_hidden(PurePosixPath(*parts, ".DS_Store"))
    assert is_hidden(PurePosixPath("__MACOSX", *parts))


def test_the_endings_are_those_of_what_is_decoded() -> None:
    assert IMAGE_SUFFIXES == (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp")


def test_what_several_links_lead_to_is_there_once(tmp_path: Path) -> None:
    for path in ("far/a/1.png", "far/2.png"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    (tmp_path / "set").mkdir()
    for link, to in (("x", "far/a"), ("y", "far"), ("z", "far/a")):
        (tmp_path / "set" / link).symlink_to(tmp_path / to)
    walk = walk_images(tmp_path / "set")
    assert relative(walk.taken, tmp_path / "set") == ["x/1.png", "y/2.png"]
    assert relative(walk.again, tmp_path / "set") == ["z"]
