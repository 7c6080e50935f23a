"""One model on all rows of a manifest: features from the store, then a bundle."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gliaboost.datasets.errors import GliaboostError
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.prepare import Preparation
from gliaboost.features.base import Extractor
from gliaboost.features.extract import Extraction, extract, matrix
from gliaboost.features.store import FeatureStore
from gliaboost.models.boosting import create_model
from gliaboost.models.bundle import Bundle, make_bundle


def train(
    manifest: Manifest,
    extractors: Sequence[Extractor],
    model: str,
    store: FeatureStore,
    *,
    preparation: Preparation | None = None,
    device: str = "auto",
    jobs: int | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Bundle, Extraction]:
    """Fit one model and pack it with all that prediction needs.

    Parameters
    ----------
    manifest : Manifest
        Labelled images; groups (patients) steer early stopping.
    extractors : sequence of Extractor
        The features.
    model : str
        A registered model, e.g. ``"lightgbm"``.
    store : FeatureStore
        Where features are kept.
    preparation : Preparation, optional
        What happens between decoding and extracting.
    device, jobs, seed
        As on the command line.
    progress : callable, optional
        Told (images done, images to do).

    Returns
    -------
    Bundle
        Ready for `save`.
    Extraction
        What was computed and which files could not be read.

    Raises
    ------
    ManifestError
        If the manifest has faults, or no labels.
    GliaboostError
        If unreadable files leave fewer than two classes.
    """
    manifest.check(labelled=True)
    preparation = preparation or Preparation()
    classifier = create_model(model, device=device, jobs=jobs, seed=seed)
    extraction = extract(manifest, extractors, preparation, store, jobs=jobs, progress=progress)
    rows = [i for i, key in enumerate(extraction.keys) if key is not None]
    labels = manifest.table["label"].to_numpy(dtype=object)[rows]
    if len(set(labels)) < 2:
        raise GliaboostError(
            f"{len(extraction.failed)} of {len(manifest)} images cannot be read, which leaves "
            f"{len(set(labels))} class(es); training needs two. Replace the files"
        )
    columns = matrix([str(extraction.keys[i]) for i in rows], extractors, preparation, store)
    groups = np.asarray(manifest.groups, dtype=object)[rows]
    classifier.fit(columns, labels, groups=groups)
    facts: dict[str, Any] = {
        "images": len(rows),
        "patients": len(set(groups)) if manifest.has_patients else None,
        "classes": {c: int((labels == c).sum()) for c in sorted(set(labels))},
    }
    bundle = make_bundle(
        classifier,
        preparation,
        extractors,
        manifest_fingerprint=manifest.fingerprint(),
        metrics=facts,
    )
    return bundle, extraction
