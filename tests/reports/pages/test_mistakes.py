from __future__ import annotations

from pathlib import Path
from typing import Any

from gliaboost.reports.pages.mistakes import (
    PER_PATIENT,
    SHOWN,
    explanation_path,
    mistakes,
    surest,
)


def test_the_surest_mistakes_come_first_and_few_of_a_patient(three: Any) -> None:
    worst = three.experiments[2]
    table = surest(worst, three.classes)
    assert 0 < len(table) <= SHOWN
    assert (table["label"] != table["predicted"]).all()
    assert table["confidence"].is_monotonic_decreasing
    assert table["patient"].value_counts().max() <= PER_PATIENT
    columns = [f"proba_{c}" for c in three.classes]
    wrong = worst.predictions[worst.predictions["label"] != worst.predictions["predicted"]]
    assert table["confidence"].iloc[0] == wrong[columns].to_numpy().max()
    for row in table.to_dict("records"):
        assert row["given"] == row[f"proba_{row['label']}"] <= row["confidence"]


def test_images_without_a_patient_are_not_taken_for_one(three: Any) -> None:
    worst = three.experiments[2]
    worst.predictions["patient"] = None
    assert len(surest(worst, three.classes)) == SHOWN


def test_explanations_have_a_place_that_no_name_can_leave(tmp_path: Path) -> None:
    path = explanation_path(tmp_path, "../../x y+hog", "ab")
    assert path.resolve().is_relative_to(tmp_path / "explanations")
    assert path.name == "ab.png"


def test_the_section_counts_what_is_wrong(three: Any) -> None:
    best = three.experiments[0]
    wrong = int((best.predictions["label"] != best.predictions["predicted"]).sum())
    said = " ".join(getattr(b, "text", "") for b in mistakes(three).blocks)
    assert f"{wrong}" in said
