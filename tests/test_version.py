from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

import gliaboost
from gliaboost._version import __version__


def test_it_is_what_is_installed() -> None:
    try:
        installed = version("gliaboost")
    except PackageNotFoundError:
        installed = "0+unknown"
    assert __version__ == gliaboost.__version__ == installed
