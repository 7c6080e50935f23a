from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import log_loss

from gliaboost.models.hybrid.blend import SHARES, best_share, blended

P = NDArray[np.float64]


def drawn(seed: int, rows: int = 12) -> tuple[P, P, NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    first, second = rng.dirichlet(np.ones(3), (2, rows))
    return first, second, np.resize(np.arange(3), rows)


@given(seed=st.integers(0, 10**6), share=st.floats(0, 1))
def test_it_is_the_weighted_geometric_mean(seed: int, share: float) -> None:
    first, second, _ = drawn(seed)
    want = first**share * second ** (1 - share)
    want /= want.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(blended(first, second, share), want, atol=1e-9)
    np.testing.assert_allclose(blended(second, first, 1 - share), want, atol=1e-9)


def test_the_ends_are_the_models_themselves() -> None:
    first, second, _ = drawn(0)
    np.testing.assert_allclose(blended(first, second, 1.0), first, atol=1e-12)
    np.testing.assert_allclose(blended(first, second, 0.0), second, atol=1e-12)


def test_a_certain_model_does_not_make_nan() -> None:
    sure, other = np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])
    np.testing.assert_allclose(blended(sure, other, 0.5), [[0.5, 0.5]])
    assert blended(sure, other, 0.6)[0, 0] > 0.9


@settings(max_examples=15)
@given(seed=st.integers(0, 10**6))
def test_the_best_share_has_the_least_balanced_log_loss(seed: int) -> None:
    network, booster, codes = drawn(seed)
    share, losses = best_share(network, booster, codes)
    # Every class has as many rows: balanced is plain.
    every = [log_loss(codes, blended(network, booster, s)) for s in SHARES]
    assert share == SHARES[int(np.argmin(every))]
    assert losses["blend"] == pytest.approx(min(every))
    assert losses["network"] == pytest.approx(log_loss(codes, network))
    assert losses["booster"] == pytest.approx(log_loss(codes, booster))


def test_the_better_model_gets_the_share() -> None:
    right = np.eye(3)[np.resize(np.arange(3), 12)] * 0.9 + 0.1 / 3
    wrong = np.roll(right, 1, axis=1)
    codes = np.resize(np.arange(3), 12)
    assert best_share(right, wrong, codes)[0] == 1
    assert best_share(wrong, right, codes)[0] == 0


def test_rare_classes_weigh_as_much() -> None:
    # The network knows class 0 of nine rows, the booster class 1 of one.
    codes = np.array([0] * 9 + [1])
    network = np.tile([0.9, 0.1], (10, 1))
    booster = np.tile([0.1, 0.9], (10, 1))
    assert best_share(network, booster, codes)[0] == 0.5
