from __future__ import annotations

import pytest

from tests.web.conftest import Made, OpenPage, drop, words


def test_what_goes_wrong_is_one_line_and_no_trace(
    made: Made, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*given: object) -> None:
        raise RuntimeError("secret of the file")

    page = open_page(made.bundle)
    monkeypatch.setattr("gliaboost.web.classify.show_picture", broken)
    page = drop(page, ("p00-0.png", made.picture()))
    assert not page.exception and "That went wrong (RuntimeError)" in words(page)
    assert "secret" not in words(page)


def test_the_banner_says_what_it_is_not(made: Made, open_page: OpenPage) -> None:
    page = open_page(made.bundle)
    assert page.title[0].value == "gliaboost" and "not a diagnosis" in page.warning[0].value
