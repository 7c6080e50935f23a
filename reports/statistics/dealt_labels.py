"""The control with dealt labels: what a quick learner makes of them, and how it is judged."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gliaboost.reports.statistics.dealing import deal, spread
from gliaboost.reports.statistics.kernel_ridge import answers, likeness
from gliaboost.reports.statistics.measures import DealtLabels, UnitName

Codes = NDArray[np.int64]
Folds = Sequence[tuple[Codes, Codes]]
Verdict = Literal["chance", "few", "below", "doubtful", "leak"]

DEALINGS = 199
# More rows than this make the quick learner slow: of larger sets, whole units are drawn.
MOST = 4000
# Fewer different dealings than this show nothing.
FEWEST = 20
# Dealings that resemble the truth least, whose luck is measured.
UNLIKE = 40
# A mean that is off chance by less says nothing about a leak that matters.
MARGIN, OWN_MARGIN = 0.02, 0.05


def dealings(labels: Codes, units: Codes, folds: Folds, seed: int, count: int = DEALINGS) -> Codes:
    """Deal the labels many times (see `gliaboost.reports.statistics.dealing.deal`).

    Returns
    -------
    int64 array [count, N]
        First those that resemble the true labels least, in the training parts: what is learned from
        them knows the true ones by luck the least.
    """
    rng = np.random.default_rng(seed)
    dealt = np.stack([deal(labels, units, folds, rng) for _ in range(count)])
    count = int(labels.max()) + 1
    resemblance = [
        np.mean([abs(balanced_accuracy(labels[t], one[t], count) - 1 / count) for t, _ in folds])
        for one in dealt
    ]
    return dealt[np.argsort(resemblance, kind="stable")]


def measure_dealt(
    columns: NDArray[np.float32],
    labels: Codes,
    units: Codes,
    folds: Folds,
    dealt: Codes,
    unit: UnitName,
    seed: int = 0,
) -> DealtLabels:
    """Learn each dealing, and the truth, by a quick learner; ask it for the same labels.

    Parameters
    ----------
    columns : float32 array [N, D]
        Features.
    labels, units : int64 arrays [N]
        Class by number, and what was dealt by.
    folds : sequence of (training rows, test rows)
        Those of the benchmark.
    dealt : int64 array [L, N]
        From `dealings`.
    unit : {"patient", "group", "image"}
        What units are.
    seed : int
        Which units are drawn where there are more than 4,000 rows.

    Returns
    -------
    DealtLabels

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> units = np.arange(60) // 2
    >>> labels = units % 2
    >>> columns = rng.normal(size=(60, 8)).astype(np.float32)
    >>> columns[1::2] = columns[::2]  # each picture is there twice
    >>> half = [(np.arange(0, 60, 2), np.arange(1, 60, 2))]  # and its copy is in the test part
    >>> found = measure_dealt(
    ...     columns, labels, units, half, dealings(labels, units, half, 0, 50), "group"
    ... )
    >>> dealt_verdict(found)
    'leak'
    """
    classes = int(labels.max()) + 1
    kept = _drawn(labels, units, np.random.default_rng(seed))
    place = np.full(len(labels), -1)
    place[kept] = np.arange(len(kept))
    known = np.concatenate([labels[None], dealt])[:, kept]
    weight = 1 / np.bincount(np.unique(units[kept], return_inverse=True)[1])
    weight = weight[np.unique(units[kept], return_inverse=True)[1]]
    alike = likeness(columns[kept])
    found, rows = [], []
    for train, test in folds:
        own, asked = (p[p >= 0] for p in (place[train], place[test]))
        if len(own) and len(asked):
            found.append(answers(alike, own, asked, known, classes, weight))
            rows.append(asked)
    given, asked = np.concatenate(found, axis=1), np.concatenate(rows)
    scores = [balanced_accuracy(a, b, classes) for a, b in zip(known[:, asked], given, strict=True)]
    by_luck = [balanced_accuracy(known[0, asked], b, classes) for b in given[1 : 1 + UNLIKE]]
    return DealtLabels(
        unit=unit,
        units=len(np.unique(units[kept])),
        images=len(kept),
        classes=classes,
        scores=tuple(round(s, 4) for s in scores[1:]),
        distinct=len(np.unique(known[1:], axis=0)),
        true=round(scores[0], 4),
        luck=round(float(np.std(by_luck, ddof=1)) if len(by_luck) > 1 else 0.0, 4),
    )


def balanced_accuracy(truth: Codes, predicted: Codes, classes: int) -> float:
    """Average the recalls of the classes that are there.

    Examples
    --------
    >>> balanced_accuracy(np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1]), 2).__round__(3)
    0.833
    """
    size = np.bincount(truth, minlength=classes)
    right = np.bincount(truth[truth == predicted], minlength=classes)
    return float((right[size > 0] / size[size > 0]).mean())


def dealt_verdict(found: DealtLabels) -> Verdict:
    """Tell chance from a leak, by how far the scores vary from dealing to dealing.

    The mean of the quick learner is known to its standard error, and counts from two points on. The
    benchmark's own model has learned few dealings, so it may be off by as much as these are.

    Returns
    -------
    {"chance", "few", "below", "doubtful", "leak"}
        ``few``: too few units for different dealings. ``below``: further below chance than the
        dealings explain.
    """
    chance, sd = found.chance, found.sd
    worth, error = found.mean - chance, sd / math.sqrt(len(found.scores))
    margin = max(MARGIN, 5 * error)
    own = [
        (sum(values) / len(values) - chance, spread / math.sqrt(len(values)))
        for values, spread in ((found.own, sd), (found.own_true, found.luck))
        if values
    ]
    if worth > margin or any(w > max(OWN_MARGIN, 4 * s) for w, s in own):
        return "leak"
    if worth > max(MARGIN / 2, 3.5 * error) or any(w > max(OWN_MARGIN, 3.5 * s) for w, s in own):
        return "doubtful"
    if found.distinct < FEWEST:
        return "few"
    if worth < -margin or any(w < -max(OWN_MARGIN, 4 * s) for w, s in own):
        return "below"
    return "chance"


def _drawn(labels: Codes, units: Codes, rng: np.random.Generator) -> Codes:
    """Draw whole units, every class in its share, until there are `MOST` rows."""
    if len(labels) <= MOST:
        return np.arange(len(labels))
    _, first, codes, sizes = np.unique(
        units, return_index=True, return_inverse=True, return_counts=True
    )
    order = spread(labels[first], rng)
    taken = order[np.cumsum(sizes[order]) <= MOST]
    return np.flatnonzero(np.isin(codes, taken))
