"""LBP's histograms in Triton's interpreter against the compiled loops: for `test_triton_lbp`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from gliaboost.features.kernels.circles import METHODS
from gliaboost.features.kernels.cpu.lbp import lbp_histograms
from gliaboost.features.kernels.gpu import lbp as gpu_lbp
from gliaboost.features.kernels.gpu import triton_lbp

Image = NDArray[np.uint8]
Counted = Callable[[Any, str], list[str]]


def small(image: Image) -> Any:
    return np.ascontiguousarray(image[None, :24, :28])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("points", "radius"), [(9, 1.5)])
def test_histograms_are_the_cpus(
    hard_image: Image, points: int, radius: float, method: str, counted: Counted
) -> None:
    calls = counted(triton_lbp, "count_patterns")
    images = small(hard_image)
    grid = (min(2, images.shape[1]), min(3, images.shape[2]))
    got = gpu_lbp.lbp_histograms(torch.from_numpy(images), [points], [radius], method, grid=grid)
    want = lbp_histograms(images, [points], [radius], method, grid=grid)
    np.testing.assert_array_equal(got.numpy(), want)
    assert calls == ["count_patterns"]


@pytest.mark.parametrize(
    ("points", "method"), [(24, "uniform"), (64, "nri_uniform"), (16, "default"), (16, "ror")]
)
def test_many_points_are_the_cpus(noise_batch: Image, points: int, method: str) -> None:
    images = np.ascontiguousarray(noise_batch[:1, :30, :33])
    got = gpu_lbp.lbp_histograms(torch.from_numpy(images), [points], [3], method, grid=(2, 2))
    np.testing.assert_array_equal(
        got.numpy(), lbp_histograms(images, [points], [3], method, grid=(2, 2))
    )
