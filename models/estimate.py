"""What a model that is fitted on all rows may reach on new patients: predictions out of fold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from gliaboost.datasets.inner_splits import inner_folds, text_codes
from gliaboost.models.fitted_columns import (
    columns_of,
    fit_input,
    learn_columns,
    model_input,
)
from gliaboost.models.registry import create_model, model_class, shared_parameters
from gliaboost.models.training_data import TrainingData
from gliaboost.parallel import Executor
from gliaboost.progress import SILENT, Progress

if TYPE_CHECKING:
    import pandas as pd


def out_of_fold(
    data: TrainingData,
    model: str,
    *,
    folds: int = 3,
    parameters: Mapping[str, Any] | None = None,
    device: str = "auto",
    jobs: int | None = None,
    seed: int = 0,
    executor: Executor | None = None,
    progress: Progress = SILENT,
) -> pd.DataFrame | None:
    """Predict every row by a model that was fitted without its patient.

    All that a model chooses, such as its number of rounds, it chooses inside the rows that it is
    fitted on. Each has fewer rows than the model of all of them, so the estimate is a little low.

    Parameters
    ----------
    data : TrainingData
        What the model of all rows is fitted on.
    model : str
        A registered model.
    folds : int
        From 2; fewer where a class has fewer patients.
    parameters, device, jobs, seed, executor, progress
        As for `gliaboost.models.training.train`.

    Returns
    -------
    pandas.DataFrame or None
        One row an image that could be read: ``label``, ``patient`` and ``group`` where the manifest
        has them, ``fold``, ``predicted``, ``proba_<class>``. None where a class has one patient.
    """
    import pandas as pd

    manifest, used = data.manifest, list(data.extractors)
    rows = data.readable(np.arange(len(manifest)))
    labels, groups = data.labels[rows], data.groups[rows]
    held_out = inner_folds(text_codes(labels), groups, folds, seed)
    cls = model_class(model)
    shared = shared_parameters(model, device=device, jobs=jobs, seed=seed)
    tested = np.full(len(manifest), -1)
    for number, test in enumerate(held_out):
        tested[rows[test]] = number
    frames = []
    for number, test in enumerate(held_out, 1):
        progress.step("estimating", number - 1, len(held_out))
        train = np.setdiff1d(np.arange(len(rows)), test)
        classifier = create_model(model, **{**shared, **(parameters or {})})
        learned = learn_columns(
            data, rows[train], labels[train], used, folds=tested, seed=seed, progress=progress
        )
        X, beside = model_input(data, cls, rows[train], learned.columns)
        told = fit_input(data, classifier, rows[train], learned, executor)
        classifier.fit(X, labels[train], groups=groups[train], **beside, **told)
        columns, _ = columns_of(data, rows[test], learned.extractors, progress)
        X, beside = model_input(data, cls, rows[test], columns)
        p = classifier.predict_proba(X, **beside)
        classes = [str(c) for c in classifier.classes_]
        known = manifest.table.iloc[rows[test]].reset_index(drop=True)
        frames.append(
            pd.DataFrame(
                {
                    "label": [str(label) for label in labels[test]],
                    **{c: known[c] for c in ("patient", "group") if c in known},
                    "fold": str(number),
                    "predicted": [classes[k] for k in p.argmax(axis=1)],
                    **{f"proba_{c}": p[:, k] for k, c in enumerate(classes)},
                }
            )
        )
    progress.step("estimating", len(held_out), len(held_out))
    return pd.concat(frames, ignore_index=True) if frames else None
