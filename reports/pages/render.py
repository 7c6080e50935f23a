"""From a results folder to pages: HTML, Markdown and pictures, without fitting anything."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from gliaboost.reports.document.blocks import Section
from gliaboost.reports.document.writing import write_pages
from gliaboost.reports.pages.ablation import ablation
from gliaboost.reports.pages.alarms import alarms
from gliaboost.reports.pages.classes import classes
from gliaboost.reports.pages.comparisons import comparisons
from gliaboost.reports.pages.cost import cost
from gliaboost.reports.pages.honesty import honesty
from gliaboost.reports.pages.mistakes import mistakes
from gliaboost.reports.pages.overview import answer, table
from gliaboost.reports.pages.provenance import provenance
from gliaboost.reports.pages.region_cost import region_cost
from gliaboost.reports.pages.trust import trust
from gliaboost.reports.protocol.results import Results, read_results

# Each draws its part of the page from a run; None where the run has nothing of it.
SECTIONS: tuple[Callable[[Results], Section | None], ...] = (
    answer,
    table,
    cost,
    comparisons,
    ablation,
    classes,
    region_cost,
    trust,
    honesty,
    mistakes,
    provenance,
)


def render(
    results_folder: Path | str,
    out: Path | str | None = None,
    *,
    images: Path | str | None = None,
) -> dict[str, Any]:
    """Draw the report of a run.

    Parameters
    ----------
    results_folder : path-like
        Holds ``results.json`` and ``predictions.parquet``.
    out : path-like, optional
        Where the pages go; into `results_folder` by default.
    images : path-like, optional
        The folder that the images' paths are relative to (the manifest's): with it, the page shows
        the surest mistakes. Such a page holds pictures of patients.

    Returns
    -------
    dict
        ``html`` and ``markdown``, paths of the pages, and ``figures``, paths of the pictures.

    Raises
    ------
    UsageError
        If the folder holds no run that this version reads.
    """
    results = read_results(results_folder, images)
    return write_pages(
        Path(results_folder if out is None else out),
        _title(results),
        [found for section in SECTIONS if (found := section(results)) is not None],
        simulated=results.simulated,
        source="results.json and predictions.parquet"
        if results.regions is None
        else "results.json, predictions.parquet and regions.parquet",
        alarms=alarms(results),
    )


def _title(results: Results) -> str:
    made = ", simulated images" if results.simulated else ""
    return f"Benchmark on {results.name}{made}"
