"""Boosters in their libraries' own formats: bytes and columns in, probabilities out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from gliaboost._compat import available_cores
from gliaboost.errors import GliaboostError, UsageError

# Below so many cells a thread, threads wait for each other longer than they work, and where other
# processes use the cores too, ten times as long.
CELLS_PER_THREAD = 1_000_000


class NativeModelError(GliaboostError):
    """A model's bytes are not what its library can read, or not the model that is meant."""


def threads_for(cells: int, jobs: int | None = None) -> int:
    """Choose the threads for one pass over so many values.

    Parameters
    ----------
    cells : int
        Rows times columns that a tree looks at.
    jobs : int, optional
        Most threads; default: all cores.

    Returns
    -------
    int
        At least 1.

    Examples
    --------
    >>> threads_for(3000 * 50)
    1
    >>> threads_for(10**9, jobs=3)
    3
    """
    return max(1, min(jobs or available_cores(), cells // CELLS_PER_THREAD))


def native_probabilities(
    library: str,
    native: bytes,
    X: NDArray[np.float32],
    classes: int | None = None,
    jobs: int | None = None,
) -> NDArray[np.float64]:
    """Predict with a model in its library's own format, on the CPU.

    Parameters
    ----------
    library : str
        ``"xgboost"`` (UBJSON) or ``"lightgbm"`` (text).
    native : bytes
        The model.
    X : float32 array [N, D]
        Columns; NaN is missing.
    classes : int, optional
        Classes that the model must have.
    jobs : int, optional
        Most threads; default: all cores.

    Returns
    -------
    float64 array [N, K]
        Rows sum to 1.

    Raises
    ------
    NativeModelError
        If the bytes cannot be read, or the model has other columns or classes.
    """
    if library not in _LIBRARIES:
        raise UsageError(f"no booster {library!r}; expected {' or '.join(sorted(_LIBRARIES))}")
    threads = threads_for(X.size, jobs)
    p = _LIBRARIES[library](native, np.ascontiguousarray(X, dtype=np.float32), classes, threads)
    # A float32 softmax sums to 1 within 1e-7 only.
    return p / p.sum(axis=1, keepdims=True)  # type: ignore[no-any-return]


def _xgboost(
    native: bytes, X: NDArray[np.float32], classes: int | None, threads: int
) -> NDArray[np.float64]:
    import xgboost

    # Threads are fixed before the loading; the saved ones are those of the training machine.
    booster = xgboost.Booster({"nthread": threads, "device": "cpu", "verbosity": 0})
    try:
        booster.load_model(bytearray(native))
        booster.set_param({"nthread": threads, "device": "cpu"})
    except (xgboost.core.XGBoostError, ValueError) as error:
        raise NativeModelError(_unreadable("xgboost", error)) from error
    _check("xgboost", booster.num_features(), X.shape[1])
    p = np.asarray(booster.inplace_predict(X), dtype=np.float64)
    if classes is not None and p.shape != (len(X), classes):
        raise NativeModelError(_other_classes("xgboost", p.shape[1:], classes))
    return p


def _lightgbm(
    native: bytes, X: NDArray[np.float32], classes: int | None, threads: int
) -> NDArray[np.float64]:
    import lightgbm

    try:
        booster = lightgbm.Booster(model_str=native.decode())
    except (lightgbm.basic.LightGBMError, UnicodeDecodeError) as error:
        raise NativeModelError(_unreadable("lightgbm", error)) from error
    _check("lightgbm", booster.num_feature(), X.shape[1])
    if classes is not None and booster.num_model_per_iteration() != classes:
        raise NativeModelError(
            _other_classes("lightgbm", (booster.num_model_per_iteration(),), classes)
        )
    return np.asarray(booster.predict(X, num_threads=threads), dtype=np.float64)


def _unreadable(library: str, error: Exception) -> str:
    said = str(error).strip().splitlines() or [type(error).__name__]
    return f"{library} cannot read the model ({said[0]}); train it again or copy it again"


def _check(library: str, has: int, wanted: int) -> None:
    if has != wanted:
        raise NativeModelError(
            f"the {library} model takes {has} columns, {wanted} were given; use the features of "
            "its training"
        )


def _other_classes(library: str, has: tuple[int, ...], wanted: int) -> str:
    return (
        f"the {library} model has {has[0] if has else 1} classes, {wanted} are named; "
        "train it again or copy it again"
    )


_LIBRARIES: dict[
    str, Callable[[bytes, NDArray[np.float32], int | None, int], NDArray[np.float64]]
] = {"xgboost": _xgboost, "lightgbm": _lightgbm}
