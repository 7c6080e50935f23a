"""The command that is useful after another one, with the paths and options just used."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gliaboost._face.runs import new_place

if TYPE_CHECKING:
    import pandas as pd

    from gliaboost.datasets.audit.report import AuditReport
    from gliaboost.reports.protocol.experiment_record import ExperimentRecord
    from gliaboost.reports.protocol.results import Results
    from gliaboost.reports.protocol.segmentation_record import SegmentationResults

# What the audit writes, where its groups are the next step.
GROUPED, CLEANED = "grouped.parquet", "cleaned.parquet"
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
    preset: str = "fast",
    features: Sequence[str] | None = None,
    settings: Iterable[str] | None = None,
    prepare: str = "",
    region: Path | None = None,
    store: Path | None = None,
) -> list[str]:
    """Say what follows a benchmark: honest folds where the data leak, else training the best.

    Parameters
    ----------
    results : Results
        Of the benchmark.
    data : pathlib.Path
        What was given.
    target, modality, preset, features, settings, prepare, region, store
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
        return ["audit", str(data), "--write-groups", free(GROUPED)]
    competing = _competing(results)
    if not competing:
        return ["report", str(results.folder)]
    best = max(competing, key=lambda e: e.balanced_accuracy.pooled or 0.0)
    words = ["train", str(data), "--model", best.model]
    if features and best.takes != "images":
        words += ["--features", ",".join(features)]
    elif preset != "fast" and best.takes != "images":
        words += ["--preset", preset]
    words += ["--target", target] if target != "label" else []
    words += ["--modality", modality] if modality != "both" else []
    words += ["--prepare", prepare] if prepare else []
    words += ["--region", str(region)] if region and best.takes != "images" else []
    words += ["--store", str(store)] if store else []
    others = {e.model for e in competing} - {best.model}
    for setting in settings or ():
        if setting.partition(".")[0] not in others:
            words += ["--set", setting]
    return words


def after_demo(results: Results) -> list[str]:
    """Say what follows the demonstration: the page with its model, else one's own images.

    Parameters
    ----------
    results : Results
        Of the demonstration.

    Returns
    -------
    list of str
        Words of a command, without ``gliaboost``.
    """
    from gliaboost._face.demo import MODEL

    model = None if results.folder is None else results.folder / MODEL
    if model is not None and model.is_file():
        return ["app", str(model)]
    return ["benchmark", "YOUR_FOLDER"]


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
            return [*words, "--out", free(UNDIVIDED)]
        return ["benchmark", last.path]
    counts = report.counts()
    if against is not None and counts["matches"] and report.table["patient"].isna().any():
        words = ["audit", str(data), "--against", str(against), "--carry", "patient,mask"]
        return [*words, "--cleaned", free(KNOWN)]
    if counts["contradictions"]:
        words = ["audit", str(data), "--drop", "duplicates,conflicts"]
        return [*words, "--cleaned", free(CLEANED)]
    if counts["duplicated"] or len(report.unguarded()):
        return ["audit", str(data), "--write-groups", free(GROUPED)]
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


def after_report(runs: Sequence[Path]) -> list[str]:
    """Say what follows a report drawn again: what follows the best of its runs.

    Parameters
    ----------
    runs : sequence of pathlib.Path
        Folders of runs; a run does not say where its data lay.

    Returns
    -------
    list of str
        Words of a command, without ``gliaboost``.
    """
    from gliaboost.reports.protocol.results import read_results
    from gliaboost.reports.protocol.segmentation_record import (
        holds_segmentation,
        read_segmentation,
    )

    if any(map(holds_segmentation, runs)):
        return after_segmenters(read_segmentation(runs[0]), Path("DATA"))

    def best(results: Results) -> float:
        return max((e.balanced_accuracy.pooled or 0.0 for e in _competing(results)), default=0.0)

    return after_benchmark(max(map(read_results, runs), key=best), Path("DATA"))


def after_segmenters(results: SegmentationResults, data: Path) -> list[str]:
    """Say what follows a comparison of segmenters: the best of them, trained on all rows.

    Parameters
    ----------
    results : SegmentationResults
        The comparison.
    data : pathlib.Path
        What it was made on.

    Returns
    -------
    list of str
        Words of a command, without ``gliaboost``; where no slice has a tumour none is the best.
    """
    dice = results.dice()
    best = ["--model", max(dice, key=dice.__getitem__)] if dice else []
    return ["segment", "train", str(data), *best]


def after_prediction(bundle: Path, model: str, image: str) -> list[str]:
    """Say what follows a prediction: what it rests on, if the model can tell.

    Parameters
    ----------
    bundle : pathlib.Path
        What was given.
    model : str
        Its model's name.
    image : str
        A file that was read.

    Returns
    -------
    list of str
        Words of a command, without ``gliaboost``.

    Examples
    --------
    >>> after_prediction(Path("m.joblib"), "lightgbm", "a.png")
    ['explain', 'm.joblib', 'a.png']
    >>> after_prediction(Path("m.joblib"), "svm", "a.png")
    ['evaluate', 'm.joblib', 'LABELLED_FOLDER']
    """
    from gliaboost.models.registry import explains

    if explains(model):
        return ["explain", str(bundle), image]
    return ["evaluate", str(bundle), "LABELLED_FOLDER"]


def after_evaluation(bundle: Path, model: str, data: Path, predictions: pd.DataFrame) -> list[str]:
    """Say what follows an evaluation: a look at the surest mistake, where there is one.

    Parameters
    ----------
    bundle, data : pathlib.Path
        What was given.
    model : str
        The bundle's model; one that cannot explain itself is asked for other images.
    predictions : pandas.DataFrame
        With ``path``, ``label``, ``predicted`` and a column ``proba_<class>`` a class.

    Returns
    -------
    list of str
        Words of a command, without ``gliaboost``; the image that it names is there.
    """
    from gliaboost.models.registry import explains

    wrong = predictions[predictions["label"] != predictions["predicted"]]
    root = data if data.is_dir() else data.parent
    if len(wrong) and "path" in wrong and explains(model):
        chances = wrong.filter(like="proba_").max(axis=1)
        surest = root / str(wrong["path"].iloc[int(chances.argmax())])
        if surest.is_file():
            return ["explain", str(bundle), str(surest)]
    return ["predict", str(bundle), "NEW_IMAGES"]


def free(name: str) -> str:
    """Name a file that is not there yet, so that a suggested command replaces nothing.

    Examples
    --------
    >>> free("surely-not-here.parquet")
    'surely-not-here.parquet'
    """
    file = Path(name)
    return str(new_place(file.stem, file.parent, file.suffix))


def _competing(results: Results) -> list[ExperimentRecord]:
    return [e for e in results.record.experiments if e.control is None and e.test_on is None]
