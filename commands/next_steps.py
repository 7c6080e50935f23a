"""The command that is useful after another one, with the paths and options just used."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gliaboost.datasets.audit.report import AuditReport
    from gliaboost.reports.protocol.results import Results

# What the audit writes, where its groups are the next step.
GROUPED = "grouped.parquet"
LEAKS = "is on another side too"
# What it writes with the patients of another data set, and what is edited of that.
KNOWN = "known.parquet"
UNDIVIDED = "undivided.parquet"


def after_benchmark(
    results: Results,
    data: Path,
    *,
    target: str = "label",
    modality: str = "both",
    features: Sequence[str] | None = None,
    settings: Iterable[str] | None = None,
    prepare: str = "",
    store: Path | None = None,
) -> list[str]:
    """Say what follows a benchmark: honest folds where the data leak, else training the best.

    Parameters
    ----------
    results : Results
        Of the benchmark.
    data : pathlib.Path
        What was given.
    target, modality, features, settings, prepare, store
        As they were given.

    Returns
    -------
    list of str
        Words of a command, without ``gliaboost``.
    """
    leaks = any(
        weight == "wrong" and LEAKS in sentence for weight, sentence in results.dataset.audit
    )
    if leaks and results.dataset.patients == 0:
        return ["audit", str(data), "--write-groups", GROUPED]
    competing = [e for e in results.record.experiments if e.control is None and e.test_on is None]
    if not competing:
        return ["report", str(results.folder)]
    best = max(competing, key=lambda e: e.balanced_accuracy.pooled or 0.0)
    words = ["train", str(data), "--model", best.model]
    if features and best.takes != "images":
        words += ["--features", ",".join(features)]
    words += ["--target", target] if target != "label" else []
    words += ["--modality", modality] if modality != "both" else []
    words += ["--prepare", prepare] if prepare else []
    words += ["--store", str(store)] if store else []
    others = {e.model for e in competing} - {best.model}
    for setting in settings or ():
        if setting.partition(".")[0] not in others:
            words += ["--set", setting]
    return words


def after_audit(report: AuditReport, data: Path, against: Path | None = None) -> list[str]:
    """Say what follows an audit: what mends what it found, else a benchmark.

    Parameters
    ----------
    report : AuditReport
        Of `data`.
    data, against : pathlib.Path
        What was given.

    Returns
    -------
    list of str
        Words of a command, without ``gliaboost``; what it reads is there.
    """
    if report.written:
        last = report.written[-1]
        if last.cut:
            words = ["manifest", "edit", last.path, "--forget", ",".join(last.cut)]
            return [*words, "--out", UNDIVIDED]
        return ["benchmark", last.path]
    counts = report.counts()
    if against is not None and counts["matches"] and report.table["patient"].isna().any():
        words = ["audit", str(data), "--against", str(against), "--carry", "patient,mask"]
        return [*words, "--cleaned", KNOWN]
    if counts["contradictions"]:
        words = ["audit", str(data), "--drop", "duplicates,conflicts"]
        return [*words, "--cleaned", "cleaned.parquet"]
    if counts["duplicated"] or len(report.unguarded()):
        return ["audit", str(data), "--write-groups", GROUPED]
    return ["benchmark", str(data)]


def after_extract(
    data: Path, features: Sequence[str] | None, prepare: str, store: Path | None = None
) -> list[str]:
    """Say what follows an extraction: a comparison on the same features.

    Examples
    --------
    >>> after_extract(Path("m.csv"), ["hog"], "")
    ['benchmark', 'm.csv', '--features', 'hog']
    """
    words = ["benchmark", str(data)]
    words += ["--features", ",".join(features)] if features else []
    words += ["--prepare", prepare] if prepare else []
    return [*words, *(["--store", str(store)] if store else [])]
