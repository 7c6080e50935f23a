"""Rows walk through trees; compiled, as it is a loop over every row and tree."""

from __future__ import annotations

from typing import Any

from gliaboost.features.kernels.cpu.compiled import entry
from gliaboost.models.trees.branches import goes_left

# Rows that walk through one tree after the other together, so that their columns stay in the cache.
BLOCK = 128


@entry
def add_scores(
    X: Any,
    roots: Any,
    group: Any,
    feature: Any,
    left: Any,
    right: Any,
    threshold: Any,
    strict: Any,
    missing: Any,
    value: Any,
    scores: Any,
) -> None:
    """Add every tree's leaf to the score of its class, tree by tree, in the scores' precision.

    Nothing is checked here: a node that leads astray would be read from outside the arrays. The
    arguments are the fields of checked `Trees`, and `scores` is ``[N, K]`` of the dtype of `value`.
    """
    count = X.shape[0]
    for first in range(0, count, BLOCK):
        last = min(first + BLOCK, count)
        for tree in range(len(roots)):
            k = group[tree]
            root = roots[tree]
            for n in range(first, last):
                node = root
                while node >= 0:
                    x = X[n, feature[node]]
                    if goes_left(x, threshold[node], strict, missing[node]):
                        node = left[node]
                    else:
                        node = right[node]
                scores[n, k] += value[-1 - node]
