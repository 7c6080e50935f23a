"""The registry of sources, and what they share."""

from __future__ import annotations

import importlib
import pkgutil
import warnings
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from gliaboost.datasets.errors import UsageError
from gliaboost.datasets.manifest import Manifest

Reader = Callable[[Path], Manifest]
SOURCES: dict[str, Reader] = {}
IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp")


def source(name: str) -> Callable[[Reader], Reader]:
    """Enter a reader, ``folder -> Manifest``, under a name; warns when it takes another's place."""

    def enter(reader: Reader) -> Reader:
        other = SOURCES.get(name)
        if other is not None and other.__module__ != reader.__module__:
            warnings.warn(
                f"source {name!r} of {reader.__module__} replaces that of {other.__module__}",
                stacklevel=2,
            )
        SOURCES[name] = reader
        return reader

    return enter


def names() -> list[str]:
    """Name all sources."""
    package = importlib.import_module("gliaboost.datasets.sources")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
    return sorted(SOURCES)


def read_source(name: str, path: Path | str) -> Manifest:
    """Read a data set in a known layout.

    Parameters
    ----------
    name : str
        A registered source, e.g. ``"figshare"``.
    path : path-like
        The data set's folder (for ``csv``: the table).

    Returns
    -------
    Manifest
        Without keys; nothing is decoded.

    Raises
    ------
    UsageError
        If the name is unknown, or `path` has another layout; says which was expected.
    """
    legal = names()
    if name not in SOURCES:
        raise UsageError(f"no source called {name!r}; the sources are: {', '.join(legal)}")
    path = Path(path)
    if not path.exists():
        raise UsageError(f"{path} does not exist; expected the folder of a {name} data set")
    return SOURCES[name](path)


def image_files(folder: Path) -> list[Path]:
    """List the images below a folder, sorted; hidden files and folders are passed over."""
    return sorted(
        f
        for f in folder.rglob("*")
        if f.suffix.lower() in IMAGE_SUFFIXES
        and f.is_file()
        and not any(part.startswith(".") for part in f.relative_to(folder).parts)
    )


def manifest_of(
    rows: Iterable[Mapping[str, Any]], folder: Path, name: str, expected: str
) -> Manifest:
    """Build the manifest of a source, or say what was seen where `expected` should be."""
    table = pd.DataFrame(list(rows))
    if table.empty:
        raise UsageError(f"{folder} has no {name} layout: expected {expected}; seen {seen(folder)}")
    return Manifest.of(table, folder, str(folder))


def seen(folder: Path) -> str:
    """Describe a folder's content in a few words, for errors."""
    entries = sorted(f.name + ("/" if f.is_dir() else "") for f in folder.iterdir())
    if not entries:
        return "an empty folder"
    more = f" and {len(entries) - 6} more" if len(entries) > 6 else ""
    return ", ".join(entries[:6]) + more
