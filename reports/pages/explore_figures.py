"""The figures of the page that shows a data set; readable in print and without colours."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from gliaboost.reports.document import svg
from gliaboost.reports.document.blocks import Picture
from gliaboost.reports.document.lettering import LETTER, LINE, wrapped

# No wider than a phone's page shows at a readable size.
WIDE = 420
# Darkest share that the histogram shows: one pixel in a hundred thousand.
DECADES = 5
MARGIN, GAP = 14.0, 14.0
# Beyond as many names as there are colours the rarer ones share the last.
OTHERS = "others"


def histograms(by_class: Mapping[str, NDArray[np.float64]]) -> Picture:
    """Draw the share of pixels by grey level, one line a class, on a logarithmic scale.

    Parameters
    ----------
    by_class : mapping of str to float array [256]
        Shares that sum to 1.

    Returns
    -------
    Picture
    """
    legend, top = _legend(list(by_class))
    left, right, bottom = 56.0, WIDE - 14.0, top + 210

    def x(grey: float) -> float:
        return left + grey / 255 * (right - left)

    def y(share: float) -> float:
        return top + min(-math.log10(max(share, 10.0**-DECADES)), DECADES) / DECADES * (
            bottom - top
        )

    parts = legend
    for power in range(DECADES + 1):
        share = 10.0**-power
        parts.append(svg.line(left, y(share), right, y(share), "grid"))
        said = f"{100 * share:g} %"
        parts.append(svg.text(left - 6, y(share) + 4, said, anchor="end", kind="soft"))
    for grey in (0, 50, 100, 150, 200, 255):
        parts.append(svg.text(x(grey), bottom + 16, str(grey), anchor="middle", kind="soft"))
    for i, shares in enumerate(by_class.values()):
        smooth = np.convolve(shares, np.ones(5) / 5, mode="same")
        points = [(x(g), y(float(s))) for g, s in enumerate(smooth)]
        parts.append(svg.path(points, f"curve s{i % svg.SERIES + 1}"))
    parts.append(svg.line(left, bottom, right, bottom))
    parts.append(svg.text((left + right) / 2, bottom + 34, "grey level", anchor="middle"))
    said = f"Share of pixels by grey level for {', '.join(by_class)}."
    return Picture("greys", "".join(parts), WIDE, bottom + 42, said)


def mask_shares(by_class: Mapping[str, NDArray[np.float64]]) -> Picture:
    """Draw how much of the image the mask covers, one box a class.

    Parameters
    ----------
    by_class : mapping of str to float array
        Shares of the images' pixels, 0 to 1; at least one each.

    Returns
    -------
    Picture
        Boxes from the first to the third quartile with the median; lines from the 5th to the 95th
        percentile; a dot at the largest.
    """
    left, right, top, step = MARGIN, WIDE - MARGIN, 8.0, 30.0
    names = {name: wrapped(name, right - left) for name in by_class}
    bottom = top + sum(step + LINE * len(lines) for lines in names.values())
    most = max(100 * float(s.max()) for s in by_class.values()) or 1.0

    def x(value: float) -> float:
        return left + value / most * (right - left)

    marks = svg.ticks(0, most, 8)
    digits = svg.decimals(marks)
    parts = [svg.line(x(t), top, x(t), bottom, "grid") for t in marks]
    parts += [
        svg.text(x(t), bottom + 16, f"{t:.{digits}f}", anchor="middle", kind="soft") for t in marks
    ]
    told, y = [], top
    for i, (name, shares) in enumerate(by_class.items()):
        for line in names[name]:
            y += LINE
            parts.append(svg.text(left, y + 1, line))
        y += LINE
        low, first, median, third, high = np.percentile(100 * shares, [5, 25, 50, 75, 95])
        parts.append(svg.line(x(low), y, x(high), y, f"whisker s{i % svg.SERIES + 1}"))
        parts.append(svg.rect(x(first), y - 7, x(third) - x(first), 14, f"m{i % svg.SERIES + 1}"))
        parts.append(svg.rect(x(median) - 1, y - 9, 2, 18, "ink"))
        parts.append(svg.marker(x(100 * float(shares.max())), y, i, 3))
        told.append(f"{name}: median {median:.2f} %")
        y += step - LINE
    parts.append(svg.line(left, bottom, right, bottom))
    axis = "share of the image that is tumour, %"
    parts.append(svg.text((left + right) / 2, bottom + 34, axis, anchor="middle"))
    return Picture("mask-shares", "".join(parts), WIDE, bottom + 42, f"{axis}; {'; '.join(told)}")


def scatter(name: str, places: NDArray[np.float32], names: Sequence[str]) -> Picture:
    """Draw points, told apart by colour and by marker.

    Parameters
    ----------
    name : str
        Stem of the file.
    places : float array [N, 2]
        Points; the axes have no unit.
    names : sequence of str
        What each point is; beyond eight names the rarer are drawn as one.

    Returns
    -------
    Picture
    """
    values, counts = np.unique(names, return_counts=True)
    if len(values) > svg.SERIES:
        common = set(values[np.argsort(-counts)[: svg.SERIES - 1]])
        names = [n if n in common else OTHERS for n in names]
        values, counts = np.unique(names, return_counts=True)
    low, high = places.min(axis=0), places.max(axis=0)
    named = [f"{v} ({n})" for v, n in zip(values, counts, strict=True)]
    parts, top = _legend(named, marked=True)
    height = 420.0
    inner = (places - low) / np.maximum(high - low, 1e-6)
    series = {v: i for i, v in enumerate(values)}
    for (u, v), own in zip(inner, names, strict=True):
        x, y = 14 + float(u) * (WIDE - 28), top + 8 + float(v) * (height - 16)
        parts.append(svg.marker(x, y, series[own], 3))
    parts.append(svg.line(4, top, WIDE - 4, top, "grid"))
    said = "Pictures laid out by likeness: " + ", ".join(
        f"{v} {n}" for v, n in zip(values, counts, strict=True)
    )
    return Picture(name, "".join(parts), WIDE, top + height, said)


def _legend(names: Sequence[str], *, marked: bool = False) -> tuple[list[str], float]:
    """Name the series, each after its line or its marker; return it, and where it ends."""
    parts, x, y = list[str](), MARGIN, 14.0
    sign = 18.0 if marked else 30.0
    for i, name in enumerate(names):
        said = wrapped(name, WIDE - 2 * MARGIN - sign)
        wide = sign + max(map(len, said)) * LETTER
        if x > MARGIN and x + wide > WIDE - MARGIN:
            x, y = MARGIN, y + LINE + 4
        if marked:
            parts.append(svg.marker(x + 8, y - 4, i))
        else:
            parts.append(svg.path([(x, y - 4), (x + 24, y - 4)], f"curve s{i % svg.SERIES + 1}"))
        for line in said:
            parts.append(svg.text(x + sign, y, line))
            y += LINE
        y -= LINE
        x = MARGIN if len(said) > 1 else x + wide + GAP
        y += LINE + 4 if len(said) > 1 else 0
    return parts, y + 10.0
