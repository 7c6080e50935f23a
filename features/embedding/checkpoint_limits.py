"""What the file of a checkpoint asks for, looked at before torch opens it: it runs none of it.

torch reads pickles of plain tensors with an unpickler of its own, in Python, which knows no limit:
a small file can keep it busy for minutes, make it take gigabytes, or end the process in the hash of
a tuple that is nested deeper than the stack. A tuple that holds another twice, and so on, is small
and takes years to hash.
"""

from __future__ import annotations

import io
import pickletools
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from gliaboost.datasets.reading_memory import MOST_MEMORY

# Some fifty times what a checkpoint of a large network has: 30 operations a tensor.
MOST_OPERATIONS, MOST_DEPTH, MOST_PICKLE = 500_000, 100, 8 * 2**20
# Values in the keys of dicts, each as often as it is there: part of a second.
MOST_HASHED = 5_000_000
# Of the list of a zip's members, in bytes.
MOST_LIST = 8 * 2**20
_END, _END_BYTES, _MOST_COMMENT = b"PK\x05\x06", 22, 2**16
# Pickles before the tensors' bytes in a checkpoint of torch before 1.6.
_OLD_PICKLES = 5


def checkpoint_fault(path: Path) -> str | None:
    """Say what keeps a checkpoint from being opened; None where torch may open it.

    Parameters
    ----------
    path : pathlib.Path
        What `torch.save` wrote, or pretends so.

    Returns
    -------
    str or None
        What is wrong, to follow the file's name.
    """
    with path.open("rb") as file:
        if file.read(2) != b"PK":
            file.seek(0)
            return _pickles_fault(file, _OLD_PICKLES)
        file.seek(0, 2)
        size = file.tell()
        file.seek(max(0, size - _END_BYTES - _MOST_COMMENT))
        tail = file.read()
    at = tail.rfind(_END)
    listed = int.from_bytes(tail[at + 12 : at + 16], "little") if at >= 0 else 0
    if listed > MOST_LIST:
        return f"lists its members in {listed:,} bytes, more than {MOST_LIST:,}"
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            held = sum(member.file_size for member in members)
            if held > max(size, MOST_MEMORY):
                return f"would take {held:,} bytes of memory, and has {size:,}"
            for member in members:
                if not member.filename.endswith(".pkl"):
                    continue
                if member.file_size > MOST_PICKLE:
                    return f"describes its tensors in {member.file_size:,} bytes"
                fault = _pickles_fault(io.BytesIO(archive.read(member)), 1)
                if fault is not None:
                    return fault
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, OSError) as error:
        return f"is damaged or cut short ({error})"
    return None


def _pickles_fault(file: BinaryIO, count: int) -> str | None:
    """Say what is wrong with some pickles that follow each other."""
    operations = hashed = 0
    try:
        for _ in range(count):
            for depth, keys in _walked(file):
                operations += 1
                hashed += keys
                if depth > MOST_DEPTH:
                    return f"nests values more than {MOST_DEPTH} deep"
                if operations > MOST_OPERATIONS:
                    return f"takes more than {MOST_OPERATIONS:,} operations to be read"
                if hashed > MOST_HASHED:
                    return f"has more than {MOST_HASHED:,} values in keys"
                if file.tell() > 4 * MOST_PICKLE:
                    return f"describes its tensors in more than {4 * MOST_PICKLE:,} bytes"
    except (ValueError, IndexError, KeyError) as error:
        return f"is no checkpoint, or cut short ({(str(error).splitlines() or [''])[0][:80]})"
    return None


class _Value:
    """What a pickle made: how deep it nests, how many values it shows, whether another holds it."""

    __slots__ = ("depth", "held", "size")

    def __init__(self) -> None:
        self.depth, self.size, self.held = 0, 1, False

    def take(self, values: list[_Value]) -> None:
        """Hold values. One that is there twice counts twice, as it does in a hash."""
        for value in values:
            self.depth = max(self.depth, value.depth + 1)
            self.size = min(self.size + value.size, MOST_HASHED + 1)
            value.held = True


def _walked(file: BinaryIO) -> Iterator[tuple[int, int]]:
    """Go through a pickle; yield after each operation the newest value's depth, and values hashed.

    Picklers fill a container before they put it into another, but where it holds itself. Whatever
    does otherwise is refused: nobody would know how much the outer one holds.
    """
    stack: list[_Value | None] = []  # None: a mark
    kept: dict[object, _Value] = {}
    for code, argument, _ in pickletools.genops(file):
        if code.name in _KEPT:
            kept[len(kept) if code.name == "MEMOIZE" else argument] = _present(stack[-1])
            yield 0, 0
            continue
        values = _taken(stack, code.stack_before)
        if code.name in _FETCHED:
            value = kept[argument]
        elif code.name == "DUP":
            value = values[0]
        else:
            value = values.pop(0) if code.name in _FILLED else _Value()
            if value.held and code.name in _FILLED:
                raise ValueError("a value changes after another holds it")
            value.take(values)
        for made in code.stack_after:
            stack.append(None if made is pickletools.markobject else value)
        keys = values[::2] if code.name in _KEYED else values if code.name in _HASHED else []
        yield value.depth, sum(key.size for key in keys)


def _taken(stack: list[_Value | None], before: list[pickletools.StackObject]) -> list[_Value]:
    """Take from a stack what an operation needs, the lowest first."""
    values = []
    below = len(before)
    if pickletools.markobject in before:
        below = before.index(pickletools.markobject)
        while (value := stack.pop()) is not None:
            values.append(value)
    for _ in range(below):
        values.append(_present(stack.pop()))
    return values[::-1]


def _present(value: _Value | None) -> _Value:
    if value is None:
        raise ValueError("a mark where a value is due")
    return value


_KEPT = ("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE")
_FETCHED = ("GET", "BINGET", "LONG_BINGET")
_FILLED = ("APPEND", "APPENDS", "SETITEM", "SETITEMS", "ADDITEMS", "BUILD")
_KEYED = ("SETITEM", "SETITEMS", "DICT")
# The last five may look up anything they are given: a Counter of a list, the name of a storage.
_HASHED = ("ADDITEMS", "FROZENSET", "REDUCE", "BUILD", "NEWOBJ", "NEWOBJ_EX", "BINPERSID")
