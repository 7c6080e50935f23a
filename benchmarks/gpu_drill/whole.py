"""Step 6: the whole ``gliaboost benchmark --device cuda``, once, as a user calls it."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.gpu_drill.data import figshare
from benchmarks.gpu_drill.findings import Findings, Given


def run(findings: Findings, given: Given) -> None:
    """Make the manifest, run the benchmark, and keep what it says of models and devices."""
    folder = figshare(given)
    findings.note("slices", folder.name)
    manifest = given.place / f"{folder.name}.parquet"
    made = ["manifest", "figshare", str(folder), "--out", str(manifest)]
    called(findings, "manifest", made, given)
    model = "xgboost" if importlib.util.find_spec("xgboost") else "lightgbm"
    if model != "xgboost":
        findings.skip("xgboost", "xgboost is not installed")
    features = "glcm" if given.dry else "hog,lbp,glcm,embedding"
    quick = [f"--set={model}.rounds=3", f"--set={model}.inner_folds=0"]
    out = given.place / "report"
    # LightGBM's wheel knows no GPU: where it stands in, only the embedding is asked of one.
    device = given.device if model == "xgboost" else "auto"
    arguments = [
        *("benchmark", str(manifest), "--folds", "fold", "--device", device),
        # Neither asks anything of a GPU.
        *("--no-audit", "--no-controls"),
        *("--features", features, "--models", model),
        *("--out", str(out), "--store", str(given.place / "store")),
        *(quick if given.dry else []),
    ]
    if called(findings, "benchmark", arguments, given):
        findings.note("results", summary(out / "results.json"))


def called(findings: Findings, name: str, arguments: list[str], given: Given) -> bool:
    """Call the command line while there is time, and keep the end of what it says."""
    begun = time.perf_counter()
    log = given.place / f"{name}.log"
    with log.open("w") as said:
        child = subprocess.Popen(
            [sys.executable, "-m", "gliaboost", *arguments], stdout=said, stderr=said
        )
        try:
            ended = f"exit code {child.wait(given.left() - 1)}"
        except subprocess.TimeoutExpired:
            child.kill()
            ended = f"exit code {child.wait()}: no time was left"
    found: dict[str, Any] = {
        "arguments": " ".join(arguments),
        "wall_seconds": round(time.perf_counter() - begun, 1),
        "said": log.read_text().strip().splitlines()[-25:],
    }
    if child.returncode:
        found = {"failed": ended, **found}
    findings.note(name, found)
    return child.returncode == 0


def summary(path: Path) -> dict[str, Any]:
    """Take what is about speed, devices and accuracy out of a results record."""
    record = json.loads(path.read_text("utf-8"))
    kept = {k: v for k, v in record.items() if k in ("environment", "extraction", "seconds")}
    experiments = record.get("experiments", [])
    return {**kept, "experiments": [_shortened(e) for e in experiments]}


def _shortened(value: Any, depth: int = 0) -> Any:
    """Leave out what is long."""
    if isinstance(value, dict):
        return {k: _shortened(v, depth + 1) for k, v in value.items() if depth < 4}
    if isinstance(value, list):
        return [_shortened(v, depth + 1) for v in value[:12]]
    return value
