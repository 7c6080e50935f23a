"""No row is described by an extractor that learned from it, its patient or its copy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import cv2
import numpy as np
import pandas as pd
import pytest

from gliaboost.datasets.decode import decode
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.prepare import Preparation
from gliaboost.datasets.splits import patient_folds
from gliaboost.errors import UsageError
from gliaboost.features import FittedExtractor, create, register
from gliaboost.features.registry import EXTRACTORS
from gliaboost.features.store import FeatureStore
from gliaboost.models.base import Classifier
from gliaboost.models.bundle import load, save
from gliaboost.models.estimate import out_of_fold
from gliaboost.models.families import Family
from gliaboost.models.fitted_columns import (
    LearnedColumns,
    columns_of,
    family_input,
    learn_columns,
    mask_input,
    model_input,
)
from gliaboost.models.prediction import predict
from gliaboost.models.registry import MODELS, create_model
from gliaboost.models.registry import register as register_model
from gliaboost.models.search_space import SearchSpace
from gliaboost.models.training import search, train, training_data
from gliaboost.models.training_data import TrainingData
from gliaboost.reports.protocol.benchmark import run
from gliaboost.reports.protocol.elsewhere import Elsewhere
from gliaboost.reports.protocol.experiments import BY_IMAGE, SHUFFLED, competitors
from gliaboost.reports.protocol.protocol import Protocol

SIZE = 16
PREPARATION = Preparation(size=SIZE)
QUICK = {"rounds": 5, "inner_folds": 0}
LBP = create("lbp", grid=1)


class Memory(FittedExtractor):
    """Knows by heart the masks and labels that it was taught, and nothing of any other image."""

    name = "memory"
    takes_masks = True
    instead = "; or leave memory out"
    taught: ClassVar[list[dict[str, Any]]] = []

    def _fit(self, images: Any, labels: Any, groups: Any, masks: Any) -> None:
        self.taught.append(
            {
                "images": {image.tobytes() for image in images},
                "groups": set(groups.tolist()),
                "labels": labels.tolist(),
                "masks": masks,
            }
        )
        codes = np.unique(labels, return_inverse=True)[1]
        self.known_ = {
            image.tobytes().hex(): [float(code + 1), float(mask.sum())]
            for image, code, mask in zip(images, codes, masks, strict=True)
        }

    def _state(self) -> dict[str, Any]:
        return {"known": self.known_}

    def _restore(self, state: Any) -> None:
        self.known_ = dict(state["known"])

    def _extract(self, images: Any) -> Any:
        found = [self.known_.get(image.tobytes().hex(), [0.0, 0.0]) for image in images]
        return np.asarray(found, np.float32)

    def _names(self, height: int, width: int) -> list[str]:
        return ["memory__label", "memory__area"]


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    Memory.taught.clear()
    register(Memory)
    yield
    del EXTRACTORS["memory"]


def manifest_of(folder: Path, patients: int = 10, slices: int = 2, **columns: Any) -> Manifest:
    """Noise with a mask of random size, patients of two classes in turn."""
    rng, rows = np.random.default_rng(0), []
    folder.mkdir(parents=True)
    for patient in range(patients):
        for z in range(slices):
            name = f"p{patient:02}-{z}"
            mask = np.zeros((SIZE, SIZE), np.uint8)
            mask[: rng.integers(1, SIZE // 2), : rng.integers(1, SIZE)] = 255
            image = rng.integers(0, 256, (SIZE, SIZE), dtype=np.uint8)
            cv2.imwrite(str(folder / f"{name}.png"), image)
            cv2.imwrite(str(folder / f"{name}_mask.png"), mask)
            row = {"path": f"{name}.png", "mask": f"{name}_mask.png"}
            rows.append({**row, "label": "ab"[patient % 2], "patient": f"p{patient:02}"})
    return Manifest.of(pd.DataFrame(rows).assign(**columns), folder)


def data_of(manifest: Manifest, folder: Path, *extractors: Any) -> TrainingData:
    store = FeatureStore(folder / "store")
    return TrainingData(manifest, extractors or [Memory()], PREPARATION, store, jobs=1)


def rows_of(data: TrainingData) -> Any:
    return data.readable(np.arange(len(data.manifest)))


def test_training_rows_are_strangers_to_what_describes_them(tmp_path: Path) -> None:
    data = data_of(manifest_of(tmp_path / "data"), tmp_path)
    rows = rows_of(data)
    learned = learn_columns(data, rows, data.labels, [Memory()])
    assert len(Memory.taught) == 5  # all rows, and four times without a part
    assert not np.asarray(learned.columns).any()
    # The mistake: what was fitted on these rows tells all of them apart.
    mistaken, _ = columns_of(data, rows, learned.extractors)
    mistaken = np.asarray(mistaken)
    assert mistaken[:, 0].tolist() == [1.0 if label == "a" else 2.0 for label in data.labels]
    assert (mistaken[:, 1] > 0).all()
    assert learned.widths == (2,)


def test_no_test_patient_and_no_own_mask_reaches_a_fit(tmp_path: Path) -> None:
    manifest = manifest_of(tmp_path / "data")
    data, folds = data_of(manifest, tmp_path), patient_folds(manifest, 5)
    tested = np.full(len(manifest), -1)
    for number, fold in enumerate(folds):
        tested[fold.test] = number
    pictures = [image.tobytes() for image in data.images(rows_of(data))]
    for number, fold in enumerate(folds):
        before = len(Memory.taught)
        learned = learn_columns(data, fold.train, data.labels[fold.train], [Memory()], folds=tested)
        unseen, _ = columns_of(data, fold.test, learned.extractors)
        assert not np.asarray(learned.columns).any() and not np.asarray(unseen).any()
        asked = {pictures[row] for row in fold.test}
        patients = set(data.groups[fold.test])
        # Each other fold's pair with this one is fitted once.
        assert len(Memory.taught) - before == 1 + (4 - number)
        for taught in Memory.taught[before:]:
            assert not taught["images"] & asked
            assert not taught["groups"] & patients
    assert len(Memory.taught) == 15


class Pictures(FittedExtractor):
    """Knows which pictures it was taught, and spies what else reaches its fit."""

    name = "pictures"
    learns_labels = False
    taught: ClassVar[list[dict[str, Any]]] = []

    def _fit(self, images: Any, labels: Any, groups: Any, masks: Any) -> None:
        known = {image.tobytes() for image in images}
        self.taught.append({"images": known, "labels": set(labels), "masks": masks})
        self.taught[-1]["groups"] = set(groups.tolist())
        self.known_ = sorted(one.hex() for one in known)

    def _state(self) -> dict[str, Any]:
        return {"known": self.known_}

    def _restore(self, state: Any) -> None:
        self.known_ = list(state["known"])

    def _extract(self, images: Any) -> Any:
        found = [[image.tobytes().hex() in self.known_] for image in images]
        return np.asarray(found, np.float32)

    def _names(self, height: int, width: int) -> list[str]:
        return ["pictures__known"]


@pytest.fixture
def blind() -> Iterator[None]:
    Pictures.taught.clear()
    register(Pictures)
    yield
    del EXTRACTORS["pictures"]


def test_what_learns_no_labels_is_fitted_once_a_fold_without_its_test_rows(
    tmp_path: Path, blind: None
) -> None:
    manifest = manifest_of(tmp_path / "data")
    data, folds = data_of(manifest, tmp_path, Pictures()), patient_folds(manifest, 5)
    pictures = [image.tobytes() for image in data.images(rows_of(data))]
    for fold in folds:
        before = len(Pictures.taught)
        learned = learn_columns(data, fold.train, data.labels[fold.train], [Pictures()])
        unseen, _ = columns_of(data, fold.test, learned.extractors)
        # One vocabulary describes all rows of the fold; it has seen the training rows alone.
        assert np.asarray(learned.columns).all() and not np.asarray(unseen).any()
        (taught,) = Pictures.taught[before:]
        assert taught["images"] == {pictures[row] for row in fold.train}
        assert not taught["groups"] & set(data.groups[fold.test])
        assert taught["labels"] == {""} and taught["masks"] is None
        # Other labels, and another order of the rows, teach it nothing new.
        again = learn_columns(data, fold.train[::-1], data.labels[fold.train], [Pictures()], seed=1)
        assert len(Pictures.taught) == before + 1
        assert again.extractors[0].fingerprint() == learned.extractors[0].fingerprint()


def test_no_test_row_of_a_benchmark_reaches_what_learns_no_labels(
    tmp_path: Path, blind: None
) -> None:
    manifest = manifest_of(tmp_path / "data")
    none = Manifest.of(manifest.table.assign(mask=None), manifest.root)
    protocol = protocol_of(none, Pictures(), LBP, controls=False)
    run(none, protocol, FeatureStore(tmp_path / "store"), tmp_path / "out")
    data = data_of(none, tmp_path, LBP)
    pictures = [image.tobytes() for image in data.images(rows_of(data))]
    assert [t["images"] for t in Pictures.taught] == [
        {pictures[row] for row in fold.train} for fold in protocol.folds
    ]


def test_beside_what_learns_labels_each_is_fitted_its_own_way(tmp_path: Path, blind: None) -> None:
    data = data_of(manifest_of(tmp_path / "data"), tmp_path)
    learned = learn_columns(data, rows_of(data), data.labels, [Memory(), Pictures()])
    assert (len(Memory.taught), len(Pictures.taught)) == (5, 1)
    assert np.asarray(learned.columns).tolist() == [[0, 0, 1]] * 20


def test_a_column_that_a_part_cannot_have_is_nought_there(tmp_path: Path) -> None:
    class Classes(Memory):
        def _fit(self, images: Any, labels: Any, groups: Any, masks: Any) -> None:
            self.known_ = {"classes": sorted(set(labels.tolist()))}

        def _extract(self, images: Any) -> Any:
            return np.ones((len(images), len(self.known_["classes"])), np.float32)

        def _names(self, height: int, width: int) -> list[str]:
            return [f"memory__class_{c}" for c in self.known_["classes"]]

    manifest = manifest_of(tmp_path / "data", patients=6, slices=1)
    labels = ["a", "b", "a", "b", "c", "a"]
    data = data_of(Manifest.of(manifest.table.assign(label=labels), manifest.root), tmp_path)
    folds = np.array([0, 0, 1, 1, 2, 2])
    columns = learn_columns(data, rows_of(data), data.labels, [Classes()], folds=folds).columns
    assert np.asarray(columns).tolist() == [[1, 1, 1]] * 4 + [[1, 1, 0]] * 2


def test_masks_that_are_missing_or_broken_teach_nothing(tmp_path: Path) -> None:
    manifest = manifest_of(tmp_path / "data")
    table = manifest.table.copy()
    (manifest.root / "p00-0_mask.png").write_bytes(b"no mask")
    table.loc[4:7, "mask"] = None
    table.loc[6:7, "label"] = "no_tumor"
    data = data_of(Manifest.of(table, manifest.root), tmp_path)
    with pytest.warns(UserWarning, match="1 of 20 masks cannot be used"):
        learned = learn_columns(data, rows_of(data), data.labels, [Memory()])
    whole = Memory.taught[0]
    assert len(whole["images"]) == 17  # a broken one, and two of a tumour without a mask
    assert [bool(m.any()) for m in whole["masks"]].count(False) == 2
    assert len(learned.columns) == 20
    assert data.mask_keys(np.array([4, 6])) == ["unknown", "healthy"]


def test_without_masks_it_is_said_what_to_do_instead(tmp_path: Path) -> None:
    manifest = manifest_of(tmp_path / "data")
    none = Manifest.of(manifest.table.assign(mask=None), manifest.root, "set.csv")
    with pytest.raises(UsageError, match=r"no row of set\.csv has one; fill.*or leave memory out"):
        data_of(none, tmp_path)
    for path in manifest.masks:
        assert path is not None
        cv2.imwrite(str(path), np.zeros((SIZE, SIZE), np.uint8))
    data = data_of(manifest, tmp_path)
    with pytest.raises(UsageError, match="of 20 training rows none has one that is not empty"):
        learn_columns(data, rows_of(data), data.labels, [Memory()])


def test_masks_in_one_inner_part_alone_say_what_to_do(tmp_path: Path) -> None:
    manifest = manifest_of(tmp_path / "data")
    table = manifest.table.copy()
    table.loc[table.index >= 2, "mask"] = None  # p00 alone has masks
    data = data_of(Manifest.of(table, manifest.root), tmp_path)
    with pytest.raises(UsageError) as caught:
        learn_columns(data, rows_of(data), data.labels, [Memory()])
    said = str(caught.value)
    assert "the 2 of 20 training rows" in said and "all lie in one inner part" in said
    assert "for patients of other folds" in said and said.endswith("; or leave memory out")
    assert not Memory.taught  # before any work


def test_columns_stand_in_the_order_of_their_extractors(tmp_path: Path) -> None:
    glcm = create("glcm")
    data = data_of(manifest_of(tmp_path / "data"), tmp_path, LBP, Memory(), glcm)
    rows = rows_of(data)
    learned = learn_columns(data, rows, data.labels, [LBP, *data.extractors[1:]])
    known = data.columns(rows, [LBP, glcm])
    width = data.widths([LBP])[0]
    np.testing.assert_array_equal(np.delete(learned.columns, [width, width + 1], axis=1), known)
    columns, seconds = columns_of(data, rows, learned.extractors)
    np.testing.assert_array_equal(np.delete(columns, [width, width + 1], axis=1), known)
    assert (np.asarray(columns)[:, width] > 0).all() and len(seconds) == 1
    assert data.seconds(data.extractors) == data.seconds([LBP, glcm]) > 0


@pytest.mark.parametrize(
    ("takes", "images", "beside"),
    [("columns", False, []), ("images", True, []), ("both", True, ["columns"])],
)
def test_a_model_is_given_what_it_takes(
    tmp_path: Path, takes: str, images: bool, beside: list[str]
) -> None:
    data, rows = data_of(manifest_of(tmp_path / "data"), tmp_path, LBP), np.array([3, 1])
    columns, _ = columns_of(data, rows, [LBP])
    model = type("Model", (Classifier,), {"takes": takes})
    X, named = model_input(data, model, rows, columns)
    np.testing.assert_array_equal(X, data.images(rows) if images else columns)
    assert list(named) == beside
    for values in named.values():
        np.testing.assert_array_equal(values, columns)


def protocol_of(manifest: Manifest, *extractors: Any, **given: Any) -> Protocol:
    return Protocol(
        competitors(["lightgbm"], extractors), patient_folds(manifest, 5), "folds",
        preparation=PREPARATION, parameters={"lightgbm": QUICK}, jobs=1, **given,
    )  # fmt: skip


@pytest.mark.integration
def test_a_benchmark_fits_fifteen_times_and_goes_on_where_it_stopped(
    tmp_path: Path, heard: Any
) -> None:
    manifest = manifest_of(tmp_path / "data")
    out, store = tmp_path / "out", FeatureStore(tmp_path / "store")
    protocol = protocol_of(manifest, Memory())
    results = run(manifest, protocol, store, out, progress=heard)
    assert len(Memory.taught) == 15
    assert results.record.experiments[0].seconds.features > 0
    assert sum("memory learned from" in line for line in heard.lines) == 15
    run(manifest, protocol, store, out, progress=heard)
    for part in (out / "parts").glob("*.parquet"):
        part.unlink()
    run(manifest, protocol, store, out, progress=heard)
    assert len(Memory.taught) == 15
    # Another mask is another result.
    name = manifest.masks[0]
    assert name is not None
    cv2.imwrite(str(name), np.eye(SIZE, dtype=np.uint8) * 255)
    run(manifest, protocol, store, out, progress=heard)
    assert len(Memory.taught) > 15


@pytest.mark.integration
def test_folds_side_by_side_in_other_processes_give_the_same(tmp_path: Path, far: Any) -> None:
    manifest = manifest_of(tmp_path / "data")
    store = FeatureStore(tmp_path / "store")
    protocol = protocol_of(manifest, LBP, Memory(), controls=False)
    own = run(manifest, protocol, store, tmp_path / "own").predictions
    other = run(manifest, protocol, FeatureStore(tmp_path / "s"), tmp_path / "far", executor=far)
    assert far.tasks > 5
    columns = ["key", "fold", "predicted", "proba_a"]
    pd.testing.assert_frame_equal(
        own.sort_values("key")[columns].reset_index(drop=True),
        other.predictions.sort_values("key")[columns].reset_index(drop=True),
    )


def test_another_data_set_is_asked_without_masks(tmp_path: Path) -> None:
    manifest, there = manifest_of(tmp_path / "data"), manifest_of(tmp_path / "there", patients=2)
    other = Manifest.of(there.table.assign(mask=None), there.root, "there.csv")
    for path in other.paths:
        cv2.imwrite(str(path), 255 - decode(path))
    elsewhere = Elsewhere("there", other, {"in both": 0, "unknown class": 0}, {"a": 2, "b": 2})
    store = FeatureStore(tmp_path / "store")
    protocol = protocol_of(manifest, Memory(), controls=False)
    results = run(manifest, protocol, store, tmp_path / "out", elsewhere=elsewhere)
    (abroad,) = [e for e in results.record.experiments if e.test_on]
    assert (abroad.name, abroad.counts.images) == ("lightgbm+memory (on there)", 4)
    # Its training columns come from the five fits of the folds themselves; one on all is new.
    assert len(Memory.taught) == 15 + 1


def test_a_fold_alone_has_the_numbers_that_it_has_among_all(tmp_path: Path) -> None:
    manifest, store = manifest_of(tmp_path / "data"), FeatureStore(tmp_path / "store")
    whole = protocol_of(manifest, Memory(), controls=False)
    one = replace(whole, folds=whole.folds[1:2], all_folds=whole.folds)
    out = tmp_path / "out"
    run(manifest, one, store, out)
    assert len(Memory.taught) == 5
    (path,) = (out / "parts").glob("*.parquet")
    before = path.stat().st_mtime_ns
    run(manifest, whole, store, out)
    assert path.stat().st_mtime_ns == before
    assert len(Memory.taught) == 15


@pytest.mark.integration
def test_controls_use_what_need_not_learn_and_say_so(tmp_path: Path) -> None:
    manifest = manifest_of(tmp_path / "data")
    store = FeatureStore(tmp_path / "store")
    alone = run(manifest, protocol_of(manifest, Memory()), store, tmp_path / "alone").record
    assert set(alone.failed_controls) == {SHUFFLED, BY_IMAGE}
    assert "memory learned inside the folds" in alone.failed_controls[SHUFFLED]
    beside = run(manifest, protocol_of(manifest, LBP, Memory()), store, tmp_path / "beside").record
    assert set(beside.failed_controls) == {BY_IMAGE}
    assert [e.features for e in beside.experiments if e.control] == [(LBP.label,)]
    assert beside.experiments[0].shap_by_family is not None


@pytest.mark.integration
def test_a_trained_bundle_carries_what_was_learned(tmp_path: Path) -> None:
    manifest = manifest_of(tmp_path / "data")
    store = FeatureStore(tmp_path / "store")
    given: dict[str, Any] = {"preparation": PREPARATION, "jobs": 1, "device": "cpu"}
    bundle, _ = train(manifest, [LBP, Memory()], "lightgbm", store, parameters=QUICK, **given)
    opened = load(save(bundle, tmp_path / "model.joblib"))
    (_, memory) = opened.extractors()
    assert isinstance(memory, Memory) and len(memory.known_) == 20
    assert "state" not in str(opened.summary()["features"])
    found = predict(opened, manifest.paths[:3], jobs=1)
    assert [p.error for p in found] == [None] * 3
    data = training_data(manifest, [Memory()], "lightgbm", store, preparation=PREPARATION, jobs=1)
    frame = out_of_fold(data, "lightgbm", parameters=QUICK, folds=3, jobs=1, device="cpu")
    assert frame is not None and len(frame) == 20
    # Three folds, three pairs of folds; and before them five fits.
    assert len(Memory.taught) == 5 + 6


def test_a_search_sees_columns_of_strangers(tmp_path: Path) -> None:
    pytest.importorskip("optuna")
    manifest = manifest_of(tmp_path / "data")
    store = FeatureStore(tmp_path / "store")
    found = search(
        manifest, [Memory()], "lightgbm", store, tmp_path / "study", preparation=PREPARATION,
        trials=1, folds=2, fixed=QUICK, jobs=1, device="cpu",
    )  # fmt: skip
    assert found.score == pytest.approx(np.log(2), abs=0.05)


class Masked(Classifier):
    """Says the same of every image, and remembers what it was fitted with."""

    name, takes, library = "masked", "images", "numpy"
    seen: ClassVar[list[dict[str, Any]]] = []

    def fit(
        self, X: Any, y: Any, groups: Any = None, *, masks: Any = None, masked: Any = None
    ) -> Any:
        self.classes_, self.n_features_in_ = np.unique(y), X[0].size
        self.seen.append({"X": X, "masks": masks, "masked": masked})
        return self

    def predict_proba(self, X: Any) -> Any:
        return np.full((len(X), len(self.classes_)), 1 / len(self.classes_))

    def _to_bytes(self) -> bytes:
        return b""

    def _from_bytes(self, native: bytes) -> None:
        pass


@pytest.fixture
def masked_model() -> Iterator[type[Masked]]:
    Masked.seen.clear()
    register_model(Masked)
    yield Masked
    del MODELS["masked"]


@pytest.mark.integration
def test_a_model_that_takes_masks_is_given_those_of_its_training_rows(
    tmp_path: Path, masked_model: type[Masked]
) -> None:
    manifest = manifest_of(tmp_path / "data")
    table = manifest.table.copy()
    table.loc[[0, 5], "mask"] = None
    table["presence"] = ["no_tumor" if i == 5 else "tumor" for i in range(len(table))]
    manifest = Manifest.of(table, manifest.root)
    data = data_of(manifest, tmp_path, LBP)
    whole, known = data.masks(rows_of(data))
    assert known.sum() == len(table) - 1 and not known[0]
    assert mask_input(data, create_model("lightgbm"), rows_of(data)) == {}
    some = np.array([3, 0, 7])
    given = mask_input(data, masked_model(), some)
    np.testing.assert_array_equal(given["masks"], whole[some])
    assert given["masked"].tolist() == [True, False, True]

    def fits_beside(fitted: int) -> None:
        """Each image came with its own mask."""
        assert len(masked_model.seen) == fitted
        own = {i.tobytes(): k for k, i in enumerate(data.images(rows_of(data)))}
        for fit in masked_model.seen:
            rows = [own[image.tobytes()] for image in fit["X"]]
            np.testing.assert_array_equal(fit["masks"], whole[rows])
            np.testing.assert_array_equal(fit["masked"], known[rows])
        masked_model.seen.clear()

    store = FeatureStore(tmp_path / "store")
    train(manifest, [], "masked", store, preparation=PREPARATION, jobs=1)
    fits_beside(1)
    out_of_fold(data, "masked", folds=2, jobs=1)
    fits_beside(2)

    def benchmark(table: Any) -> None:
        own = Manifest.of(table, manifest.root)
        protocol = Protocol(
            competitors(["masked"], []), patient_folds(own, 2), "folds",
            preparation=PREPARATION, controls=False, jobs=1,
        )  # fmt: skip
        run(own, protocol, store, tmp_path / "run")

    benchmark(table)
    fits_beside(2)
    benchmark(table)
    fits_beside(0)
    # Another mask is another training.
    table["mask"] = [table["mask"][2 if i == 1 else i] for i in range(len(table))]
    benchmark(table)
    assert masked_model.seen


class Told(Classifier):
    """Says the same of every row, and remembers whose columns it was given."""

    name, library = "told", "numpy"
    seen: ClassVar[list[list[Family]]] = []

    def fit(self, X: Any, y: Any, groups: Any = None, *, families: Any = None) -> Any:
        self.classes_, self.n_features_in_ = np.unique(y), X.shape[1]
        assert families is None or sum(f.width for f in families) == X.shape[1]
        self.seen.append(families)
        return self

    def predict_proba(self, X: Any) -> Any:
        return np.full((len(X), len(self.classes_)), 1 / len(self.classes_))

    def _to_bytes(self) -> bytes:
        return b""

    def _from_bytes(self, native: bytes) -> None:
        pass

    @classmethod
    def search_space(cls) -> SearchSpace:
        return SearchSpace(lambda trial: {}, {})


@pytest.fixture
def told_model() -> Iterator[type[Told]]:
    Told.seen.clear()
    register_model(Told)
    yield Told
    del MODELS["told"]


@pytest.mark.integration
def test_a_model_that_reads_families_apart_is_told_them_wherever_it_is_fitted(
    tmp_path: Path, told_model: type[Told]
) -> None:
    manifest = manifest_of(tmp_path / "data")
    store, features = FeatureStore(tmp_path / "store"), [LBP, Memory(), create("glcm")]
    families = [Family(LBP.label, 54), Family("memory", 2), Family("glcm", 72)]

    def heard(fits: int) -> None:
        assert told_model.seen == [families] * fits
        told_model.seen.clear()

    train(manifest, features, "told", store, preparation=PREPARATION, jobs=1)
    heard(1)
    data = training_data(manifest, features, "told", store, preparation=PREPARATION, jobs=1)
    out_of_fold(data, "told", folds=2, jobs=1)
    heard(2)
    protocol = Protocol(
        competitors(["told", "lightgbm"], features), patient_folds(manifest, 2), "folds",
        preparation=PREPARATION, controls=False, jobs=1, parameters={"lightgbm": QUICK},
    )  # fmt: skip
    run(manifest, protocol, store, tmp_path / "run")
    heard(2)
    pytest.importorskip("optuna")
    search(
        manifest, features, "told", store, tmp_path / "study", preparation=PREPARATION, trials=1,
        folds=2, jobs=1,
    )  # fmt: skip
    heard(2)
    protocol = replace(protocol, trials=1, experiments=competitors(["told"], features))
    run(manifest, protocol, store, tmp_path / "searched")
    # In each of two folds, after a search on three inner ones.
    heard(2 * (2 + 1))


def test_columns_that_tell_something_together_alone_are_told_as_such() -> None:
    learned = LearnedColumns(np.zeros((2, 56), np.float32), (LBP, Memory()), (54, 2), {})
    assert family_input("lightgbm", learned) == {}
    assert [f.joint for f in family_input("stacked", learned)["families"]] == [False, False]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Memory, "joint", True)
        assert [f.joint for f in family_input("stacked", learned)["families"]] == [False, True]
