"""HOG's votes in Triton's interpreter against the compiled loops: for `test_triton_hog`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from gliaboost.features.kernels.cpu.hog import hog
from gliaboost.features.kernels.gpu import hog as gpu_hog
from gliaboost.features.kernels.gpu import triton_hog

Image = NDArray[np.uint8]
Counted = Callable[[Any, str], list[str]]


def small(image: Image) -> Any:
    return np.ascontiguousarray(image[None, :24, :28])


@pytest.mark.parametrize("soft_bins", [False, True])
@pytest.mark.parametrize("orientations", [1, 4, 9, 17])
def test_hog_is_the_cpus(
    noise_batch: Image, orientations: int, soft_bins: bool, counted: Counted
) -> None:
    calls = counted(triton_hog, "vote")
    options: dict[str, Any] = {
        "orientations": orientations,
        "pixels_per_cell": (17, 23),
        "cells_per_block": (2, 1),
        "soft_bins": soft_bins,
    }
    images = noise_batch[:2]
    got = gpu_hog.hog(torch.from_numpy(images), **options)
    np.testing.assert_allclose(got.numpy(), hog(images, **options), atol=1e-6)
    assert calls == ["vote"]


def test_hog_of_adversarial_images_is_the_cpus(hard_image: Image) -> None:
    images = small(hard_image)
    cell = (min(9, images.shape[1]), min(8, images.shape[2]))
    options: dict[str, Any] = {"pixels_per_cell": cell, "cells_per_block": (1, 1)}
    got = gpu_hog.hog(torch.from_numpy(images), **options)
    np.testing.assert_allclose(got.numpy(), hog(images, **options), atol=1e-6)
