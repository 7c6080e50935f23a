"""How sure one answer is, by what a model said of pictures that it had not seen."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.reports.statistics.calibration import soften, temperature
from gliaboost.reports.statistics.selective import threshold
from gliaboost.reports.statistics.units import units_of

if TYPE_CHECKING:
    import pandas as pd

# Share of sets that may lack the true class.
ALPHA = 0.1


@dataclass(frozen=True)
class Certainty:
    """What turns a model's probabilities into calibrated ones, and into a set of classes.

    Attributes
    ----------
    temperature : float
        Above 1 where the model is too sure of itself (Guo et al. 2017).
    alpha : float
        Share of sets that may lack the true class, counted by new patients.
    strangeness : float or None
        A class whose probability, as the model gives it, is below 1 minus this is ruled out; None
        where there were too few patients to rule out any.
    units : int
        Patients (or groups, or pictures) that it was learned from.

    Examples
    --------
    >>> sure = Certainty(temperature=2.0, alpha=0.1, strangeness=0.7, units=40)
    >>> p = np.array([0.8, 0.2])
    >>> sure.calibrated(p).round(2).tolist(), sure.inside(p).tolist()
    ([0.67, 0.33], [True, False])
    """

    temperature: float
    alpha: float
    strangeness: float | None
    units: int

    @classmethod
    def learned(cls, frame: pd.DataFrame, classes: Sequence[str]) -> Certainty:
        """Learn it from predictions out of fold.

        Parameters
        ----------
        frame : pandas.DataFrame
            One row an image: ``label``, ``proba_<class>``, and ``patient`` and ``group`` where they
            are known.
        classes : sequence of str
            In the order of the probabilities.
        """
        probabilities = frame[[f"proba_{c}" for c in classes]].to_numpy(np.float64)
        truth = np.array([list(classes).index(str(label)) for label in frame["label"]], np.int64)
        units = units_of(frame)
        true = 1 - probabilities[np.arange(len(truth)), truth]
        limit = threshold(true, units.codes, ALPHA)
        return cls(
            temperature(probabilities, truth),
            ALPHA,
            float(limit) if math.isfinite(limit) else None,
            units.count,
        )

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Certainty | None:
        """Read what `to_dict` gave; None for what is no such thing."""
        known = {name: values.get(name) for name in cls.__dataclass_fields__}
        numbers = [known["temperature"], known["alpha"], known["units"]]
        strange = known["strangeness"]
        if not all(isinstance(n, int | float) and n > 0 for n in numbers):
            return None
        if strange is not None and not isinstance(strange, int | float):
            return None
        return cls(**known)  # type: ignore[arg-type]

    def to_dict(self) -> dict[str, Any]:
        """Give plain values."""
        return asdict(self)

    def calibrated(self, probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
        """Calibrate probabilities, float64 ``[..., K]``; their order stays."""
        return soften(np.atleast_2d(probabilities), self.temperature).reshape(probabilities.shape)

    def inside(self, probabilities: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Say which classes cannot be ruled out, bool ``[..., K]``; possibly none fits."""
        if self.strangeness is None:
            return np.ones(probabilities.shape, bool)
        return np.asarray(1 - probabilities <= self.strangeness)
