from __future__ import annotations

import io
import struct
from itertools import islice
from typing import Literal

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st

from gliaboost.datasets.tiff_directories import read_directories


def written(*, big: bool = False, order: Literal["<", ">"] = "<", pages: int = 1) -> bytes:
    file = io.BytesIO()
    with tifffile.TiffWriter(file, bigtiff=big, byteorder=order) as writer:
        for page in range(pages):
            writer.write(np.zeros((7 + page, 5), np.uint16), metadata=None, rowsperstrip=2)
    return file.getvalue()


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("order", "<>")
def test_tags_are_tifffiles(big: bool, order: Literal["<", ">"]) -> None:
    data = written(big=big, order=order, pages=3)
    directories = list(read_directories(data))
    with tifffile.TiffFile(io.BytesIO(data)) as tiff:
        assert len(directories) == len(tiff.pages) == 3
        for tags, page in zip(directories, tiff.pages, strict=True):
            for number in (256, 257, 258, 273, 278, 279):
                value = page.tags[number].value  # type: ignore[union-attr]
                assert tags[number] == (value if isinstance(value, tuple) else (value,))


def test_a_directory_that_links_back_ends() -> None:
    data = bytearray(written())
    at = struct.unpack_from("<I", data, 4)[0]
    count = struct.unpack_from("<H", data, at)[0]
    struct.pack_into("<I", data, at + 2 + 12 * count, at)
    assert len(list(read_directories(bytes(data)))) == 1


@pytest.mark.parametrize("at", [10**6, 2**63, 2**64 - 1])
def test_a_directory_outside_of_the_file_is_refused(at: int) -> None:
    with pytest.raises(ValueError, match="outside of the file"):
        list(read_directories(struct.pack("<2sHHHQ", b"II", 43, 8, 0, at)))


@given(share=st.floats(0, 1), noise=st.binary(max_size=60))
def test_damage_raises_one_kind_of_error(share: float, noise: bytes) -> None:
    whole = written(pages=2)
    data = whole[: max(4, int(share * len(whole)))] + noise
    try:
        found = list(islice(read_directories(data), 9))
    except ValueError:
        return
    assert all(isinstance(n, int) for tags in found for numbers in tags.values() for n in numbers)


def test_a_count_that_asks_for_gigabytes_is_not_believed() -> None:
    entry = struct.pack("<HHII", 273, 4, 2**31, 8)
    data = struct.pack("<2sHIH", b"II", 42, 8, 1) + entry + bytes(4)
    assert list(read_directories(data)) == [{}]
    with pytest.raises(ValueError, match=r"60,000 tags"):
        list(read_directories(struct.pack("<2sHIH", b"II", 42, 8, 60_000)))
