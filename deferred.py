"""Libraries that another one imports and a command does not use, imported when they are."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
import threading
import types
from collections.abc import Sequence
from typing import Any

# scikit-learn and joblib import these for a few functions of their own, what copies NumPy's names
# the last two, and numba the first for a file that is not there: all take longer than a prediction.
# What is below another stands after it.
SELDOM_USED = (
    "yaml",
    "asyncio",
    "pandas",
    "narwhals",
    "narwhals.stable",
    "narwhals.stable.v2",
    "scipy.special",
    "scipy.stats",
    "numpy.f2py",
    "numpy.testing",
)

_lock = threading.RLock()


def defer(names: Sequence[str] = SELDOM_USED) -> None:
    """Let libraries be imported when something of them is asked for, from now on in this process.

    For a command that ends with its process; a library that is imported already stays as it is.

    Parameters
    ----------
    names : sequence of str
        Modules; one that is below another stands after it. What is above them is imported.

    Examples
    --------
    >>> import sys
    >>> defer(["wave"])
    >>> import wave
    >>> isinstance(wave, Deferred), wave.WAVE_FORMAT_PCM, isinstance(sys.modules["wave"], Deferred)
    (True, 1, False)
    """
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
    for name in names:
        if name not in sys.modules:
            above, _, last = name.rpartition(".")
            stand_in = Deferred(name)
            if above:
                # As an import would leave it: what is asked of the package finds the module.
                setattr(importlib.import_module(above), last, stand_in)
            sys.modules[name] = stand_in


class Deferred(types.ModuleType):
    """Stands for a module until one of its attributes is asked for, and gives the module's then."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__spec__ = importlib.machinery.ModuleSpec(name, None)
        # So that what is below it can be asked for: `_Finder` sees to that.
        self.__path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        # What asks every module where it is from is not to import them all.
        if name.startswith("__") and name != "__version__":
            raise AttributeError(name)
        return getattr(_imported(self.__name__), name)


class _Finder:
    """Imports a deferred package before what is below it."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: object = None
    ) -> importlib.machinery.ModuleSpec | None:
        above = name.rpartition(".")[0]
        if isinstance(sys.modules.get(above), Deferred):
            _imported(above)
            found = importlib.util.find_spec(name)
            there = sys.modules.get(name)
            if found is None or there is None:
                return found
            # The package imported it: to run it again would make its classes twice. Python takes
            # the spec of the module that is there by now, whatever is answered here.
            spec = importlib.machinery.ModuleSpec(name, _There(there))
            there.__spec__ = spec
            return spec
        return None


class _There(importlib.abc.Loader):
    """Loads a module that is there."""

    def __init__(self, module: types.ModuleType) -> None:
        self._module, self._spec = module, module.__spec__

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        return self._module

    def exec_module(self, module: types.ModuleType) -> None:
        module.__spec__ = self._spec


def _imported(name: str) -> types.ModuleType:
    with _lock:
        # What is below it too: a package is to take hold of its own modules.
        for there in [n for n in list(sys.modules) if n == name or n.startswith(f"{name}.")]:
            if isinstance(sys.modules[there], Deferred):
                del sys.modules[there]
    return importlib.import_module(name)
