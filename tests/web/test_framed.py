from __future__ import annotations

from streamlit.testing.v1 import AppTest

from tests.web.conftest import framed


def test_a_page_is_shown_in_a_frame_that_belongs_to_nobody() -> None:
    def script() -> None:
        from gliaboost.web.framed import embed

        embed("<p>here</p>", "words")

    page = AppTest.from_function(script, default_timeout=30).run()
    assert not page.exception and framed(page) == "<p>here</p>"
    (frame,) = page.get("bidi_component")
    assert "allow-scripts" in frame.proto.js_content
    assert "same-origin" not in frame.proto.js_content
