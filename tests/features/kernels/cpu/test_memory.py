from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gliaboost.errors import UsageError
from gliaboost.features.kernels.cpu.memory import LINE, aligned, batch, lines, pitch_of


@given(count=st.integers(0, 5000))
def test_doubles_round_up_to_whole_lines(count: int) -> None:
    whole = lines(count)
    assert whole % LINE == 0
    assert count <= whole < count + LINE


@pytest.mark.parametrize("width", [64, 100, 128, 256, 299, 512, 1024])
def test_rows_of_usual_images_do_not_share_their_low_bits(width: int) -> None:
    pitch = pitch_of(width)
    assert pitch >= width
    assert pitch % LINE == 0
    # Three rows are read at once.
    assert {n * pitch * 8 % 4096 for n in (1, 2)}.isdisjoint({0})


@given(count=st.integers(1, 300))
def test_buffers_begin_on_a_cache_line(count: int) -> None:
    buffer = aligned(count)
    assert buffer.shape == (count,)
    assert buffer.dtype == np.float64
    assert buffer.ctypes.data % 64 == 0
    assert not buffer.any()
    buffer[:] = 1


def test_any_order_of_images_becomes_one_writable_block() -> None:
    whole = np.arange(2 * 6 * 8, dtype=np.uint8).reshape(2, 6, 8)
    frozen = whole.copy()
    frozen.flags.writeable = False
    for images in (whole, whole[:, ::2, ::-1], whole.transpose(0, 2, 1), frozen, whole[:0]):
        got = batch(images)
        np.testing.assert_array_equal(got, images)
        assert got.flags.c_contiguous
        assert got.flags.writeable
    assert batch(whole) is whole


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((4, 5), np.uint8), r"shape \[4, 5\] and dtype uint8; expected uint8 \[N, H, W\]"),
        (np.zeros((1, 4, 5, 1), np.uint8), r"shape \[1, 4, 5, 1\]"),
        (np.zeros((1, 4, 5), np.int16), "dtype int16"),
        (np.zeros((1, 4, 5), bool), "dtype bool"),
    ],
)
def test_other_arrays_are_refused(images: np.ndarray, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        batch(images)
