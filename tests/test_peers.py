"""Peers' scripts run on a small table, and what they predict is scored, or refused with reasons."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).parents[1]
# No part of the package.
sys.path.append(str(ROOT))

from benchmarks.peers import fold_table, run, score, score_leaks  # noqa: E402
from gliaboost.errors import UsageError  # noqa: E402

CLASSES = ["glioma", "meningioma", "pituitary"]


def a_table(path: Path, patients: int = 24, images: int = 5) -> pd.DataFrame:
    """Write a table whose first column tells most classes; a patient lies in one fold."""
    rng = np.random.default_rng(0)
    owner = np.repeat(np.arange(patients), images)
    code = owner % len(CLASSES)
    columns = rng.normal(size=(len(owner), 6)).astype(np.float32)
    columns[:, 0] += 2 * code
    table = pd.DataFrame(
        {
            "path": [f"images/{i}.png" for i in range(len(owner))],
            "label": np.array(CLASSES)[code],
            "patient": [f"p{n:02}" for n in owner],
            "fold": np.where(owner % 2, "1", "2"),
            **{f"texture__c{k}": columns[:, k] for k in range(columns.shape[1])},
        }
    )
    table.to_parquet(path, index=False)
    return table


def predicted(table: pd.DataFrame, fold: str, folder: Path, wrong: int) -> None:
    """Write a fold as a peer does, right but for the first `wrong` images."""
    path = folder.parent / "table.parquet"
    table.to_parquet(path, index=False)
    data = fold_table.read_fold(path, fold)
    codes = data.test["label"].map(data.classes.index).to_numpy().copy()
    codes[:wrong] = (codes[:wrong] + 1) % len(data.classes)
    probabilities = np.eye(len(data.classes))[codes]
    seconds = {"read": 0.1, "fit": 2.0, "predict": 0.5}
    fold_table.write_fold(folder, data, probabilities, seconds, ["numpy"], {"rounds": 3})


def test_a_fold_is_scored_by_patient(tmp_path: Path) -> None:
    table = a_table(tmp_path / "table.parquet")
    predicted(table, "1", tmp_path / "peer", wrong=5)
    predicted(table, "2", tmp_path / "peer", wrong=0)
    found = score.score(score.read_run(tmp_path / "peer", table))
    # Five images, all of one patient in twelve of the fold.
    assert found["accuracy"]["pooled"] == 115 / 120
    assert found["accuracy"]["by fold"] == {"1": 55 / 60, "2": 1.0}
    assert (found["unit"], found["units"], found["images"]) == ("patient", 24, 120)
    low, high = found["accuracy"]["ci95"]
    # By image the lower end would be above 0.92: a patient is drawn with all five.
    assert low < 0.90 and high == 1.0
    assert found["median of a fold"] == {"read s": 0.1, "fit s": 2.0, "predict s": 0.5}


def test_a_peer_is_held_against_the_reference_on_the_images_of_both(tmp_path: Path) -> None:
    table = a_table(tmp_path / "table.parquet")
    for fold in ("1", "2"):
        predicted(table, fold, tmp_path / "ours", wrong=0)
    predicted(table, "1", tmp_path / "peer", wrong=6)
    ours = score.read_run(tmp_path / "ours", table)
    found = score.score(score.read_run(tmp_path / "peer", table), ours)
    assert found["against"]["images"] == 60
    assert found["against"]["difference"] == pytest.approx(-0.1)
    rows = score.markdown([score.score(ours, ours), found]).splitlines()
    assert len(rows) == 4
    assert "-10.0 [" in rows[3] and "0.900 [" in rows[3]
    assert "-10.0" not in rows[2]


def test_labels_and_patients_are_the_tables(tmp_path: Path) -> None:
    table = a_table(tmp_path / "table.parquet")
    predicted(table, "1", tmp_path / "peer", wrong=0)
    swapped = {"glioma": "meningioma", "meningioma": "glioma", "pituitary": "pituitary"}
    asked = table.assign(label=table["label"].map(swapped))
    found = score.score(score.read_run(tmp_path / "peer", asked))
    assert found["accuracy"]["pooled"] == pytest.approx(1 / 3)
    renamed = table.assign(label=table["label"].replace("glioma", "metastasis"))
    with pytest.raises(UsageError, match="proba_metastasis"):
        score.read_run(tmp_path / "peer", renamed)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda f: f.iloc[3:], "3 rows of the table's fold that are not there"),
        (lambda f: pd.concat([f, f.iloc[:2]]), "2 rows more than once"),
        (lambda f: f.assign(path="other/" + f["path"]), "60 rows that the table's fold does not"),
        (lambda f: f.drop(columns="path"), "no column path"),
        (lambda f: f.assign(proba_glioma=f["proba_glioma"] + 0.5), "do not add up to 1"),
        (lambda f: f.assign(proba_glioma=np.nan), "do not add up to 1"),
        (lambda f: f.drop(columns="proba_glioma"), "without proba_glioma"),
        (lambda f: f.assign(predicted="cyst"), "cyst"),
    ],
)
def test_a_fold_that_is_none_is_refused(change: object, told: str, tmp_path: Path) -> None:
    table = a_table(tmp_path / "table.parquet")
    predicted(table, "1", tmp_path / "peer", wrong=0)
    path = tmp_path / "peer" / "1.parquet"
    assert callable(change)
    change(pd.read_parquet(path)).to_parquet(path, index=False)
    with pytest.raises(UsageError, match=told):
        score.read_run(tmp_path / "peer", table)


def test_all_faults_are_told_and_an_empty_folder_is_one(tmp_path: Path) -> None:
    table = a_table(tmp_path / "table.parquet")
    for fold in ("1", "2"):
        predicted(table, fold, tmp_path / "peer", wrong=0)
        path = tmp_path / "peer" / f"{fold}.parquet"
        pd.read_parquet(path).iloc[1:].to_parquet(path, index=False)
    with pytest.raises(UsageError) as told:
        score.read_run(tmp_path / "peer", table)
    assert "1.parquet" in str(told.value) and "2.parquet" in str(told.value)
    (tmp_path / "none").mkdir()
    with pytest.raises(UsageError, match="holds no"):
        score.read_run(tmp_path / "none", table)


def test_patients_are_held_out_whole_and_from_each_class(tmp_path: Path) -> None:
    table = a_table(tmp_path / "table.parquet")
    held = fold_table.held_out_patients(table, seed=0)
    assert not set(table["patient"][held]) & set(table["patient"][~held])
    assert set(table["label"][held]) == set(CLASSES)
    assert 0 < held.sum() < len(table) / 4


@pytest.mark.integration
def test_our_booster_and_scikit_learns_run_in_turns_and_are_scored(tmp_path: Path) -> None:
    table = tmp_path / "table.parquet"
    a_table(table)
    # scikit-learn is here too: its environment is this one.
    venvs = tmp_path / "venvs"
    (venvs / "hist-gradient-boosting" / "bin").mkdir(parents=True)
    python = venvs / "hist-gradient-boosting" / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    names = "gliaboost-lightgbm,hist-gradient-boosting"
    for line in (
        [
            *("run", "--table", table, "--out", tmp_path / "runs"),
            *("--venvs", venvs, "--folds", "1", "--peers", names),
        ],
        ["score", tmp_path / "runs", "--table", table, "--out", tmp_path / "scored"],
    ):
        done = subprocess.run(
            [sys.executable, "-m", f"benchmarks.peers.{line[0]}", *map(str, line[1:])],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    for name in names.split(","):
        found = json.loads((tmp_path / "scored" / f"{name}.json").read_text())
        assert found["accuracy"]["pooled"] > 0.6
        assert found["folds"][0]["settings"]["validation"] == "patients"
        cost = found["folds"][0]["cost"]
        assert cost["exit"] == 0 and cost["peak MiB"] > 30 and cost["wall s"] > 0
    assert "hist-gradient-boosting" in (tmp_path / "scored" / "table.md").read_text()


def test_every_peer_has_its_script_and_its_requirements() -> None:
    for peer in run.PEERS.values():
        assert (run.HERE / peer.script).is_file()
        if peer.environment:
            assert (run.HERE / f"requirements-{peer.environment}.txt").is_file()


def test_leaks_are_counted_by_what_was_planted() -> None:
    planted = pd.DataFrame(
        {
            # Rows 4 to 6 are copies of 0, 1 and 2; 3 is nobody's.
            "copy_of": [-1, -1, -1, -1, 0, 1, 2],
            "kind": ["", "", "", "", "mirrored", "mirrored", "cropped, mirrored"],
        }
    )
    found = score_leaks.judged(planted, {4, 1, 3})
    assert (found["planted"], found["found"]) == (3, 2)
    assert found["by kind"] == {"cropped, mirrored": [0, 1], "mirrored": [2, 2]}
    assert (found["others"], found["false alarms"]) == (1, 1)
    assert score_leaks.row("x", found) == ["x", "2 of 2", "0 of 1", "1 of 1"]


def test_leaks_of_both_are_scored_from_what_they_wrote(tmp_path: Path) -> None:
    kinds = ["", "", "turned", "cropped, turned"]
    planted = pd.DataFrame({"copy_of": [-1, -1, 0, 1], "kind": kinds})
    planted.to_parquet(tmp_path / "planted.parquet")
    (tmp_path / "audit.json").write_text(json.dumps({"pairs": [[0, 2], [0, 3]]}))
    (tmp_path / "fiftyone.json").write_text(json.dumps({"leaks": {"0.2": [0, 1, 2], "0.01": []}}))
    done = subprocess.run(
        [
            *(sys.executable, "-m", "benchmarks.peers.score_leaks", tmp_path),
            *("--out", tmp_path / "leaks.json"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "leaks.json").read_text())
    assert found["audit"] == {"pairs found": 1, "pairs that were not planted": 1}
    counts = {name: (one["found"], one["false alarms"]) for name, one in found["found"].items()}
    assert counts == {
        "audit": (2, 0),
        "FiftyOne, threshold 0.2": (2, 0),
        "FiftyOne, threshold 0.01": (0, 0),
    }


def test_nyxus_is_held_against_the_same_columns() -> None:
    pytest.importorskip("mahotas", reason="mahotas is not installed")
    from benchmarks.peers import texture_against_nyxus

    rng = np.random.default_rng(0)
    ours = rng.uniform(0.1, 1, (3, 4, 6))
    inverse: dict[str, Any] = {"energy": np.square, "entropy": lambda v: v / np.log(2)}
    theirs = {
        f"{column}_{angle}": inverse.get(name, np.asarray)(ours[:, a, k]).tolist()
        for k, (name, (column, _)) in enumerate(texture_against_nyxus.SAME.items())
        for a, angle in enumerate(texture_against_nyxus.ANGLES)
    }
    theirs["GLCM_DIS_45"][1] += 0.25
    found = texture_against_nyxus.differences(ours, theirs)
    assert found.pop("dissimilarity") == pytest.approx(0.25)
    assert max(found.values()) < 1e-12
