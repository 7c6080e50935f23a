"""The best bundle of a benchmark's first fold, with what a page needs to know of its answers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gliaboost._face.estimate import keep_estimate
from gliaboost.errors import ResultsError

if TYPE_CHECKING:
    import pandas as pd

    from gliaboost.models.bundle import Bundle
    from gliaboost.reports.protocol.results import Results


def best_fold_bundle(
    results: Results, root: Path, *, jobs: int | None = None
) -> tuple[Bundle, pd.DataFrame]:
    """Open the bundle of the best experiment's first fold, and add what it was trained on.

    A bundle of a fold is the model alone. What it may reach, how sure its answers are and which
    pictures it was trained on follow from the run's own predictions, without fitting anything.

    Parameters
    ----------
    results : Results
        Of a benchmark with whole folds, in its folder.
    root : Path
        The folder that paths of images are relative to.
    jobs : int, optional
        Threads.

    Returns
    -------
    bundle : Bundle
        With an estimate, and what is kept of its training pictures.
    test : pandas.DataFrame
        The rows of predictions that it was not trained on.

    Raises
    ------
    ResultsError
        If no model that explains itself was tested on more than one fold.
    """
    import numpy as np

    from gliaboost.datasets.image_source import ImageSource
    from gliaboost.features.prepared import read_images
    from gliaboost.models.familiarity.familiarity import DESCRIPTION, learn
    from gliaboost.models.registry import explains

    frames = {e.name: e.predictions for e in results.experiments}
    competing = [
        e
        for e in results.record.experiments
        if e.control is None
        and e.test_on is None
        and e.takes == "columns"
        and explains(e.model)
        and frames[e.name]["fold"].nunique() > 1
    ]
    if not competing:
        raise ResultsError(
            str(results.folder),
            ["no model on columns that explains itself was tested on several folds"],
            "run the benchmark with a booster and its own folds",
        )
    best = max(competing, key=lambda e: e.balanced_accuracy.pooled or 0.0)
    frame = frames[best.name]
    fold = sorted(frame["fold"].astype(str).unique())[0]
    bundle = _saved(results, best.name, fold)
    known = frame[frame["fold"].astype(str) != fold].reset_index(drop=True)
    sources = [ImageSource(root / str(path)) for path in known["path"]]
    images, rows, _ = read_images(sources, bundle.preparation_, jobs=jobs)
    known = known.iloc[rows]
    patients = known["patient"].fillna(known["path"]).to_numpy(str)
    bundle.familiarity = learn(
        DESCRIPTION.transform(images), [str(key) for key in known["key"]], patients
    )
    labels = known["label"].astype(str)
    bundle.metrics |= {
        "images": len(known),
        "patients": int(np.unique(patients).size) if known["patient"].notna().any() else None,
        "classes": {c: int((labels == c).sum()) for c in sorted(labels.unique())},
    }
    keep_estimate(bundle, frame)
    return bundle, frame[frame["fold"].astype(str) == fold]


def _saved(results: Results, experiment: str, fold: str) -> Bundle:
    from gliaboost.models.bundle import load

    assert results.folder is not None
    for path in sorted((results.folder / "models").glob("*.joblib")):
        bundle = load(path)
        if (bundle.metrics.get("experiment"), bundle.metrics.get("fold")) == (experiment, fold):
            return bundle
    raise ResultsError(
        str(results.folder), [f"no bundle of {experiment}, fold {fold}"], "run the benchmark again"
    )
