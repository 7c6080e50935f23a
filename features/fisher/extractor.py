"""Fisher vectors as feature columns: a vocabulary is learned inside the fold, without labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gliaboost.errors import UsageError
from gliaboost.features.fisher.descriptors import BESIDE, Descriptors, describe, no_descriptors
from gliaboost.features.fisher.layout import LENGTH, check_layout
from gliaboost.features.fisher.vocabulary import (
    Vocabulary,
    densities,
    encode,
    from_plain,
    learn,
    plain,
    project,
)
from gliaboost.features.fitted import FittedExtractor
from gliaboost.features.kinds import wrong_kinds
from gliaboost.features.parameters import number_text
from gliaboost.features.registry import register

if TYPE_CHECKING:
    import torch


@register
class Fisher(FittedExtractor):
    """Fisher vectors of dense gradient descriptors (Perronnin et al. 2010).

    At every `stride` pixels and several scales, the directions of gradients in 4 x 4 Gaussian cells
    (8 bins, roots of shares as RootSIFT's) are brought to principal components; beside them stand
    place, grey and magnitude. A mixture of Gaussians is their vocabulary; an image's columns tell
    how its descriptors would change weights, means and variances. Linear heads and SVMs read such
    columns well, trees badly.

    The vocabulary is learned inside a fold from its training rows, and no label or mask is told to
    it. One vocabulary describes training and test rows: columns of two do not compare.

    Parameters
    ----------
    modes : int
        Gaussians of the vocabulary.
    dims : int
        Principal components, 1 to 128.
    cells : float or sequence of float
        Pixels from a cell's centre to the next, one scale for each. Halves and multiples of
        `stride` are fast: neighbours then share cells.
    stride : int
        Pixels from a descriptor to the next.
    samples : int
        Descriptors to learn from, evenly over patients.
    seed : int
        Which descriptors, and the mixture's first guess.

    Examples
    --------
    >>> from gliaboost.features.fitted_checks import sample_rows
    >>> rows = sample_rows(64, 64)
    >>> fisher = Fisher(modes=4, dims=8).fit(rows["X"], groups=rows["groups"])
    >>> fisher.transform(rows["X"]).shape  # weights, and means and variances of 8 + 4 dimensions
    (16, 100)
    """

    name: ClassVar[str] = "fisher"
    title: ClassVar[str] = "Fisher vectors"
    tolerance: ClassVar[float] = 1e-3
    joint: ClassVar[bool] = True
    learns_labels: ClassVar[bool] = False

    def __init__(
        self,
        *,
        modes: int = 64,
        dims: int = 64,
        cells: float | Sequence[float] = (5, 10, 15),
        stride: int = 10,
        samples: int = 100_000,
        seed: int = 0,
    ) -> None:
        self.modes = modes
        self.dims = dims
        self.cells = cells
        self.stride = stride
        self.samples = samples
        self.seed = seed

    def parameter_faults(self, height: int, width: int) -> list[str]:
        """List what is wrong with the parameters."""
        given, usual = self.get_params(deep=False), type(self)().get_params(deep=False)
        faults = wrong_kinds(given, usual)
        if faults:
            return faults
        if self.modes < 1:
            faults.append(f"modes={self.modes}, expected 1 or more")
        if not 1 <= self.dims <= LENGTH:
            faults.append(f"dims={self.dims}, expected 1 to {LENGTH}")
        if self.samples < max(self.modes, self.dims):
            faults.append(
                f"samples={self.samples}, expected at least modes and dims, "
                f"{max(self.modes, self.dims)}"
            )
        try:
            self._cells()
        except UsageError as error:
            faults.append(str(error))
        return faults

    def _cells(self) -> tuple[float, ...]:
        several: Any = self.cells if isinstance(self.cells, list | tuple) else [self.cells]
        return check_layout(self.stride, several)

    def _fit(
        self,
        images: NDArray[np.uint8],
        labels: NDArray[Any],
        groups: NDArray[Any],
        masks: NDArray[np.bool_] | None,
    ) -> None:
        sample = self._sampled(images, groups)
        self._take(learn(sample, self.dims, self.modes, self.seed))

    def _sampled(self, images: NDArray[np.uint8], groups: NDArray[Any]) -> Descriptors:
        """Draw descriptors, as many of each patient, and of each of its images."""
        rng = np.random.default_rng(self.seed)
        _, own, slices = np.unique(groups, return_inverse=True, return_counts=True)
        quota = self.samples / len(slices)
        found = [no_descriptors()]
        for image, patient in zip(images, own, strict=True):
            all_of_it = describe(image, self.stride, self._cells())
            wanted = max(1, round(quota / slices[patient]))
            drawn = rng.permutation(len(all_of_it.shares))[:wanted]
            found.append(Descriptors(*(part[drawn] for part in all_of_it)))
        return Descriptors(*(np.concatenate(part) for part in zip(*found, strict=True)))

    def _take(self, vocabulary: Vocabulary) -> None:
        self.vocabulary_ = vocabulary
        self.densities_ = densities(vocabulary)

    def _state(self) -> dict[str, Any]:
        return plain(self.vocabulary_)

    def _restore(self, state: Mapping[str, Any]) -> None:
        self._take(from_plain(state))

    def _extract(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        cells = self._cells()
        return np.stack([self._of_image(image, cells) for image in images])

    def _of_image(self, image: NDArray[np.uint8], cells: tuple[float, ...]) -> NDArray[np.float32]:
        projected = project(describe(image, self.stride, cells), self.vocabulary_)
        return encode(projected, self.vocabulary_, self.densities_)

    def _extract_tensor(self, images: torch.Tensor) -> torch.Tensor:
        """Compute on the GPU what lies there, or in pinned host memory."""
        import torch

        if images.is_cuda or (torch.cuda.is_available() and images.is_pinned()):
            from gliaboost.features.fisher.on_tensors import fisher_vectors

            return fisher_vectors(images, self.vocabulary_, stride=self.stride, cells=self._cells())
        return super()._extract_tensor(images)

    def _names(self, height: int, width: int) -> list[str]:
        modes, dims = self.modes, self.dims + BESIDE
        prefix = "__".join(
            [
                self.name,
                f"cells_{'x'.join(map(number_text, self._cells()))}",
                f"stride_{self.stride}",
                f"dims_{self.dims}",
                f"modes_{modes}",
                f"samples_{self.samples}",
                f"seed_{self.seed}",
            ]
        )
        pairs = [f"m{m}_d{d}" for m in range(modes) for d in range(dims)]
        return [
            *(f"{prefix}__weight_m{m}" for m in range(modes)),
            *(f"{prefix}__mean_{pair}" for pair in pairs),
            *(f"{prefix}__variance_{pair}" for pair in pairs),
        ]
