"""Any table of images that has a path column under one of its usual names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from gliaboost.datasets.columns import USUAL, usual_names
from gliaboost.datasets.image_files import IMAGE_SUFFIXES
from gliaboost.datasets.manifest import LEGAL, Manifest
from gliaboost.datasets.sources.base import letters, source, split_of
from gliaboost.datasets.sources.labels import fill_targets
from gliaboost.datasets.sources.passed_over import beside_rows
from gliaboost.datasets.tables import read_table
from gliaboost.errors import ManifestError, UsageError


@source("csv")
def read_csv(path: Path) -> Manifest:
    """Read a table whose rows are images.

    Parameters
    ----------
    path : pathlib.Path
        CSV of any usual dialect, or Parquet; image paths in it are relative to its folder.

    Returns
    -------
    Manifest
        Columns with a usual name (``image``, ``class``, ``patient_id``...) become the manifest's
        own, and usual spellings of splits and modalities their legal ones; all else is kept.
        Usual spellings of classes fill ``presence`` and ``type`` where the table lacks them.

    Raises
    ------
    UsageError
        If it is no table, or two columns of one name differ.
    ManifestError
        If no column has a usual name for paths.
    """
    manifest = images_of(path, USUAL)
    return replace(manifest, notes=(*manifest.notes, *beside_rows(manifest)))


def images_of(path: Path, spellings: Mapping[str, tuple[str, ...]]) -> Manifest:
    """Read a table as `read_csv` does, whose columns have other usual names.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    spellings : mapping of str to tuple of str
        As for `columns.usual_names`.
    """
    if path.is_dir():
        raise UsageError(
            f"{path} is a folder; expected a CSV file. For folders: gliaboost manifest folder"
        )
    read = read_table(path)
    table, renamed = usual_names(read.table, spellings, str(path))
    if "path" not in table:
        raise ManifestError(
            str(path),
            [
                f"no column with the images' paths; expected one of "
                f"{', '.join(spellings['path'])}; seen {', '.join(map(str, table.columns))}"
                + _header_asked(table.columns)
            ],
        )
    if "split" in table:
        table["split"] = table["split"].map(lambda v: split_of(str(v)) or v, "ignore")
    if "modality" in table:
        legal = {m.lower(): m for m in LEGAL["modality"]}
        table["modality"] = table["modality"].map(lambda v: legal.get(letters(str(v)), v), "ignore")
    return fill_targets(Manifest.of(table, path.parent, str(path), (*read.notes, *renamed)))


def _header_asked(columns: Iterable[object]) -> str:
    if any(str(c).lower().endswith(IMAGE_SUFFIXES) for c in columns):
        return "; its first line looks like a row: put one with names before it (path,label)"
    return ""
