"""CT windows against the published function, pixel by pixel."""

from __future__ import annotations

import numpy as np
import pytest

from gliaboost.datasets.windows import WINDOWS, apply_window, find_window
from gliaboost.errors import UsageError


@pytest.mark.parametrize("name", sorted(WINDOWS))
def test_is_the_linear_function_of_the_standard(name: str) -> None:
    centre, width = find_window(name)
    values = np.arange(-1024, 3072, dtype=np.int16).reshape(64, 64)
    expected = np.empty(values.shape)
    for i, x in np.ndenumerate(values):
        if x <= centre - 0.5 - (width - 1) / 2:
            expected[i] = 0
        elif x > centre - 0.5 + (width - 1) / 2:
            expected[i] = 255
        else:
            expected[i] = ((x - (centre - 0.5)) / (width - 1) + 0.5) * 255
    np.testing.assert_array_equal(apply_window(values, centre, width), np.rint(expected))


@pytest.mark.parametrize("name", ["lung", "40", "40:x", "40:1", ""])
def test_no_window(name: str) -> None:
    with pytest.raises(UsageError, match="CENTRE:WIDTH"):
        find_window(name)
