"""Columns of extractors that learn: a training row's come from one that never saw its label."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import has_fit_parameter

from gliaboost.datasets.manifest import Manifest
from gliaboost.errors import UsageError
from gliaboost.features.base import Extractor
from gliaboost.features.extract import extract, matrix, seconds_spent
from gliaboost.features.fitted import FittedExtractor, to_learn
from gliaboost.features.stored_columns import Columns, StoredColumns
from gliaboost.models.base import Classifier
from gliaboost.models.extractor_fits import fitted_on
from gliaboost.models.families import Family, families_of
from gliaboost.models.inner_parts import inner_parts, teaching
from gliaboost.models.registry import takes_families
from gliaboost.models.training_data import TrainingData
from gliaboost.parallel import Executor, Team, workers_of
from gliaboost.progress import SILENT, Progress

Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class LearnedColumns:
    """What a model learns from, and what new rows are described by.

    Attributes
    ----------
    columns : float32 array [n, D] or StoredColumns
        Of the training rows, each from extractors that had not learned from it; where these learn
        no labels, from the same that describe new rows. In the store where they are too many, and
        none of the extractors learns.
    extractors : tuple of Extractor
        All fitted, those that learn on all training rows: for new rows.
    widths : tuple of int
        Columns of each extractor.
    seconds : dict of str to float
        Core seconds of each fit and of what each fitted extractor computed, by identity, so that
        what two folds share can be counted once.
    """

    columns: Columns
    extractors: tuple[Extractor, ...]
    widths: tuple[int, ...]
    seconds: dict[str, float]


def learn_columns(
    data: TrainingData,
    rows: Rows,
    labels: NDArray[Any],
    extractors: Sequence[Extractor],
    *,
    folds: Rows | None = None,
    seed: int = 0,
    progress: Progress = SILENT,
) -> LearnedColumns:
    """Give training rows their columns, and fit what new rows are described by.

    Parameters
    ----------
    data : TrainingData
        Of these rows.
    rows : int64 array [n]
        Readable rows of the manifest, all of them training rows.
    labels : array [n]
        To learn.
    extractors : sequence of Extractor
        Those that have still to learn are fitted here, a copy for each part, or a single one where
        they learn no labels; the others are taken as they are.
    folds : int64 array [N], optional
        The outer fold that tests each row of the manifest, -1 none: the inner parts, as
        `inner_parts` takes them.
    seed : int
        Of the inner parts, where no outer folds give them.
    progress : Progress, optional
        Hears of each fit.

    Returns
    -------
    LearnedColumns

    Raises
    ------
    UsageError
        If there is nothing to learn from without a part, such as masks, or a single patient.
    """
    learning = to_learn(extractors)
    if not learning:
        widths = tuple(data.widths(extractors))
        return LearnedColumns(_ready(data, rows, extractors), tuple(extractors), widths, {})
    apart_from = []
    if any(e.learns_labels for e in learning):
        given = None if folds is None else folds[rows]
        parts = inner_parts(data, rows, labels, given, seed=seed)
        held = [parts == part for part in np.unique(parts)]
        apart_from = [(held_out, teaching(data, rows, held_out)) for held_out in held]
        _check_masks(data, rows, [taught for _, taught in apart_from], learning)
    blocks, fitted, seconds = [], [], dict[str, float]()
    for extractor in extractors:
        if extractor not in learning:
            fitted.append(extractor)
            blocks.append(data.columns(rows, [extractor]))
            continue
        assert isinstance(extractor, FittedExtractor)
        whole, spent = fitted_on(data, rows, labels, extractor, progress)
        seconds |= spent
        if not extractor.learns_labels:
            columns, more = described_rows(data, rows, whole, progress)
            seconds |= more
            fitted.append(whole)
            blocks.append(columns)
            continue
        names = _names(data, whole)
        block = np.zeros((len(rows), len(names)), np.float32)
        for held_out, taught in apart_from:
            apart, spent = fitted_on(data, rows[taught], labels[taught], extractor, progress)
            columns, more = described_rows(data, rows[held_out], apart, progress)
            seconds |= spent | more
            # What a part had no example of, such as a class, has no column there: it is 0.
            places = {name: k for k, name in enumerate(_names(data, apart))}
            known = [k for k, name in enumerate(names) if name in places]
            block[np.ix_(held_out, known)] = columns[:, [places[names[k]] for k in known]]
        fitted.append(whole)
        blocks.append(block)
    widths = tuple(block.shape[1] for block in blocks)
    return LearnedColumns(np.hstack(blocks), tuple(fitted), widths, seconds)


def columns_of(
    data: TrainingData,
    rows: Rows,
    extractors: Sequence[Extractor],
    progress: Progress = SILENT,
) -> tuple[Columns, dict[str, float]]:
    """Describe rows that nothing was learned from: float32 [n, D], and the seconds by identity."""
    if all(data.has_columns(e) for e in extractors):
        return _ready(data, rows, extractors), {}
    blocks, seconds = [], dict[str, float]()
    for extractor in extractors:
        if data.has_columns(extractor):
            blocks.append(data.columns(rows, [extractor]))
        else:
            columns, spent = described_rows(data, rows, extractor, progress)
            blocks.append(columns)
            seconds |= spent
    return np.hstack(blocks), seconds


def model_input(
    data: TrainingData, model: type[Classifier], rows: Rows, columns: Columns
) -> tuple[NDArray[Any] | StoredColumns, dict[str, Columns]]:
    """Give a model what it takes.

    Parameters
    ----------
    data : TrainingData
        Of these rows.
    model : type
        What is to be fitted or asked: it says what it takes.
    rows : int64 array [n]
        Readable rows of the manifest.
    columns : float32 array [n, D] or StoredColumns
        Of these rows.

    Returns
    -------
    X : float32 array [n, D], StoredColumns or uint8 array [n, S, S]
        Columns or images.
    beside : dict
        ``columns`` beside images, where it takes both; else empty.
    """
    given = columns if model.reads_stored_columns else np.asarray(columns)
    if model.takes == "columns":
        return given, {}
    return data.images(rows), {"columns": given} if model.takes == "both" else {}


def mask_input(data: TrainingData, model: Classifier, rows: Rows) -> dict[str, NDArray[np.bool_]]:
    """Give a model that learns from masks those of its training rows.

    Parameters
    ----------
    data : TrainingData
        Of these rows.
    model : Classifier
        To be fitted.
    rows : int64 array [n]
        Training rows of the manifest.

    Returns
    -------
    dict
        ``masks``, bool [n, S, S], and ``masked``, bool [n], whether it is known where the tumour
        is; empty where the model wants none.
    """
    if not model.wants_masks():
        return {}
    masks, known = data.masks(rows)
    return {"masks": masks, "masked": known}


def fit_input(
    data: TrainingData,
    model: Classifier,
    rows: Rows,
    learned: LearnedColumns,
    executor: Executor | None,
) -> dict[str, Any]:
    """Give a model what its `fit` takes beside the rows, their labels and their groups.

    Parameters
    ----------
    data : TrainingData
        Of these rows.
    model : Classifier
        To be fitted.
    rows : int64 array [n]
        Training rows of the manifest.
    learned : LearnedColumns
        Of these rows.
    executor : Executor, optional
        Whose processes fit a model that is to be spread.

    Returns
    -------
    dict
        Masks, families and the team, of those that the model takes.
    """
    return {
        **family_input(model.name, learned),
        **mask_input(data, model, rows),
        **_team_input(model, executor),
    }


def _team_input(model: Classifier, executor: Executor | None) -> dict[str, Team]:
    asks = has_fit_parameter(type(model), "team") and getattr(model, "spread", False)
    if executor is None or not asks:
        return {}
    team = workers_of(executor).team()
    return {} if team is None else {"team": team}


def family_input(model: str, learned: LearnedColumns) -> dict[str, list[Family]]:
    """Tell a model that reads feature families apart whose its columns are.

    Returns
    -------
    dict
        ``families``, in the order of the columns; empty where the model's `fit` takes none.
    """
    if not takes_families(model):
        return {}
    return {"families": families_of(learned.extractors, learned.widths)}


def described_rows(
    data: TrainingData, rows: Rows, extractor: Extractor, progress: Progress = SILENT
) -> tuple[NDArray[np.float32], dict[str, float]]:
    """Describe rows by a fitted extractor, by way of the store.

    Returns
    -------
    columns : float32 array [n, D]
    seconds : dict of str to float
        What these rows cost when they were computed.
    """
    manifest, keys = data.manifest, data.keys(rows)
    table = manifest.table.iloc[rows].reset_index(drop=True)
    part = Manifest.of(table, manifest.root, manifest.name)
    extract(part, [extractor], data.preparation, data.store, jobs=data.jobs, progress=progress)
    columns = matrix(keys, [extractor], data.preparation, data.store)
    known = extractor.fingerprint(data.preparation.to_dict())
    identity = hashlib.sha256("\n".join([known, *sorted(keys)]).encode()).hexdigest()
    spent = seconds_spent(keys, [extractor], data.preparation, data.store)
    return columns, {identity: spent}


def _check_masks(
    data: TrainingData,
    rows: Rows,
    taught: Sequence[NDArray[np.bool_]],
    extractors: Sequence[FittedExtractor],
) -> None:
    """Refuse masks that lie in one inner part alone: what describes that has none to learn from."""
    asking = [e for e in extractors if e.takes_masks]
    if not asking:
        return
    filled = np.asarray(data.masks(rows)[0].any(axis=(1, 2)))
    if not filled.any() or all(filled[others].any() for others in taught):
        return
    raise UsageError(
        f"{asking[0].name} learns from masks, and the {int(filled.sum())} of {len(rows)} training "
        "rows that have one which is not empty all lie in one inner part (the same fold, patient "
        "or group): without it there is none to learn from, and its rows are to be described by "
        "what never saw them; fill the column mask for patients of other folds, or divide "
        f"otherwise (--folds){asking[0].instead}"
    )


def _ready(data: TrainingData, rows: Rows, extractors: Sequence[Extractor]) -> Columns:
    """Read the columns of extractors that need not learn; a network has none."""
    return data.columns(rows, extractors) if extractors else np.empty((len(rows), 0), np.float32)


def _names(data: TrainingData, extractor: Extractor) -> list[str]:
    size = data.preparation.size
    return extractor.feature_names(size, size)
