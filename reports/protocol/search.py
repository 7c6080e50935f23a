"""How a model is fitted, and the search for its parameters inside a training part."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from gliaboost.features.stored_columns import StoredColumns
from gliaboost.models.plain_values import plain
from gliaboost.models.registry import model_class
from gliaboost.progress import Prefixed, Progress
from gliaboost.reports.protocol.experiment_record import SearchRecord, TrialRecord


@dataclass(frozen=True)
class FitOptions:
    """How a model is fitted.

    Attributes
    ----------
    shared : dict
        ``device``, ``jobs`` and ``seed``.
    parameters : mapping
        In place of the model's defaults.
    trials : int
        Of a search for the others inside the training rows; 0: none.
    """

    shared: dict[str, Any]
    parameters: Mapping[str, Any]
    trials: int


def search_in_fold(
    model: str,
    X: NDArray[Any] | StoredColumns,
    labels: NDArray[Any],
    groups: NDArray[Any],
    options: FitOptions,
    study: Path,
    progress: Progress,
    what: str,
    fold: str,
    told: Mapping[str, Any] | None = None,
) -> tuple[dict[str, Any], SearchRecord | None]:
    """Search a model's parameters on inner folds of training rows, if that is wanted and can be.

    Parameters
    ----------
    model : str
        Registered name.
    X, labels, groups : array [N]
        Training rows alone.
    options : FitOptions
        Its parameters are kept; without trials there is no search.
    study : pathlib.Path
        Where the trials are kept, to go on from.
    progress : Progress
        Hears a line of each trial.
    what : str
        How the line begins.
    fold : str
        The outer fold.
    told : mapping, optional
        As for `gliaboost.models.tuning.tune`.

    Returns
    -------
    parameters : dict
        Given and found.
    search : SearchRecord, optional
        How it went; None where nothing was searched.
    """
    if not options.trials:
        return dict(options.parameters), None
    from gliaboost.models.tuning import tune

    if model_class(model).search_space() is None:
        progress.line(f"{what}: {model} has no search, its parameters are as given")
        return dict(options.parameters), None

    begun = time.perf_counter()
    found = tune(
        model,
        X,
        labels,
        groups,
        study,
        trials=options.trials,
        fixed=options.parameters,
        told=told,
        progress=Prefixed(progress, f"{what}, "),
        **options.shared,
    )
    chosen = {k: v for k, v in found.parameters.items() if k not in options.parameters}
    return found.parameters, SearchRecord(
        fold=fold,
        folds=found.folds,
        score=float(found.score),
        default_score=None if found.default_score is None else float(found.default_score),
        parameters=plain(chosen),
        trials=tuple(
            TrialRecord(number=t["number"], state=t["state"], score=t["score"])
            for t in found.trials
        ),
        seconds=time.perf_counter() - begun,
    )
