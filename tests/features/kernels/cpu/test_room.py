from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gliaboost.features.kernels.cpu.memory import LINE
from gliaboost.features.kernels.cpu.room import STRIP, room_for


@given(width=st.integers(1, 600), border=st.integers(1, 40))
def test_there_is_room_for_all_that_a_strip_can_see(width: int, border: int) -> None:
    room = room_for(width, border, 24)
    assert room.border == border
    assert room.strip == STRIP
    # Interpolation looks one column further to the right.
    assert room.pitch >= room.margin + width + border + 1
    assert room.margin >= border
    assert len(room.source) >= (STRIP + 2 * border) * room.pitch
    assert room.across >= width
    assert len(room.patterns) >= STRIP * room.across
    assert room.spans.shape == (STRIP, 2)
    # As many rows as a circle is high, and a power of two, so that `& turn` is `% rows`.
    rows = room.turn + 1
    assert rows & room.turn == 0
    assert rows >= 2 * border + 1
    assert len(room.ring) >= rows * room.across


@given(width=st.integers(1, 600), border=st.integers(1, 40))
def test_room_is_not_wasted(width: int, border: int) -> None:
    # Every thread has its own, and what is left over takes the place of a strip in the cache.
    room = room_for(width, border, 24)
    assert room.margin < border + LINE
    assert room.across < width + 4 * LINE
    assert room.pitch < room.margin + width + border + 1 + 4 * LINE
    assert room.turn + 1 <= 2 * (2 * border + 1)
    assert len(room.source) == (STRIP + 2 * border) * room.pitch
    assert len(room.ring) == (room.turn + 1) * room.across
    assert len(room.patterns) == STRIP * room.across


@given(width=st.integers(1, 600), border=st.integers(1, 40))
def test_rows_begin_on_cache_lines_amid_zeros(width: int, border: int) -> None:
    room = room_for(width, border, 24)
    for buffer in (room.source, room.ring, room.patterns):
        assert buffer.ctypes.data % 64 == 0
        assert not buffer.any()
    assert room.pitch % LINE == room.across % LINE == room.margin % LINE == 0


@pytest.mark.parametrize(("points", "kind"), [(1, np.uint32), (32, np.uint32), (33, np.uint64)])
def test_memory_is_no_wider_than_what_it_holds(points: int, kind: type) -> None:
    room = room_for(100, 3, points)
    assert room.patterns.dtype == kind
    # Of 256 greys every one is exact.
    assert room.source.dtype == np.float32


def test_threads_share_nothing() -> None:
    first, second = room_for(20, 2, 8), room_for(20, 2, 8)
    first.source[:] = 1
    assert not second.source.any()
