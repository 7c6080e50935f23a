from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gliaboost.errors import UsageError

torch = pytest.importorskip("torch", reason="torch is not installed")
from gliaboost.features.kernels.gpu.chunks import at_once, in_chunks, runs_triton, target  # noqa: E402

Image = NDArray[np.uint8]
OnDevice = Callable[[Image], Any]


@pytest.mark.parametrize("pixels", [1, 64 * 80 * 3, 10**9])
def test_chunks_hold_every_image_once_in_order(
    noise_batch: Image, pixels: int, device: str
) -> None:
    sizes: list[int] = []

    def compute(chunk: Any, part: slice) -> Any:
        assert chunk.device.type == device
        assert len(chunk) == part.stop - part.start
        assert chunk.is_contiguous()
        sizes.append(len(chunk))
        return chunk.to(torch.int32) + 1

    host = torch.from_numpy(noise_batch)
    for images in [host, *([host.pin_memory(), host.to("cuda")] if device == "cuda" else [])]:
        sizes.clear()
        got = in_chunks(images, torch.device(device), compute, pixels=pixels)
        np.testing.assert_array_equal(got.cpu().numpy(), noise_batch.astype(np.int32) + 1)
        assert max(sizes) <= max(1, pixels // (64 * 80))
        assert len(sizes) == -(-len(noise_batch) // max(sizes))


def test_no_images_are_one_empty_chunk(device: str) -> None:
    parts: list[slice] = []

    def compute(chunk: Any, part: slice) -> Any:
        parts.append(part)
        return chunk.sum(dim=(1, 2))

    none = torch.zeros((0, 4, 5), dtype=torch.uint8)
    assert in_chunks(none, torch.device(device), compute).shape == (0,)
    assert parts == [slice(0, 0)]


def test_images_are_computed_where_they_lie_or_where_one_says(device: str) -> None:
    images = torch.zeros((1, 4, 5), dtype=torch.uint8, device=device)
    assert target(images, None).type == device
    assert target(images, "cpu") == torch.device("cpu")
    assert target(images, torch.device("meta")).type == "meta"
    if device == "cuda":
        assert target(images.cpu().pin_memory(), None).type == "cuda"


@pytest.mark.parametrize(
    ("shape", "dtype"), [((4, 5), "uint8"), ((1, 1, 4, 5), "uint8"), ((1, 4, 5), "float32")]
)
def test_other_tensors_are_refused(shape: tuple[int, ...], dtype: str) -> None:
    with pytest.raises(UsageError, match=rf"dtype torch.{dtype}; expected uint8 \[N, H, W\]"):
        target(torch.zeros(shape, dtype=getattr(torch, dtype)), None)


@pytest.mark.parametrize(
    ("interpreted", "installed", "want"),
    [("1", True, True), ("0", True, False), ("1", False, False)],
)
def test_triton_runs_on_a_gpu_or_interpreted(
    monkeypatch: pytest.MonkeyPatch, interpreted: str, installed: bool, want: bool
) -> None:
    monkeypatch.setenv("TRITON_INTERPRET", interpreted)
    found = object() if installed else None
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: found)
    assert runs_triton(torch.device("cpu")) is want


def test_more_is_taken_at_once_where_less_is_written() -> None:
    assert at_once(True) == 512 * 256 * 256 == 4 * at_once(False)
