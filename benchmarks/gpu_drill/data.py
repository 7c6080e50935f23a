"""The slices that a step works on: the real ones that came along, else simulated ones."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.gpu_drill.findings import Given
from benchmarks.gpu_drill.place import unpack_slices
from benchmarks.pictures import texture

SIZE = 256
# Of what is simulated; in a dry run, and otherwise.
FEW, FEW_SIZE = 24, 64
MANY = 512
CLASSES = ("glioma", "meningioma", "pituitary")


class Slices(NamedTuple):
    """Images with what is known of them, and what they are in words."""

    images: NDArray[np.uint8]
    labels: NDArray[Any]
    patients: NDArray[Any]
    folds: NDArray[Any]
    described: str


def slices(given: Given) -> Slices:
    """Read the slices that came along; without them, or in a dry run, simulate some."""
    folder = None if given.dry else unpack_slices(given.place)
    return simulated(given.dry) if folder is None else _read(folder)


def figshare(given: Given) -> Path:
    """Return a folder in figshare's layout, with the same slices."""
    folder = None if given.dry else unpack_slices(given.place)
    return folder or _written(simulated(given.dry), given.place / "simulated")


def _read(folder: Path) -> Slices:
    # Only here: not all that it imports comes along in a call that carries no slices.
    from gliaboost.datasets.prepare import Preparation
    from gliaboost.datasets.sources import read_source
    from gliaboost.features.prepared import read_images

    manifest = read_source("figshare", folder)
    images, _, failed = read_images(manifest.paths, Preparation(size=SIZE))
    assert not failed, failed
    known = {c: manifest.table[c].to_numpy(dtype=object) for c in ("label", "patient", "fold")}
    what = f"{len(images)} MRI slices (figshare), {SIZE} px, JPEG again"
    return Slices(images, known["label"], known["patient"], known["fold"], what)


def simulated(dry: bool) -> Slices:
    """Simulate slices with something to learn: a bright bar whose place tells the class."""
    count, size = (FEW, FEW_SIZE) if dry else (MANY, SIZE)
    images, rows = texture(count, size), np.arange(count)
    for image, label in zip(images, rows % len(CLASSES), strict=True):
        left = size * (1 + int(label)) // 5
        image[size // 3 : size // 2, left : left + size // 8] |= 192
    patients = rows // 2
    return Slices(
        images,
        np.asarray(CLASSES, dtype=object)[rows % len(CLASSES)],
        np.asarray([f"p{p}" for p in patients], dtype=object),
        np.asarray([str(1 + p % 2) for p in patients], dtype=object),
        f"{count} simulated slices, {size} px",
    )


def _written(taken: Slices, folder: Path) -> Path:
    for name in ("images", "masks"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    with (folder / "metadata.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(("image", "mask", "label", "patient_id", "cvind_fold"))
        for i, image in enumerate(taken.images):
            paths = f"images/{i}.png", f"masks/{i}.png"
            cv2.imwrite(str(folder / paths[0]), image)
            cv2.imwrite(str(folder / paths[1]), (image > 191).astype(np.uint8) * 255)
            table.writerow((*paths, taken.labels[i], taken.patients[i], taken.folds[i]))
    return folder
