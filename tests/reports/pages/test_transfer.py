from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gliaboost.reports.document.blocks import Figure, Paragraph
from gliaboost.reports.pages.transfer import elsewhere, transfers
from gliaboost.reports.protocol.results import read_results


@pytest.fixture
def carried(
    make_predictions: Any, make_run: Any, add_experiment: Callable[..., Any]
) -> Callable[..., Any]:
    """Return a function that gives a run whose model was tested on another set as well."""

    def make(shared: int = 0) -> Any:
        frame = make_predictions(seed=3, images=80, skill=0.8)
        frame["key"] = [f"{i + 1000:064x}" for i in range(len(frame))]
        frame.loc[: shared - 1, "key"] = [f"{i:064x}" for i in range(shared)]
        frame["experiment"] = "lightgbm+hog+lbp+glcm on there"
        folder = add_experiment(
            make_run([make_predictions()]), frame, title="LightGBM", trained_on=("made-up",),
            test_on="there", left_out={"in both": 3, "unknown class": 0},
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
