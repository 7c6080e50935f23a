"""A data set in any form that a person has it in: a manifest, its file, a data frame, a folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from gliaboost._face.folders import is_archive, read_archive, read_folder
from gliaboost.datasets.columns import usual_names
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.targets import with_target
from gliaboost.errors import UsageError
from gliaboost.progress import SILENT, Progress
from gliaboost.regular_files import is_folder, is_regular, is_there
from gliaboost.remote import as_url, shown
from gliaboost.spelling import did_you_mean

if TYPE_CHECKING:
    import pandas as pd

# In words, so that a notebook that has no data frame does not pay for pandas.
DataSet: TypeAlias = "Manifest | pd.DataFrame | Path | str"
TABLES = (".parquet", ".pq", ".csv")


def read_data(
    data: DataSet, progress: Progress = SILENT, store: Path | str | None = None
) -> Manifest:
    """Read a data set.

    Parameters
    ----------
    data : Manifest, pandas.DataFrame or path-like
        A data frame has a column ``path``, seen from the working folder. A path is a manifest's
        file (``.parquet``, ``.csv``), a folder, or an archive of one (``.zip``, ``.tar.gz``): one
        that holds ``manifest.parquet`` or ``manifest.csv`` is read by it, one of a known layout by
        that, DICOM and NIfTI are cut into images, any other is taken for a folder of classes.
    progress : Progress
        Hears what a folder was taken for.
    store : path-like, optional
        The feature store, below which archives are unpacked and slices of scans written; default:
        in the user's cache folder.

    Returns
    -------
    Manifest
        Not checked.

    Raises
    ------
    UsageError
        If there is no such file or folder, or no data set in it.
    ArchiveError
        If an archive is broken, dangerous or too large.
    """
    if isinstance(data, Manifest):
        return data
    table = _read(data, progress, store)
    for note in table.notes:
        progress.line(f"  {note}")
    return table


def _read(data: DataSet, progress: Progress, store: Path | str | None) -> Manifest:
    if isinstance(data, str | os.PathLike):
        path = Path(data)
        if (url := as_url(path)) and path.suffix.lower() not in TABLES:
            raise UsageError(
                f"{url}: at a URL only a manifest is read ({', '.join(TABLES)}), whose paths may "
                "be URLs too; make one, or copy the folder or archive to this machine"
            )
        if is_folder(path):
            return read_folder(path, progress, store=None if store is None else _store(store))
        if not is_there(path):
            raise UsageError(
                f"no manifest, folder or archive {shown(path)}; name a folder of classes, a .zip "
                f"of one, or a table (.parquet, .csv){did_you_mean(path.name, _beside(path))}"
            )
        if is_archive(path):
            return read_archive(path, _store(store), progress)
        return Manifest.read(path)
    import pandas as pd

    if isinstance(data, pd.DataFrame):
        table, notes = usual_names(data, name="data frame")
        return Manifest.of(table, Path.cwd(), "data frame", notes)
    raise UsageError(
        f"a data set of type {type(data).__name__}; expected a manifest, its file, a folder of "
        "classes or a data frame with a column 'path'"
    )


def of_target(
    table: Manifest, target: str = "label", modality: str = "both", progress: Progress = SILENT
) -> Manifest:
    """Keep of a data set what has the target in the modality.

    Parameters
    ----------
    table : Manifest
        As read.
    target, modality : str
        As for `gliaboost.datasets.targets.with_target`.
    progress : Progress
        Hears in a line what was left out.

    Returns
    -------
    Manifest
        Not checked; its ``label`` is the target.
    """
    if (target.lower(), modality.lower()) == ("label", "both"):  # all of it, with all its faults
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
    if out is None or not isinstance(data, str | os.PathLike) or not is_regular(data):
        return
    if Path(out).resolve() == Path(data).resolve():
        raise UsageError(f"{out} is what is read, and would be replaced; name another file: --out")


def keep_manifest(
    table: Manifest, data: DataSet, path: Path, progress: Progress = SILENT
) -> Manifest:
    """Write the manifest that was made of a folder, and say where.

    Parameters
    ----------
    table : Manifest
        As `read_data` made it, whole.
    data : Manifest, pandas.DataFrame or path-like
        What it was made of: of a manifest that has a file, or never had one, none is written.
    path : pathlib.Path
        Where it goes.
    progress : Progress
        Hears where it went.

    Returns
    -------
    Manifest
        The table; of a folder with the SHA-256 of every file.
    """
    if not _made(table, data):
        return table
    table = as_kept(table, data)
    table.write(path)
    progress.line(f"manifest: {path} (one row an image; what else you know can be added to it)")
    return table


def as_kept(table: Manifest, data: DataSet) -> Manifest:
    """Give a data set as `keep_manifest` does, and write nothing."""
    return table.with_keys() if _made(table, data) else table


def _made(table: Manifest, data: DataSet) -> bool:
    """Whether the manifest was made of a folder or an archive here."""
    return isinstance(data, str | os.PathLike) and Path(table.name).suffix.lower() not in TABLES


def _beside(path: Path) -> list[str]:
    """Name what lies where a path is looked for."""
    try:
        return sorted(p.name for p in path.parent.iterdir())
    except OSError:
        return []


def _store(store: Path | str | None) -> Path:
    from gliaboost.features.store import FeatureStore

    return FeatureStore(None if store is None else Path(store)).beside
