"""Whether a backbone and its weights can be had here, asked before any work and without loading."""

from __future__ import annotations

from importlib.util import find_spec

from gliaboost.errors import GliaboostError, MissingExtraError
from gliaboost.features.embedding.packaged import PACKAGES, packaged_file
from gliaboost.features.embedding.weights import find_weights

NEEDED = ("torch", "timm", "safetensors")


def weights_faults(backbone: str, weights: str, sha256: str = "", purpose: str = "") -> list[str]:
    """List what keeps a backbone from being used here.

    Parameters
    ----------
    backbone, weights, sha256 : str
        As for `gliaboost.features.embedding.backbones.create_backbone`.
    purpose : str
        What needs it, for the message where a package is missing.

    Returns
    -------
    list of str
        A line a fault: what was seen, and how to get and name weights; empty where all is there.

    Examples
    --------
    >>> weights_faults("tf_efficientnet_lite0", "nowhere.pth")[0][:28]
    'no weights file nowhere.pth;'
    """
    wrong = [
        f"{name}={value!r}, expected a word"
        for name, value in (("backbone", backbone), ("weights", weights), ("sha256", sha256))
        if not isinstance(value, str)
    ]
    if wrong:
        return wrong
    absent = [package for package in NEEDED if find_spec(package) is None]
    if absent:
        return [str(MissingExtraError(absent[0], "torch", purpose or "a network"))]
    try:
        if weights not in ("package", "hub", "random"):
            find_weights(weights, sha256)
        if backbone in PACKAGES and weights == "package":
            packaged_file(backbone)
            return []
        from gliaboost.features.embedding import backbones, hub, timm_names

        name = timm_names.timm_name(backbone)
        if weights == "package":
            backbones.refuse_unpackaged(name)
            packaged_file(name)
        elif weights == "hub":
            hub.refuse_unreachable(name)
    except GliaboostError as error:
        return [str(error)]
    return []
