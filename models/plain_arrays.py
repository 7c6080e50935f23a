"""Arrays and plain facts in one run of bytes, that can only be read."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.models.base import NativeModelError

MAGIC = b"gliaboost arrays 1\n"
KINDS = ("uint8", "int32", "float32", "float64")


def pack(arrays: Mapping[str, NDArray[Any]], about: Mapping[str, Any]) -> bytes:
    """Put arrays and facts into bytes.

    Parameters
    ----------
    arrays : mapping of str to array
        Of uint8, int32, float32 or float64.
    about : mapping
        What JSON can hold.

    Examples
    --------
    >>> arrays, about = unpack(pack({"a": np.arange(3, dtype=np.int32)}, {"b": 1}))
    >>> arrays["a"].tolist(), about
    ([0, 1, 2], {'b': 1})
    """
    listed = [[name, array.dtype.name, list(array.shape)] for name, array in arrays.items()]
    head = json.dumps({"about": dict(about), "arrays": listed}, sort_keys=True).encode()
    bodies = [np.ascontiguousarray(a).astype(a.dtype.newbyteorder("<")) for a in arrays.values()]
    return b"".join([MAGIC, head, b"\n", *(body.tobytes() for body in bodies)])


def unpack(native: bytes) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Read what `pack` wrote.

    Raises
    ------
    NativeModelError
        If it is something else, or cut off.
    """
    try:
        if not native.startswith(MAGIC):
            raise ValueError("another beginning")
        stop = native.index(b"\n", len(MAGIC))
        head = json.loads(native[len(MAGIC) : stop])
        place, arrays = stop + 1, {}
        for name, kind, shape in head["arrays"]:
            if kind not in KINDS or not all(isinstance(n, int) and n >= 0 for n in shape):
                raise ValueError(f"an array {name!r} of {kind} {shape}")
            dtype = np.dtype(kind).newbyteorder("<")
            size = math.prod(shape) * dtype.itemsize
            # Not copied yet: a model may be most of a file.
            body = memoryview(native)[place : place + size]
            if len(body) != size:
                raise ValueError("cut off")
            arrays[str(name)] = np.frombuffer(body, dtype).astype(kind).reshape(shape)
            place += size
        if place != len(native):
            raise ValueError(f"{len(native) - place} bytes too many")
        return arrays, dict(head["about"])
    except (ValueError, KeyError, TypeError, RecursionError, OverflowError) as error:
        raise NativeModelError(
            f"the bytes of a model cannot be read ({error}); copy or train it again"
        ) from error
