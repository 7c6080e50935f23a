from __future__ import annotations

import numpy as np

from gliaboost._face.answers import Answer
from gliaboost.reports.pages.answers_page import answers_page

IMAGE = np.arange(64, dtype=np.uint8).reshape(8, 8)


def test_each_answer_stands_with_its_picture_and_what_belongs_to_it() -> None:
    html = answers_page(
        [
            (Answer("<x>.png", "a", {"a": 0.75, "b": 0.25}, True, ("a", "b"), 0.1), IMAGE),
            (Answer("cat.png", refused="unlike the pictures"), IMAGE),
        ],
        [("Model", "lightgbm")],
    )
    assert html.count("data:image/jpeg") == 2 and "&lt;x&gt;.png" in html and "<x>" not in html
    assert "75.0 %" in html and "Cannot be ruled out, with 90% certainty: a, b." in html
    assert "unlike the pictures." in html and "lightgbm" in html
    assert "http" not in html.replace("http-equiv", "") and "not a diagnosis" in html
