"""The page of a comparison: numbers, pictures where they are at hand, and how it was measured."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from gliaboost.reports.pages.segmentation_page import render_segmentation
from gliaboost.reports.protocol.segmentation import run_segmentation
from gliaboost.reports.protocol.segmentation_record import read_segmentation
from tests.reports.protocol.test_segmentation import cohort, protocol


def page(tmp_path: Path, *, pictures: bool = True, **more: Any) -> str:
    table = cohort(tmp_path, **more)
    results = run_segmentation(table, protocol(table), tmp_path / "run", command="gliaboost x")
    made = render_segmentation(results, images=table.root if pictures else None)
    return str(Path(made["html"]).read_text("utf-8"))


def test_a_page_shows_numbers_pictures_and_how_they_came_about(tmp_path: Path) -> None:
    text = page(tmp_path)
    for said in ("Segmenters on cohort", "Where, and how large", "How it was measured"):
        assert said in text, said
    assert "8 slices of 4 patients: 5 with a tumour, 3 known to have none." in text
    assert "Two halves; no patient was in the training and in the test of a fold." in text
    assert "gliaboost x" in text and "data:image/" in text
    assert "simulated images" not in text


def test_without_images_no_picture_is_shown(tmp_path: Path) -> None:
    text = page(tmp_path, pictures=False, source="phantom")
    assert "Pictures are not shown" in text
    assert "simulated images" in text


def test_it_is_drawn_again_from_its_folder_elsewhere(tmp_path: Path) -> None:
    first = page(tmp_path)
    saved = read_segmentation(tmp_path / "run")
    pages = render_segmentation(saved, tmp_path / "again", images=tmp_path)
    assert pages["html"] == tmp_path / "again" / "report.html"
    assert pages["html"].read_text("utf-8") == first
    gone = render_segmentation(saved, tmp_path / "again", images=tmp_path / "gone")
    assert "Pictures are not shown" in gone["html"].read_text("utf-8")
    older = replace(saved, slices=saved.slices.drop(columns="true_mask"))
    bare = render_segmentation(older, tmp_path / "again", images=tmp_path)
    assert "Pictures are not shown" in bare["html"].read_text("utf-8")


def test_unknown_patients_are_a_warning(tmp_path: Path) -> None:
    assert "Patients are not known" in page(tmp_path, patient=None)


def test_weights_of_unknown_training_are_an_alarm_and_older_runs_have_none(tmp_path: Path) -> None:
    page(tmp_path)
    saved = read_segmentation(tmp_path / "run")
    assert [s.pretrained_on for s in saved.record.segmenters] == [()] * len(saved.record.segmenters)
    first, *others = saved.record.segmenters
    told = replace(first, pretrained_on=("ImageNet-1k", "unknown"))
    unknown = replace(saved, record=replace(saved.record, segmenters=(told, *others)))
    text = render_segmentation(unknown, tmp_path / "again")["html"].read_text("utf-8")
    assert "What a network had learned from before is not known." in text
    assert f"the weights of {first.name} were trained on" in text
    known = replace(first, pretrained_on=("ImageNet-1k",))
    fine = replace(saved, record=replace(saved.record, segmenters=(known, *others)))
    text = render_segmentation(fine, tmp_path / "fine")["html"].read_text("utf-8")
    assert "is not known" not in text
