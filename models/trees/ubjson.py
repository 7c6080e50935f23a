"""Read UBJSON, the binary JSON that XGBoost keeps models in, with bounds on what it may claim."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

# By type mark: what NumPy calls it. UBJSON is big-endian.
NUMBERS = {
    b"i": ">i1",
    b"U": ">u1",
    b"I": ">i2",
    b"l": ">i4",
    b"L": ">i8",
    b"d": ">f4",
    b"D": ">f8",
}
INTEGERS = (b"i", b"U", b"I", b"l", b"L")
CONSTANTS: dict[bytes, object] = {b"Z": None, b"T": True, b"F": False}
# Far above any model: what is read value by value, and what lies inside each other.
MOST_VALUES = 1_000_000
MOST_NESTING = 16


def read_ubjson(data: bytes) -> Any:
    r"""Read one value.

    Parameters
    ----------
    data : bytes

    Returns
    -------
    object
        Numbers, text, None, bool; dicts; arrays of one type as NumPy arrays, others as lists.

    Raises
    ------
    ValueError
        If it is something else, cut off, nested too deeply or of too many values.

    Examples
    --------
    >>> read_ubjson(b"{i\x01a[$U#i\x03\x01\x02\x03i\x01bSi\x02hi}")
    {'a': array([1, 2, 3], dtype=uint8), 'b': 'hi'}
    """
    reader = _Bytes(data)
    value = reader.value(reader.take(1), 0)
    if reader.place != len(data):
        raise ValueError(f"{len(data) - reader.place} bytes too many")
    return value


class _Bytes:
    def __init__(self, data: bytes) -> None:
        self.data, self.place, self.seen = data, 0, 0

    def take(self, count: int) -> bytes:
        found = self.data[self.place : self.place + count]
        if count < 0 or len(found) != count:
            raise ValueError("cut off")
        self.place += count
        return found

    def peek(self) -> bytes:
        return self.data[self.place : self.place + 1]

    def value(self, mark: bytes, depth: int) -> Any:
        self.seen += 1
        if self.seen > MOST_VALUES:
            raise ValueError(f"more than {MOST_VALUES} values")
        if depth > MOST_NESTING:
            raise ValueError(f"values nested more than {MOST_NESTING} deep")
        if mark in NUMBERS:
            return self.numbers(mark, 1)[0].item()
        if mark in CONSTANTS:
            return CONSTANTS[mark]
        if mark == b"S":
            return self.text()
        if mark == b"{":
            return self.mapping(depth)
        if mark == b"[":
            return self.sequence(depth)
        raise ValueError(f"an unknown mark {mark!r}")

    def numbers(self, mark: bytes, count: int) -> NDArray[Any]:
        kind = np.dtype(NUMBERS[mark])
        found = np.frombuffer(self.take(count * kind.itemsize), kind)
        return found.astype(kind.newbyteorder("="))

    def length(self) -> int:
        mark = self.take(1)
        if mark not in INTEGERS:
            raise ValueError(f"a length of type {mark!r}")
        found = int(self.numbers(mark, 1)[0])
        if found < 0:
            raise ValueError("a length below 0")
        return found

    def text(self) -> str:
        return self.take(self.length()).decode()

    def mapping(self, depth: int) -> dict[str, Any]:
        found = {}
        while self.peek() != b"}":
            key = self.text()
            if key in found:
                raise ValueError(f"{key[:40]!r} twice")
            found[key] = self.value(self.take(1), depth + 1)
        self.take(1)
        return found

    def sequence(self, depth: int) -> Any:
        if self.peek() == b"$":
            self.take(1)
            mark = self.take(1)
            if mark not in NUMBERS or self.take(1) != b"#":
                raise ValueError(f"an array of type {mark!r}")
            return self.numbers(mark, self.length())
        if self.peek() == b"#":
            self.take(1)
            return [self.value(self.take(1), depth + 1) for _ in range(self.length())]
        found = []
        while self.peek() != b"]":
            found.append(self.value(self.take(1), depth + 1))
        self.take(1)
        return found
