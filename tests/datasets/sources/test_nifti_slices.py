"""Rows of volumes: sequences, several volumes in a file, labels, and what gives no slice."""

from __future__ import annotations

import json
import os
import sys
import warnings
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from gliaboost.datasets.decode import decode
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.sources import read_source
from gliaboost.datasets.volumes import volume_slices
from gliaboost.errors import UsageError

LIBRARY: Any = nibabel
pytestmark = pytest.mark.filterwarnings("ignore:.*taken for MRI by the values")


def head(seed: int = 0, shape: tuple[int, ...] = (16, 18, 8)) -> NDArray[np.int16]:
    volume = np.zeros(shape, np.int16)
    inner = volume[2:-2, 2:-2, 1:-1]
    inner[...] = np.random.default_rng(seed).integers(100, 1000, inner.shape)
    return volume


def mask() -> NDArray[np.uint8]:
    drawn = np.zeros((16, 18, 8), np.uint8)
    drawn[5:8, 5:8, 3:5] = 1
    return drawn


def write(file: Path, values: NDArray[Any], affine: NDArray[Any] | None = None) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    affine = np.eye(4) if affine is None else affine
    LIBRARY.save(LIBRARY.Nifti1Image(values, affine, dtype=values.dtype), file)


def read(folder: Path, **options: Any) -> Manifest:
    options.setdefault("images", folder.parent / f"png-{folder.name}")
    return read_source("nifti", folder, **options)


def by_volume(manifest: Manifest, column: str) -> dict[str, Any]:
    return dict(manifest.table.groupby("volume")[column].first())


def test_slices_are_those_that_prediction_looks_at(tmp_path: Path) -> None:
    write(tmp_path / "in" / "p1_t1.nii.gz", head(), np.diag([1, 1, 3, 1]))
    for plane in ("axial", "coronal"):
        manifest = read(tmp_path / "in", axis=plane, every=2, images=tmp_path / plane)
        slices = list(volume_slices(tmp_path / "in" / "p1_t1.nii.gz", plane=plane, every=2))
        assert manifest.table["position"].tolist() == [s.position for s in slices]
        assert set(manifest.table["plane"]) == {s.plane for s in slices} == {plane}
        for path, part in zip(manifest.paths, slices, strict=True):
            np.testing.assert_array_equal(decode(path), part.image)


def test_sequences_are_told_and_chosen(tmp_path: Path) -> None:
    for kind in ("t1", "t1ce", "t2", "flair"):
        write(tmp_path / "in" / "B_001" / f"B_001_{kind}.nii.gz", head())
    write(tmp_path / "in" / "B_001" / "B_001_seg.nii.gz", mask())
    with pytest.warns(UserWarning, match=r"several sequences .*t1 6, t1c 6, t2 6, flair 6 slices"):
        manifest = read(tmp_path / "in")
    assert by_volume(manifest, "sequence") == {
        "B_001/B_001_flair": "flair",
        "B_001/B_001_t1": "t1",
        "B_001/B_001_t1ce": "t1c",
        "B_001/B_001_t2": "t2",
    }
    assert manifest.table["mask"].notna().sum() == 8
    with pytest.warns(UserWarning, match="of other sequences left out: t1 1, t2 1"):
        chosen = read(tmp_path / "in", sequence="T1c,flair")
    assert set(chosen.table["sequence"]) == {"t1c", "flair"}
    with (
        pytest.warns(UserWarning, match="of other sequences left out: t1 1, t1c 1, t2 1, flair 1"),
        pytest.raises(UsageError, match="no slice in 5 nifti"),
    ):
        read(tmp_path / "in", sequence="adc")
    with pytest.raises(UsageError, match="expected t1, t1c, t2"):
        read(tmp_path / "in", sequence="t9")


def test_volumes_of_a_file_are_named_by_the_decathlons_table(tmp_path: Path) -> None:
    both = np.stack([head(1), head(2)], -1)
    write(tmp_path / "in" / "imagesTr" / "c_1.nii.gz", both)
    write(tmp_path / "in" / "labelsTr" / "c_1.nii.gz", mask())
    (tmp_path / "in" / "dataset.json").write_text(
        json.dumps({"modality": {"0": "FLAIR", "1": "T2w"}})
    )
    with pytest.warns(UserWarning, match="several sequences"):
        manifest = read(tmp_path / "in")
    assert by_volume(manifest, "sequence") == {"imagesTr/c_1": "flair", "imagesTr/c_1.1": "t2"}
    chosen = read(tmp_path / "in", sequence="t2")
    write(tmp_path / "one" / "c_1_t2.nii", head(2))
    alone = read(tmp_path / "one")
    for path, other in zip(chosen.paths, alone.paths, strict=True):
        np.testing.assert_array_equal(decode(path), decode(other))
    (tmp_path / "in" / "dataset.json").unlink()
    with pytest.warns(UserWarning, match="1 of 1 volumes: several volumes in one file: the first"):
        assert len(read(tmp_path / "in")) == 6


def test_a_table_of_channels_tells_the_modality(tmp_path: Path) -> None:
    write(tmp_path / "in" / "imagesTr" / "c_1.nii.gz", head())
    write(tmp_path / "in" / "labelsTr" / "c_1.nii.gz", mask())
    (tmp_path / "in" / "dataset.json").write_text(json.dumps({"modality": {"0": "CT"}}))
    with pytest.warns(UserWarning, match="a CT whose values are no Hounsfield units"):
        assert set(read(tmp_path / "in").table["modality"]) == {"CT"}


def test_tests_whose_labels_a_publisher_keeps_are_left_out(tmp_path: Path) -> None:
    for folder, case in (("imagesTr", 1), ("imagesTr", 2), ("imagesTs", 3)):
        write(tmp_path / "in" / folder / f"c_{case}.nii", head(case))
    for case in (1, 2):
        write(tmp_path / "in" / "labelsTr" / f"c_{case}.nii", mask())
    with pytest.warns(UserWarning, match=r"imagesTs/c_3\.nii: in imagesTs, with neither mask nor"):
        table = read(tmp_path / "in").table
    assert set(table["patient"]) == {"c_1", "c_2"}
    assert table["split"].isna().all()
    assert set(table["label"]) == {"tumor", "no_tumor"}
    (tmp_path / "l.csv").write_text("patient,label\nc_1,x\nc_2,y\nc_3,x\n")
    table = read(tmp_path / "in", labels=tmp_path / "l.csv").table
    assert dict(table.groupby("patient")["split"].first()) == {
        "c_1": "train",
        "c_2": "train",
        "c_3": "test",
    }


def test_one_odd_file_never_stops_a_conversion(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    for k in range(3):
        write(folder / f"P{k}" / "t1.nii.gz", head(k))
    (folder / "P3").mkdir()
    (folder / "P3" / "t1.nii.gz").write_bytes((folder / "P0" / "t1.nii.gz").read_bytes()[:-20])
    (folder / "P3" / "t2.nii.gz").write_bytes(b"")
    write(folder / "P4" / "t1.nii", np.zeros((5, 5, 5, 1, 3), np.float32))
    write(folder / "P5" / "t1.nii", np.full((5, 5, 5), np.nan, np.float32))
    write(folder / "P6" / "t1.nii", mask())
    write(folder / "P7" / "t1.nii", np.zeros((9, 9, 9), np.int16))
    write(folder / "P8" / "t1.nii", head())
    write(folder / "P8" / "t1_seg.nii", mask() * np.float32(0.3))
    write(folder / "P9" / "t1.nii", head())
    write(folder / "P9" / "t1_brain_mask.nii", mask())
    write(folder / "P9" / "pet.nii", head())
    for other in ("a.txt", "b.hdr", "t1.json"):
        (folder / "P9" / other).touch()
    write(folder / "P9" / "other7_seg.nii", mask())
    with pytest.warns(UserWarning, match=r"10 of 15 volumes were passed over: .*and 5 more for"):
        manifest = read(folder)
    assert set(manifest.table["patient"]) == {"P0", "P1", "P2", "P9"}
    assert manifest.faults() == []
    again = read(folder)
    for known in (manifest, again):
        assert known.notes == (
            "no NIfTI, and not looked at: 1 .hdr, 1 .txt",
            f"slices are in {manifest.root}",
            f"10 volumes were passed over, with their reasons in {manifest.root}/passed-over.csv",
        )
    listed = pd.read_csv(manifest.root / "passed-over.csv").set_index("path")["reason"].to_dict()
    for path, reason in {
        "P3/t1.nii.gz": "cut off or damaged",
        "P3/t2.nii.gz": "is empty",
        "P4/t1.nii": "expected 3 dimensions, or 4",
        "P5/t1.nii": "no finite voxel",
        "P6/t1.nii": "a map of labels",
        "P7/t1.nii": "shows no head",
        "P8/t1.nii": "its mask t1_seg.nii holds fractions",
        "P9/t1_brain_mask.nii": "neither scan nor mask of a tumour",
        "P9/pet.nii": "is a scan of PET",
        "P9/other7_seg.nii": "a mask that fits no volume",
    }.items():
        assert reason in listed.pop(path)
    assert listed == {}


def test_masks_on_another_grid_are_laid_on_the_scans(tmp_path: Path) -> None:
    turned = np.diag([-1.0, 1, 1, 1])
    turned[0, 3] = 15
    write(tmp_path / "a" / "P1.nii", head())
    write(tmp_path / "a" / "P1_seg.nii", mask()[::-1], turned)
    write(tmp_path / "b" / "P1.nii", head())
    write(tmp_path / "b" / "P1_seg.nii", mask())
    one, other = read(tmp_path / "a"), read(tmp_path / "b")
    assert one.table["label"].tolist() == other.table["label"].tolist()
    for mine, theirs in zip(one.masks, other.masks, strict=True):
        assert (mine is None) == (theirs is None)
        if mine is not None and theirs is not None:
            np.testing.assert_array_equal(decode(mine), decode(theirs))


def test_a_table_of_labels_speaks_of_what_there_is(tmp_path: Path) -> None:
    for name in ("sub-01/anat/sub-01_T1w.nii", "sub-02/anat/sub-02_T1w.nii"):
        write(tmp_path / "in" / name, head())
    table = tmp_path / "l.csv"
    for key in ("sub-01", "01", "sub-01_T1w.nii", "sub-01/anat/sub-01_T1w.nii", "sub-01_T1w"):
        table.write_text(f"patient,label\n{key},glioma\n")
        with pytest.warns(UserWarning, match="1 of 2 volumes have no row in the table of labels"):
            manifest = read(tmp_path / "in", labels=table)
        labels = by_volume(manifest, "label")
        assert labels["sub-01/anat/sub-01_T1w"] == "glioma"
        assert not isinstance(labels["sub-02/anat/sub-02_T1w"], str)
    table.write_text("patient,label\nnobody,glioma\n")
    with pytest.raises(UsageError, match="names none of the patients or files"):
        read(tmp_path / "in", labels=table)
    table.write_text("patient,label\n1,glioma\n02,x\n")
    with pytest.raises(UsageError, match="'1' for '01'"):
        read(tmp_path / "in", labels=table)


def test_classes_by_folders(tmp_path: Path) -> None:
    for label in ("hgg", "no_tumor"):
        for k in (1, 2):
            write(tmp_path / "in" / label / f"P{k}" / "t1.nii", head())
    write(tmp_path / "in" / "hgg" / "P1" / "seg.nii", mask())
    with pytest.warns(
        UserWarning, match=r"2 patients lie in the folders of several classes.*P1, P2"
    ):
        table = read(tmp_path / "in", class_folders=True).table
    assert set(zip(table["label"], table["patient"], strict=True)) == {
        ("hgg", "P1"),
        ("hgg", "P2"),
        ("no_tumor", "P1"),
        ("no_tumor", "P2"),
    }
    assert set(table.loc[table["label"] == "no_tumor", "presence"]) == {"no_tumor"}
    assert table["mask"].notna().sum() == 2


def test_one_name_in_several_data_sets_is_told(tmp_path: Path) -> None:
    for site in ("a", "b"):
        for k in (1, 2):
            write(tmp_path / "in" / site / f"sub-{k}" / "anat" / f"sub-{k}_T1w.nii", head())
    with pytest.warns(UserWarning, match="2 patients lie in several folders.*: sub-1, sub-2"):
        assert set(read(tmp_path / "in").table["patient"]) == {"sub-1", "sub-2"}
    for visit in ("ses-1", "ses-2"):
        write(tmp_path / "visits" / visit / "P1" / "t1.nii", head())
        write(tmp_path / "visits" / visit / "P2" / "t1.nii", head())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert set(read(tmp_path / "visits").table["patient"]) == {"P1", "P2"}


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_names_that_are_no_utf_8(tmp_path: Path) -> None:
    folder = tmp_path / "in" / os.fsdecode(b"M\xfcller")
    write(folder / "t1.nii", head())
    write(tmp_path / "in" / "anna" / "t1.nii", head())
    manifest = read(tmp_path / "in")
    assert set(manifest.table["patient"]) == {"anna", "M%FCller"}
    assert manifest.check().write(tmp_path / "m.csv").exists()
    assert decode(manifest.paths[0]).any()


def test_scans_of_one_name_in_two_folders_stay_two(tmp_path: Path) -> None:
    for k in (1, 2):
        write(tmp_path / "in" / "P1" / f"ses-{k}" / "t1.nii", head(k))
    manifest = read(tmp_path / "in")
    assert manifest.faults() == []
    assert len(manifest) == 12
    assert set(manifest.table["patient"]) == {"P1"}
    assert set(manifest.table["session"]) == {"ses-1", "ses-2"}
    assert not np.array_equal(decode(manifest.paths[0]), decode(manifest.paths[6]))
