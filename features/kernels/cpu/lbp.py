"""Local binary patterns (Ojala 2002), with scikit-image's codes."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.errors import UsageError
from gliaboost.features.kernels.circles import (
    METHODS,
    Circle,
    check_circle,
    histogram_bins,
    ror_classes,
    sampling,
)
from gliaboost.features.kernels.cpu.memory import batch
from gliaboost.features.kernels.cpu.parallel import over_images
from gliaboost.features.kernels.cpu.patterns import codes_batch, histograms_batch
from gliaboost.features.kernels.cpu.room import room_for
from gliaboost.features.kernels.cpu.variances import octaves_batch, variances_batch
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
        over_images(lambda s: variances_batch(images[s], circle, variances[s]), len(images), jobs)
        return variances
    codes = np.empty(images.shape, np.int64)
    kind = METHODS.index(method)

    def work(part: slice) -> None:
        room = room_for(images.shape[2], circle.border, points)
        codes_batch(images[part], circle, room, kind, codes[part])

    over_images(work, len(images), jobs)
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
        counts = np.zeros((len(images), len(ys) - 1, len(xs) - 1, bins), np.uint32)
        circle = sampling(images.shape[1], images.shape[2], p, float(r))
        count = _count_variances if method == "var" else _count_codes
        over_images(
            functools.partial(count, images, circle, method, cell_rows, cell_columns, counts),
            len(images),
            jobs,
        )
        if normed:
            area = np.diff(ys)[:, None, None] * np.diff(xs)[:, None]
            counts = counts / area
        parts.append(counts.reshape(len(images), math.prod(counts.shape[1:])).astype(np.float32))
    return np.concatenate(parts, axis=1)


def _count_codes(
    images: NDArray[np.uint8],
    circle: Circle,
    method: str,
    cell_rows: NDArray[np.int64],
    cell_columns: NDArray[np.int64],
    counts: NDArray[np.uint32],
    part: slice,
) -> None:
    room = room_for(images.shape[2], circle.border, len(circle.corners))
    table = ror_classes(len(circle.corners)) if method == "ror" else np.zeros(1, np.int64)
    kind = METHODS.index(method)
    histograms_batch(images[part], circle, room, kind, table, cell_rows, cell_columns, counts[part])


def _count_variances(
    images: NDArray[np.uint8],
    circle: Circle,
    method: str,
    cell_rows: NDArray[np.int64],
    cell_columns: NDArray[np.int64],
    counts: NDArray[np.uint32],
    part: slice,
) -> None:
    variances = np.empty((part.stop - part.start, *images.shape[1:]))
    variances_batch(images[part], circle, variances)
    octaves_batch(variances, cell_rows, cell_columns, counts[part])
