from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from gliaboost.reports.protocol.held_out import HeldOut
from gliaboost.reports.statistics.evaluation import evaluate

FRAME = pd.DataFrame(
    {"label": list("aabb"), "predicted": list("abbb"), "proba_a": [0.9, 0.4, 0.3, 0.2],
     "proba_b": [0.1, 0.6, 0.7, 0.8]}
)  # fmt: skip
FOUND = HeldOut(
    model={"model": "lightgbm"},
    dataset="clinic",
    classes=["a", "b"],
    evaluation=evaluate(FRAME, ["a", "b"], n_boot=20),
    unseen=None,
    predictions=FRAME,
    other_classes={},
    failed={"x.png": "is empty"},
    warnings=["patients are not known"],
)


def test_evaluate(replace: Any, ask: Any) -> None:
    calls = replace("evaluate", FOUND)
    own = ["--target", "presence", "--modality", "CT", "--jobs", "2", "--seed", "3"]
    code, out, err = ask("evaluate", "b.joblib", "m.csv", "--out", "p.csv", *own)
    ((given, named),) = calls
    assert given == (Path("b.joblib"), Path("m.csv"))
    named.pop("progress")
    assert named == {
        "target": "presence", "modality": "CT", "out": Path("p.csv"), "jobs": 2, "seed": 3,
    }  # fmt: skip
    assert out.startswith("lightgbm on clinic: 4 images") and "0.750" in out
    assert (code, err) == (
        1,
        "gliaboost: warning: patients are not known\n"
        "next: gliaboost predict b.joblib NEW_IMAGES\n"
        "gliaboost: x.png: is empty\n",
    )
    said = json.loads(ask("evaluate", "b.joblib", "m.csv", "--json")[1])
    assert said["evaluation"]["accuracy"]["pooled"] == 0.75


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_features_are_a_table_that_others_read(
    ending: str, ask: Any, make_images: Any, tmp_path: Path
) -> None:
    manifest, out = make_images(patients=3, per_patient=1), tmp_path / f"t.{ending}"
    (manifest.parent / "p02-0.png").write_bytes(b"no picture")
    words = ["--features", "glcm", "--store", tmp_path / "s", "--out", out]
    code, said, err = ask("features", manifest, *words)
    table = pd.read_csv(out) if ending == "csv" else pd.read_parquet(out)
    assert table[["path", "label", "patient"]].to_numpy().tolist() == [
        ["p00-0.png", "fine", "p00"], ["p01-0.png", "coarse", "p01"],
    ]  # fmt: skip
    columns = [c for c in table if str(c).startswith("glcm__")]
    assert f"2 images, {len(columns)} columns" in said
    assert table[columns].notna().all(axis=None)
    assert code == 1 and "p02-0.png" in err
    assert err.splitlines()[-2].startswith(f"next: gliaboost benchmark {manifest} --features glcm")
    told = json.loads(ask("features", manifest, *words, "--json")[1])
    assert (told["images"], told["columns"], told["table"]) == (2, len(columns), str(out))


def test_another_ending_is_refused_before_any_work(ask: Any, tmp_path: Path) -> None:
    code, _, err = ask("features", tmp_path / "absent.csv", "--out", "t.xlsx")
    assert code == 2 and ".parquet or .csv" in err
