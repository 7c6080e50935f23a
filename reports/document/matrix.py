"""A matrix in SVG: cells between named rows and columns, wide enough for their numbers."""

from __future__ import annotations

from collections.abc import Sequence

from gliaboost.reports.document import svg
from gliaboost.reports.document.blocks import Picture
from gliaboost.reports.document.lettering import BOLD, LETTER, LINE, fits, wrapped

# A cell holds four digits and a share; a larger one only spreads them.
SMALLEST = 54.0
LARGEST = 76.0
# Names of rows, and of columns that stand upright.
NAMES = 136.0
LINES = 3


class Matrix:
    """Cells that are filled one by one, then taken as a `Picture`.

    Parameters
    ----------
    title : str
        Above.
    rows, columns : sequence of str
        Their names, from the top and from the left.
    down, across : str
        What rows and columns are.
    """

    def __init__(
        self, title: str, rows: Sequence[str], columns: Sequence[str], down: str, across: str
    ) -> None:
        broken = [wrapped(name, NAMES, most=LINES) for name in rows]
        longest = max(len(line) for lines in broken for line in lines)
        self.left = 26.0 + min(longest * LETTER, NAMES) + 8
        room = (svg.WIDTH - self.left - 6) / len(columns)
        self.cell = max(SMALLEST, min(LARGEST, room))
        self.width = max(float(svg.WIDTH), self.left + self.cell * len(columns) + 6)
        self.parts: list[str] = []
        y = 0.0
        for line in wrapped(title, self.width, letter=BOLD):
            y += LINE
            self.parts.append(svg.text(0, y, line, kind="strong"))
        middle = self.left + self.cell * len(columns) / 2
        self.parts.append(svg.text(middle, y + 18, across, anchor="middle", kind="soft"))
        self.top = self._name_columns(columns, y + 22)
        self.height = self.top + self.cell * len(rows) + 6
        for i, lines in enumerate(broken):
            first = self.top + self.cell * (i + 0.5) + 4 - LINE * (len(lines) - 1) / 2
            for n, line in enumerate(lines):
                self.parts.append(svg.text(self.left - 6, first + LINE * n, line, anchor="end"))
        half = self.top + self.cell * len(rows) / 2
        turned = f' transform="rotate(-90 14 {half:.1f})"'
        self.parts.append(svg.text(14, half, down, anchor="middle", kind="soft", extra=turned))

    def _name_columns(self, names: Sequence[str], y: float) -> float:
        """Write names across where they fit, else upright; return where the cells begin."""
        if all(fits(name, self.cell - 4, LINES) for name in names):
            broken = [wrapped(name, self.cell - 4) for name in names]
            deep = max(map(len, broken)) * LINE
            for k, lines in enumerate(broken):
                x, first = self.left + self.cell * (k + 0.5), y + deep - LINE * (len(lines) - 1)
                for n, line in enumerate(lines):
                    self.parts.append(svg.text(x, first + LINE * n, line, anchor="middle"))
            return y + deep + 6
        broken = [wrapped(name, NAMES, most=LINES) for name in names]
        top = y + min(NAMES, max(len(line) for lines in broken for line in lines) * LETTER) + 16
        for k, lines in enumerate(broken):
            first = self.left + self.cell * (k + 0.5) + 4 - LINE * (len(lines) - 1) / 2
            for n, line in enumerate(lines):
                x = first + LINE * n
                turn = f' transform="rotate(-90 {x:.1f} {top - 6:.1f})"'
                self.parts.append(svg.text(x, top - 6, line, extra=turn))
        return top

    def fill(
        self,
        row: int,
        column: int,
        words: str,
        *,
        part: float | None,
        kind: str = "",
        small: str = "",
    ) -> None:
        """Fill a cell.

        Parameters
        ----------
        row, column : int
            Which.
        words, small : str
            Its number, and what stands below it.
        part : float, optional
            Shade, 0 to 1; none where it is None.
        kind : str
            Class of the words.
        """
        x, y, side = self.left + self.cell * column, self.top + self.cell * row, self.cell
        if part is not None:
            self.parts.append(svg.rect(x, y, side, side, "heat", opacity=part))
        self.parts.append(svg.rect(x, y, side, side, "frame"))
        centre, middle = x + side / 2, y + side / 2
        at = middle - 1 if small else middle + 4
        self.parts.append(svg.text(centre, at, words, anchor="middle", kind=kind))
        if small:
            self.parts.append(svg.text(centre, middle + 14, small, anchor="middle", kind="small"))

    def outline(self, row: int, column: int) -> None:
        """Set a cell apart by a frame inside it."""
        x, y = self.left + self.cell * column, self.top + self.cell * row
        self.parts.append(svg.rect(x + 2, y + 2, self.cell - 4, self.cell - 4, "inner"))

    def picture(self, name: str, alt: str) -> Picture:
        """Return the drawing."""
        return Picture(name, "".join(self.parts), self.width, self.height, alt)
