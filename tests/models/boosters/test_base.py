"""Both boosters: scikit-learn's manners, honest early stopping, the device that was used."""

from __future__ import annotations

import pickle
import sys
import types
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.metrics import log_loss as sklearn_log_loss

from gliaboost import devices
from gliaboost.errors import UsageError
from gliaboost.features import stored_columns
from gliaboost.features.store import FeatureStore
from gliaboost.features.stored_columns import StoredColumns
from gliaboost.models.boosters import xgboost_booster
from gliaboost.models.boosters.lightgbm_booster import LightGBM
from gliaboost.models.boosters.xgboost_booster import XGBoost
from gliaboost.models.registry import MODELS, create_model, register

NAMES = ("lightgbm", "xgboost")
Data = tuple[NDArray[np.float32], NDArray[Any], NDArray[np.int64]]


def make_data(rows: int = 240, columns: int = 40, classes: int = 3, seed: int = 0) -> Data:
    """Columns whose first three carry the class, rows in patients of four."""
    rng = np.random.default_rng(seed)
    patients = np.arange(rows) // 4
    codes = patients % classes
    X = rng.normal(size=(rows, columns)).astype(np.float32)
    X[:, :3] += codes[:, None] * np.array([2.0, -1.5, 1.0], np.float32)
    return X, np.array(["glioma", "meningioma", "pituitary"], object)[codes], patients


def quick(name: str, **parameters: Any) -> Any:
    return create_model(
        name, **{"rounds": 60, "max_features": 0.5, "device": "cpu", "seed": 1, **parameters}
    )


@pytest.mark.parametrize("name", NAMES)
def test_learns_and_keeps_scikit_learns_manners(name: str) -> None:
    X, y, patients = make_data()
    model = quick(name)
    assert model.get_params()["rounds"] == 60
    fitted = clone(model).fit(X[:180], y[:180], groups=patients[:180])
    assert not hasattr(model, "classes_")
    assert fitted.classes_.tolist() == ["glioma", "meningioma", "pituitary"]
    p = fitted.predict_proba(X[180:])
    assert p.shape == (60, 3)
    assert p.dtype == np.float64
    np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-12)
    assert (fitted.predict(X[180:]) == fitted.classes_[p.argmax(axis=1)]).all()
    assert fitted.score(X[180:], y[180:]) > 0.7
    assert fitted.device_ == "cpu"
    assert fitted.n_features_in_ == 40
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(fitted)).predict_proba(X[180:]), p)
    again = type(fitted).from_bytes(fitted.to_bytes(), fitted.classes_, 40, **fitted.get_params())
    np.testing.assert_array_equal(again.predict_proba(X[180:]), p)


@pytest.mark.integration
@pytest.mark.parametrize("name", NAMES)
def test_same_seed_same_model(name: str) -> None:
    X, y, patients = make_data()
    first, second = (quick(name).fit(X, y, groups=patients).predict_proba(X) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    other = quick(name, seed=2).fit(X, y, groups=patients).predict_proba(X)
    assert not np.array_equal(first, other)


@pytest.mark.integration
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.filterwarnings("ignore:The number of unique classes")
def test_scikit_learns_own_checks(name: str) -> None:
    from sklearn.utils.estimator_checks import check_estimator

    # Theirs expect that a single class is fitted, and that infinity raises a ValueError; a weight
    # of zero is not a row less where rows are sampled.
    known = {
        "check_classifiers_one_label": "one class is refused",
        "check_classifiers_one_label_sample_weights": "one class is refused",
        "check_sample_weight_equivalence_on_dense_data": "rows are sampled",
    }
    failed = [
        (r["check_name"], str(r["exception"])[:200])
        for r in check_estimator(quick(name, rounds=12), on_fail=None, expected_failed_checks=known)
        if r["status"] == "failed"
    ]
    assert failed == []


@pytest.mark.integration
@pytest.mark.parametrize("name", NAMES)
def test_rounds_are_chosen_on_other_patients(name: str) -> None:
    X, y, patients = make_data()
    model = quick(name, rounds=400, inner_folds=3).fit(X, y, groups=patients)
    assert 1 <= model.n_rounds_ < 400
    held_out = np.concatenate(model.held_out_)
    assert sorted(held_out) == list(range(len(X)))
    for rows in model.held_out_:
        rest = np.setdiff1d(np.arange(len(X)), rows)
        assert not set(patients[rows]) & set(patients[rest])


@pytest.mark.parametrize("name", NAMES)
def test_a_single_patient_of_a_class_is_not_held_out(name: str) -> None:
    X, y, patients = make_data(rows=60)
    one = patients.copy()
    one[y == "pituitary"] = 999
    with pytest.warns(UserWarning, match="a class has a single patient") as caught:
        model = quick(name).fit(X, y, groups=one)
    assert {warning.filename for warning in caught} == {__file__}
    assert model.held_out_ == []
    assert model.n_rounds_ == 60


@pytest.mark.parametrize("name", NAMES)
def test_balanced_classes_find_more_of_the_rare_one(name: str) -> None:
    X, y, patients = make_data(rows=480, classes=2, seed=5)
    X[:, :3] *= 0.4
    kept = (y == "glioma") | (patients % 8 == 1)
    X, y, patients = X[kept], y[kept], patients[kept]
    found = {}
    for weight in ("balanced", None):
        model = quick(name, class_weight=weight, inner_folds=0)
        model.fit(X[::2], y[::2], groups=patients[::2])
        found[weight] = (model.predict(X[1::2]) == "meningioma").sum()
    assert found["balanced"] > found[None]


@pytest.mark.parametrize("name", NAMES)
def test_weights_steer(name: str) -> None:
    X, y, patients = make_data()
    X = np.zeros_like(X)
    heavy = np.where(y == "glioma", 10.0, 1.0)
    model = quick(name, class_weight=None, inner_folds=0).fit(X, y, patients, heavy)
    assert set(model.predict(X)) == {"glioma"}


@pytest.mark.parametrize("name", NAMES)
def test_missing_values_are_learnt_from(name: str) -> None:
    X, y, patients = make_data(classes=2)
    X[:, :3] = 0
    X[y == "glioma", 5] = np.nan
    model = quick(name, max_features=1.0, inner_folds=0).fit(X, y, groups=patients)
    assert model.score(X, y) > 0.95


@pytest.mark.parametrize("name", NAMES)
def test_infinite_values_are_named(name: str) -> None:
    X, y, patients = make_data()
    X[7, 3] = np.inf
    with pytest.raises(UsageError, match=r"infinity.*column 3 \(first in row 7\)"):
        quick(name).fit(X, y, groups=patients)


@pytest.mark.parametrize("name", NAMES)
def test_one_class_is_refused(name: str) -> None:
    X, y, _ = make_data()
    with pytest.raises(UsageError, match=r"one class only \(glioma\)"):
        quick(name).fit(X[y == "glioma"], y[y == "glioma"])


def test_all_illegal_parameters_are_listed() -> None:
    X, y, _ = make_data(rows=24)
    wrong = quick("lightgbm", rounds=0, learning_rate=2.0, max_features="all", seed=-1)
    with pytest.raises(UsageError) as caught:
        wrong.fit(X, y)
    for part in ("rounds=0", "learning_rate=2.0", "max_features='all'", "'sqrt'", "seed=-1"):
        assert part in str(caught.value)


def test_unknown_model_and_parameter_list_the_legal_ones() -> None:
    with pytest.raises(UsageError, match=r"no model called 'catboost'.*lightgbm.*xgboost"):
        create_model("catboost")
    with pytest.raises(UsageError, match=r"depth.*max_leaves"):
        create_model("xgboost", depth=3)


def test_a_collision_of_names_warns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MODELS, "lightgbm", MODELS["lightgbm"])

    class Other(LightGBM):
        pass

    with pytest.warns(UserWarning, match="'lightgbm' of .* replaces"):
        register(Other)


@pytest.mark.parametrize("name", NAMES)
def test_cuda_without_a_gpu_is_an_error_and_auto_is_not(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "gpu_present", lambda: False)
    devices.why_no_cuda.cache_clear()
    X, y, patients = make_data(rows=60)
    with pytest.raises(UsageError, match=f"{name} cannot train on cuda here: no NVIDIA GPU"):
        quick(name, device="cuda").fit(X, y, groups=patients)
    assert quick(name, device="auto").fit(X, y, groups=patients).device_ == "cpu"
    with pytest.raises(UsageError, match="device='gpu'; expected one of auto, cpu, cuda"):
        quick(name, device="gpu").fit(X, y, groups=patients)
    devices.why_no_cuda.cache_clear()


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_printed(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    X, y, patients = make_data(rows=40)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        quick(name).fit(X, y, groups=patients).predict(X)
    said = capfd.readouterr()
    assert said.out == said.err == ""


@pytest.mark.parametrize("name", NAMES)
def test_the_chosen_rounds_beat_many_on_noise(name: str) -> None:
    rng = np.random.default_rng(3)
    X = rng.normal(size=(240, 20)).astype(np.float32)
    y = rng.permutation(np.repeat(["a", "b"], 120))
    groups = np.arange(240)
    stopped = quick(name, rounds=300, learning_rate=0.3).fit(X[:160], y[:160], groups[:160])
    grown = quick(name, rounds=300, learning_rate=0.3, inner_folds=0).fit(X[:160], y[:160])
    losses = [sklearn_log_loss(y[160:], m.predict_proba(X[160:])) for m in (stopped, grown)]
    assert stopped.n_rounds_ < 100
    assert losses[0] < losses[1]


@pytest.mark.parametrize("name", NAMES)
def test_class_weights_go_by_label(name: str) -> None:
    X, y, patients = make_data()
    weights = {"glioma": 1.0, "meningioma": 1.0, "pituitary": 50.0}
    model = quick(name, class_weight=weights, inner_folds=0).fit(np.zeros_like(X), y, patients)
    assert set(model.predict(X)) == {"pituitary"}


@contextmanager
def on_one_matrix(_: XGBoost, *given: Any) -> Iterator[Any]:
    yield xgboost_booster._Whole(*given)


@pytest.mark.parametrize("holder", ["absent", "broken", "there"])
def test_a_gpus_matrix_is_made_of_its_own_memory_or_the_hosts(
    holder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cupy = types.ModuleType("cupy")
    if holder == "there":
        cupy.asarray = np.asarray  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "cupy", None if holder == "absent" else cupy)
    # The GPU's road but for the GPU: the library trains on the CPU when it is told so.
    monkeypatch.setattr(XGBoost, "_source", on_one_matrix)
    X, y, patients = make_data()
    model = quick("xgboost").fit(X[:180], y[:180], groups=patients[:180])
    assert model.memory_ == ("device" if holder == "there" else "host")
    # As good as the blocks are here; chance is 0.33.
    assert (model.predict(X[180:]) == y[180:]).mean() > 0.7


def stored(folder: Path, X: NDArray[np.float32]) -> StoredColumns:
    table, keys = FeatureStore(folder).table("demo-0", {}), [f"{i:04d}" for i in range(len(X))]
    for start in range(0, len(X), 50):
        table.write(keys[start : start + 50], X[start : start + 50])
    return StoredColumns(keys, [table], [X.shape[1]])


@pytest.mark.integration
@pytest.mark.parametrize(
    ("name", "parameters"),
    [("lightgbm", {}), ("xgboost", {}), ("xgboost", {"out_of_core": True})],
)
def test_columns_of_the_store_give_the_very_model_of_the_same_in_memory(
    tmp_path: Path, name: str, parameters: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_columns, "BATCH_BYTES", 40 * 4 * 33)
    monkeypatch.setattr(stored_columns, "GROUP_BYTES", 240 * 4 * 9)
    X, y, patients = make_data()
    X[::7, 5] = np.nan
    given = {"max_features": 0.2, "inner_folds": 3, **parameters}
    columns = stored(tmp_path, X)
    rows = np.r_[200:240, 0:150]  # chosen in any order
    models = [
        quick(name, **given).fit(each, y[rows], patients[rows]) for each in (X[rows], columns[rows])
    ]
    assert models[0].n_rounds_ == models[1].n_rounds_ > 1
    assert models[0].to_bytes() == models[1].to_bytes()
    assert models[1].n_features_in_ == 40
    rest = slice(150, 200)
    np.testing.assert_array_equal(
        models[0].predict_proba(X[rest]), models[1].predict_proba(columns[rest])
    )


def test_a_gpus_matrix_takes_columns_of_the_store_by_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_columns, "BATCH_BYTES", 40 * 4 * 33)
    monkeypatch.setattr(XGBoost, "_source", on_one_matrix)
    monkeypatch.setitem(sys.modules, "cupy", None)
    X, y, patients = make_data()
    models = [
        quick("xgboost", inner_folds=3).fit(each, y, patients) for each in (X, stored(tmp_path, X))
    ]
    assert models[0].to_bytes() == models[1].to_bytes()
    assert models[1].memory_ == "host"


@pytest.mark.parametrize("name", NAMES)
def test_columns_of_the_store_are_checked_as_those_in_memory(tmp_path: Path, name: str) -> None:
    X, y, _ = make_data()
    with pytest.raises(UsageError, match="training rows of one class only"):
        quick(name).fit(stored(tmp_path / "one", X)[:4], y[:4])
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        quick(name).fit(stored(tmp_path / "few", X), y[:-1])
    X[213, 7] = np.inf
    with pytest.raises(UsageError, match=r"infinity.* in column 7 \(first in row 213\)"):
        quick(name).fit(stored(tmp_path / "infinite", X), y)
