from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gliaboost.errors import DecodeError, MissingExtraError, UsageError
from gliaboost.models.segmentation import dicom_seg
from gliaboost.models.segmentation.dicom_seg import write_dicom_seg

pydicom: Any = pytest.importorskip("pydicom")
highdicom: Any = pytest.importorskip("highdicom")

SHAPE = (16, 24)
MR, ENHANCED = "1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.4.1"


def written(folder: Path, number: int, *, kind: str = MR, **tags: Any) -> Path:
    """One slice of a series, with no more than a segmentation needs; None leaves a tag out."""
    meta = pydicom.dataset.FileMetaDataset()
    meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = kind, f"1.2.3.{number}"
    data = pydicom.dataset.FileDataset("x", {}, file_meta=meta, preamble=bytes(128))
    told = {
        "SOPClassUID": kind, "SOPInstanceUID": f"1.2.3.{number}", "Modality": "MR",
        "StudyInstanceUID": "1.2.3", "SeriesInstanceUID": "1.2.3.4",
        "FrameOfReferenceUID": "1.2.3.5", "InstanceNumber": number,
        "ImagePositionPatient": [0, 0, 5 * number], "PixelSpacing": [0.5, 0.5],
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0], "Rows": SHAPE[0], "Columns": SHAPE[1],
        "SamplesPerPixel": 1, "PhotometricInterpretation": "MONOCHROME2",
        "PixelRepresentation": 0, "BitsAllocated": 16, "BitsStored": 12, "HighBit": 11,
        "PixelData": bytes(2 * SHAPE[0] * SHAPE[1]), **tags,
    }  # fmt: skip
    for name, value in told.items():
        if value is not None:
            setattr(data, name, value)
    file = folder / f"{number}.dcm"
    data.save_as(file)
    return file


def blob(top: int, height: int) -> NDArray[np.bool_]:
    mask = np.zeros(SHAPE, bool)
    mask[top : top + height, 5:10] = True
    return mask


MASKS = [blob(0, 0), blob(3, 6), blob(4, 2), blob(0, 0)]


def read(file: Path, sources: list[Path]) -> NDArray[np.bool_]:
    uids = [pydicom.dcmread(f).SOPInstanceUID for f in sources]
    found = highdicom.seg.segread(file).get_pixels_by_source_instance(
        uids, ignore_spatial_locations=True, assert_missing_frames_are_empty=True
    )
    return np.asarray(found[..., 0] > 0)


def test_each_mask_lies_on_its_slice(tmp_path: Path) -> None:
    files = [written(tmp_path, n) for n in (1, 2, 3, 4)]
    for order in ([0, 1, 2, 3], [2, 0, 3, 1]):
        sources, masks = [files[n] for n in order], [MASKS[n] for n in order]
        file = write_dicom_seg(masks, sources, tmp_path / "s" / "seg.dcm", algorithm="otsu")
        np.testing.assert_array_equal(read(file, files), np.stack(MASKS))
    data = pydicom.dcmread(file)
    assert (data.Modality, data.SegmentationType) == ("SEG", "BINARY")
    assert data.StudyInstanceUID == "1.2.3"
    assert data.SeriesInstanceUID != "1.2.3.4"
    assert data.SegmentSequence[0].SegmentAlgorithmName == "otsu"
    # Slices without a tumour are left out.
    assert data.NumberOfFrames == 2
    assert [f.name for f in file.parent.iterdir()] == ["seg.dcm"]


def test_no_tumour_anywhere_is_written_too(tmp_path: Path) -> None:
    files = [written(tmp_path, n) for n in (1, 2)]
    empty = np.zeros(SHAPE, bool)
    file = write_dicom_seg([empty, empty], files, tmp_path / "s.dcm", algorithm="otsu")
    assert not read(file, files).any()


def test_a_mask_at_the_size_that_was_drawn_is_brought_back(tmp_path: Path) -> None:
    files = [written(tmp_path, 1, PixelSpacing=[1.0, 0.5])]
    drawn = np.repeat(MASKS[1], 2, axis=0)
    file = write_dicom_seg([drawn], files, tmp_path / "s.dcm", algorithm="otsu")
    np.testing.assert_array_equal(read(file, files), MASKS[1][None])


def test_frames_of_one_file(tmp_path: Path) -> None:
    def place(z: int) -> Any:
        group, position = pydicom.Dataset(), pydicom.Dataset()
        position.ImagePositionPatient = [0, 0, z]
        group.PlanePositionSequence = [position]
        content = pydicom.Dataset()
        content.DimensionIndexValues = [z]
        group.FrameContentSequence = [content]
        return group

    shared, measures, turned = pydicom.Dataset(), pydicom.Dataset(), pydicom.Dataset()
    measures.PixelSpacing, measures.SliceThickness = [0.5, 0.5], 5
    turned.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    shared.PixelMeasuresSequence = [measures]
    shared.PlaneOrientationSequence = [turned]
    source = written(
        tmp_path, 1, kind=ENHANCED, NumberOfFrames=3, PixelData=bytes(6 * SHAPE[0] * SHAPE[1]),
        PixelSpacing=None, ImagePositionPatient=None, ImageOrientationPatient=None,
        SharedFunctionalGroupsSequence=[shared],
        PerFrameFunctionalGroupsSequence=[place(z) for z in (1, 2, 3)],
    )  # fmt: skip
    file = write_dicom_seg(MASKS[:3], [source], tmp_path / "s.dcm", algorithm="otsu")
    found = highdicom.seg.segread(file).get_pixels_by_source_frame(
        pydicom.dcmread(source).SOPInstanceUID, [1, 2, 3], ignore_spatial_locations=True,
        assert_missing_frames_are_empty=True,
    )  # fmt: skip
    np.testing.assert_array_equal(found[..., 0] > 0, np.stack(MASKS[:3]))


@pytest.mark.parametrize(
    "name", ["FrameOfReferenceUID", "StudyInstanceUID", "ImagePositionPatient", "PixelSpacing"]
)
def test_what_a_file_lacks_is_named(tmp_path: Path, name: str) -> None:
    lacking: dict[str, Any] = {name: None}
    file = written(tmp_path, 1, **lacking)
    with pytest.raises(DecodeError, match=f"has no {name}, .*write PNG masks"):
        write_dicom_seg([MASKS[1]], [file], tmp_path / "s.dcm", algorithm="otsu")
    assert not (tmp_path / "s.dcm").exists()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SeriesInstanceUID", "1.2.9", "2 series"),
        ("FrameOfReferenceUID", "1.2.9", "2 places"),
        ("Rows", 8, "2 sizes"),
    ],
)
def test_slices_that_are_no_series(tmp_path: Path, name: str, value: Any, said: str) -> None:
    other: dict[str, Any] = {name: value}
    files = [written(tmp_path, 1), written(tmp_path, 2, **other)]
    with pytest.raises(UsageError, match=f"slices of {said}"):
        write_dicom_seg(MASKS[:2], files, tmp_path / "s.dcm", algorithm="otsu")


def test_what_the_library_refuses_is_said_without_the_patient(tmp_path: Path) -> None:
    file = written(tmp_path, 1, ImageOrientationPatient=[1, 0, 0], PatientName="Doe^John")
    with pytest.raises(DecodeError, match=r"must repeat \(\w+\); write PNG masks") as caught:
        write_dicom_seg(MASKS[:1], [file], tmp_path / "s.dcm", algorithm="otsu")
    assert "Doe" not in str(caught.value)


def test_masks_that_are_no_masks_of_the_slices(tmp_path: Path) -> None:
    files = [written(tmp_path, n) for n in (1, 2)]
    with pytest.raises(UsageError, match="1 masks for 2 slices"):
        write_dicom_seg(MASKS[:1], files, tmp_path / "s.dcm", algorithm="otsu")
    for wrong in (np.zeros((16, 25), bool), np.zeros((40, 60), bool), np.zeros(SHAPE, np.uint8)):
        loose: Any = wrong
        with pytest.raises(UsageError, match=r"expected bool \[16, 24\]"):
            write_dicom_seg([loose, loose], files, tmp_path / "s.dcm", algorithm="otsu")
    with pytest.raises(UsageError, match=r"written as \.dcm"):
        write_dicom_seg(MASKS[:2], files, tmp_path / "s.nii", algorithm="otsu")
    with pytest.raises(UsageError, match="no slices"):
        write_dicom_seg([], [], tmp_path / "s.dcm", algorithm="otsu")
    with pytest.raises(DecodeError):
        write_dicom_seg(MASKS[:1], [tmp_path / "none.dcm"], tmp_path / "s.dcm", algorithm="otsu")


def test_without_highdicom_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name.startswith("highdicom"):
            raise ImportError(name)
        return known(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match=r"gliaboost\[seg\]"):
        dicom_seg._highdicom()
