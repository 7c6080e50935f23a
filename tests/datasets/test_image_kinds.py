from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from gliaboost.datasets.image_kinds import FORMATS, advice, kind_of

IMAGE = Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8))


def encoded(kind: str) -> bytes:
    file = io.BytesIO()
    IMAGE.save(file, kind)
    return file.getvalue()


@pytest.mark.parametrize("kind", FORMATS)
def test_kinds_that_are_read_are_told(kind: str) -> None:
    assert kind_of(encoded(kind)) == kind


@pytest.mark.parametrize(
    ("kind", "named"),
    [
        ("GIF", "a GIF picture"),
        ("WEBP", "a WebP picture"),
        ("JPEG2000", "a JPEG 2000 picture"),
        ("AVIF", "an AVIF picture"),
        ("PPM", "a Netpbm picture"),
        ("ICO", "an ICO picture"),
        ("DDS", "a DDS picture"),
    ],
)
def test_pictures_of_other_kinds_are_named(kind: str, named: str) -> None:
    data = encoded(kind)
    assert kind_of(data) is None
    assert named in advice(data)
    assert "PNG" in advice(data)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "a HEIC picture"),
        (b"\xff\x4f\xff\x51\0\x29", "a JPEG 2000 picture"),
        (b"\n <!DOCTYPE html><html>", "web page"),
        (b'<?xml version="1.0"?><svg/>', "web page or XML"),
        (b"%PDF-1.7", "PDF document"),
        (b"PK\x03\x04rest", "ZIP archive"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer"),
        (bytes(128) + b"DICM", "gliaboost manifest dicom FOLDER"),
        (b"MATLAB 5.0 MAT-file", "gliaboost manifest figshare FOLDER"),
    ],
)
def test_other_files_are_named(data: bytes, said: str) -> None:
    assert kind_of(data) is None
    assert said in advice(data)


@pytest.mark.parametrize("data", [b"", b"words", bytes(600), b"\xff\xd8", b"P9 "])
def test_nothing_is_said_of_what_is_unknown(data: bytes) -> None:
    assert advice(data) == ""
