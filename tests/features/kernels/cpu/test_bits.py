"""Numba has no name for these instructions, and no reference but Python's own integers."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gliaboost.features.kernels.cpu.bits import popcount, trailing_zeros

words = st.integers(0, 2**64 - 1) | st.integers(0, 63).map(lambda k: 1 << k)


@numba.njit
def counted(word: Any) -> Any:
    return popcount(word)


@numba.njit
def lowest(word: Any) -> Any:
    return trailing_zeros(word)


@given(word=words)
def test_ones_are_counted(word: int) -> None:
    assert counted(np.uint64(word)) == word.bit_count()


@given(word=words.filter(bool))
def test_the_lowest_one_is_found(word: int) -> None:
    assert 1 << int(lowest(np.uint64(word))) == word & -word
