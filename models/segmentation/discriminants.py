"""Linear discriminants: a few directions through many columns, for trees to ask about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from gliaboost.models.base import NativeModelError

# Added to the variance of every standardised column, so that columns that repeat others do no harm.
SHRINKAGE = 1e-2


@dataclass(frozen=True, eq=False)
class Discriminants:
    """Each class's linear score of standardised columns.

    A tree asks for one column at a time, and needs many questions to follow a slope through the
    channels of a network; here it is one.

    Attributes
    ----------
    weights : float64 array [D, K]
        Of the columns as they are.
    start : float64 array [K]
    """

    weights: NDArray[np.float64]
    start: NDArray[np.float64]

    def beside(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        """Put the scores beside the columns, ``float32 [N, D + K]``."""
        # BLAS would share each slice out among threads of its own, which the threads of other
        # slices wait for: twice the time of a region's columns.
        scores = np.einsum("nd,kd->nk", X, np.ascontiguousarray(self.weights.T)) + self.start
        return np.concatenate([X, scores.astype(np.float32)], axis=1)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the plain arrays; `from_arrays` takes them back."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], columns: int) -> Self:
        """Take up plain arrays.

        Raises
        ------
        NativeModelError
            If they are no scores of so many columns.
        """
        weights, start = arrays.get("weights"), arrays.get("start")
        if (
            weights is None
            or start is None
            or weights.dtype != np.float64
            or start.dtype != np.float64
            or start.ndim != 1
            or weights.shape != (columns, len(start))
        ):
            raise NativeModelError(
                f"the segmenter's linear scores are not of {columns} columns; copy or train it "
                "again"
            )
        return cls(weights, start)


def learn_discriminants(
    X: NDArray[np.float32], y: NDArray[np.int64], weight: NDArray[np.float64], classes: int
) -> Discriminants:
    """Learn linear discriminant analysis's scores, all classes as likely.

    Parameters
    ----------
    X : float32 array [N, D]
        Finite.
    y : int64 array [N]
        Classes, 0 to `classes` - 1; one without rows has score 0.
    weight : float64 array [N]
        Above 0.
    classes : int

    Returns
    -------
    Discriminants

    Examples
    --------
    >>> X = np.array([[0.0], [0.2], [3.0], [3.2]], np.float32)
    >>> found = learn_discriminants(X, np.array([0, 0, 1, 1]), np.ones(4), 2)
    >>> found.beside(X)[:, 1:].argmax(axis=1).tolist()
    [0, 0, 1, 1]
    """
    share = weight / weight.sum()
    mean = share @ X
    # In place: each copy is twice as large as the columns, of which there are many.
    squares = X - mean
    np.square(squares, out=squares)
    spread = np.sqrt(share @ squares)
    del squares
    spread = np.where(spread > 1e-6, spread, 1.0)
    within = np.eye(X.shape[1]) * SHRINKAGE
    middles = np.zeros((classes, X.shape[1]))
    present = [code for code in range(classes) if (y == code).any()]
    for code in present:
        own = X[y == code] - mean
        own /= spread
        of_class = weight[y == code] / weight[y == code].sum()
        middles[code] = of_class @ own
        own -= middles[code]
        within += (own * of_class[:, None]).T @ own / len(present)
    weights = np.asarray(np.linalg.solve(within, middles.T), np.float64)
    start = -(middles.T * weights).sum(axis=0) / 2
    weights /= spread[:, None]
    return Discriminants(weights, start - mean @ weights)
