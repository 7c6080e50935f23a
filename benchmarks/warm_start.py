"""How long `gliaboost benchmark` takes to its first fit, where the store holds all columns.

    python -m benchmarks.warm_start MANIFEST

The first turn fills a store of its own, and is not counted. Each further turn is the command in a
process of its own, ended at its first fit: seconds of the clock from its first line to there, those
of the processor, and the load of the machine. To deal folds scikit-learn brings more of itself.
With the audit the store has that too.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.measure import machine, table, versions, write
from gliaboost.datasets.manifest import Manifest

ASKED = 2.0
# The process's own start is before the first line, and takes 0.02 s.
CODE = """
import time; begun = time.perf_counter()
import json, os, sys
def fit(self, *_, **__):
    took = {"clock": time.perf_counter() - begun, "processor": time.process_time()}
    print("FIT", json.dumps(took), flush=True)
    os._exit(0)
from gliaboost.commands import benchmarks
own = benchmarks.shown_progress
def begin(quiet):
    from gliaboost.models.registry import model_class
    model_class("lightgbm").fit = fit
    return own(quiet)
benchmarks.shown_progress = begin
from gliaboost.cli import main
main(sys.argv[1:])
"""


def turn(words: list[str]) -> dict[str, float]:
    """Run the command to its first fit."""
    done = subprocess.run(
        [sys.executable, "-c", CODE, *words], check=True, capture_output=True, text=True
    )
    told = next(line for line in done.stdout.splitlines() if line.startswith("FIT "))
    found: dict[str, float] = json.loads(told[4:])
    return found


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("manifest", type=Path, help="with the column fold")
    parser.add_argument("--turns", type=int, default=7)
    given = parser.parse_args()
    images = len(Manifest.read(given.manifest))
    found: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        cases = {
            "folds of the manifest": ["--folds", "fold", "--no-audit"],
            "folds dealt": ["--folds", "5", "--no-audit"],
            "folds dealt, with the audit": ["--folds", "5"],
        }
        for name, options in cases.items():
            words = ["benchmark", str(given.manifest), "--features", "hog,lbp,glcm"]
            words += ["--models", "lightgbm", "--no-controls", *options]
            words += ["--store", f"{folder}/store", "--out"]
            turn([*words, f"{folder}/{name}"])
            taken = [turn([*words, f"{folder}/{name}-{k}"]) for k in range(given.turns)]
            found[name] = {
                kind: round(statistics.median(each[kind] for each in taken), 2)
                for kind in ("clock", "processor")
            }
    record = {
        "command": "python -m benchmarks.warm_start MANIFEST",
        "machine": machine(),
        "versions": versions(["gliaboost", "lightgbm", "scikit-learn", "pandas"]),
        "images": images,
        "turns": given.turns,
        "load_average": round(os.getloadavg()[0], 1),
        "seconds": found,
    }
    rows = [[name, f"{s['clock']:.2f}", f"{s['processor']:.2f}"] for name, s in found.items()]
    text = (
        "# From the command to the first fit, on a warm store\n\n"
        f"{table(['', 's by the clock', 's of the processor'], rows)}\n\n"
        f"{images:,} slices, texture, LightGBM; {ASKED:.0f} s asked; medians of {given.turns}, "
        f"load {record['load_average']}. `{record['command']}`\n"
    )
    write("warm-start", record, text)
    print(text)


if __name__ == "__main__":
    main()
