"""Commands on the data: fetch, manifest, audit, explore."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

import gliaboost
from gliaboost._face.runs import timed_place
from gliaboost.commands.help import PLACE
from gliaboost.commands.next_steps import after_audit
from gliaboost.commands.options import (
    DataPath,
    Jobs,
    Json,
    Prepare,
    Quiet,
    Seed,
    collecting_notes,
    completed,
    place,
    print_json,
    say_next,
)
from gliaboost.commands.progress_bar import Megabytes, shown_progress
from gliaboost.spelling import spelled


def fetch(
    name: Annotated[
        str | None,
        typer.Argument(
            help="A public data set.",
            show_default="list them",
            autocompletion=completed("sets"),
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder that gets the folder NAME.")] = Path("data"),
    archive: Annotated[
        Path | None, typer.Option(help="Unpack this, downloaded by hand, instead.")
    ] = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Download a public data set, checked, with its licence.

    A broken download is continued by the next call.
    """
    from gliaboost.datasets.public.catalogue import CATALOGUE, describe

    if name is None:
        if as_json:
            print_json({known: dataset.text() for known, dataset in CATALOGUE.items()})
        else:
            typer.echo("\n".join(dataset.text() for dataset in CATALOGUE.values()))
        say_next(quiet or as_json, "fetch", "NAME")
        return
    source = describe(spelled(name, CATALOGUE) or name).source
    with shown_progress(quiet) as progress:
        folder = gliaboost.fetch(name, out, archive=archive, progress=Megabytes(progress))
    if as_json:
        print_json({"folder": str(folder), "source": source})
    else:
        typer.echo(f"{folder}; next: gliaboost manifest {source} {folder}")


def manifest(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="folder, csv, figshare, kaggle-mri ...: gliaboost manifest SOURCE --help says "
            "what it expects; gliaboost info lists them.",
            autocompletion=completed("sources"),
        ),
    ],
    path: Annotated[Path, typer.Argument(metavar="PATH", help="Where the data set lies.")],
    out: Annotated[
        Path | None,
        typer.Option(
            help="The table: .parquet or .csv", show_default="manifest.parquet, numbered if taken"
        ),
    ] = None,
    images: Annotated[
        Path | None,
        typer.Option(help="Folder for slices that are converted (.mat, DICOM, NIfTI)."),
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(help="CSV with patient or file, and label.")
    ] = None,
    window: Annotated[
        str | None, typer.Option(help="CT: brain, subdural, bone or CENTRE:WIDTH.")
    ] = None,
    modality: Annotated[
        str | None, typer.Option(help="NIfTI: MRI or CT, where nothing else says it.")
    ] = None,
    axis: Annotated[
        str | None, typer.Option(help="NIfTI: axial, coronal or sagittal slices.")
    ] = None,
    every: Annotated[int | None, typer.Option(help="NIfTI: take every n-th slice.")] = None,
    class_folders: Annotated[
        bool | None,
        typer.Option(
            "--class-folders", help="DICOM, NIfTI: the first level of folders is the label."
        ),
    ] = None,
    patient_from: Annotated[
        str | None,
        typer.Option(
            help="Who is a patient: folder:N (below PATH) or none; NIfTI: also file, bids; DICOM: "
            "also tag, study."
        ),
    ] = None,
    sequence: Annotated[
        str | None,
        typer.Option(help="DICOM, NIfTI: t1, t1c, t2, flair, dwi, adc or other alone, by comma."),
    ] = None,
    all_images: Annotated[
        bool | None,
        typer.Option(
            "--all-images", help="DICOM: also localizers, screenshots and pictures with text."
        ),
    ] = None,
    salt: Annotated[
        str | None, typer.Option(help="DICOM: secret behind the patients' pseudonyms.")
    ] = None,
    pred: Annotated[
        bool | None, typer.Option("--pred", help="Br35H: also its unlabelled images.")
    ] = None,
    patients: Annotated[
        Path | None,
        typer.Option(help="CSV that names the patient of each image, by path, file name or stem."),
    ] = None,
    patient_regex: Annotated[
        str | None,
        typer.Option(
            metavar="REGEX", help=r"What finds the patient in a path: '(?P<patient>P\d+)'."
        ),
    ] = None,
    rename: Annotated[
        list[str] | None,
        typer.Option(
            metavar="OLD=NEW", help="edit: rename a class, or merge: OLD,OLD=NEW; may be repeated."
        ),
    ] = None,
    keep: Annotated[str | None, typer.Option(help="edit: classes that stay, by comma.")] = None,
    target: Annotated[
        str | None, typer.Option(help="edit: make presence or type the label.")
    ] = None,
    forget: Annotated[
        str | None, typer.Option(help="edit: columns to empty, such as split.")
    ] = None,
    jobs: Jobs = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Write the table of images that all else starts from.

    It has one row an image. The source edit makes a manifest of another one: gliaboost manifest
    edit M.parquet --out N.parquet.
    """
    from gliaboost.datasets.description import describe

    out = place(out, "manifest.parquet")
    with collecting_notes() as notes:
        table = gliaboost.manifest(
            source,
            path,
            out,
            jobs=jobs,
            images=images,
            labels=labels,
            window=window,
            modality=modality,
            axis=axis,
            every=every,
            class_folders=class_folders,
            patient_from=patient_from,
            sequence=sequence,
            all_images=all_images,
            salt=salt,
            pred=pred,
            patients=patients,
            patient_regex=patient_regex,
            rename=rename,
            keep=keep,
            target=target,
            forget=forget,
        )
    table = replace(table, notes=(*notes, *table.notes))
    counts = {label: int((table.table["label"] == label).sum()) for label in table.classes}
    if as_json:
        print_json(
            {
                "manifest": str(out),
                "images": len(table),
                "patients": int(table.table["patient"].nunique()),
                "classes": counts,
                "notes": list(table.notes),
            }
        )
    elif not quiet:
        typer.echo("\n".join(describe(table, out)))


def audit(
    data: DataPath,
    against: Annotated[Path | None, typer.Option(help="Another manifest to look in.")] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for audit.json and audit.html.",
            show_default="runs/NAME-audit-TIME",
            rich_help_panel=PLACE,
        ),
    ] = None,
    write_groups: Annotated[
        Path | None, typer.Option(help="Write a manifest whose column 'group' no split cuts.")
    ] = None,
    drop: Annotated[str, typer.Option(help="duplicates, conflicts or both, by comma.")] = "",
    cleaned: Annotated[
        Path | None,
        typer.Option(
            help="Where --drop and --carry write the manifest.",
            show_default="cleaned.parquet, numbered if taken",
        ),
    ] = None,
    carry: Annotated[
        str, typer.Option(help="Columns to take over from --against, such as patient,mask.")
    ] = "",
    strict: Annotated[
        bool,
        typer.Option(
            "--strict",
            help="Exit code 1 if the verdict calls anything wrong: pictures, neighbours or "
            "patients on two sides, a picture under two labels or another one in --against.",
        ),
    ] = False,
    jobs: Jobs = None,
    seed: Seed = 0,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Find damage, duplicates, leaks and contradictions.

    Nothing is deleted.
    """
    from gliaboost.reports.pages.terminal import audit_table

    out = out or timed_place(f"{data.stem}-audit")
    if cleaned is None and (drop or carry):
        cleaned = place(None, "cleaned.parquet")
    with shown_progress(quiet) as progress:
        report = gliaboost.audit(
            data,
            against=against,
            out=out,
            write_groups=write_groups,
            drop=drop,
            carry=carry,
            cleaned=cleaned,
            jobs=jobs,
            seed=seed,
            progress=progress,
        )
    if as_json:
        print_json(report.to_dict())
    else:
        typer.echo(audit_table(report, fit=sys.stdout.isatty()))
        for i, one in enumerate(report.written):
            typer.echo("\n".join(["", *one.sentences()] if i == 0 else one.sentences()))
        typer.echo(f"page: {(out / 'audit.html').resolve()}")
    say_next(quiet or as_json, *after_audit(report, data, against))
    if strict and report.wrong:
        typer.echo(f"gliaboost: wrong, by the verdict: {len(report.wrong)} (--strict)", err=True)
        raise typer.Exit(1)


def explore(
    data: DataPath,
    prepare: Prepare = "",
    out: Annotated[
        Path | None,
        typer.Option(
            help="The page.", show_default="runs/NAME-explore-TIME.html", rich_help_panel=PLACE
        ),
    ] = None,
    jobs: Jobs = None,
    seed: Seed = 0,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Draw the data set at a glance, as one page."""
    out = out or timed_place(f"{data.stem}-explore", ending=".html")
    with shown_progress(quiet) as progress:
        gliaboost.explore(data, out, prepare=prepare, jobs=jobs, seed=seed, progress=progress)
    if as_json:
        print_json({"page": str(out)})
    else:
        typer.echo(f"page: {out.resolve()}")
    say_next(quiet or as_json, "audit", data)
