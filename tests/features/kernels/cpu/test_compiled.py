"""Compiled loops are cached on disk, and a stale cache would give wrong numbers in silence."""

from __future__ import annotations

import importlib
import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest
from numba.core.registry import CPUDispatcher

from gliaboost.features.kernels import cpu

MODULES = [m.name for m in pkgutil.iter_modules(cpu.__path__)]


@pytest.mark.parametrize("module", MODULES)
def test_compiled_functions_call_none_of_another_module(module: str) -> None:
    # Numba looks at the age of a function's own file alone: after a change in another file whose
    # code it has taken in, it would go on with the old loops.
    names = vars(importlib.import_module(f"{cpu.__name__}.{module}"))
    kernels = [f for f in names.values() if isinstance(f, CPUDispatcher)]
    for kernel in kernels:
        own = kernel.py_func.__module__
        used = [kernel.py_func.__globals__.get(n) for n in kernel.py_func.__code__.co_names]
        foreign = {
            f.py_func.__name__
            for f in used
            if isinstance(f, CPUDispatcher) and f.py_func.__module__ != own
        }
        assert not foreign, (kernel.py_func.__name__, foreign)


@pytest.mark.parametrize("module", MODULES)
def test_loops_run_beside_others_and_take_no_liberties_with_rounding(module: str) -> None:
    names = vars(importlib.import_module(f"{cpu.__name__}.{module}"))
    for kernel in (f for f in names.values() if isinstance(f, CPUDispatcher)):
        options = kernel.targetoptions
        assert options["nogil"]
        assert options["error_model"] == "numpy"
        assert not options.get("fastmath")
        assert not options.get("parallel")


@pytest.mark.integration
def test_the_second_process_compiles_nothing(tmp_path: Path) -> None:
    code = (
        "import numpy as np\n"
        "from gliaboost.features import GLCM, HOG, LBP\n"
        "from numba.core import event\n"
        "class Count(event.Listener):\n"
        "    n = 0\n"
        "    def on_start(self, e): Count.n += 1\n"
        "    def on_end(self, e): pass\n"
        "with event.install_listener('numba:compile', Count()):\n"
        "    for e in (HOG(), LBP(), GLCM()): e.transform(np.zeros((1, 256, 256), np.uint8))\n"
        "print(Count.n)\n"
    )
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    compiled = [
        int(
            subprocess.run(
                [sys.executable, "-c", code],
                env=environment,
                capture_output=True,
                text=True,
                check=True,
            ).stdout
        )
        for _ in range(2)
    ]
    assert compiled[0] > 0
    assert compiled[1] == 0
