"""The command that does a saved run again."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import gliaboost
from gliaboost.commands import benchmarks, segmenting
from gliaboost.commands.help import DATA, PLACE
from gliaboost.commands.options import (
    Json,
    Quiet,
    Store,
    completed,
    print_json,
    say_next,
    typed,
    xgboost_too,
)
from gliaboost.commands.progress_bar import shown_progress
from gliaboost.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

# Of a command of then, what this call says itself or what no number depends on.
OWN = {"out", "store", "jobs", "cluster", "quiet", "as_json", "seed"}


def reproduce(
    results: Annotated[
        Path,
        typer.Argument(
            metavar="RESULTS", help="A run's folder, its results.json or its segmentation.json."
        ),
    ],
    data: Annotated[
        Path | None,
        typer.Option(
            help="Where the data lie now.",
            show_default="where they lay then",
            rich_help_panel=DATA,
        ),
    ] = None,
    test_on: Annotated[
        Path | None,
        typer.Option(
            help="Where the other data set lies now.",
            show_default="where it lay then",
            rich_help_panel=DATA,
        ),
    ] = None,
    within: Annotated[
        float, typer.Option(min=0, help="Numbers that differ by no more have not moved.")
    ] = 0.0,
    out: Annotated[
        Path | None,
        typer.Option(
            help="A new folder for the run.",
            show_default="RESULTS-again, numbered if taken",
            rich_help_panel=PLACE,
        ),
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(
            help="auto, cpu or cuda.",
            show_default="as asked for then",
            rich_help_panel=PLACE,
            autocompletion=completed("devices"),
        ),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(min=1, help="Threads.", show_default="as then", rich_help_panel=PLACE),
    ] = None,
    store: Store = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Do a run again, and say which numbers moved.

    Refuses data that are not the same, byte for byte. The exit code is 0 where nothing moved, 1
    where something did. Give an empty --store to compute the features again too.
    """
    from gliaboost.reports.pages.reproduction import reproduction_text

    with shown_progress(quiet) as progress:
        found = gliaboost.reproduce(
            results,
            data,
            test_on=test_on,
            asked=_asked_then(results),
            within=within,
            out=out,
            device=device,
            jobs=jobs,
            store=store,
            command=typed(),
            progress=progress,
        )
    if as_json:
        print_json(found.to_dict())
    else:
        typer.echo(reproduction_text(found, fit=sys.stdout.isatty()))
        typer.echo(f"report: {(found.again / 'report.html').resolve()}")
    say_next(quiet or as_json, "report", found.again)
    if not found.same:
        raise typer.Exit(1)


def _asked_then(results: Path) -> dict[str, Any] | None:
    """Read the command of a run that did not keep its call; None where there is no need or none."""
    from gliaboost._face.saved_run import read_saved

    then = read_saved(results)
    if then.record.call is not None or not then.command:
        return None
    try:
        words = shlex.split(then.command)[1:]
    except ValueError:
        return None
    kinds: dict[tuple[str, ...], Callable[..., None]] = {
        ("segment", "benchmark"): segmenting.segment_benchmark,
        ("benchmark",): benchmarks.benchmark,
    }
    for name, command in kinds.items():
        if tuple(words[: len(name)]) == name:
            return _parsed(command, words[len(name) :])
    return None


def _parsed(command: Callable[..., None], words: list[str]) -> dict[str, Any]:
    app = typer.Typer()
    app.command()(command)
    parser = typer.main.get_command(app)
    try:
        with parser.make_context("then", words) as context:
            given = {k: v for k, v in context.params.items() if k not in OWN}
    except Exception as error:  # click's own kinds, and typer's
        said = getattr(error, "message", str(error))
        raise UsageError(f"the command of then cannot be read: {said}") from error
    if "out_of_core" in given:
        given["settings"] = xgboost_too(given.get("settings"), out_of_core=given.pop("out_of_core"))
    return {"tune" if k == "trials" else k: v for k, v in given.items() if v is not None}
