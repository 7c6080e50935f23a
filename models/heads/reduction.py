"""From many columns to few: filled, standardised, and turned to their principal directions."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
# A column whose spread is a smaller share of its values than this is a constant.
LEAST = 1e-6


class Reduction(NamedTuple):
    """What was learned of training columns.

    Attributes
    ----------
    fill : float32 array [D]
        The median of each, in place of a missing value; 0 where none was ever seen.
    mean, scale : float32 arrays [D]
        Of the filled columns. The scale is the standard deviation, and infinite for a constant,
        which so counts for nothing.
    axes : float32 array [D, k]
        Principal directions of the standardised columns, the one of the largest variance first,
        all divided by one number, so that the few columns have a variance of 1 on average.
    """

    fill: Floats
    mean: Floats
    scale: Floats
    axes: Floats

    def standardised(self, X: Floats) -> Floats:
        """Fill and standardise rows, ``float32 [N, D]``."""
        return (np.where(np.isnan(X), self.fill, X) - self.mean) / self.scale

    def __call__(self, X: Floats) -> Floats:
        """Give rows their few columns, ``float32 [N, k]``."""
        return self.standardised(X) @ self.axes

    def fits(self, columns: int) -> bool:
        """Whether the arrays go together, for so many columns."""
        by_column = (self.fill, self.mean, self.scale)
        return (
            all(a.dtype == np.float32 for a in self)
            and all(a.shape == (columns,) for a in by_column)
            and self.axes.ndim == 2
            and len(self.axes) == columns
            and all(bool(np.isfinite(a).all()) for a in (self.fill, self.mean, self.axes))
            and bool((self.scale > 0).all())
        )


def learn_reduction(X: Floats, components: int) -> Reduction:
    """Learn how to reduce columns from training rows.

    Parameters
    ----------
    X : float32 array [N, D]
        Missing values may be NaN.
    components : int
        Directions to keep, from 1; no more than the rows tell apart.

    Returns
    -------
    Reduction

    References
    ----------
    I. T. Jolliffe, Principal Component Analysis, 2nd edition, Springer, 2002.

    Examples
    --------
    >>> X = np.array([[0, 1, 5], [2, 3, 5], [4, 5, 5]], np.float32)
    >>> reduction = learn_reduction(X, 1)
    >>> np.abs(reduction(X).astype(float)).round(2).ravel().tolist()
    [1.22, 0.0, 1.22]
    """
    from scipy.linalg import eigh

    fill = medians(X)
    filled = np.where(np.isnan(X), fill, X)
    mean = filled.mean(axis=0, dtype=np.float64)
    deviation = filled.std(axis=0, dtype=np.float64)
    varies = deviation > LEAST * np.maximum(np.abs(mean), 1e-30)
    learned = Reduction(
        fill,
        mean.astype(np.float32),
        np.where(varies, deviation, np.inf).astype(np.float32),
        np.empty((X.shape[1], 0), np.float32),
    )
    Z = learned.standardised(np.asarray(X, np.float32))
    rows, columns = Z.shape
    count = max(1, min(components, rows - 1, int(varies.sum())))
    # The smaller of both products has the same directions.
    small = Z @ Z.T if rows < columns else Z.T @ Z
    last = len(small) - 1
    strength, directions = eigh(small, subset_by_index=[max(0, last - count + 1), last])
    strength, directions = strength[::-1], directions[:, ::-1]
    if rows < columns:
        kept = strength > LEAST * max(float(strength[0]), 1e-30)
        directions = Z.T @ (directions[:, kept] / np.sqrt(strength[kept]))
    # Which way a direction points is arbitrary: its largest part is positive.
    signs = np.sign(directions[np.abs(directions).argmax(axis=0), np.arange(directions.shape[1])])
    axes = directions * signs
    spread = float((Z @ axes).std()) or 1.0
    return learned._replace(axes=np.asarray(axes / spread, np.float32))


class Filling(NamedTuple):
    """What takes the place of missing values, for a head that needs nothing else.

    Attributes
    ----------
    fill : float32 array [D]
        The median of each training column.
    """

    fill: Floats

    def __call__(self, X: Floats) -> Floats:
        """Fill rows, ``float32 [N, D]``."""
        return np.where(np.isnan(X), self.fill, X)

    def fits(self, columns: int) -> bool:
        """Whether there is a finite value for each of so many columns."""
        fill = self.fill
        right = fill.dtype == np.float32 and fill.shape == (columns,)
        return right and bool(np.isfinite(fill).all())


def medians(X: Floats) -> Floats:
    """Give each column's median of what is there, ``float32 [D]``; 0 where nothing is.

    Examples
    --------
    >>> medians(np.array([[1, np.nan], [2, np.nan], [9, np.nan]], np.float32)).tolist()
    [2.0, 0.0]
    """
    if not np.isnan(X).any():
        return np.median(X, axis=0).astype(np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a column without any value
        return np.nan_to_num(np.nanmedian(X, axis=0)).astype(np.float32)
