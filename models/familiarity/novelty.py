"""How far a picture lies from those that a model was trained on, as a p-value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.errors import BundleError

# Fewer training images say too little about what is usual.
FEWEST = 20
# Principal components at most, and training images for each at least.
COMPONENTS, PER_COMPONENT = 48, 4
FOLDS = 5
# Quantiles of the held-out distances that are kept.
KEPT = 1000
# Of pictures like the training images, so many are called unlike them.
ALPHA = 0.01

Floats = NDArray[np.float32]
Exact = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Novelty:
    """A normal distribution of training pictures, and how far held-out ones lie from it.

    A picture's distance is the larger of Hotelling's T² within the principal components and the
    squared residual Q outside them (Jackson and Mudholkar 1979), each in units of what 1 % of
    training pictures exceed; these were measured on patients who were left out. The p-value is
    conformal: the share of left-out training pictures that lie at least as far.

    Parameters
    ----------
    mean : float32 array [D]
        Of the scaled columns.
    scales : float32 array [D]
        What each column is divided by: the spread of its group, so that groups weigh alike.
    components : float32 array [K, D]
        Orthonormal rows.
    deviations : float32 array [K]
        Along them.
    limits : float32 array [2]
        Of T² and Q.
    held_out : float32 array [M]
        Distances of left-out training pictures, sorted; M is at most 1,000.
    """

    mean: Floats
    scales: Floats
    components: Floats
    deviations: Floats
    limits: Floats
    held_out: Floats

    def distances(self, columns: Floats) -> Floats:
        """Give distances of pictures, float32 [N]; 1 is what 1 % of training pictures exceed."""
        both = _both(columns / self.scales, self.mean, self.components, self.deviations)
        worst: Floats = (both / self.limits).max(axis=1)
        return worst

    def typicality(self, columns: Floats) -> Exact:
        """Give p-values, float64 [N]: the share of training pictures that lie as far or farther."""
        farther = len(self.held_out) - np.searchsorted(self.held_out, self.distances(columns))
        share: Exact = (1 + farther) / (1 + len(self.held_out))
        return share

    @property
    def threshold(self) -> float:
        """The p-value from which on a picture is called unlike the training pictures."""
        return max(ALPHA, 1 / (1 + len(self.held_out)))

    def to_state(self) -> dict[str, Any]:
        """Give plain values: bytes of little-endian float32 by name."""
        return {name: _bytes(values) for name, values in vars(self).items()}

    @classmethod
    def from_state(cls, state: Mapping[str, Any], width: int) -> Novelty:
        """Rebuild from `to_state`.

        Raises
        ------
        BundleError
            If the values do not fit each other or `width`, or are not finite.
        """
        names = list(cls.__dataclass_fields__)
        if sorted(state) != sorted(names) or not all(type(state[n]) is bytes for n in names):
            raise BundleError("the bundle's novelty has other fields than expected; train again")
        if any(len(state[name]) % 4 for name in names):
            raise BundleError("the bundle's novelty is cut short; copy the bundle again")
        found = {name: np.frombuffer(state[name], "<f4") for name in names}
        k = len(found["deviations"])
        sizes = [width, width, k * width, k, 2]
        fits = [len(found[name]) for name in names[:-1]] == sizes and len(found["held_out"]) > 0
        if not fits or not all(np.isfinite(values).all() for values in found.values()):
            raise BundleError("the bundle's novelty does not fit its columns; train again")
        if min(found[n].min(initial=1) for n in ("scales", "deviations", "limits")) <= 0:
            raise BundleError("the bundle's novelty has spreads of 0 or less; train again")
        return cls(**{**found, "components": found["components"].reshape(k, width)})


def learn_novelty(columns: Floats, groups: NDArray[Any], edges: Sequence[int]) -> Novelty | None:
    """Learn what training pictures look like.

    Parameters
    ----------
    columns : float32 array [N, D]
        From `gliaboost.features.appearance.Appearance`.
    groups : array [N]
        Whose pictures these are: none is measured by its own patient's.
    edges : sequence of int
        Where each group of columns begins, and where the last ends.

    Returns
    -------
    Novelty or None
        None for fewer than 20 pictures, or 2 patients.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> novelty = learn_novelty(rng.normal(size=(500, 8)).astype("f4"), np.arange(500), [0, 8])
    >>> usual, odd = novelty.typicality(np.array([[0.0] * 8, [9.0] * 8], np.float32))
    >>> bool(usual > 0.5), bool(odd <= novelty.threshold)
    (True, True)
    """
    owners = np.unique(groups.astype(str), return_inverse=True)[1]
    most = int(owners.max(initial=-1)) + 1
    if len(columns) < FEWEST or most < 2:
        return None
    scales = np.ones(columns.shape[1], np.float32)
    for start, stop in pairwise(edges):
        spread = float(np.sqrt(columns[:, start:stop].var(axis=0, dtype=np.float64).sum()))
        scales[start:stop] = spread or 1.0
    scaled = columns / scales
    folds = np.random.default_rng(0).permutation(most)[owners] % min(FOLDS, most)
    moments = [_Moments.of(scaled[folds == f]) for f in range(int(folds.max()) + 1)]
    whole = _Moments.summed(moments)
    held = np.empty((len(columns), 2), np.float32)
    for f, own in enumerate(moments):
        held[folds == f] = _both(scaled[folds == f], *_principal(whole.without(own)))
    # A constant set has no spread at all; then nothing but itself is like it.
    limits = np.maximum(np.quantile(held, 1 - ALPHA, axis=0), 1e-9).astype(np.float32)
    distances = (held / limits).max(axis=1)
    kept = np.linspace(0, 1, KEPT) if len(distances) > KEPT else None
    ranked = np.sort(distances) if kept is None else np.quantile(distances, kept)
    return Novelty(
        scales=scales,
        limits=limits,
        held_out=ranked.astype(np.float32),
        **dict(zip(("mean", "components", "deviations"), _principal(whole), strict=True)),
    )


@dataclass(frozen=True, eq=False)
class _Moments:
    """Number, sum and sum of products of some rows, so that folds need not be summed anew."""

    rows: int
    total: Exact
    products: Exact

    @classmethod
    def of(cls, rows: Floats) -> _Moments:
        exact = rows.astype(np.float64)
        return cls(len(rows), exact.sum(axis=0), exact.T @ exact)

    @classmethod
    def summed(cls, parts: Sequence[_Moments]) -> _Moments:
        whole = (sum(p.rows for p in parts), sum(p.total for p in parts))
        return cls(*whole, sum(p.products for p in parts))  # type: ignore[arg-type]

    def without(self, part: _Moments) -> _Moments:
        left = (self.rows - part.rows, self.total - part.total, self.products - part.products)
        return _Moments(*left)


def _principal(moments: _Moments) -> tuple[Floats, Floats, Floats]:
    """Give mean, principal components and deviations along them."""
    from scipy.linalg import eigh

    mean = moments.total / moments.rows
    covariance = moments.products / moments.rows - np.outer(mean, mean)
    # Those that are never used took half of the time.
    width = len(covariance)
    values, vectors = eigh(covariance, subset_by_index=[max(0, width - COMPONENTS), width - 1])
    least = max(float(values[-1]), 0.0) * 1e-6 + 1e-12
    several = int((values > least).sum())
    k = max(1, min(COMPONENTS, moments.rows // PER_COMPONENT, several))
    spread = np.sqrt(np.maximum(values[::-1][:k], least))
    return _exactly(mean), _exactly(vectors[:, ::-1][:, :k].T), _exactly(spread)


def _exactly(values: Exact) -> Floats:
    return np.ascontiguousarray(values, np.float32)


def _both(scaled: Floats, mean: Floats, components: Floats, deviations: Floats) -> Floats:
    """Give T² by component and Q of rows: float32 [N, 2]."""
    centred = scaled - mean
    along = centred @ components.T
    inside = ((along / deviations) ** 2).mean(axis=1)
    outside = (centred**2).sum(axis=1) - (along**2).sum(axis=1)
    return np.stack([inside, np.maximum(outside, 0)], axis=1).astype(np.float32)


def _bytes(values: Floats) -> bytes:
    return np.ascontiguousarray(values, "<f4").tobytes()
