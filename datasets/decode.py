"""Files to grey pixels: PNG, JPEG, TIFF and BMP, by content, with caps and typed errors."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.image_kinds import FORMATS, advice, kind_of
from gliaboost.datasets.image_source import ImageLike, ImageSource
from gliaboost.datasets.pictures import read_grey, read_grey_and_picture, read_mask
from gliaboost.errors import DecodeError

if TYPE_CHECKING:
    from PIL import Image

    from gliaboost.datasets.samples import Samples

# Sixteen times a 2,048 x 2,048 radiograph; beyond it a small file asks for gigabytes.
MAX_PIXELS = 64 * 1024 * 1024


def decode(image: ImageLike, *, max_pixels: int = MAX_PIXELS) -> NDArray[np.uint8]:
    """Read one image as grey pixels.

    Parameters
    ----------
    image : path-like or ImageSource
        A PNG, JPEG, TIFF (first page) or BMP file; told by content, whatever its name.
    max_pixels : int
        Larger images are refused from their header, before anything is decoded.

    Returns
    -------
    uint8 array [H, W]
        Grey levels, 0 to 255. Colour becomes luma (ITU-R BT.601); alpha is composited on black, as
        scans have a black ground; a palette is looked up; 1-bit becomes 0 and 255. What is deeper
        than 8 bits or has a sign (any integer, float) is scaled linearly from the picture's own
        minimum and maximum to 0 and 255, in grey as in colour, as MRI units are arbitrary and
        slices use a small, varying part of the range. EXIF orientation is applied, as in every
        viewer that a mask was drawn in. Of a TIFF with several pages it is the first that is no
        preview. An alpha that is 0 everywhere is none in BMP and TIFF, where programs leave it so.

    Raises
    ------
    DecodeError
        If the file is absent, empty, not one of the formats, truncated, damaged, or too large. A
        picture of which a part is missing is refused, even where a viewer shows the rest; what is
        odd beside the pixels (metadata, stray bytes, a missing end) is no reason.

    Examples
    --------
    >>> import tempfile, pathlib, numpy as np
    >>> from PIL import Image
    >>> f = pathlib.Path(tempfile.mkdtemp()) / "slice.png"
    >>> Image.fromarray(np.array([[0, 1000], [2000, 4000]], np.uint16)).save(f)
    >>> decode(f).tolist()
    [[0, 64], [128, 255]]
    """
    source = ImageSource.of(image)
    return decode_bytes(source.read(), source.name, max_pixels=max_pixels)


def decode_mask(path: Path | str, *, max_pixels: int = MAX_PIXELS) -> NDArray[np.bool_]:
    """Read a mask: every pixel that is not black, in any channel, belongs to it.

    Numbers count as the file holds them, so label maps of 0, 1, 2... are read at any depth. Where
    alpha varies, what is transparent does not belong. Where the colours of a palette tell nothing
    apart, its numbers count. A lossy JPEG rings around edges: there a pixel needs half of the
    brightest.

    Parameters
    ----------
    path : path-like
        As for `decode`.
    max_pixels : int
        As for `decode`.

    Returns
    -------
    bool array [H, W]

    Raises
    ------
    DecodeError
        As for `decode`.
    """
    data = ImageSource(path).read()
    return read_mask(data, _known_kind(data, path), path, max_pixels)


def decode_bytes(
    data: bytes, name: Path | str = "image", *, max_pixels: int = MAX_PIXELS
) -> NDArray[np.uint8]:
    """Decode an image held in memory; see `decode`.

    Parameters
    ----------
    data : bytes
        The file's content.
    name : path-like
        What errors call it.
    max_pixels : int
        As for `decode`.

    Returns
    -------
    uint8 array [H, W]

    Raises
    ------
    DecodeError
        As for `decode`.
    """
    return read_grey(data, _known_kind(data, name), name, max_pixels)


def decode_with_picture(
    data: bytes, name: Path | str = "image", *, max_pixels: int = MAX_PIXELS
) -> tuple[NDArray[np.uint8], Image.Image | Samples | None]:
    """Decode an image held in memory once, for its greys and for its colours.

    Parameters
    ----------
    data : bytes
        The file's content.
    name : path-like
        What errors call it.
    max_pixels : int
        As for `decode`.

    Returns
    -------
    uint8 array [H, W]
        As from `decode`.
    PIL.Image.Image, gliaboost.datasets.samples.Samples or None
        What they were made of: a picture in its own mode, or samples of more than 8 bits; None
        where it is the luma of a JPEG.

    Raises
    ------
    DecodeError
        As for `decode`.

    Examples
    --------
    >>> import io
    >>> from PIL import Image
    >>> file = io.BytesIO()
    >>> Image.new("RGB", (2, 1), (255, 0, 0)).save(file, "PNG")
    >>> grey, picture = decode_with_picture(file.getvalue())
    >>> grey.tolist(), picture.mode
    ([[76, 76]], 'RGB')
    """
    return read_grey_and_picture(data, _known_kind(data, name), name, max_pixels)


def _known_kind(data: bytes, name: Path | str) -> str:
    if not data:
        raise DecodeError(name, "is empty (0 bytes); expected an image")
    kind = kind_of(data)
    if kind is None:
        raise DecodeError(
            name,
            f"is no image of a known kind; expected {', '.join(FORMATS)} content{advice(data)}",
        )
    return kind
