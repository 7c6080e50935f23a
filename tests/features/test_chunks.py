from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gliaboost.datasets.decode import decode
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.prepare import Preparation
from gliaboost.features.chunks import compute
from gliaboost.features.extract import extract
from gliaboost.features.lbp import LBP
from gliaboost.features.store import FeatureStore
from gliaboost.progress import Silent

PREPARATION = Preparation(size=64)


class Counted(LBP):
    """Counts the chunks that begin; holds up all but the first chunk, so that others wait."""

    begun: list[bool]
    gate: threading.Event
    first: NDArray[np.uint8]
    spoilt = False

    def transform(self, X: Any) -> Any:
        is_first = bool((X[0] == self.first).all())
        self.begun.append(is_first)
        if not is_first:
            self.gate.wait(30)
        elif self.spoilt:
            raise RuntimeError("spoilt")
        return super().transform(X)


@pytest.fixture
def manifest(make_images: Callable[..., Path]) -> Manifest:
    """200 images: 13 chunks."""
    return Manifest.read(make_images(patients=20, per_patient=10))


@pytest.fixture
def counted(manifest: Manifest) -> type[Counted]:
    class Fresh(Counted):
        pass

    Fresh.begun, Fresh.gate = [], threading.Event()
    Fresh.first = PREPARATION(decode(manifest.paths[0]))
    return Fresh


@pytest.fixture
def two(counted: type[Counted]) -> Iterator[ThreadPoolExecutor]:
    """Two threads that are left open, so that the test says when what is held up may end."""
    with ThreadPoolExecutor(2) as pool:
        yield pool
        counted.gate.set()


def end(counted: type[Counted], pool: ThreadPoolExecutor) -> int:
    """Let all that begins go on to its end; return how many chunks began."""
    counted.gate.set()
    pool.shutdown()
    return len(counted.begun)


def test_a_chunk_brings_back_as_many_images_as_were_asked_for(manifest: Manifest) -> None:
    given = dict(enumerate(manifest.paths[:20]))
    batches = list(compute(given, [LBP()], PREPARATION, jobs=1, keep=2))
    assert [list(batch.images) for batch in batches] == [[0, 1], [16, 17]]
    assert all(not batch.images for batch in compute(given, [LBP()], PREPARATION, jobs=1))


# One task is done and two are held up, of two chunks each; a fourth waits and must never begin.
@pytest.mark.integration
def test_an_interrupt_while_storing_cancels_what_waits(
    manifest: Manifest,
    counted: type[Counted],
    two: ThreadPoolExecutor,
    tmp_path: Path,
) -> None:
    class Stop(Silent):
        def step(self, stage: str, done: int, total: int | None) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as interrupt:
        extract(
            manifest,
            [counted()],
            PREPARATION,
            FeatureStore(tmp_path / "store"),
            jobs=2,
            executor=two,
            progress=Stop(),
        )
    assert end(counted, two) <= 6
    assert interrupt.tb  # which would keep alive what was not closed


def test_an_error_in_a_chunk_cancels_what_waits(
    manifest: Manifest,
    counted: type[Counted],
    two: ThreadPoolExecutor,
    tmp_path: Path,
) -> None:
    counted.spoilt = True
    store = FeatureStore(tmp_path / "store")
    with pytest.raises(RuntimeError, match="spoilt"):
        extract(manifest, [counted()], PREPARATION, store, jobs=2, executor=two)
    assert end(counted, two) <= 6


def test_threads_of_its_own_have_ended_with_the_consumer(
    manifest: Manifest, counted: type[Counted]
) -> None:
    counted.gate.set()
    paths = dict(enumerate(manifest.paths))
    before = threading.active_count()
    batches = compute(paths, [counted()], PREPARATION, jobs=2)
    next(batches)
    assert threading.active_count() > before
    batches.close()
    assert threading.active_count() == before
    assert len(counted.begun) < 13
