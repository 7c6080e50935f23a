"""Choosing among settings inside each fold's training part, by inner folds of patients."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.parallel import map_in_order

Rows = NDArray[np.bool_]
# Rows to learn from, rows to name: gives the latter's labels, in order.
Judge = Callable[[Rows, Rows], NDArray[Any]]


def right_inside(
    judge: Judge, y: NDArray[Any], folds: NDArray[Any], jobs: int | None = None
) -> dict[str, Rows]:
    """Say which rows are named rightly inside each fold's training part, fold by fold held out.

    Fold a held out of the training part of fold b, and b out of a's, leave the same rows to learn
    from: one fit serves both.

    Parameters
    ----------
    judge : callable
        Learns from rows and names others.
    y, folds : array [N]
        Labels, and the fold that tests each row; patients keep to one fold.
    jobs : int, optional
        Fits at a time; default: one a core.

    Returns
    -------
    dict of str to bool array [N]
        By outer fold; False for its own rows, which nothing was asked about.
    """
    names = sorted(set(folds.tolist()))
    pairs = list(combinations(names, 2))

    def judged(pair: tuple[Any, Any]) -> Rows:
        train = ~np.isin(folds, pair)
        return np.asarray(judge(train, ~train) == y[~train])

    right = {str(name): np.zeros(len(y), bool) for name in names}
    for pair, found in zip(pairs, map_in_order(judged, pairs, jobs=jobs), strict=True):
        held_out = np.isin(folds, pair)
        for outer, inner in (pair, pair[::-1]):
            rows = folds == inner
            right[str(outer)][rows] = found[rows[held_out]]
    return right


def cheapest_as_good(
    scores: Sequence[NDArray[np.float64]], patients: NDArray[Any], costs: Sequence[Any]
) -> int:
    """Choose the cheapest setting that is no further behind the best than a standard error.

    Parameters
    ----------
    scores : sequence of float array [n]
        Of each setting, a row each: 1 right, 0 wrong, or the mean over several heads.
    patients : array [n]
        Of each row. The error of a paired difference is by patient.
    costs : sequence
        Of each setting, in order; what compares as less is cheaper.

    Returns
    -------
    int
        Its place.

    Examples
    --------
    >>> patients = np.arange(100)
    >>> good, worse = np.ones(100), np.repeat([0.0, 1.0], 50)
    >>> cheapest_as_good([good, good, worse], patients, [3, 2, 1])
    1
    """
    best = max(range(len(scores)), key=lambda k: scores[k].mean())
    several, whose = np.unique(patients, return_inverse=True)
    few = len(several) / (len(several) - 1)
    kept = []
    for place, score in enumerate(scores):
        behind = scores[best] - score
        around = np.bincount(whose, behind - behind.mean())
        error = float(np.sqrt(few * (around**2).sum())) / len(score)
        if behind.mean() <= error:
            kept.append(place)
    return min(kept, key=lambda k: costs[k])


def choices(
    right: Sequence[Mapping[str, Mapping[str, Rows]]],
    folds: NDArray[Any],
    patients: NDArray[Any],
    costs: Sequence[Any],
) -> dict[str, int]:
    """Choose a setting in each outer fold's training part.

    Parameters
    ----------
    right : sequence of {head: {outer fold: bool array [N]}}
        Of each setting, by `right_inside`; heads count alike.
    folds, patients : array [N]
    costs : sequence
        As for `cheapest_as_good`.

    Returns
    -------
    dict of str to int
        The place of what was chosen, by outer fold.
    """
    found = {}
    for fold in sorted(set(folds.astype(str).tolist())):
        inside = folds.astype(str) != fold
        scores = [
            np.mean([by_fold[fold][inside] for by_fold in heads.values()], axis=0, dtype=float)
            for heads in right
        ]
        found[fold] = cheapest_as_good(scores, patients[inside], costs)
    return found


def accuracies(heads: Mapping[str, Mapping[str, Rows]], folds: NDArray[Any]) -> dict[str, Any]:
    """Give the accuracy of one setting by head and outer fold, on that fold's training part."""
    named = folds.astype(str)
    return {
        head: {fold: round(float(right[named != fold].mean()), 4) for fold, right in each.items()}
        for head, each in heads.items()
    }
