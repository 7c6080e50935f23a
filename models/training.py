"""One model on all rows of a manifest: its parameters searched, fitted, packed in a bundle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.prepare import Preparation
from gliaboost.features.base import Extractor
from gliaboost.features.extract import Extraction
from gliaboost.features.store import FeatureStore
from gliaboost.models.bundle import Bundle
from gliaboost.models.familiarity.familiarity import DESCRIPTION, learn
from gliaboost.models.fitted_columns import (
    family_input,
    fit_input,
    learn_columns,
    model_input,
)
from gliaboost.models.packing import make_bundle
from gliaboost.models.pretrained import pretrained_on, warnings_of_unknown
from gliaboost.models.registry import create_model, model_class, shared_parameters, takes
from gliaboost.models.training_data import TrainingData
from gliaboost.parallel import Executor
from gliaboost.progress import SILENT, Progress

if TYPE_CHECKING:
    from gliaboost.models.tuning import Search


def train(
    manifest: Manifest,
    extractors: Sequence[Extractor],
    model: str,
    store: FeatureStore,
    *,
    preparation: Preparation | None = None,
    parameters: Mapping[str, Any] | None = None,
    facts: Mapping[str, Any] | None = None,
    device: str = "auto",
    jobs: int | None = None,
    seed: int = 0,
    executor: Executor | None = None,
    progress: Progress = SILENT,
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
    facts : mapping, optional
        Plain values to keep in the bundle's metrics.
    device, jobs, seed
        As on the command line.
    executor : Executor, optional
        Extracts, and its processes fit a model that is to be spread; default: threads.
    progress : Progress, optional
        Hears of the images to extract.

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
    data = training_data(
        manifest,
        extractors,
        model,
        store,
        preparation=preparation,
        jobs=jobs,
        executor=executor,
        progress=progress,
    )
    bundle = train_on(
        data,
        model,
        parameters=parameters,
        facts=facts,
        device=device,
        jobs=jobs,
        seed=seed,
        executor=executor,
        progress=progress,
    )
    return bundle, data.extraction


def training_data(
    manifest: Manifest,
    extractors: Sequence[Extractor],
    model: str,
    store: FeatureStore,
    *,
    preparation: Preparation | None = None,
    jobs: int | None = None,
    executor: Executor | None = None,
    progress: Progress = SILENT,
) -> TrainingData:
    """Read once what a model is fitted on, and its inner folds are; arguments as for `train`.

    Raises
    ------
    ManifestError
        If the manifest has faults, or no labels.
    GliaboostError
        If unreadable files leave a class empty.
    """
    return TrainingData(
        manifest.check(labelled=True),
        taken(model, extractors),
        preparation or Preparation(),
        store,
        beside=[DESCRIPTION],
        jobs=jobs,
        executor=executor,
        progress=progress,
    )


def train_on(
    data: TrainingData,
    model: str,
    *,
    parameters: Mapping[str, Any] | None = None,
    facts: Mapping[str, Any] | None = None,
    device: str = "auto",
    jobs: int | None = None,
    seed: int = 0,
    executor: Executor | None = None,
    progress: Progress = SILENT,
) -> Bundle:
    """Fit one model on what was read, and pack it; further arguments as for `train`.

    Parameters
    ----------
    data : TrainingData
        From `training_data` of the same model.
    """
    shared = shared_parameters(model, device=device, jobs=jobs, seed=seed)
    classifier = create_model(model, **{**shared, **(parameters or {})})
    manifest, used = data.manifest, list(data.extractors)
    for warning in warnings_of_unknown(pretrained_on(classifier, used)):
        progress.line(warning)
    rows = data.readable(np.arange(len(manifest)))
    labels, groups = data.labels[rows], data.groups[rows]
    learned = learn_columns(data, rows, labels, used, seed=seed, progress=progress)
    X, beside = model_input(data, type(classifier), rows, learned.columns)
    told = fit_input(data, classifier, rows, learned, executor)
    classifier.fit(X, labels, groups=groups, **beside, **told)
    known: dict[str, Any] = {
        "images": len(rows),
        "patients": len(set(groups)) if manifest.has_patients else None,
        "classes": {c: int((labels == c).sum()) for c in sorted(set(labels))},
        **(facts or {}),
    }
    return make_bundle(
        classifier,
        data.preparation,
        learned.extractors,
        manifest_fingerprint=manifest.fingerprint(),
        metrics=known,
        familiarity=learn(data.description(rows, DESCRIPTION), data.keys(rows), groups),
    )


def search(
    manifest: Manifest,
    extractors: Sequence[Extractor],
    model: str,
    store: FeatureStore,
    study: Path,
    *,
    preparation: Preparation | None = None,
    trials: int = 30,
    timeout: float | None = None,
    folds: int = 3,
    fixed: Mapping[str, Any] | None = None,
    device: str = "auto",
    jobs: int | None = None,
    seed: int = 0,
    progress: Progress = SILENT,
) -> Search:
    """Search a model's parameters on patient-safe inner folds of a manifest.

    Parameters
    ----------
    manifest, extractors, model, store, preparation
        As for `train`. All rows are training rows here: leave a test set out of the manifest.
    study, trials, timeout, folds, fixed, device, jobs, seed
        As for `gliaboost.models.tuning.tune`.
    progress : Progress, optional
        Hears of the images to extract, and a line of each trial.

    Returns
    -------
    Search
        Its ``parameters`` are for `train`.

    Raises
    ------
    UsageError
        If the model cannot be searched.
    """
    from gliaboost.models.tuning import tune

    manifest.check(labelled=True)
    used = taken(model, extractors)
    data = TrainingData(
        manifest, used, preparation or Preparation(), store, jobs=jobs, progress=progress
    )
    rows = data.readable(np.arange(len(manifest)))
    labels = data.labels[rows]
    learned = learn_columns(data, rows, labels, used, seed=seed, progress=progress)
    X, _ = model_input(data, model_class(model), rows, learned.columns)
    return tune(
        model,
        X,
        labels,
        data.groups[rows],
        study,
        trials=trials,
        timeout=timeout,
        folds=folds,
        told=family_input(model, learned),
        fixed=fixed,
        device=device,
        jobs=jobs,
        seed=seed,
        progress=progress,
    )


def taken(model: str, extractors: Sequence[Extractor]) -> list[Extractor]:
    """Return the extractors that a model takes columns of: none for a network."""
    return [] if takes(model) == "images" else list(extractors)
