"""Br35H: brain tumour detection 2020; folders yes and no, and pred without labels."""

from __future__ import annotations

from pathlib import Path

from gliaboost.datasets.image_files import all_folders, image_files, subfolders
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.sources.base import (
    NO_TUMOR,
    TUMOR,
    folder_at,
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
        Also list ``pred/``, whose images have no label and ``split`` test; for prediction, as
        training needs a label in every row.

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
    inside = {f: {letters(g.name): g for g in subfolders(f)} for f in all_folders(path)}
    around = shallowest(f for f, names in inside.items() if all(name in names for name in CLASSES))
    if not around:
        raise wrong_layout(path, "br35h", EXPECTED)
    folders = inside[around[0]]
    wanted = [*CLASSES, *(["pred"] if pred else [])]
    rows = [
        {
            "path": file.relative_to(path).as_posix(),
            **targets(CLASSES.get(name)),
            "split": "test" if name == "pred" else None,
            "modality": "MRI",
            "source": "br35h",
        }
        for name in wanted
        if name in folders
        for file in image_files(folders[name])
    ]
    return manifest_of(rows, path, "br35h", EXPECTED)
