from __future__ import annotations

import json
import sys
from dataclasses import replace as changed
from pathlib import Path
from typing import Any

import pytest

from gliaboost.reports.protocol.results import Results, read_results

FIGSHARE = Path(__file__).parents[2] / "benchmarks" / "results" / "figshare"


@pytest.fixture(scope="module")
def results() -> Results:
    """Return a run as the real writer made it."""
    return read_results(FIGSHARE)


def given(calls: list[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    ((positional, named),) = calls
    named.pop("progress")
    return positional, named


def test_benchmark(
    replace: Any, ask: Any, results: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = replace("benchmark", results)
    words = ["--out", "there", "--folds", "3", "--only", "1,svm=2", "--target", "type"]
    words += ["--modality", "CT", "--features", "hog,lbp", "--models", "svm", "--tune", "4"]
    words += ["--models", "forest", "--prepare", "size=64", "--region", "seg.joblib"]
    words += ["--ablation", "--no-controls", "--no-audit", "--test-on", "o.csv", "--seed", "3"]
    words += ["--device", "cpu", "--jobs", "2", "--store", "s", "--set", "svm.C=1"]
    words += ["--preset", "good"]
    monkeypatch.setattr(sys, "argv", ["gliaboost", "benchmark", "m.csv"])
    code, out, err = ask("benchmark", "m.csv", *words)
    assert given(calls) == (
        (Path("m.csv"),),
        {
            "out": Path("there"),
            "folds": "3",
            "only": ["1,svm=2"],
            "target": "type",
            "modality": "CT",
            "preset": "good",
            "features": ["hog,lbp"],
            "models": ["svm", "forest"],
            "prepare": "size=64",
            "region": Path("seg.joblib"),
            "settings": ["svm.C=1"],
            "tune": 4,
            "ablation": True,
            "controls": False,
            "audit": False,
            "test_on": Path("o.csv"),
            "device": "cpu",
            "jobs": 2,
            "seed": 3,
            "store": Path("s"),
            "cluster": None,
            "command": "gliaboost benchmark m.csv",
        },
    )
    assert code == 0
    assert all(e.name in out for e in results.record.experiments)
    # Where the run chose to go, which the face says.
    assert out.splitlines()[-1] == f"report: {(FIGSHARE / 'report.html').resolve()}"
    assert err.startswith("next: gliaboost train m.csv --model ")


def test_benchmark_out_of_core_is_a_parameter_of_xgboost(
    replace: Any, ask: Any, results: Results
) -> None:
    calls = replace("benchmark", results)
    ask("benchmark", "m.csv", "--models", "xgboost", "--out-of-core")
    assert given(calls)[1]["settings"] == ["xgboost.out_of_core=true"]


def test_benchmark_names_what_could_not_be_read(replace: Any, ask: Any, results: Results) -> None:
    dataset = changed(results.dataset, unreadable={"a.png": "is empty"})
    replace("benchmark", changed(results, record=changed(results.record, dataset=dataset)))
    code, out, err = ask("benchmark", "m.csv", "--json", "--quiet")
    assert (code, err) == (1, "gliaboost: a.png: is empty\n")
    assert json.loads(out)["dataset"]["unreadable"] == {"a.png": "is empty"}


def test_demo(replace: Any, ask: Any, results: Results) -> None:
    calls = replace("demo", results)
    words = ["--device", "cpu", "--jobs", "2", "--seed", "3", "--store", "s", "--out", "there"]
    code, out, _ = ask("demo", *words)
    positional, named = given(calls)
    named.pop("command")
    assert positional == (Path("there"),)
    assert named == {"device": "cpu", "jobs": 2, "seed": 3, "store": Path("s")}
    assert code == 0 and "report: " in out


def test_report(replace: Any, ask: Any) -> None:
    calls = replace("report", Path("there/report.html"))
    code, out, err = ask("report", FIGSHARE, FIGSHARE, "--out", "there", "--images", "data")
    assert calls == [(([FIGSHARE, FIGSHARE], Path("there")), {"images": Path("data")})]
    assert (code, out) == (0, f"report: {Path('there/report.html').resolve()}\n")
    assert err.startswith("next: gliaboost train DATA --model ")


def test_info(replace: Any, ask: Any) -> None:
    replace("info", {"gliaboost": "9"})
    assert ask("info", "--json") == (0, '{\n "gliaboost": "9"\n}\n', "")


def test_report_as_json(replace: Any, ask: Any) -> None:
    replace("report", Path("there/report.html"))
    assert json.loads(ask("report", "a", "--json")[1]) == {"report": "there/report.html"}


def test_info_names_a_first_command(ask: Any) -> None:
    assert ask("info")[2] == "next: gliaboost demo\n"


def test_a_demo_chooses_its_place_itself(replace: Any, ask: Any, results: Results) -> None:
    calls = replace("demo", results)
    ask("demo")
    assert calls[0][0] == (None,)


@pytest.mark.parametrize("flag", ["--quiet", "--json"])
def test_nothing_is_suggested_to_whom_asks_for_quiet(
    flag: str, replace: Any, ask: Any, results: Results
) -> None:
    replace("benchmark", results)
    assert ask("benchmark", "m.csv", flag)[2] == ""
