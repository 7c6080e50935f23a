"""The pixels of a JPEG, all of them or none: what the decoder had to make up is refused."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.jpeg import (
    JpegHeader,
    frame_header,
    has_end,
    scans_are_complete,
    without_metadata,
)

# The decoder says this of a scan that holds more than its pixels need, and of nothing else.
_EXTRANEOUS = re.compile(r"(\d+) extraneous bytes before marker 0x([0-9a-f]{2})")
# So many bytes too many are an encoder's carelessness; a scan that lost its way leaves more.
STRAY = 2
# Each costs a decoding; a progressive file has some ten scans.
TRIES = 24


def jpeg_pixels(
    data: bytes, header: JpegHeader, colours: str = "GRAY", *, tries: int = TRIES
) -> NDArray[np.uint8]:
    """Decode a JPEG of 8 bits, and refuse it unless every pixel was in the file.

    libjpeg, which every decoder here is built on, fills what is missing with grey and goes on with
    a warning, which OpenCV and Pillow keep to themselves. simplejpeg hands it on. Some warnings
    say nothing of the pixels: stray bytes between segments, odd metadata, a missing end marker
    behind a whole picture. Such a file is tried again without the oddity, and taken only if the
    decoder then has nothing to say.

    Parameters
    ----------
    data : bytes
        The file's content.
    header : JpegHeader
        As `gliaboost.datasets.jpeg.frame_header` reads it.
    colours : {"GRAY", "RGB", "CMYK"}
        What is wanted; for ``GRAY`` the file's own luma is taken.
    tries : int
        The most decodings; never more than `TRIES`.

    Returns
    -------
    uint8 array [H, W, C]

    Raises
    ------
    ValueError
        If the picture is damaged; says how.
    """
    ended = has_end(data, header)
    if ended:
        try:
            return _strictly(data, colours)
        except ValueError:
            pass  # It may be the metadata that is odd.
    data = without_metadata(data)
    if not ended:
        if not scans_are_complete(data):
            raise ValueError("no end marker: the rest is missing")
        # What fills a file that was cut is no picture.
        data = data.rstrip(b"\0").rstrip(b"\xff") + b"\xff\xd9"
    try:
        return _without_strays(data, colours, min(tries - 1, TRIES))
    except ValueError as error:
        if ended:
            raise
        raise ValueError(f"no end marker: the rest is missing; {error}") from None


def _strictly(data: bytes, colours: str) -> NDArray[np.uint8]:
    from simplejpeg import decode_jpeg

    # The slow transform is the exact one, which OpenCV and Pillow use too.
    pixels = decode_jpeg(data, colours, fastdct=False, fastupsample=False, strict=True)
    return np.asarray(pixels, dtype=np.uint8)


def _without_strays(data: bytes, colours: str, tries: int) -> NDArray[np.uint8]:
    """Decode; where a few bytes behind a scan are too many, leave them out and decode again.

    Of several warnings the decoder tells the first. So the markers that it may mean are tried in
    the order of the file, and a copy is kept unless the decoder then misses what was left out.
    """
    pixels, said = _tried(data, colours)
    at = frame_header(data).scan + 2
    for _ in range(tries):
        found = _EXTRANEOUS.search(said)
        if pixels is not None or found is None:
            break
        at, end, stray = _stray_before(data, at, int(found[1]), int(found[2], 16))
        if not stray:
            break
        shorter = data[: end - stray] + data[end:]
        pixels, then = _tried(shorter, colours)
        if pixels is not None or _EXTRANEOUS.search(then):
            data, said, at = shorter, then, at - stray
    if pixels is None:
        raise ValueError(said.removeprefix("Corrupt JPEG data: "))
    return pixels


def _tried(data: bytes, colours: str) -> tuple[NDArray[np.uint8] | None, str]:
    try:
        return _strictly(data, colours), ""
    except ValueError as error:
        return None, str(error)


def _stray_before(data: bytes, at: int, count: int, marker: int) -> tuple[int, int, int]:
    """Find stray bytes before the next marker of a kind.

    Returns
    -------
    at : int
        Where to look next.
    end : int
        Where the stray bytes end.
    stray : int
        How many these are; 0 where there are none that may be left out.
    """
    at = data.find(bytes([0xFF, marker]), at)
    while at >= 0:
        end = at
        while data[end - 1] == 0xFF:
            end -= 1
        zeros = end - len(data[:end].rstrip(b"\0"))
        # All the zeros: those of a hole were taken for pixels, and are missed then.
        stray = zeros if zeros >= count else count if count <= STRAY else 0
        if stray:
            return at + 2, end, stray
        at = data.find(bytes([0xFF, marker]), at + 2)
    return 0, 0, 0
