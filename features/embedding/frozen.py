"""A frozen network: images in, its maps pooled into columns, one pass for all pools."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from gliaboost.errors import UsageError
from gliaboost.features.embedding.backbones import backbone_input, create_backbone, laid_out
from gliaboost.features.embedding.batching import BatchSize, Together, in_batches
from gliaboost.features.embedding.lite import lite_channels, lite_layout, load_lite
from gliaboost.features.embedding.middle import LAST
from gliaboost.features.embedding.packaged import PACKAGES
from gliaboost.features.embedding.pooling import POOLS
from gliaboost.features.embedding.timm_names import PRESETS
from gliaboost.features.embedding.torch_device import one_by_one, resized, without_tf32

if TYPE_CHECKING:
    from gliaboost.features.embedding.backbones import BackboneInput

# Where the search for a batch size begins, and ends.
FIRST, MOST = 64, 1024
# A network is prepared anew for each count of images that it has not met: on a GPU that took
# seconds, time and again, where threads bring as many as come together. So counts are filled up.
PREPARES_COUNTS = ("cuda",)
FEWEST = 16


class FrozenNetwork:
    """A backbone in inference mode, on its device, in its precision, channels last.

    Parameters
    ----------
    model : torch.nn.Module
        From `create_backbone` or `load_lite`.
    given : BackboneInput
        What it was trained to see.
    device, precision : str
        Resolved, not ``auto``.
    """

    def __init__(
        self, model: torch.nn.Module, given: BackboneInput, device: str, precision: str
    ) -> None:
        self.given = given
        self.device = device
        self.dtype = getattr(torch, precision)
        self.model = model.eval().requires_grad_(False)
        self.model.to(device=device, dtype=self.dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.size = BatchSize(FIRST, MOST)
        self._together = Together(self._columns_of_several)

    def columns(
        self,
        images: NDArray[np.uint8] | torch.Tensor,
        layers: Sequence[int],
        pools: Sequence[str],
        to: str,
    ) -> torch.Tensor:
        """Pool each layer in each way: ``uint8 [N, H, W]`` -> ``float32 [N, D]`` on device `to`.

        Arrays that several threads bring to a GPU at a time are done as one.
        """
        if self.device != "cpu" and isinstance(images, np.ndarray):
            return self._together((tuple(layers), tuple(pools), to, images.shape[1:]), images)
        return self._columns(images, layers, pools, to)

    def _columns_of_several(
        self, key: tuple[Any, ...], given: list[NDArray[np.uint8]]
    ) -> Sequence[torch.Tensor]:
        layers, pools, to, _ = key
        images = given[0] if len(given) == 1 else np.concatenate(given)
        columns = self._columns(images, layers, pools, to)
        return torch.split(columns, [len(each) for each in given])

    def _columns(
        self,
        images: NDArray[np.uint8] | torch.Tensor,
        layers: Sequence[int],
        pools: Sequence[str],
        to: str,
    ) -> torch.Tensor:
        def work(start: int, stop: int) -> torch.Tensor:
            with torch.inference_mode():
                ready = self.prepared(images[start:stop])
                if self.device in PREPARES_COUNTS:
                    ready = filled(ready, self.size.most)
                maps = [m[: stop - start] for m in self.maps(ready, layers)]
                # Each map becomes float32 once, not once a pool.
                pooled = [POOLS[pool](wide) for wide in (m.float() for m in maps) for pool in pools]
                columns = torch.cat(pooled, dim=1).to(to)
            if columns.is_cuda:  # only queued so far, and its time is taken
                torch.cuda.synchronize(columns.device)
            return columns

        with without_tf32(self.device):
            if self.device == "cpu":
                return torch.cat(one_by_one(lambda n: work(n, n + 1), range(len(images))))
            return torch.cat(in_batches(len(images), self.size, work, time.perf_counter))

    def stages(
        self, images: NDArray[np.uint8], layers: Sequence[int], side: int
    ) -> list[torch.Tensor]:
        """Give stages' maps of images brought to another side, ``float32 [N, C, H, W]`` each.

        On the CPU an image's maps are the same to the last bit; see `one_by_one`.
        """
        given = np.require(images, requirements="W")

        def one(image: NDArray[np.uint8]) -> list[torch.Tensor]:
            with torch.inference_mode(), without_tf32(self.device):
                maps = self.maps(self.prepared(image[None], side), layers)
                return [each.float().cpu() for each in maps]

        found = one_by_one(one, given, self.device)
        return [torch.cat(maps) for maps in zip(*found, strict=True)]

    def prepared(
        self, images: NDArray[np.uint8] | torch.Tensor, side: int | None = None
    ) -> torch.Tensor:
        """Resize and standardise as in the backbone's training, ``[N, 3, S, S]``."""
        grey = resized(images, side or self.given.size, self.given.interpolation, self.device)
        # As `standardised`, but written in the layout and precision that the network takes.
        mean, std = _mean_and_std(
            tuple(self.given.mean), tuple(self.given.std), grey.dtype, grey.device
        )
        ready = torch.empty(
            (len(grey), mean.shape[1], *grey.shape[2:]),
            dtype=self.dtype,
            device=grey.device,
            memory_format=torch.channels_last,
        )
        return torch.div(grey - mean, std, out=ready)

    def maps(self, batch: torch.Tensor, layers: Sequence[int]) -> list[torch.Tensor]:
        """Run the network once and return the layers' maps, ``[N, C, H, W]`` each."""
        return layer_maps(self.model, batch, layers)


def filled(batch: torch.Tensor, most: int) -> torch.Tensor:
    """Repeat the last image until their count is a power of two, from 16 and up to the most.

    Examples
    --------
    >>> [len(filled(torch.zeros(count, 1, 2, 2), 256)) for count in (1, 16, 17, 200, 300)]
    [16, 16, 32, 256, 300]
    """
    count = len(batch)
    missing = min(most, max(FEWEST, 1 << (count - 1).bit_length())) - count
    return torch.cat([batch, batch[-1:].expand(missing, -1, -1, -1)]) if missing > 0 else batch


def standardised(grey: torch.Tensor, given: BackboneInput) -> torch.Tensor:
    """Turn grey ``[N, 1, S, S]`` from 0 to 1 into the three channels of a backbone."""
    mean, std = _mean_and_std(tuple(given.mean), tuple(given.std), grey.dtype, grey.device)
    return (grey - mean) / std


@functools.lru_cache(maxsize=16)
def _mean_and_std(
    means: tuple[float, ...], stds: tuple[float, ...], dtype: torch.dtype, device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    # Kept, as bringing them to a GPU makes the host wait for it. Gradients may flow past them.
    with torch.inference_mode(False):
        mean, std = (
            torch.tensor(values, dtype=dtype, device=device).view(1, -1, 1, 1)
            for values in (means, stds)
        )
    return mean, std


def layer_maps(model: Any, batch: torch.Tensor, layers: Sequence[int]) -> list[torch.Tensor]:
    """Return a timm model's maps: -1 is the last before its head, 0 and on are its stages.

    Raises
    ------
    UsageError
        If the model has no such stage.
    """
    early = sorted({layer for layer in layers if layer != LAST})
    found: dict[int, torch.Tensor] = {}
    if not early:
        found[LAST] = model.forward_features(batch)
    else:
        if not hasattr(model, "forward_intermediates"):
            raise UsageError(f"{type(model).__name__} gives its last layer alone; ask for layer -1")
        try:
            if LAST in layers:
                found[LAST], stages = model.forward_intermediates(
                    batch, indices=early, output_fmt="NCHW"
                )
            else:
                stages = model.forward_intermediates(
                    batch,
                    indices=early,
                    output_fmt="NCHW",
                    stop_early=True,
                    intermediates_only=True,
                )
        except (AssertionError, IndexError, ValueError) as error:
            known = len(model.forward_intermediates(batch[:1], intermediates_only=True))
            raise UsageError(f"layers {early}; expected -1, or 0 to {known - 1}") from error
        found.update(zip(early, stages, strict=True))
    return [_as_maps(model, found[layer]) for layer in layers]


def _as_maps(model: Any, values: torch.Tensor) -> torch.Tensor:
    if values.ndim == 4:
        return values
    # A transformer's tokens: those of the picture, back in rows and columns.
    tokens = values[:, getattr(model, "num_prefix_tokens", 0) :]
    side = round(tokens.shape[1] ** 0.5)
    return tokens.transpose(1, 2).reshape(len(tokens), -1, side, side)


@functools.lru_cache(maxsize=64)
def channels(backbone: str, layers: tuple[int, ...]) -> tuple[int, ...]:
    """Count each layer's channels without making its weights."""
    name = PRESETS.get(backbone, backbone)
    if name in PACKAGES:
        # Known without a network; which layers there are is said below.
        with suppress(IndexError):
            return tuple(lite_channels(name, layer) for layer in layers)
    model = lite_layout(name) if name in PACKAGES else laid_out(backbone)
    side = backbone_input(backbone).size
    with torch.device("meta"), torch.inference_mode():
        return tuple(m.shape[1] for m in layer_maps(model, torch.empty(1, 3, side, side), layers))


_loading = threading.Lock()


def load_frozen(
    backbone: str, weights: str, checksum: str, sha256: str, device: str, precision: str
) -> FrozenNetwork:
    """Load a network, or return the one that was loaded before; threads get the same."""
    with _loading:
        return _load_frozen(backbone, weights, checksum, sha256, device, precision)


@functools.lru_cache(maxsize=2)
def _load_frozen(
    backbone: str, weights: str, checksum: str, sha256: str, device: str, precision: str
) -> FrozenNetwork:
    name = PRESETS.get(backbone, backbone)
    # A frozen network from a package runs without timm, which takes longer to import than to run.
    packaged = weights == "package" and name in PACKAGES
    model = load_lite(name) if packaged else create_backbone(backbone, weights, sha256=sha256)
    return FrozenNetwork(model, backbone_input(backbone), device, precision)
