"""Br35H: brain tumour detection 2020; folders yes and no, and pred without labels."""

from __future__ import annotations

from pathlib import Path

from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.sources.base import (
    NO_TUMOR,
    TUMOR,
    all_folders,
    folder_at,
    image_files,
    letters,
    manifest_of,
    shallowest,
    source,
    targets,
    wrong_layout,
)

EXPECTED = "folders yes/ and no/ with images (and perhaps pred/)"
CLASSES = {"yes": TUMOR, "no": NO_TUMOR}


@source("br35h")
def read_br35h(path: Path, *, pred: bool = False) -> Manifest:
    """Read ``yes/`` and ``no/``.

    Parameters
    ----------
    path : pathlib.Path
        The folder that holds them, or one around it.
    pred : bool
        Also list ``pred/``, whose images have no label; for prediction, as training needs labels.

    Returns
    -------
    Manifest
        ``label`` and ``presence`` are ``tumor`` or ``no_tumor``. Patients are not known.

    Raises
    ------
    UsageError
        If there are no such folders.
    """
    folder_at(path, EXPECTED)
    around = shallowest(
        f for f in all_folders(path) if all((f / name).is_dir() for name in CLASSES)
    )
    if not around:
        raise wrong_layout(path, "br35h", EXPECTED)
    wanted = [*CLASSES, *(["pred"] if pred else [])]
    rows = [
        {
            "path": file.relative_to(path).as_posix(),
            **targets(CLASSES.get(letters(name))),
            "modality": "MRI",
            "source": "br35h",
        }
        for name in wanted
        if (around[0] / name).is_dir()
        for file in image_files(around[0] / name)
    ]
    return manifest_of(rows, path, "br35h", EXPECTED)
