"""What a report is made of: sections of paragraphs, tables and figures, in plain values.

Sections are built once and set twice, as HTML and as Markdown; neither template knows a statistic.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from gliaboost.outside_text import csv_cell


@dataclass(frozen=True)
class Paragraph:
    """Running text; `kind` is ``text``, ``lead``, ``warning`` or ``missing``."""

    text: str
    kind: str = "text"


@dataclass(frozen=True)
class Cell:
    """One entry of a table.

    Attributes
    ----------
    text : str
        As shown.
    value : float or str or None
        As sorted and written to CSV; the text itself where None.
    detail : str
        Smaller, after the text: an interval.
    limits : [low, high], optional
        The interval's numbers, for CSV.
    open : bool
        Whether an answer is still owed.
    """

    text: str
    value: float | str | None = None
    detail: str = ""
    limits: Sequence[float] | None = None
    open: bool = False


@dataclass(frozen=True)
class Table:
    """A table; the first column names the rows.

    Attributes
    ----------
    name : str
        Stem of its CSV file.
    caption : str
        What it shows.
    columns : sequence of str
        Headings; one that begins with ``#`` is of numbers.
    rows : sequence of sequences of Cell
        As many cells a row as columns.
    sortable : bool
        Whether a reader may want another order.
    """

    name: str
    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    sortable: bool = False

    @property
    def headings(self) -> list[tuple[str, bool]]:
        """Text of each heading, and whether its column is of numbers."""
        return [(c.removeprefix("#"), c.startswith("#")) for c in self.columns]

    def csv(self) -> str:
        """Return the table as CSV: unrounded, intervals in two columns of their own."""
        wide = [any(row[i].limits for row in self.rows) for i in range(len(self.columns))]
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        head: list[str] = []
        for (name, _), limited in zip(self.headings, wide, strict=True):
            head += [name, f"{name}, low", f"{name}, high"] if limited else [name]
        writer.writerow([csv_cell(name) for name in head])
        for row in self.rows:
            line: list[str] = []
            for cell, limited in zip(row, wide, strict=True):
                line.append(cell.text if cell.value is None else str(cell.value))
                if limited:
                    line += [str(v) for v in cell.limits or ("", "")]
            writer.writerow([csv_cell(text) for text in line])
        return text.getvalue()


@dataclass(frozen=True)
class Figure:
    """One picture, or several that belong together.

    Attributes
    ----------
    name : str
        Stem of its files; unique in the report.
    pictures : sequence of Picture
        Shown side by side where there is room.
    caption : str
        What is to be seen.
    table : Table, optional
        The same numbers, for those who cannot see it, and for copying.
    """

    name: str
    pictures: Sequence[Picture]
    caption: str
    table: Table | None = None


@dataclass(frozen=True)
class Picture:
    """An SVG drawing: the inside of its ``<svg>``, size in pixels, and the same in words."""

    name: str
    body: str
    width: float
    height: float
    alt: str


@dataclass(frozen=True)
class Plate:
    """Pictures of one image: itself, and what explains it.

    Attributes
    ----------
    caption, place : str
        What happened, as a heading, and which image it is.
    pictures : sequence of (data address, words)
        In order, with what stands below each.
    """

    caption: str
    place: str
    pictures: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Gallery:
    """Images with a word each; Markdown leaves them out, so a table says the same.

    Attributes
    ----------
    name : str
        Unique in the report.
    caption : str
        What they are.
    plates : sequence of Plate
        In order.
    key : sequence of (colour, words)
        What colours in the pictures mean.
    """

    name: str
    caption: str
    plates: Sequence[Plate]
    key: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Strip:
    """Small pictures in groups, a group a name; Markdown leaves them out.

    Attributes
    ----------
    name : str
        Unique in the report.
    caption : str
        What they are.
    groups : sequence of (label, pictures)
        Pictures as (data address, words).
    """

    name: str
    caption: str
    groups: Sequence[tuple[str, Sequence[tuple[str, str]]]]


@dataclass(frozen=True)
class Beside:
    """Columns of blocks side by side where there is room, else one below the other."""

    columns: Sequence[Sequence[Block]]


@dataclass(frozen=True)
class Alarm:
    """Why numbers may mislead, for the top of a page.

    Attributes
    ----------
    title : str
        What is wrong, a short sentence.
    text : str
        What was seen, what it means, what to do.
    """

    title: str
    text: str


Block: TypeAlias = "Paragraph | Table | Figure | Gallery | Strip | Beside"


def flat(blocks: Sequence[Block]) -> list[Block]:
    """List blocks in reading order, those that stand side by side too.

    Examples
    --------
    >>> flat([Paragraph("a"), Beside([[Paragraph("b")], [Paragraph("c")]])])[2].text
    'c'
    """
    found: list[Block] = []
    for block in blocks:
        inside = block.columns if isinstance(block, Beside) else None
        found += [block] if inside is None else [b for column in inside for b in flat(column)]
    return found


@dataclass(frozen=True)
class Section:
    """A question of the reader, and its answer.

    Attributes
    ----------
    name : str
        Where a link leads.
    title : str
        Heading.
    blocks : sequence of Paragraph, Table or Figure
        In reading order.
    """

    name: str
    title: str
    blocks: Sequence[Block] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Whether it says no more than what is missing."""
        return all(isinstance(b, Paragraph) and b.kind == "missing" for b in flat(self.blocks))
