"""Reports drawn again from what a run saved, and what this installation can do."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gliaboost._face.faults import Faults
from gliaboost._face.places import check_folder, check_there
from gliaboost.errors import UsageError

if TYPE_CHECKING:
    from gliaboost.reports.protocol.results import Results


def report(
    runs: Path | str | Results | Sequence[Path | str | Results],
    out: Path | str | None = None,
    *,
    images: Path | str | None = None,
) -> Path:
    """Draw the report of a run again, or one of several runs, without fitting.

    Parameters
    ----------
    runs : path-like, Results, or sequence of these
        Runs of `benchmark`, or their folders.
    out : path-like, optional
        Folder for the pages; default: the run's own. Several runs need one.
    images : path-like, optional
        The folder that the images' paths are relative to, to show the surest mistakes. Such a
        page holds pictures of patients. Of one run alone.

    Returns
    -------
    pathlib.Path
        The HTML page; the Markdown page and the pictures lie beside it.

    Raises
    ------
    UsageError
        If a folder holds no run, or several runs have no `out`.

    Examples
    --------
    >>> import gliaboost
    >>> gliaboost.report(["runs/a", "runs/b"])
    Traceback (most recent call last):
        ...
    gliaboost.errors.UsageError: 2 runs make one page; name its folder with --out
    """
    from gliaboost.reports.pages.joined import render_joined
    from gliaboost.reports.pages.render import render
    from gliaboost.reports.protocol.results import Results

    faults = Faults()
    check_there(faults, images, "--images")
    check_folder(faults, out, "--out")
    given = [runs] if isinstance(runs, str | os.PathLike | Results) else list(runs)
    folders = [_folder(run) for run in given]
    if len(folders) > 1 and out is None:
        faults.note(UsageError(f"{len(folders)} runs make one page; name its folder with --out"))
    faults.tell()
    if len(folders) == 1:
        pages = render(folders[0], out, images=images)
    else:
        assert out is not None
        pages = render_joined(folders, out)
    return Path(pages["html"])


def info() -> dict[str, Any]:
    """Describe what this installation can do.

    Returns
    -------
    dict
        ``gliaboost``, ``environment``, ``store``, ``gpu``, ``sources``, ``extractors``,
        ``models``, and ``missing``: what is absent and how to get it.

    Examples
    --------
    >>> import gliaboost
    >>> {"hog", "lbp", "glcm"} <= set(gliaboost.info()["extractors"])
    True
    """
    from gliaboost.reports.protocol.environment import describe

    return describe()


def _folder(run: Path | str | Results) -> Path:
    if isinstance(run, str | os.PathLike):
        return Path(run)
    if run.folder is None:
        raise UsageError("these results lie in no folder; expected those of a saved run")
    return run.folder
