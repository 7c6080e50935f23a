from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from gliaboost.models.explain.overlay import overlay
from gliaboost.reports.document.blocks import Gallery
from gliaboost.reports.pages.mistakes import (
    KEY,
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


def test_a_plate_has_a_heading_its_pictures_and_a_key(three: Any, tmp_path: Path) -> None:
    best = three.experiments[0]
    row = surest(best, three.classes).iloc[0]
    (tmp_path / row["path"]).parent.mkdir()
    assert cv2.imwrite(str(tmp_path / row["path"]), np.full((400, 500), 90, np.uint8))
    run = replace(three, images=tmp_path)
    (gallery,) = (b for b in mistakes(run).blocks if isinstance(b, Gallery))
    (plate,) = gallery.plates
    assert plate.caption == f"{row['label']}, called {row['predicted']}"
    assert plate.place.startswith(f"{row['confidence']:.3f} sure, {row['given']:.3f} given to the")
    assert plate.place.endswith(f"{row['path']}, patient {row['patient']}")
    assert [words for _, words in plate.pictures] == ["the image"]
    assert gallery.key == ()
    explained = explanation_path(run.folder, best.name, row["key"])
    explained.parent.mkdir(parents=True)
    assert cv2.imwrite(str(explained), np.zeros((16, 16, 3), np.uint8))
    (gallery,) = (b for b in mistakes(run).blocks if isinstance(b, Gallery))
    assert [words for _, words in gallery.plates[0].pictures] == [
        "the image",
        "what the decision of A rests on",
    ]
    assert [words for _, words in gallery.key] == [
        "speaks for the class that was named",
        "speaks against it",
    ]


def test_the_key_has_the_colours_of_an_overlay() -> None:
    heat = np.zeros((64, 64), np.float32)
    heat[:32], heat[32:] = 1.0, -1.0
    drawn = overlay(np.zeros((64, 64), np.uint8), heat)
    for row, (colour, _) in zip((8, 56), KEY, strict=True):
        painted = drawn[row, 32] / drawn[row, 32].max()
        named = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])
        assert np.allclose(painted, named / named.max(), atol=0.02)
