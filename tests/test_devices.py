"""How a device is chosen, and how a library is asked in a child process."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gliaboost import devices
from gliaboost.devices import Unavailable, choose_device, why_no_cuda
from gliaboost.errors import UsageError

NO_GPU = Unavailable("no NVIDIA GPU is visible", "buy one")


@pytest.fixture
def proof(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module with proofs, which a child process can import, on a machine with a GPU."""
    (tmp_path / "proof_of_tests.py").write_text(
        "import os, sys, time\n"
        "def good(device):\n    assert device == 'cuda'\n"
        "def bad(device):\n    raise RuntimeError('no memory left')\n"
        "def aborts(device):\n    os._exit(7)\n"
        "def hangs(device):\n    time.sleep(60)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(devices, "gpu_present", lambda: True)
    why_no_cuda.cache_clear()
    return "proof_of_tests"


def test_a_proof_that_holds_leaves_no_reason(proof: str) -> None:
    assert why_no_cuda(proof, "good") is None


def test_a_proof_that_fails_gives_its_last_line(proof: str) -> None:
    assert why_no_cuda(proof, "bad") == "RuntimeError: no memory left"


def test_a_proof_that_ends_the_process_ends_only_the_child(proof: str) -> None:
    assert why_no_cuda(proof, "aborts") == "the library aborted (exit code 7)"


def test_a_proof_that_hangs_is_given_up(proof: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "PATIENCE", 0.5)
    assert "did not end within 0.5 s" in str(why_no_cuda(proof, "hangs"))


def test_without_a_gpu_no_child_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "gpu_present", lambda: False)
    monkeypatch.setattr(sys, "executable", "/nowhere")
    why_no_cuda.cache_clear()
    assert why_no_cuda("no.module", "nothing") == "no NVIDIA GPU is visible"
    why_no_cuda.cache_clear()


@pytest.mark.parametrize(
    ("file", "present"),
    [
        ("dev/nvidia0", True),
        ("dev/nvidia3", True),  # a container that was given a later card
        ("dev/dxg", True),  # WSL
        ("proc/driver/nvidia/gpus/0000:00:04.0", True),
        ("dev/nvidiactl", False),
        ("dev/nvidia-uvm", False),
    ],
)
def test_a_gpu_is_seen_under_whatever_name(
    file: str, present: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / file).parent.mkdir(parents=True)
    (tmp_path / file).touch()
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(devices, "Path", lambda path: tmp_path / path.lstrip("/"))
    assert devices.gpu_present() is present


def test_the_cpu_needs_no_proof() -> None:
    def asked() -> Unavailable:
        raise AssertionError("asked for a GPU")

    assert choose_device("cpu", "it cannot run", asked) == "cpu"


def test_auto_takes_what_there_is() -> None:
    assert choose_device("auto", "it cannot run", lambda: NO_GPU) == "cpu"
    assert choose_device("auto", "it cannot run", lambda: None) == "cuda"


def test_cuda_is_refused_with_reason_and_remedy() -> None:
    with pytest.raises(UsageError) as caught:
        choose_device("cuda", "it cannot run", lambda: NO_GPU)
    for part in ("it cannot run on cuda here", NO_GPU.reason, "--device cpu", NO_GPU.remedy):
        assert part in str(caught.value)


def test_an_unknown_device_lists_the_known() -> None:
    with pytest.raises(UsageError, match="device='gpu'; expected one of auto, cpu, cuda"):
        choose_device("gpu", "it cannot run", lambda: None)
