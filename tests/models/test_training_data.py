from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gliaboost.datasets.decode import decode
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.prepare import Preparation
from gliaboost.errors import GliaboostError
from gliaboost.features import create
from gliaboost.features.store import FeatureStore
from gliaboost.features.stored_columns import StoredColumns
from gliaboost.models import training_data
from gliaboost.models.training_data import TrainingData

PREPARATION = Preparation(size=32)
LBP, GLCM = create("lbp", grid=1), create("glcm")


@pytest.fixture
def manifest(make_images: Any) -> Manifest:
    """Eight images, of which the fourth is no image."""
    manifest = Manifest.read(make_images(patients=4, per_patient=2, size=32))
    manifest.paths[3].write_bytes(b"no picture")
    return manifest


def data(manifest: Manifest, extractors: list[Any], folder: Path) -> TrainingData:
    return TrainingData(manifest, extractors, PREPARATION, FeatureStore(folder / "store"), jobs=1)


def test_columns_are_those_of_the_rows_asked_for(manifest: Manifest, tmp_path: Path) -> None:
    given = data(manifest, [LBP, GLCM], tmp_path)
    rows = np.array([6, 0, 4])
    images = np.stack([PREPARATION(decode(manifest.paths[r])) for r in rows])
    both = np.asarray(given.columns(rows, [LBP, GLCM]))
    np.testing.assert_allclose(both, np.hstack([e.transform(images) for e in (LBP, GLCM)]))
    np.testing.assert_array_equal(given.columns(rows, [GLCM]), both[:, given.widths([LBP])[0] :])
    np.testing.assert_array_equal(given.columns(rows, [LBP]), both[:, : given.widths([LBP])[0]])
    np.testing.assert_array_equal(given.images(rows), images)


@pytest.mark.parametrize("extractors", [[LBP], []])
def test_unreadable_rows_are_left_out(
    manifest: Manifest, tmp_path: Path, extractors: list[Any]
) -> None:
    given = data(manifest, extractors, tmp_path)
    assert given.readable(np.arange(8)).tolist() == [0, 1, 2, 4, 5, 6, 7]
    assert given.readable(np.array([3, 2])).tolist() == [2]
    assert list(given.extraction.failed) == [3]
    assert given.images(np.array([4, 2])).shape == (2, 32, 32)
    np.testing.assert_array_equal(
        given.images(np.array([4]))[0], PREPARATION(decode(manifest.paths[4]))
    )


def test_a_class_that_is_wholly_unreadable_is_an_error(manifest: Manifest, tmp_path: Path) -> None:
    for path, label in zip(manifest.paths, manifest.table["label"], strict=True):
        if label == "coarse":
            path.write_bytes(b"no picture")
    with pytest.raises(GliaboostError, match=r"every image of coarse is unreadable \(first: .*png"):
        data(manifest, [LBP], tmp_path)


def test_a_file_that_changes_in_between_is_an_error(manifest: Manifest, tmp_path: Path) -> None:
    given = data(manifest, [LBP], tmp_path)
    manifest.paths[5].write_bytes(b"spoilt")
    with pytest.raises(GliaboostError, match="could be read before, and now: "):
        given.images(np.array([0]))


def test_features_cost_what_they_cost_when_they_were_computed(
    manifest: Manifest, tmp_path: Path
) -> None:
    first = data(manifest, [LBP, GLCM], tmp_path)
    again = data(manifest, [LBP, GLCM], tmp_path)
    assert again.extraction.computed == 0
    assert again.seconds([LBP, GLCM]) == first.seconds([LBP, GLCM]) > 0
    alone = [again.seconds([e]) for e in (LBP, GLCM)]
    # Decoding is paid once for both.
    assert max(alone) < again.seconds([LBP, GLCM]) <= sum(alone)
    assert again.seconds([]) == 0


@pytest.mark.parametrize("extractors", [[LBP, GLCM], [GLCM], [LBP]])
def test_columns_that_do_not_fit_in_memory_stay_in_the_store(
    manifest: Manifest, tmp_path: Path, extractors: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    given, rows = data(manifest, [LBP, GLCM], tmp_path), np.array([6, 0, 4])
    wanted = given.columns(rows, extractors)
    assert isinstance(wanted, np.ndarray)
    monkeypatch.setattr(training_data, "IN_MEMORY", 0)
    stored = data(manifest, [LBP, GLCM], tmp_path).columns(rows, extractors)
    assert isinstance(stored, StoredColumns)
    np.testing.assert_array_equal(np.asarray(stored), wanted)
    # What few columns a model takes of many is no reason to read them again and again.
    monkeypatch.setattr(training_data, "IN_MEMORY", wanted.nbytes)
    assert isinstance(data(manifest, [LBP, GLCM], tmp_path).columns(rows, extractors), np.ndarray)
