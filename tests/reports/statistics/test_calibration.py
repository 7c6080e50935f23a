from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import brier_score_loss
from sklearn.metrics import log_loss as sk_log_loss

from gliaboost.reports.statistics.calibration import (
    bins,
    brier,
    calibration_error,
    crossfitted,
    gaps,
    log_loss,
    reliability,
    soften,
    temperature,
)


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


@pytest.mark.parametrize("sharpened", [0.4, 1.0, 2.5])
def test_temperature_undoes_what_was_done(sharpened: float) -> None:
    rng = np.random.default_rng(3)
    p = rng.dirichlet(np.ones(3), 20_000)
    truth = (rng.random((len(p), 1)) > p.cumsum(1)).sum(1).clip(0, 2)
    assert temperature(soften(p, 1 / sharpened), truth) == pytest.approx(sharpened, rel=0.05)


def test_log_loss_is_scikit_learns() -> None:
    p, truth = case(4)
    assert log_loss(p, truth).mean() == pytest.approx(sk_log_loss(truth, p, labels=[0, 1, 2]))


@pytest.mark.parametrize("method", ["temperature", "isotonic"])
def test_recalibration_mends_a_model_that_is_too_sure(method: str) -> None:
    rng = np.random.default_rng(5)
    p = rng.dirichlet(np.ones(3), 6000)
    truth = (rng.random((len(p), 1)) > p.cumsum(1)).sum(1).clip(0, 2)
    sure = soften(p, 0.3)
    mended = crossfitted(sure, truth, rng.integers(0, 5, len(p)), method)
    np.testing.assert_allclose(mended.sum(1), 1)
    one, n = np.zeros(len(truth), dtype=np.int64), np.array(len(truth), float)
    before, after = (calibration_error(gaps(x, truth, one, 1)[0], n) for x in (sure, mended))
    assert after < 0.25 * before
    assert brier(mended, truth).mean() < brier(sure, truth).mean()


@pytest.mark.parametrize("method", ["temperature", "isotonic"])
def test_a_folds_own_labels_do_not_touch_its_probabilities(method: str) -> None:
    p, truth = case(6)
    folds = np.arange(len(truth)) % 4
    changed = np.where(folds == 2, (truth + 1) % 3, truth)
    a, b = (crossfitted(p, labels, folds, method) for labels in (truth, changed))
    np.testing.assert_array_equal(a[folds == 2], b[folds == 2])
    assert (a[folds != 2] != b[folds != 2]).any()


def test_reliability_counts_each_image_once() -> None:
    p, truth = case(7)
    codes, weights = np.arange(len(truth)) % 9, np.ones((1, 9))
    images, confidence, accuracy = reliability(p, truth, codes, weights)
    assert images.sum() == len(truth)
    right = (p.argmax(1) == truth).mean()
    assert np.nansum(images * accuracy) / len(truth) == pytest.approx(right)
    assert np.nansum(images * confidence) / len(truth) == pytest.approx(p.max(1).mean())
