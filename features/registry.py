"""The only list of extractors: finds a class by its name, here or in another package."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from gliaboost.errors import UsageError
from gliaboost.features.base import Extractor
from gliaboost.plugins import PluginError, load_plugin, package_of, plugins

E = TypeVar("E", bound=type[Extractor])
EXTRACTORS: dict[str, type[Extractor]] = {}
# Where the extractors of this package live: a module is imported once its extractor is asked for.
BUILT_IN = {
    "embedding": "gliaboost.features.embedding.extractor",
    "glcm": "gliaboost.features.glcm",
    "hog": "gliaboost.features.hog",
    "lbp": "gliaboost.features.lbp",
}


def register(cls: E) -> E:
    """Enter an extractor class under its `name`; warns when it takes another's place.

    Raises
    ------
    UsageError
        If it is no `Extractor`.
    """
    if not (isinstance(cls, type) and issubclass(cls, Extractor)):
        raise UsageError(
            f"{cls!r} is no extractor; expected a subclass of gliaboost.features.Extractor"
        )
    other = EXTRACTORS.get(cls.name)
    if other is not None and other.__qualname__ != cls.__qualname__:
        warnings.warn(
            f"extractor {cls.name!r} of {cls.__module__} replaces that of {other.__module__}",
            stacklevel=2,
        )
    EXTRACTORS[cls.name] = cls
    return cls


def extractor_class(name: str) -> type[Extractor]:
    """Find an extractor class by its registered name.

    Raises
    ------
    UsageError
        If there is none; it lists those that there are.
    PluginError
        If a package declares one that cannot be used.

    Examples
    --------
    >>> extractor_class("glcm").title
    'GLCM'
    """
    declared = plugins("extractors").get(name)
    if name not in EXTRACTORS and name in BUILT_IN:
        importlib.import_module(BUILT_IN[name])
    elif name not in EXTRACTORS and declared is not None:
        _take_up(name)
    if name not in EXTRACTORS:
        raise UsageError(
            f"no features called {name!r}; the extractors are: {', '.join(extractor_names())}"
        )
    if declared is not None and name in BUILT_IN:
        warnings.warn(
            f"the package {package_of(declared)} declares an extractor {name!r}, which is "
            "gliaboost's own; that of the package is passed over",
            stacklevel=2,
        )
    return EXTRACTORS[name]


def _take_up(name: str) -> None:
    found = load_plugin("extractors", name)
    package = package_of(plugins("extractors")[name])
    if not (isinstance(found, type) and issubclass(found, Extractor)):
        raise PluginError(
            f"the package {package} declares an extractor {name!r} that is {found!r}; expected a "
            "subclass of gliaboost.features.Extractor"
        )
    if found.name != name:
        raise PluginError(
            f"the package {package} declares an extractor {name!r} whose class is called "
            f"{found.name!r}; one name is expected for both"
        )
    register(found)


def extractor_names() -> list[str]:
    """Name all extractors, of this package and of others; none is imported for it.

    Examples
    --------
    >>> "hog" in extractor_names()
    True
    """
    return sorted({*BUILT_IN, *EXTRACTORS, *plugins("extractors")})


def create(name: str, **parameters: Any) -> Extractor:
    """Build an extractor by its registered name.

    Examples
    --------
    >>> from gliaboost.features import create
    >>> create("hog", orientations=12).orientations
    12
    """
    cls = extractor_class(name)
    try:
        return cls(**parameters)
    except TypeError as error:
        known = ", ".join(cls._get_param_names())
        raise UsageError(f"{name}: {error}; its parameters are: {known}") from None


def from_spec(spec: Mapping[str, Any]) -> Extractor:
    """Rebuild an extractor from `Extractor.spec`.

    Raises
    ------
    UsageError
        If the name is unknown, or this version of the package computes other numbers for it.
    """
    extractor = create(str(spec["name"]), **spec["parameters"])
    if extractor.version != spec["version"]:
        raise UsageError(
            f"{spec['name']} features were made by version {spec['version']} of its maths; this "
            f"gliaboost has version {extractor.version}. Extract again, or install the gliaboost "
            "that made them"
        )
    return extractor


def from_feature_names(names: Sequence[str]) -> Extractor:
    """Rebuild the extractor that gave these column names.

    Parameters
    ----------
    names : sequence of str
        All or some of one extractor's `get_feature_names_out`.

    Examples
    --------
    >>> import numpy as np
    >>> from gliaboost.features import create, from_feature_names
    >>> hog = create("hog", orientations=6)
    >>> rebuilt = from_feature_names(hog.feature_names(64, 64))
    >>> rebuilt.orientations
    6
    """
    prefixes = {name.split("__", 1)[0] for name in names}
    if len(prefixes) != 1:
        raise UsageError(
            f"names of one extractor expected, seen {len(prefixes)}: {sorted(prefixes)}"
        )
    prefix = prefixes.pop()
    if prefix not in extractor_names():
        raise UsageError(f"no extractor is known to give the name {names[0]!r}")
    return extractor_class(prefix).from_names(names)
