"""Every way in which arrays are no trees is told; what is told is refused before any walk."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gliaboost.models.trees.faults import COVERS, MOST_DEEP, tree_faults

Arrays = dict[str, NDArray[Any]]


def sound(**changed: Any) -> Arrays:
    """Two trees of two classes over three columns: one of three leaves, one of one."""
    arrays: Arrays = {
        "roots": np.array([0, -4], np.int32),
        "group": np.array([0, 1], np.int32),
        "feature": np.array([2, 0], np.int32),
        "left": np.array([1, -1], np.int32),
        "right": np.array([-3, -2], np.int32),
        "threshold": np.array([0.5, -1.5], np.float32),
        "missing": np.array([0, 3], np.uint8),
        "value": np.array([1.0, 2.0, 3.0, 4.0]),
        "start": np.zeros(2),
        "cover": np.array([9, 4], np.float32),
        "leaf_cover": np.array([2, 2, 5, 0], np.float32),
    }
    return {**arrays, **changed}


def changed(name: str, place: int, value: float) -> Arrays:
    arrays = sound()
    arrays[name][place] = value
    return arrays


def test_sound_trees_have_no_faults() -> None:
    assert tree_faults(sound(), 3, 2) == []
    plain = {name: each for name, each in sound().items() if name not in COVERS}
    assert tree_faults(plain, 3) == []


def test_trees_of_no_round_are_sound() -> None:
    none = {name: each[:0] for name, each in sound().items() if name != "start"}
    assert tree_faults({**none, "start": np.zeros(2)}, 3, 2) == []


@pytest.mark.parametrize(
    ("name", "place", "value", "said"),
    [
        ("roots", 0, 2, "1 value (first: 0) in 'roots' that lead out"),
        ("roots", 1, -5, "1 value (first: 1) in 'roots' that lead out"),
        ("left", 0, 2, "'left' that lead out"),
        ("right", 1, -(2**31), "'right' that lead out"),
        ("left", 0, 0, "1 node (first: 0) whose left child leads back"),
        ("right", 1, 0, "1 node (first: 1) whose right child leads back"),
        ("right", 0, 1, "1 node (first: 1) with several parents"),
        ("right", 0, -1, "1 leaf (first: 0) with several parents"),
        ("left", 0, -3, "1 node (first: 1) that nothing leads to"),
        ("roots", 1, -1, "1 leaf (first: 3) that nothing leads to"),
        ("group", 0, 2, "1 tree (first: 0) of a class that is not there"),
        ("group", 1, -5, "1 tree (first: 1) of a class that is not there"),
        ("group", 1, 0, "more trees for one class"),
        ("feature", 0, 3, "1 node (first: 0) that ask for a column beyond the 3"),
        ("feature", 1, -1, "ask for a column"),
        ("threshold", 0, np.nan, "without a threshold"),
        ("missing", 0, 4, "missing values in no known way"),
        ("value", 2, np.nan, "1 value (first: 2) in 'value' that no training gives"),
        ("value", 2, np.inf, "in 'value'"),
        ("value", 2, -1e31, "in 'value'"),
        ("start", 0, np.inf, "in 'start'"),
        ("cover", 0, -1, "in 'cover'"),
        ("leaf_cover", 0, np.nan, "in 'leaf_cover'"),
    ],
)
def test_a_wrong_number_is_told(name: str, place: int, value: float, said: str) -> None:
    faults = tree_faults(changed(name, place, value), 3, 2)
    assert any(said in fault for fault in faults), faults


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({"left": np.array([1, -1], np.int64)}, "'left' of int64 [2], expected int32 [n]"),
        ({"value": np.zeros(4, np.int32)}, "'value' of int32"),
        ({"threshold": np.zeros((2, 1), np.float32)}, "'threshold' of float32 [2, 1]"),
        ({"left": np.array([1], np.int32)}, "1 values in 'left', one for each node would be 2"),
        ({"leaf_cover": np.zeros(2, np.float32)}, "one for each leaf would be 4"),
        ({"group": np.zeros(3, np.int32)}, "one for each tree would be 2"),
        ({"start": np.zeros(2, np.float32)}, "'start' in float32, 'value' in float64"),
        ({"start": np.zeros(0)}, "no class"),
        ({"start": np.zeros(3)}, "3 classes, 2 are named"),
        ({"more": np.zeros(3)}, "an unknown array 'more'"),
    ],
)
def test_arrays_of_other_kinds_and_lengths_are_told(broken: Arrays, said: str) -> None:
    faults = tree_faults(sound(**broken), 3, 2)
    assert any(said in fault for fault in faults), faults


@pytest.mark.parametrize("name", sorted(sound()))
def test_an_absent_array_is_told(name: str) -> None:
    arrays = sound()
    del arrays[name]
    assert f"no array {name!r}" in tree_faults(arrays, 3, 2)


def test_all_faults_are_told_together() -> None:
    broken = sound(missing=np.array([9, 9], np.uint8), group=np.array([0, 7], np.int32))
    broken["feature"][0] = 99
    broken["value"][:] = np.nan
    assert len(tree_faults(broken, 3, 5)) == 5


def chain(length: int) -> Arrays:
    own = np.arange(length)
    return {
        "roots": np.array([0], np.int32),
        "group": np.array([0], np.int32),
        "feature": np.zeros(length, np.int32),
        "left": (-1 - own).astype(np.int32),
        "right": np.append(own[1:], -1 - length).astype(np.int32),
        "threshold": np.zeros(length, np.float32),
        "missing": np.zeros(length, np.uint8),
        "value": np.zeros(length + 1),
        "start": np.zeros(1),
    }


def test_a_tree_without_end_is_told() -> None:
    assert tree_faults(chain(MOST_DEEP), 1) == []
    assert tree_faults(chain(MOST_DEEP + 1), 1) == [
        f"a tree of more than {MOST_DEEP} nodes one below the other"
    ]
