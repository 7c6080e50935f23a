"""How a run was made, so that another can make it again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gliaboost.reports.document.blocks import Block, Cell, Paragraph, Section, Table
from gliaboost.reports.document.numerals import UNKNOWN, count, plural, words
from gliaboost.reports.pages.checklist import checklist
from gliaboost.reports.protocol.results import Results, family, model_name


def provenance(results: Results) -> Section:
    """Say which images, split, statistics, parameters, machine and versions."""
    blocks: list[Block] = [
        Table("dataset", "The data set.", ["What", "Value"], _pairs(_dataset(results))),
        Table("protocol", "The protocol.", ["What", "Value"], _pairs(_protocol(results))),
        Table("machine", "Machine and software.", ["What", "Value"], _pairs(_machine(results))),
    ]
    unreadable = results.dataset.get("unreadable") or {}
    if unreadable:
        blocks.insert(
            1,
            Table(
                "unreadable",
                f"Files that could not be read and take no part: {len(unreadable)}.",
                ["File", "Reason"],
                [[Cell(str(path)), Cell(str(reason))] for path, reason in unreadable.items()],
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
    labels = ", ".join(f"{label} {count(number)}" for label, number in d["classes"].items())
    patients = d.get("patients")
    modalities = d.get("modalities") or d.get("modality")
    return {
        "Name": d.get("name"),
        "Images": count(d["images"]),
        "Patients": count(patients) if patients else "not known",
        "Classes": labels,
        "Modality": ", ".join(modalities) if isinstance(modalities, (dict, list)) else modalities,
        "Sources": ", ".join(map(str, d.get("sources") or [])) or None,
        "Simulated": "yes" if results.simulated else "no",
        "Fingerprint (SHA-256)": d.get("fingerprint"),
    }


def _protocol(results: Results) -> dict[str, Any]:
    p = results.protocol
    boot: Mapping[str, Any] = next(
        (e.entry["bootstrap"] for e in results.experiments if e.entry.get("bootstrap")), {}
    )
    kept = {"patient": "whole patients", "group": "whole patients and duplicate clusters"}
    drawn = boot.get("resamples")
    return {
        "Folds": f"{p.get('folds')} ({plural(int(p.get('n_folds') or 0), 'fold')})",
        "Folds keep together": kept.get(str(p.get("group")), "nothing: each image stands alone"),
        "Seed": p.get("seed"),
        "Preparation": words(p.get("preparation")),
        **{
            f"Features: {family(str(x.get('label') or x.get('name')))}": words(x.get("parameters"))
            for x in p.get("extractors") or []
        },
        **{
            f"Model: {model_name(str(e.entry.get('model')))}": words(e.entry["parameters"])
            for e in results.experiments
            if e.entry.get("parameters")
        },
        "Intervals": (
            f"95 %, percentile, {count(drawn)} resamples of {boot.get('unit')}s, "
            f"seed {boot.get('seed')}"
        )
        if drawn
        else "none: a single patient",
        "Command": p.get("command"),
    }


def _machine(results: Results) -> dict[str, Any]:
    e = results.environment
    versions = e.get("versions") or {}
    installed = ", ".join(f"{name} {number}" for name, number in versions.items() if number)
    return {
        "Processor": e.get("processor"),
        "Cores": e.get("cores"),
        "Accelerator": e.get("gpu") or e.get("accelerator"),
        "System": e.get("platform"),
        "Python": e.get("python"),
        "Packages": installed or None,
    }


def _pairs(values: Mapping[str, Any]) -> list[list[Cell]]:
    return [[Cell(k), Cell(UNKNOWN if v in (None, "") else str(v))] for k, v in values.items()]
