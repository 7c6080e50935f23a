"""One model's parameters searched on a whole data set, and the model trained with the best."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gliaboost._face.asked import Asked, checked, warn_of_unreadable
from gliaboost._face.choices import check_search
from gliaboost._face.faults import Faults
from gliaboost._face.inputs import DataSet
from gliaboost._face.naming import FeatureNames
from gliaboost._face.places import check_file
from gliaboost._face.presets import PRESETS, USUAL
from gliaboost._face.settings import SettingsGiven
from gliaboost._face.words import CLASSICAL
from gliaboost.locks import alone_at
from gliaboost.progress import SILENT, Progress

if TYPE_CHECKING:
    from gliaboost.datasets.prepare import Preparation
    from gliaboost.models.bundle import Bundle
    from gliaboost.models.tuning import Search


@alone_at("out")
def tune(
    data: DataSet,
    *,
    model: str = "lightgbm",
    features: FeatureNames = CLASSICAL,
    settings: SettingsGiven = None,
    prepare: str | Mapping[str, Any] | Preparation = "",
    region: Path | str | None = None,
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
    data, features, prepare, region, target, modality, device, jobs, seed, store
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

    faults = Faults()
    check_search(faults, model, trials, timeout, folds)
    check_file(faults, study, "--study")
    asked = Asked(model, features, PRESETS[USUAL], settings, prepare, region, device, jobs, seed)
    choice, table = checked(asked, faults, data, target, modality, out, store, progress)
    (name,) = choice.models
    cache = FeatureStore(None if store is None else Path(store))
    with _journal(study, out) as journal:
        found = search(
            table,
            choice.extractors,
            name,
            cache,
            journal,
            preparation=choice.preparation,
            trials=trials,
            timeout=timeout,
            folds=folds,
            fixed=choice.parameters.get(name),
            device=choice.device,
            jobs=jobs,
            seed=seed,
            progress=progress,
        )
    chosen = {"score": found.score, "default_score": found.default_score, "folds": found.folds}
    bundle, extraction = fit(
        table,
        choice.extractors,
        name,
        cache,
        preparation=choice.preparation,
        parameters=found.parameters,
        facts={"search": {**chosen, "trials": len(found.trials)}},
        device=choice.device,
        jobs=jobs,
        seed=seed,
    )
    if out is not None:
        save(bundle, out)
    warn_of_unreadable(table, extraction)
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
