"""How the loops are compiled: for speed, but without liberties in floating-point arithmetic."""

from __future__ import annotations

from typing import Any

import numba

njit: Any = numba.njit
# What Python calls; kept on disk, so that one process compiles it and none after.
entry = njit(nogil=True, cache=True, error_model="numpy")
# What compiled code alone calls, spared the wrappers for Python, which take longest to compile.
_ALONE: dict[str, Any] = {
    "nogil": True,
    "error_model": "numpy",
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
}
part = njit(**_ALONE)
# Short loops that are called for every row: an array is seven arguments of a call.
inlined = njit(**_ALONE, forceinline=True)
