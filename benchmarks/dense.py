"""Columns by pixel of one slice on one core, and a fitted segmenter's slices a second."""

from __future__ import annotations

import argparse
import json

import cv2
import numpy as np

from benchmarks.measure import machine, table, take_turns, versions, write
from benchmarks.pictures import slices
from gliaboost.features.dense.classical import classical_names, classical_pyramid
from gliaboost.features.dense.frozen import frozen_pyramid

SIZES = (256, 512)
TARGET_MS = 150


def main() -> None:
    """Measure, and write ``results/dense.json`` and ``.md``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    pictures = {size: slices(4, size)[0] for size in SIZES}
    _, described = slices(4, SIZES[-1])
    contenders = {
        f"{name}, {size} x {size}": lambda compute=compute, size=size: [
            compute(np.ascontiguousarray(image)) for image in pictures[size]
        ]
        for name, compute in (("classical", classical_pyramid), ("frozen", frozen_pyramid))
        for size in SIZES
    }
    seconds = take_turns(contenders, arguments.rounds, seconds=120)
    taken = {name: 1000 * each / 4 for name, each in seconds.items()}
    results = {
        "command": "python -m benchmarks.dense",
        "machine": machine(),
        "versions": versions(["numpy", "numba", "opencv-python-headless", "torch"]),
        "images": described,
        "columns": {
            "classical": len(classical_names()),
            "frozen": frozen_pyramid(pictures[256][0]).width,
        },
        "milliseconds_a_slice": taken,
        "target_milliseconds_512": TARGET_MS,
    }
    rows = [[name, f"{each:.1f}"] for name, each in taken.items()]
    facts = results["machine"]
    markdown = (
        f"# Columns by pixel, one core: {described}\n\n{table(['what', 'ms a slice'], rows)}\n\n"
        f"Columns: {json.dumps(results['columns'])}. Target for 512 x 512: {TARGET_MS} ms. "
        f"{facts['processor']}; `{results['command']}`\n"  # type: ignore[index]
    )
    for path in write("dense", results, markdown):
        print(path)
    print(markdown)


if __name__ == "__main__":
    main()
