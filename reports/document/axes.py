"""A pair of axes in SVG: from numbers to places on paper."""

from __future__ import annotations

import math
from collections.abc import Sequence

from gliaboost.reports.document import svg
from gliaboost.reports.document.blocks import Picture
from gliaboost.reports.document.lettering import BOLD, LETTER, LINE, wrapped
from gliaboost.reports.document.numerals import share

Point = tuple[float, float]
LEGEND = 18.0
TIMES = (
    (1e-6, "1 µs"),
    (1e-5, "10 µs"),
    (1e-4, "0.1 ms"),
    (3e-4, "0.3 ms"),
    (0.001, "1 ms"),
    (0.003, "3 ms"),
    (0.01, "10 ms"),
    (0.03, "30 ms"),
    (0.1, "0.1 s"),
    (0.3, "0.3 s"),
    (1.0, "1 s"),
    (3.0, "3 s"),
    (10.0, "10 s"),
    (30.0, "30 s"),
    (60.0, "1 min"),
    (180.0, "3 min"),
    (600.0, "10 min"),
    (1800.0, "30 min"),
    (3600.0, "1 h"),
    (10800.0, "3 h"),
    (36000.0, "10 h"),
    (108000.0, "30 h"),
    (360000.0, "100 h"),
)
# More marks than this run into each other.
MOST_TIMES = 7


class Axes:
    """A frame that curves and marks are drawn into, then taken as a `Picture`.

    Parameters
    ----------
    x, y : (low, high)
        What the axes span.
    x_label, y_label : str
        What they are.
    title : str
        Above the frame.
    height, width : float
        Of the frame, and of the whole.
    log_seconds : bool
        Whether x is time, on a logarithmic axis.
    """

    left = 46.0

    def __init__(
        self,
        x: Point,
        y: Point,
        x_label: str,
        y_label: str,
        *,
        title: str = "",
        height: float = 240.0,
        width: float = svg.WIDTH,
        log_seconds: bool = False,
    ) -> None:
        self.x, self.y, self.log = x, y, log_seconds
        self.width, self.right = width, width - 12.0
        named = wrapped(title, width, letter=BOLD) if title else []
        self.top = 26.0 + LINE * len(named) if named else 22.0
        self.bottom = self.top + height
        self.parts: list[str] = [
            svg.text(0, LINE * n, line, kind="strong") for n, line in enumerate(named, 1)
        ]
        self.legend: list[tuple[int, str, str]] = []
        self.labelled: list[Point] = []
        for t in svg.ticks(*y):
            digits = svg.decimals(svg.ticks(*y))
            self.parts.append(svg.line(self.left, self.down(t), self.right, self.down(t), "grid"))
            self.parts.append(
                svg.text(
                    self.left - 6, self.down(t) + 4, share(t, digits), anchor="end", kind="soft"
                )
            )
        for t, words in self._x_ticks():
            self.parts.append(
                svg.line(self.across(t), self.top, self.across(t), self.bottom, "grid")
            )
            # A mark at the edge keeps its words inside.
            at = min(self.across(t), self.width - LETTER * len(words) / 2)
            self.parts.append(svg.text(at, self.bottom + 16, words, anchor="middle", kind="soft"))
        self.parts.append(svg.line(self.left, self.bottom, self.right, self.bottom))
        middle = (self.left + self.right) / 2
        self.parts.append(svg.text(middle, self.bottom + 34, x_label, anchor="middle"))
        self.parts.append(svg.text(0, self.top - 9, y_label))

    def across(self, value: float) -> float:
        """Place a number on the x axis."""
        low, high = (math.log10(v) for v in self.x) if self.log else self.x
        at = math.log10(value) if self.log else value
        return self.left + (at - low) / (high - low) * (self.right - self.left)

    def down(self, value: float) -> float:
        """Place a number on the y axis."""
        low, high = self.y
        return self.bottom - (value - low) / (high - low) * (self.bottom - self.top)

    def curve(self, points: Sequence[Point], series: int, kind: str = "curve") -> None:
        """Join points in the series' colour and dash."""
        self.parts.append(svg.path(self._places(points), f"{kind} s{series % svg.SERIES + 1}"))

    def guide(self, points: Sequence[Point]) -> None:
        """Draw what curves are held against, dashed."""
        self.parts.append(svg.path(self._places(points), "guide"))

    def band(self, low: Sequence[Point], high: Sequence[Point], series: int) -> None:
        """Fill between two curves."""
        outline = [*self._places(low), *reversed(self._places(high))]
        self.parts.append(svg.path(outline, f"band m{series % svg.SERIES + 1}", closed=True))

    def mark(
        self,
        x: float,
        y: float,
        series: int,
        *,
        span: Sequence[float] | None = None,
        label: str = "",
    ) -> None:
        """Set the series' mark, with an interval in y and a word beside it."""
        at, colour = self.across(x), series % svg.SERIES + 1
        if span is not None:
            ends = self.down(span[0]), self.down(span[1])
            self.parts.append(svg.line(at, ends[0], at, ends[1], f"whisker s{colour}"))
        self.parts.append(svg.marker(at, self.down(y), series))
        if label:
            place = self._free(at, self.down(y), span, label)
            self.labelled.append(place)
            self.parts.append(svg.text(*place, label, anchor="middle", kind="strong"))

    def _free(self, at: float, middle: float, span: Sequence[float] | None, label: str) -> Point:
        """Find room for a mark's name: above its interval, below it, else further off."""
        low, high = (middle + 9, middle - 9) if span is None else map(self.down, span)
        wide = 8.0 * len(label) + 2
        tries = [p for n in range(6) for p in (high - 4 - n * 12, low + 13 + n * 12)]
        inside = [p for p in tries if self.top + 8 < p < self.bottom - 4] or tries
        free = (
            p
            for p in inside
            if not any(abs(at - a) < wide and abs(p - b) < 12 for a, b in self.labelled)
        )
        return at, next(free, inside[0])

    def bar(self, low: float, high: float, y: float) -> None:
        """Fill a bar from the axis up to `y`."""
        left, right, up = self.across(low), self.across(high), self.down(y)
        self.parts.append(
            svg.rect(left + 0.5, up, right - left - 1, self.bottom - up, "heat", opacity=0.4)
        )

    def key(self, series: int, words: str, kind: str = "line") -> None:
        """Name a series below the frame; `kind` is ``line`` or ``mark``."""
        self.legend.append((series, words, kind))

    def picture(self, name: str, alt: str) -> Picture:
        """Return the drawing."""
        parts, y = list(self.parts), self.bottom + 44.0
        for series, words, kind in self.legend:
            y += LEGEND
            if kind == "line":
                colour = f"curve s{series % svg.SERIES + 1}"
                parts.append(svg.path([(self.left, y - 4), (self.left + 26, y - 4)], colour))
            else:
                parts.append(svg.marker(self.left + 13, y - 4, series))
            for n, line in enumerate(wrapped(words, self.width - self.left - 34)):
                y += LINE if n else 0
                parts.append(svg.text(self.left + 34, y, line))
        return Picture(name, "".join(parts), self.width, y + (8 if self.legend else -2), alt)

    def _places(self, points: Sequence[Point]) -> list[Point]:
        return [(self.across(x), self.down(y)) for x, y in points]

    def _x_ticks(self) -> list[tuple[float, str]]:
        if not self.log:
            marks = svg.ticks(*self.x)
            return [(t, share(t, svg.decimals(marks))) for t in marks]
        low, high = self.x
        times = [(t, words) for t, words in TIMES if low <= t <= high]
        return times[:: -(-len(times) // MOST_TIMES)] if times else []
