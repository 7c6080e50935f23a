from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import log_loss
from sklearn.utils.class_weight import compute_sample_weight

from gliaboost.models.log_loss import balanced_log_loss, log_losses


def test_one_loss_an_image() -> None:
    p = np.array([[0.25, 0.75], [0.5, 0.5], [1.0, 0.0]])
    expected = [-np.log(0.75), -np.log(0.5), -np.log(1e-3)]
    assert log_losses(p, np.array([1, 0, 1]), 1e-3).tolist() == expected


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_precision_is_that_of_the_probabilities(dtype: type) -> None:
    p: NDArray[Any] = np.array([[0.3, 0.7]], dtype)
    assert log_losses(p, np.array([1]), 1e-15).dtype == dtype


def test_a_balanced_loss_is_scikit_learns_with_balanced_weights() -> None:
    rng = np.random.default_rng(0)
    p, y = rng.dirichlet(np.ones(3), 60), np.repeat([0, 1, 2], [40, 15, 5])
    weight = compute_sample_weight("balanced", y)
    assert balanced_log_loss(p, y) == pytest.approx(log_loss(y, p, sample_weight=weight))


def test_a_class_that_does_not_occur_has_no_share() -> None:
    p = np.array([[0.2, 0.3, 0.5], [0.2, 0.3, 0.5]])
    assert balanced_log_loss(p, np.array([0, 2])) == pytest.approx(-np.log([0.2, 0.5]).mean())
