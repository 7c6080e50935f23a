from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import precision_recall_curve, roc_auc_score, roc_curve

from gliaboost.reports.statistics import ranking
from gliaboost.reports.statistics.ranking import auc, auc_by_class, curves


@given(st.integers(0, 10_000), st.integers(2, 60), st.integers(1, 9), st.integers(1, 4))
def test_the_area_is_scikit_learns_under_every_weighting(
    seed: int, images: int, groups: int, levels: int
) -> None:
    rng = np.random.default_rng(seed)
    scores = np.round(rng.random(images), levels)  # few levels: many ties
    positive = rng.random(images) < 0.4
    codes = rng.integers(0, groups, images)
    weights = rng.integers(0, 4, (5, groups)).astype(float)
    for got, row in zip(auc(scores, positive, codes, weights), weights, strict=True):
        weight = row[codes]
        if weight[positive].sum() == 0 or weight[~positive].sum() == 0:
            assert np.isnan(got)
        else:
            assert got == pytest.approx(roc_auc_score(positive, scores, sample_weight=weight))


def test_slabs_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    case = (rng.random(50), rng.random(50) < 0.5, rng.integers(0, 6, 50), rng.random((33, 6)))
    whole = auc(*case)
    monkeypatch.setattr(ranking, "SLAB", 200)
    np.testing.assert_allclose(auc(*case), whole, rtol=1e-12)


def test_one_against_the_rest_is_scikit_learns() -> None:
    rng = np.random.default_rng(2)
    p = rng.dirichlet(np.ones(4), 120)
    truth = rng.integers(0, 4, 120)
    areas = auc_by_class(p, truth, np.zeros(120, np.int64), np.ones((1, 1)))[0]
    assert areas.mean() == pytest.approx(
        roc_auc_score(truth, p, multi_class="ovr", average="macro")
    )


@given(st.integers(0, 10_000), st.integers(4, 60), st.integers(1, 3))
def test_curves_pass_through_scikit_learns_points(seed: int, images: int, levels: int) -> None:
    rng = np.random.default_rng(seed)
    scores = np.round(rng.random(images), levels)
    positive = np.r_[True, False, rng.random(images - 2) < 0.4]
    codes, weights = np.arange(images), rng.integers(1, 4, (1, images)).astype(float)
    false, hit, _ = roc_curve(positive, scores, sample_weight=weights[0], drop_intermediate=False)
    sensitivity, _ = curves(scores, positive, codes, weights, false)
    # At one false positive rate the curve stands upright: its top is meant.
    top = [hit[false == x].max() for x in false]
    np.testing.assert_allclose(sensitivity[0], top, atol=1e-9)
    precision, recall, _ = precision_recall_curve(positive, scores, sample_weight=weights[0])
    places = np.unique(recall[recall > 0])
    _, got = curves(scores, positive, codes, weights, places)
    # Of the thresholds with one recall the strictest, which has the best precision, is meant.
    best = [precision[np.isclose(recall, r)].max() for r in places]
    np.testing.assert_allclose(got[0], best, atol=1e-9)


def test_a_resample_without_positives_has_no_curve() -> None:
    weights = np.array([[1.0, 0.0], [1.0, 1.0]])
    made = curves(
        np.array([0.2, 0.9]), np.array([False, True]), np.arange(2), weights, np.array([0.0, 1.0])
    )
    for values in made:
        assert np.isnan(values[0]).all()
        assert (values[1] == 1).all()


def test_a_resample_without_negatives_has_no_curve() -> None:
    weights = np.array([[0.0, 1.0]])
    for values in curves(
        np.array([0.2, 0.9]), np.array([False, True]), np.arange(2), weights, np.array([0.5])
    ):
        assert np.isnan(values).all()


def test_a_threshold_that_no_weight_reaches_has_no_part_in_precision() -> None:
    scores, positive = np.array([0.9, 0.5, 0.1]), np.array([False, True, False])
    weights, grid = np.array([[0.0, 1.0, 1.0]]), np.array([0.0, 1.0])
    with np.errstate(all="raise"):
        _, precision = curves(scores, positive, np.arange(3), weights, grid)
    assert precision.tolist() == [[1.0, 1.0]]
