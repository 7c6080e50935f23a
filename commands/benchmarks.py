"""Commands that measure and report: demo, benchmark, report, info."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import gliaboost
from gliaboost._face.words import CLASSICAL
from gliaboost.commands.options import (
    Device,
    Features,
    Jobs,
    Json,
    ManifestPath,
    Modality,
    Quiet,
    Seed,
    Settings,
    Store,
    Target,
    exit_with_failures,
    typed,
)
from gliaboost.commands.progress_bar import shown_progress

if TYPE_CHECKING:
    from gliaboost.reports.protocol.results import Results


def demo(
    out: Annotated[Path, typer.Option(help="Folder for data and report.")] = Path("runs/demo"),
    device: Device = "auto",
    jobs: Jobs = None,
    seed: Seed = 0,
    store: Store = None,
    quiet: Quiet = False,
) -> None:
    """Run the main job on an embedded, simulated sample.

    Boosters on all features, five folds; a backbone is fine-tuned briefly, on one of them.
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
    _show(results, out)


def benchmark(
    manifest: ManifestPath,
    out: Annotated[Path, typer.Option(help="Folder for results and report.")] = Path("runs/report"),
    folds: Annotated[
        str,
        typer.Option(
            help="A number of patient-safe folds, a column that has them, holdout or split."
        ),
    ] = "5",
    only: Annotated[
        str, typer.Option(help="Run some folds alone: 1,2, or for one model: cnn-finetune=2.")
    ] = "",
    target: Target = "label",
    modality: Modality = "both",
    features: Features = CLASSICAL,
    models: Annotated[
        str, typer.Option(help="Models, by comma; see gliaboost info.")
    ] = "xgboost,lightgbm",
    settings: Settings = None,
    trials: Annotated[
        int,
        typer.Option("--tune", min=0, help="Search parameters in each training part: trials."),
    ] = 0,
    ablation: Annotated[
        bool, typer.Option("--ablation", help="Also each feature family alone, and all but one.")
    ] = False,
    controls: Annotated[
        bool, typer.Option(help="Repeat the cheapest model with shuffled labels, and by image.")
    ] = True,
    audit: Annotated[bool, typer.Option(help="Audit the data first, once a data set.")] = True,
    test_on: Annotated[
        Path | None, typer.Option(help="Another manifest: fit on all of this, test on that.")
    ] = None,
    device: Device = "auto",
    jobs: Jobs = None,
    seed: Seed = 0,
    store: Store = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Compare models on honest folds and write a report.

    A killed run goes on where it stopped.
    """
    with shown_progress(quiet) as progress:
        results = gliaboost.benchmark(
            manifest,
            out=out,
            folds=folds,
            only=only,
            target=target,
            modality=modality,
            features=features,
            models=models,
            settings=settings,
            tune=trials,
            ablation=ablation,
            controls=controls,
            audit=audit,
            test_on=test_on,
            device=device,
            jobs=jobs,
            seed=seed,
            store=store,
            command=typed(),
            progress=progress,
        )
    _show(results, out, as_json)


def report(
    results: Annotated[
        list[Path], typer.Argument(metavar="RUN...", help="Folders of earlier benchmarks.")
    ],
    out: Annotated[
        Path | None, typer.Option(help="Folder for the pages.", show_default="the run's own")
    ] = None,
    images: Annotated[
        Path | None, typer.Option(help="The manifest's folder, to show the surest mistakes.")
    ] = None,
) -> None:
    """Draw a report again, or one of several runs, without fitting."""
    page = gliaboost.report(results, out, images=images)
    typer.echo(f"report: {page.resolve()}")


def info(as_json: Json = False) -> None:
    """Show what there is, and how to get what is missing."""
    from gliaboost.reports.pages.terminal import facts_text

    facts = gliaboost.info()
    if as_json:
        typer.echo(json.dumps(facts, indent=1))
    else:
        typer.echo(facts_text(facts, fit=sys.stdout.isatty()))


def _show(results: Results, out: Path, as_json: bool = False) -> None:
    from gliaboost.reports.pages.terminal import (
        alarms_text,
        answer_text,
        elsewhere_text,
        results_table,
    )
    from gliaboost.reports.protocol.record_file import to_json

    if as_json:
        typer.echo(to_json(results.record), nl=False)
    else:
        typer.echo(results_table(results, fit=sys.stdout.isatty()))
        for text in (answer_text, elsewhere_text, alarms_text):
            if said := text(results):
                typer.echo(said)
        typer.echo(f"report: {(out / 'report.html').resolve()}")
    exit_with_failures(results.dataset.unreadable.items())
