"""The registry that finds a model class by its name."""

from __future__ import annotations

import warnings
from typing import Any, TypeVar

from gliaboost.datasets.errors import UsageError

M = TypeVar("M", bound="type[Any]")
MODELS: dict[str, type[Any]] = {}


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


def create_model(name: str, **parameters: Any) -> Any:
    """Build a model by its registered name.

    Examples
    --------
    >>> from gliaboost.models.boosting import create_model
    >>> create_model("lightgbm", seed=3).seed
    3
    """
    if name not in MODELS:
        raise UsageError(f"no model called {name!r}; the models are: {', '.join(sorted(MODELS))}")
    try:
        return MODELS[name](**parameters)
    except TypeError as error:
        known = ", ".join(MODELS[name]._get_param_names())
        raise UsageError(f"{name}: {error}; its parameters are: {known}") from None
