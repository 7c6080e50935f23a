"""The U-Net on all official folds: Dice, speed, and the masks of slices it did not learn from."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.gpu_drill.data import FEW_SIZE, SIZE, figshare
from benchmarks.gpu_drill.findings import Findings, Given
from gliaboost.datasets.prepare import Preparation
from gliaboost.datasets.sources import read_source
from gliaboost.features.prepared import read_images
from gliaboost.files import replacing
from gliaboost.models.segmentation.registry import create_segmenter
from gliaboost.models.segmentation.training_masks import read_training_masks

SEED = 0
# Slices predicted at once: a GPU prepares the network anew for each other number.
PREDICTED = 64
# Maps are kept so small: as fine as the encoder's third stage sees a slice of 256 pixels.
KEPT = 64
TINY = {
    "backbone": "mobilenetv3_small_050", "weights": "random", "size": 32, "width": 4,
    "epochs": 1, "head_epochs": 1, "batch_size": 4,
}  # fmt: skip


class Masked(NamedTuple):
    """Slices with their masks, labels, patients and official folds."""

    images: NDArray[np.uint8]
    masks: NDArray[np.bool_]
    labels: NDArray[Any]
    patients: NDArray[Any]
    folds: NDArray[Any]


class Answers(NamedTuple):
    """What was predicted of each slice by one that had not seen its fold.

    Attributes
    ----------
    masks : bool array [N, S, S]
    maps : uint8 array [N, K, 64, 64]
        Mean probabilities of the classes in 255ths.
    shares : float16 array [N, K]
        Mean probabilities inside the predicted mask; 0 where it is empty.
    known : bool array [N]
    """

    masks: NDArray[np.bool_]
    maps: NDArray[np.uint8]
    shares: NDArray[np.float16]
    known: NDArray[np.bool_]


def run(findings: Findings, given: Given) -> None:
    """Leave each fold out once, while there is time; keep what is predicted."""
    taken = masked_slices(findings, given)
    name, longest = "defaults", 0.0
    answers = nothing_known(taken)
    folds: dict[str, Any] = {}
    for fold in given.mine(np.unique(taken.folds)):
        if given.left() < 1.15 * longest + 5:
            findings.skip(f"{name}, from fold {fold}", "no time was left")
            break
        begun = time.monotonic()
        with findings.attempt(f"{name}, fold {fold}"):
            folds[str(fold)] = left_out([fold], taken, answers, given)
            findings.note(name, {**judged(taken, answers), "folds": folds})
            save(
                findings.path.with_name(f"{findings.path.stem}-{name}.npz"), packed(taken, answers)
            )
        longest = max(longest, time.monotonic() - begun)
    for measure, values in zip(("dice", "iou"), overlaps(taken.masks, answers.masks), strict=True):
        texts = np.where(answers.known, np.round(values * 1e4).astype(int).astype(str), "")
        findings.note(f"{name}, {measure} by slice in ten-thousandths", ",".join(texts))


def masked_slices(findings: Findings, given: Given) -> Masked:
    """Read the slices that came along, or simulated ones, with their masks."""
    size = FEW_SIZE if given.dry else SIZE
    manifest = read_source("figshare", figshare(given))
    preparation = Preparation(size=size)
    images, _, failed = read_images(manifest.paths, preparation)
    assert not failed, failed
    masks = read_training_masks(manifest, range(len(images)), preparation)
    assert masks.known.all(), masks.failed
    columns = (manifest.table[c].to_numpy(str) for c in ("label", "patient", "fold"))
    taken = Masked(images, masks.masks, *columns)
    count = np.unique(taken.patients).size
    findings.note("slices", f"{len(images)} with masks, {size} px, {count} patients")
    return taken


def nothing_known(taken: Masked) -> Answers:
    """Make room for the answers."""
    count, kinds = len(taken.images), np.unique(taken.labels).size
    return Answers(
        np.zeros(taken.masks.shape, bool),
        np.zeros((count, kinds, KEPT, KEPT), np.uint8),
        np.zeros((count, kinds), np.float16),
        np.zeros(count, bool),
    )


def left_out(folds: list[Any], taken: Masked, answers: Answers, given: Given) -> dict[str, Any]:
    """Fit on the other folds, predict these, and say how fast and how well."""
    test = np.isin(taken.folds, folds)
    settings = TINY if given.dry else {}
    model = create_segmenter("unet", device=given.device, seed=SEED, **settings)
    if given.device == "cuda":
        torch.cuda.reset_peak_memory_stats()
    begun = time.perf_counter()
    rest = ~test
    model.fit(taken.images[rest], taken.masks[rest], taken.labels[rest], taken.patients[rest])
    fitted = time.perf_counter()
    left = np.flatnonzero(test)
    for rows in np.split(left, range(PREDICTED, len(left), PREDICTED)):
        predict_into(answers, rows, model, taken.images[rows])
    ended = time.perf_counter()
    history: list[dict[str, Any]] = model.history_
    found = {
        "settings": settings,
        **judged(taken, answers, test),
        "seconds": round(fitted - begun, 1),
        "training_images_a_second": round(history[-1]["images_per_second"], 1),
        "predicted_images_a_second": round(test.sum() / (ended - fitted), 1),
        "device": model.device_,
        "decision": vars(model.decision_),
        "best_epoch": model.best_epoch_,
        "epochs": [
            {k: v if isinstance(v, str) else round(v, 4) for k, v in entry.items()}
            for entry in history
        ],
    }
    if given.device == "cuda":
        found["peak_mib"] = round(torch.cuda.max_memory_allocated() / 2**20)
    return found


def predict_into(
    answers: Answers, rows: NDArray[np.int64], model: Any, images: NDArray[np.uint8]
) -> None:
    """Predict some slices, once for their maps and their masks."""
    from gliaboost.models.segmentation.decision import tumour_mask

    maps = model.predict_maps(images)
    cell = maps.shape[-1] // KEPT
    small = maps.reshape(*maps.shape[:2], KEPT, cell, KEPT, cell).mean(axis=(3, 5))
    answers.maps[rows] = np.round(small * 255)
    for row, each in zip(rows, maps, strict=True):
        mask = tumour_mask(np.minimum(each.sum(axis=0), np.float32(1)), model.decision_)
        answers.masks[row] = mask
        answers.shares[row] = each[:, mask].mean(axis=1) if mask.any() else 0
    answers.known[rows] = True


def overlaps(
    truth: NDArray[np.bool_], found: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give each slice's Dice and IoU; two empty masks are the same."""
    both = (truth & found).sum(axis=(1, 2))
    either = (truth | found).sum(axis=(1, 2))
    total = both + either
    dice = np.where(total > 0, 2 * both / np.maximum(total, 1), 1.0)
    return dice, np.where(either > 0, both / np.maximum(either, 1), 1.0)


def judged(
    taken: Masked, answers: Answers, rows: NDArray[np.bool_] | None = None
) -> dict[str, Any]:
    """Measure masks and kinds of the rows that were predicted, pooled over slices."""
    known = answers.known if rows is None else answers.known & rows
    if not known.any():
        return {"images": 0}
    dice, iou = overlaps(taken.masks[known], answers.masks[known])
    classes, y = np.unique(taken.labels, return_inverse=True)
    empty = ~answers.masks[known].any(axis=(1, 2))
    kind = np.where(
        empty, answers.maps[known].max(axis=(2, 3)).argmax(1), answers.shares[known].argmax(1)
    )
    return {
        "images": int(known.sum()),
        "dice": round(float(dice.mean()), 4),
        "dice_median": round(float(np.median(dice)), 4),
        "iou": round(float(iou.mean()), 4),
        "missed": int((dice == 0).sum()),
        "empty": int(empty.sum()),
        "accuracy_of_kinds": round(float((kind == y[known]).mean()), 4),
        "dice_by_class": {
            name: round(float(dice[y[known] == k].mean()), 4)
            for k, name in enumerate(classes)
            if (y[known] == k).any()
        },
    }


def save(path: Path, arrays: dict[str, Any]) -> None:
    """Write arrays, whole or not at all."""
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **arrays)


def packed(taken: Masked, answers: Answers) -> dict[str, NDArray[Any]]:
    """Lay down what is known: masks a bit a pixel, and which rows of the table it is."""
    rows = np.flatnonzero(answers.known)
    return {
        "rows": rows.astype(np.int32),
        "masks": np.packbits(answers.masks[rows], axis=-1),
        "maps": answers.maps[rows],
        "shares": answers.shares[rows],
        "classes": np.unique(taken.labels),
    }
