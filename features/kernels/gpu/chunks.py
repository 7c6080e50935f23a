"""Images in chunks on a device, the next one copied while this one is computed."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator
from typing import Any

import torch

from gliaboost.errors import UsageError

# Pixels a chunk, where plain torch writes a dozen copies of them in double precision: 128 slices
# of 256 pixels, about a gigabyte.
CHUNK = 1 << 23
# Where Triton keeps all but the result in registers: 512 slices. On an H100 a quarter of it took
# a third longer, a sixteenth (for LBP) twice as long, and four times as much gained nothing. What
# is written is little: of HOG's cells and blocks, the most, 3 MB a slice, 1.5 GB in all.
FUSED = 1 << 25


def runs_triton(device: torch.device) -> bool:
    """Whether Triton's kernels run on a device: on CUDA, or anywhere in the interpreter."""
    interpreted = os.environ.get("TRITON_INTERPRET") == "1"
    return (device.type == "cuda" or interpreted) and importlib.util.find_spec("triton") is not None


def at_once(triton: bool) -> int:
    """Say how many pixels to take at once, by Triton or by plain torch."""
    return FUSED if triton else CHUNK


def target(images: torch.Tensor, device: torch.device | str | None) -> torch.device:
    """Choose where to compute.

    Parameters
    ----------
    images : torch.Tensor
    device : torch.device or str, optional
        Default: where the images lie; for pinned host memory the current GPU.

    Returns
    -------
    torch.device

    Raises
    ------
    UsageError
        If the images are not ``uint8 [N, H, W]``.
    """
    if images.ndim != 3 or images.dtype != torch.uint8:
        raise UsageError(
            f"images of shape {list(images.shape)} and dtype {images.dtype}; "
            "expected uint8 [N, H, W]"
        )
    if device is not None:
        return torch.device(device)
    if images.device.type == "cpu" and torch.cuda.is_available() and images.is_pinned():
        return torch.device("cuda", torch.cuda.current_device())
    return images.device


def in_chunks(
    images: torch.Tensor,
    device: torch.device,
    compute: Callable[[torch.Tensor, slice], torch.Tensor],
    *,
    pixels: int = CHUNK,
) -> torch.Tensor:
    """Apply `compute` to chunks of images on the device, and join what it gives.

    Parameters
    ----------
    images : uint8 tensor [N, H, W]
        On the device, or on the host. From pinned memory the next chunk is copied during `compute`.
    device : torch.device
    compute : callable
        Takes a contiguous chunk on the device, and which images it holds.
    pixels : int
        Of a chunk, at most (but one image at least).

    Returns
    -------
    tensor
    """
    size = max(1, pixels // max(1, images[:1].numel()))
    slices = [slice(i, min(i + size, len(images))) for i in range(0, len(images), size)]
    slices = slices or [slice(0, 0)]
    parts = [
        compute(chunk, s) for chunk, s in zip(_ahead(images, slices, device), slices, strict=True)
    ]
    return parts[0] if len(parts) == 1 else torch.cat(parts)


def _ahead(
    images: torch.Tensor, slices: list[slice], device: torch.device
) -> Iterator[torch.Tensor]:
    if device.type != "cuda" or images.is_cuda:
        for s in slices:
            yield images[s].to(device).contiguous()
        return
    cuda: Any = torch.cuda  # untyped
    copying = cuda.Stream(device)
    computing = cuda.current_stream(device)

    def begin(s: slice) -> tuple[torch.Tensor, Any]:
        with cuda.stream(copying):
            copy = images[s].contiguous().to(device, non_blocking=True)
            done = cuda.Event()
            done.record(copying)
        # Its memory belongs to the copying stream; it may not be reused before it was read here.
        copy.record_stream(computing)
        return copy, done

    copy, done = begin(slices[0])
    for following in [*slices[1:], None]:
        upcoming = None if following is None else begin(following)
        computing.wait_event(done)
        yield copy
        if upcoming is not None:
            copy, done = upcoming
