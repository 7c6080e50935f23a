"""Choosing among settings inside each fold's training part, by inner folds of patients."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.decode import decode
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.prepare import Preparation
from gliaboost.files import replacing
from gliaboost.parallel import map_in_order

Rows = NDArray[np.bool_]
# Rows to learn from, rows to name: gives the latter's labels, in order, as each head names them.
Judge = Callable[[Rows, Rows], Mapping[str, NDArray[Any]]]
C, COMPONENTS = 10.0, 400


class Slices(NamedTuple):
    """Prepared slices: uint8 [N, S, S], and of each its label, its fold and its patient."""

    images: NDArray[np.uint8]
    y: NDArray[np.str_]
    folds: NDArray[np.str_]
    patients: NDArray[np.str_]


def read_slices(
    parser: argparse.ArgumentParser, given: argparse.Namespace, preparation: Preparation
) -> Slices:
    """Read the slices of ``given.manifest``; without the fold ``given.without_fold`` it ends."""
    manifest = Manifest.read(given.manifest)
    folds, y, patients = (
        manifest.table[name].to_numpy().astype(str) for name in ("fold", "label", "patient")
    )
    if given.without_fold not in folds:
        parser.error(f"no fold {given.without_fold!r}; there are {', '.join(sorted(set(folds)))}")
    images = np.stack(list(map_in_order(lambda path: preparation(decode(path)), manifest.paths)))
    return Slices(images, y, folds, patients)


def right_inside(
    judge: Judge, y: NDArray[Any], folds: NDArray[Any], jobs: int | None = None
) -> dict[str, dict[str, Rows]]:
    """Say which rows are named rightly inside each fold's training part, fold by fold held out.

    Fold a held out of the training part of fold b, and b out of a's, leave the same rows to learn
    from: one fit serves both.

    Parameters
    ----------
    judge : callable
        Learns from rows and names others, by one head or several.
    y, folds : array [N]
        Labels, and the fold that tests each row; patients keep to one fold.
    jobs : int, optional
        Fits at a time; default: one a core.

    Returns
    -------
    {head: {outer fold: bool array [N]}}
        False for the outer fold's own rows, which nothing was asked about.
    """
    names = sorted(set(folds.tolist()))
    pairs = list(combinations(names, 2))

    def judged(pair: tuple[Any, Any]) -> dict[str, Rows]:
        train = ~np.isin(folds, pair)
        named = judge(train, ~train)
        return {head: np.asarray(labels == y[~train]) for head, labels in named.items()}

    right: dict[str, dict[str, Rows]] = {}
    for pair, found in zip(pairs, map_in_order(judged, pairs, jobs=jobs), strict=True):
        held_out = np.isin(folds, pair)
        for head, own in found.items():
            by_fold = right.setdefault(head, {str(n): np.zeros(len(y), bool) for n in names})
            for outer, inner in (pair, pair[::-1]):
                rows = folds == inner
                by_fold[str(outer)][rows] = own[rows[held_out]]
    return right


def svm(X: NDArray[np.float32], y: NDArray[Any], train: Rows, test: Rows) -> NDArray[Any]:
    """Name rows by a Gaussian kernel on principal directions, as the model svm does, `C` given."""
    from sklearn.svm import SVC

    from gliaboost.models.heads.reduction import learn_reduction

    reduced = learn_reduction(X[train], COMPONENTS)
    head = SVC(C=C, class_weight="balanced").fit(reduced(X[train]), y[train])
    return np.asarray(head.predict(reduced(X[test])))


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


def written(out: Path, results: Mapping[str, Any], text: str) -> None:
    """Write a JSON and the Markdown beside it, each whole or not at all."""
    out.parent.mkdir(parents=True, exist_ok=True)
    for path, said in ((out, json.dumps(results, indent=1) + "\n"), (out.with_suffix(".md"), text)):
        with replacing(path) as temporary:
            temporary.write_text(said)


def accuracies(heads: Mapping[str, Mapping[str, Rows]], folds: NDArray[Any]) -> dict[str, Any]:
    """Give the accuracy of one setting by head and outer fold, on that fold's training part."""
    named = folds.astype(str)
    return {
        head: {fold: round(float(right[named != fold].mean()), 4) for fold, right in each.items()}
        for head, each in heads.items()
    }
