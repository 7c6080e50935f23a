"""The longest diameter of a region and its longest perpendicular, as RECIST and RANO take them.

Lengths are taken between the middles of the outer sides of pixels: one pixel is 1 long and 1 wide,
and a row of n pixels is n long. Lines may cross holes and dents, their ends lie on the outline.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Point = tuple[float, float]

# Lengths that differ by less are one, in pixels or mm.
_EQUAL = 1e-6
# Offsets along the diameter that differ by less are one, as decimals.
_DECIMALS = 9
# Of the ends of lines, in pixels.
_PLACES = 6


@dataclass(frozen=True)
class Diameter:
    """A line across a region.

    Attributes
    ----------
    start, end : (row, column)
        In pixels; whole numbers are the middles of pixels.
    pixels : float
        Its length on the grid.
    mm : float, optional
        Its length where the spacing is known.
    """

    start: Point
    end: Point
    pixels: float
    mm: float | None = None


def diameters(
    mask: NDArray[np.bool_], spacing: tuple[float, float] | None = None
) -> tuple[Diameter, Diameter]:
    """Find the longest line across a region, and the longest one at right angles to it.

    Parameters
    ----------
    mask : bool array [H, W]
        One pixel at least. Of several regions the line would join two: give one.
    spacing : (row mm, column mm), optional
        Between the middles of pixels. Where it is known, lines are the longest in mm and
        perpendicular in the patient, not on the grid.

    Returns
    -------
    longest, perpendicular : Diameter
        Of several lines of one length the one with the longest perpendicular.

    References
    ----------
    Eisenhauer et al., "New response evaluation criteria in solid tumours: revised RECIST guideline
    (version 1.1)", Eur. J. Cancer 45 (2009). Wen et al., "Updated response assessment criteria for
    high-grade gliomas", J. Clin. Oncol. 28 (2010).

    Examples
    --------
    >>> mask = np.zeros((9, 9), bool)
    >>> mask[4, 1:8] = True
    >>> [d.pixels for d in diameters(mask)]
    [7.0, 1.0]
    """
    if mask.shape == (1, 1):  # of which a speckled mask has thousands
        return _of_a_pixel(spacing)
    scale = np.asarray(spacing if spacing is not None else (1.0, 1.0), dtype=np.float64)
    edges = _edges(mask) * scale
    best: tuple[float, NDArray[np.float64], NDArray[np.float64]] | None = None
    for line in _longest(_corners(edges.reshape(-1, 2))):
        across = _widest(edges, line)
        width = float(np.linalg.norm(across[1] - across[0]))
        if best is None or width > best[0] + _EQUAL:
            best = width, line, across
    assert best is not None
    known = spacing is not None
    return _diameter(best[1], scale, known), _diameter(best[2], scale, known)


def _of_a_pixel(spacing: tuple[float, float] | None) -> tuple[Diameter, Diameter]:
    high, wide = spacing if spacing is not None else (None, None)
    down = Diameter((-0.5, 0.0), (0.5, 0.0), 1.0, high)
    across = Diameter((0.0, -0.5), (0.0, 0.5), 1.0, wide)
    return (across, down) if spacing is not None and spacing[1] > spacing[0] else (down, across)


def _edges(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Trace the outer outline through the middles of sides: float64 [E, 2 ends, (row, column)]."""
    from scipy import ndimage
    from skimage.measure import find_contours

    # Holes have outlines too, thousands in a speckled mask; no line ends at one.
    padded = ndimage.binary_fill_holes(np.pad(mask, 1)).astype(np.float64)
    traced = find_contours(padded, 0.5, fully_connected="high")  # type: ignore[no-untyped-call]
    return np.concatenate([np.stack([c[:-1], c[1:]], axis=1) for c in traced]) - 1


def _corners(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Keep the corners of the convex hull, between which the longest line lies."""
    from scipy.spatial import ConvexHull

    return np.asarray(points[ConvexHull(points).vertices])


def _longest(corners: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """List the longest lines between corners, each ``[2 ends, 2]``."""
    from scipy.spatial.distance import pdist

    first, second = np.triu_indices(len(corners), 1)
    lengths = pdist(corners)
    longest = np.flatnonzero(lengths >= lengths.max() - _EQUAL)
    return [corners[[first[i], second[i]]] for i in longest]


def _widest(edges: NDArray[np.float64], line: NDArray[np.float64]) -> NDArray[np.float64]:
    """Find the longest line between points of the outline at right angles to a given one.

    Between two of its corners an outline is straight, so that the line ends at a corner: at the
    offset of each corner along the given line, the outermost crossings are looked up.
    """
    along = (line[1] - line[0]) / np.linalg.norm(line[1] - line[0])
    turned = np.stack([along, [-along[1], along[0]]], axis=1)
    at = np.round(edges @ turned, _DECIMALS)  # [E, 2 ends, (offset, side)]
    offsets = np.unique(at[..., 0])
    at = np.take_along_axis(at, np.argsort(at[..., :1], axis=1), axis=1)
    begin, end = at[:, 0], at[:, 1]
    first = np.searchsorted(offsets, begin[:, 0])
    number = np.searchsorted(offsets, end[:, 0]) - first + 1
    edge = np.repeat(np.arange(len(edges)), number)
    step = np.arange(len(edge)) - np.repeat(np.cumsum(number) - number, number)
    place = first[edge] + step
    # Of an edge that stands upright the far end is the beginning of the next one.
    run = (end[:, 0] - begin[:, 0])[edge]
    part = np.divide(offsets[place] - begin[edge, 0], run, out=np.zeros(len(edge)), where=run > 0)
    side = begin[edge, 1] + part * (end[edge, 1] - begin[edge, 1])
    low, high = np.full(len(offsets), np.inf), np.full(len(offsets), -np.inf)
    np.minimum.at(low, place, side)
    np.maximum.at(high, place, side)
    widest = int(np.argmax(high - low))
    ends = np.array([[offsets[widest], low[widest]], [offsets[widest], high[widest]]])
    return np.asarray(ends @ turned.T)


def _diameter(ends: NDArray[np.float64], scale: NDArray[np.float64], known: bool) -> Diameter:
    on_grid = ends / scale
    # Turning there and back leaves digits that mean nothing.
    start, end = ((float(p[0]), float(p[1])) for p in on_grid.round(_PLACES))
    return Diameter(
        start,
        end,
        float(np.linalg.norm(on_grid[1] - on_grid[0])),
        float(np.linalg.norm(ends[1] - ends[0])) if known else None,
    )
