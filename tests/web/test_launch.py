from __future__ import annotations

import gc
import socket
import sys
import threading
from typing import Any

import pytest

from gliaboost.errors import MissingExtraError, UsageError
from gliaboost.web import launch
from gliaboost.web.settings import AppSettings


def test_the_server_listens_here_takes_20_mb_and_tells_nobody() -> None:
    options = launch.server_options("127.0.0.1", 8501)
    assert options["server.address"] == "127.0.0.1" and options["server.maxUploadSize"] == 20
    assert options["browser.gatherUsageStats"] is False
    assert options["client.showErrorDetails"] == "none"
    assert "127.0.0.1" in options["server.allowedHosts"]
    assert "server.allowedHosts" not in launch.server_options("0.0.0.0", 8501)


def test_streamlit_is_given_the_options_and_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    from streamlit.web import cli

    given: list[list[str]] = []
    monkeypatch.setattr(cli, "main", lambda words, **named: given.append(words))
    monkeypatch.setattr(launch, "_later", lambda *given: None)
    tidied: list[tuple[object, ...]] = []
    monkeypatch.setattr(launch, "_now_and_then", lambda *given: tidied.append(given))
    launch.start(AppSettings(("m.joblib",)), address="127.0.0.1", port=8600, browser=False)
    (words,) = given
    assert "--server.maxUploadSize=20" in words and "--browser.gatherUsageStats=false" in words
    assert words[-3:] == [str(launch.SCRIPT), "--", *AppSettings(("m.joblib",)).words()]
    known = {name for option in cli.main_run.params for name in option.opts}
    assert {word.partition("=")[0] for word in words if word.startswith("--s")} <= known
    # The rubbish of all libraries is searched for by us, not after each look at the page.
    assert "--runner.postScriptGC=false" in words and tidied == [(launch.TIDYING, gc.collect)]


def test_rubbish_is_searched_for_again_and_again() -> None:
    searched = threading.Semaphore(0)
    launch._now_and_then(0.01, searched.release)
    assert all(searched.acquire(timeout=30) for _ in range(3))


def test_an_older_streamlit_is_not_given_what_it_does_not_know(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from streamlit.web import cli

    given: list[list[str]] = []
    monkeypatch.setattr(cli, "main", lambda words, **named: given.append(words))
    monkeypatch.setattr(launch, "_later", lambda *given: None)
    monkeypatch.setattr(launch, "_now_and_then", lambda *given: None)
    fewer = [p for p in cli.main_run.params if "--server.allowedHosts" not in p.opts]
    monkeypatch.setattr(cli.main_run, "params", fewer)
    launch.start(AppSettings(), address="127.0.0.1", port=8600, browser=False)
    assert not [word for word in given[0] if "allowedHosts" in word]


def test_the_models_are_asked_once_before_anybody_comes_and_what_fails_is_left_to_the_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from gliaboost._face import answers

    asked: list[tuple[str, tuple[str, ...]]] = []

    def once(file: str, segmenters: tuple[str, ...]) -> None:
        asked.append((file, segmenters))
        raise UsageError("no such file")

    monkeypatch.setattr(answers, "ask_once", once)
    launch.warm_up(AppSettings(("a", "b"), ("s",)))
    launch.warm_up(AppSettings())
    assert asked == [("a", ("s",)), ("b", ("s",)), ("", ())]


def test_an_upload_of_20_mb_never_becomes_a_file() -> None:
    """Starlette spools what is larger than 1 MB to a temporary file, unless it is told."""
    import asyncio

    formparsers: Any = pytest.importorskip("starlette.formparsers")
    launch.keep_uploads_in_memory()
    body = (
        b'--b\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\n'
        + bytes(20 * 1024 * 1024)
        + b"\r\n--b--\r\n"
    )

    async def stream() -> Any:
        for start in range(0, len(body), 65536):
            yield body[start : start + 65536]

    from starlette.datastructures import Headers

    async def parsed() -> bool:
        headers = Headers({"content-type": "multipart/form-data; boundary=b"})
        form = await formparsers.MultiPartParser(headers, stream()).parse()
        return bool(form["f"].file._rolled)

    assert asyncio.run(parsed()) is False


def test_without_streamlit_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'gliaboost\[web\]'"):
        launch.check_streamlit()


def test_a_taken_port_is_passed_over_and_a_named_one_is_refused() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert launch.free_port("127.0.0.1", port) > port
        with pytest.raises(UsageError, match=f"port {port} of 127.0.0.1 is taken"):
            launch.check_port("127.0.0.1", port)
    with pytest.raises(UsageError, match="no address of this machine"):
        launch.free_port("192.0.2.1")


def test_importing_the_launcher_costs_no_streamlit() -> None:
    import subprocess

    code = "import sys, gliaboost.web.launch; sys.exit('streamlit' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
