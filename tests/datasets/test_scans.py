from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from gliaboost.datasets.decode import decode
from gliaboost.datasets.image_source import ImageSource
from gliaboost.datasets.scans import DICOM, NIFTI, PICTURE, kind_of, look_at, one_picture
from gliaboost.datasets.volumes import volume_slices
from gliaboost.errors import DecodeError, UsageError


def _head() -> np.ndarray:
    """A volume of which slices 3 to 6 show a head, each brighter than the one below."""
    volume = np.zeros((20, 30, 10), np.int16)
    for k in range(3, 7):
        volume[4:16, 4:26, k] = 100 * k + np.arange(22)
    return volume


def _nifti(path: Path, volume: np.ndarray | None = None) -> Path:
    nibabel = pytest.importorskip("nibabel")
    image = nibabel.Nifti1Image(_head() if volume is None else volume, np.diag([1, 1, 2, 1]))
    nibabel.save(image, path)
    return path


def _dicom(path: Path, number: int = 1, series: str = "1.2.3", modality: str = "MR") -> Path:
    pytest.importorskip("pydicom")
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage

    meta: Any = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = MRImageStorage
    meta.MediaStorageSOPInstanceUID = f"1.2.3.{number}"
    data: Any = FileDataset(str(path), {}, file_meta=meta, preamble=bytes(128))
    data.SOPClassUID, data.SOPInstanceUID = MRImageStorage, f"1.2.3.{number}"
    data.SeriesInstanceUID, data.InstanceNumber, data.Modality = series, number, modality
    data.ImagePositionPatient, data.ImageOrientationPatient = [0, 0, number], [1, 0, 0, 0, 1, 0]
    data.Rows, data.Columns, data.SamplesPerPixel = 16, 24, 1
    data.PhotometricInterpretation, data.PixelRepresentation = "MONOCHROME2", 0
    data.BitsAllocated, data.BitsStored, data.HighBit = 16, 12, 11
    data.PixelData = (np.arange(16 * 24).reshape(16, 24) * number).astype("<u2").tobytes()
    data.save_as(path)
    return path


def _png(path: Path) -> Path:
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    path.write_bytes(cv2.imencode(".png", ramp)[1].tobytes())
    return path


def test_kinds_are_told_by_content(tmp_path: Path) -> None:
    renamed = _dicom(tmp_path / "picture.png")
    assert kind_of(ImageSource(renamed)) == DICOM
    assert kind_of(ImageSource("upload", renamed.read_bytes())) == DICOM
    volume = _nifti(tmp_path / "scan.nii.gz")
    assert kind_of(ImageSource(volume)) == NIFTI
    assert kind_of(ImageSource("upload", volume.read_bytes())) == NIFTI
    assert kind_of(ImageSource(_png(tmp_path / "a.dcm"))) == PICTURE
    assert kind_of(ImageSource(tmp_path / "absent.png")) == PICTURE


def test_a_picture_is_itself(tmp_path: Path) -> None:
    path = _png(tmp_path / "a.png")
    (found,) = look_at(path)
    assert found.source == ImageSource(path) and found.error is None
    held = ImageSource(str(tmp_path), b"bytes")  # a name may be that of a folder
    assert [one.source for one in look_at(held)] == [held]


def test_a_volume_is_its_slices_as_conversion_makes_them(tmp_path: Path) -> None:
    path = _nifti(tmp_path / "scan.nii.gz")
    found = list(look_at(path))
    expected = list(volume_slices(path))
    assert [str(one.source.name) for one in found] == [f"{path}, axial {k}" for k in (3, 4, 5, 6)]
    for one, known in zip(found, expected, strict=True):
        np.testing.assert_array_equal(decode(one.source), known.image)
    (cut,) = look_at(path, position=9, plane="coronal")
    assert decode(cut.source).shape[0] == 20 and str(cut.source.name).endswith("coronal 9")


def test_a_dicom_file_and_a_series_are_slices_in_order(tmp_path: Path) -> None:
    for number in (3, 1, 2):
        _dicom(tmp_path / f"{9 - number}.dcm", number)
    names = [str(one.source.name) for one in look_at(tmp_path)]
    assert [n.rsplit("(", 1)[1] for n in names] == ["8.dcm)", "7.dcm)", "6.dcm)"]
    (one,) = look_at(tmp_path, position=2)
    (alone,) = look_at(tmp_path / "6.dcm")
    np.testing.assert_array_equal(decode(one.source), decode(alone.source))
    assert alone.source.name == str(tmp_path / "6.dcm")


def test_a_slice_that_is_not_there_says_how_many_there_are(tmp_path: Path) -> None:
    _dicom(tmp_path / "1.dcm")
    with pytest.raises(UsageError, match="has 1 slices, from 0"):
        list(look_at(tmp_path / "1.dcm", position=1))
    with pytest.raises(UsageError, match="slice 10; the volume has 10 axial slices"):
        list(look_at(_nifti(tmp_path / "scan.nii"), position=10))
    with pytest.raises(UsageError, match=r"is a picture, which has no slice 3"):
        list(look_at(_png(tmp_path / "a.png"), position=3))


def test_a_folder_gives_its_pictures_and_volumes(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    _png(tmp_path / "deep" / "b.png")
    _nifti(tmp_path / "a.nii.gz")
    names = [Path(str(one.source.name)).name for one in look_at(tmp_path)]
    assert names == [f"a.nii.gz, axial {k}" for k in (3, 4, 5, 6)] + ["b.png"]


def test_masks_that_were_found_in_a_folder_are_no_pictures_of_it(tmp_path: Path) -> None:
    masks = tmp_path / "masks"
    (masks / "deeper").mkdir(parents=True)
    _png(tmp_path / "a.png")
    for name in ("a-mask.png", "deeper/b-overlay.png"):
        _png(masks / name)
    (masks / "measurements.csv").touch()
    assert len(list(look_at(tmp_path))) == 3  # a table alone says little
    (masks / "measurements.json").touch()
    assert [Path(one.source.name).name for one in look_at(tmp_path)] == ["a.png"]
    assert len(list(look_at(masks))) == 2  # they are asked for
    (tmp_path / "a.png").unlink()
    _dicom(tmp_path / "1.dcm")
    (slice_,) = look_at(tmp_path)
    assert slice_.place is not None and slice_.place.kind == DICOM


def test_an_empty_folder_says_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no image in .*\.png.*\.nii.*DICOM"):
        list(look_at(tmp_path))


def test_several_series_are_refused(tmp_path: Path) -> None:
    _dicom(tmp_path / "1.dcm", series="1.2.3")
    _dicom(tmp_path / "2.dcm", series="1.2.4")
    with pytest.raises(UsageError, match="2 series"):
        list(look_at(tmp_path))


def test_what_holds_no_picture_is_named_and_stops_nothing(tmp_path: Path) -> None:
    broken = tmp_path / "broken.nii.gz"
    broken.write_bytes(b"\x1f\x8b not gzip at all")
    (lost,) = look_at(broken)
    assert lost.source.name == broken and lost.error
    empty = _nifti(tmp_path / "empty.nii", np.zeros((8, 8, 8), np.int16))
    assert next(iter(look_at(empty))).error
    ultrasound = _dicom(tmp_path / "us.dcm", modality="US")
    (lost,) = look_at(ultrasound)
    assert lost.error and "US" in lost.error


def test_one_picture_of_many_is_not_guessed(tmp_path: Path) -> None:
    volume = _nifti(tmp_path / "scan.nii.gz")
    with pytest.raises(UsageError, match=r"holds 4 pictures.*--slice 5"):
        one_picture(volume)
    assert str(one_picture(volume, position=4).name).endswith("axial 4")
    path = _png(tmp_path / "a.png")
    assert one_picture(path) == ImageSource(path)
    (tmp_path / "b.nii").write_bytes(b"no volume")
    with pytest.raises(DecodeError, match="NIfTI"):
        one_picture(tmp_path / "b.nii")
