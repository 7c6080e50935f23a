"""Rows of a store, computed and written where the images are read: one task, or many."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gliaboost._compat import available_cores
from gliaboost.datasets.decoding_version import DECODING
from gliaboost.datasets.image_source import KeyedSource
from gliaboost.datasets.paths import absolute
from gliaboost.datasets.prepare import Preparation
from gliaboost.errors import ClusterError, DecodeError
from gliaboost.features.base import Extractor
from gliaboost.features.chunks import BATCH, compute
from gliaboost.features.store import FeatureStore, FeatureTable
from gliaboost.parallel import Executor, Workers, map_in_order
from gliaboost.remote import shown

# Rows a Parquet part: what a kill may cost, and what is held in memory.
PART = 512
# Parts of the work for each task that runs at once, so that the last ones end together.
_EACH = 4

Heard = Callable[[int], None]


@dataclass(frozen=True)
class FillTask:
    """Images whose rows a store lacks: plain values, which can be pickled.

    Attributes
    ----------
    images : dict of int to path or KeyedSource
        By row; far away those that know what was read.
    keys : dict of int to str
        SHA-256 of each image's file.
    needs : dict of int to sequence of fingerprints
        Which extractors an image needs.
    extractors : sequence of Extractor
        What to compute.
    preparation : Preparation
        Applied to each decoded image.
    store : FeatureStore
        Where rows are put.
    jobs : int, optional
        Threads; default: all cores of the process.
    """

    images: Mapping[int, Path | KeyedSource]
    keys: Mapping[int, str]
    needs: Mapping[int, Sequence[str]]
    extractors: Sequence[Extractor]
    preparation: Preparation
    store: FeatureStore
    jobs: int | None = None


@dataclass(frozen=True)
class Filled:
    """What became of a `FillTask`: no rows, only where they lie.

    Attributes
    ----------
    parts : dict of str to list of str
        Names of the parts that were written, by fingerprint.
    failed : dict of int to str
        Image and the reason why it could not be read.
    """

    parts: dict[str, list[str]]
    failed: dict[int, str]


def fill(filling: FillTask, heard: Heard) -> dict[int, str]:
    """Compute and write rows in this process; return the images that failed, with reasons.

    Parameters
    ----------
    filling : FillTask
        What to do.
    heard : callable
        Given the number of images done with, now and then.
    """
    return _fill(filling, lambda rows: heard(len(rows))).failed


def fill_far(filling: FillTask, executor: Executor, heard: Heard) -> dict[int, str]:
    """Let an executor's tasks compute and write rows, each a part of its own; as `fill` otherwise.

    Raises
    ------
    ClusterError
        If a task sees other files than this process, or writes where it cannot be read here.
    """
    # A cluster's tasks have threads of their own, others share the cores with each other.
    workers = executor if isinstance(executor, Workers) else None
    slots = workers.slots if workers else filling.jobs or available_cores()
    rows = list(filling.images)
    size = min(PART, max(BATCH, -(-len(rows) // (_EACH * slots))))
    there = filling.store.absolute()
    tasks = [
        replace(
            filling,
            images={row: KeyedSource(absolute(_path(filling.images[row]))) for row in part},
            keys={row: filling.keys[row] for row in part},
            needs={row: filling.needs[row] for row in part},
            store=there,
            jobs=filling.jobs if workers else 1,
        )
        for part in (rows[i : i + size] for i in range(0, len(rows), size))
    ]
    failed: dict[int, str] = {}
    with closing(map_in_order(fill_there, tasks, jobs=slots, executor=executor)) as done:
        for task, filled in zip(tasks, done, strict=True):
            _check_seen(filling.store, filled)
            failed.update(filled.failed)
            heard(len(task.images))
    return failed


def fill_there(filling: FillTask) -> Filled:
    """Do a task of `fill_far`, wherever it is."""

    def check(rows: set[int]) -> None:
        for row in rows:
            _check_alike(filling.images[row], filling.keys[row])

    return _fill(filling, check)


def _fill(filling: FillTask, taken: Callable[[set[int]], None]) -> Filled:
    """Compute and write rows; `taken` is told which were read, before they go into a part."""
    prepared = filling.preparation.to_dict()
    tables = {
        (fp := e.fingerprint(prepared)): filling.store.table(
            fp, {**e.spec(), "preparation": prepared}
        )
        for e in filling.extractors
    }
    buffers = {fp: _Buffer(table) for fp, table in tables.items()}
    failed: dict[int, str] = {}
    batches = compute(
        filling.images,
        filling.extractors,
        filling.preparation,
        jobs=filling.jobs,
        only=filling.needs,
    )
    with closing(batches):
        for batch in batches:
            taken(set().union(*batch.rows.values(), batch.failed))
            for fp, values in batch.values.items():
                buffers[fp].add(
                    [filling.keys[r] for r in batch.rows[fp]],
                    values,
                    batch.seconds[fp],
                    batch.seconds["decode"],
                )
            failed.update(batch.failed)
    for buffer in buffers.values():
        buffer.flush()
    return Filled({fp: buffer.parts for fp, buffer in buffers.items()}, failed)


def _path(image: Path | KeyedSource) -> Path:
    return Path(image.name) if isinstance(image, KeyedSource) else image


def _check_alike(image: Path | KeyedSource, key: str) -> None:
    """Refuse to compute from another file than the one that was hashed."""
    assert isinstance(image, KeyedSource)
    try:
        found = image.key()
    except DecodeError as error:
        raise ClusterError(
            f"a worker on {platform.node()} cannot read {image.name}, which could be read before: "
            f"{error.reason}; all workers must see the files under the same paths (a shared "
            "folder, or a store of objects such as s3://)"
        ) from error
    if found != key:
        raise ClusterError(
            f"a worker on {platform.node()} sees another file under {image.name} than was read "
            "before; all workers must see the same files under the same paths"
        )


def _check_seen(store: FeatureStore, filled: Filled) -> None:
    for fp, names in filled.parts.items():
        for name in names:
            if not store.holds(fp, name):
                raise ClusterError(
                    f"a worker wrote {name} into {shown(store.path)}, and it is not seen here; the "
                    "store must be a place that all see: a shared folder, or a URL such as "
                    "s3://BUCKET/FOLDER (--store)"
                )


class _Buffer:
    """Gathers rows until they fill a part."""

    def __init__(self, table: FeatureTable) -> None:
        self.table = table
        self.parts: list[str] = []
        self._clear()

    def _clear(self) -> None:
        self.keys: list[str] = []
        self.values: list[NDArray[np.float32]] = []
        self.seconds = self.decode_seconds = 0.0

    def add(
        self, keys: list[str], values: NDArray[np.float32], seconds: float, decode_seconds: float
    ) -> None:
        self.keys += keys
        self.values.append(values)
        self.seconds += seconds
        self.decode_seconds += decode_seconds
        if len(self.keys) >= PART:
            self.flush()

    def flush(self) -> None:
        if self.keys:
            notes = {
                "seconds": self.seconds,
                "decode_seconds": self.decode_seconds,
                "decoding": DECODING,
            }
            self.parts.append(self.table.write(self.keys, np.concatenate(self.values), notes))
            self._clear()
