"""Which files older versions decoded otherwise, so that what they stored of these is not used."""

from __future__ import annotations

import struct

from gliaboost.datasets.decode import decode_bytes
from gliaboost.datasets.image_kinds import kind_of
from gliaboost.datasets.image_source import ImageLike, ImageSource
from gliaboost.datasets.png import GREY, is_transparent, read_png_header
from gliaboost.datasets.tiff import palette_of_bytes, picture_page
from gliaboost.errors import DecodeError

# Raised whenever some files give other pixels; `decoded_alike` tells which.
DECODING = 2
_DEEP, _BMP_BITS = 16, 28


def decoded_alike(image: ImageLike) -> bool:
    """Whether an image that version 1 could decode gives the same pixels today.

    Version 1 clipped deep colour, took a preview for the picture, an empty alpha for black, and
    half a JPEG for a whole one.

    Parameters
    ----------
    image : path-like or ImageSource
        The image.

    Returns
    -------
    bool
        False also where it is not sure.

    Examples
    --------
    >>> import numpy as np
    >>> decoded_alike(ImageSource.from_array("slice", np.eye(9, dtype=np.uint8)))
    True
    """
    try:
        data = ImageSource.of(image).read()
        kind = kind_of(data)
        if kind == "PNG":
            header = read_png_header(data)
            plain = header is not None and header.depth < _DEEP
            deep_grey = header is not None and header.colour == GREY and not is_transparent(data)
            return plain or deep_grey
        if kind == "TIFF":
            page = picture_page(data)
            return page.is_plain and page.number == 0 and palette_of_bytes(page) is None
        if kind == "BMP":
            (bits,) = struct.unpack_from("<H", data, _BMP_BITS)
            return bool(bits != 32)
        decode_bytes(data)  # a JPEG is whole, or refused
        return True
    except (DecodeError, ValueError, struct.error):
        return False
