"""What the texture extractors share: one call for arrays on the CPU and tensors on a GPU."""

from __future__ import annotations

import importlib
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gliaboost.features.base import Extractor

if TYPE_CHECKING:
    import torch


class TextureExtractor(Extractor):
    """An extractor whose kernels exist for both devices, under the same names.

    Attributes
    ----------
    name : str
        Also the module with its kernels, in `gliaboost.features.kernels.cpu` and ``.gpu``.
    """

    name: ClassVar[str]

    @abstractmethod
    def _compute(self, kernels: Any, images: Any) -> Any:
        """Call the kernel of either device's module, ``[N, H, W]`` -> ``[N, D]``."""

    def _extract(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        columns: NDArray[np.float32] = self._compute(_kernels("cpu", self.name), images)
        return columns

    def _extract_tensor(self, images: torch.Tensor) -> torch.Tensor:
        """Compute on the GPU what lies there, or in pinned host memory.

        Of pinned images the next are copied to the current GPU while these are computed.
        """
        import torch

        if images.is_cuda or (torch.cuda.is_available() and images.is_pinned()):
            columns: torch.Tensor = self._compute(_kernels("gpu", self.name), images)
            return columns
        return super()._extract_tensor(images)


def _kernels(device: str, name: str) -> Any:
    return importlib.import_module(f"gliaboost.features.kernels.{device}.{name}")
