"""The main job: models compared on honest folds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gliaboost._face.calls import folds_named, noted_call
from gliaboost._face.choices import check_masks, check_numbers, choose
from gliaboost._face.divided import Divided, Division, divide
from gliaboost._face.faults import Faults
from gliaboost._face.inputs import DataSet, keep_manifest, of_target
from gliaboost._face.labels import remark
from gliaboost._face.naming import FeatureNames
from gliaboost._face.places import check_folder
from gliaboost._face.presets import USUAL, as_far_as_masks_go, preset_of
from gliaboost._face.runs import identity_of, run_folder, write_note
from gliaboost._face.settings import SettingsGiven
from gliaboost._face.workers import check_spread, check_workers, working
from gliaboost.datasets.naming import named
from gliaboost.locks import held
from gliaboost.progress import SILENT, Progress
from gliaboost.remote import as_url

if TYPE_CHECKING:
    from gliaboost.datasets.manifest import Manifest
    from gliaboost.datasets.prepare import Preparation
    from gliaboost.features.store import FeatureStore
    from gliaboost.parallel import Executor
    from gliaboost.reports.protocol.protocol import Protocol
    from gliaboost.reports.protocol.results import Results


def benchmark(
    data: DataSet,
    *,
    out: Path | str | None = None,
    folds: int | str = "auto",
    only: str | int | Iterable[str | int] = "",
    target: str = "label",
    modality: str = "both",
    preset: str = USUAL,
    features: FeatureNames | None = None,
    models: str | Iterable[str] | None = None,
    settings: SettingsGiven = None,
    prepare: str | Mapping[str, Any] | Preparation = "",
    region: Path | str | None = None,
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
    cluster: Path | str | None = None,
    executor: Executor | None = None,
    progress: Progress = SILENT,
) -> Results:
    """Compare models on honest folds and write a report.

    Parameters
    ----------
    data : Manifest, pandas.DataFrame or path-like
        Labelled images: a manifest, its file, a data frame with the columns ``path``, ``label``
        and, if they are known, ``patient``; a folder of classes, or an archive of one. Folds keep
        patients whole.
    out : path-like, optional
        The run's folder: ``results.json``, ``predictions.parquet``, ``report.html``,
        ``report.md``, a bundle a fold, and the manifest that was made of a folder. The same call
        goes on where a killed one stopped; another comparison in the same folder replaces the
        results, not what is already fitted. Default: ``runs/NAME-TIME``, a new one for each run
        that was finished. One run at a time works in it.
    folds : int or str
        A number of patient-safe folds, a column that has them, ``holdout`` or ``split``;
        ``auto``: the data's own test part where it has one, else five folds.
    only : str, int or iterable of these
        Some folds alone, ``"1,2"`` or ``[1, 2]``; or for one model, ``"cnn-finetune=2"``.
    target : str
        What is to be told: ``label``, ``presence``, ``type``, or another column.
    modality : {"both", "MRI", "CT"}
        Images to use.
    preset : {"fast", "good", "best"}
        Features and models where nothing else is said of them. ``fast``: texture and both boosters.
        ``good``: also a frozen network's middle maps and, where there are masks, the tumour's
        region, read by ``stacked``. ``best``: also two fine-tuned networks.
    features : str, Extractor, or iterable of these, optional
        Names by comma or in a list, or extractors; ``NAME:TAG`` is one more of a kind. Default: the
        preset's.
    models : str or iterable of str, optional
        Names by comma or in a list, as `info` lists them. Default: the preset's.
    settings : mapping of str to mapping, optional
        Parameters by name, e.g. ``{"lightgbm": {"learning_rate": 0.05}}``.
    prepare : str, mapping or Preparation
        What images go through first, e.g. ``"crop=foreground,normalise=clahe"``.
    region : path-like, optional
        A segmenter's bundle, trained on another data set: features ``region`` are taken from it,
        and need no masks here.
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
        Threads, of a cluster those of each worker; default: all cores.
    seed : int
        Same seed, same numbers.
    store : path-like, optional
        The feature cache; default: in the user's cache folder.
    command : str
        What a user typed, for the report.
    cluster : path-like, optional
        Where tasks run: ``local``, ``local:N`` (processes of this machine), ``tcp://HOST:PORT`` or
        the file of a dask scheduler, whose workers see the same files, store and `out`. They
        extract, and fit the folds of all experiments side by side. Default: threads extract, and
        one fold runs at a time. Predictions do not depend on it.
    executor : Executor, optional
        Runs the tasks in place of a cluster, such as a pool of `concurrent.futures`.
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
        If a name, a parameter, a place or a fold will not do; lists all of it, before any work.
        If another run is at work in `out`.
    ClusterError
        If no scheduler answers, its workers have another gliaboost, or do not see the files.
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

    faults = Faults()
    usual = preset_of(faults, preset)
    choice = choose(
        faults,
        features=usual.features if features is None else features,
        models=usual.models if models is None else models,
        settings=settings,
        prepare=prepare,
        device=device,
        seed=seed,
        trials=tune,
        region=region,
    )
    check_numbers(faults, jobs, seed)
    check_folder(faults, out, "--out")
    check_folder(faults, store, "--store")
    check_workers(faults, cluster, executor)
    # A fold is fitted whole by one worker, so none is there to share it.
    check_spread(faults, choice.parameters, None)
    asked_folds = list[str]()
    with faults.noted():
        asked_folds = folds_named(only)
    division = Division(target, modality, str(folds), asked_folds, seed)
    given = divide(faults, data, test_on, division, choice.models, store=store, progress=progress)
    if given is not None:
        choice = as_far_as_masks_go(choice, features, given.table, progress)
        check_masks(faults, choice.extractors, given.table)
    faults.tell()
    assert given is not None
    experiments = competitors(choice.models, choice.extractors, ablation=ablation)
    protocol = Protocol(
        experiments,
        given.folds,
        given.description,
        all_folds=given.all_folds,
        preparation=choice.preparation,
        controls=controls,
        only=given.for_one,
        parameters=choice.parameters,
        trials=tune,
        seed=seed,
        jobs=jobs,
        device=choice.device,
    )
    folder, identity = _place(out, given, protocol, command, progress)
    with held(folder):
        whole = keep_manifest(given.whole, data, folder / f"{named(given.whole)}.parquet", progress)
        table = of_target(whole, target, modality)
        cache = FeatureStore(None if store is None else Path(store))
        findings, copies = _findings(table, cache, jobs, progress) if audit else ([], [])
        elsewhere = None
        if given.other is not None:
            elsewhere = find_elsewhere(table, given.other, jobs=jobs, progress=progress)
        with working(cluster, executor, jobs, progress) as workers:
            results = run(
                table,
                protocol,
                cache,
                folder,
                command=command,
                call=noted_call(
                    data,
                    folder,
                    models=choice.models,
                    parameters=choice.parameters,
                    extractors=choice.extractors,
                    folds=str(folds),
                    only=asked_folds,
                    target=target,
                    modality=modality,
                    tune=tune,
                    ablation=ablation,
                    controls=controls,
                    audit=audit,
                    device=choice.device,
                    test_on=test_on,
                    test_on_fingerprint="" if given.other is None else given.other.fingerprint(),
                ),
                audit=findings,
                copies=copies,
                elsewhere=elsewhere,
                executor=workers,
                progress=progress,
            )
        explain_mistakes(folder, table.root)
        render(folder, images=table.root)
        if identity is not None:
            write_note(folder, identity, command, done=True)
    return results


def _place(
    out: Path | str | None, given: Divided, protocol: Protocol, command: str, progress: Progress
) -> tuple[Path, str | None]:
    """Return the run's folder, and where it was chosen here what the run is known by."""
    from gliaboost.features.embedding.pretraining import without_words

    if out is not None:
        return Path(out), None
    identity = identity_of(
        {
            "data": given.table.fingerprint(),
            "place": as_url(given.table.root) or str(given.table.root.resolve()),
            "folds": [(f.name, f.train.tolist(), f.test.tolist()) for f in protocol.folds],
            "experiments": [e.name for e in protocol.experiments],
            "features": [
                (e.label, without_words(e.get_params()))
                for x in protocol.experiments
                for e in x.extractors
            ],
            "preparation": protocol.preparation.to_dict(),
            "parameters": {m: without_words(own) for m, own in protocol.parameters.items()},
            "only": protocol.only,
            "controls": protocol.controls,
            "trials": protocol.trials,
            "seed": protocol.seed,
            "device": protocol.device,
            "test on": given.other and given.other.fingerprint(),
        }
    )
    folder, unfinished = run_folder(named(given.whole), identity, command)
    state = "goes on where an earlier one stopped" if unfinished else "begins"
    progress.line(f"run: {folder} ({state})")
    return folder, identity


def _findings(
    table: Manifest, cache: FeatureStore, jobs: int | None, progress: Progress
) -> tuple[list[tuple[str, str]], list[list[str]]]:
    """Return the sentences of an audit, and the keys of copies by picture."""
    from gliaboost.reports.protocol.findings import known_findings

    known = known_findings(table, cache.beside, jobs=jobs, progress=progress)
    found = list(known.sentences)
    said = remark(table)
    found += [("note", said)] if said is not None else []
    for weight, sentence in found:
        if weight == "wrong":
            progress.line(f"audit: {sentence}")
    return found, known.copies
