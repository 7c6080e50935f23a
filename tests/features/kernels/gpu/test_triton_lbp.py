from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gliaboost.features.kernels.circles import METHODS

pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("triton", reason="Triton is not installed")


@pytest.mark.integration
def test_interpreted_histograms_are_the_cpus(interpreted: Callable[[str], None]) -> None:
    interpreted("interpreted_lbp.py")


@pytest.mark.parametrize("method", METHODS)
def test_patterns_compile_for_a_gpu_without_fused_multiply_add(
    ptx: Callable[..., str], method: str
) -> None:
    # The interpreter fuses nothing; a GPU that did would let ties fall otherwise than the CPU.
    from gliaboost.features.kernels.gpu.triton_lbp import _count_patterns

    tensors = {"images": "*u8", "row_fractions": "*fp64", "column_fractions": "*fp64"}
    tensors |= dict.fromkeys(("corners", "ys", "xs", "counts"), "*i32") | {"classes": "*i64"}
    constants: dict[str, Any] = {"KIND": METHODS.index(method), "BINS": 64}
    constants |= {"SHARED": True, "BLOCK": 1024}
    assert "fma." not in ptx(_count_patterns, tensors, constants)
