"""Heads choose and calibrate on patients that they did not see, and are plain arrays afterwards."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.model_selection import cross_val_score

from gliaboost.errors import UsageError
from gliaboost.models import check_model
from gliaboost.models.base import NativeModelError
from gliaboost.models.heads.calibration import softmax
from gliaboost.models.log_loss import balanced_log_loss
from gliaboost.models.plain_arrays import pack, unpack
from gliaboost.models.registry import create_model

NAMES = ("logistic", "svm", "random-forest")
Data = tuple[NDArray[np.float32], NDArray[Any], NDArray[np.int64]]


def make_data(rows: int = 160, columns: int = 30, classes: int = 3, seed: int = 0) -> Data:
    rng = np.random.default_rng(seed)
    patients = np.arange(rows) // 4
    codes = patients % classes
    X = rng.normal(size=(rows, columns)).astype(np.float32)
    X[:, :3] += codes[:, None] * np.array([2.0, -1.5, 1.0], np.float32)
    return X, np.array(["glioma", "meningioma", "pituitary"], object)[codes], patients


def quick(name: str, **parameters: Any) -> Any:
    small = {"trees": 20, "jobs": 1} if name == "random-forest" else {"components": 10}
    return create_model(name, **{**small, "inner_folds": 3, **parameters})


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("classes", [2, 3])
def test_learns_and_keeps_scikit_learns_manners(name: str, classes: int) -> None:
    X, y, patients = make_data(classes=classes)
    model = quick(name)
    fitted = clone(model).fit(X[:120], y[:120], groups=patients[:120])
    assert not hasattr(model, "classes_")
    p = fitted.predict_proba(X[120:])
    assert p.shape == (40, classes)
    assert p.dtype == np.float64
    np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-12)
    assert fitted.score(X[120:], y[120:]) > 0.6
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(fitted)).predict_proba(X[120:]), p)
    again = type(fitted).from_bytes(
        fitted.to_bytes(), fitted.classes_, X.shape[1], **fitted.get_params()
    )
    np.testing.assert_array_equal(again.predict_proba(X[120:]), p)
    assert again.setting_ == fitted.setting_
    # A row's answer does not depend on those beside it.
    np.testing.assert_allclose(fitted.predict_proba(X[125:126])[0], p[5], atol=1e-6)


@pytest.mark.integration
@pytest.mark.parametrize("name", NAMES)
def test_keeps_the_contract_of_models(name: str) -> None:
    check_model(quick(name))


@pytest.mark.parametrize("name", NAMES)
def test_no_patient_is_on_both_sides_of_a_choice(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    X, y, patients = make_data(rows=96)
    X[:, -1] = patients  # so that a row says whose it is
    model = quick(name)
    prepared = model._prepare
    asked: list[tuple[set[float], list[set[float]]]] = []

    def watched(rows: NDArray[np.float32]) -> Any:
        learned = prepared(rows)
        asked.append((set(rows[:, -1]), []))

        def apply(new: NDArray[np.float32]) -> NDArray[np.float32]:
            asked[-1][1].append(set(new[:, -1]))
            return learned(new)  # type: ignore[no-any-return]

        return apply

    monkeypatch.setattr(model, "_prepare", watched)
    model.fit(X, y, groups=patients)
    assert len(asked) == 3 + 1
    for seen, (own, apart) in asked[:3]:
        assert own == seen
        assert not own & apart
    assert asked[3][0] == set(patients)
    held = np.concatenate(model.held_out_)
    assert sorted(held) == list(range(96))


@pytest.mark.integration
def test_the_setting_that_answers_best_on_others_is_taken() -> None:
    X, y, patients = make_data(rows=200, columns=120, seed=3)
    model = create_model("logistic", components=100, inner_folds=3).fit(X, y, groups=patients)
    losses = {
        c: balanced_log_loss(_out_of_fold(c, X, y, patients), np.unique(y, return_inverse=True)[1])
        for c in (0.001, 0.01, 0.1, 1.0)
    }
    assert model.setting_["C"] == min(losses, key=lambda c: losses[c])
    assert max(losses.values()) > 1.02 * min(losses.values())


def _out_of_fold(c: float, X: Any, y: Any, patients: Any) -> NDArray[np.float64]:
    model = create_model("logistic", C=c, components=100, inner_folds=3)
    model.fit(X, y, groups=patients)
    scores = np.zeros((len(y), 3))
    for held_out in model.held_out_:
        rest = np.setdiff1d(np.arange(len(y)), held_out)
        with pytest.warns(UserWarning, match="neither chosen nor calibrated"):
            part = clone(model).fit(X[rest], y[rest], groups=np.zeros(len(rest)))
        scores[held_out] = part.class_scores(X[held_out])
    return softmax(model.sharpness_ * scores)


@pytest.mark.parametrize("name", NAMES)
def test_missing_values_are_filled_and_infinite_ones_refused(name: str) -> None:
    X, y, patients = make_data()
    X[::7, 5] = np.nan
    X[:, 6] = np.nan
    X[:, 7] = 4.0
    model = quick(name).fit(X, y, groups=patients)
    assert model.score(X, y) > 0.8
    bad = X.copy()
    bad[3, 2] = np.inf
    with pytest.raises(UsageError, match=r"infinity.*column 2 .*row 3"):
        model.predict_proba(bad)
    with pytest.raises(UsageError, match="infinity"):
        quick(name).fit(bad, y, groups=patients)


@pytest.mark.parametrize("name", NAMES)
def test_a_single_patient_of_a_class_is_told(name: str) -> None:
    X, y, patients = make_data(rows=60)
    patients[y == "glioma"] = 999
    with pytest.warns(UserWarning, match="single patient"):
        model = quick(name).fit(X, y, groups=patients)
    assert model.sharpness_ == 1
    assert model.held_out_ == []


@pytest.mark.integration
@pytest.mark.parametrize("name", NAMES)
def test_weights_count(name: str) -> None:
    X, y, patients = make_data(rows=120)
    X[:, :3] = 0  # nothing to learn but how frequent a class is
    rare = quick(name, class_weight=None).fit(
        X, y, groups=patients, sample_weight=np.where(y == "glioma", 0.05, 1)
    )
    even = quick(name, class_weight=None).fit(X, y, groups=patients)
    if name != "svm":  # a machine's score is no frequency
        assert rare.class_scores(X)[:, 0].mean() < even.class_scores(X)[:, 0].mean() - 0.3
    dropped = quick(name).fit(X, y, groups=patients, sample_weight=np.arange(120) < 90)
    alone = quick(name).fit(X[:90], y[:90], groups=patients[:90])
    np.testing.assert_allclose(dropped.predict_proba(X), alone.predict_proba(X), atol=1e-9)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("by", ["class", "row"])
def test_a_class_of_which_no_row_counts_is_named(name: str, by: str) -> None:
    X, y, patients = make_data(rows=120)
    zero = {"glioma": 0.0, "meningioma": 1.0, "pituitary": 1.0}
    model = quick(name, class_weight=zero) if by == "class" else quick(name)
    own = {} if by == "class" else {"sample_weight": y != "glioma"}
    with pytest.raises(UsageError, match=r"every row of glioma has a weight of 0"):
        model.fit(X, y, groups=patients, **own)


@pytest.mark.parametrize("name", NAMES)
def test_scikit_learns_scorers_can_judge_two_classes(name: str) -> None:
    X, y, _ = make_data(rows=120, classes=2)
    scores = cross_val_score(quick(name), X, y == "glioma", scoring="roc_auc", cv=2)
    assert (scores > 0.7).all()


@pytest.mark.parametrize("name", NAMES)
def test_all_faults_of_parameters_are_told_at_once(name: str) -> None:
    with pytest.raises(UsageError) as error:
        quick(name, inner_folds=1, class_weight="even", seed=-1).fit(*make_data()[:2])
    for fault in ("inner_folds=1", "class_weight='even'", "seed=-1"):
        assert fault in str(error.value)
    assert len(quick(name, inner_folds=1, seed=-1).parameter_faults()) == 2
    X, y, _ = make_data()
    with pytest.raises(UsageError, match="one class only"):
        quick(name).fit(X, np.full(len(y), "glioma"))


@pytest.mark.parametrize("name", NAMES)
def test_bytes_that_do_not_go_together_are_refused(name: str) -> None:
    X, y, patients = make_data(rows=60)
    model = quick(name).fit(X, y, groups=patients)
    arrays, about = unpack(model.to_bytes())

    def restored(arrays: Any, about: Any, columns: int = X.shape[1]) -> Any:
        return type(model).from_bytes(
            pack(arrays, about), model.classes_, columns, **model.get_params()
        )

    restored(arrays, about)
    for key in arrays:
        with pytest.raises(NativeModelError):
            restored({k: a for k, a in arrays.items() if k != key}, about)
        if key.startswith("head/"):
            with pytest.raises(NativeModelError):
                restored({**arrays, key: arrays[key][:-1]}, about)
        if key.startswith("prepared/"):
            # Of one value numpy would make a column's own; a mean of none gives no probabilities.
            for damaged in (
                arrays[key][:1],
                arrays[key][None],
                arrays[key].astype(np.float64),
                np.full_like(arrays[key], np.nan),
            ):
                with pytest.raises(NativeModelError):
                    restored({**arrays, key: damaged}, about)
    with pytest.raises(NativeModelError):
        restored(arrays, {**about, "sharpness": -1.0})
    with pytest.raises(NativeModelError):
        restored(arrays, about, columns=X.shape[1] + 1)
    with pytest.raises(NativeModelError):
        type(model).from_bytes(b"x", model.classes_, X.shape[1])
