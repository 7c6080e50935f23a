"""Commands that find and measure the tumour: segment train, predict, benchmark."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

import gliaboost
from gliaboost._face.words import SEGMENTER, SEGMENTERS
from gliaboost.commands.help import CHOICE, DATA, PLACE
from gliaboost.commands.next_steps import after_segmenters
from gliaboost.commands.options import (
    Device,
    Jobs,
    Json,
    Modality,
    Plane,
    Prepare,
    Quiet,
    Seed,
    Settings,
    Slice,
    Store,
    Window,
    collecting_unreadable,
    completed,
    exit_with_failures,
    place,
    print_json,
    say_next,
    typed,
)
from gliaboost.commands.progress_bar import shown_progress

# The usual name of a segmenter's bundle.
BUNDLE = "seg.joblib"
# The usual folder of masks.
MASKS = "masks"
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


def segment_predict(
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", help="From gliaboost segment train.")],
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH...", help="Images, DICOM files, NIfTI volumes, or folders."),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            help="A new folder for masks, overlays and measurements.",
            show_default="masks, numbered if taken",
            rich_help_panel=PLACE,
        ),
    ] = None,
    position: Slice = None,
    plane: Plane = "axial",
    window: Window = None,
    spacing: Annotated[
        str | None,
        typer.Option(
            metavar="R,C",
            help="mm between rows and columns of pictures that do not tell it, e.g. 0.5.",
        ),
    ] = None,
    dicom_seg: Annotated[
        bool,
        typer.Option("--dicom-seg", help="Also a DICOM segmentation of each DICOM series."),
    ] = False,
    device: Device = "auto",
    jobs: Jobs = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Find the tumour on pictures, draw and measure it.

    Each picture gets a mask at its own size; one without a tumour an empty one.
    """
    from gliaboost.models.segmentation.mask_folder import TABLE
    from gliaboost.reports.pages.answers_text import segmentations_table

    out = place(out, MASKS)
    with shown_progress(quiet) as progress:
        found = gliaboost.segment_predict(
            bundle,
            paths,
            out=out,
            position=position,
            plane=plane,
            window=window,
            spacing=spacing,
            dicom_seg=dicom_seg,
            device=device,
            jobs=jobs,
            progress=progress,
        )
    if as_json:
        typer.echo((out / f"{TABLE}.json").read_text("utf-8"), nl=False)
    else:
        typer.echo(segmentations_table(found, fit=sys.stdout.isatty()))
        for scan in found.volumes:
            if "volume_ml" in scan:
                typer.echo(
                    f"{scan['scan']}: {scan['volume_ml']:,.2f} ml on {scan['volume_slices']} of "
                    f"{scan['slices']} slices"
                )
            elif "note" in scan:
                typer.echo(f"{scan['scan']}: {scan['note']}")
        typer.echo(f"masks, overlays and {TABLE}.csv: {out.resolve()}")
    for sentence in found.warnings:
        typer.echo(f"gliaboost: warning: {sentence}", err=True)
    failed = [(row.name, row.error) for row in found if row.error is not None]
    failed += [(scan["scan"], scan["error"]) for scan in found.volumes if "error" in scan]
    exit_with_failures(failed)


def segment_benchmark(
    data: MaskedData,
    modality: Modality = "both",
    folds: Annotated[
        str,
        typer.Option(
            help="A number of patient-safe folds, a column that has them, holdout or split; auto: "
            "the column fold where it is filled, the data's own test part, else 5.",
            rich_help_panel=DATA,
        ),
    ] = "auto",
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="FOLDS", help="Run some folds alone: 1,2.", rich_help_panel=DATA),
    ] = None,
    models: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAMES",
            help="Segmenters, by comma: boosted-pixels, unet, otsu.",
            show_default=SEGMENTERS,
            rich_help_panel=CHOICE,
            autocompletion=completed("segmenters"),
        ),
    ] = None,
    settings: Settings = None,
    prepare: Prepare = "",
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for results and report.",
            show_default="runs/NAME-segmentation-TIME",
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
    """Compare segmenters on honest folds and write a report.

    Masks are compared at the pictures' own size. A killed run goes on where it stopped, by the same
    command.
    """
    from gliaboost.reports.pages.terminal import segmenters_table

    with shown_progress(quiet) as progress:
        results = gliaboost.segment_benchmark(
            data,
            models=models or SEGMENTERS,
            folds=folds,
            only=only or "",
            settings=settings,
            prepare=prepare,
            modality=modality,
            out=out,
            device=device,
            jobs=jobs,
            seed=seed,
            store=store,
            command=typed(),
            progress=progress,
        )
    if as_json:
        print_json(asdict(results.record))
    else:
        typer.echo(segmenters_table(results, fit=sys.stdout.isatty()))
        typer.echo(f"report: {(results.folder / 'report.html').resolve()}")
        say_next(quiet, *after_segmenters(results, data))
    exit_with_failures(results.record.unreadable.items())
