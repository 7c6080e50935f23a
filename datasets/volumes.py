"""A NIfTI volume as the slices that a model sees: windowed, upright, without the empty ones.

The source ``nifti`` writes these slices, and prediction on a volume looks at the same ones.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.grey_levels import (
    AIR,
    by_slab,
    is_hounsfield,
    is_label_map,
    stretch,
    take_sample,
)
from gliaboost.datasets.image_source import ImageLike, ImageSource
from gliaboost.datasets.modality import (
    OtherModality,
    check_modality,
    modality_of_values,
    said_modality,
)
from gliaboost.datasets.nifti_file import read_nifti_file, stem
from gliaboost.datasets.reading_memory import reading
from gliaboost.datasets.windows import apply_window, find_window
from gliaboost.errors import DecodeError, UsageError
from gliaboost.regular_files import read_regular

PLANES = {"sagittal": 0, "coronal": 1, "axial": 2}
# A slice with less of the volume's foreground than this share of its pixels shows no head.
LEAST = 0.02
# A slice that is stretched to square pixels has no more of them.
_PIXELS = 2**22
# Of a JSON file beside a volume, in bytes.
_LONGEST_NOTE = 2**24


@dataclass(frozen=True, eq=False)
class Volume:
    """A scan in grey levels; all its slices are windowed alike.

    Parameters
    ----------
    grey : uint8 array [X, Y, Z]
        Axes to the patient's right, front and top.
    head : bool array [X, Y, Z]
        Where the scan shows more than air.
    affine : float64 array [4, 4]
        From indices to mm.
    spacing : tuple of float
        Size of a voxel in mm, by axis.
    modality : str
        ``MRI`` or ``CT``.
    frames : int
        How many volumes the file holds; this is one of them.
    oriented : bool
        Whether the file says where it lies.
    notes : tuple of str
        What had to be assumed, in words that are the same for every volume.
    """

    grey: NDArray[np.uint8]
    head: NDArray[np.bool_]
    affine: NDArray[np.float64]
    spacing: tuple[float, float, float]
    modality: str
    frames: int = 1
    oriented: bool = True
    notes: tuple[str, ...] = ()

    def positions(self, plane: str = "axial") -> list[int]:
        """List the numbers of the slices that show the head."""
        axis = check_plane(plane)
        others = tuple(a for a in range(3) if a != axis)
        return np.flatnonzero(self.head.mean(axis=others) >= LEAST).tolist()

    def cut(self, plane: str, position: int) -> NDArray[np.uint8]:
        """Cut one slice.

        Parameters
        ----------
        plane : {"axial", "coronal", "sagittal"}
            Across which the volume is cut.
        position : int
            The slice's number, from 0: from the patient's left, back or bottom.

        Returns
        -------
        uint8 array [H, W]
            The patient's front or top is up, the right on the left, the face on the left; pixels
            are square.

        Raises
        ------
        UsageError
            If there is no such plane or slice.
        """
        return upright(self.grey, plane, position, self.spacing)

    def slice_spacing(self, plane: str) -> tuple[float, float]:
        """Return how far apart rows and columns of its slices are, in mm.

        Slices are drawn with square pixels, as near as whole numbers of pixels allow.

        Parameters
        ----------
        plane : {"axial", "coronal", "sagittal"}
            Across which it is cut.

        Returns
        -------
        (row mm, column mm)
        """
        across, down = (a for a in range(3) if a != check_plane(plane))
        height, width = self.cut(plane, 0).shape
        return (
            self.grey.shape[down] * self.spacing[down] / height,
            self.grey.shape[across] * self.spacing[across] / width,
        )


@dataclass(frozen=True, eq=False)
class VolumeSlice:
    """One slice of a volume.

    Parameters
    ----------
    image : uint8 array [H, W]
        Grey levels.
    plane : {"axial", "coronal", "sagittal"}
        Across which it was cut.
    position : int
        Its number in the volume, from 0.
    spacing : (row mm, column mm)
        Between the middles of `image`'s rows, and columns.
    millimetres : float
        Where it lies along the plane's normal, from the volume's first slice.
    modality : str
        ``MRI`` or ``CT``.
    """

    image: NDArray[np.uint8]
    plane: str
    position: int
    spacing: tuple[float, float]
    millimetres: float
    modality: str


def read_volume(
    image: ImageLike,
    *,
    window: str = "brain",
    modality: str | None = None,
    frame: int | None = None,
    about: Sequence[str] = (),
) -> Volume:
    """Read a NIfTI volume as grey levels.

    Parameters
    ----------
    image : path-like or ImageSource
        NIfTI-1 or NIfTI-2, compressed or not.
    window : str
        For CT: ``brain``, ``subdural``, ``bone`` or ``CENTRE:WIDTH``, in Hounsfield units. MRI is
        stretched between the 0.5th and 99.5th percentile of its foreground.
    modality : str, optional
        ``MRI`` or ``CT``. Default: what a JSON file beside it, its name, `about` or its header say;
        failing these its values, which `Volume.notes` then tells.
    frame : int, optional
        Which volume, where the file holds several. Default: the first, and `Volume.notes` says so.
    about : sequence of str
        What else is known of the scan, such as the folders it lies in, the surest first.

    Returns
    -------
    Volume

    Raises
    ------
    DecodeError
        If the file cannot be read, holds nothing, or is neither MRI nor CT.
    UsageError
        If the window or the modality is unknown.
    """
    centre, width = find_window(window)
    modality = check_modality(modality)
    with reading():
        return _volume(ImageSource.of(image), centre, width, modality, frame, about)


def _volume(
    source: ImageSource,
    centre: float,
    width: float,
    modality: str | None,
    frame: int | None,
    about: Sequence[str],
) -> Volume:
    file = read_nifti_file(source, frame=frame or 0)
    notes = list(file.notes)
    if file.frames > 1 and frame is None:
        notes.append("several volumes in one file: the first is taken")
    finite = np.isfinite(file.values)
    if not finite.any():
        raise DecodeError(source.name, "holds no finite voxel")
    whole = bool(finite.all())
    if not whole:
        notes.append("voxels that are no finite number: drawn as air")
    sample = take_sample(file.values, finite)
    if is_label_map(file.values):
        raise DecodeError(source.name, "holds a few whole numbers: a map of labels, no picture")
    if modality is None:
        try:
            modality = said_modality(_sidecar(source), stem(source.name), *about, file.described)
        except OtherModality as error:
            raise DecodeError(source.name, f"is a scan of {error}") from None
    if modality is None:
        modality = modality_of_values(sample)
        notes.append(f"taken for {modality} by the values alone; --modality says it")
    hounsfield = modality == "CT" and not file.colour and is_hounsfield(sample)
    if modality == "CT" and not hounsfield:
        notes.append("a CT whose values are no Hounsfield units: stretched, without a window")
    if hounsfield:
        grey = by_slab(file.values, lambda part: apply_window(part, centre, width))
        head = file.values > AIR
    else:
        grey, head = stretch(file.values, sample)
    if not whole:
        for k in range(grey.shape[-1]):
            grey[..., k][~finite[..., k]] = 0
        head &= finite
    spacing = file.spacing
    if not _fits(grey.shape, spacing):
        spacing = (1.0, 1.0, 1.0)
        notes.append("sides of a voxel that would make huge slices: drawn as if all were equal")
    return Volume(
        grey,
        head,
        file.affine,
        spacing,
        modality,
        file.frames,
        file.oriented,
        tuple(notes),
    )


def volume_slices(
    image: ImageLike,
    *,
    plane: str = "axial",
    every: int = 1,
    positions: Sequence[int] | None = None,
    window: str = "brain",
    modality: str | None = None,
    frame: int | None = None,
) -> Iterator[VolumeSlice]:
    """Yield the slices of a NIfTI volume as ``gliaboost manifest nifti`` writes them.

    Parameters
    ----------
    image : path-like or ImageSource
        The volume.
    plane : {"axial", "coronal", "sagittal"}
        Across which it is cut.
    every : int
        Take every n-th slice that shows the head.
    positions : sequence of int, optional
        Take these slices instead, whatever they show.
    window, modality, frame
        As for `read_volume`.

    Raises
    ------
    DecodeError
        If the volume cannot be read.
    UsageError
        If an option is out of range, or there is no such slice.

    Examples
    --------
    >>> import nibabel
    >>> head = np.zeros((20, 30, 10), np.int16)
    >>> head[4:16, 4:26, 3:7] = 500
    >>> data = nibabel.Nifti1Image(head, np.diag([1, 1, 3, 1])).to_bytes()
    >>> scan = ImageSource("scan_t1.nii", data)
    >>> [s.position for s in volume_slices(scan)]
    [3, 4, 5, 6]
    >>> next(volume_slices(scan, plane="coronal", positions=[9])).image.shape
    (30, 20)
    """
    check_plane(plane)
    if every < 1:
        raise UsageError(f"every = {every}; expected 1 or more")
    volume = read_volume(image, window=window, modality=modality, frame=frame)
    for position in volume.positions(plane)[::every] if positions is None else positions:
        yield VolumeSlice(
            volume.cut(plane, position),
            plane,
            position,
            volume.slice_spacing(plane),
            position * volume.spacing[check_plane(plane)],
            volume.modality,
        )


def check_plane(plane: str) -> int:
    """Return the axis that a plane cuts across.

    Raises
    ------
    UsageError
        If there is no such plane.
    """
    if plane not in PLANES:
        raise UsageError(f"axis {plane!r}; expected {', '.join(PLANES)}")
    return PLANES[plane]


def upright(
    volume: NDArray[np.uint8],
    plane: str,
    position: int,
    spacing: Sequence[float],
    *,
    nearest: bool = False,
) -> NDArray[np.uint8]:
    """Cut a slice as `Volume.cut` does; `nearest` keeps the values of a mask."""
    import cv2

    axis = check_plane(plane)
    if not 0 <= position < volume.shape[axis]:
        raise UsageError(
            f"slice {position}; the volume has {volume.shape[axis]} {plane} slices, from 0"
        )
    image = np.ascontiguousarray(np.take(volume, position, axis)[::-1, ::-1].T)
    across, down = (spacing[a] for a in range(3) if a != axis)
    fine = min(across, down)
    height, width = image.shape
    width, height = max(round(width * across / fine), 1), max(round(height * down / fine), 1)
    if (height, width) == image.shape:
        return image
    how = cv2.INTER_NEAREST if nearest else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (width, height), interpolation=how), np.uint8)


def _fits(shape: Sequence[int], spacing: Sequence[float]) -> bool:
    """Whether slices across each axis stay small when their pixels become square."""
    sides = [n * s for n, s in zip(shape, spacing, strict=True)]
    for axis in range(3):
        (a, b) = (k for k in range(3) if k != axis)
        pixels = sides[a] * sides[b] / min(spacing[a], spacing[b]) ** 2
        if pixels > max(_PIXELS, 2 * shape[a] * shape[b]):
            return False
    return True


def _sidecar(source: ImageSource) -> str | None:
    """Read the modality in a JSON file beside a volume, as converters from DICOM leave it."""
    if source.data is not None:
        return None
    try:
        beside = Path(source.name).with_name(f"{stem(source.name)}.json")
        said = json.loads(read_regular(beside, _LONGEST_NOTE).decode("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return str(said.get("Modality") or "") if isinstance(said, dict) else None
