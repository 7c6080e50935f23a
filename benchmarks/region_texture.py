"""Whether texture counted inside the region alone is worth its columns beside the region's own.

Co-occurrence properties and histograms of local binary patterns, by the same kernels as for whole
slices, of the pixels inside the region and of a ring around it: 188 columns. What `region` has in
their place are averages of the shares of codes and levels, and of contrast and homogeneity at three
distances. Both ways, on the same folds, masks and trees:

    python -m gliaboost.benchmarks.region_texture MANIFEST --masks boosted --maps classical
    python -m gliaboost.benchmarks.region_texture MANIFEST --masks DRILL

``boosted`` are those of `boosted-pixels`, fitted as ``gliaboost benchmark --features region`` fits
them, kept in ``--store``; ``given`` and DRILL are those of `benchmarks.region_masks`.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gliaboost.benchmarks.region_masks import (
    STEP,
    TEXTURE,
    Drilled,
    Given,
    Masks,
    Seen,
    judged,
    left_out,
)
from gliaboost.datasets.decode import decode
from gliaboost.datasets.fold_names import named_folds
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.prepare import Preparation
from gliaboost.datasets.splits import Fold
from gliaboost.features.dense.head import find_head
from gliaboost.features.kernels.cooccurrence import glcm_offsets
from gliaboost.features.kernels.cpu.glcm import glcm_properties
from gliaboost.features.kernels.cpu.lbp import lbp_codes
from gliaboost.features.registry import create
from gliaboost.features.store import FeatureStore
from gliaboost.models.extractor_fits import fitted_on
from gliaboost.models.segmentation.pixel_columns import to_side
from gliaboost.models.segmentation.region import Region
from gliaboost.models.segmentation.region_columns import (
    believed_region,
    maps_to_side,
    region_columns,
)
from gliaboost.models.training_data import TrainingData
from gliaboost.parallel import map_in_order
from gliaboost.reports.statistics.paired import compare

DISTANCES, DIRECTIONS = (1, 2, 4), (0, 45, 90, 135)
PROPERTIES = ("contrast", "dissimilarity", "homogeneity", "energy", "correlation", "entropy")
LEVELS = 32
CIRCLES = ((8, 1), (8, 2))
# Around the region, in pixels of 256.
RING = 8


class Described(NamedTuple):
    """Columns of a slice by the name of its segmenter, and its whole texture."""

    region: dict[str, NDArray[np.float32]]
    within: dict[str, NDArray[np.float32]]
    whole: NDArray[np.float32]


class Boosted:
    """Masks of boosted pixels that had seen neither the test fold nor a training row's own."""

    def __init__(self, data: TrainingData, folds: list[Fold], own: NDArray[Any], maps: str) -> None:
        self.data, self.own = data, own
        self.fits: dict[str, Region] = {}
        everything = data.readable(np.arange(len(data.manifest)))
        names = [fold.name for fold in folds]
        for one, other in itertools.combinations_with_replacement(names, 2):
            taught = everything[~np.isin(own[everything], [one, other])]
            fitted, _ = fitted_on(data, taught, data.labels[taught], Region(maps=maps))
            assert isinstance(fitted, Region)
            self.fits[self.segmenter(one, other)] = fitted
            print(f"segmenter without {one}, {other}", flush=True)

    def of(self, row: int) -> dict[str, Seen]:
        """Ask the segmenters that had not seen the row's fold."""
        image = self.data.images(np.array([row]))
        asked = {n: f.model_ for n, f in self.fits.items() if self.own[row] in n.split("-")}
        return {n: Seen(m.predict_maps(image)[0], m.decision_) for n, m in asked.items()}

    def segmenter(self, test_fold: str, own_fold: str) -> str:
        """Name the one that had seen neither fold."""
        return test_fold if own_fold == test_fold else "-".join(sorted((test_fold, own_fold)))


def within_columns(image: NDArray[np.uint8], seen: Seen) -> NDArray[np.float32]:
    """Count texture inside a region and in the ring around it: float32 [188]."""
    import cv2

    maps, image = maps_to_side(seen.maps), to_side(image)
    together = np.minimum(maps.sum(axis=0), np.float32(1))
    mask, _ = believed_region(together, find_head(image).mask, seen.decision)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * RING + 1, 2 * RING + 1))
    around = (cv2.dilate(mask.astype(np.uint8), kernel) > 0) & ~mask
    offsets = glcm_offsets(DISTANCES, [math.radians(a) for a in DIRECTIONS])
    codes = [lbp_codes(image[None], p, r, "uniform")[0] for p, r in CIRCLES]
    columns = []
    for place in (mask, around):
        columns.append(
            glcm_properties(image[None], offsets, PROPERTIES, levels=LEVELS, masks=place[None])[0]
        )
        for (points, _), each in zip(CIRCLES, codes, strict=True):
            counts = np.bincount(each[place], minlength=points + 2)
            columns.append(counts / max(1, int(place.sum())))
        # Small regions have few pairs: how many is part of what the rest means.
        columns.append(
            np.array([np.log1p(place.sum()), float(image[place].std() if place.any() else 0)])
        )
    return np.concatenate(columns).astype(np.float32)


def described(manifest: Manifest, masks: Masks, maps: str, jobs: int | None) -> list[Described]:
    """Describe each row by every segmenter that may."""
    preparation, paths = Preparation(), manifest.paths
    bank = [create(name) for name in TEXTURE]

    def one(given: tuple[int, dict[str, Seen]]) -> Described:
        row, found = given
        image = preparation(decode(paths[row]))
        return Described(
            {n: region_columns(image, s.maps, s.decision, maps) for n, s in found.items()},
            {n: within_columns(image, s) for n, s in found.items()},
            np.concatenate([e.transform(image[None])[0] for e in bank]),
        )

    rows: list[Described] = []
    for start in range(0, len(manifest), STEP):
        taken = [(row, masks.of(row)) for row in range(start, min(start + STEP, len(manifest)))]
        rows += map_in_order(one, taken, jobs=jobs)
        print(f"{len(rows)} of {len(manifest)}", flush=True)
    return rows


def main(arguments: argparse.Namespace) -> None:
    manifest = Manifest.read(arguments.manifest).check(labelled=True)
    folds, description = named_folds(manifest, arguments.folds)
    own = np.empty(len(manifest), object)
    for fold in folds:
        own[fold.test] = fold.name
    masks: Masks
    if arguments.masks == "boosted":
        data = TrainingData(
            manifest,
            [Region(maps=arguments.maps)],
            Preparation(),
            FeatureStore(arguments.store),
            jobs=arguments.jobs,
        )
        masks = Boosted(data, list(folds), own, arguments.maps)
    else:
        given = arguments.masks == "given"
        masks = Given(manifest) if given else Drilled(Path(arguments.masks), own)
    names = {fold.name: [masks.segmenter(fold.name, str(f)) for f in own] for fold in folds}
    rows = described(manifest, masks, arguments.maps, arguments.jobs)
    whole = np.stack([row.whole for row in rows])
    region = {k: row.region for k, row in enumerate(rows)}
    both = {
        k: {n: np.concatenate([row.region[n], row.within[n]]) for n in row.region}
        for k, row in enumerate(rows)
    }
    known: dict[str, Any] = {
        "manifest": manifest.fingerprint(),
        "folds": description,
        "masks": arguments.masks if arguments.masks in ("boosted", "given") else "U-Nets'",
        "maps": arguments.maps,
        "columns_within": next(len(c) for r in rows for c in r.within.values()),
        "experiments": [],
    }
    facts = {c: manifest.table[c].to_numpy() for c in ("source", "modality")}
    for model in arguments.models.split(","):
        for beside in (whole[:, :0], whole):
            pair = []
            for columns in (region, both):
                begun = time.perf_counter()
                table = left_out(manifest, folds, columns, names, beside, model, arguments.jobs)
                words = [
                    *(["texture"] if beside.shape[1] else []),
                    "region",
                    *(["texture within"] if columns is both else []),
                ]
                name = f"{model} on {' + '.join(words)}"
                found = judged(name, table, begun)
                print(json.dumps(found), flush=True)
                known["experiments"].append(found)
                at = table["row"].to_numpy()
                extra = {column: values[at] for column, values in facts.items()}
                paths = manifest.table["path"].to_numpy()[at]
                pair.append(table.assign(experiment=name, path=paths, **extra))
            known["experiments"][-1]["against_the_row_before"] = asdict(compare(pair[::-1])[0])
            print(known["experiments"][-1]["against_the_row_before"], flush=True)
    if arguments.out is not None:
        arguments.out.write_text(json.dumps(known, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--masks", required=True, help="boosted, given, or the GPU drill's folder")
    parser.add_argument("--maps", choices=["frozen", "classical"], default="frozen")
    parser.add_argument("--models", default="xgboost")
    parser.add_argument("--folds", default="fold")
    parser.add_argument("--store", type=Path, default=Path("store"))
    parser.add_argument("--jobs", type=int, default=None)
    parser.add_argument("--out", type=Path, default=None)
    main(parser.parse_args())
