from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gliaboost.reports.document.blocks import Figure, Paragraph
from gliaboost.reports.pages.terminal import elsewhere_text
from gliaboost.reports.pages.transfer import elsewhere, transfers
from gliaboost.reports.protocol.results import read_results


@pytest.fixture
def carried(
    make_predictions: Any, make_run: Any, add_experiment: Callable[..., Any]
) -> Callable[..., Any]:
    """Return a function that gives a run whose model was tested on another set as well."""

    def make(
        shared: int = 0,
        *,
        images: int = 80,
        sources: tuple[str | None, str | None] = (None, None),
        without: str = "",
        **changes: Any,
    ) -> Any:
        frame = make_predictions(seed=3, images=images, skill=0.8)
        frame = frame[frame["label"] != without].reset_index(drop=True)
        if sources[1]:
            frame["source"] = sources[1]
        frame["key"] = [f"{i + 1000:064x}" for i in range(len(frame))]
        frame.loc[: shared - 1, "key"] = [f"{i:064x}" for i in range(shared)]
        frame["experiment"] = "lightgbm+hog+lbp+glcm on there"
        dataset = {"sources": (sources[0],) if sources[0] else ()}
        given = {"left_out": {"in both": 3, "unknown class": 0}, **changes}
        folder = add_experiment(
            make_run([make_predictions()], dataset=dataset), frame, title="LightGBM",
            trained_on=("made-up",), test_on="there", **given,
        )  # fmt: skip
        return read_results(folder)

    return make


def test_nothing_was_tested_elsewhere(three: Any) -> None:
    assert transfers([three]) == []
    assert elsewhere([three]) == []


def test_the_other_set_stands_beside_the_own_folds(carried: Any, rows: Any) -> None:
    run = carried()
    cells = transfers([run])
    assert {(c.trained, c.tested) for c in cells} == {("made-up", "there"), ("made-up", "made-up")}
    away = next(c for c in cells if c.tested == "there")
    assert away.accuracy == run.transfers[0].pooled("accuracy")
    said, figure = elsewhere([run])
    assert isinstance(said, Paragraph)
    assert isinstance(figure, Figure)
    assert figure.table is not None
    home = run.experiments[0].pooled("accuracy")
    assert f"reaches {away.accuracy:.3f} on there, in place of {home:.3f} on folds" in said.text
    table = {row[1]: row for row in rows(figure.table)}
    assert table["there"][3:] == ["80", f"{away.accuracy:.3f}", "3 in both"]


def test_pictures_that_were_trained_on_refuse_the_number(carried: Any, rows: Any) -> None:
    said, warning, figure = elsewhere([carried(shared=5)])
    assert isinstance(said, Paragraph)
    assert said.text == "No test on another data set can be shown."
    assert isinstance(warning, Paragraph)
    assert warning.kind == "warning"
    assert "made-up and there (5)" in warning.text
    assert isinstance(figure, Figure)
    assert figure.table is not None
    table = {row[1]: row for row in rows(figure.table)}
    assert table["there"][4:] == ["refused", "5 pictures in both"]
    assert "there: refused" in figure.pictures[0].alt


CLAIM = "is what another hospital would see, where its classes mean the same."


def test_what_remains_is_counted_by_the_rule_that_dropped_it(carried: Any) -> None:
    run = carried(
        images=200,
        without="pituitary",
        left_out={"in both": 6400, "unknown class": 340, "unreadable": 6},
        offered={"glioma": 6000, "odd": 300, "strange": 40, "pituitary": 500},
    )
    tested = len(run.transfers[0].predictions)
    said = elsewhere_text(run)
    assert said.startswith(
        f"{tested} of {tested + 6746:,} images of there are tested; 6,400 show pictures of "
        "made-up, turned or resized copies too, 340 have a class that the model was not taught "
        "(odd 300, strange 40) and 6 cannot be read. No image of pituitary is left."
    )
    assert "It does not show what another hospital would see: " in said
    assert "the two sets share pictures" in said
    assert "classes are missing" in said
    assert CLAIM not in said
    page = elsewhere([run])[0]
    assert isinstance(page, Paragraph)
    assert said in page.text


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({}, ""),
        ({"sources": ("figshare", None)}, "where the images come from is not recorded"),
        ({"sources": (None, "br35h")}, "where the images come from is not recorded"),
        ({"sources": ("figshare", "figshare")}, "both come from figshare"),
        ({"images": 60}, "60 images are too few"),
        ({"without": "glioma"}, "classes are missing"),
        ({"left_out": {"in both": 30}}, "the two sets share pictures"),
    ],
)
def test_another_hospital_is_claimed_where_nothing_speaks_against_it(
    carried: Any, how: dict[str, Any], why: str
) -> None:
    given = {"images": 400, "sources": ("figshare", "br35h"), "left_out": {"in both": 0}, **how}
    said = elsewhere_text(carried(**given))
    assert (CLAIM in said) == (not why)
    assert why in said


def test_few_images_of_a_class_are_named(carried: Any, add_experiment: Any) -> None:
    run = carried(images=400, sources=("figshare", "br35h"), left_out={})
    frame = run.transfers[0].predictions
    kept = frame[(frame["label"] != "glioma") | (frame.index < 5)].reset_index(drop=True)
    kept.loc[0, ["label"]] = "glioma"
    add_experiment(
        run.folder, kept.assign(experiment="cnn (on elsewhere)"), trained_on=("made-up",),
        test_on="elsewhere", left_out={},
    )  # fmt: skip
    said = sorted(elsewhere_text(read_results(run.folder)).splitlines())
    assert len(said) == 2
    assert said[0].startswith(f"All {len(kept)} images of elsewhere are tested. It does not show")
    assert said[0].endswith("of glioma fewer than 10 images are left.")
    assert CLAIM in said[1]


def test_the_terminal_is_silent_where_nothing_was_tested_elsewhere(three: Any) -> None:
    assert elsewhere_text(three) == ""
