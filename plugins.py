"""What other packages bring: extractors, models and sources, found through entry points."""

from __future__ import annotations

import functools
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
        By the name that each is declared under, sorted.

    Examples
    --------
    >>> "lightgbm" in plugins("models")  # part of gliaboost, so no plug-in
    False
    """
    found = entry_points(group=f"gliaboost.{kind}")
    return {point.name: point for point in sorted(found, key=lambda point: point.name)}


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
