"""The one road from images to columns, walked alike at training and at prediction."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.decoding_version import DECODING, decoded_alike
from gliaboost.datasets.image_source import ImageLike, ImageSource
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.paths import absolute
from gliaboost.datasets.prepare import Preparation
from gliaboost.errors import ClusterError, DecodeError, ManifestError
from gliaboost.features.base import Extractor
from gliaboost.features.chunks import compute
from gliaboost.features.filling import FillTask, fill, fill_far
from gliaboost.features.store import FeatureStore, FeatureTable
from gliaboost.parallel import Executor, map_in_order
from gliaboost.progress import SILENT, Progress


@dataclass(frozen=True)
class Extraction:
    """What `extract` did.

    Attributes
    ----------
    keys : list of str or None
        SHA-256 of each row's file, None where it could not be read or decoded.
    failed : dict of int to str
        Row and the reason.
    computed, reused : int
        Images that went through the extractors, and that were in the store already.
    seconds : float
        Wall clock.
    """

    keys: list[str | None]
    failed: dict[int, str]
    computed: int
    reused: int
    seconds: float


def extract(
    manifest: Manifest,
    extractors: Sequence[Extractor],
    preparation: Preparation,
    store: FeatureStore,
    *,
    jobs: int | None = None,
    executor: Executor | None = None,
    progress: Progress = SILENT,
) -> Extraction:
    """Fill the store with every feature of every image that is not there yet.

    Parameters
    ----------
    manifest : Manifest
        The images; only ``path`` and ``key`` are used.
    extractors : sequence of Extractor
        What to compute.
    preparation : Preparation
        What happens between decoding and extracting.
    store : FeatureStore
        Where rows are looked for and put.
    jobs : int, optional
        Threads, those of each worker of a cluster, or the tasks that another executor does at once;
        default: all cores. The numbers do not depend on it.
    executor : Executor, optional
        Hashes, computes and writes, each task a part of its own, of which nothing comes back but
        its name; default: threads. It must see the same files, under the same paths.
    progress : Progress, optional
        Hears of the images to do.

    Returns
    -------
    Extraction
        Unreadable images are in its ``failed``, never raised.

    Raises
    ------
    ManifestError
        If a file is no longer the one that the manifest's ``key`` names.
    StoreError
        If the store cannot be written.
    ClusterError
        If a task sees other files than this process, or writes where it cannot be read here.
    """
    begun = time.perf_counter()
    keys: list[str | None] = [
        k if isinstance(k, str) else None for k in current_keys(manifest, jobs, executor)
    ]
    tables = open_tables(extractors, preparation, store)
    present = [k for k in keys if k is not None]
    wanted = {fp: set(t.missing(present)) for fp, t in tables.items()}
    for fp, again in _decoded_otherwise(tables, keys, manifest.paths, jobs, executor).items():
        wanted[fp] |= again
    todo = set().union(*wanted.values())
    failed = {row: "cannot be opened" for row, key in enumerate(keys) if key is None}
    first = {key: row for row, key in reversed(list(enumerate(keys))) if key in todo}
    rows = sorted(first.values())
    paths = manifest.paths

    done = 0

    def heard(more: int) -> None:
        nonlocal done
        done += more
        progress.step("extracting", done, len(rows))

    filling = FillTask(
        images={row: paths[row] for row in rows},
        keys={row: str(keys[row]) for row in rows},
        needs={row: [fp for fp in tables if keys[row] in wanted[fp]] for row in rows},
        extractors=extractors,
        preparation=preparation,
        store=store,
        jobs=jobs,
    )
    failed.update(fill(filling, heard) if executor is None else fill_far(filling, executor, heard))

    reasons = {keys[row]: reason for row, reason in failed.items() if keys[row] is not None}
    for row, key in enumerate(keys):
        if key in reasons:  # a copy of a broken file is broken too
            failed[row] = reasons[key]
    for row in failed:
        keys[row] = None
    computed = len(rows) - sum(row in failed for row in rows)
    return Extraction(
        keys=keys,
        failed=dict(sorted(failed.items())),
        computed=computed,
        reused=len({k for k in keys if k is not None}) - computed,
        seconds=time.perf_counter() - begun,
    )


def current_keys(
    manifest: Manifest, jobs: int | None = None, executor: Executor | None = None
) -> list[str | None]:
    """Hash the files as they are now, and refuse those that the manifest knew otherwise.

    Raises
    ------
    ManifestError
        If a file changed since the manifest was made: its label or mask may be another picture's.
    ClusterError
        If a file can be read here, and not where the executor's tasks run.
    """
    now = manifest.with_keys(jobs, executor).table["key"]
    if executor is not None:
        _check_seen(manifest, now.isna().to_numpy().nonzero()[0].tolist())
    then = manifest.table["key"]
    changed = then.notna() & now.notna() & (then != now)
    if changed.any():
        names = manifest.table.loc[changed, "path"]
        raise ManifestError(
            manifest.name,
            [
                f"{int(changed.sum())} file(s) changed since the manifest was made (first: "
                f"{names.iloc[0]}); make the manifest again"
            ],
        )
    return [k if isinstance(k, str) else None for k in now]


def matrix(
    keys: Sequence[str],
    extractors: Sequence[Extractor],
    preparation: Preparation,
    store: FeatureStore,
) -> NDArray[np.float32]:
    """Read the columns of all extractors, side by side.

    Returns
    -------
    float32 array [N, D]
        Rows as `keys`, columns as `column_names`.
    """
    tables = open_tables(extractors, preparation, store)
    return np.concatenate([t.read(keys) for t in tables.values()], axis=1)


def column_names(extractors: Sequence[Extractor], preparation: Preparation) -> list[str]:
    """Name the columns of `matrix` and `features_of`."""
    size = preparation.size
    return [name for e in extractors for name in e.feature_names(size, size)]


def features_of(
    images: Sequence[ImageLike],
    extractors: Sequence[Extractor],
    preparation: Preparation,
    *,
    jobs: int | None = None,
) -> tuple[NDArray[np.float32], list[int], dict[int, str]]:
    """Extract without a store, as prediction does.

    Parameters
    ----------
    images : sequence of path-like or ImageSource
        Image files, or images in memory.
    extractors : sequence of Extractor
        What to compute.
    preparation : Preparation
        What happens between decoding and extracting.
    jobs : int, optional
        Threads; default: all cores.

    Returns
    -------
    matrix : float32 array [n, D]
        One row for each image that could be read.
    rows : list of int
        Which of `images` these are.
    failed : dict of int to str
        The others, with the reason.
    """
    found = features_and_images(images, extractors, preparation, keep=0, jobs=jobs)
    columns, rows, failed, _ = found
    return columns, rows, failed


def features_and_images(
    images: Sequence[ImageLike],
    extractors: Sequence[Extractor],
    preparation: Preparation,
    *,
    keep: int,
    jobs: int | None = None,
) -> tuple[NDArray[np.float32], list[int], dict[int, str], dict[int, NDArray[np.uint8]]]:
    """Extract without a store, and keep some of the images that were looked at.

    Parameters
    ----------
    images, extractors, preparation, jobs
        As for `features_of`.
    keep : int
        How many: the first that could be read.

    Returns
    -------
    matrix, rows, failed
        As from `features_of`.
    kept : dict of int to uint8 array [S, S]
        Which of `images`, as the extractors were given them.
    """
    fingerprints = [e.fingerprint(preparation.to_dict()) for e in extractors]
    columns: dict[str, list[NDArray[np.float32]]] = {fp: [] for fp in fingerprints}
    rows: list[int] = []
    failed: dict[int, str] = {}
    kept: dict[int, NDArray[np.uint8]] = {}
    for batch in compute(dict(enumerate(images)), extractors, preparation, jobs=jobs, keep=keep):
        failed.update(batch.failed)
        kept.update(islice(batch.images.items(), keep - len(kept)))
        rows += batch.rows.get(fingerprints[0], [])
        for fp, values in batch.values.items():
            columns[fp].append(values)
    if not rows:
        width = len(column_names(extractors, preparation))
        return np.empty((0, width), np.float32), [], failed, kept
    return np.hstack([np.concatenate(columns[fp]) for fp in fingerprints]), rows, failed, kept


def open_tables(
    extractors: Sequence[Extractor], preparation: Preparation, store: FeatureStore
) -> dict[str, FeatureTable]:
    """Open each extractor's table in the store, by fingerprint."""
    prepared = preparation.to_dict()
    return {
        (fp := e.fingerprint(prepared)): store.table(fp, {**e.spec(), "preparation": prepared})
        for e in extractors
    }


def seconds_spent(
    keys: Sequence[str],
    extractors: Sequence[Extractor],
    preparation: Preparation,
    store: FeatureStore,
) -> float:
    """Sum what these images' features cost when they were computed, even if long ago.

    Returns
    -------
    float
        Core seconds of decoding, preparing and extracting; decoding counts once.
    """
    decoding, extracting = 0.0, 0.0
    for table in open_tables(extractors, preparation, store).values():
        decoded = 0.0
        for used, total, notes in table.notes(keys):
            extracting += notes.get("seconds", 0.0) * used / total
            decoded += notes.get("decode_seconds", 0.0) * used / total
        decoding = max(decoding, decoded)
    return decoding + extracting


def _check_seen(manifest: Manifest, rows: Sequence[int]) -> None:
    """Refuse to take files for unreadable that are so to an executor's tasks alone."""
    paths = manifest.paths
    for row in rows:
        with suppress(DecodeError):
            ImageSource.of(paths[row]).key()
            raise ClusterError(
                f"{absolute(paths[row])} can be read here and not by the workers; all must see "
                "the files under the same paths (a shared folder, or a store of objects such as "
                "s3://)"
            )


def _decoded_otherwise(
    tables: Mapping[str, FeatureTable],
    keys: Sequence[str | None],
    paths: Sequence[Path],
    jobs: int | None,
    executor: Executor | None,
) -> dict[str, set[str]]:
    """Find the rows of older versions whose files give other pixels today, by fingerprint."""
    present = [k for k in keys if k is not None]
    older = {fp: set(t.older(present, DECODING)) for fp, t in tables.items()}
    asked = set().union(*older.values())
    files = {k: p for k, p in zip(keys, paths, strict=True) if k in asked}
    found = [absolute(path) for path in files.values()]
    alike = map_in_order(decoded_alike, found, jobs=jobs, executor=executor)
    changed = {k for k, same in zip(files, alike, strict=True) if k is not None and not same}
    return {fp: some & changed for fp, some in older.items()}
