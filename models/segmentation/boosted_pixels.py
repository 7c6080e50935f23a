"""Boosted trees by pixel: dense columns, classes by pixel, a second pass over the first's map."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.inner_splits import inner_folds, text_codes
from gliaboost.features.dense.pyramid import Pyramid, joined
from gliaboost.features.embedding.pretraining import pretraining
from gliaboost.models.base import NativeModelError
from gliaboost.models.parameter_checks import Legal, check_parameters, illegal, one_of, whole
from gliaboost.models.plain_arrays import pack, unpack
from gliaboost.models.segmentation.base import TUMOUR, Segmenter
from gliaboost.models.segmentation.decision import Decision, choose_decision
from gliaboost.models.segmentation.pixel_columns import (
    MAPS,
    SIDE,
    SeenSlice,
    cell_maps,
    enlarged,
    mask_to_side,
    see,
)
from gliaboost.models.segmentation.pixel_context import context_pyramid
from gliaboost.models.segmentation.pixel_model import PixelModel, learn_pixels
from gliaboost.models.segmentation.pixel_samples import COUNTS, PixelSample, sample_pixels
from gliaboost.models.segmentation.registry import register
from gliaboost.parallel import map_in_order

# Cells a side of the first pass's grid, and of every later one's.
CELLS = (32, 64)
Rows = NDArray[np.int64]


@register
class BoostedPixels(Segmenter):
    """Boosted trees on dense columns of sampled pixels, with a second pass over the first's map.

    Slices are seen at 256 x 256 pixels. Of each some forty pixels of the tumour, near it and
    elsewhere in the head are learned from; their weights give back how frequent each is. The first
    pass maps a grid of 32 x 32 cells, later ones, which see the pass before around a cell and over
    the whole slice, one of 64 x 64; bilinear interpolation leads from there to the image's pixels
    (an outline of figshare's loses 0.02 Dice by it).

    Each pass fits one model a part of the patients, on the other parts; its maps of the rows held
    out are what the next pass learns from, and the decision. A constant that is added to tumour's
    log odds makes the mean probability of the rows held out the share of tumour in them. New images
    get the models' average.

    A later pass's map of a row held out has never met its mask among its own rows, but the pass
    before, whose maps those rows bring, has: what must be strictly a stranger's, such as columns of
    a classifier's training rows, needs a segmenter fitted without the patient.

    Parameters
    ----------
    maps : {"classical", "frozen"}
        Filters alone, or beside them the early stages of a frozen ImageNet network (needs torch).
    by_class : bool
        Tell kinds of tumour apart by pixel, or only tumour from none.
    rounds : int
        Trees a class, model and pass, from 1.
    passes : int
        1, 2 or 3.
    inner_folds : int
        Parts of the patients, from 2.
    seed : int
        Of the pixels that are sampled, the parts, and the trees.
    jobs : int, optional
        Threads; default: all cores. The numbers do not depend on it.

    Examples
    --------
    >>> BoostedPixels(maps="classical", passes=1).get_params()["rounds"]
    80
    """

    name: ClassVar[str] = "boosted-pixels"
    title: ClassVar[str] = "Boosted pixels"
    library: ClassVar[str] = "lightgbm"

    def __init__(
        self,
        *,
        maps: str = "frozen",
        by_class: bool = True,
        rounds: int = 80,
        passes: int = 2,
        inner_folds: int = 3,
        seed: int = 0,
        jobs: int | None = None,
    ) -> None:
        self.maps = maps
        self.by_class = by_class
        self.rounds = rounds
        self.passes = passes
        self.inner_folds = inner_folds
        self.seed = seed
        self.jobs = jobs

    @property
    def pretraining(self) -> tuple[str, ...]:
        """What the frozen network was learned from before, if its maps are among the columns."""
        return pretraining() if self.maps == "frozen" else ()

    def parameter_faults(self) -> list[str]:
        """List what is wrong with the parameters, a line each."""
        faults = illegal(self, _LEGAL)
        if self.maps == "frozen":
            from gliaboost.features.embedding.availability import weights_faults
            from gliaboost.features.embedding.packaged import PACKAGED

            faults += weights_faults(PACKAGED, "package", purpose="frozen maps")
        return faults

    def _fit(
        self,
        images: NDArray[np.uint8],
        masks: NDArray[np.bool_],
        labels: NDArray[Any],
        groups: NDArray[Any],
    ) -> None:
        check_parameters(self, _LEGAL)
        if not self.by_class:
            self.classes_ = np.asarray([TUMOUR])
            labels = np.full(len(images), TUMOUR)
        ill = masks.any(axis=(1, 2))
        kinds = np.where(ill, 1 + np.searchsorted(self.classes_, labels), 0)
        parts = inner_folds(kinds.astype(np.int64), text_codes(groups), self.inner_folds, self.seed)
        covered = sum(map(len, parts)) == len(images)
        if not parts:
            warnings.warn(
                "a class has a single patient in the training rows, so none can be held out: one "
                "pass is fitted on all, and the decision from map to mask is not chosen",
                stacklevel=3,
            )
        elif not covered and self.passes > 1:
            # A later pass would meet maps of rows that the pass before had learned from.
            warnings.warn(
                "a class has too few patients in the training rows for each to be held out: one "
                "pass is fitted",
                stacklevel=3,
            )
        samples, X, codes, weight, rows = self._sampled(images, masks, kinds)
        self.models_: list[list[PixelModel]] = []
        maps: dict[int, NDArray[np.float32]] = {}
        share = float(masks[np.concatenate(parts)].mean()) if parts else 0.0
        for number in range(self.passes if covered else 1):
            cells = CELLS[min(number, len(CELLS) - 1)]
            if number:
                X = self._with_context(X, images, samples, rows, maps)
            models = self._grown(X, codes, weight, rows, parts)
            maps = self._out_of_fold(images, parts, models, maps, cells)
            shift = _level_shift([each.sum(axis=0) for each in maps.values()], share) if maps else 0
            self.models_.append([model.shifted(shift) for model in models])
            maps = {n: _shifted(each, shift) for n, each in maps.items()}
        self.decision_ = Decision()
        if parts:
            self.decision_ = choose_decision(
                (enlarged(maps[n].sum(axis=0)[None], SIDE, SIDE)[0], mask_to_side(masks[n]))
                for n in sorted(maps)
            )

    def _sampled(
        self, images: NDArray[np.uint8], masks: NDArray[np.bool_], kinds: NDArray[np.int64]
    ) -> tuple[list[PixelSample], NDArray[np.float32], Rows, NDArray[np.float64], Rows]:
        """Give each image's pixels, and of all together: columns, classes, weights, image."""

        def one(n: int) -> tuple[PixelSample, NDArray[np.float32]]:
            seen = self._see(images[n])
            mask = mask_to_side(masks[n])
            sample = sample_pixels(seen.image, mask, seen.head.mask, self.seed)
            return sample, seen.surrounded.at(*_places(sample))

        samples: list[PixelSample] = []
        # Filled as they come, so that no column is held twice.
        most, total = len(images) * sum(COUNTS), 0
        X = np.empty((most, self._see(images[0]).surrounded.width), np.float32)
        for sample, columns in map_in_order(one, range(len(images)), jobs=self.jobs):
            X[total : total + len(columns)] = columns
            total += len(columns)
            samples.append(sample)
        codes = [np.where(s.tumour, kinds[n], 0) for n, s in enumerate(samples)]
        rows = [np.full(len(s.y), n) for n, s in enumerate(samples)]
        return (
            samples,
            X[:total],
            np.concatenate(codes),
            np.concatenate([s.weight for s in samples]),
            np.concatenate(rows),
        )

    def _with_context(
        self,
        X: NDArray[np.float32],
        images: NDArray[np.uint8],
        samples: Sequence[PixelSample],
        rows: Rows,
        maps: dict[int, NDArray[np.float32]],
    ) -> NDArray[np.float32]:
        """Put what a pass sees of the last one's maps beside the images' own columns."""
        own = self._see(images[0]).surrounded.width

        def one(n: int) -> NDArray[np.float32]:
            context = _context(self._see(images[n]), maps[n])
            return context.at(*_places(samples[n]))

        contexts = map_in_order(one, range(len(images)), jobs=self.jobs)
        return np.concatenate([X[:, :own], np.concatenate(list(contexts))], axis=1)

    def _grown(
        self,
        X: NDArray[np.float32],
        codes: Rows,
        weight: NDArray[np.float64],
        rows: Rows,
        parts: Sequence[Rows],
    ) -> list[PixelModel]:
        def one(part: Rows) -> PixelModel:
            learned = ~np.isin(rows, part)
            return learn_pixels(
                X[learned],
                codes[learned],
                weight[learned],
                1 + len(self.classes_),
                rounds=self.rounds,
                seed=self.seed,
            )

        return list(map_in_order(one, parts or [np.empty(0, np.int64)], jobs=self.jobs))

    def _out_of_fold(
        self,
        images: NDArray[np.uint8],
        parts: Sequence[Rows],
        models: Sequence[PixelModel],
        maps: dict[int, NDArray[np.float32]],
        cells: int,
    ) -> dict[int, NDArray[np.float32]]:
        """Map each image by the model that did not learn from its patient."""
        tasks = [(int(n), models[k]) for k, part in enumerate(parts) for n in part]

        def one(task: tuple[int, PixelModel]) -> NDArray[np.float32]:
            n, model = task
            return _next(self._see(images[n]), maps.get(n), [model], cells)

        found = map_in_order(one, tasks, jobs=self.jobs)
        return {n: each for (n, _), each in zip(tasks, found, strict=True)}

    def _see(self, image: NDArray[np.uint8]) -> SeenSlice:
        return see(image, self.maps)

    def _predict_maps(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        def one(image: NDArray[np.uint8]) -> NDArray[np.float32]:
            seen, maps = self._see(image), None
            for number, models in enumerate(self.models_):
                maps = _next(seen, maps, models, CELLS[min(number, len(CELLS) - 1)])
            assert maps is not None
            return enlarged(maps, *image.shape)

        return np.stack(list(map_in_order(one, images, jobs=self.jobs)))

    def _to_bytes(self) -> bytes:
        arrays = {
            f"{number}.{part}.{name}": array
            for number, models in enumerate(self.models_)
            for part, model in enumerate(models)
            for name, array in model.arrays().items()
        }
        columns = [int(n) for n in self._columns(len(self.classes_))[: len(self.models_)]]
        about = {"models": [len(f) for f in self.models_], "columns": columns}
        return pack(arrays, about)

    def _from_bytes(self, native: bytes) -> None:
        arrays, about = unpack(native)
        counts, columns = about.get("models"), self._columns(len(self.classes_))
        if not (
            isinstance(counts, list)
            and 1 <= len(counts) <= len(columns)
            and all(isinstance(n, int) and n >= 1 for n in counts)
            and about.get("columns") == columns[: len(counts)]
        ):
            raise NativeModelError(
                f"the segmenter has models {counts} over columns {about.get('columns')}, this "
                f"gliaboost's boosted pixels see {columns}; train it again"
            )
        self.models_ = [
            [self._model(arrays, f"{number}.{part}.", columns[number]) for part in range(count)]
            for number, count in enumerate(counts)
        ]

    def _model(self, arrays: dict[str, NDArray[Any]], prefix: str, columns: int) -> PixelModel:
        own = {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}
        return PixelModel.from_arrays(own, columns, 1 + len(self.classes_))

    def _columns(self, classes: int) -> list[int]:
        """Count what each pass sees."""
        blank = self._see(np.zeros((SIDE, SIDE), np.uint8))
        nothing = np.zeros((classes, CELLS[0], CELLS[0]), np.float32)
        own, more = blank.surrounded.width, _context(blank, nothing).width
        return [own, own + more, own + more]


_LEGAL: Legal = {
    "maps": one_of(*MAPS),
    "by_class": ("true or false", lambda v: isinstance(v, bool)),
    "rounds": ("a whole number from 1", whole(1)),
    "passes": ("1, 2 or 3", whole(1, 3)),
    "inner_folds": ("a whole number from 2", whole(2)),
    "seed": ("a whole number from 0 to 2147483647", whole(0, 2**31 - 1)),
    "jobs": ("a whole number from 1, or none", lambda v: v is None or whole(1)(v)),
}


def _places(sample: PixelSample) -> Iterator[NDArray[np.float32]]:
    return (((each + 0.5) / SIDE).astype(np.float32) for each in (sample.y, sample.x))


def _context(seen: SeenSlice, maps: NDArray[np.float32]) -> Pyramid:
    return context_pyramid(maps, seen.columns(maps.shape[1]))


def _next(
    seen: SeenSlice, maps: NDArray[np.float32] | None, models: Sequence[PixelModel], cells: int
) -> NDArray[np.float32]:
    pyramid = seen.surrounded
    if maps is not None:
        pyramid = joined([pyramid, _context(seen, maps)])
    return cell_maps(seen, pyramid, models, cells, maps)


def _level_shift(maps: Sequence[NDArray[np.float32]], share: float) -> float:
    """Find what tumour's log odds lack, for the mean probability to be the share of tumour.

    Trees that are shrunk never quite reach the odds that they learn, and further from them on
    patients that they have not seen.
    """
    from scipy.optimize import brentq

    believed = np.stack(maps).astype(np.float64)

    def excess(shift: float) -> float:
        return float(_shifted(believed[:, None], shift).mean()) - share

    most = 10.0
    return float(brentq(excess, -most, most)) if excess(-most) < 0 < excess(most) else 0.0


def _shifted(maps: NDArray[Any], shift: float) -> NDArray[Any]:
    """Move tumour's log odds in maps of its classes' probabilities, ``[K, g, g]``."""
    factor = maps.dtype.type(np.exp(shift))
    axis = maps.ndim - 3
    together = maps.sum(axis=axis, keepdims=True)
    moved: NDArray[Any] = maps * factor / (1 + together * (factor - 1))
    return moved
