"""Trees out of XGBoost's own format, without XGBoost."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.models.base import NativeModelError
from gliaboost.models.trees.faults import unreadable
from gliaboost.models.trees.trees import Trees
from gliaboost.models.trees.ubjson import read_ubjson

# By what is read of a tree: the kind it is brought to.
PARTS: dict[str, type[np.generic]] = {
    "left_children": np.int64,
    "right_children": np.int64,
    "split_indices": np.int64,
    "split_conditions": np.float32,
    "default_left": np.int64,
    "split_type": np.int64,
    "sum_hessian": np.float32,
}


def read_xgboost(native: bytes) -> Trees:
    """Take the trees of a multi-class model out of its bytes.

    Parameters
    ----------
    native : bytes
        UBJSON, from ``Booster.save_raw("ubj")``.

    Returns
    -------
    Trees

    Raises
    ------
    NativeModelError
        If it is another kind of model, or damaged.
    """
    try:
        return _trees(read_ubjson(native)["learner"])
    except NativeModelError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError) as error:
        raise unreadable("xgboost", error) from error


def _trees(learner: dict[str, Any]) -> Trees:
    _expect("booster", learner["gradient_booster"]["name"], "gbtree")
    _expect("objective", learner["objective"]["name"], "multi:softprob")
    about, model = learner["learner_model_param"], learner["gradient_booster"]["model"]
    classes, columns = int(about["num_class"]), int(about["num_feature"])
    trees = model["trees"]
    for tree in trees:
        _expect("values a leaf", int(tree["tree_param"]["size_leaf_vector"] or 0) in (0, 1), True)
    group = np.array(model["tree_info"], np.int64)
    if len(group) != len(trees):
        raise ValueError(f"{len(trees)} trees, {len(group)} classes of them")
    parts = {name: [_array(tree[name], kind) for tree in trees] for name, kind in PARTS.items()}
    sizes = np.array([len(part) for part in parts["left_children"]], np.int64)
    if any([len(part) for part in own] != sizes.tolist() for own in parts.values()) or (
        sizes.size and sizes.min() < 1
    ):
        raise ValueError("trees of several lengths")
    whole = {
        name: np.concatenate([np.empty(0, kind), *parts[name]]) for name, kind in PARTS.items()
    }
    if whole["split_type"].any():
        raise ValueError("splits by category, which no training here makes")
    return Trees.from_arrays(
        {**_nodes(whole, sizes), "group": _int32(group), "start": _start(about, classes)},
        columns,
        classes,
        strict=True,
    )


def _nodes(whole: dict[str, NDArray[Any]], sizes: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
    """Count nodes and leaves through all trees, each by themselves."""
    first = np.cumsum(sizes) - sizes
    begin, count = np.repeat(first, sizes), np.repeat(sizes, sizes)
    inner = whole["left_children"] >= 0
    number = np.where(inner, np.cumsum(inner) - 1, -1 * np.cumsum(~inner))
    children = {}
    for name in ("left", "right"):
        child = whole[f"{name}_children"][inner]
        if ((child < 1) | (child >= count[inner])).any():
            raise ValueError("a child that is not there")
        children[name] = number[child + begin[inner]]
    default = whole["default_left"][inner]
    if ((default < 0) | (default > 1)).any():
        raise ValueError("a default that is neither left nor right")
    return {
        "roots": _int32(number[first]),
        "feature": _int32(whole["split_indices"][inner]),
        "left": _int32(children["left"]),
        "right": _int32(children["right"]),
        "threshold": whole["split_conditions"][inner],
        "missing": default.astype(np.uint8),
        "value": whole["split_conditions"][~inner],
        "cover": whole["sum_hessian"][inner],
        "leaf_cover": whole["sum_hessian"][~inner],
    }


def _start(about: dict[str, Any], classes: int) -> NDArray[np.float32]:
    """Read the scores before the first tree: one, or one a class in brackets."""
    start = np.array([float(word) for word in about["base_score"].strip("[]").split(",")])
    if len(start) not in (1, classes) or not 0 < classes <= 2**16:
        raise ValueError(f"{len(start)} base scores for {classes} classes")
    return np.broadcast_to(start.astype(np.float32), classes).copy()


def _array(values: Any, kind: type[np.generic]) -> NDArray[Any]:
    array = np.asarray(values)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iuf"):
        raise ValueError("a list of something else than numbers")
    return array.astype(kind)


def _int32(values: NDArray[np.int64]) -> NDArray[np.int32]:
    if values.size and not -(2**31) <= values.min() <= values.max() < 2**31:
        raise ValueError("a number that is too large")
    return values.astype(np.int32)


def _expect(what: str, seen: object, expected: object) -> None:
    if seen != expected:
        raise NativeModelError(
            f"xgboost's model has the {what} {seen!r}, {expected!r} was expected; gliaboost reads "
            "the models that it trained"
        )
