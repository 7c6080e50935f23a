"""Whether LBP in single precision, with a repeat in double near ties, could pay: by count.

Codes must be scikit-image's to the last bit, so that single precision may decide only where its
error cannot matter: every other comparison has to be found, and repeated in double. This counts
these comparisons on slices, and times three forms of the innermost loop in turns: as it is, in
single precision without any check, and with the check that finds what to repeat.

    OMP_NUM_THREADS=1 python -m benchmarks.lbp_precision

Prints a table and writes it, with machine and versions, to ``benchmarks/results/lbp-precision.*``.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from benchmarks.measure import machine, table, take_turns, versions, write
from benchmarks.pictures import slices
from gliaboost.features.kernels.circles import sampling
from gliaboost.features.kernels.cpu.lbp import lbp_histograms

CIRCLES = ((8, 1), (16, 2), (24, 3))
IMAGES, SIZE, WIDTH, REPEATS = 16, 256, 200, 4000
# Greys: four products and three sums of values below 256, each off by half a unit of 24 bits.
ERROR = 7 * 256 * 2.0**-24
njit: Any = numba.njit(nogil=True, error_model="numpy")


class Pair(NamedTuple):
    """Two neighbours of a row's pixels: rows to weigh, where they begin, weights and bits."""

    rows: Any
    low1: Any
    bit1: Any
    low2: Any
    bit2: Any
    pixels: Any


@njit
def double(p: Any, a: Any, b: Any, c: Any, d: Any, out: Any, n: Any) -> None:
    """Mark two neighbours as `gliaboost.features.kernels.cpu.patterns` does."""
    high1, high2, none = 1.0 - p.low1, 1.0 - p.low2, np.uint64(0)
    for x in range(n):
        pixel = p.pixels[x]
        first = p.bit1 if high1 * p.rows[a + x] + p.low1 * p.rows[b + x] >= pixel else none
        second = p.bit2 if high2 * p.rows[c + x] + p.low2 * p.rows[d + x] >= pixel else none
        out[x] |= first | second


@njit
def single(p: Any, a: Any, b: Any, c: Any, d: Any, out: Any, n: Any) -> None:
    """Do the same in single precision, right or wrong."""
    one, none = np.float32(1), np.uint32(0)
    high1, high2 = one - p.low1, one - p.low2
    for x in range(n):
        pixel = p.pixels[x]
        first = p.bit1 if high1 * p.rows[a + x] + p.low1 * p.rows[b + x] >= pixel else none
        second = p.bit2 if high2 * p.rows[c + x] + p.low2 * p.rows[d + x] >= pixel else none
        out[x] |= first | second


@njit
def checked(p: Any, a: Any, b: Any, c: Any, d: Any, out: Any, near: Any, n: Any) -> None:
    """Do the same in single precision, and mark where it may be wrong."""
    one, none, error = np.float32(1), np.uint32(0), np.float32(ERROR)
    high1, high2 = one - p.low1, one - p.low2
    for x in range(n):
        pixel = p.pixels[x]
        apart1 = high1 * p.rows[a + x] + p.low1 * p.rows[b + x] - pixel
        apart2 = high2 * p.rows[c + x] + p.low2 * p.rows[d + x] - pixel
        first = p.bit1 if apart1 >= 0 else none
        second = p.bit2 if apart2 >= 0 else none
        out[x] |= first | second
        first = p.bit1 if abs(apart1) < error else none
        second = p.bit2 if abs(apart2) < error else none
        near[x] |= first | second


@njit
def _repeated(mark: Any, pair: Any, out: Any, n: Any) -> None:
    row = np.uint64(256)
    for r in range(REPEATS):
        a = np.uint64(r % 4) * row
        mark(pair, a, a + row, a + row + row, a + row + row + row, out, n)


@njit
def _repeated_checked(pair: Any, out: Any, near: Any, n: Any) -> None:
    row = np.uint64(256)
    for r in range(REPEATS):
        a = np.uint64(r % 4) * row
        checked(pair, a, a + row, a + row + row, a + row + row + row, out, near, n)


def loops() -> dict[str, float]:
    """Time the forms on rows in the first cache, in nanoseconds a comparison."""
    greys = np.random.default_rng(0).random(2048) * 255
    pixels, n = np.round(greys[:WIDTH]), np.uint64(WIDTH)
    wide = Pair(greys, 0.3, np.uint64(2), 0.7, np.uint64(8), pixels)
    narrow = Pair(
        greys.astype(np.float32),
        np.float32(0.3),
        np.uint32(2),
        np.float32(0.7),
        np.uint32(8),
        pixels.astype(np.float32),
    )
    bits, few, near = (np.zeros(WIDTH, kind) for kind in (np.uint64, np.uint32, np.uint32))
    calls: dict[str, Callable[[], object]] = {
        "double": lambda: _repeated(double, wide, bits, n),
        "single": lambda: _repeated(single, narrow, few, n),
        "single, checked": lambda: _repeated_checked(narrow, few, near, n),
    }
    medians = take_turns(calls, 200)
    return {name: t / (REPEATS * WIDTH * 2) * 1e9 for name, t in medians.items()}


def ties(images: NDArray[np.uint8]) -> dict[str, float]:
    """Count, for each pixel of an image, comparisons and those too close for single precision.

    Black pixels need none: no neighbour is darker.
    """
    asked = near = flat = 0
    for image in images:
        greys = np.pad(image.astype(np.float64), 8)
        own = greys[8:-8, 8:-8]
        seen = own > 0
        for points, radius in CIRCLES:
            circle = sampling(*image.shape, points, float(radius))
            for k in circle.members:
                top, left, down, right = (int(v) for v in circle.corners[k])
                corners = [
                    greys[8 + y : 8 + y + len(own), 8 + x : 8 + x + own.shape[1]]
                    for y in (top, top + down)
                    for x in (left, left + right)
                ]
                low, side = circle.row_fractions[k][:, None], circle.column_fractions[k]
                upper, lower = ((1 - side) * corners[i] + side * corners[i + 1] for i in (0, 2))
                close = seen & (np.abs((1 - low) * upper + low * lower - own) < ERROR)
                asked += int(seen.sum())
                near += int(close.sum())
                flat += int((close & np.all([c == own for c in corners], axis=0)).sum())
    pixels = images.size
    return {"comparisons": asked / pixels, "near": near / pixels, "flat": flat / pixels}


def whole(images: NDArray[np.uint8]) -> float:
    """Time the three circles of the default bank, in core milliseconds an image."""
    points, radii = zip(*CIRCLES, strict=True)

    def call() -> None:
        lbp_histograms(images, points, radii, grid=(4, 4), normed=True)

    return take_turns({"lbp": call}, 20)["lbp"] / len(images) * 1e3


def report(results: dict[str, Any]) -> str:
    """Say what was counted, and what follows."""
    by_pixel, ns, m = results["by_pixel"], results["nanoseconds"], results["machine"]
    pixels = SIZE * SIZE
    saved = by_pixel["comparisons"] * pixels * (ns["double"] - ns["single"]) * 1e-6
    rows = [[name, f"{value:.3f}"] for name, value in ns.items()]
    return (
        "# LBP in single precision\n\n"
        f"{table(['innermost loop', 'ns a comparison'], rows)}\n\n"
        f"Of {by_pixel['comparisons']:.1f} comparisons a pixel (three circles, black pixels left "
        f"out) {by_pixel['near']:.2f} are within {ERROR:.1e} greys of a tie, "
        f"{by_pixel['flat']:.2f} of them where all four corners have the pixel's own grey: "
        f"{by_pixel['near'] * pixels:,.0f} repeats an image. Without any check single precision "
        f"would save {saved:.2f} ms of the {results['milliseconds']:.2f} ms that LBP takes of an "
        f"image. {results['images']}; {m['processor']}, one of {m['cores']} cores, load "
        f"{results['load_average']:.1f}; `{results['command']}`, {results['seconds']:.0f} s.\n"
    )


def main() -> None:
    """Count, time, print and write."""
    begun = time.perf_counter()
    images, what = slices(IMAGES, SIZE)
    results: dict[str, Any] = {
        "command": "OMP_NUM_THREADS=1 python -m benchmarks.lbp_precision",
        "machine": machine(),
        "versions": versions(["gliaboost", "numba", "numpy"]),
        "load_average": os.getloadavg()[0],
        "images": f"{IMAGES} {what}",
        "error": ERROR,
        "nanoseconds": loops(),
        "by_pixel": ties(images),
        "milliseconds": whole(images),
    }
    results["seconds"] = time.perf_counter() - begun
    text = report(results)
    print(text)
    for path in write("lbp-precision", results, text):
        print(path.name)


if __name__ == "__main__":
    main()
