"""Whether one experiment is better than another on the same images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gliaboost.reports.statistics.measures import UnitName
from gliaboost.reports.statistics.resampling import (
    RESAMPLES,
    interval,
    resamples,
    sums,
)
from gliaboost.reports.statistics.units import Units, units_of

if TYPE_CHECKING:
    import pandas as pd

LEVEL = 0.05


@dataclass(frozen=True)
class Comparison:
    """The first experiment against the second, on the images of both.

    Attributes
    ----------
    first, second : int
        Positions of the experiments.
    images, units : int
        What both were tested on.
    unit : {"patient", "group", "image"}
        What units are, most of them.
    difference : float
        Accuracy of the first minus that of the second.
    ci95 : (low, high) or None
        Interval of the difference over resampled units, both experiments drawn together.
    only_first, only_second : int
        Images that only one of them has right.
    p_bootstrap : float
        Two-sided, from the same resamples; never below 2 / (resamples + 1).
    p : float
        Two-sided, McNemar's test for whole units (`mcnemar`).
    p_holm : float
        `p` corrected for all comparisons of the report (`holm`).
    """

    first: int
    second: int
    images: int
    units: int
    unit: UnitName
    difference: float
    ci95: tuple[float, float] | None
    only_first: int
    only_second: int
    p_bootstrap: float
    p: float
    p_holm: float

    @property
    def certain(self) -> bool:
        """Whether the difference is more than chance, at 5 % over all comparisons."""
        return self.p_holm < LEVEL


def compare(
    frames: Sequence[pd.DataFrame], *, seed: int = 0, n_boot: int = RESAMPLES
) -> list[Comparison]:
    """Compare every experiment with every other.

    Parameters
    ----------
    frames : sequence of pandas.DataFrame
        Predictions of each experiment; columns ``path``, ``label``, ``predicted`` and, where known,
        ``patient`` and ``group``. Rows are matched by ``path``.
    seed, n_boot
        Of the bootstrap.

    Returns
    -------
    list of Comparison
        All pairs that share images, first before second in the order of `frames`.
    """
    right, known = _aligned(frames)
    found: list[Comparison] = []
    drawn: dict[bytes, tuple[Units, NDArray[np.float64]]] = {}
    for i, j in combinations(range(len(frames)), 2):
        shared = (right[i] >= 0) & (right[j] >= 0)
        if not shared.any():
            continue
        if shared.tobytes() not in drawn:
            units = units_of(known[shared])
            drawn[shared.tobytes()] = units, resamples(units.count, n_boot, seed)
        units, weights = drawn[shared.tobytes()]
        codes, count = units.codes, units.count
        better = (right[i] - right[j])[shared]
        size, surplus = (sums(codes, count, v) for v in (np.ones(len(codes)), better))
        boot = weights @ surplus / (weights @ size)
        found.append(
            Comparison(
                i,
                j,
                len(codes),
                count,
                units.kind,
                float(better.mean()),
                interval(boot) if count > 1 else None,
                int((better > 0).sum()),
                int((better < 0).sum()),
                _p_of(boot) if count > 1 else 1.0,
                mcnemar(better, codes),
                1.0,
            )
        )
    corrected = holm([c.p for c in found])
    return [
        Comparison(**{**vars(c), "p_holm": float(p)}) for c, p in zip(found, corrected, strict=True)
    ]


def mcnemar(better: ArrayLike, codes: ArrayLike | None = None) -> float:
    """McNemar's test on images that come in groups.

    The statistic is the squared sum of the groups' surpluses over the sum of their squares, which
    for groups of one is McNemar's own (b - c)**2 / (b + c), without continuity correction. Images
    of one patient go right or wrong together; the plain test takes them for as many witnesses.

    Parameters
    ----------
    better : array [N]
        1 where only the first is right, -1 where only the second is, else 0.
    codes : int array [N], optional
        The group of each image; by default each is its own.

    Returns
    -------
    float
        Two-sided p from chi-square with one degree of freedom; 1 where nothing differs.

    References
    ----------
    Yang, Sun and Hardin, "A note on the tests for clustered matched-pair binary data", Biom. J. 52
    (2010).

    Examples
    --------
    Approval of a prime minister, before and after (Agresti, Categorical Data Analysis, table 10.1):

    >>> round(mcnemar([1] * 150 + [-1] * 86), 7)
    3.1e-05
    """
    from scipy.stats import chi2

    values = np.asarray(better, dtype=np.float64)
    groups = np.arange(len(values)) if codes is None else np.asarray(codes)
    surplus = np.bincount(groups, values)
    squares = float((surplus**2).sum())
    return float(chi2.sf(surplus.sum() ** 2 / squares, 1)) if squares else 1.0


def holm(p: Sequence[float]) -> NDArray[np.float64]:
    """Correct p-values for their number, keeping the chance of any false alarm at the level.

    References
    ----------
    Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Stat. 6 (1979).

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03, 0.005]).round(3).tolist()
    [0.03, 0.06, 0.06, 0.02]
    """
    values = np.asarray(p, dtype=np.float64)
    order = np.argsort(values, kind="stable")
    scaled = values[order] * np.arange(len(values), 0, -1)
    corrected = np.empty_like(values)
    corrected[order] = np.minimum(np.maximum.accumulate(scaled), 1) if len(values) else scaled
    return corrected


def _p_of(boot: NDArray[np.float64]) -> float:
    below, above = int((boot <= 0).sum()), int((boot >= 0).sum())
    return min(1.0, 2 * (min(below, above) + 1) / (len(boot) + 1))


def _aligned(
    frames: Sequence[pd.DataFrame],
) -> tuple[NDArray[np.int64], pd.DataFrame]:
    """Set right (1), wrong (0) and not tested (-1) side by side, ``[E, N]``; name the units."""
    import pandas as pd

    paths = sorted({path for f in frames for path in f["path"]})
    column = {path: i for i, path in enumerate(paths)}
    right = np.full((len(frames), len(paths)), -1, dtype=np.int64)
    known = {name: np.full(len(paths), None, dtype=object) for name in ("patient", "group")}
    for row, frame in zip(right, frames, strict=True):
        at = np.array([column[path] for path in frame["path"]], dtype=np.int64)
        row[at] = (frame["label"] == frame["predicted"]).to_numpy(dtype=np.int64)
        for name, values in known.items():
            if name in frame:
                values[at] = frame[name].to_numpy(dtype=object)
    return right, pd.DataFrame(known)
