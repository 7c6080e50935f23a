from __future__ import annotations

import csv
import io
import json

from gliaboost.models.prediction import Prediction
from gliaboost.reports.pages.answers_text import (
    predictions_csv,
    predictions_json,
    predictions_table,
)

CLASSES = ["glioma", "no_tumor"]
MADE = [
    Prediction("a, b.png", "glioma", {"glioma": 0.75, "no_tumor": 0.25}),
    Prediction("c.png", None, {}, "is empty"),
]


def test_csv_reads_back_with_failures_and_commas() -> None:
    rows = list(csv.DictReader(io.StringIO(predictions_csv(CLASSES, MADE))))
    assert rows[0]["path"] == "a, b.png" and float(rows[0]["proba_glioma"]) == 0.75
    assert rows[1]["error"] == "is empty" and rows[1]["predicted"] == ""


def test_json_parts_failures_from_predictions() -> None:
    said = json.loads(json.dumps(predictions_json({"model": "lightgbm"}, MADE)))
    assert [p["path"] for p in said["predictions"]] == ["a, b.png"]
    assert said["failed"] == [{"path": "c.png", "reason": "is empty"}]


def test_table_is_aligned() -> None:
    head, row = predictions_table(CLASSES, MADE).splitlines()
    assert head.index("predicted") == row.index("glioma")
    assert row.endswith("0.250") and len(head) == len(row)
