from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gliaboost.reports.document.blocks import Figure, Paragraph
from gliaboost.reports.pages.comparisons import comparisons, verdict


def test_a_large_difference_is_more_than_chance(three: Any) -> None:
    said = verdict(three, 0, 2)
    points = 100 * (
        three.experiments[0].pooled("accuracy") - three.experiments[2].pooled("accuracy")
    )
    assert f"the difference of {points:.1f} points [" in said
    assert said.endswith("is more than chance")
    # Either way round, and without a sign.
    assert verdict(three, 2, 0) == said


def test_every_pair_is_compared_once(three: Any, rows: Callable[..., Any]) -> None:
    section = comparisons(three)
    (figure,) = (b for b in section.blocks if isinstance(b, Figure))
    assert figure.table is not None
    assert len(rows(figure.table)) == 3
    certain = sum(c.certain for c in three.comparisons)
    (said,) = (b.text for b in section.blocks if isinstance(b, Paragraph) and "McNemar" in b.text)
    assert said.startswith(f"{certain} of 3 pairs differ")
    assert "whole patients as witnesses" in said


def test_one_and_the_same_model_does_not_differ(make_predictions: Any, make_run: Any) -> None:
    from gliaboost.reports.protocol.results import read_results

    frame = make_predictions()
    run = read_results(make_run([frame, frame.assign(experiment="xgboost+hog+lbp+glcm")]))
    assert "the difference of 0.0 points" in verdict(run, 0, 1)
    assert verdict(run, 0, 1).endswith("no more than chance may give")


def test_without_predictions_nothing_can_be_said(three: Any) -> None:
    three.comparisons.clear()
    assert verdict(three, 0, 1).startswith("whether that is chance cannot be said")
