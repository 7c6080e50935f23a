"""Which way a value goes at a node, bit for bit as in the libraries that grow the trees."""

from __future__ import annotations

from typing import Any

from gliaboost.features.kernels.cpu.compiled import part

# What a node says of missing values, in one number.
MISSING_LEFT = 1  # they go to the left, else to the right
ZERO_MISSING = 2  # zeros are missing too
# LightGBM takes what is not beyond this for zero; it is 1e-35 in float32.
ZERO = 1.0000000180025095e-35


@part
def goes_left(x: Any, threshold: Any, strict: Any, missing: Any) -> Any:
    """Say whether a value goes to the left of a node.

    Parameters
    ----------
    x : float32
        NaN is missing.
    threshold : float32
    strict : bool
        Only what is less goes left (XGBoost), or what is equal too (LightGBM).
    missing : uint8
        `MISSING_LEFT` and `ZERO_MISSING`.

    Returns
    -------
    bool
    """
    if missing & ZERO_MISSING and -ZERO <= x <= ZERO:
        return (missing & MISSING_LEFT) != 0
    if x < threshold:
        return True
    if x > threshold:
        return False
    if x == threshold:
        return not strict
    return (missing & MISSING_LEFT) != 0
