"""A real browser for tests: a Chromium that is there, through Playwright; and axe-core, a judge.

Where one is lacking the tests skip and say what is missing; with ``GLIABOOST_BROWSER=required``, as
``.ci/run`` sets it, they fail instead.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
# Put there by `make browser`.
AXE = Path(sys.prefix) / "axe-core" / "axe.min.js"
INSTALL = "make browser"
# Milliseconds: a busy machine is no fault of the page.
PATIENCE = 120_000


def found_chromium() -> str | None:
    """Where a Chromium is: as the environment names it, else on the path."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


def need(there: bool, what: str) -> None:
    """Skip a test that cannot run without something; fail it where it is to run anyway."""
    if there:
        return
    if os.environ.get("GLIABOOST_BROWSER") == "required":
        pytest.fail(f"{what} is required here, and missing ({INSTALL})")
    pytest.skip(f"no {what} ({INSTALL})")


@contextmanager
def chromium() -> Iterator[Any]:
    """Start one for a module's tests."""
    need(find_spec("playwright") is not None, "playwright")
    path = found_chromium()
    need(path is not None, "Chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        # Debian's Chromium as root needs no sandbox; the pages are ours.
        started = driver.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu"]
        )
        yield started
        started.close()


def opened(
    browser: Any,
    url: str,
    *,
    width: int = 1280,
    height: int = 800,
    scheme: str = "light",
    ready: Callable[[Any], None] = lambda page: page.wait_for_load_state("networkidle"),
) -> Any:
    """Open a page, and note in its ``complaints`` whatever a reader's browser complains of.

    That is what it writes to its console, errors of scripts, and requests to another host than the
    page's own.
    """
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, accept_downloads=True
    )
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.complaints = []

    def asked(request: Any) -> None:
        to = urlsplit(request.url)
        if to.scheme in ("data", "blob", "about"):
            return
        if (to.scheme.replace("ws", "http"), to.netloc) != tuple(urlsplit(url)[:2]):
            page.complaints.append(request.url)

    page.on("console", lambda m: page.complaints.append(m.text))
    page.on("pageerror", lambda e: page.complaints.append(str(e)))
    page.on("request", asked)
    page.on("websocket", asked)
    page.goto(url)
    ready(page)
    return page


def violations(page: Any) -> list[str]:
    """Ask axe-core what breaks WCAG 2.2 A and AA: rule and the element, a line each."""
    need(AXE.is_file(), "axe-core")
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate(
        """() => axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa",
        "wcag22aa"], resultTypes: ["violations"]})"""
    )
    return [
        f"{rule['id']}: {node['html'][:160]}: {node.get('failureSummary', '')[:200]}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]
