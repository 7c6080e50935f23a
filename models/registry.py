"""The only list of models: finds a class by its name, here or in another package."""

from __future__ import annotations

from functools import partial
from typing import Any, TypeVar

from sklearn.utils.validation import has_fit_parameter

from gliaboost.errors import UsageError
from gliaboost.models.base import TAKES, Classifier
from gliaboost.plugins import Registry, built, taken_by

M = TypeVar("M", bound=type[Classifier])
# Where the models of this package live: a module is imported once its model is asked for.
BUILT_IN = {
    "cnn-finetune": "gliaboost.models.networks.cnn",
    "cnn-multitask": "gliaboost.models.networks.multitask_cnn",
    "cnn-scratch": "gliaboost.models.networks.cnn",
    "hybrid": "gliaboost.models.hybrid.classifier",
    "lightgbm": "gliaboost.models.boosters.lightgbm_booster",
    "logistic": "gliaboost.models.heads.logistic",
    "random-forest": "gliaboost.models.heads.random_forest",
    "stacked": "gliaboost.models.stacked.classifier",
    "svm": "gliaboost.models.heads.svm",
    "xgboost": "gliaboost.models.boosters.xgboost_booster",
}
MODELS: Registry[type[Classifier]] = Registry("models", "model", BUILT_IN)


def register(cls: M) -> M:
    """Enter a model class under its `name`; warns when it takes another's place.

    Parameters
    ----------
    cls : type
        A `Classifier`.

    Raises
    ------
    UsageError
        If it is none, or says nothing legal of what it takes.
    """
    if not (isinstance(cls, type) and issubclass(cls, Classifier)):
        raise UsageError(f"{cls!r} is no model; expected a subclass of gliaboost.models.Classifier")
    if cls.takes not in TAKES:
        raise UsageError(f"model {cls.name!r} takes {cls.takes!r}; expected {', '.join(TAKES)}")
    MODELS.enter(cls.name, cls)
    return cls


def model_class(name: str) -> type[Classifier]:
    """Find a model class by its registered name.

    Raises
    ------
    UsageError
        If there is none; it lists those that there are.
    PluginError
        If a package declares one that cannot be used.
    """
    return MODELS.find(name, partial(MODELS.take_up, register=register))


def model_title(name: str) -> str:
    """Return what a report calls a model: its own title, else its name.

    Examples
    --------
    >>> model_title("lightgbm")
    'LightGBM'
    """
    return model_class(name).title or name


def package_name(name: str) -> str:
    """Name the distribution that brings a model.

    Examples
    --------
    >>> package_name("lightgbm")
    'gliaboost'
    """
    return MODELS.package(name, model_class(name))


def takes(name: str) -> str:
    """Say what a model learns from: ``"columns"``, ``"images"`` or ``"both"``."""
    return model_class(name).takes


def takes_families(name: str) -> bool:
    """Whether a model is told whose its columns are, as `fit`'s ``families``.

    Examples
    --------
    >>> takes_families("stacked"), takes_families("lightgbm")
    (True, False)
    """
    return bool(has_fit_parameter(model_class(name), "families"))


def explains(name: str) -> bool:
    """Whether a model has a way to say what its decisions rest on.

    Examples
    --------
    >>> explains("lightgbm"), explains("svm")
    (True, False)
    """
    cls = model_class(name)
    by_columns = cls.contributions is not Classifier.contributions
    return by_columns or cls.saliency is not Classifier.saliency


def explaining(kind: str) -> list[str]:
    """Name the models of this package that can say so, of those that take ``kind``.

    Examples
    --------
    >>> "logistic" in explaining("columns"), "svm" in explaining("columns")
    (True, False)
    """
    return [name for name in BUILT_IN if takes(name) == kind and explains(name)]


def model_names() -> list[str]:
    """Name all models, of this package and of others.

    Examples
    --------
    >>> "lightgbm" in model_names()
    True
    """
    return MODELS.names()


def create_model(name: str, **parameters: Any) -> Classifier:
    """Build a model by its registered name.

    Examples
    --------
    >>> from gliaboost.models.registry import create_model
    >>> create_model("lightgbm", seed=3).seed
    3
    """
    return built(model_class(name), name, parameters)


def shared_parameters(name: str, **shared: Any) -> dict[str, Any]:
    """Keep those of the command line's common options that a model has.

    Examples
    --------
    >>> shared_parameters("lightgbm", device="cpu", jobs=2, salt="x")
    {'device': 'cpu', 'jobs': 2}
    """
    return taken_by(model_class(name), shared)
