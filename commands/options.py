"""Options that mean the same wherever they appear, and how their words are read."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gliaboost.errors import UsageError

if TYPE_CHECKING:
    from gliaboost.datasets.manifest import Manifest
    from gliaboost.features.base import Extractor
    from gliaboost.features.store import FeatureStore
    from gliaboost.progress import Progress

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
ManifestPath = Annotated[Path, typer.Argument(metavar="MANIFEST", help=".parquet or .csv")]

CLASSICAL = "hog,lbp,glcm"


def names(text: str) -> list[str]:
    """Read names by comma, each once."""
    found = [word.strip() for word in text.split(",") if word.strip()]
    if not found:
        raise UsageError(f"no name in {text!r}; expected names by comma, such as {CLASSICAL}")
    twice = sorted({name for name in found if found.count(name) > 1})
    if twice:
        raise UsageError(f"{', '.join(twice)} is named twice in {text!r}; name each once")
    return found


def fold_choice(text: str) -> tuple[list[str], dict[str, list[str]]]:
    """Read which folds to run: those of all models, and those of one model (``model=fold``)."""
    for_all: list[str] = []
    for_one: dict[str, list[str]] = {}
    for word in names(text) if text else []:
        model, equals, fold = word.partition("=")
        if equals:
            for_one.setdefault(model, []).append(fold)
        else:
            for_all.append(word)
    return for_all, for_one


def pairs(text: str) -> dict[str, Any]:
    """Read name=value pairs by comma."""
    parts = [word.partition("=") for word in names(text)]
    wrong = [key for key, equals, _ in parts if not equals]
    if wrong:
        raise UsageError(
            f"{', '.join(wrong)} in {text!r} has no value; expected name=value by comma"
        )
    plain = {"true": True, "false": False}
    return {k: int(v) if v.isdigit() else plain.get(v.lower(), v) for k, _, v in parts}


def read_target(path: Path, target: str, modality: str, progress: Progress) -> Manifest:
    """Read a manifest, as far as it has the target in the modality."""
    from gliaboost.datasets.manifest import Manifest
    from gliaboost.datasets.targets import with_target

    table = Manifest.read(path)
    if (target, modality) == ("label", "both"):  # all of it, with all its faults
        return table
    chosen = with_target(table, target, modality)
    if chosen.describe():
        progress.line(chosen.describe())
    return chosen.manifest


def extractors(
    text: str, device: str, settings: Mapping[str, Mapping[str, Any]]
) -> list[Extractor]:
    """Build extractors by their names; those that can compute elsewhere do so on the device.

    ``NAME:TAG`` is another one of the same kind: the tag is for `settings`.
    """
    from gliaboost.features import create

    built: dict[str, Extractor] = {}
    for word in names(text):
        own = settings.get(word, {})
        extractor = create(word.partition(":")[0], **own)
        if "device" in extractor.get_params() and "device" not in own:
            extractor.set_params(device=device)
        if extractor.label in built:
            raise UsageError(
                f"{word!r} would compute {extractor.label} once more; give it other parameters: "
                f"--set {word}.PARAMETER=VALUE"
            )
        built[extractor.label] = extractor
    return list(built.values())


def open_store(path: Path | None) -> FeatureStore:
    """Open the feature store."""
    from gliaboost.features.store import FeatureStore

    return FeatureStore(path)


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
