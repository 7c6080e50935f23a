"""The command line: its commands by name, and how errors are told."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from gliaboost.commands import benchmarks, data, models
from gliaboost.commands.warned import plain_warnings
from gliaboost.errors import GliaboostError

COMMANDS = (
    benchmarks.demo,
    data.fetch,
    data.manifest,
    data.audit,
    data.explore,
    models.extract,
    models.train,
    models.tune,
    models.predict,
    models.explain,
    benchmarks.benchmark,
    benchmarks.report,
    benchmarks.info,
)

app = typer.Typer(
    name="gliaboost",
    help="Classical features and gradient boosting on brain MRI and CT, honestly measured.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
for command in COMMANDS:
    app.command()(command)


@app.callback()
def _gliaboost(
    debug: Annotated[
        bool, typer.Option("--debug", help="Show tracebacks; may stand anywhere.")
    ] = False,
) -> None:
    """Classical features and gradient boosting on brain MRI and CT, honestly measured."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; errors are one line and an exit code, tracebacks only with --debug."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in words
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A pipe on Windows has a few hundred letters; a name with others must not end the run.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        with plain_warnings():
            app(args=[w for w in words if w != "--debug"])
    except Exception as error:
        if debug:
            raise
        if isinstance(error, GliaboostError):
            message, code = str(error), error.exit_code
        else:
            first = (str(error).splitlines() or [""])[0]
            message = f"{type(error).__name__}: {first} (unexpected; --debug shows where)"
            code = 1
        typer.echo(f"gliaboost: {message}", err=True)
        raise SystemExit(code) from None
