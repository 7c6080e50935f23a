from __future__ import annotations

import pytest

from gliaboost._face.settings import build_extractors, feature_words, read_settings
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


def test_features_are_words_extractors_or_both() -> None:
    own = HOG(orientations=6)
    assert feature_words("hog, lbp") == ["hog", "lbp"]
    assert feature_words(own) == [own]
    assert feature_words(["lbp", own]) == ["lbp", own]
    with pytest.raises(UsageError, match="named twice"):
        feature_words(["lbp", own, "lbp"])
    with pytest.raises(UsageError, match="expected names"):
        feature_words([])


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
