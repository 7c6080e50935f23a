"""One model on a whole data set."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gliaboost._face.asked import Asked, checked, warn_of_unreadable
from gliaboost._face.estimate import FOLDS, UNKNOWN, keep_estimate
from gliaboost._face.faults import Faults
from gliaboost._face.inputs import DataSet
from gliaboost._face.naming import FeatureNames
from gliaboost._face.presets import USUAL, preset_of
from gliaboost._face.settings import SettingsGiven
from gliaboost._face.workers import working
from gliaboost.locks import alone_at
from gliaboost.progress import SILENT, Progress

if TYPE_CHECKING:
    from gliaboost.datasets.prepare import Preparation
    from gliaboost.models.bundle import Bundle


@alone_at("out")
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
    cluster: Path | str | None = None,
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
    cluster : path-like, optional
        Worker processes, as for `extract`: they extract, and fit ``xgboost`` together where it is
        to be spread (``{"xgboost": {"spread": True}}``). Default: threads.
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
    ClusterError
        If a cluster cannot be reached, or a worker is lost that fits a model with others.
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
    asked = Asked(
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
    choice, table = checked(asked, faults, data, target, modality, out, store, progress, cluster)
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
    folds = estimate if estimate is not None else FOLDS if takes(name) == "columns" else 0
    with working(cluster, None, jobs, progress) as workers:
        read = training_data(
            table,
            choice.extractors,
            name,
            cache,
            preparation=choice.preparation,
            jobs=jobs,
            executor=workers,
            progress=progress,
        )
        bundle = train_on(read, name, executor=workers, **given)
        if out is not None:
            # What may fail in the folds, as a worker, costs the estimate and not the model.
            save(bundle, out)
        if folds:
            estimated = out_of_fold(read, name, folds=folds, executor=workers, **given)
            keep_estimate(bundle, estimated)
            if out is not None:
                save(bundle, out)
    warn_of_unreadable(table, read.extraction)
    return bundle
