"""Path-dependent TreeSHAP: what each column adds to a score, leaf by leaf; compiled."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gliaboost.features.kernels.cpu.compiled import entry, part
from gliaboost.models.trees.branches import goes_left


class Ancestry(NamedTuple):
    """Where leaves hang.

    Attributes
    ----------
    parent : int64 array [M]
        Of each node, -1 of a root.
    leaf_parent : int64 array [L]
        Of each leaf, -1 where it is a tree of its own.
    leaf_group : int64 array [L]
        Class of its tree; 0 where it is a tree of its own, which no column has a part in.
    deepest : int
        Nodes from a root to the furthest leaf.
    """

    parent: NDArray[np.int64]
    leaf_parent: NDArray[np.int64]
    leaf_group: NDArray[np.int64]
    deepest: int


def ancestry(
    roots: NDArray[np.int32],
    group: NDArray[np.int32],
    left: NDArray[np.int32],
    right: NDArray[np.int32],
    leaves: int,
) -> Ancestry:
    """Follow checked trees from their roots to their leaves, a level at a time."""
    parent, leaf_parent = np.full(len(left), -1), np.full(leaves, -1)
    leaf_group, deepest = np.zeros(leaves, np.int64), 0
    nodes, classes = roots[roots >= 0], group[roots >= 0]
    while len(nodes):
        deepest += 1
        children = np.concatenate([left[nodes], right[nodes]])
        above, own = np.tile(nodes, 2), np.tile(classes, 2)
        inner = children >= 0
        leaf_parent[-1 - children[~inner]] = above[~inner]
        leaf_group[-1 - children[~inner]] = own[~inner]
        nodes, classes = children[inner], own[inner]
        parent[nodes] = above[inner]
    return Ancestry(parent, leaf_parent, leaf_group, deepest)


@entry
def add_contributions(
    X: Any,
    feature: Any,
    left: Any,
    threshold: Any,
    strict: Any,
    missing: Any,
    value: Any,
    cover: Any,
    leaf_cover: Any,
    parent: Any,
    leaf_parent: Any,
    leaf_group: Any,
    deepest: Any,
    found: Any,
) -> None:
    """Add each column's part in each class's score to `found`, float64 ``[N, K, D]``.

    Nothing is checked here, as in `gliaboost.models.trees.walk.add_scores`; all but the rows comes
    from checked `Trees` and their `ancestry`.

    Every leaf is a game of the columns on its path: one that a coalition lacks is passed with the
    share of the training rows that went on, one that it has, where the row goes on too.
    """
    # Of one leaf's path: its nodes, whether it goes left there, and the place of the node's column.
    path, to_left = np.empty(deepest, np.int64), np.empty(deepest, np.bool_)
    place = np.empty(deepest, np.int64)
    # By column of the path: the share of training rows that go on, and whether this row does.
    columns, share = np.empty(deepest, np.int64), np.empty(deepest)
    goes_on, weight = np.empty(deepest, np.bool_), np.empty(deepest + 1)
    for leaf in range(len(value)):
        node, child, below = leaf_parent[leaf], -1 - leaf, float(leaf_cover[leaf])
        length, used = 0, 0
        while node >= 0:
            # From leaf to root.
            path[length], to_left[length] = node, left[node] == child
            at = 0
            while at < used and columns[at] != feature[node]:
                at += 1
            if at == used:
                columns[at], share[at] = feature[node], 1.0
                used += 1
            above = float(cover[node])
            share[at] *= min(below / above, 1.0) if above > 0 else 0.0
            place[length] = at
            length += 1
            child, below, node = node, above, parent[node]
        k = leaf_group[leaf]
        for n in range(X.shape[0]):
            for at in range(used):
                goes_on[at] = True
            for step in range(length):
                node = path[step]
                x = X[n, feature[node]]
                if goes_left(x, threshold[node], strict, missing[node]) != to_left[step]:
                    goes_on[place[step]] = False
            _weigh(share, goes_on, used, weight)
            for at in range(used):
                own = _without(share[at], goes_on[at], used, weight)
                gain = (1.0 if goes_on[at] else 0.0) - share[at]
                found[n, k, columns[at]] += own * gain * value[leaf]


@part
def _weigh(share: Any, goes_on: Any, used: Any, weight: Any) -> None:
    """Weigh coalitions of each size, all columns of the path among the players."""
    weight[0] = 1.0
    for at in range(used):
        one = 1.0 if goes_on[at] else 0.0
        weight[at + 1] = 0.0
        for size in range(at, -1, -1):
            weight[size + 1] += one * weight[size] * (size + 1) / (at + 2)
            weight[size] *= share[at] * (at + 1 - size) / (at + 2)


@part
def _without(share: Any, goes_on: Any, used: Any, weight: Any) -> Any:
    """Sum the weights of the coalitions that lack a column."""
    total, following = 0.0, weight[used]
    for size in range(used - 1, -1, -1):
        if goes_on:
            own = following * (used + 1) / (size + 1)
            total += own
            following = weight[size] - own * share * (used - size) / (used + 1)
        elif share > 0:
            total += weight[size] * (used + 1) / (share * (used - size))
    return total
