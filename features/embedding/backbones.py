"""Pretrained networks of timm, with their own input and weights from four kinds of source."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gliaboost.errors import GliaboostError, UsageError, WeightsError
from gliaboost.features.embedding.hub import cached, offline, refuse_unreachable, unfetched
from gliaboost.features.embedding.packaged import (
    PACKAGED,
    PACKAGES,
    packaged_file,
    packaged_weights,
)
from gliaboost.features.embedding.timm_names import PRESETS, timm_library, timm_name
from gliaboost.features.embedding.weights import (
    NAMING,
    digest,
    file_checksum,
    find_weights,
    read_weights,
)

if TYPE_CHECKING:
    import torch

# Only there while training; checkpoints have them all the same.
_AUXILIARY = ("AuxLogits.",)


@dataclass(frozen=True)
class BackboneInput:
    """What a backbone was trained to see.

    Attributes
    ----------
    size : int
        Height and width in pixels.
    mean, std : tuple of float
        Of red, green and blue, for values from 0 to 1.
    interpolation : str
        ``"bilinear"`` or ``"bicubic"``.
    """

    size: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    interpolation: str


@functools.cache
def backbone_input(backbone: str) -> BackboneInput:
    """Look up the input that a backbone was trained with.

    Parameters
    ----------
    backbone : str
        A preset or a timm name.

    Returns
    -------
    BackboneInput

    Examples
    --------
    >>> backbone_input("tf_efficientnet_lite0").mean
    (0.5, 0.5, 0.5)
    """
    packaged = PACKAGES.get(PRESETS.get(backbone, backbone))
    if packaged is not None:
        return BackboneInput(packaged.size, (0.5,) * 3, (0.5,) * 3, "bicubic")
    name = timm_name(backbone)
    cfg = timm_library().get_pretrained_cfg(name)
    values = cfg.to_dict() if cfg is not None else {}
    # A model that was never trained has no configuration: ImageNet's usual one.
    return BackboneInput(
        size=int(values.get("input_size", (3, 224, 224))[-1]),
        mean=tuple(values.get("mean", (0.485, 0.456, 0.406))),
        std=tuple(values.get("std", (0.229, 0.224, 0.225))),
        interpolation="bilinear" if values.get("interpolation") == "bilinear" else "bicubic",
    )


def laid_out(backbone: str) -> Any:
    """Lay out a network of timm's without making its weights.

    Parameters
    ----------
    backbone : str
        A preset or a timm name.

    Returns
    -------
    torch.nn.Module
        On the device ``meta``, without a classifier.
    """
    import torch

    with torch.device("meta"), torch.inference_mode():
        return timm_library().create_model(timm_name(backbone), num_classes=0).eval()


def create_backbone(
    backbone: str = PACKAGED,
    weights: str = "package",
    *,
    sha256: str = "",
    seed: int = 0,
    size: int | None = None,
) -> torch.nn.Module:
    """Build a backbone without a classifier, with its weights.

    Parameters
    ----------
    backbone : str
        A preset or any timm name.
    weights : str
        ``package`` (comes with gliaboost, for tf_efficientnet_lite0; for lite1 and lite2 with its
        extra ``backbones``), ``hub`` (timm's download), a safetensors file or a checkpoint of
        tensors alone, or ``random``: untrained.
    sha256 : str
        First digits that the file's SHA-256 must have; empty: any.
    seed : int
        For ``random``.
    size : int, optional
        Side of the images, where it is not the backbone's own.

    Returns
    -------
    torch.nn.Module
        In evaluation mode, on the CPU; gives ``[N, D]``, and maps by ``forward_features``.

    Raises
    ------
    UsageError
        If there is no such backbone or file.
    WeightsError
        If the weights are another network's, damaged or dangerous.
    GliaboostError
        If the hub cannot be reached.

    Examples
    --------
    >>> create_backbone("tf_efficientnet_lite0", "package").num_features
    1280
    """
    import torch

    name = timm_name(backbone)
    if weights == "hub":
        return _from_hub(name, _sized(name, size))
    if weights == "package":
        refuse_unpackaged(name)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model: torch.nn.Module = timm_library().create_model(
            name, num_classes=0, **_sized(name, size)
        )
    model.eval()
    if weights == "random":
        return model
    if weights == "package":
        _load(model, packaged_weights(name), packaged_file(name), name)
    else:
        path = find_weights(weights, sha256)
        _load(model, read_weights(path), path, name)
    return model


def refuse_unpackaged(name: str) -> None:
    """Say how to get and name weights of a backbone that has none in a package.

    Raises
    ------
    UsageError
        If it is none of `gliaboost.features.embedding.packaged.PACKAGES`.
    """
    if name not in PACKAGES:
        raise UsageError(
            f"weights 'package' are those of {', '.join(PACKAGES)}, not of {name}; download those "
            f"of {name} with --set embedding.weights=hub, or name a file of yours: {NAMING}"
        )


def weights_checksum(backbone: str, weights: str, *, sha256: str = "", seed: int = 0) -> str:
    """Name the weights' content: for a file its SHA-256.

    Parameters
    ----------
    backbone, weights, sha256, seed
        As for `create_backbone`. Of the hub's weights the tensors are hashed, so they are
        downloaded.

    Returns
    -------
    str
        64 hexadecimal digits, or ``random-<seed>``.
    """
    if weights == "random":
        return f"random-{seed}"
    if weights == "package":
        # Without timm: this is asked wherever columns are named.
        name = PRESETS.get(backbone, backbone)
        refuse_unpackaged(name)
        return PACKAGES[name].sha256
    if weights == "hub":
        return _hub_checksum(timm_name(backbone))
    return file_checksum(find_weights(weights, sha256))


@functools.cache
def _hub_checksum(name: str) -> str:
    return digest(_from_hub(name, {}).state_dict())


def _sized(name: str, size: int | None) -> dict[str, Any]:
    # Only networks with position embeddings are built for a size.
    cfg = timm_library().get_pretrained_cfg(name)
    fixed = cfg is not None and cfg.fixed_input_size
    return {"img_size": size} if size is not None and fixed else {}


def _load(model: torch.nn.Module, state: Mapping[str, torch.Tensor], path: Path, name: str) -> None:
    import sys

    wanted = model.state_dict()
    head = _head(model)
    faults = _faults(wanted, state, head)
    # Some of timm's models rename or resize what was published; theirs is the function to ask.
    adapt = getattr(sys.modules[type(model).__module__], "checkpoint_filter_fn", None)
    if faults and adapt is not None:
        try:
            state = adapt(dict(state), model)
        except Exception as error:
            raise WeightsError(_misfit(path, name, faults)) from error
        faults = _faults(wanted, state, head)
    if faults:
        raise WeightsError(_misfit(path, name, faults))
    model.load_state_dict({key: state[key] for key in wanted})


def _head(model: torch.nn.Module) -> tuple[str, ...]:
    cfg: Mapping[str, Any] = getattr(model, "pretrained_cfg", None) or {}
    named = cfg.get("classifier") or ()
    return tuple(f"{n}." for n in ((named,) if isinstance(named, str) else named))


def _faults(
    wanted: Mapping[str, torch.Tensor], state: Mapping[str, torch.Tensor], head: tuple[str, ...]
) -> list[str]:
    missing = [k for k in wanted if k not in state]
    unknown = [k for k in state if k not in wanted and not k.startswith((*head, *_AUXILIARY))]
    shaped = [
        f"{k} {list(state[k].shape)} instead of {list(v.shape)}"
        for k, v in wanted.items()
        if k in state and state[k].shape != v.shape
    ]
    kinds = ((missing, "missing"), (unknown, "unknown"), (shaped, "of another shape"))
    return [f"{len(names)} {what} (first: {names[0]})" for names, what in kinds if names]


def _misfit(path: Path, name: str, faults: list[str]) -> str:
    return (
        f"{path} holds no weights of {name}: tensors {'; '.join(faults)}. Name the backbone that "
        "it was made for, or another file"
    )


def _from_hub(name: str, sized: Mapping[str, Any]) -> torch.nn.Module:
    timm = timm_library()
    refuse_unreachable(name)
    cfg = timm.get_pretrained_cfg(name)
    try:
        path = cached(cfg) if offline() else None
        if path is not None:
            model: torch.nn.Module = timm.create_model(name, num_classes=0, **sized).eval()
            _load(model, read_weights(path), path, name)
            return model
        return timm.create_model(name, pretrained=True, num_classes=0, **sized).eval()  # type: ignore[no-any-return]
    except WeightsError:
        raise
    except Exception as error:
        said = (str(error).splitlines() or [type(error).__name__])[0]
        raise GliaboostError(unfetched(name, cfg, said)) from error
