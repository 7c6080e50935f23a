"""What a booster's decision rests on: SHAP values by column and by feature family."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from gliaboost.errors import UsageError

# Rows that a share is measured on: its error falls no further that a reader would notice.
ROWS = 256


def contributions(
    library: str, native: bytes, X: NDArray[np.float32], classes: int
) -> NDArray[np.float32]:
    """Give each column's part in each class's score, by the booster's own TreeSHAP.

    Parameters
    ----------
    library : str
        ``"xgboost"`` or ``"lightgbm"``.
    native : bytes
        The model, in its library's own format.
    X : float32 array [N, D]
        Columns.
    classes : int
        Number of classes K.

    Returns
    -------
    float32 array [N, K, D]
        With a constant they sum to the raw score (log odds) of the class.

    References
    ----------
    S. M. Lundberg et al., From local explanations to global understanding with explainable AI for
    trees, Nature Machine Intelligence 2, 2020.
    """
    if library == "lightgbm":
        import lightgbm

        booster = lightgbm.Booster(model_str=native.decode())
        found = np.asarray(booster.predict(X, pred_contrib=True))
    elif library == "xgboost":
        import xgboost

        model = xgboost.Booster({"verbosity": 0, "device": "cpu"})
        model.load_model(bytearray(native))
        found = model.predict(xgboost.DMatrix(X), pred_contribs=True)
    else:
        raise UsageError(f"no SHAP values for {library!r}; expected lightgbm or xgboost")
    return np.asarray(found.reshape(len(X), classes, X.shape[1] + 1)[..., :-1], dtype=np.float32)


def share_by_family(
    values: NDArray[np.float32], families: Sequence[str], widths: Sequence[int]
) -> dict[str, float]:
    """Sum mean absolute SHAP values by feature family, as shares of all.

    Parameters
    ----------
    values : float32 array [N, K, D]
        From `contributions`.
    families : sequence of str
        Names, in the order of the columns.
    widths : sequence of int
        Columns of each; they sum to D.

    Returns
    -------
    dict of str to float
        Shares, which sum to 1; all zero where no column has any part.

    Examples
    --------
    >>> values = np.array([[[1, -1, 2]]], np.float32)
    >>> share_by_family(values, ["hog", "lbp"], [2, 1])
    {'hog': 0.5, 'lbp': 0.5}
    """
    importance = np.abs(values).mean(axis=(0, 1), dtype=np.float64)
    edges = np.concatenate([[0], np.cumsum(widths)])
    sums = [float(importance[a:b].sum()) for a, b in pairwise(edges)]
    whole = sum(sums) or 1.0
    return {name: part / whole for name, part in zip(families, sums, strict=True)}
