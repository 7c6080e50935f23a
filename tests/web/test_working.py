from __future__ import annotations

import streamlit as st

from gliaboost.web.working import HEIGHT, embed


def test_a_page_is_embedded_by_an_older_streamlit_too(monkeypatch: object) -> None:
    from streamlit.testing.v1 import AppTest

    def script() -> None:
        import streamlit

        from gliaboost.web.working import embed as show

        if hasattr(streamlit, "iframe"):
            del streamlit.iframe
        show("<p>here</p>", "words")

    kept = st.iframe
    try:
        page = AppTest.from_function(script, default_timeout=30).run()
    finally:
        st.iframe = kept
    assert not page.exception and page.get("iframe")[0].proto.srcdoc == "<p>here</p>"
    assert HEIGHT > 400 and callable(embed)
