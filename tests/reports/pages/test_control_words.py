from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gliaboost.reports.pages.alarms import alarms
from gliaboost.reports.pages.control_words import WORDS, control_words
from gliaboost.reports.pages.terminal import honesty_text
from gliaboost.reports.protocol.record_file import read_record, write_record
from gliaboost.reports.protocol.results import Results, read_results
from gliaboost.reports.statistics.measures import DealtLabels

Make = Callable[..., Any]
DEALT = DealtLabels(
    unit="patient",
    units=40,
    images=300,
    classes=4,
    scores=tuple(np.round(0.25 + 0.05 * np.sin(np.arange(199)), 4).tolist()),
    distinct=199,
    true=0.6,
    luck=0.06,
    own=(0.24,),
    own_true=(0.26,),
)


@pytest.fixture
def with_dealt(make_predictions: Make, make_run: Make) -> Callable[..., Results]:
    """Return a function that writes a run with a control of such numbers."""

    def make(failed: dict[str, str] | None = None, **changes: Any) -> Results:
        folder: Path = make_run([make_predictions()])
        record = read_record(folder)
        dealt = None if changes.get("none") else replace(DEALT, **changes)
        write_record(folder, replace(record, dealt=dealt, failed_controls=failed or {}))
        return read_results(folder)

    return make


def test_the_numbers_are_told(with_dealt: Make) -> None:
    words = control_words(with_dealt())
    assert words is not None
    assert words.verdict == "chance"
    assert words.found == (
        "Trained on shuffled labels, dealt anew 199 times among 40 patients, a quick learner on "
        "the same features and folds has a balanced accuracy of 0.250 on average, [0.200, 0.300] "
        "in 95 % of the dealings; chance is 0.250. With the true labels it has 0.600, more than "
        "any dealing (p = 0.005). The model itself, trained on one dealing, has 0.240 for the "
        "dealt labels and 0.260 for the true ones."
    )
    assert words.short == (
        "Labels dealt anew 199 times among 40 patients: balanced accuracy 0.250 on average where "
        "chance is 0.250, 0.600 with the true labels (p = 0.005)."
    )


def test_an_alarm_has_what_lies_furthest_above_chance(with_dealt: Make) -> None:
    def alarm(**changes: Any) -> str:
        words = control_words(with_dealt(**changes))
        assert words is not None
        return words.alarm

    seen = alarm(scores=(0.9, 0.9))
    assert seen == (
        "A quick learner of dealt labels, asked for them, has a balanced accuracy of 0.900 where "
        "chance is 0.250 (40 patients swapped their labels)."
    )
    assert "asked for the true ones, has a balanced accuracy of 0.950" in alarm(own_true=(0.95,))


def test_labels_that_tell_nothing_are_said_to(with_dealt: Make) -> None:
    words = control_words(with_dealt(true=0.27, own=(), own_true=()))
    assert words is not None
    assert "no more than" in words.found
    assert words.found.endswith("by this the features tell no more of the class than chance would.")


def test_copies_without_patients_are_counted_with_their_original(with_dealt: Make) -> None:
    words = control_words(with_dealt(unit="image", units=280))
    assert words is not None
    assert "among 280 images, copies with their original," in words.found


@pytest.mark.parametrize(
    ("changes", "verdict", "said"),
    [
        ({"own": (0.9,)}, "leak", "no number on this page can be believed"),
        ({"own": (0.38,)}, "doubtful", "another seed would tell"),
        ({"scores": (0.1, 0.11, 0.12, 0.1)}, "below", "what a test part has more of"),
        ({"distinct": 3}, "few", "the control says nothing here"),
    ],
)
def test_each_verdict_has_its_words(
    with_dealt: Make, changes: dict[str, Any], verdict: str, said: str
) -> None:
    results = with_dealt(**{"distinct": 199, **changes})
    words = control_words(results)
    assert words is not None
    assert words.verdict == verdict
    assert said in words.means
    shouted = [a for a in alarms(results) if "shuffled" in a.title]
    assert len(shouted) == (verdict == "leak")
    # The terminal says of a leak what its alarm says, and no more.
    assert ("Control:" in honesty_text(results)) == (verdict != "leak")


def test_a_failed_control_is_told(with_dealt: Make) -> None:
    results = with_dealt(failed={"shuffled labels": "ValueError: no"}, none=True)
    words = control_words(results)
    assert words is not None
    assert (words.verdict, words.kind) == ("failed", "missing")
    assert "did not come to its end: ValueError: no." in honesty_text(results)
    partly = control_words(with_dealt(failed={"shuffled labels": "out of memory"}))
    assert partly is not None
    assert partly.verdict == "chance"
    assert partly.found.endswith("did not come to its end: out of memory.")


def test_without_a_control_nothing_is_said(make_predictions: Make, make_run: Make) -> None:
    results = read_results(make_run([make_predictions()]))
    assert control_words(results) is None
    assert honesty_text(results) == "Intervals: over 40 resampled patients."


def test_far_below_chance_in_a_run_of_an_earlier_version_is_told(
    make_predictions: Make, make_run: Make, with_control: Make
) -> None:
    frame = make_predictions(skill=-3.0, seed=7)
    folder = with_control(make_run([make_predictions()]), "shuffled labels", frame)
    words = control_words(read_results(folder))
    assert words is not None
    assert words.verdict == "below"


def test_all_verdicts_have_words() -> None:
    assert set(WORDS) == {"chance", "few", "below", "doubtful", "leak", "failed"}
    assert {kind for _, _, kind in WORDS.values()} == {"text", "missing", "warning"}


def test_units_that_are_not_all_patients_are_not_called_so(
    make_predictions: Make, make_run: Make
) -> None:
    frame = make_predictions()
    folder = make_run([frame.assign(patient=frame["patient"].where(frame.index >= 20))])
    record = read_record(folder)
    left = record.experiments[0].counts.groups - 20
    write_record(folder, replace(record, dealt=DEALT))
    lines = honesty_text(read_results(folder)).splitlines()
    said = f"Intervals: over {left} resampled patients (and 20 groups or images"
    assert lines[0].startswith(said)
    assert lines[1].startswith("Patients are known of a part of the images only")
    assert "among 40 patients or images without one:" in lines[2]
