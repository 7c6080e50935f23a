from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pytest

from gliaboost.datasets.decode import decode
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.prepare import Preparation
from gliaboost.errors import ManifestError
from gliaboost.features import Extractor, create
from gliaboost.features.extract import (
    column_names,
    extract,
    features_and_images,
    features_of,
    matrix,
    open_tables,
    seconds_spent,
)
from gliaboost.features.store import FeatureStore

PREPARATION = Preparation(size=64)


def bank() -> list[Extractor]:
    return [create("hog"), create("lbp"), create("glcm")]


def test_road_is_the_same_at_training_and_at_prediction(
    make_images: Callable[..., Path], tmp_path: Path
) -> None:
    manifest = Manifest.read(make_images())
    store = FeatureStore(tmp_path / "store")
    done = extract(manifest, bank(), PREPARATION, store)
    stored = matrix([str(k) for k in done.keys], bank(), PREPARATION, store)
    fresh, rows, failed = features_of(manifest.paths, bank(), PREPARATION)
    assert rows == list(range(len(manifest))) and not failed
    np.testing.assert_array_equal(stored, fresh)
    by_hand = np.hstack([e.transform(PREPARATION(decode(manifest.paths[3]))[None]) for e in bank()])
    np.testing.assert_array_equal(stored[3:4], by_hand)
    assert stored.shape[1] == len(column_names(bank(), PREPARATION))


def test_nothing_is_computed_twice(make_images: Callable[..., Path], tmp_path: Path) -> None:
    manifest = Manifest.read(make_images())
    store = FeatureStore(tmp_path / "store")
    first = extract(manifest, bank()[:1], PREPARATION, store)
    assert (first.computed, first.reused) == (30, 0)
    again = extract(manifest, bank()[:1], PREPARATION, FeatureStore(tmp_path / "store"))
    assert (again.computed, again.reused) == (0, 30)
    more = extract(manifest, bank()[:2], PREPARATION, store)
    assert more.computed == 30
    assert len(list((tmp_path / "store").iterdir())) == 2


@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_numbers_do_not_depend_on_jobs(make_images: Callable[..., Path], jobs: int) -> None:
    manifest = Manifest.read(make_images())
    one, _, _ = features_of(manifest.paths, bank(), PREPARATION, jobs=1)
    many, _, _ = features_of(manifest.paths, bank(), PREPARATION, jobs=jobs)
    np.testing.assert_array_equal(one, many)


def test_order_of_files_does_not_change_rows(make_images: Callable[..., Path]) -> None:
    paths = Manifest.read(make_images()).paths
    forward, _, _ = features_of(paths, bank(), PREPARATION)
    backward, _, _ = features_of(paths[::-1], bank(), PREPARATION)
    np.testing.assert_array_equal(forward, backward[::-1])


def test_unreadable_files_are_reported_and_the_rest_is_done(
    make_images: Callable[..., Path], tmp_path: Path
) -> None:
    manifest = Manifest.read(make_images())
    manifest.paths[0].write_bytes(b"")
    manifest.paths[4].write_bytes(manifest.paths[4].read_bytes()[:60])
    manifest.paths[5].write_bytes(manifest.paths[4].read_bytes())
    store = FeatureStore(tmp_path / "store")
    done = extract(manifest, bank(), PREPARATION, store)
    assert list(done.failed) == [0, 4, 5]
    assert "empty" in done.failed[0]
    assert [done.keys[i] for i in (0, 4, 5)] == [None, None, None]
    assert done.computed == 27
    assert matrix([k for k in done.keys if k], bank(), PREPARATION, store).shape[0] == 27


def test_a_file_that_changed_since_the_manifest_is_refused(
    make_images: Callable[..., Path], tmp_path: Path
) -> None:
    manifest = Manifest.read(make_images()).with_keys()
    manifest.paths[1].write_bytes(manifest.paths[0].read_bytes())
    with pytest.raises(ManifestError, match=r"1 file\(s\) changed .* p00-1.png"):
        extract(manifest, bank(), PREPARATION, FeatureStore(tmp_path / "store"))


@pytest.mark.parametrize("keep", [0, 3, 99])
def test_the_first_that_could_be_read_are_kept_as_they_were_looked_at(
    make_images: Callable[..., Path], keep: int
) -> None:
    paths = Manifest.read(make_images()).paths  # two chunks of 16
    paths[0].write_bytes(b"")
    columns, rows, failed, kept = features_and_images(paths, bank(), PREPARATION, keep=keep, jobs=2)
    assert list(kept) == rows[:keep] and 0 not in kept
    for row, image in kept.items():
        np.testing.assert_array_equal(image, PREPARATION(decode(paths[row])))
    same, *rest = features_of(paths, bank(), PREPARATION)
    np.testing.assert_array_equal(columns, same)
    assert rest == [rows, failed]


def test_features_of_nothing_readable_has_the_right_width(tmp_path: Path) -> None:
    columns, rows, failed = features_of([tmp_path / "no.png"], bank(), PREPARATION)
    assert columns.shape == (0, len(column_names(bank(), PREPARATION)))
    assert rows == [] and list(failed) == [0]


def test_progress_ends_at_the_total(
    make_images: Callable[..., Path], tmp_path: Path, heard: Any
) -> None:
    extract(
        Manifest.read(make_images()),
        bank(),
        PREPARATION,
        FeatureStore(tmp_path / "store"),
        progress=heard,
    )
    assert heard.steps[-1] == ("extracting", 30, 30)
    done = [d for _, d, _ in heard.steps]
    assert done == sorted(set(done))


def test_cost_is_known_over_a_warm_store(make_images: Callable[..., Path], tmp_path: Path) -> None:
    manifest = Manifest.read(make_images())
    done = extract(manifest, bank(), PREPARATION, FeatureStore(tmp_path / "store"))
    keys = [str(k) for k in done.keys]
    spent = seconds_spent(keys, bank(), PREPARATION, FeatureStore(tmp_path / "store"))
    assert spent > 0
    half = seconds_spent(keys[:15], bank(), PREPARATION, FeatureStore(tmp_path / "store"))
    assert half == pytest.approx(spent / 2)


def test_another_executor_gives_the_same_store(
    make_images: Callable[..., Path], tmp_path: Path, far: Any
) -> None:
    manifest = Manifest.read(make_images())
    here, there = FeatureStore(tmp_path / "here"), FeatureStore(tmp_path / "there")
    done = extract(manifest, bank(), PREPARATION, here)
    also = extract(manifest, bank(), PREPARATION, there, jobs=3, executor=far)
    assert far.tasks == 3
    assert (also.keys, also.failed, also.computed) == (done.keys, done.failed, done.computed)
    keys = [str(k) for k in done.keys]
    np.testing.assert_array_equal(
        matrix(keys, bank(), PREPARATION, here), matrix(keys, bank(), PREPARATION, there)
    )


def test_a_store_serves_no_rows_of_files_that_were_decoded_otherwise(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    grey = rng.integers(0, 256, (64, 64), np.uint8)
    deep = rng.integers(0, 4096, (64, 64, 3), np.uint16)
    photo = cv2.imencode(".jpg", grey)[1].tobytes()
    (tmp_path / "grey.png").write_bytes(cv2.imencode(".png", grey)[1].tobytes())
    (tmp_path / "deep.png").write_bytes(cv2.imencode(".png", deep)[1].tobytes())
    (tmp_path / "half.jpg").write_bytes(photo[: len(photo) // 2] + b"\xff\xd9")
    names = ["grey.png", "deep.png", "half.jpg"]
    manifest = Manifest.of(pd.DataFrame({"path": names}), tmp_path).with_keys()
    keys = manifest.table["key"].tolist()
    store, bank, preparation = FeatureStore(tmp_path / "store"), [create("lbp")], Preparation()
    tables = open_tables(bank, preparation, store)
    (table,) = tables.values()
    width = len(column_names(bank, preparation))
    table.write(keys, np.full((3, width), 7, np.float32))  # as an older version wrote it

    done = extract(manifest, bank, preparation, store)
    assert done.keys == [keys[0], keys[1], None]
    assert (done.computed, done.reused) == (1, 1)
    assert "damaged, partly decoded" in done.failed[2]
    found = matrix(keys[:2], bank, preparation, store)
    assert (found[0] == 7).all()  # the same pixels as ever: kept
    expected, _, _ = features_of([tmp_path / "deep.png"], bank, preparation)
    np.testing.assert_array_equal(found[1:], expected)
    assert extract(manifest, bank, preparation, store).computed == 0
