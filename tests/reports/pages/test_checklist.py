from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gliaboost.reports.pages.checklist import ITEMS, OPEN, checklist


def answers(results: Any, rows: Callable[..., Any]) -> dict[str, str]:
    return {claim: answer for claim, _, _, answer in rows(checklist(results)) if claim != "–"}


def test_every_item_of_claim_is_asked_once() -> None:
    claim = [c for c, _, _ in ITEMS if c]
    assert claim == [str(n) for n in range(1, 43)]


def test_what_the_run_knows_is_answered_and_the_rest_is_open(
    three: Any, rows: Callable[..., Any]
) -> None:
    found = answers(three, rows)
    assert found["21"] == "patients: no patient in two folds"
    assert found["20"] == "column 'fold', 5 folds, each tested once"
    assert found["33"] == "300 images of 40 patients"
    assert found["13"] == "0 unreadable files left out"
    for item in ("1", "12", "32", "42"):
        assert found[item] == OPEN
    table = checklist(three)
    answered = sum(not row[-1].open for row in table.rows)
    assert table.caption.startswith(f"CLAIM 2020 and TRIPOD+AI items: {answered} of {len(ITEMS)} ")
    assert [row[-1].open for row in table.rows] == [row[-1].text == OPEN for row in table.rows]


def test_folds_that_cut_patients_are_not_called_apart(
    make_predictions: Any, make_run: Any, rows: Callable[..., Any]
) -> None:
    from gliaboost.reports.protocol.results import read_results

    frame = make_predictions()
    frame["fold"] = [str(i % 5 + 1) for i in range(len(frame))]
    assert answers(read_results(make_run([frame])), rows)["21"] == "images only"


def test_simulated_images_have_no_patients(
    make_predictions: Any, make_run: Any, rows: Callable[..., Any]
) -> None:
    from gliaboost.reports.protocol.results import read_results

    found = answers(read_results(make_run([make_predictions()], dataset={"simulated": True})), rows)
    assert found["12"] == "no patients: simulated images"
