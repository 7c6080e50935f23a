from __future__ import annotations

import io
from typing import Any

import pandas as pd
import pytest
import streamlit as st

from tests.web.conftest import Made, OpenPage, drop


def test_both_downloads_hold_every_answer_and_run_nothing(
    made: Made, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, Any] = {}

    def keep(self: Any, label: str, data: Any, name: str, *rest: Any, **named: Any) -> bool:
        given[name] = data
        return False

    monkeypatch.setattr(st.delta_generator.DeltaGenerator, "download_button", keep)
    names = ["p00-0.png", "=1+1.png", "<b>.png"]
    files = [(name, made.picture(f"p0{n}-0.png")) for n, name in enumerate(names)]
    drop(open_page(made.bundle), *files)
    table = pd.read_csv(io.BytesIO(given["answers.csv"]))
    # A spreadsheet would compute what begins with =.
    assert table["picture"].tolist() == ["p00-0.png", "'=1+1.png", "<b>.png"]
    assert table["proba_fine"].add(table["proba_coarse"]).round(6).eq(1).all()
    html = given["answers.html"]().decode()
    assert html.count("data:image/jpeg") == 3 and "<script" not in html and "<b>.png" not in html
    assert "default-src 'none'" in html and "not a diagnosis" in html
