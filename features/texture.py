"""What the texture extractors share: one call for arrays on the CPU and tensors on a GPU."""

from __future__ import annotations

import importlib
from abc import abstractmethod
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gliaboost.features.base import Extractor, check_images


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

    def transform(self, X: ArrayLike) -> Any:
        """Extract the features where the images lie.

        Parameters
        ----------
        X : uint8 array or torch tensor [N, H, W]
            Grey images, 0 to 255. A tensor in pinned host memory is copied to the current GPU, the
            next images during the computation of these; other tensors stay where they are.

        Returns
        -------
        float32 array [N, D], or for a tensor a float32 tensor [N, D] where it was computed
            One row an image, columns as `get_feature_names_out` names them. A GPU's numbers differ
            from the CPU's by 1e-5 at most.

        Raises
        ------
        UsageError
            If the images are not uint8 or not three-dimensional.

        Examples
        --------
        >>> import numpy as np
        >>> from gliaboost.features import LBP
        >>> LBP(8, 1, grid=1).transform(np.zeros((2, 16, 16), np.uint8))[:, 8].tolist()
        [1.0, 1.0]
        """
        if not (hasattr(X, "detach") and hasattr(X, "is_pinned")):
            images = check_images(X)
            self.image_shape_ = images.shape[1:]
            return self._extract(images)
        import torch

        tensor: Any = X
        if tensor.is_cuda or (torch.cuda.is_available() and tensor.is_pinned()):
            from gliaboost.features.kernels.gpu.chunks import target

            target(tensor, None)
            self.image_shape_ = tuple(tensor.shape[1:])
            return self._compute(_kernels("gpu", self.name), tensor)
        images = check_images(tensor)
        self.image_shape_ = images.shape[1:]
        return torch.from_numpy(self._extract(images)).to(tensor.device)


def _kernels(device: str, name: str) -> Any:
    return importlib.import_module(f"gliaboost.features.kernels.{device}.{name}")
