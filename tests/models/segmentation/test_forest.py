"""Trees as plain arrays: the library's own scores, and nothing that can go astray."""

from __future__ import annotations

from typing import Any

import lightgbm
import numpy as np
import pytest

from gliaboost.models.base import NativeModelError
from gliaboost.models.segmentation import forest as module
from gliaboost.models.segmentation.forest import Forest, grow_forest


def _pixels(classes: int, count: int = 600) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(classes)
    X = rng.normal(size=(count, 7)).astype(np.float32)
    return X, np.digitize(X[:, 0] + 0.3 * X[:, 3], np.linspace(-1, 1, classes + 1)[1:-1])


def _grown(classes: int = 3, rounds: int = 5, **changed: Any) -> tuple[Forest, np.ndarray]:
    X, y = _pixels(classes)
    weight = np.ones(len(y))
    offsets = changed.pop("offsets", np.zeros(classes))
    return grow_forest(X, y, weight, offsets, rounds=rounds, seed=0, **changed), X


@pytest.mark.parametrize("classes", [2, 3, 5])
@pytest.mark.parametrize("rounds", [1, 20])
def test_probabilities_are_lightgbms(
    classes: int, rounds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    boosters: list[Any] = []
    train = lightgbm.train

    def kept(*given: Any) -> Any:
        boosters.append(train(*given))
        return boosters[0]

    monkeypatch.setattr(lightgbm, "train", kept)
    forest, X = _grown(classes, rounds)
    assert forest.probabilities(X) == pytest.approx(boosters[0].predict(X), abs=1e-6)


def test_values_on_a_threshold_go_left_as_in_the_library() -> None:
    thresholds = np.array([0.1, 1 / 3, 1e-35, -2.7, 5.0])
    rounded = module._not_above(thresholds)
    assert (rounded.astype(float) <= thresholds).all()
    assert (np.nextafter(rounded, np.float32(np.inf)).astype(float) > thresholds).all()


def test_a_class_that_never_changes_has_trees_of_one_leaf() -> None:
    X = np.zeros((50, 2), np.float32)
    y = np.arange(50) % 2
    forest = grow_forest(X, y, np.ones(50), np.zeros(2), rounds=3, seed=0)
    assert forest.probabilities(X) == pytest.approx(0.5, abs=1e-6)


def test_offsets_move_the_log_odds() -> None:
    plain, X = _grown(2)
    moved, _ = _grown(2, offsets=np.array([0.0, -2.0]))
    assert moved.scores(X) - plain.scores(X) == pytest.approx(np.tile([0, -2.0], (len(X), 1)))


def test_a_shift_moves_every_class_but_the_first() -> None:
    forest, X = _grown()
    moved = forest.shifted(1.5).scores(X) - forest.scores(X)
    assert moved == pytest.approx(np.tile([0, 1.5, 1.5], (len(X), 1)))


def test_arrays_bring_it_back() -> None:
    forest, X = _grown()
    again = Forest.from_arrays(forest.arrays(), 7)
    assert (again.scores(X) == forest.scores(X)).all()


def _with(forest: Forest, name: str, place: int, value: float) -> dict[str, np.ndarray]:
    arrays = {key: array.copy() for key, array in forest.arrays().items()}
    arrays[name][place] = value
    return arrays


@pytest.mark.parametrize(
    ("name", "place", "value"),
    [
        ("left", 3, 3),
        ("right", 3, 0),
        ("left", 0, 10**6),
        ("right", 0, -(10**6)),
        ("roots", 0, 10**6),
        ("roots", 1, -(10**6)),
        ("feature", 0, 7),
        ("feature", 0, -1),
    ],
)
def test_trees_that_would_go_astray_are_refused(name: str, place: int, value: int) -> None:
    forest, _ = _grown()
    with pytest.raises(NativeModelError, match="trees cannot be read"):
        Forest.from_arrays(_with(forest, name, place, value), 7)


def test_arrays_of_other_lengths_kinds_or_none_are_refused() -> None:
    arrays = _grown()[0].arrays()
    broken = [
        {**arrays, "left": arrays["left"][:-1]},
        {**arrays, "roots": arrays["roots"][:-1]},
        {**arrays, "value": arrays["value"].astype(np.float32)},
        {**arrays, "start": arrays["start"][:0]},
        {**arrays, "threshold": arrays["threshold"][None]},
        {key: array for key, array in arrays.items() if key != "roots"},
    ]
    for each in broken:
        with pytest.raises(NativeModelError):
            Forest.from_arrays(each, 7)
