from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import gliaboost
from gliaboost._face.answers import (
    NOT_SURE,
    Answer,
    answer,
    answers_frame,
    ask_once,
    bundle_facts,
    certainty_of,
    explanation_of,
)
from gliaboost.datasets.image_source import DecodedSource, ImageSource
from gliaboost.errors import UsageError
from gliaboost.models.bundle import Bundle
from gliaboost.models.explain.attribution import Explanation


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, write_images: object) -> Path:
    place = tmp_path_factory.mktemp("answers") / "data"
    write_images(place, patients=24, per_patient=2)  # type: ignore[operator]
    return place


@pytest.fixture(scope="module")
def bundle(folder: Path) -> Bundle:
    return gliaboost.train(
        folder / "manifest.csv",
        features="lbp",
        settings={"lightgbm": {"rounds": 20}},
        store=folder / "store",
    )


@pytest.mark.integration
def test_an_answer_has_calibrated_probabilities_and_a_set(bundle: Bundle, folder: Path) -> None:
    certainty = certainty_of(bundle)
    assert certainty is not None
    rng = np.random.default_rng(5)
    image = rng.integers(0, 255, (48, 48), np.uint8)
    (one,) = answer(bundle, [ImageSource.from_array("new", image)])
    (raw,) = gliaboost.predict(bundle, ImageSource.from_array("new", image))
    if one.refused is None:
        expected = certainty.calibrated(np.array(list(raw.probabilities.values())))
        assert sorted((one.probabilities or {}).values()) == pytest.approx(sorted(expected))
    (known,) = answer(bundle, [ImageSource(folder / "p00-0.png")])
    assert known.calibrated and known.inside is not None and known.alpha == 0.1
    assert next(iter(known.probabilities or {})) == known.predicted
    assert sum((known.probabilities or {}).values()) == pytest.approx(1)


@pytest.mark.integration
def test_a_picture_of_the_training_set_is_told_by_its_file(bundle: Bundle, folder: Path) -> None:
    file = folder / "p00-0.png"
    source = ImageSource(file)
    (one,) = answer(bundle, [source])
    assert "was in its training set: how well" in one.seen
    from gliaboost.datasets.decode import decode

    (again,) = answer(bundle, [DecodedSource.of_pixels("up.png", decode(file), source.key())])
    (copy,) = answer(bundle, [ImageSource.from_array("up.png", decode(file)[:, ::-1].copy())])
    assert again.seen == one.seen and "a copy of it" in copy.seen


@pytest.mark.integration
def test_a_cat_is_refused_and_no_class_is_named(bundle: Bundle) -> None:
    import skimage.data

    cat = Path(skimage.data.__file__).with_name("chelsea.png")
    (one,) = answer(bundle, [ImageSource(cat)])
    assert one.refused and one.predicted is None and one.probabilities is None
    assert one.verdict == "refused" and "it answers above" in one.refused
    assert not any(name in " ".join(one.notes()) for name in bundle.classes)


@pytest.mark.integration
def test_no_picture_of_the_training_set_is_refused(bundle: Bundle, folder: Path) -> None:
    sources = [ImageSource(file) for file in sorted(folder.glob("*.png"))]
    assert not [one.refused for one in answer(bundle, sources) if one.refused]


@pytest.mark.integration
def test_what_cannot_be_read_is_an_answer_too(bundle: Bundle) -> None:
    (one,) = answer(bundle, [ImageSource("a.png", b"Dear patient")])
    assert one.verdict == "unreadable" and one.error and one.notes() == [f"{one.error}."]


@pytest.mark.integration
def test_a_bundle_without_an_estimate_is_not_said_to_be_calibrated(folder: Path) -> None:
    bare = gliaboost.train(
        folder / "manifest.csv", features="lbp", settings={"lightgbm": {"rounds": 5}},
        estimate=0, store=folder / "store",
    )  # fmt: skip
    (one,) = answer(bare, [ImageSource(folder / "p00-0.png")])
    assert certainty_of(bare) is None and not one.calibrated and one.inside is None
    assert one.sure is None and one.verdict == one.predicted
    assert any("as the model gives them" in note for note in one.notes())


@pytest.mark.parametrize(
    ("inside", "verdict", "said"),
    [
        (("a",), "a", "All other classes are ruled out"),
        (("a", "b"), NOT_SURE, "Cannot be ruled out, with 90% certainty: a, b."),
        ((), NOT_SURE, "No class fits"),
    ],
)
def test_the_set_decides_what_is_said(inside: tuple[str, ...], verdict: str, said: str) -> None:
    one = Answer("x", "a", {"a": 0.6, "b": 0.4}, True, inside, 0.1)
    assert one.verdict == verdict and said in one.certainty_words()


def test_answers_stand_in_a_table_a_row_each() -> None:
    rows = [
        Answer("x", "a", {"a": 0.6, "b": 0.4}, True, ("a", "b"), 0.1, typicality=0.5, seen="yes"),
        Answer("y", refused="unlike"),
    ]
    frame = answers_frame(rows, ["a", "b"])
    assert frame["not_ruled_out"][0] == "a, b" and frame["not_ruled_out"].isna()[1]
    assert frame["proba_b"].tolist()[0] == 0.4 and frame["note"].tolist() == ["", "unlike"]
    assert frame["in_training_set"].tolist() == [True, False]


@pytest.mark.integration
def test_an_explanation_or_words_why_there_is_none(bundle: Bundle, folder: Path) -> None:
    assert isinstance(explanation_of(bundle, ImageSource(folder / "p00-0.png")), Explanation)
    assert "is empty" in str(explanation_of(bundle, ImageSource("a.png", b"")))


@pytest.mark.integration
def test_models_are_asked_about_an_empty_picture(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = gliaboost.save(bundle, tmp_path / "m.joblib")
    ask_once(str(file))
    with pytest.raises(UsageError):
        ask_once(str(tmp_path / "none.joblib"))
    monkeypatch.setattr("gliaboost._face.demo_model._place", lambda: tmp_path / "nowhere")
    ask_once("")


@pytest.mark.integration
def test_what_a_bundle_was_trained_on_is_said_without_gaps(bundle: Bundle) -> None:
    facts = dict(bundle_facts(bundle))
    assert facts["Trained on"] == "48 pictures of 24 patients"
    assert facts["Classes"] == "coarse 24, fine 24" and facts["Features"] == "lbp"
    assert "on new patients about" in facts["On new patients"]
