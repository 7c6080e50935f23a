from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gliaboost.reports.document.blocks import Figure, Paragraph, Table
from gliaboost.reports.pages.trust import trust
from gliaboost.reports.protocol.results import read_results


def blocks(results: Any) -> dict[str, Any]:
    return {b.name: b for b in trust(results).blocks if isinstance(b, (Table, Figure))}


def said(results: Any) -> str:
    return " ".join(b.text for b in trust(results).blocks if isinstance(b, Paragraph))


def sharpened(frame: Any, power: float) -> Any:
    columns = [c for c in frame if c.startswith("proba_")]
    p = frame[columns].to_numpy() ** power
    return frame.assign(**dict(zip(columns, (p / p.sum(1, keepdims=True)).T, strict=True)))


@pytest.mark.parametrize(("power", "words"), [(8, "surer than"), (0.3, "less sure than")])
def test_confidence_is_held_against_accuracy(
    make_predictions: Any, make_run: Any, power: float, words: str
) -> None:
    frame = sharpened(make_predictions(), power)
    text = said(read_results(make_run([frame])))
    assert f"LightGBM on HOG + LBP + GLCM is {words} it is right" in text or words in text
    right = (frame["label"] == frame["predicted"]).mean()
    confidence = frame[[c for c in frame if c.startswith("proba_")]].max(axis=1).mean()
    assert f"its mean confidence is {confidence:.3f}, its accuracy {right:.3f}" in text


def test_bins_hold_every_image_once(three: Any) -> None:
    table = blocks(three)["reliability"].table
    best = three.experiments[0]
    mine = [row for row in table.rows if row[0].text == best.letter]
    assert sum(row[2].value for row in mine) == 300
    right = sum(row[2].value * row[4].value for row in mine) / 300
    assert right == pytest.approx(best.pooled("accuracy"))
    for row in mine:
        low, high = map(float, re.findall(r"[\d.]+", row[1].text))
        assert low - 1e-9 <= row[3].value <= high + 1e-9


def test_fewer_answers_are_accepted_where_less_error_is_allowed(
    three: Any, rows: Callable[..., Any]
) -> None:
    table = blocks(three)["selective"]
    best = three.experiments[0]
    mine = [row for row in table.rows if row[0].text == best.letter]
    allowed = np.array([row[1].value for row in mine])
    accepted = np.array([row[2].value for row in mine])
    assert (np.diff(accepted[np.argsort(allowed)]) >= 0).all()
    for row in mine:
        assert row[2].value + row[4].value == pytest.approx(1)


def test_sets_cover_as_promised_about(three: Any) -> None:
    best = three.experiments[0]
    mine = [row for row in blocks(three)["conformal"].rows if row[0].text == best.letter]
    for row in mine:
        assert row[2].value >= row[1].value - 0.06
        assert row[5].value + row[7].value == pytest.approx(1)
    sizes = [row[4].value for row in sorted(mine, key=lambda row: row[1].value)]
    assert sizes == sorted(sizes)


def test_one_fold_leaves_nothing_to_learn_from(make_predictions: Any, make_run: Any) -> None:
    results = read_results(make_run([make_predictions(folds=1)]))
    assert "There is one fold only" in said(results)
    assert not {"selective", "conformal"} & blocks(results).keys()


def test_cut_patients_are_owned_up_to(make_predictions: Any, make_run: Any) -> None:
    results = read_results(make_run([make_predictions()], protocol={"group": "image"}))
    assert "may look better than it is" in said(results)
