"""Pictures that Pillow reads rightly, to grey levels and to masks."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.samples import Samples, mask_of
from gliaboost.errors import DecodeError

if TYPE_CHECKING:
    from PIL import Image

# Formats in which a program that knows no alpha leaves it empty, rather than leave it out.
_ALPHA_MAY_BE_EMPTY = ("BMP", "TIFF")
# Pixels that are converted at once.
_BAND = 2**22
_WITH_ALPHA = ("RGBA", "LA", "PA", "La", "RGBa")


class HeaderError(ValueError):
    """Pillow does not know what the file is."""


def loaded(
    copies: Iterable[bytes], kind: str, check: Callable[[int, int], None], page: int = 0
) -> Image.Image:
    """Load a picture, upright, from the first of several copies of a file that can be read.

    Parameters
    ----------
    copies : iterable of bytes
        The file, and the same with less beside the pixels.
    kind : str
        The format.
    check : callable
        Gets height and width before anything is decoded, and raises a `DecodeError` where they are
        too large.
    page : int
        Which page of a TIFF.

    Raises
    ------
    HeaderError
        If the header cannot be read.
    Exception
        Of many kinds, if the pixels are damaged: what the first copy said.
    """
    first: Exception | None = None
    for data in copies:
        try:
            image = _opened(data, kind, page)
        except Exception as error:
            first = first or HeaderError(reason_of(error))
            continue
        try:
            check(image.height, image.width)
            image.load()
            if kind != "TIFF":  # Pillow has turned that itself
                from PIL import ImageOps

                ImageOps.exif_transpose(image, in_place=True)
            return image
        except DecodeError:
            raise
        except Exception as error:
            image.close()
            first = first if first and not isinstance(first, HeaderError) else error
    assert first is not None
    raise first


def _opened(data: bytes, kind: str, page: int) -> Image.Image:
    from PIL import Image

    image = Image.open(io.BytesIO(data), formats=(kind,))
    if page:
        image.seek(page)
    return image


def reason_of(error: BaseException) -> str:
    """Say in one line what an error says."""
    return (str(error).splitlines() or [""])[0] or type(error).__name__


def grey_of(image: Image.Image, kind: str) -> NDArray[np.uint8] | Samples:
    """Turn into luma on black; deep greys are returned as they are.

    Returns
    -------
    uint8 array [H, W] or Samples
    """
    if image.mode[0] in "IF":  # I;16, I, F
        return Samples(np.asarray(image)[..., None])
    if image.mode == "LAB":
        return np.array(image.getchannel(0), dtype=np.uint8)
    seen = _has_alpha(image) and not _alpha_is_empty(image, kind)
    grey = np.empty((image.height, image.width), np.uint8)
    for rows, band in _bands(image):
        grey[rows] = _luma(band, seen=seen)
    return grey


def mask_of_image(image: Image.Image) -> NDArray[np.bool_]:
    """Tell what is not black, in any channel.

    A palette's colours count, as they are seen; where all that are used are black, or none is, its
    numbers: 0 is then the background.

    Returns
    -------
    bool array [H, W]
    """
    if image.mode[0] in "IF":
        return mask_of(Samples(np.asarray(image)[..., None]))
    lit = np.empty((image.height, image.width), np.uint8)
    alpha = np.empty_like(lit) if _has_alpha(image) else None
    for rows, band in _bands(image):
        if image.mode == "LAB":
            values = np.asarray(band.getchannel(0))
        elif alpha is not None:
            pixels = np.asarray(_plain_alpha(band))
            values, alpha[rows] = pixels[..., :3], pixels[..., 3]
        else:
            values = np.asarray(band.convert("L" if image.mode in ("1", "L") else "RGB"))
        lit[rows] = values.reshape(*values.shape[:2], -1).any(axis=2)
    mask = mask_of(Samples(lit[..., None], alpha))
    if image.mode in ("P", "PA") and mask.min() == mask.max():
        index = np.asarray(image.getchannel(0))
        if index.min() < index.max():
            return np.asarray(index != 0)
    return mask


def _bands(image: Image.Image) -> Iterator[tuple[slice, Image.Image]]:
    """Cut into bands of rows: each step of the way from pixels to luma is a picture of its own."""
    rows = max(1, _BAND // image.width)
    for top in range(0, image.height, rows):
        bottom = min(top + rows, image.height)
        whole = rows >= image.height
        yield slice(top, bottom), image if whole else image.crop((0, top, image.width, bottom))


def _luma(band: Image.Image, *, seen: bool) -> NDArray[np.uint8]:
    from PIL import Image

    if _has_alpha(band):
        band = _plain_alpha(band)
        if seen:
            black = Image.new("RGBA", band.size, (0, 0, 0, 255))
            band = Image.alpha_composite(black, band)
        else:
            band = band.convert("RGB")
    if band.mode not in ("1", "L"):
        band = band.convert("RGB")
    return np.array(band.convert("L"), dtype=np.uint8)


def _has_alpha(image: Image.Image) -> bool:
    return "transparency" in image.info or image.mode in _WITH_ALPHA


def _plain_alpha(image: Image.Image) -> Image.Image:
    if image.mode in ("La", "RGBa"):  # Pillow converts these to their plain form alone
        image = image.convert("LA" if image.mode == "La" else "RGBA")
    return image.convert("RGBA")


def _alpha_is_empty(image: Image.Image, kind: str) -> bool:
    return kind in _ALPHA_MAY_BE_EMPTY and all(
        _plain_alpha(band).getchannel("A").getextrema() == (0, 0) for _, band in _bands(image)
    )
