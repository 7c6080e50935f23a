from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gliaboost._face.estimate import NONE
from gliaboost._face.features import Extracted
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.prepare import Preparation
from gliaboost.errors import UnreadableWarning
from gliaboost.features.extract import Extraction
from gliaboost.features.store import FeatureStore
from gliaboost.models.bundle import Bundle
from gliaboost.models.explain.attribution import Explanation
from gliaboost.models.familiarity.familiarity import Familiarity
from gliaboost.models.prediction import Prediction, Predictions
from gliaboost.models.tuning import Search

WORK = ["--device", "cpu", "--jobs", "2", "--store", "s", "--set", "hog.orientations=6"]
WORKED: dict[str, Any] = {
    "device": "cpu",
    "jobs": 2,
    "store": Path("s"),
    "settings": ["hog.orientations=6"],
}
WORK += ["--prepare", "size=64"]
WORKED["prepare"] = "size=64"
LOOK, LOOKED = ["--region", "seg.joblib"], {"region": Path("seg.joblib")}
CHOICE = ["--target", "type", "--modality", "CT", "--seed", "3", "--features", "hog,lbp"]
CHOSEN = {"target": "type", "modality": "CT", "seed": 3, "features": ["hog,lbp"]}


def bundle(**others: Any) -> Bundle:
    known: dict[str, Any] = {
        "model": "lightgbm",
        "native": b"x",
        "sha256": "",
        "classes": ["glioma", "healthy"],
        "columns": 1,
        "preparation": {},
        "features": [{"name": "hog"}],
        "parameters": {},
        "device": "cpu",
        "manifest": "",
    }
    return Bundle(**{**known, **others})


def given(calls: list[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    ((positional, named),) = calls
    named.pop("progress", None)
    return positional, named


def extracted(tmp_path: Path, failed: dict[int, str]) -> Extracted:
    table = Manifest.of(pd.DataFrame({"path": ["a.png", "b.png"]}), Path("data"))
    extraction = Extraction(["k", None], failed, computed=1, reused=0, seconds=0.5)
    return Extracted(table, extraction, [], Preparation(), FeatureStore(tmp_path))


def test_extract(replace: Any, ask: Any, tmp_path: Path) -> None:
    calls = replace("extract", extracted(tmp_path, {}))
    assert ask("extract", "m.csv", "--features", "hog", *WORK) == (
        0,
        "",
        "1 images computed, 0 in the store before, 0.5 s\n"
        "next: gliaboost benchmark m.csv --features hog --prepare size=64 --store s\n",
    )
    assert given(calls) == ((Path("m.csv"),), {**WORKED, "features": ["hog"], "cluster": None})


def test_extract_names_what_failed(replace: Any, ask: Any, tmp_path: Path) -> None:
    replace("extract", extracted(tmp_path, {1: "is empty"}))
    code, out, err = ask("extract", "m.csv", "--json")
    path = str(Path("data") / "b.png")
    assert (code, json.loads(out)["failed"]) == (1, {path: "is empty"})
    assert err == f"gliaboost: {path}: is empty\n"


def test_train(replace: Any, ask: Any) -> None:
    calls = replace("train", bundle(model="svm"))
    own = ["--out", "b.joblib", "--model", "svm", "--estimate", "4", "--preset", "best"]
    code, out, err = ask("train", "m.csv", *own, *WORK, *CHOICE, *LOOK)
    assert (code, out) == (0, "")
    assert err.splitlines() == [
        "b.joblib: svm on hog, fitted on cpu",
        NONE,
        "next: gliaboost predict b.joblib NEW_IMAGES",
    ]
    expected = {**WORKED, **CHOSEN, **LOOKED, "out": Path("b.joblib"), "model": "svm"}
    expected |= {"estimate": 4, "preset": "best", "cluster": None}
    assert given(calls) == ((Path("m.csv"),), expected)


def test_train_out_of_core_is_a_parameter_of_xgboost(replace: Any, ask: Any) -> None:
    calls = replace("train", bundle(model="xgboost"))
    ask("train", "m.csv", "--model", "xgboost", "--out-of-core", "--set", "xgboost.rounds=5")
    assert given(calls)[1]["settings"] == ["xgboost.rounds=5", "xgboost.out_of_core=true"]


def test_train_hands_a_cluster_on_and_spread_is_a_parameter_of_xgboost(
    replace: Any, ask: Any
) -> None:
    calls = replace("train", bundle(model="xgboost"))
    ask("train", "m.csv", "--model", "xgboost", "--cluster", "local:2", "--spread")
    assert given(calls)[1]["settings"] == ["xgboost.spread=true"]
    assert given(calls)[1]["cluster"] == "local:2"


def test_train_says_what_it_may_reach(replace: Any, ask: Any) -> None:
    known = {"accuracy": 0.8, "ci95": [0.7, 0.9], "unit": "patient", "folds": 3}
    replace("train", bundle(metrics={"estimate": known}))
    said = "accuracy on new patients about 0.800 [0.700, 0.900], from 3 inner folds by patient"
    assert said in ask("train", "m.csv")[2].splitlines()


def test_train_names_files_that_it_did_without(replace: Any, ask: Any) -> None:
    def warned(*given: Any, **named: Any) -> Bundle:
        warnings.warn(UnreadableWarning({"a.png": "is empty"}), stacklevel=1)
        return bundle(model="cnn", features=[])

    replace("train", warned)
    code, _, err = ask("train", "m.csv", "--model", "cnn")
    said = ["model.joblib: cnn on images, fitted on cpu", NONE]
    assert (code, err.splitlines()[:2]) == (1, said)
    assert err.splitlines()[-1] == "gliaboost: a.png: is empty"


def test_train_is_quiet_when_asked(replace: Any, ask: Any) -> None:
    replace("train", bundle())
    assert ask("train", "m.csv", "--quiet") == (0, "", "")
    assert json.loads(ask("train", "m.csv", "--json")[1])["bundle"] == "model.joblib"


def test_tune(replace: Any, ask: Any) -> None:
    found = Search("lightgbm", {"rounds": 3}, 0.25, 0.5, [], 2)
    calls = replace("tune", (bundle(model="xgboost"), found))
    own = ["--trials", "2", "--timeout", "9", "--folds", "4", "--study", "j", "--out", "b.joblib"]
    code, _, err = ask("tune", "m.csv", "--model", "xgboost", *own, *WORK, *CHOICE, *LOOK)
    expected = {"trials": 2, "timeout": 9.0, "folds": 4, "study": Path("j"), "model": "xgboost"}
    assert given(calls) == (
        (Path("m.csv"),),
        {**WORKED, **CHOSEN, **LOOKED, **expected, "out": Path("b.joblib")},
    )
    said = "b.joblib: xgboost, inner log loss 0.2500, the defaults 0.5000; {'rounds': 3}\n"
    assert (code, err) == (0, f"{said}next: gliaboost predict b.joblib NEW_IMAGES\n")
    replace("tune", (bundle(), found))
    assert json.loads(ask("tune", "m.csv", "--json")[1])["search"]["score"] == 0.25


PREDICTED = Predictions(
    (
        Prediction("a.png", "glioma", {"glioma": 0.75, "healthy": 0.25}),
        Prediction("b.png", None, {}, "is empty"),
    ),
    ["glioma", "healthy"],
    {"model": "lightgbm"},
)


def test_predict(replace: Any, ask: Any) -> None:
    calls = replace("predict", PREDICTED)
    cut = ["--slice", "7", "--axis", "coronal", "--window", "bone"]
    code, out, err = ask("predict", "b.joblib", "a.png", "more", "--jobs", "2", *cut)
    assert given(calls) == (
        (Path("b.joblib"), [Path("a.png"), Path("more")]),
        {"jobs": 2, "position": 7, "plane": "coronal", "window": "bone"},
    )
    assert out.splitlines()[1].split() == ["a.png", "glioma", "0.750", "0.250"]
    assert (code, err) == (1, "gliaboost: b.png: is empty\n")


def test_predict_warns_of_what_is_unlike_the_training(replace: Any, ask: Any) -> None:
    odd = Prediction(
        "noise.png", "glioma", {"glioma": 0.75, "healthy": 0.25},
        familiarity=Familiarity(0.001, True, ""),
    )  # fmt: skip
    replace("predict", Predictions((odd,), ["glioma", "healthy"], {"model": "lightgbm"}))
    code, out, err = ask("predict", "b.joblib", "noise.png")
    assert code == 0 and out.splitlines()[1].endswith("unlike training")
    assert err.startswith("gliaboost: warning: the picture is unlike") and "noise.png" in err


@pytest.mark.parametrize("ending", [".csv", ".json", ".CSV"])
def test_the_ending_of_out_says_the_form(
    ending: str, replace: Any, ask: Any, tmp_path: Path
) -> None:
    replace("predict", PREDICTED)
    shown = ask("predict", "b.joblib", "a.png", f"--{ending[1:].lower()}")[1]
    ask("predict", "b.joblib", "a.png", "--out", tmp_path / f"p{ending}")
    assert (tmp_path / f"p{ending}").read_text("utf-8") == shown
    ask("predict", "b.joblib", "a.png", "--json", "--out", tmp_path / "p.csv")
    json.loads((tmp_path / "p.csv").read_text("utf-8"))


@pytest.mark.parametrize("kind", ["--csv", "--json"])
def test_predict_writes_what_it_would_show(
    kind: str, replace: Any, ask: Any, tmp_path: Path
) -> None:
    replace("predict", PREDICTED)
    shown = ask("predict", "b.joblib", "a.png", kind)[1]
    assert ask("predict", "b.joblib", "a.png", kind, "--out", tmp_path / "p")[1] == ""
    assert (tmp_path / "p").read_text("utf-8") == shown


def test_explain(replace: Any, ask: Any, tmp_path: Path) -> None:
    image, heat = np.zeros((8, 8), np.uint8), np.zeros((8, 8), np.float32)
    chances = {"glioma": 0.75, "healthy": 0.25}
    found = Explanation(image, heat, "glioma", chances, {"hog": 0.5, "lbp": 0.5}, 0.5)
    calls = replace("explain", found)
    out = tmp_path / "e.png"
    code, said, err = ask("explain", "b.joblib", "a.png", "--out", out, "--slice", "3")
    cut = {"position": 3, "plane": "axial", "window": None}
    assert given(calls) == ((Path("b.joblib"), Path("a.png")), cut)
    assert code == 0 and out.read_bytes().startswith(b"\x89PNG")
    assert said.splitlines() == [
        "a.png: glioma (75.0%)",
        "  The decision rests on hog 50.0%, lbp 50.0%.",
        "  50.0% of it has a place on the image, and is drawn.",
        f"picture: {out.resolve()}",
    ]
    assert err == "next: gliaboost evaluate b.joblib LABELLED_FOLDER\n"
    assert ask("explain", "b.joblib", "a.png", "--out", out, "--quiet")[1:] == (said, "")
    facts = json.loads(ask("explain", "b.joblib", "a.png", "--out", out, "--json")[1])
    assert facts["probabilities"] == chances


def test_predict_names_the_next_command_for_a_file_that_is_there(
    replace: Any, ask: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    replace("predict", PREDICTED)
    Path("a.png").touch()
    assert "next: gliaboost explain b.joblib a.png" in ask("predict", "b.joblib", "a.png")[2]
    assert "next" in ask("predict", "b.joblib", "a.png", "--out", "p.csv")[2]
    for flag in ("--csv", "--json", "--quiet"):
        assert ask("predict", "b.joblib", "a.png", flag)[2] == "gliaboost: b.png: is empty\n"


@pytest.mark.parametrize("flags", [(), ("--quiet",)])
@pytest.mark.parametrize(
    ("words", "usual", "given_as"),
    [
        (("train", "m.csv"), "model.joblib", "out"),
        (("tune", "m.csv"), "model.joblib", "out"),
        (("audit", "m.csv", "--drop", "conflicts"), "cleaned.parquet", "cleaned"),
        (("manifest", "folder", "m"), "manifest.parquet", 2),
        (("features", "m.csv"), "features.parquet", None),
        (("explain", "b.joblib", "a.png"), "explanation.png", None),
    ],
)
def test_what_lies_in_a_usual_place_is_never_replaced(
    words: tuple[str, ...], usual: str, given_as: Any, flags: tuple[str, ...],
    replace: Any, ask: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    old, new = tmp_path / usual, str(Path(usual).with_stem(f"{Path(usual).stem}-2"))
    old.write_text("of before")
    chances = {"glioma": 0.75, "healthy": 0.25}
    image, heat = np.zeros((8, 8), np.uint8), np.zeros((8, 8), np.float32)
    calls = {
        "train": replace("train", bundle()),
        "tune": replace("tune", (bundle(), Search("lightgbm", {}, 0.25, 0.5, [], 2))),
        "explain": replace("explain", Explanation(image, heat, "glioma", chances, {}, 0.5)),
        "audit": replace("audit", lambda *_, **__: 1 / 0),
        "manifest": replace("manifest", lambda *_, **__: 1 / 0),
    }
    err = ask(*words, *flags)[2]
    assert err.splitlines()[0] == f"gliaboost: {usual} is there from before; this goes to {new}"
    assert old.read_text() == "of before"
    if given_as is not None:
        ((positional, named),) = calls[words[0]]
        assert (named if isinstance(given_as, str) else positional)[given_as] == Path(new)
    elif words[0] == "explain":
        assert (tmp_path / new).is_file()


def test_a_search_goes_on_in_its_journal_whatever_its_bundles_are_called(
    replace: Any, ask: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    calls = replace("tune", (bundle(), Search("lightgbm", {}, 0.25, 0.5, [], 2)))
    ask("tune", "m.csv")
    Path("model.joblib").touch()
    ask("tune", "m.csv")
    ask("tune", "m.csv", "--out", "b.joblib")
    assert [named["study"] for _, named in calls] == [*[Path("model.study")] * 2, None]


@pytest.mark.parametrize("command", ["predict", "explain"])
def test_a_place_that_cannot_be_written_is_told_before_the_work(
    command: str, replace: Any, ask: Any, tmp_path: Path
) -> None:
    calls = replace(command, PREDICTED)
    code, _, err = ask(command, "b.joblib", "a.png", "--out", tmp_path)
    assert (code, calls) == (2, []) and "is a folder; expected a file" in err
