"""A folder of scans read as it lies: cut into images once, in a place of ours, which is said."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from gliaboost.datasets.manifest import Manifest
from gliaboost.errors import UsageError
from gliaboost.progress import SILENT, Progress

# How what `recognise` finds is called, and the source that reads it.
FILES = {
    "dicom": ("DICOM files", "dicom"),
    "nifti": ("NIfTI volumes", "nifti"),
    "figshare-mat": ("MATLAB slices like figshare's", "figshare"),
}
# Where slices lie, below a feature store that was named.
SLICES = "slices"


def read_scans(
    folder: Path, kind: str, store: Path | None = None, progress: Progress = SILENT
) -> Manifest:
    """Read a folder of scans; its slices are written once, never among the scans.

    Parameters
    ----------
    folder : pathlib.Path
        The folder.
    kind : str
        A key of `FILES`.
    store : pathlib.Path, optional
        The feature store below which the slices go; default: in the user's cache folder.
    progress : Progress
        Hears of the work before it begins.

    Returns
    -------
    Manifest
        Rooted in the folder of the slices; its ``notes`` say where that is.

    Raises
    ------
    UsageError
        If it is unclear who is a patient or what is a class; says with which command that is told.
    """
    from gliaboost.datasets.sources import read_source
    from gliaboost.datasets.sources.converted import default_images

    files, source = FILES[kind]
    images = default_images(folder, source)
    if store is not None:
        images = store / SLICES / images.name
    progress.line(f"{folder}: {files}, cut into images once")
    try:
        return read_source(source, folder, images=images)
    except UsageError as error:
        if "--" not in str(error):  # nothing that an option would mend
            raise
        raise UsageError(
            f"{error}; these are options of: {_command(source, folder)}, and m.parquet then goes "
            "in place of the folder"
        ) from error


def without_labels(table: Manifest, data: object) -> str | None:
    """Say how scans get their classes, where nothing in their folder tells one.

    Parameters
    ----------
    table : Manifest
        As read.
    data : object
        What it was read from.

    Returns
    -------
    str or None
        None where there are labels, or where it is no folder of scans.
    """
    sources = set(table.table["source"].dropna())
    source = next(iter(sources & {"dicom", "nifti"}), None)
    if source is None or table.table["label"].notna().any():
        return None
    if not isinstance(data, str | os.PathLike) or not Path(data).is_dir():
        return None
    return (
        f"{data}: nothing says which class its scans are. Say it by a table with the columns "
        f"label, and patient or file: {_command(source, Path(data), '--labels LABELS.csv')}; or, "
        "if the first folders below it are the classes, with --class-folders in place of that. "
        "m.parquet then goes in place of the folder"
    )


def _command(source: str, folder: Path, options: str = "") -> str:
    words = f"gliaboost manifest {source} {shlex.quote(str(folder))}"
    return " ".join([words, *([options] if options else []), "--out m.parquet"])
