"""A manifest made into another one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from gliaboost._face.inputs import DataSet, check_not_itself, read_data
from gliaboost.datasets.manifest import Manifest
from gliaboost.progress import SILENT, Progress


def edit_manifest(
    data: DataSet,
    out: Path | str | None = None,
    *,
    labels: Path | str | None = None,
    patients: Path | str | None = None,
    patient_regex: str | None = None,
    rename: Mapping[str, str] | Iterable[str] = (),
    keep: str | Iterable[str] = (),
    target: str | None = None,
    forget: str | Iterable[str] = (),
    jobs: int | None = None,
    progress: Progress = SILENT,
) -> Manifest:
    r"""Change what a manifest says: join tables, rename, merge or keep classes, set the target.

    Parameters
    ----------
    data : Manifest, pandas.DataFrame or path-like
        A manifest, its file, a data frame with a column ``path``, or a folder. Left as it is.
    out : path-like, optional
        Write the new manifest here, ``.parquet`` or ``.csv``.
    labels : path-like, optional
        CSV or Parquet with ``label`` and a column of images or of patients.
    patients : path-like, optional
        CSV or Parquet with a column of patients and one of images: path, any end of one, file name
        or name without ending.
    patient_regex : str, optional
        A regular expression that finds the group ``(?P<patient>...)`` in the column ``path``.
    rename : mapping, or iterable of "old=new"
        New names of classes; several of one new name become one class.
    keep : str or iterable of str
        The classes whose images stay; a string names them by comma.
    target : str, optional
        ``presence`` or ``type`` becomes the label; images without it are left out.
    forget : str or iterable of str
        Columns to empty, such as a published ``split`` that cuts patients.
    jobs : int, optional
        Threads; default: all cores.
    progress : Progress, optional
        Hears what a folder was taken for.

    Returns
    -------
    Manifest
        Checked, with the SHA-256 of every file. Patients are joined first; then labels, new names,
        classes to keep, target and what to forget, in this order. ``notes`` count all of it.

    Raises
    ------
    UsageError
        If a class, target or column is not there, or a table speaks of none of the images.
    ManifestError
        If a table means several images by one name, or the result has faults; lists all of them.

    Examples
    --------
    >>> import tempfile, gliaboost
    >>> from pathlib import Path
    >>> folder = Path(tempfile.mkdtemp())
    >>> for name in ("glioma/P1-a.png", "menin/P2-a.png", "healthy/P3-a.png"):
    ...     (folder / name).parent.mkdir()
    ...     _ = (folder / name).write_bytes(name.encode())
    >>> names = {"glioma": "tumor", "menin": "tumor"}
    >>> regex = r"(?P<patient>P\d+)"
    >>> table = gliaboost.edit_manifest(folder, rename=names, patient_regex=regex)
    >>> table.classes, table.table["patient"].tolist()
    (['healthy', 'tumor'], ['P1', 'P3', 'P2'])
    """
    from gliaboost.datasets.editing import edit

    check_not_itself(data, out)
    table = edit(
        read_data(data, progress),
        patients=patients,
        patient_regex=patient_regex,
        labels=labels,
        rename=rename,
        keep=keep,
        target=target,
        forget=forget,
    )
    table = table.with_keys(jobs).check()
    if out is not None:
        table.write(out)
    return table
