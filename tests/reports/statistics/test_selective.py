from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gliaboost.reports.statistics.selective import (
    accepted,
    conformal_sets,
    risk_at,
    risk_coverage,
    threshold,
)


@given(st.integers(0, 10_000), st.integers(1, 60), st.integers(1, 3))
def test_risk_is_the_error_of_those_at_least_as_sure(seed: int, images: int, levels: int) -> None:
    rng = np.random.default_rng(seed)
    confidence, right = np.round(rng.random(images), levels), rng.random(images) < 0.7
    coverage, risk = risk_coverage(confidence, right)
    for limit, share, error in zip(np.unique(confidence)[::-1], coverage, risk, strict=True):
        answered = confidence >= limit
        assert share == pytest.approx(answered.mean())
        assert error == pytest.approx((~right[answered]).mean())
    assert coverage[-1] == 1
    assert risk_at(coverage, risk, 1.0) == pytest.approx((~right).mean())
    assert risk_at(coverage, risk, 0.0) == risk[0]


def test_the_risk_at_a_share_is_that_of_the_surest_images_it_takes() -> None:
    right = np.arange(1, 11) % 3 != 0
    coverage, risk = risk_coverage(np.linspace(1, 0.1, 10), right)
    for answered in range(1, 11):
        expected = pytest.approx((~right[:answered]).mean())
        assert risk_at(coverage, risk, sum([0.1] * answered)) == expected  # 0.1 + 0.1 + 0.1 > 0.3
        assert risk_at(coverage, risk, answered / 10 - 0.05) == expected


@given(st.integers(0, 10_000), st.integers(1, 120), st.sampled_from([0.01, 0.05, 0.1, 0.5]))
def test_groups_of_one_give_the_split_conformal_quantile(
    seed: int, images: int, alpha: float
) -> None:
    scores = np.random.default_rng(seed).random(images)
    rank = math.ceil(round((images + 1) * (1 - alpha), 9))
    expected = np.sort(scores)[rank - 1] if rank <= images else math.inf
    assert threshold(scores, np.arange(images), alpha) == expected


def test_a_patient_weighs_the_same_with_one_image_as_with_many() -> None:
    scores = np.array([0.1, 0.2, 0.9])
    many = np.r_[0.1, np.full(50, 0.2), 0.9]
    codes = np.r_[0, np.full(50, 1), 2]
    for alpha in (0.25, 0.4, 0.5, 0.75):
        assert threshold(many, codes, alpha) == threshold(scores, np.arange(3), alpha)


def test_sets_hold_the_truth_of_new_patients_as_often_as_promised() -> None:
    """Patients of unequal size and difficulty; coverage is the mean over patients."""
    rng = np.random.default_rng(0)
    covered = []
    for _ in range(60):
        size = rng.integers(1, 20, 120)
        codes = np.repeat(np.arange(120), size)
        truth = rng.integers(0, 3, len(codes))
        score = rng.normal(size=(len(codes), 3)) + rng.normal(0, 1.5, (120, 3))[codes]
        score[np.arange(len(codes)), truth] += 1.5
        p = np.exp(score) / np.exp(score).sum(1, keepdims=True)
        inside = conformal_sets(p, truth, codes % 4, codes, 0.1)
        hit = inside[np.arange(len(codes)), truth]
        covered.append((np.bincount(codes, hit) / size).mean())
    assert np.mean(covered) == pytest.approx(0.9, abs=0.012)


def test_too_few_patients_for_the_promise_name_every_class() -> None:
    p = np.array([[0.9, 0.1], [0.2, 0.8], [0.7, 0.3], [0.4, 0.6]])
    inside = conformal_sets(p, np.array([0, 1, 0, 1]), np.array([0, 0, 1, 1]), np.arange(4), 0.01)
    assert inside.all()


@pytest.mark.parametrize("alpha", [Fraction(1, 10), Fraction(1, 2), Fraction(4, 5)])
def test_a_class_is_ruled_out_where_too_few_patients_were_as_strange(alpha: Fraction) -> None:
    """The definition image by image, in fractions: probabilities in eighths have many ties."""
    rng = np.random.default_rng(1)
    codes = np.sort(rng.integers(0, 15, 60))
    folds, truth = codes % 3, rng.integers(0, 3, 60)
    p = rng.multinomial(8, [0.5, 0.3, 0.2], 60) / 8
    inside = conformal_sets(p, truth, folds, codes, float(alpha))
    for image in range(60):
        others = np.flatnonzero(folds != folds[image])
        patients = len(set(codes[others]))
        weight = {i: Fraction(1, (patients + 1) * int((codes == codes[i]).sum())) for i in others}
        for k in range(3):
            likelier = sum(weight[i] for i in others if p[i, truth[i]] > p[image, k])
            assert inside[image, k] == (likelier < 1 - alpha)


@pytest.mark.parametrize("allowed", [0.0, 0.2, 0.25, 0.5])
def test_acceptance_is_that_of_the_least_threshold_that_served_the_other_folds(
    allowed: float,
) -> None:
    rng = np.random.default_rng(4)
    confidence = rng.integers(4, 17, 90) / 16
    right, folds = rng.random(90) < confidence, rng.integers(0, 3, 90)
    taken = accepted(confidence, right, folds, allowed)
    for image in range(90):
        others = folds != folds[image]
        served = [
            limit
            for limit in confidence[others]
            if (~right[others & (confidence >= limit)]).mean() <= allowed
        ]
        assert taken[image] == (bool(served) and confidence[image] >= min(served))


def test_acceptance_is_learned_on_the_other_folds_alone() -> None:
    rng = np.random.default_rng(0)
    confidence = rng.uniform(0.3, 1, 4000)
    right = rng.uniform(size=4000) < confidence
    folds = rng.integers(0, 5, 4000)
    taken = accepted(confidence, right, folds, 0.1)
    assert 0.1 < taken.mean() < 0.6
    assert (~right[taken]).mean() == pytest.approx(0.1, abs=0.03)
    # A fold's own answers change nothing for it.
    spoiled = right.copy()
    spoiled[folds == 2] = False
    again = accepted(confidence, spoiled, folds, 0.1)
    assert (again[folds == 2] == taken[folds == 2]).all()
    assert again.sum() < taken.sum()


def test_nothing_is_accepted_where_no_threshold_serves() -> None:
    folds = np.repeat([0, 1], 50)
    confidence = np.linspace(0.3, 1, 100)
    assert not accepted(confidence, np.zeros(100, dtype=bool), folds, 0.05).any()
    assert accepted(confidence, np.ones(100, dtype=bool), folds, 0.05).sum() >= 50
