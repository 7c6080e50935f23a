"""Runs of schema 1, as gliaboost 0.1 wrote them: read, and never written.

Schema 1 knew no titles and left out what was not measured. What it lacks is filled in here; what is
wrong in it is left as it is, for the reader of schema 2 to name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Model -> title, what it takes, library.
MODELS = {
    "xgboost": ("XGBoost", "columns", "xgboost"),
    "lightgbm": ("LightGBM", "columns", "lightgbm"),
    "cnn-scratch": ("CNN from scratch", "images", "torch"),
    "cnn-finetune": ("Fine-tuned CNN", "images", "torch"),
    "hybrid": ("Hybrid", "both", "torch"),
}
FAMILIES = {"hog": "HOG", "lbp": "LBP", "glcm": "GLCM", "embedding": "embedding"}


def converted(saved: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of schema 2.

    Parameters
    ----------
    saved : mapping
        What ``results.json`` of schema 1 holds.

    Returns
    -------
    dict
        Of schema 2 where `saved` was whole; else with the faults that `saved` had.
    """
    made = {**saved, "schema": 2}
    if isinstance(made.get("environment"), dict):
        made["environment"] = {"gpu": None, **made["environment"]}
    protocol = made.get("protocol")
    if isinstance(protocol, dict) and isinstance(protocol.get("extractors"), list):
        extractors = [_extractor(e) for e in protocol["extractors"]]
        made["protocol"] = {**protocol, "extractors": extractors}
    if isinstance(made.get("experiments"), list):
        made["experiments"] = [_experiment(e) for e in made["experiments"]]
    return made


def _extractor(saved: Any) -> Any:
    if not isinstance(saved, dict):
        return saved
    return {**saved, "title": family(str(saved.get("label", saved.get("name"))))}


def _experiment(saved: Any) -> Any:
    if not isinstance(saved, dict):
        return saved
    model = str(saved.get("model"))
    unknown = (model, "columns" if saved.get("features") else "images", "")
    title, takes, library = MODELS.get(model, unknown)
    made = {"title": title, "takes": takes, "library": library, **saved}
    made["training_images_per_second"] = made.pop("images_per_second_fit", None)
    level = made.get("patient_level")
    if isinstance(level, dict) and level.get("patients") == 0:
        nothing = {"pooled": None, "mean": None, "sd": None, "ci95": None}
        names = ("accuracy", "balanced_accuracy", "macro_f1", "macro_auc", "mcc", "brier", "ece")
        empty: dict[str, Any] = dict.fromkeys(names, nothing)
        made["patient_level"] = {**empty, "per_class": {}, "confusion": [], **level}
    return made


def family(label: str) -> str:
    """Name a feature family as its field does, with what sets it apart.

    Examples
    --------
    >>> family("hog"), family("embedding:mobilenetv2_100")
    ('HOG', 'embedding (mobilenetv2_100)')
    """
    name, _, apart = label.partition(":")
    return FAMILIES.get(name, name) + (f" ({apart})" if apart else "")
