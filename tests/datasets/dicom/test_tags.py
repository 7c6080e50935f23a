from __future__ import annotations

import logging
import warnings
from typing import Any

import pytest

from gliaboost.datasets.dicom.tags import (
    frame_value,
    image_types,
    items,
    millimetres_of,
    modality_of,
    number,
    numbers,
    place_of,
    quiet,
    sequence_of,
    spacing_of,
    text_of,
    value_of,
)

pydicom = pytest.importorskip("pydicom")


def dataset(**tags: Any) -> Any:
    from pydicom.dataset import Dataset

    data: Any = Dataset()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, value in tags.items():
            setattr(data, name, value)
    return data


def test_values_that_cannot_be_read_are_not_there(caplog: pytest.LogCaptureFixture) -> None:
    from pydicom.dataelem import RawDataElement
    from pydicom.tag import Tag

    data = dataset(PatientID=" 7 ", WindowCenter=None, ImageType=["A ", "B"])
    for tag, vr, content in (
        (0x00281051, "DS", b"Doe^John"),
        (0x00280030, "DS", b"x\\y"),
        (0x00180081, "??", b"7"),
    ):
        data[tag] = RawDataElement(Tag(tag), vr, len(content), content, 0, False, True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert number(value_of(data, "WindowWidth"), 5) == 5
        assert number(value_of(data, "PixelSpacing"), 5) == 5
        assert value_of(data, "EchoTime") is None
    assert not caplog.records
    assert value_of(data, "WindowCenter") is None
    assert value_of(data, "Rows") is None
    assert text_of(data, "PatientID") == "7"
    assert text_of(data, "ImageType") == "A\\B"
    assert text_of(data, "Rows") == ""


def test_numbers_one_or_several() -> None:
    assert numbers([1, "2", None])[:2] == [1.0, 2.0]
    assert number(["inf", 3], 5) == 5
    assert number("4", 5) == 4
    assert number(None, 5) == 5


def test_items_of_what_is_no_sequence() -> None:
    assert items(dataset(Rows=3), "Rows") == []
    assert items(dataset(), "VOILUTSequence") == []
    assert len(items(dataset(VOILUTSequence=[dataset(), dataset()]), "VOILUTSequence")) == 2


def enhanced() -> Any:
    def group(center: Any) -> Any:
        return dataset(FrameVOILUTSequence=[dataset(WindowCenter=center)])

    return dataset(
        WindowCenter=1,
        PerFrameFunctionalGroupsSequence=[group(10), dataset(), group(None)],
        SharedFunctionalGroupsSequence=[group(20)],
    )


def test_a_frames_value_is_its_own_then_the_shared_one_then_the_files() -> None:
    found = [frame_value(enhanced(), i, "FrameVOILUTSequence", "WindowCenter") for i in range(4)]
    assert found == [10, 20, 20, 20]
    assert frame_value(enhanced(), 0, "PlaneOrientationSequence", "WindowCenter") == 1


@pytest.mark.parametrize(
    ("tags", "modality"),
    [
        ({"Modality": "MR"}, "MR"),
        ({"Modality": "ct "}, "CT"),
        ({"Modality": ["SR", "MR"]}, "MR"),
        ({"Modality": "US", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.4"}, "US"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.4"}, "MR"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.2.1"}, "CT"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.481.2"}, ""),
        ({}, ""),
    ],
)
def test_modalities(tags: dict[str, Any], modality: str) -> None:
    assert modality_of(dataset(**tags)) == modality


def test_types_of_file_and_frame() -> None:
    frame = dataset(MRImageFrameTypeSequence=[dataset(FrameType=["original", "LOCALIZER"])])
    data = dataset(ImageType="DERIVED", SharedFunctionalGroupsSequence=[frame])
    assert image_types(data) == ["DERIVED", "ORIGINAL", "LOCALIZER"]
    assert image_types(dataset()) == []


@pytest.mark.parametrize(
    ("axes", "corner", "place"),
    [
        ([1, 0, 0, 0, 1, 0], [0, 0, 12.345], ("axial", 12.35)),
        ([0, 1, 0, 0, 0, -1], [7, 0, 0], ("sagittal", -7.0)),
        ([1, 0, 0, 0, 0, -1], [0, 3, 0], ("coronal", 3.0)),
        ([1, 0, 0, 0, 1, 0], None, ("axial", None)),
        ([1, 0, 0, 0, 1, 0], [0, 0], ("axial", None)),
        ([0, 0, 0, 0, 0, 0], [0, 0, 1], (None, None)),
        ([1, 0, 0], [0, 0, 1], (None, None)),
        (["nan", 0, 0, 0, 1, 0], [0, 0, 1], (None, None)),
        (None, [0, 0, 1], (None, None)),
    ],
)
def test_places(axes: Any, corner: Any, place: tuple[str | None, float | None]) -> None:
    data = dataset(ImageOrientationPatient=axes, ImagePositionPatient=corner)
    assert place_of(data, 0) == place


def test_the_first_spacing_that_can_be_true_counts() -> None:
    assert spacing_of(dataset(PixelSpacing=[1, 2], ImagerPixelSpacing=[1, 3]), 0) == (1, 2)
    assert spacing_of(dataset(PixelSpacing=[1, 0], ImagerPixelSpacing=[1, 3]), 0) == (1, 3)
    assert spacing_of(dataset(PixelSpacing=[1, 500], PixelAspectRatio=[2, 1]), 0) == (2, 1)
    assert spacing_of(dataset(), 0) == (1, 1)


@pytest.mark.parametrize(
    ("tags", "sequence"),
    [
        ({"SeriesDescription": "AX T2 FLAIR"}, "flair"),
        ({"ProtocolName": "t1_mprage"}, "t1"),
        ({"SeriesDescription": "AX T1", "ContrastBolusAgent": "Gadovist"}, "t1c"),
        ({"SeriesDescription": "AX T1", "ContrastBolusAgent": "NONE"}, "t1"),
        ({"SeriesDescription": "ep2d_diff", "ImageType": ["DERIVED", "PRIMARY", "ADC"]}, "adc"),
        ({"SeriesDescription": "head", "EchoTime": 98, "RepetitionTime": 4500}, "t2"),
        ({"SeriesDescription": "head", "EchoTime": 10, "RepetitionTime": 500}, "t1"),
        ({"SeriesDescription": "head", "EchoTime": 98, "RepetitionTime": 9000,
          "InversionTime": 2500}, "flair"),
        ({"SequenceName": "*tfl3d1", "SeriesDescription": "x"}, "t1"),
        ({"SeriesDescription": "head"}, "other"),
        ({"Modality": "CT", "SeriesDescription": "T1"}, None),
    ],
)  # fmt: skip
def test_sequences(tags: dict[str, Any], sequence: str | None) -> None:
    assert sequence_of(dataset(**{"Modality": "MR", **tags})) == sequence


def test_sequences_of_enhanced_files() -> None:
    kind = dataset(MRImageFrameTypeSequence=[dataset(AcquisitionContrast="FLUID_ATTENUATED")])
    assert sequence_of(dataset(Modality="MR", SharedFunctionalGroupsSequence=[kind])) == "flair"
    weighted = dataset(MRDiffusionSequence=[dataset(DiffusionBValue=1000.0)])
    plain = dataset(MRDiffusionSequence=[dataset(DiffusionBValue=0.0)])
    data = dataset(Modality="MR", PerFrameFunctionalGroupsSequence=[weighted, plain])
    assert [sequence_of(data, i) for i in (0, 1)] == ["dwi", "other"]
    echo = dataset(
        MREchoSequence=[dataset(EffectiveEchoTime=100.0)],
        MRTimingAndRelatedParametersSequence=[dataset(RepetitionTime="5000")],
    )
    assert sequence_of(dataset(Modality="MR", SharedFunctionalGroupsSequence=[echo])) == "t2"


def test_no_logger_of_pydicom_speaks_while_it_is_quiet(caplog: pytest.LogCaptureFixture) -> None:
    loggers = [logging.getLogger(n) for n in ("pydicom", "pydicom.pixels.decoders.base")]
    with quiet():
        for log in loggers:
            log.error("Doe^John")
    assert not caplog.records
    loggers[1].error("heard")
    assert [r.message for r in caplog.records] == ["heard"]


def test_millimetres_are_of_the_patient_alone() -> None:
    assert millimetres_of(dataset(PixelSpacing=[0.5, 0.75]), 0) == (0.5, 0.75)
    assert millimetres_of(dataset(ImagerPixelSpacing=[1, 3]), 0) is None
    assert millimetres_of(dataset(PixelAspectRatio=[2, 1]), 0) is None
    for wrong in ([1, 0], [1], [1, 500], [-1, -1]):
        assert millimetres_of(dataset(PixelSpacing=wrong), 0) is None
