"""Arrays of MATLAB files, and small files that ask for much."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from gliaboost.datasets.matlab_file import hdf5_array, old_array
from gliaboost.errors import DecodeError


def test_arrays_come_back(tmp_path: Path) -> None:
    values = np.arange(12, dtype=np.int16).reshape(3, 4)
    with h5py.File(tmp_path / "a.mat", "w") as mat:
        mat["group/values"] = values
    with h5py.File(tmp_path / "a.mat") as mat:
        np.testing.assert_array_equal(hdf5_array(mat, "group/values", tmp_path), values)
        with pytest.raises(KeyError):
            hdf5_array(mat, "group/none", tmp_path)
        with pytest.raises(ValueError, match="no array of numbers"):
            hdf5_array(mat, "group", tmp_path)


@pytest.mark.parametrize("packed", [False, True])
def test_an_older_file_is_read(tmp_path: Path, packed: bool) -> None:
    from scipy.io import savemat

    savemat(tmp_path / "cvind.mat", {"cvind": np.arange(1, 6), "other": 3}, do_compression=packed)
    assert old_array(tmp_path / "cvind.mat", "cvind").ravel().tolist() == [1, 2, 3, 4, 5]


def slice_of(**odd: Any) -> bytes:
    """A slice of the figshare set, with some of its arrays others."""
    file = io.BytesIO()
    with h5py.File(file, "w") as mat:
        group = mat.create_group("cjdata")
        for name, values in {
            "label": np.ones((1, 1)),
            "PID": np.array([[49, 50]], np.uint16),
            "image": np.arange(64, dtype=np.int16).reshape(8, 8),
            "tumorMask": np.eye(8, dtype=np.uint8),
        }.items():
            how: Any = odd.get(name)
            if callable(how):
                how(group)
            elif how is not None:
                group.create_dataset(name, **how)
            else:
                group[name] = values
    return file.getvalue()


def huge(kind: str, side: int = 50_000, chunk: int = 100) -> dict[str, Any]:
    return {"shape": (side, side), "dtype": kind, "chunks": (chunk, chunk), "compression": "gzip"}


_link: Any = h5py.ExternalLink


def other_file(group: Any) -> None:
    group["image"] = _link("/etc/hostname", "/x")


def raw_file(group: Any) -> None:
    group.create_dataset(
        "image", shape=(8, 8), dtype="u1", external=[("/etc/hostname", 0, h5py.h5f.UNLIMITED)]
    )


def virtual(group: Any) -> None:
    layout = h5py.VirtualLayout(shape=(60_000, 60_000), dtype="f8")
    group.create_virtual_dataset("image", layout)


HOSTILE: dict[str, Callable[[], bytes]] = {
    "image of nothing.mat": lambda: slice_of(image=huge("f8"), tumorMask=huge("u1")),
    "mask of nothing.mat": lambda: slice_of(tumorMask=huge("u1", 150_000)),
    "patient of nothing.mat": lambda: slice_of(PID=huge("u2", 40_000)),
    "label of nothing.mat": lambda: slice_of(label=huge("f8", 40_000)),
    "label in a large piece.mat": lambda: slice_of(label=huge("f8", 16_000, 16_000)),
    "many axes.mat": lambda: slice_of(image={"shape": (200,) * 6, "dtype": "u1", "chunks": True}),
    "in another file.mat": lambda: slice_of(image=other_file),
    "bytes of another file.mat": lambda: slice_of(image=raw_file),
    "virtual.mat": lambda: slice_of(image=virtual),
    "text.mat": lambda: slice_of(PID={"data": "a" * 10, "dtype": h5py.string_dtype()}),
    "cut.mat": lambda: slice_of()[:900],
}


def test_slices_take_little_whatever_they_say(tmp_path: Path, trial: Any) -> None:
    files = []
    for number, made in enumerate(HOSTILE.values(), 1):
        files.append(tmp_path / f"{number}.mat")
        files[-1].write_bytes(made())
    reads = """
from pathlib import Path
from gliaboost.datasets.sources.figshare import _converted
def read(file):
    _converted(Path(file), Path(file).parent, [])
"""
    assert trial.faults(reads, files, "DecodeError") == []


def test_an_older_file_unpacks_no_further_than_a_list_of_folds(tmp_path: Path) -> None:
    body = zlib.compress(bytes(10**8), 9)
    data = b"MATLAB 5.0".ljust(124) + b"\0\1IM" + struct.pack("<II", 15, len(body)) + body
    (tmp_path / "cvind.mat").write_bytes(data)
    with pytest.raises(ValueError, match="unpacks to more than"):
        old_array(tmp_path / "cvind.mat", "cvind")
    (tmp_path / "large.mat").write_bytes(data + bytes(2**23))
    with pytest.raises(OSError, match="more than the cap"):
        old_array(tmp_path / "large.mat", "cvind")


def test_an_array_of_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.mat").write_bytes(slice_of(image=virtual, tumorMask=huge("u1", 150_000)))
    with h5py.File(tmp_path / "a.mat") as mat:
        with pytest.raises(ValueError, match="stands in another file"):
            hdf5_array(mat, "cjdata/image", tmp_path)
        with pytest.raises(DecodeError, match="would take"):
            hdf5_array(mat, "cjdata/tumorMask", tmp_path)
