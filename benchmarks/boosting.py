"""Boosters on thousands of columns: ours and the libraries' defaults in turns on the same folds."""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from lightgbm import LGBMClassifier
from numpy.typing import NDArray
from xgboost import XGBClassifier

from benchmarks.measure import machine, table, versions, write
from benchmarks.pictures import FIGSHARE
from gliaboost.datasets.prepare import Preparation
from gliaboost.datasets.sources import read_source
from gliaboost.datasets.splits import column_folds
from gliaboost.features import create
from gliaboost.features.store import FeatureStore
from gliaboost.models.registry import create_model
from gliaboost.models.training_data import TrainingData

Fit = Callable[[NDArray[np.float32], NDArray[np.int64], NDArray[Any]], Any]
PAIRS = {"xgboost": "XGBoost, its defaults", "lightgbm": "LightGBM, its defaults"}


def contenders() -> dict[str, Fit]:
    """Return what fits each model: ours, which choose their rounds inside, and the defaults."""
    return {
        "xgboost": lambda X, y, g: create_model("xgboost", device="cpu").fit(X, y, groups=g),
        PAIRS["xgboost"]: lambda X, y, g: XGBClassifier().fit(X, y),
        "lightgbm": lambda X, y, g: create_model("lightgbm", device="cpu").fit(X, y, groups=g),
        PAIRS["lightgbm"]: lambda X, y, g: LGBMClassifier(verbose=-1).fit(X, y),
    }


def main() -> None:
    """Measure, and write ``results/boosting-<columns>.json`` and ``.md``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--features", default="hog,lbp,glcm,embedding")
    parser.add_argument("--store", type=Path, default=None)
    arguments = parser.parse_args()
    manifest = read_source("figshare", FIGSHARE)
    extractors = [create(name) for name in arguments.features.split(",")]
    data = TrainingData(manifest, extractors, Preparation(), FeatureStore(arguments.store))
    X = data.columns(np.arange(len(manifest)), extractors)
    y = np.searchsorted(manifest.classes, data.labels.astype(str))
    load = os.getloadavg()[0]
    fits = contenders()
    seconds: dict[str, list[float]] = {name: [] for name in fits}
    right: dict[str, list[bool]] = {name: [] for name in fits}
    for fold in column_folds(manifest):
        for name, fit in fits.items():
            begun = time.perf_counter()
            model = fit(X[fold.train], y[fold.train], data.groups[fold.train])
            seconds[name].append(time.perf_counter() - begun)
            right[name] += (model.predict(X[fold.test]) == y[fold.test]).tolist()
            print(fold.name, name, f"{seconds[name][-1]:.1f} s", flush=True)
    medians = {name: statistics.median(taken) for name, taken in seconds.items()}
    ratios = {ours: medians[naive] / medians[ours] for ours, naive in PAIRS.items()}
    results = {
        "command": f"python -m benchmarks.boosting --features {arguments.features}",
        "machine": machine(),
        "versions": versions(["xgboost", "lightgbm", "numpy"]),
        "load_average": load,
        "rows": len(X),
        "columns": X.shape[1],
        "seconds": seconds,
        "accuracy": {name: float(np.mean(hits)) for name, hits in right.items()},
        "ratio_to_defaults": ratios,
    }
    markdown = report(results)
    for path in write(f"boosting-{X.shape[1]}-columns", results, markdown):
        print(path.name)
    print(markdown)


def report(results: dict[str, Any]) -> str:
    """Lay out one row a model."""
    rows = [
        [
            name,
            f"{statistics.median(taken):.1f}",
            f"{sum(taken):.0f}",
            f"{results['ratio_to_defaults'][name]:.1f}x" if name in PAIRS else "1",
            f"{results['accuracy'][name]:.3f}",
        ]
        for name, taken in results["seconds"].items()
    ]
    head = ["model", "s a fold, median", "s, all folds", "faster than defaults", "pooled accuracy"]
    facts = results["machine"]
    return (
        f"# Boosters on {results['columns']:,} columns of {results['rows']:,} slices (figshare)\n\n"
        f"{table(head, rows)}\n\n"
        "Ours choose their number of rounds inside the training part, which is in their time; the "
        f"defaults fit 100 rounds.\n\n{facts['processor']}, {facts['cores']} cores, load average "
        f"{results['load_average']:.1f} when it began; `{results['command']}`\n"
    )


if __name__ == "__main__":
    main()
