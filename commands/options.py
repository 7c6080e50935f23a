"""Options that mean the same wherever they appear, and what every command shows alike."""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

import gliaboost
from gliaboost.errors import UnreadableWarning

Device = Annotated[str, typer.Option(help="auto, cpu or cuda; what really ran is written down.")]
Jobs = Annotated[int | None, typer.Option(min=1, help="Threads.", show_default="all cores")]
Seed = Annotated[int, typer.Option(help="Same seed, same numbers.")]
Store = Annotated[
    Path | None, typer.Option(help="Feature cache.", show_default="in the user's cache folder")
]
Quiet = Annotated[bool, typer.Option("--quiet", help="Only results and errors.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Features = Annotated[
    str,
    typer.Option(help="Extractors, by comma; NAME:TAG is one more of a kind, for --set NAME:TAG.…"),
]
Target = Annotated[
    str, typer.Option(help="What is to be told: label, presence (of a tumour) or type.")
]
Modality = Annotated[str, typer.Option(help="Images to use: MRI, CT or both.")]
ManifestPath = Annotated[
    Path, typer.Argument(metavar="MANIFEST", help=".parquet, .csv, or a folder of classes.")
]
Slice = Annotated[
    int | None,
    typer.Option("--slice", min=0, help="Of a scan this slice alone, from 0.", show_default="all"),
]
Plane = Annotated[
    str, typer.Option("--axis", help="Cut NIfTI volumes: axial, coronal or sagittal.")
]
Window = Annotated[
    str | None,
    typer.Option(
        help="For CT: brain, subdural, bone or CENTRE:WIDTH.", show_default="the file's own, brain"
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME.PARAMETER=VALUE",
        help="A parameter of a feature extractor or model, e.g. lightgbm.learning_rate=0.05; "
        "may be repeated, and a wrong name lists the right ones.",
    ),
]


@contextmanager
def collecting_unreadable() -> Iterator[list[tuple[str, str]]]:
    """Collect the files that a warning names, in place of showing it; others are shown as ever.

    Yields
    ------
    list of (path, reason)
        Filled while the block runs.
    """
    found: list[tuple[str, str]] = []
    with warnings.catch_warnings():
        warnings.simplefilter("always", UnreadableWarning)
        show = warnings.showwarning

        def keep(
            message: Warning | str,
            category: type[Warning],
            filename: str,
            lineno: int,
            file: TextIO | None = None,
            line: str | None = None,
        ) -> None:
            if isinstance(message, UnreadableWarning):
                found.extend(message.failed.items())
            else:
                show(message, category, filename, lineno, file, line)

        warnings.showwarning = keep
        yield found


@contextmanager
def collecting_notes() -> Iterator[list[str]]:
    """Collect what the package warns of, in place of showing it with the line of code it stands in.

    Yields
    ------
    list of str
        Filled while the block runs. Warnings of other packages are shown as ever.
    """
    package, found = str(Path(gliaboost.__file__).parent), list[str]()
    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        show = warnings.showwarning

        def keep(
            message: Warning | str,
            category: type[Warning],
            filename: str,
            lineno: int,
            file: TextIO | None = None,
            line: str | None = None,
        ) -> None:
            if filename.startswith(package):
                found.append(str(message))
            else:
                show(message, category, filename, lineno, file, line)

        warnings.showwarning = keep
        yield found


def typed() -> str:
    """Give what the user typed."""
    import shlex

    return shlex.join(["gliaboost", *sys.argv[1:]])


def print_json(value: Any) -> None:
    """Print a value as JSON."""
    typer.echo(json.dumps(value, indent=1))


def exit_with_failures(failures: Iterable[tuple[Any, str | None]]) -> None:
    """Name files that failed, and leave with exit code 1 if there are any."""
    failed = list(failures)
    for path, reason in failed:
        typer.echo(f"gliaboost: {path}: {reason}", err=True)
    if failed:
        raise typer.Exit(1)
