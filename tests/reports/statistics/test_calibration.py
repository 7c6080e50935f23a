from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression
from sklearn.metrics import brier_score_loss
from sklearn.metrics import log_loss as sk_log_loss

from gliaboost.reports.statistics.calibration import (
    bins,
    brier,
    calibration_error,
    crossfitted,
    gaps,
    isotonic,
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


def test_a_probability_above_one_by_rounding_is_in_the_last_bin() -> None:
    assert bins(np.array([1.0005, 0.95]), 10).tolist() == [9, 9]


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


def test_groups_have_their_own_calibration_error_and_none_where_nothing_is() -> None:
    p, truth = case(8)
    codes = np.r_[0, np.arange(1, 200) % 3 + 1]  # group 0 is one image, group 4 none
    images = np.bincount(codes, minlength=5).astype(float)
    with np.errstate(all="raise"):
        got = calibration_error(gaps(p, truth, codes, 5), images)
    one = np.zeros(200, dtype=np.int64)
    for group in range(4):
        own = codes == group
        alone = gaps(p[own], truth[own], one[own], 1)[0]
        assert got[group] == pytest.approx(calibration_error(alone, np.array(own.sum(), float)))
    assert got[0] == pytest.approx(abs(p[0].max() - (p[0].argmax() == truth[0])))
    assert np.isnan(got[4])


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


def test_the_temperature_of_the_always_right_and_the_always_wrong_has_limits() -> None:
    p, first = np.array([[0.6, 0.4]] * 3), np.zeros(3, dtype=np.int64)
    assert temperature(p, first) == pytest.approx(0.05, rel=0.01)
    assert temperature(p, first + 1) == pytest.approx(20, rel=0.01)


def test_a_temperature_above_one_softens() -> None:
    p, _ = case(9)
    powers = p ** (1 / 3)
    np.testing.assert_allclose(soften(p, 3.0), powers / powers.sum(1, keepdims=True))
    assert soften(np.array([[1.0, 0.0]]), 2.0)[0].tolist() == pytest.approx([1 - 1e-6, 1e-6])


def test_impossible_truth_surprises_within_limits() -> None:
    assert log_loss(np.array([[1.0, 0.0]]), np.array([1])) == pytest.approx(12 * np.log(10))


def test_isotonic_steps_are_scipys_scaled_to_one() -> None:
    (p, truth), (new, _) = case(10), case(11)
    columns = []
    for k in range(3):
        order = np.argsort(p[:, k])
        steps = isotonic_regression((truth == k)[order].astype(float)).x
        columns.append(np.interp(new[:, k], p[order, k], steps))
    expected = np.stack(columns, axis=1)
    got = isotonic(p, truth, new)
    np.testing.assert_allclose(got, expected / expected.sum(1, keepdims=True), atol=1e-12)


def test_where_every_class_is_mapped_to_nothing_the_models_own_word_stands() -> None:
    known = np.array([[0.4, 0.35, 0.25], [0.25, 0.4, 0.35], [0.35, 0.25, 0.4]])
    new = np.array([[0.34, 0.33, 0.33], [0.4, 0.3, 0.3]])
    with np.errstate(all="raise"):
        got = isotonic(known, np.arange(3), new)
    np.testing.assert_array_equal(got, [[0.34, 0.33, 0.33], [1, 0, 0]])


def test_a_folds_log_odds_are_divided_by_the_temperature_that_the_other_fold_needs() -> None:
    rng = np.random.default_rng(12)
    p = rng.dirichlet(np.ones(3), 4000)
    truth = (rng.random((4000, 1)) > p.cumsum(1)).sum(1).clip(0, 2)
    folds = np.arange(4000) % 2
    shown = np.where(folds[:, None] == 0, soften(p, 0.5), soften(p, 1.5))
    mended = crossfitted(shown, truth, folds, "temperature")
    divided = np.log(shown[:, 0] / shown[:, 1]) / np.log(mended[:, 0] / mended[:, 1])
    np.testing.assert_allclose(divided[folds == 0], 1 / 1.5, rtol=0.1)
    np.testing.assert_allclose(divided[folds == 1], 2.0, rtol=0.1)


def test_crossfitted_steps_are_those_of_the_other_folds() -> None:
    p, truth = case(13)
    folds = np.arange(200) % 3
    mended = crossfitted(p, truth, folds, "isotonic")
    for fold in range(3):
        expected = isotonic(p[folds != fold], truth[folds != fold], p[folds == fold])
        np.testing.assert_array_equal(mended[folds == fold], expected)


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


def test_reliability_is_a_count_by_bin_for_every_weighting() -> None:
    """Ten bins unless told; one image in a bin is enough, and an empty bin says nothing."""
    p, truth = case(14, 40)
    codes = np.arange(40) % 8
    weights = np.random.default_rng(0).integers(0, 3, (4, 8)).astype(float)
    with np.errstate(all="raise"):
        images, confidence, accuracy = reliability(p, truth, codes, weights)
    assert images.shape == confidence.shape == accuracy.shape == (4, 10)
    top = p.max(1)
    for b, row in enumerate(weights):
        for k in range(10):
            weight = row[codes] * ((top > k / 10) & (top <= (k + 1) / 10))
            assert images[b, k] == weight.sum()
            if weight.any():
                assert confidence[b, k] == pytest.approx(np.average(top, weights=weight))
                right = np.average(p.argmax(1) == truth, weights=weight)
                assert accuracy[b, k] == pytest.approx(right)
            else:
                assert np.isnan([confidence[b, k], accuracy[b, k]]).all()
    assert (images == 1).any()
    assert reliability(p, truth, codes, weights, 4)[0].shape == (4, 4)
