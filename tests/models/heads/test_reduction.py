"""Columns are filled, standardised and turned as scikit-learn's pieces would."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import StandardScaler

from gliaboost.models.heads.reduction import Filling, learn_reduction, medians


@pytest.mark.parametrize(("rows", "columns"), [(40, 12), (12, 40), (30, 30)])
@pytest.mark.parametrize("components", [1, 5, 400])
def test_directions_are_those_of_scikit_learn(rows: int, columns: int, components: int) -> None:
    rng = np.random.default_rng(rows)
    mixed = rng.normal(size=(rows, columns)) @ rng.normal(size=(columns, columns)) + 7
    X: NDArray[np.float32] = mixed.astype(np.float32)
    X[::5, 3] = np.nan
    reduction = learn_reduction(X, components)
    Z = StandardScaler().fit_transform(SimpleImputer(strategy="median").fit_transform(X))
    count = min(components, rows - 1, columns)
    wanted = PCA(count).fit(Z).transform(Z)
    wanted /= wanted.std()
    got = reduction(X)
    assert got.shape == wanted.shape
    signs = np.sign((got * wanted).sum(axis=0))
    np.testing.assert_allclose(got * signs, wanted, atol=2e-3)
    new = rng.normal(size=(4, columns)).astype(np.float32)
    assert reduction(new).shape == (4, count)


def test_a_constant_and_an_empty_column_count_for_nothing() -> None:
    X = np.random.default_rng(0).normal(size=(20, 5)).astype(np.float32)
    X[:, 1], X[:, 2] = 1e6, np.nan
    reduction = learn_reduction(X, 5)
    changed = X.copy()
    changed[:, 1], changed[:, 2] = -3, 50
    np.testing.assert_array_equal(reduction(X), reduction(changed))
    assert reduction.axes.shape == (5, 3)


@given(seed=st.integers(0, 1000), scale=st.floats(0.01, 100), shift=st.floats(-50, 50))
@settings(max_examples=30, deadline=None)
def test_units_of_columns_do_not_matter(seed: int, scale: float, shift: float) -> None:
    X = np.random.default_rng(seed).normal(size=(15, 6)).astype(np.float32)
    other = X.copy()
    other[:, 2] = other[:, 2] * np.float32(scale) + np.float32(shift)
    a, b = learn_reduction(X, 3), learn_reduction(other, 3)
    # Directions may swap signs; distances stay.
    apart = [np.linalg.norm(r[:, None] - r[None], axis=2) for r in (a(X), b(other))]
    np.testing.assert_allclose(apart[0], apart[1], rtol=0.02, atol=0.02)


def test_filling_takes_medians() -> None:
    X = np.array([[1, np.nan], [3, 5], [10, np.nan]], np.float32)
    assert Filling(medians(X))(np.full((1, 2), np.nan, np.float32)).tolist() == [[3, 5]]
