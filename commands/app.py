"""The command that opens the page."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from gliaboost._face.bundles import named_bundles
from gliaboost.commands.help import PLACE
from gliaboost.web.launch import (
    PORT,
    check_port,
    check_streamlit,
    free_port,
    is_local,
    page_address,
    start,
)
from gliaboost.web.settings import AppSettings


def app(
    bundles: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[BUNDLE...]", help="Models to ask; none: a demonstration."),
    ] = None,
    segment: Annotated[
        Path | None,
        typer.Option(metavar="SEG.joblib", help="A segmenter, to outline and measure the tumour."),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option("--bundles", metavar="DIR", help="Also offer the bundles in this folder."),
    ] = None,
    runs: Annotated[
        Path, typer.Option(metavar="DIR", help="Where benchmarks lie, and are put.")
    ] = Path("runs"),
    address: Annotated[
        str,
        typer.Option(
            help="Where to listen; with another than this machine's own, others reach the page.",
            rich_help_panel=PLACE,
        ),
    ] = "127.0.0.1",
    port: Annotated[
        int | None,
        typer.Option(
            min=1, max=65535, show_default=f"the first free one from {PORT}", rich_help_panel=PLACE
        ),
    ] = None,
    browser: Annotated[
        bool | None,
        typer.Option(
            "--open/--no-open",
            help="Open it in a browser.",
            show_default="where there is a screen",
            rich_help_panel=PLACE,
        ),
    ] = None,
) -> None:
    """Open a page: drop an image, see answer and reason.

    It runs on this machine until Ctrl-C. What is dropped stays in memory, and is never written.
    """
    check_streamlit()
    found = named_bundles(bundles or [], segment, folder)
    for path, reason in found.faults:
        typer.echo(f"gliaboost: {path} is left out: {reason}", err=True)
    listening = free_port(address) if port is None else check_port(address, port)
    settings = AppSettings(
        bundles=tuple(map(str, found.classifiers)),
        segmenters=tuple(map(str, found.segmenters)),
        runs=str(runs),
        local=is_local(address),
    )
    if not settings.local:
        typer.echo(
            f"gliaboost: others can reach this page at {address}, without a password; folders of "
            "this machine are not shown there",
            err=True,
        )
    typer.echo(f"page: {page_address(address, listening)} (Ctrl-C ends it)")
    sys.stdout.flush()
    start(
        settings, address=address, port=listening, browser=_screen() if browser is None else browser
    )


def _screen() -> bool:
    """Whether there is a screen to open a browser on."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
