"""How a run was made, so that another can make it again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gliaboost.reports.document.blocks import Block, Cell, Paragraph, Section, Table
from gliaboost.reports.document.numerals import UNKNOWN, count, plural, words
from gliaboost.reports.pages.checklist import checklist
from gliaboost.reports.pages.unit_words import resampled
from gliaboost.reports.protocol.results import Results


def provenance(results: Results) -> Section:
    """Say which images, split, statistics, parameters, machine and versions."""
    blocks: list[Block] = [
        Table("dataset", "The data set.", ["What", "Value"], _pairs(_dataset(results))),
        Table("protocol", "The protocol.", ["What", "Value"], _pairs(_protocol(results))),
        Table("machine", "Machine and software.", ["What", "Value"], _pairs(_machine(results))),
    ]
    unreadable = results.dataset.unreadable
    if unreadable:
        blocks.insert(
            1,
            Table(
                "unreadable",
                f"Files that could not be read and take no part: {len(unreadable)}.",
                ["File", "Reason"],
                [[Cell(path), Cell(reason)] for path, reason in unreadable.items()],
            ),
        )
    absent = [e.title for e in results.experiments if not len(e.predictions)]
    if absent:
        blocks.append(
            Paragraph(
                f"predictions.parquet has no rows of {', '.join(absent)}: what is drawn "
                "from single predictions is missing for it.",
                "missing",
            )
        )
    blocks.append(checklist(results))
    return Section("made", "How it was made", blocks)


def _dataset(results: Results) -> dict[str, Any]:
    d = results.dataset
    return {
        "Name": d.name,
        "Images": count(d.images),
        "Patients": count(d.patients) if d.patients else "not known",
        "Classes": ", ".join(f"{label} {count(number)}" for label, number in d.classes.items()),
        "Modality": ", ".join(d.modalities),
        "Sources": ", ".join(d.sources),
        "Simulated": "yes" if results.simulated else "no",
        "Fingerprint (SHA-256)": d.fingerprint,
    }


def _protocol(results: Results) -> dict[str, Any]:
    p = results.protocol
    boot = results.experiments[0].record.bootstrap if results.experiments else None
    kept = {
        "patient": "whole patients",
        "group": "whole patients and duplicate clusters"
        if results.dataset.patients
        else "whole groups, as the manifest's column has them; patients are not known",
        "image": "nothing: each image stands alone",
    }
    return {
        "Folds": f"{p.folds} ({plural(p.n_folds, 'fold')})",
        "Folds keep together": kept[p.group],
        "Seed": p.seed,
        "Preparation": words(p.preparation),
        **{f"Features: {x.title}": words(x.parameters) for x in p.extractors},
        **{
            f"Model: {e.record.title}": words(e.record.parameters)
            for e in results.experiments
            if e.record.parameters
        },
        "Intervals": (
            f"95 %, percentile, {count(boot.resamples)} resamples of {resampled(boot)}, "
            f"seed {boot.seed}"
        )
        if boot and boot.resamples
        else "none: a single unit to resample",
        "Command": p.command,
    }


def _machine(results: Results) -> dict[str, Any]:
    e = results.environment
    return {
        "Processor": e.processor,
        "Cores": e.cores,
        "Threads": e.jobs,
        "Accelerator": e.gpu,
        "System": e.platform,
        "Python": e.python,
        "Packages": ", ".join(f"{name} {number}" for name, number in e.versions.items() if number),
    }


def _pairs(values: Mapping[str, Any]) -> list[list[Cell]]:
    return [[Cell(k), Cell(UNKNOWN if v in (None, "") else str(v))] for k, v in values.items()]
