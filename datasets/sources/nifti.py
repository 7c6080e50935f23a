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
from gliaboost.datasets.modality import check_modality, path_texts
from gliaboost.datasets.nifti_file import SUFFIXES, read_nifti_file, stem
from gliaboost.datasets.sources.base import (
    NO_TUMOR,
    TUMOR,
    folder_at,
    source,
    wrong_layout,
)
from gliaboost.datasets.sources.converted import FOLDER, convert, write_grey
from gliaboost.datasets.sources.labels import fingerprint, read_labels, told
from gliaboost.datasets.volumes import check_plane, read_volume, upright
from gliaboost.datasets.windows import find_window
from gliaboost.errors import DecodeError, UsageError

# Raised whenever the same volumes give other slices.
VERSION = 2
EXPECTED = "volumes ending in .nii or .nii.gz, masks beside them as NAME_seg or NAME_mask"
MASK = re.compile(r"[-_](seg|mask|label|labels|segmentation)$", re.IGNORECASE)


@source("nifti")
def read_nifti(
    path: Path,
    *,
    images: Path | None = None,
    labels: Path | None = None,
    axis: str = "axial",
    every: int = 1,
    window: str = "brain",
    modality: str | None = None,
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
    modality : str, optional
        ``MRI`` or ``CT``. Default: what names, JSON files beside the volumes and headers say;
        failing these the values, which a warning tells.

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
    files = [f for f in files_ending(folder, SUFFIXES) if not MASK.search(stem(f))]
    if not files:
        raise wrong_layout(folder, "nifti", EXPECTED)
    check_plane(axis)
    if every < 1:
        raise UsageError(f"every = {every}; expected 1 or more")
    find_window(window)
    known = read_labels(labels)
    options = {
        "version": VERSION,
        "axis": axis,
        "every": every,
        "window": window,
        "modality": check_modality(modality),
        "labels": fingerprint(known),
    }
    masks = [m for f in files if (m := _mask_of(f)) is not None]
    return convert(
        images or folder / FOLDER,
        "nifti",
        [*files, *masks],
        options,
        lambda target: _slices(folder, files, target, known, axis, every, window, modality),
    )


def _slices(
    folder: Path,
    files: list[Path],
    target: Path,
    labels: Mapping[str, str],
    axis: str,
    every: int,
    window: str,
    modality: str | None,
) -> Iterator[dict[str, Any]]:
    passed = []
    assumed: dict[str, int] = {}
    for file in files:
        patient = stem(file) if file.parent == folder else file.parent.name
        try:
            volume = read_volume(
                file,
                window=window,
                modality=modality,
                about=path_texts(file.relative_to(folder).parent),
            )
            mask = None if (beside := _mask_of(file)) is None else _mask(beside)
        except DecodeError as error:
            passed.append(f"{file.name}: {error.reason}")
            continue
        if mask is not None and mask.shape != volume.grey.shape:
            passed.append(f"{file.name}: mask of {mask.shape}, volume of {volume.grey.shape}")
            continue
        for note in volume.notes:
            assumed[note] = assumed.get(note, 0) + 1
        label = labels.get(patient) or labels.get(file.name) or labels.get(stem(file))
        for k in volume.positions(axis)[::every]:
            name = f"{patient}/{stem(file)}-{axis}-{k:04}.png"
            write_grey(target / "images" / name, volume.cut(axis, k))
            row: dict[str, Any] = {
                "path": f"images/{name}",
                **told(label),
                "patient": patient,
                "modality": volume.modality,
                "source": "nifti",
                "plane": axis,
                "position": k,
                "volume": stem(file),
                "mask": None,
            }
            if mask is not None:
                drawn = upright(mask, axis, k, volume.spacing, nearest=True)
                if drawn.any():
                    write_grey(target / "masks" / name, drawn)
                    row["mask"] = f"masks/{name}"
                if not labels:
                    row |= told(TUMOR if drawn.any() else NO_TUMOR)
            yield row
    for note, count in sorted(assumed.items()):
        warnings.warn(f"{count} of {len(files)} volumes: {note}", stacklevel=2)
    if passed:
        warnings.warn(
            f"{len(passed)} of {len(files)} volumes were passed over: {'; '.join(passed[:5])}",
            stacklevel=2,
        )


def _mask(file: Path) -> NDArray[np.uint8]:
    return np.where(read_nifti_file(file).values > 0, np.uint8(255), np.uint8(0))


def _mask_of(file: Path) -> Path | None:
    """Find NAME_seg beside NAME, or the one mask of a patient's folder (as BraTS has it)."""
    beside = [
        f
        for f in sorted(file.parent.iterdir())
        if f.name.lower().endswith(SUFFIXES) and MASK.search(stem(f))
    ]
    own = [f for f in beside if MASK.sub("", stem(f)) == stem(file)]
    if own:
        return own[0]
    prefix = [f for f in beside if stem(file).startswith(MASK.sub("", stem(f)))]
    return prefix[0] if len(prefix) == 1 else None
