"""The GPU drill: six steps, each in a process and a time box of its own.

``python -m benchmarks.gpu_drill --out FOLDER`` on a machine with a GPU, in eight minutes;
``--dry-run`` walks every step on the CPU with tiny sizes. What each step finds is in
``FOLDER/<step>.json`` at once, all of it in ``FOLDER/gpu-drill.json``.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.gpu_drill.place import Part, environment, install

# Seconds that each step may take: more in all than there are, as few take all of theirs.
STEPS = {
    "parity": 80,
    "kernels": 75,
    "finetuning": 180,
    "whole": 110,
    "embedding": 60,
    "boosting": 90,
}
# Those that are only taken where they are named: they would leave the others no time.
APART = {"segmenting": 560, "segmenting_pairs": 560, "multitask": 560}
MINUTES = 8.0
# A dry run is no race: so many times longer may a step take on a machine that others use too.
DRY = 4
# Seconds in which no step would come further than its imports.
LEAST = 5.0
VERSIONS = ("torch", "triton", "cupy-cuda13x", "timm", "xgboost", "numpy", "scikit-learn", "numba")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the drill; return 0 if every step did its work."""
    asked = _parser().parse_args(arguments)
    begun = time.monotonic()
    place = asked.place
    place.mkdir(parents=True, exist_ok=True)
    asked.out.mkdir(parents=True, exist_ok=True)
    if not asked.dry_run and not (_gpu() or any(Path("/dev").glob("nvidia[0-9]*"))):
        print("no NVIDIA GPU is visible; --dry-run walks the steps without one", file=sys.stderr)
        return 2
    minutes = asked.minutes or MINUTES * (DRY if asked.dry_run else 1)
    installed = install(place)
    variables = environment(place, asked.dry_run)
    whole: dict[str, Any] = {
        "command": f"python -m benchmarks.gpu_drill {' '.join(sys.argv[1:])}",
        "dry_run": asked.dry_run,
        "gpu": _gpu(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python "
        f"{platform.python_version()}",
        "installed": installed,
        "versions": _versions(place),
        "steps": {},
    }
    _merge(asked.out, whole)
    until = begun + minutes * 60
    parts = _parts(asked.steps.split(","))
    if asked.at_once:
        share = max(1, (os.cpu_count() or 1) // len(parts))
        variables |= {"OMP_NUM_THREADS": str(share), "NUMBA_NUM_THREADS": str(share)}
        whole["at_once"] = len(parts)

    writing = threading.Lock()

    def run(part: Part) -> None:
        left = until - time.monotonic()
        most = {**STEPS, **APART}[part.step] * (DRY if asked.dry_run else 1)
        status = "skipped: no time was left"
        if left >= LEAST:
            status = _step(part, min(most, left), asked.out, place, asked.dry_run, variables)
        with writing:
            whole["steps"][part.name] = {"status": status, **_found(asked.out, part.name)}
            whole["seconds"] = round(time.monotonic() - begun, 1)
            _merge(asked.out, whole)

    with ThreadPoolExecutor(len(parts) if asked.at_once else 1) as pool:
        list(pool.map(run, parts))
    return _said(whole["steps"])


def _parts(asked: Sequence[str]) -> list[Part]:
    found = []
    for name in asked:
        step, _, count = name.partition("*")
        found += [Part(step, k + 1, int(count or 1)) for k in range(int(count or 1))]
    return found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--out", type=Path, default=Path(os.environ.get("OUT", "runs/gpu-drill")))
    parser.add_argument(
        "--steps",
        default=",".join(STEPS),
        help="by comma, in this order; multitask*3 shares its folds between three processes",
    )
    parser.add_argument("--at-once", action="store_true", help="all steps beside each other")
    parser.add_argument("--minutes", type=float, help=f"all steps together; default: {MINUTES:g}")
    parser.add_argument("--dry-run", action="store_true", help="on the CPU, with tiny sizes")
    parser.add_argument(
        "--place",
        type=Path,
        default=Path(tempfile.gettempdir()) / "gpu-drill",
        help="for wheels, slices and stores; what an earlier call left there is used",
    )
    return parser


def _step(
    part: Part, seconds: float, out: Path, place: Path, dry: bool, variables: dict[str, str]
) -> str:
    """Run a step until its time is up; say how it ended."""
    print(f"\n== {part.name}, at most {seconds:.0f} s", flush=True)
    (out / f"{part.name}.json").unlink(missing_ok=True)
    command = [sys.executable, "-m", "benchmarks.gpu_drill.step", part.step]
    command += ["--out", str(out.resolve()), "--place", str(place.resolve())]
    command += ["--part", str(part.number), "--parts", str(part.of)]
    command += ["--device", "cpu" if dry else "cuda", *(["--dry-run"] if dry else [])]
    # A step that looks at the time ends by itself; it is ended where it does not.
    command += ["--seconds", str(seconds - 3)]
    child = subprocess.Popen(
        command, cwd=Path(__file__).parents[2], env=variables, start_new_session=True
    )
    try:
        code = child.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        return f"cut after {seconds:.0f} s"
    return "done" if code == 0 else f"failed: exit code {code}"


def _found(out: Path, name: str) -> dict[str, Any]:
    """Read what a step found, without its predictions, which are long."""
    try:
        found: dict[str, Any] = json.loads((out / f"{name}.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return {k: v for k, v in found.items() if not k.endswith("predictions")}


def _merge(out: Path, whole: dict[str, Any]) -> None:
    temporary = out / ".gpu-drill.json"
    temporary.write_text(json.dumps(whole, indent=1) + "\n", "utf-8")
    temporary.replace(out / "gpu-drill.json")


def _gpu() -> str | None:
    asked = ["nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"]
    try:
        said = subprocess.run(asked, capture_output=True, text=True, timeout=20, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    return said.strip() or None


def _versions(place: Path) -> dict[str, str]:
    found = {}
    for name in VERSIONS:
        known = importlib.metadata.distributions(name=name, path=[*sys.path, str(place / "site")])
        found[name] = next((d.version for d in known), "not installed")
    return found


def _said(steps: dict[str, Any]) -> int:
    """Print how each step ended and what failed in it; 0 if nothing did."""
    print()
    wrong = False
    for name, found in steps.items():
        failed = [k for k, v in found.items() if isinstance(v, dict) and "failed" in v]
        wrong |= found["status"] != "done" or bool(failed)
        print(f"{name}: {found['status']}, {found.get('seconds', 0)} s")
        for key in failed:
            print(f"    {key}: {found[key]['failed']}")
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())
