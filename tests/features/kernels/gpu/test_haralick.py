"""Properties from counts, against mahotas, scikit-image and the definitions."""

from __future__ import annotations

from typing import Any

import mahotas.features.texture as mahotas
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from skimage.feature import graycoprops as props

from gliaboost.features.kernels.cooccurrence import HARALICK, PROPERTIES

torch = pytest.importorskip("torch", reason="torch is not installed")
from gliaboost.features.kernels.gpu.haralick import summarise  # noqa: E402

graycoprops: Any = props
Counts = NDArray[np.int64]


def counts(seed: int, levels: int, symmetric: bool) -> Counts:
    rng = np.random.default_rng(seed)
    found = rng.integers(0, 50, (4, levels, levels)) * (rng.random((4, levels, levels)) < 0.3)
    found[:, 0, 0] += 1
    return found + found.swapaxes(1, 2) if symmetric else found


def test_haralicks_thirteen_are_mahotas() -> None:
    found = counts(0, 12, True)
    got = summarise(torch.from_numpy(found), HARALICK).numpy()
    want = [mahotas.haralick_features(c[None], use_x_minus_y_variance=True)[0] for c in found]
    np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("symmetric", [False, True])
def test_the_first_ten_are_scikit_images(symmetric: bool) -> None:
    found = counts(1, 9, symmetric)
    got = summarise(torch.from_numpy(found), PROPERTIES[:10]).numpy()
    matrix = np.moveaxis(found, 0, -1)[:, :, None, :].astype(np.uint32)
    want = np.stack([graycoprops(matrix, p)[0] for p in PROPERTIES[:10]], 1)
    np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6)


@given(seed=st.integers(0, 10**6), times=st.integers(2, 1000))
def test_how_many_pairs_there_are_changes_nothing(seed: int, times: int) -> None:
    found = torch.from_numpy(counts(seed, 6, False))
    once, often = summarise(found, PROPERTIES), summarise(found * times, PROPERTIES)
    torch.testing.assert_close(once, often, rtol=1e-5, atol=1e-5)


def test_properties_come_in_the_order_asked_for() -> None:
    found = torch.from_numpy(counts(2, 6, True))
    every = summarise(found, PROPERTIES)
    chosen = ["imc2", "contrast", "sum_entropy"]
    want = every[:, [PROPERTIES.index(p) for p in chosen]]
    torch.testing.assert_close(summarise(found, chosen), want, rtol=0, atol=0)


def test_one_kind_of_pair_has_no_entropy_and_no_pair_nothing() -> None:
    found = np.zeros((2, 5, 5), np.int64)
    found[0, 3, 3] = 4097
    got = summarise(torch.from_numpy(found), PROPERTIES).numpy()
    named = dict(zip(PROPERTIES, got[0].tolist(), strict=True))
    for name in PROPERTIES:
        if "entropy" in name or name.startswith("imc") or "variance" in name:
            assert named[name] == 0, name
    assert (named["ASM"], named["mean"], named["correlation"]) == (1, 3, 1)
    assert got[1].tolist() == [float(name == "correlation") for name in PROPERTIES]
