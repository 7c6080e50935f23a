from __future__ import annotations

import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pytest

import gliaboost
from gliaboost.cli import main


class Done:
    """What a command left: exit code, standard output, standard error."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


Cli = Callable[..., Done]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    monkeypatch.setenv("GLIABOOST_STORE", str(tmp_path / "store"))

    def call(*words: str | Path) -> Done:
        try:
            main([str(w) for w in words])
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
        said = capsys.readouterr()
        return Done(code, said.out, said.err)

    return call


def test_a_name_that_the_pipe_has_no_letters_for_is_printed_escaped(
    make_images: Callable[..., Path], tmp_path: Path
) -> None:
    manifest = make_images(patients=2, per_patient=1, classes=("Łagodny", "fine"))
    done = subprocess.run(
        [sys.executable, "-m", "gliaboost", "manifest", "csv", manifest, "--out", "m.csv"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONIOENCODING": "cp1252"},
        capture_output=True,
        text=True,
        encoding="cp1252",
    )
    assert done.returncode == 0, done.stderr
    assert "\\u0141agodny" in done.stdout


def test_help_is_quick_and_names_every_command() -> None:
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "gliaboost", "--help"], capture_output=True, text=True, check=True
    )
    # A generous bound against a heavy import at the top, not a timing.
    assert time.perf_counter() - begun < 5
    commands = "demo manifest extract train predict benchmark report info"
    for command in commands.split():
        assert f"\n  {command} " in done.stdout


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys, gliaboost.cli; "
        "print([m for m in ('numpy','pandas','sklearn','xgboost','lightgbm','torch','numba',"
        "'cv2','matplotlib','pyarrow') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.integration
def test_predict_never_imports_torch(
    make_images: Callable[..., Path], cli: Cli, tmp_path: Path
) -> None:
    m = make_images()
    assert cli("train", m, "--features", "hog,lbp,glcm", "--out", tmp_path / "m.joblib").code == 0
    code = (
        "import sys; from gliaboost.cli import main\n"
        "try: main(['predict', *sys.argv[1:]])\n"
        "except SystemExit as stop: assert not stop.code\n"
        "print([m for m in ('torch', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "m.joblib"), str(m.parent / "p00-0.png")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.integration
def test_four_commands_end_to_end(
    make_images: Callable[..., Path], cli: Cli, tmp_path: Path
) -> None:
    m = make_images(patients=12)
    done = cli("extract", m, "--features", "lbp,glcm", "--json")
    assert (done.code, json.loads(done.out)["computed"]) == (0, 36)
    out = tmp_path / "run"
    few = ("--set", "xgboost.rounds=8", "--set", "lightgbm.rounds=8")
    options = ("--features", "lbp,glcm", "--folds", "3", "--out", out, "--seed", "1", *few)
    done = cli("benchmark", m, *options)
    assert done.code == 0, done.err
    results = json.loads((out / "results.json").read_text("utf-8"))
    assert results["schema"] == 2
    names = ["xgboost+lbp+glcm", "lightgbm+lbp+glcm"]
    competing = [e for e in results["experiments"] if not e["control"]]
    assert [e["name"] for e in competing] == names
    predictions = pd.read_parquet(out / "predictions.parquet")
    predictions = predictions[predictions["experiment"].isin(names)]
    assert len(predictions) == 2 * 36
    assert predictions.groupby("patient")["fold"].nunique().eq(1).all()
    assert {"report.html", "report.md"} <= {f.name for f in out.iterdir()}
    assert len(list((out / "models").glob("*.joblib"))) == 6

    again = cli("benchmark", m, *options)
    folds = [line for line in again.err.splitlines() if ", fold " in line]
    assert len(folds) >= 12 and all("taken from an earlier run" in line for line in folds)

    assert cli("report", out).code == 0

    bundle = tmp_path / "m.joblib"
    words = ("--features", "lbp,glcm", "--model", "xgboost", "--out", bundle, *few[:2])
    assert cli("train", m, *words).code == 0
    said = json.loads(cli("predict", bundle, m.parent, "--json").out)
    assert len(said["predictions"]) == 36
    csv = cli("predict", bundle, m.parent / "p00-0.png", "--csv").out.splitlines()
    assert csv[0] == "path,predicted,proba_coarse,proba_fine,error,typicality,seen"
    assert "fine" in cli("predict", bundle, m.parent / "p00-0.png").out


@pytest.mark.integration
def test_killed_benchmark_goes_on_where_it_stopped(
    make_images: Callable[..., Path], cli: Cli, tmp_path: Path
) -> None:
    m, out = make_images(patients=12), tmp_path / "run"
    options = ["--features", "glcm", "--models", "lightgbm", "--folds", "3", "--no-controls"]
    options += ["--out", str(out)]
    assert cli("benchmark", m, *options).code == 0
    whole = pd.read_parquet(out / "predictions.parquet")
    sorted((out / "parts").iterdir())[1].unlink()
    (out / "results.json").unlink()
    (out / "predictions.parquet").unlink()
    again = cli("benchmark", m, *options)
    assert again.err.count("taken from an earlier run") == 2
    pd.testing.assert_frame_equal(pd.read_parquet(out / "predictions.parquet"), whole)


@pytest.mark.integration
def test_an_unreadable_file_does_not_stop_a_benchmark(
    make_images: Callable[..., Path], cli: Cli, tmp_path: Path
) -> None:
    m = make_images(patients=12)
    (m.parent / "p01-0.png").write_bytes(b"")
    options = ("--features", "glcm", "--models", "lightgbm", "--folds", "3", "--no-controls")
    done = cli("benchmark", m, *options, "--out", tmp_path / "run")
    assert done.code == 1
    assert "p01-0.png: is empty (0 bytes); expected an image" in done.err
    results = json.loads((tmp_path / "run" / "results.json").read_text("utf-8"))
    assert list(results["dataset"]["unreadable"]) == ["p01-0.png"]
    assert len(pd.read_parquet(tmp_path / "run" / "predictions.parquet")) == 35


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["train", "{m}", "--features", "hogg"], "no features called 'hogg'; the extractors are:"),
        (["train", "{m}", "--features", "hog,hog"], "named twice"),
        (["train", "{m}", "--model", "catboost"], "catboost"),
        (["train", "{m}.parquet"], "no manifest"),
        (["benchmark", "{m}", "--folds", "nothing"], "nothing"),
        (["benchmark", "{m}", "--folds", "1"], "fold"),
        (["manifest", "figshar", "."], "figshare"),
        (["predict", "{m}", "x.png"], "not a gliaboost bundle"),
        (["train", "{m}", "--jobs", "0"], "--jobs"),
    ],
)
def test_wrong_calls_say_what_to_do(
    words: list[str], expected: str, make_images: Callable[..., Path], cli: Cli
) -> None:
    m = str(make_images())
    done = cli(*(w.format(m=m) for w in words))
    assert expected in done.err
    assert "Traceback" not in done.err
    assert done.code == (1 if words[0] == "predict" else 2)


def test_device_cuda_without_one_is_an_error(make_images: Callable[..., Path], cli: Cli) -> None:
    if shutil.which("nvidia-smi"):
        pytest.skip("there is a GPU here")
    done = cli("train", make_images(), "--features", "glcm", "--device", "cuda")
    assert done.code == 2 and "cuda" in done.err


def test_manifest_without_labels_is_refused_for_training(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"x")
    pd.DataFrame({"path": ["a.png"]}).to_csv(tmp_path / "m.csv", index=False)
    done = cli("train", tmp_path / "m.csv")
    assert done.code == 2 and "no labels" in done.err


def test_all_faults_come_at_once(make_images: Callable[..., Path], cli: Cli) -> None:
    m = make_images()
    table = pd.read_csv(m)
    table["fold"] = "1"
    table.loc[1, "fold"] = "2"
    table.loc[2, "mask"] = "none.png"
    table.loc[3, "path"] = "gone.png"
    table.loc[4, "label"] = "rare"
    table.to_csv(m, index=False)
    done = cli("benchmark", m)
    assert done.code == 2
    for fault in ("more than one fold", "masks that are not there", "gone.png", "rare"):
        assert fault in done.err


@pytest.mark.integration
def test_bundle_cut_in_half(make_images: Callable[..., Path], cli: Cli, tmp_path: Path) -> None:
    m, bundle = make_images(), tmp_path / "m.joblib"
    assert cli("train", m, "--features", "glcm", "--out", bundle).code == 0
    bundle.write_bytes(bundle.read_bytes()[: bundle.stat().st_size // 2])
    done = cli("predict", bundle, m.parent)
    assert done.code == 1 and str(bundle) in done.err and "Traceback" not in done.err


def test_hostile_bundle_runs_nothing(cli: Cli, tmp_path: Path) -> None:
    class Hostile:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.system, (f"touch {tmp_path / 'ran'}",)

    (tmp_path / "h.joblib").write_bytes(pickle.dumps(Hostile()))
    done = cli("predict", tmp_path / "h.joblib", "x.png")
    assert done.code == 1 and "system" in done.err
    assert not (tmp_path / "ran").exists()


@pytest.mark.integration
def test_prediction_of_a_broken_file_is_reported_beside_the_rest(
    make_images: Callable[..., Path], cli: Cli, tmp_path: Path
) -> None:
    m, bundle = make_images(), tmp_path / "m.joblib"
    assert cli("train", m, "--features", "glcm", "--out", bundle).code == 0
    (m.parent / "broken.png").write_text("no picture")
    done = cli("predict", bundle, m.parent, "--json")
    said = json.loads(done.out)
    assert done.code == 1
    assert len(said["predictions"]) == 30 and len(said["failed"]) == 1
    assert "broken.png: " in done.err


@pytest.mark.integration
def test_same_seed_same_predictions(
    make_images: Callable[..., Path], cli: Cli, tmp_path: Path
) -> None:
    m = make_images(patients=12)
    frames = []
    for name in ("a", "b"):
        chosen = ("--features", "glcm", "--models", "lightgbm", "--folds", "3", "--seed", "3")
        assert cli("benchmark", m, *chosen, "--out", tmp_path / name).code == 0
        frames.append(pd.read_parquet(tmp_path / name / "predictions.parquet"))
    np.testing.assert_array_equal(frames[0]["proba_fine"], frames[1]["proba_fine"])


def test_info_names_what_there_is(cli: Cli) -> None:
    facts = json.loads(cli("info", "--json").out)
    assert {"hog", "lbp", "glcm"} <= set(facts["extractors"])
    assert facts["environment"]["versions"]["numpy"]
    text = cli("info").out
    assert "xgboost" in text and "lightgbm" in text


def test_debug_shows_the_traceback(cli: Cli) -> None:
    with pytest.raises(ValueError, match="no manifest"):
        cli("--debug", "extract", "nothing.parquet")


@pytest.mark.integration
def test_tune_searches_and_trains(
    make_images: Callable[..., Path], cli: Cli, tmp_path: Path
) -> None:
    m, out = make_images(patients=12), tmp_path / "m.joblib"
    options = ("--features", "glcm", "--trials", "2", "--folds", "2", "--out", out)
    done = cli("tune", m, *options, "--json")
    assert done.code == 0, done.err
    said = json.loads(done.out)
    assert len(said["search"]["trials"]) == 2
    scores = [t["score"] for t in said["search"]["trials"] if t["score"] is not None]
    assert said["metrics"]["search"]["score"] == min(scores)
    # The defaults are tried first.
    assert said["metrics"]["search"]["default_score"] == scores[0]
    assert "trial 2 of 2" in done.err
    assert "trial" not in cli("tune", m, *options).err.replace("trial 2 of 2", "")
    assert cli("predict", out, m.parent / "p00-0.png").code == 0


@pytest.mark.integration
def test_a_target_and_a_modality_are_chosen(
    make_images: Callable[..., Path], cli: Cli, tmp_path: Path
) -> None:
    m = make_images(patients=12)
    table = pd.read_csv(m)
    table["presence"] = table["label"].map({"fine": "tumor", "coarse": "healthy"})
    table["modality"] = ["CT" if p in ("p00", "p01") else "MRI" for p in table["patient"]]
    table.to_csv(m, index=False)
    out = tmp_path / "m.joblib"
    options = ("--features", "glcm", "--target", "presence", "--modality", "MRI", "--out", out)
    done = cli("train", m, *options, "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["classes"] == ["no_tumor", "tumor"]
    assert json.loads(done.out)["metrics"]["images"] == 30
    assert "6 rows that are not MRI" in done.err
    wrong = cli("train", m, "--target", "type", "--out", out)
    assert wrong.code == 2
    assert "presence" in wrong.err


@pytest.mark.integration
def test_one_page_of_two_runs(make_images: Callable[..., Path], cli: Cli, tmp_path: Path) -> None:
    m = make_images(patients=12)
    options = ("--features", "glcm", "--models", "lightgbm", "--folds", "3", "--no-controls")
    for seed in ("1", "2"):
        assert cli("benchmark", m, *options, "--seed", seed, "--out", tmp_path / seed).code == 0
    assert cli("report", tmp_path / "1", tmp_path / "2").code == 2
    done = cli("report", tmp_path / "1", tmp_path / "2", "--out", tmp_path / "both")
    assert done.code == 0, done.err
    assert (tmp_path / "both" / "report.html").exists()


def head_of(number: int, label: str) -> Any:
    """Draw a blurred pattern in an oval, a picture of its own for each number."""
    rng = np.random.default_rng(number)
    coarse = rng.uniform(0, 255, (7, 7) if label == "fine" else (4, 4)).astype(np.float32)
    y, x = np.mgrid[-1:1:96j, -1:1:96j]
    inside = (x / 0.8) ** 2 + (y / 0.95) ** 2 < 1
    return (
        (cv2.resize(coarse, (96, 96), interpolation=cv2.INTER_CUBIC) * inside)
        .clip(0, 255)
        .astype(np.uint8)
    )


@pytest.mark.integration
def test_what_of_another_set_is_tested_is_said_on_the_terminal(cli: Cli, tmp_path: Path) -> None:
    def save(place: str, picture: Any) -> None:
        file = tmp_path / place
        file.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(file), picture)

    for n in range(12):
        label = ("coarse", "fine")[n % 2]
        picture = head_of(n, label)
        save(f"home/{label}/{n}.png", picture)
        if n in (1, 3, 4):  # all of the other set's fine ones are here too, and one coarse
            save(f"away/{label}/turned-{n}.jpg", cv2.resize(np.rot90(picture), (120, 120)))
        save(f"away/coarse/{n}.png", head_of(100 + n, "coarse"))
    for n in range(2):
        save(f"away/odd/{n}.png", head_of(200 + n, "fine"))
    quick = ("--features", "glcm", "--models", "lightgbm", "--set", "lightgbm.rounds=5")
    done = cli(
        *("benchmark", tmp_path / "home", "--test-on", tmp_path / "away", "--folds", "2"),
        *(*quick, "--no-controls", "--no-audit", "--out", tmp_path / "run"),
    )
    assert done.code == 0, done.err
    assert (
        "12 of 17 images of away are tested; 3 show pictures of home, turned or resized copies "
        "too and 2 have a class that the model was not taught (odd 2). No image of fine is left. "
        "It does not show what another hospital would see: the two sets share pictures"
    ) in done.out
    assert "classes are missing" in done.out
    assert "is what another hospital would see" not in done.out


@pytest.mark.integration
def test_some_folds_alone(make_images: Callable[..., Path], cli: Cli, tmp_path: Path) -> None:
    m, out = make_images(patients=12), tmp_path / "run"
    options = ("--features", "glcm", "--models", "lightgbm", "--folds", "3", "--no-controls")
    assert cli("benchmark", m, *options, "--only", "2", "--out", out).code == 0
    assert set(pd.read_parquet(out / "predictions.parquet")["fold"]) == {"2"}
    done = cli("benchmark", m, *options, "--only", "7", "--out", out)
    assert (done.code, "the folds are 1, 2, 3" in done.err) == (2, True)


def test_fetch_lists_and_unpacks_by_hand(cli: Cli, tmp_path: Path) -> None:
    import zipfile

    listed = cli("fetch").out
    assert "figshare" in listed
    assert "licence:" in listed
    assert cli("fetch", "nothing").code == 2
    folder = tmp_path / "hand"
    for split in ("Training", "Testing"):
        for label in ("glioma_tumor", "no_tumor"):
            (folder / split / label).mkdir(parents=True)
            (folder / split / label / "1.jpg").write_bytes(b"x")
    archive = tmp_path / "archive.zip"
    with zipfile.ZipFile(archive, "w") as z:
        for file in folder.rglob("*.jpg"):
            z.write(file, file.relative_to(folder))
    done = cli("fetch", "sartaj", "--archive", archive, "--out", tmp_path / "data")
    assert done.code == 0, done.err
    assert "gliaboost manifest kaggle-mri" in done.out
    assert (tmp_path / "data" / "sartaj" / "Training" / "no_tumor" / "1.jpg").exists()


@pytest.mark.integration
def test_one_model_on_some_folds(
    make_images: Callable[..., Path], cli: Cli, tmp_path: Path
) -> None:
    m, out = make_images(patients=12), tmp_path / "run"
    options = ("--features", "glcm", "--folds", "3", "--no-controls", "--out", out)
    assert cli("benchmark", m, *options, "--only", "xgboost=2,xgboost=3").code == 0
    folds = pd.read_parquet(out / "predictions.parquet").groupby("experiment")["fold"].unique()
    assert sorted(folds["lightgbm+glcm"]) == ["1", "2", "3"]
    assert sorted(folds["xgboost+glcm"]) == ["2", "3"]


@pytest.mark.integration
def test_parameters_are_set_by_name(
    make_images: Callable[..., Path], cli: Cli, tmp_path: Path
) -> None:
    m, out = make_images(patients=12), tmp_path / "run"
    options = ("--features", "hog", "--models", "lightgbm", "--folds", "3", "--no-controls")
    few = ("--set", "lightgbm.rounds=7", "--set", "lightgbm.inner_folds=0")
    done = cli("benchmark", m, *options, *few, "--set", "hog.orientations=6", "--out", out)
    assert done.code == 0, done.err
    results = json.loads((out / "results.json").read_text("utf-8"))
    assert results["experiments"][0]["parameters"]["rounds"] == 7
    assert results["protocol"]["extractors"][0]["parameters"]["orientations"] == 6
    # Other parameters, other answers: nothing is taken from the earlier run.
    assert "earlier run" not in cli("benchmark", m, *options, "--out", out).err

    wrong = ("--set", "lightgbm.round=7", "--set", "svm.C=1", "--set", "hog", "--set", "hog.a=")
    done = cli("benchmark", m, *options, *wrong)
    assert done.code == 2
    for fault in (
        "lightgbm has no 'round'; its parameters are class_weight,",
        "'svm' of 'svm.C=1' is not in this run, which has hog, lightgbm",
        "'hog' is not NAME.PARAMETER=VALUE",
        "'hog.a=' is not NAME.PARAMETER=VALUE",
    ):
        assert fault in " ".join(done.err.split())


@pytest.mark.integration
def test_one_kind_of_features_twice(
    make_images: Callable[..., Path], cli: Cli, tmp_path: Path
) -> None:
    m, out = make_images(patients=12), tmp_path / "run"
    options = ["--features", "hog,hog:fine", "--models", "lightgbm", "--folds", "2"]
    options += ["--no-controls", "--ablation", "--out", str(out)]
    done = cli("benchmark", m, *options, "--set", "hog:fine.pixels_per_cell=16")
    assert done.code == 0, done.err
    results = json.loads((out / "results.json").read_text("utf-8"))
    fine = "hog:pixels_per_cell=16"
    assert [e["features"] for e in results["experiments"]] == [["hog", fine], ["hog"], [fine]]
    assert set(results["experiments"][0]["shap_by_family"]) == {"hog", fine}
    assert "without HOG" not in (out / "report.html").read_text("utf-8")
    assert "HOG (pixels_per_cell=16) alone" in (out / "report.html").read_text("utf-8")
    (bundle,) = (out / "models").glob("lightgbm+hog+hog*-fold-1.joblib")
    assert cli("predict", bundle, m.parent / "p00-0.png").code == 0
    again = cli("benchmark", m, *options)
    assert again.code == 2
    assert "'hog:fine' would compute hog once more" in again.err


@pytest.mark.integration
def test_a_benchmark_searches_inside_each_training_part(
    make_images: Callable[..., Path], cli: Cli, tmp_path: Path
) -> None:
    m, out = make_images(patients=12), tmp_path / "run"
    options = ["--features", "glcm", "--models", "lightgbm", "--folds", "2", "--no-controls"]
    options += ["--set", "lightgbm.rounds=20", "--tune", "3", "--out", str(out)]
    done = cli("benchmark", m, *options)
    assert done.code == 0, done.err
    assert done.err.count("trial 3 of 3") == 2
    (entry,) = json.loads((out / "results.json").read_text("utf-8"))["experiments"]
    assert [s["fold"] for s in entry["search"]] == ["1", "2"]
    assert entry["parameters"]["rounds"] == 20
    for search in entry["search"]:
        assert len(search["trials"]) == 3
        scores = [t["score"] for t in search["trials"] if t["state"] == "complete"]
        assert search["score"] == min(scores)
        assert search["default_score"] == scores[0]
        assert "rounds" not in search["parameters"]
    page = (out / "report.html").read_text("utf-8")
    assert "The search for parameters" in page
    assert not list((out / "parts").glob("*.study*"))
    assert "earlier run" in cli("benchmark", m, *options).err


NETWORKS: dict[str, dict[str, Any]] = {
    "cnn-scratch": {"widths": [4, 8], "depths": [1, 1], "size": 16, "precision": "float32"},
    "cnn-finetune": {"size": 32, "epochs": 1, "head_epochs": 1, "precision": "float32"},
    "hybrid": {"size": 32, "epochs": 1, "head_epochs": 0, "inner_folds": 2},
}


@pytest.mark.integration
def test_every_model_in_one_call(
    make_images: Callable[..., Path], cli: Cli, tmp_path: Path
) -> None:
    pytest.importorskip("torch")
    m, out = make_images(patients=12), tmp_path / "run"
    settings = [f"{n}.{k}={json.dumps(v)}" for n, own in NETWORKS.items() for k, v in own.items()]
    options = ["--features", "hog,lbp,glcm,embedding", "--folds", "2", "--out", str(out)]
    options += ["--models", "xgboost,lightgbm,cnn-scratch,cnn-finetune,hybrid"]
    options += [w for s in (*settings, "cnn-scratch.epochs=2") for w in ("--set", s)]
    done = cli("benchmark", m, *options)
    assert done.code == 0, done.err
    results = json.loads((out / "results.json").read_text("utf-8"))
    models = [e["model"] for e in results["experiments"] if not e.get("control")]
    assert models == ["xgboost", "lightgbm", "cnn-scratch", "cnn-finetune", "hybrid"]
    assert len(pd.read_parquet(out / "predictions.parquet").query("experiment == 'cnn-scratch'"))
    kept = gliaboost.load(out / "models" / "cnn-scratch-fold-2.joblib")
    assert [e["epoch"] for e in kept.metrics["history"]] == [1, 2]


@pytest.mark.integration
def test_a_killed_network_goes_on_at_its_epoch(
    make_images: Callable[..., Path], cli: Cli, tmp_path: Path
) -> None:
    pytest.importorskip("torch")
    m = make_images(patients=12)
    own = {**NETWORKS["cnn-scratch"], "epochs": 60, "patience": 0}
    options = ["benchmark", str(m), "--models", "cnn-scratch", "--folds", "2", "--no-audit"]
    options += [w for k, v in own.items() for w in ("--set", f"cnn-scratch.{k}={json.dumps(v)}")]
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    command = [sys.executable, "-m", "gliaboost", *options, "--out", str(killed)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "epoch 5 of 60" in line:
                process.kill()
                break
    assert process.returncode == -signal.SIGKILL
    again = cli(*options, "--out", killed)
    assert again.code == 0, again.err
    assert "fold 1, epoch 1 of 60" not in again.err
    assert "fold 1, epoch 60 of 60" in again.err
    assert cli(*options, "--out", whole).code == 0
    one, other = (pd.read_parquet(run / "predictions.parquet") for run in (killed, whole))
    pd.testing.assert_frame_equal(one, other)


def test_the_version_is_shown(cli: Cli) -> None:
    from gliaboost import __version__

    for flag in ("--version", "-V"):
        assert cli(flag).out == f"gliaboost {__version__}\n"


@pytest.mark.integration
def test_names_come_in_any_case_and_lists_in_any_way(
    make_images: Callable[..., Path], cli: Cli, tmp_path: Path
) -> None:
    m, out = make_images(patients=12), tmp_path / "m.joblib"
    options = ("--features", "GLCM LBP", "--features", "HOG", "--model", "LightGBM")
    done = cli("train", m, *options, "--device", "CPU", "--target", "Label", "--out", out, "--json")
    assert done.code == 0, done.err
    assert [f["name"] for f in json.loads(done.out)["features"]] == ["glcm", "lbp", "hog"]
    assert cli("manifest", "CSV", m, "--out", tmp_path / "m.parquet").code == 0
    assert "did you mean nifti?" in cli("manifest", "nii", m).err


def test_everything_wrong_with_a_call_is_told_at_once(
    make_images: Callable[..., Path], cli: Cli, tmp_path: Path
) -> None:
    m = make_images(patients=12)
    (tmp_path / "file").touch()
    words: list[str | Path] = [
        "--set",
        "lightgbm.learning_rate=abc",
        "--set",
        "xgboost.max_depth=-1",
    ]
    words += ["--store", tmp_path / "file", "--out", tmp_path / "file", "--device", "tpu"]
    words += ["--folds", "40", "--test-on", tmp_path / "gone", "--only", "9"]
    done = cli("benchmark", m, *words)
    assert done.code == 2
    for fault in (
        "faults in this call; nothing was started",
        "learning_rate='abc'",
        "xgboost has no 'max_depth'",
        "--store",
        "--out",
        "no device 'tpu'",
        "too few patients for 40 folds",
        "no manifest",
    ):
        assert fault in done.err, fault
    assert "extracting" not in done.err and "auditing" not in done.err


@pytest.mark.integration
def test_runs_have_folders_of_their_own_and_unfinished_ones_go_on(
    make_images: Callable[..., Path],
    cli: Cli,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    m = make_images(patients=12)
    options = ["--features", "glcm", "--models", "lightgbm", "--folds", "3", "--no-controls"]

    def stop(*given: object, **named: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr("gliaboost.reports.pages.render.render", stop)
        done = cli("benchmark", m, *options)
    assert done.code == 130
    said = "gliaboost: interrupted; the same command goes on where it stopped: "
    assert done.err.splitlines()[-1].startswith(f"{said}gliaboost benchmark {m}")
    (first,) = Path("runs").iterdir()
    again = cli("benchmark", m, *options)
    assert again.err.count("taken from an earlier run") == 3
    assert list(Path("runs").iterdir()) == [first] and (first / "report.html").is_file()
    other = cli("benchmark", m, *options)
    assert "taken from an earlier run" not in other.err
    assert len(list(Path("runs").iterdir())) == 2


def test_an_interrupt_of_other_commands_is_one_line_too(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*given: object, **named: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(gliaboost, "train", stop)
    done = cli("train", "m.csv")
    assert done.code == 130 and "interrupted" in done.err and "Traceback" not in done.err


@pytest.mark.integration
def test_a_folder_whose_split_leaks_carries_it_into_the_results(
    make_images: Callable[..., Path], cli: Cli, tmp_path: Path
) -> None:
    m, folder = make_images(patients=12, size=160), tmp_path / "set"
    for n, row in enumerate(pd.read_csv(m).itertuples()):
        for part in ("Training", "Testing") if n % 3 == 0 else ("Training",):
            (folder / part / str(row.label)).mkdir(parents=True, exist_ok=True)
            shutil.copy(m.parent / str(row.path), folder / part / str(row.label))
    out = tmp_path / "run"
    options = ("--features", "glcm", "--models", "lightgbm", "--no-controls", "--out", out)
    done = cli("benchmark", folder, *options)
    assert done.code == 0, done.err
    results = json.loads((out / "results.json").read_text("utf-8"))
    assert results["protocol"]["folds"] == "the manifest's own test part (column 'split')"
    wrong = [said for weight, said in results["dataset"]["audit"] if weight == "wrong"]
    assert any("split test: 12 of 12 files" in said for said in wrong)
    assert (out / "set.parquet").is_file() and f"manifest: {out / 'set.parquet'}" in done.err
    assert f"next: gliaboost audit {folder} --write-groups" in done.err
