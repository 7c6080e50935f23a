"""Options that mean the same wherever they appear, and what every command shows alike."""

from __future__ import annotations

import json
import shlex
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

import gliaboost
from gliaboost._face.faults import Faults
from gliaboost._face.places import check_file
from gliaboost._face.runs import new_place
from gliaboost._face.words import CLASSICAL
from gliaboost.commands.help import CHOICE, DATA, PLACE, SHOWN
from gliaboost.errors import UnreadableWarning


def completed(kind: str) -> Callable[[str], list[str]]:
    """Return what completes a name of a kind; the last one, where there are several by comma."""

    def complete(incomplete: str) -> list[str]:
        from gliaboost.commands.completion import known_names

        before, comma, last = incomplete.rpartition(",")
        return [f"{before}{comma}{n}" for n in known_names(kind) if n.startswith(last.lower())]

    return complete


Device = Annotated[
    str,
    typer.Option(
        help="auto, cpu or cuda; what really ran is written down.",
        rich_help_panel=PLACE,
        autocompletion=completed("devices"),
    ),
]
Jobs = Annotated[
    int | None,
    typer.Option(min=1, help="Threads.", show_default="all cores", rich_help_panel=PLACE),
]
Seed = Annotated[
    int,
    typer.Option(min=0, max=2**31 - 1, help="Same seed, same numbers.", rich_help_panel=PLACE),
]
Store = Annotated[
    Path | None,
    typer.Option(
        help="Feature cache: a folder, or a URL such as s3://BUCKET/FOLDER.",
        show_default="in the user's cache folder",
        rich_help_panel=PLACE,
    ),
]
Cluster = Annotated[
    str | None,
    typer.Option(
        metavar="WHERE",
        help="Worker processes: local or local:N on this machine, tcp://HOST:PORT or the file of a "
        "dask scheduler. The numbers are the same.",
        show_default="threads",
        rich_help_panel=PLACE,
    ),
]
Quiet = Annotated[
    bool, typer.Option("--quiet", help="Only results and errors.", rich_help_panel=SHOWN)
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.", rich_help_panel=SHOWN)]


def _features(usual: str) -> Any:
    """Make the option of extractors, with what it is where nobody names any."""
    return typer.Option(
        "--features",
        metavar="NAMES",
        help="Extractors, by comma; NAME:TAG is one more of a kind, for --set NAME:TAG.…",
        show_default=usual,
        rich_help_panel=CHOICE,
        autocompletion=completed("extractors"),
    )


def _model(usual: str | bool) -> Any:
    """Make the option of a model, with what it is where nobody names one; True: its default."""
    return typer.Option(
        "--model",
        help="See gliaboost info.",
        show_default=usual,
        rich_help_panel=CHOICE,
        autocompletion=completed("models"),
    )


PRESETS_OWN = "the preset's"
Features = Annotated[list[str] | None, _features(CLASSICAL)]
PresetFeatures = Annotated[list[str] | None, _features(PRESETS_OWN)]
Preset = Annotated[
    str,
    typer.Option(
        help="Features and models where nothing else is said of them: fast (texture and boosters), "
        "good (also a frozen network's maps and the tumour's region, stacked), best (also "
        "fine-tuned networks).",
        rich_help_panel=CHOICE,
        autocompletion=completed("presets"),
    ),
]
Prepare = Annotated[
    str,
    typer.Option(
        help="What images go through first: size, crop, denoise, normalise, keep_aspect; e.g. "
        "crop=foreground,normalise=clahe",
        rich_help_panel=CHOICE,
    ),
]
Region = Annotated[
    Path | None,
    typer.Option(
        metavar="SEG.joblib",
        help="Look where a segmenter points that was trained on another data set: features region "
        "without masks.",
        show_default="fitted inside the folds",
        rich_help_panel=CHOICE,
    ),
]
Target = Annotated[
    str,
    typer.Option(
        help="What is to be told: label, presence (of a tumour), type, or another column.",
        rich_help_panel=DATA,
        autocompletion=completed("targets"),
    ),
]
Modality = Annotated[
    str,
    typer.Option(
        help="Images to use: MRI, CT or both.",
        rich_help_panel=DATA,
        autocompletion=completed("modalities"),
    ),
]
DataPath = Annotated[
    Path,
    typer.Argument(
        metavar="DATA",
        help="A folder of classes or scans, a .zip of one, or a manifest (.parquet, .csv).",
    ),
]
Model = Annotated[str, _model(True)]
PresetModel = Annotated[str | None, _model(PRESETS_OWN)]
Models = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAMES",
        help="Models, by comma; see gliaboost info.",
        show_default=PRESETS_OWN,
        rich_help_panel=CHOICE,
        autocompletion=completed("models"),
    ),
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
        rich_help_panel=CHOICE,
    ),
]

OutOfCore = Annotated[
    bool,
    typer.Option(
        "--out-of-core",
        help="XGBoost keeps its binned columns on disk (in $TMPDIR) and reads them at each round: "
        "where memory cannot hold them. CPU only, slower, and trees grow level by level.",
        rich_help_panel=PLACE,
    ),
]

Spread = Annotated[
    bool,
    typer.Option(
        "--spread",
        help="XGBoost is fitted by all workers of --cluster together, each with a part of the "
        "rows: where one machine cannot hold them. CPU only; all have to last as long as the fit, "
        "and the bins depend a little on how many they are.",
        rich_help_panel=PLACE,
    ),
]


def xgboost_too(settings: list[str] | None, **asked: bool) -> list[str] | None:
    """Put flags that are parameters of XGBoost, as ``--out-of-core``, among the settings.

    Examples
    --------
    >>> xgboost_too(["xgboost.rounds=5"], out_of_core=True, spread=False)
    ['xgboost.rounds=5', 'xgboost.out_of_core=true']
    >>> xgboost_too(None, out_of_core=False) is None
    True
    """
    flags = [f"xgboost.{name}=true" for name, wanted in asked.items() if wanted]
    return [*(settings or ()), *flags] if flags else settings


@contextmanager
def collecting_unreadable() -> Iterator[list[tuple[str, str]]]:
    """Collect the files that a warning names, in place of showing it; others are shown as ever.

    Yields
    ------
    list of (path, reason)
        Filled while the block runs.
    """
    found: list[tuple[str, str]] = []

    def keep(message: Warning | str, filename: str) -> bool:
        if not isinstance(message, UnreadableWarning):
            return False
        found.extend(message.failed.items())
        return True

    with _keeping(UnreadableWarning, keep):
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

    def keep(message: Warning | str, filename: str) -> bool:
        if not filename.startswith(package):
            return False
        found.append(str(message))
        return True

    with _keeping(UserWarning, keep):
        yield found


@contextmanager
def _keeping(category: type[Warning], keep: Callable[[Warning | str, str], bool]) -> Iterator[None]:
    """Show no warning that `keep` takes; it is given the message and the file that warned."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", category)
        show = warnings.showwarning

        def shown(
            message: Warning | str,
            category: type[Warning],
            filename: str,
            lineno: int,
            file: TextIO | None = None,
            line: str | None = None,
        ) -> None:
            if not keep(message, filename):
                show(message, category, filename, lineno, file, line)

        warnings.showwarning = shown
        yield


def place(out: Path | None, usual: str) -> Path:
    """Give the place that was named, else the usual one, with a number where that is taken.

    Nothing that lies there from before is ever replaced unasked; the new name is then told, however
    quiet the command is.
    """
    if out is not None:
        return out
    file = Path(usual)
    found = new_place(file.stem, file.parent, file.suffix)
    if found != file:
        typer.echo(f"gliaboost: {file} is there from before; this goes to {found}", err=True)
    return found


def check_writable(out: Path | None, endings: tuple[str, ...] = ()) -> None:
    """Refuse a file that cannot be written, or has another ending, before any work is lost."""
    faults = Faults()
    check_file(faults, out, "--out", endings)
    faults.tell()


def typed() -> str:
    """Give what the user typed."""
    return shlex.join(["gliaboost", *sys.argv[1:]])


def say_next(quiet: bool, *words: object) -> None:
    """Say which command is useful now, on standard error.

    Parameters
    ----------
    quiet : bool
        Say nothing.
    *words
        The command's, without ``gliaboost``.
    """
    if not quiet:
        typer.echo(f"next: {shlex.join(['gliaboost', *map(str, words)])}", err=True)


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
