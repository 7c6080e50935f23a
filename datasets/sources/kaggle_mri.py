"""Kaggle's brain tumour MRI sets: Training and Testing folders with four classes."""

from __future__ import annotations

import re
from pathlib import Path

from gliaboost.datasets.errors import UsageError
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.sources.base import image_files, manifest_of, seen, source

SPLITS = {"training": "train", "train": "train", "testing": "test", "test": "test", "val": "val"}
EXPECTED = "Training/ and Testing/ with folders glioma, meningioma, notumor, pituitary"


def class_of(folder: str) -> str | None:
    """Name the class that a folder's usual spellings mean, None for no class.

    Examples
    --------
    >>> class_of("Glioma_Tumor"), class_of("no tumor"), class_of("notumor"), class_of("extra")
    ('glioma', 'no_tumor', 'no_tumor', None)
    """
    letters = re.sub(r"[^a-z]", "", folder.lower())
    if letters in ("notumor", "notumour", "no", "healthy", "normal"):
        return "no_tumor"
    for name in ("glioma", "meningioma", "pituitary"):
        if re.fullmatch(f"(brain)?{name}s?(tumou?rs?)?", letters):
            return name
    return None


@source("kaggle-mri")
def read_kaggle_mri(path: Path) -> Manifest:
    """Read the layouts of Sartaj Bhuvaji (3,264 images) and Masoud Nickparvar (7,023 images).

    Parameters
    ----------
    path : pathlib.Path
        The folder that holds ``Training`` and ``Testing``.

    Returns
    -------
    Manifest
        ``label`` glioma, meningioma, no_tumor or pituitary; ``split`` train or test. These sets name
        no patients.

    Raises
    ------
    UsageError
        If a folder is not one of the expected classes.
    """
    if not path.is_dir():
        raise UsageError(f"{path} is a file; expected a folder with {EXPECTED}")
    rows, unknown = [], []
    for part in sorted(f for f in path.iterdir() if f.is_dir()):
        split = SPLITS.get(part.name.lower())
        if split is None:
            continue
        for folder in sorted(f for f in part.iterdir() if f.is_dir()):
            label = class_of(folder.name)
            if label is None:
                unknown.append(f"{part.name}/{folder.name}")
                continue
            rows += [
                {
                    "path": f.relative_to(path).as_posix(),
                    "label": label,
                    "split": split,
                    "modality": "MRI",
                    "source": "kaggle-mri",
                }
                for f in image_files(folder)
            ]
    if unknown:
        raise UsageError(
            f"{path}: folders that are no known class: {', '.join(unknown)}; expected {EXPECTED} "
            f"(any usual spelling); seen {seen(path)}"
        )
    return manifest_of(rows, path, "kaggle-mri", EXPECTED)
