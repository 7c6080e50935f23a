"""A booster on columns that are not held in memory: what it takes, and that the model is the same.

A store of made-up columns is written, as large as 200,000 images of the classical features. Then
each case is fitted in a process of its own, which the system allows 4 GB of data (``RLIMIT_DATA``)
where XGBoost reads the store; LightGBM's inner folds take copies of its bins, and bins on the disk
are mapped, which counts as data: these have no limit. The peak of its resident memory is what the
kernel says; the SHA-256 of the trees says which models are the same.

    python -m benchmarks.larger_than_memory

Prints a table and writes it, with machine and versions, to
``benchmarks/results/larger-than-memory.*``. Takes 2.3 GB of disk, and 3 GB more for the bins.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import machine, table, versions, write
from gliaboost._compat import peak_memory, reset_peak_memory
from gliaboost.features.store import FeatureStore
from gliaboost.features.stored_columns import StoredColumns
from gliaboost.models.registry import create_model

ROWS, COLUMNS, PART = 200_000, 2_700, 512
LIMIT = 4 * 10**9
# A block is laid out by column once a tree grows on it, so as many rounds as blocks are fitted;
# LightGBM copies its bins for the inner folds, whatever the rounds.
XGBOOST = {"model": "xgboost", "rounds": 52, "inner_folds": 0}
LIGHTGBM = {"model": "lightgbm", "rounds": 4, "inner_folds": 4}
BOUND = {"stored": True, "limit": LIMIT}
CASES: dict[str, dict[str, Any]] = {
    "xgboost, from the store": {**XGBOOST, **BOUND},
    "xgboost, in memory": {**XGBOOST, "stored": False},
    "lightgbm, from the store": {**LIGHTGBM, "stored": True},
    "lightgbm, in memory": {**LIGHTGBM, "stored": False},
    "xgboost, out of core": {**XGBOOST, "stored": True, "out_of_core": True},
}


def keys_of(rows: int) -> list[str]:
    """Name rows as files are named: by a SHA-256."""
    return [hashlib.sha256(str(row).encode()).hexdigest() for row in range(rows)]


def labels_of(rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Give three classes and patients of twelve rows."""
    patients = np.arange(rows) // 12
    return np.random.default_rng(1).integers(0, 3, patients[-1] + 1)[patients], patients


def fill(store: Path, rows: int, columns: int) -> float:
    """Write the store; 20 columns know a little of the class. Return the seconds."""
    labels, _ = labels_of(rows)
    rng, keys, begun = np.random.default_rng(0), keys_of(rows), time.perf_counter()
    target = FeatureStore(store).table("made-up-0", {"name": "made-up"})
    for start in range(0, rows, PART):
        own = slice(start, start + PART)
        values = rng.standard_normal((len(keys[own]), columns), np.float32)
        values[:, :20] += 0.3 * (labels[own, None] == np.arange(20) % 3)
        target.write(keys[own], values)
    return time.perf_counter() - begun


def fit(case: str, store: Path, rows: int, columns: int) -> dict[str, Any]:
    """Fit one case in this process, and say what it took."""
    asked = dict(CASES[case])
    stored, limit = asked.pop("stored"), asked.pop("limit", None)
    if limit:
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    model = create_model(asked.pop("model"), device="cpu", **asked)
    labels, patients = labels_of(rows)
    own = FeatureStore(store).table("made-up-0", {"name": "made-up"})
    X: Any = StoredColumns(keys_of(rows), [own], [columns])
    reset_peak_memory()
    begun, used = time.perf_counter(), time.process_time()
    if not stored:
        X = np.asarray(X)
    read = time.perf_counter() - begun
    model.fit(X, labels, groups=patients)
    fitted = time.perf_counter() - begun
    few = X[np.arange(0, rows, 50)]
    right = float((model.predict(few) == labels[::50]).mean())
    return {
        "read_s": round(read, 1),
        "fit_s": round(fitted - read, 1),
        "core_s": round(time.process_time() - used, 1),
        "rounds": model.n_rounds_,
        "peak_gb": round((peak_memory() or 0) / 1e9, 2),
        "allowed_gb": limit and limit / 1e9,
        "right_on_training_rows": right,
        "trees_sha256": hashlib.sha256(model.to_bytes()).hexdigest()[:16],
    }


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--columns", type=int, default=COLUMNS)
    parser.add_argument("--store", type=Path, help="keep the store here, and use it again")
    parser.add_argument("--case", choices=list(CASES), help="fit one case in this process")
    given = parser.parse_args()
    size = [str(n) for n in (given.rows, given.columns)]
    if given.case:
        print(json.dumps(fit(given.case, given.store, *map(int, size))))
        return
    with tempfile.TemporaryDirectory() as temporary:
        store = given.store or Path(temporary)
        there = (store / "made-up-0").is_dir()
        written = None if there else round(fill(store, given.rows, given.columns), 1)
        names = ["--rows", "--columns"]
        words = [word for pair in zip(names, size, strict=True) for word in pair]
        command = [sys.executable, "-m", "benchmarks.larger_than_memory"]
        found: dict[str, Any] = {}
        bytes_ = sum(f.stat().st_size for f in (store / "made-up-0").iterdir())
        results = {
            "command": "python -m benchmarks.larger_than_memory",
            "machine": machine(),
            "versions": versions(["gliaboost", "xgboost", "lightgbm", "pyarrow", "numpy"]),
            "rows": given.rows,
            "columns": given.columns,
            "columns_gb": given.rows * given.columns * 4 / 1e9,
            "store_gb": round(bytes_ / 1e9, 2),
            "store_written_s": written,
            "cases": found,
        }
        for case in CASES:
            run = subprocess.run(
                [*command, *words, "--case", case, "--store", str(store)],
                # Where others work too, threads that spin starve the one that they wait for.
                env={**os.environ, "OMP_WAIT_POLICY": "passive"},
                capture_output=True,
                text=True,
                check=False,
            )
            failed = {"failed": run.stderr.strip().splitlines()[-1:], "exit_code": run.returncode}
            found[case] = json.loads(run.stdout) if run.returncode == 0 else failed
            print(case, found[case], flush=True)
            write("larger-than-memory", results, told(results))


def told(results: dict[str, Any]) -> str:
    """Tell the cases that were done in a page of Markdown."""
    lines = [
        [
            case,
            f"{one['peak_gb']:.2f}",
            f"{one['read_s']:.0f}",
            f"{one['fit_s']:.0f}",
            f"{one['core_s']:.0f}",
            str(one["rounds"]),
            one["trees_sha256"],
        ]
        for case, one in results["cases"].items()
        if "failed" not in one
    ]
    header = ["", "peak, GB", "read before, s", "fit, s", "core s", "rounds", "trees, SHA-256"]
    return (
        f"# Larger than memory\n\n`{results['command']}`: {results['rows']:,} rows of "
        f"{results['columns']:,} made-up columns, {results['columns_gb']:.2f} GB. XGBoost from "
        f"the store is allowed {LIMIT / 1e9:.0f} GB of data.\n\n"
        f"{table(header, lines)}\n"
    )


if __name__ == "__main__":
    main()
