"""An image as a value: a file, or a name and the bytes that a file would have."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from gliaboost.errors import DecodeError, UsageError
from gliaboost.regular_files import IrregularFileError, LargeFileError, read_regular

# Twice the most pixels that are decoded, as uncompressed 64-bit greys.
MAX_BYTES = 1024**3


@dataclass(frozen=True)
class ImageSource:
    """Where an image comes from: its file, or its bytes in memory under a name.

    All that takes an image takes one of these, or a path, which is turned into one: decoding,
    extraction, prediction and explanation. The same bytes give the same numbers either way.

    Parameters
    ----------
    name : path-like
        The file; beside `data`, what results and errors call the image.
    data : bytes, optional
        What the file would hold, of any kind that `gliaboost.datasets.decode.decode` reads. They
        are neither copied nor printed, and no result keeps them.

    Examples
    --------
    >>> ImageSource("upload.png", b"what the file would hold")
    ImageSource(name='upload.png')
    >>> ImageSource.of("scans/1.png").name
    'scans/1.png'
    """

    name: Path | str
    data: bytes | None = field(default=None, repr=False)

    @classmethod
    def of(cls, image: ImageLike) -> ImageSource:
        """Take a path for the image that lies there; leave what is a source as it is.

        Raises
        ------
        UsageError
            If it is neither.
        """
        if isinstance(image, ImageSource):
            return image
        if not isinstance(image, str | os.PathLike):
            raise UsageError(
                f"an image of type {type(image).__name__}; expected a path, or an ImageSource: "
                "ImageSource(name, bytes), or ImageSource.from_array(name, array)"
            )
        return cls(image if isinstance(image, str) else Path(image))

    @classmethod
    def from_array(cls, name: str, image: NDArray[np.uint8]) -> ImageSource:
        """Take an array as the lossless PNG file of it, so that it goes the road of any file.

        Parameters
        ----------
        name : str
            What results and errors call the image.
        image : uint8 array [H, W]
            Grey levels.

        Raises
        ------
        UsageError
            If the array is another one: how its range becomes 0 to 255 is not ours to guess.

        Examples
        --------
        >>> from gliaboost.datasets.decode import decode
        >>> decode(ImageSource.from_array("slice", np.array([[0, 7]], np.uint8))).tolist()
        [[0, 7]]
        """
        import cv2

        pixels = np.asarray(image)
        if pixels.dtype != np.uint8 or pixels.ndim != 2 or not pixels.size:
            raise UsageError(
                f"{name}: an array of {pixels.dtype} {list(pixels.shape)}; expected grey levels, "
                "uint8 [H, W]"
            )
        return cls(name, cv2.imencode(".png", pixels)[1].tobytes())

    def read(self) -> bytes:
        """Return the encoded bytes.

        Raises
        ------
        DecodeError
            If the file is absent, no regular file, not to be read, or larger than `MAX_BYTES`.
        """
        if self.data is None:
            return _read(self.name)
        if len(self.data) > MAX_BYTES:
            raise _too_large(self.name, len(self.data))
        return self.data

    def key(self) -> str:
        """Return the SHA-256 of the bytes, 64 hexadecimal digits, as in a manifest's ``key``.

        Raises
        ------
        DecodeError
            As for `read`.
        """
        return hashlib.sha256(self.read()).hexdigest()

    def keyed(self) -> ImageSource:
        """Return a source that is read once, however often it is asked for its key."""
        return KeyedSource(self.name, self.data)


@dataclass(frozen=True)
class KeyedSource(ImageSource):
    """A source whose key is known once it was read, so that no file is read again for it.

    Examples
    --------
    >>> source = KeyedSource("upload", b"bytes")
    >>> source.read() == b"bytes" and source.key() == ImageSource("upload", b"bytes").key()
    True
    """

    _known: list[str] = field(default_factory=list, init=False, repr=False, compare=False)

    def read(self) -> bytes:
        """Return the encoded bytes, and note their SHA-256; raises as `ImageSource.read`."""
        data = super().read()
        self._known[:] = [hashlib.sha256(data).hexdigest()]
        return data

    def key(self) -> str:
        """Return the SHA-256 of what was read last; raises as `ImageSource.read`."""
        if not self._known:
            self.read()
        return self._known[0]


@dataclass(frozen=True)
class DecodedSource(ImageSource):
    """A picture that was decoded, without its file's bytes but known by them.

    Parameters
    ----------
    name : path-like
        What results and errors call the image.
    data : bytes
        A lossless picture of the grey levels.
    original : str
        SHA-256 of the file that it was decoded from, its `key`.

    Examples
    --------
    >>> source = DecodedSource.of_pixels("upload.png", np.array([[0, 7]], np.uint8), "ab" * 32)
    >>> source.keyed().key()[:4], source.read()[1:4]
    ('abab', b'PNG')
    """

    original: str = ""

    @classmethod
    def of_pixels(cls, name: Path | str, image: NDArray[np.uint8], key: str) -> DecodedSource:
        """Keep grey levels, uint8 ``[H, W]``, and the SHA-256 of their file."""
        return cls(name, ImageSource.from_array(str(name), image).data, key)

    def key(self) -> str:
        """Return the SHA-256 of the file that it was decoded from."""
        return self.original

    def keyed(self) -> ImageSource:
        """Return itself: its key is known."""
        return self


ImageLike: TypeAlias = "ImageSource | os.PathLike[str] | str"


def image_sources(images: Iterable[ImageLike]) -> list[ImageSource]:
    """Take each for a source; see `ImageSource.of`."""
    return [ImageSource.of(image) for image in images]


def _read(name: Path | str) -> bytes:
    try:
        return read_regular(name, MAX_BYTES)
    except FileNotFoundError:
        raise DecodeError(name, "no such file") from None
    except PermissionError:
        raise DecodeError(name, "no permission to read it; chmod +r") from None
    except (IrregularFileError, LargeFileError) as error:
        raise DecodeError(name, str(error.strerror)) from None
    except OSError as error:
        raise DecodeError(name, f"cannot be opened ({error.strerror or error})") from error


def _too_large(name: Path | str, size: int) -> DecodeError:
    return DecodeError(name, f"has {size:,} bytes, more than the cap of {MAX_BYTES:,}")
