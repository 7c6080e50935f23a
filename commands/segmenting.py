"""Commands that find and measure the tumour: segment train, predict, benchmark."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import gliaboost
from gliaboost._face.words import SEGMENTER
from gliaboost.commands.help import CHOICE, PLACE
from gliaboost.commands.options import (
    Device,
    Jobs,
    Json,
    Modality,
    Prepare,
    Quiet,
    Seed,
    Settings,
    Store,
    collecting_unreadable,
    completed,
    exit_with_failures,
    place,
    print_json,
    say_next,
)
from gliaboost.commands.progress_bar import shown_progress

# The usual name of a segmenter's bundle.
BUNDLE = "seg.joblib"
MaskedData = Annotated[
    Path,
    typer.Argument(
        metavar="DATA",
        help="A manifest (.parquet, .csv) with a column mask, or a folder of images with masks.",
    ),
]


def segment_train(
    data: MaskedData,
    out: Annotated[
        Path | None,
        typer.Option(
            help="The bundle.",
            show_default="seg.joblib, numbered if taken",
            rich_help_panel=PLACE,
        ),
    ] = None,
    modality: Modality = "both",
    model: Annotated[
        str,
        typer.Option(
            help="boosted-pixels, unet or otsu.",
            rich_help_panel=CHOICE,
            autocompletion=completed("segmenters"),
        ),
    ] = SEGMENTER,
    settings: Settings = None,
    prepare: Prepare = "",
    device: Device = "auto",
    jobs: Jobs = None,
    seed: Seed = 0,
    store: Store = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Fit a segmenter on images with masks."""
    out = place(out, BUNDLE)
    with shown_progress(quiet) as progress, collecting_unreadable() as failed:
        bundle = gliaboost.segment_train(
            data,
            model=model,
            settings=settings,
            prepare=prepare,
            modality=modality,
            out=out,
            device=device,
            jobs=jobs,
            seed=seed,
            store=store,
            progress=progress,
        )
    if as_json:
        print_json({"bundle": str(out), **bundle.summary()})
    else:
        of = bundle.metrics
        progress.line(
            f"{out}: {bundle.segmenter} of {of['images']:,} slices, {of['with_tumour']:,} with a "
            f"tumour, fitted on {bundle.device}"
        )
        say_next(quiet, "segment", "predict", out, "NEW_IMAGES", "--out", "masks")
    exit_with_failures(failed)
