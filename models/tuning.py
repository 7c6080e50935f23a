"""Search for a model's parameters on patients inside the training part, resumable on disk."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import has_fit_parameter

from gliaboost import notebook
from gliaboost.datasets.inner_splits import inner_folds
from gliaboost.errors import GliaboostError, MissingExtraError, UsageError
from gliaboost.features.stored_columns import StoredColumns
from gliaboost.locks import held_file
from gliaboost.models.base import Classifier
from gliaboost.models.log_loss import balanced_log_loss
from gliaboost.models.registry import model_class, model_names, shared_parameters
from gliaboost.models.search_space import SearchSpace
from gliaboost.models.study_file import REASON, StudyFile
from gliaboost.progress import SILENT, Progress

if TYPE_CHECKING:
    import optuna

# Epochs of one inner fold are reported under numbers of their own.
_EPOCHS = 1000
# Trials whose value is known before any other is stopped early.
_STARTUP = 4
_SECONDS = "seconds"


@dataclass(frozen=True)
class Search:
    """What a search found.

    Attributes
    ----------
    model : str
        Registered name.
    parameters : dict
        The best, ready for ``create_model(model, **parameters)``.
    score : float
        Their mean balanced log loss on the inner folds; an optimistic number, as it was chosen.
    default_score : float or None
        That of the default parameters, None if they were not finished.
    trials : list of dict
        ``number``, ``state`` (``complete``, ``pruned``, ``failed``), ``score``, ``parameters``,
        ``seconds``, ``reason``.
    folds : int
        Inner folds.
    """

    model: str
    parameters: dict[str, Any]
    score: float
    default_score: float | None
    trials: list[dict[str, Any]]
    folds: int

    def __repr__(self) -> str:
        return notebook.two_lines(
            "Search",
            f"{self.model}, log loss {self.score:.3f} after {len(self.trials):,} trials",
            notebook.listed(f"{name}={value}" for name, value in self.parameters.items()),
        )

    def _repr_html_(self) -> str:
        """Show a notebook the best parameters, and what they were chosen by."""
        default = "" if self.default_score is None else f"{self.default_score:.3f}"
        return notebook.facts(
            f"Search for {self.model}, {len(self.trials):,} trials",
            [
                *self.parameters.items(),
                ("log loss", f"{self.score:.3f}"),
                ("with default parameters", default),
            ],
            f"Means of {self.folds} inner folds; optimistic, as the best was chosen.",
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return asdict(self)


class _TrialFailedError(Exception):
    """A trial's training failed; the search goes on."""


def tune(
    model: str,
    X: ArrayLike | StoredColumns,
    y: ArrayLike,
    groups: ArrayLike,
    study: Path | str,
    *,
    trials: int = 30,
    timeout: float | None = None,
    folds: int = 3,
    fixed: Mapping[str, Any] | None = None,
    told: Mapping[str, Any] | None = None,
    device: str = "auto",
    jobs: int | None = None,
    seed: int = 0,
    progress: Progress = SILENT,
) -> Search:
    """Search on inner folds of the rows given, which must be training rows alone.

    Parameters
    ----------
    model : str
        Registered name of one with a `Classifier.search_space`.
    X : float32 array [N, D], StoredColumns or uint8 array [N, H, W]
        Columns for the boosters, in memory or in the store, images for the networks.
    y, groups : array [N]
        Labels and patients; no patient is on both sides of an inner fold.
    study : path-like
        Journal on disk. If it has trials of this very search, they count and are built upon.
    trials : int
        In all, with those of earlier runs, from 1. The same ones, whether a run was killed or not.
    timeout : float, optional
        Seconds after which no further trial begins.
    folds : int
        Inner folds, from 2.
    fixed : mapping, optional
        Parameters that every trial has, e.g. ``{"epochs": 4, "size": 128}``.
    told : mapping, optional
        What every `fit` is told of all rows alike, such as ``families``.
    device, jobs, seed
        As on the command line.
    progress : Progress, optional
        Hears a line of each trial.

    Returns
    -------
    Search

    Raises
    ------
    UsageError
        If the model cannot be searched, or a class has a single patient.
    GliaboostError
        If no trial was finished.
    """
    optuna = _optuna()
    space = model_class(model).search_space() if model in model_names() else None
    if space is None:
        raise UsageError(f"no search for {model!r}; expected one of {', '.join(searchable())}")
    if trials < 1 or (timeout is not None and timeout <= 0):
        raise UsageError(f"trials={trials}, timeout={timeout}; expected 1 or more, and above 0")
    data = _Data.of(X, y, groups, folds, seed, told or {})
    shared = shared_parameters(model, device=device, jobs=jobs, seed=seed)
    given = {**shared, **(fixed or {})}
    begun = time.monotonic()
    path = Path(study)
    with held_file(path, "--study or --out"):
        searched = optuna.create_study(
            storage=optuna.storages.JournalStorage(StudyFile(path)),
            study_name=data.identity(model, folds, given),
            load_if_exists=True,
            direction="minimize",
            pruner=optuna.pruners.MedianPruner(n_startup_trials=_STARTUP),
        )
        if not searched.trials:
            searched.enqueue_trial(dict(space.first))
        while len(_finished(optuna, searched)) < trials:
            if timeout is not None and time.monotonic() - begun >= timeout:
                break
            searched.sampler = _sampler(optuna, seed, len(searched.trials))
            searched.optimize(
                lambda trial: _objective(optuna, trial, model_class(model), space, data, given),
                n_trials=1,
                catch=(_TrialFailedError,),
                callbacks=[_tell(optuna, trials, progress)],
            )
        return _result(optuna, model, space, searched, given, fixed or {}, len(data.held_out))


@dataclass(frozen=True)
class _Data:
    X: NDArray[Any] | StoredColumns
    y: NDArray[Any]
    codes: NDArray[np.int64]
    groups: NDArray[Any]
    held_out: list[NDArray[np.int64]]
    told: Mapping[str, Any]

    @classmethod
    def of(
        cls,
        X: ArrayLike | StoredColumns,
        y: ArrayLike,
        groups: ArrayLike,
        folds: int,
        seed: int,
        told: Mapping[str, Any],
    ) -> _Data:
        rows = X if isinstance(X, StoredColumns) else np.asarray(X)
        labels = np.asarray(y)
        patients = np.asarray(groups, dtype=object)
        if not len(rows) == len(labels) == len(patients):
            raise UsageError(
                f"{len(rows)} rows, {len(labels)} labels, {len(patients)} groups; expected as many "
                "of each"
            )
        if folds < 2:
            raise UsageError(f"folds={folds}; expected 2 or more")
        codes = np.unique(labels, return_inverse=True)[1].astype(np.int64)
        held_out = inner_folds(codes, patients, folds, seed) if len(rows) else []
        if not held_out or len(np.unique(codes)) < 2:
            raise UsageError(
                "a search needs two classes of two patients each, so that some can be held out; "
                "add patients, or train without a search"
            )
        return cls(rows, labels, codes, patients, held_out, told)

    def identity(self, model: str, folds: int, given: Mapping[str, Any]) -> str:
        digest = hashlib.sha256()
        X = self.X
        for batch in X.batches() if isinstance(X, StoredColumns) else (X,):
            digest.update(np.ascontiguousarray(batch).data)
        digest.update(self.codes.tobytes())
        facts = [list(self.X.shape), [str(g) for g in self.groups], model, folds, dict(given)]
        facts += [dict(self.told)] if self.told else []
        digest.update(json.dumps(facts, sort_keys=True, default=str).encode())
        return f"{model}-{digest.hexdigest()[:16]}"


def searchable() -> list[str]:
    """Name the models that can be searched.

    Examples
    --------
    >>> "lightgbm" in searchable()
    True
    """
    return [name for name in model_names() if model_class(name).search_space() is not None]


def _objective(
    optuna: Any,
    trial: optuna.Trial,
    cls: type[Classifier],
    space: SearchSpace,
    data: _Data,
    given: Mapping[str, Any],
) -> float:
    begun = time.monotonic()
    parameters = {**space.draw(trial), **given}
    trial.set_user_attr("parameters", parameters)
    try:
        return _loss(optuna, trial, cls, parameters, data)
    finally:
        # Not by Optuna's dates: somebody may set the clock.
        trial.set_user_attr(_SECONDS, time.monotonic() - begun)


def _loss(
    optuna: Any,
    trial: optuna.Trial,
    cls: type[Classifier],
    parameters: Mapping[str, Any],
    data: _Data,
) -> float:
    losses: list[float] = []
    for number, held_out in enumerate(data.held_out):
        rest = np.setdiff1d(np.arange(len(data.y)), held_out)
        named: dict[str, Any] = dict(data.told)
        if has_fit_parameter(cls, "after_epoch"):
            named["after_epoch"] = _judge_epochs(optuna, trial, number)
        classifier = cls(**parameters)
        try:
            classifier.fit(data.X[rest], data.y[rest], groups=data.groups[rest], **named)
        except UsageError:
            raise
        except GliaboostError as error:
            trial.set_user_attr(REASON, str(error))
            raise _TrialFailedError(str(error)) from error
        losses.append(
            balanced_log_loss(classifier.predict_proba(data.X[held_out]), data.codes[held_out])
        )
        trial.report(float(np.mean(losses)), (number + 1) * _EPOCHS - 1)
        if number + 1 < len(data.held_out) and trial.should_prune():
            raise optuna.TrialPruned
    return float(np.mean(losses))


def _judge_epochs(
    optuna: Any, trial: optuna.Trial, fold: int
) -> Callable[[int, int, Mapping[str, Any]], None]:
    def judge(done: int, total: int, entry: Mapping[str, Any]) -> None:
        if "validation_loss" in entry and done < total:
            trial.report(entry["validation_loss"], fold * _EPOCHS + done)
            if trial.should_prune():
                raise optuna.TrialPruned

    return judge


def _sampler(optuna: Any, seed: int, number: int) -> Any:
    """Draw a trial's values from its number and the trials before it alone.

    One stream of random numbers for all would go on elsewhere after a kill.
    """
    drawn = hashlib.sha256(f"{seed} {number}".encode()).digest()
    return optuna.samplers.TPESampler(seed=int.from_bytes(drawn[:4], "little"))


def _finished(optuna: Any, searched: optuna.Study) -> list[optuna.trial.FrozenTrial]:
    """List the trials that ended of themselves; a killed one does not count."""
    states = optuna.trial.TrialState
    return [
        t
        for t in searched.trials
        if t.state in (states.COMPLETE, states.PRUNED) or REASON in t.user_attrs
    ]


def _tell(optuna: Any, trials: int, progress: Progress) -> Callable[[Any, Any], None]:
    def told(searched: optuna.Study, _: Any) -> None:
        # A pruned trial has a value too, of the inner folds that it got to.
        complete = searched.get_trials(states=(optuna.trial.TrialState.COMPLETE,))
        values = [t.value for t in complete if t.value is not None]
        best = f", best log loss {min(values):.4f}" if values else ""
        progress.line(f"trial {len(_finished(optuna, searched))} of {trials}{best}")

    return told


def _result(
    optuna: Any,
    model: str,
    space: SearchSpace,
    searched: optuna.Study,
    given: Mapping[str, Any],
    fixed: Mapping[str, Any],
    folds: int,
) -> Search:
    hidden = set(given) - set(fixed)
    names = {"COMPLETE": "complete", "PRUNED": "pruned", "FAIL": "failed"}
    rows: list[dict[str, Any]] = []
    for trial in _finished(optuna, searched):
        complete = trial.state == optuna.trial.TrialState.COMPLETE
        parameters = trial.user_attrs.get("parameters", {})
        rows.append(
            {
                "number": trial.number,
                "state": names[trial.state.name],
                "score": trial.value if complete else None,
                "parameters": {k: v for k, v in parameters.items() if k not in hidden},
                "seconds": trial.user_attrs.get(_SECONDS, _dated(trial)),
                "reason": trial.user_attrs.get(REASON),
            }
        )
    complete = [row for row in rows if row["state"] == "complete"]
    if not complete:
        why = f" (first failure: {rows[0]['reason']})" if rows and rows[0]["reason"] else ""
        raise GliaboostError(
            f"no trial of {model} was finished{why}; give it more --timeout or more --trials"
        )
    best = min(complete, key=lambda row: float(row["score"]))
    first = dict(space.first)
    default = [
        row["score"]
        for row, trial in zip(rows, _finished(optuna, searched), strict=True)
        if row["state"] == "complete" and trial.params == first
    ]
    return Search(
        model=model,
        parameters=best["parameters"],
        score=best["score"],
        default_score=default[0] if default else None,
        trials=rows,
        folds=folds,
    )


def _dated(trial: optuna.trial.FrozenTrial) -> float | None:
    """Return the seconds of a trial of an older version."""
    return max(0.0, trial.duration.total_seconds()) if trial.duration else None


def _optuna() -> Any:
    try:
        import optuna
    except ImportError as error:
        raise MissingExtraError("optuna", "tune", "a search") from error
    # Below it tells of interrupted trials, with tracebacks.
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna
