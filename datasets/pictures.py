"""Bytes of a known kind to grey levels or to a mask: each kind by the reader that knows it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets import jpeg
from gliaboost.datasets.jpeg_pixels import jpeg_pixels
from gliaboost.datasets.orientation import exif_orientation, upright
from gliaboost.datasets.pillow_images import (
    HeaderError,
    grey_of,
    loaded,
    mask_of_image,
    reason_of,
)
from gliaboost.datasets.png import (
    GREY,
    check_chunks,
    deep_png,
    exif_of,
    is_transparent,
    only_pixels,
    read_png_header,
)
from gliaboost.datasets.reading_memory import claim, reading
from gliaboost.datasets.samples import Samples, grey_levels, mask_of
from gliaboost.datasets.tiff import (
    TiffPage,
    palette_of_bytes,
    picture_page,
    plain_image,
    samples_of,
)
from gliaboost.datasets.tiff_segments import UnreadKindError
from gliaboost.errors import DecodeError

if TYPE_CHECKING:
    from PIL import Image

_FRAMES = (
    jpeg.BASELINE,
    jpeg.EXTENDED,
    jpeg.PROGRESSIVE,
    jpeg.LOSSLESS,
    jpeg.ARITHMETIC,
    jpeg.ARITHMETIC_PROGRESSIVE,
)
_SLOW = (jpeg.ARITHMETIC, jpeg.ARITHMETIC_PROGRESSIVE)
_DEEP = 16
# Bytes a pixel at the most: Pillow's own four, and the greys or the mask with its alpha.
_PLAIN = 8
# A component's coefficients, where a JPEG comes in scans, its pixels, and those turned upright.
_JPEG_COMPONENT = 4
# Samples as the file has them, as they are decoded, and once more on their way.
_COPIES = 3
# What is turned to floats at once, and the like.
_BLOCKS = 64 * 2**20
# Pixels that scans may go through: a progressive JPEG has some ten, and arithmetic ones are slow.
_SCANNED = 600_000_000
_ARITHMETIC = 3


def read_grey(data: bytes, kind: str, name: Path | str, max_pixels: int) -> NDArray[np.uint8]:
    """Read grey levels; see `gliaboost.datasets.decode.decode`.

    Parameters
    ----------
    data : bytes
        The file's content.
    kind : str
        One of `gliaboost.datasets.image_kinds.FORMATS`.
    name : path-like
        What errors call it.
    max_pixels : int
        Larger pictures are refused.

    Returns
    -------
    uint8 array [H, W]

    Raises
    ------
    DecodeError
        If it cannot be read, or not wholly.
    """
    return read_grey_and_picture(data, kind, name, max_pixels)[0]


def read_grey_and_picture(
    data: bytes, kind: str, name: Path | str, max_pixels: int
) -> tuple[NDArray[np.uint8], Image.Image | Samples | None]:
    """Read grey levels, and hand on what they were made of; see `read_grey`.

    Returns
    -------
    uint8 array [H, W]
        Grey levels.
    PIL.Image.Image, Samples or None
        The picture in its own mode, or its deep samples; None where it never was one: a JPEG's
        luma.
    """
    with reading():
        return _grey_and_picture(data, kind, name, max_pixels)


def _grey_and_picture(
    data: bytes, kind: str, name: Path | str, max_pixels: int
) -> tuple[NDArray[np.uint8], Image.Image | Samples | None]:
    if kind == "JPEG":
        header = _jpeg_header(data, name, max_pixels)
        if header.components == 3 and header.frame == jpeg.LOSSLESS:  # which holds no luma
            from PIL import Image

            colours = Image.fromarray(_jpeg_pixels(data, header, name, "RGB"))
            return np.array(colours.convert("L"), dtype=np.uint8), colours
        if header.components != 4:
            return _jpeg_pixels(data, header, name, "GRAY")[..., 0], None
    picture = _picture(data, kind, name, max_pixels)
    if isinstance(picture, Samples):
        return grey_levels(picture), picture
    grey = grey_of(picture, kind)
    return grey_levels(grey) if isinstance(grey, Samples) else grey, picture


def read_mask(data: bytes, kind: str, name: Path | str, max_pixels: int) -> NDArray[np.bool_]:
    """Read a mask; see `gliaboost.datasets.decode.decode_mask`, and `read_grey`.

    Returns
    -------
    bool array [H, W]
    """
    with reading():
        return _mask(data, kind, name, max_pixels)


def _mask(data: bytes, kind: str, name: Path | str, max_pixels: int) -> NDArray[np.bool_]:
    if kind != "JPEG":
        picture = _picture(data, kind, name, max_pixels)
        return mask_of(picture) if isinstance(picture, Samples) else mask_of_image(picture)
    header = _jpeg_header(data, name, max_pixels)
    if header.components == 4:
        image = _picture(data, kind, name, max_pixels)
        assert not isinstance(image, Samples)
        pixels = np.asarray(image.convert("RGB"))
    else:
        colours = "GRAY" if header.components == 1 else "RGB"
        pixels = _jpeg_pixels(data, header, name, colours)
    brightest = pixels.max(axis=2)
    return np.asarray(brightest > brightest.max() / 2)


def _check_size(
    data: bytes, name: Path | str, height: int, width: int, max_pixels: int, each: int
) -> None:
    """Refuse a picture from its header: of no pixel, of too many, or of too many bytes at once."""
    if height < 1 or width < 1:
        raise DecodeError(name, f"is {width} x {height} pixels; expected at least one")
    if height * width > max_pixels:
        raise DecodeError(
            name,
            f"is {width:,} x {height:,} pixels, more than the cap of {max_pixels:,}; "
            "scale it down first",
        )
    claim(name, 2 * len(data) + _BLOCKS + height * width * each)


def _picture(data: bytes, kind: str, name: Path | str, max_pixels: int) -> Samples | Image.Image:
    # Decoders are many and meet hostile bytes; none may stop a run, so all they raise is caught.
    try:
        return _READERS[kind](data, name, max_pixels)
    except DecodeError:
        raise
    except UnreadKindError as error:
        raise DecodeError(name, f"is a {kind} of a kind that is not read: {error}") from error
    except Exception as error:
        raise DecodeError(name, f"is a truncated or damaged {kind} ({reason_of(error)})") from error


def _by_pillow(
    data: bytes,
    copies: Iterable[bytes],
    kind: str,
    name: Path | str,
    max_pixels: int,
    page: int = 0,
) -> Image.Image:
    from PIL import Image, ImageFile

    if ImageFile.LOAD_TRUNCATED_IMAGES:
        raise DecodeError(
            name,
            "PIL.ImageFile.LOAD_TRUNCATED_IMAGES is set, which hides truncated files; unset it",
        )

    def check(height: int, width: int) -> None:
        _check_size(data, name, height, width, max_pixels, _PLAIN)

    try:
        return loaded(copies, kind, check, page)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise DecodeError(
            name, f"has more pixels than the cap of {max_pixels:,} ({error})"
        ) from error
    except HeaderError as error:
        if "nsupported" in str(error):
            raise DecodeError(name, f"is a {kind} of a kind that is not read: {error}") from error
        raise DecodeError(name, f"has a damaged {kind} header ({error})") from error


def _bmp(data: bytes, name: Path | str, max_pixels: int) -> Image.Image:
    return _by_pillow(data, [data], "BMP", name, max_pixels)


def _cmyk_jpeg(data: bytes, name: Path | str, max_pixels: int) -> Image.Image:
    _jpeg_pixels(data, _jpeg_header(data, name, max_pixels), name, "CMYK")
    return _by_pillow(data, _jpeg_copies(data), "JPEG", name, max_pixels)


def _jpeg_copies(data: bytes) -> Iterator[bytes]:
    yield data
    yield jpeg.without_metadata(data)
    yield jpeg.without_metadata(data) + b"\xff\xd9"


def _png(data: bytes, name: Path | str, max_pixels: int) -> Samples | Image.Image:
    header = read_png_header(data)
    if header is None:
        raise DecodeError(name, "has a damaged PNG header (it does not begin with IHDR)")
    if header.apple:
        raise DecodeError(
            name,
            "is a PNG of Apple's own kind (CgBI), which is not read; open it on a Mac and export "
            "it as PNG",
        )
    deep = header.depth == _DEEP
    each = _COPIES * 2 * max(header.channels, 3) if deep else _PLAIN
    _check_size(data, name, header.height, header.width, max_pixels, each)
    check_chunks(data)
    if not deep or (header.colour == GREY and not is_transparent(data)):
        return _by_pillow(data, _png_copies(data), "PNG", name, max_pixels)
    samples = deep_png(data, header)
    orientation = exif_orientation(exif_of(data))
    alpha = samples.alpha
    return Samples(
        upright(samples.values, orientation),
        None if alpha is None else upright(alpha, orientation),
    )


def _png_copies(data: bytes) -> Iterator[bytes]:
    yield data
    yield only_pixels(data, also=(b"eXIf",))
    yield only_pixels(data)


def _tiff(data: bytes, name: Path | str, max_pixels: int) -> Samples | Image.Image:
    try:
        page = picture_page(data)
    except Exception as error:
        raise DecodeError(name, f"has a damaged TIFF header ({reason_of(error)})") from error
    each = max(_PLAIN, 2 * page.bytes_a_pixel) if page.is_plain else _COPIES * page.bytes_a_pixel
    _check_size(data, name, page.height, page.width, max_pixels, each)
    # A tile may be larger than the picture, and is unpacked whole.
    whole = page.height * page.width * each + _COPIES * page.tile_bytes
    claim(name, 2 * len(data) + _BLOCKS + whole)
    if page.is_plain:
        return _plain_tiff(data, page, name, max_pixels)
    samples = samples_of(data, page, max_pixels)
    alpha = samples.alpha
    return Samples(
        upright(samples.values, page.orientation),
        None if alpha is None else upright(alpha, page.orientation),
        samples.white_is_zero,
    )


def _plain_tiff(data: bytes, page: TiffPage, name: Path | str, max_pixels: int) -> Image.Image:
    try:
        image = _by_pillow(data, [data], "TIFF", name, max_pixels, page.number)
    except Exception:
        # Pillow knows few ways to combine channels.
        try:
            plain = plain_image(samples_of(data, page, max_pixels), page)
        except Exception:
            plain = None
        if plain is None:
            raise
        return plain
    palette = palette_of_bytes(page)
    if palette is not None and image.mode == "P":
        image.putpalette(palette)
    return image


_READERS: dict[str, Callable[[bytes, Path | str, int], Samples | Image.Image]] = {
    "BMP": _bmp,
    "JPEG": _cmyk_jpeg,
    "PNG": _png,
    "TIFF": _tiff,
}


def _jpeg_header(data: bytes, name: Path | str, max_pixels: int) -> jpeg.JpegHeader:
    try:
        header = jpeg.frame_header(data)
    except ValueError as error:
        raise DecodeError(name, f"is a truncated or damaged JPEG ({error})") from None
    each = _JPEG_COMPONENT * max(header.components, 1) + (_PLAIN if header.components == 4 else 1)
    _check_size(data, name, header.height, header.width, max_pixels, each)
    scans = data.count(b"\xff\xda", header.scan)
    if _jpeg_work(data, header) > _SCANNED:
        raise DecodeError(
            name,
            f"has {scans:,} scans of {header.width:,} x {header.height:,} pixels, more than any "
            "program makes: decoding them would take minutes",
        )
    what = None
    if header.frame == jpeg.JPEG_LS:
        what = "is a JPEG-LS"
    elif header.frame not in _FRAMES:
        what = f"is a hierarchical or lossless arithmetic JPEG (frame {header.frame:#x})"
    elif header.precision != 8:
        what = f"is a JPEG of {header.precision} bits a sample"
    elif header.components not in (1, 3, 4):
        what = f"is a JPEG of {header.components} components"
    if what is not None:
        raise DecodeError(name, f"{what}, which is not read; convert it to a 16-bit PNG first")
    return header


def _jpeg_work(data: bytes, header: jpeg.JpegHeader) -> int:
    """Count the pixels that its scans go through, slow ones as several."""
    slow = _ARITHMETIC if header.frame in _SLOW else 1
    scans = data.count(b"\xff\xda", header.scan)
    return slow * max(scans, 1) * header.height * header.width


def _jpeg_pixels(
    data: bytes, header: jpeg.JpegHeader, name: Path | str, colours: str
) -> NDArray[np.uint8]:
    try:
        # Odd files are decoded again and again.
        tries = _SCANNED // max(_jpeg_work(data, header), 1)
        pixels = jpeg_pixels(data, header, colours, tries=tries)
    except ValueError as error:
        raise DecodeError(
            name, f"is a JPEG that is damaged, partly decoded ({error}); take the original again"
        ) from error
    return upright(pixels, exif_orientation(header.exif))
