"""What heads on principal directions share: their number, and the penalty that is tried."""

from __future__ import annotations

import math
from collections.abc import Sequence

from gliaboost.models.heads.head import SHARED, Settings
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


def penalties(C: float | None, tried: Sequence[float]) -> list[Settings]:
    """List the penalty that is given, or those that are tried.

    Examples
    --------
    >>> penalties(None, (1.0, 10.0)), penalties(3, (1.0, 10.0))
    ([{'C': 1.0}, {'C': 10.0}], [{'C': 3.0}])
    """
    return [{"C": float(c)} for c in ((C,) if C is not None else tried)]
