"""Step 5: XGBoost on CUDA, fed from the GPU's memory, against the CPU on the same folds."""

from __future__ import annotations

import importlib.util
import json
import time
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.gpu_drill.data import Slices, slices
from benchmarks.gpu_drill.findings import Findings, Given
from gliaboost.features import GLCM, HOG, LBP
from gliaboost.models.registry import create_model

ROWS, WIDTH, ROUNDS = 100_000, 2_700, 50


def run(findings: Findings, given: Given) -> None:
    """Fit our model on each fold on both devices, then the library's own on more rows."""
    if importlib.util.find_spec("xgboost") is None:
        findings.skip("xgboost", "xgboost is not installed")
        return
    taken = slices(given)
    findings.note("slices", taken.described)
    extractors = [LBP(), GLCM()] if given.dry else [HOG(), LBP(), GLCM()]
    there = torch.from_numpy(taken.images).to(given.device)
    X = torch.cat([e.transform(there) for e in extractors], 1)
    findings.note("shape", list(X.shape))
    if given.device == "cuda":
        with findings.attempt("from_device_memory"):
            findings.note("from_device_memory", from_device_memory(X, taken))
    else:
        findings.skip("from_device_memory", "no GPU")
    devices = ("cuda", "cpu") if given.device == "cuda" else ("cpu",)
    rows = 200 if given.dry else ROWS
    with findings.attempt(f"{rows} rows, {devices[0]}"):
        findings.note(f"{rows} rows, {devices[0]}", many_rows(rows, devices[0], given))
    # The CPU first: it is known to be quick on so few rows.
    for device in reversed(devices):
        with findings.attempt(device):
            folds(findings, X.cpu().numpy(), taken, device, given)
    if given.device == "cuda":
        if given.left() < 25:
            findings.skip(f"{rows} rows, cpu", "no time was left")
            return
        with findings.attempt(f"{rows} rows, cpu"):
            findings.note(f"{rows} rows, cpu", many_rows(rows, "cpu", given))


def folds(
    findings: Findings, X: NDArray[np.float32], taken: Slices, device: str, given: Given
) -> None:
    """Fit and test on each fold while there is time, and note after each."""
    few: dict[str, Any] = {"rounds": 3, "inner_folds": 0} if given.dry else {}
    classes, y = np.unique(taken.labels.astype(str), return_inverse=True)
    seconds: list[float] = []
    rounds: list[int] = []
    right: list[bool] = []
    said = set()
    for fold in np.unique(taken.folds.astype(str)):
        if given.left() < 1.2 * max(seconds, default=0):
            findings.skip(f"{device}, from fold {fold}", "no time was left")
            return
        test = taken.folds.astype(str) == fold
        model: Any = create_model("xgboost", device=device, **few)
        begun = time.perf_counter()
        model.fit(X[~test], y[~test], groups=taken.patients[~test])
        seconds.append(round(time.perf_counter() - begun, 2))
        rounds.append(model.n_rounds_)
        right += (model.predict(X[test]) == y[test]).tolist()
        # Read back from the fitted model's own configuration.
        said.add((model.device_, model.memory_))
        findings.note(
            device,
            {
                "seconds_a_fold": seconds,
                "rounds_a_fold": rounds,
                "images": len(right),
                "accuracy": round(float(np.mean(right)), 4),
                "classes": classes.tolist(),
                "trained_on_and_read_from": sorted(map(list, said)),
            },
        )


def from_device_memory(X: torch.Tensor, taken: Slices) -> dict[str, Any]:
    """Hand the columns to the library where they lie, and by way of the host, and time both."""
    import cupy
    import xgboost

    y = np.unique(taken.labels.astype(str), return_inverse=True)[1]
    seen = cupy.from_dlpack(X.contiguous())
    result: dict[str, Any] = {"same_memory": int(seen.data.ptr) == X.contiguous().data_ptr()}
    host = X.cpu().numpy()
    for name, columns in {"warm-up": seen, "device": seen, "host": host}.items():
        begun = time.perf_counter()
        matrix = xgboost.QuantileDMatrix(columns, label=y, max_bin=31)
        made = time.perf_counter() - begun
        parameters = {
            "objective": "multi:softprob",
            "num_class": int(y.max()) + 1,
            "device": "cuda",
            "max_bin": 31,
        }
        booster = xgboost.train(parameters, matrix, 20)
        result[name] = {
            "matrix_seconds": round(made, 4),
            "seconds": round(time.perf_counter() - begun, 3),
            "device": json.loads(booster.save_config())["learner"]["generic_param"]["device"],
        }
    begun = time.perf_counter()
    answer = booster.inplace_predict(seen)
    result["predicted_in"] = type(answer).__module__.split(".")[0]
    result["predict_seconds"] = round(time.perf_counter() - begun, 4)
    return result


def many_rows(rows: int, device: str, given: Given) -> dict[str, Any]:
    """Fit the library's own model on many rows, drawn where they are needed."""
    import xgboost

    width = 40 if given.dry else WIDTH
    rounds = 3 if given.dry else ROUNDS
    generator = torch.Generator(device).manual_seed(0)
    drawn = torch.rand((rows, width), generator=generator, device=device)
    label = ((drawn[:, 0] + drawn[:, 1]) * 1.5).long().cpu().numpy()
    columns: Any = drawn.numpy() if device == "cpu" else _cupy(drawn)
    begun = time.perf_counter()
    matrix = xgboost.QuantileDMatrix(columns, label=label, max_bin=31)
    made = time.perf_counter() - begun
    parameters = {
        "objective": "multi:softprob",
        "num_class": 3,
        "device": device,
        "max_bin": 31,
        "max_leaves": 15,
        "grow_policy": "lossguide",
        "max_depth": 0,
        "colsample_bytree": 0.02,
        "subsample": 0.5,
    }
    xgboost.train(parameters, matrix, rounds)
    return {
        "rows": rows,
        "columns": width,
        "rounds": rounds,
        "matrix_seconds": round(made, 3),
        "seconds": round(time.perf_counter() - begun, 3),
    }


def _cupy(tensor: torch.Tensor) -> Any:
    import cupy

    return cupy.from_dlpack(tensor)
