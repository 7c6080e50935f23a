"""Kaggle's brain tumour MRI sets: Training and Testing folders with four classes."""

from __future__ import annotations

from pathlib import Path

from gliaboost.datasets.image_files import image_files, subfolders
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.sources.base import (
    folder_at,
    manifest_of,
    source,
    split_of,
    targets,
    tumour_class,
    wrong_layout,
)
from gliaboost.errors import UsageError

EXPECTED = "Training/ and Testing/ with folders glioma, meningioma, notumor, pituitary"


@source("kaggle-mri")
def read_kaggle_mri(path: Path) -> Manifest:
    """Read the layouts of Sartaj Bhuvaji (3,264 images) and Masoud Nickparvar (7,023 images).

    Parameters
    ----------
    path : pathlib.Path
        The folder that holds ``Training`` and ``Testing``, or the folder around it.

    Returns
    -------
    Manifest
        ``label`` glioma, meningioma, no_tumor or pituitary; ``split`` train or test. These sets
        name no patients.

    Raises
    ------
    UsageError
        If there is no such folder, or one in it is not a class.
    """
    folder_at(path, EXPECTED)
    around = [path, *subfolders(path)]
    parts = next((p for p in map(_parts, around) if p), None)
    if parts is None:
        raise wrong_layout(path, "kaggle-mri", EXPECTED)
    rows, unknown = [], []
    for part in parts:
        for folder in subfolders(part):
            label = tumour_class(folder.name)
            if label is None:
                unknown.append(f"{part.name}/{folder.name}")
                continue
            rows += [
                {
                    "path": f.relative_to(path).as_posix(),
                    **targets(label),
                    "split": split_of(part.name),
                    "modality": "MRI",
                    "source": "kaggle-mri",
                }
                for f in image_files(folder)
            ]
    if unknown:
        raise UsageError(
            f"{path}: folders that are no known class: {', '.join(unknown)}; expected {EXPECTED} "
            "(any usual spelling)"
        )
    return manifest_of(rows, path, "kaggle-mri", EXPECTED)


def _parts(folder: Path) -> list[Path]:
    return [f for f in subfolders(folder) if split_of(f.name)]
