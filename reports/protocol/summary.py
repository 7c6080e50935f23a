"""An experiment in one record of ``results.json``, and a whole run on disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np

from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.naming import named
from gliaboost.datasets.splits import Fold
from gliaboost.features.base import Extractor
from gliaboost.models.pretrained import pretrained_on
from gliaboost.models.registry import create_model, model_class, model_title
from gliaboost.models.training_data import TrainingData
from gliaboost.parquet_file import write_frame
from gliaboost.reports.protocol.call_record import CallRecord
from gliaboost.reports.protocol.environment import environment
from gliaboost.reports.protocol.experiment_record import (
    ExperimentRecord,
    FoldRecord,
    Seconds,
    Takes,
)
from gliaboost.reports.protocol.experiments import Experiment
from gliaboost.reports.protocol.parts import FoldNotes, Part
from gliaboost.reports.protocol.planes import Planes, planes_of
from gliaboost.reports.protocol.record import (
    DatasetRecord,
    ExtractorRecord,
    ProtocolRecord,
    RunRecord,
    Weight,
)
from gliaboost.reports.protocol.record_file import write_record
from gliaboost.reports.protocol.results import PREDICTIONS
from gliaboost.reports.statistics.evaluation import evaluate
from gliaboost.reports.statistics.measures import DealtLabels

if TYPE_CHECKING:
    import pandas as pd

    from gliaboost.reports.protocol.protocol import Protocol


def summarise(
    data: TrainingData,
    experiment: Experiment,
    parts: Sequence[Part],
    seed: int,
    classes: Sequence[str] | None = None,
    *,
    of: str | None = None,
) -> tuple[pd.DataFrame, ExperimentRecord]:
    """Join an experiment's folds.

    Parameters
    ----------
    data : TrainingData
        What was learned from.
    experiment : Experiment
        What was run.
    parts : sequence of Part
        One a fold.
    seed : int
        Of the bootstrap.
    classes : sequence of str, optional
        That a model may name; default: those of the data.
    of : str, optional
        The experiment that a control repeats.

    Returns
    -------
    predictions : pandas.DataFrame
        One row an image.
    record : ExperimentRecord
        The experiment's statistics and costs.
    """
    import pandas as pd

    frame = pd.concat([p.frame for p in parts], ignore_index=True)
    notes = [p.notes for p in parts]
    sizes = [n.model_bytes for n in notes if n.model_bytes]
    rates = [n.training_images_per_second for n in notes if n.training_images_per_second]
    shares = [n.shap_by_family for n in notes if n.shap_by_family]
    learned = {identity: spent for n in notes for identity, spent in n.learned.items()}
    device = ", ".join(sorted({n.device for n in notes}))
    model = model_class(experiment.model)
    evaluation = evaluate(frame, list(classes or data.manifest.classes), seed=seed)
    record = ExperimentRecord(
        **vars(evaluation),
        name=experiment.name,
        title=model_title(experiment.model),
        model=experiment.model,
        library=model.library,
        takes=cast(Takes, experiment.takes),
        features=tuple(e.label for e in experiment.extractors),
        parameters=_shared([n.parameters for n in notes]),
        device=device,
        seconds=Seconds(
            features=data.seconds(experiment.extractors) + sum(learned.values()),
            fit=sum(n.fit for n in notes),
            predict=sum(n.predict for n in notes),
            tested=_tested(data, experiment, notes),
        ),
        training_images_per_second=float(np.median(rates)) if rates else None,
        model_bytes=int(np.median(sizes)) if sizes else None,
        peak_memory=max((n.peak_memory for n in notes if n.peak_memory), default=None),
        folds=tuple(
            FoldRecord(fold=n.fold, train=n.train, test=n.test, fit=n.fit, predict=n.predict)
            for n in notes
        ),
        through_host="cuda" in device and "host" in {n.memory for n in notes},
        shap_by_family={f: float(np.mean([s[f] for s in shares])) for f in shares[0]}
        if shares
        else None,
        history=tuple(n.history for n in notes if n.history),
        search=tuple(n.search for n in notes if n.search),
        control=experiment.control,
        of=of,
    )
    return frame, record


def _tested(data: TrainingData, experiment: Experiment, notes: Sequence[FoldNotes]) -> float | None:
    """Return the core seconds of the tested images' features, as far as parts know them."""
    described = [n.described for n in notes]
    if any(seconds is None for seconds in described):
        return None
    share = sum(n.test for n in notes) / max(1, len(data.readable(np.arange(len(data.manifest)))))
    return share * data.seconds(experiment.extractors) + sum(s for s in described if s is not None)


def write_results(
    data: TrainingData,
    protocol: Protocol,
    experiments: Sequence[ExperimentRecord],
    frames: Sequence[pd.DataFrame],
    out: Path,
    command: str,
    audit: Sequence[tuple[str, str]],
    dealt: DealtLabels | None = None,
    failed_controls: Mapping[str, str] | None = None,
    *,
    call: CallRecord | None = None,
    inputs: str = "",
) -> None:
    """Write ``results.json`` and ``predictions.parquet``, each whole or not at all."""
    import pandas as pd

    planes = planes_of(data)
    record = RunRecord(
        dataset=replace(_dataset(data, planes, audit), inputs=inputs),
        protocol=ProtocolRecord(
            folds=protocol.folds_name,
            group=_group(data.manifest),
            n_folds=len(protocol.folds),
            seed=protocol.seed,
            preparation=protocol.preparation.to_dict(),
            extractors=tuple(_extractor(e) for e in data.extractors),
            command=command,
            copies=_copies(data, protocol.folds),
        ),
        environment=environment(protocol.jobs),
        experiments=tuple(_with_pretraining(e, data, protocol) for e in experiments),
        dealt=dealt,
        failed_controls=dict(failed_controls or {}),
        call=call,
    )
    own = [
        frame if experiment.test_on is not None else planes.beside(frame)
        for frame, experiment in zip(frames, experiments, strict=True)
    ]
    write_frame(pd.concat(own, ignore_index=True), out / PREDICTIONS)
    write_record(out, record)


def _copies(data: TrainingData, folds: Sequence[Fold]) -> int:
    """Count tested images whose file is also in the training part of their fold."""
    keys, found = data.extraction.keys, 0
    for fold in folds:
        learned = {keys[i] for i in data.readable(fold.train)}
        found += sum(keys[i] in learned for i in data.readable(fold.test))
    return found


def _dataset(data: TrainingData, planes: Planes, audit: Sequence[tuple[str, str]]) -> DatasetRecord:
    manifest, table = data.manifest, data.manifest.table
    sources = tuple(sorted(str(s) for s in table["source"].dropna().unique()))
    return DatasetRecord(
        name=named(manifest),
        images=len(table),
        patients=int(table["patient"].nunique()),
        classes={c: int((table["label"] == c).sum()) for c in manifest.classes},
        modalities={str(k): int(v) for k, v in table["modality"].value_counts().items()},
        sources=sources,
        simulated="phantom" in sources,
        fingerprint=manifest.fingerprint(),
        unreadable={str(table.at[i, "path"]): r for i, r in data.extraction.failed.items()},
        audit=tuple((cast(Weight, weight), sentence) for weight, sentence in audit),
        planes=planes.counts(),
        planes_inferred=planes.inferred,
    )


def _with_pretraining(
    record: ExperimentRecord, data: TrainingData, protocol: Protocol
) -> ExperimentRecord:
    """Note what its networks had learned from: as it is said now, whenever a fold was fitted."""
    model = create_model(record.model, **protocol.parameters.get(record.model, {}))
    own = [e for e in data.extractors if e.label in record.features]
    return replace(record, pretrained_on=pretrained_on(model, own))


def titled(extractor: Extractor) -> str:
    """Say what readers call an extractor; what sets its label apart stands in brackets."""
    apart = extractor.label.partition(":")[2]
    return f"{extractor.title} ({apart})" if apart else extractor.title


def _extractor(extractor: Extractor) -> ExtractorRecord:
    spec = extractor.spec()
    return ExtractorRecord(
        name=spec["name"],
        version=spec["version"],
        parameters=spec["parameters"],
        label=extractor.label,
        title=titled(extractor),
    )


def _shared(parameters: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Keep what is the same in every fold; the rest was searched, and is in ``search``."""
    first = parameters[0]
    return {k: v for k, v in first.items() if all(p.get(k) == v for p in parameters)}


def _group(manifest: Manifest) -> Literal["patient", "group", "image"]:
    if "group" in manifest.table:
        return "group"
    return "patient" if manifest.has_patients else "image"
