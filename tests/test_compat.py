from __future__ import annotations

import importlib
import os

import pytest

from gliaboost import _compat


def test_cores_respect_the_affinity() -> None:
    if not hasattr(os, "sched_setaffinity"):
        pytest.skip("this platform has no CPU affinity")
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert _compat.available_cores() == 1
    finally:
        os.sched_setaffinity(0, before)
    assert _compat.available_cores() == len(before)


@pytest.mark.parametrize(("told", "cores"), [("3", 3), ("0", 7), ("", 7), ("default", 7)])
def test_a_process_may_be_told_its_cores(
    told: str, cores: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.delattr(os, "process_cpu_count", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 7)
    monkeypatch.setenv(_compat.CORES, told)
    assert _compat.available_cores() == cores


def test_a_platform_without_affinity(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.delattr(os, "process_cpu_count", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert _compat.available_cores() == 1
    monkeypatch.setattr(os, "cpu_count", lambda: 7)
    assert _compat.available_cores() == 7


def test_timm_imports_whatever_build_torchvision_is_of() -> None:
    pytest.importorskip("torch")
    timm = _compat.import_timm()
    assert _compat.import_timm() is timm
    assert timm.create_model("resnet10t").num_features == 512


def test_timm_is_not_tried_twice_for_another_error(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def fail(name: str) -> None:
        tried.append(name)
        raise RuntimeError("something else")

    monkeypatch.setattr(importlib, "import_module", fail)
    with pytest.raises(RuntimeError, match="something else"):
        _compat.import_timm()
    assert tried == ["timm"]


def test_idle_threads_sleep_unless_the_user_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    _compat.let_threads_sleep()
    assert os.environ["OMP_WAIT_POLICY"] == "PASSIVE"
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    _compat.let_threads_sleep()
    assert os.environ["OMP_WAIT_POLICY"] == "ACTIVE"
