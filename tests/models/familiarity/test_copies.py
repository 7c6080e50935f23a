from __future__ import annotations

import functools
from typing import Any

import cv2
import numpy as np
import pytest

from gliaboost.errors import BundleError
from gliaboost.features.appearance import Appearance
from gliaboost.models.familiarity.copies import Copies


def _picture(seed: int) -> Any:
    rng = np.random.default_rng(seed)
    smooth = cv2.GaussianBlur(rng.normal(size=(256, 256)), (0, 0), 12)
    low, high = smooth.min(), smooth.max()
    return np.rint((smooth - low) / (high - low) * 255).astype(np.uint8)


PICTURES = [_picture(seed) for seed in range(12)]
KEYS = [f"{seed:064x}"[::-1] for seed in range(12)]


def _columns(pictures: list[np.ndarray]) -> np.ndarray:
    return Appearance().transform(np.stack(pictures))


@functools.cache
def _known() -> Copies:
    return Copies.of(KEYS[:10], _columns(PICTURES[:10]))


def test_files_and_strangers_are_told() -> None:
    assert _known().find(KEYS, _columns(PICTURES)) == ["file"] * 10 + ["", ""]


@pytest.mark.parametrize("turn", range(8))
def test_a_copy_is_found_in_all_orientations(turn: int) -> None:
    picture = np.rot90(PICTURES[3], turn % 4)
    picture = np.ascontiguousarray(picture.T if turn > 3 else picture)
    assert _known().find(["f" * 64], _columns([picture])) == ["copy"]


@pytest.mark.parametrize("change", ["jpeg", "half", "contrast", "noise"])
def test_a_changed_copy_is_found(change: str) -> None:
    picture: Any = PICTURES[5]
    if change == "jpeg":
        picture = cv2.imdecode(cv2.imencode(".jpg", picture, [1, 25])[1], 0)
    elif change == "half":
        small = cv2.resize(picture, (128, 128), interpolation=cv2.INTER_AREA)
        picture = cv2.resize(small, (256, 256))
    elif change == "contrast":
        picture = np.clip(picture * 0.7 + 20.0, 0, 255).astype(np.uint8)
    else:
        rng = np.random.default_rng(0)
        picture = np.clip(picture + rng.normal(0, 6, picture.shape), 0, 255).astype(np.uint8)
    assert _known().find(["f" * 64], _columns([picture])) == ["copy"]


def test_nothing_known_recognises_nothing() -> None:
    assert Copies.of([], _columns(PICTURES[:1])[:0]).find(KEYS[:1], _columns(PICTURES[:1])) == [""]


def test_it_survives_its_plain_values() -> None:
    again = Copies.from_state(_known().to_state())
    assert again.find(KEYS, _columns(PICTURES)) == _known().find(KEYS, _columns(PICTURES))


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"keys": b"", "hashes": b"", "more": b""},
        {"keys": "", "hashes": b""},
        {"keys": bytes(7), "hashes": bytes(32)},
        {"keys": bytes(8), "hashes": bytes(31)},
        {"keys": bytes(16), "hashes": bytes(32)},
    ],
)
def test_damaged_values_are_refused(state: dict[str, object]) -> None:
    with pytest.raises(BundleError, match="training pictures"):
        Copies.from_state(state)
