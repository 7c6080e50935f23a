from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gliaboost.features.kernels.circles import METHODS

MISSING = [p for p in ("torch", "triton") if importlib.util.find_spec(p) is None]


@pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")
def test_interpreted_kernels_give_the_cpus_numbers() -> None:
    tests = Path(__file__).with_name("triton_interpreted.py")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tests)],
        cwd=Path(__file__).parents[3],
        env={**os.environ, "TRITON_INTERPRET": "1", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert " passed" in done.stdout


@pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")
@pytest.mark.parametrize("method", METHODS)
def test_patterns_compile_for_a_gpu_without_fused_multiply_add(method: str) -> None:
    # The interpreter fuses nothing; a GPU that did would let ties fall otherwise than the CPU.
    from gliaboost.features.kernels.gpu.triton_lbp import _count_patterns

    tensors = {"images": "*u8", "row_fractions": "*fp64", "column_fractions": "*fp64"}
    tensors |= dict.fromkeys(("corners", "ys", "xs", "counts"), "*i32") | {"classes": "*i64"}
    constants = {"KIND": METHODS.index(method), "BINS": 64, "SHARED": True, "BLOCK": 1024}
    assert "fma." not in ptx(_count_patterns, tensors, constants)


@pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")
def test_votes_and_pairs_compile_for_a_gpu() -> None:
    from gliaboost.features.kernels.gpu.triton_glcm import _count_pairs
    from gliaboost.features.kernels.gpu.triton_hog import _vote

    pointers = {"images": "*u8", "table": "*u8", "shares": "*fp32", "sums": "*fp64"}
    for soft in (False, True):
        constants = {"SPAN": 255, "SIDE": 511, "SOFT": soft, "BINS": 16, "BLOCK": 256}
        assert ".visible .entry _vote" in ptx(_vote, pointers, constants)
    pointers = {"images": "*u8", "masks": "*u8"}
    pointers |= dict.fromkeys(("offsets", "ys", "xs", "counts"), "*i32")
    for shared, bins in ((True, 1024), (False, 65536)):
        constants = {"MASKED": not shared, "BINS": bins, "SHARED": shared, "BLOCK": 4096}
        assert ".visible .entry _count_pairs" in ptx(_count_pairs, pointers, constants)


def ptx(kernel: Any, pointers: dict[str, str], constants: dict[str, Any]) -> str:
    """Compile for compute capability 9.0, without a GPU; what is not named is an int32."""
    import triton
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    names = kernel.arg_names
    kinds = {n: "constexpr" if n in constants else pointers.get(n, "i32") for n in names}
    values = {(names.index(name),): value for name, value in constants.items()}
    source = ASTSource(fn=kernel, signature=kinds, constexprs=values)
    target, options = GPUTarget("cuda", 90, 32), {"enable_fp_fusion": False}
    return str(triton.compile(source, target=target, options=options).asm["ptx"])
