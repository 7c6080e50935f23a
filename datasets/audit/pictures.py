"""One pass over the files: identity, header, border and a small view of each picture."""

from __future__ import annotations

import hashlib
import io
import warnings
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.decode import decode_with_picture
from gliaboost.datasets.image_kinds import FORMATS, kind_of
from gliaboost.datasets.image_source import ImageSource
from gliaboost.datasets.reading_memory import reading
from gliaboost.datasets.samples import Samples
from gliaboost.errors import DecodeError
from gliaboost.parallel import map_in_order
from gliaboost.progress import SILENT, Progress

if TYPE_CHECKING:
    from PIL import Image

# Sides of the views that are kept and that are searched.
DETAIL = 128
THUMBNAIL = 64
# A picture is blank when all but this share of its pixels lie within BLANK_SPREAD of the commonest.
BLANK_SHARE = 0.005
BLANK_SPREAD = 8
# A file is coloured when this share of its pixels differ by COLOUR_SPREAD between channels;
# the chroma noise of a grey JPEG stays far below.
COLOUR_SHARE = 0.01
COLOUR_SPREAD = 40
# Colours are looked at so many times smaller.
REDUCED = 8
# The ring at the picture's edge, as a share of its shorter side.
BORDER = 0.02
# PIL's modes that hold more than one grey or colour value a pixel.
MANY_CHANNELS = ("RGB", "RGBA", "CMYK", "YCbCr", "P", "PA", "LA", "LAB", "HSV")


@dataclass(frozen=True)
class Header:
    """What a file says of itself, before any pixel is looked at.

    Attributes
    ----------
    kind : str
        Format: ``JPEG``, ``PNG``... or the file's ending where the header is none of PIL's.
    mode : str
        PIL's pixel mode (``L``, ``RGB``, ``P``...), empty where unknown.
    quantisation : tuple of int
        The sum of each JPEG quantisation table and the chroma subsampling; empty for others.
    """

    kind: str = ""
    mode: str = ""
    quantisation: tuple[int, ...] = ()


@dataclass(eq=False)
class ImageRecord:
    """What is kept of one file.

    Attributes
    ----------
    detail : uint8 array [128, 128] or None
        The picture, shrunk; None where it is blank or unreadable.
    """

    bytes_hash: str = ""
    pixels_hash: str = ""
    height: int = 0
    width: int = 0
    header: Header = field(default_factory=Header)
    blank: bool = False
    coloured: bool = False
    border: tuple[float, ...] = ()
    detail: NDArray[np.uint8] | None = None
    error: str = ""


def read_pictures(
    paths: Sequence[Path], *, jobs: int | None = None, progress: Progress = SILENT
) -> list[ImageRecord]:
    """Read every file once, in threads.

    Parameters
    ----------
    paths : sequence of pathlib.Path
        Image files. What cannot be read comes back with its `ImageRecord.error`.
    jobs : int, optional
        Threads; default all cores of this process.
    progress : Progress, optional
        Hears of the files to read.

    Returns
    -------
    list of ImageRecord
        In the order of `paths`; some 17 kB each.
    """
    pictures = []
    with closing(map_in_order(read_picture, paths, jobs=jobs)) as read:
        for picture in read:
            pictures.append(picture)
            progress.step("reading", len(pictures), len(paths))
    return pictures


def read_picture(path: Path) -> ImageRecord:
    """Read one file: hashes, header, border and detail."""
    try:
        data = ImageSource(path).read()
    except DecodeError as error:
        return ImageRecord(error=f"cannot be read: {error.reason}")
    with reading():
        return _record(path, data)


def _record(path: Path, data: bytes) -> ImageRecord:
    picture = ImageRecord(
        bytes_hash=hashlib.sha256(data).hexdigest(), header=read_header(data, path.suffix)
    )
    try:
        image, whole = decode_with_picture(data, path)
    except DecodeError as error:
        picture.error = error.reason
        return picture
    picture.height, picture.width = image.shape
    picture.pixels_hash = (
        f"{picture.height}x{picture.width}:"
        + hashlib.sha256(np.ascontiguousarray(image).data).hexdigest()
    )
    picture.blank = is_blank(image)
    picture.coloured = picture.header.mode in MANY_CHANNELS and is_coloured(data, whole)
    picture.border = border(image)
    if not picture.blank:
        picture.detail = detail(image)
    return picture


def read_header(data: bytes, suffix: str) -> Header:
    """Read format, pixel mode and JPEG tables from a file's bytes; no pixel is decoded."""
    from PIL import Image, JpegImagePlugin

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(io.BytesIO(data), formats=FORMATS)
    except Exception:  # a DICOM, a NIfTI, or damaged: decode says which
        return Header(kind=suffix.lower().lstrip("."))
    tables: tuple[int, ...] = ()
    if isinstance(image, JpegImagePlugin.JpegImageFile):
        quantisation = getattr(image, "quantization", None) or {}
        tables = (
            *(sum(quantisation[k]) for k in sorted(quantisation)),
            JpegImagePlugin.get_sampling(image),
        )
    return Header(kind=image.format or suffix, mode=image.mode, quantisation=tables)


def is_blank(image: NDArray[np.uint8]) -> bool:
    """Whether a picture ``uint8 [H, W]`` shows nothing: all but 0.5 % of it is one grey.

    Examples
    --------
    >>> import numpy as np
    >>> is_blank(np.zeros((32, 32), np.uint8))
    True
    """
    import cv2

    counts = cv2.calcHist([image], [0], None, [256], [0, 256]).ravel()
    middle = int(counts.argmax())
    near = counts[max(0, middle - BLANK_SPREAD) : middle + BLANK_SPREAD + 1].sum()
    return bool(image.size - near < BLANK_SHARE * image.size)


def is_coloured(data: bytes, whole: Image.Image | Samples | None = None) -> bool:
    """Whether a picture shows colours, not just three equal channels.

    Parameters
    ----------
    data : bytes
        The file's content.
    whole : PIL.Image.Image or Samples, optional
        The same decoded, where that is at hand.
    """
    small = _small_colours(data, whole)
    if small is None:
        return False
    spread = small.max(axis=2) - small.min(axis=2)
    return bool((spread > COLOUR_SPREAD).mean() > COLOUR_SHARE)


def _small_colours(data: bytes, whole: Image.Image | Samples | None) -> NDArray[np.uint8] | None:
    """Give a picture's three channels at an eighth of its size."""
    import cv2

    # OpenCV believes what a header says; only of a JPEG, that was checked, it skips most.
    if whole is None and kind_of(data) == "JPEG":
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_REDUCED_COLOR_8)
        return None if image is None else np.asarray(image, np.uint8)
    if whole is None:
        try:
            whole = decode_with_picture(data)[1]
        except DecodeError:
            return None
    if whole is None or isinstance(whole, Samples):
        return None if whole is None else _small_samples(whole.values)
    if whole.mode == "LAB":  # which Pillow does not convert
        return np.asarray(cv2.cvtColor(np.asarray(whole.reduce(REDUCED)), cv2.COLOR_LAB2RGB))
    return np.asarray(whole.convert("RGB").reduce(REDUCED))


def _small_samples(values: NDArray[Any]) -> NDArray[np.uint8] | None:
    """Average deep colours over squares, and bring them to 8 bits by the picture's own range."""
    height, width, channels = values.shape
    if channels != 3:
        return None
    rows, columns = max(1, height // REDUCED), max(1, width // REDUCED)
    down, across = min(REDUCED, height), min(REDUCED, width)
    small = np.zeros((rows, columns, 3))
    with np.errstate(over="ignore", invalid="ignore"):
        for y in range(down):
            for x in range(across):
                part = values[y : rows * down : down, x : columns * across : across]
                small += np.nan_to_num(part.astype(np.float64), posinf=0.0, neginf=0.0)
        small /= down * across
    if values.dtype == np.uint16:
        return np.asarray(small / 257, np.uint8)
    low, high = small.min(), small.max()
    return np.asarray((small - low) / (high - low) * 255 if low < high else small * 0, np.uint8)


def border(image: NDArray[np.uint8]) -> tuple[float, ...]:
    """Measure the outermost ring: the mean of its four sides, and its largest grey.

    Parameters
    ----------
    image : uint8 array [H, W]
        A picture.

    Returns
    -------
    tuple of 5 float
        Top, bottom, left, right, largest; 0 to 255.
    """
    k = max(1, round(BORDER * min(image.shape)))
    sides = (image[:k], image[-k:], image[:, :k], image[:, -k:])
    return (*(float(s.mean()) for s in sides), float(max(s.max() for s in sides)))


def detail(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Bring a picture ``uint8 [H, W]`` to 128 x 128 by area, whatever its aspect."""
    return np.asarray(_resized(image, DETAIL), np.uint8)


def thumbnail(image: NDArray[np.uint8]) -> NDArray[np.float16]:
    """Shrink a picture to 64 x 64 by area, whatever its aspect, with mean 0 and variance 1.

    Parameters
    ----------
    image : uint8 array [H, W]
        A picture that is not blank.

    Returns
    -------
    float16 array [64, 64]
        The mean product of two thumbnails is their normalised correlation.
    """
    small = _resized(image.astype(np.float32), THUMBNAIL)
    small -= small.mean()
    scale = float(np.sqrt((small * small).mean()))
    return (small / max(scale, 1e-6)).astype(np.float16)


def _resized(image: NDArray[Any], size: int) -> NDArray[Any]:
    import cv2

    height, width = image.shape
    if min(height, width) < size < max(height, width):
        # The longer side first, by area: else every other of its rows is passed over.
        shrunk = (min(width, size), min(height, size))
        image = cv2.resize(image, shrunk, interpolation=cv2.INTER_AREA)
    shrinks = min(image.shape) >= size
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (size, size), interpolation=how))
