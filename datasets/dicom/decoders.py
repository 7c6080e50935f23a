"""Compressed frames decoded by imagecodecs, as a plug-in of pydicom.

GDCM and libjpeg's bindings end the whole process on some damaged files; imagecodecs raises. What a
frame says of its size is held against the tags first, so that few bytes never ask for gigabytes.
"""

from __future__ import annotations

import importlib.util
import struct
from typing import Any

from gliaboost.errors import DecodeError

LABEL = "gliaboost"
_JPEG = {
    "1.2.840.10008.1.2.4.50": "baseline",
    "1.2.840.10008.1.2.4.51": "extended",
    "1.2.840.10008.1.2.4.57": "lossless",
    "1.2.840.10008.1.2.4.70": "lossless, first order",
}
_JPEG_LS = {"1.2.840.10008.1.2.4.80": "lossless", "1.2.840.10008.1.2.4.81": "near lossless"}
_JPEG_2000 = {
    "1.2.840.10008.1.2.4.90": "lossless",
    "1.2.840.10008.1.2.4.91": "lossy",
    "1.2.840.10008.1.2.4.201": "high throughput, lossless",
    "1.2.840.10008.1.2.4.202": "high throughput, lossless, by resolution",
    "1.2.840.10008.1.2.4.203": "high throughput",
}
# As pydicom asks for: what must be installed for a syntax.
DECODER_DEPENDENCIES = dict.fromkeys((*_JPEG, *_JPEG_LS, *_JPEG_2000), ("imagecodecs",))
# Decoders that raise on damaged frames, the first that there is; run lengths need none but pydicom.
SAFE = (LABEL, "pillow", "pydicom")
_SIZES = (0xC0, 0xC1, 0xC2, 0xC3, 0xF7)
_ALONE = (0x01, *range(0xD0, 0xD9))


def is_available(uid: str) -> bool:
    """Whether this plug-in decodes a transfer syntax here."""
    return uid in DECODER_DEPENDENCIES and importlib.util.find_spec("imagecodecs") is not None


def safe_plugin(syntax: Any) -> str | None:
    """Name the decoder to use for a transfer syntax; None where none is installed.

    Parameters
    ----------
    syntax : pydicom.uid.UID
        Of a compressed syntax.

    Raises
    ------
    NotImplementedError
        If pydicom knows none for it.
    """
    from pydicom.pixels.decoders.base import get_decoder

    decoder = get_decoder(syntax)
    known = decoder.available_plugins
    if LABEL not in known and is_available(syntax):
        decoder.add_plugin(LABEL, (__name__, "decode_frame"))
        known = decoder.available_plugins
    return next((plugin for plugin in SAFE if plugin in known), None)


def decode_frame(src: bytes, runner: Any) -> bytes:
    """Decode one frame for pydicom.

    Parameters
    ----------
    src : bytes
        The frame's code stream.
    runner : pydicom.pixels.decoders.base.DecodeRunner
        What pydicom knows of it; told how deep the result is.

    Returns
    -------
    bytes
        Little-endian values, colour by pixel.

    Raises
    ------
    DecodeError
        If the frame has another size than the tags say.
    """
    import imagecodecs

    syntax = str.__str__(runner.transfer_syntax)
    wanted = (runner.rows, runner.columns, runner.samples_per_pixel)
    told = _size_2000(src) if syntax in _JPEG_2000 else _size(src)
    if told != wanted:
        raise DecodeError("frame", f"has {told} rows, columns and samples; the tags say {wanted}")
    if syntax in _JPEG_2000:
        values = imagecodecs.jpeg2k_decode(src)
        if runner.photometric_interpretation in ("YBR_ICT", "YBR_RCT"):
            runner.set_option("photometric_interpretation", "RGB")
    elif syntax in _JPEG_LS:
        values = imagecodecs.jpegls_decode(src)
    else:
        # One space for both sides: pydicom turns colours by what the tags say.
        colours = "RGB" if runner.samples_per_pixel == 3 else None
        values = imagecodecs.jpeg_decode(src, colorspace=colours, outcolorspace=colours)
    runner.set_option("planar_configuration", 0)
    runner.set_option("bits_allocated", 8 * values.dtype.itemsize)
    return bytes(values.astype(values.dtype.newbyteorder("<")).tobytes())


def _size(src: bytes) -> tuple[int, int, int] | None:
    """Read rows, columns and components of a JPEG or JPEG-LS stream."""
    at = 2
    while at + 10 <= len(src):
        if src[at] != 0xFF:
            return None
        marker = src[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker in _ALONE:
            at += 2
        elif marker in _SIZES:
            rows, columns, components = struct.unpack(">HHB", src[at + 5 : at + 10])
            return rows, columns, components
        else:
            at += 2 + int.from_bytes(src[at + 2 : at + 4], "big")
    return None


def _size_2000(src: bytes) -> tuple[int, int, int] | None:
    """Read rows, columns and components of a JPEG 2000 stream, bare or in a JP2 file."""
    at = src[:4096].find(b"\xff\x4f\xff\x51")
    if at < 0 or len(src) < at + 42:
        return None
    width, height, left, top = struct.unpack(">4I", src[at + 8 : at + 24])
    return height - top, width - left, int.from_bytes(src[at + 40 : at + 42], "big")
