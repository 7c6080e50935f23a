"""What the file of a checkpoint asks for, looked at before torch opens it: it runs none of it.

torch reads pickles of plain tensors with an unpickler of its own, in Python, which knows no limit:
a small file can keep it busy for minutes, make it take gigabytes, or end the process in the hash of
a tuple that is nested deeper than the stack.
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
    operations = 0
    try:
        for _ in range(count):
            for depth in _walked(file):
                operations += 1
                if depth > MOST_DEPTH:
                    return f"nests values more than {MOST_DEPTH} deep"
                if operations > MOST_OPERATIONS:
                    return f"takes more than {MOST_OPERATIONS:,} operations to be read"
                if file.tell() > 4 * MOST_PICKLE:
                    return f"describes its tensors in more than {4 * MOST_PICKLE:,} bytes"
    except (ValueError, IndexError, KeyError) as error:
        return f"is no checkpoint, or cut short ({(str(error).splitlines() or [''])[0][:80]})"
    return None


def _walked(file: BinaryIO) -> Iterator[int]:
    """Go through a pickle; yield after each operation how deep the newest value is."""
    stack: list[int | None] = []  # None: a mark
    kept: dict[object, int] = {}
    for code, argument, _ in pickletools.genops(file):
        deepest = 0
        if pickletools.markobject in code.stack_before:
            while (depth := stack.pop()) is not None:
                deepest = max(deepest, depth)
        taken = [x for x in code.stack_before if x not in _MARKED]
        for _ in taken:
            deepest = max(deepest, stack.pop() or 0)
        if code.name in ("PUT", "BINPUT", "LONG_BINPUT"):
            kept[argument] = deepest
        elif code.name == "MEMOIZE":
            kept[len(kept)] = deepest
        new = kept[argument] if code.name in _FETCHED else deepest + bool(taken or deepest)
        for made in code.stack_after:
            stack.append(None if made is pickletools.markobject else new)
        yield new


_MARKED = (pickletools.markobject, pickletools.stackslice)
_FETCHED = ("GET", "BINGET", "LONG_BINGET")
