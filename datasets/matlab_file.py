"""Arrays of a MATLAB file, read only where they are as small as they say, and as they may be."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.reading_memory import claim
from gliaboost.regular_files import read_regular

# Each value as the file has it, on its way to grey levels, and marked.
_VALUE = 32
# Beside the values: what HDF5 unpacks at once.
_LARGEST_CHUNK = 2**28
# An old file and what it unpacks to: a list of folds, in no more than this.
_OLD_BYTES, _OLD_UNPACKED = 2**22, 2**24
_HEADER, _PACKED = 128, 15


def hdf5_array(group: Any, path: str, name: Path) -> NDArray[Any]:
    """Read an array of an HDF5 file, which MATLAB writes since v7.3.

    A few bytes may say that an array has billions of values, as those that were never written take
    no room, and it may stand in another file.

    Parameters
    ----------
    group : h5py.Group
        Open.
    path : str
        Of the array in it, with slashes.
    name : pathlib.Path
        What errors call the file.

    Returns
    -------
    array
        As it is stored, columns first.

    Raises
    ------
    DecodeError
        If it would take more memory than may be taken.
    ValueError
        If it is no array of numbers, or stands in another file.
    KeyError
        If there is none.
    """
    import h5py

    found = group
    for part in path.split("/"):
        if not isinstance(found, h5py.Group) or isinstance(
            found.get(part, getlink=True), h5py.ExternalLink
        ):
            raise ValueError(f"{part} stands in another file, or in no group")
        found = found[part]
    if not isinstance(found, h5py.Dataset) or found.dtype.kind not in "biuf":
        raise ValueError(f"{path} is no array of numbers")
    if found.is_virtual or found.external:
        raise ValueError(f"{path} stands in another file")
    chunk = int(np.prod(found.chunks or (), dtype=object)) * found.dtype.itemsize
    if chunk > _LARGEST_CHUNK:
        raise ValueError(f"{path} is packed in pieces of {chunk:,} bytes")
    values = int(np.prod(found.shape or (0,), dtype=object))
    claim(name, values * (found.dtype.itemsize + _VALUE) + 2 * chunk)
    return np.asarray(found)


def old_array(file: Path, name: str) -> NDArray[Any]:
    """Read a small array of a MATLAB file before v7.3.

    Raises
    ------
    ValueError
        If a part of it unpacks to more than a list of folds has.
    OSError
        If it cannot be read, or is larger than such a file is.
    """
    import io

    from scipy.io import loadmat

    data = read_regular(file, _OLD_BYTES)
    left, at = _OLD_UNPACKED, _HEADER
    order = "big" if data[126:128] == b"MI" else "little"
    while at + 8 <= len(data):
        kind, size = (int.from_bytes(data[k : k + 4], order) for k in (at, at + 4))  # type: ignore[arg-type]
        if kind == _PACKED:
            body = data[at + 8 : at + 8 + size]
            left -= len(zlib.decompressobj().decompress(body, left + 1))
            if left < 0:
                raise ValueError(f"it unpacks to more than {_OLD_UNPACKED:,} bytes")
        at += 8 + size
    return np.asarray(loadmat(io.BytesIO(data), variable_names=[name])[name])
