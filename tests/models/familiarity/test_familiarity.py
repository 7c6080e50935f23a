from __future__ import annotations

import functools
from typing import Any

import cv2
import numpy as np
import pytest

from gliaboost.errors import BundleError
from gliaboost.features.appearance import edges
from gliaboost.models.familiarity.familiarity import (
    DESCRIPTION,
    Familiarity,
    judge,
    learn,
    limit,
)
from gliaboost.models.plain_values import fault_in

SIDE = 128


def _head(seed: int) -> np.ndarray:
    """A bright, textured ellipse on black, as a slice is."""
    rng = np.random.default_rng(seed)
    inside = np.zeros((SIDE, SIDE))
    axes = tuple(int(v) for v in rng.integers(38, 56, 2))
    cv2.ellipse(inside, (64, 64), axes, float(rng.integers(180)), 0, 360, 1, -1)
    texture = cv2.GaussianBlur(rng.normal(size=(SIDE, SIDE)), (0, 0), 4)
    return np.clip(inside * (120 + 200 * texture), 0, 255).astype(np.uint8)


def _key(n: int) -> str:
    return f"{n:064x}"[::-1]


HEADS = np.stack([_head(seed) for seed in range(150)])


@functools.cache
def _state() -> dict[str, Any]:
    keys = [_key(n) for n in range(120)]
    return learn(DESCRIPTION.transform(HEADS[:120]), keys, np.arange(120))


def _judged(*pictures: np.ndarray) -> list[Familiarity]:
    columns = DESCRIPTION.transform(np.stack(pictures))
    return judge(_state(), columns, [_key(1000 + n) for n in range(len(pictures))])


def _page() -> np.ndarray:
    page = np.full((SIDE, SIDE), 255, np.uint8)
    for y in range(8, SIDE, 12):
        cv2.putText(page, "brain tumour news", (2, y), cv2.FONT_HERSHEY_PLAIN, 0.7, 0)
    return page


ODD = {
    "noise": np.random.default_rng(0).integers(0, 256, (SIDE, SIDE), np.uint8),
    "black": np.zeros((SIDE, SIDE), np.uint8),
    "white": np.full((SIDE, SIDE), 255, np.uint8),
    "ramp": np.tile(np.linspace(0, 255, SIDE).astype(np.uint8), (SIDE, 1)),
    "page": _page(),
    "stripes": np.tile(np.array([0, 0, 255, 255], np.uint8), (SIDE, SIDE // 4)),
    "inverted": 255 - _head(7),
}


@pytest.mark.parametrize("name", ODD)
def test_what_is_no_slice_is_unlike(name: str) -> None:
    assert _judged(ODD[name])[0].unlike


def test_new_slices_are_like_and_unseen() -> None:
    found = _judged(*HEADS[120:])
    assert sum(f.unlike for f in found) <= 2
    assert [f.seen for f in found] == [""] * 30


def test_training_slices_are_known_again() -> None:
    own = judge(_state(), DESCRIPTION.transform(HEADS[:2]), [_key(0), _key(500)])
    assert [f.seen for f in own] == ["file", "copy"]


def test_it_is_plain_values() -> None:
    assert fault_in(_state()) is None


def test_a_small_training_set_judges_no_likeness_but_knows_its_pictures() -> None:
    columns = DESCRIPTION.transform(HEADS[:3])
    state = learn(columns, [_key(n) for n in range(3)], np.arange(3))
    assert judge(state, columns, [_key(0)] * 3)[0] == Familiarity(None, False, "file")


@pytest.mark.parametrize(
    "change",
    [{"version": 0}, {"novelty": []}, {"copies": None}, {"more": 1}, {"novelty": {"a": 1}}],
)
def test_damage_is_refused_by_a_typed_error(change: dict[str, object]) -> None:
    with pytest.raises(BundleError, match=r"train again|copy it again"):
        judge({**_state(), **change}, DESCRIPTION.transform(HEADS[:1]), [_key(0)])


@pytest.mark.integration
def test_the_limit_is_the_typicality_from_which_on_pictures_are_unlike() -> None:
    rng = np.random.default_rng(0)
    columns = rng.normal(size=(150, edges()[-1])).astype(np.float32)
    state = learn(columns, ["ab" * 32] * 150, np.arange(150))
    least = limit(state)
    far = columns[:1] * 50
    (odd,) = judge(state, far, ["cd" * 32])
    assert least == 0.01 and odd.unlike and odd.typicality is not None and odd.typicality <= least
    assert limit({**state, "novelty": {}}) is None
