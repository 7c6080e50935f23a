"""What other packages bring: extractors, models and sources, found through entry points."""

from __future__ import annotations

import functools
import warnings
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from gliaboost.errors import GliaboostError

KINDS = ("extractors", "models", "sources")


class PluginError(GliaboostError):
    """A plug-in is installed and cannot be used."""


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
