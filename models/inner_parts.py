"""Training rows divided so that each can be described by what never saw it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.inner_splits import inner_folds, text_codes
from gliaboost.errors import UsageError
from gliaboost.models.training_data import TrainingData

Rows = NDArray[np.int64]

# Where no outer folds give them.
PARTS = 4


def inner_parts(
    data: TrainingData,
    rows: Rows,
    labels: NDArray[Any],
    folds: Rows | None = None,
    *,
    parts: int = PARTS,
    seed: int = 0,
) -> Rows:
    """Divide training rows, whole patients and groups together.

    Parameters
    ----------
    data : TrainingData
        Of these rows.
    rows : int64 array [n]
        Training rows.
    labels : array [n]
        Each part's other rows hold every class, where that can be.
    folds : int64 array [n], optional
        Outer folds of these rows, -1 none. Taken as they are if every row has one, there are two or
        more, and none cuts a group: what is fitted without two folds then serves both.
    parts : int
        How many otherwise; fewer where there are fewer patients.
    seed : int
        Which division.

    Returns
    -------
    int64 array [n]
        Number of each row's part.

    Raises
    ------
    UsageError
        If all rows are of one patient.
    """
    groups = data.groups[rows]
    if folds is not None and (folds >= 0).all() and len(set(folds)) > 1:
        both = len(set(zip(groups, folds, strict=True))) > len(set(groups))
        if not both:
            return folds
    number = np.full(len(rows), -1)
    # By content, so that the order of a manifest's rows does not matter.
    order = order_by_content(data.keys(rows), labels, groups)
    for part, held_out in enumerate(
        inner_folds(text_codes(labels[order]), groups[order], parts, seed)
    ):
        number[order[held_out]] = part
    left = number < 0
    if left.all():
        # A class of a single patient: then patients alone are divided.
        codes = text_codes(groups)
        if codes.max() == 0:
            raise UsageError(
                "all training rows are of one patient or group; an extractor that learns needs "
                "two, so that no row is described by one that learned from it"
            )
        return np.asarray(codes % min(parts, int(codes.max()) + 1))
    number[left] = number.max() + 1
    return number


def teaching(data: TrainingData, rows: Rows, held_out: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Choose the rows that may teach an extractor which describes those held out.

    Parameters
    ----------
    data : TrainingData
        Of these rows.
    rows : int64 array [n]
        Training rows.
    held_out : bool array [n]
        What is to be described.

    Returns
    -------
    bool array [n]
        None of these rows, nor one that shares its patient, group or file with one of them.
    """
    keys = np.asarray(data.keys(rows), dtype=object)
    groups = data.groups[rows]
    known = set(keys[held_out]), set(groups[held_out])
    shared = [k in known[0] or g in known[1] for k, g in zip(keys, groups, strict=True)]
    return np.asarray(~(held_out | np.asarray(shared, bool)))


def order_by_content(keys: Sequence[str], labels: NDArray[Any], groups: NDArray[Any]) -> Rows:
    """Order rows by what they are, whatever their order in a manifest."""
    facts = list(zip(keys, map(str, labels), map(str, groups), strict=True))
    return np.asarray(sorted(range(len(facts)), key=facts.__getitem__), np.int64)
