from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import gliaboost
from gliaboost.errors import ManifestError, UsageError
from gliaboost.locks import held
from gliaboost.progress import Silent
from gliaboost.reports.pages import explaining
from gliaboost.reports.protocol import benchmark as running

MakeImages = Callable[..., Path]


FEW = {"lightgbm": {"rounds": 5, "inner_folds": 0}}
QUICK: dict[str, Any] = {
    "features": "glcm",
    "models": "lightgbm",
    "folds": 2,
    "settings": FEW,
    "controls": False,
}


class Heard(Silent):
    """Keeps the lines that it hears."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def line(self, text: str) -> None:
        self.lines.append(text)


@pytest.mark.integration
def test_a_benchmark_gives_its_results_and_writes_its_report(
    make_images: MakeImages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, out, heard = make_images(patients=12), tmp_path / "run", Heard()
    explained: list[Any] = []
    monkeypatch.setattr(explaining, "explain_mistakes", lambda *given: explained.append(given))
    (path.parent / "p01-0.png").write_bytes(b"")
    results = gliaboost.benchmark(
        path, out=out, store=tmp_path / "s", command="as typed", progress=heard, **QUICK
    )
    assert results.experiments_frame()["name"].tolist() == ["lightgbm+glcm"]
    assert len(results.predictions) == 35
    assert list(results.dataset.unreadable) == ["p01-0.png"]
    assert (results.folder, results.images) == (out, path.parent)
    assert explained == [(out, path.parent)]
    assert results.protocol.command == "as typed"
    assert results.experiments[0].record.parameters["rounds"] == 5
    assert {"report.html", "results.json", "predictions.parquet"} <= {f.name for f in out.iterdir()}
    assert any(line.startswith("lightgbm+glcm, fold 2") for line in heard.lines)
    (out / "report.html").unlink()
    assert gliaboost.report(results) == out / "report.html"
    assert (out / "report.html").is_file()


@pytest.mark.integration
def test_a_benchmark_says_what_it_runs_and_what_the_audit_found(
    make_images: MakeImages, tmp_path: Path
) -> None:
    path, heard = make_images(patients=12), Heard()
    table = pd.read_csv(path)
    table["split"] = ["train" if n % 2 else "test" for n in range(len(table))]
    table["path"] = [str(path.parent / p) for p in table["path"]]
    with pytest.raises(ManifestError, match="more than one split"):
        gliaboost.benchmark(table, out=tmp_path / "run", **QUICK)
    shutil.copy(path.parent / "p00-0.png", path.parent / "p01-0.png")  # under another label
    results = gliaboost.benchmark(
        table.drop(columns="split"),
        out=tmp_path / "run",
        store=tmp_path / "s",
        only=2,
        progress=heard,
        **QUICK,
    )
    assert set(results.predictions["fold"]) == {"2"}
    assert results.protocol.folds.endswith("; of these only 2")
    assert any(line.startswith("audit: ") for line in heard.lines)
    again = gliaboost.benchmark(
        table.drop(columns="split"),
        out=tmp_path / "run",
        store=tmp_path / "s",
        only=["lightgbm=1"],
        audit=False,
        **QUICK,
    )
    assert set(again.predictions["fold"]) == {"1"}
    assert again.dataset.audit == ()


@pytest.mark.integration
def test_a_folder_of_classes_is_enough(make_images: MakeImages, tmp_path: Path) -> None:
    path, heard = make_images(patients=12), Heard()
    folder = tmp_path / "classes"
    for row in pd.read_csv(path).itertuples():
        (folder / str(row.label)).mkdir(parents=True, exist_ok=True)
        shutil.copy(path.parent / str(row.path), folder / str(row.label))
    results = gliaboost.benchmark(
        folder, out=tmp_path / "run", store=tmp_path / "s", progress=heard, **QUICK
    )
    assert (results.name, results.dataset.patients, results.grouped) == ("classes", 0, False)
    assert "patients unknown" in heard.lines[0]


@pytest.mark.integration
def test_another_data_set_is_tested_on(make_images: MakeImages, tmp_path: Path) -> None:
    path, other = make_images(patients=12), make_images(patients=6, name="other", size=40)
    results = gliaboost.benchmark(
        path, out=tmp_path / "run", store=tmp_path / "s", test_on=other.parent, **QUICK
    )
    (transfer,) = results.transfers
    assert transfer.record.test_on == "other"


def test_a_run_that_goes_on_elsewhere_is_not_joined(
    make_images: MakeImages, tmp_path: Path
) -> None:
    with held(tmp_path / "run"), pytest.raises(UsageError, match="another run is at work"):
        gliaboost.benchmark(make_images(), out=tmp_path / "run", store=tmp_path / "s", **QUICK)


class _ReachedError(Exception):
    """What is asked of the floor below has been seen."""


def test_every_option_reaches_the_protocol(
    make_images: MakeImages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []
    executor = ThreadPoolExecutor(1)

    def instead(table: Any, protocol: Any, store: Any, out: Path, **named: Any) -> None:
        seen.extend([protocol, store.path, out, named["command"], named["executor"]])
        raise _ReachedError

    monkeypatch.setattr(running, "run", instead)
    with pytest.raises(_ReachedError):
        gliaboost.benchmark(
            make_images(patients=12),
            out=tmp_path / "run",
            folds=3,
            only="2,xgboost=2",
            features=["hog", "glcm"],
            models=["xgboost"],
            settings={"xgboost": {"rounds": 7}},
            tune=4,
            ablation=True,
            controls=False,
            audit=False,
            device="cpu",
            jobs=2,
            seed=3,
            store=tmp_path / "s",
            command="as typed",
            executor=executor,
        )
    protocol, *places = seen
    assert places == [tmp_path / "s", tmp_path / "run", "as typed", executor]
    competing = [e.name.removeprefix("xgboost+") for e in protocol.experiments]
    assert competing == ["hog+glcm", "hog", "glcm"]
    assert [f.name for f in protocol.folds] == ["2"]
    assert protocol.only == {"xgboost": ["2"]}
    assert protocol.parameters == {"xgboost": {"rounds": 7}}
    assert (protocol.trials, protocol.controls) == (4, False)
    assert (protocol.device, protocol.jobs, protocol.seed) == ("cpu", 2, 3)
    assert "seed 3" in protocol.folds_name


@pytest.mark.integration
def test_a_run_without_a_place_has_one_by_name_and_time(
    make_images: MakeImages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = make_images(patients=12)
    results = gliaboost.benchmark(path, store=tmp_path / "s", prepare="size=64", **QUICK)
    assert results.folder is not None and results.folder.parent == Path("runs")
    assert results.folder.name.startswith("data-2")
    assert results.protocol.preparation["size"] == 64
    again = gliaboost.benchmark(path, store=tmp_path / "s", prepare="size=64", **QUICK)
    assert again.folder != results.folder
