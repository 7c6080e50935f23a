"""Whether workers run what the client runs: other versions would give other numbers."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib import metadata
from typing import Any

from gliaboost._version import __version__
from gliaboost.errors import ClusterError
from gliaboost.few import few

# Evaluated by a worker, which may have an older gliaboost, or none.
ASKED = f"__import__({__name__!r}, fromlist=['facts']).facts()"
# What numbers rest on; another version of these is told, not refused.
_NUMERIC = ("numpy", "opencv-python-headless", "xgboost", "lightgbm", "scikit-learn", "torch")


def facts() -> dict[str, str]:
    """Tell this process's versions, by name; a package that is absent has ``""``."""
    return {
        "gliaboost": __version__,
        "Python": ".".join(platform.python_version_tuple()[:2]),
        **{name: _version(name) for name in _NUMERIC},
    }


def check_versions(answers: Mapping[str, Any]) -> list[str]:
    """Hold workers' versions against this process's.

    Parameters
    ----------
    answers : mapping of str to dict or Exception
        What `ASKED` gave, by worker.

    Returns
    -------
    list of str
        A sentence for each package of another version that numbers rest on.

    Raises
    ------
    ClusterError
        If a worker has no gliaboost, or another one, or another Python; names all of them.

    Examples
    --------
    >>> check_versions({"tcp://10.0.0.2:4001": facts()})
    []
    """
    own = facts()
    faults = []
    for worker, found in answers.items():
        if not isinstance(found, dict):
            faults.append(f"{worker} has no gliaboost that can be asked ({found})")
            continue
        faults += [
            f"{worker} has {name} {found[name]}, here is {own[name]}"
            for name in ("gliaboost", "Python")
            if found[name] != own[name]
        ]
    if faults:
        raise ClusterError(
            f"the cluster would compute with something else: {few(faults, 1)}; install the same "
            f"on every worker (pip install 'gliaboost[dask]=={own['gliaboost']}') and start it anew"
        )
    notes = []
    for name in _NUMERIC:
        others = sorted({found.get(name, "") for found in answers.values()} - {own[name]})
        if others:
            said = ", ".join(version or "none" for version in others)
            notes.append(
                f"workers have {name} {said}, here is {own[name] or 'none'}: numbers may differ in "
                "their last digits"
            )
    return notes


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
