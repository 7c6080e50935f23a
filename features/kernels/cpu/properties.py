"""All properties of one co-occurrence histogram, from the few pairs of levels that occur."""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np

# n ln n for the counts that are common; larger ones take a logarithm.
N_LOG_N = np.array([0.0, *(n * math.log(n) for n in range(1, 4096))])


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
def summarise(counts: Any, levels: Any, symmetric: Any, n_log_n: Any, values: Any) -> None:
    """Compute all PROPERTIES from counts; if symmetric, from pairs folded to first <= second.

    Sums over whole counts are exact integers, so a constant image has a variance of exactly 0.
    """
    first = np.zeros(levels, np.int64)
    second = np.zeros(levels, np.int64)
    sums = np.zeros(2 * levels - 1, np.int64)
    differences = np.zeros(levels, np.int64)
    present = np.empty(levels, np.int64)
    pairs = squares = products = np.int64(0)
    weighted = 0.0
    for i in range(levels):
        row = counts[i * levels : (i + 1) * levels]
        # Most pairs of levels never occur. Those that do are listed without a branch, which no
        # processor could predict.
        found = 0
        for j in range(i + 1 if symmetric else 0, levels):
            present[found] = j
            found += row[j] != 0
        total = np.int64(0)
        along = np.int64(0)
        square = np.int64(0)
        logs = 0.0
        for t in range(found):
            j = present[t]
            n = np.int64(row[j])
            second[j] += n
            sums[i + j] += n
            differences[abs(i - j)] += n
            total += n
            along += n * j
            square += n * n
            logs += _x_log_x(n, n_log_n)
        if symmetric:
            # Each pair off the diagonal stands for two, one on it for itself twice.
            n = np.int64(row[i])
            second[i] += n
            sums[2 * i] += n
            differences[0] += n
            total += n
            along += n * i
            square = 2 * square + 4 * n * n
            logs = 2.0 * logs + _x_log_x(2 * n, n_log_n)
        first[i] = total
        pairs += total
        products += along * i
        squares += square
        weighted += logs
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
