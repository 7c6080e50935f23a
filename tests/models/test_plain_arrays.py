"""Arrays and facts in bytes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from gliaboost.models.base import NativeModelError
from gliaboost.models.plain_arrays import MAGIC, pack, unpack

ARRAYS: dict[str, NDArray[Any]] = {
    "whole": np.arange(6, dtype=np.int32).reshape(2, 3),
    "none": np.empty(0, np.float64),
    "big endian": np.array([1.5, -2], ">f4"),
}


def test_all_comes_back() -> None:
    arrays, about = unpack(pack(ARRAYS, {"a": [1, "b"]}))
    assert about == {"a": [1, "b"]}
    assert list(arrays) == list(ARRAYS)
    for name, array in ARRAYS.items():
        assert arrays[name].dtype == array.dtype.newbyteorder("=")
        assert (arrays[name] == array).all()
        assert arrays[name].shape == array.shape


@given(st.data())
def test_what_is_cut_or_lengthened_is_refused(data: st.DataObject) -> None:
    native = pack(ARRAYS, {"a": 1})
    stop = data.draw(st.integers(0, len(native) - 1))
    for broken in (native[:stop], native + b"x"):
        with pytest.raises(NativeModelError, match="cannot be read"):
            unpack(broken)


@given(st.binary(max_size=200))
def test_any_other_bytes_are_refused(body: bytes) -> None:
    with pytest.raises(NativeModelError):
        unpack(MAGIC + body)


@pytest.mark.parametrize(
    "head",
    [
        b'{"about": {}, "arrays": [["a", "object", [1]]]}',
        b'{"about": {}, "arrays": [["a", "int32", [-1]]]}',
        b'{"about": {}, "arrays": [["a", "int32", [99999999999999]]]}',
        b'{"about": {}, "arrays": [["a", "int32"]]}',
        b'{"about": 3, "arrays": []}',
        b"[]",
    ],
)
def test_heads_that_promise_what_is_not_there_are_refused(head: bytes) -> None:
    with pytest.raises(NativeModelError):
        unpack(MAGIC + head + b"\n" + bytes(8))
