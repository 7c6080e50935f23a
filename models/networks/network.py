"""The networks themselves, and their safe form: safetensors with a description."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import torch
from torch import nn

from gliaboost.errors import MissingExtraError
from gliaboost.features.embedding.backbones import BackboneInput, backbone_input, create_backbone
from gliaboost.features.embedding.frozen import standardised
from gliaboost.features.embedding.weights import header_fault
from gliaboost.models.base import NativeModelError

FORMAT = 1
# Sides of images, in pixels.
SIZES = (1, 4096)
_KEY = "gliaboost"
N = TypeVar("N", bound=nn.Module)


class Trainable(nn.Module):
    """What `gliaboost.models.networks.training.train_network` trains: a head, and what is below it.

    Attributes
    ----------
    body : nn.Module
        Left as it is while the head learns alone; its first layers learn more slowly.
    head : nn.Module
        From the body's output to the answer.
    """

    body: nn.Module
    head: nn.Module


class Network(Trainable):
    """A body that gives ``[N, D]``, and a linear head; takes grey ``[N, 1, S, S]``, 0 to 1.

    Parameters
    ----------
    body : nn.Module
        Standardised images to embeddings.
    width : int
        Embedding's columns.
    classes : int
        Columns of the output.
    given : BackboneInput
        Size, mean, std, interpolation.
    dropout : float
        Before the head, 0 to below 1.
    about : mapping
        Plain values from which
        `gliaboost.models.networks.restoring.build` makes the same network.
    """

    head: nn.Linear

    def __init__(
        self,
        body: nn.Module,
        width: int,
        classes: int,
        given: BackboneInput,
        dropout: float,
        about: Mapping[str, Any],
    ) -> None:
        super().__init__()
        self.body = body
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(width, classes)
        nn.init.normal_(self.head.weight, std=0.01)
        nn.init.zeros_(self.head.bias)
        self.given = given
        self.width = width
        self.about = dict(about)

    def embed(self, grey: torch.Tensor) -> torch.Tensor:
        """Give the penultimate layer, ``[N, D]``."""
        batch = standardised(grey, self.given).contiguous(memory_format=torch.channels_last)
        embedded: torch.Tensor = self.body(batch)
        return embedded

    def forward(self, grey: torch.Tensor) -> torch.Tensor:
        """Give the logits, ``[N, K]``."""
        logits: torch.Tensor = self.head(self.dropout(self.embed(grey)))
        return logits


class Residual(nn.Module):
    """Two 3 x 3 convolutions and channel attention around a shortcut (He 2016, Hu 2018)."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv2d(before, after, 3, stride, 1, bias=False),
            nn.BatchNorm2d(after),
            nn.SiLU(),
            nn.Conv2d(after, after, 3, 1, 1, bias=False),
            nn.BatchNorm2d(after),
        )
        squeezed = max(8, after // 8)
        self.attention = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(after, squeezed, 1),
            nn.SiLU(),
            nn.Conv2d(squeezed, after, 1),
            nn.Sigmoid(),
        )
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or before != after:
            self.shortcut = nn.Sequential(
                nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after)
            )
        # Each block begins as its shortcut, which steadies the first steps.
        nn.init.zeros_(self.main[4].weight)  # type: ignore[arg-type]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Keep or halve the sides."""
        change = self.main(x)
        result: torch.Tensor = nn.functional.silu(
            self.shortcut(x) + change * self.attention(change)
        )
        return result


def scratch_network(
    classes: int, size: int, widths: Sequence[int], depths: Sequence[int], dropout: float
) -> Network:
    """Build a small residual network with fresh weights."""
    layers: list[nn.Module] = [
        nn.Conv2d(1, widths[0], 3, 2, 1, bias=False),
        nn.BatchNorm2d(widths[0]),
        nn.SiLU(),
    ]
    before = widths[0]
    for stage, (width, depth) in enumerate(zip(widths, depths, strict=True)):
        for block in range(depth):
            layers.append(Residual(before, width, 2 if block == 0 and stage else 1))
            before = width
    body = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())
    about = {
        "kind": "scratch",
        "classes": classes,
        "size": size,
        "widths": list(widths),
        "depths": list(depths),
        "dropout": dropout,
    }
    given = BackboneInput(size, (0.5,), (0.25,), "bicubic")
    return Network(body, before, classes, given, dropout, about)


def adapted_network(
    classes: int,
    backbone: str,
    weights: str,
    size: int | None,
    dropout: float,
    *,
    sha256: str = "",
    seed: int = 0,
) -> Network:
    """Put a new head on a backbone."""
    own = backbone_input(backbone)
    given = BackboneInput(size or own.size, own.mean, own.std, own.interpolation)
    model: Any = create_backbone(backbone, weights, sha256=sha256, seed=seed, size=size)
    width = int(getattr(model, "head_hidden_size", None) or model.num_features)
    about = {
        "kind": "adapted",
        "classes": classes,
        "backbone": backbone,
        "size": given.size,
        "dropout": dropout,
    }
    return Network(model, width, classes, given, dropout, about)


def to_safetensors(tensors: Mapping[str, torch.Tensor], about: Mapping[str, Any]) -> bytes:
    """Pack tensors and plain values into safetensors bytes; nothing in them can run."""
    try:
        from safetensors.torch import save
    except ImportError as error:
        raise MissingExtraError("safetensors", "torch", "saving a network") from error
    state = {k: v.detach().cpu().contiguous().clone() for k, v in tensors.items()}
    text = json.dumps({"format": FORMAT, **about}, sort_keys=True)
    packed: bytes = save(state, metadata={_KEY: text})
    return packed


def from_safetensors(native: bytes) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Unpack what `to_safetensors` packed.

    Raises
    ------
    NativeModelError
        If the bytes are cut short, of a newer layout, or no network.
    """
    try:
        from safetensors import SafetensorError
        from safetensors.torch import load
    except ImportError as error:
        raise MissingExtraError("safetensors", "torch", "reading a network") from error
    fault = header_fault(native[:8], len(native))
    if fault is not None:
        raise NativeModelError(
            f"the network cannot be read (it {fault}); train it again or copy it again"
        )
    try:
        tensors = load(native)
        header = json.loads(native[8 : 8 + int.from_bytes(native[:8], "little")])
        about = json.loads(header["__metadata__"][_KEY])
        layout = about["format"]
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise NativeModelError(
            f"the network cannot be read ({type(error).__name__}: {error}); train it again or copy "
            "it again"
        ) from error
    if layout != FORMAT:
        raise NativeModelError(
            f"the network has layout {layout}, this gliaboost knows {FORMAT}; install the "
            "gliaboost that made it"
        )
    return tensors, about


def of_network(tensors: dict[str, torch.Tensor], number: int) -> dict[str, torch.Tensor]:
    """Take one network's weights out of a hybrid's, where their names begin with its number."""
    prefix = f"{number}."
    return {n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)}


def filled(tensors: Mapping[str, torch.Tensor], build: Callable[[], N]) -> N:
    """Build any network and give it these weights, in evaluation mode.

    Raises
    ------
    NativeModelError
        If the weights are not those of such a network.
    """
    try:
        network = build()
        network.load_state_dict(dict(tensors))
    except (RuntimeError, KeyError, TypeError, ValueError) as error:
        said = " ".join(str(error).split())[:200]
        raise NativeModelError(
            f"the network's weights do not fit its description ({said}); train it again or copy "
            "it again"
        ) from error
    return network.eval()


def built_if_alike(
    about: Mapping[str, Any], tensors: Mapping[str, torch.Tensor], build: Callable[[], N]
) -> N:
    """Build a network whose tensors have the shapes of these, and no other.

    A forged description of a giant network must not take the memory of one.

    Parameters
    ----------
    about : mapping
        The description.
    tensors : mapping of str to tensor
        The weights that it is to be given.
    build : callable
        Builds it from the description.

    Raises
    ------
    ValueError
        If it is another network, or no description of one.
    """
    size, depths = about["size"], about.get("depths", [])
    if type(size) is not int or not SIZES[0] <= size <= SIZES[1]:
        raise ValueError(f"a side of {size!r} pixels")
    if not isinstance(about.get("backbone", ""), str):
        raise ValueError(f"backbone {about['backbone']!r}")
    # Each block has tensors of its own.
    if not all(type(n) is int and 0 <= n <= len(tensors) for n in depths):
        raise ValueError("more blocks than tensors")
    with torch.device("meta"):
        wanted = {n: t.shape for n, t in build().state_dict().items()}
    given = {n: t.shape for n, t in tensors.items()}
    unlike = sorted(n for n in wanted.keys() | given.keys() if wanted.get(n) != given.get(n))
    if unlike:
        raise ValueError(f"{len(unlike)} tensors differ (first: {unlike[0]})")
    return build()
