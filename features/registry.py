"""The only list of extractors: finds a class by its name, here or in another package."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from gliaboost.errors import PluginError, UsageError
from gliaboost.features.base import Extractor
from gliaboost.features.fitted import FittedExtractor
from gliaboost.plugins import Registry, built

E = TypeVar("E", bound=type[Extractor])
# Where the extractors of this package live: a module is imported once its extractor is asked for.
BUILT_IN = {
    "embedding": "gliaboost.features.embedding.extractor",
    "fisher": "gliaboost.features.fisher.extractor",
    "glcm": "gliaboost.features.glcm",
    "hog": "gliaboost.features.hog",
    "lbp": "gliaboost.features.lbp",
    "plane": "gliaboost.features.plane",
    "region": "gliaboost.models.segmentation.region",
}
EXTRACTORS: Registry[type[Extractor]] = Registry("extractors", "extractor", BUILT_IN, "features")


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
    EXTRACTORS.enter(cls.name, cls)
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
    return EXTRACTORS.find(name, _take_up)


def _take_up(name: str, found: Any, package: str) -> None:
    if not (isinstance(found, type) and issubclass(found, Extractor)):
        raise PluginError(
            f"the package {package} declares an extractor {name!r} that is {found!r}; expected a "
            "subclass of gliaboost.features.Extractor"
        )
    EXTRACTORS.check_name(name, found, package)
    register(found)


def extractor_names() -> list[str]:
    """Name all extractors, of this package and of others; none is imported for it.

    Examples
    --------
    >>> "hog" in extractor_names()
    True
    """
    return EXTRACTORS.names()


def create(name: str, **parameters: Any) -> Extractor:
    """Build an extractor by its registered name.

    Examples
    --------
    >>> from gliaboost.features import create
    >>> create("hog", orientations=12).orientations
    12
    """
    return built(extractor_class(name), name, parameters)


def from_spec(spec: Mapping[str, Any]) -> Extractor:
    """Rebuild an extractor from `Extractor.spec`, and what it learned where ``state`` has it.

    Raises
    ------
    UsageError
        If the name is unknown, or this version of the package computes other numbers for it.
    """
    extractor = create(str(spec["name"]), **spec["parameters"])
    here = {"version": extractor.version}
    if any(k.endswith("_version") for k in spec):
        # It bears the version of what it uses beside its own. No other is described here: that
        # would open its weights, which may be missed only once they are used.
        here = extractor.spec()
    other = [k for k, v in spec.items() if k.endswith("version") and here.get(k) not in (None, v)]
    if other:
        key = other[0]
        of = "its" if key == "version" else f"its {key.removesuffix('_version')}'s"
        raise UsageError(
            f"{spec['name']} features were made by version {spec[key]} of {of} maths; this "
            f"gliaboost has version {here[key]}. Extract again, or install the gliaboost "
            "that made them"
        )
    if isinstance(extractor, FittedExtractor) and "state" in spec:
        extractor.restore(spec["state"])
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
