"""What the tests of the GPU's kernels share: the devices at hand, and Triton without a GPU."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

HAS_TORCH = importlib.util.find_spec("torch") is not None


def _devices() -> list[str]:
    if not HAS_TORCH:
        return ["cpu"]
    import torch

    return ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]


@pytest.fixture(params=_devices())
def device(request: pytest.FixtureRequest) -> str:
    """One device after another that this machine has."""
    return str(request.param)


@pytest.fixture
def on_device(device: str) -> Callable[[NDArray[np.uint8]], Any]:
    """Return a function that makes a tensor there."""
    import torch

    return lambda images: torch.from_numpy(np.ascontiguousarray(images)).to(device)


@pytest.fixture
def interpreted() -> Callable[[str], None]:
    """Return a function that runs a file of tests with Triton's kernels in its interpreter.

    In a process of its own: Triton decides when it is first imported.
    """

    def run(name: str) -> None:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
                str(Path(__file__).with_name(name)),
            ],
            cwd=Path(__file__).parents[4],
            env={**os.environ, "TRITON_INTERPRET": "1", "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
        assert " passed" in done.stdout
        assert " skipped" not in done.stdout

    return run


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any, str], list[str]]:
    """Return a function that notes an entry's calls, so that no test passes beside it."""

    def note(module: Any, name: str) -> list[str]:
        calls: list[str] = []
        real = getattr(module, name)

        def noted(*args: Any) -> Any:
            calls.append(name)
            return real(*args)

        monkeypatch.setattr(module, name, noted)
        return calls

    return note


@pytest.fixture
def ptx() -> Callable[[Any, dict[str, str], dict[str, Any]], str]:
    """Return a function that compiles for compute capability 9.0, without a GPU.

    What is not named is an int32.
    """

    def compiled(kernel: Any, pointers: dict[str, str], constants: dict[str, Any]) -> str:
        import triton
        from triton.backends.compiler import GPUTarget
        from triton.compiler import ASTSource

        names = kernel.arg_names
        kinds = {n: "constexpr" if n in constants else pointers.get(n, "i32") for n in names}
        values = {(names.index(name),): value for name, value in constants.items()}
        source = ASTSource(fn=kernel, signature=kinds, constexprs=values)
        target, options = GPUTarget("cuda", 90, 32), {"enable_fp_fusion": False}
        return str(triton.compile(source, target=target, options=options).asm["ptx"])

    return compiled
