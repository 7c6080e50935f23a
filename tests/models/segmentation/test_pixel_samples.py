"""Which pixels are learned from."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gliaboost.models.segmentation.pixel_samples import NEAR, sample_pixels


def _slice(side: int = 64) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    image = np.random.default_rng(0).integers(1, 255, (side, side)).astype(np.uint8)
    mask, head = np.zeros((2, side, side), bool)
    head[4:-4, 4:-4] = True
    mask[20:34, 20:30] = True
    return image, mask, head


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 9), st.tuples(*[st.integers(1, 60)] * 3))
def test_weights_count_every_pixel_of_head_and_tumour(
    seed: int, counts: tuple[int, int, int]
) -> None:
    image, mask, head = _slice()
    chosen = sample_pixels(image, mask, head, seed, counts)
    assert len(set(zip(chosen.y.tolist(), chosen.x.tolist(), strict=True))) == len(chosen.y)
    assert (chosen.tumour == mask[chosen.y, chosen.x]).all()
    assert head[chosen.y, chosen.x].all()
    assert chosen.weight.sum() == pytest.approx(head.sum())
    assert chosen.weight[chosen.tumour].sum() == pytest.approx(mask.sum())
    assert len(chosen.y) == sum(counts)


def test_half_of_the_others_lie_near_the_tumour() -> None:
    image, mask, head = _slice()
    chosen = sample_pixels(image, mask, head, 0, (10, 30, 30))
    inside = np.argwhere(mask)
    away = np.array(
        [np.abs(inside - place).max(axis=1).min() for place in zip(chosen.y, chosen.x, strict=True)]
    )
    near = (away > 0) & (away <= round(NEAR * 64))
    assert near.sum() == 30


def test_the_choice_is_the_images_own() -> None:
    image, mask, head = _slice()
    one, same = (sample_pixels(image, mask, head, 3) for _ in range(2))
    assert (one.y == same.y).all()
    other = image.copy()
    other[0, 0] ^= 1
    assert (one.y != sample_pixels(other, mask, head, 3).y).any()
    assert (one.y != sample_pixels(image, mask, head, 4).y).any()


def test_without_a_tumour_all_are_others() -> None:
    image, mask, head = _slice()
    chosen = sample_pixels(image, mask & False, head, 0, (10, 20, 30))
    assert len(chosen.y) == 50
    assert not chosen.tumour.any()


def test_without_a_head_there_is_nothing_but_the_tumour() -> None:
    image, mask, head = _slice()
    assert len(sample_pixels(image, mask & False, head & False, 0).y) == 0
    only = sample_pixels(image, mask, head & False, 0)
    assert only.tumour.all()
