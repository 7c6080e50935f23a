"""Averages over slices with intervals by patient, and slices in thirds of a number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gliaboost.reports.statistics.measures import Interval
from gliaboost.reports.statistics.resampling import RESAMPLES, interval, resamples, sums
from gliaboost.reports.statistics.units import units_of

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class SliceAverage:
    """A number of several slices.

    Attributes
    ----------
    value : float, optional
        None where no slice has it.
    ci95 : (low, high), optional
        95 % percentile interval over resampled units; None of a single unit.
    slices, units : int
        Of how many slices it is, and of how many patients (or groups, or images).
    """

    value: float | None
    ci95: Interval | None
    slices: int
    units: int


def average(
    rows: pd.DataFrame,
    values: ArrayLike,
    *,
    seed: int = 0,
    n_boot: int = RESAMPLES,
    median: bool = False,
) -> SliceAverage:
    """Average a number of slices, with its interval over resampled units.

    Parameters
    ----------
    rows : pandas.DataFrame
        Of the slices; ``patient`` and ``group`` where known.
    values : float array [N]
        NaN is left out.
    seed, n_boot
        Of the bootstrap.
    median : bool
        The (lower) median in place of the mean; infinity has a rank.

    Returns
    -------
    SliceAverage

    Examples
    --------
    >>> import pandas as pd
    >>> found = average(pd.DataFrame({"patient": ["a", "a", "b"]}), [0.5, 0.7, 0.9])
    >>> round(found.value, 3), found.slices, found.units
    (0.7, 3, 2)
    """
    given = np.asarray(values, np.float64)
    kept = ~np.isnan(given)
    given = given[kept]
    if not len(given):
        return SliceAverage(None, None, 0, 0)
    units = units_of(rows[kept])
    of = _median if median else _mean
    single = np.zeros(len(given), np.int64)
    value = float(of(given, single, 1, np.ones((1, 1)))[0])
    if units.count < 2:
        return SliceAverage(value, None, len(given), units.count)
    drawn = of(given, units.codes, units.count, resamples(units.count, n_boot, seed))
    # Between ranks there is nothing to interpolate, and to infinity nothing can be.
    ranks = tuple(float(v) for v in np.quantile(drawn, (0.025, 0.975), method="inverted_cdf"))
    limits = (ranks[0], ranks[1]) if median else interval(drawn)
    return SliceAverage(value, limits, len(given), units.count)


def thirds(values: NDArray[np.float64]) -> tuple[float, float] | None:
    """Find where a third, and two thirds, of the values lie below; None where they cannot be told.

    Examples
    --------
    >>> thirds(np.arange(1.0, 10.0))
    (3.0, 6.0)
    """
    kept = np.sort(values)
    if len(kept) < 3:
        return None
    first, second = (float(kept[-(-len(kept) * k // 3) - 1]) for k in (1, 2))
    return (first, second) if first < second < kept[-1] else None


def parts_of(values: NDArray[np.float64], cuts: tuple[float, float]) -> list[NDArray[np.bool_]]:
    """Tell which values lie in each third that `thirds` cuts: three bool arrays."""
    low, high = cuts
    return [values <= low, (values > low) & (values <= high), values > high]


def _mean(
    values: NDArray[np.float64], codes: NDArray[np.int64], count: int, weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    size, total = (sums(codes, count, v) for v in (np.ones(len(values)), values))
    return np.asarray(weights @ total / (weights @ size))


def _median(
    values: NDArray[np.float64], codes: NDArray[np.int64], count: int, weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    order = np.argsort(values, kind="stable")
    ranked, whose = values[order], codes[order]
    found = np.empty(len(weights))
    for n, weight in enumerate(weights):
        mass = np.cumsum(weight[whose])
        found[n] = ranked[np.searchsorted(mass, mass[-1] / 2)]
    return found
