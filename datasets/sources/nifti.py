"""NIfTI volumes, cut into slices along an axis, with masks beside them and labels from a table."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.image_files import files_ending
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.sources.base import (
    NO_TUMOR,
    TUMOR,
    folder_at,
    source,
    wrong_layout,
)
from gliaboost.datasets.sources.converted import FOLDER, convert, write_grey
from gliaboost.datasets.sources.labels import fingerprint, read_labels, told
from gliaboost.datasets.windows import apply_window, find_window
from gliaboost.errors import UsageError

SUFFIXES = (".nii", ".nii.gz")
EXPECTED = "volumes ending in .nii or .nii.gz, masks beside them as NAME_seg or NAME_mask"
AXES = {"sagittal": 0, "coronal": 1, "axial": 2}
MASK = re.compile(r"[-_](seg|mask|label|labels|segmentation)$", re.IGNORECASE)
# Air in a CT, in Hounsfield units, is far below whatever an MRI holds.
AIR = -500
# A slice with less of the volume's foreground than this share of its pixels shows no head.
LEAST = 0.02


@source("nifti")
def read_nifti(
    path: Path,
    *,
    images: Path | None = None,
    labels: Path | None = None,
    axis: str = "axial",
    every: int = 1,
    window: str = "brain",
) -> Manifest:
    """Read volumes; slices are written once as PNG, in radiological orientation.

    Parameters
    ----------
    path : pathlib.Path
        A folder of volumes: one folder a patient, or one volume a patient.
    images : pathlib.Path, optional
        Folder for the PNG files; default: ``gliaboost-png`` in `path`.
    labels : pathlib.Path, optional
        CSV with ``label`` and ``patient`` or ``file``. Without it a slice of a volume with a mask
        is ``tumor`` where the mask shows, else ``no_tumor``.
    axis : {"axial", "coronal", "sagittal"}
        Across which the volumes are cut.
    every : int
        Take every n-th slice that shows the head.
    window : str
        For CT, as for the source ``dicom``. MRI is stretched between the 0.5th and 99.5th
        percentile of the volume's foreground.

    Returns
    -------
    Manifest
        Further with ``plane``, ``position`` (slice number) and ``volume``.

    Raises
    ------
    UsageError
        If there is no volume, or an option is out of range.
    """
    folder = folder_at(path, EXPECTED)
    files = [f for f in files_ending(folder, SUFFIXES) if not MASK.search(_stem(f))]
    if not files:
        raise wrong_layout(folder, "nifti", EXPECTED)
    if axis not in AXES:
        raise UsageError(f"axis {axis!r}; expected {', '.join(AXES)}")
    if every < 1:
        raise UsageError(f"every = {every}; expected 1 or more")
    find_window(window)
    known = read_labels(labels)
    options = {"axis": axis, "every": every, "window": window, "labels": fingerprint(known)}
    masks = [m for f in files if (m := _mask_of(f)) is not None]
    return convert(
        images or folder / FOLDER,
        "nifti",
        [*files, *masks],
        options,
        lambda target: _slices(folder, files, target, known, axis, every, window),
    )


def _slices(
    folder: Path,
    files: list[Path],
    target: Path,
    labels: Mapping[str, str],
    axis: str,
    every: int,
    window: str,
) -> Iterator[dict[str, Any]]:
    passed = []
    for file in files:
        patient = _stem(file) if file.parent == folder else file.parent.name
        try:
            volume, spacing = _volume(file)
            mask = None if (beside := _mask_of(file)) is None else _volume(beside)[0] > 0
        except Exception as error:  # nibabel raises what it likes
            passed.append(f"{file.name}: {type(error).__name__}")
            continue
        if mask is not None and mask.shape != volume.shape:
            passed.append(f"{file.name}: mask of {mask.shape}, volume of {volume.shape}")
            continue
        grey, modality, head = _grey(volume, window)
        label = labels.get(patient) or labels.get(file.name) or labels.get(_stem(file))
        shown = [
            k for k in range(grey.shape[AXES[axis]]) if np.take(head, k, AXES[axis]).mean() >= LEAST
        ]
        for k in shown[::every]:
            name = f"{patient}/{_stem(file)}-{axis}-{k:04}.png"
            write_grey(target / "images" / name, _upright(grey, axis, k, spacing))
            row: dict[str, Any] = {
                "path": f"images/{name}",
                **told(label),
                "patient": patient,
                "modality": modality,
                "source": "nifti",
                "plane": axis,
                "position": k,
                "volume": _stem(file),
                "mask": None,
            }
            if mask is not None:
                drawn = _upright(mask.astype(np.uint8) * 255, axis, k, spacing)
                if drawn.any():
                    write_grey(target / "masks" / name, drawn)
                    row["mask"] = f"masks/{name}"
                if not labels:
                    row |= told(TUMOR if drawn.any() else NO_TUMOR)
            yield row
    if passed:
        warnings.warn(
            f"{len(passed)} of {len(files)} volumes were passed over: {'; '.join(passed[:5])}",
            stacklevel=2,
        )


def _volume(file: Path) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Read a volume with axes to the patient's right, front and top, and its voxel size in mm."""
    import nibabel

    image: Any = nibabel.as_closest_canonical(nibabel.load(file))  # type: ignore[no-untyped-call]
    values = np.asarray(image.dataobj, dtype=np.float32)
    while values.ndim > 3:
        values = values[..., 0]
    if values.ndim != 3:
        raise ValueError(f"{values.ndim} dimensions")
    return np.nan_to_num(values), np.asarray(image.header.get_zooms()[:3], dtype=np.float64)


def _grey(
    volume: NDArray[np.float32], window: str
) -> tuple[NDArray[np.uint8], str, NDArray[np.bool_]]:
    """Turn a volume into grey levels: all its slices alike."""
    if volume.min() < AIR:
        return apply_window(volume, *find_window(window)), "CT", volume > AIR
    head = volume > volume.min() + 0.05 * (np.percentile(volume, 99.5) - volume.min())
    inside = volume[head] if head.any() else volume.ravel()
    low, high = np.percentile(inside, [0.5, 99.5])
    scaled = (volume - low) / max(float(high - low), 1e-12) * 255
    return np.rint(np.clip(scaled, 0, 255)).astype(np.uint8), "MRI", head


def _upright(
    volume: NDArray[np.uint8], axis: str, k: int, spacing: NDArray[np.float64]
) -> NDArray[np.uint8]:
    """Cut a slice: front or top up, the patient's right on the left, the face to the left."""
    import cv2

    cut = AXES[axis]
    image = np.take(volume, k, cut)[::-1, ::-1].T
    across, down = (spacing[a] for a in range(3) if a != cut)
    fine = min(across, down)
    height, width = image.shape
    width, height = round(width * across / fine), round(height * down / fine)
    if (height, width) == image.shape:
        return np.ascontiguousarray(image)
    # Nearest keeps masks binary; grey levels may be interpolated.
    how = cv2.INTER_NEAREST if set(np.unique(image)) <= {0, 255} else cv2.INTER_LINEAR
    return np.asarray(
        cv2.resize(np.ascontiguousarray(image), (width, height), interpolation=how), np.uint8
    )


def _mask_of(file: Path) -> Path | None:
    """Find NAME_seg beside NAME, or the one mask of a patient's folder (as BraTS has it)."""
    beside = [
        f
        for f in sorted(file.parent.iterdir())
        if f.name.lower().endswith(SUFFIXES) and MASK.search(_stem(f))
    ]
    own = [f for f in beside if MASK.sub("", _stem(f)) == _stem(file)]
    if own:
        return own[0]
    prefix = [f for f in beside if _stem(file).startswith(MASK.sub("", _stem(f)))]
    return prefix[0] if len(prefix) == 1 else None


def _stem(file: Path) -> str:
    name = file.name[: -len(".gz")] if file.name.lower().endswith(".gz") else file.name
    return Path(name).stem
