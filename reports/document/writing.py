"""Sections set as HTML and as Markdown, with their pictures as files beside them."""

from __future__ import annotations

import base64
import re
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gliaboost.files import replacing
from gliaboost.outside_text import markdown
from gliaboost.reports.document import svg
from gliaboost.reports.document.blocks import Alarm, Figure, Section, Table, flat

TEMPLATES = Path(__file__).parent / "templates"
# A picture of a page, and the foot of one that we drew.
_SHOWN = re.compile(r"\]\(figures/([\w.+-]+)\.svg\)")
_DRAWN_BY = re.compile(r"^Drawn by gliaboost ", re.MULTILINE)


def write_pages(
    out: Path,
    title: str,
    sections: Sequence[Section],
    *,
    simulated: bool,
    source: str,
    alarms: Sequence[Alarm] = (),
) -> dict[str, Any]:
    """Write ``report.html``, ``report.md`` and ``figures/*.svg``; drop what an earlier page drew.

    Of other files in ``figures`` none is touched; one that has the name of a picture is kept under
    another, with a warning.

    Parameters
    ----------
    out : pathlib.Path
        The folder.
    title : str
        Heading of the page.
    sections : sequence of Section
        In reading order; names of blocks and pictures are unique.
    simulated : bool
        Whether the page must say that no number is about patients.
    source : str
        What the page was drawn from, for its foot.
    alarms : sequence of Alarm
        What stands at the top, before anything else.

    Returns
    -------
    dict
        ``html`` and ``markdown``, paths of the pages, and ``figures``, paths of the pictures.
    """
    from gliaboost._version import __version__

    blocks = [b for s in sections for b in flat(s.blocks)]
    pictures = [p for b in blocks if isinstance(b, Figure) for p in b.pictures]
    folder = out / "figures"
    names = [p.name for p in pictures]
    for stale in sorted(_drawn_before(out) - set(names)):
        (folder / f"{stale}.svg").unlink(missing_ok=True)
    for picture in pictures:
        file = folder / f"{picture.name}.svg"
        if file.exists() and not _is_ours(file):
            _keep(file)
        _write(file, svg.standalone(picture))
    values = {
        "title": title,
        "sections": sections,
        "alarms": alarms,
        "simulated": simulated,
        "source": source,
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


def _drawn_before(out: Path) -> set[str]:
    """Name the pictures that an earlier page shows and that are still as we draw them."""
    try:
        page = (out / "report.md").read_text("utf-8", "replace")
    except OSError:
        return set()
    shown = set(_SHOWN.findall(page)) if _DRAWN_BY.search(page) else set()
    return {name for name in shown if _is_ours(out / "figures" / f"{name}.svg")}


def _is_ours(file: Path) -> bool:
    try:
        with file.open("rb") as f:
            return svg.is_standalone(f.read(400).decode("utf-8", "replace"))
    except OSError:
        return False


def _keep(file: Path) -> None:
    kept, count = file.with_name(f"{file.stem}.own.svg"), 1
    while kept.exists():
        count += 1
        kept = file.with_name(f"{file.stem}.own-{count}.svg")
    file.rename(kept)
    warnings.warn(
        f"{file} is no picture of an earlier report; it is kept as {kept.name}", stacklevel=3
    )


def _fill(template: str, values: dict[str, Any]) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=template.endswith(".html"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["flat"] = flat
    environment.filters["kind"] = lambda block: type(block).__name__
    environment.filters["csv_uri"] = _csv_uri
    environment.filters["md"] = lambda text: markdown(str(text))
    environment.filters["cell"] = lambda text: markdown(str(text)).replace("|", "\\|")
    environment.filters["bound"] = _bound
    environment.globals["numbering"] = _numbering(values["sections"])
    return environment.get_template(template).render(**values)


def _bound(text: str) -> str:
    r"""Keep a number and its unit on one line, and an interval whole.

    Examples
    --------
    >>> _bound("21.1 % of [0.2, 0.3] (p = 0.4)")
    '21.1\xa0% of [0.2,\xa00.3] (p\xa0=\xa00.4)'
    """
    text = re.sub(r"(?<=\d) (?=%|s\b|min\b|h\b|points?\b)", "\xa0", text)
    text = re.sub(r"(?<=\bp) (?=[<=])|(?<=\bp [<=]) (?=\d)", "\xa0", text)
    return re.sub(r"(?<=\[)([^\]\s]+), (?=[^\]\s]+\])", "\\1,\xa0", text)


def _numbering(sections: Sequence[Section]) -> dict[str, int]:
    """Give tables and figures their numbers, in reading order; keys are kind and name."""
    numbers: dict[str, int] = {}
    for kind in (Table, Figure):
        blocks = [b for s in sections for b in flat(s.blocks) if isinstance(b, kind)]
        numbers |= {f"{kind.__name__} {b.name}": i for i, b in enumerate(blocks, 1)}
    return numbers


def _csv_uri(table: Table) -> str:
    data = base64.b64encode(table.csv().encode()).decode()
    return f"data:text/csv;charset=utf-8;base64,{data}"


def _write(path: Path, text: str) -> None:
    with replacing(path) as temporary:
        # A folder's name may be bytes that are no letters.
        temporary.write_text(text, "utf-8", "backslashreplace")
