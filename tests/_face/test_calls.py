from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gliaboost._face.calls import name_of, noted_call
from gliaboost.datasets.manifest import Manifest
from gliaboost.features import create

GIVEN: dict[str, Any] = {"folds": "auto", "modality": "both", "device": "cpu"}


def test_a_call_is_noted_in_plain_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    call = noted_call(
        "data/m.csv",
        Path("runs/a"),
        models=["lightgbm"],
        parameters={
            "lightgbm": {"rounds": np.int64(5), "class_weight": Path("x")},
            "lbp": {"radii": (1, 2)},
        },
        extractors=[create("lbp", radii=(1,), points=(8,)), create("hog")],
        only=(n for n in (1, 2)),
        test_on=pd.DataFrame(),
        **GIVEN,
    )
    assert (call.data, call.folder, call.only, call.test_on) == (
        "data/m.csv",
        "../..",
        ("1", "2"),
        "",
    )
    assert call.settings == {"lightgbm": {"rounds": 5, "class_weight": "x"}}
    assert [e.name for e in call.extractors] == ["lbp", "hog"]
    assert call.extractors[0].parameters["radii"] == [1]
    assert not {"device", "jobs"} & {k for e in call.extractors for k in e.parameters}
    json.dumps(asdict(call), allow_nan=False)


def test_data_are_named_by_their_file(tmp_path: Path) -> None:
    table = pd.DataFrame({"path": ["a.png"]})
    file = Manifest.of(table, tmp_path, "no file").write(tmp_path / "m.csv")
    assert name_of(Manifest.read(file)) == file.as_posix()
    assert name_of(tmp_path) == tmp_path.as_posix()
    assert name_of(Manifest.of(table, tmp_path, "no file")) == name_of(table) == ""
