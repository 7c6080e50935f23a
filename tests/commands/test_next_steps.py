from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from gliaboost.commands.next_steps import (
    after_audit,
    after_benchmark,
    after_demo,
    after_evaluation,
    after_extract,
    after_prediction,
    after_report,
)
from gliaboost.datasets.audit.duplicates import LINK_COLUMNS
from gliaboost.datasets.audit.report import AuditReport
from gliaboost.datasets.audit.written import WrittenManifest
from gliaboost.datasets.manifest import Manifest
from gliaboost.reports.protocol.record import Weight
from gliaboost.reports.protocol.results import Results, read_results

FIGSHARE = Path(__file__).parents[2] / "benchmarks" / "results" / "figshare"
LEAK: tuple[Weight, str] = (
    "wrong",
    "split test: 2 of 9 files (22.2%) show a picture that is on another side too.",
)


@pytest.fixture(scope="module")
def results() -> Results:
    """Return a run as the real writer made it."""
    return read_results(FIGSHARE)


def test_the_best_is_trained_as_it_was_compared(results: Results) -> None:
    best = max(
        (e for e in results.record.experiments if e.control is None),
        key=lambda e: e.balanced_accuracy.pooled or 0,
    ).model
    other = "xgboost" if best != "xgboost" else "lightgbm"
    words = after_benchmark(
        results,
        Path("m.csv"),
        target="type",
        modality="MRI",
        features=["hog,lbp"],
        settings=["hog.orientations=6", f"{other}.rounds=3", f"{best}.seed=3"],
        prepare="size=64",
        store=Path("s"),
    )
    assert words[:4] == ["train", "m.csv", "--model", best]
    assert words[-4:] == ["--set", "hog.orientations=6", "--set", f"{best}.seed=3"]
    assert {"--target", "--modality", "--prepare", "--store"} <= set(words)


def test_the_segmenter_from_elsewhere_goes_with_columns_alone(results: Results) -> None:
    experiments = results.record.experiments
    columns = tuple(e for e in experiments if e.takes == "columns")
    assert columns
    seen = Path("seg.joblib")
    boosters = replace(results, record=replace(results.record, experiments=columns))
    words = after_benchmark(boosters, Path("m.csv"), region=seen)
    assert words[words.index("--region") + 1] == "seg.joblib"
    networks = tuple(e for e in experiments if e.takes == "images")
    preset = after_benchmark(boosters, Path("m.csv"), preset="good")
    assert preset[preset.index("--preset") + 1] == "good"
    named = after_benchmark(boosters, Path("m.csv"), preset="good", features=["hog"])
    assert "--preset" not in named
    images = replace(results, record=replace(results.record, experiments=networks))
    assert not networks or "--region" not in after_benchmark(images, Path("m.csv"), region=seen)


def test_where_copies_cross_the_split_groups_come_first(results: Results) -> None:
    known = replace(results.dataset, audit=(LEAK,))
    unknown = replace(known, patients=0)
    for dataset, first in ((unknown, "audit"), (known, "train")):
        changed = replace(results, record=replace(results.record, dataset=dataset))
        assert after_benchmark(changed, Path("data"))[:2] == [first, "data"]


def test_after_an_extraction_the_same_is_compared() -> None:
    assert after_extract(Path("m.csv"), None, "") == ["benchmark", "m.csv"]
    words = after_extract(Path("m.csv"), ["hog", "lbp"], "size=64", Path("s"))
    assert words[-4:] == ["--prepare", "size=64", "--store", "s"]


def audited(clusters: list[int], labels: str, **more: object) -> AuditReport:
    given = Manifest.of(pd.DataFrame({"path": list("abcd"), "label": list(labels)}), Path())
    table = given.table.assign(cluster=clusters)
    links = pd.DataFrame(columns=[*LINK_COLUMNS])
    found: AuditReport = replace(
        AuditReport("m", table, [], links, [], {}, [], []), **dict[str, Any](more)
    )
    return found


def test_after_an_audit_comes_what_mends_its_findings() -> None:
    data = Path("m.csv")
    assert after_audit(audited([0, 1, 2, 3], "xyxy"), data) == ["benchmark", "m.csv"]
    assert after_audit(audited([0, 1, 0, 3], "xyxy"), data)[2:] == [
        "--write-groups",
        "grouped.parquet",
    ]
    words = after_audit(audited([0, 0, 2, 3], "xyxy"), data)
    assert words[2:] == ["--drop", "duplicates,conflicts", "--cleaned", "cleaned.parquet"]
    pair = dict.fromkeys(LINK_COLUMNS, "") | {"a": 0, "b": 2}
    beside = audited([0, 1, 2, 3], "xyxy", neighbours=pd.DataFrame([pair]))
    assert after_audit(beside, data)[2] == "--write-groups"


def test_what_another_set_knows_is_carried_over_first() -> None:
    found = {"a": [0], "b": [0], "kind": "bytes", "label": "x", "other_label": "x"}
    met = audited([0, 0, 2, 3], "xyxy", against="o", matches=pd.DataFrame(found))
    words = after_audit(met, Path("m.csv"), Path("o.csv"))
    assert words[2:] == [
        *("--against", "o.csv", "--carry", "patient,mask", "--cleaned", "known.parquet"),
    ]
    none = replace(met, matches=pd.DataFrame(found).iloc[:0])
    assert after_audit(none, Path("m.csv"), Path("o.csv"))[2] == "--drop"


def test_what_an_audit_wrote_is_used_next() -> None:
    one = WrittenManifest("g.csv", 4, 4, ("path",))
    met = audited([0, 0, 2, 3], "xyxy", written=(one,))
    assert after_audit(met, Path("m.csv")) == ["benchmark", "g.csv"]
    cut = replace(met, written=(one, replace(one, path="c.csv", cut=("split", "fold"))))
    words = ["manifest", "edit", "c.csv", "--forget", "split,fold", "--out", "undivided.parquet"]
    assert after_audit(cut, Path("m.csv")) == words


def test_a_suggested_command_replaces_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("cleaned.parquet").touch()
    Path("grouped.parquet").touch()
    conflicting, doubled = audited([0, 0, 2, 3], "xyxy"), audited([0, 1, 0, 3], "xyxy")
    assert after_audit(conflicting, Path("m.csv"))[-1] == "cleaned-2.parquet"
    assert after_audit(doubled, Path("m.csv"))[-1] == "grouped-2.parquet"


def test_after_a_report_the_best_of_its_runs_is_trained(results: Results) -> None:
    words = after_benchmark(results, Path("DATA"))
    assert after_report([FIGSHARE, FIGSHARE]) == words and words[:2] == ["train", "DATA"]


def test_after_a_prediction_only_a_model_that_can_is_asked_why() -> None:
    words = after_prediction(Path("b.joblib"), "logistic", "a.png")
    assert words == ["explain", "b.joblib", "a.png"]
    for model in ("svm", "random-forest"):
        assert after_prediction(Path("b.joblib"), model, "a.png")[0] == "evaluate"


def test_after_an_evaluation_the_surest_mistake_is_looked_at(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"path": ["a.png", "b.png", "c.png"], "label": list("xyy"), "predicted": list("xxx"),
         "proba_x": [0.9, 0.6, 0.8], "proba_y": [0.1, 0.4, 0.2]}
    )  # fmt: skip
    bundle = Path("b.joblib")
    other = ["predict", "b.joblib", "NEW_IMAGES"]
    assert after_evaluation(bundle, "lightgbm", tmp_path / "m.csv", frame) == other  # no such file
    (tmp_path / "c.png").touch()
    for data in (tmp_path, tmp_path / "m.csv"):
        words = ["explain", "b.joblib", str(tmp_path / "c.png")]
        assert after_evaluation(bundle, "lightgbm", data, frame) == words
        assert after_evaluation(bundle, "svm", data, frame) == other
    assert after_evaluation(bundle, "lightgbm", tmp_path, frame.iloc[:1]) == other


def test_after_the_demo_comes_the_page_with_its_model(tmp_path: Path) -> None:
    results = replace(read_results(FIGSHARE), folder=tmp_path)
    assert after_demo(results) == ["benchmark", "YOUR_FOLDER"]
    (tmp_path / "model.joblib").write_bytes(b"")
    assert after_demo(results) == ["app", str(tmp_path / "model.joblib")]
