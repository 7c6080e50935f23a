from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gliaboost.reports.pages.alarms import alarms
from gliaboost.reports.pages.pretrained import MARK, alarm, marked, pretrained, unknown
from gliaboost.reports.pages.render import render
from gliaboost.reports.pages.terminal import alarms_text
from gliaboost.reports.protocol.results import Results, read_results

KNOWN = {"embedding": ("ImageNet-1k",)}
TITLE = "What a network had learned from before is not known."


@pytest.fixture
def a_run(make_predictions: Any, make_run: Any, edit_experiment: Any) -> Callable[..., Results]:
    """Give a run of two experiments, with what their networks had learned from."""

    def make(first: dict[str, Any], second: dict[str, Any]) -> Results:
        frames = [
            make_predictions(experiment="lightgbm+embedding"),
            make_predictions(experiment="cnn", seed=1),
        ]
        folder = edit_experiment(make_run(frames), 0, pretrained_on=first)
        return read_results(edit_experiment(folder, 1, pretrained_on=second))

    return make


def test_unknown_weights_are_marked_at_the_top_and_beside_the_model(
    a_run: Callable[..., Results],
) -> None:
    results = a_run(KNOWN, {"cnn": ("unknown",)})
    (found,) = alarms(results)
    assert found.title == TITLE
    assert "the weights of CNN were trained on" in found.text
    assert "measured of CNN is too good" in found.text
    assert TITLE in alarms_text(results)
    assert results.folder is not None
    page = Path(render(results.folder)["markdown"]).read_text("utf-8")
    assert f"| CNN{MARK} |" in page
    assert page.count(MARK) == 1
    assert "the features embedding on ImageNet-1k" in page


def test_known_weights_are_told_and_no_alarm(a_run: Callable[..., Results]) -> None:
    results = a_run(KNOWN, {"cnn": ("BraTS 2021",)})
    assert alarms(results) == []
    (said,) = pretrained(results)
    assert "the features embedding on ImageNet-1k" in str(said)
    assert "CNN on BraTS 2021" in str(said)


def test_runs_without_networks_and_older_ones_are_silent(a_run: Callable[..., Results]) -> None:
    results = a_run({}, {})
    assert alarms(results) == []
    assert pretrained(results) == []


def test_one_unknown_among_several_counts() -> None:
    parts = {"region": ("ImageNet-1k", "unknown"), "embedding": ("ImageNet-1k",)}
    assert unknown(parts) == ["region"]
    assert marked("SVM", parts) == f"SVM{MARK}"
    assert "SVM and CNN is too good" in alarm(["region"], ["SVM", "CNN"]).text
