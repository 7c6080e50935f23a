"""An extractor that learns, fitted on some rows of a manifest once and kept."""

from __future__ import annotations

import hashlib
import json
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from gliaboost._version import __version__
from gliaboost.datasets.decoding_version import DECODING
from gliaboost.errors import UsageError
from gliaboost.features.fitted import FittedExtractor
from gliaboost.models.fitted_store import FittedStore
from gliaboost.models.inner_parts import order_by_content
from gliaboost.models.training_data import TrainingData
from gliaboost.progress import SILENT, Progress

Rows = NDArray[np.int64]

# Below the feature store.
FOLDER = "fitted"


def identity_of(
    data: TrainingData, rows: Rows, labels: NDArray[Any], extractor: FittedExtractor
) -> str:
    """Hash all that a fit depends on; the order of rows is no part of it."""
    masks = data.mask_keys(rows) if extractor.takes_masks else [""] * len(rows)
    labels = _told(labels, extractor)
    facts = {
        "version": __version__,
        "decoding": DECODING,
        "extractor": extractor._identity(),
        "preparation": data.preparation.to_dict(),
        "rows": sorted(
            zip(data.keys(rows), map(str, labels), map(str, data.groups[rows]), masks, strict=True)
        ),
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def fitted_on(
    data: TrainingData,
    rows: Rows,
    labels: NDArray[Any],
    extractor: FittedExtractor,
    progress: Progress = SILENT,
) -> tuple[FittedExtractor, dict[str, float]]:
    """Fit a copy on some rows, or take up what one learned from them before.

    Parameters
    ----------
    data : TrainingData
        Of these rows.
    rows : int64 array [n]
        Readable rows of the manifest.
    labels : array [n]
        To learn.
    extractor : FittedExtractor
        Which parameters.
    progress : Progress, optional
        Hears of a fit.

    Returns
    -------
    extractor : FittedExtractor
        The fitted copy.
    seconds : dict of str to float
        Core seconds that the fit took, by its identity.

    Raises
    ------
    UsageError
        If there is nothing to learn from, such as masks.
    """
    identity = identity_of(data, rows, labels, extractor)
    store = FittedStore(data.store.beside / FOLDER)
    own: FittedExtractor = clone(extractor)
    known = store.read(identity)
    if known is not None:
        state, seconds = known
        return own.restore(state), {identity: seconds}
    labels = _told(labels, extractor)
    order = order_by_content(data.keys(rows), labels, data.groups[rows])
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


def _told(labels: NDArray[Any], extractor: FittedExtractor) -> NDArray[Any]:
    """Keep labels from an extractor that learns none: other labels are the same fit then."""
    return labels if extractor.learns_labels else np.full(len(labels), "")
