"""The compiled loops of LBP's ``var``: how much the neighbours on a circle vary."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gliaboost.features.kernels.cpu.compiled import entry


@entry
def variances_batch(images: Any, circle: Any, variances: Any) -> None:
    """Write the variance of every pixel's neighbours, NaN where it is 0.

    The order of operations is scikit-image's: the result is the same to the last bit.
    """
    count, height, width = images.shape
    border, corners = circle.border, circle.corners
    points = len(corners)
    padded = np.zeros((height + 2 * border, width + 2 * border + 1))
    total, squares = np.empty(width), np.empty(width)
    for n in range(count):
        padded[border : border + height, border : border + width] = images[n]
        for y in range(height):
            total[:] = 0.0
            squares[:] = 0.0
            for k in range(points):
                low, fractions = circle.row_fractions[k, y], circle.column_fractions[k]
                top, left = y + border + corners[k, 0], border + corners[k, 1]
                # Without a fraction the pixel to the right has no weight, whatever it is.
                above = padded[top, left : left + width + 1]
                below = padded[top + corners[k, 2], left : left + width + 1]
                for x in range(width):
                    f = fractions[x]
                    upper = (1.0 - f) * above[x] + f * above[x + 1]
                    lower = (1.0 - f) * below[x] + f * below[x + 1]
                    value = (1.0 - low) * upper + low * lower
                    total[x] += value
                    squares[x] += value * value
            for x in range(width):
                variance = (squares[x] - (total[x] * total[x]) / points) / points
                variances[n, y, x] = variance if variance != 0.0 else np.nan


@entry
def octaves_batch(variances: Any, cell_rows: Any, cell_columns: Any, counts: Any) -> None:
    """Count variances by octave, those below 1 and NaN together, in cells of a grid."""
    count, height, width = variances.shape
    highest = counts.shape[-1] - 1
    for n in range(count):
        for y in range(height):
            for x in range(width):
                octave = 0
                if variances[n, y, x] >= 1.0:
                    octave = min(math.frexp(variances[n, y, x])[1], highest)
                counts[n, cell_rows[y], cell_columns[x], octave] += 1
