from __future__ import annotations

import io
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from gliaboost.datasets.jpeg import frame_header
from gliaboost.datasets.jpeg_pixels import jpeg_pixels


def scene(size: int = 160) -> Image.Image:
    y, x = np.mgrid[:size, :size] / size
    noise = np.random.default_rng(0).normal(0, 6, (size, size))
    return Image.fromarray(np.clip(120 + 90 * np.sin(9 * x * y) + noise, 0, 255).astype(np.uint8))


def encoded(**options: Any) -> bytes:
    file = io.BytesIO()
    image = scene().convert(options.pop("mode", "L"))
    image.save(file, "JPEG", **{"quality": 85, **options})
    return file.getvalue()


KINDS: dict[str, bytes] = {
    "baseline": encoded(),
    "optimised": encoded(optimize=True),
    "progressive": encoded(progressive=True),
    "colour": encoded(mode="RGB"),
    "progressive colour": encoded(mode="RGB", progressive=True),
    "restarts": encoded(restart_marker_blocks=7),
    "coarse": encoded(quality=30),
}
by_kind = pytest.mark.parametrize("kind", KINDS)


def read(data: bytes) -> NDArray[np.uint8]:
    return jpeg_pixels(data, frame_header(data))[..., 0]


def scan(data: bytes) -> int:
    return data.index(b"\xff\xda")


@by_kind
def test_pixels_are_opencvs_to_the_last_bit(kind: str) -> None:
    expected = cv2.imdecode(np.frombuffer(KINDS[kind], np.uint8), cv2.IMREAD_GRAYSCALE)
    np.testing.assert_array_equal(read(KINDS[kind]), expected)


def odd_but_whole(data: bytes) -> dict[str, bytes]:
    at = scan(data)
    comment = b"\xff\xfe\x00\x06abcd"
    jfif = data.index(b"JFIF\0")
    return {
        "two stray bytes before the scan": data[:at] + b"\x12\x34" + data[at:],
        "stray zeros before the scan": data[:at] + bytes(9) + data[at:],
        "stray bytes behind the start": data[:2] + b"\x00\x01" + data[2:],
        "two stray bytes before the end": data[:-2] + b"\x12\x34" + data[-2:],
        "zeros before the end": data[:-2] + bytes(40) + data[-2:],
        "fill bytes before the end": data[:-2] + b"\xff" * 40 + data[-2:],
        "fill bytes before the scan": data[:at] + b"\xff" * 3 + data[at:],
        "no end": data[:-2],
        "half an end": data[:-1],
        "zeros for an end": data[:-2] + bytes(500),
        "a trailer": data + b"\xff\xc0\xff\xff trailer",
        "a second picture": data + data,
        "a comment": data[:at] + comment + data[at:],
        "a comment that is longer than it says": data[:at] + comment + b"yz" + data[at:],
        "JFIF of tomorrow": data[: jfif + 5] + b"\x07" + data[jfif + 6 :],
        "Adobe of tomorrow": data[:2] + b"\xff\xee\x00\x0eAdobe\0\x64\0\0\0\0\x09" + data[2:],
        "malformed Exif": data[:2] + b"\xff\xe1\x00\x0aExif\0\0\0\0" + data[2:],
        "a malformed profile": data[:2] + b"\xff\xe2\x00\x10ICC_PROFILE\0\x00\x00" + data[2:],
    }


@by_kind
@pytest.mark.parametrize("oddity", odd_but_whole(KINDS["baseline"]))
def test_a_picture_that_is_all_there_is_read(kind: str, oddity: str) -> None:
    data = KINDS[kind]
    np.testing.assert_array_equal(read(odd_but_whole(data)[oddity]), read(data))


def test_stray_bytes_between_scans_are_passed_over() -> None:
    data = KINDS["progressive"]
    starts = [i for i in range(len(data)) if data[i : i + 2] == b"\xff\xda"]
    tables = sorted({data.rindex(b"\xff\xc4", 0, at) for at in starts[1:]})
    for stray in (b"\x12\x34", bytes(30)):
        odd = data
        for at in reversed(tables):
            odd = odd[:at] + stray + odd[at:]
        np.testing.assert_array_equal(read(odd), read(data))


def damaged(data: bytes) -> dict[str, bytes]:
    at = scan(data) + 20
    middle = (at + len(data)) // 2
    hole = slice(middle, middle + (len(data) - at) // 4)
    noise = np.random.default_rng(0).bytes(hole.stop - hole.start)
    return {
        "half a scan": data[:middle],
        "half a scan and an end": data[:middle] + b"\xff\xd9",
        "half a scan and zeros": data[:middle] + bytes(len(data) - middle),
        "half a scan, zeros and an end": data[:middle] + bytes(len(data) - middle) + b"\xff\xd9",
        "a hole": data[: hole.start] + data[hole.stop :],
        "a hole of zeros": data[: hole.start] + bytes(len(noise)) + data[hole.stop :],
        "a hole of ones": data[: hole.start] + b"\xff" * len(noise) + data[hole.stop :],
        "a hole of noise": data[: hole.start] + noise + data[hole.stop :],
        "an end in the middle": data[:middle] + b"\xff\xd9" + data[middle:],
        "four bytes missing": data[:-6] + b"\xff\xd9",
        "four bytes and the end missing": data[:-6],
    }


@by_kind
@pytest.mark.parametrize("damage", damaged(KINDS["baseline"]))
def test_a_picture_of_which_a_part_is_missing_is_refused(kind: str, damage: str) -> None:
    data = damaged(KINDS[kind])[damage]
    # OpenCV shows these, filled with grey, without a word.
    with pytest.raises(ValueError, match=r"."):
        read(data)


def test_a_lost_restart_is_refused() -> None:
    data = KINDS["restarts"]
    for marker in (b"\xff\xd2", b"\xff\xd5"):
        at = data.index(marker, scan(data))
        with pytest.raises(ValueError, match=r"extraneous|premature"):
            read(data[:at] + data[at + 2 :])


def test_a_progressive_file_without_its_last_scan_is_refused() -> None:
    data = KINDS["progressive"]
    last = data.rindex(b"\xff\xda")
    with pytest.raises(ValueError, match="no end marker: the rest is missing"):
        read(data[:last])


def test_what_is_damaged_is_said() -> None:
    data = KINDS["baseline"]
    with pytest.raises(ValueError, match=r"^premature end of data segment$"):
        read(data[: len(data) // 2] + b"\xff\xd9")
    with pytest.raises(ValueError, match=r"^no end marker: the rest is missing; premature"):
        read(data[: len(data) // 2])
