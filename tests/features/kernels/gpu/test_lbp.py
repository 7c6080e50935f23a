"""LBP in plain torch against the compiled loops: any device serves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from gliaboost.errors import UsageError
from gliaboost.features.kernels.circles import METHODS
from gliaboost.features.kernels.cpu.lbp import lbp_codes, lbp_histograms

torch = pytest.importorskip("torch", reason="torch is not installed")
from gliaboost.features.kernels.gpu import lbp as gpu_lbp  # noqa: E402

Image = NDArray[np.uint8]
OnDevice = Callable[[Image], Any]

CIRCLES = [(1, 1.0), (5, 4.1), (8, 1.0), (16, 2.0), (24, 3.0), (63, 8.7)]


@pytest.mark.integration
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("points", "radius"), CIRCLES)
def test_codes_are_the_cpus(
    hard_image: Image, points: int, radius: float, method: str, on_device: OnDevice
) -> None:
    got = gpu_lbp.lbp_codes(on_device(hard_image[None]), points, radius, method)
    np.testing.assert_array_equal(
        got.cpu().numpy(), lbp_codes(hard_image[None], points, radius, method)
    )


@pytest.mark.parametrize("normed", [False, True])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("grid", [(1, 1), (3, 7)])
def test_histograms_are_the_cpus(
    noise_batch: Image, method: str, grid: tuple[int, int], normed: bool, on_device: OnDevice
) -> None:
    options = {"grid": grid, "normed": normed}
    got = gpu_lbp.lbp_histograms(on_device(noise_batch), [8, 12], [1, 2.5], method, **options)  # type: ignore[arg-type]
    want = lbp_histograms(noise_batch, [8, 12], [1, 2.5], method, **options)  # type: ignore[arg-type]
    assert got.dtype == torch.float32
    np.testing.assert_array_equal(got.cpu().numpy(), want)


def test_histograms_of_adversarial_images_are_the_cpus(
    hard_image: Image, on_device: OnDevice
) -> None:
    images = on_device(hard_image[None])
    for method in METHODS:
        got = gpu_lbp.lbp_histograms(images, [10], [2], method)
        np.testing.assert_array_equal(
            got.cpu().numpy(), lbp_histograms(hard_image[None], [10], [2], method)
        )


@given(
    seed=st.integers(0, 1000), dark=st.integers(0, 8), shape=st.tuples(*[st.integers(1, 30)] * 2)
)
@settings(max_examples=30, deadline=None)
def test_any_image_has_the_cpus_codes(seed: int, dark: int, shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(seed)
    images = (rng.integers(0, 256, (2, *shape)) >> dark).astype(np.uint8)
    codes = gpu_lbp.lbp_codes(torch.from_numpy(images), 8, 1.5, "nri_uniform")
    np.testing.assert_array_equal(codes.numpy(), lbp_codes(images, 8, 1.5, "nri_uniform"))


def test_batch_and_order_change_nothing(noise_batch: Image, on_device: OnDevice) -> None:
    images = on_device(noise_batch)

    def compute(t: Any) -> Any:
        return gpu_lbp.lbp_histograms(t, [8, 16], [1, 2], grid=(2, 2))

    whole = compute(images)
    singles = torch.cat([compute(images[i : i + 1]) for i in range(len(images))])
    torch.testing.assert_close(whole, singles, rtol=0, atol=0)
    torch.testing.assert_close(whole.flip(0), compute(images.flip(0)), rtol=0, atol=0)


def test_no_images_give_no_rows(on_device: OnDevice) -> None:
    none = on_device(np.zeros((0, 32, 32), np.uint8))
    assert gpu_lbp.lbp_codes(none, 8, 1).shape == (0, 32, 32)
    assert gpu_lbp.lbp_histograms(none, [8], [1]).shape == (0, 10)


def test_wrong_parameters_are_refused() -> None:
    images = torch.zeros((1, 9, 9), dtype=torch.uint8)
    with pytest.raises(UsageError, match="2 numbers of points for 1 radii"):
        gpu_lbp.lbp_histograms(images, [8, 16], [1])
    with pytest.raises(UsageError, match="no LBP method 'mean'"):
        gpu_lbp.lbp_codes(images, 8, 1, "mean")
