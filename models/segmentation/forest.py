"""Boosted trees for pixels: grown by LightGBM, kept as plain arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.models.trees.lightgbm_form import read_lightgbm
from gliaboost.models.trees.trees import Trees

# What is kept of trees over finite columns that nobody explains; those of the classes take turns.
KEPT = ("roots", "feature", "left", "right", "threshold", "value", "start")


def grow_forest(
    X: NDArray[np.float32],
    y: NDArray[np.int64],
    weight: NDArray[np.float64],
    offsets: NDArray[np.float64],
    *,
    rounds: int,
    seed: int,
) -> Trees:
    """Grow trees on sampled pixels, in one thread.

    Parameters
    ----------
    X : float32 array [N, D]
        Finite.
    y : int64 array [N]
        Classes, 0 to ``len(offsets) - 1``.
    weight : float64 array [N]
        Above 0.
    offsets : float64 array [K]
        Added to the classes' scores afterwards: what sampling made rarer or more frequent.
    rounds : int
        Trees a class.
    seed : int
        Of the columns that a tree may see.

    Returns
    -------
    Trees
    """
    import lightgbm

    parameters = {
        "objective": "multiclass",
        "num_class": len(offsets),
        "learning_rate": 0.1,
        "num_leaves": 127,
        "max_bin": 63,
        "bin_construct_sample_cnt": 20_000,
        "min_data_in_leaf": max(1, min(50, len(X) // 100)),
        "feature_fraction": 0.25,
        "bagging_fraction": 0.6,
        "bagging_freq": 1,
        "lambda_l2": 10.0,
        "use_missing": False,
        "num_threads": 1,
        "seed": seed,
        "deterministic": True,
        "force_col_wise": True,
        "verbosity": -1,
    }
    data = lightgbm.Dataset(X, y, weight=weight, params=parameters)
    booster = lightgbm.train(parameters, data, rounds)
    grown = read_lightgbm(booster.model_to_string())
    return replace(grown, start=np.asarray(offsets, np.float64))


def kept_arrays(trees: Trees) -> dict[str, NDArray[Any]]:
    """Return the plain arrays that a segmenter's file has; `from_kept_arrays` takes them back."""
    arrays = trees.arrays()
    return {name: arrays[name] for name in KEPT}


def from_kept_arrays(arrays: Mapping[str, NDArray[Any]], columns: int) -> Trees:
    """Take up plain arrays, checked as all trees are.

    Raises
    ------
    NativeModelError
        If they are no trees over so many columns.
    """
    roots, feature = (np.size(arrays.get(name, ())) for name in ("roots", "feature"))
    classes = max(1, np.size(arrays.get("start", ())))
    rest: dict[str, NDArray[Any]] = {
        "group": (np.arange(roots) % classes).astype(np.int32),
        "missing": np.zeros(feature, np.uint8),
    }
    return Trees.from_arrays({**rest, **arrays}, columns)
