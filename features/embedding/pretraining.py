"""What a backbone's weights were learned from before, as far as it is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gliaboost.features.embedding.packaged import PACKAGED, PACKAGES

# Weights may have seen the very pictures that they are tested on, and nobody can tell.
UNKNOWN = "unknown"
# It only tells, and changes no number: no part of what a fit or a fingerprint depends on.
PARAMETER = "trained_on"


def pretraining(
    backbone: str = PACKAGED, weights: str = "package", trained_on: str = ""
) -> tuple[str, ...]:
    """Say what a backbone's weights were learned from, without loading them.

    Parameters
    ----------
    backbone, weights : str
        As for `gliaboost.features.embedding.backbones.create_backbone`.
    trained_on : str
        What the user says of weights that do not tell; empty: nothing.

    Returns
    -------
    tuple of str
        Of packaged weights what the table of packages says; of the hub's and of a file what the
        user says, else of the hub's timm's name with its tag, and of a file `UNKNOWN`. Empty for
        random weights.

    Examples
    --------
    >>> pretraining("tf_efficientnet_lite0", "package"), pretraining("resnet50", "resnet.pth")
    (('ImageNet-1k',), ('unknown',))
    """
    said = trained_on.strip()
    if weights == "random":
        return ()
    if weights == "package":
        return (_packaged(backbone),)
    if said:
        return (UNKNOWN if said.lower() == UNKNOWN else said,)
    return (_tagged(backbone) if weights == "hub" else UNKNOWN,)


def pretraining_faults(backbone: str, weights: str, trained_on: str) -> list[str]:
    """List what is wrong with a word on weights of which it is known what they learned from.

    Examples
    --------
    >>> pretraining_faults("tf_efficientnet_lite0", "package", "brain MRI")[0][:42]
    "trained_on='brain MRI' of packaged weights"
    """
    if not isinstance(trained_on, str):
        return [f"trained_on={trained_on!r}, expected words, such as ImageNet-1k"]
    if not trained_on.strip():
        return []
    if weights == "random":
        return [f"trained_on={trained_on!r} of random weights, which learned from nothing"]
    if weights == "package" and trained_on.strip() != _packaged(backbone):
        return [
            f"trained_on={trained_on!r} of packaged weights, which learned from "
            f"{_packaged(backbone)}; leave it out"
        ]
    return []


def without_words(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Give the parameters that numbers depend on: all but what only tells of weights.

    Examples
    --------
    >>> without_words({"weights": "net.pth", "trained_on": "ImageNet-1k"})
    {'weights': 'net.pth'}
    """
    return {name: value for name, value in parameters.items() if name != PARAMETER}


def _packaged(backbone: str) -> str:
    from gliaboost.features.embedding.timm_names import PRESETS

    package = PACKAGES.get(PRESETS.get(backbone, backbone))
    return UNKNOWN if package is None else package.trained_on


def _tagged(backbone: str) -> str:
    """Name the hub's weights as timm does: network, a dot, and how and on what it was trained."""
    from gliaboost.features.embedding.hub import hub_name

    return hub_name(backbone) or UNKNOWN
