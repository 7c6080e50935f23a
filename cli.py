"""The command line: parse, call one function, show. No logic."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gliaboost.datasets.errors import GliaboostError, UsageError
from gliaboost.reports.progress import progress_bar, sayer

if TYPE_CHECKING:
    from gliaboost.features.base import Extractor
    from gliaboost.features.store import FeatureStore

app = typer.Typer(
    name="gliaboost",
    help="Classical features and gradient boosting on brain MRI and CT, honestly measured.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)

Device = Annotated[str, typer.Option(help="auto, cpu or cuda; what really ran is written down.")]
Jobs = Annotated[int | None, typer.Option(min=1, help="Threads.", show_default="all cores")]
Seed = Annotated[int, typer.Option(help="Same seed, same numbers.")]
Store = Annotated[
    Path | None, typer.Option(help="Feature cache.", show_default="in the user's cache folder")
]
Quiet = Annotated[bool, typer.Option("--quiet", help="Only results and errors.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Features = Annotated[str, typer.Option(help="Extractors, by comma; see gliaboost info.")]
ManifestPath = Annotated[Path, typer.Argument(metavar="MANIFEST", help=".parquet or .csv")]

CLASSICAL = "hog,lbp,glcm"


@app.callback()
def _gliaboost(
    debug: Annotated[
        bool, typer.Option("--debug", help="Show tracebacks; may stand anywhere.")
    ] = False,
) -> None:
    """Classical features and gradient boosting on brain MRI and CT, honestly measured."""


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder for data and report.")] = Path("runs/demo"),
    device: Device = "auto",
    jobs: Jobs = None,
    seed: Seed = 0,
    store: Store = None,
    quiet: Quiet = False,
) -> None:
    """Run the main job on an embedded, simulated sample."""
    from gliaboost.datasets.phantom import make_phantom

    say = sayer(quiet)
    say("simulating patients in the MNI152 template (simulated: no number here is clinical)")
    with progress_bar("simulating", quiet) as progress:
        make_phantom(out / "phantom", seed=seed, jobs=jobs, progress=progress)
    benchmark(
        out / "phantom" / "manifest.parquet",
        out=out,
        device=device,
        jobs=jobs,
        seed=seed,
        store=store or out / "store",
        quiet=quiet,
    )


@app.command()
def manifest(
    source: Annotated[str, typer.Argument(help="folder, csv, figshare, kaggle-mri ...")],
    path: Annotated[Path, typer.Argument(help="Where the data set lies.")],
    out: Annotated[Path, typer.Option(help=".parquet or .csv")] = Path("manifest.parquet"),
    jobs: Jobs = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Write the table that everything starts from: one row an image."""
    from gliaboost.datasets.sources import read_source

    table = read_source(source, path).with_keys(jobs).check()
    table.write(out)
    counts = {label: int((table.table["label"] == label).sum()) for label in table.classes}
    patients = int(table.table["patient"].nunique())
    if as_json:
        _print_json(
            {"manifest": str(out), "images": len(table), "patients": patients, "classes": counts}
        )
    elif not quiet:
        known = f"{patients} patients" if patients else "patients unknown"
        typer.echo(f"{out}: {len(table)} images, {known}")
        for label, count in counts.items():
            typer.echo(f"  {label:<20} {count:>6}")


@app.command()
def audit(
    manifest: ManifestPath,
    against: Annotated[Path | None, typer.Option(help="Another manifest to look in.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for audit.json and audit.html.")] = Path(
        "runs/audit"
    ),
    write_groups: Annotated[
        Path | None, typer.Option(help="Write a manifest whose column 'group' no split cuts.")
    ] = None,
    drop: Annotated[str, typer.Option(help="duplicates, conflicts or both, by comma.")] = "",
    cleaned: Annotated[
        Path, typer.Option(help="Where --drop and --carry write the manifest.")
    ] = Path("cleaned.parquet"),
    carry: Annotated[
        str, typer.Option(help="Columns to take over from --against, such as patient,mask.")
    ] = "",
    jobs: Jobs = None,
    seed: Seed = 0,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Find what is broken, duplicated, leaking or contradictory; deletes nothing."""
    from gliaboost.datasets import audit as room
    from gliaboost.datasets.files import replacing
    from gliaboost.datasets.manifest import Manifest
    from gliaboost.reports.audit_page import render_audit
    from gliaboost.reports.terminal import audit_table

    if carry and against is None:
        raise UsageError("--carry takes columns from another manifest; name it with --against")
    table = Manifest.read(manifest)
    other = None if against is None else Manifest.read(against)
    with progress_bar("reading", quiet) as progress:
        report = room.audit(table, against=other, jobs=jobs, seed=seed, progress=progress)
    facts = report.to_dict()
    with replacing(out / "audit.json") as temporary:
        temporary.write_text(json.dumps(facts, indent=1) + "\n", "utf-8")
    page = render_audit(report, table, out / "audit.html", against=other)
    if write_groups is not None:
        room.write_groups(table, report).write(write_groups)
    if drop or carry:
        better = table
        if carry and other is not None:
            better = room.carry_over(better, other, report, _names(carry))
        if drop:
            better = room.drop(better, report, _names(drop))
        better.write(cleaned)
    if as_json:
        _print_json(facts)
    else:
        typer.echo(audit_table(report))
        typer.echo(f"page: {page.resolve()}")


@app.command()
def explore(
    manifest: ManifestPath,
    out: Annotated[Path, typer.Option(help="The page.")] = Path("runs/explore.html"),
    prepare: Annotated[
        str, typer.Option(help="Show images prepared, e.g. crop=foreground,normalise=clahe")
    ] = "",
    jobs: Jobs = None,
    seed: Seed = 0,
    quiet: Quiet = False,
) -> None:
    """Draw the data set at a glance, as one page."""
    from gliaboost.datasets.manifest import Manifest
    from gliaboost.datasets.prepare import Preparation
    from gliaboost.reports.explore import render_explore

    preparation = Preparation.from_dict(_options(prepare)) if prepare else None
    table = Manifest.read(manifest)
    with progress_bar("reading", quiet) as progress:
        page = render_explore(table, out, preparation, jobs=jobs, seed=seed, progress=progress)
    typer.echo(f"page: {page.resolve()}")


@app.command()
def extract(
    manifest: ManifestPath,
    features: Features = CLASSICAL,
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
            table, _extractors(features), Preparation(), _store(store), jobs=jobs, progress=progress
        )
    if as_json:
        _print_json(
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
    _exit_with_failures((table.paths[i], reason) for i, reason in done.failed.items())


@app.command()
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
            _extractors(features),
            model,
            _store(store),
            device=device,
            jobs=jobs,
            seed=seed,
            progress=progress,
        )
    save(bundle, out)
    if as_json:
        _print_json({"bundle": str(out), **bundle.summary()})
    else:
        sayer(quiet)(f"{out}: {model} on {features}, fitted on {bundle.device}")
    _exit_with_failures((table.paths[i], reason) for i, reason in extraction.failed.items())


@app.command()
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
    _exit_with_failures((p.path, p.error) for p in predictions if p.error is not None)


@app.command()
def benchmark(
    manifest: ManifestPath,
    out: Annotated[Path, typer.Option(help="Folder for results and report.")] = Path("runs/report"),
    folds: Annotated[
        str, typer.Option(help="A number of patient-safe folds, or the column that holds them.")
    ] = "5",
    features: Features = CLASSICAL,
    models: Annotated[str, typer.Option(help="Models, by comma.")] = "xgboost,lightgbm",
    device: Device = "auto",
    jobs: Jobs = None,
    seed: Seed = 0,
    store: Store = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Compare models on honest folds and write a report; a killed run goes on where it stopped."""
    from gliaboost.datasets.manifest import Manifest
    from gliaboost.datasets.splits import named_folds
    from gliaboost.reports.protocol import Protocol, run
    from gliaboost.reports.render import render
    from gliaboost.reports.terminal import results_table

    table = Manifest.read(manifest).check(labelled=True)
    chosen, description = named_folds(table, folds, seed=seed)
    protocol = Protocol(
        extractors=_extractors(features),
        models=_names(models),
        folds=chosen,
        folds_name=description,
        seed=seed,
        jobs=jobs,
        device=device,
    )
    with progress_bar("extracting", quiet) as progress:
        results = run(
            table,
            protocol,
            _store(store),
            out,
            command=_command(),
            say=sayer(quiet),
            progress=progress,
        )
    pages = render(out)
    if as_json:
        _print_json(results)
    else:
        typer.echo(results_table(results))
        typer.echo(f"report: {(pages['html']).resolve()}")
    unreadable = results["dataset"]["unreadable"]
    _exit_with_failures((Path(path), reason) for path, reason in unreadable.items())


@app.command()
def report(
    results: Annotated[Path, typer.Argument(help="Folder of an earlier benchmark.")],
) -> None:
    """Draw the report again from saved results, without fitting."""
    from gliaboost.reports.render import render

    typer.echo(f"report: {render(results)['html'].resolve()}")


@app.command()
def info(as_json: Json = False) -> None:
    """Show versions, devices, extractors and models, and how to get what is missing."""
    from gliaboost.reports.environment import describe, describe_text

    facts = describe()
    typer.echo(json.dumps(facts, indent=1) if as_json else describe_text(facts))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; errors are one line and an exit code, tracebacks only with --debug."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in words
    try:
        app(args=[w for w in words if w != "--debug"])
    except Exception as error:
        if debug:
            raise
        if isinstance(error, GliaboostError):
            message, code = str(error), error.exit_code
        else:
            first = (str(error).splitlines() or [""])[0]
            message = f"{type(error).__name__}: {first} (unexpected; --debug shows where)"
            code = 1
        typer.echo(f"gliaboost: {message}", err=True)
        raise SystemExit(code) from None


def _names(text: str) -> list[str]:
    names = [word.strip() for word in text.split(",") if word.strip()]
    if not names:
        raise UsageError(f"no name in {text!r}; expected names by comma, such as {CLASSICAL}")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageError(f"{', '.join(twice)} is named twice in {text!r}; name each once")
    return names


def _options(text: str) -> dict[str, Any]:
    pairs = [word.partition("=") for word in _names(text)]
    wrong = [key for key, equals, _ in pairs if not equals]
    if wrong:
        raise UsageError(
            f"{', '.join(wrong)} in {text!r} has no value; expected name=value by comma"
        )
    plain = {"true": True, "false": False}
    return {k: int(v) if v.isdigit() else plain.get(v.lower(), v) for k, _, v in pairs}


def _extractors(text: str) -> list[Extractor]:
    from gliaboost.features import create

    return [create(name) for name in _names(text)]


def _store(path: Path | None) -> FeatureStore:
    from gliaboost.features.store import FeatureStore

    return FeatureStore(path)


def _command() -> str:
    import shlex

    return shlex.join(["gliaboost", *sys.argv[1:]])


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, indent=1))


def _exit_with_failures(failures: Any) -> None:
    failed = list(failures)
    for path, reason in failed:
        typer.echo(f"gliaboost: {path}: {reason}", err=True)
    if failed:
        raise typer.Exit(1)
