"""Local binary patterns (Ojala 2002), with scikit-image's codes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numba
import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from gliaboost.datasets.errors import UsageError
from gliaboost.features.kernels.circles import (
    METHODS,
    VARIANCE_BINS,
    check_circle,
    histogram_bins,
    ror_classes,
    sampling,
)
from gliaboost.features.kernels.cpu.parallel import over_images
from gliaboost.features.kernels.grid import grid_edges


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
    and row and column are added to them before the fraction is taken. So on a plateau an
    interpolated neighbour may fall below the pixel by one unit in the last place and give 0 where
    theory says 1; with the same formula the codes are the same.

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
    check_circle(points, radius, method)
    circle = sampling(images.shape[1], images.shape[2], points, float(radius))
    kind = METHODS.index(method)
    if method == "var":
        variances = np.empty(images.shape)
        over_images(lambda s: _variances_batch(images[s], *circle, variances[s]), len(images), jobs)
        return variances
    codes = np.empty(images.shape, np.int64)
    over_images(lambda s: _codes_batch(images[s], *circle, kind, codes[s]), len(images), jobs)
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
    if len(points) != len(radii):
        raise UsageError(f"{len(points)} numbers of points for {len(radii)} radii; give one each")
    ys, xs = grid_edges(images.shape[1:], grid)
    kind = METHODS.index(method) if method in METHODS else -1
    parts = []
    for p, r in zip(points, radii, strict=True):
        bins = histogram_bins(p, method)
        check_circle(p, r, method)
        circle = sampling(images.shape[1], images.shape[2], p, float(r))
        table = ror_classes(p) if method == "ror" else np.zeros(1, np.int64)
        counts = np.zeros((len(images), len(ys) - 1, len(xs) - 1, bins), np.uint32)

        settings = (*circle, kind, table, ys, xs)

        def work(part: slice, settings: Any = settings, counts: Any = counts) -> None:
            _histogram_batch(images[part], *settings, counts[part])

        over_images(work, len(images), jobs)
        if normed:
            area = np.diff(ys)[:, None, None] * np.diff(xs)[:, None]
            counts = counts / area
        parts.append(counts.reshape(len(images), -1).astype(np.float32))
    return np.concatenate(parts, axis=1)


@intrinsic
def _popcount(typingctx: Any, value: Any) -> Any:
    """Count the ones of an uint64."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.ctpop(args[0])

    return types.uint64(types.uint64), codegen


@intrinsic
def _trailing_zeros(typingctx: Any, value: Any) -> Any:
    """Find the lowest one of an uint64, which must have one."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.uint64(types.uint64), codegen


@numba.njit(nogil=True, cache=True)
def _pad(image: Any, border: Any, padded: Any) -> None:
    """Copy an image into the middle of zeros."""
    for y in range(image.shape[0]):
        for x in range(image.shape[1]):
            padded[y + border, x + border] = image[y, x]


@numba.njit(nogil=True, cache=True)
def _border(corners: Any) -> Any:
    return max(np.abs(corners[:, :2]).max(), np.abs(corners[:, :2] + corners[:, 2:]).max())


@numba.njit(nogil=True, cache=True)
def _patterns_of_row(
    padded: Any,
    border: Any,
    y: Any,
    corners: Any,
    row_fractions: Any,
    column_fractions: Any,
    patterns: Any,
) -> None:
    """Set bit k of each pattern where neighbour k is no darker."""
    width = len(patterns)
    here = padded[y + border, border : border + width]
    patterns[:] = 0
    for k in range(len(corners)):
        dy, dx, down, right = corners[k]
        bit = np.uint64(1) << np.uint64(k)
        left, top = border + dx, y + border + dy
        if down == 0 and right == 0:
            a = padded[top, left : left + width]
            for x in range(width):
                if a[x] >= here[x]:
                    patterns[x] |= bit
            continue
        a = padded[top, left : left + width]
        b = padded[top, left + right : left + right + width]
        c = padded[top + down, left : left + width]
        d = padded[top + down, left + right : left + right + width]
        low, fractions = row_fractions[k, y], column_fractions[k]
        for x in range(width):
            f = fractions[x]
            upper = (1.0 - f) * a[x] + f * b[x]
            lower = (1.0 - f) * c[x] + f * d[x]
            if (1.0 - low) * upper + low * lower >= here[x]:
                patterns[x] |= bit


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
    below_top = (one << top) - one
    changes = _popcount((pattern ^ (pattern >> one)) & below_top)
    ones = np.int64(_popcount(pattern))
    if kind == 2:
        return ones if changes <= 2 else points + 1
    if changes > 2:
        return points * (points - 1) + 2
    if ones == 0:
        return 0
    if ones == points:
        return points * (points - 1) + 1
    first_one = np.int64(_trailing_zeros(pattern))
    first_zero = np.int64(_trailing_zeros(~pattern))
    turns = ones - first_zero if first_one == 0 else points - first_one
    return 1 + (ones - 1) * points + turns


@numba.njit(nogil=True, cache=True)
def _codes_batch(
    images: Any, corners: Any, row_fractions: Any, column_fractions: Any, kind: Any, codes: Any
) -> None:
    count, height, width = images.shape
    border = _border(corners)
    padded = np.zeros((height + 2 * border, width + 2 * border))
    patterns = np.empty(width, np.uint64)
    for n in range(count):
        _pad(images[n], border, padded)
        for y in range(height):
            _patterns_of_row(padded, border, y, corners, row_fractions, column_fractions, patterns)
            for x in range(width):
                codes[n, y, x] = _code(patterns[x], len(corners), kind)


@numba.njit(nogil=True, cache=True)
def _variances_of_row(
    padded: Any,
    border: Any,
    y: Any,
    corners: Any,
    row_fractions: Any,
    column_fractions: Any,
    variances: Any,
) -> None:
    """Compute the neighbours' variance in scikit-image's order of operations."""
    points = len(corners)
    for x in range(len(variances)):
        total = squares = 0.0
        for k in range(points):
            dy, dx, down, right = corners[k]
            top, left = y + border + dy, x + border + dx
            low, f = row_fractions[k, y], column_fractions[k, x]
            upper = (1.0 - f) * padded[top, left] + f * padded[top, left + right]
            lower = (1.0 - f) * padded[top + down, left] + f * padded[top + down, left + right]
            value = (1.0 - low) * upper + low * lower
            total += value
            squares += value * value
        variance = (squares - (total * total) / points) / points
        variances[x] = variance if variance != 0.0 else np.nan


@numba.njit(nogil=True, cache=True)
def _variances_batch(
    images: Any, corners: Any, row_fractions: Any, column_fractions: Any, variances: Any
) -> None:
    count, height, width = images.shape
    border = _border(corners)
    padded = np.zeros((height + 2 * border, width + 2 * border))
    for n in range(count):
        _pad(images[n], border, padded)
        for y in range(height):
            _variances_of_row(
                padded, border, y, corners, row_fractions, column_fractions, variances[n, y]
            )


@numba.njit(nogil=True, cache=True)
def _histogram_batch(
    images: Any,
    corners: Any,
    row_fractions: Any,
    column_fractions: Any,
    kind: Any,
    table: Any,
    ys: Any,
    xs: Any,
    counts: Any,
) -> None:
    count, height, width = images.shape
    points = len(corners)
    border = _border(corners)
    padded = np.zeros((height + 2 * border, width + 2 * border))
    patterns = np.empty(width, np.uint64)
    variances = np.empty(width)
    for n in range(count):
        _pad(images[n], border, padded)
        for r in range(len(ys) - 1):
            for y in range(ys[r], ys[r + 1]):
                if kind == 4:
                    _variances_of_row(
                        padded, border, y, corners, row_fractions, column_fractions, variances
                    )
                else:
                    _patterns_of_row(
                        padded, border, y, corners, row_fractions, column_fractions, patterns
                    )
                for c in range(len(xs) - 1):
                    cell = counts[n, r, c]
                    for x in range(xs[c], xs[c + 1]):
                        if kind == 4:
                            code = 0
                            if variances[x] >= 1.0:
                                code = min(math.frexp(variances[x])[1], VARIANCE_BINS - 1)
                        elif kind == 1:
                            code = table[patterns[x]]
                        else:
                            code = _code(patterns[x], points, kind)
                        cell[code] += 1
