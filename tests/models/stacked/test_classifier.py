"""Heads by family, out of fold; the booster's last word; sums by family."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import clone

from gliaboost.datasets.prepare import Preparation
from gliaboost.errors import UsageError
from gliaboost.models.base import Classifier, NativeModelError
from gliaboost.models.bundle import load, save
from gliaboost.models.families import Family
from gliaboost.models.packing import make_bundle
from gliaboost.models.registry import MODELS, create_model, register
from gliaboost.models.stacked import classifier
from gliaboost.models.stacked.classifier import Stacked
from gliaboost.models.stacked.log_odds import log_odds

FAMILIES = [Family("texture", 5), Family("embedding", 30, joint=True), Family("region", 4)]
ROUNDS = {"rounds": 12, "inner_folds": 0}


def rows(
    seed: int = 0, patients: int = 24, classes: str = "abc"
) -> tuple[NDArray[np.float32], NDArray[Any], NDArray[Any]]:
    """Two slices a patient; the class is weakly in each of 30 columns, and in no other."""
    rng = np.random.default_rng(seed)
    people = np.repeat(np.arange(patients), 2)
    codes = people % len(classes)
    X = rng.normal(size=(len(codes), 39)).astype(np.float32)
    X[:, 5:35] += np.random.default_rng(99).normal(size=(len(classes), 30))[codes]
    return X, np.array(list(classes), object)[codes], np.array([f"p{p}" for p in people], object)


def small(**changed: Any) -> Stacked:
    given: dict[str, Any] = {
        "head": "logistic",
        "head_parameters": {"C": 0.1, "inner_folds": 2},
        "booster_parameters": ROUNDS,
        "inner_folds": 3,
        "device": "cpu",
        "jobs": 1,
    }
    return Stacked(**{**given, **changed})


@pytest.fixture(scope="module")
def fitted() -> Stacked:
    return small().fit(*rows(), families=FAMILIES)


class Memory(Classifier):
    """Knows its own rows' classes by heart, and nothing of any other row."""

    name, library = "memory-head", "numpy"
    fits: ClassVar[list[set[str]]] = []
    asked: ClassVar[list[int]] = []

    def fit(self, X: Any, y: Any, groups: Any = None) -> Any:
        self.classes_, self.n_features_in_ = np.unique(y), X.shape[1]
        self.known = {row.tobytes(): k for row, k in zip(X, y, strict=True)}
        self.fits.append(set(groups))
        return self

    def predict_proba(self, X: Any) -> Any:
        size = len(self.classes_)
        p = np.full((len(X), size), 1 / size)
        for own, row in zip(p, np.ascontiguousarray(X), strict=True):
            if row.tobytes() in self.known:
                own[:] = np.eye(size)[self.known[row.tobytes()]]
        return p

    def _to_bytes(self) -> bytes:
        return b""

    def _from_bytes(self, native: bytes) -> None:
        pass


@pytest.fixture
def memory() -> Iterator[type[Memory]]:
    Memory.fits.clear()
    register(Memory)
    yield Memory
    del MODELS["memory-head"]


def given_to_booster(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Watch what boosters are fitted on."""
    seen: list[dict[str, Any]] = []
    cls: Any = type(create_model("lightgbm"))
    fit = cls.fit

    def watched(self: Any, X: Any, y: Any, groups: Any = None, **more: Any) -> Any:
        seen.append({"X": X, "y": y, "groups": groups})
        return fit(self, X, y, groups, **more)

    monkeypatch.setattr(cls, "fit", watched)
    return seen


def learned_nothing_by_heart(monkeypatch: pytest.MonkeyPatch) -> None:
    """A head that knows its own rows by heart has nothing to tell of training rows, nor of new."""
    seen = given_to_booster(monkeypatch)
    X, y, groups = rows()
    model = small(head="memory-head", head_parameters=None).fit(X, y, groups, families=FAMILIES)
    (told,) = seen
    np.testing.assert_array_equal(told["X"][:, 9:], log_odds(np.full((1, 3), 1 / 3))[0, 0])
    new = rows(seed=8)
    assert model.predict_proba(new[0]).max() < 0.9


def test_a_training_rows_log_odds_are_of_heads_that_never_saw_its_patient(
    monkeypatch: pytest.MonkeyPatch, memory: type[Memory]
) -> None:
    learned_nothing_by_heart(monkeypatch)
    *apart, whole = memory.fits
    assert len(apart) == 3 and len(whole) == 24
    left_out = [whole - known for known in apart]
    assert set.union(*left_out) == whole and sum(map(len, left_out)) == len(whole)


def test_log_odds_of_rows_that_a_head_has_seen_are_found_out(
    monkeypatch: pytest.MonkeyPatch, memory: type[Memory]
) -> None:
    def leaking(head: Callable[[], Any], X: Any, y: Any, groups: Any, held_out: Any) -> Any:
        return log_odds(head().fit(X, y, groups=groups).predict_proba(X))

    monkeypatch.setattr(classifier, "out_of_fold", leaking)
    with pytest.raises(AssertionError):
        learned_nothing_by_heart(monkeypatch)


def test_the_booster_chooses_its_rounds_by_patient(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = given_to_booster(monkeypatch)
    X, y, groups = rows()
    model = small(booster_parameters={"rounds": 12, "inner_folds": 2})
    model.fit(X, y, groups, families=FAMILIES)
    (told,) = seen
    np.testing.assert_array_equal(told["groups"], groups)
    booster: Any = model.booster_
    assert len(booster.held_out_) == 2
    for part in booster.held_out_:
        assert not set(groups[part]) & set(np.delete(groups, part))


def test_a_head_reads_what_single_columns_do_not_tell(fitted: Stacked) -> None:
    X, y, _ = rows(seed=5, patients=60)
    assert (fitted.predict(X) == y).mean() > 0.9


@pytest.mark.parametrize("booster", ["lightgbm", "xgboost"])
@pytest.mark.parametrize("head", ["logistic", "svm"])
def test_head_and_booster_are_taken_by_name(head: str, booster: str) -> None:
    X, y, groups = rows()
    model = small(head=head, booster=booster).fit(X, y, groups, families=FAMILIES)
    assert ([h.name for h in model.heads_], model.booster_.name) == ([head], booster)


@pytest.mark.integration
@pytest.mark.parametrize(
    ("headed", "raw", "heads", "plain"),
    [
        ("joint", "plain", [30], 9),
        ("joint", "all", [30], 39),
        ("all", "plain", [5, 30, 4], 9),
        ("all", "all", [5, 30, 4], 39),
    ],
)
def test_who_reads_which_family(headed: str, raw: str, heads: list[int], plain: int) -> None:
    X, y, groups = rows()
    model = small(headed=headed, raw=raw).fit(X, y, groups, families=FAMILIES)
    assert [h.n_features_in_ for h in model.heads_] == heads
    said = 3 * len(heads)
    joined = model.booster_.n_features_in_
    assert joined > plain and (joined - plain) % said == 0


def test_the_log_odds_are_there_for_every_tree() -> None:
    """Among thousands of columns, of which a tree sees the root of their number, three are lost."""
    rng = np.random.default_rng(0)
    X, y, groups = rows()
    wide = np.hstack([rng.normal(size=(len(X), 1500)).astype(np.float32), X[:, 5:35]])
    families = [Family("texture", 1500), Family("embedding", 30, joint=True)]
    model = small().fit(wide, y, groups, families=families)
    share = 1 - 1500 / model.booster_.n_features_in_
    assert share == pytest.approx(0.25, abs=0.01)
    new, right, _ = rows(seed=5, patients=60)
    noise = rng.normal(size=(len(new), 1500)).astype(np.float32)
    assert (model.predict(np.hstack([noise, new[:, 5:35]])) == right).mean() > 0.9


@pytest.mark.parametrize("families", [None, [Family("texture", 35), Family("region", 4)]])
def test_where_no_family_is_joint_a_head_reads_each(families: Any) -> None:
    model = small().fit(*rows(), families=families)
    assert [h.n_features_in_ for h in model.heads_] == ([35, 4] if families else [39])


@pytest.mark.integration
@pytest.mark.parametrize("headed", ["joint", "all"])
@pytest.mark.parametrize("raw", ["plain", "all"])
@pytest.mark.parametrize("booster", ["lightgbm", "xgboost"])
def test_contributions_sum_by_family_to_the_boosters(headed: str, raw: str, booster: str) -> None:
    X, y, groups = rows()
    model = small(headed=headed, raw=raw, booster=booster).fit(X, y, groups, families=FAMILIES)
    values = model.contributions(X)
    assert values is not None and values.shape == (len(X), 3, 39) and values.dtype == np.float32
    joined = model._joined(X)
    own = model.booster_.contributions(joined)
    assert own is not None
    # Raw scores: the logarithms of the probabilities, but for a constant and each row's own.
    score = np.log(model.predict_proba(X))
    score -= score.mean(axis=1, keepdims=True)
    total = values.sum(axis=2, dtype=np.float64)
    total -= total.mean(axis=1, keepdims=True)
    apart = score - total
    np.testing.assert_allclose(apart, np.broadcast_to(apart.mean(axis=0), apart.shape), atol=2e-4)
    # By family: its own columns, and all that its head said.
    plain = np.arange(39) if raw == "all" else np.r_[0:5, 35:39]
    spoken = own[..., len(plain) :].astype(np.float64)
    heads = ["texture", "embedding", "region"] if headed == "all" else ["embedding"]
    spoken = spoken.reshape(len(X), 3, -1, len(heads), 3).sum(axis=(2, 4))
    for name, columns in (("texture", (0, 5)), ("embedding", (5, 35)), ("region", (35, 39))):
        expected = np.zeros((len(X), 3))
        inside = (plain >= columns[0]) & (plain < columns[1])
        expected += own[..., : len(plain)][..., inside].sum(axis=2)
        if name in heads:
            expected += spoken[..., heads.index(name)]
        found = values[..., slice(*columns)].sum(axis=2, dtype=np.float64)
        np.testing.assert_allclose(found, expected, atol=1e-5, err_msg=name)


def test_no_explanation_where_the_booster_has_none() -> None:
    model = small(booster="svm", booster_parameters={"C": 1.0}).fit(*rows(), families=FAMILIES)
    assert model.contributions(rows()[0]) is None


def test_a_bundle_keeps_heads_booster_and_families(fitted: Stacked, tmp_path: Path) -> None:
    X = rows(seed=3)[0]
    bundle = make_bundle(fitted, Preparation(), [], manifest_fingerprint="m")
    opened = load(save(bundle, tmp_path / "model.joblib"))
    np.testing.assert_array_equal(opened.predict_proba(X), fitted.predict_proba(X))
    restored: Any = opened.classifier()
    assert restored.families_ == FAMILIES
    np.testing.assert_array_equal(restored.contributions(X), fitted.contributions(X))


@pytest.mark.parametrize("part", range(8))
def test_altered_bytes_are_told(fitted: Stacked, part: int) -> None:
    native = fitted.to_bytes()
    cut = native[: len(native) * part // 8]
    with pytest.raises(NativeModelError):
        Stacked.from_bytes(cut, fitted.classes_, 39, **fitted.get_params()).predict_proba(rows()[0])


def test_other_columns_than_its_own_are_told(fitted: Stacked) -> None:
    with pytest.raises(NativeModelError, match="expected 40 in all"):
        Stacked.from_bytes(fitted.to_bytes(), fitted.classes_, 40, **fitted.get_params())


def test_the_same_rows_make_the_same_model(fitted: Stacked) -> None:
    again = clone(fitted).fit(*rows(), families=FAMILIES)
    digests = {hashlib.sha256(m.to_bytes()).hexdigest() for m in (again, fitted)}
    assert len(digests) == 1


def test_rows_of_a_part_without_a_class_teach_no_booster(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = given_to_booster(monkeypatch)
    X, y, groups = rows()
    parts = [np.arange(0, 12), np.arange(12, 30)]
    monkeypatch.setattr(classifier, "inner_folds", lambda *_: parts)
    model = small().fit(X, y, groups, families=FAMILIES)
    assert len(seen[0]["X"]) == 30 and np.isfinite(seen[0]["X"]).all()
    assert model.heads_[0].predict_proba(X[:, 5:35]).shape == (48, 3)


def test_a_class_of_one_patient_is_refused() -> None:
    X, y, groups = rows(patients=4)
    with pytest.raises(UsageError, match=r"single patient.*use lightgbm"):
        small().fit(X, y, groups)


def test_infinite_columns_and_families_of_others_are_refused() -> None:
    X, y, groups = rows()
    with pytest.raises(UsageError, match="expected 39 in all"):
        small().fit(X, y, groups, families=FAMILIES[:2])
    X[3, 4] = np.inf
    with pytest.raises(UsageError, match="infinity"):
        small().fit(X, y, groups, families=FAMILIES)


def test_missing_values_are_taken() -> None:
    X, y, groups = rows()
    X[::5, 3] = X[::7, 20] = np.nan
    model = small().fit(X, y, groups, families=FAMILIES)
    assert (model.predict(X) == y).mean() > 0.9


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"head": "stacked"}, "head='stacked', expected the name of a model of columns"),
        ({"head": "cnn-scratch"}, "head='cnn-scratch', expected"),
        ({"booster": ["lightgbm"]}, "booster=['lightgbm'], expected"),
        ({"headed": "dense"}, "headed='dense', expected one of joint, all"),
        ({"raw": True}, "raw=True, expected one of plain, all"),
        ({"inner_folds": 1}, "inner_folds=1, expected a whole number from 2"),
        ({"head_parameters": "C=1"}, "head_parameters='C=1', expected a dict"),
        ({"head_parameters": {"rounds": 3}}, "head_parameters: "),
        ({"head_parameters": {"C": -1}}, "head: C=-1, expected"),
        ({"booster_parameters": {"rounds": 0}}, "booster: rounds=0, expected"),
    ],
)
def test_wrong_parameters_are_told_before_any_work(wrong: dict[str, Any], said: str) -> None:
    (fault,) = small(**wrong).parameter_faults()
    assert fault.startswith(said)
    assert small().parameter_faults() == []


def test_all_faults_are_told_at_once() -> None:
    wrong = small(
        headed="dense", head="cnn-scratch", booster_parameters={"rounds": 0, "max_leaves": 1}
    )
    said = wrong.parameter_faults()
    assert [fault.partition("=")[0] for fault in said] == [
        "head",
        "headed",
        "booster: rounds",
        "booster: max_leaves",
    ]
