from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gliaboost.reports.pages.render import render
from gliaboost.reports.pages.unit_words import patients_at_risk, resampled, unit_of
from gliaboost.reports.protocol.results import read_results
from gliaboost.reports.statistics.measures import Bootstrap, UnitName

Make = Callable[..., Any]


@pytest.mark.parametrize(
    ("unit", "others", "said"),
    [
        ("patient", 0, "patients"),
        ("patient", 1, "patients (and 1 group or image whose patient is not known)"),
        ("group", 3, "groups (and 3 patients or images outside of all groups)"),
        ("image", 2, "images (and 2 patients or groups)"),
    ],
)
def test_what_was_resampled(unit: UnitName, others: int, said: str) -> None:
    assert resampled(Bootstrap(unit=unit, resamples=9, seed=0, others=others)) == said


def page(folder: Path) -> str:
    render(folder)
    return (folder / "report.md").read_text("utf-8")


def test_a_page_speaks_of_patients_only_where_they_are_known(
    make_predictions: Make, make_run: Make, with_control: Make
) -> None:
    frame = make_predictions(skill=1.0)
    unknown = frame.assign(group=frame["patient"], patient=None)
    better = make_predictions(skill=3.0, seed=2)
    other = better.assign(group=better["patient"], patient=None)
    data, protocol = {"patients": 0}, {"group": "group"}
    folder = make_run([unknown], dataset=data, protocol=protocol)
    text = page(with_control(folder, "image folds", other))
    assert "over resampled groups" in text
    assert "that come from recognising copies" in text
    assert "none of the 40 groups in more than one fold" in text
    assert "Patients are not known: though folds keep the manifest's groups whole" in text
    assert "recognising patients" not in text
    assert "resampled patients" not in text
    results = read_results(folder)
    assert unit_of(results) == "group"


def test_patients_known_of_a_part_are_a_warning_too(make_predictions: Make, make_run: Make) -> None:
    frame = make_predictions()
    part = frame.assign(patient=frame["patient"].where(frame.index >= 20))
    results = read_results(make_run([part]))
    assert patients_at_risk(results).startswith("Patients are known of a part of the images only")
    assert "patients (and 20 groups or images whose patient" in page(results.folder)  # type: ignore[arg-type]
    assert not patients_at_risk(read_results(make_run([frame], name="whole")))


def test_images_alone_carry_the_warning(make_predictions: Make, make_run: Make) -> None:
    folder = make_run(
        [make_predictions().assign(patient=None)],
        dataset={"patients": 0},
        protocol={"group": "image"},
    )
    text = page(folder)
    assert "over resampled images" in text
    assert "Patients are not known: images of one patient may lie on both sides" in text
