"""How well two measurements of one thing agree, after Bland and Altman."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gliaboost.errors import UsageError
from gliaboost.reports.statistics.measures import Interval
from gliaboost.reports.statistics.resampling import (
    RESAMPLES,
    interval,
    resamples,
    sums,
)

# Of normal differences 95 % lie within so many standard deviations.
_WIDTH = 1.96


@dataclass(frozen=True)
class Agreement:
    """Differences of two measurements, second minus first.

    Attributes
    ----------
    bias : float
        Their mean.
    sd : float
        Their standard deviation.
    lower, upper : float
        Limits of agreement, 1.96 standard deviations to either side: were differences normal, 95 %
        would lie between.
    within : float
        Share of the differences that really lie between.
    bias_ci95, lower_ci95, upper_ci95 : (low, high), optional
        95 % percentile intervals over resampled units; None of a single unit.
    measured, units : int
        How many differences, and of how many units.
    """

    bias: float
    sd: float
    lower: float
    upper: float
    within: float
    bias_ci95: Interval | None
    lower_ci95: Interval | None
    upper_ci95: Interval | None
    measured: int
    units: int


def agreement(
    first: ArrayLike,
    second: ArrayLike,
    codes: NDArray[np.int64] | None = None,
    *,
    seed: int = 0,
    n_boot: int = RESAMPLES,
) -> Agreement:
    """Compare two measurements of the same things.

    Parameters
    ----------
    first, second : float array [N]
        N is 2 at least.
    codes : int array [N], optional
        The unit of each, usually its patient, from 0; by default each is its own. Slices of one
        patient go wrong together, so that patients are resampled.
    seed, n_boot
        Of the bootstrap.

    Returns
    -------
    Agreement

    Raises
    ------
    UsageError
        If there are fewer than two, the lengths differ, or numbers are not finite.

    References
    ----------
    Bland and Altman, "Statistical methods for assessing agreement between two methods of clinical
    measurement", Lancet 327 (1986). There intervals are of independent subjects.

    Examples
    --------
    >>> found = agreement([1.0, 2.0, 3.0], [1.5, 2.0, 4.0])
    >>> found.bias, found.sd
    (0.5, 0.5)
    """
    one, other = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if one.shape != other.shape or one.ndim != 1 or len(one) < 2:
        raise UsageError(
            f"measurements of shapes {list(one.shape)} and {list(other.shape)}; expected two of "
            "one length, 2 or more"
        )
    if not (np.isfinite(one).all() and np.isfinite(other).all()):
        raise UsageError("measurements that are not finite; leave such out, and say how many")
    apart = other - one
    units = np.arange(len(apart)) if codes is None else np.asarray(codes, np.int64)
    count = int(units.max()) + 1
    # Far from 0 squares lose the spread to rounding.
    middle = float(apart.mean())
    powers = sums(units, count, np.stack([np.ones(len(apart)), apart - middle], axis=1))
    squares = sums(units, count, (apart - middle) ** 2)

    def limits(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        n, total = (weights @ powers).T
        mean = total / n
        with np.errstate(invalid="ignore", divide="ignore"):
            sd = np.sqrt(np.clip(weights @ squares - n * mean**2, 0, None) / (n - 1))
        sd[n < 2] = np.nan
        bias = mean + middle
        return np.stack([bias, sd, bias - _WIDTH * sd, bias + _WIDTH * sd])

    bias, sd, lower, upper = (float(v) for v in limits(np.ones((1, count)))[:, 0])
    drawn = limits(resamples(count, n_boot, seed)) if count > 1 else None

    def span(row: int) -> Interval | None:
        return None if drawn is None else interval(drawn[row])

    return Agreement(
        bias=bias,
        sd=sd,
        lower=lower,
        upper=upper,
        within=float(((apart >= lower) & (apart <= upper)).mean()),
        bias_ci95=span(0),
        lower_ci95=span(2),
        upper_ci95=span(3),
        measured=len(apart),
        units=count,
    )
