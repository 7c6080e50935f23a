"""What models learn from: readable rows, their columns and their images."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.prepare import Preparation
from gliaboost.errors import GliaboostError
from gliaboost.features.base import Extractor
from gliaboost.features.extract import Extraction, extract, matrix, seconds_spent
from gliaboost.features.prepared import read_images
from gliaboost.features.store import FeatureStore
from gliaboost.parallel import Executor
from gliaboost.progress import SILENT, Progress


class TrainingData:
    """A manifest with all features in the store.

    Parameters
    ----------
    manifest : Manifest
        Labelled images, without faults.
    extractors : sequence of Extractor
        The features of all models.
    preparation : Preparation
        What happens between decoding and extracting.
    store : FeatureStore
        Where features are kept.
    beside : sequence of Extractor
        Described by these too, for `description`; no model is given their columns.
    jobs : int, optional
        Threads.
    executor : Executor, optional
        Extracts; default: threads.
    progress : Progress, optional
        Hears of the images to extract.

    Attributes
    ----------
    extraction : Extraction
        What was computed, and what could not be read.
    labels, groups : object array [N]
        By row of the manifest.

    Raises
    ------
    GliaboostError
        If unreadable files leave a class empty.
    """

    def __init__(
        self,
        manifest: Manifest,
        extractors: Sequence[Extractor],
        preparation: Preparation,
        store: FeatureStore,
        *,
        beside: Sequence[Extractor] = (),
        jobs: int | None = None,
        executor: Executor | None = None,
        progress: Progress = SILENT,
    ) -> None:
        self.manifest, self.preparation, self.store = manifest, preparation, store
        self.extractors, self.jobs = tuple(extractors), jobs
        self.extraction: Extraction = extract(
            manifest,
            [*extractors, *(beside if extractors else ())],
            preparation,
            store,
            jobs=jobs,
            executor=executor,
            progress=progress,
        )
        self.labels: NDArray[Any] = manifest.table["label"].to_numpy(dtype=object)
        self.groups: NDArray[Any] = np.asarray(manifest.groups, dtype=object)
        if not extractors:
            self._decode()
        self._rows = [i for i, key in enumerate(self.extraction.keys) if key is not None]
        self._keys = [str(self.extraction.keys[i]) for i in self._rows]
        self._position = np.full(len(manifest), -1)
        self._position[self._rows] = np.arange(len(self._rows))
        lost = sorted(set(manifest.classes) - set(self.labels[self._rows]))
        if lost:
            first, reason = next(iter(self.extraction.failed.items()))
            raise GliaboostError(
                f"every image of {', '.join(lost)} is unreadable (first: {manifest.paths[first]}: "
                f"{reason}); replace the files"
            )

    def readable(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Leave out the rows whose files cannot be read."""
        return rows[self._position[rows] >= 0]

    def columns(
        self, rows: NDArray[np.int64], extractors: Sequence[Extractor]
    ) -> NDArray[np.float32]:
        """Give the columns of some extractors: float32 [n, D]."""
        positions = self._position[rows]
        if list(extractors) == list(self.extractors):
            return np.take(self._matrix, positions, axis=0)
        wanted = {e.label for e in extractors}
        chosen = np.concatenate(
            [
                np.arange(a, b)
                for e, (a, b) in zip(self.extractors, pairwise(self._edges), strict=True)
                if e.label in wanted
            ]
        )
        return np.take(np.take(self._matrix, positions, axis=0), chosen, axis=1)

    def images(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Give prepared images: uint8 [n, S, S]."""
        return np.take(self._images, self._position[rows], axis=0)

    def keys(self, rows: NDArray[np.int64]) -> list[str]:
        """Give the SHA-256 of readable rows' files."""
        return [self._keys[k] for k in self._position[rows]]

    def description(self, rows: NDArray[np.int64], extractor: Extractor) -> NDArray[np.float32]:
        """Describe images by an extractor whose columns no model is given: float32 [n, D].

        Where there are no features at all, the images lie decoded, and are described as they lie.
        """
        if self.extractors:
            return matrix(self.keys(rows), [extractor], self.preparation, self.store)
        found: NDArray[np.float32] = extractor.transform(self.images(rows))
        return found

    def given(
        self, takes: str, rows: NDArray[np.int64], extractors: Sequence[Extractor]
    ) -> tuple[NDArray[Any], dict[str, NDArray[np.float32]]]:
        """Give a model what it takes.

        Parameters
        ----------
        takes : {"columns", "images", "both"}
            As the model's class says.
        rows : int64 array [n]
            Readable rows of the manifest.
        extractors : sequence of Extractor
            Whose columns.

        Returns
        -------
        X : float32 array [n, D] or uint8 array [n, S, S]
            Columns or images.
        beside : dict
            ``columns`` beside images, where it takes both; else empty.
        """
        if takes == "columns":
            return self.columns(rows, extractors), {}
        if takes == "images":
            return self.images(rows), {}
        return self.images(rows), {"columns": self.columns(rows, extractors)}

    def widths(self, extractors: Sequence[Extractor]) -> list[int]:
        """Count each extractor's columns."""
        size = self.preparation.size
        return [len(e.feature_names(size, size)) for e in extractors]

    def seconds(self, extractors: Sequence[Extractor]) -> float:
        """Sum what the features cost when they were computed, in core seconds."""
        if not extractors:
            return 0.0
        return seconds_spent(self._keys, extractors, self.preparation, self.store)

    @cached_property
    def _matrix(self) -> NDArray[np.float32]:
        return matrix(self._keys, self.extractors, self.preparation, self.store)

    @cached_property
    def _edges(self) -> NDArray[np.int64]:
        return np.concatenate([[0], np.cumsum(self.widths(self.extractors))])

    @cached_property
    def _images(self) -> NDArray[np.uint8]:
        paths = self.manifest.paths
        images, _, failed = read_images(
            [paths[i] for i in self._rows], self.preparation, jobs=self.jobs
        )
        if failed:
            row, reason = next(iter(failed.items()))
            raise GliaboostError(
                f"{paths[self._rows[row]]} could be read before, and now: {reason}"
            )
        return images

    def _decode(self) -> None:
        """Find what is unreadable; without features nothing was decoded yet."""
        paths = self.manifest.paths
        known = [i for i, key in enumerate(self.extraction.keys) if key is not None]
        self._images, _, failed = read_images(
            [paths[i] for i in known], self.preparation, jobs=self.jobs
        )
        for row, reason in failed.items():
            self.extraction.keys[known[row]] = None
            self.extraction.failed[known[row]] = reason
