from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import brier_score_loss

from gliaboost.reports.calibration import bins, brier, calibration_error, gaps


def case(seed: int = 0, images: int = 200) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.ones(3) * 0.7, images), rng.integers(0, 3, images)


def test_brier_is_scikit_learns() -> None:
    p, truth = case()
    expected = brier_score_loss(truth, p, labels=[0, 1, 2], scale_by_half=False)
    assert brier(p, truth).mean() == pytest.approx(expected)


def test_briers_own_example() -> None:
    """Sure and right is 0, sure and wrong is 2, and half against half is 0.5."""
    p = np.array([[1.0, 0.0], [1.0, 0.0], [0.5, 0.5]])
    assert brier(p, np.array([0, 1, 0])).tolist() == [0.0, 2.0, 0.5]


def test_bins_are_closed_on_the_right() -> None:
    assert bins(np.array([0.0, 0.1, 0.1001, 0.2, 1.0]), 10).tolist() == [0, 0, 1, 1, 9]


def test_the_calibration_error_is_guos_formula() -> None:
    p, truth = case(1)
    confidence, right = p.max(1), p.argmax(1) == truth
    edges = np.linspace(0, 1, 16)
    expected = 0.0
    for low, high in pairwise(edges):
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            gap = abs(right[inside].mean() - confidence[inside].mean())
            expected += inside.mean() * gap
    one = np.zeros(len(truth), dtype=np.int64)
    got = calibration_error(gaps(p, truth, one, 1)[0], np.array(len(truth), float))
    assert got == pytest.approx(expected)


def test_true_probabilities_are_calibrated() -> None:
    rng = np.random.default_rng(2)
    p = rng.dirichlet(np.ones(3), 40_000)
    truth = (rng.random((len(p), 1)) > p.cumsum(1)).sum(1).clip(0, 2)
    one = np.zeros(len(truth), dtype=np.int64)
    assert calibration_error(gaps(p, truth, one, 1)[0], np.array(len(truth), float)) < 0.02
