from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

import gliaboost
from gliaboost import devices
from gliaboost._face.choices import check_masks, check_numbers, check_search, choose
from gliaboost._face.faults import Faults
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.prepare import Preparation
from gliaboost.devices import Unavailable
from gliaboost.errors import UsageError
from gliaboost.features import HOG
from gliaboost.models.boosters.lightgbm_booster import LightGBM
from gliaboost.models.bundle_file import save
from gliaboost.models.segmentation.bundle import SegmenterBundle


def said(**given: Any) -> list[str]:
    faults = Faults()
    choose(faults, **{"features": "glcm", "models": "lightgbm", **given})
    return [str(e) for e in faults.errors]


def test_what_is_right_is_read_and_built() -> None:
    faults = Faults()
    choice = choose(
        faults,
        features="HOG glcm",
        models="LightGBM",
        settings=["lightgbm.rounds=5", "hog.orientations=6"],
        prepare="size=128",
        device="CPU",
    )
    assert not faults
    assert [e.label for e in choice.extractors] == ["hog:orientations=6", "glcm"]
    assert (choice.models, choice.device) == (["lightgbm"], "cpu")
    assert choice.parameters["lightgbm"] == {"rounds": 5}
    assert choice.preparation == Preparation(size=128)


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"settings": ["lightgbm.learning_rate=abc"]}, "lightgbm: learning_rate='abc', expected"),
        ({"settings": ["lightgbm.rounds=0"]}, "lightgbm: rounds=0, expected"),
        ({"settings": ["lightgbm.class_weight=x"]}, "lightgbm: class_weight='x', expected"),
        ({"settings": ["lightgbm.device=tpu"]}, "lightgbm: device='tpu', expected"),
        ({"settings": ["lightgbm.num_leaves=9"]}, "did you mean max_leaves?"),
        ({"settings": ["glcm.levels=many"]}, "glcm: levels='many', expected a whole number"),
        ({"settings": ["glcm.levels=1"]}, "glcm: 1 grey levels; expected 2 to 256"),
        ({"settings": ["glcm.properties=colour"]}, "glcm: no GLCM property 'colour'"),
        ({"features": "hog", "settings": ["hog.pixels_per_cell=512"]}, "one HOG block needs"),
        ({"features": "hog", "prepare": "size=8"}, "one HOG block needs"),
        ({"features": HOG(orientations=0)}, "hog: 0 orientations"),
        ({"models": "cnn-scratch", "settings": ["cnn-scratch.mix=all"]}, "mix='all', expected"),
        ({"models": "cnn-scratch", "settings": ["cnn-scratch.widths=5"]}, "widths=5, expected"),
        ({"models": "cnn-finetune", "settings": ["cnn-finetune.weights=no.pth"]}, "no weights fi"),
        ({"models": "hybrid", "settings": ["hybrid.booster=knn"]}, "hybrid: booster='knn', exp"),
        ({"features": "embedding", "settings": ["embedding.weights=no.pth"]}, "no weights file"),
        ({"features": "embedding", "settings": ["embedding.pools=all"]}, "no pool 'all'"),
        ({"device": "tpu"}, "no device 'tpu'"),
        ({"prepare": "crop=head"}, "crop='head'; expected one of"),
    ],
)
def test_every_wrong_value_is_found_before_any_work(given: dict[str, Any], fault: str) -> None:
    assert any(fault in line for line in said(**given)), said(**given)


@pytest.mark.integration
def test_all_of_them_come_at_once() -> None:
    lines = said(
        features="glcm,hogg",
        models="lightgbm,knn",
        settings=["lightgbm.rounds=0", "knn.k=1", "glcm.levels=1", "glcm.level=2"],
        prepare="size=1",
        device="tpu",
    )
    assert len(lines) == 7, lines
    assert not any("knn.k" in line for line in lines)  # that knn is unknown was told


def test_a_gpu_that_a_model_cannot_use_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "gpu_present", lambda: True)
    why = Unavailable("no CUDA build", "build one")
    monkeypatch.setattr(LightGBM, "devices", classmethod(lambda cls: {"cpu": None, "cuda": why}))
    assert said(device="cuda") == [
        "lightgbm: cannot train on cuda here: no CUDA build; use --device cpu, or build one"
    ]


@pytest.mark.parametrize("call", [gliaboost.train, gliaboost.benchmark])
def test_region_without_masks_is_told_before_any_work(
    call: Any, make_images: Any, tmp_path: Path
) -> None:
    path = make_images(patients=10)
    with pytest.raises(UsageError, match=r"region learns from masks, and no row of .* has one"):
        call(
            path, features="region", settings={"region": {"maps": "classical"}},
            out=tmp_path / "out", store=tmp_path / "store",
        )  # fmt: skip
    assert not (tmp_path / "out").exists() and not (tmp_path / "store").exists()
    faults = Faults()
    check_masks(faults, [HOG()], Manifest.read(path))
    assert not faults


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"region": "seg.pt"}, "--region seg.pt: expected a file .joblib, from: gliaboost segment"),
        ({"region": "no.joblib"}, "no bundle no.joblib; make one with"),
        (
            {"region": "a.joblib", "features": "region", "settings": ["region.segmenter=otsu"]},
            "--region a.joblib and --set region.segmenter=otsu; expected one of them",
        ),
    ],
)
def test_a_segmenter_from_elsewhere_is_asked_for_rightly(given: Any, fault: str) -> None:
    assert any(fault in line for line in said(**given)), said(**given)


def test_region_is_taken_where_it_is_named_and_beside_what_is(tmp_path: Path) -> None:
    seg = save(
        SegmenterBundle("otsu", b"", "", ["tumor"], {"least": 0.5}, 256), tmp_path / "seg.joblib"
    )
    for features in ("glcm", "glcm,region"):
        faults = Faults()
        choice = choose(
            faults, features=features, region=seg, settings=["region.maps=classical"],
            models="lightgbm",
        )  # fmt: skip
        faults.tell()
        assert [e.name for e in choice.extractors] == ["glcm", "region"]
        assert "otsu@" in choice.extractors[1].label


def test_a_search_needs_a_model_that_can_be_searched() -> None:
    faults = Faults()
    check_search(faults, "LightGBM", 3)
    assert not faults
    check_search(faults, "hybrid", 0, -1.0, 1)
    assert [str(e)[:21] for e in faults.errors] == [
        "no search for 'hybrid",
        "trials=0, timeout=-1.",
    ]


def test_a_search_without_optuna_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        "gliaboost._face.choices.find_spec", lambda name: None if name == "optuna" else find(name)
    )
    assert "gliaboost[tune]" in said(trials=2)[0]


def test_threads_and_seeds_are_numbers() -> None:
    faults = Faults()
    check_numbers(faults, None, 0)
    check_numbers(faults, 1, 2**31 - 1)
    assert not faults
    check_numbers(faults, 0, -1)
    assert len(faults.errors) == 2
