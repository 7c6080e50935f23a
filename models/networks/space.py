"""What a search may change in a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optuna import Trial

SEARCHED = ("learning_rate", "weight_decay", "label_smoothing", "dropout", "mix")


def draw_scratch(trial: Trial) -> dict[str, Any]:
    """Ask a trial for the parameters of a network from scratch: its size, and how it learns."""
    width = trial.suggest_categorical("width", [16, 24, 32, 48])
    depth = trial.suggest_int("depth", 1, 3)
    return {
        **_learning(trial, 3e-4, 1e-2),
        "widths": [width, 2 * width, 4 * width, 8 * width],
        "depths": [1, 1, depth, 1],
    }


def draw_finetuned(trial: Trial) -> dict[str, Any]:
    """Ask a trial how a pretrained network learns."""
    return {
        **_learning(trial, 1e-4, 5e-3),
        "first_rate": trial.suggest_float("first_rate", 0.02, 1.0, log=True),
        "head_epochs": trial.suggest_int("head_epochs", 0, 2),
    }


def _learning(trial: Trial, lowest: float, highest: float) -> dict[str, Any]:
    return {
        "learning_rate": trial.suggest_float("learning_rate", lowest, highest, log=True),
        "weight_decay": trial.suggest_float("weight_decay", 1e-3, 0.2, log=True),
        "label_smoothing": trial.suggest_float("label_smoothing", 0.0, 0.2),
        "dropout": trial.suggest_float("dropout", 0.0, 0.5),
        "mix": trial.suggest_categorical("mix", ["none", "mixup", "cutmix"]),
    }
