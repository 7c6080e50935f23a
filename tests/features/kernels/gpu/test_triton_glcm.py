from __future__ import annotations

from collections.abc import Callable

import pytest

pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("triton", reason="Triton is not installed")


@pytest.mark.integration
def test_interpreted_counts_are_the_cpus(interpreted: Callable[[str], None]) -> None:
    interpreted("interpreted_glcm.py")


@pytest.mark.integration
@pytest.mark.parametrize(("shared", "bins"), [(True, 1024), (False, 65536)])
def test_pairs_compile_for_a_gpu(ptx: Callable[..., str], shared: bool, bins: int) -> None:
    from gliaboost.features.kernels.gpu.triton_glcm import _count_pairs

    pointers = {"images": "*u8", "masks": "*u8"}
    pointers |= dict.fromkeys(("offsets", "ys", "xs", "counts"), "*i32")
    constants = {"MASKED": not shared, "BINS": bins, "SHARED": shared, "BLOCK": 4096}
    assert ".visible .entry _count_pairs" in ptx(_count_pairs, pointers, constants)
