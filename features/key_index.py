"""Where each key's row lies: sorted numbers of a fixed width, in place of a dictionary of texts."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

# What keys are: the SHA-256 of a file, in lower-case hexadecimal digits.
DIGITS = b"0123456789abcdef"
LENGTH = 64


class KeyIndex:
    """Parts and rows by key, 24 bytes a key where a dictionary takes some 250.

    A key is known by 128 bits, the first of a SHA-256: among 10^10 files the chance that two share
    them is below 10^-18.

    Examples
    --------
    >>> index = KeyIndex()
    >>> index.enter(["a", "b"], part=0)
    >>> index.enter(["b", "c"], part=1)
    >>> parts, rows = index.find(["c", "x", "b"])
    >>> parts.tolist(), rows.tolist()
    ([1, -1, 0], [1, -1, 1])
    """

    def __init__(self) -> None:
        none = np.empty(0, np.uint64)
        self._numbers, self._places = np.stack([none, none]), np.empty((2, 0), np.int32)
        self._ranks: list[int] = []
        self._new: list[tuple[NDArray[np.uint64], NDArray[np.int32]]] = []

    def __len__(self) -> int:
        self._sort()
        return int(self._numbers.shape[1])

    def enter(self, keys: Sequence[str], part: int, rank: int = 0) -> None:
        """Enter the rows of a part, in their order.

        Parameters
        ----------
        keys : sequence of str
            One a row.
        part : int
            Its number; each part is entered once, in order from 0.
        rank : int
            Of two parts that have a key, the one of the higher rank is found, else the earlier.
        """
        self._ranks.append(rank)
        places = np.empty((2, len(keys)), np.int32)
        places[0], places[1] = part, np.arange(len(keys))
        self._new.append((numbers_of(keys), places))

    def find(self, keys: Sequence[str]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Find keys.

        Returns
        -------
        parts, rows : int32 array [n]
            -1 where a key was not entered.
        """
        self._sort()
        (high, low), asked = self._numbers, numbers_of(keys)
        found = np.full((2, len(keys)), -1, np.int32)
        at = np.searchsorted(high, asked[0])
        left = np.arange(len(keys))
        while len(left):
            left = left[at[left] < len(high)]
            left = left[high[at[left]] == asked[0, left]]
            hit = low[at[left]] == asked[1, left]
            found[:, left[hit]] = self._places[:, at[left[hit]]]
            left = left[~hit]  # two keys share their first 64 bits: the next may be it
            at[left] += 1
        return found[0], found[1]

    def _sort(self) -> None:
        """Put what is new in its place, once it is asked for."""
        if not self._new:
            return
        numbers = np.concatenate([self._numbers, *(n for n, _ in self._new)], axis=1)
        places = np.concatenate([self._places, *(p for _, p in self._new)], axis=1)
        self._new = []
        ranks = np.asarray(self._ranks, np.int32)[places[0]]
        order = np.lexsort((places[0], -ranks, numbers[1], numbers[0]))
        numbers, places = numbers[:, order], places[:, order]
        first = np.ones(len(order), bool)
        first[1:] = (numbers[:, 1:] != numbers[:, :-1]).any(axis=0)
        self._numbers, self._places = numbers[:, first], places[:, first]


def numbers_of(keys: Sequence[str]) -> NDArray[np.uint64]:
    """Give keys as numbers of 128 bits: uint64 ``[2, n]``, the higher half first."""
    joined = "".join(keys).encode("utf-8", "surrogatepass")
    whole = len(joined) == LENGTH * len(keys) and all(len(key) == LENGTH for key in keys)
    if whole and not joined.translate(None, DIGITS):
        data = bytes.fromhex(joined.decode())
        numbers = np.frombuffer(data, ">u8").reshape(-1, LENGTH // 16)[:, :2]
    else:
        numbers = np.frombuffer(b"".join(map(_sixteen, keys)), ">u8").reshape(-1, 2)
    return np.ascontiguousarray(numbers.T, np.uint64)


def _sixteen(key: str) -> bytes:
    data = key.encode("utf-8", "surrogatepass")
    if len(data) == LENGTH and not data.translate(None, DIGITS):
        return bytes.fromhex(key)[:16]
    return hashlib.blake2b(data, digest_size=16).digest()
