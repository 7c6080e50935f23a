from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.sources.converted import (
    DEEPEST,
    RECORD,
    convert,
    default_images,
    images_beside,
    without_converted,
    write_grey,
)
from gliaboost.errors import UsageError


def read(file: Path) -> NDArray[Any]:
    pixels = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
    assert pixels is not None
    return pixels


class Containers:
    """Two files that are written as one slice each; counts how often."""

    def __init__(self, folder: Path) -> None:
        self.files = [folder / "a.mat", folder / "deep" / "b.mat"]
        self.files[1].parent.mkdir(parents=True)
        for file in self.files:
            file.write_bytes(b"one")
        self.times = 0

    def write(self, folder: Path) -> Iterator[dict[str, str]]:
        self.times += 1
        for file in self.files:
            name = f"{file.stem}.png"
            write_grey(folder / name, np.full((3, 4), len(file.read_bytes()), np.uint8))
            yield {"path": name, "label": file.stem}

    def convert(self, images: Path, **options: Any) -> Manifest:
        return convert(images, "test", self.files, options, self.write)


@pytest.fixture
def containers(tmp_path: Path) -> Containers:
    return Containers(tmp_path / "in")


def test_slices_and_their_table_are_written_once(containers: Containers, tmp_path: Path) -> None:
    images = tmp_path / "out"
    manifest = containers.convert(images, axis=2)
    assert manifest.table["label"].tolist() == ["a", "b"]
    assert [p.parent for p in manifest.paths] == [images, images]
    assert read(manifest.paths[0]).max() == 3
    assert containers.convert(images, axis=2).table.equals(manifest.table)
    assert containers.times == 1


def test_slices_go_nowhere_into_the_data_unasked(
    containers: Containers, tmp_path: Path, cache: Path
) -> None:
    data = tmp_path / "in"
    place = default_images(data, "test")
    assert place.parent == cache / "slices"
    assert place == default_images(tmp_path / "other" / ".." / "in", "test")
    assert len({place, default_images(data, "t2"), default_images(tmp_path, "test")}) == 3
    assert images_beside(tmp_path / "m.csv", data) == tmp_path / "m-png"
    assert images_beside(data / "m.csv", data) is None
    assert images_beside(data / "deep" / "m.csv", data) is None
    before = sorted(data.rglob("*"))
    for _ in range(2):
        assert containers.convert(place).notes == (f"slices are in {place}",)
    assert sorted(data.rglob("*")) == before


def test_other_options_or_containers_are_written_again(
    containers: Containers, tmp_path: Path
) -> None:
    images = tmp_path / "out"
    containers.convert(images, axis=2)
    containers.convert(images, axis=1)
    assert containers.times == 2
    containers.files[1].write_bytes(b"longer")
    assert read(containers.convert(images, axis=1).paths[1]).max() == 6
    assert containers.times == 3
    status = containers.files[0].stat()
    os.utime(containers.files[0], ns=(status.st_atime_ns, status.st_mtime_ns + 10))
    containers.convert(images, axis=1)
    assert containers.times == 4


def test_the_containers_may_lie_elsewhere(containers: Containers, tmp_path: Path) -> None:
    containers.convert(tmp_path / "out")
    (tmp_path / "in").rename(tmp_path / "moved")
    containers.files = [tmp_path / "moved" / "a.mat", tmp_path / "moved" / "deep" / "b.mat"]
    containers.convert(tmp_path / "out")
    assert containers.times == 1


def test_a_strangers_folder_is_left_alone(containers: Containers, tmp_path: Path) -> None:
    images = tmp_path / "out"
    images.mkdir()
    (images / "thesis.txt").write_text("years of work")
    with pytest.raises(UsageError, match=r"something else than converted slices.*--images"):
        containers.convert(images)
    assert [p.name for p in images.iterdir()] == ["thesis.txt"]
    (images / "thesis.txt").unlink()
    assert len(containers.convert(images)) == 2


def test_what_fails_leaves_the_slices_of_before(containers: Containers, tmp_path: Path) -> None:
    images = tmp_path / "out"
    before = containers.convert(images)

    def spoilt(folder: Path) -> Iterator[dict[str, str]]:
        write_grey(folder / "half.png", np.zeros((2, 2), np.uint8))
        raise OSError("disk full")
        yield {}

    with pytest.raises(OSError, match="disk full"):
        convert(images, "test", containers.files, {"axis": 0}, spoilt)
    with pytest.raises(UsageError, match=r"no slice in 2 test file\(s\)"):
        convert(images, "test", containers.files, {"axis": 0}, lambda folder: [])
    assert sorted(p.name for p in images.iterdir()) == [
        "a.png", "b.png", RECORD, "manifest.parquet"
    ]  # fmt: skip
    assert containers.convert(images).table.equals(before.table)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in", "out"]


@given(
    pixels=hnp.arrays(
        st.sampled_from([np.int16, np.uint16, np.int32]), (3, 4), elements=st.integers(0, 30000)
    ),
    shift=st.integers(-2000, 0),
)
def test_steps_of_integers_are_kept(
    tmp_path_factory: pytest.TempPathFactory, pixels: NDArray[Any], shift: int
) -> None:
    file = tmp_path_factory.getbasetemp() / "steps.png"
    signed = pixels.astype(np.int32) + shift
    write_grey(file, signed)
    got = read(file)
    assert got.dtype == np.uint16
    np.testing.assert_array_equal(got, signed - min(0, signed.min()))


def test_bytes_are_written_as_they_are(tmp_path: Path) -> None:
    pixels = np.arange(12, dtype=np.uint8).reshape(3, 4)
    write_grey(tmp_path / "new" / "a.png", pixels)
    got = read(tmp_path / "new" / "a.png")
    assert got.dtype == np.uint8
    np.testing.assert_array_equal(got, pixels)


@pytest.mark.parametrize(
    ("pixels", "want"),
    [
        (np.array([[0.0, 0.5, 1.0]]), [[0, 32768, DEEPEST]]),
        (np.array([[-3.0, np.nan, 3.0]]), [[0, 32768, DEEPEST]]),
        (np.array([[0, 35000, 70000]]), [[0, 32768, DEEPEST]]),
        (np.array([[-40000, 30000]]), [[0, DEEPEST]]),
        (np.full((1, 2), 7.5), [[0, 0]]),
        (np.array([[-1, DEEPEST - 1]]), [[0, DEEPEST]]),
    ],
)
def test_what_does_not_fit_is_scaled(
    tmp_path: Path, pixels: NDArray[Any], want: list[list[int]]
) -> None:
    write_grey(tmp_path / "a.png", pixels)
    assert read(tmp_path / "a.png").tolist() == want


def test_slices_among_the_data_from_before_are_no_data(tmp_path: Path) -> None:
    files = [tmp_path / "a.txt", tmp_path / "png" / RECORD, tmp_path / "png" / "x" / "1.png"]
    assert without_converted(files) == files[:1]
