"""Commands that measure and report: demo, benchmark, report, info."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import gliaboost
from gliaboost.commands.help import CHOICE, DATA, PLACE
from gliaboost.commands.next_steps import after_benchmark, after_demo, after_report
from gliaboost.commands.options import (
    Cluster,
    DataPath,
    Device,
    Jobs,
    Json,
    Modality,
    Models,
    OutOfCore,
    Prepare,
    Preset,
    PresetFeatures,
    Quiet,
    Region,
    Seed,
    Settings,
    Store,
    Target,
    exit_with_failures,
    print_json,
    say_next,
    typed,
    xgboost_too,
)
from gliaboost.commands.progress_bar import shown_progress
from gliaboost.deferred import defer

if TYPE_CHECKING:
    from gliaboost.reports.protocol.results import Results


def demo(
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for data and report.",
            show_default="runs/demo, numbered if taken",
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
    """Run the main job on an embedded, simulated sample.

    The preset "good" with small segmenters, five folds; a backbone is fine-tuned briefly, on one of
    them. Three outlines of tumours lie beside the report.
    """
    with shown_progress(quiet) as progress:
        results = gliaboost.demo(
            out,
            device=device,
            jobs=jobs,
            seed=seed,
            store=store,
            command=typed(),
            progress=progress,
        )
    _show(results, as_json)
    say_next(quiet or as_json, *after_demo(results))
    exit_with_failures(results.dataset.unreadable.items())


def benchmark(
    data: DataPath,
    target: Target = "label",
    modality: Modality = "both",
    folds: Annotated[
        str,
        typer.Option(
            help="A number of patient-safe folds, a column that has them, holdout or split; auto: "
            "the data's own test part where it has one that tells enough of every class, else 5.",
            rich_help_panel=DATA,
        ),
    ] = "auto",
    only: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FOLDS",
            help="Run some folds alone: 1,2, or for one model: cnn-finetune=2.",
            rich_help_panel=DATA,
        ),
    ] = None,
    test_on: Annotated[
        Path | None,
        typer.Option(
            help="Another data set: fit on all of this, test on that.", rich_help_panel=DATA
        ),
    ] = None,
    audit: Annotated[
        bool, typer.Option(help="Audit the data first, once a data set.", rich_help_panel=DATA)
    ] = True,
    preset: Preset = "fast",
    features: PresetFeatures = None,
    models: Models = None,
    settings: Settings = None,
    prepare: Prepare = "",
    region: Region = None,
    trials: Annotated[
        int,
        typer.Option(
            "--tune",
            min=0,
            help="Search parameters in each training part: trials.",
            rich_help_panel=CHOICE,
        ),
    ] = 0,
    ablation: Annotated[
        bool,
        typer.Option(
            "--ablation",
            help="Also each feature family alone, and all but one.",
            rich_help_panel=CHOICE,
        ),
    ] = False,
    controls: Annotated[
        bool,
        typer.Option(
            help="Repeat the cheapest model with shuffled labels, and by image.",
            rich_help_panel=CHOICE,
        ),
    ] = True,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for results and report.",
            show_default="runs/NAME-TIME",
            rich_help_panel=PLACE,
        ),
    ] = None,
    out_of_core: OutOfCore = False,
    device: Device = "auto",
    jobs: Jobs = None,
    cluster: Cluster = None,
    seed: Seed = 0,
    store: Store = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Compare models on honest folds and write a report.

    A folder is enough: the table of its images is made, and kept beside the report. A killed run
    goes on where it stopped, by the same command.
    """
    # scikit-learn brings some that nothing here uses.
    defer()
    settings = xgboost_too(settings, out_of_core=out_of_core)
    with shown_progress(quiet) as progress:
        results = gliaboost.benchmark(
            data,
            out=out,
            folds=folds,
            only=only or "",
            target=target,
            modality=modality,
            preset=preset,
            features=features or None,
            models=models or None,
            settings=settings,
            prepare=prepare,
            region=region,
            tune=trials,
            ablation=ablation,
            controls=controls,
            audit=audit,
            test_on=test_on,
            device=device,
            jobs=jobs,
            seed=seed,
            store=store,
            cluster=cluster,
            command=typed(),
            progress=progress,
        )
    _show(results, as_json)
    words = after_benchmark(
        results,
        data,
        target=target,
        modality=modality,
        preset=preset,
        features=features,
        settings=settings,
        prepare=prepare,
        region=region,
        store=store,
    )
    say_next(quiet or as_json, *words)
    exit_with_failures(results.dataset.unreadable.items())


def report(
    results: Annotated[
        list[Path], typer.Argument(metavar="RUN...", help="Folders of earlier benchmarks.")
    ],
    out: Annotated[
        Path | None, typer.Option(help="Folder for the pages.", show_default="the run's own")
    ] = None,
    images: Annotated[
        Path | None, typer.Option(help="The manifest's folder, to show images.")
    ] = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Draw a report again, or one of several runs.

    Nothing is fitted. A comparison of segmenters is drawn again too, alone.
    """
    page = gliaboost.report(results, out, images=images)
    if as_json:
        print_json({"report": str(page)})
    else:
        typer.echo(f"report: {page.resolve()}")
    say_next(quiet or as_json, *after_report(results))


def info(quiet: Quiet = False, as_json: Json = False) -> None:
    """Show what there is, and how to get what is missing."""
    from gliaboost.reports.pages.terminal import facts_text

    facts = gliaboost.info()
    if as_json:
        typer.echo(json.dumps(facts, indent=1))
    else:
        typer.echo(facts_text(facts, fit=sys.stdout.isatty()))
    say_next(quiet or as_json, "demo")


def _show(results: Results, as_json: bool = False) -> None:
    from gliaboost.reports.pages.terminal import (
        alarms_text,
        answer_text,
        elsewhere_text,
        honesty_text,
        results_table,
    )
    from gliaboost.reports.protocol.record_file import to_json

    if as_json:
        typer.echo(to_json(results.record), nl=False)
    else:
        typer.echo(results_table(results, fit=sys.stdout.isatty()))
        for text in (honesty_text, answer_text, elsewhere_text, alarms_text):
            if said := text(results):
                typer.echo(said)
        if results.folder is not None:
            typer.echo(f"report: {(results.folder / 'report.html').resolve()}")
