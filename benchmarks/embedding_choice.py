"""Which layers, pools and side of a frozen network tell tumours apart: asked of inner folds alone.

Each fold's training part chooses for itself, by its own folds of patients, with two heads that
count alike: a support vector machine on 400 principal directions, and LightGBM. The package's
default is what the training part of fold 1 chooses, so that fold 1 has had no say in it; that of
the others shows how firm the choice is. The network runs once a side, whatever is pooled from it.

    python -m benchmarks.embedding_choice --manifest FIGSHARE.parquet --out CHOICE.json

With all of figshare and two free cores: some 4 minutes for the maps of both sides, and 20 to 40 for
240 fits of either head.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
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
from gliaboost.features.embedding.packaged import PACKAGED

Columns = NDArray[np.float32]
PLAIN = ("avg", "max")
SPREAD = (*PLAIN, "std")
PLACED = (*SPREAD, "grid3x3")
# The first is what was the default before.
LOOKS: tuple[tuple[tuple[int, ...], tuple[str, ...]], ...] = (
    ((-1,), PLAIN),
    ((-1,), SPREAD),
    ((4,), SPREAD),
    ((4,), PLACED),
    ((3,), PLAIN),
    ((3,), SPREAD),
    ((3,), PLACED),
    ((2,), PLACED),
    ((2, 3), PLACED),
    ((2, 3, 4), SPREAD),
    ((3, 4), SPREAD),
    ((3, -1), SPREAD),
)
SIDES = (224, 320)
BATCH = 16
# Enough to rank columns by; the rounds are not chosen, so that no row is lost to that.
LIGHTGBM = {
    "n_estimators": 100,
    "learning_rate": 0.1,
    "num_leaves": 15,
    "colsample_bytree": 0.2,
    "subsample": 0.8,
    "subsample_freq": 1,
    "max_bin": 63,
}


class Setting(NamedTuple):
    """What a network's columns are made of."""

    side: int
    layers: tuple[int, ...]
    pools: tuple[str, ...]


def pooled(
    images: NDArray[np.uint8], backbone: str, side: int, looks: Sequence[Any]
) -> dict[tuple[int, str], Columns]:
    """Pool every layer in every way that is asked for, from one pass of the network."""
    import torch

    from gliaboost.features.embedding.backbones import weights_checksum
    from gliaboost.features.embedding.frozen import load_frozen
    from gliaboost.features.embedding.pooling import POOLS

    checksum = weights_checksum(backbone, "package")
    network = load_frozen(backbone, "package", checksum, "", "cpu", "float32")
    wanted = sorted(
        {(layer, pool) for layers, pools in looks for layer in layers for pool in pools}
    )
    layers = sorted({layer for layer, _ in wanted})
    parts: dict[tuple[int, str], list[Columns]] = {key: [] for key in wanted}
    with torch.inference_mode():
        for start in range(0, len(images), BATCH):
            ready = network.prepared(images[start : start + BATCH], side)
            maps = dict(zip(layers, network.maps(ready, layers), strict=True))
            for layer, pool in wanted:
                parts[layer, pool].append(POOLS[pool](maps[layer]).numpy())
    return {key: np.concatenate(each) for key, each in parts.items()}


def boosted(X: Columns, y: NDArray[Any], train: Rows, test: Rows) -> NDArray[Any]:
    """Learn from rows by LightGBM and name others."""
    from lightgbm import LGBMClassifier

    head = LGBMClassifier(**LIGHTGBM, verbose=-1, n_jobs=1, random_state=0)
    return np.asarray(head.fit(X[train], y[train]).predict(X[test]))


def measured(
    settings: Sequence[Setting],
    columns: dict[int, dict[tuple[int, str], Columns]],
    y: NDArray[Any],
    folds: NDArray[Any],
    jobs: int | None,
) -> Iterator[tuple[dict[str, Any], dict[str, dict[str, Rows]]]]:
    """Judge settings one by one: a record each, and what was named rightly."""
    for setting in settings:
        own = columns[setting.side]
        X = np.hstack([own[layer, pool] for layer in setting.layers for pool in setting.pools])

        def judge(train: Rows, test: Rows, X: Columns = X) -> dict[str, NDArray[Any]]:
            return {"svm": svm(X, y, train, test), "lightgbm": boosted(X, y, train, test)}

        begun = time.perf_counter()
        with threadpool_limits(1):
            right = right_inside(judge, y, folds, jobs)
        record = {
            **setting._asdict(),
            "columns": X.shape[1],
            "accuracy": accuracies(right, folds),
            "seconds": round(time.perf_counter() - begun, 1),
        }
        yield record, right


def report(results: dict[str, Any]) -> str:
    """Lay out one row a setting: accuracy inside the training part of the fold that decides."""
    decides, on = results["default"]["without_fold"], results["machine"]
    rows = [
        [
            ", ".join(map(str, each["layers"])),
            ", ".join(each["pools"]),
            str(each["side"]),
            str(each["columns"]),
            *(f"{each['accuracy'][head][decides]:.3f}" for head in ("svm", "lightgbm")),
            ", ".join(fold for fold, place in results["chosen"].items() if place == k) or "-",
        ]
        for k, each in enumerate(results["found"])
    ]
    head = ["layers", "pools", "side", "columns", "PCA + SVM", "LightGBM", "chosen without fold"]
    return (
        f"# Layers, pools and side of {results['backbone']}, by inner folds\n\n"
        f"{table(head, rows)}\n\nAccuracy inside the training part of fold {decides}, "
        f"{results['slices']} slices in all; chosen: the cheapest within a standard error by "
        f"patient of the best. {on['processor']}, {on['cores']} cores; "
        f"`{results['command']}`, {results['seconds']:.0f} s.\n"
    )


def main() -> None:
    """Measure, choose, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--manifest", type=Path, required=True, help="with the column fold")
    parser.add_argument("--out", type=Path, required=True, help="a JSON; a table goes beside it")
    parser.add_argument("--backbone", default=PACKAGED, help="one whose weights are packaged")
    parser.add_argument("--sides", default=",".join(map(str, SIDES)), help="pixels, by comma")
    parser.add_argument("--prepared", type=int, default=256, help="side that slices are brought to")
    parser.add_argument("--without-fold", default="1", help="whose training part gives the default")
    parser.add_argument("--jobs", type=int, help="fits at a time")
    given = parser.parse_args()
    begun = time.perf_counter()
    images, y, folds, patients = read_slices(parser, given, Preparation(size=given.prepared))
    sides = [int(side) for side in given.sides.split(",")]
    columns = {side: pooled(images, given.backbone, side, LOOKS) for side in sides}
    print(f"{len(y)} slices, maps at {sides}: {time.perf_counter() - begun:.0f} s", flush=True)
    settings = [Setting(side, *look) for side in sides for look in LOOKS]
    found, right = [], []
    for record, named in measured(settings, columns, y, folds, given.jobs):
        print(json.dumps(record), flush=True)
        found.append(record)
        right.append(named)
    chosen = choices(right, folds, patients, [(each["side"], each["columns"]) for each in found])
    results = {
        "command": "python -m benchmarks.embedding_choice --manifest FIGSHARE.parquet "
        f"--out CHOICE.json --backbone {given.backbone} --sides {given.sides} "
        f"--prepared {given.prepared} --without-fold {given.without_fold}",
        "machine": machine(),
        "versions": versions(["gliaboost", "torch", "timm", "lightgbm", "scikit-learn", "numpy"]),
        "load_average": os.getloadavg()[0],
        "seconds": time.perf_counter() - begun,
        "backbone": given.backbone,
        "prepared": given.prepared,
        "slices": len(y),
        "lightgbm": LIGHTGBM,
        "svm": {"components": COMPONENTS, "C": C},
        "found": found,
        "chosen": chosen,
        "default": {
            "without_fold": given.without_fold,
            **settings[chosen[given.without_fold]]._asdict(),
        },
    }
    text = report(results)
    written(given.out, results, text)
    print(text)


if __name__ == "__main__":
    main()
