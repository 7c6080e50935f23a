"""From a results folder to pages: HTML, Markdown and pictures, without fitting anything."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from gliaboost.datasets.files import replacing
from gliaboost.reports import svg
from gliaboost.reports.ablation import ablation
from gliaboost.reports.classes import classes
from gliaboost.reports.comparisons import comparisons
from gliaboost.reports.cost import cost
from gliaboost.reports.document import Figure, Section, Table
from gliaboost.reports.honesty import honesty
from gliaboost.reports.mistakes import mistakes
from gliaboost.reports.overview import answer, table
from gliaboost.reports.provenance import provenance
from gliaboost.reports.results import Results, read_results
from gliaboost.reports.trust import trust

TEMPLATES = Path(__file__).parent / "templates"
SECTIONS = (
    answer,
    table,
    cost,
    comparisons,
    ablation,
    classes,
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
    from gliaboost import __version__

    results = read_results(results_folder, images)
    out = Path(results_folder if out is None else out)
    sections = [section(results) for section in SECTIONS]
    pictures = [p for s in sections for b in s.blocks if isinstance(b, Figure) for p in b.pictures]
    folder = out / "figures"
    for stale in folder.glob("*.svg"):
        if stale.stem not in {p.name for p in pictures}:
            stale.unlink()
    for picture in pictures:
        _write(folder / f"{picture.name}.svg", svg.standalone(picture))
    values = {
        "results": results,
        "title": _title(results),
        "sections": sections,
        "version": __version__,
        "light": svg.LIGHT,
        "dark": svg.DARK,
    }
    _write(out / "report.html", _fill("report.html", values))
    _write(out / "report.md", _fill("report.md", values))
    return {
        "html": out / "report.html",
        "markdown": out / "report.md",
        "figures": [folder / f"{p.name}.svg" for p in pictures],
    }


def _title(results: Results) -> str:
    made = ", simulated images" if results.simulated else ""
    return f"Benchmark on {results.dataset.get('name') or 'an unnamed data set'}{made}"


def _fill(template: str, values: dict[str, Any]) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=template.endswith(".html"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["kind"] = lambda block: type(block).__name__
    environment.filters["csv_uri"] = _csv_uri
    environment.filters["cell"] = lambda text: str(text).replace("|", "\\|").replace("\n", " ")
    environment.globals["numbering"] = _numbering(values["sections"])
    return environment.get_template(template).render(**values)


def _numbering(sections: list[Section]) -> dict[str, int]:
    """Give tables and figures their numbers, in reading order; keys are kind and name."""
    numbers: dict[str, int] = {}
    for kind in (Table, Figure):
        blocks = [b for s in sections for b in s.blocks if isinstance(b, kind)]
        numbers |= {f"{kind.__name__} {b.name}": i for i, b in enumerate(blocks, 1)}
    return numbers


def _csv_uri(table: Table) -> str:
    data = base64.b64encode(table.csv().encode()).decode()
    return f"data:text/csv;charset=utf-8;base64,{data}"


def _write(path: Path, text: str) -> None:
    with replacing(path) as temporary:
        temporary.write_text(text, "utf-8")
