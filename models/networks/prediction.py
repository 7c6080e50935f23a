"""From a trained network's bytes and images to embeddings and probabilities."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.features.embedding.torch_device import (
    choose_torch_device,
    import_torch,
    one_by_one,
    without_tf32,
)

if TYPE_CHECKING:
    from gliaboost.features.embedding.backbones import BackboneInput
    from gliaboost.models.networks.network import Network

Image = NDArray[np.uint8]
# Images given to a network on a GPU at once, where memory allows.
BATCH = 256


def ready_images(images: Image, given: BackboneInput, device: str) -> Any:
    """Resize once for all epochs, ``uint8 [N, 1, S, S]`` on the device."""
    import torch

    from gliaboost.features.embedding.torch_device import resized

    parts = [
        (resized(images[i : i + 256], given.size, given.interpolation, device) * 255)
        .round_()
        .to(torch.uint8)
        for i in range(0, len(images), 256)
    ]
    return torch.cat(parts)


def network_outputs(
    native: bytes, images: Image, device: str = "auto"
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Run a trained network; mirrored images are averaged in where it was trained so.

    Parameters
    ----------
    native : bytes
        From `NetworkClassifier.to_bytes`.
    images : uint8 array [N, H, W]
    device : str
        ``"auto"``, ``"cpu"`` or ``"cuda"``.

    Returns
    -------
    embedding : float32 array [N, D]
        Penultimate layer.
    logits : float32 array [N, K]
    """
    import_torch("this model")
    from gliaboost.models.networks.restoring import load_network

    device = choose_torch_device(device)
    network, about = load_network(native, device)
    return run_network(network, images, device, mirror=bool(about.get("mirror")))


def run_network(
    network: Network, images: Image, device: str, *, mirror: bool
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Run a network in evaluation mode; see `network_outputs`."""
    import torch

    from gliaboost.features.embedding.batching import BatchSize, in_batches
    from gliaboost.models.networks.objectives import as_long

    network.eval()
    embedded = np.empty((len(images), network.width), np.float32)
    logits = np.empty((len(images), network.head.out_features), np.float32)

    def work(start: int, stop: int) -> None:
        with torch.inference_mode():
            ready = ready_images(images[start:stop], network.given, device)
            grey = as_long(ready, start, size.now).float().div_(255)
            rows = network.embed(grey)
            out = network.head(rows)
            if mirror:
                other = network.embed(grey.flip(3))
                rows, out = (rows + other) / 2, (out + network.head(other)) / 2
            embedded[start:stop] = rows[: stop - start].float().cpu().numpy()
            logits[start:stop] = out[: stop - start].float().cpu().numpy()

    size = BatchSize(BATCH, BATCH)
    if device == "cpu":
        one_by_one(lambda n: work(n, n + 1), range(len(images)))
        return embedded, logits
    with without_tf32(device):
        in_batches(len(images), size, work, time.perf_counter)
    return embedded, logits


def network_probabilities(
    native: bytes, images: Image, classes: int | None = None, device: str = "auto"
) -> NDArray[np.float64]:
    """Predict with a trained network.

    Parameters
    ----------
    native : bytes
        From `NetworkClassifier.to_bytes`.
    images : uint8 array [N, H, W]
    classes : int, optional
        Classes that the network must have.
    device : str

    Returns
    -------
    float64 array [N, K]
        Rows sum to 1.
    """
    from scipy.special import softmax

    from gliaboost.models.base import NativeModelError

    _, logits = network_outputs(native, images, device)
    if classes is not None and logits.shape[1] != classes:
        raise NativeModelError(
            f"the network has {logits.shape[1]} classes, {classes} are named; train it again or "
            "copy it again"
        )
    return softmax(logits.astype(np.float64), axis=1)  # type: ignore[no-any-return]
