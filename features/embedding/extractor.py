"""Embeddings of a frozen, pretrained network as feature columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote, unquote

import numpy as np
from numpy.typing import NDArray

from gliaboost.devices import DEVICES
from gliaboost.errors import MissingExtraError, UsageError, WeightsError
from gliaboost.features.base import Extractor
from gliaboost.features.embedding.availability import weights_faults
from gliaboost.features.embedding.middle import middle_layers
from gliaboost.features.embedding.packaged import PACKAGED
from gliaboost.features.embedding.pooling import CELLS, POOLS
from gliaboost.features.embedding.pretraining import (
    PARAMETER,
    pretraining,
    pretraining_faults,
)
from gliaboost.features.embedding.torch_device import PRECISIONS
from gliaboost.features.kinds import wrong_kinds
from gliaboost.features.parameters import name_parts, one_value, sequence
from gliaboost.features.registry import register

if TYPE_CHECKING:
    import torch

    from gliaboost.features.embedding.frozen import FrozenNetwork

# Where on the slice a map is strong counts, and how evenly.
POOLED = ("avg", "max", "std", "grid3x3")
_SOURCES = ("package", "hub", "random")
# Digits of a file's checksum in a column's name.
_DIGITS = 16


@register
class Embedding(Extractor):
    """Pooled maps of a frozen network, at its own input size, mean, std and interpolation.

    Parameters
    ----------
    backbone : str
        A preset of `gliaboost.features.embedding.timm_names` or any timm name.
    weights : str
        ``package`` (comes with gliaboost, for tf_efficientnet_lite0; for lite1 and lite2 with its
        extra ``backbones``), ``hub`` (timm's download), a safetensors file or checkpoint, or
        ``random``: untrained, for tests.
    pools : sequence of {"avg", "max", "std", "gem", "grid2x2", "grid3x3"}
        How a map becomes numbers; one pass of the network feeds them all.
    layers : sequence of int, optional
        -1 is the last before the head; 0 and on are the stages. Default: those of stride 8 and 16,
        2 and 3 of tf_efficientnet_lite0; of a network without such, the last. Of these the packaged
        network tells most of a tumour, as `benchmarks/results/embedding-choice.md` shows.
    precision : {"float32", "bfloat16", "float16", "auto"}
        ``float32`` gives the same numbers everywhere, within rounding. ``auto`` takes half
        precision where the hardware gains from it, and the feature names say which.
    sha256 : str
        First digits that the weights' checksum must have; empty: any.
    trained_on : str
        What a file's weights were learned from, such as ``ImageNet-1k``, for the report: one that
        does not tell is marked there, as it may have seen the pictures it is tested on. No part of
        the fingerprint.
    device : {"auto", "cpu", "cuda"}
        Where to compute; no part of the fingerprint.

    Notes
    -----
    The whole image is resized: nothing is cut off its edges. Grey goes into all three channels.
    Columns are named ``embedding__backbone_tf_efficientnet_lite0__weights_package__``
    ``precision_float32__layer_3__pool_avg__c17``: channel.

    Examples
    --------
    >>> import numpy as np
    >>> from gliaboost.features.embedding.extractor import Embedding
    >>> Embedding(pools=("avg",)).transform(np.zeros((2, 64, 64), np.uint8)).shape
    (2, 152)
    """

    name: ClassVar[str] = "embedding"
    # Rounding differs with the batch, and with the cores that torch may use in this thread.
    tolerance: ClassVar[float] = 1e-4
    joint: ClassVar[bool] = True
    execution: ClassVar[tuple[str, ...]] = ("device",)
    told: ClassVar[tuple[str, ...]] = (PARAMETER,)

    def __init__(
        self,
        backbone: str = PACKAGED,
        weights: str = "package",
        pools: Sequence[str] = POOLED,
        layers: Sequence[int] | None = None,
        precision: str = "float32",
        sha256: str = "",
        trained_on: str = "",
        device: str = "auto",
    ) -> None:
        self.backbone = backbone
        self.weights = weights
        self.pools = pools
        self.layers = layers
        self.precision = precision
        self.sha256 = sha256
        self.trained_on = trained_on
        self.device = device

    def spec(self) -> dict[str, Any]:
        """Describe the extractor; weights by checksum and what they learned from."""
        spec = super().spec()
        spec["parameters"]["pools"] = list(self._pools())
        spec["parameters"]["layers"] = list(self._layers())
        spec["parameters"]["precision"] = self._precision()
        spec["parameters"]["sha256"] = self._checksum()
        spec["parameters"]["trained_on"] = ", ".join(self.pretraining)
        return spec

    @property
    def pretraining(self) -> tuple[str, ...]:
        """What its weights were learned from before; see `Extractor.pretraining`."""
        return pretraining(self.backbone, self.weights, self.trained_on)

    @property
    def label(self) -> str:
        """The name; with the backbone, its pools and layers, where they are not the defaults."""
        said = [
            *([self.backbone] if self.backbone != PACKAGED else []),
            *(["random"] if self.weights == "random" else []),
            *(self._pools() if self._pools() != POOLED else []),
            *(f"layer{layer}" for layer in self._unusual_layers()),
        ]
        return ":".join([self.name, *(["-".join(said)] if said else [])])

    def _identity(self) -> dict[str, Any]:
        # A file is its content, wherever it lies.
        spec = super()._identity()
        if self.weights not in _SOURCES:
            spec["parameters"]["weights"] = "file"
        return spec

    def _extract(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        layers, pools = self._layers(), self._pools()
        network = self._network()
        # torch takes no array that cannot be written.
        given = np.require(images, requirements="W")
        return network.columns(given, layers, pools, "cpu").numpy()

    def _extract_tensor(self, images: torch.Tensor) -> torch.Tensor:
        layers, pools = self._layers(), self._pools()
        network = self._network()
        if network.device == "cpu":
            return super()._extract_tensor(images)
        stay = images.is_cuda or images.is_pinned()
        return network.columns(images, layers, pools, "cuda" if stay else "cpu")

    def _network(self) -> FrozenNetwork:
        from gliaboost.features.embedding.torch_device import choose_torch_device, import_torch

        import_torch("embeddings")
        from gliaboost.features.embedding.frozen import load_frozen

        device = choose_torch_device(self.device)
        return load_frozen(
            self.backbone, self.weights, self._checksum(), self.sha256, device, self._precision()
        )

    def _names(self, height: int, width: int) -> list[str]:
        from gliaboost.features.embedding.torch_device import import_torch

        import_torch("embeddings")
        from gliaboost.features.embedding.frozen import channels

        layers = self._layers()
        return [
            f"{self._prefix()}__layer_{layer}__pool_{pool}__{cell}c{channel}"
            for layer, count in zip(layers, channels(self.backbone, layers), strict=True)
            for pool in self._pools()
            for cell in CELLS[pool]
            for channel in range(count)
        ]

    def _prefix(self) -> str:
        weights = self.weights
        if weights not in _SOURCES:
            # "__" divides a name's parts.
            path = quote(weights, safe="/").replace("__", "_%5F")
            weights = f"{path}__sha_{self._checksum()[:_DIGITS]}"
        return (
            f"embedding__backbone_{self.backbone}__weights_{weights}__precision_{self._precision()}"
        )

    @classmethod
    def from_names(cls, names: Sequence[str]) -> Embedding:
        """Rebuild the extractor, with those layers and pools that the names have."""
        parts = name_parts(names, ("backbone", "weights", "precision", "layer", "pool"))
        return cls(
            backbone=one_value(parts, "backbone"),
            weights=unquote(one_value(parts, "weights")),
            pools=list(dict.fromkeys(p["pool"] for p in parts)),
            layers=list(dict.fromkeys(int(p["layer"]) for p in parts)),
            precision=one_value(parts, "precision"),
            sha256=one_value(parts, "sha") if "sha" in parts[0] else "",
        )

    def parameter_faults(self, height: int, width: int) -> list[str]:
        """List what is wrong with the parameters; the network is not loaded for it."""
        faults = wrong_kinds(self.get_params(), type(self)().get_params())
        if faults:
            return faults
        # Which layers there are by default is a question to the network.
        for ask in [self._pools, *([] if self.layers is None else [self._layers])]:
            try:
                ask()
            except UsageError as error:
                faults.append(str(error))
        for name, value, legal in (
            ("precision", self.precision, PRECISIONS),
            ("device", self.device, DEVICES),
        ):
            if value not in legal:
                faults.append(f"{name}={value!r}, expected one of {', '.join(legal)}")
        return [
            *faults,
            *weights_faults(self.backbone, self.weights, self.sha256, "embeddings"),
            *pretraining_faults(self.backbone, self.weights, self.trained_on),
        ]

    def _pools(self) -> tuple[str, ...]:
        pools = sequence(self.pools, "pools")
        unknown = [p for p in pools if p not in POOLS]
        if unknown:
            raise UsageError(f"no pool {unknown[0]!r}; the pools are: {', '.join(POOLS)}")
        return pools

    def _unusual_layers(self) -> tuple[int, ...]:
        if self.layers is None:
            return ()
        layers = self._layers()
        try:
            return () if layers == middle_layers(self.backbone) else layers
        except (MissingExtraError, UsageError):  # told of where the network is asked for
            return layers

    def _layers(self) -> tuple[int, ...]:
        if self.layers is None:
            return middle_layers(self.backbone)
        layers = sequence(self.layers, "layers")
        if not all(isinstance(layer, int) and layer >= -1 for layer in layers):
            raise UsageError(f"layers is {self.layers!r}; expected -1 (the last), or 0 and on")
        return layers

    def _precision(self) -> str:
        if self.precision in ("float32", "bfloat16", "float16"):
            return self.precision
        from gliaboost.features.embedding.torch_device import choose_precision, choose_torch_device

        return choose_precision(self.precision, choose_torch_device(self.device))

    def _checksum(self) -> str:
        from gliaboost.features.embedding.backbones import weights_checksum

        found = weights_checksum(self.backbone, self.weights, sha256=self.sha256)
        if not found.startswith(self.sha256):
            raise WeightsError(
                f"the {self.weights} weights of {self.backbone} have checksum {found[:16]}..., "
                f"expected {self.sha256[:16]}...: they changed; extract and train again"
            )
        return found
