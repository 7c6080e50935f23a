"""The compiled loops of GLCM: pairs counted, and summed up from the few that occur."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gliaboost.features.kernels.cpu.compiled import entry, part

# n ln n for the counts that are common; larger ones take a logarithm.
N_LOG_N = np.array([0.0, *(n * math.log(n) for n in range(1, 4096))])
PROPERTY_COUNT = 18


@part
def _lanes(levels: Any, area: Any) -> Any:
    """Choose how many histograms take turns.

    Neighbouring pairs often agree, and one counter makes each wait for the last; but histograms
    that leave the cache, or cost more to clear than the pairs to count, gain nothing.
    """
    lanes = 8
    while lanes > 1 and (lanes * levels * levels > 8192 or lanes * levels * levels > area // 4):
        lanes //= 2
    return lanes


@part
def _count(
    grey: Any,
    spans: Any,
    mask: Any,
    masked: Any,
    width: Any,
    dy: Any,
    dx: Any,
    box: Any,
    levels: Any,
    fold: Any,
    slots: Any,
    codes: Any,
    counts: Any,
) -> None:
    """Add the pairs inside one box ``(y0, y1, x0, x1)`` to counts.

    `slots` holds, by column, where the histogram begins whose turn it is; the last count takes the
    pairs outside the mask. `spans` says where a row's levels are not all 0: the pairs beside it,
    around the head, need no look. Offsets are unsigned: no check for negative ones hinders vectors.
    """
    y0, y1, x0, x1 = box
    start, stop = max(x0, x0 - dx), min(x1, x1 - dx)
    outside = np.uint32(len(counts) - 1)
    side = np.uint32(levels)
    for y in range(max(y0, y0 - dy), min(y1, y1 - dy)):
        first, after = start, stop
        if not masked:
            first = max(start, min(spans[y, 0], spans[y + dy, 0] - dx))
            after = min(stop, max(spans[y, 1], spans[y + dy, 1] - dx))
            counts[0] += np.uint32(max(0, stop - start) - max(0, after - first))
        n = np.uint64(max(0, after - first))
        a = np.uint64(y * width + first)
        b = np.uint64((y + dy) * width + first + dx)
        if fold:
            for x in range(n):
                i, j = np.uint32(grey[a + x]), np.uint32(grey[b + x])
                codes[x] = slots[x] + min(i, j) * side + max(i, j)
        else:
            for x in range(n):
                i, j = np.uint32(grey[a + x]), np.uint32(grey[b + x])
                codes[x] = slots[x] + i * side + j
        if masked:
            for x in range(n):
                if not (mask[a + x] and mask[b + x]):
                    codes[x] = outside
        for x in range(n):
            counts[codes[x]] += np.uint32(1)


@part
def _find_spans(grey: Any, spans: Any) -> None:
    """Find the first column of each row whose level is not 0, and that after the last."""
    height, width = grey.shape
    for y in range(height):
        row = grey[y]
        first, after = 0, width
        while first < width and row[first] == 0:
            first += 1
        while after > first and row[after - 1] == 0:
            after -= 1
        spans[y, 0], spans[y, 1] = first, after if first < width else 0


@part
def _clear(counts: Any) -> None:
    # Compiles in a fraction of the time of ``counts[:] = 0``, to the same instructions.
    for e in range(len(counts)):
        counts[e] = 0


@part
def _merge(counts: Any, lanes: Any, merged: Any) -> None:
    """Add the lanes up, and clear them."""
    size = len(merged)
    for e in range(size):
        merged[e] = counts[e]
    for lane in range(1, lanes):
        for e in range(size):
            merged[e] += counts[lane * size + e]
    _clear(counts)


@entry
def batch_of_pairs(
    images: Any,
    masks: Any,
    masked: Any,
    offsets: Any,
    ys: Any,
    xs: Any,
    levels: Any,
    symmetric: Any,
    dense: Any,
    chosen: Any,
    n_log_n: Any,
    properties: Any,
) -> None:
    """Fill `dense` with counts if it has room, else `properties` with the chosen ones."""
    count, height, width = images.shape
    size = levels * levels
    columns = len(xs) - 1
    lanes = _lanes(levels, height * width // ((len(ys) - 1) * columns))
    slots = np.empty(width, np.uint32)
    for x in range(width):
        slots[x] = x % lanes * size
    codes = np.empty(width, np.uint32)
    counts = np.zeros(lanes * size + 1, np.uint32)
    merged = np.empty(size, np.uint32)
    values = np.empty(PROPERTY_COUNT)
    keep = len(dense) > 0
    image = np.empty(height * width, np.uint8)
    spans = np.empty((height, 2), np.int64)
    for n in range(count):
        pixels = images[n].reshape(-1)
        for x in range(len(image)):
            image[x] = (np.int32(pixels[x]) * np.int32(levels)) >> 8
        _find_spans(image.reshape(height, width), spans)
        mask = masks[n if masked else 0].reshape(-1)
        for g in range((len(ys) - 1) * columns):
            r, c = g // columns, g % columns
            box = (ys[r], ys[r + 1], xs[c], xs[c + 1])
            for k in range(len(offsets)):
                dy, dx = offsets[k]
                _count(
                    image,
                    spans,
                    mask,
                    masked,
                    width,
                    dy,
                    dx,
                    box,
                    levels,
                    symmetric and not keep,
                    slots,
                    codes,
                    counts,
                )
                if keep:
                    _merge(counts, lanes, dense[n, g, k].reshape(-1))
                    continue
                if lanes == 1:
                    _summarise(counts, levels, symmetric, n_log_n, values)
                    _clear(counts)
                else:
                    _merge(counts, lanes, merged)
                    _summarise(merged, levels, symmetric, n_log_n, values)
                for p in range(len(chosen)):
                    properties[n, g, k, p] = values[chosen[p]]


@part
def _x_log_x(n: Any, n_log_n: Any) -> Any:
    return n_log_n[n] if n < len(n_log_n) else n * math.log(n)


@part
def _entropy(counts: Any, total: Any, n_log_n: Any) -> Any:
    """Entropy in nats of a histogram with this total, exactly 0 if one bin has it all."""
    weighted = 0.0
    for n in counts:
        if n == total:
            return 0.0
        weighted += _x_log_x(n, n_log_n)
    return math.log(total) - weighted / total


@part
def _summarise(counts: Any, levels: Any, symmetric: Any, n_log_n: Any, values: Any) -> None:
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
    for p in range(PROPERTY_COUNT):
        values[p] = 0.0
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


@part
def _variance(total: Any, squares: Any, count: Any) -> Any:
    """Variance of `count` integers from their sum and sum of squares, exactly 0 if they agree."""
    return (np.float64(count) * squares - np.float64(total) * total) / (np.float64(count) * count)
