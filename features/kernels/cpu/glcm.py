"""Grey-level co-occurrence (Haralick 1973): counts, and properties from sparse sums."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from gliaboost.features.kernels.cooccurrence import (
    PROPERTIES,
    check_levels,
    check_masks,
    check_properties,
    glcm_offsets,
    quantise,
)
from gliaboost.features.kernels.cpu.parallel import over_images
from gliaboost.features.kernels.grid import grid_edges

__all__ = ["glcm_counts", "glcm_offsets", "glcm_properties", "quantise"]

# n ln n for the counts that are common; larger ones take a logarithm.
N_LOG_N = np.array([0.0, *(n * math.log(n) for n in range(1, 4096))])


def glcm_counts(
    images: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    *,
    levels: int = 256,
    symmetric: bool = False,
    masks: NDArray[np.bool_] | None = None,
    grid: tuple[int, int] = (1, 1),
    jobs: int = 1,
) -> NDArray[np.uint32]:
    """Count pairs of grey levels at each offset.

    Parameters
    ----------
    images : uint8 array [N, H, W]
        Quantised to `levels` first (see `quantise`).
    offsets : int64 array [K, 2]
        From `glcm_offsets`.
    levels : int
        2 to 256.
    symmetric : bool
        Count each pair both ways.
    masks : bool array [N, H, W], optional
        Only pairs with both pixels inside count.
    grid : (int, int)
        Rows and columns of cells; only pairs with both pixels in one cell count.
    jobs : int
        Threads; the numbers do not depend on it.

    Returns
    -------
    uint32 array [N, G, K, levels, levels]
        Last but one axis: level of the first pixel; G cells row by row. Equal to
        `skimage.feature.graycomatrix` of the quantised image.

    Raises
    ------
    UsageError
        If a parameter is out of range or the masks do not fit the images.

    Examples
    --------
    >>> image = np.array([[[0, 0, 255], [0, 255, 255]]], np.uint8)
    >>> glcm_counts(image, glcm_offsets([1], [0]), levels=2)[0, 0, 0].tolist()
    [[1, 2], [0, 1]]
    """
    ys, xs = grid_edges(images.shape[1:], grid)
    check_levels(levels)
    check_masks(images, masks)
    inside = np.zeros((1, 1, 1), np.bool_) if masks is None else np.ascontiguousarray(masks, bool)
    cells = (len(ys) - 1) * (len(xs) - 1)
    out = np.zeros((len(images), cells, len(offsets), levels, levels), np.uint32)

    def work(part: slice) -> None:
        grey = quantise(images[part], levels)
        masked = inside if masks is None else inside[part]
        _count_batch(grey, masked, masks is not None, offsets, ys, xs, out[part])

    over_images(work, len(images), jobs)
    return out + out.swapaxes(-1, -2) if symmetric else out


def glcm_properties(
    images: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    properties: Sequence[str],
    *,
    levels: int = 256,
    symmetric: bool = True,
    masks: NDArray[np.bool_] | None = None,
    grid: tuple[int, int] = (1, 1),
    jobs: int = 1,
) -> NDArray[np.float32]:
    """Compute texture properties of co-occurrence without keeping the matrices.

    Parameters
    ----------
    images, offsets, levels, symmetric, masks, grid, jobs
        As `glcm_counts` takes them.
    properties : sequence of str
        Of `PROPERTIES`. The first ten are scikit-image's; the rest, with ``ASM``, ``contrast``,
        ``correlation``, ``variance`` and ``homogeneity``, are Haralick's thirteen (`HARALICK` has
        their order).

    Returns
    -------
    float32 array [N, G * K * P]
        For each cell, for each offset, the properties in order.

    Raises
    ------
    UsageError
        If a parameter is out of range or a property unknown.

    Notes
    -----
    Equal to `skimage.feature.graycoprops` (0.26) within 1e-6 of the value, in single precision.
    Without any pair (a cell narrower than the offset, an empty mask) all is 0 but ``correlation``,
    which is 1 there as wherever a level's deviation is 0, as in scikit-image.

    ``entropy`` is in nats, as in scikit-image; ``sum_entropy``, ``difference_entropy``,
    ``haralick_entropy`` are in bits, and ``imc1``, ``imc2`` computed from bits, as in mahotas: the
    second information measure depends on the unit, and Haralick names none.
    ``difference_variance`` is the variance of the absolute difference, as the paper says (mahotas
    gives it with ``use_x_minus_y_variance=True``; its default is the variance of the histogram's
    heights, which depends on the number of levels). ``sum_variance`` is about the sum average: the
    paper prints the sum entropy there, by mistake.

    References
    ----------
    Haralick, R. M., Shanmugam, K. and Dinstein, I., "Textural features for image classification",
    IEEE Transactions on Systems, Man and Cybernetics 3 (6), 1973.

    Examples
    --------
    >>> image = np.array([[[0, 0, 255], [0, 255, 255]]], np.uint8)
    >>> glcm_properties(image, glcm_offsets([1], [0]), ["contrast", "ASM"], levels=2).tolist()
    [[0.5, 0.25]]
    """
    check_properties(properties)
    ys, xs = grid_edges(images.shape[1:], grid)
    check_levels(levels)
    check_masks(images, masks)
    inside = np.zeros((1, 1, 1), np.bool_) if masks is None else np.ascontiguousarray(masks, bool)
    chosen = np.array([PROPERTIES.index(p) for p in properties], np.int64)
    cells = (len(ys) - 1) * (len(xs) - 1)
    out = np.empty((len(images), cells, len(offsets), len(chosen)), np.float32)

    def work(part: slice) -> None:
        grey = quantise(images[part], levels)
        masked = inside if masks is None else inside[part]
        _properties_batch(
            grey,
            masked,
            masks is not None,
            offsets,
            ys,
            xs,
            levels,
            symmetric,
            chosen,
            N_LOG_N,
            out[part],
        )

    over_images(work, len(images), jobs)
    return out.reshape(len(images), -1)


@numba.njit(nogil=True, cache=True)
def _count(
    grey: Any, mask: Any, masked: Any, dy: Any, dx: Any, box: Any, fold: Any, counts: Any
) -> None:
    """Add the pairs inside one box ``(y0, y1, x0, x1)`` to counts [levels, levels]."""
    y0, y1, x0, x1 = box
    for y in range(max(y0, y0 - dy), min(y1, y1 - dy)):
        for x in range(max(x0, x0 - dx), min(x1, x1 - dx)):
            if masked and not (mask[y, x] and mask[y + dy, x + dx]):
                continue
            i, j = grey[y, x], grey[y + dy, x + dx]
            if fold and j < i:
                i, j = j, i
            counts[i, j] += 1


@numba.njit(nogil=True, cache=True)
def _count_batch(
    grey: Any, masks: Any, masked: Any, offsets: Any, ys: Any, xs: Any, out: Any
) -> None:
    for n in range(len(grey)):
        mask = masks[n if masked else 0]
        for r in range(len(ys) - 1):
            for c in range(len(xs) - 1):
                box = (ys[r], ys[r + 1], xs[c], xs[c + 1])
                for k in range(len(offsets)):
                    dy, dx = offsets[k]
                    counts = out[n, r * (len(xs) - 1) + c, k]
                    _count(grey[n], mask, masked, dy, dx, box, False, counts)


@numba.njit(nogil=True, cache=True)
def _properties_batch(
    grey: Any,
    masks: Any,
    masked: Any,
    offsets: Any,
    ys: Any,
    xs: Any,
    levels: Any,
    symmetric: Any,
    chosen: Any,
    n_log_n: Any,
    out: Any,
) -> None:
    counts = np.zeros((levels, levels), np.uint32)
    values = np.empty(18)
    for n in range(len(grey)):
        mask = masks[n if masked else 0]
        for r in range(len(ys) - 1):
            for c in range(len(xs) - 1):
                box = (ys[r], ys[r + 1], xs[c], xs[c + 1])
                for k in range(len(offsets)):
                    dy, dx = offsets[k]
                    _count(grey[n], mask, masked, dy, dx, box, symmetric, counts)
                    _summarise(counts, symmetric, n_log_n, values)
                    counts[:] = 0
                    for p in range(len(chosen)):
                        out[n, r * (len(xs) - 1) + c, k, p] = values[chosen[p]]


@numba.njit(nogil=True, cache=True)
def _x_log_x(n: Any, n_log_n: Any) -> Any:
    return n_log_n[n] if n < len(n_log_n) else n * math.log(n)


@numba.njit(nogil=True, cache=True)
def _entropy(counts: Any, total: Any, n_log_n: Any) -> Any:
    """Entropy in nats of a histogram with this total."""
    weighted = 0.0
    for n in counts:
        weighted += _x_log_x(n, n_log_n)
    return math.log(total) - weighted / total


@numba.njit(nogil=True, cache=True)
def _summarise(counts: Any, symmetric: Any, n_log_n: Any, values: Any) -> None:
    """Compute all PROPERTIES from counts; if symmetric, from pairs folded to first <= second.

    Sums over whole counts are exact integers, so a constant image has a variance of exactly 0.
    """
    levels = len(counts)
    first = np.zeros(levels, np.int64)
    second = np.zeros(levels, np.int64)
    sums = np.zeros(2 * levels - 1, np.int64)
    differences = np.zeros(levels, np.int64)
    squares = np.int64(0)
    products = np.int64(0)
    weighted = 0.0
    for i in range(levels):
        for j in range(i if symmetric else 0, levels):
            n = np.int64(counts[i, j])
            if n == 0:
                continue
            first[i] += n
            second[j] += n
            sums[i + j] += n
            differences[abs(i - j)] += n
            products += n * i * j
            if not symmetric:
                squares += n * n
                weighted += _x_log_x(n, n_log_n)
            elif i == j:
                squares += 4 * n * n
                weighted += _x_log_x(2 * n, n_log_n)
            else:
                squares += 2 * n * n
                weighted += 2.0 * _x_log_x(n, n_log_n)
    pairs = np.int64(0)
    for i in range(levels):
        pairs += first[i]
    values[:] = 0.0
    values[5] = 1.0
    if pairs == 0:
        return
    if symmetric:
        for i in range(levels):
            first[i] += second[i]
            second[i] = first[i]
    total = 2 * pairs if symmetric else pairs

    sum_i = sum_j = sum_ii = sum_jj = np.int64(0)
    contrast = dissimilarity = np.int64(0)
    homogeneity = 0.0
    sum_sum = sum_sum_sq = np.int64(0)
    for i in range(levels):
        sum_i += first[i] * i
        sum_j += second[i] * i
        sum_ii += first[i] * i * i
        sum_jj += second[i] * i * i
        dissimilarity += differences[i] * i
        contrast += differences[i] * i * i
        homogeneity += differences[i] / (1.0 + i * i)
    for s in range(2 * levels - 1):
        sum_sum += sums[s] * s
        sum_sum_sq += sums[s] * s * s
    inverse = 1.0 / total
    variance_i = _variance(sum_i, sum_ii, total)
    variance_j = _variance(sum_j, sum_jj, total)
    joint = 2 * products if symmetric else products

    values[0] = contrast / pairs
    values[1] = dissimilarity / pairs
    values[2] = homogeneity / pairs
    values[3] = squares * inverse * inverse
    values[4] = math.sqrt(values[3])
    if variance_i > 0.0 and variance_j > 0.0:
        covariance = joint * inverse - (sum_i * inverse) * (sum_j * inverse)
        values[5] = covariance / math.sqrt(variance_i * variance_j)
    values[6] = sum_i * inverse
    values[7] = variance_i
    values[8] = math.sqrt(variance_i)
    values[9] = max(0.0, math.log(total) - weighted * inverse)
    bit = 1.0 / math.log(2.0)
    values[10] = sum_sum / pairs
    values[11] = _variance(sum_sum, sum_sum_sq, pairs)
    values[12] = _entropy(sums, pairs, n_log_n) * bit
    values[13] = values[9] * bit
    values[14] = _variance(dissimilarity, contrast, pairs)
    values[15] = _entropy(differences, pairs, n_log_n) * bit
    h_first = _entropy(first, total, n_log_n) * bit
    h_second = _entropy(second, total, n_log_n) * bit
    # The cross entropies HXY1 and HXY2 of the paper are both the sum of the marginal entropies.
    shared = h_first + h_second - values[13]
    largest = max(h_first, h_second)
    values[16] = -shared / largest if largest > 0.0 else 0.0
    values[17] = math.sqrt(max(0.0, 1.0 - math.exp(-2.0 * shared)))


@numba.njit(nogil=True, cache=True)
def _variance(total: Any, squares: Any, count: Any) -> Any:
    """Variance of `count` integers from their sum and sum of squares, exactly 0 if they agree."""
    return (np.float64(count) * squares - np.float64(total) * total) / (np.float64(count) * count)
