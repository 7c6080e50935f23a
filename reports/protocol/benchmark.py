"""Folds x experiments, each outer fold looked at once; a killed run goes on where it stopped."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.decoding_version import DECODING
from gliaboost.datasets.fold_names import some_folds
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.naming import named
from gliaboost.datasets.splits import Fold, assert_disjoint
from gliaboost.features.embedding.pretraining import without_words
from gliaboost.features.fitted import is_fitted, to_learn
from gliaboost.features.store import FeatureStore
from gliaboost.models.bundle import save
from gliaboost.models.extractor_fits import identity_of
from gliaboost.models.familiarity.familiarity import DESCRIPTION
from gliaboost.models.inner_parts import inner_parts
from gliaboost.models.packing import make_bundle
from gliaboost.models.registry import create_model, shared_parameters
from gliaboost.models.training_data import TrainingData
from gliaboost.parallel import Executor
from gliaboost.progress import SILENT, Progress
from gliaboost.reports.protocol.call_record import CallRecord
from gliaboost.reports.protocol.controls import cheapest, run_controls
from gliaboost.reports.protocol.elsewhere import Elsewhere, described
from gliaboost.reports.protocol.experiment_record import ExperimentRecord
from gliaboost.reports.protocol.experiments import Experiment
from gliaboost.reports.protocol.fold import Fitted, FoldTask, run_fold, told_of
from gliaboost.reports.protocol.inputs import OTHER, inputs_of, write_inputs
from gliaboost.reports.protocol.parts import Part, stem_of
from gliaboost.reports.protocol.planes import to_infer
from gliaboost.reports.protocol.protocol import Protocol
from gliaboost.reports.protocol.region_masks import measure_regions, write_regions
from gliaboost.reports.protocol.results import Results, read_results
from gliaboost.reports.protocol.seen_elsewhere import marked, pictures_seen, taught_elsewhere
from gliaboost.reports.protocol.side_by_side import SideBySide
from gliaboost.reports.protocol.summary import summarise, write_results
from gliaboost.reports.statistics.measures import DealtLabels

if TYPE_CHECKING:
    import pandas as pd

# What is in the place of a fold's name, where all is learned from.
WHOLE = "all"


def run(
    manifest: Manifest,
    protocol: Protocol,
    store: FeatureStore,
    out: Path,
    *,
    command: str = "",
    call: CallRecord | None = None,
    audit: Sequence[tuple[str, str]] = (),
    copies: Sequence[Sequence[str]] = (),
    elsewhere: Elsewhere | None = None,
    executor: Executor | None = None,
    progress: Progress = SILENT,
) -> Results:
    """Run every experiment on every fold and write ``results.json`` and ``predictions.parquet``.

    Where columns look at a region and masks are known, ``regions.parquet`` says how well the
    regions of test rows cover the tumours. A fold that `out` already holds, for the same images,
    folds, features, parameters and seed, is taken from there: a killed run goes on where it
    stopped.

    Parameters
    ----------
    manifest : Manifest
        Labelled images, without faults.
    protocol : Protocol
        What to run.
    store : FeatureStore
        Where features are kept.
    out : pathlib.Path
        The results' folder.
    command : str
        What the user typed, for the report.
    call : CallRecord, optional
        What was asked for, to be kept with the results.
    audit : sequence of (weight, sentence)
        What an audit of the manifest found, for the report.
    copies : sequence of sequence of str
        Keys of the files that show one picture, as an audit found them: the control deals a
        picture one label, and sees whether it is recognised.
    elsewhere : Elsewhere, optional
        Another data set: each competitor is also fitted on the whole manifest and tested there.
    executor : Executor, optional
        Extracts, and runs all folds of all experiments side by side; it must see the same files,
        store and `out`, and times are then those of shared machines. Default: threads extract, and
        one fold runs at a time.
    progress : Progress, optional
        Hears of the images to extract, and a line of all else that is done.

    Returns
    -------
    Results
        What was written, as `gliaboost.reports.protocol.results.read_results` reads it.

    Raises
    ------
    GliaboostError
        If an unreadable file leaves a class empty.
    ClusterError
        If the executor's tasks see other files, or write where nothing is seen here.
    """
    assert_disjoint(manifest, protocol.folds)
    extractors = list(
        {e.label: e for experiment in protocol.experiments for e in experiment.extractors}.values()
    )
    data = TrainingData(
        manifest,
        extractors,
        protocol.preparation,
        store,
        beside=[
            *([DESCRIPTION] if taught_elsewhere(extractors) else []),
            *to_infer(manifest),
        ],
        jobs=protocol.jobs,
        executor=executor,
        progress=progress,
    )
    seen = pictures_seen(data, extractors)
    done = data.extraction
    progress.line(
        f"features: {done.computed} images computed, {done.reused} from the store, "
        f"{len(done.failed)} unreadable, {done.seconds:.1f} s"
    )
    frames: list[pd.DataFrame] = []
    records: list[ExperimentRecord] = []
    beside = SideBySide(executor, out, progress)

    def parts_of(
        wanted: Sequence[tuple[Experiment, Fold, NDArray[Any]]],
    ) -> Generator[Part, None, None]:
        shared = beside.share(data)
        return beside.run(
            _fold,
            [
                (e, stem_of(e.name, str(fold.name)), (shared, protocol, e, fold, labels))
                for e, fold, labels in wanted
            ],
        )

    def folds_of(experiment: Experiment) -> Sequence[Fold]:
        only = protocol.only.get(experiment.model)
        return protocol.folds if only is None else some_folds(protocol.folds, only)

    competing = [(e, f, data.labels) for e in protocol.experiments for f in folds_of(e)]
    with closing(parts_of(competing)) as parts_so_far:
        for experiment in protocol.experiments:
            parts = list(islice(parts_so_far, len(folds_of(experiment))))
            frame, record = marked(*summarise(data, experiment, parts, protocol.seed), seen)
            frames.append(frame)
            records.append(record)
    dealt: DealtLabels | None = None
    failed: dict[str, str] = {}
    repeated = cheapest(protocol.experiments) if protocol.controls else None
    if repeated is not None:

        def learn(
            control: Experiment, folds: Sequence[Fold], labels: NDArray[Any], repetition: int
        ) -> pd.DataFrame:
            again = f" dealing {repetition + 1}" if repetition else ""
            named_again = [replace(fold, name=f"{fold.name}{again}") for fold in folds]
            parts = list(parts_of([(control, fold, labels) for fold in named_again]))
            frame, record = summarise(data, control, parts, protocol.seed, of=repeated.name)
            if not repetition:
                frames.append(frame)
                records.append(record)
            return frame

        dealt, failed = run_controls(
            data,
            repeated,
            folds_of(repeated),
            len(protocol.folds),
            copies,
            learn,
            _identity_of_folds(data, protocol, repeated, folds_of(repeated)),
            out,
            protocol.seed,
            progress,
        )
    if elsewhere is not None:
        known = [e for e in extractors if is_fitted(e)]
        asked = TrainingData(
            elsewhere.manifest,
            known,
            protocol.preparation,
            store,
            jobs=protocol.jobs,
            executor=executor,
        )
        both = beside.share(data), beside.share(asked)
        tested = [replace(e, test_on=elsewhere.name) for e in protocol.experiments]
        parts_there = beside.run(
            _whole, [(e, stem_of(e.name, WHOLE), (*both, protocol, e)) for e in tested]
        )
        for abroad, part in zip(tested, parts_there, strict=True):
            frame, record = summarise(asked, abroad, [part], protocol.seed, manifest.classes)
            frames.append(frame)
            records.append(described(record, elsewhere, [named(manifest)]))
    looked = [(e, folds_of(x)) for x in protocol.experiments for e in x.extractors]
    looked.sort(key=lambda one: len(one[1]))  # of a label that several use, the most folds count
    write_regions(out, measure_regions(data, looked, out, progress))
    read = [inputs_of(manifest, data.extraction.keys, masks=_looks(protocol), jobs=protocol.jobs)]
    if elsewhere is not None:
        other = inputs_of(elsewhere.manifest, asked.extraction.keys, masks=False, kind=OTHER)
        read.append(other)
    inputs = write_inputs(out, read)
    write_results(
        data,
        protocol,
        records,
        frames,
        out,
        command,
        audit,
        dealt,
        failed,
        call=call,
        inputs=inputs,
    )
    return read_results(out, manifest.root)


def _looks(protocol: Protocol) -> bool:
    """Whether anything that is fitted or measured looks at masks."""
    for experiment in protocol.experiments:
        given = protocol.parameters.get(experiment.model, {})
        if any(getattr(e, "takes_masks", False) for e in experiment.extractors):
            return True
        if create_model(experiment.model, **given).wants_masks():
            return True
    return False


def _fold(
    item: tuple[TrainingData, Protocol, Experiment, Fold, NDArray[Any]],
    out: Path,
    progress: Progress,
) -> Part:
    data, protocol, experiment, fold, to_learn = item
    train, test = data.readable(fold.train), data.readable(fold.test)
    labels = to_learn[train]
    identity = _identity(data, protocol, experiment, train, labels, test)

    def keep(fitted: Fitted, stem: str) -> int | None:
        if experiment.control is not None:
            return None
        bundle = make_bundle(
            fitted.model,
            protocol.preparation,
            fitted.extractors,
            manifest_fingerprint=data.manifest.fingerprint(),
            metrics={"fold": str(fold.name), "experiment": experiment.name},
        )
        return save(bundle, out / "models" / f"{stem}.joblib").stat().st_size

    folds = _tested(protocol, data)
    task = FoldTask(experiment, str(fold.name), data, train, labels, data, test, identity, folds)
    return run_fold(task, protocol.options(experiment.model), out, progress, keep)


def _whole(
    item: tuple[TrainingData, TrainingData, Protocol, Experiment], out: Path, progress: Progress
) -> Part:
    """Learn from all of one data set, and test on another."""
    data, asked, protocol, abroad = item
    train = data.readable(np.arange(len(data.manifest)))
    test = asked.readable(np.arange(len(asked.manifest)))
    own = replace(abroad, test_on=None)
    identity = _identity_elsewhere(data, protocol, own, train, _told(asked, test))
    labels, folds = data.labels[train], _tested(protocol, data)
    task = FoldTask(abroad, WHOLE, data, train, labels, asked, test, identity, folds)
    options = protocol.options(abroad.model)
    return run_fold(task, options, out, progress, lambda fitted, stem: None)


def _tested(protocol: Protocol, data: TrainingData) -> NDArray[np.int64]:
    """Give the number of the outer fold that tests each row, -1 where none does."""
    found = np.full(len(data.manifest), -1)
    for number, fold in enumerate(protocol.all_folds or protocol.folds):
        found[fold.test] = number
    return found


def _identity_of_folds(
    data: TrainingData, protocol: Protocol, experiment: Experiment, folds: Sequence[Fold]
) -> str:
    parts = [(data.readable(f.train), data.readable(f.test)) for f in folds]
    return "\n".join(
        _identity(data, protocol, experiment, train, data.labels[train], test)
        for train, test in parts
    )


def _identity_elsewhere(
    data: TrainingData,
    protocol: Protocol,
    experiment: Experiment,
    train: NDArray[np.int64],
    told: list[list[str]],
) -> str:
    nothing = np.empty(0, np.int64)
    own = _identity(data, protocol, experiment, train, data.labels[train], nothing)
    return hashlib.sha256(json.dumps([own, told]).encode()).hexdigest()


def _told(asked: TrainingData, test: NDArray[np.int64]) -> list[list[str]]:
    """Give all that a part keeps of the rows asked about: intervals rest on whose they are."""
    told = told_of(asked, test)
    return [list(told), *told.astype(str).to_numpy().tolist()]


def _identity(
    data: TrainingData,
    protocol: Protocol,
    experiment: Experiment,
    train: NDArray[np.int64],
    labels: NDArray[Any],
    test: NDArray[np.int64],
) -> str:
    """Hash all that a fold's predictions depend on, and what is kept beside them."""
    from gliaboost._version import __version__

    keys, groups = data.extraction.keys, data.groups
    prepared = protocol.preparation.to_dict()
    learning = to_learn(experiment.extractors)
    model = create_model(
        experiment.model,
        **{
            **shared_parameters(experiment.model, seed=protocol.seed),
            **protocol.parameters.get(experiment.model, {}),
        },
    )
    parts = {
        "version": __version__,
        "decoding": DECODING,
        "experiment": experiment.name,
        "classes": data.manifest.classes,
        "train": [(keys[i], label, groups[i]) for i, label in zip(train, labels, strict=True)],
        "test": _told(data, test),
        "features": [e.fingerprint(prepared) for e in experiment.extractors],
        "preparation": prepared,
        "model": experiment.model,
        "parameters": without_words(model.get_params()),
        "device": protocol.device,
        **({"trials": protocol.trials, "seed": protocol.seed} if protocol.trials else {}),
        **({"masks": data.mask_keys(train)} if model.wants_masks() else {}),
        **(
            {
                "learned": [identity_of(data, train, labels, e) for e in learning],
            }
            if learning
            else {}
        ),
        **(
            {
                "parts": inner_parts(
                    data, train, labels, _tested(protocol, data)[train], seed=protocol.seed
                ).tolist(),
            }
            if any(e.learns_labels for e in learning)
            else {}
        ),
    }
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
