from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from gliaboost.features.fitted import Outline
from gliaboost.web import picture
from tests.web.conftest import Made, OpenPage, drop, words


@pytest.mark.integration
def test_text_in_the_picture_is_warned_of(made: Made, open_page: OpenPage) -> None:
    image = np.zeros((256, 256), np.uint8)
    cv2.circle(image, (128, 140), 80, 150, -1)
    plain = words(drop(open_page(made.bundle), ("a.png", encoded(image))))
    cv2.putText(image, "DOE JANE", (4, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.5, 255)
    marked = words(drop(open_page(made.bundle), ("a.png", encoded(image))))
    assert "burnt into the picture" in marked and "burnt into the picture" not in plain


def encoded(image: NDArray[np.uint8]) -> bytes:
    return bytes(cv2.imencode(".png", image)[1].tobytes())


def test_without_a_segmenter_the_part_that_columns_look_at_is_outlined(
    made: Made, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    really = vars(picture)["explanation"]

    def with_part(*given: object) -> Any:
        found = really(*given)
        mask = np.zeros(found.image.shape, bool)
        mask[20:40, 20:40] = True
        part = Outline(mask, np.zeros(0, bool), "The likeliest place of a tumour.")
        return replace(found, outlines=(part,))

    page = drop(open_page(made.bundle), ("a.png", made.picture()))
    assert "Where, and how large" not in words(page)
    monkeypatch.setattr(picture, "explanation", with_part)
    said = words(page.run())
    assert "The likeliest place of a tumour." in said and "400 pixels" in said


def test_a_model_that_cannot_explain_itself_says_so(
    made: Made, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gliaboost.web.asked.explanation_of", lambda *given: "svm cannot tell")
    page = drop(open_page(made.bundle), ("a.png", made.picture()))
    assert "svm cannot tell" in words(page) and not page.exception
