"""NIfTI volumes made on the spot: orientation, masks, labels, CT."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from numpy.typing import NDArray

from gliaboost.datasets.decode import decode, decode_mask
from gliaboost.datasets.sources import read_source
from gliaboost.errors import UsageError

pytestmark = pytest.mark.filterwarnings("ignore:.*taken for MRI by the values")


def write(file: Path, volume: NDArray[Any], spacing: tuple[float, ...] = (1, 1, 1)) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    affine = np.diag([*spacing, 1.0])
    image: Any = nibabel
    image.save(image.Nifti1Image(volume, affine), file)


def head(shape: tuple[int, int, int] = (24, 30, 16)) -> NDArray[np.int16]:
    """A bright box with a very bright corner at the patient's right, front and top."""
    volume = np.zeros(shape, np.int16)
    volume[2:-2, 2:-2, 2:-2] = 400
    volume[-6:-2, -6:-2, 2:-2] = 1000
    return volume


def test_axial_slices_are_radiological(tmp_path: Path) -> None:
    write(tmp_path / "case7.nii.gz", head())
    manifest = read_source("nifti", tmp_path, images=tmp_path / "png")
    assert len(manifest) == 12
    image = decode(manifest.paths[0])
    assert image.shape == (30, 24)
    # The patient's right is on the left, the front is on top.
    assert image[4, 4] > image[4, -5]
    assert image[4, 4] > image[-5, 4]
    assert set(manifest.table["patient"]) == {"case7"}
    assert set(manifest.table["modality"]) == {"MRI"}
    assert manifest.table["position"].tolist() == list(range(2, 14))


def test_a_volume_stored_the_other_way_round_gives_the_same_slices(tmp_path: Path) -> None:
    write(tmp_path / "a" / "v.nii", head())
    library: Any = nibabel
    flipped = library.Nifti1Image(
        head()[::-1], np.array([[-1.0, 0, 0, 23], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    )
    (tmp_path / "b").mkdir()
    library.save(flipped, tmp_path / "b" / "v.nii")
    one = read_source("nifti", tmp_path / "a")
    other = read_source("nifti", tmp_path / "b")
    for p, q in zip(one.paths, other.paths, strict=True):
        np.testing.assert_array_equal(decode(p), decode(q))


@pytest.mark.parametrize(
    ("axis", "shape", "count"), [("coronal", (16, 24), 26), ("sagittal", (16, 30), 20)]
)
def test_other_axes(tmp_path: Path, axis: str, shape: tuple[int, int], count: int) -> None:
    write(tmp_path / "v.nii", head())
    manifest = read_source("nifti", tmp_path, images=tmp_path / "png", axis=axis)
    assert len(manifest) == count
    assert decode(manifest.paths[0]).shape == shape


def test_thick_slices_keep_their_proportions(tmp_path: Path) -> None:
    write(tmp_path / "v.nii", head(), spacing=(1, 1, 3))
    manifest = read_source("nifti", tmp_path, images=tmp_path / "png", axis="coronal", every=5)
    assert decode(manifest.paths[0]).shape == (48, 24)
    assert len(manifest) == 6


def test_masks_make_presence_and_a_table_makes_labels(tmp_path: Path) -> None:
    mask = np.zeros((24, 30, 16), np.uint8)
    mask[8:12, 8:12, 5:8] = 1
    write(tmp_path / "p1" / "t1.nii.gz", head())
    write(tmp_path / "p1" / "t1_seg.nii.gz", mask)
    write(tmp_path / "p2" / "t1.nii.gz", head())
    manifest = read_source("nifti", tmp_path, images=tmp_path / "png")
    table = manifest.table
    assert set(table["patient"]) == {"p1", "p2"}
    seen = table[table["patient"] == "p1"]
    assert seen.groupby("label")["position"].apply(list)["tumor"] == [5, 6, 7]
    assert table.loc[table["patient"] == "p2", "label"].isna().all()
    assert set(seen["label"]) == {"tumor", "no_tumor"}
    assert (seen["presence"] == seen["label"]).all()
    row = int(table.index[table["mask"].notna()][0])
    drawn = manifest.masks[row]
    assert drawn is not None
    assert decode_mask(drawn).sum() == 16
    assert manifest.faults() == []
    (tmp_path / "l.csv").write_text("patient,label\np1,glioma\np2,meningioma\n")
    labelled = read_source("nifti", tmp_path, images=tmp_path / "b", labels=tmp_path / "l.csv")
    assert labelled.table.groupby("patient")["label"].first().to_dict() == {
        "p1": "glioma",
        "p2": "meningioma",
    }


def test_hounsfield_units_are_windowed(tmp_path: Path) -> None:
    volume = np.full((20, 20, 8), -1000, np.int16)
    volume[4:16, 4:16, 1:7] = 40
    volume[4:8, 4:8, 1:7] = 900
    write(tmp_path / "ct.nii", volume)
    manifest = read_source("nifti", tmp_path, images=tmp_path / "png")
    assert set(manifest.table["modality"]) == {"CT"}
    image = decode(manifest.paths[0])
    assert set(np.unique(image)) == {0, 129, 255}


def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"ending in \.nii"):
        read_source("nifti", tmp_path)
    write(tmp_path / "v.nii", head())
    with pytest.raises(UsageError, match="expected sagittal, coronal, axial"):
        read_source("nifti", tmp_path, axis="oblique")
    (tmp_path / "l.csv").write_text("who,label\na,b\n")
    with pytest.raises(UsageError, match="one of patient, file"):
        read_source("nifti", tmp_path, labels=tmp_path / "l.csv")
    (tmp_path / "broken.nii").write_bytes(b"nothing")
    with pytest.warns(UserWarning, match=r"1 of 2 volumes were passed over: broken\.nii"):
        assert len(read_source("nifti", tmp_path, images=tmp_path / "png")) == 12


def test_nothing_is_written_among_the_data(tmp_path: Path, cache: Path) -> None:
    write(tmp_path / "in" / "p1_t1.nii.gz", head())
    manifest = read_source("nifti", tmp_path / "in")
    assert [f.name for f in (tmp_path / "in").iterdir()] == ["p1_t1.nii.gz"]
    assert manifest.root.is_relative_to(cache)
    assert manifest.notes == (f"slices are in {manifest.root}",)
