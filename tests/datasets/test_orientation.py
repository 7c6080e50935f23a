from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image, ImageOps

from gliaboost.datasets.orientation import TAG, exif_orientation, upright

PIXELS = np.arange(12, dtype=np.uint8).reshape(3, 4)


def exif_of(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[TAG] = orientation
    return exif.tobytes()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_turned_as_by_pillow(orientation: int) -> None:
    file = io.BytesIO()
    Image.fromarray(PIXELS).save(file, "PNG", exif=exif_of(orientation))
    turned = ImageOps.exif_transpose(Image.open(file))
    np.testing.assert_array_equal(upright(PIXELS, orientation), np.asarray(turned))
    assert exif_orientation(exif_of(orientation)) == orientation


@pytest.mark.parametrize("orientation", [-1, 0, 9, 70000])
def test_what_is_no_orientation_turns_nothing(orientation: int) -> None:
    np.testing.assert_array_equal(upright(PIXELS, orientation), PIXELS)


def test_channels_stay_last() -> None:
    assert upright(np.zeros((3, 4, 2)), 6).shape == (4, 3, 2)


def test_only_the_orientation_is_believed() -> None:
    block = bytearray(exif_of(6).removeprefix(b"Exif\0\0"))
    assert exif_orientation(bytes(block)) == 6  # as in a PNG, without its name
    assert exif_orientation(bytes(block[:-4])) == 6  # no word of what follows
    count = block.index(b"\x01\x12") if block.startswith(b"MM") else block.index(b"\x12\x01")
    other = block[:count] + block[count : count + 12] + block[count:]
    other[count : count + 12] = struct.pack(
        ">HHII" if block.startswith(b"MM") else "<HHII", 0x100, 4, 10**8, 10**8
    )
    other[count - 2 : count] = struct.pack(">H" if block.startswith(b"MM") else "<H", 2)
    assert exif_orientation(bytes(other)) == 6


@pytest.mark.parametrize("exif", [None, b"", b"Exif\0\0", b"Exif\0\0junk", exif_of(6)[:12]])
def test_damaged_exif_is_upright(exif: bytes | None) -> None:
    assert exif_orientation(exif) == 1
