"""Folds x models, each outer fold looked at once; resumable, predictions written as it goes."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.errors import GliaboostError
from gliaboost.datasets.files import replacing
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.prepare import Preparation
from gliaboost.datasets.splits import Fold, assert_disjoint
from gliaboost.features.base import Extractor
from gliaboost.features.extract import Extraction, extract, matrix, seconds_spent
from gliaboost.features.store import FeatureStore
from gliaboost.models.boosting import create_model
from gliaboost.models.bundle import make_bundle, save

if TYPE_CHECKING:
    import pandas as pd

Say = Callable[[str], None]
NOTES_KEY = b"gliaboost.fold"


@dataclass(frozen=True)
class Protocol:
    """What is compared, and how.

    Parameters
    ----------
    extractors : sequence of Extractor
        The features of every experiment.
    models : sequence of str
        Registered models; each is one experiment.
    folds : sequence of Fold
        Outer folds; an image is tested in at most one.
    folds_name : str
        How the folds came about, for the report.
    preparation : Preparation
        What happens between decoding and extracting.
    seed, jobs, device
        As on the command line.
    """

    extractors: Sequence[Extractor]
    models: Sequence[str]
    folds: Sequence[Fold]
    folds_name: str
    preparation: Preparation = field(default_factory=Preparation)
    seed: int = 0
    jobs: int | None = None
    device: str = "auto"


def run(
    manifest: Manifest,
    protocol: Protocol,
    store: FeatureStore,
    out: Path,
    *,
    command: str = "",
    say: Say = lambda line: None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Run every experiment on every fold and write ``results.json`` and ``predictions.parquet``.

    A fold that `out` already holds, for the same images, folds, features, parameters and seed, is
    taken from there: a killed run goes on where it stopped.

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
    say : callable
        Told each step in a line.
    progress : callable, optional
        Told (images done, images to do) while extracting.

    Returns
    -------
    dict
        ``results.json``.

    Raises
    ------
    GliaboostError
        If an unreadable file leaves a class empty.
    """
    assert_disjoint(manifest, protocol.folds)
    extraction = extract(
        manifest,
        protocol.extractors,
        protocol.preparation,
        store,
        jobs=protocol.jobs,
        progress=progress,
    )
    say(
        f"features: {extraction.computed} images computed, {extraction.reused} from the store, "
        f"{len(extraction.failed)} unreadable, {extraction.seconds:.1f} s"
    )
    rows = [i for i, key in enumerate(extraction.keys) if key is not None]
    keys = [str(extraction.keys[i]) for i in rows]
    labels = manifest.table["label"].to_numpy(dtype=object)
    lost = sorted(set(manifest.classes) - set(labels[rows]))
    if lost:
        first, reason = next(iter(extraction.failed.items()))
        raise GliaboostError(
            f"every image of {', '.join(lost)} is unreadable (first: {manifest.paths[first]}: "
            f"{reason}); replace the files"
        )
    columns = matrix(keys, protocol.extractors, protocol.preparation, store)
    spent = seconds_spent(keys, protocol.extractors, protocol.preparation, store)
    position = np.full(len(manifest), -1)
    position[rows] = np.arange(len(rows))

    names, frames, experiments = [e.name for e in protocol.extractors], [], []
    for model in protocol.models:
        name = f"{model}+{'+'.join(names)}"
        parts = [
            _fold(manifest, extraction, protocol, model, name, fold, columns, position, out, say)
            for fold in protocol.folds
        ]
        frame, entry = _experiment(manifest, protocol, model, name, parts, spent)
        frames.append(frame)
        experiments.append(entry)
    return _write(manifest, protocol, extraction, experiments, frames, out, command)


def _fold(
    manifest: Manifest,
    extraction: Extraction,
    protocol: Protocol,
    model: str,
    name: str,
    fold: Fold,
    columns: NDArray[np.float32],
    position: NDArray[np.int64],
    out: Path,
    say: Say,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    train = fold.train[position[fold.train] >= 0]
    test = fold.test[position[fold.test] >= 0]
    labels = manifest.table["label"].to_numpy(dtype=object)
    groups = np.asarray(manifest.groups, dtype=object)
    identity = _identity(manifest, extraction, protocol, model, train, test)
    stem = f"{_slug(name)}-fold-{_slug(str(fold.name))}"
    part = out / "parts" / f"{stem}.parquet"
    known = _read_part(part, identity)
    if known is not None:
        say(f"{name}, fold {fold.name}: taken from an earlier run")
        return known

    classifier = create_model(model, device=protocol.device, jobs=protocol.jobs, seed=protocol.seed)
    begun = time.perf_counter()
    classifier.fit(columns[position[train]], labels[train], groups=groups[train])
    fitted = time.perf_counter()
    probabilities = classifier.predict_proba(columns[position[test]])
    ended = time.perf_counter()

    bundle = make_bundle(
        classifier,
        protocol.preparation,
        protocol.extractors,
        manifest_fingerprint=manifest.fingerprint(),
        metrics={"fold": str(fold.name), "experiment": name},
    )
    saved = save(bundle, out / "models" / f"{stem}.joblib")
    notes = {
        "identity": identity,
        "fold": str(fold.name),
        "fit": fitted - begun,
        "predict": ended - fitted,
        "device": classifier.device_,
        "model_bytes": saved.stat().st_size,
        "train": len(train),
        "test": len(test),
    }
    frame = _predictions(manifest, extraction, name, fold, test, classifier.classes_, probabilities)
    _write_part(part, frame, notes)
    right = float((frame["label"] == frame["predicted"]).mean())
    say(f"{name}, fold {fold.name}: {right:.3f} of {len(test)} right, {fitted - begun:.1f} s")
    return frame, notes


def _predictions(
    manifest: Manifest,
    extraction: Extraction,
    name: str,
    fold: Fold,
    test: NDArray[np.int64],
    fitted_classes: NDArray[Any],
    probabilities: NDArray[np.floating[Any]],
) -> pd.DataFrame:
    import pandas as pd

    # A class that the training part lacked was never possible: its probability is zero.
    full = np.zeros((len(test), len(manifest.classes)))
    for column, label in enumerate(fitted_classes):
        full[:, manifest.classes.index(label)] = probabilities[:, column]
    table = manifest.table.iloc[test]
    return pd.DataFrame(
        {
            "key": [extraction.keys[i] for i in test],
            "path": table["path"].to_numpy(),
            "patient": table["patient"].to_numpy(),
            "fold": str(fold.name),
            "experiment": name,
            "label": table["label"].to_numpy(),
            "predicted": np.asarray(manifest.classes, dtype=object)[full.argmax(axis=1)],
            **{f"proba_{label}": full[:, i] for i, label in enumerate(manifest.classes)},
        }
    )


def _experiment(
    manifest: Manifest,
    protocol: Protocol,
    model: str,
    name: str,
    parts: Sequence[tuple[pd.DataFrame, dict[str, Any]]],
    features_seconds: float,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    import pandas as pd

    from gliaboost.reports.statistics import evaluate

    frame = pd.concat([frame for frame, _ in parts], ignore_index=True)
    notes = [note for _, note in parts]
    entry = {
        "name": name,
        "model": model,
        "features": [e.name for e in protocol.extractors],
        "device": ", ".join(sorted({n["device"] for n in notes})),
        **evaluate(frame, manifest.classes, seed=protocol.seed),
        "seconds": {
            "features": features_seconds,
            "fit": sum(n["fit"] for n in notes),
            "predict": sum(n["predict"] for n in notes),
        },
        "model_bytes": int(np.median([n["model_bytes"] for n in notes])),
        "folds": [{k: n[k] for k in ("fold", "train", "test", "fit", "predict")} for n in notes],
    }
    return frame, entry


def _write(
    manifest: Manifest,
    protocol: Protocol,
    extraction: Extraction,
    experiments: list[dict[str, Any]],
    frames: Sequence[pd.DataFrame],
    out: Path,
    command: str,
) -> dict[str, Any]:
    import pandas as pd

    from gliaboost.reports.environment import environment

    table = manifest.table
    sources = sorted(table["source"].dropna().unique())
    results: dict[str, Any] = {
        "schema": 1,
        "dataset": {
            "name": Path(manifest.name).stem,
            "images": len(table),
            "patients": int(table["patient"].nunique()),
            "classes": {c: int((table["label"] == c).sum()) for c in manifest.classes},
            "modalities": {str(k): int(v) for k, v in table["modality"].value_counts().items()},
            "sources": sources,
            "simulated": "phantom" in sources,
            "fingerprint": manifest.fingerprint(),
            "unreadable": {str(table.at[i, "path"]): r for i, r in extraction.failed.items()},
        },
        "protocol": {
            "folds": protocol.folds_name,
            "group": _group(manifest),
            "n_folds": len(protocol.folds),
            "seed": protocol.seed,
            "preparation": protocol.preparation.to_dict(),
            "extractors": [e.spec() for e in protocol.extractors],
            "command": command,
        },
        "environment": environment(protocol.jobs),
        "experiments": experiments,
    }
    with replacing(out / "predictions.parquet") as temporary:
        pd.concat(frames, ignore_index=True).to_parquet(temporary, index=False)
    with replacing(out / "results.json") as temporary:
        temporary.write_text(json.dumps(results, indent=1, allow_nan=False) + "\n", "utf-8")
    return results


def _group(manifest: Manifest) -> str:
    if "group" in manifest.table:
        return "group"
    return "patient" if manifest.has_patients else "image"


def _identity(
    manifest: Manifest,
    extraction: Extraction,
    protocol: Protocol,
    model: str,
    train: NDArray[np.int64],
    test: NDArray[np.int64],
) -> str:
    """Hash all that a fold's predictions depend on."""
    from gliaboost import __version__

    labels = manifest.table["label"]
    groups = manifest.groups
    prepared = protocol.preparation.to_dict()
    parts = {
        "version": __version__,
        "train": [(extraction.keys[i], labels[i], groups[i]) for i in train],
        "test": [(extraction.keys[i], labels[i]) for i in test],
        "features": [e.fingerprint(prepared) for e in protocol.extractors],
        "model": model,
        "parameters": create_model(model, seed=protocol.seed).get_params(),
        "device": protocol.device,
    }
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _read_part(part: Path, identity: str) -> tuple[pd.DataFrame, dict[str, Any]] | None:
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(part).read()
        notes = json.loads((table.schema.metadata or {})[NOTES_KEY])
    except (OSError, KeyError, ValueError):
        return None
    return (table.to_pandas(), notes) if notes.get("identity") == identity else None


def _write_part(part: Path, frame: pd.DataFrame, notes: Mapping[str, Any]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pandas(frame, preserve_index=False)
    metadata = {**(table.schema.metadata or {}), NOTES_KEY: json.dumps(dict(notes)).encode()}
    with replacing(part) as temporary:
        pq.write_table(table.replace_schema_metadata(metadata), temporary)


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9.+-]+", "-", text)
