"""Triton's kernels in its interpreter, which runs them on the CPU, against the compiled ones.

Run by `test_gpu_triton` in a process of its own: Triton decides when it is first imported.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from gliaboost.features.kernels.circles import METHODS
from gliaboost.features.kernels.cooccurrence import PROPERTIES, glcm_offsets
from gliaboost.features.kernels.cpu.glcm import glcm_counts, glcm_properties
from gliaboost.features.kernels.cpu.hog import hog
from gliaboost.features.kernels.cpu.lbp import lbp_histograms
from gliaboost.features.kernels.gpu import glcm as gpu_glcm
from gliaboost.features.kernels.gpu import hog as gpu_hog
from gliaboost.features.kernels.gpu import lbp as gpu_lbp
from gliaboost.features.kernels.gpu import triton_glcm, triton_hog, triton_lbp

Image = NDArray[np.uint8]
OFFSETS = glcm_offsets([1, 3, 60], [0.0, math.pi / 4, -1.0])


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note which of Triton's entries are called, so that no test passes beside them."""
    calls: list[str] = []

    def note(module: Any, name: str) -> None:
        real = getattr(module, name)

        def noted(*args: Any) -> Any:
            calls.append(name)
            return real(*args)

        monkeypatch.setattr(module, name, noted)

    note(triton_lbp, "count_patterns")
    note(triton_glcm, "count_pairs")
    note(triton_hog, "vote")
    return calls


def small(image: Image) -> Any:
    return np.ascontiguousarray(image[None, :24, :28])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("points", "radius"), [(9, 1.5)])
def test_histograms_are_the_cpus(
    hard_image: Image, points: int, radius: float, method: str, counted: list[str]
) -> None:
    images = small(hard_image)
    grid = (min(2, images.shape[1]), min(3, images.shape[2]))
    got = gpu_lbp.lbp_histograms(torch.from_numpy(images), [points], [radius], method, grid=grid)
    want = lbp_histograms(images, [points], [radius], method, grid=grid)
    np.testing.assert_array_equal(got.numpy(), want)
    assert counted == ["count_patterns"]


@pytest.mark.parametrize(
    ("points", "method"), [(24, "uniform"), (64, "nri_uniform"), (16, "default"), (16, "ror")]
)
def test_many_points_are_the_cpus(noise_batch: Image, points: int, method: str) -> None:
    images = np.ascontiguousarray(noise_batch[:1, :30, :33])
    got = gpu_lbp.lbp_histograms(torch.from_numpy(images), [points], [3], method, grid=(2, 2))
    np.testing.assert_array_equal(
        got.numpy(), lbp_histograms(images, [points], [3], method, grid=(2, 2))
    )


@pytest.mark.parametrize("soft_bins", [False, True])
@pytest.mark.parametrize("orientations", [1, 4, 9, 17])
def test_hog_is_the_cpus(
    noise_batch: Image, orientations: int, soft_bins: bool, counted: list[str]
) -> None:
    options: dict[str, Any] = {
        "orientations": orientations,
        "pixels_per_cell": (17, 23),
        "cells_per_block": (2, 1),
        "soft_bins": soft_bins,
    }
    images = noise_batch[:2]
    got = gpu_hog.hog(torch.from_numpy(images), **options)
    np.testing.assert_allclose(got.numpy(), hog(images, **options), atol=1e-6)
    assert counted == ["vote"]


def test_hog_of_adversarial_images_is_the_cpus(hard_image: Image) -> None:
    images = small(hard_image)
    cell = (min(9, images.shape[1]), min(8, images.shape[2]))
    options: dict[str, Any] = {"pixels_per_cell": cell, "cells_per_block": (1, 1)}
    got = gpu_hog.hog(torch.from_numpy(images), **options)
    np.testing.assert_allclose(got.numpy(), hog(images, **options), atol=1e-6)


@pytest.mark.parametrize("levels", [2, 32, 100])
def test_counts_are_the_cpus(hard_image: Image, levels: int, counted: list[str]) -> None:
    images = small(hard_image)
    got = gpu_glcm.glcm_counts(torch.from_numpy(images), OFFSETS, levels=levels)
    np.testing.assert_array_equal(got.numpy(), glcm_counts(images, OFFSETS, levels=levels))
    assert counted == ["count_pairs"]


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
