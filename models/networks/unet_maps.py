"""Images and masks as a U-Net takes them, and its maps at the images' own size."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from gliaboost.features.embedding.backbones import BackboneInput
from gliaboost.features.embedding.batching import BatchSize, in_batches
from gliaboost.features.embedding.torch_device import one_by_one, without_tf32
from gliaboost.models.networks.objectives import as_long
from gliaboost.models.networks.prediction import ready_images
from gliaboost.models.networks.unet import load_unet

# Images given to the network on a GPU at once, where memory allows.
BATCH = 64
CHUNK = 256


def ready_masks(
    masks: NDArray[np.bool_], kinds: NDArray[np.integer[Any]], size: int, device: str
) -> torch.Tensor:
    """Bring masks to a network's size.

    Parameters
    ----------
    masks : bool array [N, H, W]
        True inside the tumour.
    kinds : int array [N]
        Of each row's tumour, from 1 to 255.
    size : int
        Height and width to make.
    device : str
        Where to work.

    Returns
    -------
    uint8 tensor [N, 1, size, size]
        0 outside, the kind inside; no tumour vanishes by becoming smaller.

    Examples
    --------
    >>> mask = np.zeros((1, 8, 8), bool)
    >>> mask[0, :4] = True
    >>> ready_masks(mask, np.array([2]), 4, "cpu")[0, 0, :, 0].tolist()
    [2, 2, 0, 0]
    """
    parts = []
    for start in range(0, len(masks), CHUNK):
        inside = torch.from_numpy(np.ascontiguousarray(masks[start : start + CHUNK])).to(device)
        share = inside[:, None].float()
        if share.shape[-2:] != (size, size):
            share = torch.nn.functional.interpolate(
                share, (size, size), mode="bilinear", align_corners=False, antialias=True
            )
        # Of a speck the pixels that hold most of it are kept.
        least = share.amax(dim=(1, 2, 3), keepdim=True).clamp(min=1e-6, max=0.5)
        codes = torch.from_numpy(kinds[start : start + CHUNK].astype(np.uint8)).to(device)
        parts.append((share >= least).to(torch.uint8) * codes[:, None, None, None])
    return torch.cat(parts)


def unet_maps(
    native: bytes, images: NDArray[np.uint8], kinds: int, device: str
) -> NDArray[np.float32]:
    """Run a trained U-Net; mirrored images are averaged in where it was trained so.

    Parameters
    ----------
    native : bytes
        What was packed with `gliaboost.models.networks.network.to_safetensors`.
    images : uint8 array [N, H, W]
        Of any size.
    kinds : int
        Of tumour, K, that it must tell.
    device : str
        ``"cpu"`` or ``"cuda"``.

    Returns
    -------
    float32 array [N, K, H, W]
        Probabilities; what is missing to 1 is the background's.

    Raises
    ------
    NativeModelError
        If the bytes are no such network.
    """
    network, about = load_unet(native, kinds, device)
    if not len(images):
        return np.empty((0, kinds, *images.shape[1:]), np.float32)
    return pixel_maps(network, network.given, images, device, mirror=bool(about.get("mirror")))


def pixel_maps(
    logits: Callable[[torch.Tensor], torch.Tensor],
    given: BackboneInput,
    images: NDArray[np.uint8],
    device: str,
    *,
    mirror: bool,
) -> NDArray[np.float32]:
    """Bring images to a network's size, and its probabilities by pixel back to theirs.

    Parameters
    ----------
    logits : callable
        From ``float32 [n, 1, S, S]``, 0 to 1, to ``float32 [n, 1 + K, S, S]``, the background's
        first; in evaluation mode, on `device`.
    given : BackboneInput
        Of the network.
    images : uint8 array [N, H, W]
        Of any size, N from 1.
    device : str
        ``"cpu"`` or ``"cuda"``.
    mirror : bool
        Average the mirrored image in.

    Returns
    -------
    float32 array [N, K, H, W]
    """

    def work(start: int, stop: int) -> NDArray[np.float32]:
        with torch.inference_mode():
            ready = ready_images(images[start:stop], given, device)
            grey = as_long(ready, start, size.now).float().div_(255)
            found = torch.softmax(logits(grey), dim=1)
            if mirror:
                found = (found + torch.softmax(logits(grey.flip(3)), dim=1).flip(3)) / 2
            found = found[: stop - start, 1:]
            if found.shape[-2:] != images.shape[1:]:
                found = torch.nn.functional.interpolate(
                    found, images.shape[1:], mode="bilinear", align_corners=False, antialias=True
                ).clamp_(0, 1)
            maps: NDArray[np.float32] = found.cpu().numpy()
            return maps

    size = BatchSize(BATCH, BATCH)
    if device == "cpu":
        return np.concatenate(one_by_one(lambda n: work(n, n + 1), range(len(images))))
    with without_tf32(device):
        return np.concatenate(in_batches(len(images), size, work, time.perf_counter))
