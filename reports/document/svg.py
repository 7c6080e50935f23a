"""A few lines of SVG: what figures are drawn with.

Colours are classes (``s1`` to ``s8``, ``soft``, ``grid``), so that one drawing suits a light and a
dark page and print. In a file of its own a drawing carries the light colours with it.

Why not matplotlib: it fixes colours, sizes and places when it draws, so that a page with a light
and a dark side needs each figure twice, or every colour replaced in its output. Its SVG holds
letters as outlines, or text that no browser sets as wide as it was measured; it has no title for
a reader who cannot see, and names its clip paths at random. Here text is text (a browser finds
it, a screen reader reads it, a phone enlarges it), every drawing has a title, and the same
numbers give the same bytes. And it costs nothing: the 24 figures of the report on figshare are
drawn in some 0.03 s and are 143 kB, where as many plots of eight intervals took matplotlib 0.4 s
to import and 0.9 s to draw, in 370 kB with text and 770 kB with outlines, and its installation 75
MB. The price is this module and `axes`, some 300 lines. Contours, projections or many thousands
of marks would be a reason to think again.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from html import escape
from pathlib import Path

from gliaboost.reports.document.blocks import Picture

# Text is 12 units high and figures 360 wide: at that size a phone shows them unscaled.
WIDTH = 360
# After Paul Tol's "bright" scheme, which colour-blind eyes tell apart; darkened for light and
# lightened for dark paper until each has a contrast of at least 3:1 to it.
LIGHT = {
    "paper": "#ffffff",
    "ink": "#1b1b1b",
    "soft": "#5a5a5a",
    "line": "#c9c9c9",
    "grid": "#e6e6e6",
    "fill": "#76abd8",
    "alarm": "#fbe6e4",
    "s1": "#2f6db5",
    "s2": "#c4403a",
    "s3": "#1d7f3f",
    "s4": "#8a3a86",
    "s5": "#a86a00",
    "s6": "#1a7f8e",
    "s7": "#5f5f5f",
    "s8": "#b0387c",
}
DARK = {
    "paper": "#15171a",
    "ink": "#ececec",
    "soft": "#a9adb3",
    "line": "#4a4e55",
    "grid": "#2b2f35",
    "fill": "#2a66a0",
    "alarm": "#452120",
    "s1": "#7db3ec",
    "s2": "#f08a80",
    "s3": "#7cc98f",
    "s4": "#d49ad0",
    "s5": "#e5b455",
    "s6": "#6fcbd8",
    "s7": "#bdbdbd",
    "s8": "#ef94c2",
}
SERIES = 8
# Square, triangle, diamond, about the circle of radius 1.
CORNERS: tuple[tuple[tuple[float, float], ...], ...] = (
    ((-1, -1), (1, -1), (1, 1), (-1, 1)),
    ((0, -1.3), (1.25, 0.95), (-1.25, 0.95)),
    ((0, -1.35), (1.35, 0), (0, 1.35), (-1.35, 0)),
)
_BEGIN = re.compile(
    r'<svg xmlns="http://www\.w3\.org/2000/svg" viewBox="0 0 [\d.]+ [\d.]+" width="[\d.]+" '
    r'height="[\d.]+" role="img"><title>'
)
STYLE = Path(__file__).parent / "templates" / "figure.css"


def text(
    x: float, y: float, words: str, *, anchor: str = "start", kind: str = "", extra: str = ""
) -> str:
    """Write words with their baseline at `y`."""
    cls = f' class="{kind}"' if kind else ""
    where = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text x="{_n(x)}" y="{_n(y)}"{where}{cls}{extra}>{escape(words)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, kind: str = "axis") -> str:
    """Draw a straight line."""
    return f'<line x1="{_n(x1)}" y1="{_n(y1)}" x2="{_n(x2)}" y2="{_n(y2)}" class="{kind}"/>'


def rect(
    x: float, y: float, width: float, height: float, kind: str, *, opacity: float | None = None
) -> str:
    """Fill a rectangle."""
    seen = "" if opacity is None else f' fill-opacity="{opacity:.3f}"'
    place = f'x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}"'
    return f'<rect {place} class="{kind}"{seen}/>'


def path(points: Sequence[tuple[float, float]], kind: str, *, closed: bool = False) -> str:
    """Join points."""
    steps = "L".join(f"{_n(x)} {_n(y)}" for x, y in points)
    return f'<path d="M{steps}{"Z" if closed else ""}" class="{kind}"/>'


def marker(x: float, y: float, series: int, size: float = 4.5) -> str:
    """Draw the series' own mark: shape as well as colour tells series apart."""
    kind = f"mark m{series % SERIES + 1}"
    shape = series % 4
    if shape == 0:
        return f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(size)}" class="{kind}"/>'
    points = [(x + a * size * 0.9, y + b * size * 0.9) for a, b in CORNERS[shape - 1]]
    return path(points, kind, closed=True)


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Choose round numbers from `low` to `high`.

    Examples
    --------
    >>> ticks(0.81, 0.93)
    [0.82, 0.84, 0.86, 0.88, 0.9, 0.92]
    """
    if not high > low:
        return [low]
    raw = (high - low) / most
    power = 10.0 ** math.floor(math.log10(raw))
    step = next((m * power for m in (1, 2, 2.5, 5) if m * power >= raw * 0.8), 10 * power)
    first = math.ceil(low / step - 1e-9)
    return [round(i * step, 10) for i in range(first, math.floor(high / step + 1e-9) + 1)]


def decimals(values: Sequence[float]) -> int:
    """Return how many decimals tell the ticks apart."""
    for digits in range(6):
        if all(abs(round(v, digits) - v) < 1e-9 for v in values):
            return digits
    return 6


def standalone(picture: Picture) -> str:
    """Return a drawing as a file of its own, colours included."""
    width, height = _n(picture.width), _n(picture.height)
    style = re.sub(r"var\(--([a-z0-9]+)\)", lambda m: LIGHT[m[1]], STYLE.read_text("utf-8"))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" role="img">'
        f"<title>{escape(picture.alt)}</title><style>{style}</style>"
        f'<rect width="100%" height="100%" fill="{LIGHT["paper"]}"/>{picture.body}</svg>\n'
    )


def is_standalone(text: str) -> bool:
    """Whether a file begins as `standalone` begins one."""
    return _BEGIN.match(text) is not None


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
