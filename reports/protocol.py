"""Folds x experiments, each outer fold looked at once; a killed run goes on where it stopped."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gliaboost._compat import peak_memory, reset_peak_memory
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.prepare import Preparation
from gliaboost.datasets.splits import Fold, assert_disjoint, image_folds
from gliaboost.features.store import FeatureStore
from gliaboost.models.bundle import make_bundle, save
from gliaboost.models.material import Material
from gliaboost.models.registry import create_model
from gliaboost.reports.experiments import BY_IMAGE, SHUFFLED, Experiment
from gliaboost.reports.parts import Part, read_part, stem_of, write_part
from gliaboost.reports.summary import summarise, write_results

if TYPE_CHECKING:
    import pandas as pd

Say = Callable[[str], None]


@dataclass(frozen=True)
class Protocol:
    """What is compared, and how.

    Parameters
    ----------
    experiments : sequence of Experiment
        What competes.
    folds : sequence of Fold
        Outer folds; an image is tested in at most one.
    folds_name : str
        How the folds came about, for the report.
    preparation : Preparation
        What happens between decoding and extracting.
    controls : bool
        Run the cheapest competitor again with shuffled labels and on folds by image.
    seed, jobs, device
        As on the command line.
    """

    experiments: Sequence[Experiment]
    folds: Sequence[Fold]
    folds_name: str
    preparation: Preparation = field(default_factory=Preparation)
    controls: bool = True
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
    audit: Sequence[tuple[str, str]] = (),
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
    audit : sequence of (weight, sentence)
        What an audit of the manifest found, for the report.
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
    extractors = list(
        {e.name: e for experiment in protocol.experiments for e in experiment.extractors}.values()
    )
    material = Material(
        manifest, extractors, protocol.preparation, store, jobs=protocol.jobs, progress=progress
    )
    done = material.extraction
    say(
        f"features: {done.computed} images computed, {done.reused} from the store, "
        f"{len(done.failed)} unreadable, {done.seconds:.1f} s"
    )
    frames, entries = [], []

    def compare(experiment: Experiment, folds: Sequence[Fold]) -> dict[str, Any]:
        parts = [_fold(material, protocol, experiment, fold, out, say) for fold in folds]
        frame, entry = summarise(material, experiment, parts, protocol.seed)
        frames.append(frame)
        entries.append(entry)
        return entry

    for experiment in protocol.experiments:
        compare(experiment, protocol.folds)
    cheapest = _cheapest(protocol.experiments, entries) if protocol.controls else None
    if cheapest is not None:
        controls = {SHUFFLED: protocol.folds}
        if len(protocol.folds) > 1 and len(set(material.groups)) < len(manifest):
            controls[BY_IMAGE] = image_folds(manifest, len(protocol.folds), seed=protocol.seed)
        for control, folds in controls.items():
            compare(replace(cheapest, control=control), folds)["of"] = cheapest.name
    return write_results(material, protocol, entries, frames, out, command, audit)


def _cheapest(
    experiments: Sequence[Experiment], entries: Sequence[dict[str, Any]]
) -> Experiment | None:
    """Choose what the controls repeat: of those on most columns, the quickest to fit."""
    boosted = [i for i, e in enumerate(experiments) if e.takes == "columns"]
    if not boosted:
        return None
    most = max(len(experiments[i].extractors) for i in boosted)
    full = [i for i in boosted if len(experiments[i].extractors) == most]
    return experiments[min(full, key=lambda i: float(entries[i]["seconds"]["fit"]))]


def _fold(
    material: Material,
    protocol: Protocol,
    experiment: Experiment,
    fold: Fold,
    out: Path,
    say: Say,
) -> Part:
    train, test = material.readable(fold.train), material.readable(fold.test)
    labels = material.labels[train]
    if experiment.control == SHUFFLED:
        labels = shuffled(labels, material.groups[train], protocol.seed)
    identity = _identity(material, protocol, experiment, train, labels, test)
    stem = stem_of(experiment.name, str(fold.name))
    path = out / "parts" / f"{stem}.parquet"
    known = read_part(path, identity)
    if known is not None:
        say(f"{experiment.name}, fold {fold.name}: taken from an earlier run")
        return known

    model = create_model(
        experiment.model, device=protocol.device, jobs=protocol.jobs, seed=protocol.seed
    )
    (X, beside), (unseen, its) = (
        material.given(experiment.takes, train, experiment.extractors),
        material.given(experiment.takes, test, experiment.extractors),
    )
    checkpoint = out / "parts" / f"{stem}.checkpoint"
    options: dict[str, Any] = {}
    if experiment.takes != "columns":
        told = _epochs(say, f"{experiment.name}, fold {fold.name}")
        options = {"checkpoint": checkpoint, "progress": told}
    reset_peak_memory()
    begun = time.perf_counter()
    model.fit(X, labels, groups=material.groups[train], **beside, **options)
    fitted = time.perf_counter()
    probabilities = model.predict_proba(unseen, **its)
    ended = time.perf_counter()
    held = peak_memory()

    bundle = make_bundle(
        model,
        protocol.preparation,
        experiment.extractors,
        manifest_fingerprint=material.manifest.fingerprint(),
        metrics={"fold": str(fold.name), "experiment": experiment.name},
    )
    notes = {
        "identity": identity,
        "fold": str(fold.name),
        "fit": fitted - begun,
        "predict": ended - fitted,
        "device": model.device_,
        "peak_memory": held,
        "train": len(train),
        "test": len(test),
        **_seen_inside(material, experiment, model, unseen),
    }
    if experiment.control is None:
        saved = save(bundle, out / "models" / f"{stem}.joblib")
        notes["model_bytes"] = saved.stat().st_size
    frame = _predictions(material, experiment.name, fold, test, model.classes_, probabilities)
    part = Part(frame, notes)
    write_part(path, part)
    for spent in checkpoint.parent.glob(f"{checkpoint.name}*"):
        spent.unlink()
    right = float((frame["label"] == frame["predicted"]).mean())
    say(
        f"{experiment.name}, fold {fold.name}: {right:.3f} of {len(test)} right, "
        f"{fitted - begun:.1f} s"
    )
    return part


def shuffled(labels: NDArray[Any], groups: NDArray[Any], seed: int) -> NDArray[Any]:
    """Deal the groups' labels out anew; what a group's rows share, they go on sharing.

    Examples
    --------
    >>> labels = np.array(["glioma", "glioma", "pituitary"])
    >>> sorted(set(shuffled(labels, np.array([1, 1, 2]), 0)))
    ['glioma', 'pituitary']
    """
    _, first, codes = np.unique(groups.astype(str), return_index=True, return_inverse=True)
    return labels[first][np.random.default_rng(seed).permutation(len(first))][codes]


def _epochs(say: Say, name: str) -> Callable[[int, int, dict[str, Any]], None]:
    def told(done: int, total: int, entry: dict[str, Any]) -> None:
        held_out = entry.get("validation_accuracy")
        score = "" if held_out is None else f", held out {held_out:.3f}"
        say(f"{name}, epoch {done} of {total}: loss {entry['loss']:.3f}{score}")

    return told


def _seen_inside(
    material: Material, experiment: Experiment, model: Any, unseen: NDArray[Any]
) -> dict[str, Any]:
    """Note what only the fitted model can tell: SHAP by family, or the epochs."""
    if experiment.takes == "columns" and len(experiment.extractors) > 1:
        from gliaboost.models.explain import ROWS, contributions, share_by_family

        step = max(1, len(unseen) // ROWS)
        rows = np.ascontiguousarray(unseen[::step])
        values = contributions(model.name, model.native_, rows, len(model.classes_))
        families = [e.name for e in experiment.extractors]
        return {
            "shap_by_family": share_by_family(
                values, families, material.widths(experiment.extractors)
            )
        }
    history = getattr(model, "history_", None)
    if not history:
        return {}
    return {
        "history": {
            "metric": "loss",
            "train": [e["loss"] for e in history],
            "valid": [e["validation_loss"] for e in history if "validation_loss" in e],
        },
        "images_per_second_fit": getattr(model, "images_per_second_", None),
    }


def _predictions(
    material: Material,
    name: str,
    fold: Fold,
    test: NDArray[np.int64],
    fitted_classes: NDArray[Any],
    probabilities: NDArray[np.floating[Any]],
) -> pd.DataFrame:
    import pandas as pd

    manifest = material.manifest
    # A class that the training part lacked was never possible: its probability is zero.
    full = np.zeros((len(test), len(manifest.classes)))
    for column, label in enumerate(fitted_classes):
        full[:, manifest.classes.index(label)] = probabilities[:, column]
    table = manifest.table.iloc[test]
    return pd.DataFrame(
        {
            "key": [material.extraction.keys[i] for i in test],
            "path": table["path"].to_numpy(),
            "patient": table["patient"].to_numpy(),
            "fold": str(fold.name),
            "experiment": name,
            "label": table["label"].to_numpy(),
            "predicted": np.asarray(manifest.classes, dtype=object)[full.argmax(axis=1)],
            **{f"proba_{label}": full[:, i] for i, label in enumerate(manifest.classes)},
            **{
                column: table[column].to_numpy()
                for column in ("source", "site", "modality")
                if column in table and table[column].notna().any()
            },
        }
    )


def _identity(
    material: Material,
    protocol: Protocol,
    experiment: Experiment,
    train: NDArray[np.int64],
    labels: NDArray[Any],
    test: NDArray[np.int64],
) -> str:
    """Hash all that a fold's predictions depend on."""
    from gliaboost import __version__

    keys, groups = material.extraction.keys, material.groups
    prepared = protocol.preparation.to_dict()
    parts = {
        "version": __version__,
        "train": [(keys[i], label, groups[i]) for i, label in zip(train, labels, strict=True)],
        "test": [(keys[i], material.labels[i]) for i in test],
        "features": [e.fingerprint(prepared) for e in experiment.extractors],
        "preparation": prepared,
        "model": experiment.model,
        "parameters": create_model(experiment.model, seed=protocol.seed).get_params(),
        "device": protocol.device,
    }
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
