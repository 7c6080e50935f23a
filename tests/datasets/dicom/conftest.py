from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

MR, CT = "1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.2"


def _encode(pixels: NDArray[Any] | None, *, elements: Sequence[Any] = (), **tags: Any) -> bytes:
    """A DICOM file with these pixels and tags; a tag that is None is left out."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import UID, ExplicitVRBigEndian, ExplicitVRLittleEndian, generate_uid

    data: Any = Dataset()
    syntax = UID(tags.pop("TransferSyntaxUID", ExplicitVRLittleEndian))
    modality = tags.setdefault("Modality", "MR")
    data.SOPClassUID = tags.pop("SOPClassUID", CT if modality == "CT" else MR)
    data.SOPInstanceUID = generate_uid()
    data.PatientID, data.PatientName, data.Modality = "4711", "Doe^John", "MR"
    if pixels is not None:
        colour = pixels.ndim > 2 and pixels.shape[-1] == 3
        frames = pixels.ndim - 2 - colour
        if frames:
            data.NumberOfFrames = len(pixels)
        data.Rows, data.Columns = pixels.shape[frames : frames + 2]
        data.SamplesPerPixel = 3 if colour else 1
        data.PhotometricInterpretation = "RGB" if colour else "MONOCHROME2"
        if colour:
            data.PlanarConfiguration = 0
        bits = 8 * pixels.dtype.itemsize
        data.BitsAllocated, data.BitsStored, data.HighBit = bits, bits, bits - 1
        big = syntax == ExplicitVRBigEndian
        content = pixels.astype(pixels.dtype.newbyteorder(">" if big else "<")).tobytes()
        if pixels.dtype.kind == "f":
            setattr(data, "FloatPixelData" if bits == 32 else "DoubleFloatPixelData", content)
        else:
            data.PixelRepresentation = int(pixels.dtype.kind == "i")
            data.PixelData = content + b"\0" * (len(content) % 2)
            data["PixelData"].VR = "OW" if bits > 8 else "OB"
    for name, value in tags.items():
        if value is None:
            if name in data:
                delattr(data, name)
        else:
            with warnings.catch_warnings():  # malformed values are the point of some tests
                warnings.simplefilter("ignore")
                setattr(data, name, value)
    for element in elements:
        data.add(element)
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = syntax
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    stream = io.BytesIO()
    data.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


@pytest.fixture
def encode() -> Callable[..., bytes]:
    """Make the bytes of a DICOM file from pixels and tags."""
    pytest.importorskip("pydicom")
    return _encode


@pytest.fixture
def ramp() -> NDArray[np.uint16]:
    return np.linspace(0, 1000, 32 * 32).reshape(32, 32).astype(np.uint16)
