from __future__ import annotations

import io
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from gliaboost.datasets.decoding_version import decoded_alike
from gliaboost.datasets.image_source import ImageSource

GREY = np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)
DEEP = GREY.astype(np.uint16) * 16


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def tiff(values: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, values, metadata=None, **options)
    return file.getvalue()


JPEG = encoded(Image.fromarray(GREY), "JPEG")
RAMP = np.tile(np.arange(256, dtype=np.uint16), (3, 1))


@pytest.mark.parametrize(
    "data",
    [
        JPEG,
        encoded(Image.fromarray(GREY), "PNG"),
        encoded(Image.fromarray(DEEP), "PNG"),
        encoded(Image.fromarray(GREY).convert("RGBA"), "PNG"),
        encoded(Image.fromarray(GREY), "TIFF"),
        encoded(Image.fromarray(GREY).convert("RGB"), "BMP"),
        tiff(GREY, photometric="palette", colormap=RAMP * 257),
    ],
    ids=range(7),
)
def test_most_files_are_decoded_as_ever(data: bytes) -> None:
    assert decoded_alike(ImageSource("x", data))


@pytest.mark.parametrize(
    "data",
    [
        JPEG[: len(JPEG) // 2] + b"\xff\xd9",
        cv2.imencode(".png", np.dstack([DEEP] * 3))[1].tobytes(),
        tiff(np.dstack([DEEP] * 3), photometric="rgb"),
        tiff(GREY.astype(np.int8), photometric="minisblack"),
        tiff(GREY, photometric="palette", colormap=RAMP),
        encoded(Image.fromarray(GREY).convert("RGBA"), "BMP"),
        b"",
        b"BM",
        b"II*\0",
    ],
    ids=range(9),
)
def test_files_that_were_decoded_wrongly_are_told(data: bytes) -> None:
    assert not decoded_alike(ImageSource("x", data))
