"""What the tests do where a browser is lacking, and that the browser tests see what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser import chromium, found_chromium, need, opened, violations


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as started:
        yield started


def test_what_is_lacking_skips_or_fails_and_says_what_brings_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    need(True, "Chromium")
    monkeypatch.delenv("GLIABOOST_BROWSER", raising=False)
    with pytest.raises(pytest.skip.Exception, match=r"no Chromium \(make browser\)"):
        need(False, "Chromium")
    monkeypatch.setenv("GLIABOOST_BROWSER", "required")
    with pytest.raises(pytest.fail.Exception, match=r"Chromium is required here"):
        need(False, "Chromium")


def test_the_environment_names_the_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROMIUM", "/opt/one")
    assert found_chromium() == "/opt/one"
    monkeypatch.delenv("CHROMIUM")
    monkeypatch.setenv("PATH", "/nowhere")
    assert found_chromium() is None


@pytest.mark.integration
def test_a_page_that_asks_another_host_and_cannot_be_read_is_told(
    browser: Any, tmp_path: Path
) -> None:
    file = tmp_path / "bad.html"
    file.write_text(
        '<html lang="en"><title>t</title><p style="color:#bbb;background:#fff">pale</p>'
        '<img src="http://elsewhere.invalid/x.png"><script>console.log("said"); no()</script>'
    )
    page = opened(browser, file.as_uri())
    assert "http://elsewhere.invalid/x.png" in page.complaints and "said" in page.complaints
    assert any("no is not defined" in said for said in page.complaints)
    rules = {said.split(":")[0] for said in violations(page)}
    assert {"color-contrast", "image-alt"} <= rules
    good = tmp_path / "good.html"
    good.write_text('<html lang="en"><title>t</title><p>plain</p>')
    page = opened(browser, good.as_uri())
    assert page.complaints == [] and violations(page) == []
