"""Volumes made on the spot as grey slices: windows, air, odd voxels, and one road for all."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from numpy.typing import NDArray

from gliaboost.datasets.image_source import ImageSource
from gliaboost.datasets.volumes import Volume, read_volume, upright, volume_slices
from gliaboost.errors import DecodeError, UsageError

LIBRARY: Any = nibabel


def scan(values: NDArray[Any], name: str = "t1.nii", sides: tuple[float, ...] = (1, 1, 1)) -> Any:
    image = LIBRARY.Nifti1Image(values, np.diag([*sides, 1.0]), dtype=values.dtype)
    return ImageSource(name, image.to_bytes())


def head(shape: tuple[int, int, int] = (24, 30, 16)) -> NDArray[np.int16]:
    rng = np.random.default_rng(0)
    volume = np.zeros(shape, np.int16)
    volume[2:-2, 2:-2, 2:-2] = rng.integers(200, 900, [n - 4 for n in shape])
    return volume


def test_mri_is_stretched_between_percentiles_of_what_is_no_air() -> None:
    values = head()
    volume = read_volume(scan(values))
    low, high = np.percentile(values[values > 0], [0.5, 99.5])
    want = np.rint(np.clip((values - low) / (high - low) * 255, 0, 255))
    np.testing.assert_array_equal(volume.grey, want)
    np.testing.assert_array_equal(volume.head, values > 0)
    assert (volume.modality, volume.notes) == ("MRI", ())
    assert volume.positions() == list(range(2, 14))
    assert volume.positions("sagittal") == list(range(2, 22))


@pytest.mark.parametrize("shift", [-300, -700, -1000, -1024])
def test_an_mri_with_negative_values_is_the_same_mri(shift: int) -> None:
    volume, plain = read_volume(scan(head() + shift, "scan.nii")), read_volume(scan(head()))
    np.testing.assert_array_equal(volume.grey, plain.grey)
    np.testing.assert_array_equal(volume.head, plain.head)
    assert volume.notes == ("taken for MRI by the values alone; --modality says it",)


def test_standardised_values_around_a_ground_of_zero() -> None:
    values = head().astype(np.float32)
    inside = values > 0
    values[inside] = (values[inside] - values[inside].mean()) / values[inside].std()
    volume = read_volume(scan(values))
    np.testing.assert_array_equal(volume.head, inside)
    np.testing.assert_array_equal(volume.grey, read_volume(scan(head())).grey)


@pytest.mark.parametrize("odd", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("share", [0.00001, 0.1])
def test_voxels_that_are_no_finite_number_are_air(odd: float, share: float) -> None:
    values = head().astype(np.float32)
    where = np.random.default_rng(1).random(values.shape) < share
    where[12, 12, 8] = True
    values[where] = odd
    volume = read_volume(scan(values))
    plain = read_volume(scan(head()))
    assert (volume.grey[where] == 0).all()
    assert not volume.head[where].any()
    assert np.abs(volume.grey[~where].astype(int) - plain.grey[~where]).max() <= 2
    assert volume.modality == "MRI"
    assert volume.notes == ("voxels that are no finite number: drawn as air",)


@pytest.mark.parametrize("odd", [-1e30, 1e30, -3e38])
def test_one_voxel_far_from_all_others_changes_nothing(odd: float) -> None:
    values = head().astype(np.float32)
    values[0, 0, 0] = odd
    plain = read_volume(scan(head()))
    volume = read_volume(scan(values, "scan.nii"))
    assert np.abs(volume.grey[1:].astype(int) - plain.grey[1:]).max() <= 1
    assert volume.modality == "MRI"


def ct() -> NDArray[np.int16]:
    volume = np.full((20, 20, 8), -1000, np.int16)
    volume[4:16, 4:16, 1:7] = 40
    volume[4:8, 4:8, 1:7] = 900
    return volume


def test_hounsfield_units_are_windowed_whoever_says_so(tmp_path: Path) -> None:
    plain = scan(ct(), "ct.nii")
    assert set(np.unique(read_volume(plain).grey)) == {0, 129, 255}
    assert read_volume(plain).notes == ()
    assert read_volume(plain, window="40:400").grey[10, 10, 3] == 128
    unnamed = read_volume(scan(ct(), "scan.nii"))
    assert unnamed.modality == "CT"
    assert unnamed.notes == ("taken for CT by the values alone; --modality says it",)
    assert read_volume(scan(ct(), "scan.nii"), modality="CT").notes == ()
    assert read_volume(scan(ct(), "scan.nii"), about=["p1", "CT"]).notes == ()
    assert read_volume(plain, modality="mri").modality == "MRI"
    (tmp_path / "t1.nii.gz").write_bytes(gzip.compress(plain.read()))
    assert read_volume(tmp_path / "t1.nii.gz").modality == "MRI"
    (tmp_path / "t1.json").write_text(json.dumps({"Modality": "CT"}))
    assert read_volume(tmp_path / "t1.nii.gz").modality == "CT"
    (tmp_path / "t1.json").write_text("[broken")
    assert read_volume(tmp_path / "t1.nii.gz").modality == "MRI"


def test_a_ct_without_hounsfield_units_is_not_windowed() -> None:
    raised = read_volume(scan((ct() + 1024).astype(np.uint16), "ct.nii"))
    note = "a CT whose values are no Hounsfield units: stretched, without a window"
    assert raised.notes == (note,)
    assert raised.grey[10, 10, 3] < 255
    cut_out = np.where(ct() == 40, 40, 0).astype(np.int16)
    assert read_volume(scan(cut_out, "ct.nii")).grey[10, 10, 3] == 129


def test_what_is_neither_mri_nor_ct_is_refused() -> None:
    with pytest.raises(DecodeError, match="is a scan of PET; expected MRI or CT"):
        read_volume(scan(head(), "sub-01_pet.nii"))
    assert read_volume(scan(head(), "sub-01_pet.nii"), modality="MRI").modality == "MRI"
    with pytest.raises(DecodeError, match="holds no finite voxel"):
        read_volume(scan(np.full((3, 3, 3), np.nan, np.float32)))


def test_the_first_of_several_volumes_is_taken_and_said() -> None:
    several = scan(np.stack([head(), head()[::-1]], -1))
    first, chosen = read_volume(several), read_volume(several, frame=0)
    assert first.notes == ("several volumes in one file: the first is taken",)
    assert chosen.notes == ()
    np.testing.assert_array_equal(first.grey, chosen.grey)
    np.testing.assert_array_equal(read_volume(several, frame=1).grey, first.grey[::-1])


def test_constant_volumes_show_no_head() -> None:
    for level in (0, 7, -3):
        assert read_volume(scan(np.full((6, 6, 6), level, np.int16))).positions() == []


def test_maps_of_labels_are_no_pictures() -> None:
    rng = np.random.default_rng(0)
    regions = np.kron(rng.integers(0, 2000, (3, 3, 3)), np.ones((12, 12, 12))).astype(np.int16)
    mask = np.zeros((9, 9, 9), np.uint8)
    mask[3:6, 3:6, 3:6] = 1
    for values in (mask, mask * 4, mask * 255, mask.astype(np.float64) * 3, regions):
        with pytest.raises(DecodeError, match="a map of labels, no picture"):
            read_volume(scan(values))
    steps = np.kron(rng.integers(0, 255, (9, 9, 9)), np.ones((2, 2, 2))).astype(np.uint8)
    pictures: list[NDArray[Any]] = [
        steps,
        mask * 0.1 + 0.1,
        head(),
        mask.astype(np.int16) * 400,
    ]
    for picture in pictures:
        assert read_volume(scan(picture)).modality == "MRI"


def test_slices_are_upright_with_square_pixels() -> None:
    values = head()
    values[-8:-2, -8:-2, -8:-2] = 3000  # right, front, top
    for plane, shape in (("axial", (30, 24)), ("coronal", (48, 24)), ("sagittal", (48, 30))):
        found = list(volume_slices(scan(values, sides=(1, 1, 3)), plane=plane, every=2))
        assert {s.image.shape for s in found} == {shape}
        assert {s.plane for s in found} == {plane}
        bright = found[-2].image
        assert bright[shape[0] // 5, shape[1] // 5] == 255
        assert bright[-1 - shape[0] // 5, -1 - shape[1] // 5] < 255


def test_absurd_sides_never_make_millions_of_pixels() -> None:
    for sides in ((1, 1, 1e9), (1e-6, 1, 1), (30, 30, 0.9)):
        for part in volume_slices(scan(head(), sides=sides), plane="coronal"):
            assert part.image.size <= 24 * 16 * 40
    wide = np.zeros((600, 600, 3), np.int16)
    wide[20:580, 20:580, 1] = np.random.default_rng(0).integers(100, 900, (560, 560))
    volume = read_volume(scan(wide, sides=(0.5, 15, 0.5)))
    assert volume.notes == (
        "sides of a voxel that would make huge slices: drawn as if all were equal",
    )
    assert volume.cut("axial", 1).shape == (600, 600)


def test_chosen_slices_are_given_whatever_they_show() -> None:
    volume = scan(head())
    assert [s.position for s in volume_slices(volume, positions=[0, 7])] == [0, 7]
    assert not next(volume_slices(volume, positions=[0])).image.any()
    for wrong in (16, -1):
        with pytest.raises(UsageError, match=rf"slice {wrong}; the volume has 16 axial slices"):
            list(volume_slices(volume, positions=[wrong]))
    with pytest.raises(UsageError, match="'oblique'; expected sagittal, coronal, axial"):
        list(volume_slices(volume, plane="oblique"))
    with pytest.raises(UsageError, match="every = 0"):
        list(volume_slices(volume, every=0))


def test_masks_keep_their_values() -> None:
    mask = np.zeros((6, 6, 2), np.uint8)
    mask[2:4, 2:4] = 255
    drawn = upright(mask, "axial", 0, (1, 2.5, 1), nearest=True)
    assert drawn.shape == (15, 6)
    assert set(np.unique(drawn)) == {0, 255}


def test_many_voxels_are_sampled_for_the_percentiles(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = read_volume(scan(head((40, 40, 40))))
    monkeypatch.setattr("gliaboost.datasets.grey_levels._SAMPLED", 20000)
    sampled = read_volume(scan(head((40, 40, 40))))
    assert np.abs(whole.grey.astype(int) - sampled.grey).max() <= 2


def test_spacing_of_slices_is_of_the_whole_picture() -> None:
    volume = Volume(np.zeros((30, 20, 9), np.uint8), np.ones((30, 20, 9), bool), np.eye(4),
                    (1.0, 0.5, 3.1), "MRI")  # fmt: skip
    height, width = volume.cut("coronal", 0).shape
    row, column = volume.slice_spacing("coronal")
    assert (row * height, column * width) == pytest.approx((9 * 3.1, 30.0))
    assert volume.slice_spacing("axial") == (0.5, 0.5)
