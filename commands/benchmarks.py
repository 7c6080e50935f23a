"""Commands that measure and report: demo, benchmark, report, info."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

import gliaboost
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
    Settings,
    Store,
    Target,
    exit_with_failures,
    typed,
)
from gliaboost.commands.progress_bar import shown_progress

# So that a newcomer with two cores waits minutes.
DEMO_NETWORKS: dict[str, Any] = {
    "features": f"{CLASSICAL},embedding",
    "models": "xgboost,lightgbm,cnn-finetune",
    "only": "cnn-finetune=1",
    "settings": ["cnn-finetune.size=128", "cnn-finetune.epochs=4"],
}


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
    from importlib.util import find_spec

    from gliaboost.datasets.phantom.sample import make_phantom

    networks = all(find_spec(package) for package in ("torch", "timm", "safetensors"))
    with shown_progress(quiet) as progress:
        if not networks:
            progress.line(
                "without embeddings and networks, which need: pip install 'gliaboost[torch]'"
            )
        progress.line(
            "simulating patients in the MNI152 template (simulated: no number here is clinical)"
        )
        make_phantom(out / "phantom", seed=seed, jobs=jobs, progress=progress)
    benchmark(
        out / "phantom" / "manifest.parquet",
        out=out,
        device=device,
        jobs=jobs,
        seed=seed,
        store=store or out / "store",
        quiet=quiet,
        **(DEMO_NETWORKS if networks else {}),
    )


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
    from gliaboost._face.inputs import read_target
    from gliaboost._face.settings import build_extractors, feature_words, read_settings
    from gliaboost._face.words import fold_choice, names
    from gliaboost.datasets.fold_names import named_folds, some_folds
    from gliaboost.features.store import FeatureStore
    from gliaboost.reports.pages.explaining import explain_mistakes
    from gliaboost.reports.pages.render import render
    from gliaboost.reports.pages.terminal import results_table
    from gliaboost.reports.protocol.benchmark import run
    from gliaboost.reports.protocol.elsewhere import find_elsewhere
    from gliaboost.reports.protocol.experiments import competitors
    from gliaboost.reports.protocol.findings import known_findings
    from gliaboost.reports.protocol.protocol import Protocol
    from gliaboost.reports.protocol.record_file import to_json

    with shown_progress(quiet) as progress:
        table = read_target(manifest, target, modality, progress).check(labelled=True)
        chosen, description = named_folds(table, folds, seed=seed)
        for_all, for_one = fold_choice(only)
        if for_all:
            chosen = some_folds(chosen, for_all)
            description += f"; of these only {', '.join(for_all)}"
        own = read_settings(settings, feature_words(features), names(models))
        protocol = Protocol(
            competitors(
                names(models),
                build_extractors(feature_words(features), device, own),
                ablation=ablation,
            ),
            chosen,
            description,
            controls=controls,
            only=for_one,
            parameters=own,
            trials=trials,
            seed=seed,
            jobs=jobs,
            device=device,
        )
        cache = FeatureStore(store)
        findings: list[tuple[str, str]] = []
        if audit:
            findings = known_findings(table, cache.path, jobs=jobs, progress=progress)
            for weight, sentence in findings:
                if weight == "wrong":
                    progress.line(f"audit: {sentence}")
        elsewhere = None
        if test_on is not None:
            other = read_target(test_on, target, modality, progress).check(labelled=True)
            elsewhere = find_elsewhere(table, other, jobs=jobs, progress=progress)
        results = run(
            table,
            protocol,
            cache,
            out,
            command=typed(),
            audit=findings,
            elsewhere=elsewhere,
            progress=progress,
        )
    explain_mistakes(out, table.root)
    pages = render(out, images=table.root)
    if as_json:
        typer.echo(to_json(results.record), nl=False)
    else:
        typer.echo(results_table(results, fit=sys.stdout.isatty()))
        typer.echo(f"report: {(pages['html']).resolve()}")
    unreadable = results.dataset.unreadable
    exit_with_failures((Path(path), reason) for path, reason in unreadable.items())


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
