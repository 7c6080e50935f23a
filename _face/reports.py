"""Reports drawn again from what a run saved, and what this installation can do."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gliaboost._face.faults import Faults
from gliaboost._face.places import check_folder, check_there
from gliaboost.errors import UsageError
from gliaboost.locks import alone_at

if TYPE_CHECKING:
    from gliaboost.reports.protocol.results import Results
    from gliaboost.reports.protocol.segmentation_record import SegmentationResults

    Run = Path | str | Results | SegmentationResults


@alone_at("out")
def report(
    runs: Run | Sequence[Run],
    out: Path | str | None = None,
    *,
    images: Path | str | None = None,
) -> Path:
    """Draw the report of a run again, or one of several runs, without fitting.

    Parameters
    ----------
    runs : path-like, Results, SegmentationResults, or sequence of these
        Runs of `benchmark`, or their folders; or one of `segment_benchmark`.
    out : path-like, optional
        Folder for the pages; default: the run's own. Several runs need one.
    images : path-like, optional
        The folder that the images' paths are relative to, to show the surest mistakes, or the
        outlines that segmenters found. Such a page holds pictures of patients. Of one run alone.

    Returns
    -------
    pathlib.Path
        The HTML page; the Markdown page and the pictures lie beside it.

    Raises
    ------
    UsageError
        If a folder holds no run, several runs have no `out`, or one of several is of segmenters.

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
    from gliaboost.reports.pages.segmentation_page import render_segmentation
    from gliaboost.reports.protocol.results import Results
    from gliaboost.reports.protocol.segmentation_record import (
        SegmentationResults,
        holds_segmentation,
        read_segmentation,
    )

    faults = Faults()
    check_there(faults, images, "--images")
    check_folder(faults, out, "--out")
    if isinstance(runs, str | os.PathLike | Results | SegmentationResults):
        runs = [runs]
    folders = [_folder(run) for run in runs]
    if len(folders) > 1 and out is None:
        faults.note(UsageError(f"{len(folders)} runs make one page; name its folder with --out"))
    of_segmenters = [folder for folder in folders if holds_segmentation(folder)]
    if len(folders) > 1:
        for folder in of_segmenters:
            faults.note(
                UsageError(
                    f"{folder} compares segmenters, whose page is drawn alone: gliaboost report "
                    f"{folder}"
                )
            )
    faults.tell()
    if of_segmenters:
        pages = render_segmentation(read_segmentation(folders[0]), out, images=images)
    elif len(folders) == 1:
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


def _folder(run: Run) -> Path:
    if isinstance(run, str | os.PathLike):
        return Path(run)
    if run.folder is None:
        raise UsageError("these results lie in no folder; expected those of a saved run")
    return run.folder
