from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gliaboost.reports.document.blocks import Paragraph, Table
from gliaboost.reports.pages.provenance import provenance


def tables(results: Any) -> dict[str, Table]:
    return {b.name: b for b in provenance(results).blocks if isinstance(b, Table)}


def test_images_split_and_machine_are_said(three: Any, rows: Callable[..., Any]) -> None:
    found = {name: dict(row[:2] for row in rows(t)) for name, t in tables(three).items()}
    assert found["dataset"]["Images"] == "300"
    assert found["dataset"]["Patients"] == "40"
    assert found["dataset"]["Fingerprint (SHA-256)"] == "0" * 64
    assert found["dataset"]["Sources"] == "–"
    assert found["protocol"]["Folds"] == "column 'fold' (5 folds)"
    assert found["protocol"]["Folds keep together"] == "whole patients"
    assert found["protocol"]["Intervals"].startswith("95 %, percentile, 100 resamples of patients")
    assert found["machine"]["Cores"] == "2"
    assert found["machine"]["Accelerator"] == "–"
    assert "checklist" in found
    assert "unreadable" not in found


def test_unreadable_files_and_lost_predictions_are_named(
    make_predictions: Any, make_run: Any, rows: Callable[..., Any]
) -> None:
    from gliaboost.reports.protocol.results import PREDICTIONS, read_results

    frames = [make_predictions(), make_predictions(experiment="xgboost+hog", seed=1)]
    folder = make_run(frames, dataset={"unreadable": {"a.png": "cut short"}})
    frames[0].to_parquet(folder / PREDICTIONS, index=False)
    results = read_results(folder)
    assert rows(tables(results)["unreadable"]) == [["a.png", "cut short"]]
    (said,) = (b.text for b in provenance(results).blocks if isinstance(b, Paragraph))
    assert "no rows of XGBoost" in said
    assert "LightGBM" not in said
