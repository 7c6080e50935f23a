"""What heads on principal directions share: their number, and the penalties that are tried."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from gliaboost.models.heads.head import SHARED, Arrays, ColumnHead, Settings
from gliaboost.models.heads.reduction import Reduction, learn_reduction
from gliaboost.models.parameter_checks import Legal, whole

COMPONENTS = 400
PENALTY: Legal = {
    **SHARED,
    "components": ("a whole number from 1", whole(1)),
    "C": (
        "more than 0, or None",
        lambda v: v is None or (not isinstance(v, bool) and 0 < v < math.inf),
    ),
}


class ReducedHead(ColumnHead):
    """A head on principal directions, whose penalty is given or chosen.

    Attributes
    ----------
    TRIED : tuple of float
        Penalties `C`, one of which is chosen where none is given.
    """

    TRIED: ClassVar[tuple[float, ...]]

    components: int
    C: float | None

    def _settings(self) -> Sequence[Settings]:
        return penalties(self.C, self.TRIED)

    def _prepare(self, X: NDArray[np.float32]) -> Reduction:
        return learn_reduction(X, self.components)

    def _restored(self, arrays: Arrays) -> Reduction:
        return Reduction(**arrays)


def penalties(C: float | None, tried: Sequence[float]) -> list[Settings]:
    """List the penalty that is given, or those that are tried.

    Examples
    --------
    >>> penalties(None, (1.0, 10.0)), penalties(3, (1.0, 10.0))
    ([{'C': 1.0}, {'C': 10.0}], [{'C': 3.0}])
    """
    return [{"C": float(c)} for c in ((C,) if C is not None else tried)]
