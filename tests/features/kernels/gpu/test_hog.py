"""HOG in plain torch against the compiled loops: any device serves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gliaboost.errors import UsageError
from gliaboost.features.kernels.cpu.hog import fill_bins, hog
from gliaboost.features.kernels.gradients import BLOCK_NORMS

torch = pytest.importorskip("torch", reason="torch is not installed")
from gliaboost.features.kernels.gpu import hog as gpu_hog  # noqa: E402

Image = NDArray[np.uint8]
OnDevice = Callable[[Image], Any]


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
    on_device: OnDevice,
) -> None:
    options: dict[str, Any] = {
        "orientations": orientations,
        "pixels_per_cell": (9, 7),
        "cells_per_block": (2, 3),
        "block_norm": block_norm,
        "transform_sqrt": transform_sqrt,
        "soft_bins": soft_bins,
    }
    got = gpu_hog.hog(on_device(noise_batch), **options)
    assert got.dtype == torch.float32
    np.testing.assert_allclose(got.cpu().numpy(), hog(noise_batch, **options), atol=1e-6)


def of_few_greys(orientations: int) -> Image:
    """Make images whose roots' gradients often lie on a border: 0, 1 and 3 make 60 degrees."""
    greys = np.array([0, 1, 3, 4, 9, 12], np.uint8)
    return np.random.default_rng(orientations).choice(greys, (3, 40, 48))


@pytest.mark.parametrize("orientations", [3, 4, 6, 9, 12, 18, 180])
def test_where_the_arc_tangents_last_bits_differ_the_cpu_decides(
    orientations: int, on_device: OnDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = of_few_greys(orientations)
    options: dict[str, Any] = {"orientations": orientations, "transform_sqrt": True}
    real, rng = torch.atan2, np.random.default_rng(7)

    def another_devices(y: Any, x: Any) -> Any:
        """Give an arc tangent that is off by some last bits, but exact along the axes."""
        angle = real(y, x)
        last = rng.integers(-3, 4, tuple(angle.shape)) * np.finfo(np.float64).eps
        off = angle * (1 + torch.from_numpy(last).to(angle.device))
        return torch.where((y == 0) | (x == 0), angle, off)

    monkeypatch.setattr(torch, "atan2", another_devices)
    got = gpu_hog.hog(on_device(images), **options)
    np.testing.assert_allclose(got.cpu().numpy(), hog(images, **options), atol=1e-6)


def test_few_gradients_are_asked_of_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    real = fill_bins

    def noted(dy: Any, dx: Any, orientations: int, bins: Any) -> None:
        asked.append(len(dy))
        real(dy, dx, orientations, bins)

    monkeypatch.setattr(gpu_hog, "fill_bins", noted)
    bars = np.tile(np.arange(64, dtype=np.uint8) // 8 * 30, (2, 64, 1))
    for images in (bars, bars.transpose(0, 2, 1), np.zeros_like(bars)):
        gpu_hog.hog(torch.from_numpy(np.ascontiguousarray(images)), transform_sqrt=True)
    assert asked == [0, 0, 0]
    images = of_few_greys(9)
    gpu_hog.hog(torch.from_numpy(images), transform_sqrt=True)
    assert 0 < asked[-1] < images.size // 10


def test_hog_of_adversarial_images_is_the_cpus(hard_image: Image, on_device: OnDevice) -> None:
    options: dict[str, Any] = {"pixels_per_cell": (1, 1), "cells_per_block": (1, 1)}
    if min(hard_image.shape) >= 12:
        options = {"pixels_per_cell": (5, 4), "cells_per_block": (2, 2)}
    got = gpu_hog.hog(on_device(hard_image[None]), **options)
    np.testing.assert_allclose(got.cpu().numpy(), hog(hard_image[None], **options), atol=1e-6)


def test_batch_and_order_change_nothing(noise_batch: Image, on_device: OnDevice) -> None:
    images = on_device(noise_batch)
    whole = gpu_hog.hog(images)
    singles = torch.cat([gpu_hog.hog(images[i : i + 1]) for i in range(len(images))])
    torch.testing.assert_close(whole, singles, rtol=1e-6, atol=1e-7)
    torch.testing.assert_close(whole.flip(0), gpu_hog.hog(images.flip(0)), rtol=1e-6, atol=1e-7)


def test_no_images_give_no_rows(on_device: OnDevice) -> None:
    assert gpu_hog.hog(on_device(np.zeros((0, 32, 32), np.uint8))).shape == (0, 324)


def test_wrong_parameters_are_refused() -> None:
    images = torch.zeros((1, 9, 9), dtype=torch.uint8)
    with pytest.raises(UsageError, match=r"dtype torch.float32; expected uint8"):
        gpu_hog.hog(images.to(torch.float32))
    with pytest.raises(UsageError, match="one HOG block needs 24 x 24"):
        gpu_hog.hog(images)
