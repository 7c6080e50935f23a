"""Data sets: fetched, read in their layout, audited, looked at."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gliaboost._face.better import check_cleaning, write_better
from gliaboost._face.choices import check_numbers
from gliaboost._face.faults import Faults
from gliaboost._face.inputs import DataSet, check_not_itself, keep_manifest, read_data
from gliaboost._face.places import check_file, check_folder, check_there
from gliaboost._face.settings import read_preparation
from gliaboost._face.words import by_comma, names
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.naming import named
from gliaboost.errors import UsageError
from gliaboost.json_file import write_json
from gliaboost.locks import alone_at
from gliaboost.progress import SILENT, Progress
from gliaboost.spelling import did_you_mean, spelled

if TYPE_CHECKING:
    from gliaboost.datasets.audit.report import AuditReport
    from gliaboost.datasets.prepare import Preparation
    from gliaboost.reports.pages.glance import Overview

# Of a manifest's file.
ENDINGS = (".parquet", ".pq", ".csv")

# What else people call a source.
SOURCES_ELSEWHERE = {
    "bids": "nifti",
    "brats": "nifti",
    "cheng": "figshare",
    "classes": "folder",
    "dcm": "dicom",
    "images": "folder",
    "kaggle": "kaggle-mri",
    "nickparvar": "kaggle-mri",
    "nii": "nifti",
    "sartaj": "kaggle-mri",
    "table": "csv",
    "tcga": "lgg",
}


def fetch(
    name: str,
    out: Path | str = "data",
    *,
    archive: Path | str | None = None,
    progress: Progress = SILENT,
) -> Path:
    """Download a public data set, checked; a broken download is continued by the next call.

    Parameters
    ----------
    name : str
        As `info` lists them, e.g. ``"figshare"``.
    out : path-like
        The folder that gets the folder `name`.
    archive : path-like, optional
        Unpack this, downloaded by hand, instead.
    progress : Progress, optional
        Hears of the licence, and of the bytes under each file's name.

    Returns
    -------
    pathlib.Path
        The data set's folder.

    Raises
    ------
    UsageError
        If there is no such data set, or it must be downloaded by hand.
    GliaboostError
        If it cannot be downloaded, or is not what was published.

    Examples
    --------
    >>> import gliaboost
    >>> gliaboost.fetch("figshar")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    gliaboost.errors.UsageError: no public data set 'figshar'; those known are: ...
    """
    from gliaboost.datasets.public.catalogue import CATALOGUE, describe
    from gliaboost.datasets.public.fetch import fetch as download

    faults = Faults()
    name = spelled(name, CATALOGUE) or name
    with faults.noted():
        describe(name)
    check_folder(faults, out, "--out")
    check_there(faults, archive, "--archive")
    faults.tell()
    progress.line(describe(name).text())
    return download(
        name, Path(out), archive=None if archive is None else Path(archive), progress=progress
    )


@alone_at("out")
def manifest(
    source: str,
    path: Path | str,
    out: Path | str | None = None,
    *,
    jobs: int | None = None,
    patients: Path | str | None = None,
    patient_regex: str | None = None,
    **options: Any,
) -> Manifest:
    """Read a data set in its own layout: one row an image.

    Parameters
    ----------
    source : str
        The layout, as `info` lists them: ``"folder"``, ``"csv"``, ``"figshare"`` ..., or
        ``"edit"``: another manifest (see `edit_manifest`).
    path : path-like
        Where the data set lies.
    out : path-like, optional
        Write the manifest here, ``.parquet`` or ``.csv``.
    jobs : int, optional
        Threads; default: all cores.
    patients : path-like, optional
        CSV or Parquet with a column of patients and one of images: path, any end of one, file name
        or name without ending.
    patient_regex : str, optional
        A regular expression that finds the group ``(?P<patient>...)`` in the column ``path``.
    **options
        What the source takes: ``images`` (folder for slices that are converted; default: beside
        `out`, or in the user's cache, never among the data), ``labels`` (a table),
        ``class_folders``, ``patient_from``, ``sequence``, ``window``, ``modality``,
        ``axis``, ``every``, ``salt``, ``all_images``, ``pred``. None: the default.

    Returns
    -------
    Manifest
        Checked, with the SHA-256 of every file. Its ``notes`` say what was passed over and joined.

    Raises
    ------
    UsageError
        If the source or an option is unknown, or the data set has another layout.
    ManifestError
        If the table has faults; lists all of them.

    Examples
    --------
    >>> import tempfile, gliaboost, numpy as np
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> folder = Path(tempfile.mkdtemp())
    >>> for label in ("glioma", "healthy"):
    ...     (folder / label).mkdir()
    ...     Image.fromarray(np.zeros((64, 64), np.uint8)).save(folder / label / "1.png")
    >>> table = gliaboost.manifest("folder", folder)
    >>> len(table), table.classes, table.has_patients
    (2, ['glioma', 'healthy'], False)
    """
    from gliaboost.datasets.editing import join_labels
    from gliaboost.datasets.patients import patient_pattern, with_patients
    from gliaboost.datasets.sources import options_of, read_source
    from gliaboost.datasets.sources.base import names as sources
    from gliaboost.datasets.sources.converted import images_beside

    faults = Faults()
    name = spelled(source, sources())
    if name is None:
        asked = did_you_mean(source, sources(), SOURCES_ELSEWHERE)
        listed = ", ".join(sources())
        faults.note(UsageError(f"no source called {source!r}; the sources are: {listed}{asked}"))
    check_numbers(faults, jobs, 0)
    with faults.noted():
        check_not_itself(path, out)
    check_file(faults, out, "--out", ENDINGS)
    check_there(faults, path, "PATH")
    check_there(faults, options.get("labels"), "--labels")
    check_there(faults, patients, "--patients")
    if patient_regex is not None:
        with faults.noted():
            patient_pattern(patient_regex)
    check_folder(faults, options.get("images"), "--images")
    faults.tell()
    assert name is not None
    if out is not None and options.get("images") is None and "images" in options_of(name):
        options["images"] = images_beside(Path(out), Path(path))
    taken = options_of(name)  # by the source itself, for what it does next
    labels = None if "labels" in taken else options.pop("labels", None)
    known = {"patients": patients, "patient_regex": patient_regex}
    if set(known) <= set(taken):
        table = read_source(name, Path(path), **known, **options)
    else:
        table = read_source(name, Path(path), **options)
        table = with_patients(table, patients, patient_regex)
    if labels is not None:
        table = join_labels(table, labels)
    table = table.with_keys(jobs).check()
    if out is not None:
        table.write(out)
    return table


@alone_at("out", "write_groups", "cleaned")
def audit(
    data: DataSet,
    *,
    against: DataSet | None = None,
    out: Path | str | None = None,
    write_groups: Path | str | None = None,
    drop: str | Iterable[str] = "",
    carry: str | Iterable[str] = "",
    cleaned: Path | str | None = None,
    jobs: int | None = None,
    seed: int = 0,
    progress: Progress = SILENT,
) -> AuditReport:
    """Find what is broken, duplicated, leaking or contradictory; nothing is deleted.

    Parameters
    ----------
    data : Manifest, pandas.DataFrame or path-like
        A manifest, its file, a data frame with a column ``path``, or a folder.
    against : Manifest, pandas.DataFrame or path-like, optional
        Find which of the images are in this data set too.
    out : path-like, optional
        Write ``audit.json`` and ``audit.html`` into this folder.
    write_groups : path-like, optional
        Write a manifest here whose column ``group`` no split cuts.
    drop : str or iterable of str
        Leave ``duplicates``, ``conflicts`` or both out of the manifest `cleaned`.
    carry : str or iterable of str
        Columns that `cleaned` takes over from `against`, such as ``patient,mask``.
    cleaned : path-like, optional
        Where the manifest goes that `drop` and `carry` make; needed with either.
    jobs : int, optional
        Threads; default: all cores.
    seed : int
        For the folds that measure how far metadata tells the class.
    progress : Progress, optional
        Hears of the files to read.

    Returns
    -------
    AuditReport
        Its ``verdict()`` says in sentences what was found, ``wrong`` those that must be mended,
        ``written`` what was written, and ``to_dict()`` everything.

    Raises
    ------
    UsageError
        If the data set has no rows, `carry` or `drop` lacks what it needs, or `cleaned` has
        nothing to be cleaned of.

    Examples
    --------
    >>> import tempfile, gliaboost, numpy as np
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> folder = Path(tempfile.mkdtemp())
    >>> tiles = np.random.default_rng(0).integers(0, 255, (8, 8), np.uint8)
    >>> for label in ("glioma", "healthy"):
    ...     (folder / label).mkdir()
    ...     picture = np.kron(tiles, np.ones((16, 16), np.uint8))
    ...     Image.fromarray(picture).save(folder / label / "1.png")
    >>> gliaboost.audit(folder).counts()["contradictions"]
    1
    """
    from gliaboost.datasets.audit import audit as auditing
    from gliaboost.reports.pages.audit_page import render_audit

    faults = Faults()
    with faults.noted():
        check_cleaning(against, drop, carry, cleaned)
    check_numbers(faults, jobs, seed)
    check_folder(faults, out, "--out")
    check_file(faults, write_groups, "--write-groups", ENDINGS)
    check_file(faults, cleaned if carry or drop else None, "--cleaned", ENDINGS)
    with faults.noted():
        table = read_data(data, progress)
    other = None
    if against is not None:
        with faults.noted():
            other = read_data(against, progress)
    faults.tell()
    if out is not None:
        table = keep_manifest(table, data, Path(out) / f"{named(table)}.parquet", progress)
    report = auditing.audit(table, against=other, jobs=jobs, seed=seed, progress=progress)
    made = write_better(
        table,
        report,
        other,
        groups=write_groups,
        drop=names(drop) if drop else [],
        carry=by_comma(carry) if carry else [],
        cleaned=cleaned,
    )
    report = replace(report, written=made)
    if out is not None:
        write_json(json.dumps(report.to_dict(), indent=1), Path(out) / "audit.json")
        render_audit(report, table, Path(out) / "audit.html", against=other)
    return report


@alone_at("out")
def explore(
    data: DataSet,
    out: Path | str | None = None,
    *,
    prepare: str | Mapping[str, Any] | Preparation = "",
    jobs: int | None = None,
    seed: int = 0,
    progress: Progress = SILENT,
) -> Overview:
    """Look at a data set: counts, sizes, greys and masks by class.

    Parameters
    ----------
    data : Manifest, pandas.DataFrame or path-like
        A manifest, its file, a data frame with a column ``path``, or a folder.
    out : path-like, optional
        Write the data set at a glance as one HTML page. It shows images.
    prepare : str, mapping or Preparation
        Look at images prepared, e.g. ``"crop=foreground,normalise=clahe"``.
    jobs : int, optional
        Threads; default: all cores.
    seed : int
        For the page's choice of images and its map.
    progress : Progress, optional
        Hears of the files to read.

    Returns
    -------
    Overview
        What was measured, by class and by row.

    Raises
    ------
    UsageError
        If the data set has no rows, or none of its files can be read.

    Examples
    --------
    >>> import tempfile, gliaboost, numpy as np
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> folder = Path(tempfile.mkdtemp())
    >>> (folder / "glioma").mkdir()
    >>> Image.fromarray(np.full((32, 64), 9, np.uint8)).save(folder / "glioma" / "1.png")
    >>> overview = gliaboost.explore(folder)
    >>> [(c.label, c.read) for c in overview.classes], overview.sizes
    ([('glioma', 1)], [(64, 32)])
    """
    from gliaboost.reports.pages.explore import render_explore
    from gliaboost.reports.pages.glance import look

    faults = Faults()
    preparation = None
    if prepare:
        with faults.noted():
            preparation = read_preparation(prepare)
    check_numbers(faults, jobs, seed)
    check_file(faults, out, "--out", (".html", ".htm"))
    with faults.noted():
        table = read_data(data, progress)
    faults.tell()
    overview = look(table, preparation, jobs=jobs, progress=progress)
    if out is not None:
        render_explore(table, overview, out, preparation, seed=seed)
    return overview
