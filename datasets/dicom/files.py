"""DICOM files opened: with or without a preamble, deflated, or with tags left out."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from gliaboost.datasets.dicom.tags import number, quiet, text_of, value_of
from gliaboost.datasets.image_source import MAX_BYTES, ImageLike, ImageSource
from gliaboost.errors import DecodeError, MissingExtraError
from gliaboost.regular_files import open_regular

PREAMBLE = 128
MAGIC = b"DICM"
# As many bytes as tell whether a file is DICOM.
HEAD = 512
DEFLATED = "1.2.840.10008.1.2.1.99"
IMPLICIT, EXPLICIT = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"
BIG_ENDIAN = "1.2.840.10008.1.2.2"
PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
# A few bytes of it may unpack to gigabytes, before anything of the file is known.
_MOST_INFLATED = MAX_BYTES // 4
# Tags and what stands in them: of a thousand frames some hundred thousand; large are pixels alone.
_MOST_READS = 600_000
_LONGEST, _LONGEST_LIST, _NO_LENGTH = 2**26, 2**23, 2**32 - 1
_PIXEL_TAGS = (0x7FE00008, 0x7FE00009, 0x7FE00010)
# Elements that a data set without a preamble begins with.
_FIRST_GROUPS = (0x0002, 0x0008)
_LAST_FIRST_ELEMENT = 0x0070
_LONGEST_FIRST_VALUE = 4096


def is_dicom(head: bytes) -> bool:
    """Whether a file that begins so is DICOM: by its mark, or by its first element.

    Parameters
    ----------
    head : bytes
        The first `HEAD` bytes, or all there are.

    Examples
    --------
    >>> is_dicom(bytes(128) + b"DICM"), is_dicom(b"Dear patient, ...")
    (True, False)
    """
    return _start(head) is not None


def is_dicom_file(file: Path) -> bool:
    """Whether a file is DICOM by how it begins; False for one that cannot be read."""
    try:
        with open_regular(file) as f:
            return is_dicom(f.read(HEAD))
    except OSError:
        return False


def open_dicom(image: ImageLike, *, pixels: bool = True) -> Any:
    """Read a DICOM file or its bytes, without decoding pixels.

    Parameters
    ----------
    image : path-like or ImageSource
        The file.
    pixels : bool
        Read the encoded pixels too; False stops before them.

    Returns
    -------
    pydicom.dataset.FileDataset
        With a transfer syntax, and with those tags of the pixels' layout that were left out and can
        be no other.

    Raises
    ------
    DecodeError
        If it is no DICOM, or larger than `MAX_BYTES` as it is or inflated. The reason repeats
        nothing of the file's content.
    MissingExtraError
        If pydicom is not installed.
    """
    try:
        import pydicom
    except ImportError as error:
        raise MissingExtraError("pydicom", "dicom", "reading DICOM") from error

    source = ImageSource.of(image)
    with quiet(), _stream(source) as stream:
        head = stream.read(HEAD)
        start = _start(head)
        if start is None:
            raise DecodeError(source.name, "no DICOM")
        stream.seek(0)
        try:
            inflated = _inflated(source, stream)
            if inflated is not None:
                stream = io.BytesIO(inflated)
            elif start:
                stream = io.BytesIO(_with_preamble(stream.read(), start))
            data = _read(stream, pixels=pixels)
            if inflated is not None:
                data.file_meta.TransferSyntaxUID = pydicom.uid.UID(EXPLICIT)
            _complete(data)
        except DecodeError:
            raise
        except _ManyTagsError:
            raise DecodeError(source.name, "more tags, or longer ones, than a file has") from None
        except Exception as error:  # pydicom raises what it likes, and quotes what it read
            reason = f"no DICOM that can be read ({type(error).__name__})"
            raise DecodeError(source.name, reason) from None
        # Without the mark, a few bytes may have been taken for a tag.
        if MAGIC not in (head[:4], head[PREAMBLE : PREAMBLE + 4]) and not any(
            name in data for name in ("SOPClassUID", "Modality", "Rows")
        ):
            raise DecodeError(source.name, "no DICOM")
    return data


class _Counted:
    """A stream that is read so often and no more: each tag takes a look or two, and 400 bytes."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._left = stream, _MOST_READS
        self.seek, self.tell, self.name = stream.seek, stream.tell, ""

    def read(self, size: int = -1) -> bytes:
        self._left -= 1
        if self._left < 0:
            raise _ManyTagsError
        return self._stream.read(size)


class _ManyTagsError(Exception):
    """More tags than any file has."""


def _read(stream: BinaryIO, *, pixels: bool) -> Any:
    from pydicom.filereader import read_partial

    def stop(tag: Any, kind: str | None, length: int) -> bool:
        if tag in _PIXEL_TAGS:
            return not pixels
        # What stands in a sequence is read when it is asked for, from the bytes that it has.
        if length != _NO_LENGTH and length > (_LONGEST_LIST if kind == "SQ" else _LONGEST):
            raise _ManyTagsError
        return False

    counted: Any = _Counted(stream)
    return read_partial(counted, stop, force=True)


def _stream(source: ImageSource) -> BinaryIO:
    if source.data is not None:
        return io.BytesIO(source.read())
    try:
        stream = open_regular(source.name)
        if stream.seek(0, 2) <= MAX_BYTES:
            stream.seek(0)
            return stream
        stream.close()
    except OSError:
        pass
    # Says what is wrong with it.
    return io.BytesIO(source.read())


def _start(head: bytes) -> int | None:
    """How many bytes a DICOM file lacks before its data; below 0: has too many. None: another."""
    if head[PREAMBLE : PREAMBLE + 4] == MAGIC:
        return 0
    if head[:4] == MAGIC:
        return PREAMBLE
    if _begins(head):
        return 0
    if len(head) > PREAMBLE and not any(head[:PREAMBLE]) and _begins(head[PREAMBLE:]):
        return -PREAMBLE
    return None


def _with_preamble(content: bytes, start: int) -> bytes:
    return bytes(start) + content if start > 0 else content[-start:]


def _begins(head: bytes) -> bool:
    """Whether a data set begins here: a tag that comes first, then a VR, or a length that fits."""
    if len(head) < 8:
        return False
    for order in "<>":
        group, element = struct.unpack(f"{order}HH", head[:4])
        if group not in _FIRST_GROUPS or element > _LAST_FIRST_ELEMENT:
            continue
        if head[4:6].isalpha() and head[4:6].isupper():
            return True
        length = int.from_bytes(head[4:8], "little" if order == "<" else "big")
        following = 8 + length
        if length > _LONGEST_FIRST_VALUE or length % 2 or (element == 0 and length != 4):
            continue
        if following + 4 > len(head):
            return following > HEAD - 4
        after: tuple[int, int] = struct.unpack(f"{order}HH", head[following : following + 4])
        return bool(after[0] in (group, *_FIRST_GROUPS) and after > (group, element))
    return False


def _inflated(source: ImageSource, stream: BinaryIO) -> bytes | None:
    """Inflate a deflated data set, no further than the cap; None for another."""
    head = stream.read(8 * HEAD)
    stream.seek(0)
    meta = _meta(head)
    if meta is None or meta[0] != DEFLATED:
        return None
    stream.seek(meta[1])
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        content = unpacker.decompress(stream.read(), _MOST_INFLATED + 1)
    except zlib.error:
        raise DecodeError(source.name, "damaged: is said to be deflated, and is not") from None
    if len(content) > _MOST_INFLATED:
        raise DecodeError(source.name, f"inflates to more than {_MOST_INFLATED:,} bytes")
    return content


def _meta(head: bytes) -> tuple[str, int] | None:
    """Read the transfer syntax from the file's meta group, and where that group ends."""
    if head[PREAMBLE : PREAMBLE + 4] != MAGIC:
        return None
    at, syntax = PREAMBLE + 4, ""
    while at + 8 <= len(head):
        group, element = struct.unpack("<HH", head[at : at + 4])
        if group != 2:
            break
        long = head[at + 4 : at + 6] in (b"OB", b"UN")
        size = struct.unpack(
            "<I" if long else "<H", head[at + 8 : at + 12] if long else head[at + 6 : at + 8]
        )[0]
        at += 12 if long else 8
        if element == 0x0010:
            syntax = head[at : at + size].rstrip(b"\0 ").decode("ascii", "replace")
        at += size
    return syntax, at


def _complete(data: Any) -> None:
    """Fill in what was left out of the pixels' layout, where it can be no other."""
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import UID

    if getattr(data, "file_meta", None) is None:
        data.file_meta = FileMetaDataset()
    syntax = UID(text_of(data.file_meta, "TransferSyntaxUID"))
    if not syntax.is_valid or not (syntax.is_transfer_syntax or syntax.is_private):
        implicit, little = data.original_encoding
        syntax = UID(IMPLICIT if implicit else EXPLICIT if little in (True, None) else BIG_ENDIAN)
        _put(data.file_meta, "TransferSyntaxUID", syntax)
    if not number(value_of(data, "Rows"), 0) > 0 or not number(value_of(data, "Columns"), 0) > 0:
        return
    frames = max(1, int(number(value_of(data, "NumberOfFrames"), 1)))
    if "NumberOfFrames" in data:
        _put(data, "NumberOfFrames", frames)
    rows, columns = (int(number(value_of(data, n), 0)) for n in ("Rows", "Columns"))
    samples = int(number(value_of(data, "SamplesPerPixel"), 1))
    allocated = int(number(value_of(data, "BitsAllocated"), 0))
    if not allocated:
        size = len(value_of(data, "PixelData") or b"")
        allocated = 16 if size >= 2 * rows * columns * samples * frames else 8
    stored = int(number(value_of(data, "BitsStored"), 0))
    named = text_of(data, "PhotometricInterpretation").upper()
    for name, value in {
        "Rows": rows,
        "Columns": columns,
        "SamplesPerPixel": samples,
        "BitsAllocated": allocated,
        "BitsStored": stored if 0 < stored <= allocated else allocated,
        "PixelRepresentation": int(number(value_of(data, "PixelRepresentation"), 0) == 1),
        "PhotometricInterpretation": named or ("RGB" if samples == 3 else "MONOCHROME2"),
    }.items():
        _put(data, name, value)
    if samples > 1:
        planar = int(number(value_of(data, "PlanarConfiguration"), 0) == 1)
        _put(data, "PlanarConfiguration", planar)


def _put(data: Any, name: str, value: Any) -> None:
    """Set a tag, whatever stands there: what cannot be read cannot be changed either."""
    from pydicom.datadict import tag_for_keyword

    data.pop(tag_for_keyword(name), None)
    setattr(data, name, value)


def bytes_of_pixels(data: Any) -> int:
    """Return how many bytes all frames have when decoded, from the tags alone."""
    sizes = [int(number(value_of(data, n), 1)) for n in ("NumberOfFrames", "SamplesPerPixel")]
    sizes += [int(number(value_of(data, n), 0)) for n in ("Rows", "Columns")]
    deep = -(-int(number(value_of(data, "BitsAllocated"), 16)) // 8)
    return int(np.prod(sizes, dtype=object)) * deep
