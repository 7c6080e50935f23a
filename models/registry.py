"""The registry that finds a model class by its name."""

from __future__ import annotations

import importlib
import warnings
from typing import Any, TypeVar

from gliaboost.errors import UsageError

M = TypeVar("M", bound="type[Any]")
MODELS: dict[str, type[Any]] = {}
# Where the models of this package live: a module is imported once its model is asked for.
BUILT_IN = {
    "cnn-finetune": "gliaboost.models.networks.cnn",
    "cnn-scratch": "gliaboost.models.networks.cnn",
    "hybrid": "gliaboost.models.hybrid.classifier",
    "lightgbm": "gliaboost.models.boosters.lightgbm_booster",
    "xgboost": "gliaboost.models.boosters.xgboost_booster",
}


def register(cls: M) -> M:
    """Enter a model class under its `name`; warns when it takes another's place.

    Parameters
    ----------
    cls : type
        A scikit-learn classifier with a class attribute ``name``.
    """
    other = MODELS.get(cls.name)
    if other is not None and other.__qualname__ != cls.__qualname__:
        warnings.warn(
            f"model {cls.name!r} of {cls.__module__} replaces that of {other.__module__}",
            stacklevel=2,
        )
    MODELS[cls.name] = cls
    return cls


def model_class(name: str) -> type[Any]:
    """Find a model class by its registered name.

    Raises
    ------
    UsageError
        If there is none; it lists those that there are.
    """
    if name not in MODELS and name in BUILT_IN:
        importlib.import_module(BUILT_IN[name])
    if name not in MODELS:
        raise UsageError(f"no model called {name!r}; the models are: {', '.join(model_names())}")
    return MODELS[name]


def takes(name: str) -> str:
    """Say what a model learns from: ``"columns"``, ``"images"`` or ``"both"``."""
    return str(getattr(model_class(name), "takes", "columns"))


def model_names() -> list[str]:
    """Name all models.

    Examples
    --------
    >>> "lightgbm" in model_names()
    True
    """
    return sorted({*BUILT_IN, *MODELS})


def create_model(name: str, **parameters: Any) -> Any:
    """Build a model by its registered name.

    Examples
    --------
    >>> from gliaboost.models.registry import create_model
    >>> create_model("lightgbm", seed=3).seed
    3
    """
    cls = model_class(name)
    try:
        return cls(**parameters)
    except TypeError as error:
        known = ", ".join(cls._get_param_names())
        raise UsageError(f"{name}: {error}; its parameters are: {known}") from None
