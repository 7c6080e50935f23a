from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gliaboost.reports.pages.brief import in_brief


def said(results: Any, rows: Callable[..., Any], cheapest: int | None = None) -> dict[str, str]:
    return dict(rows(in_brief(results, cheapest)))


def test_five_questions_are_answered_of_the_best(three: Any, rows: Callable[..., Any]) -> None:
    best, found = three.experiments[0], said(three, rows)
    assert found["Which model"] == f"{best.letter}, {best.title}."
    accuracy = best.pooled("accuracy")
    assert found["How good, how sure"].startswith(f"Accuracy {accuracy:.3f}, with 95 % confidence")
    largest = max(three.dataset.classes.values()) / 300
    assert f"the largest class would give {largest:.3f}" in found["How good, how sure"]
    assert found["At what cost"].startswith("12 s of computing")
    assert "120 images a second" in found["At what cost"]
    assert found["Was the split honest"].startswith("40 patients, none in two folds")
    assert "no control with shuffled labels" in found["Was the split honest"]
    assert f"Off by {best.pooled('ece'):.3f}" in found["Are its probabilities usable"]
    assert "for 99 % of images" in found["Are its probabilities usable"]


def test_a_cheaper_model_that_is_as_good_is_named(three: Any, rows: Callable[..., Any]) -> None:
    best, other = three.experiments[:2]
    assert said(three, rows, 1)["Which model"] == (
        f"{other.letter}, {other.title}: the cheapest of those that cannot be told from the best, "
        f"{best.letter}, {best.title}."
    )


def test_a_cut_patient_is_a_no(
    make_predictions: Any, make_run: Any, rows: Callable[..., Any]
) -> None:
    from gliaboost.reports.protocol.results import read_results

    frame = make_predictions()
    mine = frame["patient"] == "P003"
    frame.loc[mine, "fold"] = [str(i % 2 + 1) for i in range(mine.sum())]
    found = said(read_results(make_run([frame])), rows)
    assert found["Was the split honest"].startswith("No: 1 patient in more than one fold")
