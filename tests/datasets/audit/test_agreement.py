from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from gliaboost.datasets.audit.agreement import AGREEING, Agreed, agreed
from gliaboost.datasets.audit.orientation import NAMES, ORIENTATIONS, turning

PLACES = np.random.default_rng(0).uniform(0.1, 0.9, (12, 2)).astype(np.float32)


def moved(places: NDArray[np.float32], move: NDArray[np.float64]) -> NDArray[np.float32]:
    there = np.c_[places, np.ones(len(places))] @ move.T
    return np.asarray(there[:, :2], np.float32)


def is_mirrored(orientation: int) -> bool:
    return sum(ORIENTATIONS[NAMES[orientation]]) % 2 == 1


def one(a: NDArray[np.float32], b: NDArray[np.float32], mirrored: bool = False) -> Agreed | None:
    return agreed(a, b, np.array([0, len(a)]), mirrored).get(0)


@pytest.mark.parametrize("orientation", range(len(NAMES)))
def test_the_move_and_the_turn_are_told_in_spite_of_wrong_matches(orientation: int) -> None:
    there = np.array([[1.6, 0, -0.3], [0, 1.2, -0.1], [0, 0, 1]])
    b = moved(PLACES, there @ turning(orientation))
    b[::3] = PLACES[[5, 9, 0, 3]]
    found = agreed(PLACES, b, np.array([0, 12]), is_mirrored(orientation))[0]
    assert found.orientation == orientation
    np.testing.assert_allclose(found.there, there, atol=5e-3)
    other = one(PLACES, b, not is_mirrored(orientation))
    assert other is None or is_mirrored(other.orientation) is not is_mirrored(orientation)


@pytest.mark.parametrize(
    ("scale", "found"),
    [
        ((2.4, 1.2), True),
        ((2.6, 1.5), False),
        ((0.41, 0.8), True),
        ((0.39, 0.8), False),
        ((2.3, 1.0), False),
    ],
)
def test_a_crop_is_stretched_only_so_far(scale: tuple[float, float], found: bool) -> None:
    b = moved(PLACES, np.diag([*scale, 1.0]))
    assert (one(PLACES, b) is not None) is found


def test_too_few_places_agree_on_nothing() -> None:
    b = moved(PLACES, np.diag([1.5, 1.5, 1.0]))
    assert one(PLACES[:AGREEING], b[:AGREEING]) is not None
    assert one(PLACES[: AGREEING - 1], b[: AGREEING - 1]) is None
    repeated = [*range(AGREEING - 1), 0, 1, 2]
    assert one(PLACES[repeated], b[repeated]) is None


def test_each_pair_has_its_own_matches() -> None:
    """Pairs with few matches, many and none are looked at together."""
    moves = [np.diag([s, s, 1.0]) for s in (1.2, 1.5, 0.8)]
    counts = [12, 5, 9]
    a = np.concatenate([PLACES[:n] for n in counts])
    b = np.concatenate([moved(PLACES[:n], m) for n, m in zip(counts, moves, strict=True)])
    found = agreed(a, b, np.array([0, 12, 12, 17, 26]), False)
    assert sorted(found) == [0, 2, 3]
    for n, move in zip((0, 2, 3), moves, strict=True):
        np.testing.assert_allclose(found[n].there, move, atol=1e-5)


def test_no_matches_agree_on_nothing() -> None:
    assert agreed(PLACES[:0], PLACES[:0], np.zeros(1, np.int64), False) == {}
