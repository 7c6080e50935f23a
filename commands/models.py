"""Commands on features and models: extract, train, tune, predict, explain."""

from __future__ import annotations

import json
import sys
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
    Modality,
    Quiet,
    Seed,
    Store,
    Target,
    exit_with_failures,
    extractors,
    names,
    open_store,
    print_json,
    read_target,
)
from gliaboost.commands.progress_bar import shown_progress
from gliaboost.commands.settings import Settings, read_settings


def extract(
    manifest: ManifestPath,
    features: Features = CLASSICAL,
    settings: Settings = None,
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

    own = read_settings(settings, names(features), [])
    table = Manifest.read(manifest).check()
    with shown_progress(quiet) as progress:
        done = run(
            table,
            extractors(features, device, own),
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
        progress.line(
            f"{done.computed} images computed, {done.reused} in the store before, "
            f"{done.seconds:.1f} s"
        )
    exit_with_failures((table.paths[i], reason) for i, reason in done.failed.items())


def train(
    manifest: ManifestPath,
    out: Annotated[Path, typer.Option(help="The bundle.")] = Path("model.joblib"),
    target: Target = "label",
    modality: Modality = "both",
    features: Features = CLASSICAL,
    model: Annotated[str, typer.Option(help="See gliaboost info.")] = "lightgbm",
    settings: Settings = None,
    device: Device = "auto",
    jobs: Jobs = None,
    seed: Seed = 0,
    store: Store = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Fit one model on the whole manifest and save it as one file."""
    from gliaboost.models.bundle import save
    from gliaboost.models.training import train as run

    own = read_settings(settings, names(features), [model])
    with shown_progress(quiet) as progress:
        table = read_target(manifest, target, modality, progress)
        bundle, extraction = run(
            table,
            extractors(features, device, own),
            model,
            open_store(store),
            parameters=own.get(model),
            device=device,
            jobs=jobs,
            seed=seed,
            progress=progress,
        )
    save(bundle, out)
    if as_json:
        print_json({"bundle": str(out), **bundle.summary()})
    else:
        used = features if bundle.features else "images"
        progress.line(f"{out}: {model} on {used}, fitted on {bundle.device}")
    exit_with_failures((table.paths[i], reason) for i, reason in extraction.failed.items())


def tune(
    manifest: ManifestPath,
    out: Annotated[Path, typer.Option(help="The bundle.")] = Path("model.joblib"),
    target: Target = "label",
    modality: Modality = "both",
    features: Features = CLASSICAL,
    model: Annotated[
        str, typer.Option(help="xgboost, lightgbm, cnn-scratch or cnn-finetune.")
    ] = "lightgbm",
    settings: Settings = None,
    trials: Annotated[int, typer.Option(min=1, help="In all, with those of earlier runs.")] = 30,
    timeout: Annotated[
        float | None, typer.Option(help="Seconds after which no further trial begins.")
    ] = None,
    folds: Annotated[int, typer.Option(min=2, help="Inner folds, by patient.")] = 3,
    study: Annotated[
        Path | None, typer.Option(help="Journal to go on from.", show_default="beside --out")
    ] = None,
    device: Device = "auto",
    jobs: Jobs = None,
    seed: Seed = 0,
    store: Store = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Search a model's parameters by patient, then train with the best.

    Every row of the manifest takes part: leave a test set out of it.
    """
    from gliaboost.models.bundle import save
    from gliaboost.models.training import search, train

    own = read_settings(settings, names(features), [model])
    with shown_progress(quiet) as progress:
        table = read_target(manifest, target, modality, progress)
        used, cache = extractors(features, device, own), open_store(store)
        found = search(
            table,
            used,
            model,
            cache,
            study or out.with_suffix(".study"),
            trials=trials,
            timeout=timeout,
            folds=folds,
            fixed=own.get(model),
            device=device,
            jobs=jobs,
            seed=seed,
            progress=progress,
        )
    chosen = {"score": found.score, "default_score": found.default_score, "folds": found.folds}
    bundle, extraction = train(
        table,
        used,
        model,
        cache,
        parameters=found.parameters,
        facts={"search": {**chosen, "trials": len(found.trials)}},
        device=device,
        jobs=jobs,
        seed=seed,
    )
    save(bundle, out)
    if as_json:
        print_json({"bundle": str(out), "search": found.to_dict(), **bundle.summary()})
    else:
        default = "" if found.default_score is None else f", the defaults {found.default_score:.4f}"
        progress.line(
            f"{out}: {model}, inner log loss {found.score:.4f}{default}; {found.parameters}"
        )
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
    from gliaboost.reports.pages.terminal import (
        predictions_csv,
        predictions_json,
        predictions_table,
    )

    loaded = load(bundle)
    predictions = run(loaded, paths, jobs=jobs)
    if as_json:
        text = json.dumps(predictions_json(loaded.summary(), predictions), indent=1)
    elif as_csv:
        text = predictions_csv(loaded.classes, predictions)
    else:
        fit = out is None and sys.stdout.isatty()
        text = predictions_table(loaded.classes, predictions, fit=fit)
    if out is None:
        typer.echo(text)
    else:
        from gliaboost.files import replacing

        with replacing(out) as temporary:
            temporary.write_text(text + "\n", "utf-8")
    exit_with_failures((p.path, p.error) for p in predictions if p.error is not None)


def explain(
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", help="From gliaboost train.")],
    path: Annotated[Path, typer.Argument(metavar="PATH", help="An image.")],
    out: Annotated[Path, typer.Option(help="The picture.")] = Path("explanation.png"),
    as_json: Json = False,
) -> None:
    """Draw what a decision rests on: SHAP values or Grad-CAM on the image.

    Orange speaks for the predicted class, blue against it.
    """
    from gliaboost.models.bundle import load
    from gliaboost.models.explain.attribution import explain as run

    found = run(load(bundle), path)
    found.save(out)
    facts = {
        "path": str(path),
        "predicted": found.predicted,
        "probabilities": found.probabilities,
        "families": found.families,
        "placed": found.placed,
        "picture": str(out),
    }
    if as_json:
        print_json(facts)
        return
    typer.echo(f"{path}: {found.predicted} ({found.probabilities[found.predicted]:.1%})")
    for family, share in found.families.items():
        typer.echo(f"  {family:<10} {share:>6.1%} of the decision")
    if found.placed < 1:
        typer.echo(f"  {found.placed:.1%} of it has a place on the image, and is drawn")
    typer.echo(f"picture: {out.resolve()}")
