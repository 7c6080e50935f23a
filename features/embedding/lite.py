"""EfficientNet-lite (Tan 2020), to run frozen: timm's numbers to the last bit, not its imports.

timm makes every other network, and these where they are trained. To import it takes longer than all
else that one prediction does, as it brings hundreds of networks, torchvision and torch's compiler.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional

from gliaboost.features.embedding.packaged import PACKAGES, packaged_weights

# Kernel, stride, expansion and channels of each stage; blocks in it and width are the size's own.
STAGES = (
    (3, 1, 1, 16),
    (3, 2, 6, 24),
    (5, 2, 6, 40),
    (3, 2, 6, 80),
    (5, 1, 6, 112),
    (5, 2, 6, 192),
    (3, 1, 6, 320),
)
# Stages after which the map is about to shrink, from 1: these are the layers 0 and on.
ENDS = (1, 2, 3, 5, 7)
STEM, HEAD = 32, 1280
# TensorFlow's.
EPSILON = 1e-3


class SameConv(nn.Conv2d):
    """A convolution without a constant, padded as TensorFlow does: the odd pixel last."""

    def __init__(
        self, given: int, made: int, kernel: int, stride: int = 1, groups: int = 1
    ) -> None:
        padding = (kernel - 1) // 2 if stride == 1 else 0
        super().__init__(given, made, kernel, stride, padding, groups=groups, bias=False)

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        """Convolve ``[N, C, H, W]``."""
        if self.stride[0] > 1:
            down, across = (self._missing(side) for side in batch.shape[-2:])
            sides = (across // 2, across - across // 2, down // 2, down - down // 2)
            batch = functional.pad(batch, sides)
        return super().forward(batch)

    def _missing(self, side: int) -> int:
        stride, kernel = self.stride[0], self.kernel_size[0]
        return max((-(-side // stride) - 1) * stride + kernel - side, 0)


class Norm(nn.BatchNorm2d):
    """Normalisation as learned, then values cut to 0 to 6 where that is asked for."""

    def __init__(self, channels: int, cut: bool = True) -> None:
        super().__init__(channels, eps=EPSILON)
        self.cut = cut

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        """Normalise ``[N, C, H, W]``."""
        found = super().forward(batch)
        return functional.relu6(found, inplace=True) if self.cut else found


class Separable(nn.Module):
    """Each channel by itself, then all together: the first stage's block."""

    def __init__(self, given: int, made: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.conv_dw = SameConv(given, given, kernel, stride, groups=given)
        self.bn1 = Norm(given)
        self.conv_pw = SameConv(given, made, 1)
        self.bn2 = Norm(made, cut=False)

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        """Map ``[N, C, H, W]``."""
        found: torch.Tensor = self.bn2(self.conv_pw(self.bn1(self.conv_dw(batch))))
        return found


class Inverted(nn.Module):
    """A block that widens, filters each channel and narrows, beside the way around it."""

    def __init__(self, given: int, made: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = given * expansion
        self.conv_pw, self.bn1 = SameConv(given, wide, 1), Norm(wide)
        self.conv_dw, self.bn2 = SameConv(wide, wide, kernel, stride, groups=wide), Norm(wide)
        self.conv_pwl, self.bn3 = SameConv(wide, made, 1), Norm(made, cut=False)
        self.around = stride == 1 and given == made

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        """Map ``[N, C, H, W]``."""
        found: torch.Tensor = self.bn2(self.conv_dw(self.bn1(self.conv_pw(batch))))
        found = self.bn3(self.conv_pwl(found))
        return found + batch if self.around else found


class Lite(nn.Module):
    """One size of the network, with the names of timm's tensors and without a classifier.

    Parameters
    ----------
    repeats : sequence of int
        Blocks in each stage.
    width : float
        By which the channels of the smallest are multiplied.
    """

    def __init__(self, repeats: Sequence[int], width: float) -> None:
        super().__init__()
        self.conv_stem, self.bn1 = SameConv(3, STEM, 3, stride=2), Norm(STEM)
        stages, given = [], STEM
        for (kernel, stride, expansion, channels), count in zip(STAGES, repeats, strict=True):
            made, blocks = _eighths(channels * width), []
            for step in (stride, *[1] * (count - 1)):
                blocks.append(
                    Separable(given, made, kernel, step)
                    if expansion == 1
                    else Inverted(given, made, kernel, step, expansion)
                )
                given = made
            stages.append(nn.Sequential(*blocks))
        self.blocks = nn.Sequential(*stages)
        self.conv_head, self.bn2 = SameConv(given, HEAD, 1), Norm(HEAD)

    def forward_features(self, batch: torch.Tensor) -> torch.Tensor:
        """Give the last map, ``[N, 1280, H, W]``."""
        found: torch.Tensor = self.bn2(self.conv_head(self.blocks(self.bn1(self.conv_stem(batch)))))
        return found

    def forward_intermediates(
        self,
        batch: torch.Tensor,
        indices: Sequence[int] | None = None,
        output_fmt: str = "NCHW",
        stop_early: bool = False,
        intermediates_only: bool = False,
    ) -> list[torch.Tensor] | tuple[torch.Tensor, list[torch.Tensor]]:
        """Give maps on the way, as timm's networks do.

        Parameters
        ----------
        batch : tensor [N, 3, H, W]
            Standardised images.
        indices : sequence of int, optional
            Layers, from 0; default: all.
        output_fmt : str
            As the networks of timm have it; maps are ``NCHW``.
        stop_early : bool
            Leave out what comes after the last of them.
        intermediates_only : bool
            Give the list alone, without the last map before it.

        Raises
        ------
        IndexError
            If there is no such layer.
        """
        ends = [ENDS[i] for i in (range(len(ENDS)) if indices is None else indices)]
        found, maps = self.bn1(self.conv_stem(batch)), []
        for number, stage in enumerate(self.blocks, 1):
            if stop_early and number > max(ends):
                break
            found = stage(found)
            if number in ends:
                maps.append(found)
        if intermediates_only:
            return maps
        return self.bn2(self.conv_head(found)), maps


def lite_layout(name: str) -> Lite:
    """Lay out a packaged network without making its weights.

    Parameters
    ----------
    name : str
        timm's, one of `gliaboost.features.embedding.packaged.PACKAGES`.

    Examples
    --------
    >>> next(lite_layout("tf_efficientnet_lite0").parameters()).device.type
    'meta'
    """
    with torch.device("meta"):
        return Lite(PACKAGES[name].stages, PACKAGES[name].width).eval()


def lite_channels(name: str, layer: int) -> int:
    """Count the channels of a packaged network's layer; -1 is the last before the head.

    Parameters
    ----------
    name : str
        timm's, one of `gliaboost.features.embedding.packaged.PACKAGES`.
    layer : int
        As in `gliaboost.features.embedding.frozen.layer_maps`.

    Raises
    ------
    IndexError
        If there is no such layer.

    Examples
    --------
    >>> lite_channels("tf_efficientnet_lite0", 3), lite_channels("tf_efficientnet_lite0", -1)
    (112, 1280)
    """
    if layer == -1:
        return HEAD
    return _eighths(STAGES[ENDS[layer] - 1][-1] * PACKAGES[name].width)


def load_lite(name: str) -> Lite:
    """Load a packaged network with its weights, on the CPU.

    Parameters
    ----------
    name : str
        timm's, one of `gliaboost.features.embedding.packaged.PACKAGES`.

    Raises
    ------
    MissingExtraError
        If the package is not installed.
    WeightsError
        If its file is not the one that is known.

    Examples
    --------
    >>> load_lite("tf_efficientnet_lite0").forward_features(torch.zeros(1, 3, 32, 32)).shape
    torch.Size([1, 1280, 1, 1])
    """
    model, state = lite_layout(name), packaged_weights(name)
    mine = {key: tensor for key, tensor in state.items() if not key.startswith("classifier.")}
    model.load_state_dict(mine, assign=True)
    return model


def _eighths(channels: float) -> int:
    # As TensorFlow rounds widths: to a multiple of 8, not down by more than a tenth.
    rounded = max(8, int(channels + 4) // 8 * 8)
    return rounded if rounded >= 0.9 * channels else rounded + 8
