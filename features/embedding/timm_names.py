"""Backbones by name: those that papers compare, and any other of timm's."""

from __future__ import annotations

from typing import Any

from gliaboost._compat import import_timm
from gliaboost.errors import MissingExtraError, UsageError
from gliaboost.features.embedding.packaged import PACKAGED
from gliaboost.spelling import near

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
    timm = timm_library()
    if not _known(timm, name):
        alike = near(backbone, [*PRESETS, *timm.list_models()]) or list(PRESETS)
        raise UsageError(f"no backbone {backbone!r} in timm; did you mean {', '.join(alike)}?")
    return name


def timm_library() -> Any:
    """Import timm, or name the extra that brings it."""
    try:
        return import_timm()
    except ImportError as error:
        raise MissingExtraError(error.name or "timm", "torch", "a network") from error


def _known(timm: Any, name: str) -> bool:
    try:
        timm.get_pretrained_cfg(name)
    except RuntimeError:  # the network, with weights that timm never published of it
        return False
    return bool(timm.is_model(name))
