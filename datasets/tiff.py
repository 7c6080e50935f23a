"""TIFF pages whose samples Pillow would clip or refuse, read without loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.orientation import upright
from gliaboost.datasets.samples import Samples
from gliaboost.datasets.tiff_directories import Tags, read_directories
from gliaboost.datasets.tiff_segments import SegmentLayout, UnreadKindError, read_segments

if TYPE_CHECKING:
    from PIL import Image

SUBFILE, WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 254, 256, 257, 258, 259, 262
FILL_ORDER, STRIP_OFFSETS, ORIENTATION, CHANNELS, ROWS = 266, 273, 274, 277, 278
STRIP_BYTES, PLANAR, PREDICTOR, PALETTE = 279, 284, 317, 320
TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_BYTES, EXTRA, FORMAT = 322, 323, 324, 325, 338, 339
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _INDEXED, _INK, _YCBCR, _LAB = 0, 1, 2, 3, 5, 6, 8
_REDUCED, _MASK = 1, 4
_UNSIGNED, _SIGNED, _FLOAT = 1, 2, 3
_KINDS = {_UNSIGNED: "u", _SIGNED: "i", _FLOAT: "f", 4: "u"}
_ASSOCIATED, _UNASSOCIATED = 1, 2
# Bytes a pixel at the cap of pixels: 64-bit greys.
_BYTES_A_PIXEL = 8


@dataclass(frozen=True)
class TiffPage:
    """The page of a TIFF that is its picture.

    Attributes
    ----------
    number : int
        0 for the first.
    tags : mapping of int to tuple of int
        By number, those that are whole numbers.
    """

    number: int
    tags: Tags

    def one(self, tag: int, default: int) -> int:
        """Return a tag's first number."""
        return self.tags.get(tag, (default,))[0]

    def all(self, tag: int) -> tuple[int, ...]:
        """Return a tag's numbers."""
        return self.tags.get(tag, ())

    @property
    def height(self) -> int:
        """Rows."""
        return self.one(HEIGHT, 0)

    @property
    def width(self) -> int:
        """Columns."""
        return self.one(WIDTH, 0)

    @property
    def orientation(self) -> int:
        """1 to 8, as in EXIF."""
        return self.one(ORIENTATION, 1)

    @property
    def bytes_a_pixel(self) -> int:
        """Bytes that a pixel's samples take in memory, of colours no fewer than three."""
        deepest = max(self.all(BITS) or (1,))
        size = next((size for size in (1, 2, 4, 8) if 8 * size >= deepest), 8)
        return size * max(self.one(CHANNELS, 1), 3 if self.all(PALETTE) else 1)

    @property
    def tile_bytes(self) -> int:
        """Bytes that a tile takes in memory; 0 of a page in strips."""
        return self.one(TILE_WIDTH, 0) * self.one(TILE_HEIGHT, 0) * self.bytes_a_pixel

    @property
    def is_plain(self) -> bool:
        """Whether every sample has 1, 2, 4 or 8 bits without a sign: what Pillow reads rightly."""
        bits, kinds = set(self.all(BITS) or (1,)), set(self.all(FORMAT) or (_UNSIGNED,))
        return bits <= {1, 2, 4, 8} and kinds <= {_UNSIGNED, 4}


def picture_page(data: bytes) -> TiffPage:
    """Find the first page that is neither a preview (of reduced resolution) nor a mask of another.

    Raises
    ------
    ValueError
        If the directories are damaged.
    """
    first = None
    directories = enumerate(read_directories(data))
    while True:
        try:
            page = TiffPage(*next(directories))
        except StopIteration:
            break
        except ValueError:
            if first is None:
                raise
            break  # The picture is there, what follows is not.
        if not page.one(SUBFILE, 0) & (_REDUCED | _MASK):
            return page
        first = first or page
    if first is None:
        raise ValueError("it has no page")
    return first


def samples_of(data: bytes, page: TiffPage, max_pixels: int) -> Samples:
    """Read a page of any number type, planes, strips or tiles, byte order and predictor.

    Raises
    ------
    ValueError
        If it is damaged; an `UnreadKindError` if it is of a kind that is not read.
    """
    channels = page.one(CHANNELS, 1)
    kind = _sample_type(page)
    if page.height * page.width * channels * kind.itemsize > max_pixels * _BYTES_A_PIXEL:
        raise ValueError(f"{channels} channels of {8 * kind.itemsize} bits are more than the cap")
    values = read_segments(data, _layout(data, page, channels, kind))
    photometric = page.one(PHOTOMETRIC, _RGB if channels >= 3 else _BLACK_IS_ZERO)
    colours = {_RGB: 3, _INK: 4}.get(photometric, 1)
    if photometric not in (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _INDEXED, _INK, _YCBCR, _LAB):
        raise UnreadKindError(f"photometric interpretation {photometric} is not read")
    if colours > channels:
        raise ValueError(f"{channels} channels; expected at least {colours}")
    seen, alpha = values[..., :colours], None
    extra = page.all(EXTRA)
    if channels > colours and extra[:1] == (_UNASSOCIATED,):
        # Where it is 0 everywhere, a program left it empty.
        alpha = values[..., colours] if values[..., colours].any() else None
    if photometric == _INDEXED:
        return Samples(_looked_up(seen[..., 0], page))
    if photometric == _INK:
        return Samples(_without_ink(seen))
    return Samples(seen, alpha, white_is_zero=photometric == _WHITE_IS_ZERO)


def plain_image(samples: Samples, page: TiffPage) -> Image.Image | None:
    """Make an 8-bit picture of samples that need no scaling; None if they do."""
    from PIL import Image, ImageOps

    values = samples.values
    if values.dtype != np.uint8 or page.one(BITS, 1) != 8:
        return None
    bands = [*np.moveaxis(values, 2, 0), *([] if samples.alpha is None else [samples.alpha])]
    mode = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[len(bands)]
    image = Image.merge(mode, [Image.fromarray(upright(b, page.orientation)) for b in bands])
    return ImageOps.invert(image) if samples.white_is_zero and mode == "L" else image


def palette_of_bytes(page: TiffPage) -> bytes | None:
    """Return a palette whose 16-bit levels were written as bytes, which Pillow takes for black."""
    levels = page.all(PALETTE)
    if not levels or max(levels) > 255 or len(levels) % 3:
        return None
    size = len(levels) // 3
    return bytes(levels[c * size + i] for i in range(size) for c in range(3))


def _sample_type(page: TiffPage) -> np.dtype[Any]:
    bits, kinds = set(page.all(BITS) or (1,)), set(page.all(FORMAT) or (_UNSIGNED,))
    if len(bits) != 1 or len(kinds) != 1:
        raise UnreadKindError("its channels have different numbers of bits, which is not read")
    count, kind = bits.pop(), _KINDS.get(kinds.pop())
    if kind is None:
        raise UnreadKindError("complex numbers are not read; save their magnitude")
    if not 1 <= count <= 64 or (kind == "f" and count not in (16, 32, 64)):
        raise UnreadKindError(f"samples of {count} bits are not read")
    if kind == "i" and count not in (8, 16, 32, 64):
        raise UnreadKindError(f"signed samples of {count} bits are not read")
    size = next(size for size in (1, 2, 4, 8) if 8 * size >= count)
    return np.dtype(f"{kind}{size}")


def _layout(data: bytes, page: TiffPage, channels: int, kind: np.dtype[Any]) -> SegmentLayout:
    tiled = bool(page.all(TILE_OFFSETS))
    offsets = page.all(TILE_OFFSETS if tiled else STRIP_OFFSETS)
    sizes = page.all(TILE_BYTES if tiled else STRIP_BYTES)
    if not tiled and not sizes and len(offsets) == 1:
        sizes = (len(data) - offsets[0],)
    rows = page.one(TILE_HEIGHT, 0) if tiled else min(page.one(ROWS, page.height), page.height)
    return SegmentLayout(
        height=page.height,
        width=page.width,
        channels=channels,
        bits=page.one(BITS, 1),
        kind=kind,
        big_endian=data.startswith(b"MM"),
        planar=page.one(PLANAR, 1) == 2 and channels > 1,
        segment_height=rows,
        segment_width=page.one(TILE_WIDTH, 0) if tiled else page.width,
        tiled=tiled,
        offsets=offsets,
        sizes=sizes,
        compression=page.one(COMPRESSION, 1),
        predictor=page.one(PREDICTOR, 1),
        fill_order=page.one(FILL_ORDER, 1),
    )


def _looked_up(index: NDArray[Any], page: TiffPage) -> NDArray[Any]:
    levels = np.array(page.all(PALETTE), np.uint16)
    if levels.size % 3 or not levels.size or index.dtype.kind != "u":
        raise ValueError("its palette is damaged")
    table = levels.reshape(3, -1).T
    if int(index.max()) >= len(table):
        raise ValueError("its palette is too short")
    return np.asarray(table[index])


def _without_ink(ink: NDArray[Any]) -> NDArray[Any]:
    """Turn cyan, magenta, yellow and black into red, green and blue."""
    if ink.dtype.kind != "u":
        raise UnreadKindError("ink in signed numbers is not read")
    full = float(np.iinfo(ink.dtype).max)
    paper = 1 - ink.astype(np.float32) / full
    return np.asarray(paper[..., :3] * paper[..., 3:])
