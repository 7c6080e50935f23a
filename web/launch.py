"""The server: bound to this machine, silent to all others, uploads in memory alone."""

from __future__ import annotations

import contextlib
import gc
import ipaddress
import socket
import threading
import time
import webbrowser
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from gliaboost.errors import GliaboostError, MissingExtraError, UsageError
from gliaboost.web.settings import AppSettings

SCRIPT = Path(__file__).with_name("script.py")
# Megabytes of one file.
LARGEST = 20
PORT = 8501
_PORTS = 50
# Seconds until the models are asked once: the server comes first.
WARMING = 2.0
# Seconds between two searches for what nobody uses any more: pictures of pages that were closed.
TIDYING = 60.0
_MEGABYTE = 1024 * 1024


def check_streamlit() -> None:
    """Say how to install what the page needs, where it is missing.

    Raises
    ------
    MissingExtraError
        If Streamlit is not installed.
    """
    if find_spec("streamlit") is None:
        raise MissingExtraError("streamlit", "web", "the page")


def is_local(address: str) -> bool:
    """Whether an address is reached from this machine alone.

    Examples
    --------
    >>> is_local("127.0.0.1"), is_local("localhost"), is_local("::1"), is_local("0.0.0.0")
    (True, True, True, False)
    """
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def server_options(address: str, port: int) -> dict[str, Any]:
    """Give Streamlit's options: what is not there in an older Streamlit is left out by `start`.

    Parameters
    ----------
    address : str
        What the server binds to.
    port : int
        Where it listens.

    Returns
    -------
    dict
        By the names of Streamlit's configuration.
    """
    options: dict[str, Any] = {
        "server.address": address,
        "server.port": port,
        "server.headless": True,
        "server.maxUploadSize": LARGEST,
        "server.fileWatcherType": "none",
        "server.runOnSave": False,
        "server.enableStaticServing": False,
        "server.enableXsrfProtection": True,
        "server.enableCORS": True,
        "server.enableAgentApi": False,
        "browser.gatherUsageStats": False,
        "client.showErrorDetails": "none",
        "client.toolbarMode": "minimal",
        "client.showErrorLinks": False,
        "runner.magicEnabled": False,
        # After each look at the page it would search all objects of all libraries for rubbish, for
        # longer than an answer takes, and everybody would wait: `start` has it done now and then.
        "runner.postScriptGC": False,
        "global.developmentMode": False,
        # One blue for each ground, dark or light enough to be read on it.
        "theme.light.primaryColor": "#1f66a8",
        "theme.dark.primaryColor": "#7db3ec",
        "logger.level": "error",
        "logger.hideWelcomeMessage": True,
    }
    if is_local(address):
        # Another site's name that is made to point here is not answered.
        options["server.allowedHosts"] = sorted({"127.0.0.1", "localhost", "::1", address})
    return options


def free_port(address: str, first: int = PORT) -> int:
    """Find a port that nobody listens on.

    Raises
    ------
    UsageError
        If there is none among the next, or no such address here.
    """
    for port in range(first, first + _PORTS):
        if _is_free(address, port):
            return port
    raise UsageError(
        f"ports {first} to {first + _PORTS - 1} of {address} are taken, or it is no address of "
        "this machine; name another: --port, --address"
    )


def check_port(address: str, port: int) -> int:
    """Refuse a port that is taken.

    Raises
    ------
    UsageError
        If it is.
    """
    if not _is_free(address, port):
        raise UsageError(f"port {port} of {address} is taken; leave --port out, or name another")
    return port


def _is_free(address: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address, port))
    except OSError:
        return False
    return True


def page_address(address: str, port: int) -> str:
    """Give what a browser on this machine opens.

    Examples
    --------
    >>> page_address("0.0.0.0", 8501), page_address("::1", 8501)
    ('http://127.0.0.1:8501', 'http://[::1]:8501')
    """
    host = "127.0.0.1" if address in ("0.0.0.0", "::", "") else address
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def keep_uploads_in_memory() -> None:
    """Let no upload be spooled to a file, as Starlette does from 1 MB on."""
    try:
        from starlette.formparsers import MultiPartParser
    except ImportError:  # an older Streamlit, whose server keeps them in memory
        return
    parser: Any = MultiPartParser
    parser.spool_max_size = (LARGEST + 1) * _MEGABYTE


def warm_up(settings: AppSettings) -> None:
    """Do all that only the first answer pays for, before anybody asks: imports, compiled kernels.

    Parameters
    ----------
    settings : AppSettings
        Whose models are asked about an empty picture; what fails there is told on the page.
    """
    import gliaboost.web.page  # noqa: F401
    from gliaboost._face.answers import ask_once

    for file in settings.bundles or ("",):
        with contextlib.suppress(GliaboostError):
            ask_once(file, settings.segmenters)


def start(settings: AppSettings, *, address: str, port: int, browser: bool) -> None:
    """Serve the page until it is interrupted.

    Parameters
    ----------
    settings : AppSettings
        What it works with.
    address, port
        Where it listens.
    browser : bool
        Open it in a browser.

    Raises
    ------
    MissingExtraError
        If Streamlit is not installed.
    """
    check_streamlit()
    from streamlit.web import cli

    keep_uploads_in_memory()
    known = {name.lstrip("-") for option in cli.main_run.params for name in option.opts}
    options = {n: v for n, v in server_options(address, port).items() if n in known}
    words = [f"--{name}={_word(v)}" for name, value in options.items() for v in _values(value)]
    _later(WARMING, warm_up, settings)
    _now_and_then(TIDYING, gc.collect)
    if browser:
        _later(1.0, webbrowser.open, page_address(address, port))
    cli.main(["run", *words, str(SCRIPT), "--", *settings.words()], standalone_mode=False)


def _later(seconds: float, function: Callable[..., Any], *given: Any) -> None:
    timer = threading.Timer(seconds, function, given)
    timer.daemon = True
    timer.start()


def _now_and_then(seconds: float, function: Callable[[], Any]) -> None:
    def run() -> None:
        while True:
            time.sleep(seconds)
            function()

    threading.Thread(target=run, daemon=True).start()


def _values(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
