"""The command line: its commands by name, and how errors are told."""

from __future__ import annotations

import copy
import functools
import io
import shlex
import sys
from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from gliaboost.commands import app as page
from gliaboost.commands import benchmarks, data, measuring, models, reproducing, segmenting
from gliaboost.commands.help import GroupedCommand, GroupedGroup, SourceCommand
from gliaboost.commands.printed import printed
from gliaboost.commands.warned import plain_warnings
from gliaboost.errors import GliaboostError
from gliaboost.interrupts import Seen, watched

# In the order in which they are met.
PANELS: dict[str, tuple[Callable[..., None], ...]] = {
    "Measure and report": (
        benchmarks.demo,
        benchmarks.benchmark,
        benchmarks.report,
        reproducing.reproduce,
    ),
    "Data": (data.fetch, data.manifest, data.audit, data.explore),
    "Features and models": (
        models.extract,
        measuring.features,
        models.train,
        models.tune,
        measuring.evaluate,
        models.predict,
        models.explain,
    ),
    "The page": (page.app,),
    "This installation": (benchmarks.info,),
}
COMMANDS = tuple(command for commands in PANELS.values() for command in commands)
# Below one word, by what follows it.
SEGMENT: dict[str, Callable[..., None]] = {
    "train": segmenting.segment_train,
    "predict": segmenting.segment_predict,
    "benchmark": segmenting.segment_benchmark,
}
# What goes on where it stopped when it is given again.
RESUMED = ("benchmark", "demo", "extract", "fetch", "reproduce", "segment benchmark", "tune")


class InterruptedCommandError(Exception):
    """A command was ended by Ctrl-C."""


def interruptible(command: Callable[..., None]) -> Callable[..., None]:
    """Let a command say in one line what an interrupt leaves, whatever typer does with one."""

    @functools.wraps(command)
    def run(*given: object, **named: object) -> None:
        try:
            command(*given, **named)
        except KeyboardInterrupt as error:
            raise InterruptedCommandError from error

    return run


app = typer.Typer(
    name="gliaboost",
    cls=GroupedGroup,
    help="""Classical features and gradient boosting on brain MRI and CT, honestly measured.

    To begin: gliaboost benchmark FOLDER, with a folder a class in it, or a .zip of that.
    """,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
for panel, commands in PANELS.items():
    for command in commands:
        helped = SourceCommand if command is data.manifest else GroupedCommand
        app.command(cls=helped, rich_help_panel=panel)(interruptible(command))
segment = typer.Typer(
    name="segment",
    cls=GroupedGroup,
    help="Find the tumour in a picture, and measure it.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
for name, part in SEGMENT.items():
    segment.command(name, cls=GroupedCommand)(interruptible(part))
app.add_typer(segment, rich_help_panel="Features and models")


def _show_version(asked: bool) -> None:
    if asked:
        from gliaboost._version import __version__

        typer.echo(f"gliaboost {__version__}")
        raise typer.Exit


@app.callback()
def _gliaboost(
    debug: Annotated[
        bool, typer.Option("--debug", help="Show tracebacks; may stand anywhere.")
    ] = False,
    version: Annotated[
        bool,
        typer.Option(
            "--version", "-V", help="Show the version.", is_eager=True, callback=_show_version
        ),
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
    with printed(), watched() as seen:
        _run(words, debug, seen)


def _run(words: Sequence[str], debug: bool, seen: Seen) -> None:
    try:
        with plain_warnings():
            asked = [w for w in words if w != "--debug"]
            _with_alone(asked[:1])(args=asked)
    except (KeyboardInterrupt, SystemExit, Exception) as error:
        if debug or (isinstance(error, SystemExit) and seen.number is None):
            raise
        # Some libraries make another error of an interrupt that meets them, typer an exit.
        met = isinstance(error, (KeyboardInterrupt, InterruptedCommandError))
        if met or seen.number is not None:
            typer.echo(f"\ngliaboost: {_after_interrupt(words)}", err=True)
            raise SystemExit(seen.exit_code) from None
        if isinstance(error, GliaboostError):
            message, code = str(error), error.exit_code
        else:
            first = (str(error).splitlines() or [""])[0]
            message = f"{type(error).__name__}: {first} (unexpected; --debug shows where)"
            code = 1
        typer.echo(f"gliaboost: {message}", err=True)
        raise SystemExit(code) from None


def _with_alone(name: Sequence[str]) -> typer.Typer:
    """Return the command line with this command alone: to make all takes longer than many run."""
    alone = copy.copy(app)
    alone.registered_commands = [
        c for c in app.registered_commands if [getattr(c.callback, "__name__", "")] == list(name)
    ]
    alone.registered_groups = []
    return alone if alone.registered_commands else app


def _after_interrupt(words: Sequence[str]) -> str:
    said = [word for word in words if not word.startswith("-")]
    if said[:1] == ["segment"]:
        said = [" ".join(said[:2])]
    if said and said[0] in RESUMED:
        again = shlex.join(["gliaboost", *words])
        return f"interrupted; the same command goes on where it stopped: {again}"
    return "interrupted; what was computed of features is kept, all else begins anew"
