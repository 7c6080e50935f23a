"""The compiled loops of LBP: which neighbours on a circle are no darker than the pixel.

All neighbours that lie in one column offset share the interpolation along rows, and it serves the
neighbour above and its mirror image below. Offsets into flat arrays are unsigned, so that no check
for negative indices stands in the way of vector instructions. The order of operations is
scikit-image's, because the result must be the same to the last bit: no fused multiply-add, nothing
reassociated.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gliaboost.features.kernels.cpu.bits import popcount, trailing_zeros
from gliaboost.features.kernels.cpu.compiled import entry, inlined, part
from gliaboost.features.kernels.cpu.memory import LINE

LANES = 4
# Above this the lanes would not stay in the cache.
MOST_BINS_OF_LANES = 1024


@part
def _pad(image: Any, y0: Any, y1: Any, room: Any) -> None:
    """Copy the rows that pixels of rows y0 to y1 can see, amid zeros; note what is not black."""
    height, width = image.shape
    border, source, spans = room.border, room.source, room.spans
    for y in range(y0 - border, y1 + border):
        start = np.uint64((y - y0 + border) * room.pitch + room.margin)
        if y < 0 or y >= height:
            for x in range(np.uint64(width)):
                source[start + x] = np.float32(0)
            continue
        row = image[y]
        for x in range(np.uint64(width)):
            source[start + x] = row[x]
        if y0 <= y < y1:
            first, after = 0, width
            while first < width and row[first] == 0:
                first += 1
            while after > first and row[after - 1] == 0:
                after -= 1
            spans[y - y0, 0], spans[y - y0, 1] = first, after if first < width else 0


@inlined
def _lerp_row(source: Any, s: Any, fractions: Any, f: Any, out: Any, o: Any, n: Any) -> None:
    one = np.uint64(1)
    for x in range(n):
        w = fractions[f + x]
        out[o + x] = (1.0 - w) * source[s + x] + w * source[s + x + one]


@part
def _mark_whole(source: Any, a: Any, here: Any, bit: Any, patterns: Any, p: Any, n: Any) -> None:
    for x in range(n):
        if source[a + x] >= source[here + x]:
            patterns[p + x] |= bit


@part
def _mark_four_whole(
    source: Any,
    a1: Any,
    bit1: Any,
    a2: Any,
    bit2: Any,
    a3: Any,
    bit3: Any,
    a4: Any,
    bit4: Any,
    here: Any,
    patterns: Any,
    p: Any,
    n: Any,
) -> None:
    none = patterns.dtype.type(0)
    for x in range(n):
        pixel = source[here + x]
        first = bit1 if source[a1 + x] >= pixel else none
        second = bit2 if source[a2 + x] >= pixel else none
        third = bit3 if source[a3 + x] >= pixel else none
        fourth = bit4 if source[a4 + x] >= pixel else none
        patterns[p + x] |= first | second | third | fourth


@part
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


@inlined
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
    high1, high2, none = 1.0 - low1, 1.0 - low2, patterns.dtype.type(0)
    for x in range(n):
        pixel = source[here + x]
        first = bit1 if high1 * rows[u1 + x] + low1 * rows[v1 + x] >= pixel else none
        second = bit2 if high2 * rows[u2 + x] + low2 * rows[v2 + x] >= pixel else none
        patterns[p + x] |= first | second


@part
def _bit(k: Any, patterns: Any) -> Any:
    return patterns.dtype.type(np.uint64(1) << np.uint64(k))


@part
def _clear(y0: Any, y1: Any, width: Any, points: Any, room: Any) -> Any:
    """Prepare the patterns of some rows; return the columns that are left to mark.

    No neighbour is darker than black, so around the head all bits are set from the start.
    """
    first, after = np.int64(width), np.int64(0)
    for y in range(y0, y1):
        if room.spans[y - y0, 1] > 0:
            first, after = min(first, room.spans[y - y0, 0]), max(after, room.spans[y - y0, 1])
    first = min(first, after) // LINE * LINE
    kind = room.patterns.dtype.type
    none, ones = kind(0), kind(~np.uint64(0) >> np.uint64(64 - points))
    for y in range(y0, y1):
        start = (y - y0) * room.across
        for x in range(width):
            room.patterns[start + x] = none if first <= x < after else ones
    return first, after


@part
def _mark_strip(image: Any, y0: Any, y1: Any, circle: Any, room: Any) -> None:
    """Fill the room's patterns for rows y0 to y1: bit k where neighbour k is no darker."""
    width = image.shape[1]
    _pad(image, y0, y1, room)
    first, after = _clear(y0, y1, width, len(circle.corners), room)
    _mark_on_pixels(y0, y1, first, after, circle, room)
    for g in range(len(circle.starts) - 1):
        members = circle.members[circle.starts[g] : circle.starts[g + 1]]
        _mark_column(y0, y1, width, first, after, members, circle, room)


@part
def _mark_on_pixels(y0: Any, y1: Any, first: Any, after: Any, circle: Any, room: Any) -> None:
    border, pitch, margin = room.border, room.pitch, room.margin + first
    source, patterns, corners, whole = room.source, room.patterns, circle.corners, circle.whole
    n = np.uint64(after - first)
    for y in range(y0, y1):
        here = np.uint64((y - y0 + border) * pitch + margin)
        p = np.uint64((y - y0) * room.across + first)
        if len(whole) == 4:
            a, b, c, d = whole
            _mark_four_whole(
                source,
                np.uint64((y - y0 + border + corners[a, 0]) * pitch + margin + corners[a, 1]),
                _bit(a, patterns),
                np.uint64((y - y0 + border + corners[b, 0]) * pitch + margin + corners[b, 1]),
                _bit(b, patterns),
                np.uint64((y - y0 + border + corners[c, 0]) * pitch + margin + corners[c, 1]),
                _bit(c, patterns),
                np.uint64((y - y0 + border + corners[d, 0]) * pitch + margin + corners[d, 1]),
                _bit(d, patterns),
                here,
                patterns,
                p,
                n,
            )
            continue
        for k in whole:
            a = np.uint64((y - y0 + border + corners[k, 0]) * pitch + margin + corners[k, 1])
            _mark_whole(source, a, here, _bit(k, patterns), patterns, p, n)


@part
def _mark_column(
    y0: Any, y1: Any, width: Any, first: Any, after: Any, members: Any, circle: Any, room: Any
) -> None:
    """Mark the neighbours that lie in one column offset."""
    border, pitch, across, turn = room.border, room.pitch, room.across, room.turn
    source, ring, patterns = room.source, room.ring, room.patterns
    corners, fractions = circle.corners, circle.column_fractions.reshape(-1)
    margin = room.margin + first
    n = np.uint64(after - first)
    k1, k2 = members[0], members[-1]
    dx, right = corners[k1, 1], corners[k1, 3]
    top, bottom = corners[k1, 0], corners[k1, 0]
    for k in members:
        top, bottom = min(top, corners[k, 0]), max(bottom, corners[k, 0] + corners[k, 2])
    # Rows count from the first that the pixels of row y0 can see.
    upper1, upper2 = border + corners[k1, 0], border + corners[k2, 0]
    lower1, lower2 = upper1 + corners[k1, 2], upper2 + corners[k2, 2]
    low1, low2 = circle.row_fractions[k1], circle.row_fractions[k2]
    bit1, bit2 = _bit(k1, patterns), _bit(k2, patterns)
    pair = right != 0 and len(members) == 2
    f = np.uint64(k1 * width + first)
    for row in range(top, y1 - y0 + bottom):
        # This row is the last that the pixels of row y need.
        y = row - bottom
        if right != 0:
            o = np.uint64(((row + border) & turn) * across)
            s = np.uint64((row + border) * pitch + margin + dx)
            _lerp_row(source, s, fractions, f, ring, o, n)
        if y < 0:
            continue
        here = np.uint64((y + border) * pitch + margin)
        p = np.uint64(y * across + first)
        if pair:
            u1 = np.uint64(((y + upper1) & turn) * across)
            v1 = np.uint64(((y + lower1) & turn) * across)
            u2 = np.uint64(((y + upper2) & turn) * across)
            v2 = np.uint64(((y + lower2) & turn) * across)
            _mark_two(
                ring,
                u1,
                v1,
                low1[y0 + y],
                bit1,
                u2,
                v2,
                low2[y0 + y],
                bit2,
                source,
                here,
                patterns,
                p,
                n,
            )
            continue
        for k in members:
            above = y + border + corners[k, 0]
            low = circle.row_fractions[k, y0 + y]
            if right != 0:
                u = np.uint64((above & turn) * across)
                v = np.uint64(((above + corners[k, 2]) & turn) * across)
                _mark_one(ring, u, v, low, source, here, _bit(k, patterns), patterns, p, n)
            else:
                u = np.uint64(above * pitch + margin + dx)
                v = u + np.uint64(corners[k, 2] * pitch)
                _mark_one(source, u, v, low, source, here, _bit(k, patterns), patterns, p, n)


@part
def _changes(pattern: Any, points: Any) -> Any:
    """Count the changes from bit to bit; at most two, with or without that from last to first."""
    one = np.uint64(1)
    below_top = (one << np.uint64(points - 1)) - one
    return popcount((pattern ^ (pattern >> one)) & below_top)


@part
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


@entry
def codes_batch(images: Any, circle: Any, room: Any, kind: Any, codes: Any) -> None:
    """Write the code of every pixel."""
    count, height, width = images.shape
    points = len(circle.corners)
    across, patterns = room.across, room.patterns
    for n in range(count):
        for y0 in range(0, height, room.strip):
            y1 = min(height, y0 + room.strip)
            _mark_strip(images[n], y0, y1, circle, room)
            for y in range(y0, y1):
                for x in range(width):
                    codes[n, y, x] = _code(np.uint64(patterns[(y - y0) * across + x]), points, kind)


@entry
def histograms_batch(
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
        for y0 in range(0, height, room.strip):
            y1 = min(height, y0 + room.strip)
            _mark_strip(images[n], y0, y1, circle, room)
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
                        ones = popcount(np.uint64(row[x]))
                        uniform = _changes(np.uint64(row[x]), points) <= np.uint64(2)
                        codes[x] = np.uint64(first + slots[x]) + (ones if uniform else mixed)
                else:
                    for x in range(width):
                        codes[x] = first + slots[x] + _code(np.uint64(row[x]), points, kind)
                for x in range(width):
                    histogram[codes[x]] += np.uint32(1)
        for r in range(rows):
            for c in range(columns):
                for lane in range(lanes):
                    start = ((r * columns + c) * lanes + lane) * bins
                    for b in range(bins):
                        counts[n, r, c, b] += histogram[start + b]
        for slot in range(len(histogram)):
            histogram[slot] = 0
