"""What happens between decoding and extracting: a frozen, hashable value."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.errors import UsageError


@dataclass(frozen=True)
class Preparation:
    """Bring every image to one size.

    Parameters
    ----------
    size : int
        Height and width in pixels, 8 to 4096.

    Examples
    --------
    >>> import numpy as np
    >>> Preparation(size=64)(np.zeros((512, 512), np.uint8)).shape
    (64, 64)
    """

    size: int = 256

    def __post_init__(self) -> None:
        if isinstance(self.size, bool) or not isinstance(self.size, int):
            raise UsageError(f"size={self.size!r}; expected a whole number of pixels")
        if not 8 <= self.size <= 4096:
            raise UsageError(f"size={self.size}; expected 8 to 4096 pixels")

    def __call__(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Prepare one image.

        Parameters
        ----------
        image : uint8 array [H, W]

        Returns
        -------
        uint8 array [size, size]
            Shrunk by area, enlarged bilinearly; the aspect is not kept.
        """
        if image.shape == (self.size, self.size):
            return image
        import cv2

        shrinks = self.size <= min(image.shape)
        resized: NDArray[np.uint8] = cv2.resize(
            image,
            (self.size, self.size),
            interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR,
        )
        return resized

    def to_dict(self) -> dict[str, Any]:
        """Return plain values; `from_dict` rebuilds it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Preparation:
        """Rebuild from `to_dict`; unknown keys are refused."""
        known = [f.name for f in fields(cls)]
        unknown = sorted(set(values) - set(known))
        if unknown:
            raise UsageError(
                f"unknown preparation {', '.join(unknown)}; known are: {', '.join(known)}"
            )
        return cls(**values)

    def fingerprint(self) -> str:
        """Hash the values, 16 hexadecimal digits."""
        text = json.dumps(self.to_dict(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]
