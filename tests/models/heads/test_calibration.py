"""The sharpness is the one of the least loss."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax as scipys

from gliaboost.models.heads.calibration import learn_sharpness, softmax
from gliaboost.models.log_loss import balanced_log_loss


def test_softmax_is_scipys() -> None:
    scores = np.random.default_rng(0).normal(size=(50, 4)) * 300
    np.testing.assert_allclose(softmax(scores), scipys(scores, axis=1), atol=1e-15)


@pytest.mark.parametrize("factor", [0.05, 1.0, 30.0])
def test_scores_of_any_scale_become_the_same_probabilities(factor: float) -> None:
    rng = np.random.default_rng(1)
    y = rng.integers(0, 3, 900)
    scores = rng.normal(size=(900, 3))
    scores[np.arange(900), y] += 1.5
    sharp = learn_sharpness(scores, y)
    assert learn_sharpness(scores * factor, y) == pytest.approx(sharp / factor, rel=1e-2)
    losses = [balanced_log_loss(softmax(s * scores), y) for s in np.geomspace(0.1, 10, 200)]
    assert balanced_log_loss(softmax(sharp * scores), y) <= min(losses) + 1e-6
