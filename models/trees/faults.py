"""What is wrong with arrays that are said to be trees; all of it, and before any walk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.models.base import NativeModelError

# Fields by length: one a tree, a node, a leaf, a class.
KINDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "roots": ("tree", ("int32",)),
    "group": ("tree", ("int32",)),
    "feature": ("node", ("int32",)),
    "left": ("node", ("int32",)),
    "right": ("node", ("int32",)),
    "threshold": ("node", ("float32",)),
    "missing": ("node", ("uint8",)),
    "value": ("leaf", ("float32", "float64")),
    "start": ("class", ("float32", "float64")),
    "cover": ("node", ("float32",)),
    "leaf_cover": ("leaf", ("float32",)),
}
# Explanations alone need these; trees that are never explained may lack both.
COVERS = ("cover", "leaf_cover")
# Scores that trees add up to stay finite, in float32 too.
MOST = 1e30
# Nodes from a root to a leaf; a tree that takes one row apart after the other has fewer.
MOST_DEEP = 1_000


def unreadable(library: str, error: Exception) -> NativeModelError:
    """Say of a model in a library's own form that it cannot be read, and why.

    Examples
    --------
    >>> str(unreadable("lightgbm", KeyError("objective")))
    "lightgbm's model cannot be read (no 'objective'); copy or train it again"
    """
    said = f"no {error}" if isinstance(error, KeyError) else str(error)[:200]
    return NativeModelError(f"{library}'s model cannot be read ({said}); copy or train it again")


def tree_faults(
    arrays: Mapping[str, NDArray[Any]], columns: int, classes: int | None = None
) -> list[str]:
    """List what keeps arrays from being trees that every walk ends in; see `Trees` for the arrays.

    Parameters
    ----------
    arrays : mapping of str to array
        Anything at all.
    columns : int
        Of the rows that are to be predicted.
    classes : int, optional
        That there must be; default: as many as the arrays have.

    Returns
    -------
    list of str
        Empty where all is well: indices within their arrays, children behind their parents, every
        node and leaf reached from one place, numbers finite, as many trees for each class.

    Examples
    --------
    >>> leaf = {"roots": np.array([-1], np.int32), "value": np.array([0.5])}
    >>> tree_faults(leaf, 3)[:2]
    ["no array 'group'", "no array 'feature'"]
    """
    faults = _kinds(arrays)
    if faults:
        return faults
    trees, nodes, leaves = (len(arrays[name]) for name in ("roots", "feature", "value"))
    own = {"tree": trees, "node": nodes, "leaf": leaves, "class": len(arrays["start"])}
    faults += [
        f"{len(arrays[name])} values in {name!r}, one for each {each} would be {own[each]}"
        for name, (each, _) in KINDS.items()
        if name in arrays and len(arrays[name]) != own[each]
    ]
    if arrays["start"].dtype != arrays["value"].dtype:
        faults.append(f"'start' in {arrays['start'].dtype}, 'value' in {arrays['value'].dtype}")
    faults += _classes(arrays, classes)
    faults += _numbers(arrays, columns)
    return faults or _ways(arrays)


def _kinds(arrays: Mapping[str, NDArray[Any]]) -> list[str]:
    needed = [n for n in KINDS if n not in COVERS or any(c in arrays for c in COVERS)]
    faults = [f"no array {name!r}" for name in needed if name not in arrays]
    faults += [f"an unknown array {name!r}" for name in arrays if name not in KINDS]
    for name in needed:
        array, kinds = arrays.get(name), KINDS[name][1]
        if array is not None and (array.dtype.name not in kinds or array.ndim != 1):
            shape = list(array.shape)
            faults.append(f"{name!r} of {array.dtype} {shape}, expected {' or '.join(kinds)} [n]")
    return faults


def _classes(arrays: Mapping[str, NDArray[Any]], classes: int | None) -> list[str]:
    found, group = len(arrays["start"]), arrays["group"]
    if not found:
        return ["no class"]
    faults = []
    if classes is not None and found != classes:
        faults.append(f"{found} classes, {classes} are named")
    odd = (group < 0) | (group >= found)
    if odd.any():
        faults.append(f"{_counted(odd, 'tree')} of a class that is not there")
    elif len(set(np.bincount(group, minlength=found).tolist())) > 1:
        faults.append("more trees for one class than for another")
    return faults


def _numbers(arrays: Mapping[str, NDArray[Any]], columns: int) -> list[str]:
    feature, leaves, nodes = arrays["feature"], len(arrays["value"]), len(arrays["feature"])
    wrong = {
        f"that ask for a column beyond the {columns}": (feature < 0) | (feature >= columns),
        "without a threshold": np.isnan(arrays["threshold"]),
        "that treat missing values in no known way": arrays["missing"] > 3,
    }
    faults = [f"{_counted(odd, 'node')} {why}" for why, odd in wrong.items() if odd.any()]
    for name in ("roots", "left", "right"):
        astray = (arrays[name] < -leaves) | (arrays[name] >= nodes)
        if astray.any():
            faults.append(f"{_counted(astray, 'value')} in {name!r} that lead out of the trees")
    for name in ("value", "start", *COVERS):
        array = arrays.get(name)
        if array is not None:
            # NaN is not within the bounds either.
            odd = ~(np.abs(array) <= MOST) | ((array < 0) & (name in COVERS))
            if odd.any():
                faults.append(f"{_counted(odd, 'value')} in {name!r} that no training gives")
    return faults


def _ways(arrays: Mapping[str, NDArray[Any]]) -> list[str]:
    """Look at where nodes lead, once all of them lead somewhere."""
    own, faults = np.arange(len(arrays["feature"])), []
    for name in ("left", "right"):
        back = (arrays[name] >= 0) & (arrays[name] <= own)
        if back.any():
            faults.append(f"{_counted(back, 'node')} whose {name} child leads back")
    reached = np.concatenate([arrays[name] for name in ("roots", "left", "right")])
    for what, places, count in (
        ("node", reached[reached >= 0], len(own)),
        ("leaf", -1 - reached[reached < 0], len(arrays["value"])),
    ):
        times = np.bincount(places, minlength=count)
        for odd, why in ((times > 1, "with several parents"), (times < 1, "that nothing leads to")):
            if odd.any():
                faults.append(f"{_counted(odd, what)} {why}")
    return faults or _depth(arrays)


def _depth(arrays: Mapping[str, NDArray[Any]]) -> list[str]:
    nodes = arrays["roots"][arrays["roots"] >= 0]
    for _ in range(MOST_DEEP):
        children = np.concatenate([arrays["left"][nodes], arrays["right"][nodes]])
        nodes = children[children >= 0]
        if not len(nodes):
            return []
    return [f"a tree of more than {MOST_DEEP} nodes one below the other"]


def _counted(odd: NDArray[np.bool_], what: str) -> str:
    count, plural = int(odd.sum()), {"leaf": "leaves", "class": "classes"}.get(what, f"{what}s")
    return f"{count} {what if count == 1 else plural} (first: {int(odd.argmax())})"
