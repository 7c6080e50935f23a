"""One model on a whole data set: trained, or tuned and trained."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from gliaboost._face.inputs import DataSet, read_target
from gliaboost._face.settings import (
    FeatureNames,
    SettingsGiven,
    build_extractors,
    feature_words,
    read_settings,
)
from gliaboost._face.words import CLASSICAL
from gliaboost.errors import UnreadableWarning
from gliaboost.progress import SILENT, Progress

if TYPE_CHECKING:
    from gliaboost.datasets.manifest import Manifest
    from gliaboost.features.extract import Extraction
    from gliaboost.models.bundle import Bundle
    from gliaboost.models.tuning import Search


def train(
    data: DataSet,
    *,
    model: str = "lightgbm",
    features: FeatureNames = CLASSICAL,
    settings: SettingsGiven = None,
    target: str = "label",
    modality: str = "both",
    out: Path | str | None = None,
    device: str = "auto",
    jobs: int | None = None,
    seed: int = 0,
    store: Path | str | None = None,
    progress: Progress = SILENT,
) -> Bundle:
    """Fit one model on a whole data set.

    Parameters
    ----------
    data : Manifest, pandas.DataFrame or path-like
        Labelled images: a manifest, its file, a data frame with the columns ``path`` and
        ``label``, or a folder of classes. Patients steer early stopping where they are known.
    model : str
        As `info` lists them.
    features : str, Extractor, or iterable of these
        Names by comma or in a list, or extractors; a network takes images in their place.
    settings : mapping of str to mapping, optional
        Parameters by name, e.g. ``{"lightgbm": {"learning_rate": 0.05}}``.
    target : {"label", "presence", "type"}
        What is to be told.
    modality : {"both", "MRI", "CT"}
        Images to use.
    out : path-like, optional
        Save the bundle here, as `save` does.
    device : {"auto", "cpu", "cuda"}
        Where to compute; the bundle says where that really was.
    jobs : int, optional
        Threads; default: all cores.
    seed : int
        Same seed, same numbers.
    store : path-like, optional
        The feature cache; default: in the user's cache folder.
    progress : Progress, optional
        Hears of the images to extract.

    Returns
    -------
    Bundle
        The model and all that prediction needs.

    Raises
    ------
    ManifestError
        If the manifest has faults or no labels; lists all of them.
    UsageError
        If a name or a parameter is unknown; lists those there are.
    GliaboostError
        If unreadable files leave a class empty.

    Warns
    -----
    UnreadableWarning
        Naming the files that could not be read; the model is fitted without them.

    Examples
    --------
    >>> import tempfile, gliaboost, numpy as np
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> folder, rng = Path(tempfile.mkdtemp()), np.random.default_rng(0)
    >>> for label, most in (("dark", 90), ("light", 250)):
    ...     (folder / label).mkdir()
    ...     for n in range(4):
    ...         image = rng.integers(0, most, (64, 64), np.uint8)
    ...         Image.fromarray(image).save(folder / label / f"{n}.png")
    >>> bundle = gliaboost.train(folder, features="glcm", store=folder / "store")
    >>> bundle.model, bundle.classes, bundle.metrics["images"]
    ('lightgbm', ['dark', 'light'], 8)
    """
    from gliaboost.features.store import FeatureStore
    from gliaboost.models.bundle import save
    from gliaboost.models.training import train as fit

    words = feature_words(features)
    own = read_settings(settings, words, [model])
    table = read_target(data, target, modality, progress)
    bundle, extraction = fit(
        table,
        build_extractors(words, device, own),
        model,
        FeatureStore(None if store is None else Path(store)),
        parameters=own.get(model),
        device=device,
        jobs=jobs,
        seed=seed,
        progress=progress,
    )
    if out is not None:
        save(bundle, out)
    _warn(table, extraction)
    return bundle


def tune(
    data: DataSet,
    *,
    model: str = "lightgbm",
    features: FeatureNames = CLASSICAL,
    settings: SettingsGiven = None,
    trials: int = 30,
    timeout: float | None = None,
    folds: int = 3,
    study: Path | str | None = None,
    target: str = "label",
    modality: str = "both",
    out: Path | str | None = None,
    device: str = "auto",
    jobs: int | None = None,
    seed: int = 0,
    store: Path | str | None = None,
    progress: Progress = SILENT,
) -> tuple[Bundle, Search]:
    """Search a model's parameters by patient, then train with the best.

    Every row takes part: leave a test set out of the data.

    Parameters
    ----------
    data, features, target, modality, device, jobs, seed, store
        As for `train`.
    model : str
        A model whose parameters can be searched.
    settings : mapping of str to mapping, optional
        Parameters by name; those of the model are not searched.
    trials : int
        In all, with those of earlier runs of the same search.
    timeout : float, optional
        Seconds after which no further trial begins.
    folds : int
        Inner folds, by patient, from 2.
    study : path-like, optional
        Journal to go on from; default: beside `out`, and none without `out`.
    out : path-like, optional
        Save the bundle here, as `save` does.
    progress : Progress, optional
        Hears of the images to extract, and a line of each trial.

    Returns
    -------
    bundle : Bundle
        Trained with the best parameters.
    search : Search
        All trials, and the best.

    Raises
    ------
    UsageError
        If the model cannot be searched, or a class has a single patient.
    MissingExtraError
        If optuna is not installed.
    GliaboostError
        If no trial was finished.

    Warns
    -----
    UnreadableWarning
        Naming the files that could not be read.

    Examples
    --------
    >>> import tempfile, gliaboost, numpy as np
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> folder, rng = Path(tempfile.mkdtemp()), np.random.default_rng(0)
    >>> for label, most in (("dark", 90), ("light", 250)):
    ...     (folder / label).mkdir()
    ...     for n in range(4):
    ...         image = rng.integers(0, most, (64, 64), np.uint8)
    ...         Image.fromarray(image).save(folder / label / f"{n}.png")
    >>> bundle, search = gliaboost.tune(
    ...     folder, features="glcm", trials=1, folds=2, store=folder / "store"
    ... )
    >>> bundle.classes, len(search.trials)
    (['dark', 'light'], 1)
    """
    from gliaboost.features.store import FeatureStore
    from gliaboost.models.bundle import save
    from gliaboost.models.training import search
    from gliaboost.models.training import train as fit

    words = feature_words(features)
    own = read_settings(settings, words, [model])
    table = read_target(data, target, modality, progress)
    extractors = build_extractors(words, device, own)
    cache = FeatureStore(None if store is None else Path(store))
    with _journal(study, out) as journal:
        found = search(
            table,
            extractors,
            model,
            cache,
            journal,
            trials=trials,
            timeout=timeout,
            folds=folds,
            fixed=own.get(model),
            device=device,
            jobs=jobs,
            seed=seed,
            progress=progress,
        )
    chosen = {"score": found.score, "default_score": found.default_score, "folds": found.folds}
    bundle, extraction = fit(
        table,
        extractors,
        model,
        cache,
        parameters=found.parameters,
        facts={"search": {**chosen, "trials": len(found.trials)}},
        device=device,
        jobs=jobs,
        seed=seed,
    )
    if out is not None:
        save(bundle, out)
    _warn(table, extraction)
    return bundle, found


@contextmanager
def _journal(study: Path | str | None, out: Path | str | None) -> Iterator[Path]:
    """Choose where a search is kept; without a place it is forgotten at the end."""
    if study is not None:
        yield Path(study)
    elif out is not None:
        yield Path(out).with_suffix(".study")
    else:
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder) / "search.study"


def _warn(table: Manifest, extraction: Extraction) -> None:
    if extraction.failed:
        failed = {str(table.paths[i]): reason for i, reason in extraction.failed.items()}
        warnings.warn(UnreadableWarning(failed), stacklevel=3)
