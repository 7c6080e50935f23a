"""Images in chunks, decoded, prepared and extracted side by side."""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from gliaboost._compat import available_cores
from gliaboost.datasets.decode import decode
from gliaboost.datasets.image_source import ImageLike, ImageSource
from gliaboost.datasets.prepare import Preparation
from gliaboost.errors import DecodeError
from gliaboost.features.base import Extractor
from gliaboost.parallel import map_in_order

# Images a thread takes at once: enough to amortise a call, few enough to spread the tail.
BATCH = 16


@dataclass(frozen=True)
class Chunk:
    """A few images to decode, prepare and extract: a task of plain values.

    Attributes
    ----------
    images : dict of int to ImageSource
        By the number under which they come back.
    extractors : dict of str to Extractor
        By fingerprint.
    needs : dict of int to sequence of fingerprints
        Which extractors an image needs.
    preparation : Preparation
        Applied to each decoded image.
    keep : int
        How many prepared images come back, of the first that could be read.
    """

    images: Mapping[int, ImageSource]
    extractors: Mapping[str, Extractor]
    needs: Mapping[int, Sequence[str]]
    preparation: Preparation
    keep: int = 0


@dataclass
class Batch:
    """What became of a chunk.

    Attributes
    ----------
    values : dict of str to float32 array [n, D]
        By extractor fingerprint, for the rows in `rows`.
    rows : dict of str to list of int
        By extractor fingerprint, which images `values` has.
    failed : dict of int to str
        Image and the reason why it could not be read.
    seconds : dict of str to float
        Thread seconds by extractor fingerprint, and under ``"decode"``.
    images : dict of int to uint8 array [S, S]
        The first prepared images, as many as were to be kept.
    """

    values: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    rows: dict[str, list[int]] = field(default_factory=dict)
    failed: dict[int, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    images: dict[int, NDArray[np.uint8]] = field(default_factory=dict)


def compute(
    images: Mapping[int, ImageLike],
    extractors: Sequence[Extractor],
    preparation: Preparation,
    *,
    jobs: int | None = None,
    only: Mapping[int, Sequence[str]] | None = None,
    keep: int = 0,
) -> Generator[Batch, None, None]:
    """Decode, prepare and extract side by side, in the order of `images`, in bounded memory.

    Parameters
    ----------
    images : mapping of int to path-like or ImageSource
        By the number under which they come back.
    extractors : sequence of Extractor
        What to compute.
    preparation : Preparation
        Applied to each decoded image.
    jobs : int, optional
        Threads; default: all cores.
    only : mapping of int to fingerprints, optional
        Which extractors an image needs; default: all.
    keep : int
        How many prepared images each batch brings back.

    Yields
    ------
    Batch
    """
    workers = jobs or available_cores()
    by_fingerprint = {e.fingerprint(preparation.to_dict()): e for e in extractors}
    rows = list(images)
    # A few images: one at a time, so that every thread has some.
    size = max(1, min(BATCH, -(-len(rows) // workers)))
    chunks = [
        Chunk(
            {row: ImageSource.of(images[row]) for row in part},
            by_fingerprint,
            {row: list(by_fingerprint) if only is None else only[row] for row in part},
            preparation,
            keep,
        )
        for part in (rows[i : i + size] for i in range(0, len(rows), size))
    ]
    yield from map_in_order(compute_chunk, chunks, jobs=workers)


def compute_chunk(chunk: Chunk) -> Batch:
    """Decode, prepare and extract a chunk's images, in this thread."""
    batch = Batch()
    begun = time.thread_time()
    prepared: dict[int, NDArray[np.uint8]] = {}
    for row, image in chunk.images.items():
        try:
            prepared[row] = chunk.preparation(decode(image))
        except DecodeError as error:
            batch.failed[row] = error.reason
    batch.seconds["decode"] = time.thread_time() - begun
    batch.images = dict(islice(prepared.items(), chunk.keep))
    for fp, extractor in chunk.extractors.items():
        rows = [r for r in prepared if fp in chunk.needs[r]]
        if not rows:
            continue
        begun = time.thread_time()
        batch.values[fp] = extractor.transform(np.stack([prepared[r] for r in rows]))
        batch.rows[fp] = rows
        batch.seconds[fp] = time.thread_time() - begun
    return batch
