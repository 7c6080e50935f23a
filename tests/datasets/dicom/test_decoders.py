from __future__ import annotations

import numpy as np
import pytest

from gliaboost.datasets.dicom.decoders import (
    LABEL,
    SAFE,
    _size,
    _size_2000,
    is_available,
    safe_plugin,
)

imagecodecs = pytest.importorskip("imagecodecs")
uid = pytest.importorskip("pydicom.uid")


def test_only_decoders_that_survive_damage_are_used() -> None:
    for syntax in (uid.JPEGLossless, uid.JPEGLosslessSV1, uid.JPEGLSLossless, uid.JPEG2000Lossless,
                   uid.JPEGExtended12Bit, uid.JPEGBaseline8Bit, uid.HTJ2KLossless):  # fmt: skip
        assert safe_plugin(syntax) == LABEL
        assert is_available(syntax)
    assert safe_plugin(uid.RLELossless) == "pydicom"
    assert not {"gdcm", "pylibjpeg"} & set(SAFE)
    with pytest.raises(NotImplementedError):
        safe_plugin(uid.MPEG2MPML)


@pytest.mark.parametrize("shape", [(7, 300), (300, 7, 3)])
def test_sizes_are_read_from_the_streams(shape: tuple[int, ...]) -> None:
    pixels = np.zeros(shape, np.uint8)
    expected = (shape[0], shape[1], 3 if len(shape) > 2 else 1)
    assert _size(imagecodecs.jpeg_encode(pixels)) == expected
    assert _size(imagecodecs.jpeg_encode(pixels, lossless=True)) == expected
    assert _size(imagecodecs.jpegls_encode(pixels)) == expected
    for kind in ("j2k", "jp2"):
        assert _size_2000(imagecodecs.jpeg2k_encode(pixels, codecformat=kind)) == expected


@pytest.mark.parametrize("stream", [b"", b"\xff\xd8", b"\xff\xd8" + bytes(40), b"x" * 99])
def test_what_is_no_stream_has_no_size(stream: bytes) -> None:
    assert _size(stream) is None
    assert _size_2000(stream) is None
