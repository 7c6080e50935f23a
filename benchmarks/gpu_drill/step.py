"""One step in a process of its own: ``python -m benchmarks.gpu_drill.step NAME``."""

from __future__ import annotations

import argparse
import importlib
import time
from pathlib import Path

from benchmarks.gpu_drill.findings import Findings, Given
from benchmarks.gpu_drill.place import Part


def main() -> None:
    """Run a step; an error that it does not expect is noted, and raised."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--place", type=Path, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--device", required=True)
    parser.add_argument("--dry-run", action="store_true")
    parser.add_argument("--part", type=int, default=1)
    parser.add_argument("--parts", type=int, default=1)
    asked = parser.parse_args()
    until = time.monotonic() + asked.seconds
    findings = Findings(asked.out / f"{Part(asked.name, asked.part, asked.parts).name}.json")
    with findings.attempt("the step"):
        module = importlib.import_module(f"benchmarks.gpu_drill.{asked.name}")
        given = Given(asked.device, asked.dry_run, asked.place, until, asked.part, asked.parts)
        module.run(findings, given)


if __name__ == "__main__":
    main()
