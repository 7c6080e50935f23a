"""Region features: a segmenter fitted inside the fold, columns that look where it points."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import cv2
import numpy as np
import pandas as pd
import pytest

from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.prepare import Preparation
from gliaboost.datasets.splits import patient_folds
from gliaboost.errors import UsageError
from gliaboost.features import create, from_spec
from gliaboost.features.embedding import availability
from gliaboost.features.fitted import described, is_fitted
from gliaboost.features.fitted_checks import sample_rows
from gliaboost.features.store import FeatureStore
from gliaboost.models.bundle import load, save
from gliaboost.models.bundle_file import save as save_bundle
from gliaboost.models.explain.attribution import explain
from gliaboost.models.fitted_columns import columns_of, learn_columns
from gliaboost.models.prediction import predict
from gliaboost.models.segmentation.base import Segmenter
from gliaboost.models.segmentation.bundle import SegmenterBundle, load_segmenter
from gliaboost.models.segmentation.decision import Decision
from gliaboost.models.segmentation.region import Region
from gliaboost.models.segmentation.registry import SEGMENTERS, register, segmenter_class
from gliaboost.models.training import train
from gliaboost.models.training_data import TrainingData
from gliaboost.reports.protocol.benchmark import run
from gliaboost.reports.protocol.experiments import competitors
from gliaboost.reports.protocol.protocol import Protocol

PLAIN: dict[str, Any] = {"maps": "classical"}
PREPARATION = Preparation(size=48)


class ByHeart(Segmenter):
    """Gives back the masks that it was taught, and for any other image nothing."""

    name: ClassVar[str] = "by-heart"
    library: ClassVar[str] = "numpy"
    taught: ClassVar[list[tuple[set[bytes], set[str]]]] = []

    def _fit(self, images: Any, masks: Any, labels: Any, groups: Any) -> None:
        self.taught.append(({image.tobytes() for image in images}, set(map(str, groups))))
        self.decision_ = Decision()
        self.known_ = {i.tobytes(): (m, k) for i, m, k in zip(images, masks, labels, strict=True)}

    def _predict_maps(self, images: Any) -> Any:
        maps = np.zeros((len(images), len(self.classes_), *images.shape[1:]), np.float32)
        for n, image in enumerate(images):
            if image.tobytes() in self.known_:
                mask, label = self.known_[image.tobytes()]
                maps[n, self.classes_.tolist().index(label)] = mask
        return maps

    def _to_bytes(self) -> bytes:
        size = self.image_size_
        lines = [
            f"{image.hex()} {mask.tobytes().hex()} {label}"
            for image, (mask, label) in sorted(self.known_.items(), key=lambda one: one[0])
        ]
        return "\n".join([str(size), *lines]).encode()

    def _from_bytes(self, native: bytes) -> None:
        size, *lines = native.decode().split("\n")
        side = int(size)
        self.known_ = {}
        for line in lines:
            image, mask, label = line.split(" ")
            inside = np.frombuffer(bytes.fromhex(mask), bool).reshape(side, side)
            self.known_[bytes.fromhex(image)] = (inside, label)


@pytest.fixture
def by_heart() -> Iterator[None]:
    ByHeart.taught.clear()
    register(ByHeart)
    yield
    del SEGMENTERS["by-heart"]


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    """Heads of noise with masks at random: nothing on an image tells where its mask is."""
    rng, rows = np.random.default_rng(0), []
    folder = tmp_path / "data"
    folder.mkdir()
    y, x = np.mgrid[:48, :48]
    head = (((y - 23.5) / 22) ** 2 + ((x - 23.5) / 19) ** 2) < 1
    for patient in range(10):
        for z in range(2):
            image = (head * rng.integers(60, 200, (48, 48))).astype(np.uint8)
            # Large in one class, small in the other: a mask tells the class.
            radius = 9 if patient % 2 else 4
            centre = rng.uniform(16, 32, 2)
            mask = (y - centre[0]) ** 2 + (x - centre[1]) ** 2 < radius**2
            cv2.imwrite(str(folder / f"{patient}-{z}.png"), image)
            cv2.imwrite(str(folder / f"{patient}-{z}m.png"), mask.astype(np.uint8) * 255)
            row = {"path": f"{patient}-{z}.png", "mask": f"{patient}-{z}m.png"}
            label = "large" if patient % 2 else "small"
            rows.append({**row, "label": label, "patient": f"p{patient}"})
    return Manifest.of(pd.DataFrame(rows), folder)


def data_of(manifest: Manifest, region: Region, folder: Path) -> TrainingData:
    return TrainingData(manifest, [region], PREPARATION, FeatureStore(folder / "store"), jobs=1)


def test_columns_point_at_the_spot() -> None:
    rows = sample_rows(64, 64)
    region = create("region", segmenter="otsu", **PLAIN).fit(**rows)
    names = region.feature_names(64, 64)
    columns = region.transform(rows["X"])
    assert columns.shape == (16, len(names)) and np.isfinite(columns).all()
    at = {name.removeprefix("region__otsu__"): k for k, name in enumerate(names)}
    y, x = np.nonzero(rows["masks"][0])
    head_y, head_x = (axis - 31.5 for axis in (y.mean(), x.mean()))
    assert columns[0, at["centroid_y"]] == pytest.approx(head_y / 28.8, abs=0.1)
    assert columns[0, at["centroid_x"]] == pytest.approx(head_x / 25.6, abs=0.1)
    assert (columns[:, at["seen"]] == 1).all()
    inside, whole = (columns[:, at[f"{p}__grey_mean__stride4"]] for p in ("inside_mean", "mean"))
    assert (inside > whole + 1).all()


def test_the_outline_is_where_the_columns_look() -> None:
    rows = sample_rows(64, 64)
    region = Region(segmenter="otsu", **PLAIN).fit(**rows)
    outline = region.outline(rows["X"][0])
    both = (outline.mask & rows["masks"][0]).sum()
    assert 2 * both / (outline.mask.sum() + rows["masks"][0].sum()) > 0.9
    names = np.asarray(region.feature_names(64, 64))[outline.columns]
    assert all("__inside_" in name or "__ring_" in name for name in names)
    assert outline.words.startswith("Outlined: where Otsu's threshold finds a tumour")
    nothing = region.outline(np.zeros((64, 64), np.uint8))
    assert "believes in no tumour" in nothing.words


def test_images_of_any_content_have_finite_columns() -> None:
    rows = sample_rows(64, 64)
    region = Region(segmenter="otsu", **PLAIN).fit(**rows)
    strange = np.zeros((4, 64, 64), np.uint8)
    strange[1], strange[2, 30, 30] = 255, 255
    strange[3] = np.random.default_rng(0).integers(0, 256, (64, 64))
    columns = region.transform(strange)
    assert np.isfinite(columns).all()
    assert region.transform(strange[:, :9, :9]).shape == columns.shape  # smaller than any grid


@pytest.mark.integration
def test_boosted_pixels_inside_find_what_was_taught() -> None:
    rows = sample_rows(64, 64)
    few = {"rounds": 10, "passes": 1, "inner_folds": 2}
    region = Region(parameters=few, jobs=1, **PLAIN).fit(**rows)
    again = from_spec(described(region))
    new = sample_rows(64, 64, seed=3)
    columns = region.transform(new["X"])
    np.testing.assert_array_equal(again.transform(new["X"]), columns)
    names = region.feature_names(64, 64)
    share = columns[:, names.index("region__boosted-pixels__class_large__share")]
    assert share[new["y"] == "large"].min() > share[new["y"] == "small"].max()


@pytest.mark.integration
def test_no_test_patient_and_no_own_mask_reaches_the_segmenter(
    manifest: Manifest, by_heart: None, tmp_path: Path
) -> None:
    region = Region(segmenter="by-heart", **PLAIN)
    data, folds = data_of(manifest, region, tmp_path), patient_folds(manifest, 5)
    tested = np.full(len(manifest), -1)
    for number, fold in enumerate(folds):
        tested[fold.test] = number
    pictures = [image.tobytes() for image in data.images(np.arange(len(manifest)))]
    for fold in folds:
        before = len(ByHeart.taught)
        labels = data.labels[fold.train]
        learned = learn_columns(data, fold.train, labels, [region], folds=tested)
        names = learned.extractors[0].feature_names(48, 48)
        area = names.index("region__by-heart__area")
        seen = names.index("region__by-heart__seen")
        unseen = np.asarray(columns_of(data, fold.test, learned.extractors)[0])
        mistaken = np.asarray(columns_of(data, fold.train, learned.extractors)[0])
        strangers = np.asarray(learned.columns)
        # In-sample masks tell the classes apart, honest ones do not know a single one.
        assert mistaken[:, seen].all()
        large = labels == "large"
        assert mistaken[large, area].min() > mistaken[~large, area].max()
        assert not strangers[:, seen].any() and not unseen[:, seen].any()
        assert np.ptp(strangers[:, area]) == 0
        for images, groups in ByHeart.taught[before:]:
            assert not images & {pictures[row] for row in fold.test}
            assert not groups & set(data.groups[fold.test])
    assert len(ByHeart.taught) == 15


@pytest.mark.integration
def test_accuracy_by_heart_is_chance_and_the_mistake_is_not(
    manifest: Manifest, by_heart: None, tmp_path: Path
) -> None:
    region = Region(segmenter="by-heart", **PLAIN)
    protocol = Protocol(
        competitors(["lightgbm"], [region]), patient_folds(manifest, 5), "folds",
        preparation=PREPARATION, parameters={"lightgbm": {"rounds": 5, "inner_folds": 0}},
        jobs=1, controls=False,
    )  # fmt: skip
    out = tmp_path / "out"
    results = run(manifest, protocol, FeatureStore(tmp_path / "store"), out)
    frame = results.predictions
    assert (frame["label"] == frame["predicted"]).mean() < 0.8
    bundle = load(next((out / "models").glob("*.joblib")))
    (own,) = bundle.extractors()
    assert isinstance(own, Region) and own.model_.name == "by-heart"


def test_a_light_segmenter_is_the_default_and_said_in_the_spec() -> None:
    light = {"passes": 1, "inner_folds": 2, "rounds": 40}
    usual, told = Region(), Region(parameters=light)
    assert usual.spec()["parameters"]["parameters"] == light
    assert usual.fingerprint() == told.fingerprint() != Region(parameters={}).fingerprint()
    assert usual.label == told.label == "region"
    assert Region(segmenter="otsu").spec()["parameters"]["parameters"] is None


LIGHTER = {"passes": 1, "inner_folds": 2}


@pytest.mark.parametrize(
    ("given", "label"),
    [
        (
            {"maps": "classical", "parameters": {**LIGHTER, "rounds": 20}},
            "maps=classical,rounds=20",
        ),
        # Given in place of the light form: what is not named is the segmenter's own default.
        ({"parameters": {"rounds": 20}}, "inner_folds=3,passes=2,rounds=20"),
        ({"parameters": {}}, "inner_folds=3,passes=2,rounds=80"),
        ({"segmenter": "otsu"}, "segmenter=otsu"),
        ({"segmenter": "unet", "parameters": {"epochs": 3}}, "segmenter=unet,epochs=3"),
        (
            {"parameters": {**LIGHTER, "rounds": 40, "maps": "classical"}},
            "segmenter.maps=classical",
        ),
        ({"parameters": {**LIGHTER, "rounds": 40, "seed": 3}}, "segmenter.seed=3"),
        ({"seed": 3}, "seed=3"),
        ({"segmenter": "nobody's", "parameters": {"a": 1}}, "segmenter=nobody's,a=1"),
        ({"parameters": "many"}, "parameters=many"),
    ],
)
def test_only_what_differs_from_the_light_form_is_told(given: dict[str, Any], label: str) -> None:
    assert Region(**given).label == f"region:{label}"


def test_a_label_and_a_fingerprint_are_of_the_same_numbers() -> None:
    light = {**LIGHTER, "rounds": 40}
    same: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({}, {"parameters": light}),
        ({}, {"parameters": {**light, "by_class": True, "maps": "frozen", "jobs": 2, "seed": 0}}),
        ({"parameters": {}}, {"parameters": {"rounds": 80}}),
        ({"segmenter": "otsu"}, {"segmenter": "otsu", "parameters": {}}),
        ({"parameters": {"rounds": np.int64(20)}}, {"parameters": {"rounds": 20, "passes": 2}}),
        ({"segmenter": "unet"}, {"segmenter": "unet", "parameters": {"trained_on": "ADNI"}}),
    ]
    for one, other in same:
        first, second = Region(**one), Region(**other)
        assert first.fingerprint() == second.fingerprint()
        assert first.label == second.label
        assert from_spec(first.spec()).fingerprint() == first.fingerprint()
    apart: list[dict[str, Any]] = [
        {}, {"maps": "classical"}, {"parameters": {}}, {"parameters": {"rounds": 40}},
        {"parameters": {"rounds": 40, "passes": 1}}, {"parameters": {**light, "maps": "classical"}},
        {"parameters": {**light, "maps": "frozen"}, "maps": "classical"}, {"seed": 1},
        {"parameters": {**light, "seed": 1}}, {"parameters": {**light, "by_class": 1}},
        {"segmenter": "otsu"}, {"parameters": {**light, "rounds": 40.0}},
    ]  # fmt: skip
    regions = [Region(**given) for given in apart]
    assert len({r.fingerprint() for r in regions}) == len(apart)
    assert len({r.label for r in regions}) == len(apart)


def test_a_segmenter_of_other_maths_is_fitted_anew(
    manifest: Manifest, by_heart: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    region, rows = Region(segmenter="by-heart", **PLAIN), np.arange(20)
    data = data_of(manifest, region, tmp_path)
    told = described(learn_columns(data, rows, data.labels, [region]).extractors[0])
    done, known = len(ByHeart.taught), region.fingerprint()
    learn_columns(data, rows, data.labels, [region])
    assert len(ByHeart.taught) == done
    older = {k: v for k, v in told.items() if k != "segmenter_version"}
    assert from_spec(told).fingerprint() == from_spec(older).fingerprint()
    monkeypatch.setattr(ByHeart, "version", 2)
    assert region.fingerprint() != known
    learn_columns(data, rows, data.labels, [region])
    assert len(ByHeart.taught) == 2 * done
    with pytest.raises(UsageError, match=r"made by version 1 of its segmenter's maths.* version 2"):
        from_spec(told)


def test_a_file_of_a_segmenter_of_other_maths_has_other_columns(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = Region(segmenter=str(file), **PLAIN).fingerprint()
    monkeypatch.setattr(segmenter_class("otsu"), "version", 2)
    assert Region(segmenter=str(file), **PLAIN).fingerprint() != known


def test_a_file_of_a_segmenter_of_other_maths_is_told_before_any_work(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = load_segmenter(file)
    bundle.segmenter_version = 1
    save_bundle(bundle, file)
    assert Region(segmenter=str(file), **PLAIN).parameter_faults(48, 48) == []
    monkeypatch.setattr(segmenter_class("otsu"), "version", 2)
    (fault,) = Region(segmenter=str(file), **PLAIN).parameter_faults(48, 48)
    assert str(file) in fault and "version 1 of its maths, here it has version 2" in fault


@pytest.mark.integration
def test_a_bundle_of_region_features_predicts_and_explains_a_file(
    manifest: Manifest, tmp_path: Path
) -> None:
    region = Region(segmenter="otsu", **PLAIN)
    bundle, _ = train(
        manifest, [region], "lightgbm", FeatureStore(tmp_path / "store"), jobs=1, device="cpu",
        preparation=PREPARATION, parameters={"rounds": 5, "inner_folds": 0},
    )  # fmt: skip
    opened = load(save(bundle, tmp_path / "model.joblib"))
    (one,) = predict(opened, manifest.paths[:1], jobs=1)
    assert one.error is None and one.predicted in ("large", "small")
    found = explain(opened, manifest.paths[0])
    assert set(found.families) == {region.label}
    (outline,) = found.outlines
    assert outline.mask.shape == (48, 48) and outline.mask.any()
    assert outline.words in found.notes()
    assert 0 < found.placed < 1
    # What belongs to the region is drawn on it, and nowhere else.
    assert found.heat[outline.mask].any() and not found.heat[~outline.mask].any()
    # The image beside the map is grey, but for the outline.
    beside = found.picture()[80:420, 30:420].astype(int)
    assert (np.ptp(beside, axis=-1) > 60).any()
    bare = replace(found, outlines=()).picture()[80:420, 30:420].astype(int)
    assert not np.ptp(bare, axis=-1).any()


@pytest.mark.integration
def test_a_class_without_masks_teaches_nothing_and_has_columns(
    manifest: Manifest, tmp_path: Path
) -> None:
    table = manifest.table.copy()
    table.loc[table["label"] == "small", "mask"] = None
    region = Region(parameters={"rounds": 3, "passes": 1, "inner_folds": 2}, **PLAIN)
    data = data_of(Manifest.of(table, manifest.root), region, tmp_path)
    learned = learn_columns(data, np.arange(20), data.labels, [region])
    assert learned.columns.shape[0] == 20 and np.isfinite(learned.columns).all()
    names = learned.extractors[0].feature_names(48, 48)
    assert {n.split("__")[2] for n in names if "__class_" in n} == {"class_large"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"segmenter": "u-nett"}, "segmenter='u-nett', expected one of boosted-pixels"),
        ({"maps": "both"}, "maps='both', expected one of classical, frozen"),
        ({"parameters": 3}, "parameters=3, expected a mapping"),
        ({"parameters": {"round": 3}}, "its parameters are"),
        ({"parameters": {"rounds": 0}}, "rounds=0"),
        ({"seed": "x"}, "seed='x', expected a whole number"),
    ],
)
def test_wrong_parameters_are_told_before_any_work(given: dict[str, Any], said: str) -> None:
    (fault,) = Region(**{**PLAIN, **given}).parameter_faults(64, 64)
    assert said in fault


def test_without_torch_the_way_without_a_network_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(availability, "find_spec", lambda name: None)
    (fault,) = Region().parameter_faults(64, 64)
    assert "gliaboost[torch]" in fault and fault.endswith("maps=classical")
    assert Region(**PLAIN).parameter_faults(64, 64) == []


def test_right_parameters_have_no_faults_and_squares_are_asked_for() -> None:
    assert Region(**PLAIN).parameter_faults(64, 64) == []
    assert "expected squares" in Region(**PLAIN).parameter_faults(64, 80)[0]
    with pytest.raises(UsageError, match="all 16 masks are empty"):
        rows = sample_rows(64, 64)
        Region(segmenter="otsu", **PLAIN).fit(**{**rows, "masks": rows["masks"] & False})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A segmenter that was trained elsewhere: Otsu's, on MRI prepared to 48 x 48 pixels."""
    decision = {"least": 0.5, "share": 0.5, "others": 1.0}
    bundle = SegmenterBundle(
        "otsu", b"", "", ["tumor"], decision, 48, PREPARATION.to_dict(), modality="MRI"
    )
    return save_bundle(bundle, tmp_path / "seg.joblib")


def test_a_segmenter_from_elsewhere_needs_no_masks_and_learns_nothing(
    manifest: Manifest, file: Path, tmp_path: Path
) -> None:
    region = Region(segmenter=str(file), **PLAIN)
    assert region.parameter_faults(48, 48) == []
    assert is_fitted(region)
    bare = Manifest.of(manifest.table.assign(mask=None), manifest.root)
    data, rows = data_of(bare, region, tmp_path), np.arange(20)
    learned = learn_columns(data, rows, data.labels, [region])
    assert learned.extractors == (region,) and not learned.seconds
    fitted_here = Region(segmenter="otsu", **PLAIN).fit(
        data.images(rows), masks=np.ones((20, 48, 48), bool)
    )
    np.testing.assert_array_equal(learned.columns, fitted_here.transform(data.images(rows)))
    with pytest.raises(UsageError, match="learns nothing"):
        region.fit(data.images(rows), masks=np.ones((20, 48, 48), bool))


@pytest.mark.integration
def test_a_file_is_known_by_its_content_and_goes_into_the_bundle(
    manifest: Manifest, file: Path, tmp_path: Path
) -> None:
    region = Region(segmenter=str(file), **PLAIN)
    moved = file.rename(tmp_path / "other.joblib")
    again = Region(segmenter=str(moved), **PLAIN)
    # The first was not opened yet.
    with pytest.raises(UsageError, match="no bundle"):
        is_fitted(region)
    assert again.label.startswith("region:") and "segmenter=otsu@" in again.label
    assert str(tmp_path) not in str(again.spec())
    copied = Path(shutil.copy(moved, tmp_path / "third.joblib"))
    assert Region(segmenter=str(copied), **PLAIN).fingerprint() == again.fingerprint()
    bundle, _ = train(
        manifest, [again], "lightgbm", FeatureStore(tmp_path / "store"), jobs=1, device="cpu",
        preparation=PREPARATION, parameters={"rounds": 5, "inner_folds": 0},
    )  # fmt: skip
    moved.unlink()
    opened = load(save(bundle, tmp_path / "model.joblib"))
    assert predict(opened, manifest.paths[:1], jobs=1)[0].error is None
    assert opened.extractors()[0].fingerprint() == again.fingerprint()


@pytest.mark.parametrize(
    ("columns", "preparation", "said"),
    [
        ({}, PREPARATION, None),
        ({"modality": "MRI"}, PREPARATION, None),
        ({"modality": "CT"}, PREPARATION, "was trained on MRI, and 20 of 20 images"),
        ({}, Preparation(size=48, crop="foreground"), "prepared otherwise; .*--prepare crop=none"),
    ],
)
def test_images_of_another_kind_are_warned_of(
    manifest: Manifest, file: Path, columns: Any, preparation: Preparation, said: str | None
) -> None:
    region = Region(segmenter=str(file), **PLAIN)
    table = manifest.table.assign(**{"modality": None, **columns})
    found = region.cautions(preparation, Manifest.of(table, manifest.root))
    assert len(found) == (said is not None)
    assert said is None or re.search(said, found[0])
    assert Region(**PLAIN).cautions(preparation, manifest) == []


def test_a_file_that_is_no_segmenter_is_told_before_any_work(tmp_path: Path, file: Path) -> None:
    odd = tmp_path / "odd.joblib"
    odd.write_bytes(b"nothing")
    for path, said in ((odd, "odd.joblib"), (tmp_path / "none.joblib", "none.joblib")):
        (fault,) = Region(segmenter=str(path), **PLAIN).parameter_faults(48, 48)
        assert said in fault
    own = Region(segmenter=str(file), parameters={"rounds": 3}, **PLAIN)
    assert "is trained already" in own.parameter_faults(48, 48)[0]


def test_where_it_is_computed_is_no_part_of_the_fingerprint() -> None:
    assert Region(jobs=3, device="cpu").fingerprint() == Region().fingerprint()
    assert Region(seed=1).fingerprint() != Region().fingerprint()
