"""What region features would reach with the true region: the ceiling of every segmenter.

The true masks stand in the segmenter's place, for training rows and for test rows; all else is as
in ``gliaboost benchmark --features region``. Rows without a mask that is not empty are left out.

    python -m gliaboost.benchmarks.region_given MANIFEST --maps frozen --out FILE.json
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.decode import decode
from gliaboost.datasets.fold_names import named_folds
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.prepare import Preparation
from gliaboost.models.registry import create_model, shared_parameters
from gliaboost.models.segmentation.decision import Decision
from gliaboost.models.segmentation.region_columns import region_columns
from gliaboost.models.segmentation.training_masks import read_training_masks
from gliaboost.parallel import map_in_order

# Masks that are held at once.
STEP = 64


def given_columns(
    manifest: Manifest, maps: str, jobs: int | None
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Describe each image's true region; return the columns, and the rows that have one."""
    preparation, paths = Preparation(), manifest.paths
    columns, rows = [], []
    for start in range(0, len(manifest), STEP):
        part = np.arange(start, min(start + STEP, len(manifest)))
        masks = read_training_masks(manifest, part, preparation, jobs=jobs).masks
        there = [k for k in range(len(part)) if masks[k].any()]

        def one(k: int, masks: Any = masks, part: Any = part) -> NDArray[np.float32]:
            image = preparation(decode(paths[part[k]]))
            return region_columns(image, masks[k][None].astype(np.float32), Decision(), maps)

        columns += list(map_in_order(one, there, jobs=jobs))
        rows += [int(part[k]) for k in there]
        print(f"{part[-1] + 1} of {len(manifest)}", flush=True)
    return np.stack(columns), np.asarray(rows)


def main(arguments: argparse.Namespace) -> None:
    manifest = Manifest.read(arguments.manifest).check(labelled=True)
    folds, description = named_folds(manifest, arguments.folds)
    left_out = set(filter(None, arguments.without.split(",")))
    begun = time.perf_counter()
    X, rows = given_columns(manifest, arguments.maps, arguments.jobs)
    place = np.full(len(manifest), -1)
    place[rows] = np.arange(len(rows))
    labels = manifest.table["label"].to_numpy(dtype=object)
    groups = np.asarray(manifest.groups, dtype=object)
    found: dict[str, list[int]] = {}
    never = {int(row) for fold in folds if fold.name in left_out for row in fold.test}
    for fold in folds:
        if fold.name in left_out:
            continue
        train, test = (
            np.asarray([row for row in part if place[row] >= 0 and row not in never])
            for part in (fold.train, fold.test)
        )
        shared = shared_parameters(arguments.model, device="cpu", jobs=arguments.jobs, seed=0)
        model = create_model(arguments.model, **shared)
        model.fit(X[place[train]], labels[train], groups=groups[train])
        said = model.classes_[model.predict_proba(X[place[test]]).argmax(axis=1)]
        found[fold.name] = [int((said == labels[test]).sum()), len(test)]
        print(f"fold {fold.name}: {found[fold.name][0] / len(test):.4f} of {len(test)}", flush=True)
    right, asked = (sum(n[k] for n in found.values()) for k in (0, 1))
    known = {
        "manifest": manifest.fingerprint(),
        "folds": description,
        "without": sorted(left_out),
        "model": arguments.model,
        "maps": arguments.maps,
        "columns": X.shape[1],
        "right_of_asked": found,
        "accuracy": right / asked,
        "seconds": time.perf_counter() - begun,
    }
    print(json.dumps(known, indent=1))
    if arguments.out is not None:
        arguments.out.write_text(json.dumps(known, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--maps", choices=["frozen", "classical"], default="frozen")
    parser.add_argument("--model", default="lightgbm")
    parser.add_argument("--folds", default="fold")
    parser.add_argument("--without", default="", help="folds that are not looked at, by comma")
    parser.add_argument("--jobs", type=int, default=None)
    parser.add_argument("--out", type=Path, default=None)
    main(parser.parse_args())
