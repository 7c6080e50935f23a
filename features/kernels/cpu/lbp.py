"""Local binary patterns (Ojala 2002), with scikit-image's codes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.errors import UsageError
from gliaboost.features.kernels.circles import (
    METHODS,
    VARIANCE_BINS,
    Circle,
    check_circle,
    histogram_bins,
    ror_classes,
    sampling,
)
from gliaboost.features.kernels.cpu.bits import popcount, trailing_zeros
from gliaboost.features.kernels.cpu.memory import batch
from gliaboost.features.kernels.cpu.parallel import over_images
from gliaboost.features.kernels.cpu.patterns import (
    STRIP,
    mark_strip,
    pad,
    room_for,
    variances_of_row,
)
from gliaboost.features.kernels.grid import grid_edges

LANES = 4
# Above this the lanes would not stay in the cache.
MOST_BINS_OF_LANES = 1024


def lbp_codes(
    images: NDArray[np.uint8],
    points: int,
    radius: float,
    method: str = "default",
    *,
    jobs: int = 1,
) -> NDArray[Any]:
    """Compute the local binary pattern of every pixel.

    Bit k of the pattern says whether the neighbour at angle ``2 pi k / points`` (anticlockwise
    from the right) is at least as bright as the pixel. Neighbours between pixels are interpolated
    bilinearly; outside the image all is 0.

    Parameters
    ----------
    images : uint8 array [N, H, W]
    points : int
        Neighbours on the circle, 1 to 64 (1 to 63 for ``default`` and ``ror``).
    radius : float
        Of the circle, in pixels.
    method : {"default", "ror", "uniform", "nri_uniform", "var"}
        The pattern itself; its smallest rotation; its number of ones if it is uniform (at most two
        changes), else points + 1; uniform patterns told apart by rotation too; or the neighbours'
        variance instead of a pattern.
    jobs : int
        Threads; the numbers do not depend on it.

    Returns
    -------
    int64 array [N, H, W], float64 for ``var``
        Identical to `skimage.feature.local_binary_pattern` (0.26).

    Raises
    ------
    UsageError
        If a parameter is out of range.

    Notes
    -----
    Interpolation follows scikit-image to the last bit: coordinates are rounded to five decimals,
    row and column are added to them before the fraction is taken, and rows are interpolated before
    columns. Where an interpolated neighbour equals the pixel in theory, its last bit decides, and
    it decides as there.

    From 32 points on scikit-image's ``default`` and ``ror`` overflow a 32-bit integer; here the
    pattern is right. Where all neighbours agree, ``var`` is NaN, as in scikit-image.

    References
    ----------
    Ojala, T., Pietikäinen, M. and Mäenpää, T., "Multiresolution gray-scale and rotation invariant
    texture classification with local binary patterns", IEEE PAMI 24 (7), 2002.

    Examples
    --------
    >>> bright = np.zeros((1, 3, 3), np.uint8)
    >>> bright[0, 1, 1] = 255
    >>> lbp_codes(bright, 4, 1)[0].tolist()
    [[15, 15, 15], [15, 0, 15], [15, 15, 15]]
    """
    images = batch(images)
    check_circle(points, radius, method)
    circle = sampling(images.shape[1], images.shape[2], points, float(radius))
    if method == "var":
        variances = np.empty(images.shape)
        _run(_variances_batch, images, circle, variances, jobs)
        return variances
    codes = np.empty(images.shape, np.int64)
    _run(_codes_batch, images, circle, codes, jobs, METHODS.index(method))
    return codes


def lbp_histograms(
    images: NDArray[np.uint8],
    points: Sequence[int],
    radii: Sequence[float],
    method: str = "uniform",
    *,
    grid: tuple[int, int] = (1, 1),
    normed: bool = False,
    jobs: int = 1,
) -> NDArray[np.float32]:
    """Count the patterns in each cell of a grid, for several circles.

    Parameters
    ----------
    images : uint8 array [N, H, W]
    points, radii : sequences of equal length
        One circle each.
    method : str
        As `lbp_codes` takes it. ``ror`` counts by class of rotation, in the order of its codes;
        ``var`` counts the variance in octaves: below 1 (and NaN), 1 to 2, 2 to 4, ... to 2 ** 14.
    grid : (int, int)
        Rows and columns of cells.
    normed : bool
        Give fractions of the cell's pixels instead of counts.
    jobs : int
        Threads; the numbers do not depend on it.

    Returns
    -------
    float32 array [N, D]
        For each circle, for each cell row by row, `histogram_bins` bins.

    Raises
    ------
    UsageError
        If a parameter is out of range.

    Examples
    --------
    >>> image = np.zeros((1, 8, 8), np.uint8)
    >>> lbp_histograms(image, [8], [1], grid=(1, 1))[0].tolist()
    [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 64.0, 0.0]
    """
    images = batch(images)
    if len(points) != len(radii):
        raise UsageError(f"{len(points)} numbers of points for {len(radii)} radii; give one each")
    ys, xs = grid_edges(images.shape[1:], grid)
    cell_rows, cell_columns = (np.repeat(np.arange(len(e) - 1), np.diff(e)) for e in (ys, xs))
    parts = []
    for p, r in zip(points, radii, strict=True):
        bins = histogram_bins(p, method)
        check_circle(p, r, method)
        circle = sampling(images.shape[1], images.shape[2], p, float(r))
        counts = np.zeros((len(images), len(ys) - 1, len(xs) - 1, bins), np.uint32)
        if method == "var":
            _run(_variance_histogram_batch, images, circle, counts, jobs, cell_rows, cell_columns)
        else:
            table = ror_classes(p) if method == "ror" else np.zeros(1, np.int64)
            settings = (METHODS.index(method), table, cell_rows, cell_columns)
            _run(_histogram_batch, images, circle, counts, jobs, *settings)
        if normed:
            area = np.diff(ys)[:, None, None] * np.diff(xs)[:, None]
            counts = counts / area
        parts.append(counts.reshape(len(images), math.prod(counts.shape[1:])).astype(np.float32))
    return np.concatenate(parts, axis=1)


def _run(
    kernel: Any, images: NDArray[np.uint8], circle: Circle, out: Any, jobs: int, *settings: Any
) -> None:
    """Call a kernel on slices of the images, each thread with room of its own."""

    def work(part: slice) -> None:
        room = room_for(images.shape[1], images.shape[2], circle.border)
        kernel(images[part], circle, room, *settings, out[part])

    over_images(work, len(images), jobs)


@numba.njit(nogil=True, cache=True)
def _changes(pattern: Any, points: Any) -> Any:
    """Count the changes from bit to bit; at most two, with or without that from last to first."""
    one = np.uint64(1)
    below_top = (one << np.uint64(points - 1)) - one
    return popcount((pattern ^ (pattern >> one)) & below_top)


@numba.njit(nogil=True, cache=True)
def _code(pattern: Any, points: Any, kind: Any) -> Any:
    """Turn a pattern into the code of METHODS[kind]."""
    if kind == 0:
        return np.int64(pattern)
    one, top = np.uint64(1), np.uint64(points - 1)
    if kind == 1:
        least, turned = pattern, pattern
        for _ in range(points - 1):
            turned = (turned >> one) | ((turned & one) << top)
            least = min(least, turned)
        return np.int64(least)
    changes = _changes(pattern, points)
    ones = np.int64(popcount(pattern))
    if kind == 2:
        return ones if changes <= np.uint64(2) else points + 1
    if changes > np.uint64(2):
        return points * (points - 1) + 2
    if ones == 0:
        return 0
    if ones == points:
        return points * (points - 1) + 1
    first_one = np.int64(trailing_zeros(pattern))
    first_zero = np.int64(trailing_zeros(~pattern))
    turns = ones - first_zero if first_one == 0 else points - first_one
    return 1 + (ones - 1) * points + turns


@numba.njit(nogil=True, cache=True)
def _codes_batch(images: Any, circle: Any, room: Any, kind: Any, codes: Any) -> None:
    count, height, width = images.shape
    points = len(circle.corners)
    across, patterns = room.across, room.patterns
    for n in range(count):
        pad(images[n], room)
        for y0 in range(0, height, STRIP):
            y1 = min(height, y0 + STRIP)
            mark_strip(y0, y1, width, circle, room)
            for y in range(y0, y1):
                for x in range(width):
                    codes[n, y, x] = _code(patterns[(y - y0) * across + x], points, kind)


@numba.njit(nogil=True, cache=True)
def _variances_batch(images: Any, circle: Any, room: Any, variances: Any) -> None:
    count, height, width = images.shape
    sums = np.empty((2, width))
    for n in range(count):
        pad(images[n], room)
        for y in range(height):
            variances_of_row(y, circle, room, sums, variances[n, y])


@numba.njit(nogil=True, cache=True)
def _histogram_batch(
    images: Any,
    circle: Any,
    room: Any,
    kind: Any,
    table: Any,
    cell_rows: Any,
    cell_columns: Any,
    counts: Any,
) -> None:
    """Count codes; `cell_rows` and `cell_columns` tell which cell a row and a column is in."""
    count, height, width = images.shape
    rows, columns, bins = counts.shape[1:]
    points = len(circle.corners)
    across, patterns = room.across, room.patterns
    # Neighbouring pixels often agree; several histograms in turn spare the wait for one counter.
    lanes = LANES if bins <= MOST_BINS_OF_LANES else 1
    histogram = np.zeros(rows * columns * lanes * bins, np.uint32)
    slots = np.empty(width, np.int64)
    for x in range(width):
        slots[x] = (cell_columns[x] * lanes + x % lanes) * bins
    codes = np.empty(width, np.uint64)
    for n in range(count):
        pad(images[n], room)
        for y0 in range(0, height, STRIP):
            y1 = min(height, y0 + STRIP)
            mark_strip(y0, y1, width, circle, room)
            for y in range(y0, y1):
                row = patterns[(y - y0) * across :][:width]
                first = cell_rows[y] * columns * lanes * bins
                if kind == 0:
                    for x in range(width):
                        codes[x] = first + slots[x] + np.int64(row[x])
                elif kind == 1:
                    for x in range(width):
                        codes[x] = first + slots[x] + table[row[x]]
                elif kind == 2:
                    # Apart, without the branches of `_code`: this loop becomes vector instructions.
                    mixed = np.uint64(points + 1)
                    for x in range(width):
                        ones = popcount(row[x])
                        uniform = _changes(row[x], points) <= np.uint64(2)
                        codes[x] = np.uint64(first + slots[x]) + (ones if uniform else mixed)
                else:
                    for x in range(width):
                        codes[x] = first + slots[x] + _code(row[x], points, kind)
                for x in range(width):
                    histogram[codes[x]] += np.uint32(1)
        lanes_first = histogram.reshape(rows, columns, lanes, bins)
        for r in range(rows):
            for c in range(columns):
                for lane in range(lanes):
                    for b in range(bins):
                        counts[n, r, c, b] += lanes_first[r, c, lane, b]
        histogram[:] = 0


@numba.njit(nogil=True, cache=True)
def _variance_histogram_batch(
    images: Any, circle: Any, room: Any, cell_rows: Any, cell_columns: Any, counts: Any
) -> None:
    count, height, width = images.shape
    sums, variances = np.empty((2, width)), np.empty(width)
    for n in range(count):
        pad(images[n], room)
        for y in range(height):
            variances_of_row(y, circle, room, sums, variances)
            for x in range(width):
                octave = 0
                if variances[x] >= 1.0:
                    octave = min(math.frexp(variances[x])[1], VARIANCE_BINS - 1)
                counts[n, cell_rows[y], cell_columns[x], octave] += 1
