"""Trees for pixels: the library's own scores, and what a file keeps of them."""

from __future__ import annotations

from typing import Any

import lightgbm
import numpy as np
import pytest

from gliaboost.models.base import NativeModelError
from gliaboost.models.segmentation.forest import (
    KEPT,
    from_kept_arrays,
    grow_forest,
    kept_arrays,
)
from gliaboost.models.trees.trees import Trees


def _pixels(classes: int, count: int = 600) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(classes)
    X = rng.normal(size=(count, 7)).astype(np.float32)
    return X, np.digitize(X[:, 0] + 0.3 * X[:, 3], np.linspace(-1, 1, classes + 1)[1:-1])


def _grown(classes: int = 3, rounds: int = 5, **changed: Any) -> tuple[Trees, np.ndarray]:
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


def test_a_class_that_never_changes_has_trees_of_one_leaf() -> None:
    X = np.zeros((50, 2), np.float32)
    y = np.arange(50) % 2
    forest = grow_forest(X, y, np.ones(50), np.zeros(2), rounds=3, seed=0)
    assert forest.probabilities(X) == pytest.approx(0.5, abs=1e-6)


def test_offsets_move_the_log_odds() -> None:
    plain, X = _grown(2)
    moved, _ = _grown(2, offsets=np.array([0.0, -2.0]))
    assert moved.scores(X) - plain.scores(X) == pytest.approx(np.tile([0, -2.0], (len(X), 1)))


def test_arrays_bring_it_back() -> None:
    forest, X = _grown()
    arrays = kept_arrays(forest)
    assert tuple(arrays) == KEPT
    again = from_kept_arrays(arrays, 7)
    assert (again.scores(X) == forest.scores(X)).all()


def _with(forest: Trees, name: str, place: int, value: float) -> dict[str, np.ndarray]:
    arrays = {key: array.copy() for key, array in kept_arrays(forest).items()}
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
        # Nobody's child, and a child of two.
        ("left", 0, -2),
        ("threshold", 0, np.nan),
        ("value", 0, np.inf),
    ],
)
def test_trees_that_would_go_astray_are_refused(name: str, place: int, value: int) -> None:
    forest, _ = _grown()
    with pytest.raises(NativeModelError, match="trees cannot be read"):
        from_kept_arrays(_with(forest, name, place, value), 7)


def test_arrays_of_other_lengths_kinds_or_none_are_refused() -> None:
    arrays = kept_arrays(_grown()[0])
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
            from_kept_arrays(each, 7)
