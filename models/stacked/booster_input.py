"""Which columns a head reads, which the booster is given, and what log-odds stand beside them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gliaboost.models.families import Family

Matrix = NDArray[np.float32]
# Log-odds are given again and again until they are this share of what the booster is given: its
# trees look at a sample of the columns, in which a few among thousands would not be seen. A tenth
# and a half did as well on inner folds, once alone worse (benchmarks/results/figshare-stacked).
SHARE = 0.25


class BoosterInput(NamedTuple):
    """What a booster is given: plain columns, then the log-odds of heads, repeated.

    Attributes
    ----------
    columns : int
        Of all families, D.
    plain : int64 array [P]
        Columns that it is given as they are.
    headed : tuple of slice
        Columns of each family that a head reads, F.
    classes : int
        K log-odds a head.
    repeats : int
        How often they stand there, from 1.
    """

    columns: int
    plain: NDArray[np.int64]
    headed: tuple[slice, ...]
    classes: int
    repeats: int

    @property
    def width(self) -> int:
        """Columns that the booster is given."""
        return len(self.plain) + self.repeats * len(self.headed) * self.classes

    def join(self, X: Matrix, said: Iterable[Matrix]) -> Matrix:
        """Put the log-odds ``[N, K]`` of each head beside the plain columns of ``X``."""
        return np.hstack([X[:, self.plain], np.tile(np.hstack([*said]), self.repeats)])

    def share_out(self, values: Matrix) -> Matrix:
        """Bring each part in a score, ``[N, K, width]``, to the columns of the families.

        Returns
        -------
        float32 array [N, K, D]
            What a head's log-odds add is shared out evenly among the columns that it reads.
        """
        rows, classes, _ = values.shape
        found = np.zeros((rows, classes, self.columns))
        found[..., self.plain] = values[..., : len(self.plain)]
        said = values[..., len(self.plain) :].astype(np.float64)
        said = said.reshape(rows, classes, self.repeats, len(self.headed), self.classes)
        for number, sums in enumerate(np.moveaxis(said.sum(axis=(2, 4)), 2, 0)):
            own = self.headed[number]
            found[..., own] += sums[..., None] / (own.stop - own.start)
        return found.astype(np.float32)


def booster_input(families: Sequence[Family], headed: str, raw: str, classes: int) -> BoosterInput:
    """Say who reads which family; arguments as for `Stacked`.

    Examples
    --------
    >>> families = [Family("hog", 9), Family("embedding", 5, joint=True)]
    >>> found = booster_input(families, "joint", "plain", 3)
    >>> found.plain.tolist(), found.headed, found.repeats
    ([0, 1, 2, 3, 4, 5, 6, 7, 8], (slice(9, 14, None),), 1)
    """
    edges = np.cumsum([0, *(f.width for f in families)])
    slices = [slice(int(a), int(b)) for a, b in pairwise(edges)]
    alone = not any(f.joint for f in families)
    read = tuple(
        s for f, s in zip(families, slices, strict=True) if f.joint or alone or headed == "all"
    )
    given = [
        np.arange(s.start, s.stop)
        for f, s in zip(families, slices, strict=True)
        if raw == "all" or not f.joint
    ]
    plain = np.concatenate([np.empty(0, np.int64), *given])
    repeats = max(1, round(SHARE / (1 - SHARE) * len(plain) / (len(read) * classes)))
    return BoosterInput(int(edges[-1]), plain, read, classes, repeats)
