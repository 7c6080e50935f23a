"""Several runs in one page: other data sets, other seeds, other machines."""

from __future__ import annotations

import string
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from gliaboost.errors import UsageError
from gliaboost.reports.document.blocks import Alarm, Block, Cell, Figure, Paragraph, Section, Table
from gliaboost.reports.document.numerals import UNKNOWN, count, listed, plural, share, span
from gliaboost.reports.document.writing import write_pages
from gliaboost.reports.pages.alarms import alarms
from gliaboost.reports.pages.comparisons import comparisons
from gliaboost.reports.pages.cost import cost
from gliaboost.reports.pages.overview import FIRST, accuracies, table
from gliaboost.reports.pages.transfer import elsewhere
from gliaboost.reports.protocol.order import in_order
from gliaboost.reports.protocol.results import ExperimentResult, Results, part_words, read_results

# Pairs grow with the square of experiments: these are tested against each other.
PAIRED = 12


def render_joined(folders: Sequence[Path | str], out: Path | str) -> dict[str, Any]:
    """Draw one page of several runs.

    Runs on the same images (equal fingerprints) are set side by side and tested against each
    other; runs on others are not, as numbers of two data sets cannot be compared.

    Parameters
    ----------
    folders : sequence of path-like
        Results' folders, in the order of the page.
    out : path-like
        Where the pages go.

    Returns
    -------
    dict
        ``html``, ``markdown`` and ``figures``, as for `gliaboost.reports.pages.render.render`.

    Raises
    ------
    UsageError
        If a folder is named twice, or holds no run that this version reads.
    """
    places = [Path(f).resolve() for f in folders]
    twice = sorted({str(p) for p in places if places.count(p) > 1})
    if twice or not places:
        said = f"{twice[0]} is named twice" if twice else "no results folder was named"
        raise UsageError(f"{said}; expected one or more different folders of gliaboost benchmark")
    runs = [read_results(p) for p in places]
    sets = _by_data_set(runs)
    sections = [_answer(runs, sets)]
    for n, members in enumerate(sets.values(), 1):
        sections.append(_on(n, members, runs))
    sections += [_agreement(sets, runs), _travel(runs), _made(runs)]
    return write_pages(
        Path(out),
        f"{plural(len(runs), 'benchmark')} on {listed([m[0].name for m in sets.values()])}",
        sections,
        simulated=all(r.simulated for r in runs),
        source=f"the results of {plural(len(runs), 'run')}",
        alarms=_alarms(runs),
    )


def _alarms(runs: Sequence[Results]) -> list[Alarm]:
    """List the alarms of all runs, each once, with the runs that it is of."""
    found: dict[Alarm, list[str]] = {}
    for n, run in enumerate(runs, 1):
        for alarm in alarms(run):
            found.setdefault(alarm, []).append(str(n))
    return [
        Alarm(f"Run{'s' if len(of) > 1 else ''} {listed(of)}: {_lower(alarm.title)}", alarm.text)
        for alarm, of in found.items()
    ]


def _lower(said: str) -> str:
    return said[0].lower() + said[1:]


def _by_data_set(runs: Sequence[Results]) -> dict[str, list[Results]]:
    sets: dict[str, list[Results]] = {}
    for n, run in enumerate(runs):
        # Without a fingerprint nothing says that two runs saw the same images.
        sets.setdefault(run.dataset.fingerprint or f"run {n}", []).append(run)
    return sets


def _answer(runs: Sequence[Results], sets: dict[str, list[Results]]) -> Section:
    said = []
    for members in sets.values():
        merged = _merged(members, runs)
        ranked = [e for e in merged.experiments if e.pooled("accuracy") is not None]
        if not ranked:
            said.append(f"On {members[0].name} no accuracy is known.")
            continue
        e, run = ranked[0], members[0]
        accuracy, number = e.pooled("accuracy"), e.letter.rstrip(string.ascii_uppercase)
        limits, patients = span(e.record.accuracy.ci95), run.dataset.patients
        whom = f" of {plural(patients, 'patient')}" if patients else ""
        images = plural(run.dataset.images, "simulated image" if run.simulated else "image")
        said.append(
            f"On {run.name}, {images}{whom}, the best is {e.title.replace(f', run {number}', '')} "
            f"with an accuracy of {share(accuracy)}{' ' + limits if limits else ''}"
            f"{f' (run {number})' if len(runs) > 1 else ''}."
        )
    blocks: list[Block] = [Paragraph(" ".join(said), "lead")]
    if len(sets) > 1:
        blocks.append(
            Paragraph(
                "Numbers of different data sets cannot be compared: pictures, classes and patients "
                "are others. What can be compared is how a model trained on one does on another."
            )
        )
    blocks.append(
        Paragraph("What this does not mean: gliaboost is a research tool and no medical device.")
    )
    blocks.append(_runs(runs))
    return Section("answer", "The answer", blocks)


def _runs(runs: Sequence[Results]) -> Table:
    rows = []
    for n, run in enumerate(runs, 1):
        best = run.experiments[0] if run.experiments else None
        patients = run.dataset.patients
        accuracy = best.pooled("accuracy") if best else None
        rows.append(
            [
                Cell(str(n)),
                Cell(run.name),
                Cell(count(run.dataset.images), run.dataset.images),
                Cell(count(patients) if patients else UNKNOWN, patients),
                Cell("nothing" if not run.grouped else "patient" if patients else "group"),
                Cell(str(run.protocol.seed)),
                Cell(count(len(run.experiments)), len(run.experiments)),
                Cell(best.title if best else UNKNOWN),
                Cell(
                    share(accuracy),
                    accuracy,
                    span(best.record.accuracy.ci95) if best else "",
                ),
            ]
        )
    return Table(
        "runs",
        "The runs.",
        [
            "Run",
            "Data set",
            "#Images",
            "#Patients",
            "Folds keep whole",
            "Seed",
            "#Experiments",
            "Best",
            "#Its accuracy",
        ],
        rows,
        sortable=True,
    )


def _on(n: int, members: Sequence[Results], runs: Sequence[Results]) -> Section:
    merged = _merged(members, runs)
    few = replace(merged, experiments=merged.experiments[:PAIRED])
    drawn = accuracies(merged) if len(merged.experiments) <= FIRST else []
    blocks = [*drawn, *table(merged).blocks, *cost(merged).blocks]
    machines = {r.environment.processor or UNKNOWN for r in members}
    if len(machines) > 1:
        blocks.append(
            Paragraph(
                f"The runs come from different machines ({listed(sorted(machines))}): seconds of "
                "one say little of another.",
                "missing",
            )
        )
    blocks += comparisons(few).blocks
    if len(merged.experiments) > PAIRED:
        blocks.append(
            Paragraph(f"The {PAIRED} most accurate are tested against each other.", "missing")
        )
    return Section(f"set-{n}", f"On {members[0].name}", [_renamed(b, n) for b in blocks])


def _merged(members: Sequence[Results], runs: Sequence[Results]) -> Results:
    """Put the experiments of runs on the same images into one, the most accurate first."""
    found: list[ExperimentResult] = []
    run_of: dict[str, Results] = {}
    for run in members:
        number = runs.index(run) + 1
        for e in run.experiments:
            # Paths differ from machine to machine; what a file holds does not.
            rows = e.predictions.assign(path=e.predictions["key"])
            words = f"{e.title}, run {number}" if len(members) > 1 else e.title
            found.append(replace(e, letter=f"{number}{e.letter}", title=words, predictions=rows))
            run_of[f"{number}{e.letter}"] = run
    order, partial = in_order(
        [e.record for e in found], [e.predictions for e in found], members[0].protocol.seed
    )
    # A run on some folds alone has nothing in itself that it is a part of.
    parts = [part_words(e.record, run_of[e.letter].protocol.n_folds) for e in found]
    found = [
        replace(e, title=e.title + said) if some and said not in e.title else e
        for e, some, said in zip(found, partial, parts, strict=True)
    ]
    return replace(members[0], experiments=[found[i] for i in order], controls=(), transfers=())


def _renamed(block: Block, n: int) -> Block:
    if isinstance(block, Table):
        return replace(block, name=f"{block.name}-{n}")
    if isinstance(block, Figure):
        return replace(
            block,
            name=f"{block.name}-{n}",
            pictures=[replace(p, name=f"{p.name}-{n}") for p in block.pictures],
            table=None if block.table is None else replace(block.table, name=f"{block.name}-{n}"),
        )
    return block


def _agreement(sets: dict[str, list[Results]], runs: Sequence[Results]) -> Section:
    """Say how far an experiment moves when it is run again."""
    rows = []
    for members in sets.values():
        again: dict[str, list[tuple[int, Results, float]]] = {}
        for run in members:
            for e in run.experiments:
                value = e.pooled("accuracy")
                if value is not None:
                    again.setdefault(e.title, []).append((runs.index(run) + 1, run, value))
        for title, found in again.items():
            if len(found) < 2:
                continue
            values = np.array([v for _, _, v in found])
            seeds = list(dict.fromkeys(str(r.protocol.seed) for _, r, _ in found))
            rows.append(
                [
                    Cell(members[0].name),
                    Cell(title),
                    Cell(listed([str(n) for n, _, _ in found])),
                    Cell(", ".join(seeds)),
                    *(
                        Cell(share(float(v)), float(v))
                        for v in (values.min(), values.max(), values.mean(), values.std(ddof=1))
                    ),
                ]
            )
    title = "Do runs agree"
    if not rows:
        missing = "No experiment was run twice on the same images: how far chance moves it is open."
        return Section("agreement", title, [Paragraph(missing, "missing")])
    blocks: list[Block] = [
        Paragraph(
            "The same experiment on the same images, run again: other seeds, folds or machines. A "
            "difference between two experiments that is smaller than this spread says little."
        ),
        Table(
            "agreement",
            "Accuracy from run to run; SD is the standard deviation over runs.",
            [
                "Data set",
                "Experiment",
                "Runs",
                "Seeds",
                "#Lowest",
                "#Highest",
                "#Mean",
                "#SD",
            ],
            rows,
            sortable=True,
        ),
    ]
    return Section("agreement", title, blocks)


def _travel(runs: Sequence[Results]) -> Section:
    missing = (
        "No model was tested on another data set (gliaboost benchmark A --test-on B): whether any "
        "of them travels is not known."
    )
    return Section("travel", "Does it travel", elsewhere(runs) or [Paragraph(missing, "missing")])


def _made(runs: Sequence[Results]) -> Section:
    facts: list[tuple[str, list[str]]] = [
        ("Data set", [r.name for r in runs]),
        ("Fingerprint (SHA-256)", [r.dataset.fingerprint or UNKNOWN for r in runs]),
        ("Folds", [r.protocol.folds or UNKNOWN for r in runs]),
        ("Seed", [str(r.protocol.seed) for r in runs]),
        ("Processor", [r.environment.processor or UNKNOWN for r in runs]),
        ("Cores", [str(r.environment.cores) for r in runs]),
        ("Accelerator", [r.environment.gpu or UNKNOWN for r in runs]),
        ("gliaboost", [r.environment.versions.get("gliaboost") or UNKNOWN for r in runs]),
        ("Command", [r.protocol.command or UNKNOWN for r in runs]),
    ]
    return Section(
        "made",
        "How they were made",
        [
            Table(
                "made",
                "What each run was made from. A run's own page says more.",
                ["What", *(f"Run {n}" for n in range(1, len(runs) + 1))],
                [[Cell(what), *(Cell(v) for v in values)] for what, values in facts],
            )
        ],
    )
