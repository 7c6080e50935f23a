"""What else might serve columns that look at the region: asked of inner folds alone.

    python -m benchmarks.looking_choice --manifest FIGSHARE.parquet --store STORE --out CHOICE.json

On texture and region of fold 1's training part, out of fold, as `benchmarks.boosting_choice` has
them: both boosters, each with five seeds averaged, an SVM on the region's columns, and means of
their probabilities. Fold 1 is never read. Some 6 minutes of two cores where the store has all.
"""

from __future__ import annotations

import argparse
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.boosting_choice import SETS, Training, told_by_others, training_part
from benchmarks.inner_choice import written
from benchmarks.measure import machine, table, versions
from gliaboost.datasets.manifest import Manifest
from gliaboost.features.registry import create
from gliaboost.models.registry import create_model
from gliaboost.reports.statistics.paired import compare, holm

# Before the region's columns, which stand last.
TEXTURE = sum(len(create(name).feature_names(256, 256)) for name in SETS[0])
SEEDS = 5
USUAL = "xgboost"


def probabilities(
    name: str, part: Training, columns: slice = slice(None), seed: int = 0
) -> NDArray[np.float64]:
    """Let models of the other parts name each part, float [N, classes]."""
    make = partial(create_model, name, seed=seed)
    return told_by_others(make, part.columns[:, columns], part.rows, part.parts).probabilities


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--manifest", type=Path, required=True, help="with the column fold")
    parser.add_argument("--store", type=Path, required=True, help="of features")
    parser.add_argument("--out", type=Path, required=True, help="a JSON; a table goes beside it")
    parser.add_argument("--jobs", type=int, help="threads")
    given = parser.parse_args()
    begun = time.perf_counter()
    manifest = Manifest.read(given.manifest).check(labelled=True)
    part = training_part(manifest, SETS[1], given.store, "1", given.jobs)
    looks = slice(TEXTURE, None)
    seeds = {
        name: [probabilities(name, part, seed=seed) for seed in range(SEEDS)]
        for name in ("xgboost", "lightgbm")
    }
    one = {name: each[0] for name, each in seeds.items()}
    one["svm on the region"] = probabilities("svm", part, looks)
    means = {f"{name}, {SEEDS} seeds": np.mean(each, axis=0) for name, each in seeds.items()}
    tried = {
        **one,
        **means,
        "both boosters": (one["xgboost"] + one["lightgbm"]) / 2,
        "both boosters and the svm": np.mean([*one.values()], axis=0),
        f"both boosters, {SEEDS} seeds, and the svm": np.mean(
            [*means.values(), one["svm on the region"]], axis=0
        ),
    }
    classes = np.unique(part.rows["label"])
    frames = {n: part.rows.assign(predicted=classes[p.argmax(axis=1)]) for n, p in tried.items()}
    found: list[dict[str, Any]] = []
    for name, frame in frames.items():
        (against,) = compare([frame, frames[USUAL]])
        record = {"tried": name, "accuracy": float((frame["predicted"] == frame["label"]).mean())}
        if name != USUAL:
            record |= {"gain": against.difference, "ci95": against.ci95, "p": against.p}
        found.append(record)
    for record, p in zip(found[1:], holm([e["p"] for e in found[1:]]), strict=True):
        record["p_holm"] = float(p)
    results = {
        "command": "python -m benchmarks.looking_choice --manifest FIGSHARE.parquet --store STORE "
        "--out CHOICE.json",
        "machine": machine(),
        "versions": versions(["gliaboost", "lightgbm", "xgboost", "scikit-learn", "numpy"]),
        "seconds": time.perf_counter() - begun,
        "manifest": manifest.fingerprint(),
        "rows": len(part.rows),
        "found": found,
    }
    rows = [
        [
            each["tried"],
            f"{each['accuracy']:.4f}",
            "-"
            if "gain" not in each
            else f"{100 * each['gain']:+.1f} [{100 * each['ci95'][0]:.1f}, "
            f"{100 * each['ci95'][1]:.1f}]",
            "-" if "gain" not in each else f"{each['p']:.2g}; {each['p_holm']:.2g}",
        ]
        for each in found
    ]
    head = ["tried", "accuracy", f"points over {USUAL}", "p; after Holm"]
    text = (
        "# Texture and region: other heads and means, by inner folds\n\n"
        f"{table(head, rows)}\n\nInside the training part of fold 1, {len(part.rows)} slices, each "
        f"part named by models of the others; intervals by patient. `{results['command']}`, "
        f"{results['seconds']:.0f} s.\n"
    )
    written(given.out, results, text)
    print(text)


if __name__ == "__main__":
    main()
