"""Which layers of a network lie in its middle: those that say most of a tumour, and where it is."""

from __future__ import annotations

import functools
import math

from gliaboost.features.embedding.packaged import PACKAGES
from gliaboost.features.embedding.timm_names import PRESETS

LAST = -1
# Chosen for lite0 by inner folds: see `benchmarks/results/embedding-choice.md`.
STRIDES = (8, 16)
# Where the packaged networks have them.
_PACKAGED = (2, 3)


def middle_layers(backbone: str) -> tuple[int, ...]:
    """Give the last layers whose maps are an eighth and a sixteenth of the picture's side.

    Parameters
    ----------
    backbone : str
        A preset or a timm name.

    Returns
    -------
    tuple of int
        Stages, the first is 0; -1 alone, the last layer, of a network that has not both, such as a
        vision transformer, whose maps are all of one size.

    Examples
    --------
    >>> middle_layers("efficientnet_lite0")
    (2, 3)
    """
    name = PRESETS.get(backbone, backbone)
    return _PACKAGED if name in PACKAGES else _measured(backbone)


@functools.lru_cache(maxsize=64)
def _measured(backbone: str) -> tuple[int, ...]:
    from gliaboost.features.embedding.torch_device import import_torch

    import_torch("embeddings")
    import torch

    from gliaboost.features.embedding.backbones import backbone_input, laid_out

    side, model = backbone_input(backbone).size, laid_out(backbone)
    with torch.device("meta"), torch.inference_mode():
        if not hasattr(model, "forward_intermediates"):
            return (LAST,)
        maps = model.forward_intermediates(
            torch.empty(1, 3, side, side), output_fmt="NCHW", intermediates_only=True
        )
    # Some lose a pixel or two at each edge, so that no map is exactly an eighth.
    last = {2 ** round(math.log2(side / m.shape[-1])): layer for layer, m in enumerate(maps)}
    return tuple(last[s] for s in STRIDES) if last.keys() >= set(STRIDES) else (LAST,)
