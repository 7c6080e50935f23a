from __future__ import annotations

from pathlib import Path

import pandas as pd

from gliaboost.models.prediction import SHOWN, Prediction, Predictions

CLASSES = ["glioma", "no_tumor"]


def made(*rows: Prediction) -> Predictions:
    return Predictions(rows, CLASSES, {"model": "lightgbm"})


def one(name: str = "a.png") -> Prediction:
    return Prediction(Path(name), "glioma", {"glioma": 0.75, "no_tumor": 0.25})


FAILED = Prediction(Path("b.png"), None, {}, "is empty")


def test_they_are_a_sequence() -> None:
    predictions = made(one(), FAILED)
    assert len(predictions) == 2
    assert [p.path.name for p in predictions] == ["a.png", "b.png"]
    assert predictions[-1] is FAILED
    assert predictions[:1] == (predictions[0],)


def test_a_frame_has_a_row_a_file_readable_or_not() -> None:
    frame = made(one(), FAILED).to_frame()
    assert frame["path"].tolist() == ["a.png", "b.png"]
    assert frame["proba_no_tumor"].iloc[0] == 0.25
    assert frame["error"].tolist()[1] == "is empty"
    assert frame.iloc[1][["predicted", "proba_glioma"]].isna().all()
    assert pd.isna(frame["error"].iloc[0])


def test_a_frame_of_nothing_has_the_same_columns_and_types() -> None:
    empty, full = made(FAILED).to_frame(), made(one()).to_frame()
    assert empty.dtypes.tolist() == full.dtypes.tolist()
    assert list(empty.columns) == list(full.columns)


def test_a_notebook_shows_the_first_and_counts_the_rest() -> None:
    html = made(*(one(f"<i>{n:03}.png") for n in range(SHOWN + 1)), FAILED)._repr_html_()
    assert "&lt;i&gt;000.png" in html and "<i>" not in html
    assert f"{SHOWN - 1:03}.png" in html and f"{SHOWN:03}.png" not in html
    assert f"{SHOWN + 1} images; the first {SHOWN} shown; 1 unreadable" in html
    assert "0.750" in html
