"""One XGBoost model that worker processes fit together: what each holds, and how good it is.

Two questions, on this machine. **Memory and time:** a store of made-up columns
(`benchmarks.larger_than_memory`) is fitted by one process, and by N that each have a part of the
rows; the peak is that of resident memory, of the process that fits, and of the worker with most.
**Is it as good:** real features of a manifest, trained as ``gliaboost train --cluster local:N
--spread`` does and without; both are asked by three inner folds by patient.

    python -m benchmarks.spread_boosting MANIFEST

Prints a table and writes it, with machine and versions, to
``benchmarks/results/spread-boosting.*``. Processes share the cores of this machine, and so gain no
time; on several machines each has its own.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import gliaboost
from benchmarks.larger_than_memory import COLUMNS, fill, keys_of, labels_of
from benchmarks.measure import machine, table, versions, write
from gliaboost._compat import peak_memory, reset_peak_memory
from gliaboost.cluster.executor import ClusterExecutor
from gliaboost.cluster.opened import opened
from gliaboost.features.store import FeatureStore
from gliaboost.features.stored_columns import StoredColumns
from gliaboost.models.boosters.xgboost_booster import XGBoost

ROWS, ROUNDS = 100_000, 52


def fitted(store: Path, rows: int, workers: int) -> dict[str, Any]:
    """Fit the made-up columns in this process (1), or in so many workers."""
    labels, patients = labels_of(rows)
    own = FeatureStore(store).table("made-up-0", {"name": "made-up"})
    X = StoredColumns(keys_of(rows), [own], [COLUMNS])
    model = XGBoost(rounds=ROUNDS, inner_folds=0, device="cpu", spread=workers > 1)
    if workers == 1:
        reset_peak_memory()
        begun = time.perf_counter()
        model.fit(X, labels, groups=patients)
        seconds, peaks = time.perf_counter() - begun, [peak_memory() or 0]
    else:
        with opened(f"local:{workers}") as cluster:
            assert isinstance(cluster, ClusterExecutor)
            begun = time.perf_counter()
            model.fit(X, labels, groups=patients, team=cluster.team())
            seconds = time.perf_counter() - begun
            peaks = list(cluster.client.run(peak_memory).values())
    right = float((model.predict(X[: rows // 20]) == labels[: rows // 20]).mean())
    return {
        "fit_s": round(seconds, 1),
        "peak_gb": [round(peak / 1e9, 2) for peak in peaks],
        "right_on_training_rows": round(right, 4),
    }


def estimated(manifest: Path, store: Path, workers: int) -> dict[str, Any]:
    """Train on a manifest, and say what its inner folds by patient tell."""
    begun = time.perf_counter()
    bundle = gliaboost.train(
        manifest,
        model="xgboost",
        features="hog,lbp,glcm",
        settings={"xgboost": {"spread": workers > 1}},
        cluster=f"local:{workers}" if workers > 1 else None,
        device="cpu",
        store=store,
    )
    told = bundle.metrics["estimate"]
    return {
        "accuracy": told["accuracy"],
        "ci95": told["ci95"],
        "seconds": round(time.perf_counter() - begun, 1),
    }


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--store", type=Path, help="of the manifest's features")
    given = parser.parse_args()
    results: dict[str, Any] = {
        "command": "python -m benchmarks.spread_boosting MANIFEST",
        "machine": machine(),
        "versions": versions(["gliaboost", "xgboost", "distributed", "numpy"]),
        "rows": given.rows,
        "columns": COLUMNS,
        "columns_gb": given.rows * COLUMNS * 4 / 1e9,
    }
    with tempfile.TemporaryDirectory() as temporary:
        fill(Path(temporary), given.rows, COLUMNS)
        results["made_up"] = {
            str(n): fitted(Path(temporary), given.rows, n) for n in (1, given.workers)
        }
        store = given.store or Path(temporary) / "real"
        gliaboost.extract(given.manifest, features="hog,lbp,glcm", store=store)
        results["real"] = {str(n): estimated(given.manifest, store, n) for n in (1, given.workers)}
    write("spread-boosting", results, told(results))
    print(told(results))


def told(results: dict[str, Any]) -> str:
    """Tell both in a page of Markdown."""
    lines = []
    for number, made_up in results["made_up"].items():
        real = results["real"][number]
        low, high = real["ci95"]
        lines.append(
            [
                number,
                f"{max(made_up['peak_gb']):.2f}",
                f"{made_up['fit_s']:.0f}",
                f"{made_up['right_on_training_rows']:.3f}",
                f"{real['accuracy']:.3f} [{low:.3f}, {high:.3f}]",
            ]
        )
    header = ["processes", "most a process, GB", "fit, s", "right of its rows", "real images"]
    return (
        f"# One XGBoost model of several processes\n\n`{results['command']}`: {results['rows']:,} "
        f"rows of {results['columns']:,} made-up columns, {results['columns_gb']:.2f} GB, in the "
        f"store; and accuracy by three inner folds by patient on a manifest's texture.\n\n"
        f"{table(header, lines)}\n"
    )


if __name__ == "__main__":
    main()
