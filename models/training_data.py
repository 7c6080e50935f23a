"""What models learn from: readable rows, their columns and their images."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.image_source import ImageSource
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.prepare import Preparation
from gliaboost.errors import DecodeError, GliaboostError, UsageError
from gliaboost.features.base import Extractor
from gliaboost.features.extract import Extraction, extract, matrix, open_tables, seconds_spent
from gliaboost.features.fitted import FittedExtractor, is_fitted, lacking_masks
from gliaboost.features.prepared import read_images
from gliaboost.features.store import FeatureStore, FeatureTable
from gliaboost.features.stored_columns import Columns, StoredColumns
from gliaboost.models.segmentation.training_masks import healthy_rows, read_training_masks
from gliaboost.parallel import Executor, map_in_order
from gliaboost.progress import SILENT, Progress

# More bytes of columns than this stay in the store: a training copies them several times.
IN_MEMORY = 2**30


class TrainingData:
    """A manifest with all features in the store.

    Parameters
    ----------
    manifest : Manifest
        Labelled images, without faults.
    extractors : sequence of Extractor
        The features of all models. Those that have still to learn are fitted later, on training
        rows alone (`gliaboost.models.fitted_columns`); only the others have columns here.
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
    UsageError
        If an extractor is to learn from masks, and no row has one.
    GliaboostError
        If unreadable files leave a class empty.

    Warns
    -----
    UserWarning
        Where masks that are asked for cannot be used, or an extractor was taught on another data
        set, of images of another kind.
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
        lacking = lacking_masks(extractors, manifest)
        if lacking:
            raise UsageError("; ".join(lacking))
        for extractor in extractors:
            if isinstance(extractor, FittedExtractor):
                for caution in extractor.cautions(preparation, manifest):
                    warnings.warn(caution, stacklevel=2)
        self._ready = tuple(e for e in extractors if is_fitted(e))
        self.extraction: Extraction = extract(
            manifest,
            [*self._ready, *(beside if self._ready else ())],
            preparation,
            store,
            jobs=jobs,
            executor=executor,
            progress=progress,
        )
        self.labels: NDArray[Any] = manifest.table["label"].to_numpy(dtype=object)
        self.groups: NDArray[Any] = np.asarray(manifest.groups, dtype=object)
        if not self._ready:
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

    def __getstate__(self) -> dict[str, Any]:
        """Leave behind what another process reads from the store and the files by itself."""
        read = ("_matrix", "_tables", "_images", "_masks")
        return {
            **{name: value for name, value in vars(self).items() if name not in read},
            "manifest": self.manifest.absolute(),
            "store": self.store.absolute(),
        }

    def readable(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Leave out the rows whose files cannot be read."""
        return rows[self._position[rows] >= 0]

    def columns(self, rows: NDArray[np.int64], extractors: Sequence[Extractor]) -> Columns:
        """Give the columns of some extractors, of those that need not learn: float32 [n, D].

        Where they would take more than `IN_MEMORY` bytes they stay in the store, to be read by
        batches: then they are `StoredColumns`.
        """
        wanted = {e.label for e in extractors}
        if len(self._rows) * int(self._edges[-1]) * 4 > IN_MEMORY:
            some = [e for e in self._ready if e.label in wanted]
            tables = [t for e, t in zip(self._ready, self._tables, strict=True) if e in some]
            stored = StoredColumns(self.keys(rows), tables, self.widths(some))
            return stored if stored.nbytes > IN_MEMORY else np.asarray(stored)
        positions = self._position[rows]
        if list(extractors) == list(self._ready):
            return np.take(self._matrix, positions, axis=0)
        chosen = np.concatenate(
            [
                np.arange(a, b)
                for e, (a, b) in zip(self._ready, pairwise(self._edges), strict=True)
                if e.label in wanted
            ]
        )
        return np.take(np.take(self._matrix, positions, axis=0), chosen, axis=1)

    def images(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Give prepared images: uint8 [n, S, S]."""
        return np.take(self._images, self._position[rows], axis=0)

    def has_columns(self, extractor: Extractor) -> bool:
        """Whether an extractor's columns are here, as it needs to learn nothing."""
        return any(e is extractor or e.label == extractor.label for e in self._ready)

    def masks(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Give prepared masks, and whether it is known where the tumour is.

        Returns
        -------
        masks : bool array [n, S, S]
            All False where there is none.
        known : bool array [n]
            As in `TrainingMasks`.
        """
        packed, known = self._masks
        positions, size = self._position[rows], self.preparation.size
        bits = np.unpackbits(packed[positions], axis=1, count=size * size)
        return bits.view(np.bool_).reshape(-1, size, size), known[positions]

    def mask_keys(self, rows: NDArray[np.int64]) -> list[str]:
        """Say what is known of each row's tumour: the SHA-256 of its mask's file, or a word."""
        return [self._mask_keys[k] for k in self._position[rows]]

    def keys(self, rows: NDArray[np.int64]) -> list[str]:
        """Give the SHA-256 of readable rows' files."""
        return [self._keys[k] for k in self._position[rows]]

    def description(self, rows: NDArray[np.int64], extractor: Extractor) -> NDArray[np.float32]:
        """Describe images by an extractor whose columns no model is given: float32 [n, D].

        Where there are no features at all, the images lie decoded, and are described as they lie.
        """
        if self._ready:
            return matrix(self.keys(rows), [extractor], self.preparation, self.store)
        found: NDArray[np.float32] = extractor.transform(self.images(rows))
        return found

    def widths(self, extractors: Sequence[Extractor]) -> list[int]:
        """Count each extractor's columns."""
        size = self.preparation.size
        return [len(e.feature_names(size, size)) for e in extractors]

    def seconds(self, extractors: Sequence[Extractor]) -> float:
        """Sum what the features cost when they were computed, in core seconds.

        What extractors cost that learn is counted by who fits them.
        """
        ready = [e for e in extractors if self.has_columns(e)]
        if not ready:
            return 0.0
        return seconds_spent(self._keys, ready, self.preparation, self.store)

    @cached_property
    def _matrix(self) -> NDArray[np.float32]:
        return matrix(self._keys, self._ready, self.preparation, self.store)

    @cached_property
    def _tables(self) -> list[FeatureTable]:
        return list(open_tables(self._ready, self.preparation, self.store).values())

    @cached_property
    def _edges(self) -> NDArray[np.int64]:
        return np.concatenate([[0], np.cumsum(self.widths(self._ready))])

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

    @cached_property
    def _masks(self) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """Prepared masks, a bit a pixel, and which are known."""
        found = read_training_masks(self.manifest, self._rows, self.preparation, jobs=self.jobs)
        if found.failed:
            first = next(iter(found.failed.values()))
            warnings.warn(
                f"{len(found.failed)} of {len(self._rows)} masks cannot be used, nothing is "
                f"learned from their images (first: {first})",
                stacklevel=2,
            )
        return np.packbits(found.masks.reshape(len(found.masks), -1), axis=1), found.known

    @cached_property
    def _mask_keys(self) -> list[str]:
        files, healthy = self.manifest.masks, healthy_rows(self.manifest)

        def key(row: int) -> str:
            file = files[row]
            if file is None:
                return "healthy" if healthy[row] else "unknown"
            try:
                return ImageSource.of(file).key()
            except DecodeError:
                return "unreadable"

        return list(map_in_order(key, self._rows, jobs=self.jobs))

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
