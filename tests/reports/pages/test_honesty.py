from __future__ import annotations

from typing import Any

import numpy as np

from gliaboost.reports.document.blocks import Paragraph, Table
from gliaboost.reports.pages.honesty import FEWEST, honesty
from gliaboost.reports.protocol.results import read_results


def said(results: Any, kind: str = "") -> str:
    blocks = honesty(results).blocks
    return " ".join(b.text for b in blocks if isinstance(b, Paragraph) and kind in ("", b.kind))


def test_whole_patients_are_found_in_the_predictions(three: Any) -> None:
    text = said(three)
    assert "300 images in 5 test folds, each tested once, none of the 40 patients" in text
    assert "Not measured in this run: " in text
    assert "the control with shuffled labels" in text
    assert not said(three, "warning")


def test_a_cut_patient_and_an_image_tested_twice_are_warnings(
    make_predictions: Any, make_run: Any
) -> None:
    import pandas as pd

    frame = make_predictions()
    twice = pd.concat([frame, frame.iloc[:2].assign(fold="9")])
    text = said(read_results(make_run([twice])), "warning")
    assert "2 of them tested more than once" in text
    assert "of 40 patients lie in more than one fold" in text
    assert "too good" in text


def test_a_cut_patient_alone_is_a_warning(make_predictions: Any, make_run: Any) -> None:
    frame = make_predictions()
    frame["fold"] = [str(i % 5 + 1) for i in range(len(frame))]
    text = said(read_results(make_run([frame])), "warning")
    assert "each tested once" in text
    assert "patients lie in more than one fold" in text


def test_the_audits_findings_are_shown_with_their_weight(
    make_predictions: Any, make_run: Any
) -> None:
    audit = (("wrong", "3 leak."), ("fine", "No patient twice."))
    section = honesty(read_results(make_run([make_predictions()], dataset={"audit": audit})))
    (table,) = (b for b in section.blocks if isinstance(b, Table) and b.name == "audit")
    assert [[c.text for c in row] for row in table.rows] == [
        ["wrong", "3 leak."],
        ["fine", "No patient twice."],
    ]


def test_accuracy_by_source_where_there_are_several(make_predictions: Any, make_run: Any) -> None:
    frame = make_predictions()
    frame["source"] = np.where(np.arange(300) < 200, "a", "b")
    frame.loc[: FEWEST - 2, "source"] = "c"
    section = honesty(read_results(make_run([frame])))
    (table,) = (b for b in section.blocks if isinstance(b, Table) and b.name == "by-source")
    for row in table.rows:
        part = frame[frame["source"] == row[1].text]
        assert row[2].value == len(part)
        right = (part["label"] == part["predicted"]).mean()
        assert row[5].text == ("too few" if row[1].text == "c" else f"{right:.3f}")
    one = honesty(read_results(make_run([frame.assign(source="a")], name="one")))
    assert not any(getattr(b, "name", "") == "by-source" for b in one.blocks)
