from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.metrics import average_precision_score, roc_curve

from gliaboost.reports.pages.thresholds import SHOWN, thresholds
from gliaboost.reports.protocol.results import read_results


def test_curves_are_scikit_learns(three: Any) -> None:
    roc, pr = thresholds(three)
    assert [len(f.pictures) for f in (roc, pr)] == [4, 4]
    assert roc.table is not None
    for e in three.experiments:
        for label in three.classes:
            truth = e.predictions["label"] == label
            scores = e.predictions[f"proba_{label}"]
            (row,) = (r for r in roc.table.rows if (r[0].text, r[1].text) == (e.letter, label))
            assert row[-1].text == f"{average_precision_score(truth, scores):.3f}"
            alarms, found, _ = roc_curve(truth, scores)
            for cell, place in zip(row[2:-1], SHOWN, strict=True):
                assert cell.value is not None
                assert abs(float(cell.value) - np.interp(place, alarms, found)) < 0.06


def test_only_the_best_has_a_band(three: Any) -> None:
    for picture in thresholds(three)[0].pictures:
        assert picture.body.count('class="band') == 1
    roc, _ = thresholds(three)
    assert roc.table is not None
    limited = {row[0].text for row in roc.table.rows if row[2].limits}
    assert limited == {three.experiments[0].letter}


def test_a_class_without_images_has_no_curve(make_predictions: Any, make_run: Any) -> None:
    frame = make_predictions()
    frame = frame[frame["label"] != "glioma"]
    roc, pr = thresholds(read_results(make_run([frame])))
    assert [len(f.pictures) for f in (roc, pr)] == [3, 3]


def test_without_predictions_nothing_is_drawn(make_predictions: Any, make_run: Any) -> None:
    folder = make_run([make_predictions()])
    (folder / "predictions.parquet").unlink()
    assert thresholds(read_results(folder)) == []
