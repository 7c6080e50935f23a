from __future__ import annotations

from pathlib import Path

import pytest

from gliaboost.datasets.sources import read_source
from gliaboost.errors import UsageError


def test_a_manifest_is_read_and_changed_and_stays(tmp_path: Path) -> None:
    text = "path,label\na/P1.png,x\nb/P2.png,y\nc/P3.png,z\n"
    (tmp_path / "m.csv").write_text(text, "utf-8")
    m = read_source(
        "edit",
        tmp_path / "m.csv",
        rename=["x,y=w"],
        keep="w",
        patient_regex=r"(?P<patient>P\d)",
    )
    assert m.table[["label", "patient"]].to_numpy().tolist() == [["w", "P1"], ["w", "P2"]]
    assert m.root == tmp_path
    assert (tmp_path / "m.csv").read_text("utf-8") == text


def test_a_folder_is_no_manifest(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no edit layout: expected a manifest, .parquet or .csv"):
        read_source("edit", tmp_path)
