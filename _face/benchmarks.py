"""The main job: models compared on honest folds, and its report."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gliaboost._face.inputs import DataSet, read_target
from gliaboost._face.settings import (
    FeatureNames,
    SettingsGiven,
    build_extractors,
    feature_words,
    read_settings,
)
from gliaboost._face.words import CLASSICAL, fold_choice, names
from gliaboost.errors import UsageError
from gliaboost.progress import SILENT, Progress

if TYPE_CHECKING:
    from gliaboost.datasets.manifest import Manifest
    from gliaboost.datasets.splits import Fold
    from gliaboost.features.store import FeatureStore
    from gliaboost.parallel import Executor
    from gliaboost.reports.protocol.results import Results


# So that a newcomer with two cores waits minutes.
DEMO_NETWORKS: dict[str, Any] = {
    "features": f"{CLASSICAL},embedding",
    "models": "xgboost,lightgbm,cnn-finetune",
    "only": "cnn-finetune=1",
    "settings": {"cnn-finetune": {"size": 128, "epochs": 4}},
}


def benchmark(
    data: DataSet,
    *,
    out: Path | str = "runs/report",
    folds: int | str = 5,
    only: str | int | Iterable[str | int] = "",
    target: str = "label",
    modality: str = "both",
    features: FeatureNames = CLASSICAL,
    models: str | Iterable[str] = "xgboost,lightgbm",
    settings: SettingsGiven = None,
    tune: int = 0,
    ablation: bool = False,
    controls: bool = True,
    audit: bool = True,
    test_on: DataSet | None = None,
    device: str = "auto",
    jobs: int | None = None,
    seed: int = 0,
    store: Path | str | None = None,
    command: str = "",
    executor: Executor | None = None,
    progress: Progress = SILENT,
) -> Results:
    """Compare models on honest folds and write a report.

    Parameters
    ----------
    data : Manifest, pandas.DataFrame or path-like
        Labelled images: a manifest, its file, a data frame with the columns ``path``, ``label``
        and, if they are known, ``patient``; or a folder of classes. Folds keep patients whole.
    out : path-like
        The run's folder, by default ``runs/report``: ``results.json``, ``predictions.parquet``,
        ``report.html``, ``report.md``, and a bundle a fold. The same call goes on where a killed
        one stopped; another comparison in the same folder replaces the results, not what is
        already fitted.
    folds : int or str
        A number of patient-safe folds, a column that has them, ``holdout`` or ``split``.
    only : str, int or iterable of these
        Some folds alone, ``"1,2"`` or ``[1, 2]``; or for one model, ``"cnn-finetune=2"``.
    target : {"label", "presence", "type"}
        What is to be told.
    modality : {"both", "MRI", "CT"}
        Images to use.
    features : str, Extractor, or iterable of these
        Names by comma or in a list, or extractors; ``NAME:TAG`` is one more of a kind.
    models : str or iterable of str
        Names by comma or in a list, as `info` lists them.
    settings : mapping of str to mapping, optional
        Parameters by name, e.g. ``{"lightgbm": {"learning_rate": 0.05}}``.
    tune : int
        Trials of a search for each model's other parameters, inside each training part; 0: none.
    ablation : bool
        Also each feature family alone, and all but one.
    controls : bool
        Repeat the cheapest model with shuffled labels, and on folds by image.
    audit : bool
        Audit the data first, once a data set.
    test_on : Manifest, pandas.DataFrame or path-like, optional
        Another data set: fit on all of `data`, test on that.
    device : {"auto", "cpu", "cuda"}
        Where to compute; the results say where that really was.
    jobs : int, optional
        Threads; default: all cores.
    seed : int
        Same seed, same numbers.
    store : path-like, optional
        The feature cache; default: in the user's cache folder.
    command : str
        What a user typed, for the report.
    executor : Executor, optional
        Extracts, and runs the folds of an experiment side by side; it must see the same files.
        Default: threads extract, and one fold runs at a time.
    progress : Progress, optional
        Hears of every step.

    Returns
    -------
    Results
        As saved: ``experiments_frame()`` has one row an experiment, ``predictions`` one an image
        and experiment; a notebook shows the table and the accuracies.

    Raises
    ------
    ManifestError
        If the manifest has faults or no labels; lists all of them.
    UsageError
        If a name, a parameter or a fold is unknown; lists those there are.
    GliaboostError
        If unreadable files leave a class empty.

    Examples
    --------
    >>> import tempfile, gliaboost, numpy as np
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> folder, rng = Path(tempfile.mkdtemp()), np.random.default_rng(0)
    >>> for label, most in (("dark", 90), ("light", 250)):
    ...     (folder / "data" / label).mkdir(parents=True)
    ...     for n in range(4):
    ...         image = rng.integers(0, most, (64, 64), np.uint8)
    ...         Image.fromarray(image).save(folder / "data" / label / f"{n}.png")
    >>> results = gliaboost.benchmark(
    ...     folder / "data",
    ...     features="glcm",
    ...     models="lightgbm",
    ...     settings={"lightgbm": {"rounds": 5}},
    ...     folds=2,
    ...     out=folder / "run",
    ...     store=folder / "store",
    ... )
    >>> results.experiments_frame()["name"].tolist()
    ['lightgbm+glcm', 'lightgbm+glcm (shuffled labels)']
    """
    from gliaboost.features.store import FeatureStore
    from gliaboost.reports.pages.explaining import explain_mistakes
    from gliaboost.reports.pages.render import render
    from gliaboost.reports.protocol.benchmark import run
    from gliaboost.reports.protocol.elsewhere import find_elsewhere
    from gliaboost.reports.protocol.experiments import competitors
    from gliaboost.reports.protocol.protocol import Protocol

    folder = Path(out)
    table = read_target(data, target, modality, progress).check(labelled=True)
    words, chosen_models = feature_words(features), names(models)
    chosen, description, for_one = _folds(table, folds, only, seed)
    own = read_settings(settings, words, chosen_models)
    protocol = Protocol(
        competitors(chosen_models, build_extractors(words, device, own), ablation=ablation),
        chosen,
        description,
        controls=controls,
        only=for_one,
        parameters=own,
        trials=tune,
        seed=seed,
        jobs=jobs,
        device=device,
    )
    cache = FeatureStore(None if store is None else Path(store))
    findings = _findings(table, cache, jobs, progress) if audit else []
    elsewhere = None
    if test_on is not None:
        other = read_target(test_on, target, modality, progress).check(labelled=True)
        elsewhere = find_elsewhere(table, other, jobs=jobs, progress=progress)
    results = run(
        table,
        protocol,
        cache,
        folder,
        command=command,
        audit=findings,
        elsewhere=elsewhere,
        executor=executor,
        progress=progress,
    )
    explain_mistakes(folder, table.root)
    render(folder, images=table.root)
    return results


def demo(
    out: Path | str = "runs/demo",
    *,
    device: str = "auto",
    jobs: int | None = None,
    seed: int = 0,
    store: Path | str | None = None,
    command: str = "",
    progress: Progress = SILENT,
) -> Results:
    """Run the main job on an embedded, simulated sample.

    Boosters on all features, five folds; where torch is installed, a backbone is fine-tuned
    briefly, on one of them. No number of it is clinical.

    Parameters
    ----------
    out : path-like
        Folder for data and report.
    device, jobs, seed, command, progress
        As for `benchmark`.
    store : path-like, optional
        The feature cache; default: ``store`` in `out`.

    Returns
    -------
    Results
        As from `benchmark`.
    """
    from gliaboost.datasets.phantom.sample import make_phantom

    folder = Path(out)
    networks = all(find_spec(package) for package in ("torch", "timm", "safetensors"))
    if not networks:
        progress.line("without embeddings and networks, which need: pip install 'gliaboost[torch]'")
    progress.line(
        "simulating patients in the MNI152 template (simulated: no number here is clinical)"
    )
    make_phantom(folder / "phantom", seed=seed, jobs=jobs, progress=progress)
    return benchmark(
        folder / "phantom" / "manifest.parquet",
        out=folder,
        device=device,
        jobs=jobs,
        seed=seed,
        store=store or folder / "store",
        command=command,
        progress=progress,
        **(DEMO_NETWORKS if networks else {}),
    )


def report(
    runs: Path | str | Results | Sequence[Path | str | Results],
    out: Path | str | None = None,
    *,
    images: Path | str | None = None,
) -> Path:
    """Draw the report of a run again, or one of several runs, without fitting.

    Parameters
    ----------
    runs : path-like, Results, or sequence of these
        Runs of `benchmark`, or their folders.
    out : path-like, optional
        Folder for the pages; default: the run's own. Several runs need one.
    images : path-like, optional
        The folder that the images' paths are relative to, to show the surest mistakes. Such a
        page holds pictures of patients. Of one run alone.

    Returns
    -------
    pathlib.Path
        The HTML page; the Markdown page and the pictures lie beside it.

    Raises
    ------
    UsageError
        If a folder holds no run, or several runs have no `out`.

    Examples
    --------
    >>> import gliaboost
    >>> gliaboost.report(["runs/a", "runs/b"])
    Traceback (most recent call last):
        ...
    gliaboost.errors.UsageError: 2 runs make one page; name its folder with --out
    """
    from gliaboost.reports.pages.joined import render_joined
    from gliaboost.reports.pages.render import render
    from gliaboost.reports.protocol.results import Results

    given = [runs] if isinstance(runs, str | os.PathLike | Results) else list(runs)
    folders = [_folder(run) for run in given]
    if len(folders) == 1:
        pages = render(folders[0], out, images=images)
    elif out is None:
        raise UsageError(f"{len(folders)} runs make one page; name its folder with --out")
    else:
        pages = render_joined(folders, out)
    return Path(pages["html"])


def info() -> dict[str, Any]:
    """Describe what this installation can do.

    Returns
    -------
    dict
        ``gliaboost``, ``environment``, ``store``, ``gpu``, ``sources``, ``extractors``,
        ``models``, and ``missing``: what is absent and how to get it.

    Examples
    --------
    >>> import gliaboost
    >>> {"hog", "lbp", "glcm"} <= set(gliaboost.info()["extractors"])
    True
    """
    from gliaboost.reports.protocol.environment import describe

    return describe()


def _folds(
    table: Manifest, folds: int | str, only: str | int | Iterable[str | int], seed: int
) -> tuple[list[Fold], str, dict[str, list[str]]]:
    """Return the folds of all models, how they came about, and those of single models."""
    from gliaboost.datasets.fold_names import named_folds, some_folds

    chosen, description = named_folds(table, str(folds), seed=seed)
    for_all, for_one = fold_choice(only)
    if for_all:
        chosen = some_folds(chosen, for_all)
        description += f"; of these only {', '.join(for_all)}"
    return chosen, description, for_one


def _findings(
    table: Manifest, cache: FeatureStore, jobs: int | None, progress: Progress
) -> list[tuple[str, str]]:
    from gliaboost.reports.protocol.findings import known_findings

    found = known_findings(table, cache.path, jobs=jobs, progress=progress)
    for weight, sentence in found:
        if weight == "wrong":
            progress.line(f"audit: {sentence}")
    return found


def _folder(run: Path | str | Results) -> Path:
    if isinstance(run, str | os.PathLike):
        return Path(run)
    if run.folder is None:
        raise UsageError("these results lie in no folder; expected those of a saved run")
    return run.folder
