from __future__ import annotations

import shutil

import pytest

from gliaboost._face.demo_model import DemoModel
from gliaboost.web import demonstration
from tests.web.conftest import Made, OpenPage, words


@pytest.fixture
def demo(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = made.bundle.parent / "samples"
    samples.mkdir(exist_ok=True)
    for name in ("fine", "coarse"):
        shutil.copyfile(made.folder / f"p0{int(name == 'coarse')}-0.png", samples / f"{name}.png")
    monkeypatch.setattr(demonstration, "demo_model", lambda: DemoModel(made.bundle, made.segmenter))
    demonstration._made.clear()


def test_without_a_bundle_the_demonstration_is_one_click_away(
    demo: None, open_page: OpenPage
) -> None:
    page = open_page()
    assert "this is the demonstration" in words(page) and "No number here is clinical" in words(
        page
    )
    page.button(key="sample-fine").click().run()
    assert not page.exception and "**fine.png**" in words(page)
    page.button(key="sample-coarse").click().run()
    assert not page.exception and "**coarse.png**" in words(page)
    assert [s for s in page.slider if str(s.key).startswith("outline-")]


def test_with_a_bundle_there_is_no_demonstration(
    demo: None, made: Made, open_page: OpenPage
) -> None:
    assert "demonstration" not in words(open_page(made.bundle))
