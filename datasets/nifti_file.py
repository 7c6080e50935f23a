"""One NIfTI file, or its bytes, as numbers: scaled, axes turned, nothing taken on trust."""

from __future__ import annotations

import contextlib
import gzip
import io
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.image_source import ImageLike, ImageSource
from gliaboost.datasets.reading_memory import claim, reading
from gliaboost.errors import DecodeError
from gliaboost.regular_files import IrregularFileError, open_regular

SUFFIXES = (".nii", ".nii.gz")
_GZIP = b"\x1f\x8b"
# The length of a header is its first field, in either order of bytes.
_HEADERS = {struct.pack(order + "i", size): (size, order) for order in "<>" for size in (348, 540)}
# Where the sides of a voxel stand in it, and how.
_SIDES = {348: (80, "3f"), 540: (112, "3d")}
# Between a micrometre's histology and a whole body: what a voxel of a head may measure, in mm.
_SMALLEST, _LARGEST = 0.01, 100.0
# The longest side of a voxel in its shortest: beyond it, a slice is a strip.
_LONGEST = 40.0
_UNITS = {"meter": 1000.0, "micron": 0.001}
# What stands behind the last voxel of a compressed file, and is read to check its sum.
_TRAILING = 2**20
# So much of the volumes behind is unpacked for it, which takes a second or two.
_REST = 2**29
# What is read at once, in bytes; a voxel as a float, its grey, and two marks of it; and the sample
# by which its values are judged, and once more in order.
_PART, _BYTES, _SAMPLES, _SAMPLE_BYTES = 2**24, 7, 2**28, 8
LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True, eq=False)
class NiftiFile:
    """The numbers of one volume.

    Parameters
    ----------
    values : float32 array [X, Y, Z]
        Scaled as the header says; axes to the patient's right, front and top. Not finite where the
        file is not.
    affine : float64 array [4, 4]
        From indices to mm.
    spacing : tuple of float
        Size of a voxel in mm, by axis; 1, 1, 1 where the header's is absurd.
    frames : int
        How many volumes the file holds.
    described : str
        The header's own words.
    colour : bool
        Whether the voxels were colours.
    oriented : bool
        Whether the header says where the voxels lie.
    notes : tuple of str
        What had to be assumed.
    """

    values: NDArray[np.float32]
    affine: NDArray[np.float64]
    spacing: tuple[float, float, float]
    frames: int = 1
    described: str = ""
    colour: bool = False
    oriented: bool = True
    notes: tuple[str, ...] = ()


def is_nifti(image: ImageLike) -> bool:
    """Tell whether an image is a NIfTI volume: by its name, failing that by its bytes.

    Examples
    --------
    >>> is_nifti("scan.nii.gz"), is_nifti("scan.png")
    (True, False)
    """
    source = ImageSource.of(image)
    if str(source.name).lower().endswith(SUFFIXES):
        return True
    if source.data is None:
        return False
    try:
        with _opened(source) as stream:
            head = stream.read(540)
    except (OSError, EOFError, ValueError):
        return False
    return head[:4] in _HEADERS and (head[344:347] in (b"n+1", b"ni1") or head[4:7] == b"n+2")


def stem(name: PurePath | str) -> str:
    """Name a volume without its folder and ending.

    Examples
    --------
    >>> stem("a/scan.v2.nii.gz"), stem("SCAN.NII")
    ('scan.v2', 'SCAN')
    """
    return re.sub(r"(\.nii)?(\.gz)?$", "", PurePath(name).name, flags=re.IGNORECASE)


def read_nifti_file(image: ImageLike, *, frame: int = 0) -> NiftiFile:
    """Read one volume.

    Parameters
    ----------
    image : path-like or ImageSource
        NIfTI-1 or NIfTI-2, compressed by gzip or not, whatever its name says.
    frame : int
        Which of its volumes, where the file holds several.

    Returns
    -------
    NiftiFile

    Raises
    ------
    DecodeError
        If the file is absent, damaged, cut off, holds no volume or none of that number, or would
        take more memory than may be held.
    """
    source = ImageSource.of(image)
    with reading(), _errors(source), _opened(source) as stream, _quiet():
        return _read(source, stream, frame)


def count_frames(image: ImageLike) -> int:
    """Count the volumes of a file from its header.

    Raises
    ------
    DecodeError
        As for `read_nifti_file`.
    """
    source = ImageSource.of(image)
    with _errors(source), _opened(source) as stream, _quiet():
        shape = _shape(source, _loaded(source, stream)[0])
        return shape[3] if len(shape) == 4 else 1


def stored_header(image: ImageLike) -> tuple[Any, NDArray[np.float64]]:
    """Read how a file's voxels are stored: what a mask of it is written with.

    Parameters
    ----------
    image : path-like or ImageSource
        As for `read_nifti_file`.

    Returns
    -------
    header : nibabel.Nifti1Header or nibabel.Nifti2Header
        The file's own.
    affine : float64 array [4, 4]
        From stored indices to mm, by which `read_nifti_file` turns the volume.

    Raises
    ------
    DecodeError
        As for `read_nifti_file`.
    """
    source = ImageSource.of(image)
    with _errors(source), _opened(source) as stream, _quiet():
        loaded, _ = _loaded(source, stream)
        _shape(source, loaded)
        return loaded.header.copy(), _affine(loaded)[0]


@contextlib.contextmanager
def _errors(source: ImageSource) -> Iterator[None]:
    """Turn whatever is raised into a typed error."""
    try:
        yield
    except DecodeError:
        raise
    except FileNotFoundError:
        raise DecodeError(source.name, "no such file") from None
    except PermissionError:
        raise DecodeError(source.name, "no permission to read it; chmod +r") from None
    except IrregularFileError as error:
        raise DecodeError(source.name, str(error.strerror)) from None
    except Exception as error:  # nibabel and zlib raise what they like
        reason = f"is a cut off or damaged volume ({_reason(error)})"
        raise DecodeError(source.name, reason) from error


@contextlib.contextmanager
def _opened(source: ImageSource) -> Iterator[BinaryIO]:
    """Open the bytes of a volume, unpacked: by content, as names are often wrong."""
    with open_regular(source.name) if source.data is None else io.BytesIO(source.data) as stream:
        packed = stream.read(2) == _GZIP
        stream.seek(0)
        if packed:
            with gzip.GzipFile(fileobj=stream) as unpacked:
                yield unpacked  # type: ignore[misc]
        else:
            yield stream


def _quiet() -> contextlib.AbstractContextManager[Any]:
    """Keep nibabel from writing to the terminal what an error says too."""
    from nibabel import imageglobals

    library: Any = imageglobals
    quiet: contextlib.AbstractContextManager[Any] = library.LoggingOutputSuppressor()
    return quiet


def _loaded(source: ImageSource, stream: BinaryIO) -> tuple[Any, NDArray[np.float64]]:
    """Read the header, and the sides of a voxel as they stand there."""
    import nibabel

    library: Any = nibabel
    start = stream.read(540)
    if not start:
        raise DecodeError(source.name, "is empty (0 bytes); expected a volume")
    if start[:4] not in _HEADERS:
        raise DecodeError(source.name, "is no NIfTI volume: its header is another")
    stream.seek(0)
    size, order = _HEADERS[start[:4]]
    kind = library.Nifti1Image if size == 348 else library.Nifti2Image
    loaded = kind.from_stream(stream)
    # nibabel takes 1 for a side of 0 without a word.
    at, form = _SIDES[size]
    return loaded, np.abs(np.array(struct.unpack_from(order + form, start, at)))


def _read(source: ImageSource, stream: BinaryIO, frame: int) -> NiftiFile:
    loaded, sides = _loaded(source, stream)
    shape = _shape(source, loaded)
    frames = shape[3] if len(shape) == 4 else 1
    if not 0 <= frame < frames:
        raise DecodeError(source.name, f"holds {frames} volume(s); there is none of number {frame}")
    values = _values(loaded, shape, frame)
    _check_sum(source, stream, loaded)
    colour = loaded.get_data_dtype().names is not None
    affine, known = _affine(loaded)
    values, affine, axes = _turned(values, affine)
    spacing = _spacing(
        [*([np.linalg.norm(affine[:3, :3], axis=0)] if known else []), sides[np.argsort(axes)]],
        _UNITS.get(_unit(loaded), 1.0),
    )
    notes = [] if known else ["no orientation in the header: axes taken as they are stored"]
    if spacing is None:
        notes.append("no possible size of a voxel in the header: drawn as if all sides were equal")
    described = bytes(loaded.header["descrip"]).split(b"\0")[0].decode("latin-1")
    return NiftiFile(
        values, affine, spacing or (1.0, 1.0, 1.0), frames, described, colour, known, tuple(notes)
    )


def _shape(source: ImageSource, loaded: Any) -> tuple[int, ...]:
    """Take 3 or 4 dimensions of the header's, and refuse what may not be held from them alone."""
    shape = tuple(int(n) for n in loaded.shape)
    while len(shape) > 3 and shape[-1] == 1:
        shape = shape[:-1]
    if len(shape) == 2:
        shape = (*shape, 1)
    shown = " x ".join(f"{n:,}" for n in loaded.shape) or "no dimension"
    if len(shape) not in (3, 4) or min(shape) < 1:
        raise DecodeError(source.name, f"has {shown} voxels; expected 3 dimensions, or 4")
    voxels = int(np.prod(shape[:3], dtype=object))
    part = _together(loaded, shape) * _plane_bytes(loaded, shape)
    needed = 2 * part + voxels * _BYTES + min(_SAMPLES, _SAMPLE_BYTES * voxels)
    claim(source.name, needed, f"has {shown} voxels, which")
    return shape


def _plane_bytes(loaded: Any, shape: tuple[int, ...]) -> int:
    """Bytes of a plane as it is stored, and in the widest type that it goes through."""
    return shape[0] * shape[1] * (int(loaded.get_data_dtype().itemsize) + 16)


def _together(loaded: Any, shape: tuple[int, ...]) -> int:
    """How many planes are read at once."""
    return min(shape[2], max(1, _PART // _plane_bytes(loaded, shape)))


def _values(loaded: Any, shape: tuple[int, ...], frame: int) -> NDArray[np.float32]:
    """Read a volume some planes at a time: whole, it is held in every type that it goes through."""
    from nibabel import arrayproxy

    library: Any = arrayproxy
    whole = loaded.dataobj
    plane = shape[0] * shape[1] * int(loaded.get_data_dtype().itemsize)
    together = _together(loaded, shape)
    values = np.empty(shape[:3], np.float32, order="F")
    for first in range(0, shape[2], together):
        last = min(first + together, shape[2])
        offset = int(whole.offset) + (frame * shape[2] + first) * plane
        spec = ((*shape[:2], last - first), whole.dtype, offset, whole.slope, whole.inter)
        part = library.ArrayProxy(whole.file_like, spec)
        values[..., first:last] = _as_float(part, single=len(shape) == 3)
    return values


def _as_float(part: Any, *, single: bool) -> NDArray[np.float32]:
    """Scale, of a file of one volume in 32 bits; turn colours to luma, complex to their size."""
    if part.dtype.names is not None:
        colours = np.asarray(part.get_unscaled())
        channels = (colours[name].astype(np.float32) for name in part.dtype.names[:3])
        return np.asarray(sum(c * w for c, w in zip(channels, LUMA, strict=True)), dtype=np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        if np.issubdtype(part.dtype, np.complexfloating):
            return np.asarray(np.abs(np.asarray(part)), dtype=np.float32)
        return np.asarray(np.asarray(part, dtype=np.float32 if single else None), np.float32)


def _check_sum(source: ImageSource, stream: BinaryIO, loaded: Any) -> None:
    """Read a compressed file to its end, where its sum stands: bits may flip without a word."""
    if not isinstance(stream, gzip.GzipFile):
        return
    size = int(np.prod(loaded.shape, dtype=object)) * loaded.get_data_dtype().itemsize
    end = int(loaded.dataobj.offset) + size
    while stream.tell() <= end + _TRAILING:
        if end - stream.tell() > _REST:  # many volumes, which would take long
            return
        if not stream.read(_TRAILING):
            return
    raise DecodeError(source.name, "holds much more than its header says")


def _affine(loaded: Any) -> tuple[NDArray[np.float64], bool]:
    """Read where the voxels lie, and whether the header says so."""
    header = loaded.header
    affine = np.asarray(loaded.affine, dtype=np.float64)
    known = bool(header["sform_code"] > 0 or header["qform_code"] > 0)
    if _usable(affine):
        return affine, known
    affine = np.asarray(header.get_base_affine(), dtype=np.float64)
    return (affine if _usable(affine) else np.eye(4)), False


def _usable(affine: NDArray[np.float64]) -> bool:
    if not np.isfinite(affine).all():
        return False
    sides = np.linalg.norm(affine[:3, :3], axis=0)
    if not (sides > 0).all():
        return False
    return abs(float(np.linalg.det(affine[:3, :3] / sides))) > 1e-3


def _turned(
    values: NDArray[np.float32], affine: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.float64], list[int]]:
    """Turn a volume as it lies closest to right, front and top; say where each axis went."""
    from nibabel import orientations

    library: Any = orientations
    turns = library.io_orientation(affine)
    back = library.inv_ornt_aff(turns, values.shape)
    return library.apply_orientation(values, turns), affine @ back, turns[:, 0].astype(int).tolist()


def _spacing(found: list[NDArray[np.float64]], unit: float) -> tuple[float, float, float] | None:
    """Take the first sides of a voxel that are possible, in mm; None where none are."""
    for sides in found:
        x, y, z = (float(side) * unit for side in sides)
        shortest, longest = min(x, y, z), max(x, y, z)
        # Written so that what is not a number is absurd too.
        if shortest >= _SMALLEST and longest <= min(_LARGEST, _LONGEST * shortest):
            return x, y, z
    return None


def _unit(loaded: Any) -> str:
    try:
        return str(loaded.header.get_xyzt_units()[0])
    except (KeyError, ValueError):  # a number that stands for no unit
        return "unknown"


def _reason(error: BaseException) -> str:
    return (str(error).splitlines() or [""])[0] or type(error).__name__
