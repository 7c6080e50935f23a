"""Whether other settings serve the boosters better: asked of inner folds alone.

One parameter is changed at a time from the default. The fold that is left out is never read; each
of the others is tested by a model of the rest, whose rounds are chosen within the rest. Columns
that learn (``region``) are out of fold, as a training row's are in a benchmark.

    python -m benchmarks.boosting_choice --manifest FIGSHARE.parquet --store STORE --out CHOICE.json

Two sets of columns, two models, twelve settings: some 12 minutes of two cores where the store holds
the columns, and 20 more for the region's segmenters where it does not.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.inner_choice import written
from benchmarks.measure import machine, table, versions
from gliaboost.datasets.fold_names import named_folds
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.prepare import Preparation
from gliaboost.features.registry import create
from gliaboost.features.store import FeatureStore
from gliaboost.models.fitted_columns import learn_columns
from gliaboost.models.log_loss import log_losses
from gliaboost.models.registry import create_model
from gliaboost.models.training_data import TrainingData
from gliaboost.reports.statistics.paired import compare, holm

# The first is the default.
CHANGES: tuple[dict[str, Any], ...] = (
    {},
    {"learning_rate": 0.05},
    {"learning_rate": 0.2},
    {"max_leaves": 7},
    {"max_leaves": 31},
    {"max_bin": 63},
    {"max_features": 0.1},
    {"subsample": 0.8},
    {"min_rows": 10},
    {"l2": 1.0},
    {"l2": 30.0},
    {"class_weight": None},
)
SETS = (("hog", "lbp", "glcm"), ("hog", "lbp", "glcm", "region"))
MODELS = ("lightgbm", "xgboost")


class Told(NamedTuple):
    """What models of the other parts said of each part.

    Attributes
    ----------
    probabilities : float array [N, classes]
    models : list
        The fitted ones, part by part.
    """

    probabilities: NDArray[np.float64]
    models: list[Any]


def told_by_others(
    make: Callable[[], Any], X: NDArray[np.float32], rows: pd.DataFrame, parts: NDArray[np.int64]
) -> Told:
    """Let a model of the other parts name each part."""
    y, groups = rows["label"].to_numpy(), rows["group"].to_numpy()
    found, models = np.zeros((len(y), len(np.unique(y)))), []
    for part in np.unique(parts):
        test = parts == part
        model = make().fit(X[~test], y[~test], groups=groups[~test])
        found[test] = model.predict_proba(X[test])
        models.append(model)
    return Told(found, models)


def tested(
    name: str,
    change: dict[str, Any],
    X: NDArray[np.float32],
    rows: pd.DataFrame,
    parts: NDArray[np.int64],
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Test each part by a model of the others: the record, and each row with what it was named."""
    begun = time.perf_counter()
    make = partial(create_model, name, device="cpu", seed=0, **change)
    probabilities, models = told_by_others(make, X, rows, parts)
    classes, codes = np.unique(rows["label"], return_inverse=True)
    named = classes[probabilities.argmax(axis=1)]
    record = {
        "accuracy": round(float((named == rows["label"]).mean()), 4),
        "log_loss": round(float(log_losses(probabilities, codes, 1e-15).mean()), 4),
        "rounds": [model.n_rounds_ for model in models],
        "seconds": round(time.perf_counter() - begun, 1),
    }
    return record, rows.assign(predicted=named)


class Training(NamedTuple):
    """The training part of a fold: columns out of fold, rows, and the fold that tests each row."""

    columns: NDArray[np.float32]
    rows: pd.DataFrame
    parts: NDArray[np.int64]


def training_part(
    manifest: Manifest, names: Sequence[str], store: Path, left_out: str, jobs: int | None
) -> Training:
    """Compute, or read from the store, the columns of all folds but one, which is never read."""
    folds, _ = named_folds(manifest, "fold")
    own = np.full(len(manifest), -1)
    for k, fold in enumerate(folds):
        own[fold.test] = k
    train = next(fold.train for fold in folds if fold.name == left_out)
    extractors = [create(name) for name in names]
    data = TrainingData(manifest, extractors, Preparation(), FeatureStore(store), jobs=jobs)
    at = data.readable(train)
    X = learn_columns(data, at, data.labels[at], extractors, folds=own).columns
    rows = pd.DataFrame(
        {
            "path": manifest.table["path"].to_numpy()[at],
            "label": data.labels[at],
            "patient": manifest.table["patient"].to_numpy()[at],
            "group": data.groups[at],
        }
    )
    return Training(X, rows, own[at])


def measured(
    manifest: Manifest, store: Path, left_out: str, jobs: int | None
) -> Iterator[dict[str, Any]]:
    """Judge every change on every set of columns: a record each."""
    for names in SETS:
        X, rows, parts = training_part(manifest, names, store, left_out, jobs)
        for model in MODELS:
            usual: pd.DataFrame | None = None
            for change in CHANGES:
                record, named = tested(model, change, X, rows, parts)
                usual = named if usual is None else usual
                (against,) = compare([named, usual])
                yield {
                    "columns": "+".join(names),
                    "model": model,
                    "change": change,
                    **record,
                    "gain": round(against.difference, 5),
                    "ci95": against.ci95,
                    "p": against.p if change else None,
                }


def report(results: dict[str, Any]) -> str:
    """Lay out one row a change: what it gains over the default, model by model."""
    found, on = results["found"], results["machine"]
    columns = {(each["columns"], each["model"]): [] for each in found}  # type: ignore[var-annotated]
    for each in found:
        columns[each["columns"], each["model"]].append(each)
    rows = [
        [
            ", ".join(f"{k} {v}" for k, v in change.items()) or "the default",
            *(_said(columns[place][k], not change) for place in columns),
        ]
        for k, change in enumerate(CHANGES)
    ]
    head = ["setting", *(f"{model}, {names}" for names, model in columns)]
    return (
        f"# Settings of the boosters, by inner folds\n\n{table(head, rows)}\n\n"
        f"Of the default the accuracy and log loss inside the training part of fold "
        f"{results['without_fold']}; of each change the points that it gains, with an interval by "
        f"patient, and the log loss. Smallest p of the {len(found) - len(columns)} after Holm's "
        f"correction: {results['smallest_p_holm']:.2g}. {on['processor']}, {on['cores']} cores; "
        f"`{results['command']}`, {results['seconds']:.0f} s.\n"
    )


def _said(record: dict[str, Any], usual: bool) -> str:
    loss = f"{record['log_loss']:.3f}"
    if usual:
        return f"{record['accuracy']:.3f}; {loss}"
    low, high = (100 * v for v in record["ci95"])
    return f"{100 * record['gain']:+.1f} [{low:.1f}, {high:.1f}]; {loss}"


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--manifest", type=Path, required=True, help="with the column fold")
    parser.add_argument("--store", type=Path, required=True, help="of features")
    parser.add_argument("--out", type=Path, required=True, help="a JSON; a table goes beside it")
    parser.add_argument("--without-fold", default="1", help="which is never read")
    parser.add_argument("--jobs", type=int, help="threads")
    given = parser.parse_args()
    begun, found = time.perf_counter(), []
    manifest = Manifest.read(given.manifest).check(labelled=True)
    for record in measured(manifest, given.store, given.without_fold, given.jobs):
        print(json.dumps(record), flush=True)
        found.append(record)
    results = {
        "command": "python -m benchmarks.boosting_choice --manifest FIGSHARE.parquet "
        f"--store STORE --out CHOICE.json --without-fold {given.without_fold}",
        "machine": machine(),
        "versions": versions(["gliaboost", "lightgbm", "xgboost", "numpy"]),
        "seconds": time.perf_counter() - begun,
        "manifest": manifest.fingerprint(),
        "without_fold": given.without_fold,
        "smallest_p_holm": float(min(holm([e["p"] for e in found if e["p"] is not None]))),
        "found": found,
    }
    text = report(results)
    written(given.out, results, text)
    print(text)


if __name__ == "__main__":
    main()
