from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.prepare import Preparation
from gliaboost.features.chunks import compute
from gliaboost.features.extract import extract
from gliaboost.features.lbp import LBP
from gliaboost.features.store import FeatureStore
from gliaboost.progress import Silent

PREPARATION = Preparation(size=64)


class Counted(LBP):
    """Counts its calls; holds up all but the first, so that others wait."""

    calls = 0
    gate = threading.Event()

    def transform(self, X: Any) -> Any:
        number = Counted.calls
        Counted.calls += 1
        if number == self.spoilt:
            raise RuntimeError("spoilt")
        if number:
            self.gate.wait(10)
        return super().transform(X)

    spoilt = -1


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> type[Counted]:
    monkeypatch.setattr(Counted, "calls", 0)
    monkeypatch.setattr(Counted, "gate", threading.Event())
    return Counted


@pytest.fixture
def two(counted: type[Counted]) -> Iterator[ThreadPoolExecutor]:
    """Two threads that are left open, so that the test says when what is held up may end."""
    with ThreadPoolExecutor(2) as pool:
        yield pool
        counted.gate.set()


def many(make_images: Callable[..., Path]) -> Manifest:
    """Return a manifest of 200 images: 13 chunks."""
    return Manifest.read(make_images(patients=20, per_patient=10))


def end(counted: type[Counted], pool: ThreadPoolExecutor) -> int:
    """Let all that begins go on to its end; return how many chunks began."""
    counted.gate.set()
    pool.shutdown()
    return counted.calls


# One chunk is done and two are held up; a fourth waits and must never begin.
def test_a_consumer_that_stops_cancels_what_waits(
    make_images: Callable[..., Path], counted: type[Counted], two: ThreadPoolExecutor
) -> None:
    paths = dict(enumerate(many(make_images).paths))
    batches = compute(paths, [counted()], PREPARATION, jobs=2, executor=two)
    first = next(batches)
    batches.close()
    assert sum(map(len, first.rows.values())) == 16
    assert end(counted, two) <= 3


def test_an_interrupt_while_storing_cancels_what_waits(
    make_images: Callable[..., Path],
    counted: type[Counted],
    two: ThreadPoolExecutor,
    tmp_path: Path,
) -> None:
    class Stop(Silent):
        def step(self, stage: str, done: int, total: int | None) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        extract(
            many(make_images),
            [counted()],
            PREPARATION,
            FeatureStore(tmp_path / "store"),
            jobs=2,
            executor=two,
            progress=Stop(),
        )
    assert end(counted, two) <= 3


def test_an_error_in_a_chunk_cancels_what_waits(
    make_images: Callable[..., Path],
    counted: type[Counted],
    two: ThreadPoolExecutor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Counted, "spoilt", 0)
    paths = dict(enumerate(many(make_images).paths))
    with pytest.raises(RuntimeError, match="spoilt"):
        list(compute(paths, [counted()], PREPARATION, jobs=2, executor=two))
    assert end(counted, two) <= 3


def test_threads_of_its_own_have_ended_with_the_consumer(
    make_images: Callable[..., Path], counted: type[Counted]
) -> None:
    counted.gate.set()
    paths = dict(enumerate(many(make_images).paths))
    before = threading.active_count()
    batches = compute(paths, [counted()], PREPARATION, jobs=2)
    next(batches)
    assert threading.active_count() > before
    batches.close()
    assert threading.active_count() == before
    assert counted.calls < 13
