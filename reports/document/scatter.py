"""Many marks at once: differences against size, with the lines that most lie between."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gliaboost.reports.document import svg
from gliaboost.reports.document.axes import Axes
from gliaboost.reports.document.blocks import Picture

# More marks hide each other, and make a heavy page.
MOST = 400
_DOT = 2.0


class _WideAxes(Axes):
    """Axes with room for a sign and five figures."""

    left = 56.0


def differences(
    name: str,
    title: str,
    sizes: NDArray[np.float64],
    apart: NDArray[np.float64],
    lines: Sequence[tuple[float, str]],
    labels: tuple[str, str],
    alt: str,
) -> Picture:
    """Draw differences against sizes.

    Parameters
    ----------
    name, title : str
        Stem of the file, and what stands above.
    sizes, apart : float64 arrays [N]
        Of each mark; of more than `MOST` as many are drawn, spread evenly over the sizes, and those
        farthest from nought among them.
    lines : sequence of (height, words)
        Drawn across, each with its words at the right end.
    labels : (x, y)
        What the axes are.
    alt : str
        The same in words.

    Returns
    -------
    Picture
    """
    heights = [v for v, _ in lines]
    low, high = min([0.0, *apart, *heights]), max([0.0, *apart, *heights])
    room = 0.06 * (high - low) or 1.0
    axes = _WideAxes(
        (0.0, 1.04 * float(sizes.max(initial=0.0)) or 1.0),
        (low - room, high + room),
        *labels,
        title=title,
    )
    for n in drawn(sizes, apart):
        at = axes.across(float(sizes[n])), axes.down(float(apart[n]))
        axes.parts.append(svg.marker(*at, 0, _DOT))
    for height, words in lines:
        y = axes.down(height)
        axes.parts.append(svg.line(axes.left, y, axes.right, y, "guide"))
        axes.parts.append(svg.text(axes.right, y - 4, words, anchor="end", kind="small"))
    return axes.picture(name, alt)


def drawn(sizes: NDArray[np.float64], apart: NDArray[np.float64]) -> NDArray[np.int64]:
    """Choose which marks are drawn: the farthest from nought, and the rest by size in even steps.

    Examples
    --------
    >>> len(drawn(np.arange(3000.0), np.zeros(3000)))
    400
    """
    if len(sizes) <= MOST:
        return np.arange(len(sizes))
    far = np.argsort(-np.abs(apart), kind="stable")[: MOST // 8]
    rest = np.setdiff1d(np.argsort(sizes, kind="stable"), far, assume_unique=True)
    steps = np.linspace(0, len(rest) - 1, MOST - len(far)).round().astype(np.int64)
    return np.concatenate([rest[steps], far])
