"""Commands on features and models: extract, train, tune, predict, explain."""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

import gliaboost
from gliaboost._face.estimate import estimate_words
from gliaboost._face.words import CLASSICAL
from gliaboost.commands.help import CHOICE, PLACE
from gliaboost.commands.next_steps import after_extract, after_prediction
from gliaboost.commands.options import (
    Cluster,
    DataPath,
    Device,
    Features,
    Jobs,
    Json,
    Modality,
    Model,
    OutOfCore,
    Plane,
    Prepare,
    Preset,
    PresetFeatures,
    PresetModel,
    Quiet,
    Region,
    Seed,
    Settings,
    Slice,
    Spread,
    Store,
    Target,
    Window,
    check_writable,
    collecting_unreadable,
    exit_with_failures,
    place,
    print_json,
    say_next,
    xgboost_too,
)
from gliaboost.commands.progress_bar import shown_progress
from gliaboost.deferred import defer
from gliaboost.locks import held_file

# The usual name of a bundle.
BUNDLE = "model.joblib"


def extract(
    data: DataPath,
    features: Features = None,
    settings: Settings = None,
    prepare: Prepare = "",
    device: Device = "auto",
    jobs: Jobs = None,
    cluster: Cluster = None,
    store: Store = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Compute the features that the store lacks."""
    with shown_progress(quiet) as progress:
        found = gliaboost.extract(
            data,
            features=features or CLASSICAL,
            settings=settings,
            prepare=prepare,
            device=device,
            jobs=jobs,
            store=store,
            cluster=cluster,
            progress=progress,
        )
    done = found.extraction
    if as_json:
        print_json(
            {
                "computed": done.computed,
                "reused": done.reused,
                "failed": found.failed,
                "seconds": done.seconds,
            }
        )
    else:
        progress.line(
            f"{done.computed} images computed, {done.reused} in the store before, "
            f"{done.seconds:.1f} s"
        )
        say_next(quiet, *after_extract(data, features, prepare, store))
    exit_with_failures(found.failed.items())


def train(
    data: DataPath,
    out: Annotated[
        Path | None,
        typer.Option(
            help="The bundle.",
            show_default="model.joblib, numbered if taken",
            rich_help_panel=PLACE,
        ),
    ] = None,
    target: Target = "label",
    modality: Modality = "both",
    preset: Preset = "fast",
    features: PresetFeatures = None,
    model: PresetModel = None,
    settings: Settings = None,
    prepare: Prepare = "",
    region: Region = None,
    estimate: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Inner folds that estimate its accuracy on new patients; 0: none.",
            show_default="3, none for networks",
            rich_help_panel=CHOICE,
        ),
    ] = None,
    out_of_core: OutOfCore = False,
    device: Device = "auto",
    jobs: Jobs = None,
    cluster: Cluster = None,
    spread: Spread = False,
    seed: Seed = 0,
    store: Store = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Fit one model on all images and save it as one file."""
    out = place(out, BUNDLE)
    settings = xgboost_too(settings, out_of_core=out_of_core, spread=spread)
    with shown_progress(quiet) as progress, collecting_unreadable() as failed:
        bundle = gliaboost.train(
            data,
            preset=preset,
            model=model,
            features=features or None,
            settings=settings,
            prepare=prepare,
            region=region,
            target=target,
            modality=modality,
            estimate=estimate,
            out=out,
            device=device,
            jobs=jobs,
            seed=seed,
            store=store,
            cluster=cluster,
            progress=progress,
        )
    if as_json:
        print_json({"bundle": str(out), **bundle.summary()})
    else:
        used = ",".join(str(spec["name"]) for spec in bundle.features) or "images"
        progress.line(f"{out}: {bundle.model} on {used}, fitted on {bundle.device}")
        progress.line(estimate_words(bundle))
        say_next(quiet, "predict", out, "NEW_IMAGES")
    exit_with_failures(failed)


def tune(
    data: DataPath,
    out: Annotated[
        Path | None,
        typer.Option(
            help="The bundle.",
            show_default="model.joblib, numbered if taken",
            rich_help_panel=PLACE,
        ),
    ] = None,
    target: Target = "label",
    modality: Modality = "both",
    features: Features = None,
    model: Model = "lightgbm",
    settings: Settings = None,
    prepare: Prepare = "",
    region: Region = None,
    trials: Annotated[
        int,
        typer.Option(
            min=1,
            help="In all, with those of earlier runs.",
            rich_help_panel=CHOICE,
        ),
    ] = 30,
    timeout: Annotated[
        float | None,
        typer.Option(
            help="Seconds after which no further trial begins.",
            rich_help_panel=CHOICE,
        ),
    ] = None,
    folds: Annotated[
        int,
        typer.Option(
            min=2,
            help="Inner folds, by patient.",
            rich_help_panel=CHOICE,
        ),
    ] = 3,
    study: Annotated[
        Path | None,
        typer.Option(
            help="Journal to go on from.",
            show_default="beside --out, model.study",
            rich_help_panel=PLACE,
        ),
    ] = None,
    device: Device = "auto",
    jobs: Jobs = None,
    seed: Seed = 0,
    store: Store = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Search a model's parameters, then train with the best.

    On inner folds by patient. Every row of the manifest takes part: leave a test set out of it.
    """
    if out is None and study is None:
        # Of earlier runs too, whatever their bundles are called.
        study = Path(BUNDLE).with_suffix(".study")
    out = place(out, BUNDLE)
    with shown_progress(quiet) as progress, collecting_unreadable() as failed:
        bundle, found = gliaboost.tune(
            data,
            model=model,
            features=features or CLASSICAL,
            settings=settings,
            prepare=prepare,
            region=region,
            trials=trials,
            timeout=timeout,
            folds=folds,
            study=study,
            target=target,
            modality=modality,
            out=out,
            device=device,
            jobs=jobs,
            seed=seed,
            store=store,
            progress=progress,
        )
    if as_json:
        print_json({"bundle": str(out), "search": found.to_dict(), **bundle.summary()})
    else:
        default = "" if found.default_score is None else f", the defaults {found.default_score:.4f}"
        progress.line(
            f"{out}: {bundle.model}, inner log loss {found.score:.4f}{default}; {found.parameters}"
        )
        say_next(quiet, "predict", out, "NEW_IMAGES")
    exit_with_failures(failed)


def predict(
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", help="From gliaboost train.")],
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH...", help="Images, DICOM files, NIfTI volumes, or folders."),
    ],
    out: Annotated[
        Path | None,
        typer.Option(help="Write here instead of the terminal; .csv and .json say the form."),
    ] = None,
    position: Slice = None,
    plane: Plane = "axial",
    window: Window = None,
    jobs: Jobs = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Say each image's class, with probabilities.

    Warns of pictures unlike those that the model was trained on, and of those that were among them.
    """
    # One picture takes less time than they do.
    defer()
    from gliaboost.reports.pages.answers_text import (
        predictions_csv,
        predictions_json,
        predictions_table,
    )

    check_writable(out)
    with held_file(out) if out is not None else nullcontext():
        predictions = gliaboost.predict(
            bundle, paths, position=position, plane=plane, window=window, jobs=jobs
        )
    ending = "" if out is None else out.suffix.lower()
    if as_json or (ending == ".json" and not as_csv):
        text = json.dumps(predictions_json(predictions.model, predictions), indent=1)
    elif as_csv or ending == ".csv":
        text = predictions_csv(predictions.classes, predictions)
    else:
        fit = out is None and sys.stdout.isatty()
        text = predictions_table(predictions.classes, predictions, fit=fit)
    if out is None:
        typer.echo(text)
    else:
        from gliaboost.files import replacing

        with replacing(out) as temporary:
            temporary.write_text(text + "\n", "utf-8", "backslashreplace")
    for sentence in predictions.warnings:
        typer.echo(f"gliaboost: warning: {sentence}", err=True)
    # A slice of a scan has a name of its own, and is no file.
    read = [p.name for p in predictions if p.error is None and Path(p.name).is_file()]
    if read:
        say_next(
            quiet or as_json or as_csv,
            *after_prediction(bundle, predictions.model["model"], read[0]),
        )
    exit_with_failures((p.name, p.error) for p in predictions if p.error is not None)


def explain(
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", help="From gliaboost train.")],
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="An image, a DICOM file, or a NIfTI volume.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(help="The picture.", show_default="explanation.png, numbered if taken"),
    ] = None,
    position: Slice = None,
    plane: Plane = "axial",
    window: Window = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Draw on the image what a decision rests on.

    SHAP values of boosters, weights of a logistic regression, Grad-CAM of
    networks: orange speaks for the predicted class, blue against it.
    """
    defer()
    out = place(out, "explanation.png")
    check_writable(out)
    with held_file(out):
        found = gliaboost.explain(bundle, path, position=position, plane=plane, window=window)
        found.save(out)
    facts = {
        "path": str(path),
        "predicted": found.predicted,
        "probabilities": found.probabilities,
        "families": found.families,
        "placed": found.placed,
        "outside_head": found.outside_head,
        "on_marks": 0.0 if found.ground is None else found.ground.on_marks,
        "picture": str(out),
    }
    if as_json:
        print_json(facts)
        return
    typer.echo(f"{path}: {found.predicted} ({found.probabilities[found.predicted]:.1%})")
    for note in found.notes():
        typer.echo(f"  {note}")
    typer.echo(f"picture: {out.resolve()}")
    say_next(quiet, "evaluate", bundle, "LABELLED_FOLDER")
