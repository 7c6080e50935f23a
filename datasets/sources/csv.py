"""Any table of images that has a path column under one of its usual names."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from gliaboost.datasets.errors import ManifestError, UsageError
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.sources.base import source

# The first that is there is taken; the manifest's own name always comes first.
SPELLINGS = {
    "path": ("path", "image", "file", "filename", "file_name", "image_path", "filepath"),
    "label": ("label", "class", "diagnosis", "target", "category"),
    "patient": ("patient", "patient_id", "patientid", "subject", "subject_id", "pid", "case"),
    "mask": ("mask", "mask_path", "segmentation"),
}


@source("csv")
def read_csv(path: Path) -> Manifest:
    """Read a CSV file whose rows are images.

    Parameters
    ----------
    path : pathlib.Path
        The file; image paths in it are relative to its folder.

    Returns
    -------
    Manifest
        Columns with a usual name (``image``, ``class``, ``patient_id`` ...) become the manifest's own; all
        others are kept.
    """
    if path.is_dir():
        raise UsageError(f"{path} is a folder; expected a CSV file (or: gliaboost manifest folder)")
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, na_values=[""])
    except Exception as error:
        raise UsageError(f"{path} is not a readable CSV: {str(error).splitlines()[0]}") from error
    renamed = {}
    lower = {str(c).strip().lower(): c for c in table.columns}
    for column, spellings in SPELLINGS.items():
        found = next((lower[s] for s in spellings if s in lower), None)
        if found is not None:
            renamed[found] = column
    if "path" not in renamed.values():
        raise ManifestError(
            str(path),
            [
                f"no column with the images' paths; expected one of {', '.join(SPELLINGS['path'])}; "
                f"seen {', '.join(map(str, table.columns))}"
            ],
        )
    return Manifest.of(table.rename(columns=renamed), path.parent, str(path))
