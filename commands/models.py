"""Commands on features and models: extract, train, predict."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from gliaboost.commands.options import (
    CLASSICAL,
    Device,
    Features,
    Jobs,
    Json,
    ManifestPath,
    Quiet,
    Seed,
    Store,
    exit_with_failures,
    extractors,
    open_store,
    print_json,
)
from gliaboost.reports.progress import progress_bar, sayer


def extract(
    manifest: ManifestPath,
    features: Features = CLASSICAL,
    device: Device = "auto",
    jobs: Jobs = None,
    store: Store = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Compute the features that the store lacks."""
    from gliaboost.datasets.manifest import Manifest
    from gliaboost.datasets.prepare import Preparation
    from gliaboost.features.extract import extract as run

    table = Manifest.read(manifest).check()
    with progress_bar("extracting", quiet) as progress:
        done = run(
            table,
            extractors(features, device),
            Preparation(),
            open_store(store),
            jobs=jobs,
            progress=progress,
        )
    if as_json:
        print_json(
            {
                "computed": done.computed,
                "reused": done.reused,
                "failed": {str(table.paths[i]): reason for i, reason in done.failed.items()},
                "seconds": done.seconds,
            }
        )
    else:
        sayer(quiet)(
            f"{done.computed} images computed, {done.reused} in the store before, "
            f"{done.seconds:.1f} s"
        )
    exit_with_failures((table.paths[i], reason) for i, reason in done.failed.items())


def train(
    manifest: ManifestPath,
    out: Annotated[Path, typer.Option(help="The bundle.")] = Path("model.joblib"),
    features: Features = CLASSICAL,
    model: Annotated[str, typer.Option(help="xgboost or lightgbm.")] = "lightgbm",
    device: Device = "auto",
    jobs: Jobs = None,
    seed: Seed = 0,
    store: Store = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Fit one model on the whole manifest and save it as one file."""
    from gliaboost.datasets.manifest import Manifest
    from gliaboost.models.bundle import save
    from gliaboost.models.training import train as run

    table = Manifest.read(manifest)
    with progress_bar("extracting", quiet) as progress:
        bundle, extraction = run(
            table,
            extractors(features, device),
            model,
            open_store(store),
            device=device,
            jobs=jobs,
            seed=seed,
            progress=progress,
        )
    save(bundle, out)
    if as_json:
        print_json({"bundle": str(out), **bundle.summary()})
    else:
        sayer(quiet)(f"{out}: {model} on {features}, fitted on {bundle.device}")
    exit_with_failures((table.paths[i], reason) for i, reason in extraction.failed.items())


def predict(
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", help="From gliaboost train.")],
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Images or folders.")],
    out: Annotated[Path | None, typer.Option(help="Write here instead of the terminal.")] = None,
    jobs: Jobs = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    as_json: Json = False,
) -> None:
    """Say which class each image belongs to, with probabilities."""
    from gliaboost.models.bundle import load
    from gliaboost.models.prediction import predict as run
    from gliaboost.reports.terminal import predictions_csv, predictions_json, predictions_table

    loaded = load(bundle)
    predictions = run(loaded, paths, jobs=jobs)
    if as_json:
        text = json.dumps(predictions_json(loaded.summary(), predictions), indent=1)
    elif as_csv:
        text = predictions_csv(loaded.classes, predictions)
    else:
        text = predictions_table(loaded.classes, predictions)
    if out is None:
        typer.echo(text)
    else:
        from gliaboost.datasets.files import replacing

        with replacing(out) as temporary:
            temporary.write_text(text + "\n", "utf-8")
    exit_with_failures((p.path, p.error) for p in predictions if p.error is not None)
