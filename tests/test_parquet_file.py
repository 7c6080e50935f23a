from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gliaboost.errors import DamagedFileError
from gliaboost.parquet_file import (
    parquet_bytes,
    read_frame,
    read_parquet,
    write_frame,
    write_parquet,
)

TABLE = pa.table({"a": [1, 2], "b": ["x", None]})


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write_parquet(TABLE, tmp_path / "t.parquet", compression="lz4")
    assert read_parquet(tmp_path / "t.parquet") == TABLE
    assert read_parquet(tmp_path / "t.parquet", ["b"]).column_names == ["b"]
    assert pq.read_table(tmp_path / "t.parquet") == TABLE
    assert [f.name for f in tmp_path.iterdir()] == ["t.parquet"]


def test_a_frame_has_its_columns_alone(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [1.5, None], "b": ["x", "y"]}, index=[7, 9])
    write_frame(frame, tmp_path / "t.parquet")
    pd.testing.assert_frame_equal(read_frame(tmp_path / "t.parquet"), frame.reset_index(drop=True))


def test_other_programs_files_are_read(tmp_path: Path) -> None:
    pq.write_table(TABLE, tmp_path / "t.parquet")
    assert read_parquet(tmp_path / "t.parquet") == TABLE


@pytest.mark.parametrize("at", [10, 60, -30])
def test_an_altered_byte_is_refused_whichever_column_is_asked_for(tmp_path: Path, at: int) -> None:
    data = bytearray(parquet_bytes(TABLE))
    data[at] ^= 4
    (tmp_path / "t.parquet").write_bytes(data)
    with pytest.raises(DamagedFileError, match=r"t\.parquet is damaged: its bytes are not those"):
        read_parquet(tmp_path / "t.parquet", ["b"])


@pytest.mark.parametrize("data", [b"", b"PAR1", b"no table at all", parquet_bytes(TABLE)[:-9]])
def test_what_is_no_table_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "t.parquet").write_bytes(data)
    with pytest.raises(DamagedFileError, match="is damaged"):
        read_parquet(tmp_path / "t.parquet")


def test_what_is_absent_is_absent(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_parquet(tmp_path / "t.parquet")
