"""A manifest that is there, changed: the source of ``gliaboost manifest edit``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from gliaboost.datasets.editing import edit
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.sources.base import source, wrong_layout

EXPECTED = "a manifest, .parquet or .csv"


@source("edit")
def read_edit(
    path: Path,
    *,
    patients: Path | None = None,
    patient_regex: str | None = None,
    labels: Path | None = None,
    rename: Mapping[str, str] | Iterable[str] = (),
    keep: str | Iterable[str] = (),
    target: str | None = None,
    forget: str | Iterable[str] = (),
) -> Manifest:
    """Read a manifest, and change what it says.

    Parameters
    ----------
    path : pathlib.Path
        The manifest; left as it is.
    patients : pathlib.Path, optional
        Table with a column of patients and one of images.
    patient_regex : str, optional
        What finds ``(?P<patient>...)`` in the column ``path``.
    labels : pathlib.Path, optional
        Table with ``label`` and a column of images or of patients.
    rename : mapping, or iterable of "old=new"
        New names of classes; several of one new name become one class.
    keep : str or iterable of str
        The classes whose images stay, by comma.
    target : str, optional
        ``presence`` or ``type`` becomes the label; images without it are left out.
    forget : str or iterable of str
        Columns to empty, such as ``split``.

    Returns
    -------
    Manifest
        With counts before and after in its ``notes``.

    Raises
    ------
    UsageError
        If it is no manifest, or a class, target or column is not there.
    """
    if path.is_dir():
        raise wrong_layout(path, "edit", EXPECTED)
    manifest = Manifest.read(path)
    return edit(
        manifest,
        patients=patients,
        patient_regex=patient_regex,
        labels=labels,
        rename=rename,
        keep=keep,
        target=target,
        forget=forget,
    )
