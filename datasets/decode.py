"""Files to grey pixels: PNG, JPEG, TIFF and BMP, by content, with caps and typed errors."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.image_source import ImageLike, ImageSource
from gliaboost.datasets.jpeg import read_jpeg_header
from gliaboost.errors import DecodeError

if TYPE_CHECKING:
    from PIL import Image

FORMATS = ("PNG", "JPEG", "TIFF", "BMP")
# Sixteen times a 2,048 x 2,048 radiograph; beyond it a small file asks for gigabytes.
MAX_PIXELS = 64 * 1024 * 1024
_MAGIC = {
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"II*\x00": "TIFF",
    b"MM\x00*": "TIFF",
    b"II+\x00": "TIFF",
    b"MM\x00+": "TIFF",
    b"BM": "BMP",
}
_WHITE_IS_ZERO = 0
_PHOTOMETRIC = 262


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
        scans have a black ground; a palette is looked up; 1-bit becomes 0 and 255. Deeper greys (16
        or 32 bits, float) are scaled linearly from the file's own minimum and maximum to 0 and 255,
        as MRI units are arbitrary and slices use a small, varying part of the range. EXIF
        orientation is applied, as in every viewer that a mask was drawn in.

    Raises
    ------
    DecodeError
        If the file is absent, empty, not one of the formats, truncated, damaged, or too large.

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
    """Read a mask: every pixel that is not black belongs to it.

    Parameters
    ----------
    path : path-like
        As for `decode`. A lossy JPEG rings around edges: there a pixel needs half the range.
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
    pixels = decode_bytes(data, path, max_pixels=max_pixels)
    return pixels > (127 if _kind(data) == "JPEG" else 0)


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
    if not data:
        raise DecodeError(name, "is empty (0 bytes); expected an image")
    kind = _kind(data)
    if kind is None:
        raise DecodeError(
            name,
            f"is no image of a known kind; expected {', '.join(FORMATS)} content{_hint(data)}",
        )
    if kind == "JPEG":
        fast = _decode_jpeg(data, name, max_pixels)
        if fast is not None:
            return fast
    return _decode_carefully(data, name, kind, max_pixels)


def _kind(data: bytes) -> str | None:
    return next((kind for magic, kind in _MAGIC.items() if data.startswith(magic)), None)


def _hint(data: bytes) -> str:
    """Say which source reads a container of slices."""
    source = None
    if data[128:132] == b"DICM":
        source = "dicom"
    elif data[344:348] in (b"n+1\0", b"ni1\0") or data.startswith(b"\x1f\x8b"):
        source = "nifti"
    elif data.startswith(b"MATLAB"):
        source = "figshare"
    if source is None:
        return ""
    return f". It may be read with: gliaboost manifest {source} FOLDER"


def _check_size(name: Path | str, height: int, width: int, max_pixels: int) -> None:
    if height < 1 or width < 1:
        raise DecodeError(name, f"is {width} x {height} pixels; expected at least one")
    if height * width > max_pixels:
        raise DecodeError(
            name,
            f"is {width:,} x {height:,} pixels, more than the cap of {max_pixels:,}; "
            "scale it down first",
        )


def _decode_jpeg(data: bytes, name: Path | str, max_pixels: int) -> NDArray[np.uint8] | None:
    """Decode grey and colour JPEG with OpenCV, several times as fast; None leaves it to Pillow."""
    import cv2

    try:
        header = read_jpeg_header(data)
    except ValueError as error:
        raise DecodeError(name, f"is a truncated or damaged JPEG ({error})") from None
    _check_size(name, header.height, header.width, max_pixels)
    if header.precision != 8 or header.components not in (1, 3):
        return None
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    except cv2.error:
        return None
    if pixels is None or sorted(pixels.shape) != sorted((header.height, header.width)):
        return None
    return np.asarray(pixels, dtype=np.uint8)


def _decode_carefully(
    data: bytes, name: Path | str, kind: str, max_pixels: int
) -> NDArray[np.uint8]:
    from PIL import Image, ImageFile, ImageOps

    if ImageFile.LOAD_TRUNCATED_IMAGES:
        raise DecodeError(
            name,
            "PIL.ImageFile.LOAD_TRUNCATED_IMAGES is set, which hides truncated files; unset it",
        )
    # Decoders are many and meet hostile bytes; none may stop a run, so all they raise is caught.
    try:
        image = Image.open(io.BytesIO(data), formats=(kind,))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise DecodeError(
            name, f"has more pixels than the cap of {max_pixels:,} ({error})"
        ) from error
    except Exception as error:
        raise DecodeError(name, f"has a damaged {kind} header ({_reason(error)})") from error
    with image:
        _check_size(name, image.height, image.width, max_pixels)
        try:
            image.load()
            if kind != "TIFF":  # Pillow has turned that itself
                ImageOps.exif_transpose(image, in_place=True)
            return _to_grey(image)
        except Exception as error:
            reason = f"is a truncated or damaged {kind} ({_reason(error)})"
            raise DecodeError(name, reason) from error


def _reason(error: BaseException) -> str:
    return (str(error).splitlines() or [""])[0] or type(error).__name__


def _to_grey(image: Image.Image) -> NDArray[np.uint8]:
    from PIL import Image

    if image.mode[0] in "IF":  # I;16, I, F
        return _stretched(np.asarray(image), inverted=_white_is_zero(image))
    if image.mode == "LAB":
        return np.array(image.getchannel(0), dtype=np.uint8)
    if "transparency" in image.info or image.mode in ("RGBA", "LA", "PA", "La", "RGBa"):
        if image.mode in ("La", "RGBa"):  # Pillow converts these to their plain form alone
            image = image.convert("LA" if image.mode == "La" else "RGBA")
        image = image.convert("RGBA")
        black = Image.new("RGBA", image.size, (0, 0, 0, 255))
        image = Image.alpha_composite(black, image)
    if image.mode not in ("1", "L"):
        image = image.convert("RGB")
    return np.array(image.convert("L"), dtype=np.uint8)


def _white_is_zero(image: Image.Image) -> bool:
    """Whether a deep TIFF says that 0 is white; Pillow turns only shallower ones."""
    tags = getattr(image, "tag_v2", None)
    return tags is not None and tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO


def _stretched(pixels: NDArray[np.generic], *, inverted: bool) -> NDArray[np.uint8]:
    values = pixels.astype(np.float64)
    finite = np.isfinite(values)
    if not finite.any():
        return np.zeros(values.shape, np.uint8)
    low, high = values[finite].min(), values[finite].max()
    if high == low:
        return np.zeros(values.shape, np.uint8)
    with np.errstate(over="ignore", invalid="ignore"):  # floats may span more than a float
        scaled = np.clip(np.nan_to_num((values - low) / (high - low), nan=0.0), 0, 1)
    grey: NDArray[np.uint8] = np.rint(scaled * 255).astype(np.uint8)
    return 255 - grey if inverted else grey
