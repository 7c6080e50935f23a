"""Models behind one scikit-learn face, and the bundle they are saved in.

The names below are public; they are imported when first asked for. All else in this package may
change without notice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gliaboost.models.base import Classifier, NativeModelError
    from gliaboost.models.bundle import Bundle
    from gliaboost.models.checks import check_model
    from gliaboost.models.registry import create_model, model_names, register
    from gliaboost.models.search_space import SearchSpace

_HOMES = {
    "Bundle": "bundle",
    "Classifier": "base",
    "NativeModelError": "base",
    "SearchSpace": "search_space",
    "check_model": "checks",
    "create_model": "registry",
    "model_names": "registry",
    "register": "registry",
}

__all__ = [
    "Bundle",
    "Classifier",
    "NativeModelError",
    "SearchSpace",
    "check_model",
    "create_model",
    "model_names",
    "register",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
