"""An answer with its picture, as a notebook shows it."""

from __future__ import annotations

import numpy as np
import pytest

from gliaboost.datasets.prepare import Preparation
from gliaboost.features import create
from gliaboost.models.bundle import Bundle
from gliaboost.models.packing import make_bundle
from gliaboost.models.pictured import Pictured, card
from gliaboost.models.registry import create_model

HOSTILE = "<img src=http://elsewhere/x.png onerror=alert(1)>"
CHANCES = {HOSTILE: 0.75, "b": 0.25}


@pytest.fixture(scope="module")
def pictured() -> Pictured:
    rng = np.random.default_rng(0)
    images = rng.integers(0, np.repeat([90, 250], 6)[:, None, None], (12, 64, 64)).astype(np.uint8)
    labels = np.repeat(np.array([HOSTILE, "b"], object), 6)
    extractor = create("hog")
    preparation = Preparation(size=64)
    model = create_model("lightgbm", rounds=3, inner_folds=0, jobs=1)
    model.fit(extractor.transform(images), labels)
    bundle = make_bundle(model, preparation, [extractor], manifest_fingerprint="0" * 64)
    return Pictured(images[0], bundle)


def test_an_answer_has_picture_map_bars_and_sentences(pictured: Pictured) -> None:
    html = card("a.png", "b", CHANCES, ["it is among the training"], pictured)
    assert html.count("<img ") == html.count("data:image/png;base64,") == 2
    assert html.count("</tr>") == 2 and "75.0%" in html
    assert "it is among the training" in html
    assert "for it in orange, against it in blue" in html and "The decision rests on hog" in html
    both = [part.split('"')[0] for part in html.split("base64,")[1:]]
    assert both[0] != both[1]


def test_names_and_classes_are_words(pictured: Pictured) -> None:
    html = card(HOSTILE, HOSTILE, CHANCES, [HOSTILE], pictured)
    assert "<img src=http" not in html and html.count("&lt;img src=http") >= 5
    outside = html.replace("&lt;img src=http://elsewhere/x.png", "")
    assert "http" not in outside


def test_a_model_that_cannot_explain_is_shown_with_its_reason(
    pictured: Pictured, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = type(pictured.bundle.classifier())
    monkeypatch.setattr(kind, "contributions", lambda self, X: None)
    html = card("a.png", "b", CHANCES, [], pictured)
    assert html.count("<img ") == 1 and "Without an explanation: lightgbm cannot tell" in html


def test_without_a_picture_there_are_bars(pictured: Pictured) -> None:
    html = card("a.png", "b", CHANCES, [], None)
    assert "<img " not in html and html.count("</tr>") == 2


def test_its_text_is_short() -> None:
    bundle = Bundle("lightgbm", b"0" * 10**6, "", ["a"], 1, {}, [], {}, "cpu", "")
    shown = Pictured(np.zeros((8, 9), np.uint8), bundle)
    assert repr(shown) == "Pictured(9 x 8 pixels, lightgbm)"
