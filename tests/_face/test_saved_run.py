from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import gliaboost
from gliaboost._compat import available_cores
from gliaboost._face.faults import Faults
from gliaboost._face.saved_run import causes, read_saved
from gliaboost.errors import UsageError
from gliaboost.json_file import write_json
from gliaboost.reports.protocol.results import read_results

FIGSHARE = Path(__file__).parents[2] / "benchmarks" / "results" / "figshare"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, write_images: Any) -> Path:
    folder = tmp_path_factory.mktemp("saved")
    path = write_images(folder / "data", patients=8)
    gliaboost.benchmark(
        path, features="glcm", models="logistic", folds=2, controls=False, audit=False, jobs=1,
        prepare="size=64", out=folder / "run", store=folder / "s",
    )  # fmt: skip
    return folder / "run"


def edited(run: Path, folder: Path, change: Any) -> Path:
    record = json.loads((run / "results.json").read_text("utf-8"))
    change(record)
    folder.mkdir()
    write_json(json.dumps(record), folder / "results.json")
    return folder


@pytest.mark.integration
def test_arguments_are_those_of_the_call(run: Path) -> None:
    saved = read_saved(run)
    faults = Faults()
    given = saved.arguments(faults, None)
    assert not faults
    assert given["models"] == ["logistic"] and given["folds"] == "2"
    assert given["prepare"]["size"] == 64
    assert [e.label for e in given["features"]] == ["glcm"]
    assert (saved.jobs, saved.seed, saved.of_segmenters) == (1, 0, False)
    assert {"out", "store", "jobs", "seed"}.isdisjoint(given)


def test_a_file_that_a_parameter_names_is_found_or_asked_for(run: Path, tmp_path: Path) -> None:
    def change(record: dict[str, Any]) -> None:
        record["call"]["settings"] = {"logistic": {"weights": "here/w.pth"}}
        record["call"]["folder"] = ".."

    folder = edited(run, tmp_path / "run", change)
    faults = Faults()
    read_saved(folder).arguments(faults, None)
    assert "here/w.pth is not at " in str(faults.errors[0])
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "w.pth").touch()
    found = read_saved(folder).arguments(Faults(), None)["settings"]["logistic"]["weights"]
    assert Path(found).resolve() == tmp_path / "here" / "w.pth"


def test_an_extractor_that_is_another_now_is_a_fault(run: Path, tmp_path: Path) -> None:
    def change(record: dict[str, Any]) -> None:
        record["protocol"]["extractors"][0]["parameters"]["levels"] = 7

    faults = Faults()
    read_saved(edited(run, tmp_path / "run", change)).arguments(faults, None)
    assert "glcm: its levels was 7 then, and is 32 now" in str(faults.errors)


def test_causes_name_maths_libraries_and_machine(run: Path, tmp_path: Path) -> None:
    def change(record: dict[str, Any]) -> None:
        record["protocol"]["extractors"][0]["version"] = 99
        record["environment"]["versions"]["numpy"] = "0.1"
        record["environment"]["cores"] = 1000
        record["experiments"][0]["device"] = "cuda"

    now = read_saved(run)
    then = read_saved(edited(run, tmp_path / "run", change))
    said = causes(then, now)
    assert said[0].startswith("maths of glcm: version 99 then") and said[1].startswith("numpy 0.1")
    assert f"cores 1000 then, {available_cores()} now" in said
    assert said[-1] == "logistic+glcm fitted on cuda then, cpu now"
    assert causes(now, now) == []


def test_an_older_run_is_read_and_asks_for_its_arguments() -> None:
    saved = read_saved(FIGSHARE / "results.json")
    faults = Faults()
    assert saved.arguments(faults, None) == {}
    assert "is of an older version" in str(faults.errors[0])
    assert "gliaboost benchmark runs/fig.parquet" in str(faults.errors[0])
    assert saved.arguments(Faults(), {"folds": 3}) == {"folds": 3}


def test_results_without_a_folder_are_refused(run: Path) -> None:
    with pytest.raises(UsageError, match="lie in no folder"):
        read_saved(replace(read_results(run), folder=None))
