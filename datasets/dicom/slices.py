"""Grey slices of a DICOM file, its bytes, or a folder that holds a series, as a model sees them."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.dicom.files import is_dicom_file, open_dicom
from gliaboost.datasets.dicom.passing import no_image, no_slice, says_burnt_in
from gliaboost.datasets.dicom.pixels import grey_frames
from gliaboost.datasets.dicom.tags import (
    MODALITIES,
    millimetres_of,
    modality_of,
    number,
    place_of,
    quiet,
    sequence_of,
    text_of,
    value_of,
)
from gliaboost.datasets.image_files import walk_images
from gliaboost.datasets.image_source import ImageLike, ImageSource
from gliaboost.datasets.windows import find_window
from gliaboost.errors import DecodeError, UsageError
from gliaboost.regular_files import is_folder

SHOWN = 3
SAYS_BURNT_IN = (
    "its tags say that text is burnt into the pixels, which may name a patient, and which a model "
    "may read"
)


@dataclass(frozen=True)
class DicomSlice:
    """One picture of a head, with what may be told of it.

    Parameters
    ----------
    name : str
        The file's name; with ``, frame N`` (from 1) where it holds several.
    image : uint8 array [H, W]
        Grey levels, exactly those that converting a tree writes.
    modality : str
        ``MRI`` or ``CT``.
    window : str
        What the pixels went through; see `gliaboost.datasets.dicom.pixels.grey_frames`.
    plane : str or None
        ``axial``, ``coronal`` or ``sagittal``.
    position : float or None
        Along the plane's normal, in mm.
    sequence : str or None
        One of `gliaboost.datasets.sequences.SEQUENCES`; None for CT.
    spacing : (row mm, column mm), optional
        Between the middles of `image`'s rows, and columns; None where it is not told.
    file : Path, optional
        Which file of a folder it came from.
    """

    name: str
    image: NDArray[np.uint8] = field(repr=False)
    modality: str
    window: str
    plane: str | None
    position: float | None
    sequence: str | None
    spacing: tuple[float, float] | None = None
    file: Path | None = None


def slices_of(data: Any, name: str, window: str | None = None) -> Iterator[DicomSlice]:
    """Yield the slices of an opened file, frame by frame.

    Parameters
    ----------
    data : pydicom.dataset.FileDataset
        As `gliaboost.datasets.dicom.files.open_dicom` reads it.
    name : str
        What slices and errors are called after.
    window : str, optional
        For CT, as `gliaboost.datasets.windows.find_window` takes it; default: the file's own,
        failing that ``brain``.

    Raises
    ------
    DecodeError
        If it holds no picture of MR or CT, or one that cannot be decoded.
    """
    if (reason := no_image(data)) is not None:
        raise DecodeError(name, reason)
    several = int(number(value_of(data, "NumberOfFrames"), 1)) > 1
    for index, (pixels, seen) in enumerate(grey_frames(data, window, name)):
        with quiet():
            plane, position = place_of(data, index)
            found = DicomSlice(
                name=f"{name}, frame {index + 1}" if several else name,
                image=pixels,
                modality=MODALITIES[modality_of(data)],
                window=seen,
                plane=plane,
                position=position,
                sequence=sequence_of(data, index),
                spacing=_spacing(data, index, pixels.shape),
            )
        yield found


def _spacing(data: Any, index: int, shape: tuple[int, ...]) -> tuple[float, float] | None:
    """Return the spacing of a picture that may have been drawn with other pixels than stored."""
    stored = millimetres_of(data, index)
    if stored is None:
        return None
    rows, columns = (number(value_of(data, name), 0) for name in ("Rows", "Columns"))
    return stored[0] * rows / shape[0], stored[1] * columns / shape[1]


def read_slices(image: ImageLike, *, window: str | None = None) -> Iterator[DicomSlice]:
    """Read what can be predicted on: a file, its bytes, or a folder that holds one series.

    Parameters
    ----------
    image : path-like or ImageSource
        A DICOM file (also one of many frames), or a folder. Of a folder, localizers, screenshots
        and whatever is no picture are passed over and named in a warning; a file alone is taken
        as it is, if it holds a picture of MR or CT.
    window : str, optional
        As for `slices_of`.

    Yields
    ------
    DicomSlice
        Of a file in the order of its frames, of a series in the order of positions, failing that of
        instance numbers.

    Raises
    ------
    DecodeError
        If the file gives no slice.
    UsageError
        If the folder holds no slice, or slices of several series; or the window is unknown.

    Examples
    --------
    >>> next(read_slices(ImageSource("1.dcm", b"no DICOM")))
    Traceback (most recent call last):
        ...
    gliaboost.errors.DecodeError: 1.dcm: no DICOM
    """
    if window is not None:
        find_window(window)
    source = ImageSource.of(image)
    folder = Path(source.name)
    if source.data is not None or not is_folder(folder):
        data = open_dicom(source)
        if says_burnt_in(data):
            warnings.warn(f"{folder.name}: {SAYS_BURNT_IN}", stacklevel=2)
        yield from slices_of(data, folder.name, window)
        return
    files, passed = _one_series(folder)
    found = False
    for file in files:
        try:
            for each in slices_of(open_dicom(file), file.name, window):
                found = True
                yield replace(each, file=file)
        except DecodeError as error:
            passed.append((file.name, error.reason))
    if not found:
        raise UsageError(
            f"{folder} has no DICOM slice{f': {passed_over(passed)}' if passed else ''}"
        )
    if passed:
        warnings.warn(f"no slice: {passed_over(passed)}", stacklevel=2)


def dicom_files(folder: Path) -> tuple[list[Path], list[Path]]:
    """List the DICOM files below a folder, told by their content, and the others; both sorted.

    Hidden files are passed over, and links are followed, as in every folder.
    """
    walk = walk_images(folder)
    files = sorted([*walk.taken, *walk.others])
    found = {f for f in files if is_dicom_file(f)}
    return [f for f in files if f in found], [f for f in files if f not in found]


def passed_over(reasons: Sequence[tuple[str, str]]) -> str:
    """Count and name files by the reason why they give no slice, for a message.

    Examples
    --------
    >>> passed_over([("1", "localizer"), ("2", "no pixels"), ("3", "localizer")])
    '2 localizer (1, 3); 1 no pixels (2)'
    """
    kinds = Counter(reason for _, reason in reasons)
    return "; ".join(
        f"{count} {reason} ({_several(n for n, r in reasons if r == reason)})"
        for reason, count in kinds.most_common()
    )


def _several(names: Iterable[str]) -> str:
    listed = list(names)
    return ", ".join(listed[:SHOWN]) + (" ..." if len(listed) > SHOWN else "")


def in_series(
    images: Iterable[ImageLike],
) -> tuple[list[list[ImageSource]], list[tuple[str, str]]]:
    """Sort DICOM files, or their bytes, into series.

    Parameters
    ----------
    images : iterable of path-like or ImageSource
        Files of any kind and order.

    Returns
    -------
    series : list of lists of ImageSource
        Each in the order of positions, failing that of instance numbers.
    passed : list of (name, reason)
        What is no slice to learn from.

    Examples
    --------
    >>> in_series([ImageSource("1.dcm", b"no DICOM")])
    ([], [('1.dcm', 'no DICOM')])
    """
    passed: list[tuple[str, str]] = []
    series: dict[str, list[tuple[float, float, Path, ImageSource]]] = {}
    for image in images:
        source = ImageSource.of(image)
        name = Path(source.name).name
        try:
            data = open_dicom(source, pixels=False)
        except DecodeError as error:
            passed.append((name, error.reason))
            continue
        if (reason := no_image(data) or no_slice(data)) is not None:
            passed.append((name, reason))
            continue
        position = place_of(data, 0)[1]
        place = (
            np.inf if position is None else position,
            number(value_of(data, "InstanceNumber"), np.inf),
            Path(source.name),
            source,
        )
        series.setdefault(text_of(data, "SeriesInstanceUID"), []).append(place)
    ordered = [sorted(places, key=lambda place: place[:3]) for places in series.values()]
    return [[place[3] for place in places] for places in ordered], passed


def _one_series(folder: Path) -> tuple[list[Path], list[tuple[str, str]]]:
    """Return the files of a folder's series in their order, and why others are passed over."""
    series, passed = in_series(dicom_files(folder)[0])
    if len(series) > 1:
        sizes = ", ".join(str(len(files)) for files in series)
        raise UsageError(
            f"{folder} holds slices of {len(series)} series ({sizes} files); name a folder that "
            "holds one, or a file"
        )
    return [Path(source.name) for files in series for source in files], passed
