from __future__ import annotations

import base64
import io
import zlib
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


@pytest.mark.integration
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


# Altered in a few bytes of its footer; pyarrow's own look at a column's metadata ended the process.
ENDED = (
    "eNqtVl9v4kYQX3PAESmnJkhGUEUVQnfoKuVS40ASTnkxJIApcAe5YHBbRf4XMNjGh00IifLSx6qqTmof+1T1qR+h"
    "n6Efoh+ij33o7BocyJ+qJ9VivbMzs7/5zXhnxVuulaGD9C8U3a/RURpFEWomQwghZse2etQaymyuIRbGLowsjByM"
    "vc217D62Y8cDLNCITtLPtwFhgw7T4a099DJEDPEQAdrcBM+NwwC8o1QwtMG+u4iADJE/o1M12IIDf3JAgU7CLxm/"
    "FECN01srqJQSpySCtr7toQVCz/kARvpA0V8vcqgg9IxC1LMICsB4AiMIIwQj/Cxy+BR5T2Q+32Ufjyws8YWAYujl"
    "A9pH80rUcigedpS+Zkp0GNHrLwLxoC25/ReotoU91l9Q8ZAhyZqx0ATB5Sm46Jrlolg0sZU4TKMtej2RQ+GNhLeb"
    "DsSisd8Csb+o9A9UOvJQnRPbUAtEB3BWGzAdxsREOJHGVUHLeF5wAvg9FfuJSv8eSP9NLdf4PlJ0BSk4R1qQJlh/"
    "BGI/B9LfBdMfnnxcHe9F+3wRK/ZtOBZNR2K/hsApHrYlS5Wc+I+h65RuqdrlmTIyJqblpF4nv7pODUEHUmosWT0t"
    "tZ1MWZKpgcKaGAasHFcau7BkiDyyQcwTUcNi5uYbWHh4ZwRcm8OuopzrmqGereo8WmfuzMbK1MTSlZHqMZiY9sw3"
    "OO4YK03NlVTJlUB1ndIs8NWtHrafviu9OkjdLDFZpZDC5yB1l4SvvUNjJA80xf0vLHAaN9vJ2zjkfNwP5Kv/v0jz"
    "8/NgUgvDnWi65e5l7wfz1XfD4WpKrjvW5YlLvun1Da7vWJPc0Zh8A0OXx9J4RsLOpPF4NMU4F9rY0UcW1rJ7O8xO"
    "JnVzS2bJuLuTwTYUX+darTfCa6/z43+ufYGfPe6I47gm5z1fclyWK/S4Esf1uGKP6AqFFfsUz8e+vd4reusFCrHz"
    "eC6QGTuBJ0wFbKnWwb+wz5vGRCy3sx22cSFX2q5s1fU3ekHWZtWxJOSG/GDU461qXzZVg9enPd7M9WXhFPtMVOHS"
    "qRU5Xdlt9RWrCTpuOl9fKEV+jz8aOnyxeqWW21OMU+9kVGzvsnlHFTKTDuvFFjt+zElXyBjYV7bajlzE8URbFC6H"
    "HfaBuOUS7C9ddXZbOaWMbZyuCjkb8IfiCY9jg29mqrXzjNYpGF4uDUbRic0VO60+7Ge6J8C14uiikBvIbMuWTYVg"
    "tdutcu1dTz+/w1uZgX/J3b+tBeHCSEWCa0pC2xFLeT8X3ir01XJPf4yzzFbfi0KDmdc3I3cKuWU71HPm2TKGWi4N"
    "u8Dbr1GFcTB32Sy5Is6jWHW6QtWQH+NiXva7ZtsheMBLNuHbZZbqY+Z1yWwP1OJH1q8MvMuX+VqxcL8uQnui/mtt"
    "DEOG8/NYfeAcMo2BZ4ecXaVinKsVYzrP14a9bKP4OKfOCa5diVErVbtrtZn5eds/J/rGTBRKjLzLEx3UB3yqcJ6H"
    "Hv+KAXL1Qp0RfFbsVK8kIT8h3Ac8Wxtwk/pJNb/KXTQUq2HLbJZg1GfZy9rgWD9vcmXcegs/EHHPc+ec37nkPXoL"
    "9wFu3ybfnDfx0tUAXYttFb9uHDRyHfc36Hnf6RS/jrr4asFbSqTpuS7Z7zvh+4Xj5HIJzj4GPeKx/zHZ3cP3T2V+"
    "jzRvNx2fHvsk5qx9foUpnM3RYl2Y21E8aUvj9xPNfaXY9itycSbnF2PSuzITh/D/xvuhT9cQegv/Of8BupDE/g=="
)


def test_a_footer_that_ended_the_process_is_refused(tmp_path: Path, trial: Any) -> None:
    file = tmp_path / "ended.parquet"
    file.write_bytes(zlib.decompress(base64.b64decode(ENDED)))
    reads = """
from pathlib import Path
from gliaboost.parquet_file import read_frame
def read(file):
    read_frame(Path(file))
"""
    assert trial.faults(reads, [file], "DamagedFileError") == []


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PAR1",
        b"PAR1" + b"\xff" * 40 + b"PAR1",
        b"PAR1" + bytes(40) + b"\x10\0\0\0PAR1",
        b"PAR1" + b"\x1c" * 60 + b"\x3c\0\0\0PAR1",
        b"PAR1" + b"\x49\xfc\xff\xff\xff\x7f" + b"\0" * 40 + b"\x20\0\0\0PAR1",
    ],
)
def test_a_footer_that_is_none_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        check_table(data)
