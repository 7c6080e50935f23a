"""One model fitted once and asked once: what it answered and what that cost."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import has_fit_parameter

from gliaboost._compat import peak_memory, reset_peak_memory
from gliaboost.features.base import Extractor
from gliaboost.features.stored_columns import StoredColumns
from gliaboost.models.base import Classifier
from gliaboost.models.explain.families import ROWS, share_by_family
from gliaboost.models.fitted_columns import (
    columns_of,
    family_input,
    learn_columns,
    mask_input,
    model_input,
)
from gliaboost.models.packing import kept_parameters
from gliaboost.models.registry import create_model, model_class, shared_parameters
from gliaboost.models.training_data import TrainingData
from gliaboost.progress import Prefixed, Progress
from gliaboost.reports.protocol.experiment_record import HistoryRecord
from gliaboost.reports.protocol.experiments import Experiment
from gliaboost.reports.protocol.parts import FoldNotes, Part, forget, read_part, stem_of, write_part
from gliaboost.reports.protocol.search import FitOptions, search_in_fold

if TYPE_CHECKING:
    import pandas as pd

Rows = NDArray[np.int64]
# What pages set results apart by, where it is known.
BESIDE = ("source", "site", "modality")


@dataclass(frozen=True, eq=False)
class Fitted:
    """A fitted model and its answers.

    Attributes
    ----------
    model : estimator
        Fitted.
    probabilities : float64 array [n, K]
        For the rows that it had not seen, columns as ``model.classes_``.
    notes : FoldNotes
        What it cost, and what only the fitted model can tell.
    extractors : tuple of Extractor
        That gave the rows asked about their columns, all fitted.
    """

    model: Classifier
    probabilities: NDArray[np.float64]
    notes: FoldNotes
    extractors: tuple[Extractor, ...]


@dataclass(frozen=True, eq=False)
class FoldTask:
    """What is to be learned, and what to be asked, once.

    Attributes
    ----------
    experiment : Experiment
        What to fit.
    fold : str
        Name of the outer fold, or of the other data set.
    data, asked : TrainingData
        What is learned from, and what is asked about; the same for a fold.
    train, test : int64 array
        Readable rows of either.
    labels : array [len(train)]
        To learn.
    identity : str
        Hash of all that the predictions depend on.
    folds : int64 array, optional
        Number of the outer fold that tests each row of `data`, -1 none: extractors that learn
        divide the training rows by it.
    """

    experiment: Experiment
    fold: str
    data: TrainingData
    train: Rows
    labels: NDArray[Any]
    asked: TrainingData
    test: Rows
    identity: str
    folds: Rows | None = None


def run_fold(
    task: FoldTask,
    options: FitOptions,
    out: Path,
    progress: Progress,
    keep: Callable[[Fitted, str], int | None],
) -> Part:
    """Do a task, or take it from an earlier run.

    Parameters
    ----------
    task : FoldTask
        What to do.
    options : FitOptions
        How.
    out : pathlib.Path
        The results' folder.
    progress : Progress
        Hears a line of what was done.
    keep : callable
        Given what was fitted and the stem of its files; returns the bytes of the saved model, None
        where it saves none.
    """
    what = f"{task.experiment.name}, fold {task.fold}"
    stem = stem_of(task.experiment.name, task.fold)
    path = out / "parts" / f"{stem}.parquet"
    known = read_part(path, task.identity)
    if known is not None:
        progress.line(f"{what}: taken from an earlier run")
        return known
    checkpoint = out / "parts" / f"{stem}.checkpoint"
    fitted = fit_and_ask(task, options, checkpoint, progress, what)
    notes = replace(fitted.notes, model_bytes=keep(fitted, stem))
    classes = task.data.manifest.classes
    frame = predictions(task.asked, classes, task.experiment.name, task.fold, task.test, fitted)
    part = Part(frame, notes)
    write_part(path, part)
    forget(checkpoint)
    right = float((frame["label"] == frame["predicted"]).mean())
    progress.line(f"{what}: {right:.3f} of {len(task.test)} right, {notes.fit:.1f} s")
    return part


def fit_and_ask(
    task: FoldTask, options: FitOptions, checkpoint: Path, progress: Progress, what: str
) -> Fitted:
    """Fit on rows of one data set and predict rows of another, or of the same.

    Parameters
    ----------
    task, options
        As for `run_fold`.
    checkpoint : pathlib.Path
        Where a network keeps its epochs, and a search its trials; removed in the end by `forget`.
    progress : Progress
        Hears a line of each epoch and trial.
    what : str
        How the line begins.
    """
    experiment, data = task.experiment, task.data
    learned = learn_columns(
        data,
        task.train,
        task.labels,
        experiment.extractors,
        folds=task.folds,
        seed=options.shared["seed"],
        progress=Prefixed(progress, f"{what}: "),
    )
    cls = model_class(experiment.model)
    X, beside = model_input(data, cls, task.train, learned.columns)
    columns, spent = columns_of(task.asked, task.test, learned.extractors, progress)
    unseen, its = model_input(task.asked, cls, task.test, columns)
    groups = data.groups[task.train]
    resuming: dict[str, Any] = {}
    if has_fit_parameter(cls, "checkpoint"):
        resuming["checkpoint"] = checkpoint
    if has_fit_parameter(cls, "after_epoch"):
        resuming["after_epoch"] = _epochs(progress, what)
    families = family_input(experiment.model, learned)
    reset_peak_memory()
    begun = time.perf_counter()
    parameters, search = search_in_fold(
        experiment.model,
        X,
        task.labels,
        groups,
        options,
        Path(f"{checkpoint}.study"),
        progress,
        what,
        task.fold,
        families,
    )
    shared = shared_parameters(experiment.model, **options.shared)
    model = create_model(experiment.model, **{**shared, **parameters})
    masks = mask_input(data, model, task.train)
    model.fit(X, task.labels, groups=groups, **beside, **families, **masks, **resuming)
    fitted = time.perf_counter()
    probabilities = model.predict_proba(unseen, **its)
    predicted, held = time.perf_counter(), peak_memory()
    notes = FoldNotes(
        identity=task.identity,
        fold=task.fold,
        train=len(task.train),
        test=len(task.test),
        fit=fitted - begun,
        predict=predicted - fitted,
        device=model.device_,
        memory=model.memory_,
        parameters=kept_parameters(model),
        peak_memory=held,
        model_bytes=None,
        training_images_per_second=model.images_per_second_,
        shap_by_family=_shares(experiment, learned.widths, model, unseen),
        history=_history(model, task.fold),
        search=search,
        learned=learned.seconds | spent,
        described=sum(spent.values()),
    )
    return Fitted(model, probabilities, notes, learned.extractors)


def predictions(
    asked: TrainingData, classes: Sequence[str], name: str, fold: str, test: Rows, fitted: Fitted
) -> pd.DataFrame:
    """Put answers in a table, one row an image.

    Parameters
    ----------
    asked : TrainingData
        What was asked about.
    classes : sequence of str
        All classes, in the order of the columns ``proba_*``.
    name, fold : str
        Of the experiment and the fold.
    test : int64 array
        Rows of `asked`.
    fitted : Fitted
        From `fit_and_ask`.
    """
    classes = list(classes)
    # A class that the training part lacked was never possible: its probability is zero.
    full = np.zeros((len(test), len(classes)))
    for column, label in enumerate(fitted.model.classes_):
        full[:, classes.index(label)] = fitted.probabilities[:, column]
    told = told_of(asked, test)
    answers = {
        "fold": fold,
        "experiment": name,
        "label": told["label"],
        "predicted": np.asarray(classes, dtype=object)[full.argmax(axis=1)],
        **{f"proba_{label}": full[:, i] for i, label in enumerate(classes)},
    }
    first = [c for c in ("key", "path", "patient", "group") if c in told]
    last = [c for c in BESIDE if c in told]
    return told[first].assign(**answers).join(told[last])


def told_of(asked: TrainingData, test: Rows) -> pd.DataFrame:
    """Tell all that is kept of rows beside what is answered: by it they are told apart and joined.

    Parameters
    ----------
    asked : TrainingData
        Of these rows.
    test : int64 array
        Readable rows.

    Returns
    -------
    pandas.DataFrame
        ``key``, ``path``, ``patient`` and ``label``; ``group``, ``source``, ``site`` and
        ``modality`` where any row has one.
    """
    table = asked.manifest.table.iloc[test].reset_index(drop=True)
    some = [c for c in ("group", *BESIDE) if c in table and table[c].notna().any()]
    kept = table[["path", "patient", "label", *some]]
    return kept.assign(key=[asked.extraction.keys[i] for i in test])


def _epochs(progress: Progress, name: str) -> Callable[[int, int, dict[str, Any]], None]:
    def told(done: int, total: int, entry: dict[str, Any]) -> None:
        held_out = entry.get("validation_accuracy")
        score = "" if held_out is None else f", held out {held_out:.3f}"
        progress.line(f"{name}, epoch {done} of {total}: loss {entry['loss']:.3f}{score}")

    return told


def _shares(
    experiment: Experiment,
    widths: Sequence[int],
    model: Classifier,
    unseen: NDArray[Any] | StoredColumns,
) -> dict[str, float] | None:
    """Share the contributions out by feature family, where there are several."""
    if experiment.takes != "columns" or len(experiment.extractors) < 2:
        return None
    step = max(1, len(unseen) // ROWS)
    values = model.contributions(np.ascontiguousarray(unseen[::step]))
    if values is None:
        return None
    families = [e.label for e in experiment.extractors]
    return share_by_family(values, families, widths)


def _history(model: Classifier, fold: str) -> HistoryRecord | None:
    """Take down the losses by epoch, where the model counts epochs."""
    if not model.history_:
        return None
    return HistoryRecord(
        fold=fold,
        metric="loss",
        train=tuple(e["loss"] for e in model.history_),
        valid=tuple(e["validation_loss"] for e in model.history_ if "validation_loss" in e),
    )
