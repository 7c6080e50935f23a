"""NIfTI files made on the spot, good and odd, against what nibabel reads."""

from __future__ import annotations

import gzip
import struct
import tracemalloc
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from numpy.typing import NDArray

from gliaboost.datasets.image_source import ImageSource
from gliaboost.datasets.nifti_file import is_nifti, read_nifti_file, stem, stored_header
from gliaboost.errors import DecodeError

LIBRARY: Any = nibabel
RAMP = np.arange(4 * 5 * 6, dtype=np.int16).reshape(4, 5, 6)
# Where a number stands in a NIfTI-1 header.
DIM, DATATYPE, BITPIX, PIXDIM, SLOPE = 40, 70, 72, 76, 112
FORM_CODES, QUATERN, SFORM = 252, 256, 280


def nifti(values: NDArray[Any], affine: NDArray[Any] | None = None, kind: str = "1") -> bytes:
    made = getattr(LIBRARY, f"Nifti{kind}Image")
    affine = np.eye(4) if affine is None else affine
    return bytes(made(values, affine, dtype=values.dtype).to_bytes())


def patched(data: bytes, at: int, form: str, *values: float) -> bytes:
    changed = bytearray(data)
    struct.pack_into(form, changed, at, *values)
    return bytes(changed)


def read(data: bytes, **options: Any) -> Any:
    return read_nifti_file(ImageSource("scan.nii", data), **options)


@pytest.mark.parametrize(
    "dtype", ["u1", "i1", "u2", "i2", "u4", "i4", "f4", "f8", ">i2", ">f4", ">f8", "u8"]
)
def test_every_dtype_has_the_numbers_that_nibabel_reads(dtype: str) -> None:
    image = LIBRARY.Nifti1Image(RAMP.astype(dtype), np.eye(4), dtype=np.dtype(dtype))
    image.header.set_slope_inter(1, 0)
    np.testing.assert_array_equal(read(image.to_bytes()).values, RAMP)


def test_nifti_2_and_compressed_whatever_the_name(tmp_path: Path) -> None:
    for data in (nifti(RAMP, kind="2"), gzip.compress(nifti(RAMP)), nifti(RAMP)):
        for name in ("a.nii", "a.nii.gz", "a"):
            (tmp_path / name).write_bytes(data)
            np.testing.assert_array_equal(read_nifti_file(tmp_path / name).values, RAMP)
        assert is_nifti(ImageSource("upload", data))


def test_slope_and_intercept() -> None:
    data = patched(nifti(RAMP), SLOPE, "<2f", 2.0, -1024.0)
    np.testing.assert_array_equal(read(data).values, RAMP * 2.0 - 1024)
    # No slope, or none that is a number, stands for the numbers as they are.
    for slope in (0.0, float("nan")):
        np.testing.assert_array_equal(read(patched(data, SLOPE, "<f", slope)).values, RAMP)


@pytest.mark.parametrize("flips", [(1, 1, 1), (-1, 1, 1), (-1, -1, 1), (1, -1, -1)])
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 0, 2)])
def test_axes_are_turned_as_nibabel_turns_them(
    flips: tuple[int, ...], order: tuple[int, ...]
) -> None:
    affine = np.eye(4)
    affine[:3, :3] = (np.diag(flips) * (1.0, 2.0, 3.0))[:, order]
    affine[:3, 3] = (5, 6, 7)
    want = LIBRARY.as_closest_canonical(LIBRARY.Nifti1Image(RAMP, affine))
    got = read(nifti(RAMP, affine))
    np.testing.assert_array_equal(got.values, want.get_fdata())
    np.testing.assert_allclose(got.affine, want.affine, atol=1e-5)
    assert got.spacing == pytest.approx((1, 2, 3), rel=1e-5)
    assert got.notes == ()


def test_colours_become_luma_and_complex_numbers_their_size() -> None:
    colours = np.zeros((4, 5, 6), [("R", "u1"), ("G", "u1"), ("B", "u1")])
    colours["R"], colours["G"] = 100, 200
    got = read(nifti(colours))
    assert got.colour
    np.testing.assert_allclose(got.values, 100 * 0.299 + 200 * 0.587, rtol=1e-5)
    complex_ = (RAMP * (0.6 + 0.8j)).astype(np.complex64)
    np.testing.assert_allclose(read(nifti(complex_)).values, RAMP, rtol=1e-5)
    several = np.stack([complex_, 2 * complex_], -1)
    np.testing.assert_allclose(read(nifti(several), frame=1).values, 2 * RAMP, rtol=1e-5)


def test_one_volume_of_several() -> None:
    several = np.stack([RAMP, RAMP + 1, RAMP + 2], -1)
    for packed in (nifti(several), gzip.compress(nifti(several))):
        for frame in range(3):
            got = read(packed, frame=frame)
            assert got.frames == 3
            np.testing.assert_array_equal(got.values, RAMP + frame)
    with pytest.raises(DecodeError, match=r"holds 3 volume\(s\); there is none of number 3"):
        read(nifti(several), frame=3)
    np.testing.assert_array_equal(read(nifti(RAMP[..., None, None])).values, RAMP)


def test_a_plane_is_a_volume_of_one() -> None:
    assert read(nifti(RAMP[:, :, 0])).values.shape == (4, 5, 1)


@pytest.mark.parametrize("shape", [(7,), (4, 5, 6, 1, 3), (2, 2, 2, 2, 2, 2)])
def test_other_dimensions_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(DecodeError, match="expected 3 dimensions, or 4"):
        read(nifti(np.zeros(shape, np.float32)))


def test_what_would_not_fit_is_refused_from_the_header() -> None:
    data = patched(nifti(RAMP), DIM, "<4h", 3, 30000, 30000, 30000)
    for packed in (data, gzip.compress(data)):
        tracemalloc.start()
        with pytest.raises(DecodeError, match=r"30,000 x 30,000 x 30,000 voxels.*the cap"):
            read(packed)
        assert tracemalloc.get_traced_memory()[1] < 2**22
        tracemalloc.stop()


def test_damaged_files_are_refused_with_their_reason() -> None:
    rng = np.random.default_rng(0)
    whole = nifti(rng.integers(0, 999, (12, 12, 12)).astype(np.int16))
    packed = gzip.compress(whole)
    flipped = bytearray(packed)
    flipped[len(packed) // 2] ^= 1
    for data, reason in (
        (b"", "is empty"),
        (b"nothing", "is no NIfTI volume"),
        (bytes(400), "is no NIfTI volume"),
        (whole[:200], "cut off or damaged"),
        (whole[:-1], "cut off or damaged"),
        (packed[:-30], "cut off or damaged"),
        (packed[:-4], "cut off or damaged"),
        (bytes(flipped), "cut off or damaged"),
        (packed[:-8] + bytes(8), "cut off or damaged"),
        (b"\x1f\x8b\x08" + bytes(20), "empty|cut off or damaged"),
        (patched(whole, DATATYPE, "<h", 999), "cut off or damaged"),
        (patched(whole, DIM, "<4h", 3, -5, 4, 6), "cut off or damaged|expected 3 dimensions"),
        (patched(whole, DIM, "<4h", 3, 0, 4, 6), "cut off or damaged|expected 3 dimensions"),
    ):
        with pytest.raises(DecodeError, match=reason):
            read(data)


def test_the_rest_of_a_packed_file_is_read_as_far_as_its_header_goes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    several = gzip.compress(nifti(np.zeros((90, 90, 90, 3), np.int16)))
    broken = several[:-8] + bytes(8)
    with pytest.raises(DecodeError, match="cut off or damaged"):
        read(broken)
    monkeypatch.setattr("gliaboost.datasets.nifti_file._REST", 2**21)
    monkeypatch.setattr("gliaboost.datasets.nifti_file._TRAILING", 2**10)
    assert read(several).frames == 3
    with pytest.raises(DecodeError, match="holds much more than its header says"):
        read(gzip.compress(nifti(RAMP) + bytes(2**14)))


def test_files_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(DecodeError, match="no such file"):
        read_nifti_file(tmp_path / "none.nii")
    (tmp_path / "folder.nii").mkdir()
    with pytest.raises(DecodeError, match="is a folder"):
        read_nifti_file(tmp_path / "folder.nii")


@pytest.mark.parametrize(
    "sides",
    [(0, 0, 0), (float("nan"),) * 3, (1e9,) * 3, (1, 1, 1e9), (1, 1, 0), (1e-7, 1, 1), (1, 1, 90)],
)
def test_absurd_sizes_of_voxels_are_not_believed(sides: tuple[float, ...]) -> None:
    data = patched(nifti(RAMP), FORM_CODES, "<2h", 0, 0)
    got = read(patched(data, PIXDIM + 4, "<3f", *sides))
    assert got.spacing == (1, 1, 1)
    assert (
        "no possible size of a voxel in the header: drawn as if all sides were equal" in got.notes
    )
    assert got.values.shape == RAMP.shape


def test_sizes_in_other_units_are_turned_to_mm() -> None:
    image = LIBRARY.Nifti1Image(RAMP, np.diag([500, 500, 1000, 1]))
    image.header.set_xyzt_units("micron")
    assert read(image.to_bytes()).spacing == pytest.approx((0.5, 0.5, 1))


def test_a_header_without_orientation_is_said() -> None:
    unknown = patched(nifti(RAMP), FORM_CODES, "<2h", 0, 0)
    assert read(unknown).notes == ("no orientation in the header: axes taken as they are stored",)
    broken = patched(nifti(RAMP), SFORM, "<12f", *[0.0] * 12)
    np.testing.assert_array_equal(np.sort(read(broken).values, None), np.arange(RAMP.size))
    assert read(broken).notes == ("no orientation in the header: axes taken as they are stored",)
    assert read(broken).spacing == (1, 1, 1)


def test_names() -> None:
    assert [stem(n) for n in ("a/b.nii", "b.NII.GZ", "b.x.nii.gz", "b")] == ["b", "b", "b.x", "b"]
    assert is_nifti("a.NII.gz")
    assert not is_nifti("a.gz")
    assert not is_nifti(ImageSource("a", gzip.compress(b"other")))
    assert not is_nifti(ImageSource("a", b"\x1f\x8b"))


def test_a_header_tells_how_voxels_are_stored() -> None:
    affine = np.array([[0, -2.0, 0, 9], [1.5, 0, 0, -4], [0, 0, 3, 2], [0, 0, 0, 1]])
    header, found = stored_header(ImageSource("x.nii", nifti(np.ones((3, 4, 5)), affine)))
    np.testing.assert_array_equal(found, affine)
    assert header.get_data_shape() == (3, 4, 5)
    with pytest.raises(DecodeError, match="no NIfTI volume"):
        stored_header(ImageSource("x.nii", bytes(600)))
