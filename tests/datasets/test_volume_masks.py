"""Masks on the grid of their scan, on another, or refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from numpy.typing import NDArray

from gliaboost.datasets.image_source import ImageSource
from gliaboost.datasets.volume_masks import read_mask
from gliaboost.datasets.volumes import Volume, read_volume
from gliaboost.errors import DecodeError

LIBRARY: Any = nibabel
SHAPE = (24, 30, 16)
AFFINE = np.array([[-1.0, 0, 0, 12], [0, -1, 0, 15], [0, 0, 2, -16], [0, 0, 0, 1]])


def scan(affine: NDArray[Any] = AFFINE) -> Volume:
    values = np.zeros(SHAPE, np.int16)
    values[2:-2, 2:-2, 2:-2] = np.random.default_rng(0).integers(200, 900, (20, 26, 12))
    data = LIBRARY.Nifti1Image(values, affine).to_bytes()
    return read_volume(ImageSource("t1.nii", data))


def tumour() -> NDArray[np.uint8]:
    mask = np.zeros(SHAPE, np.uint8)
    mask[6:12, 8:16, 4:9] = 1
    mask[8:10, 8:10, 5] = 4
    return mask


def save(
    folder: Path, mask: NDArray[Any], affine: NDArray[Any] | None = AFFINE, **header: Any
) -> Path:
    image = LIBRARY.Nifti1Image(mask, affine, dtype=mask.dtype)
    for field, value in header.items():
        image.header[field] = value
    LIBRARY.save(image, folder / "seg.nii")
    return folder / "seg.nii"


@pytest.fixture
def want(tmp_path: Path) -> NDArray[np.uint8]:
    return read_mask(save(tmp_path, tumour()), scan())


def test_labels_above_0_are_the_tumour(want: NDArray[np.uint8]) -> None:
    turned = tumour()[::-1, ::-1] > 0
    np.testing.assert_array_equal(want, np.where(turned, 255, 0))


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.float32, np.float64, np.uint16])
def test_dtypes(tmp_path: Path, want: NDArray[np.uint8], dtype: type) -> None:
    np.testing.assert_array_equal(read_mask(save(tmp_path, tumour().astype(dtype)), scan()), want)
    level = 100 if dtype is np.int8 else 255
    bright: NDArray[Any] = (level * (tumour() > 0)).astype(dtype)
    np.testing.assert_array_equal(read_mask(save(tmp_path, bright), scan()), want)


def test_a_mask_that_is_stored_the_other_way_round(tmp_path: Path, want: NDArray[np.uint8]) -> None:
    back = np.array([[-1, 0, 0, SHAPE[0] - 1], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    file = save(tmp_path, tumour()[::-1], AFFINE @ back)
    np.testing.assert_array_equal(read_mask(file, scan()), want)
    axes = np.array([[0, 1, 0, 0], [0, 0, 1, 0], [1, 0, 0, 0], [0, 0, 0, 1]])
    file = save(tmp_path, tumour().transpose(2, 0, 1), AFFINE @ axes)
    np.testing.assert_array_equal(read_mask(file, scan()), want)


def test_other_grids_are_resampled_to_the_nearest_voxel(
    tmp_path: Path, want: NDArray[np.uint8]
) -> None:
    # Twice as fine: each voxel is eight.
    fine = np.kron(tumour(), np.ones((2, 2, 2), np.uint8))
    half = np.diag([0.5, 0.5, 0.5, 1.0])
    half[:3, 3] = -0.25
    np.testing.assert_array_equal(read_mask(save(tmp_path, fine, AFFINE @ half), scan()), want)
    # Cut to a box around the tumour.
    moved = np.eye(4)
    moved[:3, 3] = (4, 6, 2)
    part = tumour()[4:16, 6:20, 2:12]
    np.testing.assert_array_equal(read_mask(save(tmp_path, part, AFFINE @ moved), scan()), want)
    # Of the scan's shape, and three voxels further.
    moved[:3, 3] = (3, 0, 0)
    further = np.roll(tumour(), -3, axis=0)
    np.testing.assert_array_equal(read_mask(save(tmp_path, further, AFFINE @ moved), scan()), want)


def test_what_cannot_be_the_tumours_mask_is_refused(tmp_path: Path) -> None:
    mask, volume = tumour(), scan()
    far = AFFINE.copy()
    far[:3, 3] += 500
    head = volume.head[::-1, ::-1].astype(np.uint8)
    cases: list[tuple[Callable[[], Path], str]] = [
        (lambda: save(tmp_path, mask, far), "has the volume's shape, but .* lies elsewhere"),
        (lambda: save(tmp_path, mask, np.eye(4) * 0.4 + far * 0), "lies elsewhere"),
        (lambda: save(tmp_path, mask[:20], far), "outside of the volume"),
        (lambda: save(tmp_path, mask * np.float32(0.2)), "holds fractions"),
        (lambda: save(tmp_path, -mask.astype(np.int16)), "holds negative numbers"),
        (lambda: save(tmp_path, np.where(mask, np.nan, 0).astype("f4")), "holds what is no number"),
        (lambda: save(tmp_path, head), r"fills 100% of the head: no tumour's mask"),
        (lambda: save(tmp_path, np.stack([mask, mask], -1)), "holds 2 volumes"),
        (
            lambda: save(tmp_path, mask[1:], None, sform_code=0, qform_code=0),
            "one of them names no place",
        ),
    ]
    for file, reason in cases:
        with pytest.raises(DecodeError, match=reason):
            read_mask(file(), volume)


def test_an_empty_mask_is_one(tmp_path: Path) -> None:
    assert not read_mask(save(tmp_path, tumour() * 0), scan()).any()


def test_two_headers_without_a_place_agree(tmp_path: Path) -> None:
    values = np.random.default_rng(0).integers(0, 900, SHAPE).astype(np.int16)
    image = LIBRARY.Nifti1Image(values, None)
    volume = read_volume(ImageSource("t1.nii", image.to_bytes()))
    file = save(tmp_path, tumour(), None, sform_code=0, qform_code=0)
    assert (read_mask(file, volume) > 0).sum() == (tumour() > 0).sum()
