"""The proofs that a library can use a device: right code, and refused by the library alone."""

from __future__ import annotations

import pytest

from gliaboost import devices
from gliaboost.models.boosters import proofs
from gliaboost.models.boosters.base import Booster
from gliaboost.models.registry import model_class

NAMES = ("lightgbm", "xgboost")


def booster(name: str) -> type[Booster]:
    found = model_class(name)
    assert issubclass(found, Booster)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_proof_holds_on_the_cpu(name: str) -> None:
    # The same code runs for a GPU: a slip in it would fail here, and tell every user of no GPU.
    getattr(proofs, booster(name).cuda_proof)("cpu")


def test_xgboosts_silent_fall_to_the_cpu_is_noticed() -> None:
    if devices.gpu_present():
        pytest.skip("there is a GPU here")
    with pytest.raises(RuntimeError, match="it trained on cpu"):
        proofs.train_xgboost("cuda")


@pytest.mark.integration
@pytest.mark.parametrize("name", NAMES)
def test_without_a_gpu_the_library_itself_says_why(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if devices.gpu_present():
        pytest.skip("there is a GPU here")
    monkeypatch.setattr(devices, "gpu_present", lambda: True)
    devices.why_no_cuda.cache_clear()
    missing = booster(name).devices()["cuda"]
    devices.why_no_cuda.cache_clear()
    assert missing is not None
    expected = {
        "xgboost": "it trained on cpu",
        "lightgbm": "Please recompile with CMake option -DUSE_CUDA=1",
    }
    assert expected[name] in missing.reason
    assert missing.remedy == booster(name).cuda_remedy
