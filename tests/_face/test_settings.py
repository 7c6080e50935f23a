from __future__ import annotations

import pytest

from gliaboost import devices
from gliaboost._face.settings import (
    build_extractors,
    read_device,
    read_preparation,
    read_settings,
)
from gliaboost.datasets.prepare import Preparation
from gliaboost.errors import UsageError
from gliaboost.features import HOG, Embedding


def test_words_and_a_mapping_say_the_same() -> None:
    words = ["lightgbm.rounds=50", "hog.soft_bins=true", "hog:fine.pixels_per_cell=[8, 8]"]
    mapping = {
        "lightgbm": {"rounds": 50},
        "hog": {"soft_bins": True},
        "hog:fine": {"pixels_per_cell": [8, 8]},
    }
    for given in (words, mapping):
        assert read_settings(given, ["hog", "hog:fine"], ["lightgbm"]) == mapping
    assert read_settings("lightgbm.rounds=50", [], ["lightgbm"]) == {"lightgbm": {"rounds": 50}}
    assert read_settings(None, ["hog"], []) == {}


def test_a_word_that_is_no_json_stays_a_word() -> None:
    assert read_settings(["lightgbm.device=cpu"], [], ["lightgbm"]) == {
        "lightgbm": {"device": "cpu"}
    }


def test_all_faults_of_words_come_at_once() -> None:
    words = ["lightgbm.round=7", "svm.C=1", "hog", "hog.a=", ".a=1"]
    with pytest.raises(UsageError) as caught:
        read_settings(words, ["hog"], ["lightgbm"])
    for fault in (
        "lightgbm has no 'round'; its parameters are class_weight,",
        "'svm' of 'svm.C=1' is not in this run, which has hog, lightgbm",
        "'hog' is not NAME.PARAMETER=VALUE",
        "'hog.a=' is not NAME.PARAMETER=VALUE",
        "'' of '.a=1' is not in this run",
    ):
        assert fault in str(caught.value)


def test_all_faults_of_a_mapping_come_at_once() -> None:
    mapping = {"lightgbm": {"round": 7}, "svm": {"C": 1}, "hog": 6}
    with pytest.raises(UsageError) as caught:
        read_settings(mapping, ["hog"], ["lightgbm"])
    for fault in (
        "lightgbm has no 'round'",
        "'svm' of 'svm.C' is not in this run, which has hog, lightgbm",
        "'hog' has 6, expected a mapping of parameters to values",
    ):
        assert fault in str(caught.value)


def test_extractors_are_built_with_their_settings_on_the_device() -> None:
    own = Embedding(device="cpu")
    built = build_extractors(
        ["hog", "hog:fine", "glcm", own], "cpu", {"hog:fine": {"pixels_per_cell": 16}}
    )
    assert [e.label for e in built] == ["hog", "hog:pixels_per_cell=16", "glcm", own.label]
    assert built[-1] is own
    for device, settings in (("cuda", {}), ("cpu", {"embedding": {"device": "cpu"}})):
        (embedding,) = build_extractors(["embedding"], "cuda", settings)
        assert embedding.get_params()["device"] == device


def test_the_same_features_twice_are_refused() -> None:
    with pytest.raises(UsageError, match=r"'hog:fine' would compute hog .* --set hog:fine\."):
        build_extractors(["hog", "hog:fine"], "cpu", {})
    with pytest.raises(UsageError, match="would compute hog once more; give it other parameters"):
        build_extractors(["hog", HOG()], "cpu", {})
    with pytest.raises(UsageError, match="hogg"):
        build_extractors(["hogg"], "cpu", {})


def test_names_and_parameters_come_in_any_case() -> None:
    words = ["LightGBM.Learning_Rate=0.05", "HOG.soft-bins=true"]
    assert read_settings(words, ["hog"], ["lightgbm"]) == {
        "lightgbm": {"learning_rate": 0.05},
        "hog": {"soft_bins": True},
    }


@pytest.mark.parametrize(
    ("word", "suggested"),
    [
        ("xgboost.max_depth=-1", "max_leaves"),
        ("xgboost.n_estimators=9", "rounds"),
        ("xgboost.learning_rat=1", "learning_rate"),
        ("xgbost.rounds=9", "xgboost"),
    ],
)
def test_what_is_near_a_wrong_name_is_asked_for(word: str, suggested: str) -> None:
    with pytest.raises(UsageError, match=rf"did you mean {suggested}\?"):
        read_settings([word], ["hog"], ["xgboost"])


def test_a_preparation_is_read_from_words_a_mapping_or_itself() -> None:
    whole = Preparation(size=128, crop="foreground")
    assert read_preparation("size=128 CROP=Foreground") == whole
    assert read_preparation({"size": 128, "crop": "foreground"}) == whole
    assert read_preparation(whole) is whole
    assert read_preparation("") == Preparation()
    with pytest.raises(UsageError, match=r"unknown preparation normalize; .* mean normalise\?"):
        read_preparation("normalize=clahe")
    with pytest.raises(
        UsageError, match=r"size=4; .*crop='head'; expected one of none, foreground"
    ):
        read_preparation("size=4,crop=head")


def test_a_device_is_read_in_any_case_and_must_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "gpu_present", lambda: False)
    assert (read_device("CPU"), read_device("auto")) == ("cpu", "auto")
    with pytest.raises(UsageError, match=r"no device 'gpu'; .*did you mean cuda\?"):
        read_device("gpu")
    with pytest.raises(UsageError, match="no NVIDIA GPU is visible here; use --device cpu or auto"):
        read_device("cuda")
    monkeypatch.setattr(devices, "gpu_present", lambda: True)
    assert read_device("CUDA") == "cuda"
