"""A data set in any form that a person has it in: a manifest, its file, a data frame, a folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from gliaboost.datasets.columns import usual_names
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.targets import with_target
from gliaboost.errors import UsageError
from gliaboost.progress import SILENT, Progress

if TYPE_CHECKING:
    import pandas as pd

# In words, so that a notebook that has no data frame does not pay for pandas.
DataSet: TypeAlias = "Manifest | pd.DataFrame | Path | str"
SHOWN = 6
# What a manifest is called that lies in its data set's folder.
IN_FOLDER = ("manifest.parquet", "manifest.csv")


def read_data(data: DataSet, progress: Progress = SILENT) -> Manifest:
    """Read a data set.

    Parameters
    ----------
    data : Manifest, pandas.DataFrame or path-like
        A data frame has a column ``path``, seen from the working folder. A path is a manifest's
        file (``.parquet``, ``.csv``), or a folder: one that holds ``manifest.parquet`` or
        ``manifest.csv`` is read by it, any other is taken for a folder of classes.
    progress : Progress
        Hears in a line what a folder was taken for.

    Returns
    -------
    Manifest
        Not checked.

    Raises
    ------
    UsageError
        If there is no such file or folder, or no data set in it.
    """
    if isinstance(data, Manifest):
        return data
    if isinstance(data, str | os.PathLike):
        path = Path(data)
        return _read_folder(path, progress) if path.is_dir() else Manifest.read(path)
    import pandas as pd

    if isinstance(data, pd.DataFrame):
        table, notes = usual_names(data, name="data frame")
        return Manifest.of(table, Path.cwd(), "data frame", notes)
    raise UsageError(
        f"a data set of type {type(data).__name__}; expected a manifest, its file, a folder of "
        "classes or a data frame with a column 'path'"
    )


def read_target(
    data: DataSet, target: str = "label", modality: str = "both", progress: Progress = SILENT
) -> Manifest:
    """Read a data set as far as it has the target in the modality.

    Parameters
    ----------
    data : Manifest, pandas.DataFrame or path-like
        As for `read_data`.
    target, modality : str
        As for `gliaboost.datasets.targets.with_target`.
    progress : Progress
        Hears in a line what was left out.

    Returns
    -------
    Manifest
        Not checked; its ``label`` is the target.
    """
    table = read_data(data, progress)
    if (target, modality) == ("label", "both"):  # all of it, with all its faults
        return table
    chosen = with_target(table, target, modality)
    if chosen.describe():
        progress.line(chosen.describe())
    return chosen.manifest


def check_not_itself(data: DataSet, out: Path | str | None) -> None:
    """Refuse to write over the file that is read.

    Raises
    ------
    UsageError
        If `data` is a file and `out` the same one.
    """
    if out is None or not isinstance(data, str | os.PathLike) or not Path(data).is_file():
        return
    if Path(out).resolve() == Path(data).resolve():
        raise UsageError(f"{out} is what is read, and would be replaced; name another file: --out")


def _read_folder(path: Path, progress: Progress) -> Manifest:
    from gliaboost.datasets.sources import read_source

    inside = [path / name for name in IN_FOLDER if (path / name).is_file()]
    if len(inside) > 1:
        raise UsageError(
            f"{path} holds {' and '.join(f.name for f in inside)}; name the one that is meant"
        )
    if inside:
        progress.line(f"{path}: read by its {inside[0].name}")
        return Manifest.read(inside[0])
    try:
        table = read_source("folder", path)
    except UsageError as error:
        raise UsageError(
            f"{error}; a data set of another layout becomes a manifest first: "
            f"gliaboost manifest SOURCE {path}"
        ) from None
    progress.line(f"{path}: taken for a folder of classes: {_described(table)}")
    return table


def _described(table: Manifest) -> str:
    classes = table.classes
    more = f" and {len(classes) - SHOWN} more" if len(classes) > SHOWN else ""
    shown = f" ({', '.join(classes[:SHOWN])}{more})" if classes else ""
    return (
        f"{len(table)} images, {len(classes)} classes{shown}, patients unknown: slices of one "
        "patient may lie on both sides of a fold"
    )
