from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gliaboost.datasets.dicom import passing
from gliaboost.datasets.dicom.files import open_dicom
from gliaboost.datasets.dicom.passing import no_image, no_slice
from gliaboost.datasets.image_source import ImageSource

Encode = Callable[..., bytes]
AXIAL = [1, 0, 0, 0, 1, 0]
CAPTURE = "1.2.840.10008.5.1.4.1.1.7"


def opened(content: bytes) -> Any:
    return open_dicom(ImageSource("x", content), pixels=False)


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ({"Modality": "RTSTRUCT"}, "RT structure set"),
        ({"Modality": "SR"}, "structured report"),
        ({"Modality": "DOC"}, "document"),
        ({"Modality": "PR"}, "presentation state"),
        ({"Modality": "SEG"}, "segmentation (DICOM-SEG)"),
        ({"Modality": "MR", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.66.4"},
         "segmentation (DICOM-SEG)"),
        ({"Modality": "US"}, "modality US, neither MR nor CT"),
        ({"Modality": None, "SOPClassUID": "1.2.840.10008.5.1.4.1.1.104.1"},
         "Encapsulated PDF, neither MR nor CT"),
        ({"Modality": None, "SOPClassUID": "1.2.3"}, "modality unknown, neither MR nor CT"),
        ({"Modality": None, "SOPClassUID": "1.2.840.10008.1.3.10"}, "DICOMDIR"),
        ({"Modality": "MR", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.4.2", "Rows": None},
         "MR Spectroscopy, no pixels"),
        ({"Modality": "CT", "Columns": 0}, "CT Image, no pixels"),
    ],
)  # fmt: skip
def test_what_is_no_image(
    encode: Encode, ramp: NDArray[np.uint16], tags: dict[str, Any], reason: str
) -> None:
    assert no_image(opened(encode(ramp, **tags))) == reason


def test_a_modality_that_is_no_code_is_not_repeated(
    encode: Encode, ramp: NDArray[np.uint16]
) -> None:
    assert no_image(opened(encode(ramp, Modality="Doe, John"))) == "MR Image, neither MR nor CT"


def test_images_are_images(encode: Encode, ramp: NDArray[np.uint16]) -> None:
    for tags in ({}, {"Modality": "CT"}, {"Modality": None}):
        data = opened(encode(ramp, **tags))
        assert no_image(data) is None
        assert no_slice(data) is None


def test_more_pixels_than_the_cap(
    encode: Encode, ramp: NDArray[np.uint16], monkeypatch: pytest.MonkeyPatch
) -> None:
    content = encode(np.stack([ramp] * 3))
    assert no_image(opened(content)) is None
    monkeypatch.setattr(passing, "MAX_BYTES", 2 * ramp.nbytes)
    assert no_image(opened(content)) == "more than the cap of 4,096 bytes of pixels"


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ({"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, "localizer"),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "OTHER"], "SeriesDescription": "3-plane loc"},
         "localizer"),
        ({"SeriesDescription": "AAHead_Scout"}, "localizer"),
        ({"SeriesDescription": "Topogram 0.6"}, "localizer"),
        ({"SeriesDescription": "SURVEY"}, "localizer"),
        ({"SeriesDescription": "T/S/C FAST PILOT"}, "localizer"),
        ({"ImageType": ["DERIVED", "SECONDARY", "PROJECTION IMAGE"],
          "ImageOrientationPatient": AXIAL}, "projection (MIP)"),
        ({"ImageType": ["DERIVED", "PRIMARY", "M", "MIP"]}, "projection (MIP)"),
        ({"SeriesDescription": "locally advanced glioma"}, None),
        ({"SeriesDescription": "t1 velocity"}, None),
        ({"ImageType": ["DERIVED", "SECONDARY"]}, "screenshot"),
        ({"ImageType": ["DERIVED", "SECONDARY", "SCREEN SAVE"], "ImageOrientationPatient": AXIAL},
         "screenshot"),
        ({"ImageType": ["DERIVED", "SECONDARY", "MPR"], "ImageOrientationPatient": AXIAL}, None),
        ({"ImageType": ["DERIVED", "PRIMARY"]}, None),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "M", "ND"]}, None),
        ({"SOPClassUID": CAPTURE}, "screenshot"),
        ({"SOPClassUID": CAPTURE, "ImageOrientationPatient": AXIAL}, None),
        ({"BurnedInAnnotation": "YES"}, "text burnt in"),
        ({"BurnedInAnnotation": "NO"}, None),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "M", "ND", "MOSAIC"]}, "mosaic of slices"),
    ],
)  # fmt: skip
def test_what_is_no_slice_to_learn_from(
    encode: Encode, ramp: NDArray[np.uint16], tags: dict[str, Any], reason: str | None
) -> None:
    data = opened(encode(ramp, **tags))
    assert no_image(data) is None
    assert no_slice(data) == reason
