from __future__ import annotations

from collections.abc import Callable

import pytest

pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("triton", reason="Triton is not installed")


@pytest.mark.integration
def test_interpreted_votes_are_the_cpus(interpreted: Callable[[str], None]) -> None:
    interpreted("interpreted_hog.py")


@pytest.mark.integration
@pytest.mark.parametrize("soft", [False, True])
def test_votes_compile_for_a_gpu(ptx: Callable[..., str], soft: bool) -> None:
    from gliaboost.features.kernels.gpu.triton_hog import _vote

    pointers = {"images": "*u8", "table": "*u8", "shares": "*fp32", "sums": "*fp64"}
    constants = {"SPAN": 255, "SIDE": 511, "SOFT": soft, "BINS": 16, "BLOCK": 256}
    assert ".visible .entry _vote" in ptx(_vote, pointers, constants)
