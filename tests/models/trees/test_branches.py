"""What goes left is a rule of two libraries; the libraries themselves are asked in other tests."""

from __future__ import annotations

import numpy as np

from gliaboost.models.trees.branches import ZERO, ZERO_MISSING, goes_left


def test_lightgbms_zero_is_a_float32() -> None:
    assert np.float32(ZERO) == ZERO == np.float32(1e-35)


def test_what_goes_left_is_python_too() -> None:
    plain = goes_left.py_func
    assert plain(0.0, 0.0, False, 0) and not plain(0.0, 0.0, True, 0)
    assert not plain(0.0, 1.0, False, ZERO_MISSING)
