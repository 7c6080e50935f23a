from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from gliaboost.reports import ranking
from gliaboost.reports.ranking import auc, auc_by_class


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
