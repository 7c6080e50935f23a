"""Columns of extractors that learn: a training row's come from one that never saw the row."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from gliaboost._version import __version__
from gliaboost.datasets.decoding_version import DECODING
from gliaboost.datasets.inner_splits import inner_folds, text_codes
from gliaboost.datasets.manifest import Manifest
from gliaboost.errors import UsageError
from gliaboost.features.base import Extractor
from gliaboost.features.extract import extract, matrix, seconds_spent
from gliaboost.features.fitted import FittedExtractor, to_learn
from gliaboost.models.fitted_store import FittedStore
from gliaboost.models.registry import takes_masks
from gliaboost.models.training_data import TrainingData
from gliaboost.progress import SILENT, Progress

Rows = NDArray[np.int64]

# Below the feature store.
FOLDER = "fitted"
# Inner parts, where no outer folds give them.
PARTS = 4


@dataclass(frozen=True, eq=False)
class LearnedColumns:
    """What a model learns from, and what new rows are described by.

    Attributes
    ----------
    columns : float32 array [n, D]
        Of the training rows, each from extractors that had not learned from it.
    extractors : tuple of Extractor
        All fitted, those that learn on all training rows: for new rows.
    widths : tuple of int
        Columns of each extractor.
    seconds : dict of str to float
        Core seconds of each fit and of what each fitted extractor computed, by identity, so that
        what two folds share can be counted once.
    """

    columns: NDArray[np.float32]
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
        Those that have still to learn are fitted here, a copy for each part; the others are taken
        as they are.
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
    parts = inner_parts(data, rows, labels, None if folds is None else folds[rows], seed=seed)
    blocks, fitted, seconds = [], [], dict[str, float]()
    for extractor in extractors:
        if extractor not in learning:
            fitted.append(extractor)
            blocks.append(data.columns(rows, [extractor]))
            continue
        assert isinstance(extractor, FittedExtractor)
        whole, spent = _fitted(data, rows, labels, extractor, progress)
        seconds |= spent
        names = _names(data, whole)
        block = np.zeros((len(rows), len(names)), np.float32)
        for part in np.unique(parts):
            held_out = parts == part
            taught = teaching(data, rows, held_out)
            apart, spent = _fitted(data, rows[taught], labels[taught], extractor, progress)
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
) -> tuple[NDArray[np.float32], dict[str, float]]:
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
    data: TrainingData, takes: str, rows: Rows, columns: NDArray[np.float32]
) -> tuple[NDArray[Any], dict[str, NDArray[np.float32]]]:
    """Give a model what it takes.

    Parameters
    ----------
    data : TrainingData
        Of these rows.
    takes : {"columns", "images", "both"}
        As the model's class says.
    rows : int64 array [n]
        Readable rows of the manifest.
    columns : float32 array [n, D]
        Of these rows.

    Returns
    -------
    X : float32 array [n, D] or uint8 array [n, S, S]
        Columns or images.
    beside : dict
        ``columns`` beside images, where it takes both; else empty.
    """
    if takes == "columns":
        return columns, {}
    return data.images(rows), {"columns": columns} if takes == "both" else {}


def mask_input(data: TrainingData, model: str, rows: Rows) -> dict[str, NDArray[np.bool_]]:
    """Give a model that learns from masks those of its training rows.

    Parameters
    ----------
    data : TrainingData
        Of these rows.
    model : str
        A registered model.
    rows : int64 array [n]
        Training rows of the manifest.

    Returns
    -------
    dict
        ``masks``, bool [n, S, S], and ``masked``, bool [n], whether it is known where the tumour
        is; empty where the model's `fit` takes no masks.
    """
    if not takes_masks(model):
        return {}
    masks, known = data.masks(rows)
    return {"masks": masks, "masked": known}


def inner_parts(
    data: TrainingData,
    rows: Rows,
    labels: NDArray[Any],
    folds: Rows | None = None,
    *,
    parts: int = PARTS,
    seed: int = 0,
) -> Rows:
    """Divide training rows, whole patients and groups together.

    Parameters
    ----------
    data : TrainingData
        Of these rows.
    rows : int64 array [n]
        Training rows.
    labels : array [n]
        Each part's other rows hold every class, where that can be.
    folds : int64 array [n], optional
        Outer folds of these rows, -1 none. Taken as they are if every row has one, there are two or
        more, and none cuts a group: what is fitted without two folds then serves both.
    parts : int
        How many otherwise; fewer where there are fewer patients.
    seed : int
        Which division.

    Returns
    -------
    int64 array [n]
        Number of each row's part.

    Raises
    ------
    UsageError
        If all rows are of one patient.
    """
    groups = data.groups[rows]
    if folds is not None and (folds >= 0).all() and len(set(folds)) > 1:
        both = len(set(zip(groups, folds, strict=True))) > len(set(groups))
        if not both:
            return folds
    number = np.full(len(rows), -1)
    # By content, so that the order of a manifest's rows does not matter.
    order = _order(data.keys(rows), labels, groups)
    for part, held_out in enumerate(
        inner_folds(text_codes(labels[order]), groups[order], parts, seed)
    ):
        number[order[held_out]] = part
    left = number < 0
    if left.all():
        # A class of a single patient: then patients alone are divided.
        codes = text_codes(groups)
        if codes.max() == 0:
            raise UsageError(
                "all training rows are of one patient or group; an extractor that learns needs "
                "two, so that no row is described by one that learned from it"
            )
        return np.asarray(codes % min(parts, int(codes.max()) + 1))
    number[left] = number.max() + 1
    return number


def teaching(data: TrainingData, rows: Rows, held_out: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Choose the rows that may teach an extractor which describes those held out.

    Parameters
    ----------
    data : TrainingData
        Of these rows.
    rows : int64 array [n]
        Training rows.
    held_out : bool array [n]
        What is to be described.

    Returns
    -------
    bool array [n]
        None of these rows, nor one that shares its patient, group or file with one of them.
    """
    keys = np.asarray(data.keys(rows), dtype=object)
    groups = data.groups[rows]
    known = set(keys[held_out]), set(groups[held_out])
    shared = [k in known[0] or g in known[1] for k, g in zip(keys, groups, strict=True)]
    return np.asarray(~(held_out | np.asarray(shared, bool)))


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


def identity_of(
    data: TrainingData, rows: Rows, labels: NDArray[Any], extractor: FittedExtractor
) -> str:
    """Hash all that a fit depends on; the order of rows is no part of it."""
    masks = data.mask_keys(rows) if extractor.takes_masks else [""] * len(rows)
    facts = {
        "version": __version__,
        "decoding": DECODING,
        "extractor": extractor.spec(),
        "preparation": data.preparation.to_dict(),
        "rows": sorted(
            zip(data.keys(rows), map(str, labels), map(str, data.groups[rows]), masks, strict=True)
        ),
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _ready(data: TrainingData, rows: Rows, extractors: Sequence[Extractor]) -> NDArray[np.float32]:
    """Read the columns of extractors that need not learn; a network has none."""
    return data.columns(rows, extractors) if extractors else np.empty((len(rows), 0), np.float32)


def _fitted(
    data: TrainingData,
    rows: Rows,
    labels: NDArray[Any],
    extractor: FittedExtractor,
    progress: Progress,
) -> tuple[FittedExtractor, dict[str, float]]:
    """Fit a copy on some rows, or take up what one learned from them before."""
    identity = identity_of(data, rows, labels, extractor)
    store = FittedStore(data.store.path / FOLDER)
    own: FittedExtractor = clone(extractor)
    known = store.read(identity)
    if known is not None:
        state, seconds = known
        return own.restore(state), {identity: seconds}
    order = _order(data.keys(rows), labels, data.groups[rows])
    rows, labels = rows[order], labels[order]
    given: dict[str, Any] = {}
    if own.takes_masks:
        masks, told = data.masks(rows)
        if not masks.any():
            raise UsageError(
                f"{own.name} learns from masks, and of {len(rows)} training rows none has one that "
                f"is not empty{own.instead}"
            )
        rows, labels, given = rows[told], labels[told], {"masks": masks[told]}
    wall, begun = time.perf_counter(), time.process_time()
    own.fit(data.images(rows), labels, groups=data.groups[rows], **given)
    seconds = time.process_time() - begun
    store.write(identity, own.state(), seconds)
    took = time.perf_counter() - wall
    progress.line(f"{own.label} learned from {len(rows)} training rows, {took:.1f} s")
    return own, {identity: seconds}


def _order(keys: Sequence[str], labels: NDArray[Any], groups: NDArray[Any]) -> Rows:
    facts = list(zip(keys, map(str, labels), map(str, groups), strict=True))
    return np.asarray(sorted(range(len(facts)), key=facts.__getitem__), np.int64)


def _names(data: TrainingData, extractor: Extractor) -> list[str]:
    size = data.preparation.size
    return extractor.feature_names(size, size)
