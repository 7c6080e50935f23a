"""Stored values to grey levels: modality and VOI tables, windows, padding, colour, pixel shape."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.decode import MAX_PIXELS
from gliaboost.datasets.dicom.decoders import safe_plugin
from gliaboost.datasets.dicom.files import PIXELS
from gliaboost.datasets.dicom.tags import (
    frame_items,
    frame_value,
    items,
    modality_of,
    number,
    numbers,
    quiet,
    spacing_of,
    text_of,
    value_of,
)
from gliaboost.datasets.reading_memory import claim, reading
from gliaboost.datasets.windows import (
    WINDOWS,
    apply_sigmoid,
    apply_window,
    find_window,
    stretch,
)
from gliaboost.errors import DecodeError

# Names of what a frame went through, where no window has its own.
STRETCHED, TABLE, STORED, COLOUR = "full", "table", "stored", "colour"
_DAMAGED = "damaged: its pixels cannot be decoded ({})"
# Bytes of a value in the modality's units, as it is windowed, and of what it is known by.
_UNITS = 36


def grey_frames(
    data: Any, window: str | None, name: str
) -> Iterator[tuple[NDArray[np.uint8], str]]:
    """Yield each frame as grey levels, and what it went through.

    Parameters
    ----------
    data : pydicom.dataset.Dataset
        As `gliaboost.datasets.dicom.files.open_dicom` reads it.
    window : str or None
        For CT, as `gliaboost.datasets.windows.find_window` takes it.
    name : str
        What errors call the file.

    Yields
    ------
    pixels : uint8 array [H, W]
        Padding and what is not finite are black; pixels are square.
    window : str
        A window's name or ``CENTRE:WIDTH``; `TABLE`, `STRETCHED` between percentiles, `STORED` for
        8 bits without a window, `COLOUR` turned into luma.

    Raises
    ------
    DecodeError
        If no installed decoder can read the pixels, or they are damaged.
    """
    from pydicom.pixels.utils import get_nr_frames, pixel_array

    plugin = _decoder(data, name)
    shift = _align(data)
    for index in range(get_nr_frames(data, warn=False)):
        try:
            with reading(), quiet():
                claim(name, _needed(data, index))
                if _cut_short(data):
                    raise _CutShortError
                stored = pixel_array(data, index=index, decoding_plugin=plugin)
                pixels, seen = _grey(data, index, stored >> shift if shift else stored, window)
                del stored
                pixels = _squared(pixels, *spacing_of(data, index))
        except DecodeError as error:
            if error.path == str(name):
                raise
            raise DecodeError(name, _DAMAGED.format("DecodeError")) from None
        except Exception as error:  # decoders raise what they like, and quote what they read
            reason = _DAMAGED.format(type(error).__name__)
            if isinstance(error, _CutShortError):
                reason = "damaged: has fewer pixels than its tags say"
            raise DecodeError(name, reason) from None
        yield pixels, seen


def _needed(data: Any, index: int) -> int:
    """Bytes that a frame takes at once: encoded, decoded, in its units, and with square pixels."""
    rows, columns = (int(number(value_of(data, n), 0)) for n in ("Rows", "Columns"))
    samples = int(number(value_of(data, "SamplesPerPixel"), 1))
    if text_of(data, "PhotometricInterpretation") == "PALETTE COLOR":
        samples = 3
    deep = -(-int(number(value_of(data, "BitsAllocated"), 16)) // 8)
    encoded = sum(len(value_of(data, n) or b"") for n in PIXELS)
    height, width = _square_shape(rows, columns, *spacing_of(data, index))
    # Who reads a file whole keeps all its frames.
    frames = max(1, int(number(value_of(data, "NumberOfFrames"), 1)))
    return encoded + rows * columns * samples * (2 * deep + _UNITS) + (1 + frames) * height * width


class _CutShortError(ValueError):
    """Fewer bytes of pixels than the tags ask for."""


def _decoder(data: Any, name: str) -> str:
    """Choose the decoder; "" for what needs none."""
    syntax = data.file_meta.TransferSyntaxUID
    called = syntax.name if syntax.name != str(syntax) else "an unknown transfer syntax"
    if not any(keyword in data for keyword in PIXELS):
        raise DecodeError(name, "no pixels")
    if not syntax.is_private and not syntax.is_compressed:
        return ""
    try:
        plugin = safe_plugin(syntax)
    except NotImplementedError:
        raise DecodeError(name, f"compressed as {called}, which cannot be read") from None
    if plugin is None:
        raise DecodeError(
            name, f"compressed as {called}; pip install 'gliaboost[dicom]' brings the decoder"
        )
    return plugin


def _align(data: Any) -> int:
    """Let the decoder keep the bits up to HighBit; return by how many they lie too high."""
    stored = int(number(value_of(data, "BitsStored"), 0))
    high = int(number(value_of(data, "HighBit"), stored - 1))
    allocated = int(number(value_of(data, "BitsAllocated"), 0))
    shift = high + 1 - stored
    if not 0 < shift <= allocated - stored or data.file_meta.TransferSyntaxUID.is_compressed:
        return 0
    data.BitsStored = stored + shift
    return shift


def _cut_short(data: Any) -> bool:
    from pydicom.pixels.utils import get_expected_length

    if data.file_meta.TransferSyntaxUID.is_compressed or "PixelData" not in data:
        return False
    return len(data.PixelData) < get_expected_length(data)


def _grey(
    data: Any, index: int, stored: NDArray[Any], window: str | None
) -> tuple[NDArray[np.uint8], str]:
    kind = text_of(data, "PhotometricInterpretation")
    if kind == "PALETTE COLOR":
        from pydicom.pixels.processing import apply_color_lut

        return _luma(apply_color_lut(stored, data), 16), COLOUR
    if stored.ndim == 3:
        return _luma(stored, int(data.BitsStored)), COLOUR
    padding = _padding(data, stored)
    values, plain = _modality_values(data, index, stored)
    if not (known := np.isfinite(values)).all():
        values = np.where(known, values, 0)
    pixels, seen = _windowed(data, index, values, known & ~padding, window, plain)
    if kind == "MONOCHROME1":
        pixels = 255 - pixels
    # A background is black, wherever its value lies in the window.
    return np.where(known & ~padding, pixels, np.uint8(0)), seen


def _luma(colours: NDArray[Any], bits: int) -> NDArray[np.uint8]:
    """Turn red, green and blue into grey as `gliaboost.datasets.decode.decode` does."""
    from PIL import Image

    if colours.dtype != np.uint8:
        # Deep colours are often 8 bits in a wider container.
        top = 255 if colours.max() <= 255 else 2.0 ** max(bits, 9) - 1
        colours = np.rint(np.clip(colours / top, 0, 1) * 255).astype(np.uint8)
    image = Image.fromarray(np.ascontiguousarray(colours[..., :3]))
    return np.asarray(image.convert("L"), np.uint8)


def _padding(data: Any, stored: NDArray[Any]) -> NDArray[np.bool_]:
    """Find the pixels that stand for no measurement: PixelPaddingValue, up to its RangeLimit."""
    ends = [
        v
        for n in ("PixelPaddingValue", "PixelPaddingRangeLimit")
        if np.isfinite(v := number(value_of(data, n), np.nan))
    ]
    if not ends or not np.issubdtype(stored.dtype, np.integer):
        return np.zeros(stored.shape, np.bool_)
    # The value may be told unsigned while pixels are signed, or the other way round.
    bits = int(data.BitsAllocated)
    signed = int(number(value_of(data, "PixelRepresentation"), 0)) == 1
    ends = [(v - 2**bits if v >= 2 ** (bits - 1) else v) if signed else v % 2**bits for v in ends]
    found: NDArray[np.bool_] = (stored >= min(ends)) & (stored <= max(ends))
    return found if not found.all() else np.zeros(stored.shape, np.bool_)


def _modality_values(data: Any, index: int, stored: NDArray[Any]) -> tuple[NDArray[Any], bool]:
    """Return values in the modality's units, and whether they are the stored ones."""
    for item in items(data, "ModalityLUTSequence"):
        if (table := _table(data, item)) is not None:
            return table[0][_entries(stored, table)], False
    group = "PixelValueTransformationSequence"
    slope = number(frame_value(data, index, group, "RescaleSlope"), 1)
    shift = number(frame_value(data, index, group, "RescaleIntercept"), 0)
    if slope == 0 or (slope, shift) == (1, 0):
        return stored, True
    return stored * slope + shift, False


def _windowed(
    data: Any,
    index: int,
    values: NDArray[Any],
    valid: NDArray[np.bool_],
    window: str | None,
    plain: bool,
) -> tuple[NDArray[np.uint8], str]:
    ct = modality_of(data) == "CT"
    if ct and window is not None:
        return apply_window(values, *find_window(window)), window
    for item in [*frame_items(data, index, "FrameVOILUTSequence"), data]:
        for lut in items(item, "VOILUTSequence")[:1]:
            if (table := _table(data, lut)) is not None:
                seen = table[0][_entries(values, table)]
                return np.rint(np.clip(seen / table[2], 0, 1) * 255).astype(np.uint8), TABLE
    own = _own_window(data, index)
    if own is not None:
        centre, width, function = own
        told = f"{centre:g}:{width:g}"
        if function == "SIGMOID":
            return apply_sigmoid(values, centre, width), told
        if function == "LINEAR_EXACT":  # the linear one takes half a step and one step off
            return apply_window(values, centre + 0.5, width + 1), told
        return apply_window(values, centre, width), told
    if ct:
        return apply_window(values, *WINDOWS["brain"]), "brain"
    if plain and values.dtype == np.uint8:
        return values, STORED
    return stretch(values, valid), STRETCHED


def _own_window(data: Any, index: int) -> tuple[float, float, str] | None:
    """Return centre, width and function of the first of the file's windows that can be one."""
    group = "FrameVOILUTSequence"
    function = str(frame_value(data, index, group, "VOILUTFunction") or "LINEAR").strip().upper()
    least = 0.0 if function in ("LINEAR_EXACT", "SIGMOID") else 1.0
    centres = numbers(frame_value(data, index, group, "WindowCenter"))
    widths = numbers(frame_value(data, index, group, "WindowWidth"))
    for centre, width in zip(centres, widths, strict=False):
        if np.isfinite(centre) and np.isfinite(width) and width > least:
            return centre, width, function
    return None


def _table(data: Any, item: Any) -> tuple[NDArray[np.float64], int, float] | None:
    """Read a look-up table: entries, the value of the first, the highest output; None if broken."""
    described = numbers(value_of(item, "LUTDescriptor"))
    content = value_of(item, "LUTData")
    if len(described) != 3 or not np.isfinite(described).all() or content is None:
        return None
    # A count that is told signed is negative from 2**15 on.
    count, first, bits = int(described[0]) % 2**16 or 2**16, int(described[1]), int(described[2])
    if int(number(value_of(data, "PixelRepresentation"), 0)) == 1 and first >= 2**15:
        first -= 2**16
    if isinstance(content, bytes):
        little = data.file_meta.TransferSyntaxUID.is_little_endian
        narrow = len(content) < 2 * count
        content = np.frombuffer(content, np.uint8 if narrow else "<u2" if little else ">u2")
    entries = np.asarray(content, dtype=np.float64).ravel()[:count]
    if not len(entries) or not np.isfinite(entries).all() or not entries.max() > 0:
        return None
    # Some say 16 bits of entries that fill 8 or 12.
    top = 2.0**bits - 1
    return entries, first, top if top / 2 <= entries.max() <= top else float(entries.max())


def _entries(
    values: NDArray[Any], table: tuple[NDArray[np.float64], int, float]
) -> NDArray[np.int64]:
    places = np.nan_to_num(values.astype(np.float64)) - table[1]
    return np.clip(places, 0, len(table[0]) - 1).astype(np.int64)


def _squared(pixels: NDArray[np.uint8], down: float, across: float) -> NDArray[np.uint8]:
    """Give pixels of unequal sides the finer of them both ways."""
    import cv2

    rows, columns = pixels.shape
    height, width = _square_shape(rows, columns, down, across)
    if (height, width) == pixels.shape:
        return np.ascontiguousarray(pixels)
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def _square_shape(rows: int, columns: int, down: float, across: float) -> tuple[int, int]:
    """Rows and columns of square pixels; as they are where there would be too many."""
    fine = min(down, across)
    height, width = round(rows * down / fine), round(columns * across / fine)
    return (rows, columns) if height * width > MAX_PIXELS else (height, width)
