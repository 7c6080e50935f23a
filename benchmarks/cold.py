"""What a command costs before it does anything: python -m benchmarks.cold.

With NAME=BUNDLE ... --image FILE also what it costs to tell one picture.

Processor seconds, user and system, of a process of its own, so that others at work on the machine
count for little. Commands take turns, and medians count.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
from pathlib import Path

from benchmarks.measure import RESULTS, machine
from gliaboost.files import replacing

# A thread that waits by spinning would count as work.
ENVIRONMENT = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"}


def processor_seconds(words: list[str]) -> float:
    """Run Python with these words; raises where it fails."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, *words],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **ENVIRONMENT},
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundles", nargs="*", metavar="NAME=BUNDLE", help="named in the result")
    parser.add_argument("--image", type=Path, help="one picture")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--out", type=Path, default=RESULTS / "cold.json")
    options = parser.parse_args()
    commands = {
        "nothing": ["-c", ""],
        "import gliaboost": ["-c", "import gliaboost"],
        "gliaboost --help": ["-m", "gliaboost", "--help"],
    }
    for given in options.bundles:
        name, _, file = given.partition("=")
        words = ["-m", "gliaboost", "predict", file, str(options.image), "--quiet"]
        commands[f"predict, {name}"] = words
    for words in commands.values():  # compiled kernels and bytecode come to the disk
        processor_seconds(words)
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(options.turns):
        for name, words in commands.items():
            taken[name].append(processor_seconds(words))
    found = {
        "machine": machine(),
        "turns": options.turns,
        "processor seconds": {n: round(statistics.median(t), 3) for n, t in taken.items()},
        "fewest": {n: round(min(t), 3) for n, t in taken.items()},
    }
    with replacing(options.out) as temporary:
        temporary.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
