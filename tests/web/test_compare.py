from __future__ import annotations

import pytest

from gliaboost._face.answers import Answer
from tests.web.conftest import Made, OpenPage, drop, words


@pytest.mark.integration
def test_two_models_stand_beside_each_other_on_one_picture(made: Made, open_page: OpenPage) -> None:
    page = open_page(made.bundle, made.other)
    page.radio(key="view").set_value("Compare").run()
    page = drop(page, ("p00-0.png", made.picture()))
    said = words(page)
    assert not page.exception and "**first**" in said and "**second**" in said
    assert len(page.image) == 2 and page.success[0].value == "They agree."


def test_a_disagreement_is_marked(
    made: Made, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def differing(bundle: object, sources: list[object], **named: object) -> list[Answer]:
        label = "fine" if getattr(bundle, "columns", 0) > 100 else "coarse"
        return [Answer("x", label, {label: 1.0}) for _ in sources]

    monkeypatch.setattr("gliaboost.web.asked.answer", differing)
    page = open_page(made.bundle, made.other)
    page.radio(key="view").set_value("Compare").run()
    page = drop(page, ("a.png", made.picture()), ("b.png", made.picture("p01-0.png")))
    assert "They disagree" in words(page) and page.dataframe[0].value["Agree"].tolist() == [
        "no", "no",
    ]  # fmt: skip


@pytest.mark.integration
def test_one_model_alone_is_not_compared(made: Made, open_page: OpenPage) -> None:
    page = open_page(made.bundle)
    assert not [r for r in page.radio if r.key == "view" and "Compare" in r.options]
    page = open_page(made.bundle, made.other)
    page.radio(key="view").set_value("Compare").run()
    page.button_group(key="compared").set_value(["first"]).run()
    assert "Choose two models" in words(page)
