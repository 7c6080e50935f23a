"""Folders of NIfTI and DICOM, made on the spot, given where a manifest is expected."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gliaboost
from gliaboost._face.inputs import read_data
from gliaboost._face.scan_folders import SLICES, without_labels
from gliaboost.datasets.manifest import Manifest
from gliaboost.errors import UsageError
from tests.conftest import Heard

nibabel: Any = pytest.importorskip("nibabel")
pydicom: Any = pytest.importorskip("pydicom")

Lay = Callable[..., Path]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give slices a cache folder of this test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def volumes(tmp_path: Path) -> Lay:
    """Return a function that writes a small head for each path, and a mask for each _seg."""

    def make(*paths: str) -> Path:
        for number, path in enumerate(paths):
            head = np.zeros((24, 24, 6), np.int16)
            head[3:-3, 3:-3, 1:-1] = 300 + 20 * number
            if "_seg" in path:
                head = (head > 0).astype(np.int16)
                head[:, :, 3:] = 0
            file = tmp_path / "scans" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            nibabel.save(nibabel.Nifti1Image(head, np.eye(4)), file)
        return tmp_path / "scans"

    return make


def files_below(folder: Path) -> set[Path]:
    return {f for f in folder.rglob("*") if f.is_file()}


def test_volumes_are_cut_once_outside_the_data_and_the_place_is_said(
    volumes: Lay, heard: Heard, cache: Path
) -> None:
    folder = volumes(*(f"P{p}/t1{part}.nii.gz" for p in range(3) for part in ("", "_seg")))
    before = files_below(folder)
    table = read_data(folder, heard)
    assert (table.classes, sorted(set(table.table["patient"]))) == (
        ["no_tumor", "tumor"],
        ["P0", "P1", "P2"],
    )
    assert files_below(folder) == before
    assert table.root.is_relative_to(cache) and f"slices are in {table.root}" in heard.lines[-1]
    assert table.name == str(folder)
    made = {f: f.stat().st_mtime_ns for f in files_below(table.root)}
    assert read_data(folder).root == table.root
    assert {f: f.stat().st_mtime_ns for f in files_below(table.root)} == made


def test_a_store_that_was_named_holds_the_slices_of_folders_and_archives(
    volumes: Lay, tmp_path: Path
) -> None:
    folder = volumes("P0/t1.nii", "P1/t1.nii")
    table = read_data(folder, store=tmp_path / "store")
    assert table.root.parent == tmp_path / "store" / SLICES
    with zipfile.ZipFile(tmp_path / "scans.zip", "w") as archive:
        for file in folder.rglob("*.nii"):
            archive.write(file, file.relative_to(folder))
    packed = read_data(tmp_path / "scans.zip", store=tmp_path / "store")
    assert len(packed) == len(table) and packed.root != table.root
    assert packed.root.parent == table.root.parent


def test_a_tree_of_dicom_with_class_folders_is_trained_on(
    tmp_path: Path, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    for label, most in (("yes", 900), ("no", 300)):
        for number in range(6):
            write_dicom(tmp_path / "tree" / label / f"{number}.dcm", f"{label}{number}", most, rng)
    before = files_below(tmp_path / "tree")
    with pytest.warns(UserWarning, match="the folders are taken for labels"):
        bundle = gliaboost.train(
            "tree", features="glcm", out="m.joblib", store="store", estimate=0, progress=heard
        )
    assert bundle.classes == ["no", "yes"] and bundle.metrics["patients"] == 12
    assert files_below(tmp_path / "tree") == before
    kept = Manifest.read(tmp_path / "m-tree.parquet")
    assert all(path.is_file() for path in kept.paths)


def test_unclear_patients_are_refused_with_the_command_that_tells_them(volumes: Lay) -> None:
    folder = volumes("hgg/P1/t1.nii", "hgg/P2/t1.nii", "lgg/P3/t1.nii", "lgg/P4/t1.nii")
    with pytest.raises(UsageError) as caught:
        read_data(folder)
    assert "--class-folders" in str(caught.value) and "--patient-from" in str(caught.value)
    assert f"gliaboost manifest nifti {folder} --out m.parquet" in str(caught.value)


@pytest.mark.parametrize("name", ["1.nii.gz", "1.dcm", "cvind.mat"])
@pytest.mark.filterwarnings("ignore:1 of 1 volumes were passed over")
def test_damaged_scans_are_told_without_options_that_would_not_mend_them(
    name: str, tmp_path: Path
) -> None:
    (tmp_path / "scans").mkdir()
    (tmp_path / "scans" / name).write_bytes(b"junk")
    with pytest.raises(UsageError) as caught:
        read_data(tmp_path / "scans")
    assert "options" not in str(caught.value)
    assert [f.name for f in files_below(tmp_path / "scans")] == [name]


def test_scans_without_a_class_are_looked_at_but_not_learned_from(
    volumes: Lay, tmp_path: Path
) -> None:
    folder = volumes("P0/t1.nii", "P1/t1.nii")
    overview = gliaboost.explore(folder)
    assert sum(c.read for c in overview.classes) == 8
    with pytest.raises(UsageError) as caught:
        gliaboost.train(folder, store=tmp_path / "store")
    assert f"gliaboost manifest nifti {folder} --labels LABELS.csv --out m.parquet" in str(
        caught.value
    )
    assert "--class-folders" in str(caught.value)


def test_images_without_labels_get_no_advice_on_scans(tmp_path: Path) -> None:
    import pandas as pd

    rows = pd.DataFrame({"path": ["a.png"], "source": ["folder"]})
    assert without_labels(Manifest.of(rows, tmp_path), tmp_path) is None


def write_dicom(file: Path, patient: str, most: int, rng: np.random.Generator) -> None:
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid

    data = pydicom.Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.4"
    data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    data.StudyInstanceUID, data.SeriesInstanceUID = generate_uid(), generate_uid()
    data.PatientID, data.Modality, data.ImageType = patient, "MR", ["ORIGINAL", "PRIMARY"]
    data.Rows = data.Columns = 32
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated = data.BitsStored = 16
    data.HighBit, data.PixelRepresentation = 15, 0
    data.PixelData = rng.integers(0, most, (32, 32), np.uint16).tobytes()
    file.parent.mkdir(parents=True, exist_ok=True)
    data.save_as(file, enforce_file_format=True)
