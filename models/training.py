"""One model on all rows of a manifest: features from the store, then a bundle."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.prepare import Preparation
from gliaboost.features.base import Extractor
from gliaboost.features.extract import Extraction
from gliaboost.features.store import FeatureStore
from gliaboost.models.bundle import Bundle, make_bundle
from gliaboost.models.material import Material
from gliaboost.models.registry import create_model


def train(
    manifest: Manifest,
    extractors: Sequence[Extractor],
    model: str,
    store: FeatureStore,
    *,
    preparation: Preparation | None = None,
    parameters: Mapping[str, Any] | None = None,
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
    parameters : mapping, optional
        Of the model, in place of its defaults.
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
        If unreadable files leave a class empty.
    """
    manifest.check(labelled=True)
    preparation = preparation or Preparation()
    settings = {"device": device, "jobs": jobs, "seed": seed, **(parameters or {})}
    classifier = create_model(model, **settings)
    takes = getattr(classifier, "takes", "columns")
    used = [] if takes == "images" else list(extractors)
    material = Material(manifest, used, preparation, store, jobs=jobs, progress=progress)
    rows = material.readable(np.arange(len(manifest)))
    labels, groups = material.labels[rows], material.groups[rows]
    X, beside = material.given(takes, rows, used)
    classifier.fit(X, labels, groups=groups, **beside)
    facts: dict[str, Any] = {
        "images": len(rows),
        "patients": len(set(groups)) if manifest.has_patients else None,
        "classes": {c: int((labels == c).sum()) for c in sorted(set(labels))},
    }
    bundle = make_bundle(
        classifier,
        preparation,
        used,
        manifest_fingerprint=manifest.fingerprint(),
        metrics=facts,
    )
    return bundle, material.extraction
