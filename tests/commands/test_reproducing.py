from __future__ import annotations

import inspect
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import gliaboost
from gliaboost.commands import benchmarks, reproducing, segmenting
from gliaboost.reports.protocol.reproduction import Moved, Reproduction
from tests.commands.conftest import Ask, Replace

FIGSHARE = Path(__file__).parents[2] / "benchmarks" / "results" / "figshare"
SAME = Reproduction(Path("run"), Path("run-again"), 12)
OTHER = Reproduction(
    Path("run"),
    Path("run-again"),
    12,
    [Moved("a", "mcc.pooled", 0.5, 0.4)],
    ["numpy 1 then, 2 now"],
)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    shutil.copy(FIGSHARE / "results.json", tmp_path / "results.json")
    return tmp_path


def test_the_exit_code_says_whether_something_moved(ask: Ask, replace: Replace, run: Path) -> None:
    replace("reproduce", SAME)
    code, out, err = ask("reproduce", run)
    assert code == 0 and out.startswith("nothing moved: 12 numbers are what they were")
    assert "next: gliaboost report run-again" in err
    replace("reproduce", OTHER)
    code, out, _ = ask("reproduce", run, "--quiet")
    assert code == 1 and "mcc.pooled" in out and "may have moved them: numpy 1 then, 2 now" in out
    code, out, _ = ask("reproduce", run, "--json")
    assert code == 1 and json.loads(out)["moved"][0]["now"] == 0.4


def test_the_command_of_an_older_run_is_read(ask: Ask, replace: Replace, run: Path) -> None:
    calls = replace("reproduce", SAME)
    ask("reproduce", run, "--data", "m.parquet", "--within", "1e-6", "--jobs", 2, "--store", "s")
    (given, named), *_ = calls
    assert given == (run, Path("m.parquet"))
    assert (named["within"], named["jobs"], named["store"]) == (1e-6, 2, Path("s"))
    asked: dict[str, Any] = named["asked"]
    assert asked["data"] == Path("runs/fig.parquet")
    assert asked["folds"] == "fold" and asked["features"] == ["hog,lbp,glcm,embedding"]
    assert asked["tune"] == 0 and asked["controls"] is True
    assert {"out", "store", "jobs", "seed", "quiet", "as_json", "trials"}.isdisjoint(asked)


def test_an_older_command_that_cannot_be_read_is_told(
    ask: Ask, replace: Replace, run: Path
) -> None:
    text = (run / "results.json").read_text("utf-8").rstrip()
    (run / "results.json").write_text(text.replace("--folds fold", "--gone fold"), "utf-8")
    calls = replace("reproduce", SAME)
    code, _, err = ask("reproduce", run)
    assert code == 2 and "the command of then cannot be read" in err and not calls
    (run / "results.json").write_text(text.replace("gliaboost benchmark", "gliaboost demo"))
    ask("reproduce", run)
    assert calls[0][1]["asked"] is None


@pytest.mark.parametrize(
    ("command", "function"),
    [
        (benchmarks.benchmark, gliaboost.benchmark),
        (segmenting.segment_benchmark, gliaboost.segment_benchmark),
    ],
)
def test_all_that_a_command_says_is_an_argument_of_its_function(
    command: Any, function: Any
) -> None:
    given = reproducing._parsed(command, ["m.csv"])
    assert set(given) <= set(inspect.signature(function).parameters)


def test_bins_on_disk_are_a_setting_of_an_older_run_too() -> None:
    given = reproducing._parsed(benchmarks.benchmark, ["m.csv", "--out-of-core"])
    assert given["settings"] == ["xgboost.out_of_core=true"]
