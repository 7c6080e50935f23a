"""What a pass learns from one part of the patients: linear scores, and trees that see them too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from gliaboost.models.base import NativeModelError
from gliaboost.models.segmentation.discriminants import Discriminants, learn_discriminants
from gliaboost.models.segmentation.forest import from_kept_arrays, grow_forest, kept_arrays
from gliaboost.models.trees.trees import Trees


@dataclass(frozen=True, eq=False)
class PixelModel:
    """Classes' probabilities from a pixel's columns; the first class is no tumour.

    Attributes
    ----------
    discriminants : Discriminants
    forest : Trees
        Over the columns and the discriminants' scores.
    """

    discriminants: Discriminants
    forest: Trees

    @property
    def classes(self) -> int:
        """Classes, that of no tumour included."""
        return self.forest.classes

    def probabilities(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        """Give every class's probability, ``float32 [N, K]``; rows sum to 1."""
        return self.forest.probabilities(self.discriminants.beside(X)).astype(np.float32)

    def shifted(self, shift: float) -> PixelModel:
        """Add to tumour's log odds."""
        return replace(self, forest=self.forest.shifted(shift))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the plain arrays; `from_arrays` takes them back."""
        linear = {f"linear.{name}": each for name, each in self.discriminants.arrays().items()}
        return linear | {f"trees.{name}": each for name, each in kept_arrays(self.forest).items()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], columns: int, classes: int) -> Self:
        """Take up plain arrays, checked.

        Raises
        ------
        NativeModelError
            If they are no such model over so many columns and classes.
        """
        discriminants = Discriminants.from_arrays(_under("linear.", arrays), columns)
        scores = len(discriminants.start)
        forest = from_kept_arrays(_under("trees.", arrays), columns + scores)
        if not forest.classes == scores == classes:
            raise NativeModelError(
                f"the segmenter tells {forest.classes - 1} kinds of tumour apart, "
                f"{classes - 1} are named; train it again or copy it again"
            )
        return cls(discriminants, forest)


def learn_pixels(
    X: NDArray[np.float32],
    y: NDArray[np.int64],
    weight: NDArray[np.float64],
    classes: int,
    *,
    rounds: int,
    seed: int,
) -> PixelModel:
    """Learn from sampled pixels.

    Parameters
    ----------
    X : float32 array [N, D]
        Finite.
    y : int64 array [N]
        Classes, 0 to `classes` - 1.
    weight : float64 array [N]
        For how many pixels each stands.
    classes : int
    rounds : int
        Trees a class.
    seed : int

    Returns
    -------
    PixelModel
        Its probabilities are of pixels as they are frequent, not as they were sampled.
    """
    weights, offsets = by_class(y, weight, classes)
    discriminants = learn_discriminants(X, y, weights, classes)
    forest = grow_forest(discriminants.beside(X), y, weights, offsets, rounds=rounds, seed=seed)
    return PixelModel(discriminants, forest)


def by_class(
    codes: NDArray[np.int64], weight: NDArray[np.float64], classes: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weigh pixels within their class, and say by how much sampling moved each class's log odds.

    Pixels count by the root of what they stand for: in full, a few hundred far from any tumour
    would outweigh all that lie near its edge.
    """
    weights, offsets = np.ones(len(codes)), np.full(classes, -np.inf)
    for code in range(classes):
        own = codes == code
        if own.any():
            roots = np.sqrt(weight[own])
            weights[own] = roots / roots.mean()
            offsets[code] = np.log(weight[own].mean())
    return weights, offsets - offsets.max()


def _under(prefix: str, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {k.removeprefix(prefix): each for k, each in arrays.items() if k.startswith(prefix)}
