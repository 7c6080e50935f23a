from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gliaboost.errors import UsageError
from gliaboost.table_file import check_ending, write_table

TABLE = pd.DataFrame(
    {
        "path": ["a, b.png", 'c "d".png'],
        "label": ["glioma", None],
        "x": np.array([0.1, 1e-30], np.float32),
    },
    index=[7, 9],
)


@pytest.mark.parametrize("name", ["t.csv", "t.CSV", "t.parquet"])
def test_what_is_written_reads_the_same(tmp_path: Path, name: str) -> None:
    path = write_table(TABLE, tmp_path / name)
    read = pd.read_parquet if name.endswith("parquet") else pd.read_csv
    again = read(path)
    assert list(again.columns) == ["path", "label", "x"]
    assert again["path"].tolist() == TABLE["path"].tolist()
    assert again["label"].isna().tolist() == [False, True]
    np.testing.assert_array_equal(again["x"].to_numpy(np.float32), TABLE["x"].to_numpy())


@pytest.mark.parametrize("name", ["t.xlsx", "t", "csv"])
def test_another_ending_is_refused_before_anything_is_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"\.parquet or \.csv"):
        check_ending(tmp_path / name)
    with pytest.raises(UsageError):
        write_table(TABLE, tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_where_it_cannot_be_written_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "t.csv").mkdir()
    with pytest.raises(UsageError, match="cannot write"):
        write_table(TABLE, tmp_path / "t.csv")
