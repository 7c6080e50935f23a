from __future__ import annotations

import pandas as pd

from gliaboost.reports.pages.held_out import held_out_text
from gliaboost.reports.protocol.held_out import HeldOut
from gliaboost.reports.statistics.evaluation import evaluate

FRAME = pd.DataFrame(
    {
        "label": list("aaabbb"),
        "predicted": list("aabbbb"),
        "patient": list("uvwxyz"),
        "proba_a": [0.9, 0.8, 0.4, 0.3, 0.2, 0.1],
        "proba_b": [0.1, 0.2, 0.6, 0.7, 0.8, 0.9],
    }
)


def made(frame: pd.DataFrame = FRAME, unseen: pd.DataFrame | None = None) -> str:
    return held_out_text(
        HeldOut(
            model={"model": "lightgbm"},
            dataset="clinic",
            classes=["a", "b"],
            evaluation=evaluate(frame, ["a", "b"]),
            unseen=None if unseen is None else evaluate(unseen, ["a", "b"]),
            predictions=frame,
            other_classes={},
            failed={},
            warnings=[],
        )
    )


def test_it_has_accuracy_classes_and_confusion() -> None:
    lines = made().splitlines()
    assert lines[0] == "lightgbm on clinic: 6 images of 6 patients"
    cells = {line.split("  ")[0].strip(): line.split() for line in lines if line}
    assert cells["accuracy"][1] == "0.833"
    assert cells["class"][1:] == ["images", "sensitivity", "specificity", "precision", "AUC"]
    by_class = [line.split() for line in lines if line.startswith("a ")]
    assert by_class[0] == ["a", "3", "0.667", "1.000", "1.000", "1.000"]
    assert by_class[1] == ["a", "2", "1"]
    assert lines[-1].startswith("Intervals: 95 %, over 2,000 resamples of 6 patients")


def test_what_was_in_training_is_set_beside() -> None:
    heading = next(line for line in made(unseen=FRAME[:4]).splitlines() if "all" in line)
    assert "not in training (4)" in heading
    accuracy = next(line for line in made(unseen=FRAME[:4]).splitlines() if "accuracy" in line)
    assert "0.833" in accuracy and "0.750" in accuracy


def test_undefined_numbers_are_dashes() -> None:
    text = made(FRAME[FRAME["label"] == "a"].drop(columns="patient"))
    assert "lightgbm on clinic: 3 images\n" in text
    assert " - " in text or text.rstrip().endswith("-")
    assert "nan" not in text.lower()
