"""What a search may change in a booster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optuna import Trial

SEARCHED = (
    "learning_rate",
    "max_leaves",
    "max_bin",
    "max_features",
    "subsample",
    "min_rows",
    "l2",
)


def draw(trial: Trial) -> dict[str, Any]:
    """Ask a trial for the parameters named in `SEARCHED`."""
    return {
        "learning_rate": trial.suggest_float("learning_rate", 0.02, 0.3, log=True),
        "max_leaves": trial.suggest_int("max_leaves", 4, 63, log=True),
        "max_bin": trial.suggest_categorical("max_bin", [15, 31, 63]),
        "max_features": trial.suggest_categorical("max_features", ["sqrt", 0.01, 0.03, 0.1, 0.3]),
        "subsample": trial.suggest_float("subsample", 0.3, 1.0),
        "min_rows": trial.suggest_int("min_rows", 5, 60, log=True),
        "l2": trial.suggest_float("l2", 0.1, 100.0, log=True),
    }
