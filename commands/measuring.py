"""Commands that give tables: a saved model's numbers on new images, and columns for elsewhere."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

import gliaboost
from gliaboost._face.words import CLASSICAL
from gliaboost.commands.help import PLACE
from gliaboost.commands.next_steps import after_evaluation, after_extract
from gliaboost.commands.options import (
    DataPath,
    Device,
    Features,
    Jobs,
    Json,
    Modality,
    Prepare,
    Quiet,
    Seed,
    Settings,
    Store,
    Target,
    check_writable,
    exit_with_failures,
    place,
    print_json,
    say_next,
)
from gliaboost.commands.progress_bar import shown_progress
from gliaboost.locks import held_file
from gliaboost.table_file import ENDINGS

FACTS = "path, label and what else the manifest knows"


def evaluate(
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", help="From gliaboost train.")],
    data: DataPath,
    out: Annotated[
        Path | None,
        typer.Option(help="Write the predictions here: .csv or .parquet.", rich_help_panel=PLACE),
    ] = None,
    target: Target = "label",
    modality: Modality = "both",
    jobs: Jobs = None,
    seed: Seed = 0,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Measure a saved model on labelled images new to it.

    Accuracy, sensitivity, specificity, AUC and confusion, with intervals by patient. Warns of
    images that were in the training, or are copies of such.
    """
    from gliaboost.reports.pages.held_out import held_out_text

    with shown_progress(quiet) as progress:
        found = gliaboost.evaluate(
            bundle,
            data,
            target=target,
            modality=modality,
            jobs=jobs,
            seed=seed,
            out=out,
            progress=progress,
        )
    if as_json:
        print_json(found.to_dict())
    else:
        typer.echo(held_out_text(found, fit=sys.stdout.isatty()))
        if out is not None:
            typer.echo(f"predictions: {out.resolve()}")
    for sentence in found.warnings:
        typer.echo(f"gliaboost: warning: {sentence}", err=True)
    say_next(
        quiet or as_json, *after_evaluation(bundle, found.model["model"], data, found.predictions)
    )
    exit_with_failures(found.failed.items())


def features(
    data: DataPath,
    out: Annotated[
        Path | None,
        typer.Option(
            help="The table: .parquet or .csv.",
            show_default="features.parquet, numbered if taken",
            rich_help_panel=PLACE,
        ),
    ] = None,
    features: Features = None,
    settings: Settings = None,
    prepare: Prepare = "",
    device: Device = "auto",
    jobs: Jobs = None,
    store: Store = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Write features as a table for R or pandas.

    Named columns, beside path, label, patient and what else the manifest knows.
    """
    from gliaboost.features.extract import column_names

    out = place(out, "features.parquet")
    check_writable(out, ENDINGS)
    with held_file(out), shown_progress(quiet) as progress:
        found = gliaboost.extract(
            data,
            features=features or CLASSICAL,
            settings=settings,
            prepare=prepare,
            device=device,
            jobs=jobs,
            store=store,
            progress=progress,
        )
        found.save(out)
    wide = len(column_names(found.extractors, found.preparation))
    images = len(found.manifest) - len(found.failed)
    if as_json:
        print_json({"table": str(out), "images": images, "columns": wide, "failed": found.failed})
    else:
        typer.echo(f"{out.resolve()}: {images:,} images, {wide:,} columns beside {FACTS}")
    say_next(quiet or as_json, *after_extract(data, features, prepare, store))
    exit_with_failures(found.failed.items())
