"""An experiment in one entry of ``results.json``, and a whole run on disk."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.naming import named
from gliaboost.files import replacing
from gliaboost.models.training_data import TrainingData
from gliaboost.reports.protocol.environment import environment
from gliaboost.reports.protocol.experiments import Experiment
from gliaboost.reports.protocol.parts import Part
from gliaboost.reports.statistics.evaluation import evaluate

if TYPE_CHECKING:
    import pandas as pd

    from gliaboost.reports.protocol.protocol import Protocol


def summarise(
    data: TrainingData,
    experiment: Experiment,
    parts: Sequence[Part],
    seed: int,
    classes: Sequence[str] | None = None,
) -> tuple[pd.DataFrame, dict[str, Any]]:
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

    Returns
    -------
    predictions : pandas.DataFrame
        One row an image.
    entry : dict
        The experiment's statistics and costs, ready for JSON.
    """
    import pandas as pd

    frame = pd.concat([p.frame for p in parts], ignore_index=True)
    notes = [p.notes for p in parts]
    held = [n["peak_memory"] for n in notes if n.get("peak_memory")]
    sizes = [n["model_bytes"] for n in notes if n.get("model_bytes")]
    entry = {
        "name": experiment.name,
        "model": experiment.model,
        "features": [e.label for e in experiment.extractors],
        "parameters": _shared([n.get("parameters") or {} for n in notes]),
        "device": ", ".join(sorted({n["device"] for n in notes})),
        **evaluate(frame, list(classes or data.manifest.classes), seed=seed),
        "seconds": {
            "features": data.seconds(experiment.extractors),
            "fit": sum(n["fit"] for n in notes),
            "predict": sum(n["predict"] for n in notes),
        },
        "model_bytes": int(np.median(sizes)) if sizes else None,
        "peak_memory": max(held, default=None),
        "folds": [{k: n[k] for k in ("fold", "train", "test", "fit", "predict")} for n in notes],
    }
    if "cuda" in entry["device"] and "host" in {n.get("memory") for n in notes}:
        entry["through_host"] = True
    if experiment.control is not None:
        entry["control"] = experiment.control
    shares = [n["shap_by_family"] for n in notes if n.get("shap_by_family")]
    if shares:
        entry["shap_by_family"] = {
            family: float(np.mean([s[family] for s in shares])) for family in shares[0]
        }
    histories = [{"fold": n["fold"], **n["history"]} for n in notes if n.get("history")]
    if histories:
        entry["history"] = histories
    searches = [{"fold": n["fold"], **n["search"]} for n in notes if n.get("search")]
    if searches:
        entry["search"] = searches
    rates = [n["images_per_second_fit"] for n in notes if n.get("images_per_second_fit")]
    if rates:
        entry["images_per_second_fit"] = float(np.median(rates))
    return frame, entry


def write_results(
    data: TrainingData,
    protocol: Protocol,
    entries: Sequence[dict[str, Any]],
    frames: Sequence[pd.DataFrame],
    out: Path,
    command: str,
    audit: Sequence[tuple[str, str]],
) -> dict[str, Any]:
    """Write ``results.json`` and ``predictions.parquet``, each whole or not at all.

    Returns
    -------
    dict
        ``results.json``.
    """
    import pandas as pd

    manifest, failed = data.manifest, data.extraction.failed
    table = manifest.table
    sources = sorted(table["source"].dropna().unique())
    results: dict[str, Any] = {
        "schema": 1,
        "dataset": {
            "name": named(manifest),
            "images": len(table),
            "patients": int(table["patient"].nunique()),
            "classes": {c: int((table["label"] == c).sum()) for c in manifest.classes},
            "modalities": {str(k): int(v) for k, v in table["modality"].value_counts().items()},
            "sources": sources,
            "simulated": "phantom" in sources,
            "fingerprint": manifest.fingerprint(),
            "unreadable": {str(table.at[i, "path"]): r for i, r in failed.items()},
            "audit": [list(finding) for finding in audit],
        },
        "protocol": {
            "folds": protocol.folds_name,
            "group": _group(manifest),
            "n_folds": len(protocol.folds),
            "seed": protocol.seed,
            "preparation": protocol.preparation.to_dict(),
            "extractors": [{**e.spec(), "label": e.label} for e in data.extractors],
            "command": command,
        },
        "environment": environment(protocol.jobs),
        "experiments": list(entries),
    }
    with replacing(out / "predictions.parquet") as temporary:
        pd.concat(frames, ignore_index=True).to_parquet(temporary, index=False)
    with replacing(out / "results.json") as temporary:
        temporary.write_text(json.dumps(results, indent=1, allow_nan=False) + "\n", "utf-8")
    return results


def _shared(parameters: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Keep what is the same in every fold; the rest was searched, and is in ``search``."""
    first = parameters[0]
    return {k: v for k, v in first.items() if all(p.get(k) == v for p in parameters)}


def _group(manifest: Manifest) -> str:
    if "group" in manifest.table:
        return "group"
    return "patient" if manifest.has_patients else "image"
