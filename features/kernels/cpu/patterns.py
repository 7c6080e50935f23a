"""Which neighbours on a circle are no darker than the pixel: the inner loops of LBP.

All neighbours that lie in one column offset share the interpolation along rows, and it serves the
neighbour above and its mirror image below. Offsets into flat arrays are unsigned, so that no check
for negative indices stands in the way of vector instructions. The order of operations is
scikit-image's, because the result must be the same to the last bit: no fused multiply-add, nothing
reassociated.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from gliaboost.features.kernels.cpu.memory import aligned, lines, pitch_of

# Rows at a time: their patterns stay in the cache while one neighbour after another adds its bit.
STRIP = 64


class Room(NamedTuple):
    """Buffers for one image at a time; every thread needs its own.

    Attributes
    ----------
    border, margin : int
        Rows of zeros above and below the image, columns of zeros before it.
    pitch, across : int
        How far apart rows of `source` begin, and those of `ring` and `patterns`.
    source : float64 array
        The image amid zeros (see `pad`).
    ring : float64 array
        As many interpolated rows as a circle is high.
    patterns : uint64 array
        `STRIP` rows of patterns.
    """

    border: int
    margin: int
    pitch: int
    across: int
    source: NDArray[np.float64]
    ring: NDArray[np.float64]
    patterns: NDArray[np.uint64]


def room_for(height: int, width: int, border: int) -> Room:
    """Allocate the buffers for images of this size and circles within `border` pixels."""
    margin, across = lines(border), pitch_of(width)
    pitch = pitch_of(margin + width + border + 1)
    return Room(
        border,
        margin,
        pitch,
        across,
        aligned((height + 2 * border) * pitch),
        aligned((2 * border + 2) * across),
        aligned(STRIP * across).view(np.uint64),
    )


@numba.njit(nogil=True, cache=True)
def pad(image: Any, room: Any) -> None:
    """Copy an image into the middle of the room's zeros."""
    height, width = image.shape
    source = room.source
    for y in range(height):
        start = np.uint64((y + room.border) * room.pitch + room.margin)
        row = image[y]
        for x in range(np.uint64(width)):
            source[start + x] = row[x]


@numba.njit(nogil=True, cache=True)
def _lerp_row(source: Any, s: Any, fractions: Any, f: Any, out: Any, o: Any, n: Any) -> None:
    one = np.uint64(1)
    for x in range(n):
        w = fractions[f + x]
        out[o + x] = (1.0 - w) * source[s + x] + w * source[s + x + one]


@numba.njit(nogil=True, cache=True)
def _mark_whole(source: Any, a: Any, here: Any, bit: Any, patterns: Any, p: Any, n: Any) -> None:
    for x in range(n):
        if source[a + x] >= source[here + x]:
            patterns[p + x] |= bit


@numba.njit(nogil=True, cache=True)
def _mark_one(
    rows: Any,
    u: Any,
    v: Any,
    low: Any,
    source: Any,
    here: Any,
    bit: Any,
    patterns: Any,
    p: Any,
    n: Any,
) -> None:
    high = 1.0 - low
    for x in range(n):
        if high * rows[u + x] + low * rows[v + x] >= source[here + x]:
            patterns[p + x] |= bit


@numba.njit(nogil=True, cache=True)
def _mark_two(
    rows: Any,
    u1: Any,
    v1: Any,
    low1: Any,
    bit1: Any,
    u2: Any,
    v2: Any,
    low2: Any,
    bit2: Any,
    source: Any,
    here: Any,
    patterns: Any,
    p: Any,
    n: Any,
) -> None:
    high1, high2, none = 1.0 - low1, 1.0 - low2, np.uint64(0)
    for x in range(n):
        pixel = source[here + x]
        first = bit1 if high1 * rows[u1 + x] + low1 * rows[v1 + x] >= pixel else none
        second = bit2 if high2 * rows[u2 + x] + low2 * rows[v2 + x] >= pixel else none
        patterns[p + x] |= first | second


@numba.njit(nogil=True, cache=True)
def _bit(k: Any) -> Any:
    return np.uint64(1) << np.uint64(k)


@numba.njit(nogil=True, cache=True)
def mark_strip(y0: Any, y1: Any, width: Any, circle: Any, room: Any) -> None:
    """Fill the room's patterns for rows y0 to y1: bit k where neighbour k is no darker."""
    border, margin, pitch, across = room.border, room.margin, room.pitch, room.across
    source, ring, patterns = room.source, room.ring, room.patterns
    corners, row_fractions = circle.corners, circle.row_fractions
    fractions = circle.column_fractions.reshape(-1)
    starts, members = circle.starts, circle.members
    ring_rows = 2 * border + 2
    n = np.uint64(width)
    patterns[: (y1 - y0) * across] = 0
    for column in range(len(starts) - 1):
        begin, end = starts[column], starts[column + 1]
        left = margin + corners[members[begin], 1]
        if corners[members[begin], 3] == 0:
            for m in range(begin, end):
                k = members[m]
                for y in range(y0, y1):
                    here = np.uint64((y + border) * pitch + margin)
                    a = np.uint64((y + border + corners[k, 0]) * pitch + left)
                    p = np.uint64((y - y0) * across)
                    if corners[k, 2] == 0:
                        _mark_whole(source, a, here, _bit(k), patterns, p, n)
                    else:
                        b = a + np.uint64(pitch)
                        low = row_fractions[k, y]
                        _mark_one(source, a, b, low, source, here, _bit(k), patterns, p, n)
            continue
        top, bottom = corners[members[begin], 0], corners[members[begin], 0]
        for m in range(begin, end):
            k = members[m]
            top = min(top, corners[k, 0])
            bottom = max(bottom, corners[k, 0] + corners[k, 2])
        f = np.uint64(members[begin] * width)
        for t in range(y0 + top, y1 + bottom):
            o = np.uint64((t + border) % ring_rows * across)
            _lerp_row(source, np.uint64((t + border) * pitch + left), fractions, f, ring, o, n)
            y = t - bottom
            if y < y0:
                continue
            here = np.uint64((y + border) * pitch + margin)
            p = np.uint64((y - y0) * across)
            for m in range(begin, end, 2):
                k = members[m]
                t1 = y + border + corners[k, 0]
                u1 = np.uint64(t1 % ring_rows * across)
                v1 = np.uint64((t1 + corners[k, 2]) % ring_rows * across)
                low1 = row_fractions[k, y]
                if m + 1 == end:
                    _mark_one(ring, u1, v1, low1, source, here, _bit(k), patterns, p, n)
                    continue
                k2 = members[m + 1]
                t2 = y + border + corners[k2, 0]
                u2 = np.uint64(t2 % ring_rows * across)
                v2 = np.uint64((t2 + corners[k2, 2]) % ring_rows * across)
                low2 = row_fractions[k2, y]
                _mark_two(
                    ring,
                    u1,
                    v1,
                    low1,
                    _bit(k),
                    u2,
                    v2,
                    low2,
                    _bit(k2),
                    source,
                    here,
                    patterns,
                    p,
                    n,
                )


@numba.njit(nogil=True, cache=True)
def variances_of_row(y: Any, circle: Any, room: Any, sums: Any, variances: Any) -> None:
    """Compute the variance of each pixel's neighbours, NaN where it is 0; `sums` is [2, W]."""
    border, margin, pitch, source = room.border, room.margin, room.pitch, room.source
    corners = circle.corners
    total, squares = sums[0], sums[1]
    points = len(corners)
    total[:] = 0.0
    squares[:] = 0.0
    one = np.uint64(1)
    for k in range(points):
        low, fractions = circle.row_fractions[k, y], circle.column_fractions[k]
        a = np.uint64((y + border + corners[k, 0]) * pitch + margin + corners[k, 1])
        c = a + np.uint64(corners[k, 2] * pitch)
        # Without a fraction the pixel to the right has no weight, whatever it is.
        for x in range(np.uint64(len(variances))):
            f = fractions[x]
            upper = (1.0 - f) * source[a + x] + f * source[a + x + one]
            lower = (1.0 - f) * source[c + x] + f * source[c + x + one]
            value = (1.0 - low) * upper + low * lower
            total[x] += value
            squares[x] += value * value
    for x in range(len(variances)):
        variance = (squares[x] - (total[x] * total[x]) / points) / points
        variances[x] = variance if variance != 0.0 else np.nan
