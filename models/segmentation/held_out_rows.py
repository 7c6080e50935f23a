"""Which training rows choose a segmenter's epoch and its decision: whole patients, some ill."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.inner_splits import inner_validation, text_codes


def held_out_rows(
    labels: NDArray[Any],
    ill: NDArray[np.bool_],
    groups: NDArray[Any],
    fraction: float,
    seed: int,
) -> NDArray[np.bool_]:
    """Hold out whole patients, of each class of tumour some; where that cannot be, none, and warn.

    Parameters
    ----------
    labels : array [N]
        Class of each image.
    ill : bool array [N]
        Whether it shows a tumour.
    groups : array [N]
        Its patient.
    fraction : float
        Share of the images, from 0 (none), below 1.
    seed : int
        Of the draw.

    Returns
    -------
    bool array [N]

    Examples
    --------
    >>> who = np.repeat(np.arange(10), 2)
    >>> held = held_out_rows(np.full(20, "glioma"), np.ones(20, bool), who, 0.2, seed=0)
    >>> int(held.sum()), len(set(who[held]))
    (4, 2)
    """
    if not fraction:
        return np.zeros(len(ill), bool)
    patients = text_codes(groups)
    healthy = len(np.unique(patients[~ill]))
    # Few healthy patients need not be on both sides: with two, half of all would be held out.
    told = ill | (healthy >= 1 / fraction)
    strata = np.where(ill, labels, "")[told]
    held_out = np.zeros(len(ill), bool)
    held_out[told] = inner_validation(strata, patients[told], fraction, seed)
    held_out |= np.isin(patients, patients[held_out])
    if not held_out.any():
        warnings.warn(
            "a class has a single patient with a tumour, so none can be held out: the last "
            "epoch is kept, and a pixel counts as tumour from one half",
            stacklevel=5,
        )
    return held_out
