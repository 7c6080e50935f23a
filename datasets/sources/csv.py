"""Any table of images that has a path column under one of its usual names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from gliaboost.datasets.manifest import LEGAL, Manifest
from gliaboost.datasets.sources.base import SPLITS, letters, source
from gliaboost.datasets.sources.labels import fill_targets
from gliaboost.errors import ManifestError, UsageError

# The first that is there is taken; the manifest's own name always comes first.
SPELLINGS = {
    "path": ("path", "image", "file", "filename", "file_name", "image_path", "filepath"),
    "label": ("label", "class", "diagnosis", "target", "category"),
    "patient": ("patient", "patient_id", "patientid", "subject", "subject_id", "pid", "case"),
    "mask": ("mask", "mask_path", "segmentation"),
    "modality": ("modality",),
    "split": ("split", "subset", "partition"),
    "fold": ("fold",),
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
        Columns with a usual name (``image``, ``class``, ``patient_id``...) become the manifest's
        own, and usual spellings of splits and modalities their legal ones; all else is kept.
        Usual spellings of classes fill ``presence`` and ``type`` where the table lacks them.

    Raises
    ------
    UsageError
        If it is no table.
    ManifestError
        If no column has a usual name for paths.
    """
    return read_table(path, SPELLINGS)


def read_table(path: Path, spellings: Mapping[str, tuple[str, ...]]) -> Manifest:
    """Read a CSV file as `read_csv` does, whose columns have other usual names.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    spellings : mapping of str to tuple of str
        Names of each of the manifest's columns, the first that is there being taken; in lower case
        with underscores, which stand for spaces and hyphens too.
    """
    import pandas as pd

    if path.is_dir():
        raise UsageError(
            f"{path} is a folder; expected a CSV file. For folders: gliaboost manifest folder"
        )
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, na_values=[""])
    except Exception as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise UsageError(f"{path} is not a readable CSV: {reason}") from error
    lower = {_plain(str(c)): c for c in reversed(table.columns)}
    renamed = {}
    for column, names in spellings.items():
        found = next((lower[n] for n in names if n in lower), None)
        if found is not None:
            renamed[found] = column
    if "path" not in renamed.values():
        raise ManifestError(
            str(path),
            [
                f"no column with the images' paths; expected one of "
                f"{', '.join(spellings['path'])}, by comma; seen "
                f"{', '.join(map(str, table.columns))}"
            ],
        )
    table = table.rename(columns=renamed)
    if "split" in table:
        table["split"] = table["split"].map(lambda v: SPLITS.get(letters(v), v), "ignore")
    if "modality" in table:
        legal = {m.lower(): m for m in LEGAL["modality"]}
        table["modality"] = table["modality"].map(lambda v: legal.get(letters(v), v), "ignore")
    return fill_targets(Manifest.of(table, path.parent, str(path)))


def _plain(column: str) -> str:
    return re.sub(r"[ -]+", "_", column.strip().lower())
