"""Runs of schema 1: the two that are committed, and damaged ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gliaboost.errors import ResultsError
from gliaboost.models.registry import model_class, model_names
from gliaboost.reports.protocol.record_file import read_record
from gliaboost.reports.protocol.results import read_results
from gliaboost.reports.protocol.schema_1 import MODELS, converted

COMMITTED = Path(__file__).parents[3] / "benchmarks" / "results"
RUNS = ["figshare", "figshare-features"]


def saved(run: str) -> dict[str, Any]:
    text = (COMMITTED / run / "results.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(text)
    assert found["schema"] == 1
    return found


@pytest.mark.parametrize("run", RUNS)
def test_no_number_is_lost_or_changed(run: str) -> None:
    old, record = saved(run), read_record(COMMITTED / run)
    assert len(record.experiments) == len(old["experiments"])
    for before, after in zip(old["experiments"], record.experiments, strict=True):
        assert after.name == before["name"]
        for name in ("accuracy", "balanced_accuracy", "macro_f1", "macro_auc", "mcc", "brier"):
            metric = after.metric(name)
            limits = None if metric.ci95 is None else list(metric.ci95)
            found = {"pooled": metric.pooled, "mean": metric.mean, "sd": metric.sd, "ci95": limits}
            assert found == before[name]
        assert [list(row) for row in after.confusion] == before["confusion"]
        # What a tested image takes was not told apart then.
        assert vars(after.seconds) == {**before["seconds"], "tested": None}
        assert after.model_bytes == before["model_bytes"]
        assert after.peak_memory == before["peak_memory"]
        assert after.shap_by_family == before.get("shap_by_family")
        assert after.training_images_per_second == before.get("images_per_second_fit")
        assert (after.control, after.of) == (before.get("control"), before.get("of"))
        assert len(after.history) == len(before.get("history", []))
    assert record.dataset.classes == old["dataset"]["classes"]
    assert [list(f) for f in record.dataset.audit] == old["dataset"]["audit"]
    assert record.protocol.command == old["protocol"]["command"]


def test_titles_that_schema_1_did_not_know() -> None:
    figshare = {e.name: e.title for e in read_results(COMMITTED / "figshare").experiments}
    assert figshare["cnn-finetune"] == "Fine-tuned CNN (3 of 5 folds)"
    assert figshare["xgboost+hog+lbp+glcm+embedding"] == "XGBoost on HOG + LBP + GLCM + embedding"
    features = read_results(COMMITTED / "figshare-features")
    titles = {e.name: e.title for e in features.experiments}
    expected = "LightGBM on embedding (mobilenetv2_100)"
    assert titles["lightgbm+embedding:mobilenetv2_100"] == expected


@pytest.mark.parametrize("name", sorted(MODELS))
def test_what_is_filled_in_is_what_the_models_say(name: str) -> None:
    assert name in model_names()
    model = model_class(name)
    assert (model.title, model.takes, model.library) == MODELS[name]


def test_a_patient_level_without_patients_is_filled_in() -> None:
    made = converted({"experiments": [{"patient_level": {"patients": 0, "mixed": 2}}]})
    level = made["experiments"][0]["patient_level"]
    assert (level["patients"], level["mixed"]) == (0, 2)
    assert level["accuracy"] == {"pooled": None, "mean": None, "sd": None, "ci95": None}


def test_a_damaged_run_is_refused_with_all_its_faults(tmp_path: Path) -> None:
    old = saved("figshare")
    old["experiments"][2]["seconds"]["fit"] = "soon"
    old["experiments"][3] = 3
    old["protocol"]["extractors"][1] = None
    del old["environment"]
    (tmp_path / "results.json").write_text(json.dumps(old), "utf-8")
    with pytest.raises(ResultsError) as caught:
        read_record(tmp_path)
    assert set(caught.value.faults) == {
        'experiments[2].seconds.fit: expected a valid number, seen "soon"',
        "experiments[3]: expected an object, seen 3",
        "protocol.extractors[1]: expected an object, seen null",
        "environment: it is missing",
    }
