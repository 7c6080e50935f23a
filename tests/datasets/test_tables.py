from __future__ import annotations

import tempfile
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.sources import read_source
from gliaboost.datasets.tables import read_table
from gliaboost.errors import UsageError

ROWS = [{"path": "a.png", "label": "Gliom", "age": "0,5"}, {"path": "b.png", "label": "\u00d6dem"}]


def written(folder: Path, content: bytes | str, name: str = "t.csv") -> Path:
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return folder / name


def cells(path: Path) -> list[dict[str, object]]:
    return [
        {str(k): v for k, v in row.items() if isinstance(v, str)}
        for row in read_table(path).table.to_dict("records")
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "latin-1"],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_dialects_and_encodings(
    tmp_path: Path, delimiter: str, encoding: str, newline: str
) -> None:
    comma = '"0,5"' if delimiter == "," else "0,5"
    lines = [["path", " label ", "age"], ["a.png", "Gliom", comma], ["b.png", "\u00d6dem", ""]]
    text = "".join(delimiter.join(line) + newline for line in lines)
    path = written(tmp_path, text.encode(encoding))
    assert cells(path) == ROWS
    guessed = encoding in ("cp1252", "latin-1")
    assert [("Windows-1252" in note) for note in read_table(path).notes] == [True] * guessed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sep=;\npath;label\na;x\n", [{"path": "a", "label": "x"}]),
        ('path,label\n"a\nb",x\n', [{"path": "a\nb", "label": "x"}]),
        ('path, label\na, "x, y"\n', [{"path": "a", "label": "x, y"}]),
        ("path,label,\na,x,\n,,\n\nb\n", [{"path": "a", "label": "x"}, {"path": "b"}]),
        ("path,label\na,x,,\n", [{"path": "a", "label": "x"}]),
        (",path,label\n0,a,x\n1,b,y\n", [{"path": p, "label": c} for p, c in ("ax", "by")]),
        ("path\nNA\nNone\nnull\n", [{"path": "NA"}, {"path": "None"}, {"path": "null"}]),
        ("path,label\n007,1.0\n", [{"path": "007", "label": "1.0"}]),
        ("path\n", []),
        ("x,x\n1,2\n", [{"x": "2"}]),
    ],
)
def test_text_as_people_write_it(tmp_path: Path, text: str, expected: list[dict[str, str]]) -> None:
    path = written(tmp_path, text)
    if text.startswith("x,x"):
        assert list(read_table(path).table) == ["x", "x"]
    else:
        assert cells(path) == expected


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it is empty"),
        (b" \n,,\n", "it is empty"),
        (b"path,label\na,b,c\nd,e\nf,g,h\n", "line 2, 4 has more cells than the 2 of the header"),
        (b'path,label\na,"b\nc,d\n', "line 3: unexpected end"),
        (b"PK\x03\x04rest", "an Excel workbook .*; save it as CSV"),
        (b"\xd0\xcf\x11\xe0rest", "an Excel workbook"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "it is no text"),
        (b"\xff\xfea", "its bytes are no utf-16"),
        (b"PAR1 cut", "not a readable table"),
    ],
)
def test_what_is_no_table_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_table(written(tmp_path, content))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot read the table .*No such file"):
        read_table(tmp_path / "none.csv")


def test_parquet_of_others(tmp_path: Path) -> None:
    table = pa.table(
        {
            "Image": pa.array(["a.png", "b.png"], pa.large_string()),
            "Class": pa.array(["x", "NA"]).dictionary_encode(),
            "patient": pa.array([b"007", b"7"]),
            "fold": pa.array([1, None], pa.int8()),
        }
    )
    pq.write_table(table, tmp_path / "t.parquet")
    table = Manifest.read(tmp_path / "t.parquet").table
    assert table[["path", "label", "patient"]].to_numpy().tolist() == [
        ["a.png", "x", "007"],
        ["b.png", "NA", "7"],
    ]
    assert table["fold"].tolist()[0] == "1"
    frame = pd.DataFrame({"image": ["a.png"], "label": ["x"]}).set_index("image")
    frame.to_parquet(tmp_path / "i.parquet")
    assert Manifest.read(tmp_path / "i.parquet").table["path"].tolist() == ["a.png"]


COLUMN = st.one_of(
    *(
        st.lists(values, min_size=3, max_size=3)
        for values in (
            st.sampled_from([0, 1]),
            st.booleans(),
            st.sampled_from([0.0, 1.0, None]),
            st.sampled_from(["yes", "no", None]),
            st.sampled_from(["007", "7", "NA", "None", "nan", "null", None]),
            st.sampled_from([0.5, 2.0]),
        )
    )
)
TYPES = st.sampled_from([None, "category", "Int64", "boolean", "float32", "string"])


@pytest.mark.integration
@settings(max_examples=40)
@given(
    columns=st.fixed_dictionaries(dict.fromkeys(("presence", "Label", "patient"), COLUMN)), of=TYPES
)
def test_a_table_gives_the_same_manifest_as_csv_parquet_and_data_frame(
    columns: dict[str, list[object]], of: str | None
) -> None:
    frame = pd.DataFrame({"image": ["a.png", "b.png", "c.png"], **columns})
    if of is not None:
        try:
            frame["presence"] = frame["presence"].astype(of)  # type: ignore[call-overload]
        except (TypeError, ValueError):
            return
    with tempfile.TemporaryDirectory() as folder:
        csv, parquet = Path(folder) / "t.csv", Path(folder) / "t.parquet"
        frame.to_csv(csv, index=False)
        frame.to_parquet(parquet)
        tables = [Manifest.read(csv).table, Manifest.read(parquet).table]
        tables += [read_source("csv", file).table for file in (csv, parquet)]
    pd.testing.assert_frame_equal(tables[0], tables[1])
    pd.testing.assert_frame_equal(tables[2], tables[3])
    pd.testing.assert_series_equal(tables[0]["label"], tables[2]["label"])
