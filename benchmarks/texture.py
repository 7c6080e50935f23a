"""Speed of the texture kernels: ``python -m benchmarks.texture`` (or ``make bench``).

Prints tables and writes them, with machine and versions, to ``benchmarks/results/texture.*``;
with ``--memory`` the peak memory of extraction instead, to ``results/texture-memory.*``.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np

from benchmarks import extraction
from benchmarks.contenders import ROWS, Images, Row, our_bank
from benchmarks.measure import machine, table, take_turns, versions, write
from benchmarks.pictures import noise, slices
from benchmarks.texture_gpu import gpu
from gliaboost._compat import available_cores
from gliaboost.features.kernels.cooccurrence import glcm_offsets
from gliaboost.features.kernels.cpu import glcm, hog, lbp

PACKAGES = ("gliaboost", "numba", "numpy", "scikit-image", "opencv-python-headless", "mahotas")
IMAGES = 8
SIZE = 256
# Seconds of the first call.
TARGETS = {"nothing compiled": "10", "compiled before": ""}


def side_by_side(seconds: float) -> dict[str, Any]:
    """Time every row of `contenders` on one core, and compare the numbers."""
    images, what = slices(IMAGES, SIZE)
    rows = [measured(row, images, seconds) for row in ROWS]
    # The worst case: no black ground to skip, and hardly a pair of levels that comes twice.
    worst = dataclasses.replace(ROWS[0], name="default bank, uniform noise", target=None)
    rows.append(measured(worst, noise(IMAGES, SIZE), seconds))
    return {"images": what, "rows": rows}


def measured(row: Row, images: Images, seconds: float) -> dict[str, Any]:
    """Time one row, in milliseconds an image."""
    calls = {"gliaboost": row.gliaboost, **row.others}
    medians = take_turns(
        {name: functools.partial(call, images) for name, call in calls.items()},
        rounds=15,
        seconds=seconds,
    )
    milliseconds = {name: t / len(images) * 1e3 for name, t in medians.items()}
    ours = np.asarray(row.gliaboost(images), float)
    theirs = np.asarray(next(iter(row.others.values()))(images), float)
    difference = np.abs(ours - theirs) / np.maximum(1.0, np.abs(theirs))
    return {
        "row": row.name,
        "milliseconds": milliseconds,
        "ratio": {name: milliseconds[name] / milliseconds["gliaboost"] for name in row.others},
        "target": row.target,
        "largest_difference": float(difference.max()),
    }


def scaling() -> dict[str, Any]:
    """Time the bank's kernels over threads, batch and image size, in images a second."""
    cores = available_cores()
    images, _ = slices(64, SIZE)
    jobs = sorted({1, *(2**k for k in range(1, 8) if 2**k < cores), cores})
    by_jobs = take_turns({str(j): functools.partial(bank, images, j) for j in jobs}, 15, 15)
    batches = {str(b): functools.partial(bank_in_batches, images, b) for b in (1, 4, 16, 64)}
    by_batch = take_turns(batches, 9, 15)
    by_size = {}
    for size in (128, 256, 512, 1024):
        some, _ = slices(8, size)
        calls = {"bank": functools.partial(bank, some, 1)}
        by_size[str(size)] = len(some) / take_turns(calls, 7, 5)["bank"]
    return {
        "threads": {j: len(images) / t for j, t in by_jobs.items()},
        "batch": {b: len(images) / t for b, t in by_batch.items()},
        "size": by_size,
    }


def bank(images: Images, jobs: int) -> None:
    """Compute the default bank with threads over images."""
    cell, block = (32, 32), (2, 2)
    hog.hog(images, pixels_per_cell=cell, cells_per_block=block, jobs=jobs)
    lbp.lbp_histograms(images, [8, 16, 24], [1, 2, 3], grid=(4, 4), normed=True, jobs=jobs)
    angles = [np.deg2rad(a) for a in (0, 45, 90, 135)]
    properties = ["contrast", "dissimilarity", "homogeneity", "energy", "correlation", "entropy"]
    glcm.glcm_properties(images, glcm_offsets([1, 2, 4], angles), properties, levels=32, jobs=jobs)


def bank_in_batches(images: Images, batch: int) -> None:
    """Compute the default bank, so many images at a time."""
    compute = our_bank()
    for i in range(0, len(images), batch):
        compute(images[i : i + batch])


def compilation() -> dict[str, dict[str, float]]:
    """Time the first call of the bank in fresh processes, without and with Numba's cache."""
    code = (
        "import time; import numba, numpy as np; from gliaboost.features import GLCM, HOG, LBP\n"
        "begun, spent = time.perf_counter(), time.process_time()\n"
        "for e in (HOG(), LBP(), GLCM()): e.transform(np.zeros((1, 256, 256), np.uint8))\n"
        "print(time.perf_counter() - begun, time.process_time() - spent)"
    )
    found = {}
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "NUMBA_CACHE_DIR": cache}
        for state in ("nothing compiled", "compiled before"):
            said = subprocess.check_output([sys.executable, "-c", code], env=environment)
            wall, processor = map(float, said.split())
            found[state] = {"seconds": wall, "processor_seconds": processor}
    return found


def report(results: dict[str, Any]) -> Iterator[str]:
    """Write the tables."""
    yield heading(results)
    one = results["side_by_side"]
    yield f"## One core, {IMAGES} {one['images']}; milliseconds an image, median"
    others = ["scikit-image", "OpenCV", "mahotas"]
    lines = []
    for row in one["rows"]:
        cells = [row["row"], f"{row['milliseconds']['gliaboost']:.3f}"]
        for name in others:
            time_ = row["milliseconds"].get(name)
            cells.append("" if time_ is None else f"{time_:.2f} ({row['ratio'][name]:.1f}x)")
        cells.append("" if row["target"] is None else f"{row['target']:g}x")
        cells.append(f"{row['largest_difference']:.0e}")
        lines.append(cells)
    header = ["", "gliaboost", *others, "target", "difference"]
    yield table(header, lines)
    yield "## The default bank, images a second"
    scale = results["scaling"]
    for name, what in (("threads", "threads"), ("batch", "images a call"), ("size", "pixels")):
        values = scale[name]
        yield table([what, *values], [["images/s", *(f"{v:.0f}" for v in values.values())]])
    yield "## The first call of the bank in a process, after the imports"
    yield table(
        ["", "seconds", "processor seconds", "target"],
        [
            [state, f"{c['seconds']:.2f}", f"{c['processor_seconds']:.2f}", TARGETS[state]]
            for state, c in results["compilation"].items()
        ],
    )
    yield "## From files to the feature store"
    e = results["extraction"]
    if "skipped" in e:
        yield f"Not measured: {e['skipped']}."
    else:
        s = e["seconds"]
        yield table(
            [f"{e['images']} slices, {e['jobs']} threads", "seconds", "ratio", "target"],
            [
                ["OpenCV: decode and resize alone", f"{s['decode']:.2f}", "", ""],
                [
                    "`extract`, cold store",
                    f"{s['cold']:.2f}",
                    f"{e['cold_to_decode']:.2f} of decoding",
                    "3",
                ],
                [
                    "`extract`, warm store",
                    f"{s['warm']:.2f}",
                    f"{e['warm_to_cold']:.3f} of cold",
                    "0.05",
                ],
            ],
        )
    yield "## On a GPU"
    g = results["gpu"]
    if "skipped" in g:
        yield f"Not measured: {g['skipped']}."
    else:
        rates = g["images_a_second"]
        yield table(
            [f"{g['device']}, torch {g['torch']}, {g['images']} images", "images/s", "target"],
            [[n, f"{r:,.0f}", "10,000" if n == "default bank" else ""] for n, r in rates.items()],
        )
        yield f"Largest difference from the CPU: {g['largest_difference']:.0e}."
    yield f"All of it took {results['seconds']:.0f} s; `{results['command']}`."


def heading(results: dict[str, Any]) -> str:
    """Name the machine, how busy it was, and the versions."""
    m = results["machine"]
    named = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
    return (
        f"{m['processor']}, {m['cores']} cores, {m['system']}, Python {m['python']}; {named}. "
        f"Load average when it began: {results['load_average']:.1f}."
    )


def memory_report(results: dict[str, Any]) -> Iterator[str]:
    """Write the table of `extraction.memory`."""
    yield heading(results)
    rows = results["memory"]["rows"]
    yield table(
        ["rows extracted", "peak memory, MiB", "seconds"],
        [[n, f"{v['peak_mib']:.0f}", f"{v['seconds']:.1f}"] for n, v in rows.items()],
    )
    yield (
        f"Ten times the rows take {results['memory']['many_to_few']:.2f} times the memory. "
        f"`{results['command']}`, {results['seconds']:.0f} s."
    )


def main() -> None:
    """Measure everything, print and write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8, help="for each row of the first table")
    parser.add_argument("--memory", action="store_true", help="peak memory of extraction instead")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    begun = time.perf_counter()
    results: dict[str, Any] = {
        "command": " ".join(["python -m benchmarks.texture", *sys.argv[1:]]),
        "machine": machine(),
        "versions": versions(PACKAGES),
        "load_average": os.getloadavg()[0],
    }
    if arguments.memory:
        results["memory"] = extraction.memory()
        stem, title, tables = "texture-memory", "Memory of extraction", memory_report
    else:
        results["side_by_side"] = side_by_side(arguments.seconds)
        results["scaling"] = scaling()
        results["compilation"] = compilation()
        results["extraction"] = extraction.against_decoding(rounds=3)
        results["gpu"] = gpu()
        stem, title, tables = "texture", "Texture kernels", report
    results["seconds"] = time.perf_counter() - begun
    text = "\n\n".join([f"# {title}", *tables(results)]) + "\n"
    print(text)
    for path in write(stem, results, text):
        print(path.name)


if __name__ == "__main__":
    main()
