"""What a person names to be looked at: a picture, a DICOM file, a volume, or a folder of these."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from gliaboost.datasets.dicom.files import HEAD, is_dicom
from gliaboost.datasets.image_files import IMAGE_SUFFIXES, files_ending, image_files
from gliaboost.datasets.image_source import ImageLike, ImageSource
from gliaboost.datasets.nifti_file import SUFFIXES, is_nifti
from gliaboost.errors import DecodeError, MissingExtraError, UsageError
from gliaboost.regular_files import is_folder, open_regular

if TYPE_CHECKING:
    from gliaboost.datasets.dicom.slices import DicomSlice

PICTURE, DICOM, NIFTI = "picture", "DICOM", "NIfTI"
# What lies in a folder of masks that ``gliaboost segment predict`` wrote.
FOUND = ("measurements.csv", "measurements.json")


@dataclass(frozen=True)
class SlicePlace:
    """Where a slice of a scan comes from.

    Attributes
    ----------
    scan : ImageSource
        The volume, the DICOM file, or the folder of the series.
    kind : str
        `NIFTI` or `DICOM`.
    number : int
        Of the slice, from 0: of a volume across its plane, of a series or a file of many frames in
        their order.
    plane : str or None
        ``axial``, ``coronal`` or ``sagittal``.
    millimetres : float or None
        Along the plane's normal.
    spacing : (row mm, column mm), optional
        Between the middles of its rows, and columns; None where it is not told.
    modality : str
        ``MRI`` or ``CT``.
    file : ImageSource
        Which file it was read from.
    """

    scan: ImageSource
    kind: str
    number: int
    plane: str | None
    millimetres: float | None
    spacing: tuple[float, float] | None
    modality: str
    file: ImageSource


@dataclass(frozen=True)
class Looked:
    """One picture to be looked at.

    Attributes
    ----------
    source : ImageSource
        The picture; a slice of a scan is named after it, as ``scan.nii.gz, axial 42``.
    error : str or None
        Why there is no picture; `source` is then what could not be read.
    place : SlicePlace or None
        Of a slice of a scan.
    """

    source: ImageSource
    error: str | None = None
    place: SlicePlace | None = None


def look_at(
    image: ImageLike,
    *,
    position: int | None = None,
    plane: str = "axial",
    window: str | None = None,
) -> Iterator[Looked]:
    """Yield the pictures that a path, or an image in memory, stands for.

    Slices of scans go through the same windows as ``gliaboost manifest dicom`` and ``nifti`` put
    them through.

    Parameters
    ----------
    image : path-like or ImageSource
        A picture, a DICOM file, a NIfTI volume, told by content; or a folder: its pictures and
        volumes, or, where it has none, the DICOM series in it. Folders below it that ``gliaboost
        segment predict`` wrote are passed over.
    position : int, optional
        Of a scan the one slice of this number, from 0: of a volume across its plane, of a series or
        a file of many frames in their order. Default: all that show the head.
    plane : {"axial", "coronal", "sagittal"}
        Across which volumes are cut.
    window : str, optional
        For CT, as `gliaboost.datasets.windows.find_window` takes it. Default: a DICOM file's own,
        failing that ``brain``.

    Raises
    ------
    UsageError
        If a folder holds nothing of the kind, or several series; if there is no such slice, or
        `position` is given for a picture.
    MissingExtraError
        If pydicom or nibabel is needed and not installed.
    """
    source = ImageSource.of(image)
    folder = Path(source.name)
    if source.data is not None or not is_folder(folder):
        yield from _file(source, position, plane, window)
        return
    found = [*image_files(folder), *files_ending(folder, SUFFIXES)]
    written = {path.parent for path in found}
    written = {p for p in written if any(map(_is_found, _below(p, folder)))}
    found = [path for path in found if path.parent not in written]
    if found:
        for path in sorted(found):
            yield from _file(ImageSource(path), position, plane, window)
        return
    yield from _series(source, position, window)


def _below(path: Path, folder: Path) -> list[Path]:
    """Give a path and those above it, as far as they lie below a folder."""
    return [p for p in (path, *path.parents) if p != folder and p.is_relative_to(folder)]


def _is_found(folder: Path) -> bool:
    """Whether masks that were found were written here: they are no pictures to look at."""
    return all((folder / name).is_file() for name in FOUND)


def kind_of(source: ImageSource) -> str:
    """Tell a picture from a scan, by content.

    Examples
    --------
    >>> kind_of(ImageSource("upload", bytes(128) + b"DICM")), kind_of(ImageSource("a.nii", b""))
    ('DICOM', 'NIfTI')
    """
    if is_nifti(source):
        return NIFTI
    return DICOM if is_dicom(_beginning(source)) else PICTURE


def _beginning(source: ImageSource) -> bytes:
    if source.data is not None:
        return source.data[:HEAD]
    try:
        with open_regular(source.name) as file:
            return file.read(HEAD)
    except OSError:  # decoding says why
        return b""


def _file(
    source: ImageSource, position: int | None, plane: str, window: str | None
) -> Iterator[Looked]:
    kind = kind_of(source)
    if kind == PICTURE:
        if position is not None:
            raise UsageError(
                f"{source.name} is a picture, which has no slice {position}; leave --slice out, or "
                "name a volume or a series"
            )
        yield Looked(source)
        return
    slices = _volume(source, position, plane, window) if kind == NIFTI else _frames(source, window)
    if kind == DICOM and position is not None:
        slices = _only(slices, position, source)
    try:
        yield from slices
    except MissingExtraError:
        raise
    except DecodeError as error:
        yield Looked(source, error.reason)


def _volume(
    source: ImageSource, position: int | None, plane: str, window: str | None
) -> Iterator[Looked]:
    from gliaboost.datasets.volumes import volume_slices

    wanted = None if position is None else [position]
    empty = True
    for one in volume_slices(source, plane=plane, positions=wanted, window=window or "brain"):
        empty = False
        place = SlicePlace(
            source,
            NIFTI,
            one.position,
            one.plane,
            one.millimetres,
            one.spacing,
            one.modality,
            source,
        )
        name = f"{source.name}, {one.plane} {one.position}"
        yield Looked(_slice(name, one.image), place=place)
    if empty:
        yield Looked(source, f"no {plane} slice of it shows a head")


def _frames(source: ImageSource, window: str | None) -> Iterator[Looked]:
    from gliaboost.datasets.dicom.slices import read_slices

    frames = list(read_slices(source, window=window))
    for number, one in enumerate(frames):
        name = str(source.name) if len(frames) == 1 else f"{source.name}, slice {number}"
        yield Looked(_slice(name, one.image), place=_place(source, number, one))


def _series(source: ImageSource, position: int | None, window: str | None) -> Iterator[Looked]:
    from gliaboost.datasets.dicom.slices import dicom_files, read_slices

    folder = Path(source.name)
    if not dicom_files(folder)[0]:
        endings = ", ".join([*IMAGE_SUFFIXES, *SUFFIXES])
        raise UsageError(f"no image in {folder}; looked for {endings} and DICOM files")
    slices = (
        Looked(
            _slice(f"{folder}, slice {number} ({one.name})", one.image),
            place=_place(source, number, one),
        )
        for number, one in enumerate(read_slices(source, window=window))
    )
    yield from slices if position is None else _only(slices, position, source)


def look_at_series(
    name: str, files: Sequence[ImageSource], *, window: str | None = None
) -> Iterator[Looked]:
    """Yield the slices of a series whose files are at hand.

    Parameters
    ----------
    name : str
        What the series is called.
    files : sequence of ImageSource
        In order, as `gliaboost.datasets.dicom.slices.in_series` gives them.
    window : str, optional
        As for `look_at`.
    """
    from gliaboost.datasets.dicom.slices import read_slices

    scan, number = ImageSource(name), 0
    for file in files:
        try:
            for one in read_slices(file, window=window):
                place = replace(_place(scan, number, one), file=file)
                yield Looked(_slice(f"{name}, slice {number}", one.image), place=place)
                number += 1
        except DecodeError as error:
            yield Looked(file, error.reason)


def _place(scan: ImageSource, number: int, one: DicomSlice) -> SlicePlace:
    file = scan if one.file is None else ImageSource(one.file)
    return SlicePlace(scan, DICOM, number, one.plane, one.position, one.spacing, one.modality, file)


def _only(slices: Iterator[Looked], position: int, source: ImageSource) -> Iterator[Looked]:
    """Give one slice of many."""
    number = -1
    for number, one in enumerate(slices):
        if number == position:
            yield one
            return
    raise UsageError(f"slice {position}; {source.name} has {number + 1} slices, from 0")


def _slice(name: str, image: object) -> ImageSource:
    return ImageSource.from_array(name, image)  # type: ignore[arg-type]


def one_picture(
    image: ImageLike,
    *,
    position: int | None = None,
    plane: str = "axial",
    window: str | None = None,
) -> ImageSource:
    """Give the one picture that a path stands for; arguments as for `look_at`.

    Raises
    ------
    UsageError
        If it stands for several: which of them is not ours to guess.
    DecodeError
        If there is no picture in it.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        found = list(look_at(image, position=position, plane=plane, window=window))
    if len(found) != 1:
        raise UsageError(
            f"{ImageSource.of(image).name} holds {len(found)} pictures; name one file, or the "
            f"slice of a scan (the middle one: --slice {_middle(found)})"
        )
    if found[0].error is not None:
        raise DecodeError(found[0].source.name, found[0].error)
    return found[0].source


def _middle(found: list[Looked]) -> str:
    """Name the number of the slice in the middle of a scan."""
    words = str(found[len(found) // 2].source.name).replace(",", " ").replace("(", " ").split()
    numbers = [w for w in words if w.isdigit()]
    return numbers[-1] if numbers else "N"
