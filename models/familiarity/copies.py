"""Which pictures a model was trained on, without keeping them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.errors import BundleError
from gliaboost.features.appearance import LOW

# Bytes kept of a file's SHA-256: by chance two of 10^9 files agree once in 10^10 bundles' lives.
KEY_BYTES = 8
HASH_BYTES = LOW * LOW // 8
# Signs that may differ. On figshare recompressed, halved and contrast-stretched copies differ in up
# to 21 (gamma 0.6) and mostly in fewer than 10, pictures of different patients in 34 or more.
MOST_DIFFERENT = 20
# Rows compared at once.
BLOCK = 8192

FILE, COPY = "file", "copy"


@dataclass(frozen=True, eq=False)
class Copies:
    """Digests of training pictures: of each file, and of how its picture looks.

    The second is the signs of its lowest cosine frequencies (Zauner 2010), 32 bytes a picture, from
    which no picture can be drawn again.

    Parameters
    ----------
    keys : uint8 array [N, 8]
        The beginning of each file's SHA-256.
    hashes : uint8 array [N, 32]
        Packed signs.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> columns = rng.normal(size=(3, 256)).astype(np.float32)
    >>> known = Copies.of(["a" * 64, "b" * 64], columns[:2])
    >>> known.find(["b" * 64, "c" * 64, "d" * 64], columns[[2, 1, 2]])
    ['file', 'copy', '']
    """

    keys: NDArray[np.uint8]
    hashes: NDArray[np.uint8]

    @classmethod
    def of(cls, keys: Sequence[str], columns: NDArray[np.float32]) -> Copies:
        """Take pictures in.

        Parameters
        ----------
        keys : sequence of str
            SHA-256 of each file, 64 hexadecimal digits.
        columns : float32 array [N, D]
            From `gliaboost.features.appearance.Appearance`; the first `LOW` * `LOW` are used.
        """
        starts = b"".join(bytes.fromhex(key)[:KEY_BYTES] for key in keys)
        signs = columns[:, : LOW * LOW] > 0
        packed = np.packbits(signs, axis=1)
        return cls(np.frombuffer(starts, np.uint8).reshape(-1, KEY_BYTES), packed)

    def find(self, keys: Sequence[str], columns: NDArray[np.float32]) -> list[str]:
        """Say of each picture whether it was among them.

        Parameters
        ----------
        keys, columns
            As for `of`.

        Returns
        -------
        list of str
            ``"file"`` (the same bytes), ``"copy"`` (the same picture recompressed, resized,
            mirrored or turned, or one as like it as a neighbouring slice may be), or nothing.
        """
        known = {row.tobytes() for row in self.keys}
        near = self._near(columns)
        return [
            FILE if bytes.fromhex(key)[:KEY_BYTES] in known else COPY if like else ""
            for key, like in zip(keys, near, strict=True)
        ]

    def _near(self, columns: NDArray[np.float32]) -> NDArray[np.bool_]:
        low = _frequencies(columns)
        seen = np.zeros(len(columns), bool)
        turned = [_signs(image) for image in _orientations(low)]
        for start in range(0, len(self.hashes), BLOCK):
            bits = np.unpackbits(self.hashes[start : start + BLOCK], axis=1).astype(np.float32)
            known = (2 * bits - 1)[:, 1:]
            for signs in turned:
                # A product of signs is what agrees less what differs.
                agree = signs @ known.T
                seen |= (agree >= known.shape[1] - 2 * MOST_DIFFERENT).any(axis=1)
        return seen

    def to_state(self) -> dict[str, Any]:
        """Give plain values: bytes by name."""
        return {"keys": self.keys.tobytes(), "hashes": self.hashes.tobytes()}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Copies:
        """Rebuild from `to_state`.

        Raises
        ------
        BundleError
            If the values do not fit each other.
        """
        keys, hashes = state.get("keys"), state.get("hashes")
        if (
            set(state) != {"keys", "hashes"}
            or type(keys) is not bytes
            or type(hashes) is not bytes
            or len(keys) % KEY_BYTES
            or len(hashes) * KEY_BYTES != len(keys) * HASH_BYTES
        ):
            raise BundleError("the bundle's list of training pictures is damaged; copy it again")
        return cls(
            np.frombuffer(keys, np.uint8).reshape(-1, KEY_BYTES),
            np.frombuffer(hashes, np.uint8).reshape(-1, HASH_BYTES),
        )


def _frequencies(columns: NDArray[np.float32]) -> NDArray[np.float32]:
    return columns[:, : LOW * LOW].reshape(-1, LOW, LOW)


def _signs(low: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give the signs of all but the mean: -1 or 1, float32 [N, LOW * LOW - 1]."""
    flat = low.reshape(len(low), LOW * LOW)[:, 1:]
    return np.where(flat > 0, 1, -1).astype(np.float32)


def _orientations(low: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Turn and mirror pictures by their frequencies: an axis turned over negates its odd ones."""
    odd = np.where(np.arange(LOW) % 2, -1, 1).astype(np.float32)
    ways = [low, low.swapaxes(1, 2)]
    ways += [way * odd[:, None] for way in ways]
    return ways + [way * odd for way in ways]
