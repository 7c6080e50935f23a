"""How often the control with dealt labels cries, and should: python -m benchmarks.controls."""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from gliaboost._version import __version__
from gliaboost.files import replacing
from gliaboost.models.registry import create_model
from gliaboost.reports.statistics.dealt_labels import (
    balanced_accuracy,
    dealings,
    dealt_verdict,
    measure_dealt,
)
from gliaboost.reports.statistics.measures import UnitName

# As a benchmark's own model, but quick; and its share of the dealings.
QUICK: dict[str, Any] = {"rounds": 20, "inner_folds": 0, "jobs": 1}
OWN = 3
# Most of the time goes into that model: the clean sets that it learns too.
WITH_MODEL = ("16 patients", "40 pictures with copies")
COLUMNS = 40

Rng = np.random.Generator
Array = NDArray[Any]


class Draw(NamedTuple):
    """A made-up set: columns, labels and units by row, and folds of it."""

    columns: Array
    labels: Array
    units: Array
    folds: list[tuple[Array, Array]]


def whole(columns: Array, labels: Array, units: Array, rng: Rng, folds: int = 5) -> Draw:
    """Divide by unit, as gliaboost does."""
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=int(rng.integers(1 << 30)))
    return Draw(columns, labels, units, list(splitter.split(labels, labels, units)))


def cut(columns: Array, labels: Array, units: Array, rng: Rng, folds: int = 5) -> Draw:
    """Divide by row, through units."""
    splitter = StratifiedKFold(folds, shuffle=True, random_state=int(rng.integers(1 << 30)))
    return Draw(columns, labels, units, list(splitter.split(labels, labels)))


def patients(
    rng: Rng, count: int, classes: int, most: int, signal: float = 0.6, fewest: int = 3
) -> tuple[Array, Array, Array]:
    """Draw patients of one class each, whose images are alike."""
    own = rng.permutation(np.r_[np.repeat(np.arange(classes), 6), rng.integers(0, classes, count)])
    own = np.r_[np.repeat(np.arange(classes), 6), own][:count]
    units = np.repeat(np.arange(count), rng.integers(fewest, most + 1, count))
    columns = (rng.normal(size=(classes, COLUMNS)) * signal)[own][units]
    columns = columns + rng.normal(size=(count, COLUMNS))[units]
    return columns + 0.5 * rng.normal(size=columns.shape), own[units], units


def copies(rng: Rng, count: int, classes: int, signal: float = 0.6) -> tuple[Array, Array, Array]:
    """Draw pictures without patients, some there twice or more, a few a dozen times."""
    columns, labels, _ = patients(rng, count, classes, 1, signal, fewest=1)
    times = 1 + rng.poisson(0.8, count)
    times[rng.random(count) < 0.03] += 10
    units = np.repeat(np.arange(count), times)
    noise = 0.05 * rng.normal(size=(len(units), COLUMNS))
    return columns[units] + noise, labels[units], units


def stacks(rng: Rng, count: int) -> tuple[Array, Array, Array]:
    """Draw patients as BraTS has them: each with slices of a tumour, and healthy ones around it."""
    found = []
    for patient in range(count):
        slices = int(rng.integers(12, 25))
        place = np.linspace(-1, 1, slices)
        low, high = sorted(rng.uniform(-0.8, 0.8, 2))
        labels = ((place > low) & (place < high)).astype(int)
        labels[slices // 2], labels[0] = 1, 0
        columns = rng.normal(size=COLUMNS) + 0.3 * rng.normal(size=(slices, COLUMNS))
        columns[:, 0] += 3 * place
        columns[:, 1] += 3 * place**2
        columns[:, 2] += 2 * labels
        found.append((columns, labels, np.full(slices, patient)))
    columns, labels, units = map(np.concatenate, zip(*found, strict=True))
    return columns, labels, units


def marked(rng: Rng, count: int, width: int) -> tuple[Array, Array, Array]:
    """Draw images that are noise but for some columns, which name the patient."""
    columns, labels, units = patients(rng, count, 2, 8, 0)
    columns = rng.normal(size=columns.shape)
    columns[:, :width] = rng.normal(size=(count, width))[units]
    return columns, labels, units


def in_training(rng: Rng, share: float) -> Draw:
    """Leave a share of the test rows in the training part."""
    draw = whole(*patients(rng, 60, 2, 8), rng)
    folds = [
        (np.union1d(train, rng.permutation(test)[: int(np.ceil(share * len(test)))]), test)
        for train, test in draw.folds
    ]
    return draw._replace(folds=folds)


def some_copied(rng: Rng, share: float) -> Draw:
    """Put a copy of some test pictures into another fold."""
    columns, labels, units, folds = whole(*copies(rng, 150, 2), rng)
    first = np.unique(units, return_index=True)[1]
    taken = rng.permutation(first)[: int(share * len(first))]
    part = np.empty(len(labels), dtype=np.int64)
    for number, (_, test) in enumerate(folds):
        part[test] = number
    part = np.r_[part, (part[taken] + 1) % len(folds)]
    again = columns[taken] + 0.02 * rng.normal(size=(len(taken), COLUMNS))
    return Draw(
        np.concatenate([columns, again]),
        np.r_[labels, labels[taken]],
        np.r_[units, units[taken]],
        [(np.flatnonzero(part != k), np.flatnonzero(part == k)) for k in range(len(folds))],
    )


Made = Callable[[Rng], Draw]
CLEAN: dict[str, tuple[UnitName, Made]] = {
    "60 patients": ("patient", lambda r: whole(*patients(r, 60, 2, 8), r)),
    "16 patients": ("patient", lambda r: whole(*patients(r, 16, 2, 3), r, 4)),
    "200 patients, 3 classes": ("patient", lambda r: whole(*patients(r, 200, 3, 12), r)),
    "60 patients of 1 to 40 images, 4 classes": (
        "patient",
        lambda r: whole(*patients(r, 60, 4, 40, fewest=1), r),
    ),
    "60 patients, labels without meaning": (
        "patient",
        lambda r: whole(*patients(r, 60, 2, 8, 0), r),
    ),
    "30 patients with both classes": ("patient", lambda r: whole(*stacks(r, 30), r)),
    "10 patients with both classes": ("patient", lambda r: whole(*stacks(r, 10), r)),
    "150 pictures with copies": ("group", lambda r: whole(*copies(r, 150, 2), r)),
    "40 pictures with copies": ("group", lambda r: whole(*copies(r, 40, 2), r, 4)),
    "150 pictures with copies, labels without meaning": (
        "group",
        lambda r: whole(*copies(r, 150, 2, 0), r),
    ),
    "100 images": ("image", lambda r: whole(*patients(r, 100, 2, 1, fewest=1), r)),
}
PLANTED: dict[str, tuple[UnitName, Made]] = {
    "60 patients cut by the folds": ("patient", lambda r: cut(*patients(r, 60, 2, 8), r)),
    "16 patients cut by the folds": ("patient", lambda r: cut(*patients(r, 16, 2, 3), r, 4)),
    "150 pictures, copies cut": ("group", lambda r: cut(*copies(r, 150, 2), r)),
    "40 pictures, copies cut": ("group", lambda r: cut(*copies(r, 40, 2), r, 4)),
    "1 in 10 pictures copied into another fold": ("group", lambda r: some_copied(r, 0.1)),
    "1 in 10 test rows in training": ("patient", lambda r: in_training(r, 0.1)),
    "all test rows in training": ("patient", lambda r: in_training(r, 1.0)),
    "a mark of 4 in 40 columns, patients cut": ("patient", lambda r: cut(*marked(r, 60, 4), r)),
    "a mark of 1 in 40 columns, patients cut": ("patient", lambda r: cut(*marked(r, 60, 1), r)),
}


def own_model(draw: Draw, dealt: Array) -> tuple[float, float]:
    """Let LightGBM learn a dealing; score it by the dealt and the true labels."""
    said = np.full(len(dealt), -1)
    for train, test in draw.folds:
        model = create_model("lightgbm", **QUICK)
        model.fit(draw.columns[train], dealt[train], groups=draw.units[train])
        said[test] = model.classes_[model.predict_proba(draw.columns[test]).argmax(1)]
    classes = int(draw.labels.max()) + 1
    return tuple(balanced_accuracy(of, said, classes) for of in (dealt, draw.labels))  # type: ignore[return-value]


def tried(unit: UnitName, made: Made, draws: int, *, own: bool) -> dict[str, Any]:
    """Draw many sets; count the verdicts."""
    verdicts: Counter[str] = Counter()
    worth, p, begun = [], [], time.perf_counter()
    for seed in range(draws):
        draw = made(np.random.default_rng(seed))
        draw = draw._replace(columns=draw.columns.astype(np.float32))
        dealt = dealings(draw.labels, draw.units, draw.folds, seed)
        found = measure_dealt(*draw, dealt, unit, seed)
        if own:
            scores = [own_model(draw, one) for one in dealt[:OWN]]
            found = replace(
                found, own=tuple(s for s, _ in scores), own_true=tuple(s for _, s in scores)
            )
        verdicts[dealt_verdict(found)] += 1
        worth.append(found.mean - found.chance)
        p.append(found.p)
    return {
        "learned_by": ["kernel ridge regression", *(["LightGBM"] if own else [])],
        "draws": draws,
        "verdicts": dict(verdicts.most_common()),
        "above_chance": {
            "mean": round(float(np.mean(worth)), 4),
            "least": round(min(worth), 4),
            "most": round(max(worth), 4),
        },
        "p_below_0.05": round(float(np.mean(np.array(p) <= 0.05)), 3),
        "seconds_a_draw": round((time.perf_counter() - begun) / draws, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=100, help="of each clean set")
    parser.add_argument("--planted", type=int, default=20, help="of each set with a leak")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    found: dict[str, Any] = {
        "command": "python -m benchmarks.controls",
        "gliaboost": __version__,
        "clean": {},
        "planted": {},
    }
    for kind, sets, draws in (("clean", CLEAN, given.draws), ("planted", PLANTED, given.planted)):
        for name, (unit, made) in sets.items():
            result = tried(unit, made, draws, own=name in WITH_MODEL)
            found[kind][name] = result
            print(f"{kind}, {name}: {json.dumps(result)}", flush=True)
    if given.out:
        with replacing(given.out) as temporary:
            temporary.write_text(json.dumps(found, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
