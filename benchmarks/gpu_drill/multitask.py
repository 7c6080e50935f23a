"""The multi-task network on all official folds: accuracy, Dice and speed."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.gpu_drill.findings import Findings, Given
from benchmarks.gpu_drill.segmenting import Masked, masked_slices, overlaps
from gliaboost.models.registry import create_model
from gliaboost.models.segmentation.decision import Decision, tumour_mask

SEED = 0
# Half of the peak, and any peak.
DRAWN = Decision(least=0.1)
# In this order, each fold while there is time.
SETTINGS: dict[str, dict[str, Any]] = {"defaults": {}, "longer": {"epochs": 30}}
# Of the defaults.
EPOCHS = 14
TINY = {
    "backbone": "mobilenetv3_small_050", "weights": "random", "size": 32, "width": 4,
    "epochs": 1, "batch_size": 4,
}  # fmt: skip


def run(findings: Findings, given: Given) -> None:
    """Leave each fold out once; then once more with other settings, while there is time."""
    taken = masked_slices(findings, given)
    longest = 0.0
    for name, changed in SETTINGS.items():
        # A longer training takes longer than what was measured before.
        longest *= max(1.0, changed.get("epochs", 0) / EPOCHS)
        longest = all_folds(findings, name, changed, taken, given, longest)


def all_folds(
    findings: Findings,
    name: str,
    changed: dict[str, Any],
    taken: Masked,
    given: Given,
    longest: float,
) -> float:
    """Fit every fold while there is time; return the longest's seconds."""
    classes, y = np.unique(taken.labels, return_inverse=True)
    probabilities = np.full((len(y), len(classes)), np.nan)
    dice = np.full(len(y), np.nan)
    folds: dict[str, Any] = {}
    for fold in given.mine(np.unique(taken.folds)):
        if given.left() < 1.15 * longest + 5:
            findings.skip(f"{name}, from fold {fold}", "no time was left")
            break
        begun = time.monotonic()
        with findings.attempt(f"{name}, fold {fold}"):
            rows = np.flatnonzero(taken.folds == fold)
            folds[str(fold)] = left_out(rows, taken, changed, given, probabilities, dice)
            known = ~np.isnan(dice)
            found = {
                "images": int(known.sum()),
                "accuracy": round(float((probabilities[known].argmax(1) == y[known]).mean()), 4),
                "dice": round(float(dice[known].mean()), 4),
                "folds": folds,
            }
            findings.note(name, found)
        longest = max(longest, time.monotonic() - begun)
    texts = [
        ",".join("" if np.isnan(p) else str(round(p * 1e4)) for p in column)
        for column in probabilities.T
    ]
    findings.note(f"{name}, predictions", {"classes": classes.tolist(), "probabilities": texts})
    return longest


def left_out(
    rows: NDArray[np.int64],
    taken: Masked,
    changed: dict[str, Any],
    given: Given,
    probabilities: NDArray[np.float64],
    dice: NDArray[np.float64],
) -> dict[str, Any]:
    """Fit on the other rows, predict these into the arrays, and say how fast and how well."""
    rest = np.setdiff1d(np.arange(len(taken.labels)), rows)
    settings = {**changed, **(TINY if given.dry else {})}
    model: Any = create_model("cnn-multitask", device=given.device, seed=SEED, **settings)
    if given.device == "cuda":
        torch.cuda.reset_peak_memory_stats()
    begun = time.perf_counter()
    model.fit(
        taken.images[rest], taken.labels[rest], groups=taken.patients[rest],
        masks=taken.masks[rest],
    )  # fmt: skip
    fitted = time.perf_counter()
    probabilities[rows] = model.predict_proba(taken.images[rows])
    for some in np.array_split(rows, max(1, len(rows) // 64)):
        maps = np.minimum(model.predict_maps(taken.images[some]).sum(axis=1), np.float32(1))
        drawn = np.stack([tumour_mask(each, DRAWN) for each in maps])
        dice[some] = overlaps(taken.masks[some], drawn)[0]
    right = model.classes_[probabilities[rows].argmax(1)] == taken.labels[rows]
    found = {
        "settings": settings,
        "accuracy": round(float(right.mean()), 4),
        "dice": round(float(dice[rows].mean()), 4),
        "images": len(rows),
        "seconds": round(fitted - begun, 1),
        "training_images_a_second": round(model.images_per_second_, 1),
        "device": model.device_,
        "best_epoch": model.best_epoch_,
        "epochs": [
            {k: v if isinstance(v, str) else round(v, 4) for k, v in entry.items()}
            for entry in model.history_
        ],
    }
    if given.device == "cuda":
        found["peak_mib"] = round(torch.cuda.max_memory_allocated() / 2**20)
    return found
