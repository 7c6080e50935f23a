"""A check value in files that are read back: what a disk altered is noticed, not believed.

A seal lies where readers of the format look at nothing, so that a file is what it was to every
other program, and one that rewrites the file drops the seal and never keeps a stale one. A file
without a seal is of an older version or of another program, and is read as it is.
"""

from __future__ import annotations

import zlib

# CRC-32 finds every burst of up to 32 bits; PNG, zip and gzip rely on it. It is against decay, not
# against forgery.
MARK = b"gliaboost crc32:"
_LENGTH = len(MARK) + 4
# JSON has no room but for blanks: a last line of 32 of them, one a bit.
_BLANK = {"0": " ", "1": "\t"}
_BITS = 32


def sealed(data: bytes) -> bytes:
    """Put a seal before bytes that nobody else reads.

    Examples
    --------
    >>> contents(sealed(b"xyz")), contents(b"xyz")
    (b'xyz', b'xyz')
    >>> contents(sealed(b"xyz")[:-1]) is None
    True
    """
    return b"".join([MARK, _check(data), data])


def contents(data: bytes) -> bytes | None:
    """Return what was sealed by `sealed`, or never was; None where it was altered."""
    if not data.startswith(MARK):
        return data
    inside = data[_LENGTH:]
    return inside if data[len(MARK) : _LENGTH] == _check(inside) else None


def sealed_json(text: str) -> bytes:
    r"""Encode a text of JSON, with a last line of blanks that no reader of JSON looks at.

    Parameters
    ----------
    text : str
        Letters that UTF-8 has no bytes for, of names of files, are written as ``\\udc80``.

    Examples
    --------
    >>> import json
    >>> data = sealed_json('{"a": 1}')
    >>> json.loads(data), broken_json(data), broken_json(data.replace(b"1", b"3"))
    ({'a': 1}, False, True)
    """
    data = text.rstrip().encode("utf-8", "backslashreplace") + b"\n"
    return data + _blanks(data) + b"\n"


def broken_json(data: bytes) -> bool:
    """Whether a text that was sealed by `sealed_json` has been altered; False without a seal."""
    start = len(data) - _BITS - 1
    blanks = data[start:-1]
    if start < 1 or data[start - 1 : start] != b"\n" or blanks.strip(b" \t"):
        return False
    return data[start:] != _blanks(data[:start]) + b"\n"


def sealed_parquet(data: bytes) -> bytes:
    """Put a seal between a Parquet file's pages and its footer, which readers find from the end."""
    at = _footer(data)
    head, foot = data[:at], data[at:]
    return b"".join([head, MARK, _check(head, foot), foot])


def broken_parquet(data: bytes) -> bool:
    """Whether a file that was sealed by `sealed_parquet` has been altered; False without a seal."""
    start = _footer(data) - _LENGTH
    if start < 0 or data[start : start + len(MARK)] != MARK:
        # A seal elsewhere: what says where the footer begins was altered.
        return MARK in data[-min(len(data), 2**20) :]
    view = memoryview(data)
    return data[start + len(MARK) : start + _LENGTH] != _check(
        view[:start], view[start + _LENGTH :]
    )


def _footer(data: bytes) -> int:
    return len(data) - 8 - int.from_bytes(data[-8:-4], "little")


def _check(*pieces: bytes | memoryview) -> bytes:
    found = 0
    for piece in pieces:
        found = zlib.crc32(piece, found)
    return found.to_bytes(4, "little")


def _blanks(data: bytes) -> bytes:
    bits = f"{zlib.crc32(data):0{_BITS}b}"
    return "".join(_BLANK[bit] for bit in bits).encode()
