"""One model on a whole data set: trained, or tuned and trained."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from gliaboost._face.choices import Choice, check_masks, check_numbers, check_search, choose
from gliaboost._face.divided import read_labelled
from gliaboost._face.estimate import FOLDS, UNKNOWN, keep_estimate
from gliaboost._face.faults import Faults
from gliaboost._face.inputs import DataSet, keep_manifest, of_target
from gliaboost._face.naming import FeatureNames
from gliaboost._face.places import check_file, check_folder
from gliaboost._face.presets import PRESETS, USUAL, Preset, as_far_as_masks_go, preset_of
from gliaboost._face.settings import SettingsGiven
from gliaboost._face.words import CLASSICAL
from gliaboost.datasets.naming import named
from gliaboost.errors import UnreadableWarning, UsageError
from gliaboost.progress import SILENT, Progress

if TYPE_CHECKING:
    from gliaboost.datasets.manifest import Manifest
    from gliaboost.datasets.prepare import Preparation
    from gliaboost.features.extract import Extraction
    from gliaboost.models.bundle import Bundle
    from gliaboost.models.tuning import Search


def train(
    data: DataSet,
    *,
    preset: str = USUAL,
    model: str | None = None,
    features: FeatureNames | None = None,
    settings: SettingsGiven = None,
    prepare: str | Mapping[str, Any] | Preparation = "",
    region: Path | str | None = None,
    target: str = "label",
    modality: str = "both",
    estimate: int | None = None,
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
        ``label``, a folder of classes, or an archive of one. Patients steer early stopping where
        they are known.
    preset : {"fast", "good", "best"}
        Features and model where nothing else is said of them, as for `benchmark`: ``lightgbm`` on
        texture, or ``stacked`` on texture, a frozen network's maps and the tumour's region.
    model : str, optional
        As `info` lists them. Default: the preset's.
    features : str, Extractor, or iterable of these, optional
        Names by comma or in a list, or extractors; a network takes images in their place. Default:
        the preset's.
    settings : mapping of str to mapping, optional
        Parameters by name, e.g. ``{"lightgbm": {"learning_rate": 0.05}}``.
    prepare : str, mapping or Preparation
        What images go through first, e.g. ``"crop=foreground,normalise=clahe"``; the bundle keeps
        it, so that a prediction's images go through the same.
    region : path-like, optional
        A segmenter's bundle, trained on another data set: features ``region`` are taken from it,
        and need no masks here.
    target : str
        What is to be told: ``label``, ``presence``, ``type``, or another column.
    modality : {"both", "MRI", "CT"}
        Images to use.
    estimate : int, optional
        Inner folds, by patient, that tell what the model may reach on new patients
        (``metrics["estimate"]`` of the bundle); 0: none. Default: 3, and 0 for what trains
        networks, which would take as many times as long.
    out : path-like, optional
        Save the bundle here, as `save` does; the manifest that was made of a folder lies beside it.
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
        If a name, a parameter or a place will not do; lists all of it, before any work.
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
    >>> bundle.metrics["estimate"]["images"], bundle.metrics["estimate"]["unit"]
    (8, 'image')
    """
    from gliaboost.features.store import FeatureStore
    from gliaboost.models.bundle import save
    from gliaboost.models.estimate import out_of_fold
    from gliaboost.models.registry import takes
    from gliaboost.models.training import train_on, training_data

    faults = Faults()
    usual = preset_of(faults, preset)
    asked = _Asked(
        model or usual.model,
        features,
        usual,
        settings,
        prepare,
        region,
        device,
        jobs,
        seed,
    )
    choice, table = _checked(asked, faults, data, target, modality, out, store, progress)
    (name,) = choice.models
    given: dict[str, Any] = {
        "parameters": choice.parameters.get(name),
        "device": choice.device,
        "jobs": jobs,
        "seed": seed,
        "progress": progress,
    }
    cache = FeatureStore(None if store is None else Path(store))
    if not table.has_patients:
        progress.line(UNKNOWN)
    read = training_data(
        table,
        choice.extractors,
        name,
        cache,
        preparation=choice.preparation,
        jobs=jobs,
        progress=progress,
    )
    bundle = train_on(read, name, **given)
    folds = estimate if estimate is not None else FOLDS if takes(name) == "columns" else 0
    if folds:
        keep_estimate(bundle, out_of_fold(read, name, folds=folds, **given))
    if out is not None:
        save(bundle, out)
    _warn(table, read.extraction)
    return bundle


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
    asked = _Asked(model, features, PRESETS[USUAL], settings, prepare, region, device, jobs, seed)
    choice, table = _checked(asked, faults, data, target, modality, out, store, progress)
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
    _warn(table, extraction)
    return bundle, found


class _Asked(NamedTuple):
    """What both have in common, as it was given."""

    model: str
    features: FeatureNames | None
    usual: Preset
    settings: SettingsGiven
    prepare: str | Mapping[str, Any] | Preparation
    region: Path | str | None
    device: str
    jobs: int | None
    seed: int


def _checked(
    asked: _Asked,
    faults: Faults,
    data: DataSet,
    target: str,
    modality: str,
    out: Path | str | None,
    store: Path | str | None,
    progress: Progress,
) -> tuple[Choice, Manifest]:
    """Check everything before any work, tell all faults, and keep the manifest of a folder."""
    choice = choose(
        faults,
        features=asked.usual.features if asked.features is None else asked.features,
        models=asked.model,
        settings=asked.settings,
        prepare=asked.prepare,
        device=asked.device,
        seed=asked.seed,
        region=asked.region,
        presumed=asked.usual.settings if asked.features is None else None,
    )
    if len(choice.models) > 1:
        faults.note(UsageError(f"--model {asked.model}: one model is expected"))
    check_numbers(faults, asked.jobs, asked.seed)
    check_file(faults, out, "--out")
    check_folder(faults, store, "--store")
    read = read_labelled(faults, data, target, modality, store=store, progress=progress)
    if read is not None:
        choice = as_far_as_masks_go(choice, asked.features, read[1], progress)
        check_masks(faults, choice.extractors, read[1])
    faults.tell()
    assert read is not None
    whole, table = read
    if out is not None:
        beside = Path(out).with_name(f"{Path(out).stem}-{named(whole)}.parquet")
        table = of_target(keep_manifest(whole, data, beside, progress), target, modality)
    return choice, table


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
