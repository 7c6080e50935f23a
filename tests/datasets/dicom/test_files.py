from __future__ import annotations

import io
import struct
import tracemalloc
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gliaboost.datasets.dicom import files
from gliaboost.datasets.dicom.files import HEAD, is_dicom, is_dicom_file, open_dicom
from gliaboost.datasets.image_source import ImageSource
from gliaboost.errors import DecodeError, MissingExtraError

Encode = Callable[..., bytes]
IMPLICIT, EXPLICIT, BIG_ENDIAN = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"


def rows(content: bytes) -> int:
    return int(open_dicom(ImageSource("x", content)).Rows)


def bare(content: bytes, *, meta: bool) -> bytes:
    """Take the preamble off, and the meta group too."""
    if meta:
        return content[132:]
    length = struct.unpack("<I", content[140:144])[0]
    return content[144 + length :]


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG_ENDIAN])
def test_files_without_a_preamble_are_read(
    encode: Encode, ramp: NDArray[np.uint16], syntax: str
) -> None:
    whole = encode(ramp, TransferSyntaxUID=syntax)
    for content in (whole, bare(whole, meta=True), bare(whole, meta=False), whole[128:]):
        assert is_dicom(content[:HEAD])
        data = open_dicom(ImageSource("x", content))
        assert data.file_meta.TransferSyntaxUID == syntax
        np.testing.assert_array_equal(data.pixel_array, ramp)
    # Zeros where the preamble would be, and no mark after them.
    padded = bytes(128) + bare(whole, meta=False)
    assert is_dicom(padded[:HEAD])
    np.testing.assert_array_equal(open_dicom(ImageSource("x", padded)).pixel_array, ramp)


@pytest.mark.parametrize("preamble", [b"II*\0", b"MM\0*", b"II+\0", b"\x89PNG\r\n\x1a\n", b"BM"])
def test_a_preamble_of_another_format_changes_nothing(
    encode: Encode, ramp: NDArray[np.uint16], preamble: bytes
) -> None:
    content = preamble.ljust(128, b"x") + encode(ramp)[128:]
    assert is_dicom(content[:HEAD])
    assert rows(content) == 32


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"DIC",
        bytes(600),
        b"patient,label\n7,glioma\n",
        b"\x89PNG\r\n\x1a\n" + bytes(200),
        b"\x08\x00",
        b"\x08\x00\x05\x00\xff\xff\xff\xff" + bytes(200),
        b"\x08\x00\x05\x00\x03\x00\x00\x00" + bytes(200),
        b"\x02\x00\x00\x00\x04\x00\x00\x00abcd\x01\x00\x01\x00",
        struct.pack("<4H", 8, 8, 8, 8) + bytes(200),
    ],
)
def test_other_files_are_no_dicom(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(content)
    assert not is_dicom_file(tmp_path / "x")
    with pytest.raises(DecodeError, match="no DICOM"):
        open_dicom(ImageSource("x", content))


def test_what_only_begins_like_dicom_is_none(tmp_path: Path) -> None:
    content = b"\x08\x00\x05\x00CS\x04\x00abcd" + b"\xff" * 500
    with pytest.raises(DecodeError, match="no DICOM"):
        open_dicom(ImageSource("x", content))


def test_a_folder_or_nothing_is_no_dicom(tmp_path: Path) -> None:
    assert not is_dicom_file(tmp_path)
    assert not is_dicom_file(tmp_path / "absent")
    with pytest.raises(DecodeError, match="no such file"):
        open_dicom(tmp_path / "absent")
    with pytest.raises(DecodeError, match="is a folder"):
        open_dicom(tmp_path)


def test_a_path_and_its_bytes_say_the_same(
    encode: Encode, ramp: NDArray[np.uint16], tmp_path: Path
) -> None:
    (tmp_path / "x").write_bytes(encode(ramp))
    with_pixels, without = open_dicom(tmp_path / "x"), open_dicom(tmp_path / "x", pixels=False)
    np.testing.assert_array_equal(with_pixels.pixel_array, ramp)
    assert without.Rows == 32
    assert "PixelData" not in without


def deflated(content: bytes, body: bytes | None = None) -> bytes:
    """The same file in the deflated transfer syntax."""
    at = 144 + struct.unpack("<I", content[140:144])[0]
    before = b"UI\x14\0" + EXPLICIT.encode() + b"\0"
    meta = content[:at].replace(before, b"UI\x16\0" + EXPLICIT.encode() + b".99")
    assert len(meta) == at + 2
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return meta + packer.compress(content[at:] if body is None else body) + packer.flush()


def test_deflated_files_are_inflated_up_to_a_cap(
    encode: Encode, ramp: NDArray[np.uint16], monkeypatch: pytest.MonkeyPatch
) -> None:
    content = deflated(encode(ramp))
    np.testing.assert_array_equal(open_dicom(ImageSource("x", content)).pixel_array, ramp)
    monkeypatch.setattr(files, "_MOST_INFLATED", 1500)
    with pytest.raises(DecodeError, match="inflates to more than 1,500 bytes"):
        open_dicom(ImageSource("x", content))


def test_a_bomb_is_inflated_no_further_than_the_cap(
    encode: Encode, ramp: NDArray[np.uint16], monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = deflated(encode(ramp), bytes(30_000_000))
    monkeypatch.setattr(files, "_MOST_INFLATED", 100_000)
    tracemalloc.start()
    try:
        with pytest.raises(DecodeError, match="inflates to more"):
            open_dicom(ImageSource("x", bomb))
        assert tracemalloc.get_traced_memory()[1] < 3_000_000
    finally:
        tracemalloc.stop()


def test_what_is_not_deflated_but_says_so_is_damaged(
    encode: Encode, ramp: NDArray[np.uint16]
) -> None:
    content = deflated(encode(ramp))
    with pytest.raises(DecodeError, match="said to be deflated, and is not"):
        open_dicom(ImageSource("x", content[:400] + b"\xff" * 200))


def test_tags_left_out_are_filled_in_where_they_can_be_no_other(
    encode: Encode, ramp: NDArray[np.uint16]
) -> None:
    missing: dict[str, Any] = dict.fromkeys(
        ("SamplesPerPixel", "PhotometricInterpretation", "BitsStored", "HighBit",
         "PixelRepresentation", "BitsAllocated")
    )  # fmt: skip
    data = open_dicom(ImageSource("x", encode(ramp, **missing)))
    np.testing.assert_array_equal(data.pixel_array, ramp)
    eight = open_dicom(ImageSource("x", encode((ramp // 4).astype(np.uint8), **missing)))
    np.testing.assert_array_equal(eight.pixel_array, ramp // 4)


def test_frames_that_are_none_are_one(encode: Encode, ramp: NDArray[np.uint16]) -> None:
    assert open_dicom(ImageSource("x", encode(ramp, NumberOfFrames=0))).NumberOfFrames == 1


def test_nothing_that_pydicom_says_of_a_patient_is_repeated(
    encode: Encode, ramp: NDArray[np.uint16]
) -> None:
    from pydicom.dataelem import DataElement

    whole = encode(ramp)
    # A name where a date belongs: pydicom warns, and quotes it.
    broken = whole.replace(b"Doe^John", b"Doe^\xff\xfe\xfd!")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for content in (whole, broken, whole[:700]):
            open_dicom(ImageSource("x", content), pixels=False)
    stream = io.BytesIO()
    data = open_dicom(ImageSource("x", whole))
    with pytest.warns(UserWarning, match="Doe"):
        data.add(DataElement(0x00101010, "AS", "Doe"))
    data.save_as(stream)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        open_dicom(ImageSource("x", stream.getvalue()))


def test_a_missing_library_names_the_extra(
    encode: Encode, ramp: NDArray[np.uint16], monkeypatch: pytest.MonkeyPatch
) -> None:
    content = encode(ramp)
    monkeypatch.setitem(__import__("sys").modules, "pydicom", None)
    with pytest.raises(MissingExtraError, match=r"gliaboost\[dicom\]"):
        open_dicom(ImageSource("x", content))


def test_tags_of_the_layout_that_cannot_be_read_are_as_good_as_none(
    encode: Encode, ramp: NDArray[np.uint16]
) -> None:
    whole = encode(ramp)
    # (0028,0002), (0028,0004) and (0028,0101) with a VR that there is not.
    for tag, vr in ((b"\x28\0\x02\0", b"US"), (b"\x28\0\x04\0", b"CS"), (b"\x28\0\x01\x01", b"US")):
        assert whole.count(tag + vr) == 1
        data = open_dicom(ImageSource("x", whole.replace(tag + vr, tag + b"Q\x97")))
        np.testing.assert_array_equal(data.pixel_array, ramp)


def test_a_transfer_syntax_that_is_none_is_told_by_the_data(
    encode: Encode, ramp: NDArray[np.uint16]
) -> None:
    whole = encode(ramp)
    assert whole.count(EXPLICIT.encode() + b"\0") == 1
    for other in (b"1.2.840.10008.5.1.3\0", b"x.2.840.10008.1.2.1\0"):
        data = open_dicom(ImageSource("x", whole.replace(EXPLICIT.encode() + b"\0", other)))
        np.testing.assert_array_equal(data.pixel_array, ramp)
