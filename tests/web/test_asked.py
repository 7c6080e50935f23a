from __future__ import annotations

import pytest

from gliaboost.web import asked
from gliaboost.web.loaded import asking
from gliaboost.web.turns import Turns
from tests.web.conftest import Made, OpenPage, drop


@pytest.mark.integration
def test_prediction_waits_for_the_lock(
    made: Made, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[bool] = []
    names = ("answer", "explanation_of", "tumour_map")

    def watched(function: object) -> object:
        def call(*given: object, **named: object) -> object:
            held.append(asking().taken)
            return function(*given, **named)  # type: ignore[operator]

        return call

    for name in names:
        monkeypatch.setattr(asked, name, watched(vars(asked)[name]))
    page = open_page(made.bundle, segmenter=made.segmenter)
    drop(page, ("p00-0.png", made.picture()))
    assert held == [True, True, True] and isinstance(asking(), Turns)
    assert not asking().taken


def test_pictures_are_asked_about_once(
    made: Made, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = drop(open_page(made.bundle), ("p00-0.png", made.picture()))
    monkeypatch.setattr(asked, "answer", None)
    assert not page.run().exception and not page.error
