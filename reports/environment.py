"""What the numbers were made on: machine and versions, in plain values."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from gliaboost._compat import available_cores

NUMERIC = (
    "gliaboost",
    "numpy",
    "scipy",
    "numba",
    "scikit-learn",
    "scikit-image",
    "opencv-python-headless",
    "pillow",
    "pandas",
    "pyarrow",
    "xgboost",
    "lightgbm",
    "torch",
    "timm",
)


def environment(jobs: int | None = None) -> dict[str, Any]:
    """Describe machine and software.

    Parameters
    ----------
    jobs : int, optional
        Threads that were allowed.

    Returns
    -------
    dict
        ``python``, ``platform``, ``processor``, ``cores``, ``jobs`` and ``versions`` (None where a package
        is absent).
    """
    return {
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "processor": processor(),
        "cores": available_cores(),
        "jobs": jobs or available_cores(),
        "versions": {name: installed(name) for name in NUMERIC},
    }


def installed(package: str) -> str | None:
    """Return a package's version without importing it, None where it is absent."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def processor() -> str:
    """Name the processor as the system does."""
    try:
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
