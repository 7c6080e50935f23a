"""Histograms of oriented gradients (Dalal & Triggs 2005), with scikit-image's numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.features.kernels.cpu.compiled import entry, part
from gliaboost.features.kernels.cpu.memory import batch
from gliaboost.features.kernels.cpu.parallel import over_images
from gliaboost.features.kernels.gradients import BLOCK_NORMS, SIDE, SPAN, blocks, check_votes, votes

# Neighbouring pixels often vote for one bin; several sums in turn spare the wait for one.
LANES = 4


def hog(
    images: NDArray[np.uint8],
    *,
    orientations: int = 9,
    pixels_per_cell: tuple[int, int] = (8, 8),
    cells_per_block: tuple[int, int] = (3, 3),
    block_norm: str = "L2-Hys",
    transform_sqrt: bool = False,
    soft_bins: bool = False,
    jobs: int = 1,
) -> NDArray[np.float32]:
    """Compute the HOG descriptor of each image.

    Gradients are centred differences; the first and last row have no vertical, the first and last
    column no horizontal gradient. Orientations are unsigned (0 to 180 degrees). A pixel votes with
    its gradient's magnitude for one bin of its cell; cell sums are divided by the cell's area, and
    blocks of cells, one cell apart, are normalised. Pixels beyond the last whole cell do not vote.

    Parameters
    ----------
    images : uint8 array [N, H, W]
    orientations : int
        Bins over 180 degrees, 1 to 255.
    pixels_per_cell, cells_per_block : (int, int)
        Rows and columns.
    block_norm : {"L1", "L1-sqrt", "L2", "L2-Hys"}
        As scikit-image defines them.
    transform_sqrt : bool
        Take the square root of the intensities first.
    soft_bins : bool
        Share each vote between the two bins whose centres are nearest, linearly in the angle, as
        Dalal & Triggs do. False, as scikit-image: all of it goes to the bin that holds the angle.
    jobs : int
        Threads; the numbers do not depend on it.

    Returns
    -------
    float32 array [N, D]
        Axes, before flattening: block row, block column, cell row, cell column, bin.

    Raises
    ------
    UsageError
        If a parameter is out of range, or the images are smaller than a block.

    Notes
    -----
    Equal to `skimage.feature.hog` (0.26) to 1e-5. scikit-image sums a cell in single precision,
    here it is double. An angle on the border of two bins belongs to the upper one; such angles are
    the multiples of 45 degrees alone, and are taken exactly, not from a rounded arc tangent. With
    ``transform_sqrt`` two gradient components that are equal in theory may differ in their last
    bit: where 45 or 135 degrees is a bin's border (`orientations` a multiple of 4) either bin is
    right, and scikit-image may choose the other.

    References
    ----------
    Dalal, N. and Triggs, B., "Histograms of oriented gradients for human detection", CVPR 2005.

    Examples
    --------
    >>> import numpy as np
    >>> from gliaboost.features.kernels.cpu.hog import hog
    >>> ramp = np.tile(np.arange(32, dtype=np.uint8), (1, 32, 1))
    >>> hog(ramp, orientations=4, pixels_per_cell=(16, 16), cells_per_block=(1, 1)).round(2)[0, :4]
    array([1., 0., 0., 0.], dtype=float32)
    """
    images = batch(images)
    height, width = images.shape[1:]
    (ch, cw), (bh, bw) = pixels_per_cell, cells_per_block
    rows, columns = blocks(height, width, pixels_per_cell, cells_per_block)
    check_votes(orientations, block_norm)
    bins, lower, shares = votes(orientations)
    out = np.empty((len(images), rows, columns, bh, bw, orientations), np.float32)
    norm = BLOCK_NORMS.index(block_norm)

    def work(part: slice) -> None:
        cells = np.zeros((part.stop - part.start, height // ch, width // cw, orientations))
        if transform_sqrt:
            _vote_sqrt(images[part], ch, cw, soft_bins, cells)
        elif soft_bins:
            _vote_soft(images[part], ch, cw, lower, shares, cells)
        else:
            _vote(images[part], ch, cw, bins, cells)
        _normalise(cells, ch * cw, norm, out[part])

    over_images(work, len(images), jobs)
    return out.reshape(len(images), math.prod(out.shape[1:]))


@part
def _gradient_row(image: Any, y: Any, columns: Any, index: Any, magnitude: Any) -> None:
    """Fill one row's table indices and magnitudes."""
    width = image.shape[1]
    inner = 0 < y < image.shape[0] - 1
    above, here, below = image[y - 1 if inner else y], image[y], image[y + 1 if inner else y]
    for x in range(1, min(columns, width - 1)):
        dy = np.int32(below[x]) - np.int32(above[x])
        dx = np.int32(here[x + 1]) - np.int32(here[x - 1])
        index[x] = (dy + SPAN) * SIDE + dx + SPAN
        magnitude[x] = math.sqrt(np.float32(dy * dy + dx * dx))
    for x in (0, width - 1):
        if x < columns:
            dy = np.int32(below[x]) - np.int32(above[x])
            index[x] = (dy + SPAN) * SIDE + SPAN
            magnitude[x] = abs(dy)


@entry
def _vote(images: Any, ch: Any, cw: Any, bins: Any, cells: Any) -> None:
    count, rows, columns, orientations = cells.shape
    table = bins.reshape(-1)
    index = np.empty(columns * cw, np.uint32)
    magnitude = np.empty(columns * cw, np.float32)
    sums = np.zeros(columns * LANES * orientations)
    slots = np.empty(columns * cw, np.uint32)
    for x in range(columns * cw):
        slots[x] = (x // cw * LANES + x % LANES) * orientations
    for n in range(count):
        for r in range(rows):
            for y in range(r * ch, (r + 1) * ch):
                _gradient_row(images[n], y, columns * cw, index, magnitude)
                for x in range(columns * cw):
                    sums[slots[x] + table[index[x]]] += magnitude[x]
            _collect(sums, cells[n, r])


@entry
def _vote_soft(images: Any, ch: Any, cw: Any, lower: Any, shares: Any, cells: Any) -> None:
    count, rows, columns, orientations = cells.shape
    table, share = lower.reshape(-1), shares.reshape(-1)
    index = np.empty(columns * cw, np.uint32)
    magnitude = np.empty(columns * cw, np.float32)
    sums = np.zeros(columns * LANES * orientations)
    for n in range(count):
        for r in range(rows):
            for y in range(r * ch, (r + 1) * ch):
                _gradient_row(images[n], y, columns * cw, index, magnitude)
                for x in range(columns * cw):
                    slot = (x // cw * LANES + x % LANES) * orientations
                    first = np.int64(table[index[x]])
                    second = first + 1 if first + 1 < orientations else 0
                    above = np.float64(magnitude[x]) * share[index[x]]
                    sums[slot + first] += magnitude[x] - above
                    sums[slot + second] += above
            _collect(sums, cells[n, r])


@part
def _collect(sums: Any, cells: Any) -> None:
    """Add the lanes of one row of cells [columns, orientations], and clear them."""
    columns, orientations = cells.shape
    for c in range(columns):
        for b in range(orientations):
            total = 0.0
            for lane in range(LANES):
                total += sums[(c * LANES + lane) * orientations + b]
            cells[c, b] = total
    for slot in range(columns * LANES * orientations):
        sums[slot] = 0.0


@part
def _unsigned_degrees(dy: Any, dx: Any) -> Any:
    """Give a gradient's angle, from 0 to below 180 degrees."""
    degrees = math.atan2(dy, dx) * (180.0 / math.pi)
    if degrees < 0.0:
        degrees += 180.0
    if degrees >= 180.0:
        degrees -= 180.0
    return degrees


@part
def _bin(degrees: Any, per_bin: Any, orientations: Any) -> Any:
    """Tell which bin holds an angle."""
    index = min(int(degrees / per_bin), orientations - 1)
    # The quotient may round across a border; the borders decide.
    if degrees < per_bin * index:
        index -= 1
    elif degrees >= per_bin * (index + 1) and index < orientations - 1:
        index += 1
    return index


@entry
def fill_bins(dy: Any, dx: Any, orientations: Any, bins: Any) -> None:
    """Fill `bins`, int64 [N], with the bin that each gradient, float64 [N], votes for here.

    Where an angle lies on a border the arc tangent's last bit decides, which differs between
    devices: this is how the CPU decides.
    """
    per_bin = 180.0 / orientations
    for i in range(len(bins)):
        bins[i] = _bin(_unsigned_degrees(dy[i], dx[i]), per_bin, orientations)


@entry
def _vote_sqrt(images: Any, ch: Any, cw: Any, soft: Any, cells: Any) -> None:
    count, rows, columns, orientations = cells.shape
    height, width = images.shape[1:]
    roots = np.sqrt(np.arange(256.0))
    per_bin = 180.0 / orientations
    for n in range(count):
        image = images[n]
        for y in range(rows * ch):
            for x in range(columns * cw):
                dy = dx = 0.0
                if 0 < y < height - 1:
                    dy = roots[image[y + 1, x]] - roots[image[y - 1, x]]
                if 0 < x < width - 1:
                    dx = roots[image[y, x + 1]] - roots[image[y, x - 1]]
                magnitude = math.sqrt(dy * dy + dx * dx)
                if magnitude == 0.0:
                    continue
                degrees = _unsigned_degrees(dy, dx)
                cell = cells[n, y // ch, x // cw]
                if soft:
                    position = degrees / per_bin - 0.5
                    lower = math.floor(position)
                    share = position - lower
                    cell[int(lower) % orientations] += magnitude * (1.0 - share)
                    cell[(int(lower) + 1) % orientations] += magnitude * share
                else:
                    cell[_bin(degrees, per_bin, orientations)] += magnitude


@entry
def _normalise(cells: Any, area: Any, norm: Any, out: Any) -> None:
    """Divide cell sums by the area and normalise blocks; `norm` indexes BLOCK_NORMS."""
    eps = 1e-5
    count, rows, columns, bh, bw, orientations = out.shape
    block = np.empty((bh, bw, orientations))
    for n in range(count):
        for r in range(rows):
            for c in range(columns):
                total = 0.0
                for i in range(bh):
                    for j in range(bw):
                        for b in range(orientations):
                            value = cells[n, r + i, c + j, b] / area
                            block[i, j, b] = value
                            total += value if norm < 2 else value * value
                if norm < 2:  # noqa: SIM108
                    scale = 1.0 / (total + eps)
                else:
                    scale = 1.0 / math.sqrt(total + eps * eps)
                if norm == 3:
                    total = 0.0
                    for i in range(bh):
                        for j in range(bw):
                            for b in range(orientations):
                                value = min(block[i, j, b] * scale, 0.2)
                                block[i, j, b] = value
                                total += value * value
                    scale = 1.0 / math.sqrt(total + eps * eps)
                for i in range(bh):
                    for j in range(bw):
                        for b in range(orientations):
                            value = block[i, j, b] * scale
                            out[n, r, c, i, j, b] = math.sqrt(value) if norm == 1 else value
