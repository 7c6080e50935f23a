from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import numpy
import pytest

from gliaboost.models.registry import model_class
from gliaboost.reports.protocol.environment import (
    describe,
    environment,
    first_sentence,
)

GPU = "gliaboost.reports.protocol.environment.gpu_present"


def test_environment_is_plain_and_true() -> None:
    facts = environment(jobs=3)
    assert facts.versions["numpy"] == numpy.__version__
    assert facts.jobs == 3
    assert facts.cores >= 1


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("NVIDIA H100 80GB HBM3\nNVIDIA H100 80GB HBM3\n", "NVIDIA H100 80GB HBM3"),
        ("A\nB\n", "A, B"),
        ("", "an NVIDIA GPU"),
    ],
)
def test_a_gpu_is_named_as_its_driver_does(
    monkeypatch: pytest.MonkeyPatch, said: str, expected: str
) -> None:
    monkeypatch.setattr(GPU, lambda: True)
    done = subprocess.CompletedProcess([], 0, stdout=said)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: done)
    assert environment().gpu == expected


def test_a_gpu_whose_driver_does_not_answer_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise FileNotFoundError

    monkeypatch.setattr(GPU, lambda: True)
    monkeypatch.setattr(subprocess, "run", fails)
    assert environment().gpu == "an NVIDIA GPU"
    monkeypatch.setattr(GPU, lambda: False)
    assert environment().gpu is None


def test_what_is_missing_comes_with_how_to_get_it() -> None:
    facts = describe()
    assert all(m["reason"] and m["how"] for m in facts["missing"].values())
    assert {"boosted-pixels", "otsu", "unet"} <= set(facts["segmenters"])
    assert all(about.endswith(".") for about in facts["segmenters"].values())
    for name, model in facts["models"].items():
        # A head of scikit-learn's has no GPU to miss.
        lacks = model_class(name).devices().get("cuda") is not None
        assert lacks == (f"{name} on the GPU" in facts["missing"])
        assert not (lacks and "cuda" in model["devices"])


def test_first_sentence_is_one_line() -> None:
    def documented() -> None:
        """Do this,
        then that.

        And more.
        """

    assert first_sentence(documented) == "Do this, then that."


def test_a_gpu_without_cupy_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("lightgbm", "xgboost"):
        monkeypatch.setattr(model_class(name), "devices", lambda: {"cpu": None, "cuda": None})
    monkeypatch.setitem(sys.modules, "cupy", None)
    missing = describe()["missing"]
    assert "CuPy" in missing["boosters fed from the GPU's memory"]["reason"]


def test_a_plugin_that_cannot_be_imported_is_missing_and_no_failure(
    install_plugin: Callable[[str, str, str], None],
) -> None:
    install_plugin("extractors", "broken", "import nowhere")
    facts = describe()
    assert "broken" not in facts["extractors"]
    assert "of the package strange0 1.2, cannot be imported" in facts["missing"]["broken"]["reason"]
