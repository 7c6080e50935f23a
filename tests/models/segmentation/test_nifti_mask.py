from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from numpy.typing import NDArray

from gliaboost.datasets.volume_masks import read_mask
from gliaboost.datasets.volumes import read_volume
from gliaboost.errors import DecodeError, UsageError
from gliaboost.models.segmentation.nifti_mask import volume_mask, write_nifti_mask

library: Any = nibabel
SHAPE = (20, 26, 12)
AFFINE = np.diag([1.0, 1.25, 3.0, 1.0])
AFFINE[:3, 3] = [-10, -16, 5]


def head() -> NDArray[np.int16]:
    rng = np.random.default_rng(0)
    values = np.zeros(SHAPE, np.int16)
    values[3:17, 3:23, 2:10] = rng.integers(300, 900, (14, 20, 8))
    return values


def drawn() -> NDArray[np.bool_]:
    mask = np.zeros(SHAPE, bool)
    mask[5:9, 6:15, 4:8] = mask[8:12, 6:9, 4:6] = True
    return mask


def stored(
    folder: Path, axes: tuple[int, ...] = (0, 1, 2), flips: tuple[int, ...] = (), **kinds: Any
) -> Path:
    """The head, with its axes stored in another order and direction."""
    values, affine = head(), AFFINE.copy()
    for axis in flips:
        values = np.flip(values, axis)
        affine[:3, 3] += affine[:3, axis] * (SHAPE[axis] - 1)
        affine[:3, axis] *= -1
    values, affine = values.transpose(axes), affine[:, [*axes, 3]]
    image = kinds.get("kind", library.Nifti1Image)(values, affine)
    image.header.set_xyzt_units("mm")
    image.header["descrip"] = b"John Doe"
    file = folder / "scan_t1.nii.gz"
    image.to_filename(file)
    return file


@pytest.mark.parametrize("flips", [(), (0,), (1, 2)])
@pytest.mark.parametrize("axes", list(permutations(range(3))))
def test_a_mask_lies_where_its_volume_does_however_that_is_stored(
    tmp_path: Path, axes: tuple[int, ...], flips: tuple[int, ...]
) -> None:
    scan = stored(tmp_path, axes, flips)
    file = write_nifti_mask(drawn(), scan, tmp_path / "deep" / "mask.nii.gz")
    mask, like = library.load(file), library.load(scan)
    assert mask.shape == like.shape
    np.testing.assert_array_equal(mask.affine, like.affine)
    assert mask.get_data_dtype() == np.uint8
    # In mm it is the same place, by nibabel alone.
    places = np.argwhere(np.asarray(mask.dataobj) == 1) @ mask.affine[:3, :3].T + mask.affine[:3, 3]
    want = np.argwhere(drawn()) @ AFFINE[:3, :3].T + AFFINE[:3, 3]
    np.testing.assert_allclose(np.unique(places, axis=0), np.unique(want, axis=0), atol=1e-4)
    # And as a mask for training.
    np.testing.assert_array_equal(read_mask(file, read_volume(scan)) > 0, drawn())
    assert sorted(f.name for f in file.parent.iterdir()) == ["mask.nii.gz"]


@pytest.mark.parametrize("kind", ["Nifti1Image", "Nifti2Image"])
def test_the_header_keeps_the_place_and_not_the_patient(tmp_path: Path, kind: str) -> None:
    scan = stored(tmp_path, kind=getattr(library, kind))
    file = write_nifti_mask(drawn(), scan, tmp_path / "m.nii")
    mask, like = library.load(file).header, library.load(scan).header
    assert type(mask) is type(like)
    for name in ("qform_code", "sform_code", "xyzt_units"):
        assert mask[name] == like[name]
    np.testing.assert_array_equal(mask.get_zooms(), like.get_zooms())
    assert b"Doe" not in file.read_bytes()
    assert file.read_bytes()[:2] != b"\x1f\x8b"


def test_a_place_in_the_quaternion_alone_is_kept(tmp_path: Path) -> None:
    image = library.Nifti1Image(head(), AFFINE)
    image.set_sform(None, 0)
    image.set_qform(AFFINE, 1)
    image.to_filename(tmp_path / "s_t1.nii")
    file = write_nifti_mask(drawn(), tmp_path / "s_t1.nii", tmp_path / "m.nii.gz")
    mask = library.load(file)
    assert (mask.header["qform_code"], mask.header["sform_code"]) == (1, 0)
    np.testing.assert_allclose(mask.affine, AFFINE, atol=1e-5)


@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal"])
def test_slices_are_put_back_where_they_were_cut(tmp_path: Path, plane: str) -> None:
    volume = read_volume(stored(tmp_path))
    seen = replace(volume, grey=255 * drawn().astype(np.uint8))
    axis = {"axial": 2, "coronal": 1, "sagittal": 0}[plane]
    masks = {k: seen.cut(plane, k) > 127 for k in range(SHAPE[axis])}
    np.testing.assert_array_equal(volume_mask(masks, plane, volume), drawn())
    some = volume_mask({6: masks[6]}, plane, volume)
    assert not np.delete(some, 6, axis).any()


def test_other_shapes_and_names_are_refused(tmp_path: Path) -> None:
    scan = stored(tmp_path, (2, 0, 1))
    for wrong in (drawn()[1:], drawn().astype(np.uint8), drawn().transpose(2, 0, 1)):
        loose: Any = wrong
        with pytest.raises(UsageError, match=r"expected bool \[20, 26, 12\]"):
            write_nifti_mask(loose, scan, tmp_path / "m.nii")
    with pytest.raises(UsageError, match=r"\.nii\.gz or \.nii"):
        write_nifti_mask(drawn(), scan, tmp_path / "m.png")
    with pytest.raises(DecodeError, match="no such file"):
        write_nifti_mask(drawn(), tmp_path / "none.nii", tmp_path / "m.nii")
    volume = read_volume(scan)
    with pytest.raises(UsageError, match="the mask of axial slice 3"):
        volume_mask({3: np.zeros((4, 4), bool)}, "axial", volume)
    with pytest.raises(UsageError, match="slice 99"):
        volume_mask({99: np.zeros((4, 4), bool)}, "axial", volume)
