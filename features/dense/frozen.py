"""Frozen maps by pixel: an untouched ImageNet network's early stages, at strides 4, 8 and 16."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.features.dense.pyramid import Pyramid, single
from gliaboost.features.embedding.packaged import PACKAGED
from gliaboost.features.kernels.cpu.compiled import entry

# Stages of strides 4, 8 and 16, with 24, 40 and 112 channels.
STAGES = (1, 2, 3)
# Side of the network's input: larger than in its training, so that a cell is smaller on the head.
SIDE = 288


def frozen_pyramid(image: NDArray[np.uint8]) -> Pyramid:
    """Compute an image's frozen maps.

    Parameters
    ----------
    image : uint8 array [H, W]
        Prepared; it is brought to 288 x 288 pixels.

    Returns
    -------
    Pyramid
        Levels of 72, 36 and 18 cells a side, columns as `frozen_names` says.

    Raises
    ------
    MissingExtraError
        If torch or timm is not installed.

    Examples
    --------
    >>> [level.shape for level in frozen_pyramid(np.zeros((64, 64), np.uint8)).levels]
    [(72, 72, 24), (36, 36, 40), (18, 18, 112)]
    """
    from gliaboost.features.embedding.torch_device import import_torch

    import_torch("frozen maps")
    from gliaboost.features.embedding.backbones import weights_checksum
    from gliaboost.features.embedding.frozen import load_frozen

    checksum = weights_checksum(PACKAGED, "package")
    network = load_frozen(PACKAGED, "package", checksum, "", "cpu", "float32")
    maps = network.stages(image[None], STAGES, SIDE)
    return Pyramid(tuple(_channels_last(each[0].numpy()) for each in maps))


def wide_pyramid(stages: Pyramid) -> Pyramid:
    """Average all levels over 3 x 3 cells of the coarsest: what lies around, fine detail included.

    Parameters
    ----------
    stages : Pyramid
        From `frozen_pyramid`.

    Returns
    -------
    Pyramid
        One level, as coarse as the coarsest, the levels' columns side by side.

    Examples
    --------
    >>> levels = np.ones((4, 4, 1), np.float16), np.zeros((2, 2, 3), np.float16)
    >>> wide_pyramid(Pyramid(levels)).levels[0][0, 0].tolist()
    [1.0, 0.0, 0.0, 0.0]
    """
    cells = stages.levels[-1].shape[0]
    wide = [_around(single(level), cells) for level in stages.levels]
    return Pyramid((np.concatenate(wide, axis=2).astype(np.float16),))


def frozen_names() -> tuple[str, ...]:
    """Name the columns, in order.

    Examples
    --------
    >>> frozen_names()[0], len(frozen_names())
    ('tf_efficientnet_lite0__stage1__c0', 176)
    """
    from gliaboost.features.embedding.frozen import channels

    counts = channels(PACKAGED, STAGES)
    return tuple(
        f"{PACKAGED}__stage{stage}__c{channel}"
        for stage, count in zip(STAGES, counts, strict=True)
        for channel in range(count)
    )


def _around(level: NDArray[np.float32], cells: int) -> NDArray[np.float32]:
    means = np.zeros((cells, cells, level.shape[2]), np.float32)
    _block_means(level, level.shape[0] // cells, means)
    padded = np.pad(means, ((1, 1), (1, 1), (0, 0)), mode="edge")
    rows = padded[:-2] + padded[1:-1] + padded[2:]
    return np.asarray((rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / 9, np.float32)


@entry
def _block_means(level: Any, block: Any, means: Any) -> None:
    """Average blocks of cells, added up in NumPy's order: its mean over two axes is slow."""
    cells, _, channels = means.shape
    count = np.float32(block * block)
    for y in range(cells):
        for down in range(block):
            for x in range(cells):
                for across in range(block):
                    for k in range(channels):
                        means[y, x, k] += level[y * block + down, x * block + across, k]
        for x in range(cells):
            for k in range(channels):
                means[y, x, k] /= count


def _channels_last(maps: NDArray[np.float32]) -> NDArray[np.float16]:
    most = float(np.finfo(np.float16).max)
    return np.ascontiguousarray(np.clip(maps, -most, most).transpose(1, 2, 0), np.float16)
