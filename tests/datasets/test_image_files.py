from __future__ import annotations

from pathlib import Path, PurePosixPath

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gliaboost.datasets.decode import decode
from gliaboost.datasets.image_files import (
    _SYSTEM,
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
    left_by_systems = set(map(str.lower, parts)) & _SYSTEM
    hidden = any(p[0] == "." or p == "__MACOSX" for p in parts) or bool(left_by_systems)
    assert is_hidden(PurePosixPath(*parts)) == hidden
    assert is_hidden(PurePosixPath(*parts, ".DS_Store"))
    assert is_hidden(PurePosixPath("__MACOSX", *parts))


def test_every_ending_that_pillow_has_for_a_decoded_kind_is_looked_for() -> None:
    usual = {
        ending
        for ending, kind in Image.registered_extensions().items()
        if kind in ("PNG", "JPEG", "TIFF", "BMP", "DIB")
    }
    assert usual <= set(IMAGE_SUFFIXES)


@pytest.mark.parametrize("ending", IMAGE_SUFFIXES)
def test_a_picture_is_taken_and_read_by_any_of_its_endings(ending: str, tmp_path: Path) -> None:
    for n, name in enumerate((f"a{ending}", f"b{ending.upper()}")):
        Image.fromarray(np.full((8, 8), n, np.uint8)).save(tmp_path / name, "PNG")
    assert [int(decode(f).max()) for f in image_files(tmp_path)] == [0, 1]
    assert walk_images(tmp_path).others == []


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
