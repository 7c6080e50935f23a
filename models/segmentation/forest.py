"""Boosted trees for pixels: grown by LightGBM, kept as plain arrays, walked by compiled code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from gliaboost.features.kernels.cpu.compiled import entry
from gliaboost.models.base import NativeModelError

# Rows that walk through one tree after the other together, so that their columns stay in the cache.
BLOCK = 128


@dataclass(frozen=True, eq=False)
class Forest:
    """Trees of all classes, one after the other.

    Attributes
    ----------
    roots : int32 array [T]
        Each tree's first node, or ``-1 - leaf`` for a tree of one leaf; trees of the classes take
        turns.
    feature, left, right : int32 array [M]
        Column that a node asks for, and where it leads: a later node, or ``-1 - leaf``.
    threshold : float32 array [M]
        To the left goes what is not greater.
    value : float64 array [L]
        What a leaf adds to its class's score.
    start : float64 array [K]
        Added to the classes' scores.
    """

    roots: NDArray[np.int32]
    feature: NDArray[np.int32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    threshold: NDArray[np.float32]
    value: NDArray[np.float64]
    start: NDArray[np.float64]

    def scores(self, X: NDArray[np.float32]) -> NDArray[np.float64]:
        """Give every class's score, ``float64 [N, K]``."""
        scores = np.tile(self.start, (len(X), 1))
        _walk(
            np.ascontiguousarray(X, np.float32),
            self.roots,
            self.feature,
            self.left,
            self.right,
            self.threshold,
            self.value,
            scores,
        )
        return scores

    def probabilities(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        """Give every class's probability, ``float32 [N, K]``; rows sum to 1."""
        scores = self.scores(X)
        odds = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(odds / odds.sum(axis=1, keepdims=True), np.float32)

    def shifted(self, shift: float) -> Forest:
        """Add to the score of every class but the first."""
        start = self.start.copy()
        start[1:] += shift
        return replace(self, start=start)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the plain arrays; `from_arrays` takes them back."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], columns: int) -> Self:
        """Take up plain arrays, checked so that no walk leaves them or goes in circles.

        Raises
        ------
        NativeModelError
            If they are no trees over so many columns.
        """
        kinds = {
            "roots": np.int32,
            "feature": np.int32,
            "left": np.int32,
            "right": np.int32,
            "threshold": np.float32,
            "value": np.float64,
            "start": np.float64,
        }
        for name, kind in kinds.items():
            array = arrays.get(name)
            if array is None or array.dtype != kind or array.ndim != 1:
                raise _no_trees(f"no column {name!r} of {np.dtype(kind)}")
        forest = cls(**{name: np.ascontiguousarray(arrays[name]) for name in kinds})
        nodes, leaves = len(forest.feature), len(forest.value)
        if not len(forest.start) or len(forest.roots) % len(forest.start):
            raise _no_trees(f"{len(forest.roots)} trees for {len(forest.start)} classes")
        if not nodes == len(forest.left) == len(forest.right) == len(forest.threshold):
            raise _no_trees("nodes of several lengths")
        own = np.arange(nodes)
        for children in (forest.left, forest.right):
            if ((children >= 0) & (children <= own)).any() or (children >= nodes).any():
                raise _no_trees("a node that leads back")
        for reached in (forest.left, forest.right, forest.roots):
            if (reached < -leaves).any() or (reached >= nodes).any():
                raise _no_trees("a leaf that is not there")
        if ((forest.feature < 0) | (forest.feature >= columns)).any():
            raise _no_trees(f"a column beyond the {columns} that there are")
        return forest


def grow_forest(
    X: NDArray[np.float32],
    y: NDArray[np.int64],
    weight: NDArray[np.float64],
    offsets: NDArray[np.float64],
    *,
    rounds: int,
    seed: int,
) -> Forest:
    """Grow trees on sampled pixels, in one thread.

    Parameters
    ----------
    X : float32 array [N, D]
        Finite.
    y : int64 array [N]
        Classes, 0 to ``len(offsets) - 1``.
    weight : float64 array [N]
        Above 0.
    offsets : float64 array [K]
        Added to the classes' scores afterwards: what sampling made rarer or more frequent.
    rounds : int
        Trees a class.
    seed : int
        Of the columns that a tree may see.

    Returns
    -------
    Forest
    """
    import lightgbm

    parameters = {
        "objective": "multiclass",
        "num_class": len(offsets),
        "learning_rate": 0.1,
        "num_leaves": 127,
        "max_bin": 63,
        "bin_construct_sample_cnt": 20_000,
        "min_data_in_leaf": max(1, min(50, len(X) // 100)),
        "feature_fraction": 0.25,
        "bagging_fraction": 0.6,
        "bagging_freq": 1,
        "lambda_l2": 10.0,
        "use_missing": False,
        "num_threads": 1,
        "seed": seed,
        "deterministic": True,
        "force_col_wise": True,
        "verbosity": -1,
    }
    data = lightgbm.Dataset(X, y, weight=weight, params=parameters)
    booster = lightgbm.train(parameters, data, rounds)
    return _plain(booster.model_to_string(), offsets)


def _plain(text: str, offsets: NDArray[np.float64]) -> Forest:
    """Read LightGBM's text, whose trees are numbered from 0 each, into one run of arrays."""
    roots: list[int] = []
    parts: dict[str, list[NDArray[Any]]] = {
        name: [] for name in ("split_feature", "threshold", "left_child", "right_child", "leaf")
    }
    nodes = leaves = 0
    for block in text.split("end of trees")[0].split("\nTree=")[1:]:
        said = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        values = np.array(said["leaf_value"].split(), float)
        if int(said["num_leaves"]) > 1:
            roots.append(nodes)
            for name in ("left_child", "right_child"):
                child = np.array(said[name].split(), int)
                parts[name].append(np.where(child < 0, child - leaves, child + nodes))
            parts["split_feature"].append(np.array(said["split_feature"].split(), int))
            parts["threshold"].append(_not_above(np.array(said["threshold"].split(), float)))
            nodes += len(parts["split_feature"][-1])
        else:
            roots.append(-1 - leaves)
        parts["leaf"].append(values)
        leaves += len(values)
    whole = {name: np.concatenate([*part, np.empty(0)]) for name, part in parts.items()}
    return Forest(
        np.array(roots, np.int32),
        whole["split_feature"].astype(np.int32),
        whole["left_child"].astype(np.int32),
        whole["right_child"].astype(np.int32),
        whole["threshold"].astype(np.float32),
        whole["leaf"].astype(np.float64),
        np.asarray(offsets, np.float64),
    )


def _not_above(thresholds: NDArray[np.float64]) -> NDArray[np.float32]:
    """Round down to float32: the same float32 values then are not greater."""
    rounded = thresholds.astype(np.float32)
    below = np.nextafter(rounded, np.float32(-np.inf))
    return np.where(rounded.astype(np.float64) > thresholds, below, rounded).astype(np.float32)


def _no_trees(why: str) -> NativeModelError:
    return NativeModelError(f"the segmenter's trees cannot be read ({why}); copy or train it again")


@entry
def _walk(
    X: Any,
    roots: Any,
    feature: Any,
    left: Any,
    right: Any,
    threshold: Any,
    value: Any,
    scores: Any,
) -> None:
    count, classes = scores.shape
    for first in range(0, count, BLOCK):
        last = min(first + BLOCK, count)
        for tree in range(len(roots)):
            k = tree % classes
            root = roots[tree]
            for n in range(first, last):
                node = root
                while node >= 0:
                    small = X[n, feature[node]] <= threshold[node]
                    node = left[node] if small else right[node]
                scores[n, k] += value[-1 - node]
