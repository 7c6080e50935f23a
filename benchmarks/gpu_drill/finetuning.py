"""Step 3: the fine-tuned network on all official folds, and how fast it learns."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.gpu_drill.data import SIZE, Slices, slices
from benchmarks.gpu_drill.findings import Findings, Given
from gliaboost.models.registry import create_model

# In this order, each fold while there is time: first as it is by default, then longer.
SETTINGS: dict[str, dict[str, Any]] = {
    "defaults": {},
    "longer": {"epochs": 20, "batch_size": 64},
    "longer, cutmix": {"epochs": 20, "batch_size": 64, "mix": "cutmix"},
}
BATCHES = (64, 128, 256)
SEED = 0
# Seconds that a look at the speed takes, most of them to prepare the layers.
SPEED = 25


def run(findings: Findings, given: Given) -> None:
    """Train and test on each fold; then once more with other settings, while there is time."""
    taken = slices(given)
    findings.note("slices", taken.described)
    size = 32 if given.dry else SIZE
    findings.note("size", size)
    answers: dict[str, NDArray[np.float64]] = {}
    rates: dict[int, float] = {}
    for name, changed in list(SETTINGS.items())[: 2 if given.dry else None]:
        images = 0.8 * len(taken.images) * (1 + changed.get("epochs", 0))
        # Without a rate for this batch, the one that is known takes its place.
        known = rates.get(changed.get("batch_size", 0)) or min(rates.values(), default=1e9)
        expected = images / known
        fits = all_folds(findings, name, {"size": size, **changed}, taken, given, expected)
        if fits is not None:
            answers[name] = fits
        if name == "defaults":
            for batch in (8,) if given.dry else BATCHES:
                if given.left() < SPEED:
                    findings.skip(f"speed, batch {batch}", "no time was left")
                    continue
                with findings.attempt(f"speed, batch {batch}"):
                    found = speed(taken, size, batch, given)
                    rates[batch] = found["training_images_a_second"]
                    findings.note(f"speed, batch {batch}", found)
    if len(answers) > 1:
        together = np.mean(list(answers.values()), axis=0)
        findings.note(f"mean of {', '.join(answers)}", judged(together, taken))


def all_folds(
    findings: Findings,
    name: str,
    settings: dict[str, Any],
    taken: Slices,
    given: Given,
    expected: float,
) -> NDArray[np.float64] | None:
    """Fit every fold; None, and what there is noted, where the time does not suffice."""
    classes, y = np.unique(taken.labels.astype(str), return_inverse=True)
    probabilities = np.full((len(y), len(classes)), np.nan)
    if given.dry:
        settings = {**settings, "epochs": 1, "head_epochs": 1, "batch_size": 8}
    folds: dict[str, Any] = {}
    for fold in np.unique(taken.folds.astype(str)):
        if given.left() < 1.15 * expected + 3:
            findings.skip(f"{name}, from fold {fold}", "no time was left")
            break
        test = taken.folds.astype(str) == fold
        model: Any = create_model(
            "cnn-finetune", device=given.device, precision="auto", seed=SEED, **settings
        )
        if given.device == "cuda":
            torch.cuda.reset_peak_memory_stats()
        begun = time.perf_counter()
        with findings.attempt(f"{name}, fold {fold}"):
            model.fit(taken.images[~test], y[~test], groups=taken.patients[~test])
            fitted = time.perf_counter() - begun
            probabilities[test] = model.predict_proba(taken.images[test])
            right = probabilities[test].argmax(1) == y[test]
            folds[fold] = {
                "accuracy": round(float(right.mean()), 4),
                "images": int(test.sum()),
                "seconds": round(fitted, 1),
                "training_images_a_second": round(model.images_per_second_, 1),
                "best_epoch": model.best_epoch_,
                "epochs": [
                    {k: v if isinstance(v, str) else round(v, 4) for k, v in entry.items()}
                    for entry in model.history_
                ],
                "device": model.device_,
            }
            if given.device == "cuda":
                folds[fold]["peak_mib"] = round(torch.cuda.max_memory_allocated() / 2**20)
            findings.note(
                name, {"settings": settings, **judged(probabilities, taken), "folds": folds}
            )
        expected = time.perf_counter() - begun
    # One text a class: by row of the table, in ten-thousandths, empty where not predicted.
    texts = [
        ",".join("" if np.isnan(p) else str(round(p * 1e4)) for p in column)
        for column in probabilities.T
    ]
    findings.note(f"{name}, predictions", {"classes": classes.tolist(), "probabilities": texts})
    return None if np.isnan(probabilities).any() else probabilities


def judged(probabilities: NDArray[np.float64], taken: Slices) -> dict[str, Any]:
    """Count what is right among the rows that were predicted, pooled over folds."""
    classes, y = np.unique(taken.labels.astype(str), return_inverse=True)
    known = ~np.isnan(probabilities[:, 0])
    right = probabilities[known].argmax(1) == y[known]
    recalls = {c: float(right[y[known] == k].mean()) for k, c in enumerate(classes)}
    return {
        "images": int(known.sum()),
        "accuracy": round(float(right.mean()), 4),
        "balanced_accuracy": round(float(np.mean(list(recalls.values()))), 4),
        "recalls": {c: round(r, 4) for c, r in recalls.items()},
    }


def speed(taken: Slices, size: int, batch: int, given: Given) -> dict[str, Any]:
    """Train two epochs of all layers, and look at the second."""
    if given.device == "cuda":
        torch.cuda.reset_peak_memory_stats()
    model: Any = create_model(
        "cnn-finetune",
        device=given.device,
        size=size,
        epochs=2,
        head_epochs=0,
        batch_size=batch,
        validation_fraction=0.0,
    )
    model.fit(taken.images, taken.labels.astype(str), groups=taken.patients)
    found = {"training_images_a_second": round(model.history_[-1]["images_per_second"], 1)}
    if given.device == "cuda":
        found["peak_mib"] = round(torch.cuda.max_memory_allocated() / 2**20)
    return found
