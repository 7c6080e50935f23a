"""JSON files that are written whole or not at all, and checked when they are read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gliaboost.errors import DamagedFileError
from gliaboost.files import replacing
from gliaboost.regular_files import read_regular
from gliaboost.seals import broken_json, sealed_json

# A value of two letters takes a hundred bytes once it is parsed.
MOST_BYTES = 2**24
EDITED = "where you edited it by hand, remove its last line, which is blank"


def write_json(text: str, path: Path) -> None:
    r"""Write a text of JSON with a seal.

    Parameters
    ----------
    text : str
        Letters that UTF-8 has no bytes for, of names of files, are written as ``\\udc80``.
    path : pathlib.Path
        The file to make or replace.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "a.json"
    >>> write_json('{"a": 1}', file)
    >>> read_json(file)
    {'a': 1}
    """
    with replacing(path) as temporary:
        temporary.write_bytes(sealed_json(text))


def read_json_text(path: Path, most: int = MOST_BYTES) -> str:
    """Read a text of JSON, which is not parsed.

    Parameters
    ----------
    path : pathlib.Path
        One with a seal, or of an older version or another program.
    most : int
        Bytes that it may have.

    Raises
    ------
    DamagedFileError
        If it was altered since it was written, or is not UTF-8.
    OSError
        If it cannot be opened or read, is no file, or has more bytes.
    """
    data = read_regular(path, most)
    if broken_json(data):
        raise DamagedFileError(path, f"it is not what was written; {EDITED}")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DamagedFileError(path, f"it is no UTF-8, {error}") from error


def read_json(path: Path) -> Any:
    """Read what a file of JSON says.

    Raises
    ------
    DamagedFileError
        As from `read_json_text`, or if it is no JSON.
    OSError
        If it cannot be opened or read.
    """
    try:
        return json.loads(read_json_text(path))
    except (ValueError, RecursionError) as error:
        raise DamagedFileError(path, f"it is no JSON, {error}") from error
