"""Proofs that a booster's library can train on a device: a tiny model, or an error."""

from __future__ import annotations

import json

import numpy as np


def train_xgboost(device: str) -> None:
    """Train a tiny model with XGBoost.

    Without a GPU the library trains on the CPU and raises nothing, so its own word is read back.

    Parameters
    ----------
    device : {"cpu", "cuda"}
        Where to train.

    Raises
    ------
    RuntimeError
        If it trained elsewhere.
    """
    import xgboost

    X = np.random.default_rng(0).random((64, 4), dtype=np.float32)
    data = xgboost.QuantileDMatrix(X, label=(X[:, 0] > 0.5))
    booster = xgboost.train({"device": device, "tree_method": "hist", "verbosity": 0}, data, 1)
    used = json.loads(booster.save_config())["learner"]["generic_param"]["device"]
    if used.partition(":")[0] != device:
        raise RuntimeError(f"it trained on {used}")


def train_lightgbm(device: str) -> None:
    """Train a tiny model with LightGBM, whose error, or abortion of the process, is the answer.

    Parameters
    ----------
    device : {"cpu", "cuda"}
        Where to train.
    """
    import lightgbm

    X = np.random.default_rng(0).random((64, 4), dtype=np.float32)
    data = lightgbm.Dataset(X, label=(X[:, 0] > 0.5).astype(int))
    lightgbm.train({"device_type": device, "objective": "binary", "verbosity": -1}, data, 1)
