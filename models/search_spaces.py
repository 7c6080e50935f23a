"""What a search may change in each model, and where it begins: at the defaults."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from gliaboost.models.boosters.lightgbm_booster import LightGBM
from gliaboost.models.boosters.xgboost_booster import XGBoost
from gliaboost.models.networks.cnn import FinetunedCNN, ScratchCNN

if TYPE_CHECKING:
    from optuna import Trial


class Space(NamedTuple):
    """A model's search space.

    Attributes
    ----------
    model : type
        The classifier's class.
    draw : callable
        Asks a trial for values and returns the model's parameters.
    first : mapping
        Values of the first trial, under the trial's names: the model's defaults.
    """

    model: type[Any]
    draw: Callable[[Trial], dict[str, Any]]
    first: Mapping[str, Any]


def _booster(trial: Trial) -> dict[str, Any]:
    return {
        "learning_rate": trial.suggest_float("learning_rate", 0.02, 0.3, log=True),
        "max_leaves": trial.suggest_int("max_leaves", 4, 63, log=True),
        "max_bin": trial.suggest_categorical("max_bin", [15, 31, 63]),
        "max_features": trial.suggest_categorical("max_features", ["sqrt", 0.01, 0.03, 0.1, 0.3]),
        "subsample": trial.suggest_float("subsample", 0.3, 1.0),
        "min_rows": trial.suggest_int("min_rows", 5, 60, log=True),
        "l2": trial.suggest_float("l2", 0.1, 100.0, log=True),
    }


def _learning(trial: Trial, lowest: float, highest: float) -> dict[str, Any]:
    return {
        "learning_rate": trial.suggest_float("learning_rate", lowest, highest, log=True),
        "weight_decay": trial.suggest_float("weight_decay", 1e-3, 0.2, log=True),
        "label_smoothing": trial.suggest_float("label_smoothing", 0.0, 0.2),
        "dropout": trial.suggest_float("dropout", 0.0, 0.5),
        "mix": trial.suggest_categorical("mix", ["none", "mixup", "cutmix"]),
    }


def _scratch(trial: Trial) -> dict[str, Any]:
    width = trial.suggest_categorical("width", [16, 24, 32, 48])
    depth = trial.suggest_int("depth", 1, 3)
    return {
        **_learning(trial, 3e-4, 1e-2),
        "widths": [width, 2 * width, 4 * width, 8 * width],
        "depths": [1, 1, depth, 1],
    }


def _finetuned(trial: Trial) -> dict[str, Any]:
    return {
        **_learning(trial, 1e-4, 5e-3),
        "first_rate": trial.suggest_float("first_rate", 0.02, 1.0, log=True),
        "head_epochs": trial.suggest_int("head_epochs", 0, 2),
    }


def _defaults(model: type[Any], *names: str) -> dict[str, Any]:
    values = model().get_params()
    return {name: values[name] for name in names}


_BOOSTED = (
    "learning_rate",
    "max_leaves",
    "max_bin",
    "max_features",
    "subsample",
    "min_rows",
    "l2",
)
_LEARNED = ("learning_rate", "weight_decay", "label_smoothing", "dropout", "mix")

SPACES: dict[str, Space] = {
    "xgboost": Space(XGBoost, _booster, _defaults(XGBoost, *_BOOSTED)),
    "lightgbm": Space(LightGBM, _booster, _defaults(LightGBM, *_BOOSTED)),
    "cnn-scratch": Space(
        ScratchCNN, _scratch, {**_defaults(ScratchCNN, *_LEARNED), "width": 32, "depth": 2}
    ),
    "cnn-finetune": Space(
        FinetunedCNN,
        _finetuned,
        _defaults(FinetunedCNN, *_LEARNED, "first_rate", "head_epochs"),
    ),
}
