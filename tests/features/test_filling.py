from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.prepare import Preparation
from gliaboost.errors import ClusterError
from gliaboost.features import create
from gliaboost.features import filling as module
from gliaboost.features.extract import extract
from gliaboost.features.filling import FillTask, fill, fill_far, fill_there
from gliaboost.features.store import FeatureStore
from tests.conftest import MakeImages

PREPARATION = Preparation(size=64)
LBP = create("lbp")
FINGERPRINT = LBP.fingerprint(PREPARATION.to_dict())


def filling_of(manifest: Manifest, store: Path) -> FillTask:
    return FillTask(
        images=dict(enumerate(manifest.paths)),
        keys=dict(enumerate(manifest.with_keys().table["key"])),
        needs={row: [FINGERPRINT] for row in range(len(manifest))},
        extractors=[LBP],
        preparation=PREPARATION,
        store=FeatureStore(store),
    )


def rows(store: Path, filling: FillTask) -> Any:
    return FeatureStore(store).table(FINGERPRINT, {}).read(list(filling.keys.values()))


def test_far_tasks_write_what_this_process_writes(
    make_images: MakeImages, tmp_path: Path, far: Any
) -> None:
    manifest = Manifest.read(make_images(patients=20))
    heard: list[int] = []
    filling = filling_of(manifest, tmp_path / "here")
    assert fill(filling, heard.append) == {} and sum(heard) == 60
    there = replace(filling, store=FeatureStore(tmp_path / "there"), jobs=2)
    heard.clear()
    assert fill_far(there, far, heard.append) == {}
    assert far.tasks == len(heard) == 4 and sum(heard) == 60
    # A part a task.
    assert len(list((tmp_path / "there" / FINGERPRINT).glob("part-*.parquet"))) == 4
    np.testing.assert_array_equal(rows(tmp_path / "there", there), rows(tmp_path / "here", filling))


def test_places_are_named_so_that_another_folder_finds_them(
    make_images: MakeImages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = make_images(patients=2)
    monkeypatch.chdir(tmp_path)
    manifest = Manifest.read(data.relative_to(tmp_path))
    (tmp_path / "elsewhere").mkdir()

    class Elsewhere:
        def submit(self, fn: Any, /, *args: Any) -> Any:
            monkeypatch.chdir(tmp_path / "elsewhere")
            try:
                found = fn(*args)
            finally:
                monkeypatch.chdir(tmp_path)
            return type("Done", (), {"result": lambda _: found, "cancel": lambda _: True})()

    done = extract(manifest, [LBP], PREPARATION, FeatureStore("store"), executor=Elsewhere())
    assert done.computed == 6 and not done.failed
    assert not list((tmp_path / "elsewhere").iterdir())


def test_damaged_files_come_back_as_failed(
    make_images: MakeImages, tmp_path: Path, far: Any
) -> None:
    manifest = Manifest.read(make_images(patients=2))
    manifest.paths[1].write_bytes(b"no picture")
    failed = fill_far(filling_of(manifest, tmp_path / "s"), far, lambda done: None)
    assert list(failed) == [1] and "no image of a known kind" in failed[1]


@pytest.mark.parametrize("change", ["gone", "other"])
def test_a_worker_that_sees_other_files_is_refused_and_writes_nothing(
    make_images: MakeImages, tmp_path: Path, far: Any, change: str
) -> None:
    manifest = Manifest.read(make_images(patients=2))
    filling = filling_of(manifest, tmp_path / "store")
    if change == "gone":
        manifest.paths[2].unlink()
        said = r"cannot read .*p00-2\.png.*no such file; all workers must see"
    else:
        manifest.paths[2].write_bytes(manifest.paths[1].read_bytes())
        said = r"sees another file under .*p00-2\.png"
    with pytest.raises(ClusterError, match=said):
        fill_far(filling, far, lambda done: None)
    assert not list(tmp_path.rglob("part-*"))


def test_files_that_no_worker_can_hash_are_told(
    make_images: MakeImages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, far: Any
) -> None:
    manifest = Manifest.read(make_images(patients=2))
    monkeypatch.setattr("gliaboost.datasets.manifest._key", lambda path: None)
    with pytest.raises(ClusterError, match=r"p00-0\.png can be read here and not by the workers"):
        extract(manifest, [LBP], PREPARATION, FeatureStore(tmp_path / "s"), executor=far)


def test_a_store_that_is_not_shared_is_told(
    make_images: MakeImages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, far: Any
) -> None:
    manifest = Manifest.read(make_images(patients=2))

    def elsewhere(filling: FillTask) -> Any:
        return fill_there(replace(filling, store=FeatureStore(tmp_path / "another disk")))

    elsewhere.__module__, elsewhere.__qualname__ = module.__name__, "fill_there"
    monkeypatch.setattr(module, "fill_there", elsewhere)
    with pytest.raises(
        ClusterError, match=r"wrote part-\w+\.parquet into .*not seen here.*--store"
    ):
        fill_far(filling_of(manifest, tmp_path / "store"), far, lambda done: None)
