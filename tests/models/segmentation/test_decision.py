"""From probabilities to masks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage
from skimage import measure

from gliaboost.errors import UsageError
from gliaboost.models.segmentation.decision import (
    LEASTS,
    SHARES,
    Decision,
    choose_decision,
    tumour_mask,
)


def _hills(*hills: tuple[int, int, float]) -> np.ndarray:
    y, x = np.mgrid[:48, :48]
    each = [height * np.exp(-((y - b) ** 2 + (x - a) ** 2) / 40) for b, a, height in hills]
    return np.asarray(np.max(each, axis=0))


def test_a_component_reaches_to_a_share_of_its_peak() -> None:
    pale = _hills((20, 20, 0.4))
    mask = tumour_mask(pale, Decision(least=0.3, share=0.5))
    assert (mask == (pale >= 0.2)).all()


def test_no_pixel_sure_enough_is_no_tumour() -> None:
    assert not tumour_mask(_hills((20, 20, 0.4)), Decision(least=0.5)).any()


def test_a_second_hill_counts_if_it_is_nearly_as_high() -> None:
    two = _hills((10, 10, 0.9), (36, 36, 0.7))
    assert tumour_mask(two, Decision(others=0.7))[36, 36]
    assert not tumour_mask(two, Decision(others=0.9))[36, 36]


def test_holes_are_filled() -> None:
    ring = _hills((20, 20, 1.0))
    ring[18:23, 18:23] = 0
    assert tumour_mask(ring, Decision(least=0.3, share=0.5))[20, 20]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 999), st.sampled_from(SHARES), st.sampled_from([0.05, 0.5, 0.9, 1.0]))
def test_components_are_those_of_scikit_image(seed: int, share: float, others: float) -> None:
    rng = np.random.default_rng(seed)
    # Few levels, so that components touch the picture's edge, have holes, and peaks alike.
    probability = ndimage.gaussian_filter(rng.random((rng.integers(1, 40), 30)), rng.uniform(0, 3))
    probability = np.round(probability * 12) / 12
    peak = probability.max()
    mask = tumour_mask(probability, Decision(least=1e-9, share=share, others=others))
    expected = np.zeros_like(mask)
    theirs: Any = measure
    parts = theirs.label(probability >= share * peak, connectivity=1) if peak > 0 else expected
    for part in theirs.regionprops(parts.astype(int), intensity_image=probability):
        if part.intensity_max >= others * peak:
            expected |= parts == part.label
    assert (mask == ndimage.binary_fill_holes(expected)).all()


@pytest.mark.parametrize("wrong", [0, -1, 1.5, float("nan")])
def test_values_out_of_range_are_named(wrong: float) -> None:
    with pytest.raises(UsageError, match="share="):
        Decision(share=wrong)


def test_the_chosen_decision_has_the_best_mean_dice_of_all() -> None:
    rng = np.random.default_rng(0)
    examples = []
    for k in range(12):
        truth = _hills((14 + k, 20, 1.0)) > 0.45
        noise = rng.normal(0, 0.08, truth.shape)
        ill = k % 3 > 0
        tumour = _hills((14 + k, 20, 0.7)) if ill else _hills((30, 14 + k, 0.35))
        examples.append((np.clip(tumour + noise, 0, 1), truth & ill))

    def mean_dice(decision: Decision) -> float:
        found = []
        for probability, truth in examples:
            mask = tumour_mask(probability, decision)
            total = mask.sum() + truth.sum()
            found.append(2 * (mask & truth).sum() / total if total else 1.0)
        return float(np.mean(found))

    best = max(mean_dice(Decision(least=a, share=b)) for a in LEASTS for b in SHARES)
    chosen = choose_decision(examples)
    assert mean_dice(chosen) == pytest.approx(best)
    assert chosen.least > 0.3  # the images without a tumour raise it


def test_no_images_choose_nothing() -> None:
    with pytest.raises(UsageError, match="no images"):
        choose_decision([])


@given(arrays(np.float64, (9, 7), elements=st.floats(0, 1)), st.sampled_from(SHARES))
def test_a_mask_holds_the_peak_and_nothing_where_all_is_below_the_share(
    probability: np.ndarray, share: float
) -> None:
    mask = tumour_mask(probability, Decision(least=0.2, share=share))
    peak = probability.max()
    assert mask.any() == (peak >= 0.2)
    if mask.any():
        assert mask[probability == peak].all()
        assert mask.sum() <= probability.size
