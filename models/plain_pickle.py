"""Read a pickle that may hold one object of plain values, and nothing that runs.

The reader is our own, in Python, and knows the few opcodes that such a file needs. Python's own
unpickler hashes and nests without limit, and so a file of 200 kB could end the process.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from gliaboost.errors import BundleError
from gliaboost.models.plain_values import (
    MOST_BESIDE,
    MOST_BYTES,
    MOST_NESTING,
    MOST_VALUES,
    fault_in,
    fault_of_key,
)
from gliaboost.regular_files import open_regular

# Each value is pushed once and memorised once, and is now and then put into what holds it.
_MOST_OPCODES = 4 * MOST_VALUES
# What a file of another maker, or a crafted one, holds.
_REFUSED = {
    **dict.fromkeys(b"t\x85\x86\x87", "a value of type tuple"),
    **dict.fromkeys(b"\x8f\x90\x91", "a value of type set"),
    **dict.fromkeys(b"\x96\x97\x98", "a value of type bytearray"),
}
_CALLS = b"Rio\x92\x82\x83\x84"
_OUTSIDE = b"PQ"


def read_state(
    path: Path, module: str, name: str, others: Mapping[tuple[str, str], str] | None = None
) -> dict[str, Any]:
    """Read the attributes of the one object in a file.

    No name in the file is ever looked up, and nothing in it is called: where the allowed class is
    meant, a mark takes its place.

    Parameters
    ----------
    path : pathlib.Path
        An uncompressed pickle of protocol 2 or later, as `joblib.dump` writes plain objects.
    module, name : str
        The one class that the file may ask for.
    others : mapping of (module, name) to str, optional
        Classes of files of another kind, and what is then said of the file.

    Returns
    -------
    dict
        Plain values by attribute.

    Raises
    ------
    BundleError
        If the file asks for any other name, is no pickle, cut short, larger than `MOST_BYTES` and
        `MOST_BESIDE` allow, or holds anything but one such object of plain values.
    OSError
        If it cannot be read, or is no file.
    """
    with open_regular(path) as file:
        found = _Reader(file, path, (module, name), others or {}).read()
    if not isinstance(found, Stand):
        kind = "class" if found is _CLASS else type(found).__name__
        raise BundleError(f"{path} is not a gliaboost bundle: it holds a {kind}")
    fault = fault_in(found.state)
    if fault:
        raise BundleError(f"{path} is not a gliaboost bundle: {fault}")
    return found.state


class Stand:
    """Stands for the object: its attributes alone, so that a file cannot alter the class."""

    def __init__(self) -> None:
        self.state: dict[str, Any] = {}


class _Mark:
    """What may lie on the stack and is no value."""


_MARK = _Mark()
_CLASS = _Mark()


class _MalformedError(Exception):
    """The bytes are no such pickle from here on."""


class _Reader:
    """One file, opcode by opcode; what it makes is held within the limits as it is made."""

    def __init__(
        self,
        file: BinaryIO,
        path: Path,
        allowed: tuple[str, str],
        others: Mapping[tuple[str, str], str],
    ) -> None:
        self._file, self._path, self._allowed, self._others = file, path, allowed, others
        self._left = file.seek(0, 2)
        file.seek(0)
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}
        self._values = self._marks = self._beside = self._largest = self._no_text = 0

    def read(self) -> Any:
        do = self._opcodes()
        try:
            for _ in range(_MOST_OPCODES):
                code = self._file.read(1)
                self._left -= 1
                if code == b".":
                    if len(self._stack) != 1:
                        raise _MalformedError(f"{len(self._stack)} values")
                    return self._stack[0]
                action = do.get(code)
                if action is None:
                    raise self._unknown(code)
                action()
        except (_MalformedError, IndexError, KeyError, UnicodeDecodeError) as error:
            raise BundleError(
                f"{self._path} is not a gliaboost bundle, or is cut short "
                f"({type(error).__name__.strip('_')}: {str(error)[:80]}); train again or copy it "
                "again"
            ) from error
        raise self._refused(f"claims more than {MOST_VALUES} values")

    def _opcodes(self) -> dict[bytes, Callable[[], None]]:
        push, number, size = self._push, self._number, self._size
        return {
            b"\x80": lambda: self._skip(1),
            b"\x95": lambda: self._skip(8),
            b"(": self._mark,
            b"N": lambda: push(None),
            b"\x88": lambda: push(True),
            b"\x89": lambda: push(False),
            b"J": lambda: push(number("<i")),
            b"K": lambda: push(number("<B")),
            b"M": lambda: push(number("<H")),
            b"G": lambda: push(number(">d")),
            b"\x8a": lambda: push(int.from_bytes(self._take(size(1)), "little", signed=True)),
            b"X": lambda: push(self._text(size(4))),
            b"\x8c": lambda: push(self._text(size(1))),
            b"\x8d": lambda: push(self._text(size(8))),
            b"B": lambda: push(self._bytes(size(4))),
            b"C": lambda: push(self._bytes(size(1))),
            b"\x8e": lambda: push(self._bytes(size(8))),
            b"]": lambda: push([]),
            b"}": lambda: push({}),
            b")": lambda: push(()),
            b"a": self._append,
            b"e": self._append_all,
            b"s": self._set,
            b"u": self._set_all,
            b"q": lambda: self._memorise(size(1)),
            b"r": lambda: self._memorise(size(4)),
            b"\x94": lambda: self._memorise(len(self._memo)),
            b"h": lambda: push(self._memo[size(1)]),
            b"j": lambda: push(self._memo[size(4)]),
            b"c": lambda: self._name(self._line(), self._line()),
            b"\x93": self._name_on_stack,
            b"\x81": self._new,
            b"b": self._build,
        }

    def _unknown(self, code: bytes) -> Exception:
        if not code:
            return _MalformedError("its end")
        if code in _OUTSIDE:
            return self._refused("refers to objects outside it")
        if code in _CALLS:
            return self._refused("would call something")
        if code[0] in _REFUSED:
            return BundleError(f"{self._path} is not a gliaboost bundle: {_REFUSED[code[0]]}")
        return _MalformedError(f"opcode {code!r}")

    def _refused(self, what: str) -> BundleError:
        return BundleError(f"{self._path} {what}: refused, nothing was run")

    def _take(self, size: int) -> bytes:
        if size > self._left:
            raise _MalformedError("its end")
        self._left -= size
        return self._file.read(size)

    def _skip(self, size: int) -> None:
        self._take(size)

    def _number(self, form: str) -> Any:
        return struct.unpack(form, self._take(struct.calcsize(form)))[0]

    def _size(self, width: int) -> int:
        return int.from_bytes(self._take(width), "little")

    def _line(self) -> str:
        read = self._file.readline(1024)
        self._left -= len(read)
        if not read.endswith(b"\n"):
            raise _MalformedError("a name without an end")
        return read[:-1].decode()

    def _text(self, size: int) -> str:
        self._hold(size, 0)
        return self._take(size).decode()

    def _bytes(self, size: int) -> bytes:
        # The largest run of bytes is the model; the one that was it so far is then one beside it.
        self._hold(min(size, self._largest), max(size, self._largest))
        return self._take(size)

    def _hold(self, beside: int, largest: int) -> None:
        self._beside += beside
        self._largest = max(self._largest, largest)
        if self._beside > MOST_BESIDE or self._largest > MOST_BYTES:
            raise self._refused(
                f"has more than {MOST_BESIDE:,} bytes beside its model, or a model of more than "
                f"{MOST_BYTES:,}"
            )

    def _push(self, value: Any) -> None:
        self._values += 1
        # The object, its class and what it is made with are no values of it.
        if self._values > MOST_VALUES + 4:
            raise self._refused(f"claims more than {MOST_VALUES} values")
        self._stack.append(value)

    def _pop(self) -> Any:
        value = self._stack.pop()
        if value is _MARK:
            raise _MalformedError("a mark out of place")
        return value

    def _mark(self) -> None:
        self._marks += 1
        # Of a container in a container only one mark is open.
        if self._marks > MOST_NESTING + 2:
            raise BundleError(
                f"{self._path} is not a gliaboost bundle: values nested more than "
                f"{MOST_NESTING} deep"
            )
        self._stack.append(_MARK)

    def _above_mark(self) -> list[Any]:
        at = len(self._stack) - 1
        while self._stack[at] is not _MARK:
            at -= 1
            if at < 0:
                raise _MalformedError("no mark")
        above = self._stack[at + 1 :]
        del self._stack[at:]
        self._marks -= 1
        return above

    def _top(self, kind: type) -> Any:
        if type(self._stack[-1]) is not kind:
            raise _MalformedError(f"no {kind.__name__}")
        return self._stack[-1]

    def _append(self) -> None:
        value = self._pop()
        self._top(list).append(value)

    def _append_all(self) -> None:
        values = self._above_mark()
        self._top(list).extend(values)

    def _set(self) -> None:
        value, key = self._pop(), self._pop()
        self._put(self._top(dict), key, value)

    def _set_all(self) -> None:
        pairs = self._above_mark()
        target = self._top(dict)
        if len(pairs) % 2:
            raise _MalformedError("a key without a value")
        for key, value in zip(pairs[::2], pairs[1::2], strict=True):
            self._put(target, key, value)

    def _put(self, target: dict[Any, Any], key: Any, value: Any) -> None:
        self._no_text += type(key) is not str
        if why := fault_of_key(key, self._no_text):
            raise BundleError(f"{self._path} is not a gliaboost bundle: {why}")
        target[key] = value

    def _memorise(self, number: int) -> None:
        if number > MOST_VALUES:
            raise self._refused(f"claims more than {MOST_VALUES} values")
        self._memo[number] = self._stack[-1]

    def _name_on_stack(self) -> None:
        name, module = self._pop(), self._pop()
        self._name(module, name)

    def _name(self, module: Any, name: Any) -> None:
        if type(module) is not str or type(name) is not str:
            raise _MalformedError("a name that is none")
        if (module, name) == self._allowed:
            self._push(_CLASS)
        elif (module, name) in self._others:
            raise BundleError(f"{self._path} {self._others[module, name]}")
        else:
            raise self._refused(f"asks for {module[:80]}.{name[:80]}, which no bundle needs")

    def _new(self) -> None:
        given, made = self._pop(), self._pop()
        if made is not _CLASS or given != ():
            raise self._refused("would call something")
        self._push(Stand())

    def _build(self) -> None:
        state = self._pop()
        if type(state) is not dict or any(type(name) is not str for name in state):
            raise _MalformedError("attributes that are none")
        target = self._stack[-1]
        if target is _CLASS:
            raise BundleError(f"{self._path} is not a gliaboost bundle: it holds a class")
        self._top(Stand).state.update(state)
