"""Files to grey pixels: PNG, JPEG, TIFF and BMP, by content, with caps and typed errors."""

from __future__ import annotations

import io
import struct
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.errors import DecodeError

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
    b"BM": "BMP",
}


def decode(path: Path | str, *, max_pixels: int = MAX_PIXELS) -> NDArray[np.uint8]:
    """Read one image file as grey pixels.

    Parameters
    ----------
    path : path-like
        A PNG, JPEG, TIFF (first page) or BMP file; told by content, whatever its name.
    max_pixels : int
        Larger images are refused from their header, before anything is decoded.

    Returns
    -------
    uint8 array [H, W]
        Grey levels, 0 to 255. Colour becomes luma (ITU-R BT.601); alpha is composited on black; a
        palette is looked up; 1-bit becomes 0 and 255; 16-bit, 32-bit and float pixels are scaled
        linearly from their own minimum and maximum to 0 to 255, as slices seldom use the whole range.
        EXIF orientation is not applied: slices are stored as they are to be seen.

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
    path = Path(path)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise DecodeError(path, "no such file") from None
    except IsADirectoryError:
        raise DecodeError(path, "is a folder, an image file was expected") from None
    except PermissionError:
        raise DecodeError(path, "no permission to read it; chmod +r") from None
    except OSError as error:
        raise DecodeError(path, error.strerror or str(error)) from error
    return decode_bytes(data, path, max_pixels=max_pixels)


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
        Cap from the header.

    Returns
    -------
    uint8 array [H, W]
    """
    if not data:
        raise DecodeError(name, "is empty (0 bytes)")
    kind = next((k for magic, k in _MAGIC.items() if data.startswith(magic)), None)
    if kind is None:
        raise DecodeError(
            name, f"is no image of a known kind; expected {', '.join(FORMATS)} content"
        )
    with _open(data, name, kind, max_pixels) as image:
        if kind == "JPEG" and image.mode in ("L", "RGB") and _ends_whole(data):
            fast = _by_opencv(data)
            if fast is not None and fast.shape == (image.height, image.width):
                return fast
        return _by_pillow(image, name)


def decode_mask(path: Path | str, *, max_pixels: int = MAX_PIXELS) -> NDArray[np.bool_]:
    """Read a mask: every pixel that is not black belongs to it.

    Returns
    -------
    bool array [H, W]
    """
    return decode(path, max_pixels=max_pixels) > 0


def _open(data: bytes, name: Path | str, kind: str, max_pixels: int) -> Image.Image:
    from PIL import Image

    try:
        with warnings.catch_warnings():
            # Pillow's own pixel limit is replaced by ours, below.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data), formats=(kind,))
    except Image.DecompressionBombError as error:
        raise DecodeError(name, f"has too many pixels ({error})") from error
    except Exception as error:
        raise DecodeError(name, f"has a damaged {kind} header ({error})") from error
    if image.width * image.height > max_pixels:
        raise DecodeError(
            name,
            f"is {image.width} x {image.height} pixels, more than the cap of {max_pixels:,}; "
            "scale it down first",
        )
    return image


def _ends_whole(data: bytes) -> bool:
    """Whether a JPEG closes with its end marker, but for padding: OpenCV greys out what lacks."""
    return b"\xff\xd9" in data[-64:] or data.rstrip(b"\x00\xff").endswith(b"\xd9")


def _by_opencv(data: bytes) -> NDArray[np.uint8] | None:
    import cv2

    flags = cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION
    pixels: NDArray[np.uint8] | None = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    return pixels


def _by_pillow(image: Image.Image, name: Path | str) -> NDArray[np.uint8]:
    from PIL import ImageFile

    if ImageFile.LOAD_TRUNCATED_IMAGES:
        raise DecodeError(
            name,
            "PIL.ImageFile.LOAD_TRUNCATED_IMAGES is set, which hides truncated files; unset it",
        )
    try:
        image.load()
        if image.mode == "P" or "transparency" in image.info:
            image = image.convert("RGBA" if "transparency" in image.info else "RGB")
        if image.mode in ("RGBA", "LA", "PA", "La", "RGBa"):
            pixels = np.asarray(image.convert("RGBA"), dtype=np.uint16)
            luma = np.asarray(image.convert("RGB").convert("L"), dtype=np.uint16)
            return ((luma * pixels[..., 3] + 127) // 255).astype(np.uint8)
        if image.mode in ("L", "1", "RGB", "CMYK", "YCbCr", "LAB", "HSV"):
            if image.mode == "CMYK":
                image = image.convert("RGB")
            return np.array(image.convert("L"), dtype=np.uint8)
        return _to_8_bit(np.asarray(image))
    except DecodeError:
        raise
    except (OSError, SyntaxError, ValueError, EOFError, struct.error, MemoryError) as error:
        reason = str(error) or type(error).__name__
        raise DecodeError(name, f"is truncated or damaged ({reason})") from error
    except Exception as error:  # decoders are C and many; none may stop a run
        raise DecodeError(name, f"cannot be decoded ({type(error).__name__}: {error})") from error


def _to_8_bit(pixels: NDArray[np.generic]) -> NDArray[np.uint8]:
    values = pixels.astype(np.float64)
    finite = values[np.isfinite(values)]
    if not finite.size:
        return np.zeros(values.shape, np.uint8)
    low, high = finite.min(), finite.max()
    if high == low:
        return np.zeros(values.shape, np.uint8)
    scaled = np.nan_to_num((values - low) / (high - low), nan=0.0, posinf=1.0, neginf=0.0)
    return np.rint(scaled * 255).astype(np.uint8)
