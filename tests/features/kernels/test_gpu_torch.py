"""The torch kernels against the compiled ones: plain operations, so any device serves."""

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
from gliaboost.features.kernels.circles import METHODS
from gliaboost.features.kernels.cooccurrence import PROPERTIES, glcm_offsets
from gliaboost.features.kernels.cpu.glcm import glcm_counts, glcm_properties
from gliaboost.features.kernels.cpu.hog import hog
from gliaboost.features.kernels.cpu.lbp import lbp_codes, lbp_histograms
from gliaboost.features.kernels.gradients import BLOCK_NORMS

torch = pytest.importorskip("torch", reason="torch is not installed")
from gliaboost.features.kernels.gpu import chunks  # noqa: E402
from gliaboost.features.kernels.gpu import glcm as gpu_glcm  # noqa: E402
from gliaboost.features.kernels.gpu import hog as gpu_hog  # noqa: E402
from gliaboost.features.kernels.gpu import lbp as gpu_lbp  # noqa: E402

Image = NDArray[np.uint8]
DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
ANGLES = [0.0, math.pi / 4, math.pi / 2, 3 * math.pi / 4]
CIRCLES = [(1, 1.0), (5, 4.1), (8, 1.0), (16, 2.0), (24, 3.0), (63, 8.7)]


@pytest.fixture(params=DEVICES)
def device(request: pytest.FixtureRequest) -> str:
    """One device after another that this machine has."""
    return str(request.param)


def tensor(images: Image, device: str) -> Any:
    return torch.from_numpy(np.ascontiguousarray(images)).to(device)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("points", "radius"), CIRCLES)
def test_codes_are_the_cpus(
    hard_image: Image, points: int, radius: float, method: str, device: str
) -> None:
    got = gpu_lbp.lbp_codes(tensor(hard_image[None], device), points, radius, method)
    np.testing.assert_array_equal(
        got.cpu().numpy(), lbp_codes(hard_image[None], points, radius, method)
    )


@pytest.mark.parametrize("normed", [False, True])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("grid", [(1, 1), (3, 7)])
def test_histograms_are_the_cpus(
    noise_batch: Image, method: str, grid: tuple[int, int], normed: bool, device: str
) -> None:
    options = {"grid": grid, "normed": normed}
    got = gpu_lbp.lbp_histograms(tensor(noise_batch, device), [8, 12], [1, 2.5], method, **options)  # type: ignore[arg-type]
    want = lbp_histograms(noise_batch, [8, 12], [1, 2.5], method, **options)  # type: ignore[arg-type]
    assert got.dtype == torch.float32
    np.testing.assert_array_equal(got.cpu().numpy(), want)


def test_histograms_of_adversarial_images_are_the_cpus(hard_image: Image, device: str) -> None:
    images = tensor(hard_image[None], device)
    for method in METHODS:
        got = gpu_lbp.lbp_histograms(images, [10], [2], method)
        np.testing.assert_array_equal(
            got.cpu().numpy(), lbp_histograms(hard_image[None], [10], [2], method)
        )


@pytest.mark.parametrize("block_norm", BLOCK_NORMS)
@pytest.mark.parametrize("soft_bins", [False, True])
@pytest.mark.parametrize("transform_sqrt", [False, True])
@pytest.mark.parametrize("orientations", [1, 4, 9])
def test_hog_is_the_cpus(
    noise_batch: Image,
    orientations: int,
    transform_sqrt: bool,
    soft_bins: bool,
    block_norm: str,
    device: str,
) -> None:
    if transform_sqrt and orientations == 4 and not soft_bins:
        pytest.skip("roots of equal gradients may fall to either side of 45 degrees")
    options: dict[str, Any] = {
        "orientations": orientations,
        "pixels_per_cell": (9, 7),
        "cells_per_block": (2, 3),
        "block_norm": block_norm,
        "transform_sqrt": transform_sqrt,
        "soft_bins": soft_bins,
    }
    got = gpu_hog.hog(tensor(noise_batch, device), **options)
    assert got.dtype == torch.float32
    np.testing.assert_allclose(got.cpu().numpy(), hog(noise_batch, **options), atol=1e-6)


def test_hog_of_adversarial_images_is_the_cpus(hard_image: Image, device: str) -> None:
    options: dict[str, Any] = {"pixels_per_cell": (1, 1), "cells_per_block": (1, 1)}
    if min(hard_image.shape) >= 12:
        options = {"pixels_per_cell": (5, 4), "cells_per_block": (2, 2)}
    got = gpu_hog.hog(tensor(hard_image[None], device), **options)
    np.testing.assert_allclose(got.cpu().numpy(), hog(hard_image[None], **options), atol=1e-6)


OFFSETS = glcm_offsets([1, 2, 5, 60], [*ANGLES, -1.0, math.pi])


@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize("levels", [2, 32, 256])
def test_glcm_is_the_cpus(hard_image: Image, levels: int, symmetric: bool, device: str) -> None:
    images, options = hard_image[None], {"levels": levels, "symmetric": symmetric}
    counts = gpu_glcm.glcm_counts(tensor(images, device), OFFSETS, **options)  # type: ignore[arg-type]
    np.testing.assert_array_equal(counts.cpu().numpy(), glcm_counts(images, OFFSETS, **options))  # type: ignore[arg-type]
    got = gpu_glcm.glcm_properties(tensor(images, device), OFFSETS, PROPERTIES, **options)  # type: ignore[arg-type]
    want = glcm_properties(images, OFFSETS, PROPERTIES, **options)  # type: ignore[arg-type]
    assert got.dtype == torch.float32
    np.testing.assert_allclose(got.cpu().numpy(), want, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("levels", [16, 256])
def test_glcm_inside_masks_on_a_grid_is_the_cpus(
    noise_batch: Image, levels: int, device: str
) -> None:
    rng = np.random.default_rng(5)
    masks = rng.random(noise_batch.shape) < 0.7
    masks[0] = False
    options: dict[str, Any] = {"levels": levels, "grid": (3, 2)}
    on_device: dict[str, Any] = {**options, "masks": torch.from_numpy(masks).to(device)}
    images = tensor(noise_batch, device)
    counts = gpu_glcm.glcm_counts(images, OFFSETS, **on_device)
    np.testing.assert_array_equal(
        counts.cpu().numpy(), glcm_counts(noise_batch, OFFSETS, masks=masks, **options)
    )
    got = gpu_glcm.glcm_properties(images, OFFSETS, PROPERTIES, **on_device)
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
    codes = gpu_lbp.lbp_codes(torch.from_numpy(images), 8, 1.5, "nri_uniform")
    np.testing.assert_array_equal(codes.numpy(), lbp_codes(images, 8, 1.5, "nri_uniform"))


def test_batch_and_order_change_nothing(noise_batch: Image, device: str) -> None:
    images = tensor(noise_batch, device)
    offsets = glcm_offsets([1, 2], ANGLES)
    kernels: list[Callable[[Any], Any]] = [
        lambda t: gpu_hog.hog(t),
        lambda t: gpu_lbp.lbp_histograms(t, [8, 16], [1, 2], grid=(2, 2)),
        lambda t: gpu_glcm.glcm_properties(t, offsets, PROPERTIES, levels=32),
    ]
    for compute in kernels:
        whole = compute(images)
        singles = torch.cat([compute(images[i : i + 1]) for i in range(len(images))])
        torch.testing.assert_close(whole, singles, rtol=1e-6, atol=1e-7)
        torch.testing.assert_close(whole.flip(0), compute(images.flip(0)), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("pixels", [1, 64 * 80 * 3, 10**9])
def test_chunks_hold_every_image_once_in_order(
    noise_batch: Image, pixels: int, device: str
) -> None:
    sizes: list[int] = []

    def compute(chunk: Any, part: slice) -> Any:
        assert chunk.device.type == device
        assert len(chunk) == part.stop - part.start
        sizes.append(len(chunk))
        return chunk.to(torch.int32) + 1

    host = torch.from_numpy(noise_batch)
    for images in [host, *([host.pin_memory(), host.to("cuda")] if device == "cuda" else [])]:
        sizes.clear()
        got = chunks.in_chunks(images, torch.device(device), compute, pixels=pixels)
        np.testing.assert_array_equal(got.cpu().numpy(), noise_batch.astype(np.int32) + 1)
        assert max(sizes) <= max(1, pixels // (64 * 80))


def test_no_images_give_no_rows(device: str) -> None:
    none = torch.zeros((0, 32, 32), dtype=torch.uint8, device=device)
    assert gpu_hog.hog(none).shape == (0, 324)
    assert gpu_lbp.lbp_codes(none, 8, 1).shape == (0, 32, 32)
    assert gpu_lbp.lbp_histograms(none, [8], [1]).shape == (0, 10)
    assert gpu_glcm.glcm_properties(none, OFFSETS, PROPERTIES).shape == (0, len(OFFSETS) * 18)


def test_wrong_parameters_are_refused() -> None:
    images = torch.zeros((1, 9, 9), dtype=torch.uint8)
    with pytest.raises(UsageError, match=r"dtype torch.float32; expected uint8"):
        gpu_hog.hog(images.to(torch.float32))
    with pytest.raises(UsageError, match="one HOG block needs 24 x 24"):
        gpu_hog.hog(images)
    with pytest.raises(UsageError, match="2 numbers of points for 1 radii"):
        gpu_lbp.lbp_histograms(images, [8, 16], [1])
    with pytest.raises(UsageError, match="no LBP method 'mean'"):
        gpu_lbp.lbp_codes(images, 8, 1, "mean")
    with pytest.raises(UsageError, match="one mask an image"):
        gpu_glcm.glcm_counts(images, OFFSETS, masks=torch.ones((1, 8, 9), dtype=torch.bool))
    with pytest.raises(UsageError, match="no GLCM property 'shine'"):
        gpu_glcm.glcm_properties(images, OFFSETS, ["shine"])
