"""What region features reach with masks that are not boosted pixels': the true ones, or a U-Net's.

The masks stand in the segmenter's place, and all else is as in ``gliaboost benchmark --features
region``. Rows whose true mask is empty are left out.

    python -m gliaboost.benchmarks.region_masks MANIFEST --masks given --out FILE.json
    python -m gliaboost.benchmarks.region_masks MANIFEST --masks DRILL --out FILE.json

``given`` is the ceiling of every segmenter. DRILL is a folder of what the steps ``segmenting`` and
``segmenting_pairs`` of the GPU drill left: a test row's map is of the network that had not seen
its fold, a training row's of one that had seen neither its fold nor the test fold.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gliaboost.datasets.decode import decode
from gliaboost.datasets.fold_names import named_folds
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.prepare import Preparation
from gliaboost.datasets.splits import Fold
from gliaboost.features.registry import create
from gliaboost.models.registry import create_model, shared_parameters
from gliaboost.models.segmentation.decision import Decision
from gliaboost.models.segmentation.region_columns import region_columns
from gliaboost.models.segmentation.training_masks import read_training_masks
from gliaboost.parallel import map_in_order
from gliaboost.reports.statistics.evaluation import evaluate

# Masks that are held at once.
STEP = 64
TEXTURE = ("hog", "lbp", "glcm")
SEED = 0


class Seen(NamedTuple):
    """Maps of a slice, and how their segmenter decides."""

    maps: NDArray[np.float32]
    decision: Decision


class Masks(Protocol):
    """Where maps of a row come from."""

    def of(self, row: int) -> dict[str, Seen]:
        """Give all maps of a row, by a name of the segmenter."""

    def segmenter(self, test_fold: str, own_fold: str) -> str:
        """Name the one that a row of a fold is described by where a fold is tested."""


class Given:
    """The true masks."""

    def __init__(self, manifest: Manifest) -> None:
        self.manifest = manifest
        self.start, self.masks = -1, np.zeros(0, bool)

    def of(self, row: int) -> dict[str, Seen]:
        """Give the true mask as a map, or nothing where it is empty."""
        start = row - row % STEP
        if start != self.start:
            part = range(start, min(start + STEP, len(self.manifest)))
            self.masks = read_training_masks(self.manifest, part, Preparation()).masks
            self.start = start
        mask = self.masks[row - start]
        return {"true": Seen(mask[None].astype(np.float32), Decision())} if mask.any() else {}

    def segmenter(self, test_fold: str, own_fold: str) -> str:
        """Name the truth."""
        return "true"


class Drilled:
    """The maps that the GPU drill's networks left, of slices that they had not learned from."""

    def __init__(self, folder: Path, folds: NDArray[Any]) -> None:
        self.seen: dict[int, dict[str, Seen]] = {}
        for path in sorted(folder.glob("segmenting*.json")):
            found = json.loads(path.read_text("utf-8"))
            fits = found.get("pairs") or found["defaults"]["folds"]
            for file in sorted(folder.glob(f"{path.stem}-*.npz")):
                with np.load(file) as opened:
                    kept = dict(opened)
                for key in (k for k in kept if k.rpartition("/")[2] == "rows"):
                    pair = key.rpartition("/")[0]
                    maps = kept[f"{pair}/maps" if pair else "maps"]
                    for row, each in zip(kept[key], maps, strict=True):
                        name = pair or str(folds[row])
                        decision = Decision(**fits[name]["decision"])
                        self.seen.setdefault(int(row), {})[name] = Seen(each, decision)

    def of(self, row: int) -> dict[str, Seen]:
        """Give the maps of the network of its fold, and of those of pairs."""
        return {
            name: Seen(seen.maps.astype(np.float32) / 255, seen.decision)
            for name, seen in self.seen.get(row, {}).items()
        }

    def segmenter(self, test_fold: str, own_fold: str) -> str:
        """Name the network that had seen neither fold."""
        return test_fold if own_fold == test_fold else "-".join(sorted((test_fold, own_fold)))


def described(
    manifest: Manifest, masks: Masks, dense: str, jobs: int | None
) -> tuple[dict[int, dict[str, NDArray[np.float32]]], NDArray[np.float32]]:
    """Give each row's columns by the name of its segmenter, and the texture of all rows."""
    preparation, paths = Preparation(), manifest.paths
    bank = [create(name) for name in TEXTURE]
    columns: dict[int, dict[str, NDArray[np.float32]]] = {}
    whole = []

    def one(given: tuple[int, dict[str, Seen]]) -> tuple[dict[str, Any], list[Any]]:
        row, maps = given
        image = preparation(decode(paths[row]))
        region = {
            name: region_columns(image, seen.maps, seen.decision, dense)
            for name, seen in maps.items()
        }
        return region, [e.transform(image[None])[0] for e in bank]

    for start in range(0, len(manifest), STEP):
        rows = range(start, min(start + STEP, len(manifest)))
        taken = [(row, masks.of(row)) for row in rows]
        for row, (region, own) in zip(rows, map_in_order(one, taken, jobs=jobs), strict=True):
            columns[row] = region
            whole.append(np.concatenate(own))
        print(f"{rows[-1] + 1} of {len(manifest)}", flush=True)
    return columns, np.stack(whole)


def left_out(
    manifest: Manifest,
    folds: Sequence[Fold],
    columns: dict[int, dict[str, NDArray[np.float32]]],
    names: dict[str, list[str]],
    texture: NDArray[np.float32],
    model_name: str,
    jobs: int | None,
) -> pd.DataFrame:
    """Fit on the other folds and predict each."""
    labels = manifest.table["label"].to_numpy(dtype=object)
    groups = np.asarray(manifest.groups, dtype=object)
    answers = []
    for fold in folds:
        by = names[fold.name]

        def seen_by(rows: NDArray[np.int64], by: list[str] = by) -> NDArray[np.float32]:
            region = np.stack([columns[row][by[row]] for row in rows])
            return np.concatenate([texture[rows], region], axis=1)

        train, test = (
            np.asarray([row for row in part if by[row] in columns[row]])
            for part in (fold.train, fold.test)
        )
        model = create_model(
            model_name, **shared_parameters(model_name, device="cpu", jobs=jobs, seed=SEED)
        )
        model.fit(seen_by(train), labels[train], groups=groups[train])
        probabilities = model.predict_proba(seen_by(test))
        table = pd.DataFrame({"row": test, "fold": fold.name, "label": labels[test]})
        table["predicted"] = model.classes_[probabilities.argmax(axis=1)]
        table["patient"] = groups[test]
        table["key"] = manifest.table["key"].to_numpy(str)[test]
        for k, name in enumerate(model.classes_):
            table[f"proba_{name}"] = probabilities[:, k]
        answers.append(table)
    return pd.concat(answers).sort_values("row", ignore_index=True)


def judged(name: str, table: pd.DataFrame, begun: float) -> dict[str, Any]:
    """Sum up an experiment's answers."""
    measured = evaluate(table, sorted(set(table.label)))
    return {
        "name": name,
        "images": len(table),
        "accuracy": round(measured.accuracy.pooled or 0, 4),
        "ci95": [round(v, 4) for v in measured.accuracy.ci95 or ()],
        "balanced_accuracy": round(measured.balanced_accuracy.pooled or 0, 4),
        "macro_auc": round(measured.macro_auc.pooled or 0, 4),
        "by_fold": {
            fold: round(float((rows.label == rows.predicted).mean()), 4)
            for fold, rows in table.groupby("fold")
        },
        "seconds": round(time.perf_counter() - begun, 1),
    }


def main(arguments: argparse.Namespace) -> None:
    manifest = Manifest.read(arguments.manifest).check(labelled=True)
    folds, description = named_folds(manifest, arguments.folds)
    own = np.empty(len(manifest), object)
    for fold in folds:
        own[fold.test] = fold.name
    given = arguments.masks == "given"
    masks: Masks = Given(manifest) if given else Drilled(Path(arguments.masks), own)
    names = {fold.name: [masks.segmenter(fold.name, str(f)) for f in own] for fold in folds}
    begun = time.perf_counter()
    columns, texture = described(manifest, masks, arguments.maps, arguments.jobs)
    known: dict[str, Any] = {
        "manifest": manifest.fingerprint(),
        "folds": description,
        "masks": "given" if given else "of the GPU drill's U-Nets",
        "maps": arguments.maps,
        "region_columns": next(len(c) for r in columns.values() for c in r.values()),
        "texture_columns": texture.shape[1],
        "seconds_of_columns": round(time.perf_counter() - begun, 1),
        "experiments": [],
    }
    tables = []
    for model in arguments.models.split(","):
        for beside in (texture[:, :0], texture):
            begun = time.perf_counter()
            table = left_out(manifest, folds, columns, names, beside, model, arguments.jobs)
            name = f"{model} on {'texture and ' if beside.shape[1] else ''}region"
            found = judged(name, table, begun)
            print(json.dumps(found), flush=True)
            known["experiments"].append(found)
            tables.append(table.assign(experiment=name))
    if arguments.out is not None:
        arguments.out.write_text(json.dumps(known, indent=1) + "\n", "utf-8")
    if arguments.predictions is not None:
        pd.concat(tables).to_parquet(arguments.predictions)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--masks", required=True, help="given, or the GPU drill's folder")
    parser.add_argument("--maps", choices=["frozen", "classical"], default="frozen")
    parser.add_argument("--models", default="lightgbm,xgboost")
    parser.add_argument("--folds", default="fold")
    parser.add_argument("--jobs", type=int, default=None)
    parser.add_argument("--out", type=Path, default=None)
    parser.add_argument("--predictions", type=Path, default=None, help="a Parquet file")
    main(parser.parse_args())
