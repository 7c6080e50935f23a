from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gliaboost.errors import DamagedFileError
from gliaboost.parquet_file import read_frame
from gliaboost.parquet_limits import MOST_CELLS, MOST_COLUMNS, _page, check_table


@pytest.mark.parametrize("codec", ["none", "snappy", "zstd", "gzip"])
@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_a_table_comes_back_as_pandas_reads_it(tmp_path: Path, codec: Any, version: Any) -> None:
    table = pd.DataFrame(
        {
            "path": [f"{n}.png" for n in range(3000)],
            "label": pd.Categorical(["a", "b", "a"] * 1000),
            "patient": ["p1", None, "ü"] * 1000,
            "x": np.linspace(0, 1, 3000),
            "n": pd.array([1, None, 3] * 1000, dtype="Int64"),
            "when": pd.date_range("2026-01-01", periods=3000),
            "list": [[1, 2]] * 3000,
        }
    )
    file = tmp_path / "t.parquet"
    table.to_parquet(
        file, compression=codec, data_page_version=version, row_group_size=700, index=False
    )
    check_table(file.read_bytes())
    pd.testing.assert_frame_equal(read_frame(file), pd.read_parquet(file))


def test_a_pages_header_says_what_it_unpacks_to() -> None:
    file = io.BytesIO()
    values = pa.table({"a": pa.array(np.zeros(5000))})
    pq.write_table(values, file, compression="zstd", use_dictionary=False)
    unpacked, packed, length = _page(file.getvalue()[4 : 4 + 2**16])
    assert unpacked >= 40_000 > packed > 0
    assert file.getvalue()[4 + length : 8 + length] == b"\x28\xb5\x2f\xfd"  # zstd's mark
    for broken in (b"", b"\0", b"\x15", b"\xff" * 100, b"\x1c" * 100, b"\x15\x01" * 3 + b"\0"):
        with pytest.raises(ValueError, match="a page of it has"):
            _page(broken)


def written(table: pa.Table, **how: Any) -> bytes:
    file = io.BytesIO()
    pq.write_table(table, file, compression="zstd", **how)
    return file.getvalue()


def many_rows() -> bytes:
    label = pa.DictionaryArray.from_arrays(pa.array(np.zeros(60_000_000, np.int8)), ["a"])
    return written(pa.table({"path": label, "label": label}))


def one_text_again() -> bytes:
    index = pa.array(np.zeros(2_000_000, np.int32))
    text = pa.DictionaryArray.from_arrays(index, ["x" * 100_000])
    return written(pa.table({"path": text}), store_schema=False)


def a_long_text() -> bytes:
    return written(pa.table({"path": ["x" * 400_000_000], "label": ["a"]}))


def lists_of_many() -> bytes:
    offsets = pa.array([0, 60_000_000], pa.int32())
    values = pa.array(np.zeros(60_000_000, np.int8))
    return written(pa.table({"path": pa.ListArray.from_arrays(offsets, values)}))


def large_pages() -> bytes:
    """A page of 1.6 GB, as its own header says; the file's end says that it is small."""
    values = pa.table({"path": pa.array(np.zeros(19_000_000)), "b": np.ones(19_000_000)})
    return written(values, data_page_size=2**30, use_dictionary=False)


def no_text() -> bytes:
    odd = pa.Array.from_buffers(
        pa.string(),
        2,
        [None, pa.py_buffer(np.array([0, 2, 4], np.int32)), pa.py_buffer(b"\xff\xfe\xc3(")],
    )
    return written(pa.table({"path": odd, "label": ["a", "b"]}))


def many_columns() -> bytes:
    return written(pa.table({f"c{n}": [n] for n in range(12_000)}))


HOSTILE: dict[str, Callable[[], bytes]] = {
    "many rows": many_rows,
    "one text again": one_text_again,
    "a long text": a_long_text,
    "lists of many": lists_of_many,
    "large pages": large_pages,
    "no text": no_text,
    "many columns": many_columns,
    "cut": lambda: many_columns()[:-900],
    "nothing but marks": lambda: b"PAR1" * 3,
    "an end of 4 GB": lambda: b"PAR1" + bytes(99) + b"\xff\xff\xff\xffPAR1",
    "an end of nothing": lambda: b"PAR1" + bytes(99) + b"\x10\0\0\0PAR1",
}


@pytest.mark.fire
def test_small_files_take_little_whatever_they_say(tmp_path: Path, trial: Any) -> None:
    files = []
    for name, made in HOSTILE.items():
        files.append(tmp_path / f"{name}.parquet")
        files[-1].write_bytes(made())
    reads = "from gliaboost.datasets.manifest import Manifest\nread = Manifest.read"
    assert trial.faults(reads, files, "UsageError") == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("many columns", f"12,000 columns, the most that are read are {MOST_COLUMNS:,}"),
        ("lists of many", f"the most that are read are {MOST_CELLS:,} cells"),
    ],
)
def test_what_is_refused_is_said(tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check_table(HOSTILE[name]())
    file = tmp_path / "t.parquet"
    file.write_bytes(HOSTILE[name]())
    with pytest.raises(DamagedFileError, match=said):
        read_frame(file)


def test_text_that_is_none_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "t.parquet"
    file.write_bytes(no_text())
    with pytest.raises(DamagedFileError, match="it holds what is no text"):
        read_frame(file)
