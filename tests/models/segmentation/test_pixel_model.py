"""Linear scores and trees from sampled pixels."""

from __future__ import annotations

import numpy as np
import pytest

from gliaboost.models.base import NativeModelError
from gliaboost.models.segmentation.pixel_model import PixelModel, by_class, learn_pixels


def _sampled(count: int = 3000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw two classes, the second sampled ten times as often as it is."""
    rng = np.random.default_rng(0)
    y = (np.arange(count) % 2).astype(np.int64)
    X = rng.normal(size=(count, 4)).astype(np.float32)
    X[:, 1] += 1.5 * y
    return X, y, np.where(y == 0, 10.0, 1.0)


def test_probabilities_are_of_pixels_as_they_are_frequent() -> None:
    X, y, weight = _sampled()
    model = learn_pixels(X, y, weight, 2, rounds=60, seed=0)
    believed = model.probabilities(X)[:, 1]
    assert (believed * weight).sum() / weight.sum() == pytest.approx(1 / 11, rel=0.1)
    assert believed[y == 1].mean() > 3 * believed[y == 0].mean()


def test_weights_are_roots_within_a_class_and_offsets_give_back_their_share() -> None:
    codes = np.array([0, 0, 1, 1])
    weights, offsets = by_class(codes, np.array([1.0, 9, 4, 4]), 3)
    assert weights.tolist() == [0.5, 1.5, 1, 1]
    assert offsets[0] - offsets[1] == pytest.approx(np.log(5 / 4))
    assert offsets[2] == -np.inf


def test_arrays_bring_it_back() -> None:
    X, y, weight = _sampled(300)
    model = learn_pixels(X, y, weight, 2, rounds=5, seed=0).shifted(0.7)
    again = PixelModel.from_arrays(model.arrays(), 4, 2)
    assert (again.probabilities(X) == model.probabilities(X)).all()
    with pytest.raises(NativeModelError, match="kinds of tumour"):
        PixelModel.from_arrays(model.arrays(), 4, 3)
    with pytest.raises(NativeModelError):
        PixelModel.from_arrays(model.arrays(), 5, 2)
    with pytest.raises(NativeModelError):
        PixelModel.from_arrays({}, 4, 2)
