"""What other packages bring: extractors, models and sources, found through entry points."""

from __future__ import annotations

import functools
import importlib
import warnings
from collections.abc import Callable, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any, TypeVar

from gliaboost.errors import PluginError, UsageError
from gliaboost.spelling import did_you_mean

T = TypeVar("T")
KINDS = ("extractors", "models", "sources")


@functools.cache
def plugins(kind: str) -> dict[str, EntryPoint]:
    """Find what installed packages declare, without importing any of them.

    Parameters
    ----------
    kind : {"extractors", "models", "sources"}
        Looked for in the entry-point group ``gliaboost.<kind>``.

    Returns
    -------
    dict of str to importlib.metadata.EntryPoint
        By the name that each is declared under, sorted. Where two packages declare one name, that
        of the package whose name comes first, with a warning.

    Examples
    --------
    >>> "lightgbm" in plugins("models")  # part of gliaboost, so no plug-in
    False
    """
    found: dict[str, EntryPoint] = {}
    declared = entry_points(group=f"gliaboost.{kind}")
    for point in sorted(declared, key=lambda point: (point.name, package_of(point))):
        used = found.setdefault(point.name, point)
        if used is not point:
            first, other = package_of(used), package_of(point)
            warnings.warn(
                f"the packages {first} and {other} both declare {point.name} of {kind}; that of "
                f"{first} is used; uninstall one of them",
                stacklevel=2,
            )
    return found


def load_plugin(kind: str, name: str) -> Any | None:
    """Import what a package declares under a name, None where none does.

    Parameters
    ----------
    kind : {"extractors", "models", "sources"}
        What is looked for.
    name : str
        As declared.

    Raises
    ------
    PluginError
        If it cannot be imported: it says which package that is, and why.
    """
    point = plugins(kind).get(name)
    if point is None:
        return None
    try:
        return point.load()
    except Exception as error:  # whatever a stranger's module raises
        raise PluginError(
            f"{name}, of the package {package_of(point)}, cannot be imported "
            f"({type(error).__name__}: {error}); upgrade or uninstall that package"
        ) from error


def package_of(point: EntryPoint) -> str:
    """Name the distribution that declares an entry point, with its version."""
    return "unknown" if point.dist is None else f"{point.dist.name} {point.dist.version}"


class Registry(dict[str, T]):
    """Classes or functions by name: the package's own, and what other packages declare.

    What is in the dictionary has been entered; nothing is imported before it is asked for.

    Parameters
    ----------
    kind : {"extractors", "models", "sources"}
        Of the entry points.
    noun : str
        What messages call one of them.
    built_in : mapping of str to str
        The package's own: names, and the modules that enter them.
    wanted : str, optional
        What a user names when asking for one; default: `noun`.

    Examples
    --------
    >>> kinds: Registry[type] = Registry("models", "model", {"fraction": "fractions"})
    >>> kinds.enter("int", int)
    >>> kinds.names()[:2], list(kinds)
    (['fraction', 'int'], ['int'])
    """

    def __init__(
        self, kind: str, noun: str, built_in: Mapping[str, str], wanted: str | None = None
    ) -> None:
        super().__init__()
        self.kind, self.noun, self.built_in = kind, noun, built_in
        self.wanted = wanted or noun

    def enter(self, name: str, thing: T) -> None:
        """Enter one under its name; warns when it takes another's place."""
        other = self.get(name)
        if other is not None and _home(other) != _home(thing):
            warnings.warn(
                f"{self.noun} {name!r} of {_home(thing)[0]} replaces that of {_home(other)[0]}",
                stacklevel=3,
            )
        self[name] = thing

    def names(self) -> list[str]:
        """Name all, of this package and of others, sorted; none is imported for it."""
        return sorted({*self.built_in, *self, *plugins(self.kind)})

    def find(self, name: str, take_up: Callable[[str, Any, str], None]) -> T:
        """Find one by its name, importing what brings it.

        Parameters
        ----------
        name : str
            As entered, built in or declared.
        take_up : callable
            Called with the name, what a package declares under it, and the package: it checks that
            and enters it.

        Raises
        ------
        UsageError
            If there is none; it lists those that there are.
        PluginError
            If a package declares one that cannot be used.
        """
        declared = plugins(self.kind).get(name)
        if name not in self and name in self.built_in:
            importlib.import_module(self.built_in[name])
        elif name not in self and declared is not None:
            before = set(self)
            try:
                take_up(name, load_plugin(self.kind, name), package_of(declared))
            except PluginError:
                # Its module may have entered something under another name.
                for entered in set(self) - before:
                    del self[entered]
                raise
        if name not in self:
            raise UsageError(
                f"no {self.wanted} called {name!r}; the {self.kind} are: {', '.join(self.names())}"
                f"{did_you_mean(name, self.names())}"
            )
        if declared is not None and name in self.built_in:
            article = "an" if self.noun[0] in "aeiou" else "a"
            warnings.warn(
                f"the package {package_of(declared)} declares {article} {self.noun} {name!r}, "
                "which is gliaboost's own; that of the package is passed over",
                stacklevel=3,
            )
        return self[name]

    def check_name(self, name: str, found: Any, package: str) -> None:
        """Refuse a class that a package declares under another name than its own.

        Raises
        ------
        PluginError
            If it is called otherwise.
        """
        if getattr(found, "name", name) != name:
            article = "an" if self.noun[0] in "aeiou" else "a"
            raise PluginError(
                f"the package {package} declares {article} {self.noun} {name!r} whose class is "
                f"called {found.name!r}; one name is expected for both"
            )

    def take_up(
        self, name: str, found: Any, package: str, register: Callable[[Any], object]
    ) -> None:
        """Enter a class that a package declares, by the function that checks and enters one.

        Raises
        ------
        PluginError
            If it is called otherwise, or `register` refuses it.
        """
        self.check_name(name, found, package)
        try:
            register(found)
        except UsageError as error:
            raise PluginError(f"{name}, of the package {package}: {error}") from error

    def package(self, name: str, found: type) -> str:
        """Name the distribution that brings a class: this package, or the one that declares it."""
        point = plugins(self.kind).get(name)
        if point is not None and point.dist is not None:
            return str(point.dist.name)
        return found.__module__.partition(".")[0]


def built(cls: Callable[..., T], name: str, parameters: Mapping[str, Any]) -> T:
    """Build an estimator that a registry found.

    Parameters
    ----------
    cls : type
        A scikit-learn estimator.
    name : str
        What messages call it.
    parameters : mapping
        Of its constructor.

    Raises
    ------
    UsageError
        If it has no such parameter; lists those that it has.
    """
    try:
        return cls(**parameters)
    except TypeError as error:
        known = ", ".join(cls._get_param_names()) or "none"  # type: ignore[attr-defined]
        raise UsageError(f"{name}: {error}; its parameters are: {known}") from None


def taken_by(cls: Callable[..., object], shared: Mapping[str, Any]) -> dict[str, Any]:
    """Keep those of the command line's common options that an estimator's constructor takes.

    Parameters
    ----------
    cls : type
        A scikit-learn estimator.
    shared : mapping
        Options by name.
    """
    known = cls._get_param_names()  # type: ignore[attr-defined]
    return {name: value for name, value in shared.items() if name in known}


def _home(thing: Any) -> tuple[str, str]:
    return thing.__module__, thing.__qualname__
