"""Which stride, cells, components and Gaussians of the Fisher vectors: asked of inner folds alone.

One parameter is changed at a time. Each fold's training part chooses for itself, by its own folds
of patients, as `benchmarks.embedding_choice` does, with two heads that count alike: a linear and a
Gaussian support vector machine. Each vocabulary is learned from the rows that the head learns from.

    python -m benchmarks.fisher_choice --manifest FIGSHARE.parquet --out CHOICE.json

Two inner folds held out together leave the same rows to learn from, so that a setting takes ten
vocabularies. With all of figshare a setting takes 5 to 10 core minutes, more with a smaller stride
or more Gaussians; all of them about 45 minutes on two free cores. ``--only`` names some by number.
"""

from __future__ import annotations

import argparse
import json
import os
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

from benchmarks.inner_choice import (
    COMPONENTS,
    C,
    Rows,
    accuracies,
    choices,
    read_slices,
    right_inside,
    svm,
    written,
)
from benchmarks.measure import machine, table, versions
from gliaboost.datasets.prepare import Preparation
from gliaboost.features.fisher.extractor import Fisher

# The first is the default.
SETTINGS: tuple[dict[str, Any], ...] = (
    {},
    {"stride": 8, "cells": (4, 8, 12)},
    {"stride": 14, "cells": (7, 14, 21)},
    {"cells": (5, 10)},
    {"cells": (10, 20)},
    {"cells": (5, 10, 15, 20)},
    {"dims": 32},
    {"dims": 96},
    {"modes": 32},
    {"modes": 128},
    {"modes": 128, "samples": 300_000},
)
LINEAR_C = 1.0


def judge_of(
    fisher: Fisher, images: NDArray[np.uint8], y: NDArray[Any], patients: NDArray[Any]
) -> Any:
    """Give a way to learn a vocabulary and heads from rows, and name others."""
    from sklearn.base import clone
    from sklearn.svm import LinearSVC

    def judge(train: Rows, test: Rows) -> dict[str, NDArray[Any]]:
        own: Fisher = clone(fisher).fit(images[train], groups=patients[train])
        X = own.transform(images)
        linear = LinearSVC(C=LINEAR_C, class_weight="balanced", random_state=0)
        return {
            "linear": np.asarray(linear.fit(X[train], y[train]).predict(X[test])),
            "svm": svm(X, y, train, test),
        }

    return judge


def cost_of(fisher: Fisher, images: NDArray[np.uint8], patients: NDArray[Any]) -> float:
    """Time the description of some slices, in core milliseconds each."""
    few = images[:: max(1, len(images) // 16)][:16]
    own = fisher.fit(few, groups=patients[: len(few)])
    own.transform(few[:2])
    begun = time.process_time()
    own.transform(few)
    return round((time.process_time() - begun) / len(few) * 1e3, 2)


def report(results: dict[str, Any]) -> str:
    """Lay out one row a setting: accuracy inside the training part of the fold that decides."""
    decides, on = results["default"]["without_fold"], results["machine"]
    rows = [
        [
            ", ".join(f"{k} {v}" for k, v in each["setting"].items()) or "default",
            str(each["columns"]),
            f"{each['milliseconds']:.1f}",
            *(f"{each['accuracy'][head][decides]:.3f}" for head in ("linear", "svm")),
            ", ".join(fold for fold, place in results["chosen"].items() if place == k) or "-",
        ]
        for k, each in enumerate(results["found"])
    ]
    head = ["setting", "columns", "ms a slice", "linear", "PCA + SVM", "chosen without fold"]
    return (
        f"# Fisher vectors' parameters, by inner folds\n\n{table(head, rows)}\n\n"
        f"Accuracy inside the training part of fold {decides}, {results['slices']} slices in all; "
        "chosen: the cheapest within a standard error by patient of the best. "
        f"{on['processor']}, {on['cores']} cores; `{results['command']}`, "
        f"{results['seconds']:.0f} s.\n"
    )


def measured(
    settings: Sequence[dict[str, Any]],
    images: NDArray[np.uint8],
    y: NDArray[Any],
    folds: NDArray[Any],
    patients: NDArray[Any],
    jobs: int | None,
) -> tuple[list[dict[str, Any]], list[dict[str, dict[str, Rows]]]]:
    """Judge settings one by one: a record each, and what was named rightly."""
    found, right = [], []
    # Forty rounds are meant; the extractor's own filter is no help where threads share one.
    warnings.simplefilter("ignore", ConvergenceWarning)
    for setting in settings:
        begun = time.perf_counter()
        fisher = Fisher(**setting)
        with threadpool_limits(1):
            milliseconds = cost_of(Fisher(**setting), images, patients)
            named = right_inside(judge_of(fisher, images, y, patients), y, folds, jobs)
        record = {
            "setting": setting,
            "columns": fisher.modes * (1 + 2 * (fisher.dims + 4)),
            "milliseconds": milliseconds,
            "accuracy": accuracies(named, folds),
            "seconds": round(time.perf_counter() - begun, 1),
        }
        print(json.dumps(record), flush=True)
        found.append(record)
        right.append(named)
    return found, right


def main() -> None:
    """Measure, choose, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--manifest", type=Path, required=True, help="with the column fold")
    parser.add_argument("--out", type=Path, required=True, help="a JSON; a table goes beside it")
    parser.add_argument("--only", default="", help=f"settings, 0 to {len(SETTINGS) - 1}, by comma")
    parser.add_argument("--without-fold", default="1", help="whose training part gives the default")
    parser.add_argument("--jobs", type=int, help="vocabularies at a time")
    given = parser.parse_args()
    begun = time.perf_counter()
    images, y, folds, patients = read_slices(parser, given, Preparation())
    places = [int(n) for n in given.only.split(",")] if given.only else range(len(SETTINGS))
    settings = [SETTINGS[n] for n in places]
    found, right = measured(settings, images, y, folds, patients, given.jobs)
    costs = [(each["milliseconds"], each["columns"]) for each in found]
    chosen = choices(right, folds, patients, costs)
    only = f" --only {given.only}" if given.only else ""
    results = {
        "command": "python -m benchmarks.fisher_choice --manifest FIGSHARE.parquet "
        f"--out CHOICE.json{only} --without-fold {given.without_fold}",
        "machine": machine(),
        "versions": versions(["gliaboost", "scikit-learn", "numba", "numpy"]),
        "load_average": os.getloadavg()[0],
        "seconds": time.perf_counter() - begun,
        "slices": len(y),
        "linear": {"C": LINEAR_C},
        "svm": {"components": COMPONENTS, "C": C},
        "found": found,
        "chosen": chosen,
        "default": {"without_fold": given.without_fold, **settings[chosen[given.without_fold]]},
    }
    text = report(results)
    written(given.out, results, text)
    print(text)


if __name__ == "__main__":
    main()
