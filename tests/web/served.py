"""The page as the command serves it, asked by a real browser; what tests of it share."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gliaboost.web.launch import free_port
from tests.browser import AXE, need, opened, violations

# With ``GLIABOOST_SCREENSHOTS=DIR`` the pictures that are taken are kept there.
KEPT = os.environ.get("GLIABOOST_SCREENSHOTS")
PHONE, DESK = 390, 1280
_AT_REST = """() => {
    const app = document.querySelector('[data-testid=stApp]');
    return app?.dataset.testConnectionState === 'CONNECTED'
        && app.dataset.testScriptState === 'notRunning'
        && !document.querySelector('[data-stale=true]');
}"""
# Tall enough for the whole of an answer: the page scrolls inside of itself.
TALL = 2600


@contextmanager
def serving(place: Path, *words: str) -> Iterator[str]:
    """Serve the page from a folder, as the command does; yield its address."""
    port = _port()
    command = [sys.executable, "-m", "gliaboost", "app", *words, "--port", str(port), "--no-open"]
    with subprocess.Popen(command, cwd=place, stdout=subprocess.DEVNULL) as server:
        url = f"http://127.0.0.1:{port}/"
        try:
            _wait_for(url, server)
            yield url
        finally:
            server.terminate()


def _port() -> int:
    """Find a port that stays free until the server takes it.

    The system gives whoever asks it for any port one of a range that begins at 32768 (Linux) or
    49152: one that it gave us and that is let go may be a scheduler's of another test a moment
    later. Below that range only who asks for just this number gets it.
    """
    return free_port("127.0.0.1", random.SystemRandom().randrange(20000, 32000))


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 120
    while time.monotonic() < end:
        assert server.poll() is None, "the server ended"
        try:
            with urllib.request.urlopen(f"{url}_stcore/health", timeout=2) as answer:
                assert answer.read() == b"ok", f"somebody else answers at {url}"
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError("the server does not answer")


def page_of(browser: Any, url: str, view: str = "", **how: Any) -> Any:
    """Open the page as a reader does, in a view where one is named."""

    def ready(page: Any) -> None:
        page.get_by_text("View", exact=True).wait_for()
        if view:
            page.get_by_role("radiogroup", name="View").get_by_text(view, exact=True).click()
        settled(page)

    return opened(browser, url, ready=ready, **how)


def give(page: Any, *files: Path | tuple[str, bytes]) -> None:
    """Drop files."""
    given = [(f.name, f.read_bytes()) if isinstance(f, Path) else f for f in files]
    page.locator("input[type=file]").set_input_files(
        [{"name": n, "mimeType": "application/octet-stream", "buffer": data} for n, data in given]
    )


def settled(page: Any) -> None:
    """Wait until the page no longer changes: Streamlit tells it as its own tests hear of it."""
    page.wait_for_function(_AT_REST)
    page.wait_for_function("[...document.images].every((i) => i.complete && i.naturalWidth > 0)")


def keep(page: Any, name: str, tmp_path: Path) -> Path:
    """Take a picture of the page, and keep it where that was asked for."""
    folder = Path(KEPT or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    page.mouse.move(0, 0)
    page.screenshot(path=folder / f"{name}.png")
    return folder / f"{name}.png"


def faults(page: Any, width: int) -> list[str]:
    """What keeps a reader from reading: WCAG 2.2 AA by axe-core, and what hangs over sideways.

    Frames are asked too, each by itself.
    """
    need(AXE.is_file(), "axe-core")
    found = [fault for frame in page.frames for fault in violations(frame)]
    for place in ("document.documentElement", "document.querySelector('main')"):
        over = page.evaluate(f"{place}.scrollWidth - {place}.clientWidth")
        found += [f"{place} is {over} pixels too wide at {width}"] if over > 0 else []
    return found
