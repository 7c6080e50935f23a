"""Grey levels of made-up heads, and what no head has."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gliaboost.datasets.grey_levels import (
    by_slab,
    is_hounsfield,
    is_label_map,
    stretch,
    take_sample,
)


def head() -> NDArray[np.float32]:
    volume = np.zeros((12, 14, 10), np.float32)
    inner = volume[2:-2, 2:-2, 2:-2]
    inner[...] = np.random.default_rng(0).integers(200, 900, inner.shape)
    return volume


def greys(values: NDArray[np.float32]) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    return stretch(values, take_sample(values, np.isfinite(values)))


def test_any_scale_and_shift_give_the_same_greys() -> None:
    grey, shown = greys(head())
    np.testing.assert_array_equal(shown, head() > 0)
    for other in (head() * 2, head() - 512, head() * 0.25 - 64):
        np.testing.assert_array_equal(greys(other)[0], grey)
        np.testing.assert_array_equal(greys(other)[1], shown)


def test_ringing_below_the_ground_is_air() -> None:
    rung = head()
    rung[:, :2] = np.random.default_rng(1).uniform(-9, -1, rung[:, :2].shape)
    grey, shown = greys(rung)
    np.testing.assert_array_equal(shown, head() > 0)
    assert not grey[:, :2].any()
    standard = head()
    inside = standard > 0
    standard[inside] = (standard[inside] - 550) / 200
    np.testing.assert_array_equal(greys(standard)[1], inside)
    assert not greys(standard)[0][~inside].any()


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([0, 1], True),
        ([0, 1, 2, 4], True),
        ([0, 255], True),
        ([0, 1.001, 1.999], True),
        ([0, 100, 255], False),
        ([0, 400, 1000], False),
        ([0, 0.5, 1], False),
        ([-1, 0, 1], False),
        ([7, 7], False),
        ([0, 1, np.nan], False),
        (list(range(40)), False),
    ],
)
def test_maps_of_labels(values: list[float], labels: bool) -> None:
    volume: NDArray[Any] = np.resize(np.array(values, np.float32), (6, 7, 8))
    assert is_label_map(volume) is labels


def test_regions_of_many_labels_are_a_map() -> None:
    rng = np.random.default_rng(0)
    whole = np.kron(rng.integers(1, 2000, (3, 3, 3)), np.ones((12, 12, 12)))
    assert is_label_map(whole)
    assert not is_label_map(whole + 0.5)
    assert not is_label_map(rng.integers(1, 2000, (20, 20, 20)))


def test_hounsfield_units() -> None:
    assert is_hounsfield(np.array([-1024, 20, 900], np.float32))
    assert is_hounsfield(np.array([0, 0, 20, 40, 60], np.float32))
    assert not is_hounsfield(np.array([0, 0, 1020, 1040, 1900], np.float32))


def test_parts_make_the_whole() -> None:
    values = head()
    np.testing.assert_array_equal(by_slab(values, lambda p: (p / 4).astype(np.uint8)), values // 4)


def test_a_sample_is_finite_and_never_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    values = head()
    values[..., ::2] = np.nan
    finite = np.isfinite(values)
    assert take_sample(values, finite).size == finite.sum()
    monkeypatch.setattr("gliaboost.datasets.grey_levels._SAMPLED", values.size // 2)
    assert take_sample(values, finite).size == finite.sum()
    assert take_sample(head(), np.isfinite(head())).size == values.size // 2
