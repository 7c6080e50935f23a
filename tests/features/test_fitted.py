"""Extractors that learn: nothing before they did, the same for ever after, in plain values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gliaboost.errors import UsageError
from gliaboost.features import HOG, FittedExtractor, from_spec, register
from gliaboost.features.fitted import described, digest_of, is_fitted, to_learn
from gliaboost.features.registry import EXTRACTORS


class Spot(FittedExtractor):
    """Learns how bright masked pixels are."""

    name = "spot"
    takes_masks = True

    def __init__(self, scale: float = 1.0) -> None:
        self.scale = scale

    def _fit(self, images: Any, labels: Any, groups: Any, masks: Any) -> None:
        self.level_ = float(images[masks].mean())

    def _state(self) -> dict[str, Any]:
        return {"level": self.level_}

    def _restore(self, state: Any) -> None:
        self.level_ = state["level"]

    def _extract(self, images: Any) -> Any:
        return ((images > self.level_ * self.scale).mean(axis=(1, 2)))[:, None].astype(np.float32)

    def _names(self, height: int, width: int) -> list[str]:
        return ["spot__share"]


IMAGES = np.arange(2 * 8 * 8, dtype=np.uint8).reshape(2, 8, 8)
MASKS = IMAGES > 100


@pytest.fixture
def registered() -> Any:
    register(Spot)
    yield
    del EXTRACTORS["spot"]


def test_one_that_learned_nothing_tells_nothing() -> None:
    own = Spot()
    assert not is_fitted(own)
    assert to_learn([HOG(), own]) == [own]
    for ask in (
        lambda: own.transform(IMAGES),
        lambda: own.feature_names(8, 8),
        lambda: own.state(),
        lambda: described(own),
    ):
        with pytest.raises(UsageError, match="spot has learned nothing yet"):
            ask()


def test_what_was_learned_is_part_of_the_fingerprint() -> None:
    first = Spot().fit(IMAGES, masks=MASKS)
    other = Spot().fit(IMAGES, masks=IMAGES > 90)
    assert to_learn([first]) == []
    assert len({Spot().fingerprint(), first.fingerprint(), other.fingerprint()}) == 3
    assert Spot().fit(IMAGES, masks=MASKS).fingerprint() == first.fingerprint()
    assert Spot(2.0).fit(IMAGES, masks=MASKS).fingerprint() != first.fingerprint()


def test_it_is_rebuilt_from_its_description(registered: Any) -> None:
    own = Spot(0.5).fit(IMAGES, masks=MASKS)
    again = from_spec(described(own))
    assert again.fingerprint() == own.fingerprint()
    np.testing.assert_array_equal(again.transform(IMAGES), own.transform(IMAGES))
    assert "state" not in own.spec()
    assert not is_fitted(from_spec(own.spec()))
    assert described(HOG()) == HOG().spec()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "no masks, and it learns from them"),
        ({"masks": MASKS[:, 1:]}, r"masks of shape \[2, 7, 8\]"),
        ({"masks": MASKS.astype(np.uint8)}, "dtype uint8"),
        ({"masks": MASKS, "y": ["a"]}, "1 labels for 2 images"),
        ({"masks": MASKS, "groups": ["a", "b", "c"]}, "3 groups for 2 images"),
    ],
)
def test_rows_that_do_not_fit_are_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Spot().fit(IMAGES, **given)


def test_no_rows_teach_nothing() -> None:
    with pytest.raises(UsageError, match="no images to learn from"):
        Spot().fit(IMAGES[:0], masks=MASKS[:0])


def test_parameters_of_another_kind_are_named_without_learning() -> None:
    assert Spot("much").parameter_faults(8, 8) == ["scale='much', expected a number"]  # type: ignore[arg-type]
    assert Spot().parameter_faults(8, 8) == []


def test_a_digest_tells_bytes_from_their_digits() -> None:
    assert digest_of({"a": b"\x01"}) != digest_of({"a": "01"})
    with pytest.raises(TypeError, match="no plain value"):
        digest_of({"a": np.ones(2)})


def test_one_that_learns_no_labels_is_told_none() -> None:
    told = []

    class Blind(Spot):
        takes_masks = False
        learns_labels = False

        def _fit(self, images: Any, labels: Any, groups: Any, masks: Any) -> None:
            told.append((labels.tolist(), groups.tolist(), masks))
            self.level_ = 1.0

    Blind().fit(IMAGES, ["a", "b"], groups=["p", "q"], masks=MASKS)
    assert told == [(["", ""], ["p", "q"], None)]
    with pytest.raises(UsageError, match="1 labels for 2 images"):
        Blind().fit(IMAGES, ["a"])


def test_masks_are_labels() -> None:
    with pytest.raises(TypeError, match="takes masks and says learns_labels = False"):

        class Sly(Spot):
            learns_labels = False
