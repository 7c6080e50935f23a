"""Fisher vectors are scikit-image's, of a mixture that scikit-learn fitted."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from skimage.feature import fisher_vector
from sklearn.mixture import GaussianMixture

from gliaboost.errors import UsageError
from gliaboost.features.fisher.descriptors import Descriptors
from gliaboost.features.fisher.vocabulary import (
    Vocabulary,
    densities,
    encode,
    from_plain,
    learn,
    plain,
    project,
)


def sample(number: int, seed: int = 0) -> Descriptors:
    """Shares of four kinds, and numbers beside them of unlike sizes."""
    rng = np.random.default_rng(seed)
    kinds = rng.gamma(0.5, size=(4, 128))[rng.integers(0, 4, number)]
    shares = np.sqrt(kinds * rng.gamma(2, size=(number, 128)))
    shares /= np.linalg.norm(shares, axis=1, keepdims=True)
    beside = rng.normal([0.5, 0.5, 3, 0.4], [0.3, 0.3, 1, 0.01], (number, 4))
    return Descriptors(shares.astype(np.float32), beside.astype(np.float32))


def mixture_of(vocabulary: Vocabulary) -> GaussianMixture:
    """Give scikit-learn the same mixture, in double precision."""
    found = GaussianMixture(len(vocabulary.weights), covariance_type="diag")
    found.weights_ = vocabulary.weights.astype(float)
    found.means_ = vocabulary.means.astype(float)
    found.covariances_ = vocabulary.variances.astype(float)
    found.precisions_cholesky_ = 1 / np.sqrt(found.covariances_)
    return found


@pytest.mark.parametrize(("modes", "dims"), [(1, 3), (4, 12), (16, 40)])
@pytest.mark.parametrize("number", [1, 7, 500])
def test_vectors_are_those_of_scikit_image(modes: int, dims: int, number: int) -> None:
    vocabulary = learn(sample(2000), dims, modes, seed=0)
    own = project(sample(number, seed=1), vocabulary)
    found = encode(own, vocabulary, densities(vocabulary))
    wanted: Any = fisher_vector(  # type: ignore[no-untyped-call]
        own.astype(float), mixture_of(vocabulary), improved=True
    )
    if modes == 1:  # one mode has all the weight: a difference of nothing but rounding
        found, wanted = found[1:], wanted[1:]
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, wanted, atol=2e-4)
    assert abs(float(np.linalg.norm(found)) - 1) < 1e-4


def test_projection_is_centred_components_and_what_stands_beside() -> None:
    taught = sample(2000)
    vocabulary = learn(taught, 5, 2, seed=0)
    found = project(taught, vocabulary)
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-4)
    centred = taught.shares - taught.shares.mean(axis=0)
    np.testing.assert_allclose(found[:, :5], centred @ vocabulary.components.T, atol=1e-4)
    spread = found.std(axis=0)
    np.testing.assert_allclose(spread[5:], spread[0], rtol=1e-2)
    assert (np.diff(spread[:5]) <= 0).all()


def test_an_image_without_descriptors_is_nought() -> None:
    vocabulary = learn(sample(500), 5, 3, seed=0)
    none = project(sample(0), vocabulary)
    assert encode(none, vocabulary, densities(vocabulary)).tolist() == [0.0] * (3 + 2 * 3 * 9)


def test_the_same_sample_teaches_the_same_and_another_seed_another() -> None:
    first, again, other = (learn(sample(500), 4, 3, seed=s) for s in (0, 0, 1))
    assert plain(first) == plain(again) != plain(other)


def test_too_few_descriptors_are_refused() -> None:
    with pytest.raises(UsageError, match=r"7 descriptors with some gradient.*at least 8"):
        learn(sample(7), 4, 8, seed=0)


def test_plain_values_bring_it_back() -> None:
    vocabulary = learn(sample(500), 4, 3, seed=0)
    state = plain(vocabulary)
    json.dumps(state, default=bytes.hex)
    for one, other in zip(vocabulary, from_plain(state), strict=True):
        np.testing.assert_array_equal(one, other)
    for broken in (
        {k: v for k, v in state.items() if k != "means"},
        {**state, "means": {"shape": [3, 8], "float32": b"123"}},
        {**state, "offset": state["scale"], "scale": state["weights"]},
        {**state, "means": 3},
    ):
        with pytest.raises(UsageError, match="train again"):
            from_plain(broken)
