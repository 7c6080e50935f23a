"""GLCM's counts in Triton's interpreter against the compiled loops: for `test_triton_glcm`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from gliaboost.features.kernels.cooccurrence import PROPERTIES, glcm_offsets
from gliaboost.features.kernels.cpu.glcm import glcm_counts, glcm_properties
from gliaboost.features.kernels.gpu import glcm as gpu_glcm
from gliaboost.features.kernels.gpu import triton_glcm

Image = NDArray[np.uint8]
Counted = Callable[[Any, str], list[str]]
OFFSETS = glcm_offsets([1, 3, 60], [0.0, math.pi / 4, -1.0])


def small(image: Image) -> Any:
    return np.ascontiguousarray(image[None, :24, :28])


@pytest.mark.parametrize("levels", [2, 32, 100])
def test_counts_are_the_cpus(hard_image: Image, levels: int, counted: Counted) -> None:
    calls = counted(triton_glcm, "count_pairs")
    images = small(hard_image)
    got = gpu_glcm.glcm_counts(torch.from_numpy(images), OFFSETS, levels=levels)
    np.testing.assert_array_equal(got.numpy(), glcm_counts(images, OFFSETS, levels=levels))
    assert calls == ["count_pairs"]


@pytest.mark.parametrize("levels", [16, 256])
def test_properties_inside_masks_on_a_grid_are_the_cpus(noise_batch: Image, levels: int) -> None:
    images = np.ascontiguousarray(noise_batch[:2, :30, :33])
    masks = np.random.default_rng(5).random(images.shape) < 0.7
    got = gpu_glcm.glcm_properties(
        torch.from_numpy(images),
        OFFSETS,
        PROPERTIES,
        levels=levels,
        masks=torch.from_numpy(masks),
        grid=(2, 3),
    )
    want = glcm_properties(images, OFFSETS, PROPERTIES, levels=levels, masks=masks, grid=(2, 3))
    np.testing.assert_allclose(got.numpy(), want, rtol=1e-6, atol=1e-6)
