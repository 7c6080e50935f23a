"""GLCM in plain torch against the compiled loops: any device serves."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from gliaboost.errors import UsageError
from gliaboost.features.kernels.cooccurrence import PROPERTIES, glcm_offsets
from gliaboost.features.kernels.cpu.glcm import glcm_counts, glcm_properties

torch = pytest.importorskip("torch", reason="torch is not installed")
from gliaboost.features.kernels.gpu import glcm as gpu_glcm  # noqa: E402

Image = NDArray[np.uint8]
OnDevice = Callable[[Image], Any]

ANGLES = [0.0, math.pi / 4, math.pi / 2, 3 * math.pi / 4]
OFFSETS = glcm_offsets([1, 2, 5, 60], [*ANGLES, -1.0, math.pi])


@pytest.mark.integration
@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize("levels", [2, 32, 256])
def test_glcm_is_the_cpus(
    hard_image: Image, levels: int, symmetric: bool, on_device: OnDevice
) -> None:
    images, options = hard_image[None], {"levels": levels, "symmetric": symmetric}
    counts = gpu_glcm.glcm_counts(on_device(images), OFFSETS, **options)  # type: ignore[arg-type]
    np.testing.assert_array_equal(counts.cpu().numpy(), glcm_counts(images, OFFSETS, **options))  # type: ignore[arg-type]
    got = gpu_glcm.glcm_properties(on_device(images), OFFSETS, PROPERTIES, **options)  # type: ignore[arg-type]
    want = glcm_properties(images, OFFSETS, PROPERTIES, **options)  # type: ignore[arg-type]
    assert got.dtype == torch.float32
    np.testing.assert_allclose(got.cpu().numpy(), want, rtol=1e-6, atol=1e-6)


@pytest.mark.integration
@pytest.mark.parametrize("levels", [16, 256])
def test_glcm_inside_masks_on_a_grid_is_the_cpus(
    noise_batch: Image, levels: int, on_device: OnDevice
) -> None:
    rng = np.random.default_rng(5)
    masks = rng.random(noise_batch.shape) < 0.7
    masks[0] = False
    options: dict[str, Any] = {"levels": levels, "grid": (3, 2)}
    images = on_device(noise_batch)
    masked: dict[str, Any] = {**options, "masks": torch.from_numpy(masks).to(images.device)}
    counts = gpu_glcm.glcm_counts(images, OFFSETS, **masked)
    np.testing.assert_array_equal(
        counts.cpu().numpy(), glcm_counts(noise_batch, OFFSETS, masks=masks, **options)
    )
    got = gpu_glcm.glcm_properties(images, OFFSETS, PROPERTIES, **masked)
    want = glcm_properties(noise_batch, OFFSETS, PROPERTIES, masks=masks, **options)
    np.testing.assert_allclose(got.cpu().numpy(), want, rtol=1e-6, atol=1e-6)


@given(
    seed=st.integers(0, 1000), dark=st.integers(0, 8), shape=st.tuples(*[st.integers(1, 30)] * 2)
)
@settings(max_examples=30, deadline=None)
def test_any_image_gives_the_cpus_numbers(seed: int, dark: int, shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(seed)
    images = (rng.integers(0, 256, (2, *shape)) >> dark).astype(np.uint8)
    offsets = glcm_offsets([1, 3], ANGLES)
    got = gpu_glcm.glcm_properties(torch.from_numpy(images), offsets, PROPERTIES, levels=64)
    want = glcm_properties(images, offsets, PROPERTIES, levels=64)
    np.testing.assert_allclose(got.numpy(), want, rtol=1e-6, atol=1e-6)


def test_batch_and_order_change_nothing(noise_batch: Image, on_device: OnDevice) -> None:
    images, offsets = on_device(noise_batch), glcm_offsets([1, 2], ANGLES)

    def compute(t: Any) -> Any:
        return gpu_glcm.glcm_properties(t, offsets, PROPERTIES, levels=32)

    whole = compute(images)
    singles = torch.cat([compute(images[i : i + 1]) for i in range(len(images))])
    torch.testing.assert_close(whole, singles, rtol=1e-6, atol=1e-7)
    torch.testing.assert_close(whole.flip(0), compute(images.flip(0)), rtol=1e-6, atol=1e-7)


def test_no_images_give_no_rows(on_device: OnDevice) -> None:
    none = on_device(np.zeros((0, 32, 32), np.uint8))
    assert gpu_glcm.glcm_properties(none, OFFSETS, PROPERTIES).shape == (0, len(OFFSETS) * 18)


def test_wrong_parameters_are_refused() -> None:
    images = torch.zeros((1, 9, 9), dtype=torch.uint8)
    with pytest.raises(UsageError, match="one mask an image"):
        gpu_glcm.glcm_counts(images, OFFSETS, masks=torch.ones((1, 8, 9), dtype=torch.bool))
    with pytest.raises(UsageError, match="no GLCM property 'shine'"):
        gpu_glcm.glcm_properties(images, OFFSETS, ["shine"])
