"""Trees out of LightGBM's own text, without LightGBM."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.models.base import NativeModelError
from gliaboost.models.trees.branches import MISSING_LEFT, ZERO, ZERO_MISSING
from gliaboost.models.trees.faults import unreadable
from gliaboost.models.trees.trees import Trees

# Of a tree's lines: how many numbers there are (a node, a leaf), and of which kind.
LINES: dict[str, tuple[str, type[np.generic]]] = {
    "split_feature": ("node", np.int32),
    "threshold": ("node", np.float64),
    "decision_type": ("node", np.int32),
    "left_child": ("node", np.int32),
    "right_child": ("node", np.int32),
    "internal_count": ("node", np.float32),
    "leaf_value": ("leaf", np.float64),
    "leaf_count": ("leaf", np.float32),
}
# The bits of ``decision_type``.
CATEGORY, DEFAULT_LEFT = 1, 2
MISSING_ZERO, MISSING_NAN = 1, 2


def read_lightgbm(native: bytes | str) -> Trees:
    """Take the trees of a multi-class model out of its text.

    Parameters
    ----------
    native : bytes or str
        From ``Booster.model_to_string``.

    Returns
    -------
    Trees

    Raises
    ------
    NativeModelError
        If it is another kind of model, or damaged.
    """
    try:
        text = native if isinstance(native, str) else native.decode()
        whole, end, _ = text.partition("\nend of trees")
        if not end:
            raise ValueError("no end of trees")
        head, *blocks = whole.split("\nTree=")
        return _trees(_said(head), [_said(block) for block in blocks])
    except NativeModelError:
        raise
    except (ValueError, KeyError, OverflowError) as error:
        raise unreadable("lightgbm", error) from error


def _said(block: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in block.splitlines() if "=" in line)


def _trees(head: Mapping[str, str], trees: list[dict[str, str]]) -> Trees:
    classes, columns = int(head["num_class"]), int(head["max_feature_idx"]) + 1
    if head["objective"].split()[:1] != ["multiclass"] or "average_output" in head:
        raise ValueError(f"the objective {head['objective'][:40]!r}, expected multiclass")
    if int(head["num_tree_per_iteration"]) != classes:
        raise ValueError(f"{head['num_tree_per_iteration']} trees a round for {classes} classes")
    if len(head["tree_sizes"].split()) != len(trees):
        raise ValueError(f"{len(trees)} trees, {len(head['tree_sizes'].split())} were written")
    if not 0 < classes <= 2**16:
        raise ValueError(f"{classes} classes")
    if any(int(tree.get("is_linear", 0)) or int(tree["num_cat"]) for tree in trees):
        raise ValueError("linear leaves or splits by category, which no training here makes")
    leaves = np.array([int(tree["num_leaves"]) for tree in trees], np.int64)
    if leaves.size and not 1 <= leaves.min() <= leaves.max() < 2**31:
        raise ValueError("a tree without leaves")
    whole = {name: _numbers(name, trees, leaves) for name in LINES}
    return Trees.from_arrays(
        {
            **_nodes(whole, leaves),
            "group": (np.arange(len(trees)) % classes).astype(np.int32),
            "start": np.zeros(classes),
        },
        columns,
        classes,
    )


def _numbers(name: str, trees: list[dict[str, str]], leaves: NDArray[np.int64]) -> NDArray[Any]:
    """Read one line of all trees."""
    each, kind = LINES[name]
    words: list[str] = []
    for tree, count in zip(trees, leaves.tolist(), strict=True):
        # A tree of one leaf may leave out what it has no use for.
        found = tree.get(name, "").split() if count == 1 else tree[name].split()
        if count == 1 and name == "leaf_count":
            found = found or ["0"]
        wanted = count - (each == "node")
        if len(found) != wanted:
            raise ValueError(f"{len(found)} numbers in {name}, {wanted} were expected")
        words += found
    if kind is np.int32:
        return np.array([int(word) for word in words], np.int32)
    return np.array([float(word) for word in words], np.float64).astype(kind)


def _nodes(whole: dict[str, NDArray[Any]], leaves: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
    """Count nodes and leaves through all trees, and say what missing values mean there."""
    nodes = leaves - 1
    first_node, first_leaf = np.cumsum(nodes) - nodes, np.cumsum(leaves) - leaves
    own_nodes, own_leaves = np.repeat(nodes, nodes), np.repeat(leaves, nodes)
    begin_node, begin_leaf = np.repeat(first_node, nodes), np.repeat(first_leaf, nodes)
    children = {}
    for name in ("left", "right"):
        child = whole[f"{name}_child"].astype(np.int64)
        if ((child < -own_leaves) | (child >= own_nodes)).any():
            raise ValueError("a child that is not there")
        children[name] = np.where(child < 0, child - begin_leaf, child + begin_node)
    threshold = _without_zeros(whole["threshold"])
    return {
        "roots": np.where(nodes > 0, first_node, -1 - first_leaf).astype(np.int32),
        "feature": whole["split_feature"],
        "left": children["left"].astype(np.int32),
        "right": children["right"].astype(np.int32),
        "threshold": not_above(threshold),
        "missing": _missing(whole["decision_type"], threshold),
        "value": whole["leaf_value"],
        "cover": whole["internal_count"],
        "leaf_cover": whole["leaf_count"],
    }


def _missing(decision: NDArray[np.int32], threshold: NDArray[np.float64]) -> NDArray[np.uint8]:
    kind = decision >> 2
    if ((decision & CATEGORY) != 0).any() or ((kind < 0) | (kind > MISSING_NAN)).any():
        raise ValueError("a split of an unknown kind")
    # Where nothing was missing in training, a missing value is a zero.
    left = np.where(kind == 0, threshold >= 0, (decision & DEFAULT_LEFT) != 0)
    return np.asarray(left * MISSING_LEFT + (kind == MISSING_ZERO) * ZERO_MISSING, np.uint8)


def _without_zeros(threshold: NDArray[np.float64]) -> NDArray[np.float64]:
    """Put thresholds within what the library takes for zero at its edge: all of it goes one way."""
    below = float(np.nextafter(np.float32(-ZERO), np.float32(-np.inf)))
    inside = np.abs(threshold) <= ZERO
    return np.where(inside, np.where(threshold >= 0, ZERO, below), threshold)


def not_above(thresholds: NDArray[np.float64]) -> NDArray[np.float32]:
    """Round down to float32: the same float32 values then are not greater.

    Examples
    --------
    >>> bool(not_above(np.array([0.1]))[0] < 0.1)
    True
    """
    with np.errstate(over="ignore"):
        rounded = thresholds.astype(np.float32)
    below = np.nextafter(rounded, np.float32(-np.inf))
    return np.where(rounded.astype(np.float64) > thresholds, below, rounded).astype(np.float32)
