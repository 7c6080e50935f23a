"""Pretrained networks of timm, with their own input and weights from four kinds of source."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gliaboost._compat import import_timm
from gliaboost.errors import GliaboostError, MissingExtraError, UsageError, WeightsError
from gliaboost.features.embedding.packaged import (
    PACKAGED,
    PACKAGES,
    packaged_file,
    packaged_weights,
)
from gliaboost.features.embedding.weights import digest, file_checksum, find_weights, read_weights
from gliaboost.spelling import near

if TYPE_CHECKING:
    import torch

# What the field compares, under the names that papers use; any other timm name will do as well.
PRESETS = {
    "resnet50": "resnet50",
    "mobilenet_v1": "mobilenetv1_100",
    "mobilenet_v2": "mobilenetv2_100",
    "mobilenet_v3": "mobilenetv3_large_100",
    "xception": "legacy_xception",
    "inception_v3": "inception_v3",
    "efficientnet_b0": "efficientnet_b0",
    "efficientnet_lite0": PACKAGED,
    "efficientnet_lite1": "tf_efficientnet_lite1",
    "efficientnet_lite2": "tf_efficientnet_lite2",
    "convnext_tiny": "convnext_tiny",
    "dinov2_small": "vit_small_patch14_dinov2",
}
# Only there while training; checkpoints have them all the same.
_AUXILIARY = ("AuxLogits.",)
# Who takes weights is not known here: an extractor or a network.
NAMING = (
    "--set embedding.weights=FILE (safetensors, or a checkpoint of tensors; for a network "
    "cnn-finetune.weights or hybrid.weights)"
)
_OTHERWISE = f"or keep the backbone {PACKAGED}, whose weights come with gliaboost"


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


def timm_name(backbone: str) -> str:
    """Return timm's name of a preset or of any of its own models.

    Raises
    ------
    UsageError
        If timm has no such model.
    MissingExtraError
        If timm is not installed.

    Examples
    --------
    >>> timm_name("mobilenet_v2")
    'mobilenetv2_100'
    """
    name = PRESETS.get(backbone, backbone)
    timm = _timm()
    if not _known(timm, name):
        alike = near(backbone, [*PRESETS, *timm.list_models()]) or list(PRESETS)
        raise UsageError(f"no backbone {backbone!r} in timm; did you mean {', '.join(alike)}?")
    return name


def _known(timm: Any, name: str) -> bool:
    try:
        timm.get_pretrained_cfg(name)
    except RuntimeError:  # the network, with weights that timm never published of it
        return False
    return bool(timm.is_model(name))


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
    name = timm_name(backbone)
    cfg = _timm().get_pretrained_cfg(name)
    values = cfg.to_dict() if cfg is not None else {}
    # A model that was never trained has no configuration: ImageNet's usual one.
    return BackboneInput(
        size=int(values.get("input_size", (3, 224, 224))[-1]),
        mean=tuple(values.get("mean", (0.485, 0.456, 0.406))),
        std=tuple(values.get("std", (0.229, 0.224, 0.225))),
        interpolation="bilinear" if values.get("interpolation") == "bilinear" else "bicubic",
    )


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
        model: torch.nn.Module = _timm().create_model(name, num_classes=0, **_sized(name, size))
    model.eval()
    if weights == "random":
        return model
    if weights == "package":
        _load(model, packaged_weights(name), packaged_file(name), name)
    else:
        path = find_weights(weights, sha256)
        _load(model, read_weights(path), path, name)
    return model


def hub_name(backbone: str) -> str:
    """Name the hub's weights of a backbone as timm does, ``NETWORK.TAG``; empty: there are none."""
    cfg = _timm().get_pretrained_cfg(timm_name(backbone))
    tagged = cfg is not None and (cfg.hf_hub_id or cfg.url) and cfg.tag
    return f"{cfg.architecture}.{cfg.tag}" if tagged else ""


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


def refuse_unreachable(name: str) -> None:
    """Say how to get and name a backbone's weights where the hub has none, or none is reached.

    Parameters
    ----------
    name : str
        timm's.

    Raises
    ------
    UsageError
        If timm has no weights for it.
    GliaboostError
        If there is no network, and they were not fetched before.
    """
    cfg = _timm().get_pretrained_cfg(name)
    if cfg is None or not (cfg.hf_hub_id or cfg.url):
        raise UsageError(f"timm has no weights for {name}; name a file: {NAMING}; {_OTHERWISE}")
    if _offline() and _cached(cfg) is None:
        raise GliaboostError(_unfetched(name, cfg, "no network, and they were not fetched before"))


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
    cfg = _timm().get_pretrained_cfg(name)
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
    timm = _timm()
    refuse_unreachable(name)
    cfg = timm.get_pretrained_cfg(name)
    try:
        path = _cached(cfg) if _offline() else None
        if path is not None:
            model: torch.nn.Module = timm.create_model(name, num_classes=0, **sized).eval()
            _load(model, read_weights(path), path, name)
            return model
        return timm.create_model(name, pretrained=True, num_classes=0, **sized).eval()  # type: ignore[no-any-return]
    except WeightsError:
        raise
    except Exception as error:
        said = (str(error).splitlines() or [type(error).__name__])[0]
        raise GliaboostError(_unfetched(name, cfg, said)) from error


def _unfetched(name: str, cfg: Any, reason: str) -> str:
    where = f"https://huggingface.co/{cfg.hf_hub_id}" if cfg.hf_hub_id else cfg.url
    return (
        f"the weights of {name} cannot be fetched from the hub ({reason}); fetch them where there "
        f"is a network, from {where}, and name the file: {NAMING}; {_OTHERWISE}"
    )


def _offline() -> bool:
    """Whether no name can be resolved: the hub's client would try for most of a minute."""
    import os
    import socket
    import urllib.request

    if urllib.request.getproxies() or os.environ.get("HF_ENDPOINT"):
        return False
    try:
        socket.getaddrinfo("huggingface.co", 443)
    except OSError:
        return True
    return False


def _cached(cfg: Any) -> Path | None:
    from huggingface_hub import try_to_load_from_cache

    for file in ("model.safetensors", "pytorch_model.bin"):
        found = try_to_load_from_cache(cfg.hf_hub_id, file) if cfg.hf_hub_id else None
        if isinstance(found, str):
            return Path(found)
    return None


def _timm() -> Any:
    try:
        return import_timm()
    except ImportError as error:
        raise MissingExtraError(error.name or "timm", "torch", "a network") from error
