"""Classical features and gradient boosting on brain MRI and CT, honestly measured.

The package is the repository's root: ``gliaboost.datasets`` turns files into arrays,
``gliaboost.features`` arrays into columns, ``gliaboost.models`` columns into decisions,
``gliaboost.reports`` decisions into a report.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gliaboost._version import __version__
    from gliaboost.models.bundle import Bundle, load

__all__ = ["Bundle", "__version__", "load"]


def __getattr__(name: str) -> Any:
    # Lazy: `import gliaboost` must not pay for the boosters.
    if name in ("Bundle", "load"):
        from gliaboost.models import bundle

        return getattr(bundle, name)
    if name == "__version__":
        from gliaboost import _version

        return _version.__version__
    raise AttributeError(f"module 'gliaboost' has no attribute {name!r}")
