"""What was computed for an image, kept in memory up to a number of bytes."""

from __future__ import annotations

import hashlib
import random
import threading
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from gliaboost.features.dense.pyramid import Pyramid

# 2 GiB: the classical and frozen maps of some 3,000 slices. A fit holds these beside the columns of
# its sampled pixels, and so does each process where folds run side by side.
CAPACITY = 2 << 30


class PyramidMemo:
    """Images' pyramids by their pixels, as many as there is room for.

    When the room is full, any one makes place for the next: whoever goes through more images than
    there is room for, again and again, still finds a part of them, where the longest unused one
    would always be the next to be asked for.

    Parameters
    ----------
    capacity : int
        Bytes.

    Examples
    --------
    >>> memo = PyramidMemo(1000)
    >>> calls = []
    >>> def compute(image):
    ...     calls.append(image.shape)
    ...     return Pyramid((np.zeros((2, 2, 3), np.float16),))
    >>> image = np.zeros((8, 8), np.uint8)
    >>> memo.get("zeros", image, compute) is memo.get("zeros", image, compute), len(calls)
    (True, 1)
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self.capacity = capacity
        self.nbytes = 0
        self._held: dict[bytes, Pyramid] = {}
        self._keys: list[bytes] = []
        self._lock = threading.Lock()
        self._chance = random.Random(0)

    def get(
        self,
        kind: str,
        image: NDArray[np.uint8],
        compute: Callable[[NDArray[np.uint8]], Pyramid],
    ) -> Pyramid:
        """Return what is held of an image, or compute it and hold it if it fits.

        Parameters
        ----------
        kind : str
            What is computed; part of the key.
        image : uint8 array [H, W]
        compute : callable
            Takes the image.
        """
        key = hashlib.sha256(
            f"{kind} {image.shape} ".encode() + np.ascontiguousarray(image).tobytes()
        ).digest()
        with self._lock:
            found = self._held.get(key)
        if found is not None:
            return found
        computed = compute(image)
        with self._lock:
            if key not in self._held and computed.nbytes <= self.capacity:
                while self.nbytes + computed.nbytes > self.capacity:
                    self._drop()
                self._held[key] = computed
                self._keys.append(key)
                self.nbytes += computed.nbytes
        return computed

    def clear(self) -> None:
        """Hold nothing any more."""
        with self._lock:
            self._held.clear()
            self._keys.clear()
            self.nbytes = 0

    def __len__(self) -> int:
        return len(self._held)

    def _drop(self) -> None:
        place = self._chance.randrange(len(self._keys))
        self._keys[place], self._keys[-1] = self._keys[-1], self._keys[place]
        self.nbytes -= self._held.pop(self._keys.pop()).nbytes


# One for the process, so that the fits of several folds share it.
MEMO = PyramidMemo()
